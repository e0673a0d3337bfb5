"""Who listens to what? The listeners, waiters and streams of one client, in the order in which they came."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
import threading
from collections.abc import Callable
from typing import Any

from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.events.base import Event
from tiktok_webcast.session_config import SessionConfig

from ._event_names import Selection

Callback = Callable[[Any], object]
"""A plain or async function that takes an event, or with `"error"` an exception."""


class Hearer:
    """Somebody who gets events."""

    def __init__(self, selection: Selection | None) -> None:
        self.selection = selection
        """The events; `None`: errors."""
        self.gone = False
        """Whether it was removed: what still waits for it is not delivered."""


class Listener(Hearer):
    """A function that is called with events."""

    def __init__(self, selection: Selection | None, call: Callback, *, once: bool = False) -> None:
        super().__init__(selection)
        self.call = call
        self.once = once
        self.is_async = _is_async(call)
        self.label = _label(call)


class Waiter(Hearer):
    """Somebody who waits for one event."""

    def __init__(self, selection: Selection, predicate: Callable[[Any], object] | None) -> None:
        super().__init__(selection)
        self.predicate = predicate
        self.future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._settled = False

    def offer(self, event: Event) -> None:
        """Take the event if it is the one."""
        # The future itself is told in a turn of the loop that is yet to come.
        if self._settled or self.future.done():
            return
        try:
            wanted = True if self.predicate is None else self.predicate(event)
            if inspect.isawaitable(wanted):
                _discard(wanted)
                raise TypeError("The predicate of wait_for must be a plain function, not an async one")
        except StopIteration as error:
            # Of a `next()` that finds nothing. A future takes none, and its waiter would wait for ever.
            failure = RuntimeError("The predicate of wait_for raised StopIteration")
            failure.__cause__ = error
            self.settle(failure)
        except (Exception, asyncio.CancelledError) as error:
            # Of something that the predicate looked at: whoever waits hears of it, and nobody else.
            self.settle(error)
        else:
            if wanted:
                self.settle(event)

    def settle(self, outcome: Event | BaseException) -> None:
        """End the waiting, from any thread."""
        self._settled = True

        def set_outcome() -> None:
            if not self.future.done():
                if isinstance(outcome, BaseException):
                    self.future.set_exception(outcome)
                else:
                    self.future.set_result(outcome)

        call_in_loop(self.future.get_loop(), set_outcome)


class Listeners:
    """All hearers of one client. Every change makes new tuples, so that a delivery that goes on is not disturbed."""

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._hearers: tuple[Hearer, ...] = ()
        self._by_kind: dict[type[Event], tuple[Hearer, ...]] = {}
        self._lock = threading.Lock()
        self.changed: Callable[[], None] = _nothing
        """Called after every change of who listens."""

    def add(self, hearer: Hearer) -> None:
        """Add a hearer, after all others; from any thread.

        Raises:
            ConfigurationError: `SessionConfig.exclude` takes away what it asks for.
        """
        names = None if hearer.selection is None else hearer.selection.names
        if names and names <= self._config.exclude:
            raise ConfigurationError(f"SessionConfig.exclude takes {', '.join(sorted(names))} away.")
        with self._lock:
            self._set((*self._hearers, hearer))
        self.changed()

    def remove(self, hearer: Hearer, *, gone: bool = True) -> None:
        """Remove a hearer, from any thread; unless `gone`, it still gets what waits for it."""
        hearer.gone = gone
        with self._lock:
            self._set(tuple(other for other in self._hearers if other is not hearer))
        self.changed()

    def find(self, selection: Selection | None, call: Callback) -> Listener | None:
        """Return the listener that calls `call` with this selection."""
        for hearer in self._hearers:
            # By equality: bound methods are made anew with every access.
            if isinstance(hearer, Listener) and hearer.selection == selection and hearer.call == call:
                return hearer
        return None

    def hearing(self, kind: type[Event]) -> tuple[Hearer, ...]:
        """Return those who get events of this class."""
        # The table before the hearers: what another thread adds meanwhile comes with a table of its own.
        by_kind = self._by_kind
        found = by_kind.get(kind)
        if found is None:
            found = tuple(
                hearer for hearer in self._hearers if hearer.selection is not None and hearer.selection.accepts(kind)
            )
            by_kind[kind] = found
        return found

    def of_errors(self) -> tuple[Listener, ...]:
        """Return the listeners to errors."""
        return tuple(each for each in self._hearers if isinstance(each, Listener) and each.selection is None)

    def all(self) -> tuple[Hearer, ...]:
        """Return all hearers."""
        return self._hearers

    def wanted(self) -> frozenset[str] | None:
        """Return the names of the events that somebody hears; `None`: all.

        Those who hear everything get what `SessionConfig.include` names, if it does, and what others asked for.
        """
        names: set[str] = set()
        for hearer in self._hearers:
            if hearer.selection is None:
                continue
            if hearer.selection.names is not None:
                names |= hearer.selection.names
            elif self._config.include is None:
                return None
            else:
                names |= self._config.include
        return frozenset(names)

    def _set(self, hearers: tuple[Hearer, ...]) -> None:
        self._hearers = hearers
        self._by_kind = {}


def check_callback(call: object) -> None:
    """Refuse what cannot be a listener.

    Raises:
        TypeError: It cannot be called with one argument.
    """
    if not callable(call):
        raise TypeError(f"A listener is a function that takes the event, not {type(call).__name__} {call!r}")
    try:
        _signature(call).bind(None)
    except TypeError:
        raise TypeError(
            f"{_label(call)} cannot be a listener: it must take one argument, the event "
            "(and all its other parameters need defaults)"
        ) from None
    except ValueError:
        # Some builtins do not tell their parameters.
        return


def _signature(call: Callable[..., object]) -> inspect.Signature:
    if sys.version_info >= (3, 14):
        # Annotations are evaluated when asked for, and may name what is imported for type checkers alone.
        from annotationlib import Format

        return inspect.signature(call, annotation_format=Format.STRING)
    return inspect.signature(call)


def call_in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Have `call` called in a loop, from any thread; a loop that is closed needs nothing any more."""
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        if not loop.is_closed():
            raise


def _is_async(call: Callback) -> bool:
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004


def _label(call: object) -> str:
    inner = call.func if isinstance(call, functools.partial) else call
    name = getattr(inner, "__qualname__", None)
    return name if isinstance(name, str) else repr(inner)


def _discard(awaitable: object) -> None:
    if inspect.iscoroutine(awaitable):
        awaitable.close()


def _nothing() -> None:
    """Nobody is to be told."""
