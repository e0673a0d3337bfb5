"""A TikTok in memory, for clients on asyncio: an event loop whose connections lead to a simulated world, whose clock
jumps ahead when there is nothing to do, and which knows no real network and no real time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from tiktok_webcast import Endpoints, SessionConfig
from tiktok_webcast.sim import World, WorldOptions
from tiktok_webcast_transports import TikTokLiveClient
from tiktok_webcast_transports.simulator_connection import Connection

T = TypeVar("T")
URL = "http://127.0.0.1:1"
HIGH, LOW = 64 * 1024, 16 * 1024
END_OF_TIME = 10 * 86400.0


class VirtualSelector(selectors.DefaultSelector):
    """Where the loop would wait for time to pass, time has passed."""

    loop: MemoryLoop

    def select(self, timeout: float | None = None) -> Any:
        """Serve what other threads have sent, else let time pass."""
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout is not None and timeout > 0:
            self.loop.now += timeout
            if self.loop.now > END_OF_TIME:
                raise AssertionError("nothing happens any more: the test waits for ever")
        return ready


class MemoryLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock and a network of its own."""

    def __init__(self, world: World) -> None:
        self.now = 0.0
        selector = VirtualSelector()
        selector.loop = self
        super().__init__(selector)
        self.world = world
        self.refuse: Callable[[], bool] = lambda: False
        self.servers: set[Connection] = set()

    def time(self) -> float:
        """Seconds since it was made; they pass when it has nothing to do."""
        return self.now

    async def create_connection(  # type: ignore[override]
        self, factory: Any, host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        """Connect to the world, wherever that is asked to be."""
        await asyncio.sleep(0.001)
        if self.refuse():
            raise ConnectionRefusedError(111, "Connection refused")
        client: asyncio.Protocol = factory()
        server = Connection(self.world, self.servers, self.time)
        near, far = MemoryTransport(self, client), MemoryTransport(self, server)
        near.peer, far.peer = far, near
        server.connection_made(far)
        client.connection_made(near)
        return near, client


class MemoryTransport(asyncio.Transport):
    """One end of a connection."""

    peer: MemoryTransport

    def __init__(self, loop: MemoryLoop, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.loop = loop
        self.protocol = protocol
        self.inbox: deque[bytes | None] = deque()
        self.held = 0
        self.reading = True
        self.closed = False
        self.full = False

    def write(self, data: Any) -> None:
        """Send bytes to the other end."""
        if data and not self.closed:
            self.peer.inbox.append(bytes(data))
            self.peer.held += len(data)
            self.loop.call_soon(self.peer.deliver)
            if self.peer.held > HIGH and not self.full:
                self.full = True
                self.protocol.pause_writing()

    def deliver(self) -> None:
        """Give the protocol what has come, if it reads."""
        while self.inbox and self.reading and not self.closed:
            data = self.inbox.popleft()
            if data is None:
                if not self.protocol.eof_received():
                    self.close()
                return
            self.held -= len(data)
            self.protocol.data_received(data)
        if self.peer.full and self.held < LOW:
            self.peer.full = False
            self.peer.protocol.resume_writing()

    def pause_reading(self) -> None:
        """Leave what comes where it is."""
        self.reading = False

    def resume_reading(self) -> None:
        """Go on."""
        self.reading = True
        self.loop.call_soon(self.deliver)

    def close(self) -> None:
        """Close after what was written has arrived."""
        if not self.closed:
            self.closed = True
            self.loop.call_soon(self._lost)

    abort = close

    def can_write_eof(self) -> bool:
        """Whether one direction can be closed alone."""
        return True

    def write_eof(self) -> None:
        """Close the direction to the other end after what was written."""
        self.peer.inbox.append(None)
        self.loop.call_soon(self.peer.deliver)

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self.closed

    def _lost(self) -> None:
        self.protocol.connection_lost(None)
        self.peer._hung_up()

    def _hung_up(self) -> None:
        self.reading = True
        self.deliver()
        if not self.closed:
            self.closed = True
            self.protocol.connection_lost(None)


class Net:
    """A world, a loop that leads to it, and clients for it."""

    def __init__(self, scenario: str, **options: Any) -> None:
        self.world = World(WorldOptions(scenario, **options), base_url=URL)
        self.loop = MemoryLoop(self.world)

    def config(self, **options: Any) -> SessionConfig:
        """Return a session's choices that lead to the world."""
        return SessionConfig(endpoints=Endpoints(URL, URL, URL), **options)

    def client(self, user: str = "ann", *, config: SessionConfig | None = None, **options: Any) -> TikTokLiveClient:
        """Return a client that `run()` runs in this loop."""
        return TikTokLiveClient(
            user,
            config=self.config() if config is None else config,
            **{"loop": self.loop, "rng": Random(7), **options},
        )

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end."""
        return self.loop.run_until_complete(main)

    def truth(self, event: str, user: str = "ann") -> list[dict[str, Any]]:
        """Return what a client must have seen of one kind of event."""
        return [line for line in self.world.manifest(user).events if line["event"] == event]

    def close(self) -> None:
        """Close the loop; nothing may be left in it."""
        left = asyncio.all_tasks(self.loop)
        self.loop.close()
        assert not left, f"left behind: {left}"


MakeNet = Callable[..., Net]
"""Makes a world in memory: of a scenario by name, or of a script of one's own behind a `door`."""
