"""What clients did to a simulator: every request, handshake, heartbeat and ack, with its time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

KEPT = 20_000
"""Entries kept; older ones are forgotten."""


class Entry(NamedTuple):
    """One thing that a client did, or that the simulator did about it."""

    at: float
    """Seconds by the clock that the simulator is driven with."""
    kind: str
    """`http`, `sign`, `socket`, `enter`, `heartbeat`, `ack`, `stall`, `violation`, `leave` or `end`."""
    user: str
    """Whose room; empty where there is none."""
    detail: Mapping[str, Any]


class Log:
    """The entries, oldest first."""

    def __init__(self, limit: int = KEPT) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)

    def add(self, at: float, kind: str, user: str, **detail: Any) -> None:
        """Take something down."""
        self._entries.append(Entry(at, kind, user, detail))

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, *kinds: str, user: str | None = None) -> list[Entry]:
        """The entries of these kinds, of all rooms or of one."""
        return [entry for entry in self if entry.kind in kinds and (user is None or entry.user == user)]
