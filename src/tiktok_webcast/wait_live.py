"""Waiting until a user is live: when to ask again, decided from values alone.

    wait = LiveWait(random.Random(7))
    report = ...run status(user, context=context)...
    wait.decide(report, now=12.0)       # PollAgain(delay=58.3, ...) or StopWaiting(...)

TikTok blocks addresses that ask for many users or too often, so the interval is long by default, no two waits are
equal, and a block doubles it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .close import CloseReason
from .errors import ConfigurationError
from .evidence import RoomStatus
from .room import StatusReport


@dataclass(frozen=True)
class WaitPolicy:
    """How often to ask and for how long, in seconds."""

    interval: float = 60.0
    """Between two questions, about."""
    jitter: float = 0.2
    """How much longer or shorter each wait may be, as a part of it: 0.2 is 20 %."""
    longest: float = 900.0
    """Between two questions at the most, after blocks; `jitter` comes on top."""
    budget: float | None = None
    """For the whole wait; `None` for no end."""
    polls: int | None = None
    """Questions at the most; `None` for no end."""

    def __post_init__(self) -> None:
        if not 1 <= self.interval <= self.longest or not 0 <= self.jitter < 1:
            raise ConfigurationError("WaitPolicy: 1 <= interval <= longest and 0 <= jitter < 1 must hold.")
        if (self.budget is not None and not self.budget > 0) or (self.polls is not None and self.polls < 1):
            raise ConfigurationError("WaitPolicy: budget and polls must be positive, or None for no end.")


@dataclass(frozen=True)
class PollAgain:
    """Ask again `delay` seconds from now."""

    delay: float
    why: str


@dataclass(frozen=True)
class StopWaiting:
    """Wait no longer: the user is live, or will not be seen live this way."""

    live: bool
    why: str


class LiveWait:
    """Decides after each status report. Equal reports, times and seeds give equal decisions."""

    def __init__(self, rng: Random, policy: WaitPolicy | None = None) -> None:
        self._rng = rng
        self._policy = policy if policy is not None else WaitPolicy()
        self._started: float | None = None
        self._polls = 0
        self._blocks = 0

    def decide(self, report: StatusReport, *, now: float) -> PollAgain | StopWaiting:
        """Take one report. `now` is any monotonic clock in seconds."""
        policy = self._policy
        self._started = now if self._started is None else self._started
        self._polls += 1
        failure = report.failure
        if failure is None and report.status in (RoomStatus.LIVE, RoomStatus.PAUSED):
            return StopWaiting(True, report.status.value)
        if failure is not None and report.status in (RoomStatus.NOT_FOUND, RoomStatus.RESTRICTED):
            return StopWaiting(False, failure.detail)
        blocked = any(item.reason is CloseReason.BLOCKED for item in report.evidence)
        self._blocks = self._blocks + 1 if blocked and report.status is RoomStatus.UNKNOWN else 0
        wait = min(policy.interval * 2.0 ** min(self._blocks, 32), policy.longest)
        wait *= 1 + policy.jitter * (2 * self._rng.random() - 1)
        wait = max(wait, (failure.retry_after if failure is not None else None) or 0.0)
        if policy.polls is not None and self._polls >= policy.polls:
            return StopWaiting(False, f"asked {self._polls} times")
        if policy.budget is not None and now - self._started + wait > policy.budget:
            return StopWaiting(False, f"waited {now - self._started:.0f} s")
        return PollAgain(wait, failure.reason.value if failure is not None else report.status.value)
