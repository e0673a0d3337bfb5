"""Many rooms in one asyncio loop."""

from __future__ import annotations

import asyncio
import random
import ssl
from types import TracebackType

from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.retry import RetryPolicy
from tiktok_webcast.room_budget import BudgetPolicy
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import Signer

from ._asyncio_lines import Alarm, Lines
from ._options import Network, Timeouts
from ._proxy import Proxy
from ._rooms import Engine, LoopRooms, RoomEvent, RoomsOptions

_EVENTS_PER_YIELD = 64


class Rooms(LoopRooms):
    """Many rooms: an async context manager, and an iterator of `(room, event)`, one of each room in turn.

        async with Rooms() as rooms:
            rooms.add("@some_user")
            async for room, event in rooms:
                ...

    It ends after the last event of the last room, or after `close`. Leaving the context leaves all rooms; events that
    still wait can be taken by `next_event` afterwards. How a room ends is its `closed` event, and no other room's
    business.
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
        self._lines = Lines(self._changed)
        self._engine = Engine(options, self._lines.dial, self._changed)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarm: Alarm | None = None
        self._news: asyncio.Event | None = None
        self._taken = 0

    async def __aenter__(self) -> Rooms:
        if self._loop is not None:
            raise LocalProtocolError("Rooms can be entered once: make others")
        self._loop = self._lines.open()
        self._news = asyncio.Event()
        self._alarm = Alarm(self._loop, self._rang)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        crashed = self._lines.crash is not None
        try:
            if not crashed:
                self.close()
            self._engine.pool.close()
        finally:
            if self._alarm is not None:
                self._alarm.set(None)
            politely = (error is None or isinstance(error, Exception)) and not crashed
            await self._lines.close(gracefully=politely)
        if self._lines.crash is not None and error is None:
            raise self._lines.crash

    def __aiter__(self) -> Rooms:
        return self

    async def __anext__(self) -> RoomEvent:
        if self._taken >= _EVENTS_PER_YIELD:
            # Before an event is taken: a cancellation in here would lose it.
            self._taken = 0
            await asyncio.sleep(0)
        while True:
            event = self._engine.next_event()
            if event is not None:
                self._taken += 1
                return event
            if self._lines.crash is not None:
                raise self._lines.crash
            if self._news is None:
                raise LocalProtocolError("Enter them first: `async with Rooms() as rooms`")
            if self._engine.ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()

    def _clock(self) -> float:
        if self._loop is None:
            raise LocalProtocolError("Enter them first: `async with Rooms() as rooms`")
        return self._loop.time()

    def _changed(self) -> None:
        if self._alarm is not None:
            self._alarm.set(self._engine.next_timer())
        if self._news is not None:
            self._news.set()

    def _rang(self, now: float) -> None:
        try:
            self._engine.handle_timer(now)
        except Exception as error:
            self._lines.crashed(error)
