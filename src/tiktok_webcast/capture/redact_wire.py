"""Frames and payloads with other names in them: the same fields of the same lengths, in the same order."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from typing import Any

from google.protobuf.message import DecodeError

from .._pb.transport_pb2 import BaseProtoMessage, ProtoMessageFetchResult, WebcastPushFrame
from ..config import Limits
from ..events.table import REGISTRY
from ..push.unpack import BadFrame, gunzip
from ..view import _is_repeated as is_repeated
from ..view import text as wire_text
from ..wire import Guess, is_made_id, read_wire
from ..wire import _printable as printable
from .pseudonyms import Pseudonyms, is_time
from .redact_json import text_or_json

MAX_DEPTH = 64
"""Messages within messages that are opened; what is deeper is scrambled."""
_SHORTEST_KEY = 100_000
"""Map keys from which on they are taken for users; the oldest of these have six digits."""
_INT64 = frozenset([3, 4, 6, 16, 18])
_STRING, _BYTES, _MESSAGE = 9, 12, 11
_PACKABLE = frozenset([3, 4, 5, 13])
_SMALL = frozenset([5, 8, 13, 14, 17])
_FLOATS = frozenset([1, 2])
_ID = re.compile(
    r"(?:^|_)(?:u?id|ids|uids?|no|anchor|owner|users?|list)(?:_str|_int)?(?:_|$)|[a-z](?:Id|Ids|Uid)\b|^user"
)
_NO_ID = re.compile(
    r"gift_id|giftId|^group_id$|seq(?:uence)?_?id|_type|count|score|(?:^|_)time(?:_|$|stamp)|Time$|level|duration"
)
_KEPT_TEXT = re.compile(
    r"^(?:method|key|default_pattern|display_type|payload_type|payload_encoding|lang|(?:\w+_)?language|\w*color\w*"
    r"|\w*idc|push_server|type|sub_type|scene|sub_scene|version|\w+_version|identity|level|device_platform)$"
)
_ALWAYS = frozenset(["method", "payload_type", "payload_encoding"])
_GIFT = re.compile(r"^(?:Gift|GiftStruct)$")
_MACHINE = re.compile(r"[A-Za-z0-9_.:/#{}\-]{0,120}\Z")


class WireRedaction:
    """Changes what identifies somebody in frames, fetch results and payloads."""

    def __init__(self, names: Pseudonyms, limits: Limits = Limits()) -> None:
        self._names = names
        self._limits = limits

    def frame(self, data: bytes) -> bytes:
        """Return a push frame with other names. Its payload is packed anew, so its length changes a little."""
        if len(data) > self._limits.message:
            # No session reads it.
            return self._names.data(data)
        return self._message(data, WebcastPushFrame.DESCRIPTOR, 0)

    def result(self, data: bytes) -> bytes:
        """Return a fetch result with other names, byte for byte as long."""
        return self._message(data, ProtoMessageFetchResult.DESCRIPTOR, 0)

    def payload(self, method: str, data: bytes) -> bytes:
        """Return a payload with other names, byte for byte as long."""
        return self._message(data, _descriptor(method), 0)

    # --- messages -------------------------------------------------------------------------------------------------

    def _message(self, data: bytes, schema: Any, depth: int) -> bytes:
        out: list[bytes] = []
        at = 0
        while at < len(data):
            tag, value_at = _varint(data, at)
            kind = tag & 7
            field = None if schema is None else schema.fields_by_number.get(tag >> 3)
            if value_at < 0:
                # Nobody reads it as a number, but letters that are not ASCII look like the beginning of one.
                out.append(self._names.data(data[at:]))
                break
            if kind == 0:
                value, after = _varint(data, value_at)
                if after > 0:
                    new = _as_varint(self._number(value, field), after - value_at)
                else:
                    new = self._names.data(data[value_at:])
                out.append(data[at:value_at] + new)
            elif kind in (1, 5):
                after = value_at + (8 if kind == 1 else 4)
                out.append(data[at:value_at] + self._fixed(data[value_at:after], field))
            elif kind == 2:
                size, start = _varint(data, value_at)
                after = start + size if start > 0 else -1
                if start < 0 or after > len(data):
                    # It claims more than there is: nobody reads what follows, but it may still be text.
                    start = max(start, value_at)
                    out.append(data[at:start] + self._names.data(data[start:]))
                    break
                new = self._field(data[start:after], field, schema, data, depth)
                head = data[value_at:start] if len(new) == size else _as_varint(len(new), 1)
                out.append(data[at:value_at] + head + new)
            elif kind in (3, 4):
                after = value_at
                out.append(data[at:value_at])
            else:
                out.append(data[at:value_at] + self._names.data(data[value_at:]))
                break
            if after < 0:
                break
            at = after
        return b"".join(out)

    def _field(self, value: bytes, field: Any, schema: Any, parent: bytes, depth: int) -> bytes:
        if not value:
            return value
        if depth >= MAX_DEPTH:
            return self._names.data(value)
        if field is None:
            return self._unknown(value, depth)
        if schema is WebcastPushFrame.DESCRIPTOR and field.name == "payload":
            return self._frame_payload(value, parent)
        if schema is BaseProtoMessage.DESCRIPTOR and field.name == "payload":
            return self._inner(value, _descriptor(_method_of(parent)), depth)
        if field.type == _MESSAGE:
            return self._inner(value, field.message_type, depth)
        if field.type == _STRING:
            return self._text(value, field)
        if not is_repeated(field):
            # Bytes, or not what the schema expects: TikTok may have changed it, and text may be there now.
            return self._unknown(value, depth)
        if field.type in _PACKABLE:
            return self._packed(value, field)
        return value if field.type in _FLOATS else self._unknown(value, depth)

    def _inner(self, value: bytes, schema: Any, depth: int) -> bytes:
        """A message within a message; text in its place is text."""
        if printable(value) is not None and not read_wire(value).complete:
            return self._unknown(value, depth)
        return self._message(value, schema, depth + 1)

    def _unknown(self, value: bytes, depth: int) -> bytes:
        found = read_wire(b"\n" + _as_varint(len(value), 1) + value).fields
        guess = found[0].guess if found else Guess.BYTES
        if guess is Guess.MESSAGE:
            return self._message(value, None, depth + 1)
        if guess is Guess.TIME:
            return value
        if guess in (Guess.TEXT, Guess.ID):
            return self._names.text(value.decode()).encode()
        if guess is Guess.PACKED and not _letters(value):
            return self._packed(value, None)
        return self._names.data(value)

    def _frame_payload(self, value: bytes, frame: bytes) -> bytes:
        plain: bytes | BadFrame = value
        packed = value[:2] == b"\x1f\x8b"
        if packed:
            plain = gunzip(value, self._limits.unpacked)
        if isinstance(plain, BadFrame):
            return value[:10] + self._names.data(value[10:])
        try:
            kind = wire_text(WebcastPushFrame.FromString(frame).payload_type)
        except DecodeError:
            kind = ""
        new = self.result(plain) if kind == "msg" else self._unknown(plain, 0)
        if not packed:
            return new
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        return packer.compress(new) + packer.flush()

    # --- values ---------------------------------------------------------------------------------------------------

    def _number(self, value: int, field: Any) -> int:
        if field is None:
            return self._names.guessed_number(value)
        if field.type not in _INT64:
            # A number that does not fit the schema's type may be an id that took its place.
            fits = field.type in _SMALL and (value < 2**32 or value >= 2**63)
            return value if fits else self._names.guessed_number(value)
        if field.name == "key":
            # Of a map: users, if the number is as long as theirs are. Kinds and gifts have smaller ones.
            return value if value < _SHORTEST_KEY else self._names.number(value)
        if _is_id(field.containing_type.name, field.name):
            return self._names.number(value)
        return self._names.number(value) if is_made_id(value) and not is_time(value) else value

    def _fixed(self, value: bytes, field: Any) -> bytes:
        if len(value) < 8 or (field is not None and field.type in _FLOATS):
            return value
        return self._number(int.from_bytes(value, "little"), field).to_bytes(8, "little")

    def _packed(self, value: bytes, field: Any) -> bytes:
        out: list[bytes] = []
        at = 0
        while at < len(value):
            number, after = _varint(value, at)
            if after < 0:
                out.append(self._names.data(value[at:]))
                break
            out.append(_as_varint(self._number(number, field), after - at))
            at = after
        return b"".join(out)

    def _text(self, value: bytes, field: Any) -> bytes:
        text = value.decode("utf-8", "surrogateescape")
        if field.name in _ALWAYS or (_KEPT_TEXT.match(field.name) and _MACHINE.match(text)):
            new = self._names.numbers(text)
        elif text == "gzip" or (_GIFT.match(field.containing_type.name) and field.name in ("name", "describe")):
            new = text
        else:
            new = text_or_json(text, self._names)
        return new.encode("utf-8", "surrogateescape")


@lru_cache(maxsize=4096)
def _is_id(message: str, field: str) -> bool:
    gift = _GIFT.match(message) is not None and field == "id"
    return not gift and _NO_ID.search(field) is None and _ID.search(field) is not None


@lru_cache(maxsize=1024)
def _descriptor(method: str) -> Any:
    binding = REGISTRY.find(method)
    return None if binding is None else getattr(binding.parse(b""), "DESCRIPTOR", None)


def _letters(value: bytes) -> bool:
    """Whether what may be small numbers may as well be a short word."""
    return len(value) > 2 and all(32 < byte < 127 for byte in value)


def _method_of(entry: bytes) -> str:
    try:
        return wire_text(BaseProtoMessage.FromString(entry).method)
    except DecodeError:
        return ""


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at a place and the place after it; -1 where there is none."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            return 0, -1
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    return 0, -1


def _as_varint(value: int, size: int) -> bytes:
    """A varint of at least `size` bytes: numbers may be written longer than they need to be."""
    out = bytearray()
    while value > 0x7F or len(out) + 1 < size:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
