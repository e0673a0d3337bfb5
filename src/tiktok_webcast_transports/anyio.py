"""The transport for asyncio and trio, over anyio and httpcore's network streams.

    async with connect("@some_user") as live:
        async for event in live:
            ...

A program that wants its sockets closed in order after Ctrl-C runs trio with
`trio.run(main, restrict_keyboard_interrupt_to_checkpoints=True)`: by default trio lets Ctrl-C break out between any two
instructions, of anyio's too, and a connection that is just being made is then left to the garbage collector.
"""

from __future__ import annotations

import math
import random
import ssl
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.lowlevel
import httpcore

from tiktok_webcast.checks import check_kind
from tiktok_webcast.close import Closed
from tiktok_webcast.config import Limits
from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.events.base import Event
from tiktok_webcast.http import Exchange, HttpRequest, HttpResponse, TransportFailure
from tiktok_webcast.retry import RetryPolicy
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import Signer
from tiktok_webcast.statistics import Statistics
from tiktok_webcast.user_input import UserInput, parse_user

from ._anyio_rooms import Rooms
from ._anyio_streams import Streams
from ._driver import Driver, SessionPort
from ._http_pool import HttpPool
from ._options import Network, Timeouts
from ._proxy import Proxy
from ._rooms import Room

if TYPE_CHECKING:
    from tiktok_webcast.context import WebContext
    from tiktok_webcast.room import StatusReport
    from tiktok_webcast.wait_live import WaitPolicy

__all__ = ["HttpClient", "Live", "Network", "Room", "Rooms", "Timeouts", "connect"]

T = TypeVar("T")
_pause = anyio.sleep
_EVENTS_PER_CHECKPOINT = 64


class HttpClient:
    """HTTP requests on connections that are kept for a while; use it with `async with`.

    Share one among many rooms by `connect(..., http=client)`.
    """

    def __init__(
        self,
        *,
        limits: Limits = Limits(),
        network: Network = Network(),
        network_backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        check_kind("limits", limits, Limits, "Limits")
        check_kind("network", network, Network, "a Network")
        self._waiting: set[anyio.Event] = set()
        self._streams = Streams(network_backend, self._release)
        self._pool = HttpPool(network, self._streams.dial, max_header=limits.response_headers)
        self._rooms: set[Driver] = set()
        """Those entered that share it."""

    async def __aenter__(self) -> HttpClient:
        await self._streams.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, Exception):
            for driver in tuple(self._rooms):
                driver.pool_closed()
        self._pool.close()
        await self._streams.close(gracefully=False)

    async def send(self, request: HttpRequest) -> HttpResponse | TransportFailure:
        """Make one request; failures of the network are returned, not raised."""
        answers: list[HttpResponse | TransportFailure] = []
        done = anyio.Event()

        def deliver(answer: HttpResponse | TransportFailure, now: float) -> None:
            answers.append(answer)
            done.set()

        call = self._pool.send(request, deliver, anyio.current_time())
        self._waiting.add(done)
        try:
            await done.wait()
        finally:
            self._waiting.discard(done)
            call.cancel()
        if not answers:
            raise self._streams.crash or LocalProtocolError("The HTTP client is closed")
        return answers[0]

    async def run(self, exchange: Exchange[T]) -> T:
        """Run an exchange of the core to its result."""
        try:
            request = next(exchange)
            while True:
                request = exchange.send(await self.send(request))
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            exchange.close()

    async def wait_until_live(
        self, user: str | int | UserInput, *, context: WebContext | None = None, policy: WaitPolicy | None = None
    ) -> StatusReport:
        """Ask whether a user is live until they are, or until `policy` ends the wait; return the last report.

        Args:
            user: In any form that `parse_user` reads.
            context: The browser to be; `None`: one of the defaults (`SessionConfig().web_context(rng)`).
            policy: How often and for how long; `None`: about once a minute, without an end.

        Raises:
            InvalidUserInput: `user` names neither a user nor a room.
        """
        from tiktok_webcast.room import status
        from tiktok_webcast.wait_live import LiveWait, StopWaiting

        context = context or SessionConfig().web_context(random.Random())
        wait, asked = LiveWait(context.rng, policy), parse_user(user)
        while True:
            report = await self.run(status(asked, context=context))
            decision = wait.decide(report, now=anyio.current_time())
            if isinstance(decision, StopWaiting):
                return report
            await _pause(decision.delay)

    def _release(self) -> None:
        for done in self._waiting:
            done.set()


class Live:
    """A session on the network: an async context manager, and an iterator of events that ends after the last.

    Leaving the context closes the room. Events that still wait can be taken by `next_event` afterwards.
    """

    def __init__(
        self,
        session: SessionPort,
        *,
        limits: Limits = Limits(),
        network: Network = Network(),
        http: HttpClient | None = None,
        network_backend: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        check_kind("http", http, (HttpClient, type(None)), "an HttpClient of this transport")
        self._session = session
        self._streams = Streams(network_backend, self._changed)
        self._own_pool = HttpPool(network, self._streams.dial, max_header=limits.response_headers)
        self._http = http
        pool = http._pool if http is not None else self._own_pool
        self._driver = Driver(session, network, limits, pool, self._streams.dial, self._changed, self._streams.crashed)
        self._news = anyio.Event()
        # Made inside the loop: a `Live` may be made before there is one.
        self._tick: anyio.CancelScope | None = None
        self._entered = False
        self._taken = 0

    @property
    def closed(self) -> Closed | None:
        """Why the room was left; `None` before that."""
        return self._session.closed

    @property
    def statistics(self) -> Statistics:
        """The counters so far."""
        return self._session.statistics

    @property
    def room_id(self) -> int:
        """The room's id; 0 while it is not known."""
        return self._session.room_id

    async def __aenter__(self) -> Live:
        if self._entered:
            raise LocalProtocolError("A connection can be entered once: make another one")
        self._entered = True
        await self._streams.open()
        try:
            self._driver.start(anyio.current_time())
        except BaseException:
            # Nobody calls `__aexit__` now, and a task group that is left open breaks trio.
            await self._streams.close(gracefully=False)
            raise
        self._streams.start(self._keep_time, self._changed)
        if self._http is not None:
            self._http._rooms.add(self._driver)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._http is not None:
            self._http._rooms.discard(self._driver)
        crashed = self._streams.crash is not None
        try:
            if not crashed:
                self.close()
            self._own_pool.close()
        finally:
            politely = (error is None or isinstance(error, Exception)) and not crashed
            await self._streams.close(gracefully=politely)
        if self._streams.crash is not None and error is None:
            raise self._streams.crash

    def __aiter__(self) -> Live:
        return self

    async def __anext__(self) -> Event:
        if self._taken >= _EVENTS_PER_CHECKPOINT:
            # Before an event is taken: a cancellation in here would lose it.
            self._taken = 0
            await anyio.lowlevel.checkpoint()
        while True:
            event = self._driver.next_event()
            if event is not None:
                self._taken += 1
                return event
            if self._streams.crash is not None:
                raise self._streams.crash
            if self._driver.ended:
                raise StopAsyncIteration
            if not self._entered:
                raise LocalProtocolError("Enter it first: `async with connect(...) as live`")
            if self._news.is_set():
                # Else another task waits for it already.
                self._news = anyio.Event()
            await self._news.wait()

    def next_event(self) -> Event | None:
        """Return a waiting event without waiting for one."""
        return self._driver.next_event()

    def close(self) -> None:
        """Leave the room, from any task. The iteration ends after the last events. Again does nothing."""
        if self._entered:
            self._driver.close(anyio.current_time())

    def _changed(self) -> None:
        self._news.set()
        if self._tick is not None:
            timer = self._driver.next_timer()
            self._tick.deadline = math.inf if timer is None else timer
            if self._driver.ended:
                self._tick.cancel()

    async def _keep_time(self) -> None:
        while not self._driver.ended:
            timer = self._driver.next_timer()
            with anyio.CancelScope(deadline=math.inf if timer is None else timer) as self._tick:
                await anyio.sleep_forever()
            if not self._driver.ended:
                self._driver.handle_timer(anyio.current_time())


def connect(
    user: str | int | UserInput,
    *,
    config: SessionConfig = SessionConfig(),
    signer: Signer | None = None,
    retry: RetryPolicy = RetryPolicy(),
    rng: random.Random | None = None,
    http: HttpClient | None = None,
    proxy: str | Proxy | None = None,
    ssl_context: ssl.SSLContext | None = None,
    ca_file: str | None = None,
    trust_env: bool = False,
    timeouts: Timeouts = Timeouts(),
    network_backend: httpcore.AsyncNetworkBackend | None = None,
) -> Live:
    """Return the room of `user` to enter with `async with` and iterate with `async for`.

    Args:
        user: a name, `@name`, URL of a live page, or a room id.
        config: everything about the session itself.
        signer: who signs the socket's URL.
        retry: whether and when to try again.
        rng: randomness for jitter; seeded by the system if left out.
        http: an `HttpClient` to share among rooms; it then says how HTTP reaches the network.
        proxy, ssl_context, ca_file, trust_env: the way to the network, see `tiktok_webcast_transports.Network`.
        timeouts: how long each step of a connection may take.
        network_backend: what opens TCP connections; httpcore's for anyio if left out.

    Raises:
        ConfigurationError: a user, proxy or option that cannot be used.
    """
    session = Session(user, config=config, signer=signer, retry=retry, rng=rng or random.Random())
    network = Network(proxy, ssl_context, ca_file, trust_env, timeouts)
    return Live(session, limits=config.limits, network=network, http=http, network_backend=network_backend)
