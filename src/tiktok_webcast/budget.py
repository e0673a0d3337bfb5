"""Who may ask now, and who waits? One `Budget` shared by all rooms of a process keeps them from asking too often.

budget = Budget(Rate(10, 60.0))
budget.ask("a", now=0.0)            # True: go; False: wait until `handle_timer` returns the ticket
budget.observe(answer, now=0.1)     # a 429 that one room is given lets all of them wait
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .checks import check_number
from .http import Headers, HttpResponse, find_header
from .waiting import rate_limit_wait, retry_after

T = TypeVar("T", bound=Hashable)

UNTOLD_PAUSE = 5.0
"""Seconds to pause after HTTP 429 without a word about how long; ours, as in `retry.py`."""
MAX_COUNT = 100_000
"""The most that a `Rate` may count: so many times are remembered."""


@dataclass(frozen=True)
class Rate:
    """At most `count` in any `seconds` seconds.

    Raises:
        ValueError: `count` is not 1 to `MAX_COUNT`, or `seconds` not a positive, finite number.
    """

    count: int
    seconds: float

    def __post_init__(self) -> None:
        check_number("Rate.count", self.count, whole=True)
        check_number("Rate.seconds", self.seconds)
        if not 1 <= self.count <= MAX_COUNT:
            raise ValueError(f"Rate.count must be 1 to {MAX_COUNT}, not {self.count}")
        if not 0 < self.seconds < math.inf:
            raise ValueError(f"Rate.seconds must be positive and finite, not {self.seconds}")


class Budget(Generic[T]):
    """Lets tickets through in the order in which they asked, never more than its limits allow.

    A ticket is anything that tells the asker; it waits at most once at a time. Equal calls give equal answers. Times
    are seconds of any clock; one that is older than another given before counts as that.
    """

    def __init__(self, rate: Rate, *, at_once: int | None = None, longest_pause: float = 3600.0) -> None:
        """Make a budget of which nothing is used yet.

        Args:
            rate: How many tickets may pass, in any window of that length.
            at_once: How many may be under way, from their grant to `release`; `None`: any number, and then `release` is
                for tickets that wait.
            longest_pause: Seconds; a pause that is asked for ends after these at the latest.

        Raises:
            ValueError: `at_once` is less than 1, or `longest_pause` negative.
        """
        if at_once is not None and at_once < 1:
            raise ValueError(f"at_once must be at least 1, not {at_once}")
        if not longest_pause >= 0:
            raise ValueError(f"longest_pause must be 0 or more seconds, not {longest_pause}")
        self.rate: Rate = rate
        self.at_once: int | None = at_once
        self.granted: int = 0
        """Tickets let through so far."""
        self._longest_pause = longest_pause
        self._now = -math.inf
        self._paused_until = -math.inf
        # When the last `count` tickets passed: the window is looked at exactly, not on average.
        self._passed: deque[float] = deque(maxlen=rate.count)
        self._waiting: OrderedDict[T, None] = OrderedDict()
        self._under_way: set[T] = set()

    @property
    def waiting(self) -> int:
        """How many tickets wait."""
        return len(self._waiting)

    @property
    def paused_until(self) -> float | None:
        """When the pause ends that the other side asked for; `None` while there is none."""
        return self._paused_until if self._paused_until > self._now else None

    def ask(self, ticket: T, *, now: float) -> bool:
        """Let `ticket` through now (true), or have it wait until `handle_timer` returns it (false)."""
        self._tick(now)
        if ticket in self._waiting:
            return False
        if self._waiting or not self._free():
            self._waiting[ticket] = None
            return False
        self._grant(ticket)
        return True

    def release(self, ticket: T) -> None:
        """`ticket` waits no more, or is under way no more. What is neither is ignored."""
        self._waiting.pop(ticket, None)
        self._under_way.discard(ticket)

    def pause(self, seconds: float, *, now: float) -> None:
        """Let nobody through for `seconds` from now; a pause that lasts longer stays."""
        self._tick(now)
        if seconds > 0:
            self._paused_until = max(self._paused_until, self._now + min(seconds, self._longest_pause))

    def observe(self, answer: HttpResponse, *, now: float) -> None:
        """Heed what an answer to one of the askers says about asking again."""
        wait = asked_pause(answer)
        if wait is not None:
            self.pause(wait, now=now)

    def handle_timer(self, *, now: float) -> list[T]:
        """Return the tickets whose turn has come, in the order in which they asked."""
        self._tick(now)
        passed: list[T] = []
        while self._waiting and self._free():
            ticket, _ = self._waiting.popitem(last=False)
            self._grant(ticket)
            passed.append(ticket)
        return passed

    def next_timer(self) -> float | None:
        """Return when to call `handle_timer`; `None` while nobody waits, or only for a `release`."""
        if not self._waiting or self._full():
            return None
        soonest = max(self._now, self._paused_until)
        return soonest if len(self._passed) < self.rate.count else max(soonest, self._window_end())

    def _free(self) -> bool:
        if self._now < self._paused_until or self._full():
            return False
        return len(self._passed) < self.rate.count or self._now >= self._window_end()

    def _full(self) -> bool:
        return self.at_once is not None and len(self._under_way) >= self.at_once

    def _window_end(self) -> float:
        return self._passed[0] + self.rate.seconds

    def _grant(self, ticket: T) -> None:
        self.granted += 1
        self._passed.append(self._now)
        if self.at_once is not None:
            self._under_way.add(ticket)

    def _tick(self, now: float) -> None:
        if now > self._now:
            self._now = now


def asked_pause(answer: HttpResponse) -> float | None:
    """Return for how many seconds an answer asks everybody to wait; `None`: it does not.

    HTTP 429 asks for what its headers say, or for `UNTOLD_PAUSE`; 503 if it has a `Retry-After`; any other if nothing
    of the rate limit remains (`RateLimit-Remaining: 0`, also with `X-`) and the headers say for how long.
    """
    if answer.status == 429:
        wait = rate_limit_wait(answer.headers)
        return UNTOLD_PAUSE if wait is None else wait
    if answer.status == 503:
        return retry_after(answer.headers)
    return rate_limit_wait(answer.headers) if _nothing_remains(answer.headers) else None


def _nothing_remains(headers: Headers) -> bool:
    names = ("ratelimit-remaining", "x-ratelimit-remaining")
    return any((find_header(headers, name) or "").strip() == "0" for name in names)
