"""The frames in a browser's HAR file: a room captured with developer tools, with no signing at all.

Open the developer tools before the live page, then "Save all as HAR". Chrome and Edge write a socket's messages as
`_webSocketMessages`. Firefox's own export leaves them out; its words for a message (`payload`, `opCode`, `timeStamp`,
one character a byte), in which an extension or a script may write them under the same key, are understood too.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..config import Limits
from ..context import is_tiktok_host
from ..cookies import is_loopback

MAX_HAR = 512 * 1024 * 1024
"""Bytes of a HAR file that are read; reading takes several times as much memory."""
_HINT = "open the developer tools before the live page, in Chrome or Edge (Firefox saves no messages)"
_PATH = "/webcast/im/"
_BINARY = 2
_LISTS = ("_webSocketMessages", "_websocketMessages", "webSocketMessages")
_RECEIVED = ("receive", "received", "incoming")


@dataclass(frozen=True)
class HarFrame:
    """One binary message that the server sent."""

    data: bytes = field(repr=False)
    time: float
    """Seconds since 1970 when it came; 0 where the file does not say."""


@dataclass(frozen=True)
class HarSocket:
    """One socket of a room."""

    url: str = field(repr=False)
    room_id: int
    """The room that the address names; 0 for none."""
    frames: tuple[HarFrame, ...]


@dataclass(frozen=True)
class HarFile:
    """What a HAR file holds of rooms."""

    sockets: tuple[HarSocket, ...] = ()
    """In the order in which they were opened."""
    skipped: int = 0
    """Entries and messages that should hold a room's bytes and cannot be read."""
    problem: str = ""
    """Why there is nothing, in words; empty when there is."""

    def rooms(self) -> Iterator[tuple[int, tuple[bytes, ...]]]:
        """Yield each room with its frames in the order in which they came, those of all its sockets together."""
        rooms: dict[int, list[HarFrame]] = {}
        for socket in self.sockets:
            rooms.setdefault(socket.room_id, []).extend(socket.frames)
        for room_id, frames in rooms.items():
            # A stable order: what has no time stays where it is written.
            if all(frame.time for frame in frames):
                frames.sort(key=lambda frame: frame.time)
            yield room_id, tuple(frame.data for frame in frames)


def read_har(data: bytes, *, longest: int = Limits().message) -> HarFile:
    """Read a HAR file. Never raises: see `problem` and `skipped`.

    Args:
        data: The file.
        longest: Bytes of a message; longer ones are skipped and counted.
    """
    if len(data) > MAX_HAR:
        return HarFile(problem=f"a HAR file of {len(data)} bytes, more than the limit of {MAX_HAR}")
    try:
        entries = json.loads(data.removeprefix(b"\xef\xbb\xbf"))["log"]["entries"]
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        return HarFile(problem="not a HAR file")
    if not isinstance(entries, list):
        return HarFile(problem="not a HAR file")
    sockets: list[HarSocket] = []
    skipped = 0
    for entry in entries:
        found = _socket(entry, longest)
        if found is not None:
            skipped += found[1]
            sockets.append(found[0])
    if not any(socket.frames for socket in sockets):
        why = "its sockets hold no messages" if sockets else "no socket of a TikTok room is in it"
        return HarFile(tuple(sockets), skipped, f"{why}: {_HINT}")
    return HarFile(tuple(sockets), skipped)


def _socket(entry: Any, longest: int) -> tuple[HarSocket, int] | None:
    request = entry.get("request") if isinstance(entry, dict) else None
    url = request.get("url") if isinstance(request, dict) else None
    if not isinstance(url, str) or not _is_room_socket(url):
        return None
    messages = next((entry[name] for name in _LISTS if isinstance(entry.get(name), list)), None)
    if messages is None:
        return HarSocket(url, _room_id(url), ()), 1
    frames: list[HarFrame] = []
    skipped = 0
    for message in messages:
        found = _frame(message, longest)
        if isinstance(found, HarFrame):
            frames.append(found)
        else:
            skipped += found
    return HarSocket(url, _room_id(url), tuple(frames)), skipped


def _frame(message: Any, longest: int) -> HarFrame | int:
    """The message as a frame, or whether it counts as skipped: what we sent ourselves and text do not."""
    if not isinstance(message, dict):
        return 1
    if message.get("type", message.get("direction")) not in _RECEIVED:
        return 0
    if _first(message, "opcode", "opCode") != _BINARY:
        return 0
    text, time = _first(message, "data", "payload"), _first(message, "time", "timeStamp", "timestamp")
    data = _bytes(text, longest)
    if data is None:
        return 1
    return HarFrame(data, _seconds(time))


def _first(message: Mapping[str, Any], *names: str) -> Any:
    return next((message[name] for name in names if name in message), None)


def _bytes(text: Any, longest: int) -> bytes | None:
    """Base64, or one character a byte."""
    if not isinstance(text, str) or not text or len(text) > 2 * longest:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        try:
            data = text.encode("latin-1")
        except UnicodeEncodeError:
            return None
    return data if len(data) <= longest else None


def _seconds(time: Any) -> float:
    """Chrome counts in seconds, Firefox in microseconds."""
    if isinstance(time, bool) or not isinstance(time, (int, float)) or not 0 < time < 1e18:
        return 0.0
    return time / 1e6 if time > 1e14 else time / 1e3 if time > 1e11 else float(time)


def _is_room_socket(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    ours = is_tiktok_host(host) or is_loopback(host)
    return parts.scheme in ("ws", "wss", "http", "https") and ours and _PATH in parts.path


def _room_id(url: str) -> int:
    try:
        values = parse_qs(urlsplit(url).query, max_num_fields=1000).get("room_id", ["0"])
    except ValueError:
        return 0
    text = values[-1]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 20 and int(text) < 2**64 else 0
