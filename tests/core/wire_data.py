"""Random bytes that a message type's schema can read, written by hand from its descriptor.

Not through protobuf's own writer, so that they can hold what that never writes: fields in any order, fields twice,
unknown fields, enum numbers of no name, text that is not UTF-8.
"""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import strategies as st

from tiktok_webcast._pb import message_class

KEYS = (
    "",
    "pm_main_follow_message_viewer_2",
    "pm_mt_guidance_share",
    "pm_mt_guidance_viewer_5_share",
    "pm_mt_guidance_viewer_999999999_share",
    "ttlive_superfan",
    "ttlive_superfan_commentnotif_superfanjoined",
    "ttlive_superfanbox",
    "{0:user} {1:string} {7:gift} {0}",
    "12345",
    "99999999999999999999",
    "٣",
    "-5",
)
_VARINT = st.one_of(
    st.integers(0, 5), st.integers(0, 2**32), st.sampled_from((2**63 - 1, 2**63, 2**64 - 1, 1701793774817))
)
_TEXT = st.one_of(
    st.sampled_from(KEYS).map(str.encode),
    st.text(max_size=12).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=8),
)
_FIXED = {"TYPE_DOUBLE": "<d", "TYPE_FLOAT": "<f", "TYPE_FIXED64": "<Q", "TYPE_FIXED32": "<I"}
_UNKNOWN_FIELD = 536_870_000
MAX_DEPTH = 4


def varint(value: int) -> bytes:
    """Return a number as a varint; negative ones take ten bytes."""
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """Return one varint field."""
    return varint(field << 3) + varint(value)


def blob(field: int, value: bytes) -> bytes:
    """Return one length-delimited field."""
    return varint(field << 3 | 2) + varint(len(value)) + value


@st.composite
def wire_messages(draw: st.DrawFn, name: str, depth: int = 0) -> bytes:
    """Return the bytes of a message of that type, some of its fields set, in any order."""
    return _message(draw, message_class(name).DESCRIPTOR, depth)


def _message(draw: st.DrawFn, descriptor: Any, depth: int) -> bytes:
    fields = [field for field in descriptor.fields if depth < MAX_DEPTH or field.message_type is None]
    chosen = draw(st.lists(st.sampled_from(fields), max_size=8 if depth < 2 else 3)) if fields else []
    parts = [_field(draw, field, depth) for field in chosen]
    if draw(st.integers(0, 9)) == 0:
        parts.append(blob(_UNKNOWN_FIELD, b"from the future"))
    return b"".join(parts)


def _field(draw: st.DrawFn, field: Any, depth: int) -> bytes:
    if field.message_type is not None:
        return blob(field.number, _message(draw, field.message_type, depth + 1))
    kind = next(name for name in dir(field) if name.startswith("TYPE_") and getattr(field, name) == field.type)
    if kind in ("TYPE_STRING", "TYPE_BYTES"):
        return blob(field.number, draw(_TEXT))
    if kind in _FIXED:
        code = _FIXED[kind]
        if code == "<d":
            packed = struct.pack(code, draw(st.floats()))
        elif code == "<f":
            packed = struct.pack(code, draw(st.floats(width=32)))
        else:
            packed = struct.pack(code, draw(st.integers(0, 2**32 - 1)))
        return varint(field.number << 3 | (1 if len(packed) == 8 else 5)) + packed
    return number(field.number, draw(_VARINT))
