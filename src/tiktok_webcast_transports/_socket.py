"""The channel of a session's WebSocket: what the wire says, the session hears."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from tiktok_webcast.config import Limits
from tiktok_webcast.http import Headers, SocketRequest, TransportFailure

from ._channel import Channel
from ._options import Network
from ._tunnel import Route
from ._wire import Broken, Ended, MessageReceived, Opened, Rejected, WebSocketWire, WireEvent

_log = logging.getLogger("tiktok_webcast_transports.socket")


class SocketListener(Protocol):
    """What a session offers to its socket."""

    @property
    def paused(self) -> bool:
        """Whether to stop reading."""

    def socket_opened(self, socket_id: int, headers: Headers, *, now: float) -> None:
        """The handshake succeeded."""

    def socket_rejected(self, socket_id: int, status: int, headers: Headers, *, now: float) -> None:
        """The handshake was refused."""

    def receive_message(self, socket_id: int, data: bytes, *, now: float) -> None:
        """A whole binary message came."""

    def socket_closed(self, socket_id: int, code: int | None, reason: str, *, now: float) -> None:
        """The server closed the socket."""

    def socket_failed(self, socket_id: int, failure: TransportFailure, *, now: float) -> None:
        """The socket could not be opened, or broke."""


class SocketChannel(Channel):
    """A WebSocket on its way through a tunnel. After `close` the session hears nothing more of it."""

    def __init__(
        self,
        route: Route,
        network: Network,
        limits: Limits,
        request: SocketRequest,
        *,
        socket_id: int,
        session: SocketListener,
        changed: Callable[[float], None],
        now: float,
    ) -> None:
        super().__init__(route, network, max_header=limits.response_headers, now=now)
        self.socket_id = socket_id
        self._session = session
        self._changed = changed
        self._closing = False
        self._entered = False
        # A list, as an empty deque takes 760 bytes in each of thousands of rooms.
        self._unheard: list[WireEvent] = []
        """What one read brought after the session paused: at most what fits into a read."""
        self._wire = WebSocketWire(
            request, route.authority, max_message=limits.message, max_header=limits.response_headers
        )

    @property
    def reading(self) -> bool:
        """Whether to read: the program keeps up, or the socket is being opened or closed."""
        return super().reading and (self._closing or not (self._unheard or self._waits))

    @property
    def _waits(self) -> bool:
        # Until the handshake is answered no events can come, and a server's patience and the session's have an end.
        return self._entered and self._session.paused

    def send_message(self, data: bytes) -> None:
        """Send one binary message; dropped once the connection is over, also before the session hears it."""
        if self.finished:
            # TLS has said good-bye by now: what came after it would be readable to everybody on the way.
            return
        self._wire.send_message(data)
        self._flush()
        self.wake()

    def resume(self, now: float) -> None:
        """The program has caught up: tell what is left of the last read, and read on."""
        if self._unheard:
            self._tell_all(now)
        self.wake()

    def close(self, code: int, now: float) -> None:
        """Close the socket; the server has `Timeouts.close` seconds for its part."""
        if self._closing or self.finished:
            return
        self._closing = True
        self._wire.close(code)
        self._flush()
        if self._wire.finished:
            self._finish()
        else:
            self._enter("closing", self.network.timeouts.close, now)
            self.wake()

    def _opened(self, now: float) -> None:
        self._enter("open", self.network.timeouts.handshake, now)
        self._handle(self._wire.start(), now)

    def _received(self, data: bytes, now: float) -> None:
        self._handle(self._wire.receive(data), now)

    def _received_eof(self, now: float) -> None:
        self._handle(self._wire.receive_eof(), now)
        self._finish()

    def _expired(self, now: float) -> None:
        if self._closing:
            self._finish()
        else:
            super()._expired(now)

    def _fail(self, failure: TransportFailure, now: float) -> None:
        self._finish()
        _log.debug("socket %d: %s: %s", self.socket_id, failure.kind.value, failure.detail)
        self._unheard.append(Broken(failure))
        self._tell_all(now)

    def _handle(self, events: list[WireEvent], now: float) -> None:
        self._flush()
        if self._wire.finished:
            self._finish()
        if events:
            self._unheard.extend(events)
            self._tell_all(now)

    def _tell_all(self, now: float) -> None:
        """Tell the session what came, until it pauses: one read may bring more than it wants to hold."""
        unheard = self._unheard
        told = 0
        try:
            while told < len(unheard) and not self._closing and not self._waits:
                told += 1
                self._tell(unheard[told - 1], now)
        finally:
            # At once: a read may bring 100,000 empty messages, and to take the first of a list moves all others.
            del unheard[:told]
        if self._closing:
            unheard.clear()
        self._changed(now)

    def _tell(self, event: WireEvent, now: float) -> None:
        session, socket_id = self._session, self.socket_id
        if not isinstance(event, MessageReceived):
            _log.debug("socket %d: %s", socket_id, type(event).__name__.lower())
        if isinstance(event, MessageReceived):
            session.receive_message(socket_id, event.data, now=now)
        elif isinstance(event, Opened):
            self._enter("open", None, now)
            self._entered = True
            session.socket_opened(socket_id, event.headers, now=now)
        elif isinstance(event, Rejected):
            session.socket_rejected(socket_id, event.status, event.headers, now=now)
        elif isinstance(event, Ended):
            session.socket_closed(socket_id, event.code, event.reason, now=now)
        elif isinstance(event, Broken):
            session.socket_failed(socket_id, event.failure, now=now)

    def _flush(self) -> None:
        self._send(self._wire.take_output())
