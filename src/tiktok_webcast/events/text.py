"""Texts that TikTok's clients put together from a pattern and its pieces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from ..view import View, text
from .image import Image
from .user import User
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.text import Text as WireText
    from ..schema.text import TextPiece as WireTextPiece

MAX_RENDERED = 10_000
"""Characters of a rendered text; a pattern may repeat a long piece, and the rest is cut off."""

_SLOT = re.compile(r"\{([0-9]{1,4})(?::[^{}]{0,40})?\}")


class TextPiece(View):
    """What fills one slot of a text: a string, a user, a gift or an image."""

    wire_type: ClassVar[str] = "TextPiece"
    wire: ClassVar[WireView[WireTextPiece]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("type", "text", "user", "gift_id", "image_url")
    type: int
    """1 text, 11 user, 12 gift, 15 image in captures; others may occur."""
    text: str
    """The piece in words: the string, the user's nickname or handle, or the gift's name; `""` if it has none."""
    user: User | None
    """The user, if the piece is one."""
    gift_id: int | None
    """The gift's id, if the piece is a gift."""
    image: Image | None
    """The image, if the piece is one."""

    @property
    def image_url(self) -> str | None:
        """The first address of `image`."""
        return self.image.url or None if self.image is not None else None

    def _read_text(self) -> str:
        return _piece_text(self._wire)

    def _read_user(self) -> User | None:
        return User.from_wire(self._wire.user_value.user) if self._wire.HasField("user_value") else None

    def _read_gift_id(self) -> int | None:
        return self._wire.gift_value.gift_id if self._wire.HasField("gift_value") else None

    def _read_image(self) -> Image | None:
        return Image.from_wire(self._wire.image_value.image) if self._wire.HasField("image_value") else None


class Text(View):
    """A text for the screen: a template's key, a pattern with slots, and the pieces that fill them."""

    wire_type: ClassVar[str] = "Text"
    wire: ClassVar[WireView[WireText]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("key", "default_pattern", "text")
    key: str
    """The template's name, the same in every language (protocol/push.md section 11); `""` if not sent."""
    default_pattern: str
    """The text with slots, e.g. `{0:user} liked the LIVE`, usually in English."""
    pieces: tuple[TextPiece, ...]
    """What fills the slots, in order."""
    text: str
    """The pattern with its slots filled, `MAX_RENDERED` characters at the most; a slot without a piece stays."""

    def __str__(self) -> str:
        return self.text

    def _read_text(self) -> str:
        return render(self._wire)

    def _read_pieces(self) -> tuple[TextPiece, ...]:
        return tuple([TextPiece.from_wire(piece) for piece in self._wire.pieces])


def render(wire: Any) -> str:
    """Return a text on the wire with its slots filled, `MAX_RENDERED` characters at the most."""
    pattern = text(wire.default_pattern)
    pieces = wire.pieces
    result: list[str] = []
    length = at = 0
    for slot in _SLOT.finditer(pattern):
        index = int(slot[1])
        filled = _piece_text(pieces[index])[:MAX_RENDERED] if index < len(pieces) else slot[0]
        result += (pattern[at : slot.start()], filled)
        length += slot.start() - at + len(filled)
        at = slot.end()
        if length > MAX_RENDERED:
            break
    result.append(pattern[at : at + MAX_RENDERED])
    return "".join(result)[:MAX_RENDERED]


def user_in(wire: Any) -> Any:
    """Return the first user among the pieces of a text on the wire, or `None`."""
    for piece in wire.pieces:
        if piece.HasField("user_value"):
            return piece.user_value.user
    return None


def _piece_text(wire: Any) -> str:
    if wire.HasField("user_value"):
        user = wire.user_value.user
        return text(user.nickname) or text(user.display_id)
    if wire.HasField("gift_value"):
        return text(wire.gift_value.name_ref.default_pattern)
    if wire.HasField("pattern_ref_value"):
        return text(wire.pattern_ref_value.default_pattern)
    return text(wire.string_value)
