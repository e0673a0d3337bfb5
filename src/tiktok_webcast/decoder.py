"""From a raw message to a typed event: the one place where payloads are parsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .events.base import Event
from .events.registry import Parse, Registry
from .events.session import UndecodableEvent, UnknownEvent
from .events.table import REGISTRY
from .message import Message
from .wire import WireType, top_fields

MAX_RESCUED = 128
"""Fields at the top of a message from which one that is broken is taken out; real messages have fewer."""
MAX_RESCUES = 64
"""Messages of one frame that are looked into for such a field: each can cost 0.2 ms, and a frame has 4,096."""


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
        try:
            wire = binding.parse(message.payload)
        except Exception:
            wire = parse_rest(binding.parse, message.payload)
            if wire is None:
                raise
        return Parsed(wire, binding.event.variant(wire, message))
    except Exception as error:  # A parser that users registered may raise anything; the bytes decide, not the caller.
        return describe(error)


def parse_rest(parse: Parse, payload: bytes) -> Any:
    """Parse a payload that `parse` refused, but for the one field that is to blame; `None` if there is no such field.

    TikTok may send text, or numbers, where the schema has a message: in the same wire type, so that the whole message
    is refused. Where more than one field is broken, or nothing else is known, it is no such message at all.

    It is not given what `parse` raised: an error raised by a function that holds it holds itself, with the payload and
    all its pieces, until the garbage is collected; frames of 4 MiB took 600 MB so.
    """
    known = getattr(getattr(getattr(parse, "__self__", None), "DESCRIPTOR", None), "fields_by_number", None)
    fields = None if known is None else top_fields(payload, MAX_RESCUED)
    if known is None or fields is None:
        return None
    broken: set[int] = set()
    kept: list[bytes] = []
    useful = False
    for number, wire_type, data in fields:
        if number not in known:
            kept.append(data)
        elif wire_type is not WireType.LEN or _parses(parse, data):
            kept.append(data)
            useful = True
        else:
            broken.add(number)
    if len(broken) != 1 or not useful:
        return None
    return parse(b"".join(kept))


def _parses(parse: Parse, data: bytes) -> bool:
    try:
        parse(data)
    except Exception:
        return False
    return True


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
