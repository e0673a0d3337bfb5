"""Likes, in batches of up to 15 by one viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..view import direct
from .user import User, UserEvent
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.like import WebcastLikeMessage


class LikeEvent(UserEvent):
    """A viewer taps the screen some times; the server thins the batches of eager viewers."""

    name: ClassVar[str] = "like"
    wire_type: ClassVar[str] = "WebcastLikeMessage"
    wire: ClassVar[WireView[WebcastLikeMessage]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("user", "likes", "total_likes", "room_likes", "user_likes")
    user: User
    """Who likes."""
    likes: int = direct("count")
    """Likes in this batch; captures have 1 to 15."""
    total_likes: int = direct("total")
    """Likes of the room as sent with this batch; may be less than last time (protocol/push.md section 14)."""
    room_likes: int
    """Likes of the room as the session knows them; never goes backwards. Without a session: `total_likes`."""
    user_likes: int
    """Likes of this user that the session has read (those that came while nobody listened to likes it has not), this
    batch included. Without a session: `likes`."""

    def _read_room_likes(self) -> int:
        return self.total_likes

    def _read_user_likes(self) -> int:
        return self.likes
