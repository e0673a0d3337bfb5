"""Texts that TikTok's clients put together from a pattern and its pieces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from ..view import View, text
from .user import names_somebody
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.text import Text as WireText
    from ..schema.text import TextFormat, TextPiece

MAX_RENDERED = 10_000
"""Characters of a rendered text; a pattern may repeat a long piece, and the rest is cut off."""

_SLOT = re.compile(r"\{([0-9]{1,4})(?::[^{}]{0,40})?\}")


class Text(View):
    """A text for the screen: a template's key, a pattern with slots, and the pieces that fill them.

    In JSON under the wire's own names, with `text` after them.
    """

    wire_type: ClassVar[str] = "Text"
    wire: ClassVar[WireView[WireText]] = WireView()
    """The whole message, every field under its wire name."""
    key: str
    """The template's name, the same in every language (protocol/push.md section 11); `""` if not sent."""
    default_pattern: str
    """The text with slots, e.g. `{0:user} liked the LIVE`, usually in English."""
    default_format: TextFormat | None
    """How it is set."""
    pieces: tuple[TextPiece, ...]
    """What fills the slots, in order; captures have strings, users, gifts and images."""
    text: str
    """The pattern with its slots filled, `MAX_RENDERED` characters at the most; a slot without a piece stays."""

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that were sent as JSON types, and `text`."""
        return {**super().to_dict(), "text": self.text}

    def _read_text(self) -> str:
        return render(self._wire)


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
        # At least one for each slot: there may be a million that are filled with nothing.
        length += slot.start() - at + max(len(filled), 1)
        at = slot.end()
        if length > MAX_RENDERED:
            break
    else:
        result.append(pattern[at : at + MAX_RENDERED])
    return "".join(result)[:MAX_RENDERED]


def user_in(wire: Any) -> Any:
    """Return the first user who is named among the pieces of a text on the wire, or `None`."""
    for piece in wire.pieces:
        if piece.HasField("user_value") and names_somebody(piece.user_value.user):
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
