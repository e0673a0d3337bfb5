"""Whole binary messages, into and out of a WebSocket's bytes, without wsproto: it needs several times as long.

Nearly all that a room's server sends is one frame a message, unfragmented and binary. Those are cut out; everything
else (control frames, fragments, text, what is against RFC 6455) is left to wsproto, byte for byte and in order.
"""

from __future__ import annotations

from typing import NamedTuple

_BINARY = 0x82
"""The first byte of a whole binary message: final, no extension's bits, opcode 2 (RFC 6455 section 5.2)."""
_MASKED = 0x80
_FINAL = 0x80
_DATA = (0, 1, 2)
"""Opcodes of continuation, text and binary frames."""


class Piece(NamedTuple):
    """A whole message, or bytes for wsproto."""

    is_message: bool
    data: bytes


class WholeFrames:
    """Splits the bytes of one open socket, however they are cut into reads. It holds one message at the most."""

    __slots__ = ("_body", "_foreign", "_fragmented", "_head", "_max_message", "_missing")

    def __init__(self, max_message: int) -> None:
        """`max_message`: bytes; longer messages are left to wsproto, and whoever counts what comes of it."""
        self._max_message = max_message
        self._head = b""
        """The beginning of a frame, as long as its length is not known."""
        self._body: bytearray | None = None
        """A message that is not here to its end."""
        self._missing = 0
        self._foreign = 0
        """Bytes still to come of a frame that is wsproto's."""
        self._fragmented = False
        """Whether wsproto puts a message together: then a whole one is an error that it has to find."""

    def split(self, data: bytes) -> list[Piece]:
        """Take bytes from the server; return what they complete, in order."""
        found: list[Piece] = []
        at = 0
        if self._head:
            data, self._head = self._head + data, b""
        elif self._body is not None:
            at = self._fill(self._body, data, found)
        end = len(data)
        # Frames for wsproto that follow one another are one piece: a read may hold thousands of tiny ones.
        left_from = at
        while at < end:
            if self._foreign:
                passed = min(self._foreign, end - at)
                self._foreign -= passed
                at += passed
                continue
            start, size, plain = _measure(data, at, end)
            if start > end:
                self._head = data[at:]
                break
            if plain and data[at] == _BINARY and size <= self._max_message and not self._fragmented:
                if left_from < at:
                    found.append(Piece(False, data[left_from:at]))
                at = left_from = start + size
                if at <= end:
                    found.append(Piece(True, data[start:at]))
                else:
                    self._body, self._missing = bytearray(data[start:]), at - end
            else:
                self._leave(data[at], start + size - at)
        if left_from < min(at, end):
            found.append(Piece(False, data[left_from:at]))
        return found

    def _fill(self, body: bytearray, data: bytes, found: list[Piece]) -> int:
        taken = data[: self._missing]
        body += taken
        self._missing -= len(taken)
        if not self._missing:
            found.append(Piece(True, bytes(body)))
            self._body = None
        return len(taken)

    def _leave(self, first: int, length: int) -> None:
        """Leave a frame of `length` bytes to wsproto."""
        self._foreign = length
        if first & 0x0F in _DATA:
            self._fragmented = not first & _FINAL


def binary_frame(payload: bytes, mask: bytes) -> bytes:
    """Return a whole binary message as a client sends it, masked with four bytes that nobody can foresee."""
    size = len(payload)
    if size < 126:
        head = bytes((_BINARY, _MASKED | size))
    elif size < 1 << 16:
        head = bytes((_BINARY, _MASKED | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((_BINARY, _MASKED | 127)) + size.to_bytes(8, "big")
    key = (mask * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return head + mask + masked.to_bytes(size, "big")


def _measure(data: bytes, at: int, end: int) -> tuple[int, int, bool]:
    """Return where the payload of the frame at `at` starts, its size, and whether a server may send such a frame.

    It may not mask it, nor write its size longer than need be; a mask is counted with the payload. While the frame's
    head is not there to its end, the start lies past `end`.
    """
    start = at + 2
    if start > end:
        return start, 0, False
    code = data[at + 1]
    size, least = code & 0x7F, 0
    if size == 126:
        start, least = start + 2, 126
    elif size == 127:
        start, least = start + 8, 1 << 16
    if least:
        if start > end:
            return start, 0, False
        size = int.from_bytes(data[at + 2 : start], "big")
    if code & _MASKED:
        return start, size + 4, False
    return start, size, size >= least
