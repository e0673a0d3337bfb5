"""A session's actions done and its socket fed, for every adapter alike. No I/O: the adapter dials and moves bytes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from tiktok_webcast.actions import Action, CloseSocket, OpenSocket, SendMessage, SendRequest
from tiktok_webcast.close import Closed
from tiktok_webcast.config import Limits
from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.events.base import Event
from tiktok_webcast.http import HttpResponse, TransportFailure
from tiktok_webcast.statistics import Statistics

from ._http_pool import Call, Dial, HttpPool
from ._options import Network
from ._socket import SocketChannel, SocketListener
from ._tunnel import route_to

_log = logging.getLogger("tiktok_webcast_transports.driver")


class SessionPort(SocketListener, Protocol):
    """What a transport needs of a `tiktok_webcast.Session`; anything of this shape can be driven."""

    @property
    def closed(self) -> Closed | None:
        """Why it ended, once it did."""

    @property
    def statistics(self) -> Statistics:
        """Its counters."""

    @property
    def room_id(self) -> int:
        """The room; 0 while it is not known."""

    def start(self, *, now: float) -> None:
        """Begin."""

    def close(self, *, now: float) -> None:
        """End."""

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""

    def receive_response(self, request_id: int, r: HttpResponse | TransportFailure, *, now: float) -> None:
        """Take the answer to a request."""

    def next_action(self) -> Action | None:
        """Pop what is to be done."""

    def next_event(self) -> Event | None:
        """Pop an event."""

    def next_timer(self) -> float | None:
        """Say when `handle_timer` is due."""


class Driver:
    """One session between its program and the network.

    Args:
        session: not started yet.
        pool: where its HTTP requests go; may be shared.
        dial: connects a channel of its socket.
        changed: called after every input: look for events, `next_timer()` and `ended`.
        crashed: takes what the session raises at an answer. Raised into a shared pool, it would be told to everybody
            else who waits there for an answer, and never to this session's program. `None`: it is raised.
    """

    def __init__(
        self,
        session: SessionPort,
        network: Network,
        limits: Limits,
        pool: HttpPool,
        dial: Dial,
        changed: Callable[[], None],
        crashed: Callable[[Exception], None] | None = None,
    ) -> None:
        self.session = session
        self._network = network
        self._limits = limits
        self._pool = pool
        self._dial = dial
        self._changed = changed
        self._crashed = crashed
        self._sockets: dict[int, SocketChannel] = {}
        self._calls: dict[int, Call] = {}
        self._working = False
        self._was_paused = False
        self._now = 0.0

    @property
    def ended(self) -> bool:
        """The session is over; its last events may still wait."""
        return self.session.closed is not None

    def start(self, now: float) -> None:
        """Start the session."""
        self.session.start(now=now)
        self._work(now)

    def close(self, now: float) -> None:
        """Close the session; its last events still come. Again does nothing."""
        if not self.ended:
            self.session.close(now=now)
            self._work(now)

    def pool_closed(self) -> None:
        """The shared pool is being closed: its connections take the answers along that this session waits for."""
        if self._calls and self._crashed is not None:
            for call in self._calls.values():
                call.cancel()
            self._calls = {}
            self._crashed(LocalProtocolError("The HttpClient was closed before this room, which waits for an answer"))

    def handle_timer(self, now: float) -> None:
        """Call when `next_timer()` has passed."""
        self.session.handle_timer(now=now)
        self._work(now)

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is due."""
        session = self.session
        return None if session.closed is not None else session.next_timer()

    def next_event(self) -> Event | None:
        """Pop an event; the socket is read again once the program has caught up."""
        event = self.session.next_event()
        if self._was_paused:
            self._read_on()
            if event is None:
                # What the last read left unheard is told by now, and whoever is about to wait has missed the call.
                event = self.session.next_event()
        return event

    def _read_on(self) -> None:
        if not self.session.paused:
            self._was_paused = False
            for channel in tuple(self._sockets.values()):
                channel.resume(self._now)

    def _work(self, now: float) -> None:
        """Do all actions. An action that ends at once comes back here, and its consequences join the same loop."""
        self._now = now
        if self._working:
            return
        session = self.session
        self._working = True
        try:
            while (action := session.next_action()) is not None:
                self._do(action, now)
        finally:
            self._working = False
        self._was_paused = session.paused
        if self._calls and session.closed is not None:
            calls, self._calls = self._calls, {}
            for call in calls.values():
                call.cancel()
        self._changed()

    def _do(self, action: Action, now: float) -> None:
        if isinstance(action, SendMessage):
            channel = self._sockets.get(action.socket_id)
            if channel is not None:
                channel.send_message(action.data)
        elif isinstance(action, SendRequest):
            self._send_request(action, now)
        elif isinstance(action, OpenSocket):
            self._open_socket(action, now)
        elif isinstance(action, CloseSocket):
            channel = self._sockets.pop(action.socket_id, None)
            if channel is not None:
                _log.debug("socket %d: closing with %d", action.socket_id, action.code)
                channel.close(action.code, now)

    def _send_request(self, action: SendRequest, now: float) -> None:
        def deliver(answer: HttpResponse | TransportFailure, when: float) -> None:
            self._calls.pop(action.request_id, None)
            try:
                self.session.receive_response(action.request_id, answer, now=when)
                self._work(when)
            except Exception as error:
                if self._crashed is None:
                    raise
                self._crashed(error)

        call = self._pool.send(action.request, deliver, now)
        if call.channel is not None:
            self._calls[action.request_id] = call

    def _open_socket(self, action: OpenSocket, now: float) -> None:
        for note in action.notes:
            _log.info("socket %d: the signer says: %s", action.socket_id, note)
        route = route_to(action.request.url, self._network)
        if isinstance(route, TransportFailure):
            self.session.socket_failed(action.socket_id, route, now=now)
            return
        self._sockets = {number: each for number, each in self._sockets.items() if not each.finished}
        channel = SocketChannel(
            route,
            self._network,
            self._limits,
            action.request,
            socket_id=action.socket_id,
            session=self.session,
            changed=self._work,
            now=now,
        )
        self._sockets[action.socket_id] = channel
        _log.debug("socket %d: opening %s", action.socket_id, route)
        self._dial(channel)
