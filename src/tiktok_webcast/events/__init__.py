"""Everything that can happen in a room, as frozen typed values.

The events that carry their message under the wire's own names are imported when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..track.gifts import StreakEndCause
from .badge import Badge, BadgeScene
from .barrage import BarrageEvent, SuperFanEvent, SuperFanJoinEvent
from .base import Event
from .battle import (
    BattleArmy,
    BattleOutcome,
    BattleParticipant,
    BattleResult,
    BattleTeam,
    MicBattleEndEvent,
    MicBattleEvent,
    MicBattleStartEvent,
    MicBattleUpdateEvent,
)
from .caption import CaptionEvent
from .chat import CommentEvent, IntroMessageEvent, QuestionEvent
from .emote import CommentEmote, Emote, EmoteEvent
from .envelope import Envelope, EnvelopeEvent, SuperFanBoxEvent
from .generated import METHODS as _WIRE_NAMED
from .gift import Gift, GiftEvent, GiftInfo, GiftStreakEndEvent
from .goal import GoalUpdateEvent
from .image import Image
from .like import LikeEvent
from .member import JoinEvent, MemberEvent
from .pin import RoomPinEvent
from .poll import PollEvent, PollOption, PollPhase
from .rank import HourlyRankEvent, RankEntry, RankingUpdateEvent, UserRankingUpdateEvent
from .registry import Registry
from .room import ControlEvent, LiveEndEvent, LivePauseEvent, LiveResumeEvent, TopViewer, ViewerUpdateEvent
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
from .text import Text
from .user import Role, User

if TYPE_CHECKING:
    from .generated.battle import LinkmicBattleNoticeEvent, LinkMicBattlePunishFinishEvent
    from .generated.battle_card import LinkMicBattleItemCardEvent
    from .generated.battle_task import LinkmicBattleTaskEvent
    from .generated.chat import ImDeleteEvent
    from .generated.envelope import EnvelopePortalEvent, GoodyBagEvent
    from .generated.game import (
        GameRankNotifyEvent,
        LiveGameIntroEvent,
        PartnershipCardChangeEvent,
        PartnershipDownloadCountEvent,
        PartnershipDropsUpdateEvent,
        PartnershipGameOfflineEvent,
        PartnershipPunishEvent,
        PictionaryEndEvent,
        PictionaryExitEvent,
        PictionaryStartEvent,
        PictionaryUpdateEvent,
    )
    from .generated.gift import (
        BindingGiftEvent,
        GiftBroadcastEvent,
        GiftCollectionUpdateEvent,
        GiftDynamicRestrictionEvent,
        GiftPanelUpdateEvent,
        GiftPromptEvent,
        ViewerPicksUpdateEvent,
    )
    from .generated.link import LinkEvent, LinkScreenChangeEvent, LinkStateEvent, SpeakerEvent
    from .generated.link_layer import LinkLayerEvent
    from .generated.link_mic import (
        LinkMicAnchorGuideEvent,
        LinkMicEvent,
        LinkMicFanTicketEvent,
        LinkMicLayoutStateEvent,
    )
    from .generated.member import UnauthorizedMemberEvent
    from .generated.notice import (
        AccessControlEvent,
        AccessRecallEvent,
        AlertBoxAuditResultEvent,
        BottomEvent,
        CapsuleEvent,
        GuideEvent,
        NoticeEvent,
        NotifyEvent,
        PerceptionEvent,
        ToastEvent,
    )
    from .generated.question import (
        QuestionDeleteEvent,
        QuestionSelectedEvent,
        QuestionSlideDownEvent,
        QuestionSwitchEvent,
    )
    from .generated.rank import HourlyRankRewardEvent, WeeklyRankRewardEvent
    from .generated.room import (
        BoostCardEvent,
        HashtagEvent,
        InRoomBannerEvent,
        InRoomBannerRefreshEvent,
        MarqueeAnnouncementEvent,
        MsgDetectEvent,
        RoomEvent,
        RoomNotifyEvent,
        RoomVerifyEvent,
        SystemEvent,
        UpdateShareRevenueNoticeEvent,
    )
    from .generated.shopping import (
        BALeadGenEvent,
        EcShortItemRefreshEvent,
        EcTaskRegisterEvent,
        OecLiveShoppingEvent,
        PaidContentLiveShoppingEvent,
    )
    from .generated.sticker import AnchorToolModificationEvent, DonationStickerModifyEvent, RoomStickerEvent
    from .generated.subscription import (
        SubCapsuleEvent,
        SubNotifyEvent,
        SubPinEventEvent,
        SubscriptionGuideEvent,
        SubscriptionNotifyEvent,
        SubTimerStickerEvent,
        SubWaveEvent,
    )

__all__ = [
    "REGISTRY",
    "AccessControlEvent",
    "AccessRecallEvent",
    "AlertBoxAuditResultEvent",
    "AnchorToolModificationEvent",
    "BALeadGenEvent",
    "Badge",
    "BadgeScene",
    "BarrageEvent",
    "BattleArmy",
    "BattleOutcome",
    "BattleParticipant",
    "BattleResult",
    "BattleTeam",
    "BindingGiftEvent",
    "BoostCardEvent",
    "BottomEvent",
    "CapsuleEvent",
    "CaptionEvent",
    "ClosedEvent",
    "CommentEmote",
    "CommentEvent",
    "ConnectEvent",
    "ControlEvent",
    "DisconnectEvent",
    "DonationStickerModifyEvent",
    "EcShortItemRefreshEvent",
    "EcTaskRegisterEvent",
    "Emote",
    "EmoteEvent",
    "Envelope",
    "EnvelopeEvent",
    "EnvelopePortalEvent",
    "Event",
    "FollowEvent",
    "GameRankNotifyEvent",
    "Gift",
    "GiftBroadcastEvent",
    "GiftCollectionUpdateEvent",
    "GiftDynamicRestrictionEvent",
    "GiftEvent",
    "GiftInfo",
    "GiftPanelUpdateEvent",
    "GiftPromptEvent",
    "GiftStreakEndEvent",
    "GoalUpdateEvent",
    "GoodyBagEvent",
    "GuideEvent",
    "HashtagEvent",
    "HourlyRankEvent",
    "HourlyRankRewardEvent",
    "ImDeleteEvent",
    "Image",
    "InRoomBannerEvent",
    "InRoomBannerRefreshEvent",
    "IntroMessageEvent",
    "JoinEvent",
    "LikeEvent",
    "LinkEvent",
    "LinkLayerEvent",
    "LinkMicAnchorGuideEvent",
    "LinkMicBattleItemCardEvent",
    "LinkMicBattlePunishFinishEvent",
    "LinkMicEvent",
    "LinkMicFanTicketEvent",
    "LinkMicLayoutStateEvent",
    "LinkScreenChangeEvent",
    "LinkStateEvent",
    "LinkmicBattleNoticeEvent",
    "LinkmicBattleTaskEvent",
    "LiveEndEvent",
    "LiveGameIntroEvent",
    "LivePauseEvent",
    "LiveResumeEvent",
    "MarqueeAnnouncementEvent",
    "MemberEvent",
    "MicBattleEndEvent",
    "MicBattleEvent",
    "MicBattleStartEvent",
    "MicBattleUpdateEvent",
    "MoreShareEvent",
    "MsgDetectEvent",
    "NoticeEvent",
    "NotifyEvent",
    "OecLiveShoppingEvent",
    "OverflowEvent",
    "PaidContentLiveShoppingEvent",
    "PartnershipCardChangeEvent",
    "PartnershipDownloadCountEvent",
    "PartnershipDropsUpdateEvent",
    "PartnershipGameOfflineEvent",
    "PartnershipPunishEvent",
    "PerceptionEvent",
    "PictionaryEndEvent",
    "PictionaryExitEvent",
    "PictionaryStartEvent",
    "PictionaryUpdateEvent",
    "PollEvent",
    "PollOption",
    "PollPhase",
    "QuestionDeleteEvent",
    "QuestionEvent",
    "QuestionSelectedEvent",
    "QuestionSlideDownEvent",
    "QuestionSwitchEvent",
    "RankEntry",
    "RankingUpdateEvent",
    "ReconnectingEvent",
    "Registry",
    "Role",
    "RoomEvent",
    "RoomNotifyEvent",
    "RoomPinEvent",
    "RoomStickerEvent",
    "RoomVerifyEvent",
    "ShareEvent",
    "SocialEvent",
    "SpeakerEvent",
    "StreakEndCause",
    "SubCapsuleEvent",
    "SubNotifyEvent",
    "SubPinEventEvent",
    "SubTimerStickerEvent",
    "SubWaveEvent",
    "SubscriptionGuideEvent",
    "SubscriptionNotifyEvent",
    "SuperFanBoxEvent",
    "SuperFanEvent",
    "SuperFanJoinEvent",
    "SystemEvent",
    "Text",
    "ToastEvent",
    "TopViewer",
    "UnauthorizedMemberEvent",
    "UndecodableEvent",
    "UnknownEvent",
    "UpdateShareRevenueNoticeEvent",
    "User",
    "UserRankingUpdateEvent",
    "ViewerPicksUpdateEvent",
    "ViewerUpdateEvent",
    "WeeklyRankRewardEvent",
]

_LAZY = {name: module for module, _, name in (path.partition(":") for path in _WIRE_NAMED.values())}


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(module), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
