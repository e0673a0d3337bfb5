"""Which wire method becomes which event: the table behind `decode` and every session."""

from __future__ import annotations

from .generated import METHODS as WIRE_NAMED
from .registry import Registry

BY_HAND: dict[str, str] = {
    "WebcastBarrageMessage": "barrage:BarrageEvent",
    "WebcastCaptionMessage": "caption:CaptionEvent",
    "WebcastChatMessage": "chat:CommentEvent",
    "WebcastControlMessage": "room:ControlEvent",
    "WebcastEmoteChatMessage": "emote:EmoteEvent",
    "WebcastEnvelopeMessage": "envelope:EnvelopeEvent",
    "WebcastGiftMessage": "gift:GiftEvent",
    "WebcastGoalUpdateMessage": "goal:GoalUpdateEvent",
    "WebcastHourlyRankMessage": "rank:HourlyRankEvent",
    "WebcastLikeMessage": "like:LikeEvent",
    "WebcastLinkMicArmies": "battle:MicBattleUpdateEvent",
    "WebcastLinkMicBattle": "battle:MicBattleStartEvent",
    "WebcastLiveIntroMessage": "chat:IntroMessageEvent",
    "WebcastMemberMessage": "member:MemberEvent",
    "WebcastPollMessage": "poll:PollEvent",
    "WebcastQuestionNewMessage": "chat:QuestionEvent",
    "WebcastRankTextMessage": "rank:UserRankingUpdateEvent",
    "WebcastRankUpdateMessage": "rank:RankingUpdateEvent",
    "WebcastRoomPinMessage": "pin:RoomPinEvent",
    "WebcastRoomUserSeqMessage": "room:ViewerUpdateEvent",
    "WebcastSocialMessage": "social:SocialEvent",
}
"""Methods whose events are written by hand, and those events' classes, as `"module:Class"` in this package."""

METHODS: dict[str, str] = {**WIRE_NAMED, **{method: f"{__package__}.{place}" for method, place in BY_HAND.items()}}
"""All wire methods that we know and the classes of their events, imported when a message of theirs first comes."""

REGISTRY = Registry(METHODS)
"""All methods that we know; methods without the `Webcast` prefix are found too."""
