"""`ExchangeRunner`: one `Exchange` at a time, with an id and a deadline for each of its requests."""

from __future__ import annotations

from typing import Any, NamedTuple

from .actions import SendRequest
from .http import Exchange, FailureKind, HttpResponse, TransportFailure


class Finished(NamedTuple):
    """The exchange is over."""

    result: Any


Step = SendRequest | Finished


class ExchangeRunner:
    """Turns an exchange into requests to send, and their answers into its result.

    An answer for any but the current request is ignored; one that does not come in time counts as a timeout.
    """

    def __init__(self, timeout: float) -> None:
        """`timeout`: seconds for each request, its answer included."""
        self._timeout = timeout
        self._exchange: Exchange[Any] | None = None
        self._request_id = 0
        self._deadline: float | None = None

    def start(self, exchange: Exchange[Any], *, now: float) -> Step:
        """Begin an exchange, and forget the one before."""
        self.cancel()
        self._exchange = exchange
        return self._advance(exchange, None, now)

    def receive(self, request_id: int, r: HttpResponse | TransportFailure, *, now: float) -> Step | None:
        """The answer to a request: what follows it, or `None` if nobody waits for it any more."""
        if self._exchange is None or request_id != self._request_id:
            return None
        return self._advance(self._exchange, r, now)

    def handle_timer(self, *, now: float) -> Step | None:
        """Give up a request whose time is over."""
        if self._exchange is None or self._deadline is None or now < self._deadline:
            return None
        late = TransportFailure(FailureKind.TIMEOUT, f"no answer in {self._timeout:g} s")
        return self._advance(self._exchange, late, now)

    def next_timer(self) -> float | None:
        """When to call `handle_timer`, or `None` while nothing is under way."""
        return self._deadline

    def hold(self, request_id: int) -> None:
        """A request is sent later, so its time does not run."""
        if request_id == self._request_id:
            self._deadline = None

    def release(self, request_id: int, *, now: float) -> None:
        """A request that was held is sent now."""
        if self._exchange is not None and request_id == self._request_id:
            self._deadline = now + self._timeout

    def cancel(self) -> None:
        """Forget what is under way."""
        exchange, self._exchange, self._deadline = self._exchange, None, None
        if exchange is not None:
            exchange.close()

    def _advance(self, exchange: Exchange[Any], r: HttpResponse | TransportFailure | None, now: float) -> Step:
        try:
            request = next(exchange) if r is None else exchange.send(r)
        except StopIteration as stop:
            self._exchange, self._deadline = None, None
            return Finished(stop.value)
        self._request_id += 1
        self._deadline = now + self._timeout
        return SendRequest(self._request_id, request)
