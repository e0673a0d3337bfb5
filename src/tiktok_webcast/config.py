"""Every choice a session is made with: frozen values, checked when made, never read from the environment."""

from __future__ import annotations

from dataclasses import dataclass, fields

from .checks import check_kind, check_number, check_origin


@dataclass(frozen=True)
class Endpoints:
    """Where TikTok and the sign server are: origins such as `https://www.tiktok.com`, without a path.

    Point them at a simulator to test, or at a mirror of your own.
    """

    web: str = "https://www.tiktok.com"
    """Live pages, room lookup, profiles."""
    webcast: str = "https://webcast.tiktok.com"
    """The webcast API; paths keep their `/webcast/...` prefix."""
    sign: str = "https://api.eulerstream.com"
    """The sign server (a third party, protocol/http.md section 8)."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            check_kind(f"Endpoints.{item.name}", value, str, "an origin such as 'https://www.tiktok.com'")
            check_origin(f"Endpoints.{item.name}", value, "https://www.tiktok.com")
            object.__setattr__(self, item.name, value.rstrip("/"))


@dataclass(frozen=True)
class Limits:
    """The most that the other side can make us hold. Every buffer has its limit here."""

    message: int = 4 * 1024 * 1024
    """Bytes of one WebSocket message. Longer closes the socket (`CloseReason.LIMIT`)."""
    unpacked: int = 4 * 1024 * 1024
    """Bytes of one frame's payload after gunzip; real frames stay under 100 KB. Longer: `UndecodableEvent`."""
    messages_per_frame: int = 4096
    """Entries of one fetch result. The rest of a longer one are dropped, counted and announced."""
    response_body: int = 16 * 1024 * 1024
    """Bytes of an HTTP body, on the wire and unpacked; the gift list is about 2.6 MB."""
    response_headers: int = 64 * 1024
    """Bytes of the headers of an HTTP answer or a WebSocket handshake."""
    redirects: int = 5
    """Redirects to follow for one request."""
    event_queue_high: int = 1024
    """Events waiting at which `Session.paused` becomes true."""
    event_queue_low: int = 256
    """Events waiting at which `Session.paused` becomes false again."""
    event_queue: int = 8192
    """Events waiting at the most; only a frame that arrives while paused can pass `event_queue_high`."""
    heavy_message: int = 64 * 1024
    """Bytes of a message's payload past which it is heavy; real ones stay under 47 KB (seen in captures). The events of
    heavy messages count for `event_queue_bytes`, and nothing of them is remembered: a gift's streak ends at once."""
    message_parts: int = 20_000
    """Messages and entries of lists within one heavy message, at all depths; real ones have under 2,000. With more, it
    is an `UndecodableEvent`: each would cost its reader a hundred times the bytes that it takes on the wire."""
    event_queue_bytes: int = 16 * 1024 * 1024
    """Bytes of heavy messages whose events wait, at which `Session.paused` becomes true, or past which `drop-oldest`
    drops; a quarter of it lets `paused` become false again. Parsed, a byte can take 20."""
    seen_messages: int = 20_000
    """Message ids remembered to recognise repeats."""
    streaks: int = 10_000
    """Gift streaks open at the same time; the oldest is settled when one more opens."""
    like_users: int = 50_000
    """Users whose likes are added up; the one who liked longest ago is forgotten."""
    gifts: int = 10_000
    """Gift descriptions remembered for messages that leave theirs out."""

    def __post_init__(self) -> None:
        for item in fields(self):
            check_number(f"Limits.{item.name}", getattr(self, item.name), whole=True)
            if getattr(self, item.name) < 1:
                raise ValueError(f"Limits.{item.name} must be at least 1, not {getattr(self, item.name)}")
        if not self.event_queue_low <= self.event_queue_high <= self.event_queue:
            raise ValueError("Limits: event_queue_low <= event_queue_high <= event_queue must hold")


@dataclass(frozen=True)
class Timing:
    """How long things may take, in seconds."""

    heartbeat: float = 10.0
    """Between heartbeats, unless the server names another interval (protocol/push.md section 3)."""
    stale: float = 60.0
    """Without a frame for this long, the socket is given up (protocol/push.md section 7)."""
    quiet: float = 300.0
    """Without a message for this long the socket is given up too, though its heartbeats are answered: the room may have
    ended, or the server may have stopped sending. Noticed at a heartbeat; never sooner than `stale`."""
    request: float = 15.0
    """For one HTTP request, answer included. The session gives it up by its own clock."""
    open: float = 20.0
    """For the socket, from the first byte to the finished handshake."""
    streak_idle: float = 15.0
    """Without a step for this long, a gift streak is settled; real ends come 3 to 4 s after the last step."""

    def __post_init__(self) -> None:
        for item in fields(self):
            check_number(f"Timing.{item.name}", getattr(self, item.name))
            if not getattr(self, item.name) > 0:
                raise ValueError(f"Timing.{item.name} must be positive seconds, not {getattr(self, item.name)}")
