"""`Rooms` on every transport: many rooms in one process, none of which is another's business."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import threading
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import anyio
import anyio.lowlevel
import loopback
import pytest
from kits import AnyioKit, AsyncioKit, Kit, SyncKit, _Blocking
from test_flow import our_threads, take_with_cancellations
from test_rooms import transport_of

from tiktok_webcast import CloseReason, Endpoints, Limits, LocalProtocolError, SessionConfig
from tiktok_webcast.budget import Rate
from tiktok_webcast.errors import InvalidUserInput
from tiktok_webcast.http import Exchange
from tiktok_webcast.room_budget import BudgetPolicy, WaitsFor
from tiktok_webcast.session import Phase
from tiktok_webcast.signer import SignTarget
from tiktok_webcast.sim import Options, WorldOptions, differences
from tiktok_webcast_transports._rooms import Engine
from tiktok_webcast_transports.simulator import Simulator

QUICK = BudgetPolicy(Rate(10_000, 1.0), Rate(10_000, 1.0), Rate(10_000, 1.0), openings=1000)
"""A budget that nobody feels."""


def rooms_of(kit: Kit, simulator: Simulator, *, limits: Limits = Limits(), **options: Any) -> Any:
    """Return `Rooms` to enter with `async with`, for the simulator."""
    config = SessionConfig(endpoints=simulator.endpoints, limits=limits)
    made = transport_of(kit).Rooms(**{"config": config, "rng": Random(1), "budget": QUICK, **options})
    return _Blocking(made) if isinstance(kit, SyncKit) else made


async def until(kit: Kit, happens: Callable[[], bool]) -> None:
    """Let the others work until something is so."""
    while not happens():
        if isinstance(kit, AsyncioKit):
            await asyncio.sleep(0)
        elif isinstance(kit, AnyioKit):
            await anyio.lowlevel.checkpoint()


def playing(default: str, *, rate: float = 0.0, users: dict[str, str]) -> WorldOptions:
    """Return a world as fast as its clients take it, with scenarios of single users."""
    return WorldOptions(default, scenarios=users, speed=0.0, options=Options(rate=rate))


def test_every_event_of_every_room(kit: Kit) -> None:
    users = [f"user{number}" for number in range(12)]
    seen: dict[str, list[Any]] = {user: [] for user in users}
    with Simulator("first_light", speed=0) as simulator:

        async def scenario() -> Any:
            async with rooms_of(kit, simulator) as rooms:
                made = {rooms.add(user): user for user in users}
                async for room, event in rooms:
                    seen[made[room]].append(event.to_dict())
                assert rooms.rooms == ()
                assert rooms.health.rooms == 0
                return rooms.statistics, [room.statistics for room in made]

        together, each = kit.run(scenario)
        for user in users:
            assert differences(simulator.manifest(user).events, seen[user]) == []
    assert together.events == sum(len(events) for events in seen.values()) == sum(one.events for one in each)
    assert together.by_method["WebcastChatMessage"] == sum(one.by_method["WebcastChatMessage"] for one in each)
    assert together.queue_peak == max(one.queue_peak for one in each)
    assert our_threads() == []


BESIDE = {
    "offline": CloseReason.OFFLINE,
    "not_found": CloseReason.USER_NOT_FOUND,
    "restricted": CloseReason.RESTRICTED,
    "captcha": CloseReason.BLOCKED,
    "premium": CloseReason.SIGN_PREMIUM,
    "rate_limit": CloseReason.SIGN_RATE_LIMITED,
}


def test_rooms_that_cannot_be_entered_beside_one_that_can(kit: Kit) -> None:
    """An hour's wait is more than a session waits, and for the others `longest_pause` cuts it short."""
    budget = BudgetPolicy(QUICK.signatures, QUICK.lookups, QUICK.starts, longest_pause=0.05)
    ends: dict[str, Any] = {}
    with Simulator(options=playing("first_light", users={name: name for name in BESIDE})) as simulator:

        async def scenario() -> None:
            async with rooms_of(kit, simulator, budget=budget) as rooms:
                for name in (*BESIDE, "ann"):
                    rooms.add(name)
                async for room, event in rooms:
                    if event.name == "closed":
                        ends[room.user.unique_id] = event.reason
                        assert room.closed.reason is event.reason

        kit.run(scenario)
    assert ends == {**BESIDE, "ann": CloseReason.ROOM_ENDED}


class Broken:
    """A signer with a bug."""

    def sign(self, target: SignTarget) -> Exchange[Any]:
        raise RuntimeError("a bug")
        yield


def test_a_room_with_a_bug_beside_one_without(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    with Simulator("first_light", speed=0) as simulator:

        async def scenario() -> list[str]:
            async with rooms_of(kit, simulator) as rooms:
                bug = rooms.add("bug", signer=Broken())
                ann = rooms.add("ann")
                names = [event.name async for room, event in rooms if room is ann]
                assert isinstance(bug.error, RuntimeError)
                assert ann.error is None
                return names

        assert kit.run(scenario)[-1] == "closed"
    assert "@bug: RuntimeError: a bug" in caplog.text


def test_rooms_come_and_go_while_iterating(kit: Kit) -> None:
    """An endless room is removed once another, added later, is over; its gifts are all accounted for."""
    with Simulator(options=playing("first_light", rate=1000, users={"ann": "everyday"})) as simulator:

        async def scenario() -> dict[str, list[Any]]:
            seen: dict[str, list[Any]] = {"@ann": [], "@ben": []}
            given: Counter[str] = Counter()
            async with rooms_of(kit, simulator) as rooms:
                ann = rooms.add("ann")
                async for room, event in rooms:
                    seen[str(room.user)].append(event)
                    if room is ann and event.name == "connect":
                        ben = rooms.add("https://www.tiktok.com/@ben/live")
                        assert rooms.add("@ann") is ann
                        assert set(rooms.rooms) == {ann, ben}
                    if event.name == "gift":
                        given[str(room.user)] += event.delta
                    if event.name == "gift_streak_end":
                        given[str(room.user)] -= event.total
                    if room is not ann and event.name == "closed":
                        assert rooms.remove(ann if kit.name == "asyncio" else "@ann") is ann
                        if kit.name != "sync":
                            # There its last events may have been handed over by now.
                            assert rooms.remove("@ann") is ann, "its last events still come"
                assert rooms.remove("@ann") is None
                assert rooms.remove(ann) is None
            assert set(given.values()) == {0}, "every streak that was open has ended"
            assert ann.closed.reason is CloseReason.CLOSED
            return seen

        seen = kit.run(scenario)
    assert [event.name for event in seen["@ann"][-2:]] == ["disconnect", "closed"]
    assert [event.name for event in seen["@ann"]].count("closed") == 1
    assert [event.name for event in seen["@ben"][-1:]] == ["closed"]


def test_a_user_can_be_added_again(kit: Kit) -> None:
    with Simulator("steady", speed=0, rate=1000) as simulator:

        async def scenario() -> None:
            async with rooms_of(kit, simulator) as rooms:
                first = rooms.add("ann")
                rooms.remove("ann")
                second = rooms.add("ann")
                assert second is not first
                async for room, event in rooms:
                    if room is second and event.name == "connect":
                        break
                assert first.closed.reason is CloseReason.CLOSED
                assert second.closed is None

        kit.run(scenario)


def test_a_slow_program_pauses_the_rooms_and_a_flooded_one_has_no_privilege(kit: Kit) -> None:
    """Nothing is taken until every room is paused: from then on they take turns, and no queue passed its limit."""
    users = ["ann", "ben", "carl"]
    limits = Limits(event_queue_high=100, event_queue_low=10, event_queue=5000)
    with Simulator("steady", speed=0, rate=1000) as simulator:

        async def scenario() -> Any:
            async with rooms_of(kit, simulator, limits=limits) as rooms:
                for user in users:
                    rooms.add(user)
                await until(kit, lambda: rooms.health.paused == len(users))
                assert all(room.health.paused and room.health.live for room in rooms.rooms)
                # What a blocking program was handed before was handed in the order of that time.
                for _ in range(256 if kit.name == "sync" else 0):
                    await rooms.__anext__()
                taken = [await rooms.__anext__() for _ in range(120)]
                return [str(room.user) for room, _ in taken], rooms.statistics

        order, together = kit.run(scenario)
    for at in range(0, len(order) - 3):
        assert len(set(order[at : at + 3])) == 3, "each in its turn"
    assert together.queue_peak < 5000
    assert together.dropped == 0


def test_a_quiet_room_beside_a_flooded_one(kit: Kit) -> None:
    """The flooded room never ends, and the program takes all the time one event after the other."""
    with Simulator(options=playing("first_light", rate=1000, users={"flood": "steady"})) as simulator:

        async def scenario() -> Counter[str]:
            counts: Counter[str] = Counter()
            async with rooms_of(kit, simulator) as rooms:
                flood = rooms.add("flood")
                await until(kit, lambda: flood.health.paused)
                quiet = rooms.add("quiet")
                async for room, event in rooms:
                    counts[str(room.user)] += 1
                    if room is quiet and event.name == "closed":
                        break
            return counts

        counts = kit.run(scenario)
        expected = len(simulator.manifest("quiet").events)
    assert counts["@quiet"] == expected


def test_a_429_of_the_sign_server_delays_all_rooms(kit: Kit) -> None:
    """One room is told to wait a second; the rooms after it would sign at once."""
    budget = BudgetPolicy(QUICK.signatures, QUICK.lookups, QUICK.starts, openings=1)
    with Simulator(options=playing("first_light", users={"ann": "rate_limit_short"})) as simulator:

        async def scenario() -> list[float]:
            pauses: list[float] = []
            async with rooms_of(kit, simulator, budget=budget) as rooms:
                for user in ("ann", "ben", "carl"):
                    rooms.add(user)
                async for room, event in rooms:
                    if event.name == "reconnecting":
                        assert event.reason is CloseReason.SIGN_RATE_LIMITED
                        assert str(room.user) == "@ann"
                        pauses.append(rooms.health.signatures_pause)
                assert all(room.closed.reason is CloseReason.ROOM_ENDED for room in rooms.rooms)
            return pauses

        pauses = kit.run(scenario)
        signs = [entry for entry in simulator.log if entry.kind == "sign"]
    assert 0 < pauses[0] <= 1.0
    first = next(entry for entry in signs if entry.user == "ann")
    refused = max(entry.at for entry in signs if entry.at < first.at + 0.5)
    after = [entry.at for entry in signs if entry.at > refused]
    assert {entry.user for entry in signs if entry.at <= refused} == {"ann"}
    assert len(after) >= 3
    assert min(after) >= refused + 0.99


def test_rooms_start_a_few_at_a_time(kit: Kit) -> None:
    budget = BudgetPolicy(QUICK.signatures, QUICK.lookups, QUICK.starts, openings=2)
    with Simulator("first_light", speed=0) as simulator:

        async def scenario() -> tuple[int, int]:
            most = waiting = 0
            async with rooms_of(kit, simulator, budget=budget) as rooms:
                made = [rooms.add(f"user{number}") for number in range(10)]
                waiting = rooms.health.waits_for[WaitsFor.START]
                async for _ in rooms:
                    phases = Counter(room.health.phase for room in made)
                    most = max(most, phases[Phase.RESOLVING] + phases[Phase.SIGNING] + phases[Phase.OPENING])
                assert all(room.closed.reason is CloseReason.ROOM_ENDED for room in made)
            return waiting, most

        waiting, most = kit.run(scenario)
    if not isinstance(kit, SyncKit):
        assert waiting == 8
        assert most <= 2


def test_rooms_share_one_pool_of_connections(kit: Kit) -> None:
    """Ten rooms one after the other: each asks four times or more, and the connections are kept between them."""
    budget = BudgetPolicy(QUICK.signatures, QUICK.lookups, QUICK.starts, openings=1)
    with Simulator("offline", speed=0) as simulator, loopback.ConnectProxy() as proxy:

        async def scenario() -> int:
            async with rooms_of(kit, simulator, proxy=proxy.http, budget=budget) as rooms:
                for number in range(10):
                    rooms.add(f"user{number}")
                return len([event async for _, event in rooms])

        assert kit.run(scenario) == 10
        assert proxy.accepted == 1


def test_leaving_leaves_all_rooms(kit: Kit) -> None:
    """What waits can be taken afterwards, and every room has its end."""
    users = {"ann", "ben", "carl"}
    with Simulator("steady", speed=0, rate=1000) as simulator:

        async def scenario() -> list[Any]:
            live: set[str] = set()
            async with rooms_of(kit, simulator) as rooms:
                made = [rooms.add(user) for user in users]
                async for room, event in rooms:
                    if event.name == "connect":
                        live.add(str(room.user))
                    if len(live) == 3:
                        break
            assert all(room.closed.reason is CloseReason.CLOSED for room in made)
            left = []
            while (waiting := rooms.next_event()) is not None:
                left.append(waiting)
            assert rooms.rooms == ()
            with pytest.raises(LocalProtocolError):
                rooms.add("dora")
            return left

        left = kit.run(scenario)
        leaves = [entry.user for entry in simulator.log if entry.kind == "leave"]
    assert sorted(str(room.user) for room, event in left if event.name == "closed") == ["@ann", "@ben", "@carl"]
    assert sorted(leaves) == sorted(users)
    assert our_threads() == []


def test_close_ends_the_iteration_after_the_last_events(kit: Kit) -> None:
    with Simulator("steady", speed=0, rate=1000) as simulator:

        async def scenario() -> list[str]:
            async with rooms_of(kit, simulator, stay=True) as rooms:
                rooms.add("ann")
                rooms.add("ben")
                ends = []
                async for _, event in rooms:
                    if event.name == "connect":
                        rooms.close()
                        rooms.close()
                    if event.name == "closed":
                        ends.append(event.reason)
                assert [event async for event in rooms] == [], "over is over"
                assert rooms.next_event() is None
                return ends

        assert kit.run(scenario) == [CloseReason.CLOSED] * 2


def test_rooms_that_stay_wait_for_others(kit: Kit) -> None:
    with Simulator("first_light", speed=0) as simulator:

        async def scenario() -> list[str]:
            rooms = rooms_of(kit, simulator, stay=True)
            over: list[str] = []

            async def watch() -> None:
                async for room, event in rooms:
                    if event.name == "closed":
                        over.append(str(room.user))

            async with rooms, kit.in_task(watch):
                for user in ("ann", "ben"):
                    rooms.add(user)
                    await until(kit, lambda: not rooms.rooms)
                rooms.close()
            return over

        assert kit.run(scenario) == ["@ann", "@ben"]


def test_without_rooms_there_is_nothing_to_iterate(kit: Kit) -> None:
    with Simulator("first_light", speed=0) as simulator:

        async def scenario() -> int:
            count = 0
            async with rooms_of(kit, simulator) as rooms:
                assert [event async for event in rooms] == []
                rooms.add("ann")
                count += len([event async for event in rooms])
                assert [event async for event in rooms] == []
                rooms.add("ann")
                return count - len([event async for event in rooms])

        assert kit.run(scenario) == 0


def test_misuse(kit: Kit) -> None:
    with Simulator("offline", speed=0) as simulator:

        async def scenario() -> None:
            rooms = rooms_of(kit, simulator)
            uses: list[Callable[[], Any]] = [
                lambda: rooms.add("ann"),
                lambda: rooms.remove("ann"),
                lambda: rooms.health,
            ]
            for use in uses:
                with pytest.raises(LocalProtocolError, match="with Rooms"):
                    use()
            with pytest.raises(LocalProtocolError, match="with Rooms"):
                await rooms.__anext__()
            async with rooms:
                with pytest.raises(InvalidUserInput):
                    rooms.add("no such name!")
                with pytest.raises(LocalProtocolError, match="once"):
                    await rooms.__aenter__()
                assert repr(rooms.add("ann")).startswith("<Room @ann, ")
                rooms.close()
                with pytest.raises(LocalProtocolError, match="closed"):
                    rooms.add("ben")

        kit.run(scenario)


def test_a_bug_of_ours_comes_out_and_leaves_nothing(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(engine: Engine, now: float) -> None:
        raise RuntimeError("a bug of ours")

    budget = BudgetPolicy(QUICK.signatures, QUICK.lookups, Rate(1, 0.3))
    with Simulator("steady", speed=0, rate=1000) as simulator:

        async def scenario() -> None:
            async with rooms_of(kit, simulator, budget=budget) as rooms:
                rooms.add("ann")
                async for _, event in rooms:
                    if event.name == "connect":
                        monkeypatch.setattr(Engine, "handle_timer", bug)
                        # The first start is paid for, the others wait for the timer. With a thread of its own it may
                        # have struck before they are added: then the rooms are closed.
                        with contextlib.suppress(LocalProtocolError):
                            rooms.add("ben")
                            rooms.add("carl")

        with pytest.raises(RuntimeError, match="a bug of ours"):
            kit.run(scenario)
    assert our_threads() == []


def test_no_event_is_lost_where_taking_one_is_cancelled(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    if isinstance(kit, SyncKit):
        pytest.skip("a blocking program is not cancelled")
    waiting = list(range(300))
    monkeypatch.setattr(Engine, "next_event", lambda engine: waiting.pop(0))

    async def scenario() -> list[Any]:
        async with transport_of(kit).Rooms() as rooms:
            return take_with_cancellations(rooms, 300)

    assert kit.run(scenario) == list(range(300))


@pytest.mark.parametrize("ending", ["cancel", "interrupt"])
def test_cancelled_with_rooms_in_every_phase(kit: Kit, ending: str) -> None:
    """One room is live, one waits for an answer that never comes, one for its start."""
    reached, asked = threading.Event(), threading.Event()
    rooms: Any = None

    def stuck(peer: loopback.Peer) -> None:
        peer.receive_head()
        asked.set()
        peer.wait_gone()

    budget = BudgetPolicy(QUICK.signatures, QUICK.lookups, QUICK.starts, openings=1)
    with Simulator("steady", speed=0, rate=1000) as simulator, loopback.Server(stuck) as deaf:
        endpoints = Endpoints(deaf.http, deaf.http, deaf.http)

        async def scenario() -> None:
            nonlocal rooms
            async with rooms_of(kit, simulator, budget=budget) as rooms:
                live = rooms.add("ann")
                await until(kit, lambda: live.health.live)
                rooms.add("ben", config=SessionConfig(endpoints=endpoints))
                rooms.add("carl")
                async for _ in rooms:
                    if asked.is_set() and not reached.is_set():
                        reached.set()

        (kit.run_cancelled if ending == "cancel" else kit.run_interrupted)(scenario, reached)
    assert our_threads() == []


def test_a_hundred_rooms_leave_nothing_behind(kit: Kit) -> None:
    with Simulator("first_light", speed=0) as simulator:

        async def wave(number: int) -> None:
            async with rooms_of(kit, simulator) as rooms:
                for user in range(10):
                    rooms.add(f"user{number}_{user}")
                left = 0
                async for room, event in rooms:
                    if event.name == "connect" and left < 5:
                        left += 1
                        rooms.remove(room)

        async def scenario() -> tuple[int | None, int | None]:
            await wave(0)
            before = loopback.open_descriptors()
            for number in range(1, 10):
                await wave(number)
            if isinstance(kit, AsyncioKit):
                await asyncio.sleep(0)
                assert len(asyncio.all_tasks()) <= 2
            return before, loopback.open_descriptors()

        before, after = kit.run(scenario, debug=False)
    gc.collect()
    assert our_threads() == []
    if before is not None and after is not None:
        # The simulator's ends of the last connections may close a moment later.
        assert after - before < 40


def test_poll_for_game_loops() -> None:
    kit = SyncKit("sync")
    with Simulator("first_light", speed=0) as simulator:
        rooms = rooms_of(kit, simulator)._inner
        with rooms:
            assert rooms.poll() is None and rooms.poll(-0.001) is None
            room = rooms.add("ann")
            names: list[str] = []
            while room in rooms.rooms or names[-1:] != ["closed"]:
                taken = rooms.poll(math.inf if not names else 0.05)
                if taken is not None:
                    names.append(taken[1].name)
            assert rooms.poll(0.05) is None
    assert names[0] == "connect"


class Looking:
    """A signer that looks at the rooms, adds one and removes it, in the thread that serves them."""

    def __init__(self) -> None:
        self.rooms: Any = None
        self.told: list[Any] = []

    def sign(self, target: SignTarget) -> Exchange[Any]:
        rooms = self.rooms
        self.told += [str(rooms.remove(rooms.add("bob")).user), rooms.health.live, rooms.statistics.frames]
        raise RuntimeError("seen enough")
        yield


@pytest.mark.timeout(30)
def test_the_program_s_own_code_in_the_thread_of_the_rooms_may_ask_for_them() -> None:
    signer = Looking()
    with Simulator("first_light", speed=0) as simulator:
        signer.rooms = rooms_of(SyncKit("sync"), simulator, signer=signer)._inner
        with signer.rooms as rooms:
            rooms.add("ann")
            assert [str(room.user) for room, event in rooms if event.name == "closed"] == ["@bob", "@ann"]
    assert signer.told == ["@bob", 0, 0]


def test_a_room_that_is_left_before_its_first_connection_began(kit: Kit) -> None:
    with Simulator("steady", speed=0) as simulator:

        async def scenario() -> None:
            config = SessionConfig(endpoints=simulator.endpoints)
            live = transport_of(kit).connect("ann", config=config)
            async with _Blocking(live) if isinstance(kit, SyncKit) else live:
                pass
            assert live.closed.reason is CloseReason.CLOSED

        kit.run(scenario)
