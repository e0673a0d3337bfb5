"""`watch USER`: the events of a room until it ends."""

from __future__ import annotations

import argparse

from tiktok_webcast.errors import exit_code, message_for
from tiktok_webcast.user_input import parse_user

from .clean import clean
from .output import Sink, make_sink, say_statistics
from .rooms import Ended, run_room
from .settings import Settings, read_settings
from .stop import INTERRUPTED, Stop
from .streams import Streams


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Watch one room."""
    parse_user(args.user)
    settings = read_settings(args)
    stop = Stop()
    with stop.on_signals(), stop.after(args.duration):
        return watch(args.user, settings, args, streams, stop)


def watch(user: str, settings: Settings, args: argparse.Namespace, streams: Streams, stop: Stop) -> int:
    """Watch a room and return the exit code."""
    sink = make_sink(args, streams)
    stop.on_abort = getattr(sink.screen, "abort", None)
    ended = _watched(user, settings, sink, streams, stop)
    code = exit_code(ended.closed.reason)
    if code and not stop.interrupted:
        streams.say(f"tiktok-webcast: {clean(message_for(ended.closed))}")
    if args.stats:
        say_statistics(streams, ended.statistics)
    return INTERRUPTED if stop.interrupted else code


def _watched(user: str, settings: Settings, sink: Sink, streams: Streams, stop: Stop) -> Ended:
    try:
        return run_room(user, settings, sink, streams, stop)
    finally:
        sink.screen.close()
