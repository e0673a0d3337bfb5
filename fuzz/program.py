"""A whole `Session` driven by a byte program."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from random import Random

from tiktok_webcast import FailureKind, HttpResponse, Session, SessionConfig, TransportFailure
from tiktok_webcast._pb.transport_pb2 import WebcastPushFrame
from tiktok_webcast.actions import CloseSocket, OpenSocket, SendMessage, SendRequest
from tiktok_webcast.http import Headers
from tiktok_webcast.session import Phase

from .show import show

STATUSES = (200, 204, 302, 400, 401, 402, 403, 404, 415, 429, 500, 503)
FAILURES = tuple(FailureKind)
OPERATIONS = "twromphcjfqsa"
"""What an operation does, by its first byte: timer, wait, response, opened, message, packed message, history's request
fails, closed, rejected, failed, close, stale input, all events taken."""


class Driver:
    """Does what the bytes say, and minds what must always hold."""

    def __init__(self, *, check_room: bool) -> None:
        config = SessionConfig(check_room=check_room)
        self.session = Session("room:7300000000000000001", config=config, rng=Random(1))
        self.now = 0.0
        self.requests: list[int] = []
        self.sockets: list[int] = []
        self.closing: set[int] = set()
        self.names: list[str] = []

    def run(self, data: bytes) -> None:
        """Run a whole program, then close."""
        session = self.session
        session.start(now=self.now)
        self.take_actions()
        for operation, argument, piece in operations(data):
            self.do(operation, argument, piece)
            self.take_actions()
            timer = session.next_timer()
            assert (timer is None) if session.phase is Phase.CLOSED else (timer is None or timer == timer)
        session.close(now=self.now)
        self.take_actions()
        self.take_events()
        assert session.phase is Phase.CLOSED
        assert self.names.count("closed") == 1 and self.names[-1] == "closed"

    def do(self, operation: str, argument: int, piece: bytes) -> None:
        """Run one operation."""
        session, now = self.session, self.now
        request = self.requests[-1] if self.requests else 0
        socket = self.sockets[-1] if self.sockets else 0
        text = piece.decode("latin-1")
        if operation == "t":
            due = session.next_timer()
            self.now = now if due is None else max(now, due)
            session.handle_timer(now=self.now)
        elif operation == "w":
            self.now += argument
        elif operation == "r":
            session.receive_response(request, HttpResponse(STATUSES[argument % 12], headers_in(text), piece), now=now)
        elif operation == "o":
            session.socket_opened(socket, headers_in(text), now=now)
        elif operation == "m":
            session.receive_message(socket, piece, now=now)
        elif operation == "p":
            session.receive_message(socket, packed(piece, argument), now=now)
        elif operation == "h":
            session.receive_response(request, TransportFailure(FAILURES[argument % len(FAILURES)], text), now=now)
        elif operation == "c":
            session.socket_closed(socket, argument * 20 or None, text, now=now)
        elif operation == "j":
            session.socket_rejected(socket, STATUSES[argument % 12], headers_in(text), now=now)
        elif operation == "f":
            session.socket_failed(socket, TransportFailure(FAILURES[argument % len(FAILURES)], text), now=now)
        elif operation == "q" and argument == 255:
            session.close(now=now)
        elif operation == "s":
            self.stale(argument, piece)
        elif operation == "a":
            self.take_events()

    def stale(self, number: int, piece: bytes) -> None:
        """Give what belongs to nobody, or to a socket that was there before the current one."""
        session, now = self.session, self.now
        session.receive_response(number + 1000, HttpResponse(200, (), piece), now=now)
        if len(self.sockets) > 1:
            session.receive_message(self.sockets[0], piece, now=now)
            session.socket_closed(self.sockets[0], number, "", now=now)

    def take_actions(self) -> None:
        """Take all actions: their ids are new, and messages go to sockets that were asked for."""
        while (action := self.session.next_action()) is not None:
            if isinstance(action, SendRequest):
                assert action.request_id not in self.requests
                self.requests.append(action.request_id)
            elif isinstance(action, OpenSocket):
                assert action.socket_id not in self.sockets
                self.sockets.append(action.socket_id)
            else:
                assert isinstance(action, (SendMessage, CloseSocket))
                assert action.socket_id in self.sockets and action.socket_id not in self.closing
                if isinstance(action, CloseSocket):
                    self.closing.add(action.socket_id)

    def take_events(self) -> None:
        """Take all events and use them."""
        while (event := self.session.next_event()) is not None:
            show(event)
            assert event.room_id >= 0
            self.names.append(event.name)


def session_program(data: bytes) -> None:
    """Invariant: whatever comes in, in whatever order, a session asks in good order and ends with a single `closed`."""
    # A first byte of an operation is small in the seeds; with its high bit it is the same one, in a room not looked up.
    Driver(check_room=data[:1] < b"\x80").run(data)


def operations(data: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Cut a program: operation (1 byte), argument (1 byte), length (2 bytes, big-endian), that many bytes."""
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        yield OPERATIONS[data[at] % len(OPERATIONS)], data[at + 1], data[at + 4 : at + 4 + size]
        at += 4 + size


def operation(name: str, argument: int = 0, piece: bytes = b"") -> bytes:
    """Write one operation of a program."""
    return bytes([OPERATIONS.index(name), argument]) + len(piece).to_bytes(2, "big") + piece


def headers_in(text: str) -> Headers:
    """Read headers from the lines of a text; what has none is no header."""
    pairs = (line.partition(":") for line in text[:2000].split("\n"))
    return tuple((name.strip(), value.strip()) for name, colon, value in pairs if colon)


def packed(result: bytes, argument: int) -> bytes:
    """Put a fetch result into a push frame, gzipped or not: no bytes come upon good gzip by chance."""
    payload = result if argument & 1 else gzip.compress(result, 1, mtime=0)
    return WebcastPushFrame(log_id=argument, payload_type="msg", payload=payload).SerializeToString()
