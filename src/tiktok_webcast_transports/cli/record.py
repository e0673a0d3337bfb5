"""`record USER -o FILE`: a room's video by ffmpeg, and its events beside it; progress on stderr, files on stdout."""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from threading import Thread
from typing import BinaryIO

from tiktok_webcast.errors import ClosedError, ConfigurationError, exit_code, message_for
from tiktok_webcast.events.base import Event
from tiktok_webcast.recording import End, FfmpegFailed, FfmpegMissing, NotWritable, RecordingError, RecordingOptions
from tiktok_webcast.room import status
from tiktok_webcast.session_config import SESSION_EVENTS
from tiktok_webcast.statistics import Statistics
from tiktok_webcast.user_input import UserInput, parse_user
from tiktok_webcast.wait_live import LiveWait, StopWaiting, WaitPolicy

from .._options import Network
from .._recorder import Recorder, Recording
from .._recording_files import discard
from ..recording import make_recorder
from .capture import INTERVAL, open_output, write_whole
from .clean import clean
from .json_lines import json_line
from .output import Sink, say_statistics
from .rooms import run_exchange, run_room
from .settings import Settings, read_settings
from .stop import INTERRUPTED, Stop
from .streams import Streams

FFMPEG = 9
"""Exit code: ffmpeg is missing or failed (contracts.md section 1)."""
LOST = 8
USAGE = 2
_LOOK = 0.2
_EVENTS_LEAVE = 5.0
"""Seconds that the room of the events has to be left."""


class EventsFile:
    """JSON lines of events, each with `video_time`: seconds from the begin of the video, `null` before it."""

    def __init__(self, file: BinaryIO, recorder: Recorder) -> None:
        self._file = file
        self._recorder = recorder
        self.heard: bool = False
        """Whether anything of the room is in it."""

    def show(self, event: Event) -> None:
        """Write an event's line."""
        self.heard = self.heard or event.name not in SESSION_EVENTS
        past = getattr(event, "is_history", False)
        at = None if past else self._recorder.position()
        line = json_line({**event.to_dict(), "video_time": None if at is None else round(at, 3)})
        write_whole(self._file, line.encode("utf-8", "backslashreplace") + b"\n")

    def flush(self) -> None:
        """Nothing waits: the file has no buffer."""

    def close(self) -> None:
        """Nothing waits."""


@contextlib.contextmanager
def events_file(name: str, recorder: Recorder, *, replace_it: bool) -> Iterator[EventsFile]:
    """Open the file of the events. One that is made and of no use is removed: it would stand in the next try's way."""
    made = not os.path.lexists(name)
    # Not in the `try`: another program may have made the file just now, and then it is not ours.
    file = open_output(name, replace_it=replace_it)
    events = EventsFile(file, recorder)
    try:
        with file:
            yield events
    finally:
        if made and not recorder.segments and not events.heard:
            discard(name)


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Record one room."""
    user = parse_user(args.user)
    settings = read_settings(args)
    if args.events is not None and os.path.realpath(args.events) == os.path.realpath(args.output):
        # With --force the video would take the place of the events, and nobody would hear of it.
        raise ConfigurationError("-o and --events name the same file")
    options = RecordingOptions(
        quality=args.quality,
        source=args.source,
        target=args.format,
        duration=args.duration,
        transcode=args.transcode,
        overwrite=args.force,
        join=not args.no_join,
        input_options=args.input_options,
        output_options=args.output_options,
        global_options=args.global_options,
    )
    network = Network(proxy=settings.proxy, ca_file=settings.ca_file, timeouts=settings.timeouts)
    try:
        recorder = make_recorder(
            user, args.output, options=options, config=settings.config, network=network, ffmpeg=args.ffmpeg
        )
        stop = Stop()
        counted = Statistics()
        with stop.on_signals():
            if args.wait and not wait_until_live(user, settings, stop, streams):
                streams.say("tiktok-webcast: nothing was recorded")
                return INTERRUPTED
            if args.events is None:
                result = _record(recorder, stop, streams)
            else:
                with events_file(args.events, recorder, replace_it=args.force) as events:
                    result, counted = _record_with_events(recorder, stop, streams, args, settings, events)
    except RecordingError as error:
        streams.say(f"tiktok-webcast: {clean(str(error))}")
        _say_files(error.files, streams)
        return code_of(error)
    except ClosedError as error:
        streams.say(f"tiktok-webcast: {clean(message_for(error.closed))}")
        return exit_code(error.closed.reason)
    _say_files(tuple(file.path for file in result.files), streams)
    if args.stats:
        say_statistics(streams, counted)
    if stop.interrupted:
        return INTERRUPTED
    return LOST if result.end is End.LOST else 0


def wait_until_live(
    user: UserInput, settings: Settings, stop: Stop, streams: Streams, policy: WaitPolicy = WaitPolicy()
) -> bool:
    """Wait until a user is live, or cannot be waited for, which the recording then says; return False if stopped."""
    context = settings.config.web_context(settings.rng)
    wait, said = LiveWait(settings.rng, policy), ""
    while not stop.asked:
        decision = wait.decide(run_exchange(lambda: status(user, context=context), settings), now=time.monotonic())
        if isinstance(decision, StopWaiting):
            return not stop.asked
        if decision.why != said:
            said = decision.why
            streams.say(f"tiktok-webcast: waiting until the user is live ({said}); Ctrl-C ends it")
        stop.wait(decision.delay)
    return False


def code_of(error: RecordingError) -> int:
    """Return the exit code for a failed recording."""
    if isinstance(error, (FfmpegMissing, FfmpegFailed)):
        return FFMPEG
    return USAGE if isinstance(error, NotWritable) else 1


def _record(recorder: Recorder, stop: Stop, streams: Streams) -> Recording:
    """Record until the end; say how it goes."""
    stop.attach(recorder.stop)
    with recorder:
        if stop.asked:
            recorder.stop()
        due, said = time.monotonic() + INTERVAL, 0
        while recorder.running:
            recorder.join(_LOOK)
            said = _say_notes(recorder.notes, said, streams)
            if time.monotonic() >= due:
                due = time.monotonic() + INTERVAL
                streams.say(f"tiktok-webcast: {progress_line(recorder)}")
    _say_notes(recorder.notes, said, streams)
    result = recorder.wait()
    if result is None:
        raise RuntimeError("a recording ended without a result")
    return result


def _record_with_events(
    recorder: Recorder,
    stop: Stop,
    streams: Streams,
    args: argparse.Namespace,
    settings: Settings,
    events: EventsFile,
) -> tuple[Recording, Statistics]:
    """Record while another thread writes down what happens in the room; return also what that counted."""
    leave = Stop()
    sink = Sink(events, only=args.only, without=args.exclude or frozenset(), max_events=args.max_events)
    counted = Statistics()

    def watch() -> None:
        nonlocal counted
        try:
            ended = run_room(args.user, settings, sink, streams, leave)
        except Exception as error:
            streams.say(f"tiktok-webcast: the events broke off: {clean(str(error))}")
            return
        counted = ended.statistics
        if exit_code(ended.closed.reason) and not leave.asked:
            streams.say(f"tiktok-webcast: the events broke off: {clean(message_for(ended.closed))}")

    watcher = Thread(target=watch, name="events", daemon=True)
    watcher.start()
    try:
        result = _record(recorder, stop, streams)
    finally:
        leave.ask()
        watcher.join(_EVENTS_LEAVE)
    return result, counted


def _say_notes(notes: Sequence[str], said: int, streams: Streams) -> int:
    """Say the notes after the first `said`; return how many were said then."""
    for note in notes[said:]:
        streams.say(f"tiktok-webcast: {clean(note)}")
    return len(notes)


def progress_line(recorder: Recorder) -> str:
    """Return in words how far a recording is."""
    progress = recorder.progress
    parts = [recorder.stage.value, f"{recorder.seconds:.1f} s", f"{progress.size / 1e6:.1f} MB"]
    if progress.speed is not None:
        parts.append(f"{progress.speed:g}x")
    if progress.dropped:
        parts.append(f"{progress.dropped} frames dropped")
    if recorder.segments > 1:
        parts.append(f"segment {recorder.segments}")
    return ", ".join(parts)


def _say_files(files: tuple[str, ...], streams: Streams) -> None:
    for file in files:
        streams.text(file)
    if not files:
        streams.say("tiktok-webcast: nothing was recorded")
