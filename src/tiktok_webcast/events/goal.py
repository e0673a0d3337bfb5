"""Goals that a host sets for the stream, and who brings them nearer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..view import text
from .generated import goal as wire_named
from .image import Image
from .user import User, either_id
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.goal import WebcastGoalUpdateMessage


class GoalUpdateEvent(wire_named.GoalUpdateEvent):
    """A goal of the stream made progress, was reached, set or pinned; `indicator.key` and `update_source` say which."""

    contributor: User | None
    """Who brought it nearer, known by id, handle and picture; `None` if nobody did."""
    description: str
    """The goal in the host's words; `""` if not sent."""
    wire: ClassVar[WireView[WebcastGoalUpdateMessage]] = WireView()
    """The whole message, every field under its wire name."""

    def _read_contributor(self) -> User | None:
        wire = self._wire
        user_id = either_id(wire.contributor_id, wire.contributor_id_str)
        unique_id = text(wire.contributor_display_id)
        if not (user_id or unique_id):
            return None
        avatar = Image.from_wire(wire.contributor_avatar) if wire.HasField("contributor_avatar") else None
        return User(id=user_id, unique_id=unique_id, avatar=avatar)

    def _read_description(self) -> str:
        return text(self._wire.goal.description)
