"""The blocking transport: plain `with` and `for`, no event loop.

    with connect("@some_user") as live:
        for event in live:
            ...

A small thread reads, answers and keeps time, so heartbeats go on while the program works on an event. Events wait in
the session's bounded queue; when it is full, the thread stops reading.
"""

from __future__ import annotations

import random
import ssl
import sys
import threading
from time import monotonic
from types import TracebackType
from typing import TypeVar

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

from ._driver import Driver, SessionPort
from ._http_pool import HttpPool
from ._options import Network, Timeouts
from ._proxy import Proxy
from ._selector_loop import Ready, SelectorLoop

__all__ = ["HttpClient", "Live", "Network", "Timeouts", "connect"]

T = TypeVar("T")
# A lock without a timeout cannot be interrupted by Ctrl-C on Windows.
_PATIENCE = 0.5 if sys.platform == "win32" else None


class HttpClient:
    """HTTP requests on connections that are kept for a while; use it with `with`, from one thread at a time."""

    def __init__(self, *, limits: Limits = Limits(), network: Network = Network()) -> None:
        self._network = network
        self._limits = limits
        self._loop: SelectorLoop | None = None
        self._pool: HttpPool | None = None

    def __enter__(self) -> HttpClient:
        self._loop = SelectorLoop()
        self._pool = HttpPool(self._network, self._loop.dial, max_header=self._limits.response_headers)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        loop, self._loop, self._pool = self._loop, None, None
        if loop is not None:
            loop.close()

    def send(self, request: HttpRequest) -> HttpResponse | TransportFailure:
        """Make one request; failures of the network are returned, not raised."""
        loop, pool = self._loop, self._pool
        if loop is None or pool is None:
            raise LocalProtocolError("Use the HTTP client inside `with`")
        answers: list[HttpResponse | TransportFailure] = []

        def deliver(answer: HttpResponse | TransportFailure, now: float) -> None:
            answers.append(answer)

        # What happened to idle connections meanwhile comes first.
        loop.turn(loop.wait(monotonic()))
        call = pool.send(request, deliver, monotonic())
        try:
            while not answers:
                loop.turn(loop.wait(None))
        finally:
            call.cancel()
        return answers[0]

    def run(self, exchange: Exchange[T]) -> T:
        """Run an exchange of the core to its result."""
        try:
            request = next(exchange)
            while True:
                request = exchange.send(self.send(request))
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            exchange.close()


class Live:
    """A session on the network: a context manager, and an iterator of events that ends after the last.

    Leaving the context closes the room. Events that still wait can be taken by `next_event` afterwards.
    """

    def __init__(self, session: SessionPort, *, limits: Limits = Limits(), network: Network = Network()) -> None:
        self._session = session
        self._limits = limits
        self._network = network
        self._news = threading.Condition(threading.RLock())
        self._loop: SelectorLoop | None = None
        self._driver: Driver | None = None
        self._thread: threading.Thread | None = None
        self._close_wanted = False
        self._abort_wanted = False
        self._crash: Exception | None = None

    @property
    def closed(self) -> Closed | None:
        """Why the room was left; `None` before that."""
        return self._session.closed

    @property
    def statistics(self) -> Statistics:
        """The counters so far."""
        with self._news:
            return self._session.statistics

    @property
    def room_id(self) -> int:
        """The room's id; 0 while it is not known."""
        return self._session.room_id

    def __enter__(self) -> Live:
        if self._thread is not None:
            raise LocalProtocolError("A connection can be entered once: make another one")
        self._loop = loop = SelectorLoop()
        pool = HttpPool(self._network, loop.dial, max_header=self._limits.response_headers)
        self._driver = driver = Driver(self._session, self._network, self._limits, pool, loop.dial, self._changed)
        self._thread = threading.Thread(
            target=self._serve, args=(loop, driver, pool), name="tiktok-webcast", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._abort_wanted = error is not None and not isinstance(error, Exception)
        self.close()
        if self._thread is not None:
            self._thread.join()
        if self._crash is not None and error is None:
            raise self._crash

    def __iter__(self) -> Live:
        return self

    def __next__(self) -> Event:
        with self._news:
            while True:
                event = self._take()
                if event is not None:
                    return event
                if self._over():
                    raise StopIteration
                self._news.wait(_PATIENCE)

    def poll(self, timeout: float = 0.0) -> Event | None:
        """Return the next event, waiting `timeout` seconds at the most; `None` if there is none yet or ever again.

        For loops that have something else to do, such as a game's. `closed` tells whether more will come.
        """
        until = monotonic() + timeout
        with self._news:
            while True:
                event = self._take()
                left = until - monotonic()
                if event is not None or self._over() or left <= 0:
                    return event
                self._news.wait(left)

    def next_event(self) -> Event | None:
        """Return a waiting event without waiting for one."""
        with self._news:
            return self._take()

    def close(self) -> None:
        """Leave the room, from any thread or signal handler. The iteration ends after the last events."""
        self._close_wanted = True
        loop = self._loop
        if loop is not None:
            loop.poke()

    def _take(self) -> Event | None:
        return None if self._driver is None else self._driver.next_event()

    def _over(self) -> bool:
        if self._crash is not None:
            raise self._crash
        if self._driver is None:
            raise LocalProtocolError("Enter it first: `with connect(...) as live`")
        return self._driver.ended

    def _changed(self) -> None:
        self._news.notify_all()

    def _serve(self, loop: SelectorLoop, driver: Driver, pool: HttpPool) -> None:
        try:
            with self._news:
                driver.start(monotonic())
            while not (driver.ended and loop.idle) and not self._abort_wanted:
                ready = loop.wait(driver.next_timer())
                with self._news:
                    self._turn(loop, driver, pool, ready)
        except Exception as error:
            self._crash = error
        finally:
            with self._news:
                if self._crash is None:
                    driver.close(monotonic())
                loop.close()
                self._news.notify_all()

    def _turn(self, loop: SelectorLoop, driver: Driver, pool: HttpPool, ready: Ready) -> None:
        timer = driver.next_timer()
        if timer is not None and timer <= monotonic():
            driver.handle_timer(monotonic())
        if self._close_wanted:
            driver.close(monotonic())
        if driver.ended:
            pool.close()
        loop.turn(ready)


def connect(
    user: str | int,
    *,
    config: SessionConfig = SessionConfig(),
    signer: Signer | None = None,
    retry: RetryPolicy = RetryPolicy(),
    rng: random.Random | None = None,
    proxy: str | Proxy | None = None,
    ssl_context: ssl.SSLContext | None = None,
    ca_file: str | None = None,
    trust_env: bool = False,
    timeouts: Timeouts = Timeouts(),
) -> Live:
    """Return the room of `user` to enter with `with` and iterate with `for`.

    Args:
        user: a name, `@name`, URL of a live page, or a room id.
        config: everything about the session itself.
        signer: who signs the socket's URL.
        retry: whether and when to try again.
        rng: randomness for jitter; seeded by the system if left out.
        proxy, ssl_context, ca_file, trust_env: the way to the network, see `tiktok_webcast_transports.Network`.
        timeouts: how long each step of a connection may take.

    Raises:
        ValueError: a user, proxy or option that cannot be used.
    """
    session = Session(user, config=config, signer=signer, retry=retry, rng=rng or random.Random())
    network = Network(proxy, ssl_context, ca_file, trust_env, timeouts)
    return Live(session, limits=config.limits, network=network)
