"""HAR files: only what rooms sent is read, whatever else a browser writes down, and nothing makes it raise."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from captures import record
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.capture import (
    CaptureProblem,
    FileKind,
    Verb,
    file_kind,
    play_frames,
    read_capture,
    read_har,
    redact,
    unpacked,
)
from tiktok_webcast.capture.format import Input
from tiktok_webcast.capture.har import HarFile, HarFrame, HarSocket
from tiktok_webcast.capture.inflate import PIECE

URL = "wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/ws_reuse_supplement/?aid=1988&room_id={}"


def frames_of(scenario: str) -> list[bytes]:
    _, data = record(scenario)
    return [each.arguments[1] for each in read_capture(data) if isinstance(each, Input) and each.verb is Verb.MESSAGE]


def chrome(frames: list[bytes], start: float = 1_700_000_000.0) -> list[dict[str, Any]]:
    sent = {"type": "send", "time": start, "opcode": 2, "data": base64.b64encode(b"hb").decode()}
    text = {"type": "receive", "time": start, "opcode": 1, "data": "hello"}
    return [sent, text] + [
        {"type": "receive", "time": start + number, "opcode": 2, "data": base64.b64encode(frame).decode()}
        for number, frame in enumerate(frames)
    ]


def firefox(frames: list[bytes]) -> list[dict[str, Any]]:
    return [
        {
            "type": "received",
            "timeStamp": 1_700_000_000_000_000 + number,
            "opCode": 2,
            "payload": frame.decode("latin-1"),
        }
        for number, frame in enumerate(frames)
    ]


def entry(url: str, messages: Any) -> dict[str, Any]:
    return {"_resourceType": "websocket", "request": {"url": url, "method": "GET"}, "_webSocketMessages": messages}


def har(*entries: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


@pytest.mark.parametrize("write", [chrome, firefox])
def test_what_a_browser_wrote_gives_the_events_of_the_room(write: Any) -> None:
    frames = frames_of("first_light")
    page = {"request": {"url": "https://www.tiktok.com/@ann/live"}, "response": {"status": 200}}
    found = read_har(har(page, entry(URL.format(73), write(frames))))
    assert (found.problem, found.skipped) == ("", 0)
    ((room_id, kept),) = found.rooms()
    assert room_id == 73
    assert list(kept) == frames
    events = list(play_frames(kept, room_id=room_id))
    play, _ = record("first_light")
    names = ("comment", "gift", "gift_streak_end", "like", "join", "follow", "share")
    live = [event.to_dict() for event in play.events if event.name in names and not event.is_history]
    seen = {line["msg_id"] for line in live}
    heard = [event.to_dict() for event in events if event.name in names]
    assert [line for line in heard if line["msg_id"] in seen or line["event"] == "gift_streak_end"] == heard
    assert {line["msg_id"] for line in heard} >= {line["msg_id"] for line in live if line["event"] == "like"}
    assert events[-1].name == "closed"


def test_sockets_of_one_room_are_one_room_and_others_stay_apart() -> None:
    frames = frames_of("first_light")
    half = len(frames) // 2
    found = read_har(
        har(
            entry(URL.format(2), chrome(frames[half:], 1_700_000_100.0)),
            entry(URL.format(1), chrome(frames)),
            entry(URL.format(2), chrome(frames[:half])),
        )
    )
    assert dict(found.rooms()) == {2: tuple(frames), 1: tuple(frames)}
    assert [socket.room_id for socket in found.sockets] == [2, 1, 2]


@pytest.mark.parametrize(("text", "room_id"), [(str(2**63), 2**63), (str(2**64 - 1), 2**64 - 1), (str(2**64), 0)])
def test_a_room_id_has_64_bits_as_everywhere(text: str, room_id: int) -> None:
    """Else all rooms with the larger ones would be one room, without an id."""
    frames = frames_of("first_light")
    (found,) = read_har(har(entry(URL.format(text), chrome(frames)))).rooms()
    assert found == (room_id, tuple(frames))
    assert list(play_frames(frames, room_id=room_id))[-1].room_id == room_id


def test_rooms_of_thousands_of_sockets_are_told_in_one_walk() -> None:
    """A file of 5 MB may name as many: each room was looked for in all of them."""

    class Counted(tuple[HarSocket, ...]):
        walks = 0

        def __iter__(self) -> Iterator[HarSocket]:
            Counted.walks += 1
            return super().__iter__()

    sockets = Counted(HarSocket("", number, (HarFrame(b"", 0.0),)) for number in range(100))
    assert [room for room, _ in HarFile(sockets).rooms()] == list(range(100))
    assert Counted.walks == 1


@pytest.mark.parametrize(
    "url",
    [
        "wss://im-ws.tiktok.com/ws/v2",
        "wss://example.com/webcast/im/ws_proxy/",
        "wss://tiktok.com.example.com/webcast/im/",
        "ftp://webcast-ws.tiktok.com/webcast/im/",
        "wss://[broken/webcast/im/",
    ],
)
def test_other_sockets_are_left_alone(url: str) -> None:
    found = read_har(har(entry(url, chrome([b"x"]))))
    assert found.sockets == ()
    assert found.skipped == 0
    assert "no socket of a TikTok room" in found.problem


def test_bad_messages_are_skipped_and_counted() -> None:
    bad: list[Any] = [
        None,
        [],
        {"type": "receive", "opcode": 2},
        {"type": "receive", "opcode": 2, "data": 5},
        {"type": "receive", "opcode": 2, "data": "\u4e2d"},
        {"type": "receive", "opcode": 2, "data": ""},
        {"type": "receive", "opcode": 2, "data": "A" * 4000},
    ]
    good = {"type": "receive", "opcode": 2, "data": "QUJD", "time": float("1e300")}
    found = read_har(
        har(entry(URL.format("x"), [*bad, good]), {"request": {"url": URL.format(1)}}, 7, {"request": {"url": 1}}),
        longest=1000,
    )
    assert found.skipped == len(bad) + 1
    assert [frame.data for socket in found.sockets for frame in socket.frames] == [b"ABC"]
    assert found.sockets[0].room_id == 0


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"log": 1}', b'{"log": {"entries": {}}}', b"[" * 200_000, b"\xff"]
)
def test_what_is_no_har_is_said(data: bytes) -> None:
    assert read_har(data) == HarFile(problem="not a HAR file")


def test_a_file_over_the_limit_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = har(entry(URL.format(1), chrome([b"abc"])))
    monkeypatch.setattr("tiktok_webcast.capture.har.MAX_HAR", len(whole))
    assert read_har(whole).problem == ""
    assert "more than the limit" in read_har(whole + b" ").problem


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
messages = st.fixed_dictionaries(
    {"type": st.just("receive") | json_values, "opcode": st.just(2) | json_values, "data": json_values},
    optional={"time": json_values},
)


@given(st.lists(json_values | st.builds(entry, st.just(URL.format(1)) | st.text(), st.lists(messages) | json_values)))
def test_nothing_in_a_har_makes_it_raise(entries: list[Any]) -> None:
    found = read_har(har(*entries))
    for room_id, frames in found.rooms():
        list(play_frames(frames, room_id=room_id))


def test_the_kind_of_a_file_is_told_by_its_beginning() -> None:
    import gzip

    _, data = record("offline")
    for beginning, kind in (
        (data, FileKind.CAPTURE),
        (har(), FileKind.HAR),
        (b"\xef\xbb\xbf \n" + har(), FileKind.HAR),
        (b"\x10\x00\x00\x00" + bytes(16), FileKind.FRAMES),
        (b"", FileKind.FRAMES),
    ):
        assert file_kind(beginning) is kind
        assert file_kind(gzip.compress(beginning)) is kind


def test_a_little_gzip_does_not_become_a_huge_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousandth of it is enough to say a GB."""
    packed = gzip.compress(b"{" + b" " * 10 * PIECE)
    assert len(unpacked(packed)) == 1 + 10 * PIECE
    for most in (0, 1, PIECE - 1, PIECE, 5 * PIECE):
        assert most < len(unpacked(packed, most=most)) <= most + PIECE
    assert len(unpacked(packed, most=1 + 10 * PIECE)) == 1 + 10 * PIECE
    plain = b"{" + b" " * PIECE
    assert unpacked(plain, most=1) == plain
    monkeypatch.setattr(import_module("tiktok_webcast.capture.redact"), "MAX_HAR", 10 * PIECE)
    for data in (packed, gzip.compress(b"\0\0\0\0" * (3 * PIECE))):
        with pytest.raises(CaptureProblem, match=f"more than {10 * PIECE} bytes"):
            redact(data, key=b"k")
