"""`Manifest`: what a simulator says it sent, and what a correct client must therefore have printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ..message import Message
from .script import Frame, Raw, Sign, Step, Truth

KEPT_EVENTS = 250_000
"""Events of one visit that are kept: about a day of an everyday room."""


@dataclass(frozen=True)
class Manifest:
    """The truth about one client's visit, or about a whole script."""

    scenario: str
    room_id: int
    unique_id: str
    events: tuple[Truth, ...]
    """The JSON lines to print, in order, each with the keys that the script knows."""
    wire: Mapping[str, Any]
    """What went over the wire: `frames`, `messages` (repeats included), `duplicates`, `history`, `by_method`."""
    complete: bool = True
    """Whether `events` are all; past [`KEPT_EVENTS`][] no more are kept."""

    @property
    def totals(self) -> dict[str, Any]:
        """The sums that the events add up to."""
        return totals(self.events)

    def to_dict(self) -> dict[str, Any]:
        """Return the manifest as one JSON object."""
        return {
            "scenario": self.scenario,
            "room_id": str(self.room_id),
            "unique_id": self.unique_id,
            "totals": self.totals,
            "wire": dict(self.wire),
            "complete": self.complete,
            "events": list(self.events),
        }


class Recorder:
    """Adds up the steps that were played into a manifest."""

    def __init__(self, scenario: str, room_id: int, unique_id: str) -> None:
        self._names = (scenario, room_id, unique_id)
        self._events: list[Truth] = []
        self._methods: Counter[str] = Counter()
        self._seen: set[int] = set()
        self._counts = Counter({"frames": 0, "messages": 0, "duplicates": 0, "history": 0})

    def add(self, step: Step) -> None:
        """Take note of a step that was played."""
        if len(self._events) < KEPT_EVENTS:
            self._events += step.truth
        if isinstance(step.action, (Frame, Raw)):
            self._counts["frames"] += 1
        if isinstance(step.action, (Frame, Sign)):
            self._add_messages(step.action.messages)

    def manifest(self, otherwise: tuple[Truth, ...] = ()) -> Manifest:
        """The truth so far; `otherwise` if there is none."""
        wire = {**self._counts, "by_method": dict(sorted(self._methods.items()))}
        return Manifest(*self._names, tuple(self._events) or otherwise, wire, len(self._events) < KEPT_EVENTS)

    def _add_messages(self, messages: Sequence[Message]) -> None:
        counts = self._counts
        for message in messages:
            counts["messages"] += 1
            self._methods[message.method] += 1
            if message.msg_id in self._seen:
                counts["duplicates"] += 1
            elif message.is_history:
                counts["history"] += 1
            if message.msg_id:
                self._seen.add(message.msg_id)


def totals(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up JSON lines, a manifest's or a client's: both must come to the same.

    `gift_units` and `diamonds` count each streak once, at its ends; `gift_deltas` adds up the steps and must equal
    `gift_units`.
    """
    names: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    units = diamonds = deltas = likes = room_likes = 0
    for event in events:
        name = event["event"]
        names[name] += 1
        if name == "gift":
            deltas += event["delta"]
        elif name == "gift_streak_end":
            units += event["total"]
            diamonds += event["diamonds"]
            causes[event["cause"]] += 1
        elif name == "like":
            likes += event["likes"]
            room_likes = event["room_likes"]
    return {
        "events": dict(sorted(names.items())),
        "gift_deltas": deltas,
        "gift_units": units,
        "diamonds": diamonds,
        "streak_ends": dict(sorted(causes.items())),
        "likes": likes,
        "room_likes": room_likes,
    }


def differences(expected: Iterable[Truth], printed: Iterable[Mapping[str, Any]]) -> list[str]:
    """Compare a manifest's events with the lines that a client printed; an empty list means that they agree.

    There must be as many lines as events, in the same order, and each line must have every key that the event has, with
    the same value; lines may have more keys. How often a client tries again is its own choice: where the manifest has
    no `reconnecting`, those of the client are passed over.
    """
    expected, printed = list(expected), list(printed)
    if not any(event["event"] == "reconnecting" for event in expected):
        printed = [line for line in printed if line["event"] != "reconnecting"]
    found: list[str] = []
    for number, (want, line) in enumerate(zip_longest(expected, printed), 1):
        if want is None:
            found.append(f"line {number}: not in the manifest: {line}")
        elif line is None:
            found.append(f"line {number}: missing: {want}")
        else:
            found += [f"line {number} ({want['event']}): {text}" for text in _compare(want, line, "")]
    return found


def _compare(want: Any, got: Any, path: str) -> list[str]:
    if isinstance(want, Mapping) and isinstance(got, Mapping):
        return [
            text
            for key, value in want.items()
            for text in _compare(value, got.get(key, "no such key"), f"{path}.{key}" if path else key)
        ]
    if isinstance(want, (list, tuple)) and isinstance(got, (list, tuple)) and len(want) == len(got):
        return [
            text
            for index, pair in enumerate(zip(want, got, strict=True))
            for text in _compare(*pair, f"{path}[{index}]")
        ]
    return [] if want == got else [f"{path} is {got!r}, the manifest says {want!r}"]
