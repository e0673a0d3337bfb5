"""A file that may be gzipped, piece by piece: what is in it, never more than a piece at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

PIECE = 256 * 1024
"""Bytes handed out at a time."""
_FEED = 16 * 1024
_GZIP = 31


class Inflater:
    """Unpacks gzip, or hands through what is not packed. A cut or broken file gives what is before the place."""

    def __init__(self, *, packed: bool) -> None:
        """Make one for a file that is gzipped, or is not."""
        self.problem: str = ""
        """What is wrong with the packing, in words; empty so far."""
        self._unpacker: Any = zlib.decompressobj(_GZIP) if packed else None

    def receive_data(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes of the file; yield what is in them."""
        unpacker = self._unpacker
        if unpacker is None:
            yield data
            return
        for start in range(0, len(data), _FEED):
            rest = data[start : start + _FEED]
            piece = b""
            # A full piece may have left the rest of a match inside.
            while rest or len(piece) == PIECE:
                try:
                    piece = unpacker.decompress(rest, PIECE)
                except zlib.error as error:
                    self.problem = f"the gzip around it is damaged: {error}"
                    return
                if piece:
                    yield piece
                if unpacker.eof:
                    # Recordings that were appended to each other are no capture; the records say so.
                    rest = unpacker.unused_data
                    if rest:
                        unpacker = self._unpacker = zlib.decompressobj(_GZIP)
                    continue
                rest = unpacker.unconsumed_tail
