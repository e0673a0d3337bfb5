"""What is the file called? Templates whose values come from strangers, and numbered names of segments."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import ConfigurationError

FIELDS = ("unique_id", "nickname", "title", "room_id", "quality", "date", "time")
"""What a template may name in braces."""
MAX_VALUE = 80
"""Characters of one value; names of files have 255 bytes at the most."""
_MAX_NAME_BYTES = 240
_BAD = re.compile(
    '[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff/\\\\:*?"<>|%{}]+'
)
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)")
_FIELD = re.compile(r"\{([^{}]*)\}")


def safe_value(value: str) -> str:
    """Return text as a part of a file's name: no separators, no control or bidi characters, no dots at its ends.

    >>> safe_value("../../etc/passwd")
    '_.._etc_passwd'
    """
    text = _BAD.sub("_", value).strip().lstrip(".-~ ").rstrip(". ")[:MAX_VALUE]
    return text.strip(". ") or "_"


def file_name(template: str, values: Mapping[str, str]) -> str:
    """Return a path made from a template: `"{unique_id} {date} {time}.mp4"`.

    The template is the caller's, folders and all; the values are strangers', and none of them can lead out of the
    folder, start with `-`, or make a name that Windows reserves.

    Raises:
        ConfigurationError: The template names something that is not in `FIELDS`, or names no file.
    """
    for name in _FIELD.findall(template):
        if name not in FIELDS:
            raise ConfigurationError(f"There is no {{{name}}} for file names: {', '.join(FIELDS)}")
    path = _FIELD.sub(lambda match: safe_value(values.get(match[1], "")), template)
    if not path or path[-1] in "/\\" or "\0" in path or any(character in path for character in "\r\n"):
        raise ConfigurationError(f"{template!r} names no file")
    if not _FIELD.search(template):
        return path
    # The template and what it is filled with have equally many separators: values have none.
    parts, asked = re.split(r"([/\\])", path), re.split(r"([/\\])", template)
    named = [_safe_part(part) if "{" in own else part for part, own in zip(parts[:-1], asked[:-1], strict=True)]
    return "".join([*named, _safe_part(parts[-1])])


def _safe_part(name: str) -> str:
    return _shortened(f"_{name}" if name.startswith("-") or _RESERVED.match(name) else name)


def segment_name(path: str, number: int) -> str:
    """Return the name of a further segment: `a.mp4`, `a.2.mp4`, `a.3.mp4`."""
    if number <= 1:
        return path
    stem, ending = _split_ending(path)
    return f"{stem}.{number}{ending}"


def _shortened(name: str) -> str:
    stem, ending = _split_ending(name)
    while len(f"{stem}{ending}".encode("utf-8", "replace")) > _MAX_NAME_BYTES:
        stem = stem[:-1]
    return f"{stem}{ending}"


def _split_ending(name: str) -> tuple[str, str]:
    """Return a name and its ending, such as `.mp4`; what strangers write after a dot is mostly none."""
    found = re.search(r"\.[A-Za-z0-9]{1,5}$", name)
    return (name[: found.start()], found[0]) if found else (name, "")
