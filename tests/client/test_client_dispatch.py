"""How listeners are called: in order, side by side, without loss, and whatever they do."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any

import pytest
from conftest import MakeNet
from memory_net import Net

from tiktok_webcast.events import ClosedEvent, CommentEvent, ConnectEvent, Event, JoinEvent
from tiktok_webcast.sim.scenario import Options
from tiktok_webcast.sim.script import Script
from tiktok_webcast.sim.story import Story
from tiktok_webcast_transports import LocalProtocolError, RoomEnded, TikTokLiveClient, TikTokWebcastError
from tiktok_webcast_transports._dispatch import MAX_ASIDE, MAX_WAITING, STUCK


def counting(story: Story, options: Options) -> Script:
    """Comments "0", "1", ... in a row, `rate` of them in one second, each with a join, then an hour of nothing."""
    yield story.enter()
    for number in range(int(options.rate)):
        story.wait(1 / options.rate)
        yield story.frame(story.comment(story.crowd[0], str(number)), story.join(story.crowd[1]))
    story.wait(3600.0)
    yield story.end()


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


# --- wait_for -------------------------------------------------------------------------------------------------------


def test_wait_for_returns_the_first_event_that_fits(net: MakeNet) -> None:
    sim = counted(net, 10)
    client = sim.client()

    async def main() -> None:
        connected = asyncio.ensure_future(client.wait_for("connect"))
        await asyncio.sleep(0)
        await client.start()
        assert isinstance(await connected, ConnectEvent)
        event = await client.wait_for(CommentEvent, lambda event: event.comment == "7")
        assert event.comment == "7"
        joined = await client.wait_for("join")
        assert isinstance(joined, JoinEvent)
        # Nobody listens any more: what follows is not decoded.
        skipped = client.statistics.skipped
        await asyncio.sleep(2)
        assert client.statistics.skipped > skipped
        client.stop()
        await client.wait_closed()

    sim.run(main())


def test_wait_for_gives_up_in_time(net: MakeNet) -> None:
    sim = counted(net, 3)
    client = sim.client()

    async def main() -> None:
        await client.start()
        begun = sim.loop.time()
        with pytest.raises(asyncio.TimeoutError):
            await client.wait_for("gift", timeout=5.0)
        assert sim.loop.time() - begun == pytest.approx(5.0)
        client.stop()
        await client.wait_closed()

    sim.run(main())


def test_wait_for_tells_of_a_predicate_that_fails(net: MakeNet, caplog: pytest.LogCaptureFixture) -> None:
    sim = counted(net, 3)
    client = sim.client()

    async def never(event: Event) -> bool:
        return True

    async def main() -> None:
        await client.start()
        with pytest.raises(ZeroDivisionError):
            await client.wait_for("comment", lambda event: 1 // 0)
        with pytest.raises(TypeError, match="plain function"):
            await client.wait_for("comment", never)
        client.stop()
        await client.wait_closed()

    sim.run(main())
    assert not caplog.records


def test_wait_for_ends_with_the_client(net: MakeNet) -> None:
    sim = counted(net, 3)
    client = sim.client()

    async def main() -> None:
        await client.start()
        with pytest.raises(RoomEnded):
            await client.wait_for("gift")
        assert client.closed is not None

    sim.run(main())


def test_the_last_event_can_be_waited_for(net: MakeNet) -> None:
    sim = counted(net, 1)
    client = sim.client()

    async def main() -> None:
        await client.start()
        assert (await client.wait_for(ClosedEvent)).reason.value == "room_ended"
        await client.wait_closed()

    sim.run(main())


def test_a_listener_that_waits_for_an_event_lets_its_next_calls_begin(net: MakeNet) -> None:
    """A duel in chat: each comment waits for the third after it, while all others go on."""
    sim = counted(net, 30)
    client = sim.client()
    pairs: list[tuple[int, int]] = []

    @client.on("comment")
    async def duel(event: CommentEvent) -> None:
        number = int(event.comment)
        if number < 27:
            answer = await client.wait_for("comment", lambda other: int(other.comment) == number + 3)
            pairs.append((number, int(answer.comment)))

    client.run()
    assert sorted(pairs) == [(number, number + 3) for number in range(27)]


def test_waiting_listeners_have_a_limit_and_then_an_error(net: MakeNet) -> None:
    sim = counted(net, MAX_ASIDE * 2 + 10)
    client = sim.client()
    errors: list[Exception] = []
    client.on("error", errors.append)

    @client.on("comment")
    async def waits(event: CommentEvent) -> None:
        await client.wait_for("gift")

    client.run()
    too_many = [error for error in errors if isinstance(error, LocalProtocolError)]
    ended = [error for error in errors if isinstance(error, RoomEnded)]
    assert len(too_many) == MAX_ASIDE + 10 and len(ended) == MAX_ASIDE
    assert "are in wait_for already" in str(too_many[0])


def test_waiting_when_no_more_events_come_fails_at_once(net: MakeNet) -> None:
    sim = counted(net, 1)
    client = sim.client()
    outcomes: list[str] = []

    @client.on("closed")
    async def last(event: ClosedEvent) -> None:
        await asyncio.sleep(1)
        try:
            await client.wait_for("comment")
        except TikTokWebcastError as error:
            outcomes.append(type(error).__name__)
        try:
            await client.wait_closed()
        except LocalProtocolError as error:
            outcomes.append(str(error))

    client.run()
    assert outcomes == ["RoomEnded", "wait_closed() in a listener would wait for that listener itself"]


# --- async for ------------------------------------------------------------------------------------------------------


def test_an_iteration_that_is_slow_holds_the_client_up_and_loses_nothing(net: MakeNet) -> None:
    sim = counted(net, MAX_WAITING)
    client = sim.client()
    heard: list[str] = []

    async def main() -> None:
        async for event in client:
            if isinstance(event, CommentEvent):
                heard.append(event.comment)
            await asyncio.sleep(0.5)

    sim.run(main())
    assert heard == [str(number) for number in range(MAX_WAITING)]


def test_an_iteration_that_is_left_holds_nobody_up(net: MakeNet) -> None:
    sim = counted(net, MAX_WAITING * 2)
    client = sim.client()
    heard: list[Event] = []
    client.on("comment", heard.append)

    async def main() -> None:
        async for event in client:
            if isinstance(event, CommentEvent):
                break
        gc.collect()
        # As nobody hears everything any more, joins are not decoded from here on.
        await client.wait_closed()

    sim.run(main())
    assert len(heard) == MAX_WAITING * 2
    assert client.statistics.skipped > MAX_WAITING


def test_two_iterations_and_a_listener_hear_the_same(net: MakeNet) -> None:
    sim = counted(net, 20)
    client = sim.client()
    heard: list[list[Event]] = [[], [], []]
    client.on_any(heard[0].append)

    async def iterate(found: list[Event]) -> None:
        async for event in client:
            found.append(event)

    async def main() -> None:
        await asyncio.gather(iterate(heard[1]), iterate(heard[2]))

    sim.run(main())
    assert len(heard[0]) == 44 and heard[0] == heard[1] == heard[2]


def test_an_iteration_in_a_listener(net: MakeNet) -> None:
    sim = counted(net, 20)
    client = sim.client()
    heard: list[Event] = []

    @client.on("connect")
    async def on_connect(event: ConnectEvent) -> None:
        async for following in client:
            heard.append(following)

    client.run()
    assert [event.name for event in heard][-2:] == ["disconnect", "closed"] and len(heard) == 43
