"""Viewers who enter, and the other things that happen to members of a room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..message import Message
from ..view import direct, text
from .base import Event
from .user import User, UserEvent, names_somebody
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.member import WebcastMemberMessage

_ENTERED = (0, 1)


class _MemberMessage(UserEvent):
    """What the events of a member message share."""

    wire_type: ClassVar[str] = "WebcastMemberMessage"
    wire: ClassVar[WireView[WebcastMemberMessage]] = WireView()
    """The whole message, every field under its wire name."""
    total_viewers: int = direct("member_count")
    action_id: int = direct("action")

    @classmethod
    def variant(cls, wire: Any, message: Message) -> type[Event]:
        """Return `JoinEvent` for an entrance, `MemberEvent` for any other action."""
        return JoinEvent if wire.action in _ENTERED else MemberEvent

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all events that this method may become."""
        return (JoinEvent.name, MemberEvent.name)


class JoinEvent(_MemberMessage):
    """A viewer enters the room. Not every entrance is told of."""

    name: ClassVar[str] = "join"
    json_fields: ClassVar[tuple[str, ...]] = ("user", "total_viewers", "action_id")
    user: User
    """Who enters."""
    total_viewers: int
    """Viewers in the room right now; 0 if not sent."""
    action_id: int
    """1, as in all captured messages; 0 if not sent."""


class MemberEvent(_MemberMessage):
    """Something other than an entrance happened to a viewer, told by `action_id`.

    Which number means what is disputed (protocol/push.md section 10): current schemas list moderation actions, older
    ones subscriptions, and captures have neither. Take subscriptions from `SubNotifyEvent` and `BarrageEvent` instead.
    """

    name: ClassVar[str] = "member"
    json_fields: ClassVar[tuple[str, ...]] = ("user", "total_viewers", "action_id", "action_description", "operator")
    user: User
    """Whom it happened to."""
    total_viewers: int
    """Viewers in the room right now; 0 if not sent."""
    action_id: int
    """What happened; no number but 1 (entered) is proven."""
    action_description: str
    """What happened in the server's words; `""` if not sent."""
    operator: User | None
    """Who did it, where that is another user."""

    def _read_action_description(self) -> str:
        return text(self._wire.action_description)

    def _read_operator(self) -> User | None:
        operator = self._wire.operator
        return User.from_wire(operator) if names_somebody(operator) else None
