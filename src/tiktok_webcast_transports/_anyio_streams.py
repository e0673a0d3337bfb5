"""Moves the bytes of channels with anyio's tasks over httpcore's network streams."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import anyio
import anyio.abc
import httpcore

from tiktok_webcast.errors import LocalProtocolError

from ._channel import Channel

_READ_SIZE = 64 * 1024


class _Line:
    """Moves the bytes of one channel: a task reads, a task writes, a cancel scope is the clock."""

    def __init__(self, channel: Channel, backend: httpcore.AsyncNetworkBackend) -> None:
        self._channel = channel
        self._backend = backend
        self._life = anyio.CancelScope()
        self._tick = anyio.CancelScope()
        self._read_again = anyio.Event()
        self._write_again = anyio.Event()
        self._connecting = True
        channel.wake = self._wake

    async def run(self) -> None:
        """Connect the channel and serve it to its end."""
        self._wake()
        try:
            await self._serve()
        finally:
            if not self._channel.finished:
                self._channel.lost(anyio.current_time())

    async def _serve(self) -> None:
        with self._life:
            stream = await self._connect()
            if stream is None:
                return
            self._connecting = False
            try:
                self._channel.connected(anyio.current_time())
                async with anyio.create_task_group() as group:
                    group.start_soon(self._read, stream)
                    await self._write(stream)
                    group.cancel_scope.cancel()
            finally:
                with anyio.CancelScope(shield=True):
                    await stream.aclose()

    def _wake(self) -> None:
        channel = self._channel
        self._read_again.set()
        self._write_again.set()
        self._tick.deadline = math.inf if channel.deadline is None else channel.deadline
        if channel.finished:
            at_once = channel.aborted or self._connecting
            grace = 0.0 if at_once else channel.network.timeouts.close
            self._life.deadline = min(self._life.deadline, anyio.current_time() + grace)

    async def _connect(self) -> httpcore.AsyncNetworkStream | None:
        channel = self._channel
        host, port = channel.address
        while not channel.finished:
            with self._timed() as tick:
                try:
                    return await self._backend.connect_tcp(host, port)
                except (httpcore.NetworkError, httpcore.TimeoutException, OSError, ValueError) as error:
                    channel.failed(error, anyio.current_time())
            if tick.cancelled_caught:
                channel.handle_timer(anyio.current_time())
        return None

    async def _read(self, stream: httpcore.AsyncNetworkStream) -> None:
        channel = self._channel
        while not channel.finished:
            with self._timed() as tick:
                if channel.reading:
                    try:
                        data = await stream.read(_READ_SIZE)
                    except httpcore.NetworkError as error:
                        channel.failed(error, anyio.current_time())
                    else:
                        self._received(data)
                else:
                    self._read_again = anyio.Event()
                    await self._read_again.wait()
            if tick.cancelled_caught:
                channel.handle_timer(anyio.current_time())
            self._wake()

    def _received(self, data: bytes) -> None:
        if data:
            self._channel.receive_data(data, anyio.current_time())
        else:
            self._channel.receive_eof(anyio.current_time())

    async def _write(self, stream: httpcore.AsyncNetworkStream) -> None:
        channel = self._channel
        while True:
            data = channel.take_output()
            if data:
                channel.write_blocked(anyio.current_time())
                self._wake()
                try:
                    await stream.write(data)
                except httpcore.NetworkError as error:
                    channel.failed(error, anyio.current_time())
                    return
                channel.write_resumed()
                self._wake()
            elif channel.finished:
                return
            else:
                self._write_again = anyio.Event()
                await self._write_again.wait()

    def _timed(self) -> anyio.CancelScope:
        deadline = self._channel.deadline
        self._tick = anyio.CancelScope(deadline=math.inf if deadline is None else deadline)
        return self._tick


class Streams:
    """The lines of one owner and the task group they live in. A bug in a task becomes `crash`, never a group."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend | None, on_crash: Callable[[], None]) -> None:
        self._backend = backend or httpcore.AnyIOBackend()
        self._on_crash = on_crash
        self._group: anyio.abc.TaskGroup | None = None
        self._lines = 0
        self._idle = anyio.Event()
        self.crash: Exception | None = None

    async def open(self) -> None:
        """Enter the task group."""
        self._group = anyio.create_task_group()
        await self._group.__aenter__()

    def dial(self, channel: Channel) -> None:
        """Connect `channel` and serve it."""
        self._lines += 1
        self.start(_Line(channel, self._backend).run, self._line_ended)

    def start(self, work: Callable[[], Awaitable[None]], ended: Callable[[], None]) -> None:
        """Run a task of this owner."""
        if self._group is None:
            raise LocalProtocolError("Use it inside `async with`; an HttpClient has to outlive the rooms that share it")
        self._group.start_soon(self._guard, work, ended)

    async def close(self, *, gracefully: bool) -> None:
        """End all lines; `gracefully` lets sockets say good-bye, for `Timeouts.close` seconds at the most."""
        group, self._group = self._group, None
        if group is None:
            return
        try:
            while gracefully and self._lines:
                self._idle = anyio.Event()
                await self._idle.wait()
        finally:
            group.cancel_scope.cancel()
            try:
                await group.__aexit__(None, None, None)
            except BaseException as error:
                only = _only(error)
                if only is error:
                    raise
                raise only from None

    async def _guard(self, work: Callable[[], Awaitable[None]], ended: Callable[[], None]) -> None:
        try:
            await work()
        except Exception as error:
            only = _only(error)
            if not isinstance(only, Exception):
                raise only from None
            self.crashed(only)
        finally:
            ended()

    def crashed(self, error: Exception) -> None:
        """A bug came out of the pure half: it belongs to the owner."""
        self.crash = self.crash or error
        self._on_crash()

    def _line_ended(self) -> None:
        self._lines -= 1
        if not self._lines:
            self._idle.set()


def _only(error: BaseException) -> BaseException:
    """Return the first exception inside nested groups."""
    while True:
        members = getattr(error, "exceptions", ())
        if not members:
            return error
        error = members[0]
