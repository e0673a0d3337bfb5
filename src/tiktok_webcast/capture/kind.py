"""Which kind of file is it: a capture, frames, or a HAR?"""

from __future__ import annotations

from enum import Enum

from .format import MAGIC
from .har import MAX_HAR
from .inflate import Inflater

LOOKED_AT = 64 * 1024
"""Bytes of the beginning that tell."""


class FileKind(Enum):
    """The files that can be played."""

    CAPTURE = "capture"
    FRAMES = "frames"
    HAR = "har"


def file_kind(beginning: bytes) -> FileKind:
    """Tell the kind of a file by its first bytes, gzipped or not. What is nothing else are frames."""
    packed = beginning[:2] == b"\x1f\x8b"
    inside = next(Inflater(packed=packed).receive_data(beginning[:LOOKED_AT]), b"")
    if inside[: len(MAGIC)] == MAGIC[: len(inside)] and inside[:1] == MAGIC[:1]:
        return FileKind.CAPTURE
    # The length of a first frame that begins so would be half a gigabyte.
    return FileKind.HAR if inside.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" else FileKind.FRAMES


def unpacked(data: bytes, *, most: int = MAX_HAR) -> bytes:
    """Return a whole file without the gzip around it; what can be unpacked of a broken one.

    Past `most` bytes no more is unpacked: a result that is longer is not the whole file.
    """
    pieces: list[bytes] = []
    size = 0
    for piece in Inflater(packed=data[:2] == b"\x1f\x8b").receive_data(data):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            break
    return b"".join(pieces)
