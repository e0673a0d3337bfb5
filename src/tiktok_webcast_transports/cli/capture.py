"""`capture USER -o FILE`: a room recorded while it is watched; progress on stderr."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from tiktok_webcast.capture.recorder import Recorder
from tiktok_webcast.errors import ConfigurationError, exit_code, message_for
from tiktok_webcast.events.base import Event
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SESSION_EVENTS
from tiktok_webcast.user_input import parse_user

from .._recording_files import discard
from .clean import clean
from .output import Sink, say_statistics
from .rooms import run_room
from .settings import read_settings
from .stop import INTERRUPTED, Stop
from .streams import Streams

INTERVAL = 5.0
"""Seconds between two lines of progress."""


class Progress:
    """Says on stderr how the recording goes on."""

    def __init__(self, streams: Streams, file: CaptureFile) -> None:
        self._streams = streams
        self._file = file
        self._events = 0
        self._due = time.monotonic() + INTERVAL

    def show(self, event: Event) -> None:
        """Count an event; say it if it is about the recording itself."""
        self._events += 1
        if event.name in SESSION_EVENTS:
            self._say(event.name)
        elif time.monotonic() >= self._due:
            self._due = time.monotonic() + INTERVAL
            self._say("recording")

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing waits."""

    def _say(self, what: str) -> None:
        events = f"{self._events} event{'' if self._events == 1 else 's'}"
        self._streams.say(f"tiktok-webcast: {what}: {events}, {self._file.bytes:,} bytes")


class CaptureFile:
    """The file that is written."""

    def __init__(self, file: BinaryIO, *, compress: bool) -> None:
        self.bytes: int = 0
        """Bytes written so far."""
        self._file = file
        self._compress = compress
        self._recorder: Recorder | None = None

    def make_session(self, user: str | int, **choices: Any) -> Session:
        """Make the session that is recorded."""
        self._recorder = Recorder(user, write=self._write, compress=self._compress, **choices)
        return self._recorder

    def finish(self) -> None:
        """End the recording in good order."""
        if self._recorder is not None:
            self._recorder.finish()

    def _write(self, data: bytes) -> None:
        # Without a buffer of our own: a crash of this program loses nothing.
        write_whole(self._file, data)
        self.bytes += len(data)


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Record one room."""
    parse_user(args.user)
    settings = read_settings(args)
    made = not os.path.lexists(args.output)
    stop = Stop()
    # Not in the `try`: another program may have made the file just now, and then it is not ours.
    opened = open_output(args.output, replace_it=args.force)
    try:
        with opened:
            file = CaptureFile(opened, compress=args.output.endswith(".gz"))
            settings = replace(settings, make_session=file.make_session)
            sink = Sink(
                Progress(streams, file), only=args.only, without=args.exclude or frozenset(), max_events=args.max_events
            )
            try:
                with stop.on_signals(), stop.after(args.duration):
                    ended = run_room(args.user, settings, sink, streams, stop)
            finally:
                file.finish()
    except ConfigurationError:
        # Nothing was asked. What was answered is kept, however the room ended: it says why.
        if made:
            discard(args.output)
        raise
    code = exit_code(ended.closed.reason)
    if code and not stop.interrupted:
        streams.say(f"tiktok-webcast: {clean(message_for(ended.closed))}")
    if args.stats:
        say_statistics(streams, ended.statistics)
    return INTERRUPTED if stop.interrupted else code


def write_whole(file: BinaryIO, data: bytes) -> None:
    """Write all of it: a file without a buffer may take only a part, as on a disk that is nearly full.

    Raises:
        OSError: it cannot be written to its end.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def open_output(name: str, *, replace_it: bool) -> BinaryIO:
    """Open a file to write, without a buffer.

    Raises:
        ConfigurationError: it cannot be written, or is there and must not be replaced.
    """
    try:
        return Path(name).open("wb" if replace_it else "xb", buffering=0)
    except FileExistsError:
        raise ConfigurationError(f"{name} is there already: give another name, or --force") from None
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be written: {error.strerror or error}") from None
