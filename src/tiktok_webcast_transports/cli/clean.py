"""How is text of strangers made safe for a terminal? Names and comments must not move the cursor nor turn the line."""

from __future__ import annotations

import re
import unicodedata

MAX_MARKS = 4
"""Combining marks that one character may carry; living languages need 3, and a pile of them covers other lines."""

_BREAKS = re.compile("[\t\n\r\v\f\x1c-\x1f\x85\u2028\u2029]+")
# Control characters; marks that reorder or isolate directions; invisible operators and annotations. Joiners stay,
# since emoji and several scripts need them.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def clean(text: str, longest: int = 0) -> str:
    """Return text that any terminal shows on one line as it is; with `longest`, no more characters than that."""
    if not text.isprintable() or not text.isascii():
        text = _UNSAFE.sub("", _BREAKS.sub(" ", text))
        text = _without_piles(text)
    if longest and len(text) > longest:
        text = text[: longest - 1] + "…"
    return text


def _without_piles(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)
