"""How do events reach those who listen? In order, without letting one who fails or dawdles hurt the others.

Plain functions are called at once. Each async listener has a lane: its calls begin in the order of the events, the next
when the one before has returned, and lanes do not wait for each other. When `MAX_WAITING` events wait in one lane or
stream, the gate shuts: the client takes no more events, and soon the socket is not read either, while heartbeats go on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.events.base import Event

from ._event_names import EVERYTHING
from ._listeners import Hearer, Listener, Listeners, Waiter, call_in_loop

_log = logging.getLogger("tiktok_webcast_transports.client")

MAX_WAITING = 256
"""Events that may wait for one async listener or one `async for` before the client stops taking more."""
MAX_ASIDE = 256
"""Calls of one listener that may be in `wait_for` at the same time."""
STUCK = 30.0
"""Seconds of a shut gate after which the log names who is too slow."""
_CANCEL_SECONDS = 1.0

Report = Callable[[Exception, str, Listener], None]
"""Tells of a failed listener: the error, where it happened in words, and the listener."""


class Gate:
    """Whether the client may take more events: not while somebody is far behind."""

    def __init__(self) -> None:
        self._behind: dict[object, str] = {}
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def shut(self) -> bool:
        """Whether somebody is far behind."""
        return bool(self._behind)

    def close(self, who: object, label: str) -> None:
        """Somebody has `MAX_WAITING` events waiting."""
        self._behind[who] = label

    def open(self, who: object) -> None:
        """Somebody has caught up, or is gone; from any thread."""
        if self._behind.pop(who, None) is None or self._behind:
            return
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            call_in_loop(future.get_loop(), partial(_set, future))

    async def passed(self) -> None:
        """Wait until nobody is far behind."""
        loop = asyncio.get_running_loop()
        reminder = loop.call_later(STUCK, self._complain)
        try:
            while self._behind:
                future: asyncio.Future[None] = loop.create_future()
                self._waiting.append(future)
                # Another thread may have opened it before the future was there, and then nobody would set it.
                if self._behind:
                    await future
        finally:
            reminder.cancel()

    def _complain(self) -> None:
        _log.warning(
            "%d events wait for %s, and nothing moved for %g s: no more are taken until it has caught up",
            MAX_WAITING,
            " and ".join(self._behind.values()),
            STUCK,
        )


class Stream(Hearer):
    """The events that wait for one `async for`."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(EVERYTHING)
        self._gate = gate
        self._events: deque[Event] = deque()
        self._news: asyncio.Event = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.ended = False
        self._left = False
        """Whether nobody takes events any more."""
        self.error: BaseException | None = None
        """What the connection failed with."""

    def push(self, event: Event) -> None:
        """Append an event."""
        self._events.append(event)
        if len(self._events) >= MAX_WAITING:
            self._gate.close(self, "an `async for` over the client")
            if self._left:
                # Closed meanwhile in another thread, which opened the gate before it was shut: nobody else would.
                self._gate.open(self)
        self._tell()

    def end(self, error: BaseException | None) -> None:
        """No more events come."""
        self.ended, self.error = True, error
        self._tell()

    def close(self) -> None:
        """Nobody takes events any more; from any thread."""
        self.ended = self._left = True
        self._gate.open(self)

    async def take(self) -> Event | None:
        """Return the next event, or `None` after the last.

        Raises:
            BaseException: what the connection failed with, once, after the last event.
        """
        while not self._events:
            if self.ended:
                error, self.error = self.error, None
                if error is not None:
                    raise error
                return None
            self._news.clear()
            await self._news.wait()
        event = self._events.popleft()
        if len(self._events) <= MAX_WAITING // 2:
            self._gate.open(self)
        return event

    def _tell(self) -> None:
        call_in_loop(self._loop, self._news.set)


class Lane:
    """The calls of one async listener."""

    def __init__(self, listener: Listener, gate: Gate, report: Report) -> None:
        self._listener = listener
        self._gate = gate
        self._report = report
        self._waiting: deque[tuple[Any, Awaitable[object] | None]] = deque()
        self._turn: object | None = None
        self.turns: dict[asyncio.Task[Any], object] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.closed = False
        self.dropped = 0

    def push(self, what: Any, begun: Awaitable[object] | None = None) -> None:
        """Call the listener with `what` when its turn comes; `begun` is a call that has only to be awaited."""
        if self.closed:
            self._drop(begun)
            return
        self._waiting.append((what, begun))
        if len(self._waiting) >= MAX_WAITING:
            self._gate.close(self, self._listener.label)
        if self._turn is None:
            self._begin()

    def step_aside(self, task: asyncio.Task[Any]) -> None:
        """Let the next call begin although the one in `task` has not returned.

        Raises:
            LocalProtocolError: `MAX_ASIDE` calls have stepped aside already.
        """
        if self._turn is None or self.turns.get(task) is not self._turn:
            return
        if len(self.turns) > MAX_ASIDE:
            raise LocalProtocolError(f"{MAX_ASIDE} calls of {self._listener.label} are in wait_for already")
        self._turn = None
        if self._waiting:
            self._begin()

    @property
    def idle(self) -> bool:
        """Whether no call is under way or waits."""
        return not (self._waiting or self.turns or self.tasks)

    def forget(self) -> None:
        """Drop what waits, also where the call before it never returns."""
        while self._waiting:
            self._drop(self._waiting.popleft()[1])
        self._gate.open(self)

    def close(self) -> None:
        """Drop what waits and cancel what runs."""
        self.closed = True
        self.forget()
        for task in self.tasks:
            task.cancel()

    def _begin(self) -> None:
        self._turn = turn = object()
        task = asyncio.get_running_loop().create_task(self._work(turn), name=f"listener {self._listener.label}")
        if not task.done():
            self.tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled():
            # KeyboardInterrupt or SystemExit, which have left the loop by themselves, count as retrieved.
            task.exception()

    async def _work(self, turn: object) -> None:
        task = asyncio.current_task()
        if task is None:
            raise LocalProtocolError("A listener runs in a task")
        self.turns[task] = turn
        try:
            while self._turn is turn and self._waiting:
                what, begun = self._waiting.popleft()
                if len(self._waiting) <= MAX_WAITING // 2:
                    self._gate.open(self)
                await self._call(what, begun)
        finally:
            del self.turns[task]
            if self._turn is turn:
                self._turn = None

    async def _call(self, what: Any, begun: Awaitable[object] | None) -> None:
        listener = self._listener
        if listener.gone:
            self._drop(begun)
            return
        try:
            result: Any = begun if begun is not None else listener.call(what)
            await result
        except asyncio.CancelledError:
            if self.closed:
                raise
            _log.debug("a call of %s was cancelled", listener.label)
        except Exception as error:
            self._report(error, describe(listener, what), listener)

    def _drop(self, begun: Awaitable[object] | None) -> None:
        self.dropped += not self._listener.gone
        close = getattr(begun, "close", None)
        if close is not None:
            close()


class Dispatch:
    """Hands out the events of one connection."""

    def __init__(self, listeners: Listeners, gate: Gate, report: Report) -> None:
        self._listeners = listeners
        self._gate = gate
        self._report = report
        self._lanes: dict[Listener, Lane] = {}
        self._closed = False

    def deliver(self, event: Event) -> None:
        """Hand an event to all who hear it."""
        for hearer in self._listeners.hearing(type(event)):
            if hearer.gone:
                continue
            if isinstance(hearer, Listener):
                self.call(hearer, event)
            elif isinstance(hearer, Waiter):
                hearer.offer(event)
            elif isinstance(hearer, Stream):
                hearer.push(event)

    def call(self, listener: Listener, what: Any) -> None:
        """Call a listener with an event or an error."""
        if listener.once:
            self._listeners.remove(listener, gone=False)
        if listener.is_async:
            self._lane(listener).push(what)
            return
        try:
            result = listener.call(what)
        except asyncio.CancelledError:
            # Of something that it looked at, such as a future: nobody can cancel a plain function.
            _log.debug("a call of %s was cancelled", listener.label)
            return
        except Exception as error:
            self._report(error, describe(listener, what), listener)
            return
        if isinstance(result, Awaitable):
            # A plain function that returns a coroutine, such as a lambda or a decorator's wrapper.
            self._lane(listener).push(what, result)

    def lane_of(self, task: asyncio.Task[Any] | None) -> Lane | None:
        """Return the lane whose call runs in this task."""
        return next((lane for lane in self._lanes.values() if task in lane.turns), None)

    def forget_gone(self) -> None:
        """Drop what waits for listeners that were removed, and forget those of which no call is left."""
        for listener, lane in tuple(self._lanes.items()):
            if listener.gone:
                lane.forget()
            if (listener.gone or listener.once) and lane.idle and not lane.dropped:
                del self._lanes[listener]

    async def drained(self) -> None:
        """Wait until every call has returned."""
        while tasks := self._tasks():
            await asyncio.wait(tasks)

    def close(self) -> None:
        """Drop what waits and cancel what runs, now and later."""
        self._closed = True
        for lane in self._lanes.values():
            lane.close()

    async def closed(self) -> None:
        """Wait, not for long, until what `close` has cancelled is over; say what was lost."""
        tasks = self._tasks()
        if tasks and (await asyncio.wait(tasks, timeout=_CANCEL_SECONDS))[1]:
            stubborn = {listener.label for listener, lane in self._lanes.items() if lane.tasks}
            _log.warning("%s went on although cancelled, and is left behind", " and ".join(sorted(stubborn)))
        dropped = {lane: listener.label for listener, lane in self._lanes.items() if lane.dropped}
        if dropped:
            _log.warning(
                "%d events were not delivered to %s, which had not caught up in time",
                sum(lane.dropped for lane in dropped),
                " and ".join(dropped.values()),
            )

    def _lane(self, listener: Listener) -> Lane:
        lane = self._lanes.get(listener)
        if lane is None:
            lane = self._lanes[listener] = Lane(listener, self._gate, self._report)
            lane.closed = self._closed
        return lane

    def _tasks(self) -> set[asyncio.Task[None]]:
        return {task for lane in self._lanes.values() for task in lane.tasks}


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def describe(listener: Listener, what: Any) -> str:
    """Say in words which call of a listener it was."""
    if not isinstance(what, Event):
        return f"listener {listener.label}, called with {type(what).__name__}"
    number = f" {what.msg_id}" if what.msg_id else ""
    return f"listener {listener.label}, called with the event {what.name!r}{number}"
