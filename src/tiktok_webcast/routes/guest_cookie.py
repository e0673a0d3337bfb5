"""The guest cookie `ttwid`, which TikTok's public pages set (protocol/http.md sections 2 and 9)."""

from __future__ import annotations

from ..context import WebContext
from ..http import HttpRequest

PAGES = ("/live", "/", "/live")
"""Pages that set it, in the order tried: it is sometimes left out of a good answer."""


def build_all(context: WebContext) -> tuple[HttpRequest, ...]:
    """Return the requests to make until the jar holds a `ttwid`."""
    return tuple(context.web_request(context.endpoints.web + page, defaults=False) for page in PAGES)
