"""Why a connection ended: one list of reasons, used by every machine, the JSON lines and the exit codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CloseReason(str, Enum):
    """Why a room was left or could not be entered."""

    ROOM_ENDED = "room_ended"
    """The host or TikTok ended the stream."""
    CLOSED = "closed"
    """You closed it."""
    OFFLINE = "offline"
    """The user exists and is not live."""
    USER_NOT_FOUND = "user_not_found"
    """No such user."""
    RESTRICTED = "restricted"
    """The room asks for a login: age, private, or followers only."""
    BLOCKED = "blocked"
    """TikTok answered with a captcha, an empty shell or HTTP 403/429."""
    HANDSHAKE_REFUSED = "handshake_refused"
    """The socket's handshake was refused."""
    DEVICE_BLOCKED = "device_blocked"
    """The guest identity (`ttwid`) was refused."""
    SIGN_FAILED = "sign_failed"
    """The sign server could not sign: an outage, an empty or unusable answer."""
    SIGN_RATE_LIMITED = "sign_rate_limited"
    """The sign server asks to wait."""
    SIGN_PREMIUM = "sign_premium"
    """The sign server asks for a paid plan or another key."""
    NETWORK = "network"
    """The network failed: DNS, connect, TLS, proxy, reset, timeout."""
    SERVER_CLOSED = "server_closed"
    """The server closed the socket without ending the room."""
    STALE = "stale"
    """Nothing arrived for `Timing.stale` seconds, or no message for `Timing.quiet`."""
    LIMIT = "limit"
    """The peer sent more than a limit in `Limits` allows."""
    UNEXPECTED_ANSWER = "unexpected_answer"
    """An answer that no fact explains: see `detail`."""


@dataclass(frozen=True)
class Closed:
    """The end of a session: the reason, in words, and what led to it (oldest first)."""

    reason: CloseReason
    detail: str = ""
    causes: tuple[str, ...] = ()
    retry_after: float | None = None
    """Seconds to wait before another try, where the other side said so."""
    facts: tuple[tuple[str, str], ...] = ()
    """Further facts by name, where known: `restriction`, `logged_in`, `limit_label`, `request_id`, `source`, `status`,
    `url`, `body`."""

    def fact(self, name: str) -> str | None:
        """Return the fact of that name, or `None`."""
        return dict(self.facts).get(name)
