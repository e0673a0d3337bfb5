"""`Scenario`: a named situation, told by a script once the door of TikTok has opened, or not opened."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

from .door import OPEN, Door
from .room import SimRoom
from .script import Script, Truth
from .story import Story
from .truth import Manifest, Recorder


@dataclass(frozen=True)
class Options:
    """What a caller may choose about a scenario; each uses what it needs."""

    duration: float | None = None
    """Seconds of script time after which an endless room ends; `None` never."""
    rate: float = 0.0
    """Messages a second, where the scenario has a rate to choose; 0 takes its own."""


DEFAULTS = Options()
"""Every scenario's own choices."""

Tell = Callable[[Story, Options], Script]


@dataclass(frozen=True)
class Scenario:
    """One situation that a client can meet."""

    tell: Tell
    door: Door = OPEN
    outcome: tuple[Truth, ...] = ()
    """What a client prints that is not let in; empty when everybody is."""
    endless: bool = False
    """Whether the script goes on until `Options.duration`."""

    @property
    def name(self) -> str:
        """The name to choose it by."""
        return self.tell.__name__

    @property
    def about(self) -> str:
        """What a client meets in it."""
        return inspect.cleandoc(self.tell.__doc__ or "")

    def script(self, room: SimRoom, options: Options = DEFAULTS) -> Script:
        """Start telling it in a room: equal rooms and options give equal steps."""
        return self.tell(Story(room), options)

    def manifest(self, room: SimRoom, options: Options = DEFAULTS) -> Manifest:
        """The truth of the whole script.

        Raises:
            ValueError: The script is endless and `options` have no duration.
        """
        if self.endless and options.duration is None:
            raise ValueError(f"scenario {self.name!r} is endless: choose a duration to know all of it")
        recorder = self.recorder(room)
        if self.outcome:
            return recorder.manifest(self.outcome)
        for step in self.script(room, options):
            recorder.add(step)
        return recorder.manifest()

    def recorder(self, room: SimRoom) -> Recorder:
        """What takes down a visit to it."""
        return Recorder(self.name, room.room_id, room.unique_id)
