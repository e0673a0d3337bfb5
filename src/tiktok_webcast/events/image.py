"""Images as values: where they are, not what they look like. The client layer fetches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..view import View
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.image import Content, ImageModel


class Image(View):
    """An image on TikTok's servers: one picture under several addresses. In JSON under the wire's own names."""

    wire_type: ClassVar[str] = "ImageModel"
    wire: ClassVar[WireView[ImageModel]] = WireView()
    """The whole message, every field under its wire name."""
    url_list: tuple[str, ...]
    """Addresses of the same picture, best first; captured ones differ in host and format."""
    uri: str
    """The picture's name on the servers, the same whatever its addresses; `""` if not sent."""
    height: int
    """In pixels; 0 if not sent (protocol/captures.md: field 3 is the height)."""
    width: int
    """In pixels; 0 if not sent."""
    avg_color: str
    """Average colour as `#RRGGBB`; `""` if not sent."""
    image_type: int
    """What it is used for, e.g. 31 for badges in captures; no source explains the numbers. 0 if not sent."""
    open_web_url: str
    """Where a tap on it leads; `""` if not sent."""
    content: Content | None
    """What is written on it, and how."""
    is_animated: bool
    """Whether the picture moves, as far as the server says so."""

    @property
    def urls(self) -> tuple[str, ...]:
        """Its addresses: the same as `url_list`."""
        return self.url_list

    @property
    def url(self) -> str:
        """The first address; `""` if there is none."""
        return self.url_list[0] if self.url_list else ""
