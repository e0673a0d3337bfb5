"""`Play`: a `Session` against a `World` in memory, on a clock that jumps: an hour of a room takes no time.

play = Play(Session("@ann"), World(WorldOptions("first_light")))
events = play.run()
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from math import inf

from ..actions import Action, CloseSocket, OpenSocket, SendMessage, SendRequest
from ..events.base import Event
from ..http import HttpResponse
from ..session import Phase, Session
from .feed import Abort, Feed, Leave, Output, Send
from .link import Link
from .world import World

MAX_EVENTS = 1_000_000
"""Events after which a play stops, should its clock never move on."""


class Play:
    """Drives both sides, as a transport and a network would."""

    def __init__(self, session: Session, world: World, *, link: Link | None = None, now: float = 0.0) -> None:
        self.session = session
        self.world = world
        self.now: float = now
        self.events: list[Event] = []
        """What the session has said so far."""
        self.actions: list[Action] = []
        """What the session has asked for so far."""
        self._link = link or Link()
        self._feeds: dict[int, Feed] = {}
        self._arrivals: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._latest: dict[tuple[int, bool], float] = {}

    def run(self, *, until: float = inf, max_events: int = MAX_EVENTS) -> list[Event]:
        """Play until the session is over, or until a time, or until about so many events; again goes on from there.

        Returns:
            The events of this run.
        """
        start = len(self.events)
        limit = start + max_events
        if self.session.phase is Phase.IDLE:
            self.session.start(now=self.now)
        while True:
            self._settle(limit)
            done = self.session.phase is Phase.CLOSED and not self._arrivals
            soonest = self._next_time()
            if done or soonest is None or soonest > until or len(self.events) >= limit:
                return self.events[start:]
            self._move_to(soonest)

    def run_to_end(self, *, until: float = inf, max_events: int = MAX_EVENTS) -> list[Event]:
        """Play until `until` or so many events, then close the session and play out what that brings."""
        events = self.run(until=until, max_events=max_events)
        self.session.close(now=self.now)
        return events + self.run()

    def _settle(self, limit: int) -> None:
        """Let everything happen that happens now, until there are `limit` events."""
        moved = True
        while moved and len(self.events) < limit:
            moved = False
            while (action := self.session.next_action()) is not None:
                moved = True
                self.actions.append(action)
                self._do(action)
            while (event := self.session.next_event()) is not None:
                self.events.append(event)
            for socket_id, feed in list(self._feeds.items()):
                while (output := feed.next_output(now=self.now)) is not None:
                    moved = True
                    self._deliver(socket_id, feed, output)
                if feed.closed:
                    self._feeds.pop(socket_id, None)
            while self._arrivals and self._arrivals[0][0] <= self.now:
                moved = True
                heapq.heappop(self._arrivals)[2]()

    def _next_time(self) -> float | None:
        times = [self.session.next_timer(), *(feed.next_timer() for feed in self._feeds.values())]
        if self._arrivals:
            times.append(self._arrivals[0][0])
        return min((time for time in times if time is not None), default=None)

    def _move_to(self, time: float) -> None:
        self.now = max(self.now, time)
        due = self.session.next_timer()
        if due is not None and due <= self.now:
            self.session.handle_timer(now=self.now)

    def _do(self, action: Action) -> None:
        if isinstance(action, SendRequest):
            self._later(0, True, lambda: self._ask(action))
        elif isinstance(action, OpenSocket):
            self._later(action.socket_id, True, lambda: self._open(action))
        elif isinstance(action, SendMessage):
            self._later(action.socket_id, True, lambda: self._send(action))
        else:
            self._later(action.socket_id, True, lambda: self._close(action))

    def _ask(self, action: SendRequest) -> None:
        answer = self.world.request(action.request, now=self.now)
        self._later(0, False, lambda: self.session.receive_response(action.request_id, answer, now=self.now))

    def _open(self, action: OpenSocket) -> None:
        number, request = action.socket_id, action.request
        answer = self.world.open_socket(request.url, request.headers, now=self.now)
        if isinstance(answer, HttpResponse):
            status, headers = answer.status, answer.headers
            self._later(number, False, lambda: self.session.socket_rejected(number, status, headers, now=self.now))
            return
        self._feeds[number] = answer
        headers = self.world.handshake_headers(answer)
        self._later(number, False, lambda: self.session.socket_opened(number, headers, now=self.now))

    def _send(self, action: SendMessage) -> None:
        feed = self._feeds.get(action.socket_id)
        if feed is not None:
            feed.receive_message(action.data, now=self.now)

    def _close(self, action: CloseSocket) -> None:
        feed = self._feeds.pop(action.socket_id, None)
        if feed is not None:
            feed.receive_close(now=self.now, code=action.code)

    def _deliver(self, number: int, feed: Feed, output: Output) -> None:
        session = self.session
        if isinstance(output, Send):
            data = output.data
            if self._link.breaks_now():
                feed.receive_close(now=self.now)
                self._later(number, False, lambda: session.socket_closed(number, None, "", now=self.now))
                return
            self._later(number, False, lambda: session.receive_message(number, data, now=self.now))
        elif isinstance(output, Leave):
            code, reason = output.code, output.reason
            self._later(number, False, lambda: session.socket_closed(number, code, reason, now=self.now))
        elif isinstance(output, Abort):
            self._later(number, False, lambda: session.socket_closed(number, None, "", now=self.now))

    def _later(self, number: int, to_server: bool, arrive: Callable[[], None]) -> None:
        """Have something arrive after the link's delay, never before what was sent earlier the same way."""
        way = (number, to_server)
        time = max(self.now + self._link.delay(), self._latest.get(way, 0.0))
        self._latest[way] = time
        heapq.heappush(self._arrivals, (time, next(self._order), arrive))
