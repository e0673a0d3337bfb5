"""Finding the JSON that a TikTok page carries in a script element, in linear time whatever the page is."""

from __future__ import annotations

import re
from typing import Any

from ..webjson import BadJson, decode_text, parse_json

MAX_MARKS = 64
"""Places of one page that are looked at as the script in question: a host's own words may name it too."""
_TAG = 512
_CLOSING = re.compile(r"</script", re.IGNORECASE)
_OPENING = re.compile(r"<script\b[^<>]*\bid\s*=\s*[\"']?\Z", re.IGNORECASE)


def page_state(body: bytes, *script_ids: str) -> dict[str, Any] | BadJson | None:
    """Return the JSON of the first script element with one of these ids; `None` if the page has none.

    Both forms are read: the element's text is JSON, or it assigns JSON (`window['SIGI_STATE']={...};`).
    """
    page = decode_text(body)
    for script_id in script_ids:
        text = _script(page, script_id)
        if text is None:
            continue
        text = text.strip()
        assigned = text.find("={", 0, 256) if text[:1] != "{" else -1
        state = parse_json(text[assigned + 1 :], trailing=True) if assigned >= 0 else parse_json(text)
        return state if isinstance(state, (dict, BadJson)) else BadJson("no JSON object")
    return None


def _script(page: str, script_id: str) -> str | None:
    at = -1
    for _ in range(MAX_MARKS):
        at = page.find(script_id, at + 1)
        if at < 0:
            return None
        after = page[at + len(script_id) : at + len(script_id) + 1]
        if not _OPENING.search(page[max(at - _TAG, 0) : at]) or after not in ('"', "'", ">", " "):
            continue
        start = page.find(">", at, at + _TAG)
        if start >= 0:
            end = _CLOSING.search(page, start)
            # Without an end there is none further on either, and the page is not searched once more.
            return None if end is None else page[start + 1 : end.start()]
    return None
