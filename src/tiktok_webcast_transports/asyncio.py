"""The transport for asyncio alone: protocols and callbacks, the one for thousands of rooms in a process.

    async with connect("@some_user") as live:
        async for event in live:
            ...

A message travels from the loop's callback through the session in one call, with no task and no queue of bytes between.
Works on uvloop too.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

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

from ._asyncio_lines import Alarm, Lines
from ._asyncio_rooms import Rooms
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
_pause = asyncio.sleep
_EVENTS_PER_YIELD = 64
_CHANCE = random.SystemRandom()
"""One for all rooms: a generator of its own would be a third of an idle room's memory."""


class HttpClient:
    """HTTP requests on connections that are kept for a while; use it with `async with`.

    Share one among many rooms by `connect(..., http=client)`.
    """

    def __init__(self, *, limits: Limits = Limits(), network: Network = Network()) -> None:
        check_kind("limits", limits, Limits, "Limits")
        check_kind("network", network, Network, "a Network")
        self._waiting: set[asyncio.Future[HttpResponse | TransportFailure]] = set()
        self._lines = Lines(self._release)
        self._pool = HttpPool(network, self._lines.dial, max_header=limits.response_headers)
        self._rooms: set[Driver] = set()
        """Those entered that share it."""

    async def __aenter__(self) -> HttpClient:
        self._lines.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, Exception):
            for driver in tuple(self._rooms):
                driver.pool_closed()
        self._pool.close()
        self._release()
        await self._lines.close(gracefully=False)

    async def send(self, request: HttpRequest) -> HttpResponse | TransportFailure:
        """Make one request; failures of the network are returned, not raised."""
        answered: asyncio.Future[HttpResponse | TransportFailure] = asyncio.get_running_loop().create_future()

        def deliver(answer: HttpResponse | TransportFailure, now: float) -> None:
            if not answered.done():
                answered.set_result(answer)

        call = self._pool.send(request, deliver, self._lines.now())
        self._waiting.add(answered)
        try:
            return await answered
        finally:
            self._waiting.discard(answered)
            call.cancel()

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
            decision = wait.decide(report, now=asyncio.get_running_loop().time())
            if isinstance(decision, StopWaiting):
                return report
            await _pause(decision.delay)

    def _release(self) -> None:
        for answered in self._waiting:
            if not answered.done():
                answered.set_exception(self._lines.crash or LocalProtocolError("The HTTP client is closed"))


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
    ) -> None:
        check_kind("http", http, (HttpClient, type(None)), "an HttpClient of this transport")
        self._session = session
        self._lines = Lines(self._changed)
        self._own_pool = HttpPool(network, self._lines.dial, max_header=limits.response_headers)
        self._http = http
        pool = http._pool if http is not None else self._own_pool
        self._driver = Driver(session, network, limits, pool, self._lines.dial, self._changed, self._lines.crashed)
        self._waiting: list[asyncio.Future[None]] = []
        self._ahead: Event | None = None
        self._alarm: Alarm | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
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
        if self._loop is not None:
            raise LocalProtocolError("A connection can be entered once: make another one")
        self._loop = self._lines.open()
        self._alarm = Alarm(self._loop, self._rang)
        self._driver.start(self._loop.time())
        if self._http is not None:
            self._http._rooms.add(self._driver)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._http is not None:
            self._http._rooms.discard(self._driver)
        crashed = self._lines.crash is not None
        try:
            if not crashed:
                self.close()
            self._own_pool.close()
        finally:
            if self._alarm is not None:
                self._alarm.set(None)
            politely = (error is None or isinstance(error, Exception)) and not crashed
            await self._lines.close(gracefully=politely)
        if self._lines.crash is not None and error is None:
            raise self._lines.crash

    def __aiter__(self) -> Live:
        return self

    async def __anext__(self) -> Event:
        session = self._session
        if self._taken >= _EVENTS_PER_YIELD:
            # Before an event is taken: a cancellation in here would lose it.
            self._taken = 0
            await asyncio.sleep(0)
        while True:
            event = self._ahead
            if event is None:
                event = self._driver.next_event()
            else:
                self._ahead = None
            if event is not None:
                self._taken += 1
                return event
            if self._lines.crash is not None:
                raise self._lines.crash
            if session.closed is not None:
                raise StopAsyncIteration
            if self._loop is None:
                raise LocalProtocolError("Enter it first: `async with connect(...) as live`")
            # Not an `asyncio.Event`: that makes a turn of the loop 6.0 us instead of 5.0.
            news = self._loop.create_future()
            self._waiting.append(news)
            try:
                await news
            finally:
                if news in self._waiting:
                    self._waiting.remove(news)

    def next_event(self) -> Event | None:
        """Return a waiting event without waiting for one."""
        event = self._ahead
        if event is None:
            return self._driver.next_event()
        self._ahead = None
        return event

    def close(self) -> None:
        """Leave the room, from any task. The iteration ends after the last events. Again does nothing."""
        if self._loop is not None:
            self._driver.close(self._loop.time())

    def _changed(self) -> None:
        if self._alarm is not None:
            self._alarm.set(self._driver.next_timer())
        waiting = self._waiting
        if not waiting:
            return
        # Most frames bring nothing to a program that listens to little: it is not woken for them. What shows that
        # there is an event is the event, taken ahead; from the session, as nothing must be read in here.
        if self._ahead is None:
            self._ahead = self._session.next_event()
        if self._ahead is not None or self._session.closed is not None or self._lines.crash is not None:
            self._waiting = []
            for news in waiting:
                if not news.done():
                    news.set_result(None)

    def _rang(self, now: float) -> None:
        try:
            self._driver.handle_timer(now)
        except Exception as error:
            self._lines.crashed(error)


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

    Raises:
        ConfigurationError: a user, proxy or option that cannot be used.
    """
    session = Session(user, config=config, signer=signer, retry=retry, rng=rng or _CHANCE)
    network = Network(proxy, ssl_context, ca_file, trust_env, timeouts)
    return Live(session, limits=config.limits, network=network, http=http)
