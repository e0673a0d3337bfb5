"""A session without a protocol: it does what a test tells it, and remembers what the transport told it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from tiktok_webcast.actions import Action, CloseSocket, OpenSocket, SendMessage, SendRequest
from tiktok_webcast.close import Closed, CloseReason
from tiktok_webcast.http import Headers, HttpRequest, HttpResponse, SocketRequest, TransportFailure
from tiktok_webcast.statistics import Statistics

Input = tuple[Any, ...]


class ScriptedSession:
    """Events are the inputs themselves, as tuples. A closed, rejected or failed socket ends it, or the last answer.

    `react` may queue further actions: it is called with every input, after the input has been recorded.
    """

    def __init__(self, *first: Action, react: Callable[[ScriptedSession, Input], None] | None = None) -> None:
        self._first = first
        self._react = react
        self._actions: deque[Action] = deque()
        self._events: deque[Any] = deque()
        self._requests: set[int] = set()
        self.ends_with_answers = not any(isinstance(action, OpenSocket) for action in first)
        self.inputs: list[Input] = []
        self.timer: float | None = None
        self.paused = False
        self.high = 1 << 60
        self.peak = 0
        self.closed: Closed | None = None
        self.statistics = Statistics()
        self.room_id = 7
        self.now = 0.0

    def act(self, action: Action) -> None:
        self._actions.append(action)

    def finish(self, detail: str = "") -> None:
        if self.closed is None:
            self.closed = Closed(CloseReason.CLOSED, detail)

    def start(self, *, now: float) -> None:
        self.now = now
        for action in self._first:
            if isinstance(action, SendRequest):
                self._requests.add(action.request_id)
            self.act(action)
        self._take(("start",), now)

    def receive_response(self, request_id: int, r: HttpResponse | TransportFailure, *, now: float) -> None:
        self._requests.discard(request_id)
        self._take(("response", request_id, r), now)
        if not self._requests and self.ends_with_answers:
            self.finish()

    def socket_opened(self, socket_id: int, headers: Headers, *, now: float) -> None:
        self._take(("opened", socket_id, headers), now)

    def socket_rejected(self, socket_id: int, status: int, headers: Headers, *, now: float) -> None:
        self._take(("rejected", status, headers), now)
        self.finish("rejected")

    def receive_message(self, socket_id: int, data: bytes, *, now: float) -> None:
        self._take(("message", data), now)

    def socket_closed(self, socket_id: int, code: int | None, reason: str, *, now: float) -> None:
        self._take(("closed", code, reason), now)
        self.finish("closed")

    def socket_failed(self, socket_id: int, failure: TransportFailure, *, now: float) -> None:
        self._take(("failed", failure), now)
        self.finish("failed")

    def handle_timer(self, *, now: float) -> None:
        if self.timer is not None and now >= self.timer:
            self.timer = None
            self._take(("timer",), now)

    def close(self, *, now: float) -> None:
        self._take(("close",), now)
        self.act(CloseSocket(1, 1000))
        self.finish("asked")

    def next_action(self) -> Action | None:
        return self._actions.popleft() if self._actions else None

    def next_event(self) -> Any:
        event = self._events.popleft() if self._events else None
        self.paused = self.paused and len(self._events) > self.high // 2
        return event

    def next_timer(self) -> float | None:
        return self.timer

    def _take(self, what: Input, now: float) -> None:
        assert now >= self.now, "time does not go back"
        self.now = now
        if self.closed is not None and what[0] != "start":
            return
        self.inputs.append(what)
        self._events.append(what)
        self.peak = max(self.peak, len(self._events))
        self.paused = self.paused or len(self._events) >= self.high
        if self._react is not None:
            self._react(self, what)


def opening(url: str, *headers: tuple[str, str], subprotocols: tuple[str, ...] = ()) -> OpenSocket:
    return OpenSocket(1, SocketRequest(url, headers, subprotocols))


def asking(url: str, request_id: int = 1, **options: Any) -> SendRequest:
    return SendRequest(request_id, HttpRequest(options.pop("method", "GET"), url, **options))


def answering(session: ScriptedSession, what: Input) -> None:
    """Send every message back, as an ack would be."""
    if what[0] == "message":
        session.act(SendMessage(1, b"ack " + what[1][:16]))
