"""One TCP connection and what it is for. An adapter connects it, moves its bytes and watches its deadline; no more."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from tiktok_webcast.http import FailureKind, TransportFailure

from ._errors import transport_failure
from ._options import Network
from ._proxy import host_and_port
from ._tunnel import Route, Step, Tunnel

OUTPUT_HIGH = 64 * 1024
"""Bytes waiting to be sent at which a channel stops reading: a peer that does not read gets no more answers."""


def _nobody() -> None:
    """Stand in for an adapter before it is there."""


class Channel(ABC):
    """The contract between the pure half and an adapter.

    The adapter dials `address`, then calls `connected`, `receive_data`, `receive_eof`, or `failed` for an exception,
    and `handle_timer` when `deadline` has passed. After every call, and whenever `wake` is called, it sends
    `take_output()`, reads only while `reading` is true, and closes the TCP connection once `finished` is true and the
    output is out.
    """

    def __init__(self, route: Route, network: Network, *, max_header: int, now: float) -> None:
        self.route = route
        self.network = network
        self.wake: Callable[[], None] = _nobody
        """Set by the adapter: there is output, or `deadline`, `reading` or `finished` changed."""
        self.finished = False
        """The connection is of no more use: send the rest of the output within `Timeouts.close` and close it."""
        self.aborted = False
        """Close it at once, whatever is left to send."""
        self._tunnel = Tunnel(route, network, max_header=max_header)
        self._connected = False
        self._through = False
        self._held: list[bytes] = []
        self._held_size = 0
        self._phase = "connecting"
        self._phase_deadline: float | None = now + network.timeouts.connect
        self._phase_seconds = network.timeouts.connect
        self._write_deadline: float | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where the TCP connection leads."""
        return self.route.address

    @property
    def deadline(self) -> float | None:
        """When to call `handle_timer`, if nothing else happens before."""
        if self._write_deadline is None or self._phase_deadline is None:
            return self._phase_deadline if self._write_deadline is None else self._write_deadline
        return min(self._phase_deadline, self._write_deadline)

    @property
    def reading(self) -> bool:
        """Whether to read from the connection now."""
        return self._held_size < OUTPUT_HIGH

    def connected(self, now: float) -> None:
        """TCP is connected."""
        if self.finished:
            return
        self._connected = True
        self._tunnel.start()
        self._after_tunnel(now, b"")

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes read from the connection."""
        if self.finished:
            return
        if self._through:
            plain = self._tunnel.receive(data)
            self._collect()
            if plain:
                self._received(plain, now)
            if self.finished:
                return
            if self._tunnel.failure is not None:
                self._fail(self._tunnel.failure, now)
            elif self._tunnel.ended:
                self._received_eof(now)
        else:
            self._after_tunnel(now, self._tunnel.receive(data))

    def receive_eof(self, now: float) -> None:
        """The other side has ended its bytes."""
        if self.finished:
            return
        self._tunnel.receive_eof()
        if self._tunnel.failure is not None:
            self._fail(self._tunnel.failure, now)
        else:
            self._received_eof(now)

    def failed(self, error: BaseException, now: float) -> None:
        """The TCP connection could not be made, or broke."""
        if self.finished:
            return
        where = host_and_port(*self.address)
        if self._connected:
            self._fail(transport_failure(error, f"connection to {where}", FailureKind.READ), now)
            return
        failure = transport_failure(error, f"connect to {where}", FailureKind.CONNECT)
        if self.route.proxy is not None:
            failure = TransportFailure(FailureKind.PROXY, f"proxy {self.route.proxy}: {failure.detail}")
        self._fail(failure, now)

    def handle_timer(self, now: float) -> None:
        """The deadline may have passed."""
        if self.finished:
            return
        if self._write_deadline is not None and now >= self._write_deadline:
            seconds = self.network.timeouts.write
            self._drop_output()
            self._fail(TransportFailure(FailureKind.TIMEOUT, f"nothing could be sent for {seconds:g} s"), now)
        elif self._phase_deadline is not None and now >= self._phase_deadline:
            self._expired(now)

    def write_blocked(self, now: float) -> None:
        """The connection takes no more bytes for now."""
        if self._write_deadline is None:
            self._write_deadline = now + self.network.timeouts.write

    def write_resumed(self) -> None:
        """The connection takes bytes again."""
        self._write_deadline = None

    def take_output(self) -> bytes:
        """Return and forget the bytes to send."""
        held, self._held = self._held, []
        self._held_size = 0
        return held[0] if len(held) == 1 else b"".join(held)

    def abandon(self) -> None:
        """Nobody wants this connection any more: close it without a word to anybody."""
        self._drop_output()
        self._finish()

    def lost(self, now: float) -> None:
        """The transport itself is going away, cancelled from outside."""
        self.abandon()

    def _send(self, data: bytes) -> None:
        if data:
            self._tunnel.send(data)
            self._collect()

    def _collect(self) -> None:
        data = self._tunnel.take_output()
        if data:
            self._held.append(data)
            self._held_size += len(data)

    def _drop_output(self) -> None:
        self.aborted = True
        self._held = []
        self._held_size = 0

    def _finish(self) -> None:
        if not self.finished and not self.aborted:
            self._tunnel.close()
            self._collect()
        self.finished = True
        self._phase_deadline = self._write_deadline = None
        self.wake()

    def _enter(self, phase: str, seconds: float | None, now: float) -> None:
        self._phase = phase
        self._phase_seconds = seconds or 0.0
        self._phase_deadline = None if seconds is None else now + seconds

    def _after_tunnel(self, now: float, plain: bytes) -> None:
        self._collect()
        timeouts = self.network.timeouts
        if self._tunnel.failure is not None:
            self._fail(self._tunnel.failure, now)
        elif self._tunnel.step is Step.OPEN:
            self._through = True
            self._enter("open", None, now)
            self._opened(now)
            if plain and not self.finished:
                self._received(plain, now)
        elif self._phase != self._tunnel.step.value:
            seconds = timeouts.tls if self._tunnel.step is Step.TLS else timeouts.connect
            self._enter(self._tunnel.step.value, seconds, now)

    def _expired(self, now: float) -> None:
        """The current phase took too long."""
        doing = self._tunnel.doing if self._connected else f"connect to {host_and_port(*self.address)}"
        detail = f"{doing}: no answer within {self._phase_seconds:g} s"
        self._fail(TransportFailure(FailureKind.TIMEOUT, detail), now)

    @abstractmethod
    def _opened(self, now: float) -> None:
        """Bytes flow to and from the target."""

    @abstractmethod
    def _received(self, data: bytes, now: float) -> None:
        """The target sent bytes."""

    @abstractmethod
    def _received_eof(self, now: float) -> None:
        """The target's bytes are at their end."""

    @abstractmethod
    def _fail(self, failure: TransportFailure, now: float) -> None:
        """The connection is of no more use: tell whom it concerns and finish."""
