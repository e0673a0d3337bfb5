"""Many sessions, one budget: how soon rooms start, look themselves up and have sockets signed, taken together.

    budgets = RoomBudgets(BudgetPolicy())
    room = BudgetedSession(Session("some_user"), budgets)     # drive it in the session's place
    for session in budgets.handle_timer(now=now): ...         # its turn has come: look for its actions

A session alone knows nothing of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .actions import Action, SendRequest
from .budget import Budget, Rate
from .checks import check_kind, check_number
from .close import Closed
from .events.base import Event
from .http import Headers, HttpResponse, TransportFailure
from .session import Phase, Session
from .statistics import Statistics


@dataclass(frozen=True)
class BudgetPolicy:
    """What all rooms of a process may do together. The figures are ours: servers tell theirs only when they refuse."""

    signatures: Rate = field(default_factory=lambda: Rate(60, 60.0))
    """Requests to the signer."""
    lookups: Rate = field(default_factory=lambda: Rate(120, 60.0))
    """Requests that find out a user's room; two to five for each room that is found by name (docs/rooms.md)."""
    starts: Rate = field(default_factory=lambda: Rate(10, 1.0))
    """Rooms that begin."""
    openings: int = 32
    """Rooms that may be on their first way in at the same time, from their start to the open socket."""
    longest_pause: float = 3600.0
    """Seconds that a server can keep all rooms waiting at the most, e.g. by `Retry-After`."""

    def __post_init__(self) -> None:
        for name in ("signatures", "lookups", "starts"):
            check_kind(f"BudgetPolicy.{name}", getattr(self, name), Rate, "a Rate")
        check_number("BudgetPolicy.openings", self.openings, whole=True)
        check_number("BudgetPolicy.longest_pause", self.longest_pause)
        if self.openings < 1:
            raise ValueError(f"BudgetPolicy.openings must be at least 1, not {self.openings}")
        if not 0 <= self.longest_pause < math.inf:
            raise ValueError(
                f"BudgetPolicy.longest_pause must be 0 or more seconds and finite, not {self.longest_pause}"
            )


class WaitsFor(str, Enum):
    """What a room waits for that it shares with others."""

    NOTHING = "nothing"
    START = "start"
    LOOKUP = "lookup"
    SIGNATURE = "signature"


@dataclass(frozen=True)
class RoomHealth:
    """How one room is, at one moment."""

    phase: Phase
    """How far its session is."""
    waits_for: WaitsFor = WaitsFor.NOTHING
    """What of the shared budget it waits for."""
    paused: bool = False
    """Whether its socket is not read, because its events wait to be taken."""
    reconnects: int = 0
    """Connections made after the first."""
    last_message_at: float | None = None
    """When its socket last brought something, by the transport's clock; `None`: never."""

    @property
    def live(self) -> bool:
        """Whether its socket is open."""
        return self.phase is Phase.LIVE


class RoomBudgets:
    """The budgets that `BudgetedSession`s share."""

    def __init__(self, policy: BudgetPolicy = BudgetPolicy()) -> None:
        pause = policy.longest_pause
        self.policy: BudgetPolicy = policy
        self.signatures: Budget[BudgetedSession] = Budget(policy.signatures, longest_pause=pause)
        """Requests to the signer."""
        self.lookups: Budget[BudgetedSession] = Budget(policy.lookups, longest_pause=pause)
        """Requests that find out a user's room."""
        self.openings: Budget[BudgetedSession] = Budget(policy.starts, at_once=policy.openings)
        """Starts, and rooms on their first way in."""

    def handle_timer(self, *, now: float) -> list[BudgetedSession]:
        """Let on whose turn has come, and return them: each has actions to be done now."""
        started = self.openings.handle_timer(now=now)
        asking = [*self.lookups.handle_timer(now=now), *self.signatures.handle_timer(now=now)]
        for session in started:
            session.begin(now=now)
        for session in asking:
            session.release(now=now)
        return [*started, *asking]

    def next_timer(self) -> float | None:
        """Return when to call `handle_timer`; `None` while nobody waits for the clock."""
        timers = (self.openings.next_timer(), self.lookups.next_timer(), self.signatures.next_timer())
        return min((timer for timer in timers if timer is not None), default=None)


class BudgetedSession:
    """A session that starts, and sends its requests, when the budget lets it. Drive it like a `Session`.

    An exception in it (from a signer of yours, say) ends it as `close` does, and is kept in `error`.
    """

    def __init__(self, session: Session, budgets: RoomBudgets) -> None:
        """Wrap a session that has not started."""
        self.session: Session = session
        self.error: Exception | None = None
        """The exception that ended it, if one did."""
        self._budgets = budgets
        self._now = 0.0
        self._held: SendRequest | None = None
        self._held_by: Budget[BudgetedSession] | None = None
        self._ready: SendRequest | None = None
        # The budget that the current request was let through by: its answer may tell to wait.
        self._asked: tuple[int, Budget[BudgetedSession]] | None = None
        self._opening = False
        self._last_message_at: float | None = None

    # --- inputs -----------------------------------------------------------------------------------------------------

    def start(self, *, now: float) -> None:
        """Begin as soon as the budget has room for one more opening."""
        self._now = now
        self._opening = True
        if self._budgets.openings.ask(self, now=now):
            self.begin(now=now)

    def begin(self, *, now: float) -> None:
        """Its turn to start has come (for `RoomBudgets.handle_timer`)."""
        self._feed(self.session.start, now=now)

    def release(self, *, now: float) -> None:
        """Its turn to ask has come (for `RoomBudgets.handle_timer`)."""
        held, self._held = self._held, None
        if held is not None:
            self._feed(self.session.release_request, held.request_id, now=now)
            self._ready = held

    def receive_response(self, request_id: int, r: HttpResponse | TransportFailure, *, now: float) -> None:
        """As `Session.receive_response`; what the answer says about rate limits goes for all."""
        if isinstance(r, HttpResponse) and self._asked is not None and self._asked[0] == request_id:
            self._asked[1].observe(r, now=now)
        self._feed(self.session.receive_response, request_id, r, now=now)

    def socket_opened(self, socket_id: int, headers: Headers, *, now: float) -> None:
        """As `Session.socket_opened`."""
        self._feed(self.session.socket_opened, socket_id, headers, now=now)

    def socket_rejected(self, socket_id: int, status: int, headers: Headers, *, now: float) -> None:
        """As `Session.socket_rejected`."""
        self._feed(self.session.socket_rejected, socket_id, status, headers, now=now)

    def socket_failed(self, socket_id: int, failure: TransportFailure, *, now: float) -> None:
        """As `Session.socket_failed`."""
        self._feed(self.session.socket_failed, socket_id, failure, now=now)

    def receive_message(self, socket_id: int, data: bytes, *, now: float) -> None:
        """As `Session.receive_message`."""
        self._last_message_at = now
        self._feed(self.session.receive_message, socket_id, data, now=now)

    def socket_closed(self, socket_id: int, code: int | None, reason: str, *, now: float) -> None:
        """As `Session.socket_closed`."""
        self._feed(self.session.socket_closed, socket_id, code, reason, now=now)

    def handle_timer(self, *, now: float) -> None:
        """As `Session.handle_timer`."""
        self._feed(self.session.handle_timer, now=now)

    def close(self, *, now: float) -> None:
        """As `Session.close`; also before it has started."""
        self._feed(self.session.close, now=now)

    # --- outputs ----------------------------------------------------------------------------------------------------

    def next_action(self) -> Action | None:
        """As `Session.next_action`; requests come when the budget lets them."""
        if self._ready is not None:
            ready, self._ready = self._ready, None
            return ready
        while (action := self.session.next_action()) is not None:
            if not isinstance(action, SendRequest) or self._may_send(action):
                return action
        return None

    def next_event(self) -> Event | None:
        """As `Session.next_event`."""
        return self.session.next_event()

    def next_timer(self) -> float | None:
        """As `Session.next_timer`; the budgets have a timer of their own."""
        return self.session.next_timer()

    @property
    def paused(self) -> bool:
        """As `Session.paused`."""
        return self.session.paused

    @property
    def closed(self) -> Closed | None:
        """As `Session.closed`."""
        return self.session.closed

    @property
    def room_id(self) -> int:
        """As `Session.room_id`."""
        return self.session.room_id

    @property
    def statistics(self) -> Statistics:
        """As `Session.statistics`."""
        return self.session.statistics

    @property
    def health(self) -> RoomHealth:
        """How it is now."""
        session = self.session
        waits_for = WaitsFor.NOTHING
        if self._opening and session.phase is Phase.IDLE:
            waits_for = WaitsFor.START
        elif self._held is not None:
            signing = self._held_by is self._budgets.signatures
            waits_for = WaitsFor.SIGNATURE if signing else WaitsFor.LOOKUP
        reconnects = session.statistics.reconnects
        return RoomHealth(session.phase, waits_for, session.paused, reconnects, self._last_message_at)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _may_send(self, action: SendRequest) -> bool:
        budget = self._budgets.signatures if self.session.phase is Phase.SIGNING else self._budgets.lookups
        self._asked = (action.request_id, budget)
        if budget.ask(self, now=self._now):
            return True
        self._held, self._held_by = action, budget
        self.session.hold_request(action.request_id)
        return False

    def _feed(self, take: Callable[..., None], *arguments: Any, now: float) -> None:
        self._now = now
        try:
            take(*arguments, now=now)
        except Exception as error:
            self.error = self.error or error
            self.session.close(now=now)
        phase = self.session.phase
        if self._held_by is not None and phase not in (Phase.RESOLVING, Phase.SIGNING):
            self._held_by.release(self)
            self._held = self._held_by = None
        if phase is Phase.CLOSED:
            self._ready = None
        if self._opening and phase in (Phase.LIVE, Phase.WAITING, Phase.CLOSED):
            self._opening = False
            self._budgets.openings.release(self)
