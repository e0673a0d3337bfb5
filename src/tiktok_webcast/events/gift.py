"""Gifts: what is given, how often, to whom, and when a streak is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..track.gifts import StreakEndCause
from ..view import View, direct, text
from .image import Image
from .user import IdentifiedUserEvent, User, either_id
from .wire_view import WireView

if TYPE_CHECKING:
    from ..gift_list import GiftDetails
    from ..schema.gift import Gift as WireGift
    from ..schema.gift import WebcastGiftMessage

_STREAKABLE = 1


class GiftInfo(View):
    """What a gift is, apart from who gives how many."""

    wire_type: ClassVar[str] = "Gift"
    wire: ClassVar[WireView[WireGift]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("id", "name", "type", "diamond_count")
    id: int = direct("id")
    """The gift's number, the same in all rooms; 0 if not sent."""
    name: str = direct("name")
    """Its name, usually in English; `""` if not sent."""
    type: int = direct("type")
    """1 may be given in streaks, 2 and 4 may not (seen in captures); 0 if not sent."""
    diamond_count: int = direct("diamond_count")
    """What one costs, in diamonds; 0 if not sent."""
    image: Image | None
    """What it looks like."""
    icon: Image | None
    """A smaller picture of it."""
    description: str
    """A sentence of the server's, e.g. `Sent Rose`; `""` if not sent."""
    duration: int
    """Milliseconds that its effect plays, as far as is known; 0 if not sent."""

    @property
    def streakable(self) -> bool:
        """Whether it may be given in streaks (protocol/push.md section 13)."""
        return self.type == _STREAKABLE

    @property
    def image_url(self) -> str | None:
        """The first address of `image`."""
        return self.image.url or None if self.image is not None else None

    def _read_description(self) -> str:
        return text(self._wire.describe)

    def _json_id(self) -> str | None:
        return str(self.id) if self.id else None

    def _json_name(self) -> str | None:
        return self.name or None


class Gift(View):
    """A gift as one message of its streak shows it.

    `count` is a running total, so adding it up counts gifts many times: add up `GiftEvent.delta`, or take
    `GiftStreakEndEvent.total`.
    """

    wire_type: ClassVar[str] = "WebcastGiftMessage"
    wire: ClassVar[WireView[WebcastGiftMessage]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = (
        "id",
        "name",
        "type",
        "diamond_count",
        "count",
        "is_repeating",
        "streakable",
        "streaking",
    )
    info: GiftInfo
    """What the gift is; with little more than its id where the message leaves out the rest."""
    detailed: GiftDetails | None
    """The gift's entry in the room's gift list, if the client has fetched that."""
    count: int
    """Gifts in the streak so far, a running total; of a gift that is not streakable, how many were given."""
    is_repeating: bool
    """Whether this message ends a streak (`repeat_end` on the wire): the 2023 name says the opposite."""
    streakable: bool
    """Whether the gift may be given in streaks."""
    streaking: bool
    """Whether the streak goes on: more messages follow, the last with the final count."""

    @property
    def id(self) -> int:
        """The gift's number; 0 if not sent."""
        return self.info.id

    @property
    def name(self) -> str:
        """The gift's name; `""` if not sent."""
        return self.info.name

    @property
    def type(self) -> int:
        """The gift's type: 1 is streakable."""
        return self.info.type

    @property
    def diamond_count(self) -> int:
        """What one costs, in diamonds; 0 if not sent."""
        return self.info.diamond_count

    @property
    def image(self) -> Image | None:
        """What the gift looks like."""
        return self.info.image

    @property
    def details(self) -> GiftDetails | None:
        """The same as `detailed`; the 2023 TikTokLive used several names for it."""
        return self.detailed

    @property
    def extended_gift(self) -> GiftDetails | None:
        """The same as `detailed`; the 2023 TikTokLive used several names for it."""
        return self.detailed

    def _read_info(self) -> GiftInfo:
        return gift_info(self._wire)

    def _read_detailed(self) -> None:
        return None

    def _read_count(self) -> int:
        return gift_count(self._wire, self.streakable)

    def _read_is_repeating(self) -> bool:
        return bool(self._wire.repeat_end)

    def _read_streakable(self) -> bool:
        return self.info.streakable if "info" in self._given else is_streakable(self._wire)

    def _read_streaking(self) -> bool:
        return self.streakable and not self._given.get("is_repeating", self._wire.repeat_end)

    def _json_id(self) -> str | None:
        return str(self.id) if self.id else None

    def _json_name(self) -> str | None:
        return self.name or None


class _GiftMessage(IdentifiedUserEvent):
    """What the events of a gift message share."""

    wire_type: ClassVar[str] = "WebcastGiftMessage"
    wire: ClassVar[WireView[WebcastGiftMessage]] = WireView()
    """The whole message, every field under its wire name."""
    group_id: int
    to_user: User | None

    def _read_to_user(self) -> User | None:
        return receiver(self._wire)

    def _json_group_id(self) -> str | None:
        return str(self.group_id) if self.group_id else None


class GiftEvent(_GiftMessage):
    """A viewer gives. A streak comes as many of these; `GiftStreakEndEvent` follows when it is over."""

    name: ClassVar[str] = "gift"
    json_fields: ClassVar[tuple[str, ...]] = ("user", "gift", "group_id", "delta", "to_user")
    user: User
    """Who gives."""
    gift: Gift
    """What is given, and the streak's count so far."""
    group_id: int
    """Tells apart the streaks of one user and gift; unix milliseconds of the giver's phone. 0 outside of streaks."""
    delta: int
    """Gifts that this message adds to those counted before, never negative. Without a session: `gift.count`, as if
    nothing had come before."""
    to_user: User | None
    """Who gets it, often by id only: the host, or a guest; `None` if not sent."""

    def _read_gift(self) -> Gift:
        gift: Gift = Gift.from_wire(self._wire)
        return gift

    def _read_delta(self) -> int:
        return self.gift.count


class GiftStreakEndEvent(_GiftMessage):
    """A streak is over, or a gift that is not streakable was given: exactly one for each.

    Comes from the session, which counts the streak's messages and ends it by the clock when its own end was lost.
    """

    name: ClassVar[str] = "gift_streak_end"
    json_fields: ClassVar[tuple[str, ...]] = (
        "user",
        "gift",
        "group_id",
        "total",
        "diamonds",
        "cause",
        "to_user",
        "continues",
    )
    user: User
    """Who gave."""
    gift: GiftInfo
    """What was given."""
    group_id: int
    """Tells apart the streaks of one user and gift; unix milliseconds of the giver's phone. 0 outside of streaks."""
    total: int
    """How many were given."""
    diamonds: int
    """What they cost together, in diamonds."""
    cause: StreakEndCause
    """Why the streak is taken for over."""
    to_user: User | None
    """Who got them, often by id only: the host, or a guest; `None` if not sent."""
    continues: bool
    """Whether the streak had ended before (by the clock, say) and went on: then `total` is only what was added."""

    def _read_gift(self) -> GiftInfo:
        return gift_info(self._wire)

    def _read_total(self) -> int:
        return gift_count(self._wire, self.gift.streakable)

    def _read_diamonds(self) -> int:
        return self.total * self.gift.diamond_count

    def _read_cause(self) -> StreakEndCause:
        return StreakEndCause.REPEAT_END

    def _read_continues(self) -> bool:
        return False


# --- what a gift message says ---------------------------------------------------------------------------------------


def is_streakable(wire: Any) -> bool:
    """Return whether a gift message is part of a streak: type 1, or a group id where the gift's details are left out.

    In captures the two always agree (protocol/push.md section 13).
    """
    gift_type = wire.gift.type
    return bool(gift_type == _STREAKABLE if gift_type else wire.group_id)


def says_gift(gift: Any) -> bool:
    """Return whether the details of a gift message say what it is: they may be there with nothing in them.

    "Presence is not content" (protocol/captures.md).
    """
    return bool(gift.type or gift.name or gift.diamond_count)


def gift_count(wire: Any, streakable: bool) -> int:
    """Return how many gifts a message claims: the streak's running total, or those given at once, at least 1."""
    count: int = wire.repeat_count
    return max(count, 0 if streakable else 1)


def gift_info(wire: Any) -> GiftInfo:
    """Return what a message says about its gift; without the details that is its id and the name in its text."""
    info: GiftInfo
    gift_id = wire.gift_id or wire.gift.id
    if says_gift(wire.gift) and wire.gift.id == gift_id:
        info = GiftInfo.from_wire(wire.gift)
    elif says_gift(wire.gift):
        info = GiftInfo.from_wire(wire.gift, id=gift_id)
    else:
        names = (text(piece.gift_value.name_ref.default_pattern) for piece in wire.common.display_text.pieces)
        name = next((name for name in names if name), "")
        info = GiftInfo.from_wire(wire.gift, id=gift_id, name=name, type=_STREAKABLE if is_streakable(wire) else 0)
    return info


def receiver(wire: Any) -> User | None:
    """Return who gets a gift: the user named, a guest, or by id the host (protocol/push.md section 13)."""
    if wire.HasField("to_user"):
        named = User.from_wire(wire.to_user)
        if named.is_known:
            return named
    guest = either_id(wire.to_member_id_int, wire.to_member_id)
    if guest:
        return User(id=guest, nickname=text(wire.to_member_nickname))
    host = either_id(wire.monitor_info.to_user_id)
    return User(id=host) if host else None
