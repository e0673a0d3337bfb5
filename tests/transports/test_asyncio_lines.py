"""The asyncio transport's lines: whatever state one is in, its owner's end is its end."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
import struct
import sys
from collections.abc import Callable
from typing import TypeVar

import pytest

from tiktok_webcast.http import FailureKind, HttpRequest, TransportFailure
from tiktok_webcast_transports._asyncio_lines import Lines
from tiktok_webcast_transports._channel import Channel
from tiktok_webcast_transports._options import Network
from tiktok_webcast_transports._tunnel import Route, route_to
from tiktok_webcast_transports.asyncio import HttpClient

C = TypeVar("C", bound=Channel)
MUCH = 32 * 1024 * 1024
"""Bytes that no socket's buffers hold."""


class Speech(Channel):
    """Says much, and is done."""

    def __init__(self, route: Route, network: Network) -> None:
        super().__init__(route, network, max_header=1000, now=0.0)
        # Nothing here is about time.
        self._phase_deadline = None

    def _opened(self, now: float) -> None:
        self._send(b"x" * MUCH)
        self._finish()

    def _received(self, data: bytes, now: float) -> None: ...

    def _received_eof(self, now: float) -> None: ...

    def _fail(self, failure: TransportFailure, now: float) -> None: ...


def dialled(listener: socket.socket, kind: Callable[[Route, Network], C]) -> tuple[Lines, C]:
    """Return lines with a channel that is being connected to the listener."""
    network = Network()
    route = route_to(f"ws://127.0.0.1:{listener.getsockname()[1]}/", network)
    assert isinstance(route, Route)
    lines = Lines(lambda: None)
    lines.open()
    channel = kind(route, network)
    lines.dial(channel)
    return lines, channel


def test_a_line_that_waits_for_a_peer_who_does_not_read_is_closed_with_its_owner() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            lines, _ = dialled(listener, Speech)
            (line,) = lines._lines
            peer, _ = await asyncio.to_thread(listener.accept)
            with peer:
                for _ in iter(lambda: line._closing, True):
                    await asyncio.sleep(0)
                await lines.close(gracefully=False)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                assert not lines._lines

    asyncio.run(main())
    # What was left open says so now, and warnings are errors.
    gc.collect()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
def test_a_line_that_fails_at_once_in_an_eager_task_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network, for an address that need not be looked up."""

    async def unreachable(*_: object, **__: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_task_factory(getattr(asyncio, "eager_task_factory"))  # noqa: B009
        monkeypatch.setattr(loop, "create_connection", unreachable)
        network = Network()
        route = route_to("ws://192.0.2.1/", network)
        assert isinstance(route, Route)
        lines = Lines(lambda: None)
        lines.open()
        channel = Speech(route, network)
        channel._fail = lambda failure, now: channel._finish()  # type: ignore[method-assign]
        lines.dial(channel)
        assert not lines._lines
        await asyncio.wait_for(lines.close(gracefully=True), 5)

    asyncio.run(main())


def test_a_line_whose_task_a_program_cancels_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for it hears of it, where a program cancels all tasks of its loop and goes on."""
    connecting = asyncio.Event()

    async def forever(*_: object, **__: object) -> None:
        connecting.set()
        await asyncio.Event().wait()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "create_connection", forever)
        async with HttpClient() as client:
            answer = loop.create_task(client.send(HttpRequest("GET", "http://192.0.2.1/")))
            await connecting.wait()
            for task in asyncio.all_tasks() - {answer, asyncio.current_task()}:
                task.cancel()
            failure = await asyncio.wait_for(answer, 5)
        assert isinstance(failure, TransportFailure) and failure.kind is FailureKind.CONNECT

    asyncio.run(main())


class Words(Speech):
    """Says what it is told to."""

    def __init__(self, route: Route, network: Network) -> None:
        super().__init__(route, network)
        self.open = asyncio.Event()

    def _opened(self, now: float) -> None:
        self.open.set()

    def _received_eof(self, now: float) -> None:
        self._finish()

    def _fail(self, failure: TransportFailure, now: float) -> None:
        self._finish()

    def say(self, word: bytes) -> None:
        self._send(word)
        self.wake()


def test_nothing_is_written_to_a_connection_that_has_broken(caplog: pytest.LogCaptureFixture) -> None:
    """A room that takes its last messages sends an answer to each; asyncio logs a warning for all from the fifth on."""

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            lines, channel = dialled(listener, Words)
            peer, _ = await asyncio.to_thread(listener.accept)
            await channel.open.wait()
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            for _ in range(10):
                channel.say(b"x")
            await lines.close(gracefully=True)

    asyncio.run(main())
    assert not caplog.records
