"""Events of the connection itself, and those for messages that no schema can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..close import CloseReason
from .base import Event

if TYPE_CHECKING:
    from ..wire import WireView


class ConnectEvent(Event):
    """The room is entered and its events follow. Fires again after every reconnect."""

    name: ClassVar[str] = "connect"
    unique_id: str | None
    """The host's handle, without `@`; `None` when only a room id was given."""
    attempt: int
    """1 for the first connection, then one more for each reconnect that succeeded."""

    def _read_unique_id(self) -> None:
        return None

    def _read_attempt(self) -> int:
        return 1


class ReconnectingEvent(Event):
    """The connection failed and is tried again."""

    name: ClassVar[str] = "reconnecting"
    reason: CloseReason
    """Why it failed."""
    attempt: int
    """Which try in a row follows, from 1."""
    delay: float
    """Seconds until then."""
    detail: str
    """The reason in words."""

    def _read_reason(self) -> CloseReason:
        return CloseReason.NETWORK

    def _read_attempt(self) -> int:
        return 1

    def _read_delay(self) -> float:
        return 0.0

    def _read_detail(self) -> str:
        return ""


class DisconnectEvent(Event):
    """A connection that was open is gone."""

    name: ClassVar[str] = "disconnect"
    reason: CloseReason
    """Why."""
    will_reconnect: bool
    """Whether a reconnect is tried."""
    detail: str
    """The reason in words."""

    def _read_reason(self) -> CloseReason:
        return CloseReason.CLOSED

    def _read_will_reconnect(self) -> bool:
        return False

    def _read_detail(self) -> str:
        return ""


class ClosedEvent(Event):
    """The session is over; always the last event, and single."""

    name: ClassVar[str] = "closed"
    reason: CloseReason
    """Why."""
    detail: str
    """The reason in words, and what to do about it."""
    causes: tuple[str, ...]
    """What led to it, oldest first."""
    retry_after: float | None
    """Seconds to wait before another try, where the other side said so."""

    def _read_reason(self) -> CloseReason:
        return CloseReason.CLOSED

    def _read_detail(self) -> str:
        return ""

    def _read_causes(self) -> tuple[str, ...]:
        return ()

    def _read_retry_after(self) -> None:
        return None


class OverflowEvent(Event):
    """Messages were dropped because a limit was reached; nothing is lost without saying so."""

    name: ClassVar[str] = "overflow"
    dropped: int
    """How many since the last such event."""
    limit: str
    """The name of the limit in `Limits`."""

    def _read_dropped(self) -> int:
        return 0

    def _read_limit(self) -> str:
        return ""


class _BytesEvent(Event):
    """What the events of unread bytes share."""

    @property
    def wire(self) -> WireView:
        """The bytes without a schema: field numbers, wire types, and guesses at what they mean. Made anew each time.

        `for line in event.wire.lines(): print(line)` shows what `tiktok-webcast inspect` does.
        """
        # Imported here: few programs look into what nobody knows.
        from ..wire import read_wire

        return read_wire(self.raw)

    def __repr__(self) -> str:
        error = getattr(self, "error", "")
        why = f", error={error!r}" if error else ""
        return f"{type(self).__name__}(room_id={self.room_id}, method={self.method!r}, {len(self.raw)} bytes{why})"


class UnknownEvent(_BytesEvent):
    """A message of a method that no schema knows, bytes kept."""

    name: ClassVar[str] = "unknown"
    json_fields: ClassVar[tuple[str, ...]] = ("method", "base64")
    __match_args__ = ("method", "raw")

    @property
    def type(self) -> str | None:
        """The wire's name of the message, as the 2023 TikTokLive called it."""
        return self.method


class UndecodableEvent(_BytesEvent):
    """Bytes that their schema cannot read: a broken payload, or a whole frame (then `method` is `None`).

    Messages in messages may be 100 deep, which is protobuf's limit; real ones stay under 12.
    """

    name: ClassVar[str] = "undecodable"
    json_fields: ClassVar[tuple[str, ...]] = ("method", "base64", "error")
    error: str
    """What is wrong."""

    def _read_error(self) -> str:
        return ""
