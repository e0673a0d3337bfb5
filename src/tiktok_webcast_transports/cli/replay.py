"""`replay FILE`: the events of a capture, by the same machines as those of a live room."""

from __future__ import annotations

import argparse
import os
import select
import stat
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

from tiktok_webcast.capture import FileKind, FramePlayer, FramesReader, file_kind, read_har, unpacked
from tiktok_webcast.capture.har import MAX_HAR
from tiktok_webcast.capture.inflate import Inflater
from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.events.base import Event
from tiktok_webcast.push.frames import FetchResult
from tiktok_webcast.push.unpack import BadFrame
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.statistics import Statistics, total

from .output import Sink, make_sink, say_statistics
from .payloads import UnreadablePayload, open_input
from .stop import INTERRUPTED, Stop
from .streams import Streams

UNREADABLE = 10
LONGEST_GAP = 10.0
"""Seconds that a gap is played at the most; captures may hold days on which nothing happened."""
_PIECE = 256 * 1024
_ENOUGH = 4096
"""Bytes to tell the kind of a file by; more are looked at where they are there."""
_GLANCE = 0.2
"""Seconds between two looks at whether the end was asked for, while a pipe brings nothing."""


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
    incoming = _pieces(file, stop, streams)
    beginning = b""
    while len(beginning) < _ENOUGH and (piece := next(incoming, b"")):
        beginning += piece
    kind = FileKind.FRAMES if args.file.endswith(".pb") else file_kind(beginning)
    pieces = chain((beginning,), incoming)
    if kind is FileKind.CAPTURE:
        from .replay_capture import play_capture

        return play_capture(pieces, args, config, streams, stop)
    if args.check:
        raise ConfigurationError("--check is for files of `capture`: the others do not hold what was asked for")
    sink = make_sink(args, streams)
    try:
        if kind is FileKind.HAR:
            return _play_har(pieces, args, config, Stage(sink, streams, stop, args.speed))
        return _play_frames(pieces, args, config, Stage(sink, streams, stop, args.speed))
    finally:
        sink.screen.close()


def _pieces(file: BinaryIO, stop: Stop, streams: Streams) -> Iterator[bytes]:
    """Yield what there is as soon as it is there: a pipe may bring little at a time, or nothing until Ctrl-C."""
    waits = _may_wait(file)
    while not stop.asked:
        if waits and not select.select([file], [], [], _GLANCE)[0]:
            # What came of the last piece need not wait for the next.
            streams.flush()
            continue
        piece: bytes = getattr(file, "read1", file.read)(_PIECE)
        if not piece:
            return
        yield piece


def _may_wait(file: BinaryIO) -> bool:
    """Whether reading may take as long as somebody else likes, and `select` can say when it will not."""
    try:
        mode = os.fstat(file.fileno()).st_mode
    except OSError:
        return False
    return sys.platform != "win32" and not stat.S_ISREG(mode)


class Stage:
    """Where a file is played: its events are shown, at its own pace or faster."""

    def __init__(self, sink: Sink, streams: Streams, stop: Stop, speed: float) -> None:
        self.sink = sink
        self.streams = streams
        self.stop = stop
        self._speed = speed

    @property
    def over(self) -> bool:
        """Whether nothing more is to be shown."""
        return self.stop.asked or self.sink.done

    def wait(self, seconds: float) -> None:
        """Let a gap pass, as far as the speed asks for it."""
        seconds = min(seconds, LONGEST_GAP) / self._speed if self._speed else 0.0
        if seconds > 0:
            self.sink.screen.flush()
            self.stop.wait(seconds)

    def show(self, events: Iterable[Event]) -> None:
        """Show events."""
        for event in events:
            self.sink.take(event)
        if self.streams.full or not self.streams.buffers:
            self.sink.screen.flush()

    def finish(self, args: argparse.Namespace, statistics: Statistics) -> None:
        """Say the counters, if they were asked for."""
        self.sink.screen.flush()
        if args.stats:
            say_statistics(self.streams, statistics)

    @property
    def last_words(self) -> str:
        """Why it ended."""
        return "stopped by you" if self.stop.asked else "the capture is at its end"


def _play_frames(pieces: Iterable[bytes], args: argparse.Namespace, config: SessionConfig, stage: Stage) -> int:
    player, reader = FramePlayer(config, args.room_id), FramesReader(longest=config.limits.message)
    _play_results(_results(pieces, player, reader, bare=args.file.endswith(".pb")), player, stage)
    stage.show(player.close(stage.last_words))
    if reader.problem:
        stage.streams.say(f"tiktok-webcast: {args.file}: {reader.problem}; {reader.frames} frames were played")
    stage.finish(args, player.statistics)
    if stage.stop.interrupted:
        return INTERRUPTED
    return UNREADABLE if reader.problem and not reader.frames else 0


def _play_har(pieces: Iterable[bytes], args: argparse.Namespace, config: SessionConfig, stage: Stage) -> int:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > MAX_HAR:
            break
    found = read_har(unpacked(bytes(data)), longest=config.limits.message)
    counted: list[Statistics] = []
    closed: list[Event] = []
    for room_id, frames in found.rooms():
        player = FramePlayer(config, room_id or args.room_id)
        _play_results((result for frame in frames for result in player.read_frame(frame)), player, stage)
        *settled, last = player.close(stage.last_words)
        stage.show(settled)
        closed = [last]
        counted.append(player.statistics)
    if not closed:
        player = FramePlayer(config, args.room_id)
        closed = list(player.close(found.problem))
        counted.append(player.statistics)
    # However many rooms there are, `closed` comes once, and last.
    stage.show(closed)
    if found.skipped or found.problem:
        said = found.problem or f"{found.skipped} entries that cannot be read were skipped"
        stage.streams.say(f"tiktok-webcast: {args.file}: {said}")
    stage.finish(args, total(counted))
    if stage.stop.interrupted:
        return INTERRUPTED
    return UNREADABLE if found.problem else 0


def _play_results(results: Iterable[FetchResult | BadFrame], player: FramePlayer, stage: Stage) -> None:
    for result in results:
        stage.wait(player.time_to(result))
        if stage.over:
            return
        stage.show(player.play(result))


def _results(
    pieces: Iterable[bytes], player: FramePlayer, reader: FramesReader, *, bare: bool
) -> Iterator[FetchResult | BadFrame]:
    if bare:
        for result in player.read_result(b"".join(pieces)):
            if isinstance(result, BadFrame):
                reader.problem = result.error
            yield result
        return
    inflater: Inflater | None = None
    for piece in pieces:
        if inflater is None:
            inflater = Inflater(packed=piece[:2] == b"\x1f\x8b")
        for data in inflater.receive_data(piece):
            for frame in reader.receive_data(data):
                yield from player.read_frame(frame)
        if reader.problem:
            return
        if inflater.problem:
            reader.problem = inflater.problem
            return
    reader.receive_eof()
