"""Waiting for one event, and iterating over all: beside listeners, in them, and to the end."""

from __future__ import annotations

import asyncio
import gc

import pytest
from client_scripts import counting
from memory_net import MakeNet, Net

from tiktok_webcast.events import ClosedEvent, CommentEvent, ConnectEvent, Event, JoinEvent
from tiktok_webcast.sim.scenario import Options
from tiktok_webcast.sim.script import Script
from tiktok_webcast.sim.story import Story
from tiktok_webcast_transports import LocalProtocolError, RoomEnded, RoomOffline, TikTokWebcastError
from tiktok_webcast_transports._dispatch import MAX_ASIDE, MAX_WAITING


def counted(net: MakeNet, count: int) -> Net:
    return net(counting, options=Options(rate=count))


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
        with pytest.raises(RuntimeError, match="StopIteration") as told:
            await client.wait_for("comment", lambda event: next(iter(())))
        assert isinstance(told.value.__cause__, StopIteration)
        client.stop()
        await client.wait_closed()

    sim.run(main())
    assert not caplog.records


def test_a_predicate_is_not_asked_again_once_it_said_yes(net: MakeNet) -> None:
    """Nor for events that came in one turn of the loop with the one it said yes to."""

    def burst(story: Story, options: Options) -> Script:
        yield story.enter()
        story.wait(1.0)
        yield story.frame(*(story.comment(story.crowd[0], str(number)) for number in range(10)))
        story.wait(1.0)
        yield story.end()

    sim = net(burst)
    client = sim.client()
    asked: list[str] = []

    def is_third(event: CommentEvent) -> bool:
        asked.append(event.comment)
        return len(asked) == 3

    async def main() -> None:
        await client.start()
        assert (await client.wait_for(CommentEvent, is_third)).comment == "2"
        await client.wait_closed()

    sim.run(main())
    assert asked == ["0", "1", "2"]


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


def test_a_predicate_that_finds_something_cancelled_ends_the_waiting_alone(net: MakeNet) -> None:
    sim = counted(net, 5)
    client = sim.client()
    heard: list[Event] = []
    client.on("comment", heard.append)

    def look(event: Event) -> bool:
        raise asyncio.CancelledError

    async def main() -> None:
        await client.start()
        with pytest.raises(asyncio.CancelledError):
            await client.wait_for("comment", look)
        await client.wait_closed()

    sim.run(main())
    assert len(heard) == 5


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


def test_an_iteration_over_a_room_that_cannot_be_entered_says_so_and_then_raises(net: MakeNet) -> None:
    sim = net("offline")
    client = sim.client()
    iterated: list[Event] = []
    heard: list[Event] = []
    client.on_any(heard.append)

    async def main() -> None:
        async for event in client:
            iterated.append(event)

    with pytest.raises(RoomOffline):
        sim.run(main())
    assert [event.name for event in iterated] == ["closed"] and iterated == heard


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
