"""The socket's handshake: what a refusal means and what cures it; what an open one asks for.

Facts: protocol/http.md section 10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from .close import Closed, CloseReason
from .http import Headers, find_header
from .waiting import wait_asked

FRESH_IDENTITY_DELAY = 2.0
"""Seconds before the next try with a new guest identity (protocol/http.md section 10)."""
PING_INTERVAL = (1.0, 60.0)
"""The shortest and the longest heartbeat interval that a server may ask for, in seconds."""


@dataclass(frozen=True)
class Refusal:
    """Why TikTok did not open the socket, and what to do about it."""

    reason: CloseReason
    detail: str
    retry: bool = True
    """Whether another try, signed anew, can help."""
    fresh_identity: bool = False
    """Whether the next try needs a new guest identity (`WebContext.fresh_identity`)."""
    retry_after: float | None = None
    """Seconds to wait before it, where that is known."""
    status: int = 0
    """The HTTP status of the handshake."""

    def closed(self) -> Closed:
        """Return the end of a session that does not try again."""
        return Closed(self.reason, self.detail, (), self.retry_after, (("status", str(self.status)),))


def refusal(status: int, headers: Headers) -> Refusal:
    """Return what a handshake answered with `status` instead of 101 means."""
    message = _visible(find_header(headers, "handshake-msg") or "")
    code = _visible(find_header(headers, "handshake-status") or "")
    said = f"HTTP {status}" + (" in place of 101" if status == 200 else "")
    if message:
        said += f", Handshake-Msg: {message}"
    if code:
        said += f", Handshake-Status: {code}"
    wait = wait_asked(status, headers)
    return replace(_meaning(status, message.lower().replace("_", " "), said, wait), status=status)


def _meaning(status: int, words: str, said: str, wait: float | None) -> Refusal:
    reason = CloseReason.HANDSHAKE_REFUSED
    if status == 415 or "device blocked" in words:
        wait = FRESH_IDENTITY_DELAY if wait is None else wait
        return Refusal(CloseReason.DEVICE_BLOCKED, said, fresh_identity=True, retry_after=wait)
    if "illegal secret key" in words:
        cause = "the address was signed for a session id, and the socket did not carry that session's cookie"
        return Refusal(reason, f"{said}: {cause}", retry=False)
    if "illegal app" in words:
        return Refusal(reason, f"{said}: the parameter `aid` does not fit the signature", retry=False)
    if status in (401, 403, 429):
        return Refusal(CloseReason.BLOCKED, said, fresh_identity=status != 429, retry_after=wait)
    if status == 200:
        said += ": TikTok took this for a robot, or the signature for a bad one"
        return Refusal(reason, said, fresh_identity=True, retry_after=wait)
    if status >= 500:
        # No refusal but an outage: as long as any other (protocol/http.md section 10, "others").
        return Refusal(CloseReason.NETWORK, f"{said}: the server has trouble", retry_after=wait)
    if status == 400:
        said += ": TikTok rejected the address"
    elif status in (404, 410):
        said += ": there is no socket at this address"
    return Refusal(reason, said, retry_after=wait)


def ping_interval(headers: Headers) -> float | None:
    """Return the heartbeat interval in seconds that `Handshake-Options` asks for, or `None`.

    It is held within `PING_INTERVAL`: neither a flood nor silence can be asked for.
    """
    options = (find_header(headers, "handshake-options") or "")[:1024]
    for pair in re.split(r"[;,]", options):
        name, _, value = pair.partition("=")
        value = value.strip().strip('"')
        if name.strip().lower() == "ping-interval" and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
            seconds = float(value)
            if seconds > 0:
                return min(max(seconds, PING_INTERVAL[0]), PING_INTERVAL[1])
    return None


def _visible(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text[:200])
    return " ".join(shown.split())
