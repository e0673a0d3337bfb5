"""How are events shown: a dashboard, plain lines or JSON lines? And which of them, and how many?"""

from __future__ import annotations

import argparse
import os
from datetime import datetime, timezone
from typing import Protocol

from tiktok_webcast.events.base import Event
from tiktok_webcast.events.session import ClosedEvent
from tiktok_webcast.session_config import SESSION_EVENTS
from tiktok_webcast.statistics import Statistics

from .json_lines import json_line
from .plain import plain_line
from .streams import Streams


class Screen(Protocol):
    """Something that shows events."""

    def show(self, event: Event) -> None:
        """Show an event, or keep it for `flush`."""

    def flush(self) -> None:
        """Bring to the eye what was shown. May block."""

    def close(self) -> None:
        """No more events follow."""


class Room(Protocol):
    """What a screen may ask of the room that it shows."""

    @property
    def statistics(self) -> Statistics:
        """The counters so far."""


class Sink:
    """Takes the events of a room, keeps those that were asked for, and shows them."""

    def __init__(
        self,
        screen: Screen,
        *,
        only: frozenset[str] | None = None,
        without: frozenset[str] = frozenset(),
        max_events: int | None = None,
    ) -> None:
        self.screen = screen
        self.done: bool = False
        """Whether as many events were shown as were asked for."""
        self._only = only
        self._without = without
        self._left = max_events

    def take(self, event: Event) -> None:
        """Take the next event. The last one, `closed`, is always shown."""
        if isinstance(event, ClosedEvent):
            self.screen.show(event)
            return
        if event.name in self._without or (self._only is not None and event.name not in self._only):
            return
        if event.name not in SESSION_EVENTS and self._left is not None:
            if not self._left:
                return
            self._left -= 1
            self.done = not self._left
        self.screen.show(event)


class JsonLines:
    """One JSON object a line."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def show(self, event: Event) -> None:
        """Add an event's line."""
        self._streams.data(json_line(event.to_dict()))

    def flush(self) -> None:
        """Write the lines."""
        self._streams.flush()

    def close(self) -> None:
        """Write what is left."""
        self._streams.flush()


class PlainLines:
    """One line for people an event."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._color = streams.is_terminal and wants_color()

    def show(self, event: Event) -> None:
        """Add an event's line."""
        self._streams.text(plain_line(event, datetime.now(timezone.utc), color=self._color))

    def flush(self) -> None:
        """Write the lines."""
        self._streams.flush()

    def close(self) -> None:
        """Write what is left."""
        self._streams.flush()


def wants_color() -> bool:
    """Whether the terminal is one with colours and nobody asked for none (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def make_screen(args: argparse.Namespace, streams: Streams) -> Screen:
    """Return what `--json`, `--plain`, or the kind of stdout ask for."""
    if args.json:
        return JsonLines(streams)
    if not args.plain and streams.is_terminal and os.environ.get("TERM") != "dumb":
        try:
            from .dashboard import Dashboard
        except ImportError:
            # Without the extra `cli` there is no rich, and plain lines do.
            return PlainLines(streams)
        return Dashboard(streams)
    return PlainLines(streams)


def make_sink(args: argparse.Namespace, streams: Streams) -> Sink:
    """Return the sink that the arguments ask for."""
    return Sink(
        make_screen(args, streams), only=args.only, without=args.exclude or frozenset(), max_events=args.max_events
    )


def say_statistics(streams: Streams, statistics: Statistics) -> None:
    """Print the counters as one JSON object on stderr."""
    streams.say(json_line(statistics.to_dict()))
