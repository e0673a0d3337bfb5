"""Polls: the host asks, viewers vote."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ..view import View, text
from .generated import poll as wire_named
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.poll import PollOptionInfo, WebcastPollMessage


class PollPhase(str, Enum):
    """How far a poll is."""

    START = "start"
    UPDATE = "update"
    END = "end"
    UNKNOWN = "unknown"
    """The message has none of the three contents."""


class PollOption(View):
    """One answer that a poll offers."""

    wire_type: ClassVar[str] = "PollOptionInfo"
    json_fields: ClassVar[tuple[str, ...]] = ("index", "text", "votes")
    index: int
    """Its place among the options, from 0."""
    text: str
    """The answer."""
    votes: int
    """Votes so far."""
    wire: ClassVar[WireView[PollOptionInfo]] = WireView()
    """The whole option, every field under its wire name: who voted, as far as the server names them."""

    def _read_index(self) -> int:
        index: int = self._wire.option_idx
        return index

    def _read_text(self) -> str:
        return text(self._wire.display_content)


_CONTENTS = (
    ("end_content", PollPhase.END),
    ("update_votes_content", PollPhase.UPDATE),
    ("start_content", PollPhase.START),
)


class PollEvent(wire_named.PollEvent):
    """A poll starts, gets votes, or ends."""

    phase: PollPhase
    """Which of these."""
    title: str
    """What is asked; only the start of a poll says it, and not always."""
    options: tuple[PollOption, ...]
    """The answers with their votes so far."""
    wire: ClassVar[WireView[WebcastPollMessage]] = WireView()
    """The whole message, every field under its wire name."""

    def _content(self) -> tuple[Any, PollPhase]:
        for name, phase in _CONTENTS:
            if self._wire.HasField(name):
                return getattr(self._wire, name), phase
        return self._wire.start_content, PollPhase.UNKNOWN

    def _read_phase(self) -> PollPhase:
        return self._content()[1]

    def _read_title(self) -> str:
        return text(self._wire.start_content.title) or text(self._wire.poll_basic_info.title)

    def _read_options(self) -> tuple[PollOption, ...]:
        return tuple([PollOption.from_wire(option) for option in self._content()[0].option_list])
