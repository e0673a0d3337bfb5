"""One connection of a client: from `start()` to the end of the session, reconnects included."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from tiktok_webcast.close import Closed, CloseReason
from tiktok_webcast.errors import TikTokWebcastError, error_for
from tiktok_webcast.events import ClosedEvent, ConnectEvent
from tiktok_webcast.info import RoomInfo
from tiktok_webcast.room import RoomFailure, RoomFound, resolve
from tiktok_webcast.user_input import RoomId, UserInput

from ._client_options import ClientOptions
from ._dispatch import Dispatch, Gate, Stream
from ._listeners import Listener, Listeners, Waiter
from .asyncio import Live
from .web_client import WebClient

T = TypeVar("T")
STOP_GRACE = 5.0
"""Seconds after `stop()` that listeners have for the events that came before; then their calls are cancelled."""
NORMAL_ENDS = frozenset([CloseReason.ROOM_ENDED, CloseReason.CLOSED])
"""Ends that are no failure: the host or TikTok ended the stream, or you stopped."""
_STOPPED = Closed(CloseReason.CLOSED, "closed by you")
_CANCELLED = Closed(CloseReason.CLOSED, "cancelled")


@dataclass(frozen=True)
class Parts:
    """What all connections of one client share."""

    user: UserInput
    options: ClientOptions
    listeners: Listeners
    gate: Gate
    web: WebClient
    log: Callable[[Exception], None]
    """What is done about an error that nobody listens for."""


class Connection:
    """Runs in one task, `task`, from the moment it is made."""

    def __init__(self, parts: Parts) -> None:
        """Begin, in the running loop.

        Raises:
            ConfigurationError: An option cannot be used.
        """
        options = parts.options
        self._parts = parts
        self._web = parts.web
        self.loop = asyncio.get_running_loop()
        self.thread = threading.get_ident()
        self.session = options.session(parts.user, parts.listeners.wanted())
        self.live = Live(self.session, limits=options.config.limits, network=self._web.network)
        self.dispatch = Dispatch(parts.listeners, parts.gate, self._report)
        self.opened = asyncio.Event()
        """Set once the room is entered, and at the end."""
        self.connected = False
        """Whether the room was ever entered."""
        self.stopping = False
        self.given_up = False
        """Whether it was cancelled, which takes a while."""
        self.finished = False
        """Whether its last event was handed out; listeners may still be at work."""
        self.replaced = False
        """Whether a listener has begun another after it."""
        self.closed: Closed | None = None
        self.error: Exception | None = None
        """Why it failed; `None` while it runs and after a normal end."""
        self.awaited = 0
        """How many are waiting to whom the error will be raised."""
        self._step: asyncio.Task[Any] | None = None
        self._patience: asyncio.Task[None] | None = None
        self._hurried = False
        self._give_up: asyncio.TimerHandle | None = None
        self.task = self.loop.create_task(self._run(), name=f"TikTokLiveClient {parts.user}")
        # Whoever needs its outcome looks at the attributes: nothing is to be called "never retrieved".
        self.task.add_done_callback(lambda task: task.cancelled() or task.exception())

    @property
    def over(self) -> bool:
        """Whether it has ended or is about to: a new one may be begun."""
        ending = self.stopping or self.given_up or self.closed is not None
        return ending or self.session.closed is not None or self.task.done()

    def listen(self) -> None:
        """Have the session deliver what is listened to now, and nothing be kept for who listens no more."""
        self.dispatch.forget_gone()
        wanted = self._parts.listeners.wanted()
        if wanted != self.session.config.include:
            self.session.want(wanted)

    def stop(self) -> None:
        """Leave the room; call it in the loop."""
        self.stopping = True
        if self.task.done():
            return
        if self._step is not None:
            self._step.cancel()
        self.live.close()
        if self._give_up is None:
            self._give_up = self.loop.call_later(STOP_GRACE, self._hurry)

    def wait_begins(self, task: asyncio.Task[Any] | None) -> None:
        """Somebody is about to wait for an event: let the listener's next call begin, if `task` is one.

        Raises:
            ClosedError: No more events come.
            LocalProtocolError: Too many calls of one listener wait already.
        """
        if self.task.done() or self.replaced:
            return
        if self.finished:
            raise self.error or error_for(self.closed or _CANCELLED)
        lane = self.dispatch.lane_of(task) if self.thread == threading.get_ident() else None
        if lane is not None and task is not None:
            lane.step_aside(task)

    async def ended(self) -> None:
        """Wait until it is over and all listeners have returned. Being cancelled here changes nothing for it."""
        await asyncio.wait({self.task})

    async def abort(self) -> None:
        """End it now, without waiting for listeners."""
        self.given_up = True
        self.task.cancel()
        await self.ended()

    # --- its life -------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self._pass_through()
        except Exception as error:
            self._fail(error)
        except GeneratorExit:
            # The loop was closed over our head: nothing can be ended in it any more.
            raise
        except BaseException:
            await self._leave()
            raise
        await self._leave()

    async def _pass_through(self) -> None:
        refused = await self._prepare()
        if refused is None and self.stopping:
            refused = _STOPPED
        if refused is None:
            await self._stay()
            self._finish(self.session.closed)
        else:
            self._announce(refused)
            self._finish(refused)
        await self._patiently(self.dispatch.drained())

    async def _stay(self) -> None:
        """Enter the room and hand out its events until the last."""
        dispatch, gate = self.dispatch, self._parts.gate
        async with self.live as live:
            async for event in live:
                if isinstance(event, ConnectEvent):
                    await self._entered()
                    dispatch.deliver(event)
                    self.connected = True
                    self.opened.set()
                else:
                    dispatch.deliver(event)
                if gate.shut:
                    await self._patiently(gate.passed())

    async def _patiently(self, waiting: Coroutine[Any, Any, None]) -> None:
        """Wait for listeners, until the time that `stop` leaves them is up."""
        if self._hurried:
            waiting.close()
            return
        self._patience = self.loop.create_task(waiting)
        try:
            await asyncio.wait({self._patience})
        finally:
            self._patience.cancel()

    async def _prepare(self) -> Closed | None:
        """Do what comes before the session; return why there can be none."""
        try:
            return await self._until_stopped(self._look_ahead())
        except asyncio.CancelledError:
            if not self.stopping:
                raise
            return _STOPPED

    async def _look_ahead(self) -> Closed | None:
        options, web, room_id = self._parts.options, self._web, self.session.room_id
        if options.fetch_gifts:
            if web.gifts is None:
                await self._try("gift list", web.retrieve_gifts(room_id or None))
            if web.gifts is not None:
                self.session.gift_list = web.gifts.by_id
        if options.fetch_room_info and room_id:
            # The session itself looks at a room only where it has to find it first.
            found = await web.run(resolve(RoomId(room_id), context=web.context))
            if isinstance(found, RoomFailure) and found.reason is CloseReason.OFFLINE:
                return found.closed()
            if isinstance(found, RoomFound) and found.info:
                web.room_info = RoomInfo.from_data(found.info)
            else:
                await self._try("room info", web.retrieve_room_info(self._parts.user, room_id))
        return None

    async def _entered(self) -> None:
        """Have the room's data ready before anybody hears of the connection."""
        web, found = self._web, self.session.found
        web.context = self.session.context
        if self.connected or not self._parts.options.fetch_room_info:
            return
        if found is not None and found.info:
            web.room_info = RoomInfo.from_data(found.info)
        elif found is not None:
            try:
                await self._until_stopped(
                    self._try("room info", web.retrieve_room_info(self._parts.user, found.room_id))
                )
            except asyncio.CancelledError:
                if not self.stopping:
                    raise

    async def _try(self, what: str, asking: Coroutine[Any, Any, object]) -> None:
        """Ask the web for something that the room can be watched without."""
        try:
            await asking
        except TikTokWebcastError as error:
            self._report(error, what)

    async def _until_stopped(self, step: Coroutine[Any, Any, T]) -> T:
        """Run something that `stop` cancels."""
        self._step = task = self.loop.create_task(step)
        try:
            return await task
        finally:
            task.cancel()
            self._step = None

    # --- its end --------------------------------------------------------------------------------------------------

    def _announce(self, closed: Closed) -> None:
        """Say that it is over where no session has begun that would."""
        self.dispatch.deliver(
            ClosedEvent(
                room_id=self.session.room_id,
                reason=closed.reason,
                detail=closed.detail,
                causes=closed.causes,
                retry_after=closed.retry_after,
            )
        )

    def _finish(self, closed: Closed | None) -> None:
        self.closed = closed
        if closed is not None and closed.reason not in NORMAL_ENDS:
            self._fail(error_for(closed))
        self._tell_hearers()

    def _fail(self, error: Exception) -> None:
        self.error = error
        streams = any(isinstance(hearer, Stream) for hearer in self._parts.listeners.all())
        self._report(error, raised=self.awaited > 0 or streams)

    def _hurry(self) -> None:
        """Wait for nobody any more."""
        self._hurried = True
        self.dispatch.close()
        if self._patience is not None:
            self._patience.cancel()

    async def _leave(self) -> None:
        """Whatever happened: nobody is left waiting, nothing is left running."""
        if self._give_up is not None:
            self._give_up.cancel()
        self.dispatch.close()
        try:
            while (event := self.live.next_event()) is not None:
                # Left by a cancellation; plain functions can still hear of it, and may leave once more by sys.exit().
                self.dispatch.deliver(event)
        finally:
            self.closed = self.closed or self.session.closed or _CANCELLED
            self._tell_hearers()
            self.opened.set()
        await self.dispatch.closed()

    def _tell_hearers(self) -> None:
        """End what waits for events: none come any more."""
        self.finished = True
        closed = self.closed
        if self.replaced:
            return
        for hearer in self._parts.listeners.all():
            if isinstance(hearer, Stream):
                hearer.end(self.error)
            elif isinstance(hearer, Waiter) and closed is not None:
                hearer.settle(self.error or error_for(closed))

    def _report(
        self, error: Exception, where: str = "", listener: Listener | None = None, raised: bool = False
    ) -> None:
        """Tell those who listen to errors, or the log; what is raised to somebody anyway is not logged."""
        add_note = getattr(error, "add_note", None)
        if where and add_note is not None:
            add_note(f"In {where}")
        handlers = self._parts.listeners.of_errors()
        if handlers and (listener is None or listener.selection is not None):
            for handler in handlers:
                self.dispatch.call(handler, error)
        elif not raised:
            self._parts.log(error)
