"""`Simulator`: a whole TikTok on one loopback port: pages, JSON, sign server and sockets (docs/simulator.md).

    with Simulator("first_light") as sim:                    # in a thread of its own: for sync code, trio, tests
        ...                                                  # point web, webcast and sign at sim.url
        sim.manifest("ann").events                           # what a client must have printed

    async with Simulator("everyday") as sim: ...             # in the running asyncio loop

It serves loopback addresses only, and nothing of it is secret.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from tiktok_webcast.config import Endpoints
from tiktok_webcast.sim import Entry, Manifest, Options, World, WorldOptions

from .simulator_connection import Connection
from .simulator_tls import TlsDoor

T = TypeVar("T")
_CLIPS = Path(__file__).with_name("clips")
_STOP_SECONDS = 5.0
_TURNS = 5


def load_clips() -> dict[str, bytes]:
    """Return the clips that the simulator's video is made of."""
    return {path.name.partition(".")[0]: gzip.decompress(path.read_bytes()) for path in sorted(_CLIPS.glob("*.flv.gz"))}


class Simulator:
    """A World behind a port. Start it with `with`, `async with`, or `start`/`stop`."""

    def __init__(
        self,
        scenario: str = "everyday",
        *,
        seed: int = 0,
        port: int = 0,
        host: str = "127.0.0.1",
        speed: float = 1.0,
        duration: float | None = None,
        rate: float = 0.0,
        options: WorldOptions | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Choose what to simulate.

        Args:
            scenario: Name of a scenario, for all users.
            seed: Everything that is left to chance comes from it.
            port: The port; 0 picks a free one.
            host: A loopback address.
            speed: Script seconds in one second; 0: as fast as clients take it.
            duration: Script seconds after which an endless room ends.
            rate: Messages a second, for the scenarios that have a rate.
            options: All of a world's choices, instead of the above.
            ssl_context: Serve TLS with it: `https` and `wss`.

        Raises:
            ValueError: There is no such scenario, or `host` is not a loopback address.
        """
        if not (host.startswith("127.") or host in ("::1", "localhost")):
            raise ValueError(f"the simulator serves loopback addresses only, not {host!r}")
        if options is None:
            # By the wall clock, so that a room looks as if it were live now.
            chosen = WorldOptions(scenario, seed=seed, speed=speed, options=Options(duration, rate))
            options = replace(chosen, epoch_ms=int(time.time() * 1000))
        World(options)
        self.options = options
        self.port: int = port
        self._host = host
        self._ssl = ssl_context
        self._world: World | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.AbstractServer | None = None
        self._connections: set[Connection] = set()
        self._doors: set[TlsDoor] = set()
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None
        self._started_at = 0.0
        self._stopped_at = 0.0

    # --- where it is and what it knows ------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The origin of everything: for `Endpoints.web`, `.webcast` and `.sign`. Known once started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._ssl else 'http'}://{host}:{self.port}"

    @property
    def endpoints(self) -> Endpoints:
        """The same, as `SessionConfig` takes it."""
        return self.world.endpoints

    @property
    def world(self) -> World:
        """The simulated world.

        Raises:
            RuntimeError: It was never started.
        """
        if self._world is None:
            raise RuntimeError("the simulator was not started: use it in a with statement")
        return self._world

    @property
    def log(self) -> list[Entry]:
        """What clients did so far, oldest first."""
        return self._ask(lambda: list(self.world.log))

    def manifest(self, unique_id: str = "", *, visit: int = -1) -> Manifest:
        """The truth of a user's visit, the latest by default; without a name, of the room that was entered last."""
        return self._ask(lambda: self.world.manifest(unique_id, visit=visit))

    def now(self) -> float:
        """Seconds since it was started: the clock of `log`."""
        return self._stopped_at if self._loop is None else self._loop.time() - self._started_at

    # --- what befalls the video -------------------------------------------------------------------------------------

    def cut_video(self) -> None:
        """Break off every stream of video; it can be asked for again."""
        self._ask(self.world.video.cut)

    def expire_video(self) -> None:
        """Refuse from now on every address of a stream that was given out until now."""
        self._ask(lambda: self.world.video.expire(now=self.now()))

    def resize_video(self) -> None:
        """Change the size of the pictures, in the middle of the streams."""
        self._ask(lambda: self.world.video.resize(now=self.now()))

    # --- starting and stopping --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it in a thread of its own and wait until it serves.

        Raises:
            OSError: The port is taken.
        """
        listener = self._listen()
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(listener, ready), name="simulator", daemon=True)
        self._thread.start()
        try:
            ready.result()
        except BaseException:
            self._thread.join()
            self._thread = None
            raise

    def stop(self) -> None:
        """Stop it and wait until its thread and all its connections are gone. Again: nothing happens."""
        thread, self._thread = self._thread, None
        loop, stop = self._loop, self._stop
        if thread is None:
            return
        if loop is not None and stop is not None:
            loop.call_soon_threadsafe(stop.set)
        thread.join()

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Simulator:
        await self._open(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    def _listen(self) -> socket.socket:
        if self._thread is not None or self._server is not None:
            raise RuntimeError("the simulator runs already")
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self.port), family=family, backlog=4096)
        self.port = listener.getsockname()[1]
        self._world = World(self.options, base_url=self.url, clips=load_clips)
        return listener

    def _run(self, listener: socket.socket, ready: Future[None]) -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(self._live(listener, ready))
        finally:
            loop.close()

    async def _live(self, listener: socket.socket, ready: Future[None]) -> None:
        try:
            self._stop = asyncio.Event()
            await self._open(listener)
        except BaseException as error:
            listener.close()
            ready.set_exception(error)
            return
        ready.set_result(None)
        await self._stop.wait()
        await self._close()

    async def _open(self, listener: socket.socket) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._started_at = loop.time()
        world = self.world

        def accept() -> Connection:
            return Connection(world, self._connections, self.now)

        context = self._ssl
        if context is None:
            self._server = await loop.create_server(accept, sock=listener, backlog=4096)
            return

        def greet() -> TlsDoor:
            return TlsDoor(accept, context, self._doors.add, self._doors.discard)

        self._server = await loop.create_server(greet, sock=listener, backlog=4096)

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            _stop_accepting(server)
            try:
                # Connections that were just accepted become known a few turns of the loop later. The server is closed
                # after that: asyncio drops, unclosed, what it has accepted for a server that is closed by then.
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
            finally:
                server.close()
                # At once, if somebody has no patience for these turns.
                self._abort_all()
        # Doors first: while they are left their connections become known.
        await self._drop(self._doors)
        await self._drop(self._connections)
        if server is not None:
            await server.wait_closed()
        self._stopped_at = self.now()
        self._loop = None

    def _abort_all(self) -> None:
        everyone: list[Connection | TlsDoor] = [*self._doors, *self._connections]
        for each in everyone:
            each.abort()

    async def _drop(self, those: Collection[Connection | TlsDoor]) -> None:
        self._abort_all()
        gone = [each.gone for each in those]
        if gone:
            await asyncio.wait(gone, timeout=_STOP_SECONDS)

    def _ask(self, question: Callable[[], T]) -> T:
        """Have the world answer in its own thread, where nothing else moves meanwhile."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None or thread is threading.current_thread():
            return question()
        answer: Future[T] = Future()

        def ask() -> None:
            try:
                answer.set_result(question())
            except BaseException as error:
                answer.set_exception(error)

        loop.call_soon_threadsafe(ask)
        return answer.result()


def _stop_accepting(server: asyncio.AbstractServer) -> None:
    """Take no new connection, and leave the server open."""
    loop = asyncio.get_running_loop()
    for listener in getattr(server, "sockets", ()):
        # Windows' loop has no readers; closing the server is all that can be done there.
        with contextlib.suppress(NotImplementedError):
            loop.remove_reader(listener.fileno())
