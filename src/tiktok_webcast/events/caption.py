"""What the host says, as TikTok's speech recognition heard it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from ..view import text
from .base import wire_time
from .generated import chat as wire_named
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.chat import WebcastCaptionMessage


class CaptionEvent(wire_named.CaptionEvent):
    """The host said something. A sentence may come again as it grows; `definite` marks its last form."""

    text: str
    """What was said, in the first language sent; `""` if nothing."""
    language: str
    """That language, e.g. `en`; `""` if not sent."""
    spoken_at: datetime | None
    """When it was said by the server's clock (aware, UTC)."""
    wire: ClassVar[WireView[WebcastCaptionMessage]] = WireView()
    """The whole message, every field under its wire name."""

    def _read_text(self) -> str:
        content = self._wire.content
        return text(content[0].content) if content else ""

    def _read_language(self) -> str:
        content = self._wire.content
        return text(content[0].lang) if content else ""

    def _read_spoken_at(self) -> datetime | None:
        return wire_time(self._wire.timestamp_ms)
