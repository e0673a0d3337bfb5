"""From a raw message to a typed event: the one place where payloads are parsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .events.base import Event
from .events.registry import Registry
from .events.session import UndecodableEvent, UnknownEvent
from .events.table import REGISTRY
from .message import Message


class Parsed(NamedTuple):
    """A message that its method's schema could read, and the event class it becomes."""

    wire: Any
    event: type[Event]


def parse(message: Message, registry: Registry = REGISTRY) -> Parsed | str | None:
    """Parse a message's payload: the parsed form, or what is wrong with it, or `None` for an unknown method."""
    binding = registry.find(message.method)
    if binding is None:
        return None
    try:
        wire = binding.parse(message.payload)
        return Parsed(wire, binding.event.variant(wire, message))
    except Exception as error:  # A parser that users registered may raise anything; the bytes decide, not the caller.
        return describe(error)


def decode(message: Message, *, room_id: int = 0, registry: Registry = REGISTRY) -> Event:
    """Turn a message into its event.

    Never raises: an unknown method becomes an `UnknownEvent`, a payload that its schema can't read an
    `UndecodableEvent`; both keep the bytes.
    """
    return to_event(message, parse(message, registry), room_id)


def to_event(message: Message, parsed: Parsed | str | None, room_id: int) -> Event:
    """Make the event of what `parse` returned."""
    event: Event
    if parsed is None:
        event = UnknownEvent.from_message(None, message, room_id)
    elif isinstance(parsed, str):
        event = UndecodableEvent.from_message(None, message, room_id, {"error": parsed})
    else:
        event = parsed.event.from_message(parsed.wire, message, room_id)
    return event


def has_more_parts(wire: Any, most: int) -> bool:
    """Return whether a parsed message has more than `most` messages and entries of lists in it, at all depths."""
    # What a user's own parser returns may be no protobuf message.
    left, inside = most, [wire] if hasattr(wire, "ListFields") else []
    while inside and left >= 0:
        for _, value in inside.pop().ListFields():
            if hasattr(value, "ListFields"):
                left -= 1
                inside.append(value)
            elif not isinstance(value, (str, bytes, int, float)):
                left -= len(value)
                entries = value.values() if isinstance(value, Mapping) else value
                if left >= 0:
                    inside.extend(entry for entry in entries if hasattr(entry, "ListFields"))
    return left < 0


def describe(error: Exception) -> str:
    """Say in words what a parser raised."""
    return f"{type(error).__name__}: {error}"
