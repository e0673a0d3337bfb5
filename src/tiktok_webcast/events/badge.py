"""Badges beside a user's name, and what they say about the user."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar

from ..view import View, text
from .image import Image
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.badge import BadgeStruct


class BadgeScene(IntEnum):
    """What a badge stands for (protocol/push.md section 16). The server may send other numbers."""

    UNKNOWN = 0
    MODERATOR = 1
    FIRST_RECHARGE = 2
    """Gave for the first time."""
    FRIENDS = 3
    SUBSCRIBER = 4
    ACTIVITY = 5
    TOP_GIFTER = 6
    """Among the room's top gifters."""
    NEW_SUBSCRIBER = 7
    GIFTER_LEVEL = 8
    """The level that giving has brought the user, in all rooms."""
    STATE_CONTROLLED_MEDIA = 9
    MEMBER_LEVEL = 10
    """The level in the host's fans club, also called team."""
    LIVE_PRO = 11
    HOST = 12
    CLASS_RANK = 13
    ENIGMA = 14


_IMAGE, _TEXT, _STRING, _COMBINE = 1, 2, 3, 4
_NAMES = (
    ("moderator", BadgeScene.MODERATOR),
    ("moderater_badge", BadgeScene.MODERATOR),
    ("_admin_badge", BadgeScene.MODERATOR),
    ("/sub_", BadgeScene.SUBSCRIBER),
    ("subs_badge_", BadgeScene.SUBSCRIBER),
    ("new_top_gifter", BadgeScene.TOP_GIFTER),
    ("ranklist_top_gifter_", BadgeScene.TOP_GIFTER),
    ("fans_badge_icon_", BadgeScene.MEMBER_LEVEL),
    ("grade_badge_icon_", BadgeScene.GIFTER_LEVEL),
    ("new_gifter_badge", BadgeScene.FIRST_RECHARGE),
    ("live_ng_", BadgeScene.FIRST_RECHARGE),
)
"""Parts of image names that tell the scene when the server sends none (protocol/push.md section 16, and captures)."""


class Badge(View):
    """A badge beside a user's name."""

    wire_type: ClassVar[str] = "BadgeStruct"
    wire: ClassVar[WireView[BadgeStruct]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("scene", "level", "text", "image_url")
    scene: int
    """What it stands for, a `BadgeScene` or a number that we do not know; told by the image's name if not sent."""
    level: int | None
    """Gifter or member level; `None` if the badge has no level, 0 on badges that only mark something."""
    text: str
    """What is written on it: a level, a club's own word, or the name of a text such as `Host`; `""` if nothing."""
    image: Image | None
    """Its picture, or the icon beside its text."""

    @property
    def image_url(self) -> str | None:
        """The first address of `image`."""
        return self.image.url or None if self.image is not None else None

    def _read_scene(self) -> int:
        return badge_scene(self._wire)

    def _read_level(self) -> int | None:
        return badge_level(self._wire)

    def _read_text(self) -> str:
        wire = self._wire
        written = text(wire.combine.str) or text(wire.str.str)
        label = wire.text if wire.HasField("text") else wire.combine.text
        return written or text(label.default_pattern) or text(label.key)

    def _read_image(self) -> Image | None:
        wire = _picture(self._wire)
        return None if wire is None else Image.from_wire(wire)


def badge_scene(wire: Any) -> int:
    """Return what a badge on the wire stands for, by its number or else by its image's name."""
    scene: int = wire.scene_type
    if scene:
        return scene
    picture = _picture(wire)
    return 0 if picture is None else image_scene(picture)


def image_scene(wire: Any) -> int:
    """Return what a badge's image on the wire stands for, by its name; 0 if the name says nothing."""
    for name in (wire.uri, *wire.url_list):
        named = text(name)
        for part, known in _NAMES:
            if part in named:
                return known
    return 0


def badge_level(wire: Any) -> int | None:
    """Return the level that a badge on the wire shows; never the number in its icon's name, which is another."""
    digits = text(wire.privilege_log_extra.level)
    return int(digits) if len(digits) < 10 and digits.isascii() and digits.isdigit() else None


def highest_level(badges: Iterable[Any], scene: int) -> int | None:
    """Return the highest level among wire badges of a scene, or `None` if none of them has one."""
    return max(
        (level for badge in badges if badge_scene(badge) == scene and (level := badge_level(badge))), default=None
    )


def _picture(wire: Any) -> Any:
    if wire.HasField("image"):
        return wire.image.image
    if wire.HasField("combine") and wire.combine.HasField("icon"):
        return wire.combine.icon
    return None
