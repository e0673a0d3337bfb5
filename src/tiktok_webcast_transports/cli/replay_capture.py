"""How is a file of `capture` played? By the session that was recorded, fed the same values again."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace

from tiktok_webcast.capture import CaptureReader, Input, Replay, Verb, read_capture
from tiktok_webcast.events.base import Event
from tiktok_webcast.session_config import SessionConfig

from .clean import clean
from .output import make_sink
from .replay import UNREADABLE, Stage
from .stop import INTERRUPTED, Stop
from .streams import Streams

DIFFERENT = 1


def play_capture(
    pieces: Iterable[bytes], args: argparse.Namespace, config: SessionConfig, streams: Streams, stop: Stop
) -> int:
    """Play a capture; `config` says which events to show."""

    def adapt(recorded: SessionConfig) -> SessionConfig:
        return replace(recorded, include=config.include, exclude=config.exclude, history=config.history)

    player, reader = Replay(check=args.check, adapt=adapt), CaptureReader()
    sink = make_sink(args, streams)
    stage = Stage(sink, streams, stop, args.speed)
    now: float | None = None
    closed = False
    try:
        for record in read_capture(pieces, reader):
            if isinstance(record, Input) and record.verb is not Verb.WANT:
                stage.wait(record.now - now if now is not None else 0.0)
                now = record.now
            if stage.over:
                break
            events = player.play(record)
            closed = closed or _ends(events)
            stage.show(events)
            if player.problem:
                break
        events = player.end()
        session = player.session
        if session is not None and not (closed or _ends(events)):
            session.close(now=now or 0.0)
            events += iter(session.next_event, None)
        stage.show(events)
    finally:
        sink.screen.close()
    problem = player.problem or reader.problem
    if problem:
        streams.say(f"tiktok-webcast: {args.file}: {clean(problem)}; {reader.records} records were played")
    for difference in player.differences:
        streams.say(f"tiktok-webcast: {args.file}: it asks for something else: {clean(difference)}")
    if session is not None:
        stage.finish(args, session.statistics)
    if stop.interrupted:
        return INTERRUPTED
    if player.problem or (problem and reader.records < 2):
        return UNREADABLE
    return DIFFERENT if player.differences else 0


def _ends(events: list[Event]) -> bool:
    return bool(events) and events[-1].name == "closed"
