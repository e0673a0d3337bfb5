"""Which wire method becomes which event: the table behind `decode` and every session."""

from __future__ import annotations

from .registry import Registry

METHODS: dict[str, str] = {
    "WebcastChatMessage": "chat:CommentEvent",
    "WebcastControlMessage": "room:ControlEvent",
    "WebcastEmoteChatMessage": "emote:EmoteEvent",
    "WebcastGiftMessage": "gift:GiftEvent",
    "WebcastLikeMessage": "like:LikeEvent",
    "WebcastLiveIntroMessage": "chat:IntroMessageEvent",
    "WebcastMemberMessage": "member:MemberEvent",
    "WebcastQuestionNewMessage": "chat:QuestionEvent",
    "WebcastRoomUserSeqMessage": "room:ViewerUpdateEvent",
    "WebcastSocialMessage": "social:SocialEvent",
}
"""Wire methods and their event classes in this package, imported when a message of theirs first comes."""

REGISTRY = Registry({method: f"{__package__}.{place}" for method, place in METHODS.items()})
"""All methods that we know; methods without the `Webcast` prefix are found too."""
