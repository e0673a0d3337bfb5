"""How does a program say what it listens to? The listening half of `TikTokLiveClient`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar, overload

from tiktok_webcast.events.base import Event
from tiktok_webcast.session_config import SessionConfig

from ._connection import Connection
from ._dispatch import Gate
from ._event_names import ERROR, select
from ._listeners import Callback, Listener, Listeners, Waiter, call_in_loop, check_callback

E = TypeVar("E", bound=Event)
F = TypeVar("F", bound=Callback)


class Listening:
    """Everything about listeners; `TikTokLiveClient` adds the connection."""

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._gate = Gate()
        self._listeners = Listeners(config)
        self._listeners.changed = self._listen
        self._connection: Connection | None = None

    @overload
    def on(self, event: str | type[Event]) -> Callable[[F], F]: ...

    @overload
    def on(self, event: str | type[Event], listener: F) -> F: ...

    def on(self, event: str | type[Event], listener: F | None = None) -> F | Callable[[F], F]:
        """Call a function with every event of a name or class: `@client.on("comment")`, or `on("comment", function)`.

        A base class means all events of it: `Event` everything, `UserEvent` those that somebody did. Plain and async
        functions both do; adding one again changes nothing.

        `"error"` is for exceptions: those of listeners, and why a connection failed. With such a listener, nothing is
        logged: that is up to it.

        Raises:
            ConfigurationError: There is no such event.
            TypeError: The listener cannot be called with one argument.
        """
        return self._decorate(event, listener, once=False)

    @overload
    def once(self, event: str | type[Event]) -> Callable[[F], F]: ...

    @overload
    def once(self, event: str | type[Event], listener: F) -> F: ...

    def once(self, event: str | type[Event], listener: F | None = None) -> F | Callable[[F], F]:
        """Call a function with the next such event, and then no more; otherwise as `on`."""
        return self._decorate(event, listener, once=True)

    def on_any(self, listener: F) -> F:
        """Call a function with every event; `@client.on_any`. All messages are decoded then."""
        return self.add_listener(Event, listener)

    def add_listener(self, event: str | type[Event], listener: F) -> F:
        """Call `listener` with every event of a name or class, at any time; the same as `on(event, listener)`."""
        return self._add(event, listener, once=False)

    def remove_listener(self, event: str | type[Event], listener: Callback) -> None:
        """Call `listener` no more; what still waits for it is dropped.

        Raises:
            ValueError: It does not listen to that event.
        """
        selection = None if event == ERROR else select(event, self._config.registry)
        found = self._listeners.find(selection, listener)
        if found is None:
            raise ValueError(f"{listener!r} does not listen to {event!r}")
        self._listeners.remove(found)

    @overload
    async def wait_for(
        self, event: type[E], predicate: Callable[[E], object] | None = None, timeout: float | None = None
    ) -> E: ...

    @overload
    async def wait_for(
        self, event: str, predicate: Callable[[Any], object] | None = None, timeout: float | None = None
    ) -> Any: ...

    async def wait_for(
        self,
        event: str | type[Event],
        predicate: Callable[[Any], object] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Wait for the next event of a name or class that `predicate` says yes to, and return it.

        The client has to be started, before or after. In a listener, the listener's next call begins meanwhile.

        Raises:
            asyncio.TimeoutError: It did not come within `timeout` seconds.
            ClosedError: The client came to its end; the type tells why, `RoomEnded` and `ClosedByCaller` included.
            LocalProtocolError: 256 calls of one listener are in `wait_for` already.
            Exception: `predicate` failed with it.
        """
        waiter = Waiter(select(event, self._config.registry), predicate)
        if self._connection is not None:
            self._connection.wait_begins(asyncio.current_task())
        self._listeners.add(waiter)
        try:
            return await asyncio.wait_for(waiter.future, timeout)
        finally:
            self._listeners.remove(waiter)

    def _decorate(self, event: str | type[Event], listener: F | None, *, once: bool) -> F | Callable[[F], F]:
        if listener is not None:
            return self._add(event, listener, once=once)
        if event != ERROR:
            # A name that is none is to be told of in the line that has it.
            select(event, self._config.registry)
        return lambda function: self._add(event, function, once=once)

    def _add(self, event: str | type[Event], call: F, *, once: bool) -> F:
        selection = None if event == ERROR else select(event, self._config.registry)
        check_callback(call)
        if self._listeners.find(selection, call) is None:
            self._listeners.add(Listener(selection, call, once=once))
        return call

    def _listen(self) -> None:
        """Have the connection deliver what is listened to now."""
        connection = self._connection
        if connection is None:
            return
        if connection.thread == threading.get_ident():
            connection.listen()
        else:
            call_in_loop(connection.loop, connection.listen)
