"""What waits for the program? A bounded queue with water marks, and a choice for when it overflows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, Literal, TypeVar

E = TypeVar("E")

Overflow = Literal["block", "drop-oldest"]
"""What to do about a program that is slower than its room: stop reading, or drop the oldest events."""


class EventQueue(Generic[E]):
    """Events in the order pushed, never more than `limit`.

    Under `"block"`, `paused` becomes true with `high` events waiting and false again with `low`: stop
    reading from the socket meanwhile. What had already been read still fits up to `limit`, so nothing
    is lost as long as `paused` is heeded.

    Under `"drop-oldest"`, `paused` stays false, and when more than `high` events wait, the oldest goes.

    Events may be pushed with a weight. With `heaviest` of it waiting, `"block"` pauses too, until no more than a
    quarter of it waits; `"drop-oldest"` keeps no more, but for the newest event.

    Events pushed with `keep=True` have no weight and go last: only when there is no other, and only past `limit`. Every
    event that goes is returned by `push` and counted. With `announce` set, `pop` tells of the losses
    too: at the place where they are missing, and once for all of them, however slow the reader is.
    """

    __slots__ = (
        "_capacity",
        "_drops",
        "_events",
        "_gone",
        "_heaviest",
        "_high",
        "_kept",
        "_limit",
        "_low",
        "_plain",
        "_quiet",
        "_unannounced",
        "_weight",
        "_weights",
        "announce",
        "dropped",
        "paused",
        "peak",
    )

    announce: Callable[[int], E] | None
    """Makes the event that says how many were lost since the last one said so; `None` for no such event."""
    paused: bool
    """Whether to stop reading, so that no more events come."""
    dropped: int
    """Events lost so far."""
    peak: int
    """The most events that waited at one time."""

    def __init__(
        self,
        high: int = 1024,
        low: int = 256,
        limit: int = 8192,
        overflow: Overflow = "block",
        *,
        heaviest: int = 16 * 1024 * 1024,
    ) -> None:
        """Make an empty queue.

        Raises:
            ValueError: not 0 <= low <= high <= limit, high or heaviest less than 1, or an unknown `overflow`.
        """
        if heaviest < 1:
            raise ValueError(f"heaviest must be at least 1, not {heaviest}")
        if not 0 <= low <= high <= limit or high < 1:
            raise ValueError(f"0 <= low <= high <= limit and high >= 1 must hold, not {low}, {high}, {limit}")
        if overflow not in ("block", "drop-oldest"):
            raise ValueError(f"overflow must be 'block' or 'drop-oldest', not {overflow!r}")
        blocks = overflow == "block"
        self._drops = not blocks
        self._low = low
        # A mark that is never reached: drop-oldest does not pause.
        self._high = high if blocks else limit + 1
        self._capacity = limit if blocks else high
        self._limit = limit
        # With fewer events than these, one more needs no thought.
        self._quiet = min(self._capacity, self._high - 1)
        self._events: deque[E] = deque()
        # Whether there is nothing but events in their order: no pause, none kept, no loss to tell of.
        self._plain = True
        self._gone = 0
        # Beside each kept event, how many others came before it: that is its place. They are counted while it waits.
        # They are few, and an empty deque takes 0.7 KiB.
        self._kept: list[tuple[int, E]] = []
        self._unannounced = 0
        self._heaviest = heaviest
        self._weight = 0
        # By the events' identities: hardly one in a life has a weight.
        self._weights: dict[int, int] = {}
        self.announce = None
        self.paused = False
        self.dropped = 0
        self.peak = 0

    def push(self, event: E, *, keep: bool = False, weight: int = 0) -> E | None:
        """Append `event` and return the event that had to go for it (maybe itself), the last of them, if any."""
        events = self._events
        if not keep and not weight and self._plain and len(events) < self._quiet:
            # All that there is to do when the program keeps up.
            events.append(event)
            if len(events) > self.peak:
                self.peak = len(events)
            return None
        if keep:
            self._kept.append((self._gone + len(events), event))
        else:
            events.append(event)
            if weight:
                self._weights[id(event)] = weight
                self._weight += weight
        waiting = len(events) + len(self._kept)
        gone = None
        if waiting > self._capacity and (events or waiting > self._limit):
            gone = self._drop()
            waiting -= 1
        if self._drops:
            while self._weight > self._heaviest and len(events) > 1:
                gone = self._drop()
                waiting -= 1
        elif self._weight >= self._heaviest:
            self.paused = True
        if waiting > self.peak:
            self.peak = waiting
        if waiting >= self._high:
            self.paused = True
        self._look_around()
        return gone

    def extend(self, events: list[E]) -> None:
        """Push events that no overflow keeps, all at once if there is room: 0.1 us each instead of 0.2."""
        waiting = len(self._events) + len(events)
        if self._plain and waiting <= self._quiet:
            self._events.extend(events)
            if waiting > self.peak:
                self.peak = waiting
        else:
            for event in events:
                self.push(event)

    def pop(self) -> E | None:
        """Take the oldest event, or `None` if none waits; after losses, take their announcement first."""
        if self._plain:
            return self._events.popleft() if self._events else None
        if self._unannounced and self.announce is not None:
            lost, self._unannounced = self._unannounced, 0
            taken: E | None = self.announce(lost)
        else:
            taken = self._take()
            if self.paused and len(self) <= self._low and self._weight <= self._heaviest // 4:
                self.paused = False
        self._look_around()
        return taken

    def __len__(self) -> int:
        """Return how many events wait, at most the limit; an announcement is not counted."""
        return len(self._events) + len(self._kept)

    def _take(self) -> E | None:
        if self._kept and self._kept[0][0] <= self._gone:
            return self._kept.pop(0)[1]
        return self._oldest() if self._events else None

    def _oldest(self) -> E:
        self._gone += 1
        event = self._events.popleft()
        if self._weights:
            self._weight -= self._weights.pop(id(event), 0)
        return event

    def _look_around(self) -> None:
        self._plain = not (self.paused or self._kept or self._unannounced or self._weights)

    def _drop(self) -> E:
        self.dropped += 1
        self._unannounced += 1
        return self._oldest() if self._events else self._kept.pop(0)[1]
