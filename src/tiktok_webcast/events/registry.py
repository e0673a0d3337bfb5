"""Which event a wire method becomes; users may add their own or replace ours, without forking.

registry = REGISTRY.copy()
registry.register("WebcastFooMessage", FooEvent, parse=Foo.FromString)
SessionConfig(registry=registry)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

from ..view import needs_wire_field, wire_name
from .base import Event

Parse = Callable[[bytes], Any]
_PREFIX = "Webcast"


class Binding(NamedTuple):
    """How one method's payload is parsed, and the event class that views the result."""

    parse: Parse
    event: type[Event]


class Registry:
    """Wire methods and their events. A lookup that finds nothing means `UnknownEvent`."""

    def __init__(self, classes: Mapping[str, str | type[Event]]) -> None:
        """`classes` maps a wire method to an event class, or to `"module:Class"`, imported when it first occurs."""
        self._classes = dict(classes)
        self._bindings: dict[str, Binding | None] = {}
        self.revision: int = 0
        """Grows with every `register`: what was found before may have been replaced."""

    def register(self, method: str, event: type[Event], *, parse: Parse | None = None) -> None:
        """Bind a wire method to an event class, replacing what was bound before.

        `parse` turns the payload into the object that the event's fields are read from, and raises on what it can't
        read; without it, `event.wire_type` must name a message of ours.

        Raises:
            ValueError: there is no `parse`, and the event has no `wire_type` or a field that its message has not; or
                its class has a `__setattr__`, as frozen dataclasses have: events are frozen as they are.
            LookupError: no message of ours has the name that `wire_type` says.
        """
        if event.__setattr__ is not object.__setattr__:
            raise ValueError(f"{event.__name__} has a __setattr__ of its own (a dataclass?): no event could be made")
        if parse is None and not event.wire_type:
            raise ValueError(f"{event.__name__} names no wire_type: pass parse=, e.g. YourMessage.FromString")
        if parse is None:
            _check_fields(event)
        self._classes[method] = event
        bare = method.removeprefix(_PREFIX)
        if bare not in self._classes:
            # It may have been looked up before, and then stands for what was bound until now.
            self._bindings.pop(bare, None)
        self._bindings[method] = Binding(parse or _parser(event), event)
        self.revision += 1

    def find(self, method: str) -> Binding | None:
        """Return the binding of a wire method, with or without its `Webcast` prefix, or `None`."""
        try:
            return self._bindings[method]
        except KeyError:
            pass
        name = method if method in self._classes else _PREFIX + method
        found = self._classes.get(name)
        if found is None:
            # Not remembered: the peer chooses the names, and a table it can grow needs a limit.
            return None
        event = found if isinstance(found, type) else _load(found)
        known = self._bindings.get(name)
        binding = known if known is not None else Binding(_parser(event), event)
        self._bindings[method] = self._bindings[name] = binding
        return binding

    def methods(self) -> tuple[str, ...]:
        """Return every wire method that has an event of its own, sorted."""
        return tuple(sorted(self._classes))

    def copy(self) -> Registry:
        """Return a registry of its own with the same bindings."""
        copy = Registry(self._classes)
        copy._bindings = dict(self._bindings)
        return copy


def _load(path: str) -> type[Event]:
    module, _, name = path.partition(":")
    event: type[Event] = getattr(import_module(module), name)
    return event


def _check_fields(event: type[Event]) -> None:
    """Raise if a field could not be read: now, to who registers it, and not when its first message comes."""
    from .._pb import message_class

    sent = message_class(event.wire_type).DESCRIPTOR.fields_by_name
    for name in event.fields:
        if needs_wire_field(event, name) and wire_name(name) not in sent:
            raise ValueError(
                f"{event.__name__}.{name} is no field of {event.wire_type}: "
                f"name it as the wire does (docs/events.md), or define _read_{name}"
            )


def _parser(event: type[Event]) -> Parse:
    from .._pb import message_class

    parse: Parse = message_class(event.wire_type).FromString
    return parse
