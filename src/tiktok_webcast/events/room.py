"""How the room is: who watches, and whether the stream runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..message import Message
from ..view import View, direct, text
from .base import Event
from .user import User
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.member import Contributor, WebcastRoomUserSeqMessage
    from ..schema.room import WebcastControlMessage

_PAUSED, _RESUMED, _ENDED, _SUSPENDED = 1, 2, 3, 4


class TopViewer(View):
    """One of the viewers who gave most."""

    wire_type: ClassVar[str] = "Contributor"
    wire: ClassVar[WireView[Contributor]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("rank", "coins_given", "user")
    rank: int
    """From 1; 0 if not sent."""
    coins_given: int
    """Coins given in this room; 0 for some of the captured ones."""
    user: User
    """Who it is; most of them come with an id only."""

    def _read_coins_given(self) -> int:
        score: int = self._wire.score
        return score

    def _read_user(self) -> User:
        return User.from_wire(self._wire.user)


class ViewerUpdateEvent(Event):
    """The number of viewers, every few seconds, with those who gave most."""

    name: ClassVar[str] = "viewer_update"
    wire_type: ClassVar[str] = "WebcastRoomUserSeqMessage"
    wire: ClassVar[WireView[WebcastRoomUserSeqMessage]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("viewer_count", "top_viewers", "total_viewers", "anonymous_count")
    viewer_count: int = direct("total")
    """Viewers right now; 0 if there are none (the wire leaves out a 0)."""
    top_viewers: tuple[TopViewer, ...]
    """Who gave most, first things first; captures have up to 16."""
    total_viewers: int
    """Viewers since the room opened; 0 if not sent."""
    anonymous_count: int
    """Viewers right now who are not logged in; 0 if not sent."""

    def _read_top_viewers(self) -> tuple[TopViewer, ...]:
        return tuple([TopViewer.from_wire(entry) for entry in self._wire.ranks])

    def _read_total_viewers(self) -> int:
        count: int = self._wire.total_user
        return count

    def _read_anonymous_count(self) -> int:
        count: int = self._wire.anonymous
        return count


class _ControlMessage(Event):
    """What the events of a control message share."""

    wire_type: ClassVar[str] = "WebcastControlMessage"
    wire: ClassVar[WireView[WebcastControlMessage]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("action", "tips")
    action: int
    tips: str

    @classmethod
    def variant(cls, wire: Any, message: Message) -> type[Event]:
        """Return the event for the action's number (protocol/push.md section 8)."""
        return _BY_ACTION.get(wire.action, ControlEvent)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all events that this method may become."""
        return (LivePauseEvent.name, LiveResumeEvent.name, LiveEndEvent.name, ControlEvent.name)

    def _read_tips(self) -> str:
        return text(self._wire.tips)

    def _json_tips(self) -> str | None:
        return self.tips or None


class LivePauseEvent(_ControlMessage):
    """The host pauses the stream; the room stays open."""

    name: ClassVar[str] = "live_pause"
    action: int
    """1."""
    tips: str
    """The server's words about it; `""` if not sent."""


class LiveResumeEvent(_ControlMessage):
    """The stream goes on after a pause."""

    name: ClassVar[str] = "live_resume"
    action: int
    """2."""
    tips: str
    """The server's words about it; `""` if not sent."""


class LiveEndEvent(_ControlMessage):
    """The room is over: the host ended it, or the platform did."""

    name: ClassVar[str] = "live_end"
    json_fields: ClassVar[tuple[str, ...]] = ("action", "tips", "is_suspended")
    action: int
    """3 ended by the host, 4 suspended by the platform."""
    tips: str
    """The server's words about it; `""` if not sent."""

    @property
    def is_suspended(self) -> bool:
        """Whether the platform ended it rather than the host."""
        return self.action == _SUSPENDED


class ControlEvent(_ControlMessage):
    """The server controls the room in another way than a pause, a resumption or the end."""

    name: ClassVar[str] = "control"
    action: int
    """What it does, a number that no source explains."""
    tips: str
    """The server's words about it; `""` if not sent."""


_BY_ACTION: dict[int, type[Event]] = {
    _PAUSED: LivePauseEvent,
    _RESUMED: LiveResumeEvent,
    _ENDED: LiveEndEvent,
    _SUSPENDED: LiveEndEvent,
}
