"""What went on so far? Counters that cost next to nothing, and snapshots that anyone can keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

MAX_METHODS = 1024
"""Wire methods counted by name; there are some 200. The messages of further ones count as `OTHER`."""
MAX_METHOD_NAME = 128
"""Characters of a wire method counted by name; real ones stay under 60. Longer ones count as `OTHER`."""
OTHER = "(other)"
"""Stands in `Statistics.by_method` for methods past those limits."""


@dataclass(frozen=True)
class Statistics:
    """Counters of a session since its start, at one moment."""

    frames: int = 0
    """WebSocket messages received."""
    bytes: int = 0
    """Their bytes."""
    messages: int = 0
    """Messages in them, repeats included."""
    events: int = 0
    """Events made for you, whether you have taken them or not."""
    by_method: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Messages by wire method, repeats included."""
    duplicates: int = 0
    """Repeated messages, not delivered."""
    history: int = 0
    """Messages of the backlog that were delivered."""
    unknown: int = 0
    """Messages of a method that is not known."""
    undecodable: int = 0
    """Messages and frames that could not be decoded."""
    skipped: int = 0
    """Messages that nobody listens to, not decoded."""
    acks: int = 0
    """Acknowledgements sent."""
    heartbeats: int = 0
    """Heartbeats sent."""
    reconnects: int = 0
    """Connections made after the first."""
    queue_peak: int = 0
    """The most events that waited at one time."""
    dropped: int = 0
    """Events and messages lost to a limit."""
    partial: int = 0
    """Messages of which one field could not be decoded, repeats included: their events lack it, `raw` has it."""

    def to_dict(self) -> dict[str, int | dict[str, int]]:
        """Return the counters as JSON values, in the order of the fields; methods by name."""
        return {
            "frames": self.frames,
            "bytes": self.bytes,
            "messages": self.messages,
            "events": self.events,
            "by_method": dict(sorted(self.by_method.items())),
            "duplicates": self.duplicates,
            "history": self.history,
            "unknown": self.unknown,
            "undecodable": self.undecodable,
            "skipped": self.skipped,
            "acks": self.acks,
            "heartbeats": self.heartbeats,
            "reconnects": self.reconnects,
            "queue_peak": self.queue_peak,
            "dropped": self.dropped,
            "partial": self.partial,
        }


def total(parts: Iterable[Statistics]) -> Statistics:
    """Return the counters of several sessions together: sums, but for `queue_peak`, the greatest."""
    sums = Counters()
    for part in parts:
        for name in _SUMS:
            setattr(sums, name, getattr(sums, name) + getattr(part, name))
        sums.queue_peak = max(sums.queue_peak, part.queue_peak)
        for method, count in part.by_method.items():
            known = method in sums.by_method or len(sums.by_method) < MAX_METHODS
            key = method if known else OTHER
            sums.by_method[key] = sums.by_method.get(key, 0) + count
    return sums.snapshot()


_SUMS = tuple(item.name for item in fields(Statistics) if item.name not in ("by_method", "queue_peak"))


class Counters:
    """The counters of a session while it runs: add to the attributes, named as in `Statistics`."""

    __slots__ = (
        "acks",
        "by_method",
        "bytes",
        "dropped",
        "duplicates",
        "events",
        "frames",
        "heartbeats",
        "history",
        "messages",
        "partial",
        "queue_peak",
        "reconnects",
        "skipped",
        "undecodable",
        "unknown",
    )

    def __init__(self) -> None:
        self.frames: int = 0
        self.bytes: int = 0
        self.messages: int = 0
        self.events: int = 0
        self.by_method: dict[str, int] = {}
        self.duplicates: int = 0
        self.history: int = 0
        self.unknown: int = 0
        self.undecodable: int = 0
        self.skipped: int = 0
        self.acks: int = 0
        self.heartbeats: int = 0
        self.reconnects: int = 0
        self.queue_peak: int = 0
        self.dropped: int = 0
        self.partial: int = 0

    def count_message(self, method: str) -> None:
        """Count a message of the wire method `method`."""
        self.messages += 1
        methods = self.by_method
        try:
            methods[method] += 1
        except KeyError:
            # The peer chooses the names: neither many nor long ones may fill the memory.
            if len(methods) >= MAX_METHODS or len(method) > MAX_METHOD_NAME:
                method = OTHER
            methods[method] = methods.get(method, 0) + 1

    def snapshot(self) -> Statistics:
        """Return the counters as they are now."""
        return Statistics(
            frames=self.frames,
            bytes=self.bytes,
            messages=self.messages,
            events=self.events,
            by_method=MappingProxyType(dict(self.by_method)),
            duplicates=self.duplicates,
            history=self.history,
            unknown=self.unknown,
            undecodable=self.undecodable,
            skipped=self.skipped,
            acks=self.acks,
            heartbeats=self.heartbeats,
            reconnects=self.reconnects,
            queue_peak=self.queue_peak,
            dropped=self.dropped,
            partial=self.partial,
        )
