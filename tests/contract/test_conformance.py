"""WebSocket conformance against an independent server, `websockets`, by the sections of the Autobahn suite."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kits import Kit
from loopback import BINARY, CLOSE, GUARD, PONG, TEXT, Peer, close_frame, frame
from loopback import Server as RawServer
from scripted import Input, ScriptedSession, opening

from tiktok_webcast.actions import CloseSocket, SendMessage
from tiktok_webcast.config import Limits
from tiktok_webcast.http import FailureKind

websockets = pytest.importorskip("websockets")
server_module = pytest.importorskip("websockets.sync.server")


@contextmanager
def websockets_server(handler: Callable[[Any], None], **options: Any) -> Iterator[str]:
    """Serve `handler` with compression on offer, as that library does by default; what it raises, the test raises."""
    errors: list[BaseException] = []
    threads: list[threading.Thread] = []

    def guarded(connection: Any) -> None:
        threads.append(threading.current_thread())
        try:
            handler(connection)
        except BaseException as error:
            errors.append(error)
            raise

    options = {"compression": "deflate", "ping_interval": None, "max_size": None} | options
    with server_module.serve(guarded, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        finally:
            server.shutdown()
            thread.join(GUARD)
            # Not every version of that library waits for its handlers.
            for handling in threads:
                handling.join(GUARD)
    if errors:
        raise errors[0]


def echo(session: ScriptedSession, what: Input) -> None:
    if what[0] == "message":
        session.act(SendMessage(1, what[1]))


def collect(kit: Kit, session: ScriptedSession, limits: Limits = Limits()) -> list[Any]:
    async def scenario() -> list[Any]:
        async with kit.live(session, limits=limits) as live:
            return [event async for event in live][1:]

    events: list[Any] = kit.run(scenario)
    return events


SIZES = [0, 1, 125, 126, 127, 128, 65535, 65536, 65537, 1 << 20]


def test_1_and_9_payloads_of_every_size_are_echoed(kit: Kit) -> None:
    def handler(connection: Any) -> None:
        assert connection.protocol.extensions == []
        for size in SIZES:
            data = bytes(index % 251 for index in range(min(size, 1000))).ljust(size, b"\xfe")
            connection.send(data)
            assert connection.recv(timeout=GUARD) == data

    with websockets_server(handler) as url:
        events = collect(kit, ScriptedSession(opening(url), react=echo))
    assert [len(event[1]) for event in events if event[0] == "message"] == SIZES
    assert events[-1] == ("closed", 1000, "")


@pytest.mark.parametrize("payload", [b"", b"hello", bytes(range(125)), b"\xfe" * 125])
def test_2_pings_are_answered_with_their_payload(kit: Kit, payload: bytes) -> None:
    def handler(connection: Any) -> None:
        connection.pong(b"unsolicited")
        for index in range(10):
            assert connection.ping(payload[:-1] + bytes((index,)) if payload else b"%d" % index).wait(GUARD)

    with websockets_server(handler) as url:
        events = collect(kit, ScriptedSession(opening(url)))
    assert [event[0] for event in events] == ["opened", "closed"]


def test_5_fragments_with_pings_between(kit: Kit) -> None:
    message = [b"frag", b"", b"men", b"ts" * 40000]

    def handler(connection: Any) -> None:
        connection.send(iter(message))
        assert connection.recv(timeout=GUARD) == b"".join(message)
        connection.send(iter(["text ", "in ", "fragments ✓"]))
        assert connection.ping().wait(GUARD)

    with websockets_server(handler) as url:
        events = collect(kit, ScriptedSession(opening(url), react=echo))
    assert [event[1] for event in events if event[0] == "message"] == [b"".join(message)]


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 3000, 3999, 4000, 4999])
def test_7_the_server_closes_with_every_valid_code(kit: Kit, code: int) -> None:
    reasons = "x" * 100 + "✓"
    with websockets_server(lambda connection: connection.close(code, reasons)) as url:
        events = collect(kit, ScriptedSession(opening(url)))
    assert events[-1] == ("closed", code, reasons)


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
def test_7_we_close_with_a_code(kit: Kit, code: int) -> None:
    codes: list[int | None] = []

    def handler(connection: Any) -> None:
        connection.send(b"go")
        with pytest.raises(websockets.exceptions.ConnectionClosed):
            connection.recv(timeout=GUARD)
        codes.append(connection.protocol.close_rcvd.code)

    def react(session: ScriptedSession, what: Input) -> None:
        if what[0] == "message":
            session.act(CloseSocket(1, code))
            session.finish()

    with websockets_server(handler) as url:
        collect(kit, ScriptedSession(opening(url), react=react))
    assert codes == [code]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535])
def test_7_invalid_close_codes_break_the_socket(kit: Kit, code: int) -> None:
    events = against_frames(kit, close_frame(code))
    assert events[-1][0] == "failed"
    assert events[-1][1].kind is FailureKind.PROTOCOL


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_4_reserved_opcodes_break_the_socket(kit: Kit, opcode: int) -> None:
    assert against_frames(kit, frame(BINARY, b"ok") + frame(opcode, b"?"))[-1][0] == "failed"


@pytest.mark.parametrize("bits", [0x10, 0x20, 0x40, 0x70])
@pytest.mark.parametrize("opcode", [BINARY, TEXT, 9, PONG])
def test_3_reserved_bits_break_the_socket(kit: Kit, bits: int, opcode: int) -> None:
    assert against_frames(kit, frame(opcode | bits, b"?"))[-1][0] == "failed"


@pytest.mark.parametrize(
    "data",
    [
        frame(9, b"p", final=False),
        frame(0, b"lost"),
        frame(BINARY, b"a", final=False) + frame(BINARY, b"b"),
        frame(BINARY, b"a", final=False) + frame(0, b"b") + frame(0, b"c"),
        b"\x82\x7e\x00\x05hello",
        b"\x82\x7f" + (5).to_bytes(8, "big") + b"hello",
        b"\x82\x7f" + (1 << 63).to_bytes(8, "big"),
        b"\x82\x85\x01\x02\x03\x04" + bytes(byte ^ 1 + index % 4 for index, byte in enumerate(b"hello")),
        frame(9, b"p" * 126),
        frame(PONG, b"p" * 126),
        frame(PONG, b"p", final=False),
        frame(CLOSE, b"\x03\xe8" + b"x" * 124),
        frame(CLOSE, b"\x03\xe8", final=False),
        frame(CLOSE, b"\x03"),
        frame(CLOSE, b"\x03\xe8\xff\xfe"),
        frame(TEXT, b"a", final=False) + frame(BINARY, b"b"),
        frame(TEXT, b"\xce", final=False) + frame(0, b"\xce"),
    ],
    ids=[
        *("ping in fragments", "continuation of nothing", "message inside a message", "continuation after the last"),
        *("length not minimal, 16 bits", "length not minimal, 64 bits", "length with the highest bit"),
        *("masked", "long ping", "long pong", "pong in fragments", "long close", "close in fragments"),
        *("half a code", "reason not UTF-8", "binary inside a text", "text broken across fragments"),
    ],
)
def test_5_and_more_frames_out_of_place_break_the_socket(kit: Kit, data: bytes) -> None:
    assert against_frames(kit, data)[-1][0] == "failed"


@pytest.mark.parametrize("text", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xce\xba\xe1\xbd"])
def test_6_text_that_is_not_utf8_breaks_the_socket(kit: Kit, text: bytes) -> None:
    assert against_frames(kit, frame(TEXT, text))[-1][0] == "failed"


def test_6_text_may_be_cut_inside_a_character(kit: Kit) -> None:
    whole = "κόσμε".encode()
    cuts = frame(TEXT, whole[:1], final=False) + frame(9, b"between") + frame(0, whole[1:4], final=False)

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(cuts + frame(0, whole[4:]) + frame(BINARY, b"still here") + close_frame(1000))
        assert peer.read_frame() == (PONG, b"between")
        assert peer.read_close() == 1000

    with RawServer(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)))
    assert [event[1] for event in events if event[0] == "message"] == [b"still here"]
    assert events[-1] == ("closed", 1000, "")


def test_10_many_messages_in_many_cuts(kit: Kit) -> None:
    count = 300

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        whole = b"".join(frame(BINARY, b"%d" % index * (index % 50)) for index in range(count))
        for start in range(0, len(whole), 997):
            peer.send(whole[start : start + 997])
        peer.send(close_frame(1000))
        peer.read_close()

    with RawServer(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)))
    assert [event[1] for event in events if event[0] == "message"] == [
        b"%d" % index * (index % 50) for index in range(count)
    ]


def against_frames(kit: Kit, data: bytes) -> list[Any]:
    """Return the events of a socket on which a server says `data`, and which must end by itself."""

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(data)
        peer.wait_gone()

    with RawServer(script) as server:
        return collect(kit, ScriptedSession(opening(server.ws)))
