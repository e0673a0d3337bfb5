"""Emotes: the pictures that subscribers and fans send instead of words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..view import View, text
from .image import Image
from .user import IdentifiedUserEvent, User
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.chat import EmoteModel, EmoteWithIndex, WebcastEmoteChatMessage


class Emote(View):
    """A picture of a host's or of TikTok's own set."""

    wire_type: ClassVar[str] = "EmoteModel"
    wire: ClassVar[WireView[EmoteModel]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("id", "image_url")
    id: str
    """The emote's id, a text on the wire too; `""` if not sent."""
    image: Image
    """What it looks like; an image without addresses if none was sent."""
    uuid: str
    """Another id; `""` if not sent."""
    package_id: str
    """The id of its set; `""` if not sent."""

    @property
    def image_url(self) -> str | None:
        """The first address of `image`."""
        return self.image.url or None

    def _read_id(self) -> str:
        return text(self._wire.emote_id)

    def _read_image(self) -> Image:
        image: Image = Image.from_wire(self._wire.image)
        return image

    def _json_id(self) -> str | None:
        return self.id or None


class CommentEmote(View):
    """An emote inside a comment, and where it stands."""

    wire_type: ClassVar[str] = "EmoteWithIndex"
    wire: ClassVar[WireView[EmoteWithIndex]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("id", "image_url", "index")
    index: int
    """How many characters of the comment come before it, counted as a reader does in the one captured message that has
    one; `CommentEvent.parts` finds the place in the text."""
    emote: Emote
    """The emote itself."""

    @property
    def id(self) -> str:
        """The emote's id."""
        return self.emote.id

    @property
    def image(self) -> Image:
        """What the emote looks like."""
        return self.emote.image

    @property
    def image_url(self) -> str | None:
        """The first address of `image`."""
        return self.emote.image_url

    def _read_emote(self) -> Emote:
        emote: Emote = Emote.from_wire(self._wire.emote)
        return emote

    def _json_id(self) -> str | None:
        return self.id or None


class EmoteEvent(IdentifiedUserEvent):
    """A viewer sends emotes alone, without a word (emotes inside a comment are in `CommentEvent.emotes`)."""

    name: ClassVar[str] = "emote"
    wire_type: ClassVar[str] = "WebcastEmoteChatMessage"
    wire: ClassVar[WireView[WebcastEmoteChatMessage]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("user", "emotes")
    user: User
    """Who sent them."""
    emotes: tuple[Emote, ...]
    """What was sent; captures have one in each message."""

    @property
    def emote(self) -> Emote:
        """The first of `emotes`; an empty one if there is none."""
        return self.emotes[0] if self.emotes else Emote()

    def _read_emotes(self) -> tuple[Emote, ...]:
        return tuple([Emote.from_wire(emote) for emote in self._wire.emote_list])
