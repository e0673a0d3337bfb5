"""JSON with other names in it: the same keys and structure, every escape where it was, the same length."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from .pseudonyms import Pseudonyms

_JSON = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?', re.DOTALL)
_CHARACTER = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|.", re.DOTALL)
_ID = re.compile(r"id$|ids$|Id$|Ids$|^id_|_id_str$|uid|user_?count$", re.IGNORECASE)
_NO_ID = re.compile(r"gift_?id|count$|group_id|^aid$|^app_?id$|code$|status$|time", re.IGNORECASE)
_KEPT = re.compile(
    r"^(?:status|code|type|lang|language|region|method|key|default_pattern|.*_color|resolution|vcodec|sdk_key|name_key"
    r"|quality|level)$",
    re.IGNORECASE,
)
_PROSE = re.compile(r"^(?:error|message|status_?msg|prompts|reason)$", re.IGNORECASE)
_NAMED = re.compile(
    r'"(?:unique_?id|display_?id|nick_?name|user_?name|short_?id|author|sec_?uid)"\s*:\s*"([^"\\]{1,100})"',
    re.IGNORECASE,
)
"""Where somebody's name stands: TikTok's pages use it as a key, too."""
BLANK = "\ufeff \t\r\n\0"
"""What may stand around JSON that a session reads."""
_LENIENT = json.JSONDecoder(strict=False, parse_int=str)
"""As lenient as `tiktok_webcast.webjson`, as the session must read the same after this; of any number of digits."""


def text_or_json(text: str, names: Pseudonyms) -> str:
    """Return text with other names; if it is JSON, with the same keys, and written as it was."""
    if not is_json(text):
        return names.text(text)
    learn_names(text, names)
    return "".join(_pieces(text, names))


def learn_names(text: str, names: Pseudonyms) -> None:
    """Remember the names that stand in JSON, or in a page with JSON in it."""
    for name in _NAMED.findall(text):
        names.learn(name)


def is_json(text: str) -> bool:
    """Whether a text is a JSON object or list, for the session that reads it."""
    text = text.strip(BLANK)
    if text[:1] not in ("{", "["):
        return False
    try:
        _LENIENT.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _pieces(text: str, names: Pseudonyms) -> Iterator[str]:
    key, at = "", 0
    for found in _JSON.finditer(text):
        yield text[at : found.start()]
        at = found.end()
        token = found.group()
        if not token.startswith('"'):
            yield _number(token, key, names)
        elif found.group(1) is not None:
            colon = found.group(1)
            key = token[1 : -len(colon) - 1]
            yield f'"{names.label(key)}"{colon}'
        elif _KEPT.match(key):
            yield f'"{names.label(token[1:-1])}"'
        elif _PROSE.match(key):
            yield f'"{_string(token[1:-1], names, prose=True)}"'
        else:
            yield f'"{_string(token[1:-1], names)}"'
    yield text[at:]


def _number(token: str, key: str, names: Pseudonyms) -> str:
    if not token.isdigit() or _NO_ID.search(key):
        return token
    value = int(token[:25])
    if str(value) != token or value >= 2**63:
        new = names.text(token)
        # JSON has no numbers that begin with 0: nobody could read the rest.
        return new if new[0] != "0" else token[0] + new[1:]
    return str(names.number(value) if _ID.search(key) and value >= 1000 else names.guessed_number(value))


def _string(raw: str, names: Pseudonyms, *, prose: bool = False) -> str:
    """The text inside of quotes: escapes stay escapes."""
    pieces = _CHARACTER.findall(raw)
    text = "".join(map(_unescaped, pieces))
    new = names.prose(text) if prose and not is_json(text) else text_or_json(text, names)
    return "".join(_escaped(piece, character) for piece, character in zip(pieces, new, strict=True))


def _unescaped(piece: str) -> str:
    if piece.startswith("\\u"):
        units = [int(unit, 16) for unit in piece.split("\\u")[1:]]
        if len(units) == 2:
            return chr(0x10000 + ((units[0] & 0x3FF) << 10 | units[1] & 0x3FF))
        return chr(units[0])
    return piece[1] if len(piece) == 2 and piece[1] in '"\\/' else " " if len(piece) == 2 else piece


def _escaped(piece: str, character: str) -> str:
    if not piece.startswith("\\u"):
        return piece if len(piece) > 1 else character
    code = ord(character)
    units = [code] if code < 0x10000 else [0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code & 0x3FF)]
    form = "\\u{:04X}" if piece.upper()[2:] == piece[2:] else "\\u{:04x}"
    return "".join(form.format(unit) for unit in units)
