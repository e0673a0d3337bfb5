"""`Link`: the network between a client and a simulator in memory: late, and sometimes broken, by chance from a seed."""

from __future__ import annotations

from random import Random


class Link:
    """Delays whole messages, keeps their order, and now and then breaks a socket."""

    def __init__(self, rng: Random | None = None, *, latency: float = 0.0, breaks: float = 0.0) -> None:
        """Make a link.

        Args:
            rng: Where chance comes from; needed if anything is left to it.
            latency: Seconds that a message takes at the most, each direction; 0: none.
            breaks: Chance that a message to the client breaks the socket in place of arriving.

        Raises:
            ValueError: There is something left to chance, and no `rng`.
        """
        if rng is None and (latency or breaks):
            raise ValueError("a link with latency or breaks needs an rng")
        self._rng = rng or Random(0)
        self._latency = latency
        self._breaks = breaks
        self.broken: int = 0
        """Sockets broken so far."""

    def delay(self) -> float:
        """How long the next message takes."""
        return self._rng.random() * self._latency if self._latency else 0.0

    def breaks_now(self) -> bool:
        """Whether the next message breaks the socket."""
        if self._breaks and self._rng.random() < self._breaks:
            self.broken += 1
            return True
        return False
