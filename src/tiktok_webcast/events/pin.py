"""Messages that the host or a moderator pins."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..message import Message
from .base import Event
from .chat import CommentEvent
from .generated import pin as wire_named
from .gift import GiftEvent
from .like import LikeEvent
from .member import MemberEvent
from .social import SocialEvent
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.pin import WebcastRoomPinMessage

_PIN = 1
_PINNABLE: tuple[tuple[str, type[Event]], ...] = (
    ("chat_message", CommentEvent),
    ("gift_message", GiftEvent),
    ("social_message", SocialEvent),
    ("member_message", MemberEvent),
    ("like_message", LikeEvent),
)


class RoomPinEvent(wire_named.RoomPinEvent):
    """A message is pinned over the chat (`action` 1), or unpinned (2; the message in it then has little but its id)."""

    wire: ClassVar[WireView[WebcastRoomPinMessage]] = WireView()
    """The whole message, every field under its wire name."""

    @property
    def is_pin(self) -> bool:
        """Whether it is pinned rather than unpinned."""
        return self.action == _PIN

    @property
    def pinned(self) -> Event | None:
        """The pinned message as the event that it was, made anew by each access; `None` if it is of no known kind.

        In JSON it is under the wire's own names, as `chat_message`, `gift_message`, ...
        """
        for name, event in _PINNABLE:
            if self._wire.HasField(name):
                wire = getattr(self._wire, name)
                message = Message(event.wire_type, wire.SerializeToString(), wire.common.msg_id)
                pinned: Event = event.variant(wire, message).from_message(wire, message, self.room_id)
                return pinned
        return None
