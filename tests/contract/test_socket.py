"""The socket: open, refuse, talk, close, break."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import loopback
import pytest
from kits import Kit
from loopback import BINARY, PING, PONG, TEXT, Peer, Server, close_frame, frame
from scripted import Input, ScriptedSession, answering, opening

from tiktok_webcast.actions import CloseSocket, SendMessage
from tiktok_webcast.config import Limits
from tiktok_webcast.http import FailureKind
from tiktok_webcast_transports._options import Network, Timeouts


def collect(kit: Kit, session: ScriptedSession, network: Network = Network(), limits: Limits = Limits()) -> list[Any]:
    """Run a session to its end; return its events without the first one."""

    async def scenario() -> list[Any]:
        async with kit.live(session, network, limits) as live:
            events = [event async for event in live]
        assert live.closed is session.closed is not None
        return events

    events: list[Any] = kit.run(scenario)
    assert events[0] == ("start",)
    return events[1:]


def messages(events: list[Input]) -> list[bytes]:
    return [event[1] for event in events if event[0] == "message"]


def test_messages_come_in_order_and_are_answered_in_order(kit: Kit) -> None:
    answers: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.accept_websocket("X-Room: 1")
        for index in range(50):
            peer.send(frame(BINARY, b"%d" % index))
        answers.extend(peer.read_frame()[1] for _ in range(50))
        peer.send(close_frame(1000, "bye"))
        assert peer.read_close() == 1000

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws), react=answering))
    assert events[0][:2] == ("opened", 1)
    assert ("X-Room", "1") in events[0][2]
    assert messages(events) == [b"%d" % index for index in range(50)]
    assert answers == [b"ack %d" % index for index in range(50)]
    assert events[-1] == ("closed", 1000, "bye")


def test_what_the_signer_has_to_say_is_logged(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(close_frame(1000))
        peer.read_close()

    with Server(script) as server, caplog.at_level("INFO", "tiktok_webcast_transports"):
        collect(kit, ScriptedSession(replace(opening(server.ws), notes=("the login was not used",))))
    # On a busy machine asyncio, in debug mode here, adds which of its steps took long.
    said = [record.getMessage() for record in caplog.records if record.name.startswith("tiktok_webcast_transports")]
    assert said == ["socket 1: the signer says: the login was not used"]


def test_the_handshake_says_what_it_should(kit: Kit) -> None:
    heads: list[str] = []

    def script(peer: Peer) -> None:
        heads.append(peer.accept_websocket("Sec-WebSocket-Protocol: b"))
        peer.send(close_frame(1000))
        peer.read_close()

    with Server(script) as server:
        headers = (("User-Agent", "ua/1"), ("Cookie", "a=b"), ("Origin", "https://www.tiktok.com"))
        offered = (*headers, ("Sec-WebSocket-Extensions", "permessage-deflate"))
        collect(kit, ScriptedSession(opening(server.ws, *offered, subprotocols=("a", "b"))))
        lines = heads[0].split("\r\n")
        assert lines[0] == "GET /socket?a=1 HTTP/1.1"
        assert lines[1] == f"Host: 127.0.0.1:{server.port}"
    assert [line.split(": ")[0] for line in lines[2:]] == [
        *("Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol"),
        *("User-Agent", "Cookie", "Origin"),
    ]
    assert loopback.header(heads[0], "Sec-WebSocket-Protocol") == "a, b"
    assert "permessage-deflate" not in heads[0]


@pytest.mark.parametrize("status", ["403 Forbidden", "200 OK", "302 Found", "500 Oops"])
def test_a_refusal_is_told_with_its_headers(kit: Kit, status: str) -> None:
    def script(peer: Peer) -> None:
        peer.receive_head()
        peer.send(loopback.answer(b"no", "Handshake-Msg: no cookie", status=status))
        peer.wait_gone()

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)))
    assert events[0][:2] == ("rejected", int(status[:3]))
    assert ("Handshake-Msg", "no cookie") in events[0][2]


def test_one_byte_at_a_time(kit: Kit) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket(bytewise=True)
        peer.send_bytewise(frame(BINARY, b"x" * 300) + frame(BINARY, b"", final=True) + close_frame(1001, "away"))
        peer.read_close()

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)))
    assert messages(events) == [b"x" * 300, b""]
    assert events[-1] == ("closed", 1001, "away")


def test_frames_that_come_with_the_handshake_are_not_lost(kit: Kit) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket(trailing=frame(BINARY, b"early") + frame(BINARY, b"bird"))
        peer.send(close_frame(1000))
        peer.read_close()

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)))
    assert messages(events) == [b"early", b"bird"]


def test_fragments_pings_and_text(kit: Kit) -> None:
    pongs: list[tuple[int, bytes]] = []

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(frame(BINARY, b"one ", final=False) + frame(PING, b"beat") + frame(0, b"two ", final=False))
        peer.send(frame(0, b"three") + frame(TEXT, "täxt".encode()) + frame(BINARY, b"end"))
        pongs.append(peer.read_frame())
        peer.send(close_frame(1000))
        peer.read_close()

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)))
    assert messages(events) == [b"one two three", b"end"]
    assert pongs == [(PONG, b"beat")]


@pytest.mark.parametrize("pieces", [1, 3])
def test_the_message_limit_is_exact(kit: Kit, pieces: int) -> None:
    limit = 3000

    def fragments(size: int) -> bytes:
        cuts = [size * index // pieces for index in range(pieces + 1)]
        opcodes = [BINARY] + [0] * (pieces - 1)
        return b"".join(
            frame(opcode, b"x" * (end - start), final=end == size)
            for opcode, start, end in zip(opcodes, cuts, cuts[1:], strict=False)
        )

    codes: list[int | None] = []

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(fragments(limit) + fragments(limit + 1))
        codes.append(peer.read_close())

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)), limits=Limits(message=limit))
    assert messages(events) == [b"x" * limit]
    assert events[-1][0] == "failed"
    assert events[-1][1].kind is FailureKind.TOO_LARGE
    assert codes == [1009]


@pytest.mark.parametrize("extra", [0, 1])
def test_the_header_limit_is_exact(kit: Kit, extra: int) -> None:
    limit = 2000

    def script(peer: Peer) -> None:
        head = peer.receive_head()
        bare = len(loopback.accept(head, "X-Pad: "))
        peer.send(loopback.accept(head, "X-Pad: " + "x" * (limit - bare + extra)))
        if not extra:
            peer.send(close_frame(1000))
        peer.wait_gone()

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)), limits=Limits(response_headers=limit))
    if extra:
        assert [event[0] for event in events] == ["failed"]
        assert events[0][1].kind is FailureKind.TOO_LARGE
    else:
        assert [event[0] for event in events] == ["opened", "closed"]


@pytest.mark.parametrize(
    "data",
    [
        frame(BINARY | 0x40, b"compressed"),
        b"\x83\x00",
        frame(0, b"no beginning"),
        frame(TEXT, b"\xff"),
        b"\x82\x80abcd",
        b"\x89\x7e\x00\x80" + b"x" * 128,
        close_frame(1005),
        frame(8, b"x"),
    ],
)
def test_what_is_no_websocket_breaks_the_socket(kit: Kit, data: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(data)
        assert peer.read_close() in (1002, 1007)
        peer.wait_gone()

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)))
    assert [event[0] for event in events] == ["opened", "failed"]
    assert events[-1][1].kind is FailureKind.PROTOCOL


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bogus\r\n\r\n",
        b"HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"\x00\x01\x02\x03\r\n\r\n",
    ],
)
def test_a_wrong_answer_to_the_handshake(kit: Kit, answer: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.receive_head()
        peer.send(answer)
        peer.wait_gone()

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)))
    assert [event[0] for event in events] == ["failed"]
    assert events[0][1].kind is FailureKind.PROTOCOL


def test_an_extension_that_nobody_offered_is_refused(kit: Kit) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket("Sec-WebSocket-Extensions: permessage-deflate")
        peer.wait_gone()

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)))
    assert [event[0] for event in events] == ["failed"]


def cut_in_tcp(peer: Peer) -> None:
    """Close before a byte."""


def cut_in_handshake(peer: Peer) -> None:
    peer.receive_head()
    peer.send(b"HTTP/1.1 101 Switch")


def reset_in_handshake(peer: Peer) -> None:
    peer.receive_head()
    peer.reset()


@pytest.mark.parametrize("script", [cut_in_tcp, cut_in_handshake, reset_in_handshake])
def test_cut_before_the_socket_is_open(kit: Kit, script: loopback.Script) -> None:
    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)))
    assert [event[0] for event in events] == ["failed"]
    assert events[0][1].kind is FailureKind.READ


def test_nobody_listens(kit: Kit) -> None:
    with Server(cut_in_tcp) as server:
        url = server.ws
    events = collect(kit, ScriptedSession(opening(url)))
    assert events[0][1].kind is FailureKind.CONNECT
    assert f"127.0.0.1:{server.port}" in events[0][1].detail
    assert "refused" in events[0][1].detail.lower()


def test_a_name_that_does_not_exist(kit: Kit) -> None:
    events = collect(kit, ScriptedSession(opening("ws://no-such-host.invalid/")))
    assert events[0][1].kind is FailureKind.DNS


@pytest.mark.parametrize("url", ["http:///x", "gopher://a/", "ws://[::1", "ws://a:99999999/", ""])
def test_a_url_that_leads_nowhere_is_a_failure(kit: Kit, url: str) -> None:
    events = collect(kit, ScriptedSession(opening(url)))
    assert events[0][1].kind is FailureKind.PROTOCOL


@pytest.mark.parametrize("ending", ["half-close", "close", "reset", "inside a frame"])
def test_the_end_without_a_close_frame(kit: Kit, ending: str) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(frame(BINARY, b"last"))
        assert peer.read_frame()[1] == b"ack last"
        if ending == "half-close":
            peer.half_close()
            peer.wait_gone()
        elif ending == "reset":
            peer.reset()
        elif ending == "inside a frame":
            peer.send(frame(BINARY, b"x" * 50)[:20])

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws), react=answering))
    assert messages(events) == [b"last"]
    if ending == "reset":
        assert events[-1][0] == "failed"
        assert events[-1][1].kind is FailureKind.READ
    else:
        assert events[-1] == ("closed", None, "")


def test_a_close_frame_without_a_code(kit: Kit) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(frame(loopback.CLOSE))
        assert peer.read_close() is None

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws)))
    assert events[-1] == ("closed", 1005, "")


def test_we_close(kit: Kit) -> None:
    codes: list[int | None] = []

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(frame(BINARY, b"go"))
        codes.append(peer.read_close())
        peer.send(frame(BINARY, b"too late") + close_frame(1000))
        peer.wait_gone()

    def react(session: ScriptedSession, what: Input) -> None:
        if what[0] == "message":
            session.act(SendMessage(1, b"farewell"))
            session.act(CloseSocket(1, 4001))
            session.act(SendMessage(1, b"never"))
            session.finish()

    with Server(script) as server:
        events = collect(kit, ScriptedSession(opening(server.ws), react=react))
    assert messages(events) == [b"go"]
    assert codes == [4001]


def test_close_twice_and_after_the_end(kit: Kit) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket()
        assert peer.read_close() == 1000
        peer.send(close_frame(1000))
        peer.wait_gone()

    with Server(script) as server:
        session = ScriptedSession(opening(server.ws))

        async def scenario() -> None:
            async with kit.live(session) as live:
                async for event in live:
                    if event[0] == "opened":
                        live.close()
                        live.close()
                assert live.closed.detail == "asked"
                live.close()
            live.close()
            assert live.next_event() is None
            assert live.room_id == 7

        kit.run(scenario)
    assert [what[0] for what in session.inputs] == ["start", "opened", "close"]


def test_close_from_elsewhere_ends_a_waiting_iteration(kit: Kit) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket()
        assert peer.read_close() == 1000
        peer.send(close_frame(1000))
        peer.wait_gone()

    with Server(script) as server:
        session = ScriptedSession(opening(server.ws))

        async def scenario() -> None:
            async with kit.live(session) as live:
                async for event in live:
                    if event[0] == "opened":
                        break

                async def closer() -> None:
                    live.close()

                async with kit.in_task(closer):
                    rest = [event async for event in live]
                assert [event[0] for event in rest] in ([], ["close"])

        kit.run(scenario)


def test_a_server_that_does_not_answer_the_close_is_left_in_time(kit: Kit) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket()
        assert peer.read_close() == 1000
        peer.wait_gone()

    with Server(script) as server:
        session = ScriptedSession(opening(server.ws))

        async def scenario() -> None:
            async with kit.live(session, Network(timeouts=Timeouts(close=0.05))) as live:
                async for event in live:
                    if event[0] == "opened":
                        break

        kit.run(scenario)


def test_an_error_in_the_body_comes_out_as_itself(kit: Kit) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.read_close()
        peer.send(close_frame(1000))
        peer.wait_gone()

    with Server(script) as server:

        async def scenario() -> None:
            async with kit.live(ScriptedSession(opening(server.ws))) as live:
                async for event in live:
                    if event[0] == "opened":
                        raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            kit.run(scenario)


def test_a_bug_in_the_session_comes_out_as_itself(kit: Kit) -> None:
    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(frame(BINARY, b"x"))
        peer.wait_gone()

    def react(session: ScriptedSession, what: Input) -> None:
        if what[0] == "message":
            raise ZeroDivisionError("a bug")

    with Server(script) as server:

        async def scenario() -> None:
            async with kit.live(ScriptedSession(opening(server.ws), react=react)) as live:
                async for _ in live:
                    pass

        with pytest.raises(ZeroDivisionError, match="a bug"):
            kit.run(scenario)


def test_heartbeats_go_on_while_the_program_is_busy(kit: Kit) -> None:
    """The program holds its first event until the server has seen three beats."""
    seen = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        for _ in range(3):
            assert peer.read_frame() == (BINARY, b"beat")
        seen.set()
        peer.send(close_frame(1000))
        peer.read_close()

    def react(session: ScriptedSession, what: Input) -> None:
        if what[0] in ("opened", "timer"):
            session.timer = session.now + 0.01
        if what[0] == "timer":
            session.act(SendMessage(1, b"beat"))

    with Server(script) as server:
        session = ScriptedSession(opening(server.ws), react=react)

        async def scenario() -> None:
            async with kit.live(session) as live:
                async for event in live:
                    if event[0] == "opened":
                        await busy()

        async def busy() -> None:
            if kit.name == "sync":
                assert seen.wait(loopback.GUARD)
            elif kit.name == "asyncio":
                import asyncio

                assert await asyncio.to_thread(seen.wait, loopback.GUARD)
            else:
                import anyio.to_thread

                assert await anyio.to_thread.run_sync(seen.wait, loopback.GUARD)

        kit.run(scenario)
