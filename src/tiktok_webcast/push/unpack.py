"""Unpacking gzip without trusting it: never more memory than the limit, whatever the other side packed."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

_zlib: Any = zlib
try:  # The `speed` extra: ISA-L inflates in about two thirds of zlib's time (measured in bench/).
    from isal import isal_zlib
except ImportError:
    pass
else:
    _zlib = isal_zlib

_GZIP = 31
_FIRST_TRY = 256 * 1024
"""Bytes to unpack in one go; real frames stay under 100 KB."""
_FEED = 4 * 1024
"""Packed bytes handed over at a time while counting; the unpacker copies what it has not used."""
_DRAIN = 16 * 1024
"""Bytes unpacked and thrown away at a time while counting."""
_CUT = "cut gzip: it ends before its end"


class BadFrame(NamedTuple):
    """Bytes that are not what they should be: kept whole, with the reason."""

    data: bytes
    error: str


def gunzip(data: bytes, limit: int) -> bytes | BadFrame:
    """Return gzip data unpacked, or why not: broken, cut, or more than `limit` bytes."""
    first_try = min(_FIRST_TRY, limit)
    try:
        if len(data) <= first_try:
            unpacker = _zlib.decompressobj(_GZIP)
            unpacked: bytes = unpacker.decompress(data, first_try)
            if unpacker.eof:
                return unpacked
            if len(unpacked) < first_try:
                return BadFrame(data, _CUT)
            del unpacked  # Before all of it is held once more.
        if _unpacked_size(data, limit) > limit:
            return BadFrame(data, f"unpacks to more than the limit of {limit} bytes")
        unpacker = _zlib.decompressobj(_GZIP)
        unpacked = unpacker.decompress(data, limit + 1)
    except _zlib.error as error:
        return BadFrame(data, f"broken gzip: {error}")
    return unpacked if unpacker.eof else BadFrame(data, _CUT)


def _unpacked_size(data: bytes, limit: int) -> int:
    """Count what gzip data unpacks to, keeping nothing of it; stops once past `limit`."""
    unpacker: Any = _zlib.decompressobj(_GZIP)
    size = 0
    for start in range(0, len(data), _FEED):
        rest = data[start : start + _FEED]
        while not unpacker.eof and size <= limit:
            piece = unpacker.decompress(rest, _DRAIN)
            size += len(piece)
            rest = unpacker.unconsumed_tail
            if not rest and len(piece) < _DRAIN:
                break
    return size
