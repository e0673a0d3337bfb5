"""For tests of programs that use this library: a captured room in a fixture.

    @pytest.mark.webcast_capture("room.capture")            # beside the test's file, or from the project's root
    def test_big_gifts_are_thanked(webcast_events):
        ...

`webcast_events` is the list of its events, `webcast_replay` has more about it; for a program that wants a room to
iterate, make a `tiktok_webcast_transports.testing.ScriptedLive(webcast_events)`. pytest loads this module by itself
once the package is installed; nothing of the library is imported before a test asks for a capture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from tiktok_webcast.events.base import Event
    from tiktok_webcast.statistics import Statistics

E = TypeVar("E", bound="Event")

_MARKER = (
    "webcast_capture(file, room_id=0, check=False): the capture (.capture, .frames or .har) that `webcast_events` and "
    "`webcast_replay` play; with check, the session must also ask for the same as when it was recorded"
)


class WebcastReplay:
    """A captured room, played to its end."""

    def __init__(self, file: Path, events: list[Event], statistics: Statistics) -> None:
        self.file: Path = file
        """The capture."""
        self.events: list[Event] = events
        """All events in order; `closed` is the last, unless the capture was cut."""
        self.statistics: Statistics = statistics
        """The counters at the end."""

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def __len__(self) -> int:
        return len(self.events)

    def __repr__(self) -> str:
        return f"<WebcastReplay of {self.file.name}: {len(self.events)} events>"

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of a class, such as `CommentEvent`."""
        return [event for event in self.events if isinstance(event, kind)]

    def named(self, name: str) -> list[Event]:
        """Return the events of a name, such as `"comment"`."""
        return [event for event in self.events if event.name == name]

    def feed(self, listener: Callable[[Event], Any]) -> None:
        """Call a function with each event, in order."""
        for event in self.events:
            listener(event)


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest of the mark."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture
def webcast_replay(request: pytest.FixtureRequest) -> WebcastReplay:
    """The room of `@pytest.mark.webcast_capture("file")`, played anew for this test."""
    marker = request.node.get_closest_marker("webcast_capture")
    if marker is None or len(marker.args) != 1 or set(marker.kwargs) - {"room_id", "check"}:
        raise pytest.UsageError(f"name the file: @pytest.mark.{_MARKER.partition(':')[0]}")
    return _replay(_find(Path(marker.args[0]), request), **marker.kwargs)


@pytest.fixture
def webcast_events(webcast_replay: WebcastReplay) -> list[Event]:
    """The events of `@pytest.mark.webcast_capture("file")`."""
    return webcast_replay.events


def _find(name: Path, request: pytest.FixtureRequest) -> Path:
    places = (request.path.parent / name, request.config.rootpath / name)
    for place in places:
        if place.is_file():
            return place
    raise pytest.UsageError(f"the capture {name} is neither beside {request.path.name} nor in {places[1].parent}")


def _replay(file: Path, *, room_id: int = 0, check: bool = False) -> WebcastReplay:
    from tiktok_webcast.capture import CaptureReader, FileKind, Replay, file_kind, read_capture

    data = file.read_bytes()
    if file_kind(data) is not FileKind.CAPTURE:
        return _replay_frames(file, data, room_id)
    player, reader = Replay(check=check), CaptureReader()
    events = [event for record in read_capture(data, reader) for event in player.play(record)]
    events += player.end()
    if player.problem or player.session is None or player.differences:
        pytest.fail(f"{file}: {player.problem or reader.problem or player.differences[0]}", pytrace=False)
    return WebcastReplay(file, events, player.session.statistics)


def _replay_frames(file: Path, data: bytes, room_id: int) -> WebcastReplay:
    from tiktok_webcast.capture import FileKind, FramePlayer, FramesReader, file_kind, read_har, unpacked

    kind, data = file_kind(data), unpacked(data)
    if kind is FileKind.HAR:
        found = read_har(data)
        rooms, problem = list(found.rooms()), found.problem
        if len(rooms) > 1:
            rooms = [room for room in rooms if room[0] == room_id] or rooms[:1]
    else:
        reader = FramesReader()
        rooms, problem = [(room_id, tuple(reader.receive_data(data)))], reader.problem
    if problem or not rooms:
        pytest.fail(f"{file}: {problem or 'no room is in it'}", pytrace=False)
    room, frames = rooms[0]
    player = FramePlayer(room_id=room)
    events = [event for frame in frames for batch in player.read_frame(frame) for event in player.play(batch)]
    events += player.close("the capture is at its end")
    return WebcastReplay(file, events, player.statistics)
