"""Many rooms in one loop of asyncio or trio, over anyio."""

from __future__ import annotations

import math
import random
import ssl
from types import TracebackType

import anyio
import anyio.lowlevel
import httpcore

from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.retry import RetryPolicy
from tiktok_webcast.room_budget import BudgetPolicy
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import Signer

from ._anyio_streams import Streams
from ._options import Network, Timeouts
from ._proxy import Proxy
from ._rooms import Engine, LoopRooms, RoomEvent, RoomsOptions

_EVENTS_PER_CHECKPOINT = 64


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
        network_backend: httpcore.AsyncNetworkBackend | None = None,
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
            network_backend: what opens TCP connections; httpcore's for anyio if left out.

        Raises:
            ConfigurationError: a proxy or option that cannot be used.
        """
        network = Network(proxy, ssl_context, ca_file, trust_env, timeouts)
        options = RoomsOptions(config, signer, retry, rng or random.SystemRandom(), network, budget, stay)
        self._streams = Streams(network_backend, self._changed)
        self._engine = Engine(options, self._streams.dial, self._changed)
        self._entered = False
        self._left = False
        self._news: anyio.Event | None = None
        self._tick: anyio.CancelScope | None = None
        self._taken = 0

    async def __aenter__(self) -> Rooms:
        if self._entered:
            raise LocalProtocolError("Rooms can be entered once: make others")
        self._entered = True
        self._news = anyio.Event()
        await self._streams.open()
        self._streams.start(self._keep_time, self._changed)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        crashed = self._streams.crash is not None
        self._left = True
        try:
            if not crashed:
                self.close()
            self._engine.pool.close()
        finally:
            politely = (error is None or isinstance(error, Exception)) and not crashed
            await self._streams.close(gracefully=politely)
        if self._streams.crash is not None and error is None:
            raise self._streams.crash

    def __aiter__(self) -> Rooms:
        return self

    async def __anext__(self) -> RoomEvent:
        if self._taken >= _EVENTS_PER_CHECKPOINT:
            # Before an event is taken: a cancellation in here would lose it.
            self._taken = 0
            await anyio.lowlevel.checkpoint()
        while True:
            event = self._engine.next_event()
            if event is not None:
                self._taken += 1
                return event
            if self._streams.crash is not None:
                raise self._streams.crash
            if self._news is None:
                raise LocalProtocolError("Enter them first: `async with Rooms() as rooms`")
            if self._engine.ended:
                raise StopAsyncIteration
            if self._news.is_set():
                # Else another task waits for it already.
                self._news = anyio.Event()
            await self._news.wait()

    def _clock(self) -> float:
        if not self._entered:
            raise LocalProtocolError("Enter them first: `async with Rooms() as rooms`")
        return anyio.current_time()

    def _changed(self) -> None:
        if self._news is not None:
            self._news.set()
        if self._tick is not None:
            timer = self._engine.next_timer()
            self._tick.deadline = math.inf if timer is None else timer
            if self._left:
                self._tick.cancel()

    async def _keep_time(self) -> None:
        while not self._left:
            timer = self._engine.next_timer()
            with anyio.CancelScope(deadline=math.inf if timer is None else timer) as self._tick:
                await anyio.sleep_forever()
            if not self._left:
                self._engine.handle_timer(anyio.current_time())
