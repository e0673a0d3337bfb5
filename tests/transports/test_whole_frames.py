"""Whole messages are cut out, and all else reaches wsproto byte for byte: the same as wsproto alone would say."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage

from tiktok_webcast_transports._whole_frames import Piece, WholeFrames, binary_frame

MAX = 70_000
FINAL_TEXT, FINAL_BINARY, FIRST_BINARY, LAST_PART, PING = 0x81, 0x82, 0x02, 0x80, 0x89


def frame(first: int, payload: bytes, *, form: int | None = None, masked: bool = False) -> bytes:
    """A frame, its length written in the shortest form or in the one that is named: 7, 16 or 64 bits."""
    size = len(payload)
    if form is None:
        form = 7 if size < 126 else 16 if size < 1 << 16 else 64
    mask = 0x80 if masked else 0
    head = {
        7: bytes([first, mask | size & 0x7F]),
        16: bytes([first, mask | 126]) + (size & 0xFFFF).to_bytes(2, "big"),
        64: bytes([first, mask | 127]) + size.to_bytes(8, "big"),
    }[form]
    return head + (b"\0\0\0\0" if masked else b"") + payload


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces, with those for wsproto that follow one another joined."""
    found: list[Piece] = []
    for piece in pieces:
        if found and not piece.is_message and not found[-1].is_message:
            found[-1] = Piece(False, found[-1].data + piece.data)
        else:
            found.append(piece)
    return found


def split(data: bytes, sizes: Iterable[int] = ()) -> list[Piece]:
    """Feed the data in reads of these sizes, the last as long as it takes."""
    whole, found, at = WholeFrames(MAX), list[Piece](), 0
    for size in sizes:
        found += whole.split(data[at : at + size])
        at += size
    return merged([*found, *whole.split(data[at:])])


payloads = st.binary(max_size=140) | st.sampled_from([b"a" * 125, b"b" * 126, b"c" * 65_535, b"d" * 65_536])
frames = st.one_of(
    payloads.map(lambda payload: frame(FINAL_BINARY, payload)),
    payloads.map(lambda payload: frame(FINAL_TEXT, payload)),
    payloads.map(lambda payload: frame(FIRST_BINARY, payload)),
    payloads.map(lambda payload: frame(LAST_PART, payload)),
    payloads.map(lambda payload: frame(FINAL_BINARY, payload, masked=True)),
    payloads.map(lambda payload: frame(FINAL_BINARY, payload, form=64)),
    st.binary(max_size=125).map(lambda payload: frame(PING, payload)),
)


@given(st.lists(frames, max_size=8), st.binary(max_size=12), st.lists(st.integers(0, 70), max_size=12))
def test_reads_may_be_cut_anywhere(sent: list[bytes], junk: bytes, sizes: list[int]) -> None:
    data = b"".join(sent) + junk
    assert split(data, sizes) == split(data)


@given(st.lists(frames, max_size=4))
def test_byte_by_byte_and_nothing_is_lost(sent: list[bytes]) -> None:
    data = b"".join([each for each in sent if len(each) < 1000])
    whole, found = WholeFrames(MAX), list[Piece]()
    for at in range(len(data)):
        found += whole.split(data[at : at + 1])
    assert merged(found) == split(data)
    again = [frame(FINAL_BINARY, piece) if is_message else piece for is_message, piece in found]
    assert b"".join(again) == data


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, MAX])
def test_a_whole_binary_message_is_cut_out(size: int) -> None:
    assert split(frame(FINAL_BINARY, b"x" * size)) == [Piece(True, b"x" * size)]


@pytest.mark.parametrize(
    "other",
    [
        frame(FINAL_TEXT, b"text"),
        frame(PING, b"ping"),
        frame(FIRST_BINARY, b"part"),
        frame(FINAL_BINARY, b"masked", masked=True),
        frame(FINAL_BINARY, b"", masked=True),
        frame(FINAL_BINARY, b"", form=16),
        frame(FINAL_BINARY, b"a" * 125, form=16),
        frame(FINAL_BINARY, b"a" * 65_535, form=64),
        frame(FINAL_BINARY | 0x40, b"an extension's bit"),
        frame(FINAL_BINARY, b"x" * (MAX + 1)),
    ],
)
def test_everything_else_is_left_to_wsproto(other: bytes) -> None:
    data = frame(FINAL_BINARY, b"before") + other
    assert split(data) == [Piece(True, b"before"), Piece(False, other)]


def test_while_a_message_comes_in_parts_a_whole_one_is_for_wsproto_to_refuse() -> None:
    between = frame(FIRST_BINARY, b"1") + frame(PING, b"") + frame(FINAL_BINARY, b"wrong here")
    after = frame(LAST_PART, b"2")
    assert split(between + after) == [Piece(False, between + after)]
    parts = frame(FIRST_BINARY, b"1") + frame(PING, b"") + after
    assert split(parts + frame(FINAL_BINARY, b"right")) == [Piece(False, parts), Piece(True, b"right")]


@given(st.binary(max_size=300) | st.sampled_from([b"y" * 65_535, b"z" * 65_536]), st.binary(min_size=4, max_size=4))
def test_what_a_client_sends_wsproto_reads(payload: bytes, mask: bytes) -> None:
    server = Connection(ConnectionType.SERVER)
    server.receive_data(binary_frame(payload, mask))
    assert b"".join([event.data for event in server.events() if isinstance(event, BytesMessage)]) == payload


def test_a_length_beyond_all_limits_is_passed_on_as_it_comes() -> None:
    head = bytes([FINAL_BINARY, 127]) + b"\xff" * 8
    assert split(head + b"some", [3, 9]) == [Piece(False, head + b"some")]
