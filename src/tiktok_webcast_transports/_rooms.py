"""Many rooms on one HTTP pool, for every adapter alike: who starts, whose timer rings, whose event is next. No I/O."""

from __future__ import annotations

import heapq
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from tiktok_webcast.checks import check_kind
from tiktok_webcast.close import Closed
from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.events.base import Event
from tiktok_webcast.retry import RetryPolicy
from tiktok_webcast.room_budget import BudgetedSession, BudgetPolicy, RoomBudgets, RoomHealth, WaitsFor
from tiktok_webcast.session import Session, check_choices
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import Signer
from tiktok_webcast.statistics import Statistics, total
from tiktok_webcast.turns import Turns
from tiktok_webcast.user_input import UserInput, parse_user

from ._driver import Driver
from ._http_pool import Dial, HttpPool
from ._options import Network

_log = logging.getLogger("tiktok_webcast_transports.rooms")


class Room:
    """One room among many: what `Rooms.add` returns, and what comes with every event."""

    def __init__(self, user: UserInput, session: BudgetedSession) -> None:
        self.user: UserInput = user
        """Who was added; `str(room.user)` is `@name`."""
        self._session = session

    def __repr__(self) -> str:
        return f"<Room {self.user}, {self._session.session.phase.value}>"

    @property
    def room_id(self) -> int:
        """The room's id; 0 while it is not known."""
        return self._session.room_id

    @property
    def unique_id(self) -> str | None:
        """The host's handle without `@`; `None` while it is not known."""
        return self._session.session.unique_id

    @property
    def closed(self) -> Closed | None:
        """Why the room was left; `None` before that."""
        return self._session.closed

    @property
    def error(self) -> Exception | None:
        """The exception that ended the room, from a signer of yours for example; `None`: none."""
        return self._session.error

    @property
    def statistics(self) -> Statistics:
        """The counters so far."""
        return self._session.statistics

    @property
    def health(self) -> RoomHealth:
        """How far it is, what it waits for, whether it is read."""
        return self._session.health


RoomEvent = tuple[Room, Event]
"""An event with its room."""


@dataclass(frozen=True)
class RoomsHealth:
    """How all rooms together are, at one moment."""

    rooms: int = 0
    """Rooms whose last event was not taken yet."""
    live: int = 0
    """Those with an open socket."""
    paused: int = 0
    """Those that are not read, because their events wait to be taken."""
    waits_for: Mapping[WaitsFor, int] = field(default_factory=dict)
    """Those that wait for the shared budget, by what they wait for."""
    signatures_pause: float = 0.0
    """Seconds for which the sign server keeps all rooms waiting."""
    lookups_pause: float = 0.0
    """Seconds for which TikTok's web servers keep all rooms waiting."""


@dataclass(frozen=True)
class RoomsOptions:
    """What every room is made with, unless `add` says otherwise."""

    config: SessionConfig
    signer: Signer | None
    retry: RetryPolicy
    rng: Random
    network: Network
    budget: BudgetPolicy
    stay: bool

    def __post_init__(self) -> None:
        check_choices(self.config, self.signer, self.retry, self.rng)
        check_kind("budget", self.budget, BudgetPolicy, "a BudgetPolicy")


class _Seat:
    """A room with what drives it."""

    __slots__ = ("alarm", "driver", "room", "session")

    def __init__(self, room: Room, session: BudgetedSession) -> None:
        self.room = room
        self.session = session
        self.driver: Driver
        self.alarm: float | None = None


class Engine:
    """All rooms of one adapter.

    Args:
        options: how rooms are made.
        dial: connects a channel.
        changed: called after every input: look for events, `next_timer()` and `ended`.
    """

    def __init__(self, options: RoomsOptions, dial: Dial, changed: Callable[[], None]) -> None:
        self.options = options
        self.pool = HttpPool(options.network, dial, max_header=options.config.limits.response_headers)
        self._dial = dial
        self._changed = changed
        self._budgets = RoomBudgets(options.budget)
        self._seats: dict[BudgetedSession, _Seat] = {}
        self._by_user: dict[UserInput, _Seat] = {}
        self._turns: Turns[_Seat] = Turns()
        # Soonest first; an entry counts only if it is its seat's `alarm`.
        self._alarms: list[tuple[float, int, _Seat]] = []
        self._entries = 0
        self._past = Statistics()
        self._closing = False

    # --- inputs -----------------------------------------------------------------------------------------------------

    def add(self, user: str | int | UserInput, config: SessionConfig | None, signer: Signer | None, now: float) -> Room:
        """Make a room, or return the one of this user that is still open."""
        if self._closing:
            raise LocalProtocolError("The rooms are closed: make others")
        options = self.options
        parsed = parse_user(user)
        seat = self._by_user.get(parsed)
        if seat is not None and not seat.driver.ended:
            return seat.room
        chosen = config if config is not None else options.config
        bare = Session(parsed, config=chosen, signer=signer or options.signer, retry=options.retry, rng=options.rng)
        session = BudgetedSession(bare, self._budgets)
        seat = _Seat(Room(parsed, session), session)
        seat.driver = Driver(
            session, options.network, chosen.limits, self.pool, self._dial, lambda: self._room_changed(seat)
        )
        self._seats[session] = self._by_user[parsed] = seat
        seat.driver.start(now)
        return seat.room

    def remove(self, which: Room | str | int | UserInput, now: float) -> Room | None:
        """Close a room; its last events still come. Return it, or `None` if there is none."""
        seat = self._seats.get(which._session) if isinstance(which, Room) else self._by_user.get(parse_user(which))
        if seat is None:
            return None
        seat.driver.close(now)
        return seat.room

    def close(self, now: float) -> None:
        """Close all rooms; their last events still come."""
        self._closing = True
        for seat in tuple(self._seats.values()):
            seat.driver.close(now)
        self._changed()

    def handle_timer(self, now: float) -> None:
        """Call when `next_timer()` has passed."""
        due: list[_Seat] = []
        while self._alarms and self._alarms[0][0] <= now:
            when, _, seat = heapq.heappop(self._alarms)
            if seat.alarm == when:
                seat.alarm = None
                due.append(seat)
        for session in self._budgets.handle_timer(now=now):
            due.append(self._seats[session])
        for seat in due:
            seat.driver.handle_timer(now)
            self._set_alarm(seat)
        self._changed()

    # --- outputs ----------------------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due."""
        timer = self._budgets.next_timer()
        while self._alarms and self._alarms[0][2].alarm != self._alarms[0][0]:
            heapq.heappop(self._alarms)
        if self._alarms and (timer is None or self._alarms[0][0] < timer):
            return self._alarms[0][0]
        return timer

    def next_event(self) -> RoomEvent | None:
        """Pop an event: one of each room that has any, in turn."""
        while (seat := self._turns.take()) is not None:
            event = seat.driver.next_event()
            if event is not None:
                self._turns.want(seat)
                return seat.room, event
            if seat.driver.ended:
                self._leave(seat)
        return None

    @property
    def ended(self) -> bool:
        """Whether no event will come any more, once `next_event` has given `None`."""
        return not self._seats and (self._closing or not self.options.stay)

    @property
    def rooms(self) -> tuple[Room, ...]:
        """The rooms whose last event was not taken yet, in the order in which they were added."""
        return tuple(seat.room for seat in self._seats.values())

    @property
    def statistics(self) -> Statistics:
        """All rooms' counters together, those of rooms that are gone included."""
        return total([self._past, *(session.statistics for session in self._seats)])

    def health(self, now: float) -> RoomsHealth:
        """Return how all rooms together are."""
        each = [session.health for session in self._seats]
        waits = [health.waits_for for health in each]
        budgets = self._budgets
        return RoomsHealth(
            rooms=len(each),
            live=sum(health.live for health in each),
            paused=sum(health.paused for health in each),
            waits_for={what: waits.count(what) for what in WaitsFor if what is not WaitsFor.NOTHING},
            signatures_pause=_left(budgets.signatures.paused_until, now),
            lookups_pause=_left(budgets.lookups.paused_until, now),
        )

    # --- inside -----------------------------------------------------------------------------------------------------

    def _room_changed(self, seat: _Seat) -> None:
        if seat.session not in self._seats:
            return
        self._turns.want(seat)
        self._set_alarm(seat)
        self._changed()

    def _set_alarm(self, seat: _Seat) -> None:
        """Moving a deadline further away costs nothing until the old one comes round."""
        timer = seat.driver.next_timer()
        if timer is not None and (seat.alarm is None or timer < seat.alarm):
            seat.alarm = timer
            self._entries += 1
            heapq.heappush(self._alarms, (timer, self._entries, seat))

    def _leave(self, seat: _Seat) -> None:
        error = seat.session.error
        if error is not None:
            _log.error("%s: %s: %s", seat.room.user, type(error).__name__, error, exc_info=error)
        self._past = total([self._past, seat.session.statistics])
        seat.alarm = None
        del self._seats[seat.session]
        if self._by_user.get(seat.room.user) is seat:
            del self._by_user[seat.room.user]


def _left(until: float | None, now: float) -> float:
    return max(0.0, until - now) if until is not None else 0.0


class LoopRooms(ABC):
    """The part of `Rooms` that is the same in every event loop: all but entering, leaving and waiting."""

    _engine: Engine

    @property
    def rooms(self) -> tuple[Room, ...]:
        """The rooms whose last event was not taken yet, in the order in which they were added."""
        return self._engine.rooms

    @property
    def statistics(self) -> Statistics:
        """All rooms' counters together, those of rooms that are gone included."""
        return self._engine.statistics

    @property
    def health(self) -> RoomsHealth:
        """How all rooms together are now."""
        return self._engine.health(self._clock())

    def add(
        self,
        user: str | int | UserInput,
        *,
        config: SessionConfig | None = None,
        signer: Signer | None = None,
    ) -> Room:
        """Add a user's room; it starts when the budget has room for it. From any task, also while iterating.

        Args:
            user: a name, `@name`, URL of a live page, or a room id. One that is there already is returned as it is.
            config: in place of that of all rooms.
            signer: in place of that of all rooms.

        Raises:
            InvalidUserInput: `user` names neither a user nor a room.
            LocalProtocolError: outside of the context, or after `close`.
        """
        return self._engine.add(user, config, signer, self._clock())

    def remove(self, which: Room | str | int | UserInput) -> Room | None:
        """Leave a room; its last events (`gift_streak_end`, `disconnect`, `closed`) still come. From any task.

        Returns:
            The room, or `None` if there is none of that name.
        """
        return self._engine.remove(which, self._clock())

    def next_event(self) -> RoomEvent | None:
        """Return a waiting event with its room without waiting for one."""
        return self._engine.next_event()

    def close(self) -> None:
        """Leave all rooms, from any task. The iteration ends after the last events. Again does nothing."""
        self._engine.close(self._clock())

    @abstractmethod
    def _clock(self) -> float:
        """Return the loop's clock, or raise `LocalProtocolError` outside of the context."""
