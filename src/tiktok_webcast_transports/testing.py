"""For tests of your own programs: a room that plays your events, and a transport that you drive (docs/testing.md).

    async with ScriptedLive([CommentEvent(comment="hi")]) as live:     # or `with`, with `for`
        await my_bot(live)

    transport = ScriptedTransport(Session("some_user"), web=world.request)
    transport.start()
    transport.open()
    transport.receive(frame)
    assert transport.events() == ...

Neither touches the network or a clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from types import TracebackType

from tiktok_webcast.actions import Action, CloseSocket, OpenSocket, SendMessage, SendRequest
from tiktok_webcast.close import Closed, CloseReason
from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.events.base import Event
from tiktok_webcast.http import FailureKind, Headers, HttpRequest, HttpResponse, SocketRequest, TransportFailure
from tiktok_webcast.statistics import Statistics

from ._driver import SessionPort

__all__ = ["ScriptedLive", "ScriptedTransport"]


class ScriptedLive:
    """Has the face of every transport's `Live`, asynchronous and blocking, and plays `events`.

    Args:
        events: what the iteration gives, in order.
        closed: why the room was left, once all events were taken.
        room_id: the room.
    """

    def __init__(
        self, events: Iterable[Event] = (), *, closed: Closed = Closed(CloseReason.ROOM_ENDED), room_id: int = 1
    ) -> None:
        self._events = deque(events)
        self._end = closed
        self._taken = 0
        self.closed: Closed | None = None
        """Why the room was left; `None` before that."""
        self.room_id = room_id
        """The room's id."""

    @property
    def statistics(self) -> Statistics:
        """The counters so far: only `events` counts."""
        return Statistics(events=self._taken)

    def next_event(self) -> Event | None:
        """Return a waiting event without waiting for one."""
        if self._events:
            self._taken += 1
            return self._events.popleft()
        self.closed = self.closed or self._end
        return None

    def poll(self, timeout: float = 0.0) -> Event | None:
        """Return the next event; there is nothing to wait for."""
        return self.next_event()

    def close(self) -> None:
        """Leave the room: the events that are left are not played."""
        self._events.clear()
        self.closed = self.closed or Closed(CloseReason.CLOSED)

    def __enter__(self) -> ScriptedLive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> ScriptedLive:
        return self

    def __next__(self) -> Event:
        event = self.next_event()
        if event is None:
            raise StopIteration
        return event

    async def __aenter__(self) -> ScriptedLive:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> ScriptedLive:
        return self

    async def __anext__(self) -> Event:
        event = self.next_event()
        if event is None:
            raise StopAsyncIteration
        return event


class ScriptedTransport:
    """Drives a session step by step, with you as the other side and a clock that moves when you say so.

    Args:
        session: not started yet.
        web: answers each HTTP request at once, given `now`; without it call `answer` yourself.
        now: the clock's first value, in seconds.
    """

    def __init__(
        self,
        session: SessionPort,
        *,
        web: Callable[..., HttpResponse | TransportFailure] | None = None,
        now: float = 0.0,
    ) -> None:
        self.session = session
        self.now: float = now
        """The clock, in seconds."""
        self.requests: list[HttpRequest] = []
        """All HTTP requests so far."""
        self.sockets: list[SocketRequest] = []
        """All sockets that were to be opened so far."""
        self.sent: list[bytes] = []
        """All messages sent so far, on all sockets."""
        self.close_codes: list[int] = []
        """The codes with which sockets were closed from this side."""
        self._web = web
        self._waiting: deque[int] = deque()
        self._socket_id: int | None = None

    def start(self) -> None:
        """Start the session."""
        self.session.start(now=self.now)
        self._work()

    def answer(self, answer: HttpResponse | TransportFailure) -> None:
        """Answer the oldest request that waits.

        Raises:
            LocalProtocolError: no request waits.
        """
        if not self._waiting:
            raise LocalProtocolError("No request waits for an answer")
        self.session.receive_response(self._waiting.popleft(), answer, now=self.now)
        self._work()

    def open(self, headers: Headers = ()) -> None:
        """Accept the socket's handshake."""
        self.session.socket_opened(self._socket(), headers, now=self.now)
        self._work()

    def refuse(self, status: int, headers: Headers = ()) -> None:
        """Refuse the socket's handshake."""
        self.session.socket_rejected(self._take_socket(), status, headers, now=self.now)
        self._work()

    def receive(self, *messages: bytes) -> None:
        """Let the server send binary messages."""
        for message in messages:
            self.session.receive_message(self._socket(), message, now=self.now)
            self._work()

    def close_from_server(self, code: int | None = 1000, reason: str = "") -> None:
        """Let the server close the socket; `None`: without a close frame."""
        self.session.socket_closed(self._take_socket(), code, reason, now=self.now)
        self._work()

    def break_socket(self, kind: FailureKind = FailureKind.READ, detail: str = "broken by the script") -> None:
        """Break the socket."""
        self.session.socket_failed(self._take_socket(), TransportFailure(kind, detail), now=self.now)
        self._work()

    def advance(self, seconds: float) -> None:
        """Move the clock on; timers ring when they are due, in order."""
        until = self.now + seconds
        timer = self.session.next_timer()
        while timer is not None and timer <= until:
            self.now = max(self.now, timer)
            self.session.handle_timer(now=self.now)
            self._work()
            following = self.session.next_timer()
            if following is not None and following <= timer:
                raise LocalProtocolError(f"The timer of {timer} rings again and again")
            timer = following
        self.now = until

    def close(self) -> None:
        """Close the session."""
        self.session.close(now=self.now)
        self._work()

    def events(self) -> list[Event]:
        """Take all events that wait."""
        taken: list[Event] = []
        while (event := self.session.next_event()) is not None:
            taken.append(event)
        return taken

    def _work(self) -> None:
        while (action := self.session.next_action()) is not None:
            self._do(action)

    def _do(self, action: Action) -> None:
        if isinstance(action, SendMessage):
            if action.socket_id == self._socket_id:
                self.sent.append(action.data)
        elif isinstance(action, SendRequest):
            self.requests.append(action.request)
            if self._web is None:
                self._waiting.append(action.request_id)
            else:
                answer = self._web(action.request, now=self.now)
                self.session.receive_response(action.request_id, answer, now=self.now)
        elif isinstance(action, OpenSocket):
            self._socket_id = action.socket_id
            self.sockets.append(action.request)
        elif isinstance(action, CloseSocket) and action.socket_id == self._socket_id:
            self._socket_id = None
            self.close_codes.append(action.code)

    def _socket(self) -> int:
        if self._socket_id is None:
            raise LocalProtocolError("The session has no socket")
        return self._socket_id

    def _take_socket(self) -> int:
        socket_id = self._socket()
        self._socket_id = None
        return socket_id
