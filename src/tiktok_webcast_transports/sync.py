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
from queue import Empty
from time import monotonic, sleep
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

from ._driver import Driver, SessionPort
from ._hand_off import HAND_OFF, PATIENCE, HandOff
from ._http_pool import HttpPool
from ._options import Network, Timeouts
from ._proxy import Proxy
from ._rooms import Room
from ._selector_loop import Ready, SelectorLoop
from ._sync_rooms import Rooms

if TYPE_CHECKING:
    from tiktok_webcast.context import WebContext
    from tiktok_webcast.room import StatusReport
    from tiktok_webcast.wait_live import WaitPolicy

__all__ = ["HttpClient", "Live", "Network", "Room", "Rooms", "Timeouts", "connect"]

T = TypeVar("T")


class HttpClient:
    """HTTP requests on connections that are kept for a while; use it with `with`, from one thread at a time."""

    def __init__(self, *, limits: Limits = Limits(), network: Network = Network()) -> None:
        check_kind("limits", limits, Limits, "Limits")
        check_kind("network", network, Network, "a Network")
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

    def wait_until_live(
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
            report = self.run(status(asked, context=context))
            decision = wait.decide(report, now=monotonic())
            if isinstance(decision, StopWaiting):
                return report
            sleep(min(decision.delay, threading.TIMEOUT_MAX))


class Live:
    """A session on the network: a context manager, and an iterator of events that ends after the last.

    Leaving the context closes the room. Events that still wait can be taken by `next_event` afterwards.
    """

    def __init__(self, session: SessionPort, *, limits: Limits = Limits(), network: Network = Network()) -> None:
        self._session = session
        self._limits = limits
        self._network = network
        # The program touches nothing but this queue.
        self._handed: HandOff[Event | None] = HandOff()
        self._loop: SelectorLoop | None = None
        self._thread: threading.Thread | None = None
        self._close_wanted = False
        self._abort_wanted = False
        self._crash: Exception | None = None
        self._all_handed = False

    @property
    def closed(self) -> Closed | None:
        """Why the room was left; `None` before that. Once it says so, what `poll` finds waiting is all there is."""
        return self._session.closed if self._all_handed else None

    @property
    def statistics(self) -> Statistics:
        """The counters so far."""
        return self._session.statistics

    @property
    def room_id(self) -> int:
        """The room's id; 0 while it is not known."""
        return self._session.room_id

    def __enter__(self) -> Live:
        if self._thread is not None:
            raise LocalProtocolError("A connection can be entered once: make another one")
        self._loop = loop = SelectorLoop()
        self._thread = threading.Thread(target=self._serve, args=(loop,), name="tiktok-webcast", daemon=True)
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
        while True:
            try:
                event = self._take(PATIENCE)
            except Empty:
                continue
            if event is None:
                raise StopIteration
            return event

    def poll(self, timeout: float = 0.0) -> Event | None:
        """Return the next event, waiting `timeout` seconds at the most; `None` if there is none yet or ever again.

        For loops that have something else to do, such as a game's. `closed` tells whether more will come.
        """
        try:
            return self._take(timeout)
        except Empty:
            return None

    def next_event(self) -> Event | None:
        """Return a waiting event without waiting for one."""
        return self.poll()

    def close(self) -> None:
        """Leave the room, from any thread or signal handler. The iteration ends after the last events."""
        self._close_wanted = True
        loop = self._loop
        if loop is not None:
            loop.poke()

    def _take(self, timeout: float | None) -> Event | None:
        loop = self._loop
        if loop is None:
            raise LocalProtocolError("Enter it first: `with connect(...) as live`")
        event = self._handed.take(timeout)
        if event is None:
            # The end stays the end, for every thread that asks.
            self._handed.put(None)
            if self._crash is not None:
                raise self._crash
        elif self._handed.wants_more():
            loop.poke()
        return event

    def _serve(self, loop: SelectorLoop) -> None:
        """The thread: it alone touches the session."""
        pool = HttpPool(self._network, loop.dial, max_header=self._limits.response_headers)
        driver = Driver(self._session, self._network, self._limits, pool, loop.dial, lambda: None)
        try:
            driver.start(monotonic())
            while not self._abort_wanted:
                self._handed.fill(driver.next_event, HAND_OFF)
                if driver.ended:
                    pool.close()
                    if loop.idle:
                        break
                self._turn(loop, driver, loop.wait(driver.next_timer()))
            driver.close(monotonic())
        except Exception as error:
            self._crash = error
        finally:
            loop.close()
            # The session's queue is bounded, and nothing more comes into it.
            self._handed.fill(driver.next_event, sys.maxsize)
            self._handed.put(None)
            self._all_handed = True

    def _turn(self, loop: SelectorLoop, driver: Driver, ready: Ready) -> None:
        timer = driver.next_timer()
        if timer is not None and timer <= monotonic():
            driver.handle_timer(monotonic())
        loop.turn(ready)
        # Not before: the turn takes back every poke, and that of a `close` in between would be lost with the others.
        if self._close_wanted:
            driver.close(monotonic())


def connect(
    user: str | int | UserInput,
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
        ConfigurationError: a user, proxy or option that cannot be used.
    """
    session = Session(user, config=config, signer=signer, retry=retry, rng=rng or random.Random())
    network = Network(proxy, ssl_context, ca_file, trust_env, timeouts)
    return Live(session, limits=config.limits, network=network)
