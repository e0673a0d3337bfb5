"""How many gifts? Running totals become deltas, and every streak ends exactly once.

A streakable gift comes as many messages with a running total and, 3 to 4 s after the last of them,
one with `repeat_end` (protocol/push.md section 13). Messages jump, come out of order, repeat and
get lost; nobody's gift may be counted twice for it, nor be lost.

    streaks = GiftStreaks()
    count = streaks.receive(GiftStep(user_id=1, gift_id=5655, group_id=7, repeat_count=3), now=0.0)
    count.delta            # 3 more gifts
    streaks.handle_timer(now=15.0)[0].total   # 3: the end was lost, so the streak ends by the clock

Always: the deltas of a streak add up to the totals of its ends.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum
from typing import NamedTuple

MAX_COUNT = 2**31 - 1
"""Gifts that one message can claim, and diamonds that one gift can cost; more is taken for this many."""

_Key = tuple[int, int, int]


class StreakEndCause(str, Enum):
    """Why a streak ended."""

    REPEAT_END = "repeat_end"
    """The server said so, or the gift is not streakable."""
    IDLE = "idle"
    """No step came for the idle time: the server's end was lost."""
    EVICTED = "evicted"
    """Too many streaks were open; this one had its last step longest ago."""
    ROOM_ENDED = "room_ended"
    """The room ended with the streak still open."""
    DISCONNECTED = "disconnected"
    """The connection was given up with the streak still open."""
    CLOSED = "closed"
    """You closed the session with the streak still open."""


class GiftStep(NamedTuple):
    """One gift message, as far as counting needs it."""

    user_id: int
    """Who gave it."""
    gift_id: int
    group_id: int
    """Tells the streaks of one user and gift apart; 0 if the message has none."""
    repeat_count: int
    """The running total of the streak."""
    repeat_end: bool = False
    """Whether the server says that the streak is over."""
    streakable: bool = True
    """Whether the gift is of type 1. Other types are final at once."""
    diamond_count: int = 0
    """Price of one gift in diamonds; 0 if the message leaves it out."""
    sent_ms: int = 0
    """Server time of the message (`common.create_time`); 0 if unknown. It tells whether a step without
    a group id that comes after the end is late or opens the next streak."""
    detail: object = None
    """Anything; the end of the streak gives back that of its last message."""


class StreakEnd(NamedTuple):
    """A streak is over. There is one of these for every streak and for every non-streakable gift."""

    user_id: int
    gift_id: int
    group_id: int
    total: int
    """Gifts of the streak; in a continuation those beyond the streak's earlier ends."""
    diamonds: int
    """What they are worth: `total` times the price."""
    cause: StreakEndCause
    continues: bool
    """Whether this is a continuation: the streak had ended (by the clock, say) and then grew. Ends with
    `continues` false are one to a streak; the totals of all ends of a streak add up to its gifts."""
    detail: object
    """`GiftStep.detail` of the streak's last message."""


class GiftCount(NamedTuple):
    """What one gift message amounts to."""

    delta: int
    """Gifts that this message adds, never negative; 0 for repeats and late steps."""
    total: int
    """Gifts of the streak as far as is known: the largest running total seen."""
    streaking: bool
    """Whether the streak goes on."""
    ended: StreakEnd | None = None
    """The end of this message's streak, if it brought it."""
    evicted: StreakEnd | None = None
    """The end of another streak, which had to make room."""


class _Streak:
    """A streak, open or remembered: how far it is counted and how far earlier ends reported it."""

    __slots__ = ("at", "cause", "counted", "detail", "price", "reported", "sent_ms")

    def __init__(self) -> None:
        self.counted = 0
        self.reported = 0
        self.price = 0
        self.sent_ms = 0
        self.at = 0.0
        self.cause: StreakEndCause | None = None
        self.detail: object = None


class GiftStreaks:
    """Counts the gifts of a room and settles their streaks.

    A streak is a sender, a gift and a group id. Its total is the largest running total seen, so
    steps that jump, repeat or come late count what they add and never more. Ended streaks are
    remembered (up to `limit`, the one that ended longest ago is forgotten first), so that

    - a repeated end, or a late step that adds nothing, changes nothing;
    - a late larger total counts the surplus, as a continuation with an end of its own
      (`StreakEnd.continues`);
    - without a group id (not seen in captures) the next streak looks like the last one. A final
      belongs to the last. A step that the server sent before the last message is late, one sent more
      than the idle time after it opens a new streak. Otherwise a step after the server's end opens
      one; after another end it does if its total is no larger, else it goes on with the last.

    Keep one for the whole session: streaks go on across a reconnect. Between `disconnected` and
    `connected` no streak ends by the clock, and afterwards each open one has the full idle time again.
    Time never goes back: an earlier `now` than the last is taken for the last.
    """

    __slots__ = ("_connected_at", "_ended", "_idle", "_limit", "_now", "_offline", "_open")

    def __init__(self, limit: int = 10_000, idle: float = 15.0) -> None:
        """Keep `limit` streaks open at the most; settle one after `idle` seconds without a step.

        Raises:
            ValueError: `limit` is less than 1, or `idle` is not positive.
        """
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        if not idle > 0:
            raise ValueError(f"idle must be positive seconds, not {idle}")
        self._limit = limit
        self._idle = idle
        self._open: OrderedDict[_Key, _Streak] = OrderedDict()
        self._ended: OrderedDict[_Key, _Streak] = OrderedDict()
        self._now = float("-inf")
        self._connected_at = float("-inf")
        self._offline = False

    def receive(self, step: GiftStep, *, now: float) -> GiftCount:
        """Count one gift message. Repeats of the very same message belong to `SeenMessages`."""
        self._advance(now)
        user_id, gift_id, group_id, count, repeat_end, streakable, price, sent_ms, detail = step
        if not 0 <= count <= MAX_COUNT:
            count = _within_bounds(count)
        if not 0 <= price <= MAX_COUNT:
            price = _within_bounds(price)
        if not streakable:
            count = max(count, 1)
            return GiftCount(count, count, False, _single(step, count, price))
        key = (user_id, gift_id, group_id)
        streak = self._open.get(key)
        evicted = None
        if streak is None:
            known = self._ended.get(key)
            if known is not None:
                if not self._is_same(known, step, count):
                    known = None
                elif count <= known.counted:
                    return GiftCount(0, known.counted, False)
            streak, evicted = self._begin(key, known)
        delta = count - streak.counted
        if delta > 0:
            streak.counted = count
        else:
            delta = 0
        if price:
            streak.price = price
        if sent_ms > streak.sent_ms:
            streak.sent_ms = sent_ms
        streak.detail = detail
        if repeat_end:
            del self._open[key]
            return GiftCount(
                delta, streak.counted, False, self._settle(key, streak, StreakEndCause.REPEAT_END), evicted
            )
        streak.at = self._now
        self._open.move_to_end(key)
        return GiftCount(delta, streak.counted, True, None, evicted)

    def evict(self, step: GiftStep) -> StreakEnd | None:
        """Settle the open streak of a step that has just been received, and return its end; `None` if none is open."""
        key = (step.user_id, step.gift_id, step.group_id)
        streak = self._open.pop(key, None)
        return None if streak is None else self._settle(key, streak, StreakEndCause.EVICTED)

    def disconnected(self, *, now: float) -> None:
        """Stop the clock of all streaks: their steps cannot arrive."""
        self._advance(now)
        self._offline = True

    def connected(self, *, now: float) -> None:
        """Start the clock again: each open streak has the full idle time from now."""
        self._advance(now)
        if self._offline:
            self._offline = False
            self._connected_at = self._now

    def next_timer(self) -> float | None:
        """Return when to call `handle_timer`, or `None` while no streak can end by the clock."""
        if self._offline or not self._open:
            return None
        return max(next(iter(self._open.values())).at, self._connected_at) + self._idle

    def handle_timer(self, *, now: float) -> list[StreakEnd]:
        """Settle the streaks that have been idle for too long and return their ends, oldest first."""
        self._advance(now)
        ends: list[StreakEnd] = []
        while (due := self.next_timer()) is not None and due <= self._now:
            ends.append(self._settle(*self._open.popitem(last=False), StreakEndCause.IDLE))
        return ends

    def close(self, *, now: float, cause: StreakEndCause = StreakEndCause.CLOSED) -> list[StreakEnd]:
        """Settle every open streak and return their ends, oldest first."""
        self._advance(now)
        ends: list[StreakEnd] = []
        while self._open:
            ends.append(self._settle(*self._open.popitem(last=False), cause))
        return ends

    def __len__(self) -> int:
        """Return how many streaks are open, at most the limit."""
        return len(self._open)

    def _advance(self, now: float) -> None:
        if now > self._now:
            self._now = now

    def _begin(self, key: _Key, known: _Streak | None) -> tuple[_Streak, StreakEnd | None]:
        """Open a streak at `key`, going on with `known` if that is given."""
        self._ended.pop(key, None)
        evicted = None
        if len(self._open) >= self._limit:
            evicted = self._settle(*self._open.popitem(last=False), StreakEndCause.EVICTED)
        streak = self._open[key] = known or _Streak()
        return streak, evicted

    def _is_same(self, ended: _Streak, step: GiftStep, count: int) -> bool:
        """Return whether `step` belongs to the streak that ended, rather than to the next of its key."""
        if step.group_id or step.repeat_end:
            return True
        if step.sent_ms and ended.sent_ms:
            after_ms = step.sent_ms - ended.sent_ms
            if after_ms < 0:
                return True
            if after_ms > self._idle * 1000:
                return False
        return ended.cause is not StreakEndCause.REPEAT_END and count > ended.counted

    def _settle(self, key: _Key, streak: _Streak, cause: StreakEndCause) -> StreakEnd:
        """Remember a streak that was just removed from the open ones, and return its end."""
        total = streak.counted - streak.reported
        end = StreakEnd(*key, total, total * streak.price, cause, streak.cause is not None, streak.detail)
        streak.reported = streak.counted
        streak.cause = cause
        streak.detail = None
        self._ended[key] = streak
        if len(self._ended) > self._limit:
            self._ended.popitem(last=False)
        return end


def _within_bounds(count: int) -> int:
    return 0 if count < 0 else count if count < MAX_COUNT else MAX_COUNT


def _single(step: GiftStep, count: int, price: int) -> StreakEnd:
    key = (step.user_id, step.gift_id, step.group_id)
    return StreakEnd(*key, count, count * price, StreakEndCause.REPEAT_END, False, step.detail)
