"""Follows and shares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from ..message import Message
from ..view import text
from .base import Event
from .user import User, UserEvent
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.social import WebcastSocialMessage

_MORE_SHARE = re.compile(r"guidance_viewer_([0-9]{1,9})_share")
_FOLLOW = 1
_SHARES = (2, 3, 4, 5)


class _SocialMessage(UserEvent):
    """What the events of a social message share."""

    wire_type: ClassVar[str] = "WebcastSocialMessage"
    wire: ClassVar[WireView[WebcastSocialMessage]] = WireView()
    """The whole message, every field under its wire name."""
    display_type: str
    action: int

    @classmethod
    def variant(cls, wire: Any, message: Message) -> type[Event]:
        """Return the event for the text's key, or else for the action's number (protocol/push.md section 9)."""
        key = text(wire.common.display_text.key).lower()
        if "follow" in key:
            return FollowEvent
        if "share" in key:
            return MoreShareEvent if _MORE_SHARE.search(key) else ShareEvent
        action = wire.action
        return FollowEvent if action == _FOLLOW else ShareEvent if action in _SHARES else SocialEvent

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all events that this method may become."""
        return (FollowEvent.name, ShareEvent.name, MoreShareEvent.name, SocialEvent.name)

    def _read_display_type(self) -> str:
        return text(self._wire.common.display_text.key)

    def _json_display_type(self) -> str | None:
        return self.display_type or None


class FollowEvent(_SocialMessage):
    """A viewer follows the host."""

    name: ClassVar[str] = "follow"
    json_fields: ClassVar[tuple[str, ...]] = ("user", "total_followers", "display_type", "action")
    user: User
    """Who follows."""
    total_followers: int
    """How many follow the host now; 0 if not sent."""
    display_type: str
    """The key of the text that the app shows, e.g. `pm_main_follow_message_viewer_2`; `""` if not sent."""
    action: int
    """1 in all captured follows; 0 if not sent."""

    def _read_total_followers(self) -> int:
        count: int = self._wire.follow_count
        return count


class ShareEvent(_SocialMessage):
    """A viewer shares the room."""

    name: ClassVar[str] = "share"
    json_fields: ClassVar[tuple[str, ...]] = (
        "user",
        "display_type",
        "total_shares",
        "action",
        "share_type",
        "share_target",
    )
    user: User
    """Who shares."""
    display_type: str
    """The key of the text that the app shows, e.g. `pm_mt_guidance_share`; `""` if not sent."""
    total_shares: int
    """How often the room was shared so far; 0 if not sent."""
    action: int
    """3 in all captured shares; 0 if not sent."""
    share_type: int
    """How it was shared; captures have 1 or nothing, and no source says more."""
    share_target: str
    """With whom: `-1` or the host's user id in captures; `""` if not sent."""

    def _read_total_shares(self) -> int:
        count: int = self._wire.share_count
        return count


class MoreShareEvent(_SocialMessage):
    """Viewers came in through a viewer's share link; known amounts are 5 and 10."""

    name: ClassVar[str] = "more_share"
    json_fields: ClassVar[tuple[str, ...]] = ("user", "display_type", "amount", "action")
    user: User
    """Who shared the link."""
    display_type: str
    """The key of the text that the app shows, e.g. `pm_mt_guidance_viewer_5_share`."""
    amount: int
    """How many viewers came; 0 if the key does not say."""
    action: int
    """The wire's number for a share; 0 if not sent."""

    def _read_amount(self) -> int:
        found = _MORE_SHARE.search(self.display_type.lower())
        return int(found[1]) if found is not None else 0


class SocialEvent(_SocialMessage):
    """A viewer does something social that is neither a follow nor a share."""

    name: ClassVar[str] = "social"
    json_fields: ClassVar[tuple[str, ...]] = ("user", "display_type", "action", "share_type", "share_target")
    user: User
    """Who did it."""
    display_type: str
    """The key of the text that the app shows; `""` if not sent."""
    action: int
    """The wire's number for what was done; 0 if not sent."""
    share_type: int
    """How it was shared, if it is a share of some kind; 0 if not sent."""
    share_target: str
    """With whom it was shared, if it is a share of some kind; `""` if not sent."""
