"""What one web answer says about a room, and the answers that say nothing because TikTok did not let us ask.

Every route's `parse` returns an `Evidence`; `room.resolve` weighs them. "Blocked" is never taken for "offline".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import urlsplit

from .close import CloseReason
from .http import FailureKind, HttpResponse, TransportFailure
from .waiting import wait_asked
from .webjson import decode_text, dig


class RoomStatus(str, Enum):
    """What is known of a user's room."""

    LIVE = "live"
    PAUSED = "paused"
    OFFLINE = "offline"
    NOT_FOUND = "not_found"
    RESTRICTED = "restricted"
    UNKNOWN = "unknown"


STATUS_NUMBERS = {2: RoomStatus.LIVE, 3: RoomStatus.PAUSED, 4: RoomStatus.OFFLINE}
"""TikTok's own numbers; 0, 1 and all others mean that it does not say (protocol/http.md section 4)."""


@dataclass(frozen=True)
class Evidence:
    """One source's answer."""

    source: str
    """Which: `live page`, `room lookup`, `room info`, `alive check`, `profile page`, ..."""
    status: RoomStatus = RoomStatus.UNKNOWN
    detail: str = ""
    """In words, for people."""
    reason: CloseReason | None = None
    """Why the source did not answer: blocked, network, ...; `None` when it did."""
    room_id: int | None = None
    """The room that it names; it may be an old one."""
    unique_id: str = ""
    user_id: int | None = None
    title: str = ""
    restriction: str = ""
    """What restricts the room: `age`, `private`, `login`, `region`."""
    retry_after: float | None = None
    no_room: bool = False
    """The page is whole and has no room in it: never live, unable to go live, or no such user."""
    http_status: int | None = None
    """The HTTP status of the answer; `None` when there was none."""
    url: str = ""
    """The address that answered, after redirects, without its query."""
    body: str = ""
    """The beginning of an answer that was of no use, for the one who has to find out why."""

    @property
    def answered(self) -> bool:
        """Whether the source says anything definite."""
        return self.status is not RoomStatus.UNKNOWN

    def __str__(self) -> str:
        said = self.status.value.replace("_", " ") if self.answered or self.reason is None else self.reason.value
        return f"{self.source}: {said}" + (f" ({self.detail})" if self.detail else "")

    def redacted(self, redact: Callable[[str], str]) -> Evidence:
        """Return this without what `redact` takes out of words that a server chose."""
        return replace(self, detail=redact(self.detail), url=redact(self.url), body=redact(self.body))

    def answered_by(self, answer: HttpResponse | TransportFailure) -> Evidence:
        """Return this with where it is from: status, address, and of a useless answer the beginning."""
        if not isinstance(answer, HttpResponse):
            return self
        address = excerpt(re.split(r"[?#]", answer.url, maxsplit=1)[0], 300)
        body = excerpt(answer.body[:1024]) if self.reason is not None else ""
        return replace(self, http_status=answer.status, url=address, body=body)


def failure_reason(failure: TransportFailure) -> CloseReason:
    """Return the reason that fits a request without an answer."""
    if failure.kind is FailureKind.TOO_LARGE:
        return CloseReason.LIMIT
    if failure.kind is FailureKind.REDIRECT:
        return CloseReason.UNEXPECTED_ANSWER
    return CloseReason.NETWORK


def unusable(source: str, answer: HttpResponse | TransportFailure, *, html: bool = False) -> Evidence | None:
    """Return evidence of an answer that cannot be about a room at all, or `None` when its body is worth reading.

    Args:
        source: The source's name.
        answer: Its answer.
        html: Whether a page is due; otherwise a page in place of JSON is a block.
    """
    if isinstance(answer, TransportFailure):
        detail = f"{answer.kind.value}: {answer.detail}" if answer.detail else answer.kind.value
        return Evidence(source, detail=detail, reason=failure_reason(answer))
    path = _path(answer.url)
    if path == "/login" or path.startswith("/login/"):
        return restricted(source, "login", "TikTok led to its login page")
    if answer.status in (403, 429):
        wait = wait_asked(answer.status, answer.headers)
        return Evidence(source, detail=f"HTTP {answer.status}", reason=CloseReason.BLOCKED, retry_after=wait)
    if answer.status == 401:
        return restricted(source, "login", "HTTP 401")
    if answer.status == 451:
        return restricted(source, "region", "HTTP 451: not shown in this country")
    if not 200 <= answer.status < 300:
        if answer.status == 404 and html:
            return Evidence(source, detail="HTTP 404", no_room=True)
        return Evidence(source, detail=f"HTTP {answer.status}", reason=CloseReason.UNEXPECTED_ANSWER)
    if not answer.body.strip(b" \t\r\n\0"):
        return Evidence(source, detail="an empty answer", reason=CloseReason.BLOCKED)
    if not html and answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return shell(source, answer.body)
    return None


def shell(source: str, body: bytes) -> Evidence:
    """Return evidence of a page without content: a captcha, or the shell that robots are given."""
    lowered = body[: 512 * 1024].lower()
    captcha = any(mark in lowered for mark in (b"tiktok-verify-page", b"captcha", b"verify.snssdk"))
    what = "a captcha page" if captcha else f"a page without content, {len(body)} bytes"
    return Evidence(source, detail=what, reason=CloseReason.BLOCKED)


def restricted(source: str, restriction: str, detail: str) -> Evidence:
    """Return evidence of a room that is not shown to everybody."""
    return Evidence(source, RoomStatus.RESTRICTED, detail, restriction=restriction)


def unexpected(source: str, detail: str) -> Evidence:
    """Return evidence of an answer that no fact explains."""
    return Evidence(source, detail=detail, reason=CloseReason.UNEXPECTED_ANSWER)


def room_numbers(room_status: int | None, user_status: int | None) -> tuple[RoomStatus, str]:
    """Weigh the two status numbers of one answer: the room's and the user's.

    The room's counts; the user's stands in for it. When one says live and the other ended, the answer contradicts
    itself and is no evidence (the sources disagree which to trust, protocol/http.md section 4).
    """
    room = STATUS_NUMBERS.get(room_status or 0)
    user = STATUS_NUMBERS.get(user_status or 0)
    said = f"status {room_status if room_status is not None else user_status}"
    if room is not None and user is not None and (room is RoomStatus.OFFLINE) != (user is RoomStatus.OFFLINE):
        return RoomStatus.UNKNOWN, f"contradicts itself: room status {room_status}, user status {user_status}"
    return room or user or RoomStatus.UNKNOWN, said


def excerpt(value: object, longest: int = 120) -> str:
    """Return a short, printable form of words that a server chose."""
    text = value if isinstance(value, str) else decode_text(value) if isinstance(value, bytes) else ""
    shown = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * longest]).split())
    return shown if len(shown) <= longest else shown[: longest - 3] + "..."


def server_message(document: object) -> str:
    """Return the message of a JSON answer, in whatever of the usual places it is."""
    for path in (("message",), ("data", "message"), ("data", "prompts"), ("statusMsg",), ("status_msg",), ("msg",)):
        found = excerpt(dig(document, *path))
        if found:
            return found
    return ""


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
