"""Which payloads are to be looked at? From the arguments, a file, or JSON lines."""

from __future__ import annotations

import base64
import binascii
import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of one JSON line; a payload may have some MB."""


class Payload(NamedTuple):
    """One payload, and what it is called."""

    id: Any
    method: str
    data: bytes


class Unreadable(NamedTuple):
    """A line that holds no payload, and why."""

    where: str
    why: str


class UnreadablePayload(Exception):
    """The arguments hold no payload."""


def from_base64(text: str) -> bytes:
    """Return the bytes of base64 text: standard or URL-safe, with or without padding and line breaks.

    Raises:
        UnreadablePayload: it is something else.
    """
    compact = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadablePayload(f"that is not base64: {error}") from None


def read_payloads(file: str) -> Iterator[Payload | Unreadable]:
    """Yield the payloads of a file of JSON lines, in order; `-` is stdin. Events without a payload are passed over.

    Raises:
        UnreadablePayload: the file cannot be read.
    """
    with open_input(file) as lines:
        number = 0
        while line := lines.readline(LONGEST_LINE):
            number += 1
            found = _payload(line, f"line {number}") if line.strip() else None
            if found is not None:
                yield found


def read_file(file: str, most: int) -> bytes:
    """Return the bytes of a file; `-` is stdin.

    Raises:
        UnreadablePayload: the file cannot be read, or has more than `most` bytes.
    """
    with open_input(file) as source:
        data = source.read(most + 1)
    if len(data) > most:
        raise UnreadablePayload(f"{file} has more than {most} bytes")
    return data


@contextmanager
def open_input(file: str) -> Iterator[BinaryIO]:
    """Open a file to read; `-` is stdin, and stays open.

    Raises:
        UnreadablePayload: the file cannot be opened or read.
    """
    try:
        if file == "-":
            if sys.stdin is None:
                raise UnreadablePayload("stdin is closed: nothing can be read from it")
            yield sys.stdin.buffer
        else:
            with Path(file).open("rb") as source:
                yield source
    except BrokenPipeError:
        # Not ours: the output's, raised while the file is open.
        raise
    except OSError as error:
        raise UnreadablePayload(f"{file} cannot be read: {error.strerror or error}") from None


def _payload(line: bytes, where: str) -> Payload | Unreadable | None:
    try:
        found = json.loads(line, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        return Unreadable(where, f"not JSON: {error}")
    if isinstance(found, dict) and "event" in found and "base64" not in found:
        # As `watch --json` prints them: whatever it is told to print, `closed` comes last.
        return None
    if not isinstance(found, dict) or not isinstance(found.get("base64"), str):
        return Unreadable(where, 'not an object with "method" and "base64"')
    method = found.get("method")
    try:
        return Payload(found.get("id"), method if isinstance(method, str) else "", from_base64(found["base64"]))
    except UnreadablePayload as error:
        return Unreadable(where, str(error))


def _finite(number: str) -> float:
    """Read a number as JSON has them: what it has none for could not be repeated in a line of ours."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is no number of JSON")
    return value
