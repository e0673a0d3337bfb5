"""What is in these bytes? Any protobuf payload without a schema: fields, wire types, and guesses at what they mean.

    view = read_wire(payload)
    for line in view.lines():
        ...

Reading never raises and never holds more than `MAX_FIELDS` fields; what cannot be read is kept as `rest`.
The numbers and bytes are exact, the guesses are guesses.
"""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, NamedTuple

from .view import rfc3339

MAX_DEPTH = 16
"""Messages within messages that are opened; real ones stay under 12."""
MAX_FIELDS = 20_000
"""Fields of one payload that are read, at all depths together; real ones stay under 2,000."""
MAX_STEPS = 10 * MAX_FIELDS
"""Fields that are tried, those of bytes that turn out not to be messages included: the time that reading may take."""
MAX_PACKED = 4096
"""Bytes of a field that may be a packed list; longer ones are just bytes."""
SHOWN_TEXT = 200
"""Characters of a text, or bytes of anything else, that `lines()` shows."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_OLDEST = 1_400_000_000
_NEWEST = 2_200_000_000
"""Seconds since 1970 that are taken for a time: 2014 to 2039."""
_MAX_NUMBER = 2**29 - 1
_TIME_UNITS = (1, 10**3, 10**6, 10**9)
"""Parts of a second that times are counted in."""
_CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]")


class WireType(Enum):
    """How a field is written; groups (3 and 4) are not used by TikTok and end the reading."""

    VARINT = 0
    FIXED64 = 1
    LEN = 2
    FIXED32 = 5


class Guess(str, Enum):
    """What a field probably is."""

    NUMBER = "number"
    ID = "id"
    TIME = "time"
    TEXT = "text"
    MESSAGE = "message"
    PACKED = "packed"
    BYTES = "bytes"
    EMPTY = "empty"


class WireField(NamedTuple):
    """One field, as often as it occurs, in the order of the bytes."""

    number: int
    wire_type: WireType
    value: int | bytes
    """A varint or fixed number as sent (unsigned), or the bytes of a length-delimited field."""
    guess: Guess
    message: WireView | None = None
    """The field's bytes read as a message, if they can be."""

    @property
    def text(self) -> str | None:
        """The bytes as text, if they are printable UTF-8."""
        return _printable(self.value) if isinstance(self.value, bytes) else None

    @property
    def signed(self) -> int | None:
        """The number as a 64-bit signed one: negative numbers are sent as varints of ten bytes."""
        if isinstance(self.value, bytes):
            return None
        bits = 32 if self.wire_type is WireType.FIXED32 else 64
        return self.value - 2**bits if self.value >= 2 ** (bits - 1) else self.value

    @property
    def floating(self) -> float | None:
        """A fixed number read as floating point, which most fixed numbers are; `None` for the others."""
        if isinstance(self.value, bytes) or self.wire_type is WireType.VARINT:
            return None
        code = ("<I", "<f") if self.wire_type is WireType.FIXED32 else ("<Q", "<d")
        found: float = struct.unpack(code[1], struct.pack(code[0], self.value))[0]
        return found

    @property
    def time(self) -> datetime | None:
        """The number, or the time inside of a TikTok id, as a time; `None` if it does not look like one."""
        if isinstance(self.value, bytes):
            digits = self.text
            return number_time(int(digits)) if digits is not None and _is_decimal(digits) else None
        return number_time(self.value)

    @property
    def packed(self) -> tuple[int, ...] | None:
        """The bytes as a packed list of varints, if they can be."""
        return _packed(self.value) if isinstance(self.value, bytes) else None

    def to_dict(self) -> dict[str, Any]:
        """Return the field as JSON types: 64-bit numbers that JavaScript would round as strings, bytes as base64."""
        result: dict[str, Any] = {
            "field": self.number,
            "wire_type": self.wire_type.name.lower(),
            "guess": self.guess.value,
        }
        time = self.time
        if isinstance(self.value, int):
            signed = self.signed
            result["value"] = str(signed) if signed is not None and abs(signed) >= 2**53 else signed
        else:
            result["size"] = len(self.value)
        if self.guess is Guess.MESSAGE and self.message is not None:
            result["message"] = self.message.to_dict()
        elif self.guess in (Guess.TEXT, Guess.ID, Guess.TIME) and isinstance(self.value, bytes):
            result["text"] = self.text
        elif self.guess is Guess.PACKED:
            result["packed"] = [str(item) if item >= 2**53 else item for item in self.packed or ()]
        elif self.guess is Guess.BYTES and isinstance(self.value, bytes):
            result["base64"] = base64.b64encode(self.value).decode("ascii")
        if self.guess in (Guess.TIME, Guess.ID) and time is not None:
            result["time"] = rfc3339(time)
        return result


class WireView(NamedTuple):
    """A message read without a schema."""

    fields: tuple[WireField, ...]
    rest: bytes = b""
    """Bytes after the last field that could be read."""
    error: str = ""
    """Why the rest could not be read; empty when there is none."""

    @property
    def complete(self) -> bool:
        """Whether every byte was read."""
        return not self.error

    def find(self, *path: int) -> tuple[WireField, ...]:
        """Return the fields at a path of field numbers: `find(1, 4)` are the fields 4 in all messages in field 1."""
        found: tuple[WireField, ...] = ()
        views: tuple[WireView, ...] = (self,)
        for number in path:
            found = tuple(field for view in views for field in view.fields if field.number == number)
            views = tuple(field.message for field in found if field.message is not None)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the view as JSON types."""
        result: dict[str, Any] = {"fields": [field.to_dict() for field in self.fields]}
        if self.error:
            result["error"] = self.error
            result["rest"] = base64.b64encode(self.rest).decode("ascii")
        return result

    def lines(self) -> Iterator[str]:
        """Yield the view as indented lines for people. Texts are as sent: clean them before a terminal shows them."""
        yield from _lines(self, "")


def read_wire(data: bytes) -> WireView:
    """Read any bytes as a protobuf message. Never raises; see `WireView.error` for what could not be read."""
    return _Reader().message(bytes(data), 0)


def top_fields(data: bytes, most: int) -> list[tuple[int, WireType, bytes]] | None:
    """Cut a message into its fields, each with all its bytes, tag included; `None` if there are more, or it is none."""
    found: list[tuple[int, WireType, bytes]] = []
    at = 0
    try:
        while at < len(data):
            if len(found) == most:
                return None
            number, wire_type, _, after = _field(data, at)
            found.append((number, wire_type, data[at:after]))
            at = after
    except _Unreadable:
        return None
    return found


def number_time(value: int) -> datetime | None:
    """Return the time that a number probably stands for: seconds to nanoseconds since 1970, or a TikTok id.

    The upper 32 bits of room, user and message ids are the seconds when they were made (seen in captures).
    """
    for unit in _TIME_UNITS:
        if _OLDEST * unit <= value < _NEWEST * unit:
            return _EPOCH + timedelta(microseconds=value * 10**6 // unit)
    return _EPOCH + timedelta(seconds=value >> 32) if is_made_id(value) else None


def is_made_id(value: int) -> bool:
    """Whether a number is built like a TikTok id: 64 bits, of which the upper half is a time."""
    return _OLDEST <= value >> 32 < _NEWEST and value < 2**63


class _Unreadable(Exception):
    """The bytes from here on are no field."""


class _Reader:
    """Reads one payload; counts the fields of all depths, so that nothing hostile grows without end."""

    def __init__(self) -> None:
        self._left = MAX_FIELDS
        self._steps = MAX_STEPS

    def message(self, data: bytes, depth: int) -> WireView:
        fields: list[WireField] = []
        at = 0
        while at < len(data):
            if not self._left:
                return WireView(tuple(fields), data[at:], f"more than {MAX_FIELDS} fields")
            self._left -= 1
            self._steps -= 1
            try:
                number, wire_type, value, after = _field(data, at)
            except _Unreadable as error:
                return WireView(tuple(fields), data[at:], f"{error} at byte {at}")
            fields.append(self._guessed(number, wire_type, value, depth))
            at = after
        return WireView(tuple(fields))

    def _guessed(self, number: int, wire_type: WireType, value: int | bytes, depth: int) -> WireField:
        if isinstance(value, int):
            return WireField(number, wire_type, value, _number_guess(value))
        text = _printable(value)
        nested = self._nested(value, depth) if text is None or _may_be_both(text) else None
        if not value:
            guess = Guess.EMPTY
        elif nested is not None and (text is None or _holds_text(nested)):
            guess = Guess.MESSAGE
        elif text is not None:
            guess = _number_guess(int(text), Guess.TEXT) if _is_decimal(text) else Guess.TEXT
        else:
            guess = Guess.PACKED if _packed(value) is not None else Guess.BYTES
        return WireField(number, wire_type, value, guess, nested)

    def _nested(self, value: bytes, depth: int) -> WireView | None:
        if depth >= MAX_DEPTH or not value or self._steps <= 0:
            return None
        before = self._left
        view = self.message(value, depth + 1)
        if view.complete:
            return view
        # What is no message takes no fields from the others; the time that it took is counted in `_steps`.
        self._left = before
        return None


def _field(data: bytes, at: int) -> tuple[int, WireType, int | bytes, int]:
    tag, at = _varint(data, at)
    number = tag >> 3
    if not 1 <= number <= _MAX_NUMBER:
        raise _Unreadable(f"no field number {number}")
    kind = tag & 7
    if kind == 0:
        value, after = _varint(data, at)
        return number, WireType.VARINT, value & (2**64 - 1), after
    if kind == 2:
        size, at = _varint(data, at)
        if size > len(data) - at:
            raise _Unreadable(f"field {number} claims {size} bytes of {len(data) - at}")
        return number, WireType.LEN, data[at : at + size], at + size
    if kind in (1, 5):
        size = 8 if kind == 1 else 4
        if size > len(data) - at:
            raise _Unreadable(f"field {number} is cut")
        return number, WireType(kind), int.from_bytes(data[at : at + size], "little"), at + size
    raise _Unreadable(f"wire type {kind} in field {number}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise _Unreadable("a cut number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise _Unreadable("a number of more than ten bytes")


# --- guesses --------------------------------------------------------------------------------------------------------


def _printable(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    # Names hold joiners and other marks that `isprintable` refuses: only control characters speak against text.
    return None if _CONTROL.search(text) is not None else text


def _may_be_both(text: str) -> bool:
    """Whether printable text could begin a message: its first character is also the tag of a length-delimited field."""
    return len(text) > 2 and text[0] in '"*2:BJRZbjrz\n\r'


def _holds_text(view: WireView) -> bool:
    """Whether a message that is printable as a whole is more than text by chance: it holds text of some length."""
    return any(
        field.guess is Guess.TEXT and isinstance(field.value, bytes) and len(field.value) > 3 for field in view.fields
    )


def _is_decimal(text: str) -> bool:
    return 9 <= len(text) <= 20 and text.isascii() and text.isdigit()


def _number_guess(value: int, otherwise: Guess = Guess.NUMBER) -> Guess:
    if is_made_id(value):
        return Guess.ID
    if any(_OLDEST * unit <= value < _NEWEST * unit for unit in _TIME_UNITS):
        return Guess.TIME
    return otherwise


def _packed(data: bytes) -> tuple[int, ...] | None:
    if len(data) > MAX_PACKED:
        return None
    values: list[int] = []
    at = 0
    while at < len(data):
        try:
            value, at = _varint(data, at)
        except _Unreadable:
            return None
        values.append(value & (2**64 - 1))
    return tuple(values) if values else None


# --- for people -----------------------------------------------------------------------------------------------------


def _lines(view: WireView, indent: str) -> Iterator[str]:
    for field in view.fields:
        yield f"{indent}{field.number}: {_shown(field)}"
        if field.guess is Guess.MESSAGE and field.message is not None:
            yield from _lines(field.message, indent + "  ")
    if view.error:
        yield f"{indent}!! {view.error}; {len(view.rest)} bytes are left: {_hex(view.rest)}"


def _shown(field: WireField) -> str:
    time = field.time if field.guess in (Guess.TIME, Guess.ID) else None
    when = f"  # {'made ' if field.guess is Guess.ID else ''}{rfc3339(time)}" if time is not None else ""
    if isinstance(field.value, int):
        shown = str(field.signed)
        floating = field.floating
        if floating is not None:
            shown += f" {field.wire_type.name.lower()}, as a float {floating:g}"
        return shown + when
    if field.guess in (Guess.TEXT, Guess.TIME, Guess.ID):
        text = field.text or ""
        cut = f" (of {len(text)} characters)" if len(text) > SHOWN_TEXT else ""
        return f'"{text[:SHOWN_TEXT]}"{cut}{when}'
    if field.guess is Guess.EMPTY:
        return "empty"
    if field.guess is Guess.PACKED:
        values = field.packed or ()
        more = ", ..." if len(values) > 20 else ""
        return f"[{', '.join(map(str, values[:20]))}{more}]  # a packed list, or {len(field.value)} bytes"
    if field.guess is Guess.MESSAGE:
        return f"message, {len(field.value)} bytes"
    return f"{len(field.value)} bytes: {_hex(field.value)}"


def _hex(data: bytes) -> str:
    return data[:SHOWN_TEXT].hex() + ("..." if len(data) > SHOWN_TEXT else "")
