"""The capture format: records one after the other, each with its length and its checksum (docs/captures.md).

    MAGIC, then per record: kind (1 byte) | length of the body (varint) | body | CRC-32 of all before (4 bytes)

A file that was cut, or damaged, is read up to there. The whole may be gzipped; the reader sees it by itself.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..actions import Action, CloseSocket, OpenSocket, SendMessage, SendRequest
from ..http import FailureKind, Headers, HttpRequest, HttpResponse, SocketRequest, TransportFailure
from .inflate import Inflater

MAGIC = b"\x93TTWC\r\n\x1a"
"""First bytes of a capture: broken as soon as somebody moves it as text."""
VERSION = 1
"""Written into the header; a reader refuses a newer one."""
LONGEST_RECORD = 64 * 1024 * 1024
"""Bytes of one record that a reader takes; the largest real ones hold a gift list of 3 MB."""
_TIME = struct.Struct("<d")
_CRC = struct.Struct("<I")
_MAX_HEADERS = 100_000
"""A transport takes 16,384 in an answer (`Limits.response_headers`), if they are as short as can be."""


class Verb(str, Enum):
    """Which input a session was given: the name of its method."""

    START = "start"
    RESPONSE = "receive_response"
    OPENED = "socket_opened"
    REJECTED = "socket_rejected"
    FAILED = "socket_failed"
    MESSAGE = "receive_message"
    CLOSED = "socket_closed"
    TIMER = "handle_timer"
    CLOSE = "close"
    WANT = "want"


@dataclass(frozen=True)
class Header:
    """The first record: what the session was made with, as JSON (see `tiktok_webcast.capture.header`)."""

    json: bytes


@dataclass(frozen=True)
class Input:
    """One call of the session."""

    verb: Verb
    now: float
    taken: int = 0
    """Events that were taken from the session since the input before."""
    arguments: tuple[Any, ...] = ()
    """As the method takes them, without `now`."""


@dataclass(frozen=True)
class Output:
    """One action that was taken from the session."""

    action: Action


@dataclass(frozen=True)
class End:
    """The recording was finished, not cut."""

    taken: int = 0
    """Events that were taken since the last input."""
    waiting: int = 0
    """Actions that nobody had taken yet."""


Record = Header | Input | Output | End


class Damage(Exception):
    """The bytes are no record of this format."""


# --- writing --------------------------------------------------------------------------------------------------------


def write_record(record: Record) -> bytes:
    """Return the bytes of one record."""
    kind, body = _body(record)
    head = kind + _varint(len(body)) + body
    return head + _CRC.pack(zlib.crc32(head))


def _body(record: Record) -> tuple[bytes, bytes]:
    if isinstance(record, Header):
        return b"H", record.json
    if isinstance(record, Input):
        head = _TIME.pack(record.now) + _varint(record.taken)
        return _KIND_OF[record.verb], head + b"".join(map(_argument, record.arguments))
    if isinstance(record, End):
        return b"E", _varint(record.taken) + _varint(record.waiting)
    action = record.action
    if isinstance(action, SendRequest):
        request = action.request
        parts = (request.method, request.url, request.headers, request.body, request.max_body)
        return b"R", _argument(action.request_id) + b"".join(map(_argument, parts))
    if isinstance(action, OpenSocket):
        socket = action.request
        protocols = tuple((name, "") for name in socket.subprotocols)
        return b"O", b"".join(map(_argument, (action.socket_id, socket.url, socket.headers, protocols)))
    if isinstance(action, SendMessage):
        return b"S", _argument(action.socket_id) + _argument(action.data)
    return b"C", _argument(action.socket_id) + _argument(action.code)


def _argument(value: Any) -> bytes:
    """Values in a body: numbers as varints, text and bytes after their length, headers after their count."""
    if value is None:
        return b"\x00"
    if isinstance(value, int):
        return _varint(value)
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogatepass")
        return _varint(len(data)) + data
    if isinstance(value, bytes):
        return _varint(len(value)) + value
    if isinstance(value, tuple):
        return _varint(len(value)) + b"".join(_argument(text) for pair in value for text in pair)
    if isinstance(value, HttpResponse):
        return b"\x01" + b"".join(map(_argument, (value.status, value.headers, value.body)))
    if isinstance(value, TransportFailure):
        return b"\x00" + _argument(value.kind.value) + _argument(value.detail)
    if isinstance(value, frozenset):
        return b"\x01" + _argument(tuple((name, "") for name in sorted(value)))
    raise TypeError(f"a capture holds no {type(value).__name__}")


def _varint(value: int) -> bytes:
    if value < 0:
        raise ValueError(f"a capture holds no negative number, such as {value}")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


# --- reading --------------------------------------------------------------------------------------------------------


class CaptureReader:
    """Cuts the bytes of a capture into records. Never raises: what is wrong is said in `problem`.

    reader = CaptureReader()
    for piece in file:
        records += reader.receive_data(piece)
    reader.receive_eof()
    """

    def __init__(self, *, longest: int = LONGEST_RECORD) -> None:
        """Make a reader that takes records of up to `longest` bytes."""
        self.records: int = 0
        """Records read so far."""
        self.problem: str = ""
        """Why reading stopped before the end, in words; empty so far."""
        self.finished: bool = False
        """Whether the end that a finished recording has was read."""
        self._longest = longest
        self._held = bytearray()
        self._offset = 0
        self._started = False
        self._inflater: Inflater | None = None
        self._first = b""

    def receive_data(self, data: bytes) -> Iterator[Record]:
        """Take the next bytes of the file; yield the records in them. Take these all before the next call."""
        if self.problem:
            return
        if self._inflater is None:
            self._first += data
            if len(self._first) < 2:
                return
            data, self._first = self._first, b""
            self._inflater = Inflater(packed=data[:2] == b"\x1f\x8b")
        for piece in self._inflater.receive_data(data):
            self._held += piece
            yield from self._cut()
            if self.problem:
                return
        if self._inflater.problem:
            self.problem = self._inflater.problem

    def receive_eof(self) -> None:
        """The file is at its end. Without the record that ends a recording, it was cut: that is a `problem`."""
        if self.problem:
            return
        if not self._started:
            self.problem = "not a capture" if self._held or self._first or self._offset else "the file is empty"
        elif self._held:
            self.problem = f"cut at byte {self._offset + len(self._held)}, in the middle of record {self.records + 1}"
        elif not self.finished:
            self.problem = f"cut after record {self.records}: the recording was not ended in good order"
        self._held.clear()

    def _cut(self) -> Iterator[Record]:
        held, at = self._held, 0
        if not self._started:
            if len(held) < len(MAGIC):
                if not MAGIC.startswith(held):
                    self._stop("not a capture")
                return
            if held[: len(MAGIC)] != MAGIC:
                self._stop("not a capture")
                return
            self._started, at = True, len(MAGIC)
        try:
            while (found := self._next(held, at)) is not None:
                record, at = found
                self.records += 1
                self.finished = isinstance(record, End)
                yield record
        except Damage as damage:
            self._stop(f"at byte {self._offset + at}, record {self.records + 1}: {damage}")
            return
        del held[:at]
        self._offset += at

    def _next(self, held: bytearray, at: int) -> tuple[Record, int] | None:
        size, start = 0, at + 1
        for shift in range(0, 35, 7):
            if start >= len(held):
                return None
            byte = held[start]
            start += 1
            size |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        else:
            raise Damage("a length of more than five bytes")
        if size > self._longest:
            raise Damage(f"a record of {size} bytes, more than the limit of {self._longest}")
        end = start + size
        if end + _CRC.size > len(held):
            return None
        if self.finished:
            raise Damage("a record after the end")
        if zlib.crc32(memoryview(held)[at:end]) != _CRC.unpack_from(held, end)[0]:
            raise Damage("damaged: its checksum is wrong")
        record = read_body(bytes(held[at : at + 1]), bytes(held[start:end]))
        if isinstance(record, Header) != (self.records == 0):
            raise Damage("a header in a wrong place")
        return record, end + _CRC.size

    def _stop(self, problem: str) -> None:
        self.problem = problem
        self._held.clear()


def read_body(kind: bytes, body: bytes) -> Record:
    """Return the record of a kind and a body.

    Raises:
        Damage: They are none.
    """
    if kind == b"H":
        return Header(body)
    fields = _Fields(body)
    record: Record
    if kind == b"E":
        record = End(fields.number(), fields.number())
    elif kind in _VERB_OF:
        verb = _VERB_OF[kind]
        now, taken = fields.time(), fields.number()
        record = Input(verb, now, taken, tuple(_READ[name](fields) for name in _ARGUMENTS[verb]))
    elif kind in b"ROSC":
        record = Output(_read_action(kind, fields))
    else:
        raise Damage(f"a record of an unknown kind {kind!r}")
    fields.end()
    return record


def _read_action(kind: bytes, fields: _Fields) -> Action:
    number = fields.number()
    if kind == b"R":
        request = HttpRequest(fields.text(), fields.text(), fields.pairs(), fields.data(), fields.number())
        return SendRequest(number, request)
    if kind == b"O":
        url, headers = fields.text(), fields.pairs()
        return OpenSocket(number, SocketRequest(url, headers, tuple(name for name, _ in fields.pairs())))
    return SendMessage(number, fields.data()) if kind == b"S" else CloseSocket(number, fields.number())


class _Fields:
    """Takes one value after the other out of a body."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self, size: int) -> bytes:
        if size > len(self._body) - self._at:
            raise Damage("it claims more than it holds")
        found = self._body[self._at : self._at + size]
        self._at += size
        return found

    def number(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise Damage("a number of more than ten bytes")

    def time(self) -> float:
        found: float = _TIME.unpack(self.take(_TIME.size))[0]
        if not -1e300 < found < 1e300:
            raise Damage("a time that is no number")
        return found

    def data(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        try:
            return self.data().decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise Damage("text that is not UTF-8") from None

    def pairs(self) -> Headers:
        count = self.number()
        if count > _MAX_HEADERS:
            raise Damage(f"{count} headers")
        return tuple((self.text(), self.text()) for _ in range(count))

    def answer(self) -> HttpResponse | TransportFailure:
        if self.number():
            return HttpResponse(self.number(), self.pairs(), self.data())
        return self.failure_body()

    def failure(self) -> TransportFailure:
        if self.number():
            raise Damage("an answer where a failure must be")
        return self.failure_body()

    def failure_body(self) -> TransportFailure:
        kind = self.text()
        if kind not in FailureKind._value2member_map_:
            raise Damage(f"an unknown failure {kind[:40]!r}")
        return TransportFailure(FailureKind(kind), self.text())

    def code(self) -> int | None:
        return self.number() or None

    def names(self) -> frozenset[str] | None:
        return frozenset(name for name, _ in self.pairs()) if self.number() else None

    def end(self) -> None:
        if self._at != len(self._body):
            raise Damage("it holds more than it says")


_READ = {
    "number": _Fields.number,
    "answer": _Fields.answer,
    "failure": _Fields.failure,
    "headers": _Fields.pairs,
    "data": _Fields.data,
    "code": _Fields.code,
    "text": _Fields.text,
    "names": _Fields.names,
}
_ARGUMENTS: dict[Verb, tuple[str, ...]] = {
    Verb.START: (),
    Verb.RESPONSE: ("number", "answer"),
    Verb.OPENED: ("number", "headers"),
    Verb.REJECTED: ("number", "number", "headers"),
    Verb.FAILED: ("number", "failure"),
    Verb.MESSAGE: ("number", "data"),
    Verb.CLOSED: ("number", "code", "text"),
    Verb.TIMER: (),
    Verb.CLOSE: (),
    Verb.WANT: ("names",),
}
_KIND_OF = dict(zip(Verb, (b"s", b"r", b"o", b"j", b"f", b"m", b"c", b"t", b"q", b"w"), strict=True))
_VERB_OF = {kind: verb for verb, kind in _KIND_OF.items()}
