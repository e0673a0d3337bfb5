"""The WebSocket wire: every split means the same, nothing raises, memory stays within the limit."""

from __future__ import annotations

import itertools
import struct
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.utilities import generate_accept_token

from tiktok_webcast.http import FailureKind, SocketRequest
from tiktok_webcast_transports._wire import Broken, Ended, MessageReceived, Opened, Rejected, WebSocketWire

LIMIT = 2000


def make(**changes: Any) -> WebSocketWire:
    options = {"max_message": LIMIT, "max_header": 1000} | changes
    wire = WebSocketWire(SocketRequest("ws://room.test/path?q=1", (("User-Agent", "ua"),)), "room.test", **options)
    assert wire.start() == []
    return wire


def accept(wire: WebSocketWire) -> bytes:
    head = wire.take_output().decode()
    key = head.split("Sec-WebSocket-Key: ")[1].split("\r\n")[0]
    token = generate_accept_token(key.encode()).decode()
    lines = ("HTTP/1.1 101 Switching Protocols", "Upgrade: WebSocket", "Connection: keep-alive, Upgrade")
    return "\r\n".join((*lines, f"Sec-WebSocket-Accept: {token}", "", "")).encode()


def opened(**changes: Any) -> WebSocketWire:
    wire = make(**changes)
    (event,) = wire.receive(accept(wire))
    assert isinstance(event, Opened)
    return wire


def frame(opcode: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    size = len(payload)
    length = bytes((size,)) if size < 126 else b"\x7e" + struct.pack("!H", size)
    return bytes(((0x80 if final else 0) | opcode,)) + length + payload


def test_an_answer_that_is_not_http_is_not_quoted() -> None:
    """A server may send back the address that it was asked for, with all that signs it."""
    (event,) = make().receive(b"GET /path?signature=swordfish HTTP/1.1\r\n\r\n")
    assert isinstance(event, Broken) and event.failure.kind is FailureKind.PROTOCOL
    assert event.failure.detail == "the answer to the handshake is not HTTP: illegal status line"


@st.composite
def conversations(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """Return a server's frames and the messages in them: whole, in fragments, with pings and texts between."""
    data, messages = b"", []
    for message in draw(st.lists(st.binary(max_size=LIMIT), max_size=5)):
        cuts = sorted(draw(st.lists(st.integers(0, len(message)), max_size=3)))
        edges = [0, *cuts, len(message)]
        pieces = [message[start:end] for start, end in itertools.pairwise(edges)]
        for index, piece in enumerate(pieces):
            data += frame(2 if index == 0 else 0, piece, final=index == len(pieces) - 1)
            if draw(st.booleans()):
                data += frame(9, b"beat")
        if draw(st.booleans()):
            data += frame(1, draw(st.text(max_size=20)).encode())
        messages.append(message)
    return data, messages


@given(conversations(), st.data())
def test_any_split_gives_the_same_messages(conversation: tuple[bytes, list[bytes]], data: st.DataObject) -> None:
    sent, messages = conversation
    wire = make()
    whole = accept(wire) + sent + frame(8, struct.pack("!H", 1000) + b"bye") + data.draw(st.binary(max_size=30))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    edges = [0, *cuts, len(whole)]
    events = [event for start, end in itertools.pairwise(edges) for event in wire.receive(whole[start:end])]
    events += wire.receive_eof()
    assert isinstance(events[0], Opened)
    assert [event.data for event in events[1:-1] if isinstance(event, MessageReceived)] == messages
    assert events[-1] == Ended(1000, "bye")
    assert wire.finished


def test_one_byte_at_a_time_in_every_place() -> None:
    wire = make()
    whole = accept(wire) + frame(2, b"x" * 300) + frame(2, b"y") + frame(8)
    events = [event for index in range(len(whole)) for event in wire.receive(whole[index : index + 1])]
    assert [type(event) for event in events] == [Opened, MessageReceived, MessageReceived, Ended]


@given(st.binary(max_size=400), st.booleans())
def test_nothing_that_comes_raises(junk: bytes, after_handshake: bool) -> None:
    wire = opened() if after_handshake else make()
    for index in range(0, len(junk), 7):
        wire.receive(junk[index : index + 7])
        wire.take_output()
    wire.receive_eof()
    wire.send_message(b"late")
    wire.close(1000)
    assert wire.finished


@given(st.binary(max_size=200))
def test_junk_after_the_close_is_ignored(junk: bytes) -> None:
    wire = opened()
    wire.close(1000)
    assert [type(event) for event in wire.receive(frame(2, b"late") + frame(8))] == [Ended]
    assert wire.receive(junk) == []
    assert wire.receive_eof() == []


@pytest.mark.parametrize("pieces", [1, 2, 7])
@pytest.mark.parametrize("opcode", [1, 2])
@pytest.mark.parametrize("extra", [0, 1])
def test_the_limit_is_exact(pieces: int, opcode: int, extra: int) -> None:
    wire = opened()
    wire.take_output()
    message = b"x" * (LIMIT + extra)
    edges = [len(message) * index // pieces for index in range(pieces + 1)]
    data = b"".join(
        frame(0 if start else opcode, message[start:end], final=end == len(message))
        for start, end in itertools.pairwise(edges)
    )
    events = wire.receive(data)
    if extra:
        (event,) = events
        assert isinstance(event, Broken)
        assert event.failure.kind is FailureKind.TOO_LARGE
        assert len(wire.take_output()) == 2 + 4 + 2, "a close frame with a code"
        assert wire.finished
    else:
        assert events == ([MessageReceived(message)] if opcode == 2 else [])


@pytest.mark.parametrize("read", [16 * 1024, 64 * 1024, 256 * 1024, 1024 * 1024])
def test_a_message_that_never_ends_takes_no_more_than_the_limit(read: int) -> None:
    """One frame that announces 1 GiB, in reads of the sizes that transports use."""
    limit = 4 * 1024 * 1024
    wire = opened(max_message=limit)
    chunk = b"x" * read
    tracemalloc.start()
    try:
        events = wire.receive(b"\x82\x7f" + struct.pack("!Q", 1 << 30))
        fed = 0
        while not events:
            events = wire.receive(chunk)
            fed += len(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(events[0], Broken)
    assert limit < fed <= limit + len(chunk)
    assert peak < limit * 1.1


def test_tiny_fragments_take_no_more_than_the_limit() -> None:
    limit = 5_000
    wire = opened(max_message=limit)
    empty = frame(0, b"", final=False) * 1000
    tracemalloc.start()
    try:
        wire.receive(frame(2, b"", final=False))
        for _ in range(limit // 1000):
            assert wire.receive(frame(0, b"x", final=False) * 1000) == []
            assert wire.receive(empty) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # 500 KB of fragments, of which one read's worth is alive at a time.
    assert peak < 2 * limit + 60_000
    assert isinstance(wire.receive(frame(0, b"x"))[0], Broken)


def test_pings_are_answered_until_the_close() -> None:
    wire = opened()
    wire.take_output()
    wire.receive(frame(9, b"1"))
    assert wire.take_output()[0] == 0x8A
    wire.close(1000)
    wire.take_output()
    wire.receive(frame(9, b"2"))
    assert wire.take_output() == b""


def test_a_refusal() -> None:
    wire = make()
    events = wire.receive(b"HTTP/1.1 403 No\r\nX: 1\r\nX: 2\r\nContent-Length: 99999\r\n\r\nbody")
    assert events == [Rejected(403, (("X", "1"), ("X", "2"), ("Content-Length", "99999")))]
    assert wire.finished
    assert wire.receive(b"more") == []


@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize("step", [1, 10_000])
def test_the_header_limit_is_exact(extra: int, step: int) -> None:
    answer = b"HTTP/1.1 403 No\r\nX: "
    answer += b"x" * (1000 + extra - len(answer) - 4) + b"\r\n\r\n"
    wire = make()
    events = [event for index in range(0, len(answer), step) for event in wire.receive(answer[index : index + step])]
    if extra:
        (event,) = events
        assert isinstance(event, Broken)
        assert event.failure.kind is FailureKind.TOO_LARGE
    else:
        assert [type(event) for event in events] == [Rejected]


def test_a_refusal_whose_length_has_thousands_of_digits() -> None:
    """With the oldest h11 that may be installed, too."""
    wire = make(max_header=64 * 1024)
    wire.start()
    (event,) = wire.receive(b"HTTP/1.1 403 No\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n")
    assert isinstance(event, Broken)
    assert event.failure.kind is FailureKind.PROTOCOL


@pytest.mark.parametrize("value", ["sessionid=swordfish\n", "sessionid=swordfish \u2014", " sessionid=swordfish"])
def test_a_header_that_cannot_be_sent_is_not_quoted(value: str) -> None:
    request = SocketRequest("ws://room.test/", (("Cookie", value),))
    (event,) = WebSocketWire(request, "room.test", max_message=1000, max_header=1000).start()
    assert isinstance(event, Broken) and event.failure.kind is FailureKind.PROTOCOL
    assert "swordfish" not in event.failure.detail


def test_a_server_that_only_ever_continues() -> None:
    wire = make()
    events: list[Any] = []
    for _ in range(100):
        events += wire.receive(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert [type(event) for event in events] == [Broken]


def test_the_close_before_the_handshake_is_over_just_ends() -> None:
    wire = make()
    wire.take_output()
    wire.close(1000)
    assert wire.finished
    assert wire.take_output() == b""
