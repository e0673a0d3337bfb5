"""Many rooms without an event loop: one thread serves all of them."""

from __future__ import annotations

import random
import ssl
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty
from time import monotonic
from types import TracebackType
from typing import TypeVar

from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.retry import RetryPolicy
from tiktok_webcast.room_budget import BudgetPolicy
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import Signer
from tiktok_webcast.statistics import Statistics
from tiktok_webcast.user_input import UserInput

from ._hand_off import HAND_OFF, PATIENCE, HandOff
from ._options import Network, Timeouts
from ._proxy import Proxy
from ._rooms import Engine, Room, RoomEvent, RoomsHealth, RoomsOptions
from ._selector_loop import SelectorLoop

T = TypeVar("T")


class Rooms:
    """Many rooms: a context manager, and an iterator of `(room, event)`, one of each room in turn.

        with Rooms() as rooms:
            rooms.add("@some_user")
            for room, event in rooms:
                ...

    One small thread serves all rooms, so heartbeats go on while the program works on an event. The iteration ends after
    the last event of the last room, or after `close`. Leaving the context leaves all rooms; events that still wait can
    be taken by `next_event` afterwards. How a room ends is its `closed` event, and no other room's business.
    """

    def __init__(
        self,
        *,
        config: SessionConfig = SessionConfig(),
        signer: Signer | None = None,
        retry: RetryPolicy = RetryPolicy(),
        rng: random.Random | None = None,
        budget: BudgetPolicy = BudgetPolicy(),
        stay: bool = False,
        proxy: str | Proxy | None = None,
        ssl_context: ssl.SSLContext | None = None,
        ca_file: str | None = None,
        trust_env: bool = False,
        timeouts: Timeouts = Timeouts(),
    ) -> None:
        """Choose what all rooms have in common; rooms are added inside the context.

        Args:
            config: everything about a session; `add` takes another one for a single room.
            signer: who signs the sockets' URLs.
            retry: whether and when to try again.
            rng: randomness for jitter; seeded by the system if left out.
            budget: what all rooms may ask for, taken together.
            stay: whether the iteration goes on when the last room is over; then it ends after `close`.
            proxy, ssl_context, ca_file, trust_env: the way to the network, see `tiktok_webcast_transports.Network`.
            timeouts: how long each step of a connection may take.

        Raises:
            ConfigurationError: a proxy or option that cannot be used.
        """
        network = Network(proxy, ssl_context, ca_file, trust_env, timeouts)
        options = RoomsOptions(config, signer, retry, rng or random.SystemRandom(), network, budget, stay)
        self._options = options
        # The program touches nothing but this queue and its own calls to the thread.
        self._handed: HandOff[RoomEvent | None] = HandOff()
        self._loop: SelectorLoop | None = None
        self._engine: Engine | None = None
        self._thread: threading.Thread | None = None
        # Whether the end of the last room waits in the queue, as `None`.
        self._marked = False
        self._close_wanted = False
        self._abort_wanted = False
        self._crash: Exception | None = None

    @property
    def rooms(self) -> tuple[Room, ...]:
        """The rooms whose last event was not handed over yet, in the order in which they were added."""
        return self._ask(lambda engine: engine.rooms)

    @property
    def statistics(self) -> Statistics:
        """All rooms' counters together, those of rooms that are gone included."""
        return self._ask(lambda engine: engine.statistics)

    @property
    def health(self) -> RoomsHealth:
        """How all rooms together are now."""
        return self._ask(lambda engine: engine.health(monotonic()))

    def __enter__(self) -> Rooms:
        if self._thread is not None:
            raise LocalProtocolError("Rooms can be entered once: make others")
        self._loop = loop = SelectorLoop()
        self._engine = engine = Engine(self._options, loop.dial, lambda: None)
        self._thread = threading.Thread(
            target=self._serve, args=(loop, engine), name="tiktok-webcast rooms", daemon=True
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

    def __iter__(self) -> Rooms:
        return self

    def __next__(self) -> RoomEvent:
        while True:
            try:
                event = self._take(PATIENCE)
            except Empty:
                continue
            if event is not None:
                return event
            if self._over():
                raise StopIteration

    def poll(self, timeout: float = 0.0) -> RoomEvent | None:
        """Return the next event with its room, waiting `timeout` seconds at the most; `None`: none yet, or ever again.

        For loops that have something else to do, such as a game's.
        """
        try:
            while True:
                event = self._take(timeout)
                if event is not None or self._over():
                    return event
        except Empty:
            return None

    def next_event(self) -> RoomEvent | None:
        """Return a waiting event with its room without waiting for one."""
        return self.poll()

    def add(
        self,
        user: str | int | UserInput,
        *,
        config: SessionConfig | None = None,
        signer: Signer | None = None,
    ) -> Room:
        """Add a user's room; it starts when the budget has room for it. From any thread, also while iterating.

        Args:
            user: a name, `@name`, URL of a live page, or a room id. One that is there already is returned as it is.
            config: in place of that of all rooms.
            signer: in place of that of all rooms.

        Raises:
            InvalidUserInput: `user` names neither a user nor a room.
            LocalProtocolError: outside of the context, or after `close`.
        """
        if self._close_wanted:
            raise LocalProtocolError("The rooms are closed: make others")
        return self._ask(lambda engine: engine.add(user, config, signer, monotonic()))

    def remove(self, which: Room | str | int | UserInput) -> Room | None:
        """Leave a room; its last events (`gift_streak_end`, `disconnect`, `closed`) still come. From any thread.

        Returns:
            The room, or `None` if there is none of that name.
        """
        return self._ask(lambda engine: engine.remove(which, monotonic()))

    def close(self) -> None:
        """Leave all rooms, from any thread or signal handler. The iteration ends after the last events."""
        self._close_wanted = True
        loop = self._loop
        if loop is not None:
            loop.poke()

    def _take(self, timeout: float | None) -> RoomEvent | None:
        """Take an event, or `None`: look whether it is over."""
        loop = self._loop
        if loop is None:
            raise LocalProtocolError("Enter them first: `with Rooms() as rooms`")
        taken = self._handed.take(timeout)
        if taken is None:
            # The mark is set again for whoever asks next.
            self._marked = False
            loop.poke()
        elif self._handed.wants_more():
            loop.poke()
        return taken

    def _over(self) -> bool:
        if self._ask(lambda engine: engine.ended) and len(self._handed) <= self._marked:
            if self._crash is not None:
                raise self._crash
            if self._thread is None or not self._thread.is_alive():
                # Nobody else sets the mark again.
                self._handed.put(None)
            return True
        return False

    def _ask(self, question: Callable[[Engine], T]) -> T:
        """Have the thread answer, which alone touches the rooms; once it is gone, anybody may."""
        loop, engine, thread = self._loop, self._engine, self._thread
        if loop is None or engine is None or thread is None:
            raise LocalProtocolError("Enter them first: `with Rooms() as rooms`")
        if thread is threading.current_thread():
            # A signer or a log handler of the program's, called by the thread itself: to wait would be for ever.
            return question(engine)
        answer: Future[T] = Future()

        def ask() -> None:
            try:
                answer.set_result(question(engine))
            except Exception as error:
                answer.set_exception(error)

        if loop.call(ask):
            return answer.result()
        thread.join()
        return question(engine)

    def _serve(self, loop: SelectorLoop, engine: Engine) -> None:
        """The thread: it alone touches the rooms while it runs."""
        try:
            while not self._abort_wanted:
                self._hand_over(engine, HAND_OFF)
                if self._close_wanted:
                    engine.close(monotonic())
                    engine.pool.close()
                    if loop.idle:
                        break
                ready = loop.wait(engine.next_timer())
                timer = engine.next_timer()
                if timer is not None and timer <= monotonic():
                    engine.handle_timer(monotonic())
                loop.turn(ready)
        except Exception as error:
            self._crash = error
        finally:
            try:
                engine.close(monotonic())
            finally:
                loop.close()
                # The rooms' queues are bounded, and nothing more comes into them.
                self._hand_over(engine, sys.maxsize)

    def _hand_over(self, engine: Engine, limit: int) -> None:
        self._handed.fill(engine.next_event, limit)
        if engine.ended and not self._marked:
            self._marked = True
            self._handed.put(None)
