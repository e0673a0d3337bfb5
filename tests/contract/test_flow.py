"""Flow, cancellation and leaks: slow programs, slow servers, Ctrl-C, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import math
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
import loopback
import pytest
from kits import AnyioKit, AsyncioKit, Kit, SyncKit
from loopback import BINARY, GUARD, Peer, Server, close_frame, frame
from scripted import Input, ScriptedSession, answering, asking, opening

from tiktok_webcast.actions import SendMessage
from tiktok_webcast.http import FailureKind
from tiktok_webcast_transports._channel import OUTPUT_HIGH
from tiktok_webcast_transports._options import Network, Timeouts
from tiktok_webcast_transports._selector_loop import Ready, SelectorLoop

MESSAGE = frame(BINARY, b"x" * 4000)


@pytest.mark.parametrize("answer", ["opened", "rejected", "failed"])
def test_a_handshake_is_answered_although_the_program_is_behind(kit: Kit, answer: str) -> None:
    """As at a reconnect: events of the time before still wait, and the new socket must not be given up for them."""

    def script(peer: Peer) -> None:
        if answer == "opened":
            peer.accept_websocket()
            peer.send(frame(BINARY, b"1"))
            peer.read_close()
        elif answer == "rejected":
            peer.receive_head()
            peer.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with Server(script) as server:
        heard = threading.Event()

        def react(session: ScriptedSession, what: Input) -> None:
            if what[0] != "start":
                heard.set()

        session = ScriptedSession(opening(server.ws), react=react)
        session.high = 1

        async def scenario() -> None:
            async with kit.live(session):
                await wait_for(kit, heard)
                assert [each[0] for each in session.inputs][:2] == ["start", answer]

        kit.run(scenario)


@pytest.mark.parametrize("high", [1, 2])
def test_a_program_that_takes_the_only_event_gets_the_rest_of_the_read(kit: Kit, high: int) -> None:
    """Where so little fills the queue, taking it empties it: reading on is then what brings the next event."""
    sent = [b"%d" % number for number in range(6)]

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        # Not before the program waits.
        entered.wait(GUARD)
        peer.send(b"".join(frame(BINARY, each) for each in sent))
        peer.read_close()

    with Server(script) as server:
        entered = threading.Event()

        async def scenario() -> None:
            session = ScriptedSession(opening(server.ws))
            session.high = high
            async with kit.live(session) as live:
                got = []
                async for event in live:
                    if event[0] == "opened":
                        entered.set()
                    elif event[0] == "message":
                        got.append(event[1])
                    if len(got) == len(sent):
                        break
                assert got == sent

        kit.run(scenario)


def test_a_slow_program_stops_the_reading_and_loses_nothing(kit: Kit) -> None:
    """The server writes until its buffers and ours are full; only then does the program begin to take events."""
    stuck = threading.Event()
    sent = 0

    def script(peer: Peer) -> None:
        nonlocal sent
        peer.accept_websocket()
        peer.sock.setblocking(False)
        rest = memoryview(b"")
        while True:
            try:
                if not rest:
                    rest = memoryview(MESSAGE)
                    sent += 1
                rest = rest[peer.sock.send(rest) :]
            except BlockingIOError:
                # Full: what the kernels hold is finite, and the client has stopped taking it.
                peer.sock.settimeout(0.3)
                try:
                    peer.sock.sendall(rest[:1])
                    rest = rest[1:]
                except TimeoutError:
                    break
                peer.sock.setblocking(False)
        peer.sock.settimeout(GUARD)
        stuck.set()
        peer.send(bytes(rest))
        peer.send(close_frame(1000))
        peer.read_close()

    with Server(script) as server:
        session = ScriptedSession(opening(server.ws))
        session.high = 100

        async def scenario() -> int:
            count = 0
            async with kit.live(session) as live:
                async for event in live:
                    if event[0] == "opened":
                        await wait_for(kit, stuck)
                    count += event[0] == "message"
            return count

        count = kit.run(scenario)
    assert count == sent > 100
    assert session.peak == 100, "one read may bring more, and is held back"


async def wait_for(kit: Kit, event: threading.Event) -> None:
    """Wait for a thread in the way of the transport's loop."""
    if kit.name == "sync":
        assert event.wait(GUARD)
    elif kit.name == "asyncio":
        assert await asyncio.to_thread(event.wait, GUARD)
    else:
        assert await anyio.to_thread.run_sync(event.wait, GUARD)


def test_a_server_that_does_not_read_gets_no_more_and_is_left(kit: Kit) -> None:
    """Pings without end, and nobody who reads the pongs: our buffers stay bounded, and the write timeout ends it."""

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        pings = frame(loopback.PING, b"p" * 125) * 500
        try:
            while True:
                peer.send(pings)
        except OSError:
            return

    with Server(script) as server:
        session = ScriptedSession(opening(server.ws))
        held = 0

        async def scenario() -> Any:
            nonlocal held
            async with kit.live(session, Network(timeouts=Timeouts(write=0.2, close=0.05))) as live:
                events = [event async for event in live]
            return events[-1]

        last = kit.run(scenario)
    assert last[0] == "failed"
    assert last[1].kind is FailureKind.TIMEOUT
    assert "0.2 s" in last[1].detail
    assert OUTPUT_HIGH == 64 * 1024


def test_many_answers_to_a_slow_reader_all_arrive(kit: Kit) -> None:
    count = 2000
    go = threading.Event()
    answers: list[bytes] = []

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        for _ in range(count):
            peer.send(frame(BINARY, b"q"))
        go.set()
        answers.extend(peer.read_frame()[1] for _ in range(count))
        peer.send(close_frame(1000))
        peer.read_close()

    def react(session: ScriptedSession, what: Input) -> None:
        if what[0] == "message":
            session.act(SendMessage(1, b"a" * 500))

    with Server(script) as server:

        async def scenario() -> None:
            async with kit.live(ScriptedSession(opening(server.ws), react=react)) as live:
                async for _ in live:
                    pass

        kit.run(scenario)
    assert answers == [b"a" * 500] * count


def test_timers_ring_under_load(kit: Kit) -> None:
    """Frames come without a pause; the beat goes on until the server has counted ten."""

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        stop = threading.Event()

        def flood() -> None:
            while not stop.is_set():
                peer.send(MESSAGE)

        thread = threading.Thread(target=flood)
        thread.start()
        for _ in range(10):
            assert peer.read_frame() == (BINARY, b"beat")
        stop.set()
        thread.join()
        peer.send(close_frame(1000))
        peer.read_close()

    def react(session: ScriptedSession, what: Input) -> None:
        if what[0] == "timer":
            session.act(SendMessage(1, b"beat"))
        if what[0] in ("opened", "timer"):
            session.timer = session.now + 0.005

    with Server(script) as server:
        session = ScriptedSession(opening(server.ws), react=react)
        session.high = 200

        async def scenario() -> Any:
            async with kit.live(session) as live:
                return [event async for event in live][-1]

        assert kit.run(scenario)[:2] == ("closed", 1000)


def silent(peer: Peer) -> None:
    peer.receive_some()


Phase = tuple[str, Callable[[threading.Event], loopback.Script]]


def stop_in_read(reached: threading.Event) -> loopback.Script:
    def script(peer: Peer) -> None:
        peer.accept_websocket()
        reached.set()
        peer.wait_gone()

    return script


def stop_in_handshake(reached: threading.Event) -> loopback.Script:
    def script(peer: Peer) -> None:
        peer.receive_head()
        reached.set()
        peer.wait_gone()

    return script


def stop_in_tls(reached: threading.Event) -> loopback.Script:
    def script(peer: Peer) -> None:
        peer.receive_some()
        reached.set()
        peer.wait_gone()

    return script


def stop_in_write(reached: threading.Event) -> loopback.Script:
    def script(peer: Peer) -> None:
        peer.accept_websocket()
        pings = frame(loopback.PING, b"p" * 125) * 500
        peer.sock.settimeout(0.3)
        try:
            while True:
                peer.send(pings)
        except OSError:
            # The client's pongs have filled both kernels, so it is stuck in a write and reads no more.
            reached.set()
        peer.sock.settimeout(GUARD)
        peer.wait_gone()

    return script


STOPS = {"read": stop_in_read, "handshake": stop_in_handshake, "tls": stop_in_tls, "write": stop_in_write}
ENDINGS = ("cancel", "interrupt")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("phase", [*STOPS, "http", "connect"])
def test_cancelled_at_every_await(kit: Kit, phase: str, ending: str, ca_file: str) -> None:
    reached = threading.Event()
    stop = STOPS.get(phase, stop_in_handshake)(reached)
    with Server(stop) as server, loopback.full_listener() as full:
        url = f"wss://localhost:{server.port}/" if phase == "tls" else server.ws
        first = asking(server.http) if phase == "http" else opening(url)
        if phase == "connect":
            first = opening(f"ws://127.0.0.1:{full}/")
        session = ScriptedSession(first)
        network = Network(ca_file=ca_file, timeouts=Timeouts(write=GUARD, handshake=GUARD))

        async def scenario() -> None:
            async with kit.live(session, network) as live:
                if phase == "connect":
                    reached.set()
                async for _ in live:
                    pass

        (kit.run_cancelled if ending == "cancel" else kit.run_interrupted)(scenario, reached)
    assert session.closed is not None
    assert our_threads() == []


def our_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("tiktok-webcast")]


def take_with_cancellations(iterator: Any, count: int) -> list[Any]:
    """Take events; wherever that waits it is cancelled."""
    taken: list[Any] = []
    for _ in range(2 * count):
        if len(taken) < count:
            step = iterator.__anext__()
            try:
                step.send(None)
            except StopIteration as end:
                taken.append(end.value)
            else:
                step.close()
    return taken


def test_no_event_is_lost_where_taking_one_is_cancelled(kit: Kit) -> None:
    if isinstance(kit, SyncKit):
        pytest.skip("a blocking program is not cancelled")
    session = ScriptedSession()
    session.ends_with_answers = False

    async def scenario() -> list[Any]:
        async with kit.live(session) as live:
            assert await live.__anext__() == ("start",)
            session._events.extend(range(300))
            return take_with_cancellations(live, 300)

    assert kit.run(scenario) == list(range(300))


def test_a_request_is_cancelled_alone(kit: Kit) -> None:
    """The client stays usable."""
    if isinstance(kit, SyncKit):
        pytest.skip("a blocking request is cancelled by Ctrl-C only: tested above")
    reached = threading.Event()

    def stuck(peer: Peer) -> None:
        peer.receive_head()
        reached.set()
        peer.wait_gone()

    def prompt(peer: Peer) -> None:
        peer.receive_head()
        peer.send(loopback.answer(b"ok"))

    with Server(stuck, prompt) as server:

        async def scenario() -> Any:
            async with kit.http() as client:
                await cancelled(kit, lambda: client.send(asking(server.http).request), reached)
                return await client.send(asking(server.http).request)

        assert kit.run(scenario).body == b"ok"


async def cancelled(kit: Kit, work: Callable[[], Any], when: threading.Event) -> None:
    """Do `work`, and cancel it once `when` is set."""
    if isinstance(kit, AsyncioKit):
        task = asyncio.ensure_future(work())
        await wait_for(kit, when)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return

    async def cancel() -> None:
        await wait_for(kit, when)
        scope.cancel()

    async with kit.in_task(cancel):
        with anyio.CancelScope() as scope:
            await work()


def test_a_request_that_is_shielded_from_the_end_of_its_client_fails(kit: Kit) -> None:
    if not isinstance(kit, AnyioKit):
        pytest.skip("only anyio cancels a client with all that is in it")
    reached = threading.Event()
    results: list[Any] = []

    with Server(stop_in_handshake(reached)) as server:

        async def scenario() -> None:
            async with kit.http() as client:
                with anyio.CancelScope(shield=True):
                    results.append(await client.send(asking(server.http).request))
                await anyio.sleep_forever()

        kit.run_cancelled(scenario, reached)
    assert results[0].kind is FailureKind.READ


def test_five_hundred_rooms_leave_nothing_behind(kit: Kit) -> None:
    """Opened and closed one after another, by either side in turn: no task, thread, socket or descriptor stays."""
    turns = 500

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(frame(BINARY, b"hi") + close_frame(1000))
        peer.wait_gone()

    def patient(peer: Peer) -> None:
        peer.accept_websocket()
        assert peer.read_close() == 1000
        peer.send(close_frame(1000))
        peer.wait_gone()

    scripts = [script, patient] * (turns // 2 + 1)
    with Server(*scripts) as server:

        async def one() -> None:
            async with kit.live(ScriptedSession(opening(server.ws), react=answering)) as live:
                async for event in live:
                    if event[0] == "opened" and server.accepted % 2 == 0:
                        break

        async def scenario() -> tuple[int | None, int | None]:
            await one()
            await one()
            before = loopback.open_descriptors()
            for _ in range(turns - 2):
                await one()
            if isinstance(kit, AsyncioKit):
                # Sockets close in the loop's next turn.
                await asyncio.sleep(0)
                assert len(asyncio.all_tasks()) <= 2
            return before, loopback.open_descriptors()

        # The debug mode of asyncio makes this five times slower.
        before, after = kit.run(scenario, debug=False)
        server.settle()
        after = loopback.open_descriptors() if after is None else after
    gc.collect()
    assert our_threads() == []
    if before is not None and after is not None:
        # The server's ends of the last few connections may close a moment later.
        assert after - before < 20


def test_sixteen_rooms_at_once(kit: Kit) -> None:
    if isinstance(kit, SyncKit):
        pytest.skip("one blocking room fills its thread")

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        for _ in range(20):
            peer.send(frame(BINARY, b"q"))
        for _ in range(20):
            peer.read_frame()
        peer.send(close_frame(1000))
        peer.read_close()

    with Server(script) as server:
        counts: list[int] = []

        async def room() -> None:
            async with kit.live(ScriptedSession(opening(server.ws), react=answering)) as live:
                counts.append(len([event async for event in live if event[0] == "message"]))

        async def scenario() -> None:
            import contextlib

            async with contextlib.AsyncExitStack() as stack:
                for _ in range(16):
                    await stack.enter_async_context(kit.in_task(room))

        kit.run(scenario)
    assert counts == [20] * 16


def test_poll_for_game_loops() -> None:
    kit = SyncKit("sync")

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(frame(BINARY, b"1"))
        assert peer.read_frame()[1] == b"ack 1"
        peer.send(close_frame(1000))
        peer.read_close()

    with Server(script) as server:
        live = kit.live(ScriptedSession(opening(server.ws), react=answering))._inner
        seen: list[Any] = []
        with live:
            while live.closed is None:
                event = live.poll(timeout=0.05)
                if event is not None:
                    seen.append(event)
            while (event := live.poll()) is not None:
                seen.append(event)
            assert live.poll(timeout=GUARD) is None
            assert live.poll(-0.001) is None and live.poll(math.inf) is None
    assert [event[0] for event in seen] == ["start", "opened", "message", "closed"]


def test_a_close_while_the_thread_takes_back_its_pokes_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a quiet room is left with its next heartbeat, and one without a timer never."""
    kit = SyncKit("sync")
    turn = SelectorLoop.turn
    asked: list[bool] = []

    def turn_late(self: SelectorLoop, ready: Ready) -> None:
        if not asked and any(line is None for line, _ in ready):
            asked.append(True)
            live.close()
        turn(self, ready)

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.read_close()

    with Server(script) as server:
        live = kit.live(ScriptedSession(opening(server.ws)))._inner
        with live:
            while live.poll(GUARD)[0] != "opened":
                pass
            monkeypatch.setattr(SelectorLoop, "turn", turn_late)
            live._loop.poke()
            assert live.poll(GUARD) == ("close",)
            assert live.poll(GUARD) is None and live.closed is not None


def test_asyncio_imports_neither_anyio_nor_httpcore() -> None:
    code = (
        "import sys, tiktok_webcast_transports.asyncio;"
        "print(sorted({'anyio', 'httpcore', 'trio', 'sniffio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")
    kit = AsyncioKit("asyncio")

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.send(frame(BINARY, b"1"))
        assert peer.read_frame()[1] == b"ack 1"
        peer.send(close_frame(1000))
        peer.read_close()

    with Server(script) as server:

        async def scenario() -> list[Any]:
            async with kit.live(ScriptedSession(opening(server.ws), react=answering)) as live:
                return [event async for event in live]

        loop = uvloop.new_event_loop()
        try:
            events = loop.run_until_complete(scenario())
        finally:
            loop.close()
    assert [event[0] for event in events] == ["start", "opened", "message", "closed"]
