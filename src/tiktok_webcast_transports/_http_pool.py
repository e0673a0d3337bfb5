"""HTTP for one transport: requests go to idle connections or to new ones; connections are kept for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable

from tiktok_webcast.http import FailureKind, HttpRequest, HttpResponse, TransportFailure

from ._channel import Channel
from ._exchange import Answer, HttpWire
from ._options import Network
from ._tunnel import Route, route_to

IDLE_SECONDS = 15.0
"""How long a connection waits for another request."""
IDLE_CONNECTIONS = 16
"""Connections that wait for another request; the one that waited longest is closed for one more."""

_REPEATABLE = ("GET", "HEAD")
_TOO_LONG_IDLE = 408
"""A server's farewell to a connection that it kept (RFC 9110 section 15.5.9)."""

Deliver = Callable[[Answer, float], None]
Dial = Callable[[Channel], None]


_log = logging.getLogger("tiktok_webcast_transports.http")


class Call:
    """A request under way."""

    def __init__(self, request: HttpRequest, deliver: Deliver) -> None:
        self.request = request
        self.deliver: Deliver | None = deliver
        self.channel: HttpChannel | None = None

    def cancel(self) -> None:
        """Stop it: no answer is delivered."""
        self.deliver = None
        if self.channel is not None:
            self.channel.abandon()

    def settle(self, answer: Answer, now: float) -> None:
        """Deliver the answer, once."""
        if isinstance(answer, TransportFailure):
            _log.debug("%s: %s: %s", self.request.method, answer.kind.value, answer.detail)
        deliver, self.deliver, self.channel = self.deliver, None, None
        if deliver is not None:
            deliver(answer, now)


class HttpPool:
    """Sends requests over channels that `dial` connects."""

    def __init__(self, network: Network, dial: Dial, *, max_header: int) -> None:
        self._network = network
        self._dial = dial
        self._max_header = max_header
        self._idle: list[HttpChannel] = []

    def send(self, request: HttpRequest, deliver: Deliver, now: float) -> Call:
        """Send `request`; `deliver(answer, now)` is called once, maybe before this returns."""
        call = Call(request, deliver)
        self.carry(call, now)
        return call

    def carry(self, call: Call, now: float, *, fresh: bool = False) -> None:
        """Put `call` on a connection; on a new one if `fresh`."""
        route = route_to(call.request.url, self._network)
        if isinstance(route, TransportFailure):
            call.settle(route, now)
            return
        for channel in self._idle:
            if not fresh and channel.route == route:
                self._idle.remove(channel)
                channel.begin(call, now)
                return
        channel = HttpChannel(self, route, self._network, max_header=self._max_header, now=now)
        channel.begin(call, now)
        _log.debug("%s: connecting to %s", call.request.method, route)
        self._dial(channel)

    def keep(self, channel: HttpChannel) -> None:
        """Keep a connection for another request."""
        self._idle.append(channel)
        if len(self._idle) > IDLE_CONNECTIONS:
            self._idle[0].abandon()

    def forget(self, channel: HttpChannel) -> None:
        """A connection is gone."""
        if channel in self._idle:
            self._idle.remove(channel)

    def close(self) -> None:
        """Close the idle connections."""
        for channel in tuple(self._idle):
            channel.abandon()


class HttpChannel(Channel):
    """A connection for one request at a time."""

    def __init__(self, pool: HttpPool, route: Route, network: Network, *, max_header: int, now: float) -> None:
        super().__init__(route, network, max_header=max_header, now=now)
        self._pool = pool
        self._wire = HttpWire(route.authority, max_header=max_header)
        self._call: Call | None = None
        self._used = False

    def begin(self, call: Call, now: float) -> None:
        """Take a request: at once if the connection is open, else when it is."""
        self._call = call
        call.channel = self
        if self._through:
            self._used = True
            self._ask(call.request, now)
            self.wake()

    def abandon(self) -> None:
        """Close the connection; a request under way gets no answer."""
        self._call = None
        super().abandon()

    def lost(self, now: float) -> None:
        """The transport is going away: whoever still waits hears it."""
        self._drop_output()
        self._used = False
        self._fail(TransportFailure(FailureKind.READ, "the transport was cancelled"), now)

    def _ask(self, request: HttpRequest, now: float) -> None:
        data = self._wire.send(request)
        if isinstance(data, TransportFailure):
            self._fail(data, now)
        else:
            self._enter("open", self.network.timeouts.request, now)
            self._send(data)

    def _opened(self, now: float) -> None:
        if self._call is not None:
            self._ask(self._call.request, now)

    def _received(self, data: bytes, now: float) -> None:
        if self._call is None:
            # Nobody asked: a 408 or another farewell to an idle connection.
            self._finish()
        else:
            self._settle(self._wire.receive(data), now)

    def _received_eof(self, now: float) -> None:
        if self._call is None:
            self._finish()
        else:
            self._settle(self._wire.receive(b""), now)

    def _settle(self, answer: Answer | None, now: float) -> None:
        if isinstance(answer, TransportFailure):
            self._fail(answer, now)
        elif answer is not None:
            self._answered(answer, now)

    def _answered(self, answer: HttpResponse, now: float) -> None:
        call, self._call = self._call, None
        if answer.status == _TOO_LONG_IDLE and self._used and call is not None and call.request.method in _REPEATABLE:
            # It was on its way to the idle connection before the request was, and says nothing about it.
            self._finish()
            self._pool.carry(call, now, fresh=True)
            return
        if self._wire.reusable and not self._tunnel.ended and self._tunnel.failure is None:
            self._enter("idle", IDLE_SECONDS, now)
            self._pool.keep(self)
            self.wake()
        else:
            self._finish()
        if call is not None:
            call.settle(answer, now)

    def _fail(self, failure: TransportFailure, now: float) -> None:
        call, self._call = self._call, None
        stale = self._used and not self._wire.answering and failure.kind in (FailureKind.READ, FailureKind.WRITE)
        self._finish()
        if call is None:
            return
        if stale and call.request.method in _REPEATABLE:
            # The server gave up the kept connection while we used it; it did not look at the request.
            self._pool.carry(call, now, fresh=True)
        else:
            call.settle(failure, now)

    def _finish(self) -> None:
        self._pool.forget(self)
        super()._finish()
