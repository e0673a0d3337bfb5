"""How listeners are called: in order, side by side, without loss, and whatever they do."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest
from client_scripts import counting
from memory_net import MakeNet, Net

from tiktok_webcast.events import CommentEvent, Event
from tiktok_webcast.sim.scenario import Options
from tiktok_webcast_transports import TikTokLiveClient
from tiktok_webcast_transports._dispatch import MAX_WAITING, STUCK, Gate, Stream


def counted(net: MakeNet, count: int) -> Net:
    return net(counting, options=Options(rate=count))


# --- order and concurrency ------------------------------------------------------------------------------------------


def test_calls_of_one_listener_begin_in_order_and_do_not_overlap(net: MakeNet) -> None:
    sim = counted(net, 40)
    client = sim.client()
    begun: list[int] = []
    running = 0

    @client.on("comment")
    async def slow(event: CommentEvent) -> None:
        nonlocal running
        running += 1
        assert running == 1
        begun.append(int(event.comment))
        # The earlier, the longer: side by side they would overtake each other.
        await asyncio.sleep(0.5 / (len(begun)))
        running -= 1

    client.run()
    assert begun == list(range(40))


def test_a_slow_listener_does_not_delay_the_others(net: MakeNet) -> None:
    sim = counted(net, 20)
    client = sim.client()
    times: dict[str, list[float]] = {"slow": [], "quick": [], "plain": []}

    @client.on("comment")
    async def slow(event: CommentEvent) -> None:
        await asyncio.sleep(60)
        times["slow"].append(sim.loop.time())

    @client.on("comment")
    async def quick(event: CommentEvent) -> None:
        times["quick"].append(sim.loop.time())

    client.on("comment", lambda event: times["plain"].append(sim.loop.time()))
    client.run()
    assert len(times["slow"]) == len(times["quick"]) == len(times["plain"]) == 20
    assert times["quick"] == times["plain"] and times["quick"][-1] - times["quick"][0] < 1.0
    assert times["slow"][-1] - times["slow"][0] == pytest.approx(19 * 60)


def test_run_returns_when_the_last_call_has_returned(net: MakeNet) -> None:
    sim = counted(net, 5)
    client = sim.client()
    done: list[str] = []

    @client.on("comment")
    async def slow(event: CommentEvent) -> None:
        await asyncio.sleep(7200)
        done.append(event.comment)

    client.run()
    assert done == ["0", "1", "2", "3", "4"]
    assert sim.loop.time() > 5 * 7200


def test_when_a_listener_is_far_behind_no_more_is_taken_and_nothing_is_lost(
    net: MakeNet, caplog: pytest.LogCaptureFixture
) -> None:
    count = MAX_WAITING * 3
    sim = counted(net, count)
    client = sim.client()
    begun: list[int] = []
    taken: list[int] = []
    go_on = asyncio.Event()

    @client.on("comment")
    async def stuck(event: CommentEvent) -> None:
        begun.append(int(event.comment))
        await go_on.wait()

    client.on("comment", lambda event: taken.append(int(event.comment)))

    async def main() -> None:
        await client.start()
        await asyncio.sleep(STUCK - 1)
        # One is in its call, the others wait for their turn.
        assert begun == [0] and taken == list(range(MAX_WAITING + 1))
        assert not caplog.records and client.connected
        await asyncio.sleep(STUCK * 2)
        [record] = caplog.records
        assert "stuck" in record.getMessage() and f"{MAX_WAITING} events wait" in record.getMessage()
        assert client.statistics.heartbeats >= 8
        go_on.set()
        await client.wait_closed()

    sim.run(main())
    assert begun == taken == list(range(count))


def test_a_stuck_listener_that_is_removed_holds_nothing_up(net: MakeNet) -> None:
    count = MAX_WAITING * 3
    sim = counted(net, count)
    client = sim.client()
    taken: list[int] = []

    @client.on("comment")
    async def stuck(event: CommentEvent) -> None:
        await asyncio.Event().wait()

    client.on("comment", lambda event: taken.append(int(event.comment)))

    async def main() -> None:
        await client.start()
        await asyncio.sleep(60)
        assert taken == list(range(MAX_WAITING + 1))
        client.remove_listener("comment", stuck)
        await asyncio.sleep(60)
        assert taken == list(range(count))
        client.stop()
        await client.wait_closed()

    sim.run(main())


def test_listeners_that_heard_once_are_not_remembered(net: MakeNet) -> None:
    sim = counted(net, 100)
    client = sim.client()
    heard: list[int] = []

    def listen_once_more() -> None:
        async def hear(event: CommentEvent) -> None:
            heard.append(int(event.comment))

        client.once("comment", hear)

    @client.on("comment")
    def again(event: CommentEvent) -> None:
        listen_once_more()

    async def main() -> None:
        await client.start()
        await client.wait_closed()
        connection = client._connection
        assert connection is not None
        assert len(connection.dispatch._lanes) <= 2

    sim.run(main())
    assert heard == list(range(1, 100))


def test_a_gate_that_another_thread_opens_just_before_the_wait_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As an `async for` in a loop of its own may: what waits then would wait for ever."""

    async def main() -> None:
        gate, loop = Gate(), asyncio.get_running_loop()
        make = loop.create_future

        def make_late() -> asyncio.Future[Any]:
            thread = threading.Thread(target=gate.open, args=("a stream",))
            thread.start()
            thread.join()
            return make()

        gate.close("a stream", "a stream")
        with monkeypatch.context() as patched:
            patched.setattr(loop, "create_future", make_late)
            task = loop.create_task(gate.passed())
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not gate.shut and task.done()

    asyncio.run(main())


def test_a_stream_that_is_closed_while_an_event_is_on_its_way_holds_nothing_up() -> None:
    """As an `async for` in a loop of its own may be, which is left while it is far behind."""

    async def main() -> None:
        gate = Gate()
        stream = Stream(gate)
        for _ in range(MAX_WAITING):
            stream.push(CommentEvent())
        assert gate.shut
        stream.close()
        stream.push(CommentEvent())
        assert not gate.shut

    asyncio.run(main())


def test_a_stream_that_is_far_behind_an_end_holds_up_what_comes_after_it() -> None:
    """As where a listener starts the client again: whoever still reads the first events gets the new ones, too."""

    async def main() -> None:
        gate = Gate()
        stream = Stream(gate)
        stream.push(CommentEvent())
        stream.end(None)
        for _ in range(MAX_WAITING - 1):
            stream.push(CommentEvent())
        assert gate.shut
        while await stream.take() is not None:
            pass
        assert not gate.shut

    asyncio.run(main())


def test_below_the_limit_everything_is_taken(net: MakeNet) -> None:
    sim = counted(net, MAX_WAITING)
    client = sim.client()
    joins: list[Event] = []
    go_on = asyncio.Event()

    @client.on("comment")
    async def stuck(event: CommentEvent) -> None:
        await go_on.wait()

    client.on("join", joins.append)

    async def main() -> None:
        await client.start()
        await asyncio.sleep(STUCK * 3)
        assert len(joins) == MAX_WAITING
        go_on.set()
        await client.wait_closed()

    sim.run(main())


# --- failures -------------------------------------------------------------------------------------------------------


async def fails_later(event: Event) -> None:
    await asyncio.sleep(0)
    raise KeyError("later")


def fails_at_once(event: Event) -> None:
    raise KeyError("at once")


@pytest.mark.parametrize("failing", [fails_later, fails_at_once, lambda event: fails_later(event)])
def test_a_failing_listener_stops_neither_the_others_nor_itself(
    net: MakeNet, caplog: pytest.LogCaptureFixture, failing: Any
) -> None:
    sim = counted(net, 10)
    client = sim.client()
    before: list[Event] = []
    after: list[Event] = []

    async def behind(event: Event) -> None:
        after.append(event)

    client.on("comment", before.append)
    client.on("comment", failing)
    client.on("comment", behind)
    client.run()
    assert len(before) == len(after) == 10
    assert len(caplog.records) == 10
    for record in caplog.records:
        assert record.name == "tiktok_webcast_transports.client" and record.levelno == logging.ERROR
        assert "KeyError" in record.getMessage() and record.exc_info is not None
        notes = getattr(record.exc_info[1], "__notes__", None)
        assert notes is None or ("called with the event 'comment'" in notes[0] and "listener" in notes[0])


def test_error_listeners_hear_instead_of_the_log(net: MakeNet, caplog: pytest.LogCaptureFixture) -> None:
    sim = counted(net, 3)
    client = sim.client()
    errors: list[Exception] = []
    later: list[Exception] = []
    client.on("error", errors.append)

    @client.on("error")
    async def on_error(error: Exception) -> None:
        await asyncio.sleep(0)
        later.append(error)

    once: list[Exception] = []
    client.once("error", once.append)
    client.on("comment", fails_at_once)
    client.on("join", fails_later)
    client.run()
    assert [str(error) for error in errors] == ["'at once'", "'later'"] * 3
    assert later == errors and once == errors[:1]
    assert not caplog.records


def test_an_error_listener_that_fails_is_logged_and_asked_again(net: MakeNet, caplog: pytest.LogCaptureFixture) -> None:
    sim = counted(net, 2)
    client = sim.client()
    heard: list[Exception] = []

    @client.on("error")
    def broken(error: Exception) -> None:
        raise RuntimeError("broken handler")

    @client.on("error")
    async def broken_too(error: Exception) -> None:
        raise RuntimeError("broken handler")

    client.on("error", heard.append)
    client.on("comment", fails_at_once)
    client.run()
    assert [type(error) for error in heard] == [KeyError, KeyError]
    assert ["broken handler" in record.getMessage() for record in caplog.records] == [True] * 4


def test_log_error_may_be_replaced(net: MakeNet) -> None:
    sim = counted(net, 1)
    logged: list[Exception] = []

    class Mine(TikTokLiveClient):
        def _log_error(self, error: Exception) -> None:
            logged.append(error)

    client = Mine("ann", config=sim.config(), loop=sim.loop)
    client.on("comment", fails_at_once)
    client.run()
    assert [type(error) for error in logged] == [KeyError]


def test_a_call_that_is_cancelled_from_within_is_not_the_end(net: MakeNet) -> None:
    sim = counted(net, 3)
    client = sim.client()
    heard: list[str] = []

    @client.on("comment")
    async def listener(event: CommentEvent) -> None:
        heard.append(event.comment)
        helper = asyncio.ensure_future(asyncio.sleep(10))
        helper.cancel()
        await helper

    client.run()
    assert heard == ["0", "1", "2"]
