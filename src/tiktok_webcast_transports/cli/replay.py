"""`replay FILE`: the events of a capture, by the same machines as those of a live room."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from tiktok_webcast.capture.frames_file import FramesReader
from tiktok_webcast.close import CloseReason
from tiktok_webcast.event_queue import EventQueue
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.session import ClosedEvent
from tiktok_webcast.pipeline import Pipeline
from tiktok_webcast.push.client import PushConnection
from tiktok_webcast.push.frames import FetchResult, read_fetch_result
from tiktok_webcast.push.unpack import BadFrame
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.statistics import Counters, Statistics
from tiktok_webcast.track.gifts import StreakEndCause

from .output import Sink, make_sink, say_statistics
from .payloads import UnreadablePayload, open_input
from .stop import INTERRUPTED, Stop
from .streams import Streams

UNREADABLE = 10
LONGEST_GAP = 10.0
"""Seconds that a gap is played at the most; captures may hold days on which nothing happened."""
_PIECE = 256 * 1024


class Player:
    """A connection without a socket: frames in, events out, the server's clock for the time."""

    def __init__(self, config: SessionConfig, room_id: int) -> None:
        limits = config.limits
        self._counters = Counters()
        self._events: EventQueue[Event] = EventQueue(
            limits.event_queue_high, limits.event_queue_low, limits.event_queue
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
        results: list[FetchResult | BadFrame] = []
        while (result := self._connection.next_result()) is not None:
            results.append(result)
        return results

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


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Play one file."""
    config = SessionConfig(
        include=args.only, exclude=args.exclude or frozenset(), history=not args.no_history, room_id=args.room_id
    )
    stop = Stop()
    try:
        with open_input(args.file) as file, stop.on_signals(), stop.after(args.duration):
            return _play(file, args, config, streams, stop)
    except UnreadablePayload as error:
        streams.say(f"tiktok-webcast: {error}")
        return UNREADABLE


def _play(file: BinaryIO, args: argparse.Namespace, config: SessionConfig, streams: Streams, stop: Stop) -> int:
    player = Player(config, args.room_id)
    sink = make_sink(args, streams)
    reader = FramesReader(longest=config.limits.message)
    try:
        source = _results(file, player, reader, bare=args.file.endswith(".pb"), most=config.limits.response_body)
        for result in source:
            wait = min(player.time_to(result), LONGEST_GAP) / args.speed if args.speed else 0.0
            if wait:
                sink.screen.flush()
                stop.wait(wait)
            if stop.asked or sink.done:
                break
            _show(player.play(result), sink, streams)
        _show(player.close("the capture is at its end" if not stop.asked else "stopped by you"), sink, streams)
    finally:
        sink.screen.close()
    if reader.problem:
        streams.say(f"tiktok-webcast: {args.file}: {reader.problem}; {reader.frames} frames were played")
    if args.stats:
        say_statistics(streams, player.statistics)
    if stop.interrupted:
        return INTERRUPTED
    return UNREADABLE if reader.problem and not reader.frames else 0


def _show(events: Iterator[Event], sink: Sink, streams: Streams) -> None:
    for event in events:
        sink.take(event)
    if streams.full or not streams.buffers:
        sink.screen.flush()


def _results(
    file: BinaryIO, player: Player, reader: FramesReader, *, bare: bool, most: int
) -> Iterator[FetchResult | BadFrame]:
    if bare:
        yield from player.read_result(file.read(most))
        return
    while data := file.read(_PIECE):
        for frame in reader.receive_data(data):
            yield from player.read_frame(frame)
        if reader.problem:
            return
    reader.receive_eof()


def _server_time(result: FetchResult | BadFrame) -> float:
    if isinstance(result, BadFrame) or not result.messages:
        return 0.0
    return result.messages[0].server_time / 1000
