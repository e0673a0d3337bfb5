"""What a reader takes for one character: a letter with its marks, an emoji with its skin tone, a flag, a family."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"


def character_starts(written: str) -> list[int]:
    """Return where the characters of a text start, as a reader counts them, and at last where the text ends.

    Apart from rare scripts these are the extended grapheme clusters of Unicode (UAX #29).
    """
    starts: list[int] = []
    before, flag_letters = "", 0
    for at, point in enumerate(written):
        is_flag_letter = "\U0001f1e6" <= point <= "\U0001f1ff"
        goes_on = flag_letters % 2 == 1 if is_flag_letter else _goes_on(point, before)
        if not at or not goes_on:
            starts.append(at)
        flag_letters = flag_letters + 1 if is_flag_letter else 0
        before = point
    return [*starts, len(written)]


def unit_starts(written: str) -> list[int]:
    """Return for each UTF-16 unit of a text the code point that it belongs to, and at last where the text ends."""
    return [at for at, point in enumerate(written) for _ in range(2 if point > "\uffff" else 1)] + [len(written)]


def _goes_on(point: str, before: str) -> bool:
    """Whether a code point belongs to the character that the one before it belongs to."""
    if point.isascii():
        return point == "\n" and before == "\r"
    if before == "\n":
        return False
    if point in _JOINERS or "\U0001f3fb" <= point <= "\U0001f3ff" or "\U000e0020" <= point <= "\U000e007f":
        return True
    category = unicodedata.category(point)
    return category.startswith("M") or (before == _JOINERS[1] and category == "So")
