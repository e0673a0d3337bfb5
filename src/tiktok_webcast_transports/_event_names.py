"""Which events does a name or a class stand for?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.events import GiftStreakEndEvent, UndecodableEvent, UnknownEvent
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.registry import Registry
from tiktok_webcast.session_config import SESSION_EVENTS

ERROR = "error"
"""The name under which failures are listened to; no event has it."""
_OURS = f"{Event.__module__.partition('.')[0]}."
_WITHOUT_METHOD = SESSION_EVENTS | {UnknownEvent.name, UndecodableEvent.name, GiftStreakEndEvent.name}


@dataclass(frozen=True)
class Selection:
    """The events that somebody asked for."""

    names: frozenset[str] | None
    """Their names; `None`: every event."""
    kind: type[Event] = Event
    """Their class, or a base of theirs."""

    def accepts(self, kind: type[Event]) -> bool:
        """Whether events of this class are among them."""
        return issubclass(kind, self.kind) and (self.names is None or kind.name in self.names)


EVERYTHING = Selection(None)
"""Every event."""


def select(event: str | type[Event], registry: Registry) -> Selection:
    """Return the selection that a name (`"comment"`) or a class (`CommentEvent`, or a base class) stands for.

    Raises:
        ConfigurationError: There is no such event.
    """
    if isinstance(event, str):
        if event in _loaded_names() or event in known_names(registry):
            return Selection(frozenset({event}))
        raise ConfigurationError(f"There is no event {event!r}.{_hint(event, known_names(registry))}")
    if not (isinstance(event, type) and issubclass(event, Event)):
        raise ConfigurationError(f"An event is named by its name or its class, not by {event!r}.")
    if event is Event:
        return EVERYTHING
    if event.__module__.startswith(_OURS) and not event.__subclasses__() and event.name != Event.name:
        return Selection(frozenset({event.name}), event)
    # A base class, perhaps of events that no one has imported yet, or a class of the user's own.
    known = known_names(registry)
    names = frozenset(kind.name for kind in _family(event) if kind.name in known)
    if not names:
        raise ConfigurationError(
            f"No message becomes a {event.__name__}: register it, SessionConfig(registry=...), before the client."
        )
    return Selection(names, event)


def known_names(registry: Registry) -> frozenset[str]:
    """Return the names of all events that there are. The first time, this imports all their classes."""
    names = set(_WITHOUT_METHOD)
    for method in registry.methods():
        binding = registry.find(method)
        if binding is not None:
            names.update(binding.event.names())
    return frozenset(names)


def _loaded_names() -> set[str]:
    """The names of our classes that are imported: the everyday ones, without the cost of importing all others."""
    return {kind.name for kind in _family(Event) if kind.__module__.startswith(_OURS)} - {Event.name}


def _family(kind: type[Event]) -> Iterator[type[Event]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)


def _hint(name: str, known: frozenset[str]) -> str:
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    candidates = {*known, ERROR}
    # "CommentEvent", "on_comment" and "likes" are natural slips; compare without what they add.
    bare = wanted.removeprefix("on_").removesuffix("event").strip("_")
    spelled = {candidate.replace("_", ""): candidate for candidate in candidates}
    exact = spelled.get(bare.replace("_", ""))
    close = [exact] if exact else get_close_matches(wanted, sorted(candidates), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else " docs/events.md lists all events."
