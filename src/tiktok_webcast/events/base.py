"""What every event has: its names, its ids, its time, and its own bytes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from ..message import Message
from ..view import View, empty_wire, rfc3339

BASE_KEYS = ("event", "method", "msg_id", "room_id", "created_at", "is_history")
"""The first keys of every JSON line, in order (contracts.md section 2)."""

_NO_MESSAGE = Message("", b"")
_NOTHING: Mapping[str, Any] = {}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Event(View):
    """Something that happened in a room: immutable, read lazily from the message that carried it."""

    __slots__ = ("_message", "_room_id")
    name: ClassVar[str] = "event"
    """The event's name for listeners, filters and JSON lines."""
    room_id: int
    """The room it happened in: the session's, else the one that the message names; 0 while none is known."""
    _message: Message
    _room_id: int

    def __init__(self, *, message: object = _NO_MESSAGE, **values: object) -> None:
        if not isinstance(message, Message):
            # Some events have a field of this name, a text.
            message, values = _NO_MESSAGE, {**values, "message": message}
        super().__init__(**values)
        self._message = message
        self._room_id = 0

    @classmethod
    def from_message(cls, wire: Any, message: Message, room_id: int, given: Mapping[str, Any] = _NOTHING) -> Any:
        """Make one from a message and its parsed form; `given` are fields that the message does not carry."""
        self = _new(cls)
        self._wire = wire
        self._given = self._values = given
        self._message = message
        self._room_id = room_id
        return self

    @classmethod
    def variant(cls, wire: Any, message: Message) -> type[Event]:
        """Return the class for this very message: one method may carry several kinds of event."""
        return cls

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all events that this class's method may become."""
        return (cls.name,)

    @property
    def method(self) -> str | None:
        """The wire's name of the message, e.g. `WebcastChatMessage`; `None` for events of the session itself."""
        return self._message.method or None

    @property
    def msg_id(self) -> int | None:
        """The message's id, unique within a room; `None` if it has none."""
        return self._message.msg_id or getattr(getattr(self._wire, "common", None), "msg_id", 0) or None

    @property
    def is_history(self) -> bool:
        """Whether it happened before the connection and was sent as backlog."""
        return self._message.is_history

    @property
    def created_at(self) -> datetime | None:
        """When it happened by the server's clock (aware, UTC); `None` if the server did not say."""
        return wire_time(getattr(getattr(self._wire, "common", None), "create_time", 0))

    @property
    def raw(self) -> bytes:
        """The message's own bytes; empty for events of the session itself."""
        return self._message.payload

    @property
    def base64(self) -> str:
        """`raw` as base64 text."""
        return base64.b64encode(self._message.payload).decode("ascii")

    def to_dict(self) -> dict[str, Any]:
        """Return the event as the object of one JSON line (contracts.md section 2)."""
        created_at = self.created_at
        result: dict[str, Any] = {
            "event": self.name,
            "method": self.method,
            "msg_id": None if self.msg_id is None else str(self.msg_id),
            "room_id": str(self.room_id),
            "created_at": None if created_at is None else rfc3339(created_at),
            "is_history": self.is_history,
        }
        for name in self.json_fields or self.fields:
            if name not in result:
                result[name] = self._to_json(name)
            elif name == "event":
                # A field of this name (barrages have one) must not hide which event it is, nor be lost for it.
                result["event_"] = self._to_json(name)
        return result

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Event):
            return NotImplemented
        same = self._message == other._message and self.room_id == other.room_id
        return same and dict(self._given) == dict(other._given)

    def __hash__(self) -> int:
        return hash((type(self), self.room_id, self._message))

    def __reduce__(self) -> tuple[Any, ...]:
        # What a parser of the user's made is not ours to make again from the bytes.
        foreign = self._wire is not None and type(self._wire) is not type(empty_wire(type(self).wire_type))
        wire = self._wire if foreign else None
        return _restore_event, (type(self), tuple(self._message), self.room_id, dict(self._given), wire)

    def _read_room_id(self) -> int:
        return self._room_id or getattr(getattr(self._wire, "common", None), "room_id", 0)


_new = object.__new__


def _restore_event(
    cls: type[Event], message: tuple[Any, ...], room_id: int, given: dict[str, Any], wire: Any = None
) -> Event:
    restored = Message(*message)
    if wire is None:
        wire = empty_wire(cls.wire_type)
        if wire is not None and restored.payload:
            wire = _parse_again(type(wire).FromString, restored.payload)
    event: Event = cls.from_message(wire, restored, room_id, given)
    return event


def _parse_again(parse: Any, payload: bytes) -> Any:
    try:
        return parse(payload)
    except Exception:
        # Imported here, as it imports this: one field of the message may have been lost when it came, too.
        from ..decoder import parse_rest

        wire = parse_rest(parse, payload)
        if wire is None:
            raise
        return wire


def wire_time(value: int) -> datetime | None:
    """Return a wire time as an aware UTC datetime, or `None` for 0 and for what no calendar holds.

    The unit is milliseconds; captures also have seconds and nanoseconds in the same fields, told apart by size
    (protocol/captures.md, "values a decoder must survive").
    """
    if value <= 0:
        return None
    milliseconds = value * 1000 if value < 10**11 else value // 10**6 if value > 10**16 else value
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
