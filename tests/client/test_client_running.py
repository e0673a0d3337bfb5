"""Starting, stopping and starting again: what raises, what is cancelled, and what is left behind (nothing)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import pytest
from client_scripts import endless, room_of
from memory_net import MakeNet

from tiktok_webcast import RetryPolicy
from tiktok_webcast.close import CloseReason
from tiktok_webcast.errors import EXPLANATIONS
from tiktok_webcast.events import CommentEvent, DisconnectEvent, Event
from tiktok_webcast.sim.scenario import Options
from tiktok_webcast.sim.script import Close, Cut, Script, SetStatus
from tiktok_webcast.sim.story import Story
from tiktok_webcast_transports import (
    ClosedError,
    ConnectionLost,
    NetworkError,
    RoomOffline,
    UserNotFound,
)
from tiktok_webcast_transports._connection import STOP_GRACE


def lost(story: Story, options: Options) -> Script:
    """Entered, and then cut off again and again."""
    while True:
        yield story.enter()
        story.wait(1.0)
        yield story.frame(story.comment(story.crowd[0], "hello"))
        yield story.lose(Cut(), "server_closed")


# --- what raises ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("offline", CloseReason.OFFLINE),
        ("not_found", CloseReason.USER_NOT_FOUND),
        ("restricted", CloseReason.RESTRICTED),
        ("captcha", CloseReason.BLOCKED),
        ("premium", CloseReason.SIGN_PREMIUM),
        ("rate_limit", CloseReason.SIGN_RATE_LIMITED),
        ("sign_500", CloseReason.SIGN_FAILED),
        ("refused_handshake", CloseReason.HANDSHAKE_REFUSED),
    ],
)
def test_a_room_that_cannot_be_entered_raises_the_error_that_says_why(
    net: MakeNet, caplog: pytest.LogCaptureFixture, scenario: str, reason: CloseReason
) -> None:
    sim = net(scenario)
    client = sim.client()
    closed: list[Any] = []
    told: list[Exception] = []
    client.on("closed", closed.append)
    expected = EXPLANATIONS[reason].error

    async def main() -> None:
        with pytest.raises(expected):
            await client.start()
        await client.wait_closed()

    sim.run(main())
    assert not caplog.records, "it was raised, so it is not logged"
    client.on("error", told.append)
    with pytest.raises(expected) as raised:
        client.run()
    assert [event.reason for event in closed] == [reason, reason]
    # Error listeners hear of it all the same.
    assert told == [raised.value] and isinstance(raised.value, ClosedError)
    assert client.closed == raised.value.closed and not client.connected


def test_a_network_that_fails_is_retried_as_the_policy_says_and_then_raises(net: MakeNet) -> None:
    sim = net("first_light")
    sim.loop.refuse = lambda: True
    client = sim.client(retry=RetryPolicy(tries=2))
    tries: list[int] = []
    client.on("reconnecting", lambda event: tries.append(event.attempt))
    with pytest.raises(NetworkError):
        client.run()
    assert tries == [1, 2]


def test_a_room_that_is_lost_for_good_raises_from_run_and_is_logged_after_start(
    net: MakeNet, caplog: pytest.LogCaptureFixture
) -> None:
    sim = net(lost)
    client = sim.client(retry=RetryPolicy(tries=1))
    with pytest.raises(ConnectionLost):
        client.run()
    assert not caplog.records

    async def main() -> None:
        await client.start()
        assert not caplog.records
        closed = await client.wait_closed()
        assert closed is not None and closed.reason is CloseReason.SERVER_CLOSED

    sim.run(main())
    [record] = caplog.records
    assert record.levelno == logging.ERROR and "although the stream had not ended" in record.getMessage()
    assert record.exc_info is None, "what TikTok did is no fault of the program's: no traceback"


def test_an_iteration_raises_what_run_would(net: MakeNet, caplog: pytest.LogCaptureFixture) -> None:
    sim = net(lost)
    client = sim.client(retry=RetryPolicy(tries=0))
    names: list[str] = []

    async def main() -> None:
        with pytest.raises(ConnectionLost):
            async for event in client:
                names.append(event.name)

    sim.run(main())
    assert names[-2:] == ["disconnect", "closed"] and not caplog.records


# --- stopping -------------------------------------------------------------------------------------------------------


def test_stop_settles_what_is_open_and_run_returns(net: MakeNet) -> None:
    sim = net(endless)
    client = sim.client()
    heard: list[Event] = []
    client.on_any(heard.append)

    @client.on("comment")
    def third(event: CommentEvent) -> None:
        if [event.name for event in heard].count("comment") == 3:
            client.stop()
            client.stop()
            assert not client.connected and not client.connecting

    client.run()
    assert [event.name for event in heard][-4:] == ["comment", "gift_streak_end", "disconnect", "closed"]
    assert client.closed is not None and client.closed.reason is CloseReason.CLOSED
    entries = [entry for entry in sim.world.log if entry.kind == "leave"]
    assert [entry.detail["code"] for entry in entries] == [1000]


def test_stop_before_and_after_does_nothing(net: MakeNet) -> None:
    sim = net("first_light")
    client = sim.client()
    client.stop()
    client.run()
    client.stop()
    client.stop()
    assert client.closed is not None and client.closed.reason is CloseReason.ROOM_ENDED


@pytest.mark.parametrize("steps", range(1, 13))
def test_stop_at_any_moment_of_connecting_ends_it_cleanly(net: MakeNet, steps: int) -> None:
    sim = net(endless)
    client = sim.client(room_id=None if steps % 2 else room_of(sim), enable_detailed_gifts=steps > 5)
    names: list[str] = []
    client.on_any(lambda event: names.append(event.name))

    async def main() -> None:
        starting = asyncio.ensure_future(client.start())
        # Each request takes a few rounds of the loop.
        for _ in range(steps * 7):
            await asyncio.sleep(0)
        client.stop()
        room = await starting
        assert isinstance(room, int)
        closed = await client.wait_closed()
        assert closed is not None and closed.reason is CloseReason.CLOSED

    sim.run(main())
    assert names[-1] == "closed" and names.count("closed") == 1


def test_listeners_have_five_seconds_after_stop_and_what_is_lost_is_told(
    net: MakeNet, caplog: pytest.LogCaptureFixture
) -> None:
    sim = net(endless)
    client = sim.client()
    done: list[str] = []
    cancelled: list[float] = []

    @client.on("comment")
    async def hangs(event: CommentEvent) -> None:
        try:
            await asyncio.sleep(1e6)
        except asyncio.CancelledError:
            cancelled.append(sim.loop.time())
            raise

    @client.on("closed")
    async def quick(event: Event) -> None:
        await asyncio.sleep(STOP_GRACE - 1)
        done.append(event.name)

    async def main() -> float:
        await client.start()
        await asyncio.sleep(10.5)
        client.stop()
        stopped = sim.loop.time()
        await client.wait_closed()
        return stopped

    stopped = sim.run(main())
    assert done == ["closed"]
    assert cancelled == [pytest.approx(stopped + STOP_GRACE, abs=0.1)]
    [record] = caplog.records
    assert "9 events were not delivered" in record.getMessage() and "hangs" in record.getMessage()


def test_a_listener_that_will_not_be_cancelled_is_left_behind(net: MakeNet, caplog: pytest.LogCaptureFixture) -> None:
    sim = net(endless)
    client = sim.client()
    over = asyncio.Event()

    @client.on("comment")
    async def stubborn(event: CommentEvent) -> None:
        while not over.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await over.wait()

    async def main() -> None:
        await client.start()
        await asyncio.sleep(1.5)
        client.stop()
        await asyncio.wait_for(client.wait_closed(), 60)
        over.set()
        await asyncio.sleep(0.1)

    sim.run(main())
    assert "stubborn went on although cancelled" in caplog.messages[0]


# --- reconnecting ---------------------------------------------------------------------------------------------------


def flaky(story: Story, options: Options) -> Script:
    """Lost twice, then over."""
    for _ in range(2):
        yield story.enter()
        story.wait(1.0)
        yield story.frame(story.comment(story.crowd[0], "hello"))
        yield story.lose(Close(1000), "server_closed")
    yield story.enter()
    yield story.end()
    yield story.step(SetStatus(4))


def test_a_2023_program_that_calls_start_at_every_disconnect_still_works(net: MakeNet) -> None:
    """Here the client comes back by itself; `start()` then waits for that, and connects anew after the end."""
    sim = net(flaky)
    client = sim.client()
    rooms: list[Any] = []

    @client.on("disconnect")
    async def on_disconnect(event: DisconnectEvent) -> None:
        await asyncio.sleep(1.0)
        try:
            rooms.append((event.will_reconnect, await client.start()))
        except RoomOffline as error:
            rooms.append((event.will_reconnect, type(error).__name__))

    with contextlib.suppress(ClosedError):
        client.run()
    room = room_of(sim)
    assert rooms[:2] == [(True, room), (True, room)] and rooms[2][0] is False


def test_attributes_before_during_and_after(net: MakeNet) -> None:
    sim = net("first_light")
    client = sim.client("@Ann")
    assert client.unique_id == "Ann" and client.room_id is None and client.room_info is None
    assert client.websocket is None and client.closed is None and dict(client.available_gifts) == {}
    assert client.statistics.frames == 0 and "not connected" in repr(client)
    seen: list[Any] = []

    @client.on("connect")
    def on_connect(event: Event) -> None:
        assert client.websocket is not None and client.room_info is not None
        seen.append((client.unique_id, client.room_id, client.room_info.title, repr(client)))
        assert client.loop is asyncio.get_running_loop()

    client.run()
    stage = sim.world.stage("Ann")
    assert seen == [("Ann", stage.room.room_id, stage.room.title, "<TikTokLiveClient @Ann: connected>")]
    assert client.room_id == stage.room.room_id and client.statistics.frames > 10
    assert client.closed is not None and client.websocket is not None


def test_user_not_found_is_its_own_error() -> None:
    assert issubclass(UserNotFound, ClosedError) and not issubclass(UserNotFound, RoomOffline)
