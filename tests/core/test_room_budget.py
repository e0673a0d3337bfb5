"""Many sessions under one budget, in virtual time, against a simulated TikTok in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tiktok_webcast import (
    CloseSocket,
    HttpRequest,
    HttpResponse,
    OpenSocket,
    SendMessage,
    SendRequest,
    Session,
    SessionConfig,
    Timing,
    TransportFailure,
)
from tiktok_webcast.budget import Rate
from tiktok_webcast.close import CloseReason
from tiktok_webcast.http import Exchange, FailureKind
from tiktok_webcast.room_budget import BudgetedSession, BudgetPolicy, RoomBudgets, WaitsFor
from tiktok_webcast.session import Phase
from tiktok_webcast.signer import SignTarget
from tiktok_webcast.sim import Options, World, WorldOptions

Web = Callable[[str, HttpRequest, float], HttpResponse | TransportFailure | None]


class Many:
    """Sessions, one clock, and a web whose answers take `delay` seconds."""

    def __init__(self, policy: BudgetPolicy, *, delay: float = 0.25, web: Web | None = None) -> None:
        self.world = World(WorldOptions("steady", options=Options(rate=0.001)), base_url="http://127.0.0.1:8080")
        self.budgets = RoomBudgets(policy)
        self.rooms: list[BudgetedSession] = []
        self.now = 0.0
        self.delay = delay
        self.web = web or (lambda kind, request, now: None)
        self.answers: list[tuple[float, BudgetedSession, int, HttpResponse | TransportFailure]] = []
        self.asked: list[tuple[float, str, str]] = []
        self.opened: list[float] = []
        self.most_on_the_way = 0

    def add(self, user: str, **options: Any) -> BudgetedSession:
        config = SessionConfig(endpoints=self.world.endpoints, timing=Timing(stale=1e6))
        room = BudgetedSession(Session(user, config=config, rng=Random(1), **options), self.budgets)
        self.rooms.append(room)
        room.start(now=self.now)
        self.work(room)
        return room

    def work(self, room: BudgetedSession) -> None:
        while (action := room.next_action()) is not None:
            if isinstance(action, SendRequest):
                kind = "sign" if room.session.phase is Phase.SIGNING else "lookup"
                self.asked.append((self.now, kind, room.session.user.unique_id or ""))
                response = self.web(kind, action.request, self.now) or self.world.request(action.request, now=self.now)
                self.answers.append((self.now + self.delay, room, action.request_id, response))
            elif isinstance(action, OpenSocket):
                self.opened.append(self.now)
                room.socket_opened(action.socket_id, (), now=self.now)
            else:
                assert isinstance(action, (SendMessage, CloseSocket))
        on_the_way = (Phase.RESOLVING, Phase.SIGNING, Phase.OPENING)
        self.most_on_the_way = max(self.most_on_the_way, sum(each.session.phase in on_the_way for each in self.rooms))

    def run(self, until: float) -> None:
        while True:
            timers = [self.budgets.next_timer(), *(room.next_timer() for room in self.rooms)]
            timers += [when for when, *_ in self.answers]
            soonest = min((timer for timer in timers if timer is not None), default=until)
            if soonest >= until:
                self.now = until
                return
            self.now = max(self.now, soonest)
            for entry in [entry for entry in self.answers if entry[0] <= self.now]:
                self.answers.remove(entry)
                _, room, request_id, response = entry
                room.receive_response(request_id, response, now=self.now)
                self.work(room)
            for room in self.budgets.handle_timer(now=self.now):
                self.work(room)
            for room in self.rooms:
                timer = room.next_timer()
                if timer is not None and timer <= self.now:
                    room.handle_timer(now=self.now)
                    self.work(room)

    def phases(self) -> Counter[Phase]:
        return Counter(room.session.phase for room in self.rooms)

    def times(self, kind: str) -> list[float]:
        return [when for when, what, _ in self.asked if what == kind]


def within(times: list[float], rate: Rate) -> bool:
    return all(later >= sooner + rate.seconds for sooner, later in zip(times, times[rate.count :], strict=False))


def test_a_hundred_rooms_keep_to_the_budget_and_all_get_in() -> None:
    policy = BudgetPolicy(Rate(10, 10.0), Rate(30, 5.0), Rate(4, 1.0), openings=12)
    many = Many(policy)
    for number in range(100):
        many.add(f"user{number}")
    assert many.rooms[0].session.phase is Phase.RESOLVING
    assert many.rooms[4].health.waits_for is WaitsFor.START
    many.run(150.0)
    assert many.phases() == {Phase.LIVE: 100}
    assert many.most_on_the_way == 12
    assert len(many.times("sign")) == 100
    assert within(many.times("sign"), policy.signatures)
    assert len(many.times("lookup")) == 300
    assert within(many.times("lookup"), policy.lookups)
    assert max(many.opened) < 100.0, "100 signatures, ten each 10 s"
    assert [room.statistics.reconnects for room in many.rooms] == [0] * 100
    assert all(room.health.waits_for is WaitsFor.NOTHING and room.health.live for room in many.rooms)


def test_a_request_that_waits_longer_than_a_request_may_take_is_no_timeout() -> None:
    """`Timing.request` is 15 s; it runs from the moment when the request is sent."""
    many = Many(BudgetPolicy(signatures=Rate(1, 100.0)))
    first, second = many.add("ann"), many.add("ben")
    many.run(90.0)
    assert first.health.live
    assert second.health.waits_for is WaitsFor.SIGNATURE
    assert second.session.phase is Phase.SIGNING
    many.run(120.0)
    assert second.health.live
    assert [type(event).__name__ for event in events(second)][:1] == ["ConnectEvent"]


def test_a_request_that_was_let_through_has_its_time_again() -> None:
    def deaf(kind: str, request: HttpRequest, now: float) -> HttpResponse | None:
        return HttpResponse(200) if kind == "sign" else None

    many = Many(BudgetPolicy(signatures=Rate(1, 100.0)), web=deaf)
    many.add("ann")
    second = many.add("ben")
    many.run(90.0)
    many.delay = 1000.0
    many.run(118.0)
    causes = [event.detail for event in events(second) if hasattr(event, "detail")]
    assert any("no answer in 15 s" in cause for cause in causes), causes


@pytest.mark.parametrize("status", [429, 200])
def test_what_the_sign_server_tells_one_room_goes_for_all(status: int) -> None:
    told: list[float] = []

    def web(kind: str, request: HttpRequest, now: float) -> HttpResponse | None:
        if kind != "sign" or told:
            return None
        told.append(now)
        return HttpResponse(status, (("RateLimit-Remaining", "0"), ("RateLimit-Reset", "40")))

    many = Many(BudgetPolicy(starts=Rate(1, 1.0)), web=web)
    for number in range(20):
        many.add(f"user{number}")
    many.run(30.0)
    pause = many.budgets.signatures.paused_until
    assert pause == told[0] + many.delay + 40.0
    assert len(many.times("sign")) == 1
    assert sum(room.health.waits_for is WaitsFor.SIGNATURE for room in many.rooms) >= 19
    assert len(many.times("lookup")) > 50, "looking up goes on"
    many.run(200.0)
    assert many.phases() == {Phase.LIVE: 20}
    assert min(many.times("sign")[1:]) >= pause


def test_tiktoks_429_holds_the_lookups_and_not_the_signatures() -> None:
    def web(kind: str, request: HttpRequest, now: float) -> HttpResponse | None:
        blocked = "/@ann/live" in request.url
        return HttpResponse(429, (("Retry-After", "50"),)) if blocked else None

    many = Many(BudgetPolicy(), web=web)
    ben = many.add("ben")
    many.run(0.8)
    assert ben.session.phase is Phase.SIGNING
    many.add("ann")
    carl = many.add("carl")
    many.run(20.0)
    assert ben.health.live
    assert carl.health.waits_for is WaitsFor.LOOKUP
    many.run(60.0)
    assert carl.health.live


def test_a_room_that_is_closed_gives_its_place_to_the_next() -> None:
    many = Many(BudgetPolicy(openings=1, signatures=Rate(1, 1000.0)))
    rooms = [many.add(name) for name in ("ann", "ben", "carl", "dora")]
    many.run(10.0)
    assert [room.health.waits_for for room in rooms] == [
        WaitsFor.NOTHING,
        WaitsFor.SIGNATURE,
        WaitsFor.START,
        WaitsFor.START,
    ]
    rooms[2].close(now=many.now)
    rooms[1].close(now=many.now)
    assert many.budgets.signatures.waiting == 0
    many.run(20.0)
    assert rooms[3].health.waits_for is WaitsFor.SIGNATURE
    for room in rooms[1:3]:
        assert room.closed is not None
        assert room.closed.reason is CloseReason.CLOSED
        assert [event.name for event in events(room)] == ["closed"]
        assert room.next_action() is None
    rooms[3].close(now=many.now)
    assert many.budgets.next_timer() is None


def test_a_room_that_waits_to_try_again_gives_its_place_to_the_next() -> None:
    def web(kind: str, request: HttpRequest, now: float) -> HttpResponse | None:
        return HttpResponse(500) if kind == "sign" and now < 3.0 else None

    many = Many(BudgetPolicy(openings=1), web=web)
    rooms = [many.add(name) for name in ("ann", "ben")]
    many.run(60.0)
    assert all(room.health.live for room in rooms)


class Broken:
    """A signer with a bug."""

    def sign(self, target: SignTarget) -> Exchange[Any]:
        raise RuntimeError("a bug")
        yield


def test_a_bug_of_one_signer_ends_one_room() -> None:
    many = Many(BudgetPolicy())
    broken, ann = many.add("bug", signer=Broken()), many.add("ann")
    many.run(30.0)
    assert ann.health.live
    assert ann.error is None
    assert str(broken.error) == "a bug"
    assert broken.closed is not None
    assert [event.name for event in events(broken)] == ["closed"]
    assert broken.statistics.events == 1
    assert broken.room_id


def test_policies_that_are_none() -> None:
    with pytest.raises(ValueError, match="openings"):
        BudgetPolicy(openings=0)
    with pytest.raises(ValueError, match="longest_pause"):
        BudgetPolicy(longest_pause=float("inf"))


def test_equal_calls_equal_requests() -> None:
    def play() -> list[tuple[float, str, str]]:
        many = Many(BudgetPolicy(Rate(3, 10.0), Rate(5, 5.0), Rate(2, 1.0), openings=5))
        for number in range(12):
            many.add(f"user{number}")
        many.run(40.0)
        return many.asked

    assert play() == play()


def events(room: BudgetedSession) -> list[Any]:
    found = []
    while (event := room.next_event()) is not None:
        found.append(event)
    return found


class BreaksAtItsEnd:
    """A signer with a bug that shows when nobody waits for its answer any more."""

    def sign(self, target: SignTarget) -> Exchange[Any]:
        try:
            yield HttpRequest("GET", "http://127.0.0.1:8080/sign")
        finally:
            raise RuntimeError("a bug at the end")


@pytest.mark.parametrize("openings", [1, 2])
def test_a_bug_of_a_signer_at_its_end_keeps_no_room_open(openings: int) -> None:
    def web(kind: str, request: HttpRequest, now: float) -> HttpResponse | None:
        return HttpResponse(200) if request.url.endswith("/sign") else None

    many = Many(BudgetPolicy(openings=openings), web=web)
    room, ann = many.add("bug", signer=BreaksAtItsEnd()), many.add("ann")
    while room.session.phase is not Phase.SIGNING:
        many.run(many.now + 0.1)
    room.close(now=many.now)
    assert str(room.error) == "a bug at the end"
    assert many.phases()[Phase.CLOSED] == 1
    assert [event.name for event in events(room)] == ["closed"]
    many.run(1000.0)
    assert ann.health.live, "its place is free again"


def test_a_network_that_fails_tells_nobody_to_wait() -> None:
    def web(kind: str, request: HttpRequest, now: float) -> TransportFailure | None:
        return TransportFailure(FailureKind.READ, "reset by peer") if kind == "sign" and now < 5.0 else None

    many = Many(BudgetPolicy(), web=web)
    room = many.add("ann")
    many.run(60.0)
    assert room.health.live and len(many.times("sign")) > 1
    assert many.budgets.signatures.paused_until is None
    late = HttpResponse(429, (("Retry-After", "50"),))
    room.receive_response(9999, late, now=many.now)
    assert many.budgets.signatures.paused_until is None, "nobody asked for that answer"


def test_whoever_holds_nothing_lets_nothing_go() -> None:
    many = Many(BudgetPolicy())
    room = many.add("ann")
    many.run(10.0)
    room.release(now=many.now)
    assert room.next_action() is None and room.health.live


def test_what_happens_to_the_socket_goes_on_to_the_session() -> None:
    many = Many(BudgetPolicy())
    room = many.add("ann")
    many.run(10.0)
    assert (room.health.last_message_at, room.paused) == (None, False)
    room.receive_message(1, b"\xff", now=11.0)
    assert room.health.last_message_at == 11.0
    assert room.statistics.frames == 1
    room.socket_closed(1, 1001, "bye", now=12.0)
    assert room.session.phase is Phase.WAITING
    causes = [event.detail for event in events(room) if event.name == "disconnect"]
    assert len(causes) == 1 and "bye" in causes[0]


@pytest.mark.parametrize("fate", ["rejected", "failed"])
def test_a_socket_that_does_not_open_gives_its_place_to_the_next(fate: str) -> None:
    many = Many(BudgetPolicy(openings=1))
    room = BudgetedSession(
        Session("ann", config=SessionConfig(endpoints=many.world.endpoints), rng=Random(1)), many.budgets
    )
    room.start(now=0.0)
    socket_id = 0
    while not socket_id:
        action = room.next_action()
        assert isinstance(action, (SendRequest, OpenSocket))
        if isinstance(action, OpenSocket):
            socket_id = action.socket_id
        else:
            room.receive_response(action.request_id, many.world.request(action.request, now=0.0), now=0.0)
    ben = many.add("ben")
    many.run(1.0)
    assert ben.health.waits_for is WaitsFor.START
    if fate == "rejected":
        room.socket_rejected(socket_id, 500, (), now=many.now)
    else:
        room.socket_failed(socket_id, TransportFailure(FailureKind.CONNECT, "refused"), now=many.now)
    assert room.session.phase is Phase.WAITING
    many.run(20.0)
    assert ben.health.live
