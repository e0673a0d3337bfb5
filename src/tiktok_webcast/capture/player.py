"""Frames without a session: what a `.frames` file or a HAR holds, through the same machines as a live room.

player = FramePlayer(room_id=7300000000000000001)
for frame in frames:
    for batch in player.read_frame(frame):
        events += player.play(batch)
events += player.close("the capture is at its end")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..close import CloseReason
from ..event_queue import EventQueue
from ..events.base import Event
from ..events.session import ClosedEvent
from ..pipeline import Pipeline
from ..push.client import PushConnection
from ..push.frames import FetchResult, read_fetch_result
from ..push.unpack import BadFrame
from ..session_config import SessionConfig
from ..statistics import Counters, Statistics
from ..track.gifts import StreakEndCause

_LATEST = 10**13
"""Milliseconds since 1970 that a server's clock cannot show: the year is 2286."""


class FramePlayer:
    """A connection without a socket: frames in, events out, the server's clock for the time."""

    def __init__(self, config: SessionConfig = SessionConfig(), room_id: int = 0) -> None:
        """Make a player; `room_id` is the room of messages that do not name theirs."""
        limits = config.limits
        self._counters = Counters()
        self._events: EventQueue[Event] = EventQueue(
            limits.event_queue_high,
            limits.event_queue_low,
            limits.event_queue,
            heaviest=limits.event_queue_bytes,
        )
        self._pipeline = Pipeline(config, self._events, self._counters)
        self._pipeline.room_id = room_id
        self._connection = PushConnection(room_id, limits=limits, timing=config.timing)
        self._connection.opened(now=0.0)
        self._limits = limits
        self._clock: float | None = None

    @property
    def statistics(self) -> Statistics:
        """The counters so far."""
        connection = self._connection
        counted = self._counters.snapshot()
        return replace(
            counted,
            dropped=counted.dropped + self._events.dropped,
            acks=connection.acks,
            heartbeats=connection.heartbeats,
            queue_peak=self._events.peak,
        )

    def read_frame(self, data: bytes) -> list[FetchResult | BadFrame]:
        """Take a frame as the socket would hand it over; return the batches in it."""
        self._counters.frames += 1
        self._counters.bytes += len(data)
        self._connection.receive_message(data, now=self._clock or 0.0)
        while self._connection.next_frame() is not None:
            # Acks are counted; there is nobody to send them to.
            pass
        return list(iter(self._connection.next_result, None))

    def read_result(self, data: bytes) -> list[FetchResult | BadFrame]:
        """Take a bare fetch result, as a sign server answers it."""
        self._counters.bytes += len(data)
        return [read_fetch_result(data, self._limits)]

    def time_to(self, result: FetchResult | BadFrame) -> float:
        """Return how many seconds after the last batch the server sent this one."""
        then = _server_time(result)
        return max(then - self._clock, 0.0) if then and self._clock is not None else 0.0

    def play(self, result: FetchResult | BadFrame) -> Iterator[Event]:
        """Take a batch; yield the events that follow from it and from the time that has passed."""
        then = _server_time(result)
        if then and (self._clock is None or then > self._clock):
            yield from self._pass_time(then)
        self._pipeline.receive(result, now=self._clock or 0.0)
        yield from self._drain()

    def close(self, detail: str) -> Iterator[Event]:
        """End: open streaks are settled, and the last event says so."""
        self._pipeline.close(StreakEndCause.CLOSED, now=self._clock or 0.0)
        self._pipeline.emit(ClosedEvent(room_id=self._pipeline.room_id, reason=CloseReason.CLOSED, detail=detail))
        yield from self._drain()

    def _pass_time(self, then: float) -> Iterator[Event]:
        while (due := self._pipeline.streaks.next_timer()) is not None and due <= then:
            self._pipeline.handle_timer(now=due)
            yield from self._drain()
        self._clock = then

    def _drain(self) -> Iterator[Event]:
        while (event := self._events.pop()) is not None:
            yield event


def play_frames(
    frames: Iterable[bytes], *, config: SessionConfig = SessionConfig(), room_id: int = 0
) -> Iterator[Event]:
    """Yield the events of push frames, as of one room; `closed` is the last."""
    player = FramePlayer(config, room_id)
    for frame in frames:
        for result in player.read_frame(frame):
            yield from player.play(result)
    yield from player.close("the capture is at its end")


def _server_time(result: FetchResult | BadFrame) -> float:
    if isinstance(result, BadFrame) or not result.messages:
        return 0.0
    then = result.messages[0].server_time
    # One that is out of all bounds, or in another unit, would stop the clock for all that comes after it.
    return then / 1000 if 0 < then < _LATEST else 0.0
