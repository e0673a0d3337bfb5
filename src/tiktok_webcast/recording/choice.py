"""Which of a room's streams is recorded, and what is there to choose from?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from ..errors import ConfigurationError
from ..room_info import FORMATS, QUALITIES, RoomInfo, Stream

_SAFE_URL = re.compile(r"https?://[A-Za-z0-9\[][!-~]{0,8190}")


def is_safe_url(url: str) -> bool:
    """Return whether an address may stand on ffmpeg's command line: http or https, printable ASCII, no spaces."""
    return _SAFE_URL.fullmatch(url) is not None


def usable_streams(streams: Iterable[Stream]) -> tuple[Stream, ...]:
    """Return the streams whose quality, format and address are of the known kinds, best first."""
    known = [
        stream
        for stream in streams
        if stream.quality in QUALITIES and stream.format in FORMATS and is_safe_url(stream.url)
    ]
    return tuple(sorted(known, key=lambda stream: (QUALITIES.index(stream.quality), FORMATS.index(stream.format))))


def choose_stream(info: RoomInfo, quality: str = "origin", source: str = "flv") -> Stream | None:
    """Return the stream to record: the one wanted, else the nearest that there is (`RoomInfo.stream`).

    Raises:
        ConfigurationError: There is no such quality or source at all.
    """
    check_choice(quality, source)
    return replace(info, streams=usable_streams(info.streams)).stream(quality, source)


def check_choice(quality: str, source: str) -> None:
    """Refuse names that no room has.

    Raises:
        ConfigurationError: There is no such quality or source.
    """
    if quality not in QUALITIES:
        raise ConfigurationError(f"There is no quality {quality!r}: {', '.join(QUALITIES)}")
    if source not in FORMATS:
        raise ConfigurationError(f"There is no source {source!r}: {', '.join(FORMATS)}")


def list_streams(info: RoomInfo) -> str:
    """Return in words what a room has: `origin (flv, hls), hd (flv)`."""
    found: dict[str, list[str]] = {}
    for stream in usable_streams(info.streams):
        found.setdefault(stream.quality, []).append(stream.format)
    return ", ".join(f"{quality} ({', '.join(formats)})" for quality, formats in found.items()) or "no stream"
