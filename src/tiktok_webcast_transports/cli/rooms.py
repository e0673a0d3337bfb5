"""How does a room run on the transport that was chosen? Its events go to a sink, its end comes back."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol, TypeVar

from tiktok_webcast.close import Closed
from tiktok_webcast.events.base import Event
from tiktok_webcast.http import Exchange
from tiktok_webcast.statistics import Statistics

from .output import Sink
from .settings import Settings
from .stop import Stop
from .streams import Streams

T = TypeVar("T")


class Ended(NamedTuple):
    """How a room ended, and what was counted until then."""

    closed: Closed
    statistics: Statistics


class AsyncRoom(Protocol):
    """What the two asynchronous transports have in common."""

    @property
    def closed(self) -> Closed | None:
        """Why it ended, once it did."""

    @property
    def statistics(self) -> Statistics:
        """Its counters."""

    def __aiter__(self) -> AsyncIterator[Event]: ...
    def next_event(self) -> Event | None:
        """Pop an event, without waiting for one."""

    def close(self) -> None:
        """Leave the room."""


def run_room(user: str | int, settings: Settings, sink: Sink, streams: Streams, stop: Stop) -> Ended:
    """Watch a room until it ends or `stop` is asked for.

    Raises:
        ConfigurationError, ValueError: the settings make no sense.
        OutputGone: nobody reads the output any more; the room has been left.
    """
    if settings.transport == "sync":
        return _run_sync(user, settings, sink, stop)
    if settings.transport == "asyncio":
        return _run_asyncio(user, settings, sink, streams, stop)
    return _run_anyio(user, settings, sink, streams, stop)


def run_exchange(make: Callable[[], Exchange[T]], settings: Settings) -> T:
    """Run an exchange of the core on the transport that was chosen."""
    network, limits = _network(settings), settings.config.limits
    if settings.transport == "sync":
        from .. import sync

        with sync.HttpClient(limits=limits, network=network) as client:
            return client.run(make())
    if settings.transport == "asyncio":
        import asyncio as loop

        from .. import asyncio

        async def on_asyncio() -> T:
            async with asyncio.HttpClient(limits=limits, network=network) as client:
                return await client.run(make())

        return loop.run(on_asyncio())

    import anyio as anyio_library

    from .. import anyio

    async def on_anyio() -> T:
        async with anyio.HttpClient(limits=limits, network=network) as client:
            return await client.run(make())

    return anyio_library.run(on_anyio, backend="trio" if settings.transport == "trio" else "asyncio")


def _run_sync(user: str | int, settings: Settings, sink: Sink, stop: Stop) -> Ended:
    from .. import sync

    with _connect(sync, user, settings) as live:
        stop.attach(live.close)
        if stop.asked:
            live.close()
        show_room(sink, live)
        for event in live:
            sink.take(event)
            while (more := live.next_event()) is not None:
                sink.take(more)
            if sink.done:
                live.close()
            # A slow reader holds up this thread only; the transport's own keeps the connection.
            sink.screen.flush()
    return _ended(live.closed, live.statistics)


def _run_asyncio(user: str | int, settings: Settings, sink: Sink, streams: Streams, stop: Stop) -> Ended:
    import asyncio as loop

    from .. import asyncio

    async def main() -> Ended:
        running = loop.get_running_loop()
        live = _connect(asyncio, user, settings)

        def close() -> None:
            with contextlib.suppress(RuntimeError):
                running.call_soon_threadsafe(live.close)

        return await _pump(live, live, sink, streams, stop, close, loop.to_thread)

    return loop.run(main())


def _run_anyio(user: str | int, settings: Settings, sink: Sink, streams: Streams, stop: Stop) -> Ended:
    import anyio as anyio_library
    from anyio.from_thread import BlockingPortal

    from .. import anyio

    async def main() -> Ended:
        live = _connect(anyio, user, settings)
        async with BlockingPortal() as portal:

            def close() -> None:
                with contextlib.suppress(RuntimeError):
                    portal.start_task_soon(live.close)

            try:
                return await _pump(live, live, sink, streams, stop, close, anyio_library.to_thread.run_sync)
            except Exception as error:
                # Raised outside of the portal, whose task group would wrap it.
                failure = error
        raise failure

    return anyio_library.run(main, backend="trio" if settings.transport == "trio" else "asyncio")


async def _pump(
    entered: AbstractAsyncContextManager[Any],
    live: AsyncRoom,
    sink: Sink,
    streams: Streams,
    stop: Stop,
    close: Callable[[], None],
    in_thread: Callable[[Callable[[], None]], Awaitable[Any]],
) -> Ended:
    """Move events to the sink. `close` is for other threads; in this one `live.close` does."""
    async with entered:
        stop.attach(close)
        if stop.asked:
            live.close()
        show_room(sink, live)
        async for event in live:
            sink.take(event)
            while (more := live.next_event()) is not None:
                sink.take(more)
            if sink.done:
                live.close()
            if streams.blocks:
                # A reader that is slow (a pager, say) must not stop the heartbeats.
                await in_thread(sink.screen.flush)
            else:
                sink.screen.flush()
    return _ended(live.closed, live.statistics)


def show_room(sink: Sink, room: Any) -> None:
    """Tell a screen that wants to know which room it shows."""
    attach = getattr(sink.screen, "attach", None)
    if attach is not None:
        attach(room)


def _ended(closed: Closed | None, statistics: Statistics) -> Ended:
    if closed is None:
        raise RuntimeError("a transport ended before its session did")
    return Ended(closed, statistics)


def _connect(transport: Any, user: str | int, settings: Settings) -> Any:
    """Return the room to enter."""
    config = settings.config
    choices: dict[str, Any] = {"signer": settings.signer, "retry": settings.retry, "rng": settings.rng}
    if settings.make_session is not None:
        session = settings.make_session(user, config=config, **choices)
        return transport.Live(session, limits=config.limits, network=_network(settings))
    way = {"proxy": settings.proxy, "ca_file": settings.ca_file, "timeouts": settings.timeouts}
    return transport.connect(user, config=config, **choices, **way)


def _network(settings: Settings) -> Any:
    from .._options import Network

    return Network(proxy=settings.proxy, ca_file=settings.ca_file, timeouts=settings.timeouts)
