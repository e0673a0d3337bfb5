"""Who did it: a user, and everything that one message says about what the user is to the host."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ..view import View, direct, empty_wire, text
from .badge import Badge, BadgeScene, badge_scene, highest_level, image_scene
from .base import Event
from .image import Image
from .wire_view import WireView

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..schema.user import User as WireUser

_FOLLOWS = (1, 2, 3)
_FRIENDS = 2
_UNSIGNED = (1 << 64) - 1


def decimal(digits: str | bytes) -> int:
    """Return the id that a decimal text says, or 0 if it is none that fits 64 bits."""
    written = text(digits)
    value = int(written) if len(written) <= 20 and written.isascii() and written.isdigit() else 0
    return value if value <= _UNSIGNED else 0


def either_id(number: int, digits: str | bytes = "") -> int:
    """Return a user's id, as number or else as text; 0 if not sent. A signed field makes a long one negative."""
    return (number & _UNSIGNED) or decimal(digits)


def user_id(wire: Any) -> int:
    """Return the id of a `User` on the wire, as number or else as text; 0 if not sent."""
    return either_id(wire.id, wire.id_str)


def names_somebody(wire: Any) -> bool:
    """Return whether a `User` on the wire says who it is: one may be there with nothing in it."""
    return bool(user_id(wire) or wire.display_id or wire.nickname)


class Role(str, Enum):
    """What a user is to the host of the room."""

    HOST = "host"
    MODERATOR = "moderator"
    SUBSCRIBER = "subscriber"
    FRIEND = "friend"
    """The two follow each other."""
    FOLLOWER = "follower"
    TOP_GIFTER = "top_gifter"


class User(View):
    """A TikTok user, as one message shows them.

    Messages differ in how much they say: many carry an id and nothing else, and only some say what the user is to the
    host. What this message does not say is `None` (text: `""`), which is not the same as "no".
    """

    __slots__ = ("_carrier",)
    _carrier: Any
    wire_type: ClassVar[str] = "User"
    wire: ClassVar[WireView[WireUser]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = (
        "id",
        "unique_id",
        "nickname",
        "avatar_url",
        "is_follower",
        "is_friend",
        "is_moderator",
        "is_subscriber",
        "is_top_gifter",
        "gifter_level",
        "member_level",
    )
    id: int = direct(read=user_id)
    """The number that stays the same when the user takes another name; 0 if not sent."""
    unique_id: str = direct("display_id")
    """The handle, without `@`; `""` if not sent."""
    nickname: str = direct("nickname")
    """The name that is shown; `""` if not sent."""
    avatar: Image | None
    """The profile picture."""
    sec_uid: str
    """Another id, used by TikTok's web pages; `""` if not sent."""
    is_follower: bool | None
    """Whether the user follows the host, as far as this message says."""
    is_friend: bool | None
    """Whether user and host follow each other, as far as this message says."""
    is_moderator: bool | None
    """Whether the user moderates the host's rooms, as far as this message says."""
    is_subscriber: bool | None
    """Whether the user is subscribed to the host, as far as this message says."""
    is_top_gifter: bool | None
    """Whether the user wears the badge of the room's top gifters, as far as this message says."""
    is_gift_giver: bool | None
    """Whether the user has given to the host, as far as this message says."""
    is_host: bool | None
    """Whether the user is the host, as far as this message says."""
    gifter_level: int | None
    """The level that giving has brought the user, in all rooms; `None` if this message does not say."""
    member_level: int | None
    """The level in the host's fans club, also called team; `None` if this message does not say."""
    fans_club_name: str
    """The name of the host's fans club; `""` if not sent."""
    badges: tuple[Badge, ...]
    """The badges beside the user's name, in order."""
    roles: tuple[Role, ...]
    """What the user is to the host, as far as this message says."""
    follower_count: int | None
    """How many follow the user; `None` if not sent."""
    following_count: int | None
    """How many the user follows; `None` if not sent."""
    follow_status: int | None
    """0 not following the host, 1 or 3 following, 2 both ways (protocol/push.md section 17); `None` if not sent."""
    bio: str
    """What the user says about themselves; `""` if not sent."""
    is_verified: bool
    """Whether the message marks the account as verified."""

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self._carrier = None

    @classmethod
    def from_wire(cls, wire: Any, *, carrier: Any = None, **given: object) -> Self:
        """Make one from a `User` on the wire.

        `carrier` is the message around it if that has a `user_identity` about this very user, which is more reliable
        than badges (protocol/push.md section 16).
        """
        self = _new(cls)
        self._wire = wire
        self._given = self._values = given
        self._carrier = carrier
        return self

    @property
    def avatar_url(self) -> str | None:
        """The first address of `avatar`."""
        return self.avatar.url or None if self.avatar is not None else None

    @property
    def is_known(self) -> bool:
        """Whether the message says anything about who this is."""
        return bool(self.id or self.unique_id or self.nickname)

    # --- who --------------------------------------------------------------------------------------------------------

    def _read_avatar(self) -> Image | None:
        wire = self._wire
        sent = [
            getattr(wire, name) for name in ("avatar_thumb", "avatar_medium", "avatar_large") if wire.HasField(name)
        ]
        # An image may be there without an address.
        best = next((image for image in sent if image.url_list), sent[0] if sent else None)
        return None if best is None else Image.from_wire(best)

    def _read_bio(self) -> str:
        return text(self._wire.bio_description)

    def _read_is_verified(self) -> bool:
        return bool(self._wire.verified)

    def _read_follower_count(self) -> int | None:
        return self._wire.follow_info.follower_count if self._wire.follow_info.HasField("follower_count") else None

    def _read_following_count(self) -> int | None:
        return self._wire.follow_info.following_count if self._wire.follow_info.HasField("following_count") else None

    # --- what to the host -------------------------------------------------------------------------------------------

    def _identity(self) -> Any:
        carrier = self._carrier
        return carrier.user_identity if carrier is not None and carrier.HasField("user_identity") else None

    def _read_follow_status(self) -> int | None:
        follow = self._wire.follow_info
        return follow.follow_status if follow.HasField("follow_status") else None

    def _read_is_follower(self) -> bool | None:
        identity = self._identity()
        if identity is not None and (identity.is_follower_of_anchor or identity.is_mutual_following_with_anchor):
            return True
        status = self.follow_status
        if status is not None:
            return status in _FOLLOWS
        return None if identity is None else False

    def _read_is_friend(self) -> bool | None:
        identity = self._identity()
        if identity is not None:
            return bool(identity.is_mutual_following_with_anchor) or self.follow_status == _FRIENDS
        return None if self.follow_status is None else self.follow_status == _FRIENDS

    def _read_is_moderator(self) -> bool | None:
        identity = self._identity()
        if (identity is not None and identity.is_moderator_of_anchor) or self._wire.user_attr.is_admin:
            return True
        return self._wears(BadgeScene.MODERATOR)

    def _read_is_subscriber(self) -> bool | None:
        identity = self._identity()
        subscribed = self._wire.subscribe_info.is_subscribed_to_anchor
        if subscribed or (identity is not None and identity.is_subscriber_of_anchor):
            return True
        return self._wears(BadgeScene.SUBSCRIBER, BadgeScene.NEW_SUBSCRIBER)

    def _read_is_top_gifter(self) -> bool | None:
        return self._wears(BadgeScene.TOP_GIFTER)

    def _read_is_gift_giver(self) -> bool | None:
        identity = self._identity()
        return None if identity is None else bool(identity.is_gift_giver_of_anchor)

    def _read_is_host(self) -> bool | None:
        identity = self._identity()
        return True if identity is not None and identity.is_anchor else self._wears(BadgeScene.HOST)

    def _wears(self, *scenes: int) -> bool | None:
        """Whether a badge of those scenes is there, in either list of them: some messages fill only the older.

        No badges at all say something only beside a `user_identity`.
        """
        wire = self._wire
        badges = wire.badge_list
        if any(badge_scene(badge) in scenes for badge in badges):
            return True
        if any(image_scene(image) in scenes for image in wire.badge_image_list):
            return True
        return None if not badges and self._identity() is None else False

    def _read_gifter_level(self) -> int | None:
        wire = self._wire
        return highest_level(wire.badge_list, BadgeScene.GIFTER_LEVEL) or _level(wire.pay_grade.level)

    def _read_member_level(self) -> int | None:
        wire = self._wire
        level = highest_level(wire.badge_list, BadgeScene.MEMBER_LEVEL)
        return level or _level(wire.fans_club_info.fans_level) or _level(wire.fans_club.data.level)

    def _read_fans_club_name(self) -> str:
        return text(self._wire.fans_club_info.fans_club_name) or text(self._wire.fans_club.data.club_name)

    def _read_badges(self) -> tuple[Badge, ...]:
        return tuple([Badge.from_wire(badge) for badge in self._wire.badge_list])

    def _read_roles(self) -> tuple[Role, ...]:
        return tuple([role for role in Role if getattr(self, f"is_{role.value}")])

    # --- as a value -------------------------------------------------------------------------------------------------

    def _json_id(self) -> str | None:
        return str(self.id) if self.id else None

    def _json_unique_id(self) -> str | None:
        return self.unique_id or None

    def _json_nickname(self) -> str | None:
        return self.nickname or None

    def __reduce__(self) -> tuple[Any, ...]:
        identity = self._identity()
        packed = None if identity is None else identity.SerializeToString()
        return _restore_user, (type(self), self._wire.SerializeToString(), packed, dict(self._given))


_NOTHING: dict[str, Any] = {}
_new = object.__new__


def _level(number: int) -> int | None:
    return number if number > 0 else None


def _restore_user(cls: type[User], packed: bytes, identity: bytes | None, given: dict[str, Any]) -> User:
    wire = empty_wire(cls.wire_type)
    wire.ParseFromString(packed)
    carrier = None
    if identity is not None:
        carrier = empty_wire("WebcastEmoteChatMessage")
        carrier.user_identity.ParseFromString(identity)
        carrier.user_identity.SetInParent()
    return cls.from_wire(wire, carrier=carrier, **given)


def _bare_user(wire: Any, carrier: Any) -> User:
    """Make a user as `from_wire` does; without the keywords it takes half the time, and every event makes one."""
    user = _new(User)
    user._wire = wire
    user._given = user._values = _NOTHING
    user._carrier = carrier
    return user


class UserEvent(Event):
    """Something that one user did."""

    user: User
    """Who did it; an empty `User` if the message does not say."""

    def _read_user(self) -> User:
        return _bare_user(self._wire.user, None)

    def _json_user(self) -> dict[str, Any] | None:
        return self.user.to_dict() if self.user.is_known else None


class IdentifiedUserEvent(UserEvent):
    """Something that one user did, in a message that says beside the user what they are to the host."""

    def _read_user(self) -> User:
        wire = self._wire
        return _bare_user(wire.user, wire)
