"""JSON as strangers send it: parsed in linear time, with bounded depth and size, and read without ever raising."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

MAX_JSON_DEPTH = 64
"""Levels of nesting; TikTok's deepest page has about a dozen."""
MAX_JSON_VALUES = 1_000_000
"""Values in one text: each costs far more memory than its bytes. The gift list of 2.6 MB has about a tenth."""
MAX_JSON_DIGITS = 32
"""Characters of one number; a longer one reads as `None`. 64-bit ids have 20."""

_STRING = re.compile(r'"[^"]*(?:"|\Z)')
_LONG_NUMBER = re.compile(rf"[0-9]{{{MAX_JSON_DIGITS + 1}}}")
_ONLY_BRACKETS = {code: None for code in range(128) if chr(code) not in "[]{}"}
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


class BadJson:
    """Why a body is no JSON that we take."""

    def __init__(self, why: str) -> None:
        self.why = why

    def __repr__(self) -> str:
        return f"BadJson({self.why!r})"


def parse_json(source: bytes | str, *, trailing: bool = False) -> Any | BadJson:
    """Parse JSON; `BadJson` instead of an exception, whatever the bytes are.

    Lenient: a byte order mark, broken UTF-8 (replacement characters), control characters in strings, the last of
    repeated keys, `NaN` and infinities (`None`), numbers of absurd length (`None`). Time is linear in the size: the
    nesting and the number of values are checked before anything is built.

    Args:
        source: The body.
        trailing: Whether something else may follow the JSON value.
    """
    text = decode_text(source) if isinstance(source, bytes) else source
    text = text.strip(" \t\r\n\0")
    if not text:
        return BadJson("empty")
    skeleton = _STRING.sub("", text.replace("\\\\", "").replace('\\"', ""))
    objection = _objection(skeleton)
    if objection:
        return BadJson(objection)
    decoder = _CAREFUL if _LONG_NUMBER.search(skeleton) else _QUICK
    if _SURROGATE.search(text):
        text = _ESCAPE.sub(_without_lone_surrogate, text)
    try:
        value, end = decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return BadJson("not JSON")
    if end != len(text) and not trailing:
        return BadJson("something after the JSON value")
    return value


def _objection(skeleton: str) -> str:
    """Return what is wrong with the shape of a text without its strings; empty when nothing is."""
    if sum(map(skeleton.count, ",[{")) > MAX_JSON_VALUES:
        return f"more than {MAX_JSON_VALUES} values"
    if skeleton.count("[") != skeleton.count("]") or skeleton.count("{") != skeleton.count("}"):
        return "brackets that do not match"
    brackets = skeleton.translate(_ONLY_BRACKETS)
    for _ in range(MAX_JSON_DEPTH):
        if not brackets:
            break
        # Each round takes away the innermost level.
        brackets = brackets.replace("[]", "").replace("{}", "")
    return f"nesting deeper than {MAX_JSON_DEPTH}, or brackets that do not match" if brackets else ""


def decode_text(body: bytes) -> str:
    """Return bytes as text: by their byte order mark, else as UTF-8; what is broken becomes replacement characters."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    return body.decode("utf-8", "replace")


def _without_lone_surrogate(match: re.Match[str]) -> str:
    return "\\ufffd" if match.group(1) else match.group()


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= MAX_JSON_DIGITS else None


def _float(digits: str) -> float | None:
    if len(digits) > MAX_JSON_DIGITS:
        return None
    value = float(digits)
    return value if math.isfinite(value) else None


def _constant(name: str) -> None:
    return None


_QUICK = json.JSONDecoder(parse_float=_float, parse_constant=_constant, strict=False)
_CAREFUL = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=False)


# --- reading ----------------------------------------------------------------------------------------------------------


def dig(value: Any, *path: str | int) -> Any:
    """Return what lies at the path, or `None` where it breaks off."""
    for step in path:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, (list, tuple)) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def as_text(value: Any) -> str:
    """Return text as it is, a number in digits, anything else as the empty text."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def as_int(value: Any) -> int | None:
    """Return a whole number below 2**64 in size, given as such, as digits or as a float; else `None`."""
    if isinstance(value, str):
        value = value.strip()
        if not re.fullmatch(r"-?[0-9]{1,20}", value) or not value.isascii():
            return None
        value = int(value)
    elif isinstance(value, bool):
        return None
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and -(2**64) < value < 2**64 else None


def as_id(value: Any) -> int | None:
    """Return a positive id, or `None`: TikTok writes "none" as 0, as "0" and as empty text."""
    number = as_int(value)
    return number if number is not None and number > 0 else None


def as_count(value: Any) -> int:
    """Return a number that is not negative; what is none counts 0."""
    return max(as_int(value) or 0, 0)


def as_bool(value: Any) -> bool:
    """Return whether a value says yes: `true`, a number that is not 0, or such words."""
    if isinstance(value, str):
        return value.strip().lower() in ("1", "true", "yes")
    return isinstance(value, (bool, int, float)) and bool(value)


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, anything else as an empty one."""
    return value if isinstance(value, list) else []


def as_dict(value: Any) -> dict[str, Any]:
    """Return an object as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def as_urls(value: Any) -> tuple[str, ...]:
    """Return the web addresses of an image object (`url_list`), of a list, or of one text."""
    entries = (
        [value] if isinstance(value, str) else as_list(dig(value, "url_list") if isinstance(value, dict) else value)
    )
    return tuple(entry for entry in entries if isinstance(entry, str) and entry.startswith(("https://", "http://")))
