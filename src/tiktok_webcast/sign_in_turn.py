"""`SignersInTurn`: several signers, the next one where one cannot."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .errors import ConfigurationError
from .http import Exchange
from .signer import Signed, Signer, SignFailure, SignTarget

FIRST_REST = 30.0
"""Seconds that a signer is spared after a failure, unless it asks for another time; twice that after the next one."""
LONGEST_REST = 900.0
"""Seconds that a signer is spared at the most, unless it asks for more itself."""


@dataclass
class SignerHealth:
    """How a signer did so far."""

    failures: int = 0
    """Failures in a row."""
    rested_at: float = float("-inf")
    """When it may be asked again, by the sessions' clock."""


class SignersInTurn:
    """Asks the first signer, and the next one where that fails; all that was said is in the failure's `causes`.

        Session("@name", signer=SignersInTurn(SignServer(url="https://mine.example"), SignServer(), GuestSigner()))

    A signer that failed is spared for a while: for as long as it asks to wait, else for half a minute, then longer with
    each failure in a row. While all of them rest, all are asked nevertheless, in order. One whose socket TikTok
    refused is followed by the next one at the session's next try.

    It may serve many sessions, as long as their clocks are the same one.
    """

    def __init__(self, *signers: Signer) -> None:
        """Take the signers, the preferred one first.

        Raises:
            ConfigurationError: There is none.
        """
        if not signers:
            raise ConfigurationError("SignersInTurn needs at least one signer.")
        self.signers: tuple[Signer, ...] = signers
        self.health: tuple[SignerHealth, ...] = tuple(SignerHealth() for _ in signers)
        """How each of them did so far."""

    def __repr__(self) -> str:
        return f"SignersInTurn({', '.join(map(_name, self.signers))})"

    def sign(self, target: SignTarget) -> Exchange[Signed | SignFailure]:
        """Ask one after the other until one signs."""
        failures: list[SignFailure] = []
        causes: list[str] = []
        for index in self._order(target):
            outcome = yield from self.signers[index].sign(target)
            health = self.health[index]
            if isinstance(outcome, Signed):
                health.failures, health.rested_at = 0, float("-inf")
                return replace(outcome, notes=(*causes, *outcome.notes))
            rest = min(FIRST_REST * 2.0 ** min(health.failures, 32), LONGEST_REST)
            health.failures += 1
            health.rested_at = target.now + (rest if outcome.retry_after is None else outcome.retry_after)
            failures.append(outcome)
            causes += [f"{_name(self.signers[index])}: {outcome.reason.value}: {outcome.detail}", *outcome.causes]
        return _all_failed(failures, tuple(causes))

    def _order(self, target: SignTarget) -> list[int]:
        """Return who is asked: those who do not rest, in order; those who do only if nobody else is left."""
        count = len(self.signers)
        order = [(target.refusals + step) % count for step in range(count)]
        awake = [index for index in order if self.health[index].rested_at <= target.now]
        return awake or order


def _all_failed(failures: list[SignFailure], causes: tuple[str, ...]) -> SignFailure:
    # The one that may be tried again says what to wait for; else the preferred signer has the word.
    hopeful = [failure for failure in failures if failure.retry]
    told = (hopeful or failures)[0]
    waits = [failure.retry_after or 0.0 for failure in hopeful]
    return replace(
        told, retry_after=min(waits, default=0.0) or None, causes=causes if len(failures) > 1 else told.causes
    )


def _name(signer: Signer) -> str:
    host = getattr(signer, "url", None)
    return f"{type(signer).__name__} at {host}" if host else type(signer).__name__
