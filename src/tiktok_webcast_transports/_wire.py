"""The client's side of one WebSocket over h11 and wsproto, without I/O: bytes in, events out, never an exception."""

from __future__ import annotations

from dataclasses import dataclass
from os import urandom
from typing import NamedTuple
from urllib.parse import urlsplit

import h11
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.utilities import LocalProtocolError, generate_accept_token, generate_nonce

from tiktok_webcast.http import FailureKind, Headers, SocketRequest, TransportFailure

from ._exchange import decode_headers, encode_headers, refusal_words
from ._whole_frames import WholeFrames, binary_frame

TOO_BIG = 1009
_FEED = 64 * 1024
"""Bytes handed to wsproto at a time: it holds four copies of what it is working on."""

_OURS = frozenset({"host", "upgrade", "connection"})
_OURS_PREFIX = "sec-websocket-"


@dataclass(frozen=True, slots=True)
class Opened:
    """The handshake succeeded."""

    headers: Headers


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server answered the handshake with another status than 101."""

    status: int
    headers: Headers


class MessageReceived(NamedTuple):
    """One whole binary message."""

    data: bytes

    def __repr__(self) -> str:
        return f"MessageReceived({len(self.data)} bytes)"


@dataclass(frozen=True, slots=True)
class Ended:
    """The socket is closed: the close frame's code (1005 if it had none), or `None` without a close frame."""

    code: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The socket cannot be used: the server broke the protocol or a limit, or the handshake never ended."""

    failure: TransportFailure


WireEvent = Opened | Rejected | MessageReceived | Ended | Broken


class WebSocketWire:
    """One WebSocket from the handshake to the close.

    Pings are answered, text messages are dropped (protocol/push.md section 1), extensions are never offered.

    Args:
        request: the URL and the headers of the handshake, sent in order after those that the handshake itself needs.
        authority: the `Host` header.
        max_message: the bytes that a message may have; one more breaks the socket with code 1009.
        max_header: the bytes that the server's answer to the handshake may have.
    """

    def __init__(self, request: SocketRequest, authority: str, *, max_message: int, max_header: int) -> None:
        self._request: SocketRequest | None = request
        """Forgotten once it was sent: its URL and cookies are kilobytes."""
        self._subprotocols = request.subprotocols
        self._authority = authority
        self._max_message = max_message
        self._max_header = max_header
        self._nonce = b""
        self._handshake: h11.Connection | None = None
        self._received = 0
        self._frames: Connection | None = None
        self._whole = WholeFrames(max_message)
        self._out: list[bytes] = []
        self._size = 0
        # Of the message that is arriving. Not one a fragment, for these may be tiny; not one in all, for what grows is
        # given an eighth more than it needs.
        self._pieces: list[bytearray] = []
        self._text_size = 0
        self._closing = False
        self.finished = False
        """Nothing more will come of this socket, in either direction: hang up after the output."""

    def start(self) -> list[WireEvent]:
        """Begin the handshake. Once only."""
        asked, self._request = self._request, None
        if asked is None:
            return []
        self._nonce = generate_nonce()
        self._handshake = h11.Connection(h11.CLIENT, max_incomplete_event_size=self._max_header)
        protocols = self._subprotocols
        parts = urlsplit(asked.url)
        headers = [
            ("Host", self._authority),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", self._nonce.decode()),
            ("Sec-WebSocket-Version", "13"),
        ]
        if protocols:
            headers.append(("Sec-WebSocket-Protocol", ", ".join(protocols)))
        headers.extend(header for header in asked.headers if not _is_ours(header[0].lower()))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            request = h11.Request(method="GET", target=target, headers=encode_headers(tuple(headers)))
            data = self._handshake.send(request)
        except (h11.LocalProtocolError, UnicodeError):
            # Their words quote the header, which may be the cookies.
            return self._break(FailureKind.PROTOCOL, "the handshake cannot be sent: HTTP allows no such header")
        self._out.append(data or b"")
        return []

    def receive(self, data: bytes) -> list[WireEvent]:
        """Take bytes from the server; return what they mean."""
        if self.finished or not data:
            return []
        if self._frames is None:
            return self._receive_handshake(data)
        return self._receive_open(self._frames, data)

    def receive_eof(self) -> list[WireEvent]:
        """The server's bytes are at their end."""
        if self.finished:
            return []
        if self._frames is None:
            return self._break(FailureKind.READ, "the server closed the connection during the handshake")
        self.finished = True
        return [Ended(None, "")]

    def send_message(self, data: bytes) -> None:
        """Send one binary message; dropped when the socket is closing."""
        if self._frames is not None and self._frames.state is ConnectionState.OPEN and not self._closing:
            self._out.append(binary_frame(data, urandom(4)))

    def close(self, code: int) -> None:
        """Send a close frame and wait for the server's; without an open socket just finish."""
        if self._frames is None:
            self.finished = True
        elif not self._closing:
            self._closing = True
            self._send_close(self._frames, code, "")

    def take_output(self) -> bytes:
        """Return and forget the bytes for the server."""
        if not self._out:
            return b""
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)

    def _receive_handshake(self, data: bytes) -> list[WireEvent]:
        connection = self._handshake
        if connection is None:
            return []
        self._received += len(data)
        try:
            connection.receive_data(data)
            event = connection.next_event()
            while isinstance(event, h11.InformationalResponse) and event.status_code != 101:
                event = connection.next_event()
        except h11.RemoteProtocolError as error:
            if error.error_status_hint == 431:
                return self._header_too_large()
            words = refusal_words(error)
            return self._break(FailureKind.PROTOCOL, f"the answer to the handshake is not HTTP: {words}")
        rest = connection.trailing_data[0]
        if self._received - len(rest) > self._max_header:
            return self._header_too_large()
        if not isinstance(event, h11.InformationalResponse | h11.Response):
            return []
        self._handshake = None
        headers = decode_headers(event.headers.raw_items())
        if event.status_code != 101:
            self.finished = True
            return [Rejected(event.status_code, headers)]
        wrong = self._wrong_in(headers)
        if wrong:
            return self._break(FailureKind.PROTOCOL, f"the handshake's answer is wrong: {wrong}")
        self._frames = Connection(ConnectionType.CLIENT)
        return [Opened(headers), *self._receive_open(self._frames, rest)]

    def _wrong_in(self, headers: Headers) -> str | None:
        """Return what RFC 6455 section 4.1 forbids in the answer, or `None`."""
        found: dict[str, str] = {}
        for name, value in headers:
            key = name.lower()
            found[key] = f"{found[key]}, {value}" if key in found else value
        if found.get("upgrade", "").lower() != "websocket":
            return "no upgrade to websocket"
        if "upgrade" not in [token.strip().lower() for token in found.get("connection", "").split(",")]:
            return "no connection upgrade"
        if found.get("sec-websocket-accept", "").encode() != generate_accept_token(self._nonce):
            return "another key is accepted"
        if found.get("sec-websocket-extensions"):
            return "an extension that was not offered"
        chosen = found.get("sec-websocket-protocol")
        if chosen is not None and chosen not in self._subprotocols:
            return "a subprotocol that was not offered"
        return None

    def _receive_open(self, frames: Connection, data: bytes) -> list[WireEvent]:
        events: list[WireEvent] = []
        for is_message, piece in self._whole.split(data):
            if is_message:
                if not self._closing:
                    events.append(MessageReceived(piece))
            else:
                self._feed(frames, piece, events)
                if self.finished:
                    break
        return events

    def _feed(self, frames: Connection, data: bytes, events: list[WireEvent]) -> None:
        for start in range(0, len(data), _FEED):
            frames.receive_data(data[start : start + _FEED])
            events += self._receive_frames(frames)
            if self.finished:
                return

    def _receive_frames(self, frames: Connection) -> list[WireEvent]:
        events: list[WireEvent] = []
        for event in frames.events():
            if isinstance(event, BytesMessage):
                if not self._closing:
                    events.extend(self._receive_piece(event))
            elif isinstance(event, Ping):
                if frames.state is ConnectionState.OPEN:
                    self._out.append(frames.send(event.response()))
            elif isinstance(event, CloseConnection):
                events.extend(self._receive_close(frames, event))
            elif isinstance(event, TextMessage) and not self._closing:
                events.extend(self._receive_text(event))
            if self.finished:
                break
        return events

    def _receive_piece(self, event: BytesMessage) -> list[WireEvent]:
        piece = event.data
        self._size += len(piece)
        if self._size > self._max_message:
            return self._too_large()
        if event.message_finished and not self._pieces:
            self._size = 0
            return [MessageReceived(bytes(piece))]
        if self._pieces and len(self._pieces[-1]) < _FEED:
            self._pieces[-1] += piece
        else:
            self._pieces.append(bytearray(piece))
        if not event.message_finished:
            return []
        message = b"".join(self._pieces)
        self._size, self._pieces = 0, []
        return [MessageReceived(message)]

    def _receive_text(self, event: TextMessage) -> list[WireEvent]:
        self._text_size += len(event.data.encode())
        if self._text_size > self._max_message:
            return self._too_large()
        if event.message_finished:
            self._text_size = 0
        return []

    def _receive_close(self, frames: Connection, event: CloseConnection) -> list[WireEvent]:
        if frames.state is ConnectionState.REMOTE_CLOSING:
            self._send_close(frames, event.code, "")
        elif frames.state is ConnectionState.OPEN:
            # wsproto reports bytes that are no WebSocket as a close of its own, without a change of state.
            failure = TransportFailure(FailureKind.PROTOCOL, f"not WebSocket: {event.reason}")
            self._send_close(frames, event.code, "")
            self.finished = True
            return [Broken(failure)]
        self.finished = True
        return [Ended(int(event.code), event.reason or "")]

    def _too_large(self) -> list[WireEvent]:
        if self._frames is not None:
            self._send_close(self._frames, TOO_BIG, "")
        return self._break(FailureKind.TOO_LARGE, f"a message exceeds {self._max_message} bytes")

    def _header_too_large(self) -> list[WireEvent]:
        return self._break(FailureKind.TOO_LARGE, f"the handshake's headers exceed {self._max_header} bytes")

    def _send_close(self, frames: Connection, code: int, reason: str) -> None:
        try:
            self._out.append(frames.send(CloseConnection(code=code, reason=reason or None)))
        except LocalProtocolError:
            return

    def _break(self, kind: FailureKind, detail: str) -> list[WireEvent]:
        self.finished = True
        self._handshake = None
        self._size, self._pieces = 0, []
        return [Broken(TransportFailure(kind, detail))]


def _is_ours(name: str) -> bool:
    """Whether the handshake itself sets the header: nobody else may, extensions least of all."""
    return name in _OURS or name.startswith(_OURS_PREFIX)
