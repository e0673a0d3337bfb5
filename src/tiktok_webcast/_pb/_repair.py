"""Parsing broken UTF-8 where protobuf runs without its C part (PyPy, platforms without wheels).

That implementation knows no `utf8_validation = NONE`: it raises, and the message is lost. Its message classes get a
parser here that replaces what is not UTF-8 and tries once more. The usual implementation never comes through here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def accept_broken_text(cls: Any) -> None:
    """Make a message class of the pure Python implementation parse text that is not UTF-8."""
    strict = cls.MergeFromString
    descriptor = cls.DESCRIPTOR

    def merge_from_string(self: Any, serialized: bytes) -> Any:
        try:
            return strict(self, serialized)
        except UnicodeDecodeError:
            self.Clear()
            return strict(self, repaired(descriptor, serialized))
        except RecursionError as error:
            raise DecodeError("nested too deeply") from error

    cls.MergeFromString = merge_from_string


def repaired(descriptor: Any, data: bytes) -> bytes:
    """Return a message with replacement characters for what is not UTF-8 in its text fields, all the way down."""
    out = bytearray()
    for tag, wire, value in _fields(data):
        field = descriptor.fields_by_number.get(tag >> 3)
        if wire == _LENGTH and field is not None:
            if field.message_type is not None:
                value = repaired(field.message_type, value)
            elif field.type == field.TYPE_STRING:
                value = value.decode("utf-8", "replace").encode()
        out += _varint(tag)
        out += _varint(len(value)) if wire == _LENGTH else b""
        out += value
    return bytes(out)


def _fields(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield each field's tag, wire type and value; a varint as the bytes that it is."""
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        wire = tag & 7
        start = at
        if wire == _VARINT:
            at = _read_varint(data, at)[1]
        elif wire == _LENGTH:
            size, start = _read_varint(data, at)
            at = start + size
        elif wire in (_FIXED64, _FIXED32):
            at += 8 if wire == _FIXED64 else 4
        else:
            raise DecodeError("groups are not read together with broken text")
        if at > len(data):
            raise DecodeError("truncated message")
        yield tag, wire, data[start:at]


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise DecodeError("truncated message")
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise DecodeError("a number of more than ten bytes")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append((value & 127) | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
