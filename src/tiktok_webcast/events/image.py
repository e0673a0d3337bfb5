"""Images as values: where they are, not what they look like. The client layer fetches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..view import View, text
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.image import ImageModel


class Image(View):
    """An image on TikTok's servers: one picture under several addresses."""

    wire_type: ClassVar[str] = "ImageModel"
    wire: ClassVar[WireView[ImageModel]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("url", "urls", "uri", "height", "width", "is_animated")
    urls: tuple[str, ...]
    """Addresses of the same picture, best first; captured ones differ in host and format."""
    uri: str
    """The picture's name on the servers, the same whatever its addresses; `""` if not sent."""
    height: int
    """In pixels; 0 if not sent (protocol/captures.md: field 3 is the height)."""
    width: int
    """In pixels; 0 if not sent."""
    avg_color: str
    """Average colour as `#RRGGBB`; `""` if not sent."""
    is_animated: bool
    """Whether the picture moves, as far as the server says so."""

    @property
    def url(self) -> str:
        """The first address; `""` if there is none."""
        return self.urls[0] if self.urls else ""

    def _read_urls(self) -> tuple[str, ...]:
        return tuple([text(url) for url in self._wire.url_list])

    def _json_url(self) -> str | None:
        return self.url or None
