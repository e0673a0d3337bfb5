"""Who is watching? Current viewers, viewers ever and the top viewers, as last told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

V = TypeVar("V")

MAX_VIEWERS = 2**63 - 1
"""Largest count believed; the fields are int64."""


class ViewerCount(NamedTuple):
    """The viewers of a room after a message."""

    current: int
    """Viewers now."""
    ever: int
    """Viewers since the room opened; never less than before."""
    peak: int
    """The most viewers at one time since you joined."""


class ViewerTotals(Generic[V]):
    """The viewers of a room, kept up to date by its viewer updates (protocol/push.md section 15).

    `V` is whatever the caller has for a top viewer. Joins carry a viewer count too; it serves only
    until the first viewer update, which counts better and is what users know as the source.
    """

    __slots__ = ("_updated", "current", "ever", "peak", "top_viewers")

    current: int | None
    """Viewers now; `None` before the first message that tells."""
    ever: int | None
    """Viewers since the room opened; never goes backwards. `None` before the first viewer update."""
    peak: int
    """The most viewers at one time since you joined; 0 before the first message that tells."""
    top_viewers: tuple[V, ...]
    """The top viewers of the last viewer update, in the order sent (real ones: at most 16)."""

    def __init__(self) -> None:
        self._updated = False
        self.current = None
        self.ever = None
        self.peak = 0
        self.top_viewers = ()

    def receive(self, current: int, ever: int = 0, top_viewers: Iterable[V] = ()) -> ViewerCount:
        """Take over a viewer update; negative counts are taken for 0.

        The counts and `top_viewers` replace the last ones even when they are 0 or empty, since the
        server leaves out a count of 0 (seen in captures).
        """
        self._updated = True
        self.current = min(max(current, 0), MAX_VIEWERS)
        self.ever = max(self.ever or 0, min(ever, MAX_VIEWERS))
        self.peak = max(self.peak, self.current)
        self.top_viewers = tuple(top_viewers)
        return ViewerCount(self.current, self.ever, self.peak)

    def receive_join(self, member_count: int) -> None:
        """Take over the viewer count of a join, unless a viewer update came before or it is 0."""
        if member_count > 0 and not self._updated:
            self.current = min(member_count, MAX_VIEWERS)
            self.peak = max(self.peak, self.current)
