"""Moves the bytes of channels with asyncio's protocols and callbacks."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from typing import cast

from tiktok_webcast.errors import LocalProtocolError

from ._channel import Channel

_HAPPY_EYEBALLS_SECONDS = 0.25


class Alarm:
    """One `call_at` at a time. Moving the deadline further away costs nothing until the old one comes round."""

    __slots__ = ("_deadline", "_handle", "_loop", "_ring", "_rings_at")

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[float], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._deadline: float | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._rings_at = 0.0
        """When `_handle` fires."""

    def set(self, deadline: float | None) -> None:
        """Ring at `deadline`, or not at all."""
        self._deadline = deadline
        handle = self._handle
        if handle is not None and (deadline is None or deadline < self._rings_at):
            handle.cancel()
            self._handle = handle = None
        if handle is None and deadline is not None:
            self._rings_at = deadline
            self._handle = self._loop.call_at(deadline, self._fired)

    def _fired(self) -> None:
        self._handle = None
        deadline, now = self._deadline, self._loop.time()
        if deadline is None:
            return
        if now + 0.001 < deadline:
            self.set(deadline)
        else:
            # The loop may wake a clock tick too early.
            self._ring(max(now, deadline))


class _Line(asyncio.Protocol):
    """Moves the bytes of one channel."""

    def __init__(self, channel: Channel, lines: Lines, loop: asyncio.AbstractEventLoop) -> None:
        self._channel = channel
        self._lines = lines
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._alarm = Alarm(loop, self._rang)
        self._busy = False
        self._blocked = False
        self._reading = True
        self._closing = False
        self._begun = False
        channel.wake = self._wake
        self._alarm.set(channel.deadline)
        self._connecting: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Connect. Once only."""
        task = self._loop.create_task(self._connect())
        if not task.done():
            # An eager task has failed by now where the system knows at once that there is no way.
            self._connecting = task

    def abort(self) -> None:
        """Close at once."""
        # A room may still wait for an answer on connections that it shares, and whose client goes away before it.
        self._call(self._channel.lost)
        if self._transport is not None:
            # A channel that had finished before waits for a peer that does not read, and would leave its socket open.
            self._transport.abort()

    async def _connect(self) -> None:
        self._begun = True
        loop = self._loop
        host, port = self._channel.address
        try:
            # With one address there is no race; asyncio's drops the winner's socket unclosed if it is cancelled then.
            if isinstance(loop, asyncio.BaseEventLoop) and not _is_address(host):
                await loop.create_connection(lambda: self, host, port, happy_eyeballs_delay=_HAPPY_EYEBALLS_SECONDS)
            else:
                await loop.create_connection(lambda: self, host, port)
        except Exception as error:
            self._call(self._channel.failed, error)
        except asyncio.CancelledError as error:
            # By ourselves if the channel has finished; else by a program that cancels every task and goes on.
            self._call(self._channel.failed, error)
            raise
        finally:
            self._connecting = None
            if self._transport is None:
                self._end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none by inheritance.
        self._transport = cast(asyncio.Transport, transport)
        if self._channel.finished:
            self._transport.abort()
        else:
            self._call(self._channel.connected)

    def data_received(self, data: bytes) -> None:
        self._call(self._channel.receive_data, data)

    def eof_received(self) -> None:
        self._call(self._channel.receive_eof)

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self._call(self._channel.receive_eof)
        else:
            self._call(self._channel.failed, exc)
        self._end()

    def pause_writing(self) -> None:
        self._blocked = True
        self._channel.write_blocked(self._loop.time())

    def resume_writing(self) -> None:
        self._blocked = False
        self._channel.write_resumed()
        self._flush()

    def _rang(self, now: float) -> None:
        if self._closing:
            if self._transport is not None:
                self._transport.abort()
            return
        self._call(lambda _: self._channel.handle_timer(now))

    def _call(self, method: Callable[..., None], *arguments: object) -> None:
        """Call into the pure half, then do what it asks; what it raises is a bug and belongs to the owner."""
        self._busy = True
        try:
            method(*arguments, self._loop.time())
        except Exception as error:
            self._channel.abandon()
            self._lines.crashed(error)
        finally:
            self._busy = False
        self._flush()

    def _wake(self) -> None:
        if not self._busy:
            self._flush()

    def _flush(self) -> None:
        channel, transport = self._channel, self._transport
        if transport is None:
            if channel.finished and self._connecting is not None:
                self._connecting.cancel()
                if not self._begun:
                    # A task that is cancelled before its first step never gets to its `finally`.
                    self._connecting = None
                    self._end()
        elif channel.finished:
            self._close(transport)
            return
        else:
            if not self._blocked:
                data = channel.take_output()
                # One that has just broken says so in the loop's next turn, and logs what is written to it until then.
                if data and not transport.is_closing():
                    transport.write(data)
            if channel.reading is not self._reading:
                self._reading = not self._reading
                (transport.resume_reading if self._reading else transport.pause_reading)()
        self._alarm.set(channel.deadline)

    def _close(self, transport: asyncio.Transport) -> None:
        if self._closing:
            return
        self._closing = True
        if self._channel.aborted:
            transport.abort()
        else:
            transport.write(self._channel.take_output())
            transport.close()
            self._alarm.set(self._loop.time() + self._channel.network.timeouts.close)

    def _end(self) -> None:
        self._alarm.set(None)
        self._lines.ended(self)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Lines:
    """The lines of one owner."""

    def __init__(self, crashed: Callable[[], None]) -> None:
        self._crashed = crashed
        self._lines: set[_Line] = set()
        self._waiter: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.crash: Exception | None = None

    def open(self) -> asyncio.AbstractEventLoop:
        """Take the running loop."""
        self._loop = asyncio.get_running_loop()
        return self._loop

    def now(self) -> float:
        """Return the loop's clock."""
        if self._loop is None:
            raise LocalProtocolError("Use it inside `async with`")
        return self._loop.time()

    def dial(self, channel: Channel) -> None:
        """Connect `channel` and serve it."""
        if self._loop is None:
            raise LocalProtocolError("Use it inside `async with`; an HttpClient has to outlive the rooms that share it")
        line = _Line(channel, self, self._loop)
        self._lines.add(line)
        line.begin()

    async def close(self, *, gracefully: bool) -> None:
        """End all lines; `gracefully` lets sockets say good-bye, for `Timeouts.close` seconds at the most."""
        loop, self._loop = self._loop, None
        try:
            if gracefully and self._lines and loop is not None:
                self._waiter = loop.create_future()
                await self._waiter
        finally:
            for line in tuple(self._lines):
                line.abort()

    def ended(self, line: _Line) -> None:
        """A line is over."""
        self._lines.discard(line)
        if not self._lines and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def crashed(self, error: Exception) -> None:
        """A bug came out of the pure half: it belongs to the owner."""
        self.crash = self.crash or error
        self._crashed()
