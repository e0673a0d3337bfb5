"""Everything that can happen in a room, as frozen typed values."""

from __future__ import annotations

from .badge import Badge, BadgeScene
from .base import Event
from .chat import CommentEvent, IntroMessageEvent, QuestionEvent
from .emote import CommentEmote, Emote, EmoteEvent
from .gift import Gift, GiftEvent, GiftInfo, GiftStreakEndEvent
from .image import Image
from .like import LikeEvent
from .member import JoinEvent, MemberEvent
from .registry import Registry
from .room import (
    ControlEvent,
    LiveEndEvent,
    LivePauseEvent,
    LiveResumeEvent,
    TopViewer,
    ViewerUpdateEvent,
)
from .session import (
    ClosedEvent,
    ConnectEvent,
    DisconnectEvent,
    OverflowEvent,
    ReconnectingEvent,
    UndecodableEvent,
    UnknownEvent,
)
from .social import FollowEvent, MoreShareEvent, ShareEvent, SocialEvent
from .table import REGISTRY
from .text import Text, TextPiece
from .user import Role, User

__all__ = [
    "REGISTRY",
    "Badge",
    "BadgeScene",
    "ClosedEvent",
    "CommentEmote",
    "CommentEvent",
    "ConnectEvent",
    "ControlEvent",
    "DisconnectEvent",
    "Emote",
    "EmoteEvent",
    "Event",
    "FollowEvent",
    "Gift",
    "GiftEvent",
    "GiftInfo",
    "GiftStreakEndEvent",
    "Image",
    "IntroMessageEvent",
    "JoinEvent",
    "LikeEvent",
    "LiveEndEvent",
    "LivePauseEvent",
    "LiveResumeEvent",
    "MemberEvent",
    "MoreShareEvent",
    "OverflowEvent",
    "QuestionEvent",
    "ReconnectingEvent",
    "Registry",
    "Role",
    "ShareEvent",
    "SocialEvent",
    "Text",
    "TextPiece",
    "TopViewer",
    "UndecodableEvent",
    "UnknownEvent",
    "User",
    "ViewerUpdateEvent",
]
