"""Moves the bytes of channels with plain sockets and a selector: the blocking transport's engine, with no event loop.

Whoever owns a `SelectorLoop` calls `turn` again and again, from one thread. `call` and `poke` are safe from any thread.
"""

from __future__ import annotations

import ipaddress
import os
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from ._channel import Channel

_READ_SIZE = 64 * 1024
_READS_IN_A_ROW = 16
"""Reads in a row from one connection before the others get their turn."""
_LONGEST_WAIT = 24 * 3600.0
"""Seconds of one wait: selectors count milliseconds in 31 bits and raise past 24 days. Whoever waits looks again."""

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]

Ready = list[tuple["_Line | None", int]]
"""What a selector found ready; `None` is a poke."""


class SelectorLoop:
    """The lines of one owner. Not safe from several threads, except where said."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._poked, self._poke = socket.socketpair()
        self._poked.setblocking(False)
        self._poke.setblocking(False)
        self._selector.register(self._poked, selectors.EVENT_READ, None)
        self._lines: set[_Line] = set()
        self._dirty: set[_Line] = set()
        self._jobs: deque[Callable[[], None]] = deque()
        self._gate = threading.Lock()
        self._closed = False
        self._turning = False

    @property
    def idle(self) -> bool:
        """Whether no connection is open or being opened."""
        return not self._lines

    def dial(self, channel: Channel) -> None:
        """Connect `channel` and serve it."""
        line = _Line(channel, self)
        self._lines.add(line)
        self.touch(line)

    def poke(self) -> None:
        """Make a `turn` that waits return. Safe from any thread and from signal handlers."""
        try:
            self._poke.send(b"\0")
        except OSError:
            # Full: it will wake up anyway. Closed: nobody waits.
            return

    def call(self, job: Callable[[], None]) -> bool:
        """Run `job` in the next turn; false if there will be none. Safe from any thread."""
        with self._gate:
            if self._closed:
                return False
            self._jobs.append(job)
            self.poke()
            return True

    def wait(self, timer: float | None) -> Ready:
        """Wait for a connection, a poke, a deadline or `timer`; return what is ready. Touches no channel."""
        deadlines = [line.deadline for line in self._lines if line.deadline is not None]
        if timer is not None:
            deadlines.append(timer)
        timeout = min(max(0.0, min(deadlines) - monotonic()), _LONGEST_WAIT) if deadlines else None
        if self._dirty or self._jobs:
            timeout = 0.0
        return [(key.data, mask) for key, mask in self._selector.select(timeout)]

    def turn(self, ready: Ready) -> None:
        """Serve what `wait` returned, what was called, and deadlines that have passed."""
        self._turning = True
        try:
            for line, mask in ready:
                if line is None:
                    self._forget_pokes()
                else:
                    line.serve(mask)
            while self._jobs:
                self._jobs.popleft()()
            now = monotonic()
            for line in tuple(self._lines):
                if line.deadline is not None and line.deadline <= now:
                    line.ring(now)
            while self._dirty:
                self._dirty.pop().update()
        finally:
            self._turning = False

    def touch(self, line: _Line) -> None:
        """A line's channel changed: look at it at the end of this turn, or in the next one."""
        self._dirty.add(line)
        if not self._turning:
            self.poke()

    def watch(self, sock: socket.socket, mask: int, line: _Line, before: int) -> None:
        """Change what is waited for on `sock`."""
        if mask == before:
            return
        if not before:
            self._selector.register(sock, mask, line)
        elif not mask:
            self._selector.unregister(sock)
        else:
            self._selector.modify(sock, mask, line)

    def ended(self, line: _Line) -> None:
        """A line is over."""
        self._lines.discard(line)
        self._dirty.discard(line)

    def close(self) -> None:
        """Close everything at once."""
        with self._gate:
            self._closed = True
        for line in tuple(self._lines):
            line.abort()
        while self._jobs:
            self._jobs.popleft()()
        self._selector.close()
        self._poked.close()
        self._poke.close()

    def _forget_pokes(self) -> None:
        try:
            while self._poked.recv(4096):
                continue
        except BlockingIOError:
            return


class _Line:
    """Moves the bytes of one channel: addresses found in a thread, everything else without blocking."""

    def __init__(self, channel: Channel, loop: SelectorLoop) -> None:
        self._channel = channel
        self._loop = loop
        self._socket: socket.socket | None = None
        self._addresses: list[Address] = []
        self._connected = False
        self._mask = 0
        self._unsent = memoryview(b"")
        self._attempt_deadline: float | None = None
        self._grace_deadline: float | None = None
        self._over = False
        channel.wake = self._touch
        self._look_up(*channel.address)

    @property
    def deadline(self) -> float | None:
        """When to call `ring`."""
        deadlines = (self._channel.deadline, self._attempt_deadline, self._grace_deadline)
        return min((each for each in deadlines if each is not None), default=None)

    def abort(self) -> None:
        """Close at once."""
        self._channel.abandon()
        self._end()

    def ring(self, now: float) -> None:
        """A deadline has passed."""
        if self._grace_deadline is not None and self._grace_deadline <= now:
            self._end()
        elif self._attempt_deadline is not None and self._attempt_deadline <= now:
            self._try_next(TimeoutError("timed out"))
        else:
            self._channel.handle_timer(now)
        self._touch()

    def serve(self, mask: int) -> None:
        """The socket is ready."""
        if self._socket is None:
            return
        if not self._connected:
            self._finish_connect(self._socket)
        else:
            if mask & selectors.EVENT_READ:
                self._read(self._socket)
            if mask & selectors.EVENT_WRITE:
                self._write(self._socket)
        self._touch()

    def update(self) -> None:
        """Do what the channel asks for since it was last looked at."""
        if self._over:
            return
        channel, sock = self._channel, self._socket
        if channel.finished and (channel.aborted or not self._connected or sock is None):
            self._end()
            return
        if sock is None:
            return
        mask = selectors.EVENT_WRITE
        if self._connected:
            self._write(sock)
            if channel.finished and not self._unsent:
                self._end()
                return
            if channel.finished and self._grace_deadline is None:
                self._grace_deadline = monotonic() + channel.network.timeouts.close
            reading = channel.reading and not channel.finished
            mask = (selectors.EVENT_READ if reading else 0) | (selectors.EVENT_WRITE if self._unsent else 0)
        self._watch(mask)

    def _touch(self) -> None:
        self._loop.touch(self)

    def _look_up(self, host: str, port: int) -> None:
        def look_up() -> None:
            try:
                found: list[Address] | Exception = list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                found = error
            self._loop.call(lambda: self._found(found))

        if _is_address(host):
            look_up()
        else:
            threading.Thread(target=look_up, name=f"tiktok-webcast look-up of {host}", daemon=True).start()

    def _found(self, found: list[Address] | Exception) -> None:
        if self._over:
            return
        if isinstance(found, Exception):
            self._channel.failed(found, monotonic())
        else:
            self._addresses = found
            self._try_next(OSError("no address"))
        self._touch()

    def _try_next(self, failure: Exception) -> None:
        """Connect to the next address; a slow one may use its share of the time that is left."""
        self._drop_socket()
        self._attempt_deadline = None
        while self._addresses and not self._channel.finished:
            family, kind, protocol, _, address = self._addresses.pop(0)
            try:
                self._socket = sock = socket.socket(family, kind, protocol)
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
            except (BlockingIOError, InterruptedError):
                if self._addresses and self._channel.deadline is not None:
                    left = max(0.0, self._channel.deadline - monotonic())
                    self._attempt_deadline = monotonic() + left / (len(self._addresses) + 1)
                self._watch(selectors.EVENT_WRITE)
                return
            except OSError as error:
                failure = error
                self._drop_socket()
            else:
                self._finish_connect(sock)
                return
        self._channel.failed(failure, monotonic())

    def _finish_connect(self, sock: socket.socket) -> None:
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self._try_next(OSError(number, os.strerror(number)))
        else:
            self._connected = True
            self._attempt_deadline = None
            self._channel.connected(monotonic())

    def _read(self, sock: socket.socket) -> None:
        for _ in range(_READS_IN_A_ROW):
            if self._channel.finished or not self._channel.reading:
                return
            try:
                data = sock.recv(_READ_SIZE)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._channel.failed(error, monotonic())
                return
            if not data:
                self._channel.receive_eof(monotonic())
                return
            self._channel.receive_data(data, monotonic())
            if len(data) < _READ_SIZE:
                return

    def _write(self, sock: socket.socket) -> None:
        while True:
            if not self._unsent:
                self._unsent = memoryview(self._channel.take_output())
                if not self._unsent:
                    self._channel.write_resumed()
                    return
            try:
                sent = sock.send(self._unsent)
            except (BlockingIOError, InterruptedError):
                self._channel.write_blocked(monotonic())
                return
            except OSError as error:
                self._unsent = memoryview(b"")
                self._channel.failed(error, monotonic())
                return
            self._channel.write_resumed()
            self._unsent = self._unsent[sent:]

    def _watch(self, mask: int) -> None:
        if self._socket is not None:
            self._loop.watch(self._socket, mask, self, self._mask)
            self._mask = mask

    def _drop_socket(self) -> None:
        if self._socket is not None:
            self._watch(0)
            self._socket.close()
            self._socket = None

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._drop_socket()
            self._loop.ended(self)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
