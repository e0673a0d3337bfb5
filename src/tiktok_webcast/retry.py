"""Try again? After each failure: yes, after this long and with what renewed; or no, and why.

    retries = RetryState(RetryPolicy(), random.Random(7))
    retries.decide(Closed(CloseReason.NETWORK), now=0.0)    # Retry(delay=0.32..., attempt=1, ...)
    retries.decide(Closed(CloseReason.OFFLINE), now=1.0)    # GiveUp(Closed(CloseReason.OFFLINE))

A retry always signs anew, as a signed URL lives about 30 s (protocol/http.md section 8).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from .checks import check_number
from .close import Closed, CloseReason

if TYPE_CHECKING:
    from random import Random

KEPT_CAUSES = 16
"""Failures in a row that `Closed.causes` tells, the last ones."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how soon to try again. `RetryPolicy(tries=0)` never does."""

    tries: int = 10
    """Tries in a row after a failure; 0 for none."""
    base: float = 1.0
    """Seconds that the first try waits at the most; each further one waits up to twice as long."""
    cap: float = 30.0
    """Seconds that any try waits at the most, unless the other side asks for more."""
    jitter: float = 1.0
    """Part of the wait that is left to chance: 1 waits anything from 0 up, 0 always waits in full."""
    healthy: float = 30.0
    """Seconds from entering the room to the last that was heard there after which the tries count from 0 again."""
    max_wait: float = 300.0
    """Seconds to wait at the most when the other side asks for it; if it asks for more, give up."""

    def __post_init__(self) -> None:
        for item in fields(self):
            check_number(f"RetryPolicy.{item.name}", getattr(self, item.name), whole=item.name == "tries")
        if self.tries < 0:
            raise ValueError(f"RetryPolicy.tries must be 0 or more, not {self.tries}")
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"RetryPolicy.jitter must be between 0 and 1, not {self.jitter}")
        if not 0 <= self.base <= self.cap < math.inf:
            raise ValueError(f"RetryPolicy: 0 <= base <= cap must hold, not {self.base} and {self.cap}")
        for name in ("healthy", "max_wait"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"RetryPolicy.{name} must be 0 or more seconds, not {getattr(self, name)}")


@dataclass(frozen=True)
class Retry:
    """Try again `delay` seconds from now, with a fresh signature."""

    delay: float
    attempt: int
    """Which try in a row this is: 1 for the first after the failure."""
    fresh_identity: bool
    """Forget the guest identity (`ttwid`, user agent) first."""
    resolve_again: bool
    """Ask whether the room is still live first: its end may have been missed."""


@dataclass(frozen=True)
class GiveUp:
    """Do not try again; `closed` says why, for the user."""

    closed: Closed


@dataclass(frozen=True)
class _Rule:
    """What a reason allows: whether it may follow itself, the least wait, and what to renew."""

    once: bool = False
    """Give up when it comes a second time without an entry or another failure between."""
    least: float = 0.0
    fresh_identity: bool = False
    resolve_again: bool = False
    needs_entry: bool = False
    """Retry only after the room has been entered once."""


_RULES = {
    CloseReason.NETWORK: _Rule(),
    # The server also closes with 1000 when the room is over, and a room that is over falls silent
    # (protocol/push.md section 7): ask at once.
    CloseReason.SERVER_CLOSED: _Rule(resolve_again=True),
    CloseReason.STALE: _Rule(resolve_again=True),
    CloseReason.LIMIT: _Rule(resolve_again=True),
    # "Do not retry the same URL" (protocol/http.md section 10): one other is worth a try.
    CloseReason.HANDSHAKE_REFUSED: _Rule(once=True, fresh_identity=True),
    # New ttwid and user agent, after 2 s (protocol/http.md section 10).
    CloseReason.DEVICE_BLOCKED: _Rule(least=2.0, fresh_identity=True),
    # At the start the user must know; later the room is known to be open, and blocks pass.
    CloseReason.BLOCKED: _Rule(least=5.0, fresh_identity=True, resolve_again=True, needs_entry=True),
    CloseReason.SIGN_FAILED: _Rule(),
    CloseReason.SIGN_RATE_LIMITED: _Rule(least=5.0),
    CloseReason.UNEXPECTED_ANSWER: _Rule(once=True, resolve_again=True),
}
"""The reasons that may retry. Every other ends the session: trying again cannot change it."""


class RetryState:
    """The failures of one session so far, and what to do after the next one.

    Equal failures, times and seeds give equal decisions.
    """

    __slots__ = ("_causes", "_connected_at", "_entered", "_last", "_policy", "_rng", "failures")

    failures: int
    """Failures in a row: since the start, or since the last healthy spell."""

    def __init__(self, policy: RetryPolicy, rng: Random) -> None:
        self._policy = policy
        self._rng = rng
        self._causes: list[str] = []
        self._connected_at: float | None = None
        self._entered = False
        self._last: CloseReason | None = None
        self.failures = 0

    def connected(self, *, now: float) -> None:
        """The room was entered: once this has held for `RetryPolicy.healthy` seconds, tries count anew."""
        self._connected_at = now
        self._entered = True
        self._last = None

    def decide(self, failure: Closed, *, now: float, heard_at: float | None = None) -> Retry | GiveUp:
        """Decide what follows `failure`, which ended the connection or the attempt at one.

        Args:
            failure: Why it ended.
            now: The time.
            heard_at: When the room was last heard; `None` is as `now`. A socket that opens and then says nothing has
                held for no time at all.
        """
        self._end_spell(now if heard_at is None else heard_at)
        reason = failure.reason
        again, self._last = reason is self._last, reason
        self._causes.append(f"{reason.value}: {failure.detail}" if failure.detail else reason.value)
        del self._causes[:-KEPT_CAUSES]
        self.failures += 1
        if reason is CloseReason.OFFLINE and self._entered:
            return GiveUp(replace(failure, reason=CloseReason.ROOM_ENDED, causes=self._led_to(failure)))
        rule = _RULES.get(reason)
        if rule is None or (rule.needs_entry and not self._entered):
            return self._give_up(failure)
        wait = _asked_wait(failure)
        if wait > self._policy.max_wait:
            return self._give_up(failure, f"asked to wait {wait:g} s, more than {self._policy.max_wait:g} s")
        if (rule.once and again) or self.failures > self._policy.tries:
            return self._give_up(failure, _tried(self.failures - 1))
        return Retry(
            delay=self._delay(rule.least, wait),
            attempt=self.failures,
            fresh_identity=rule.fresh_identity,
            resolve_again=rule.resolve_again or self.failures > 1,
        )

    def _end_spell(self, now: float) -> None:
        connected_at, self._connected_at = self._connected_at, None
        if connected_at is not None and now - connected_at >= self._policy.healthy:
            self.failures = 0
            self._causes.clear()

    def _delay(self, least: float, wait: float) -> float:
        policy = self._policy
        chance = self._rng.random()
        # Beyond 2 ** 64 times the base every cap is reached; a float would overflow at 1024.
        ceiling = min(policy.cap, policy.base * 2.0 ** min(self.failures - 1, 64))
        backoff = ceiling * (1.0 - policy.jitter * chance)
        if wait:
            # The other side's word stands in for our guess. Many rooms are told the same wait: spread them after it.
            return max(backoff, wait + policy.base * policy.jitter * chance)
        return max(backoff, least)

    def _give_up(self, failure: Closed, why: str = "") -> GiveUp:
        detail = "; ".join(part for part in (failure.detail, why) if part)
        return GiveUp(replace(failure, detail=detail, causes=self._led_to(failure)))

    def _led_to(self, failure: Closed) -> tuple[str, ...]:
        return failure.causes or tuple(self._causes)


def _asked_wait(failure: Closed) -> float:
    """Return the seconds that the other side asks to wait: 0 for none and for nonsense."""
    wait = failure.retry_after
    return wait if wait is not None and wait > 0 else 0.0


def _tried(tries: int) -> str:
    if tries == 0:
        return ""
    return f"given up after {tries} {'try' if tries == 1 else 'tries'} in a row"
