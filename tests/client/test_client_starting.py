"""Starting, and starting again; the loops that it happens in, and what is left in them (nothing)."""

from __future__ import annotations

import asyncio

import pytest
from client_scripts import endless, room_of
from memory_net import MakeNet

from tiktok_webcast.close import CloseReason
from tiktok_webcast.events import CommentEvent, Event
from tiktok_webcast_transports import (
    LocalProtocolError,
)

# --- starting -------------------------------------------------------------------------------------------------------


def test_start_returns_the_room_when_it_is_entered_and_goes_on_behind(net: MakeNet) -> None:
    sim = net(endless)
    client = sim.client()
    states: list[tuple[bool, bool]] = []

    def state() -> None:
        states.append((client.connected, client.connecting))

    async def main() -> None:
        state()
        starting = asyncio.ensure_future(client.start())
        await asyncio.sleep(0)
        state()
        # A second start joins the first.
        rooms = list(await asyncio.gather(starting, client.start()))
        state()
        assert rooms == [room_of(sim), room_of(sim)] == [client.room_id, client.room_id]
        assert await client.start() == client.room_id
        client.stop()
        state()
        await client.wait_closed()
        state()

    sim.run(main())
    assert states == [(False, False), (False, True), (True, False), (False, False), (False, False)]
    assert len(sim.world.stage("ann").visits) == 1


def test_stop_and_start_again(net: MakeNet) -> None:
    sim = net(endless)
    client = sim.client()
    names: list[str] = []
    client.on_any(lambda event: names.append(event.name))

    async def main() -> None:
        for _ in range(3):
            await client.start()
            client.stop()
            # Not even waiting for the end of the one before.
        await client.start()
        assert client.connected
        client.stop()
        await client.wait_closed()

    sim.run(main())
    assert names.count("connect") == names.count("closed") == 4


def test_start_that_is_cancelled_gives_up(net: MakeNet) -> None:
    sim = net(endless)
    sim.loop.refuse = lambda: True
    client = sim.client()

    async def main() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.start(), 3.0)
        assert not client.connecting
        sim.loop.refuse = lambda: False
        assert await client.start() == room_of(sim)
        client.stop()
        await client.wait_closed()

    sim.run(main())


def test_joining_a_start_and_being_cancelled_leaves_it_alone(net: MakeNet) -> None:
    sim = net(endless)
    client = sim.client()

    async def main() -> None:
        first = asyncio.ensure_future(client.start())
        await asyncio.sleep(0)
        second = asyncio.ensure_future(client.start())
        await asyncio.sleep(0)
        second.cancel()
        assert await first == room_of(sim)
        client.stop()
        await client.wait_closed()

    sim.run(main())


def test_a_start_that_is_cancelled_leaves_the_room_to_others_who_wait_for_it(net: MakeNet) -> None:
    sim = net(endless)
    client = sim.client()

    async def main() -> None:
        first = asyncio.ensure_future(client.start())
        second = asyncio.ensure_future(client.start())
        await asyncio.sleep(0)
        first.cancel()
        assert await second == room_of(sim) and first.cancelled()
        client.stop()
        await client.wait_closed()

    sim.run(main())
    assert len(sim.world.stage("ann").visits) == 1


def test_the_last_who_waits_for_a_start_and_is_cancelled_gives_it_up(net: MakeNet) -> None:
    sim = net(endless)
    client = sim.client()

    async def main() -> None:
        starts = [asyncio.ensure_future(client.start()) for _ in range(2)]
        await asyncio.sleep(0)
        for each in starts:
            each.cancel()
        await asyncio.wait(starts)
        assert not client.connecting and await client.wait_closed() is not None

    sim.run(main())
    assert asyncio.all_tasks(sim.loop) == set()


def test_a_start_right_after_one_that_was_cancelled_begins_anew(net: MakeNet) -> None:
    sim = net(endless)
    client = sim.client()

    async def main() -> None:
        first = asyncio.ensure_future(client.start())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        assert not first.done()
        assert await client.start() == room_of(sim)
        client.stop()
        await client.wait_closed()

    sim.run(main())


def test_a_program_that_ends_takes_the_client_along(net: MakeNet) -> None:
    """As `asyncio.run(main())` does at the end: every task that is left is cancelled."""
    sim = net(endless)
    client = sim.client(loop=None)
    heard: list[str] = []
    client.on_any(lambda event: heard.append(event.name))

    @client.on("comment")
    async def busy(event: CommentEvent) -> None:
        await asyncio.sleep(1e6)

    async def main() -> None:
        await client.start()
        await asyncio.sleep(2.5)

    sim.run(main())
    for task in asyncio.all_tasks(sim.loop):
        task.cancel()
    sim.run(asyncio.sleep(2))
    # Plain functions heard of the end even so.
    assert heard[-3:] == ["gift_streak_end", "disconnect", "closed"]
    assert asyncio.all_tasks(sim.loop) == set()


def test_two_clients_in_one_loop_know_nothing_of_each_other(net: MakeNet) -> None:
    sim = net("first_light")
    heard: dict[str, list[str]] = {"ann": [], "ben": []}

    async def watch(user: str) -> None:
        client = sim.client(user)

        @client.on("comment")
        async def on_comment(event: CommentEvent) -> None:
            heard[user].append(event.comment)

        await client.start()
        await client.wait_closed()

    async def main() -> None:
        await asyncio.gather(watch("ann"), watch("ben"))

    sim.run(main())
    for user, comments in heard.items():
        assert comments == [line["comment"] for line in sim.truth("comment", user)]
    assert heard["ann"] != heard["ben"]


# --- loops ----------------------------------------------------------------------------------------------------------


def test_run_inside_a_running_loop_says_what_to_do(net: MakeNet) -> None:
    sim = net("first_light")
    client = sim.client()

    async def main() -> None:
        with pytest.raises(LocalProtocolError, match=r"await client\.start\(\)"):
            client.run()

    sim.run(main())


def test_run_twice_in_one_program(net: MakeNet) -> None:
    sim = net("first_light")
    client = sim.client()
    names: list[str] = []
    client.on("live_end", lambda event: names.append(event.name))
    client.run()
    client.run()
    assert names == ["live_end", "live_end"]


def test_run_cancels_only_its_own_tasks(net: MakeNet) -> None:
    sim = net("first_light")
    client = sim.client()
    alien = asyncio.Event()
    before = sim.loop.create_task(alien.wait())
    within: list[asyncio.Task[bool]] = []
    client.on("comment", lambda event: within.append(asyncio.ensure_future(alien.wait())))
    client.run()
    assert not before.done() and within and not any(task.done() for task in within)
    alien.set()
    assert sim.run(settled(before, *within))


async def settled(*tasks: asyncio.Task[bool]) -> list[bool]:
    return await asyncio.gather(*tasks)


def test_start_in_another_loop_than_the_one_given(net: MakeNet) -> None:
    sim, other = net("first_light"), net("first_light")
    client = sim.client()

    async def main() -> None:
        with pytest.raises(LocalProtocolError, match="another event loop than the one passed as loop="):
            await client.start()

    other.run(main())
    assert client.loop is sim.loop


def test_a_loop_that_is_closed_is_refused(net: MakeNet) -> None:
    sim = net("first_light")
    loop = asyncio.new_event_loop()
    loop.close()
    with pytest.raises(LocalProtocolError, match="is closed"):
        sim.client(loop=loop).run()


def test_sys_exit_in_a_listener_ends_the_program_in_good_order(net: MakeNet) -> None:
    sim = net(endless)
    client = sim.client()
    heard: list[str] = []
    client.on("closed", lambda event: heard.append(event.name))

    def leave(event: Event) -> None:
        raise SystemExit(5)

    client.on("comment", leave)
    with pytest.raises(SystemExit) as left:
        client.run()
    assert left.value.code == 5 and heard == ["closed"]


async def leave_later(event: Event) -> None:
    await asyncio.sleep(0)
    raise SystemExit(5)


def test_sys_exit_again_and_again_leaves_nobody_waiting(net: MakeNet) -> None:
    sim = net()
    client = sim.client()

    @client.on_any
    def leave(event: Event) -> None:
        raise SystemExit(5)

    with pytest.raises(SystemExit):
        client.run()
    connection = client._connection
    assert connection is not None
    assert connection.opened.is_set() and connection.finished and client.closed is not None


def test_a_plain_listener_that_finds_something_cancelled_stops_nothing(net: MakeNet) -> None:
    """`CancelledError` is no `Exception`."""
    sim = net()
    client = sim.client()
    heard: list[str] = []

    @client.on_any
    def look(event: Event) -> None:
        heard.append(event.name)
        raise asyncio.CancelledError

    client.run()
    assert client.closed is not None and client.closed.reason is CloseReason.ROOM_ENDED
    assert heard[0] == "connect" and heard[-1] == "closed"


def test_sys_exit_in_an_async_listener(net: MakeNet) -> None:
    sim = net(endless)
    client = sim.client()
    client.on("comment", leave_later)
    with pytest.raises(SystemExit):
        client.run()
    assert not client.connected
