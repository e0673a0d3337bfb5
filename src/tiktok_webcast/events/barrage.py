"""Banners that float over the stream: entrances of high levels, subscriptions, super fans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..message import Message
from ..view import text
from .base import Event
from .generated import barrage as wire_named
from .text import render, user_in
from .user import User, names_somebody
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.barrage import WebcastBarrageMessage

_SUPER_FAN = "ttlive_superfan"
_SUPER_FAN_BOX = "ttlive_superfanbox"
_SUPER_FAN_JOINED = "superfanjoined"


class _Barrage(wire_named.BarrageEvent):
    """What the events of a barrage share."""

    text: str

    @classmethod
    def variant(cls, wire: Any, message: Message) -> type[Event]:
        """Return the event for the keys of the banner's texts (protocol/push.md section 11)."""
        keys = [text(written.key).lower() for written in (wire.content, wire.common_barrage_content)]
        told = [key for key in keys if _SUPER_FAN in key and _SUPER_FAN_BOX not in key]
        if not told:
            return BarrageEvent
        # The more special of the two says what it is, whichever text has it.
        return SuperFanJoinEvent if any(_SUPER_FAN_JOINED in key for key in told) else SuperFanEvent

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all events that this method may become."""
        return (BarrageEvent.name, SuperFanEvent.name, SuperFanJoinEvent.name)

    def _read_user(self) -> User | None:
        wire = self._wire
        for carrier in (wire, wire.user_grade_param, wire.fans_level_param):
            if names_somebody(carrier.user):
                return User.from_wire(carrier.user)
        named = user_in(wire.content) or user_in(wire.common_barrage_content)
        return None if named is None else User.from_wire(named)

    def _read_text(self) -> str:
        return render(self._wire.content) or render(self._wire.common_barrage_content)


class BarrageEvent(_Barrage):
    """A banner floats over the stream: a viewer of a high level enters or rises, someone subscribes, ...

    `msg_type` says which; captures have 9 (a high gifter level enters) and 11 (a high member level enters).
    """

    user: User | None
    """Whom it is about, from whichever field names somebody."""
    text: str
    """What the banner says, e.g. `joined`; `""` if nothing."""
    wire: ClassVar[WireView[WebcastBarrageMessage]] = WireView()
    """The whole message, every field under its wire name."""


class SuperFanEvent(_Barrage):
    """A viewer becomes a super fan of the host (protocol/push.md section 11; not seen in captures)."""

    name: ClassVar[str] = "super_fan"
    user: User | None
    """Who it is, from whichever field names somebody."""
    text: str
    """What the banner says; `""` if nothing."""
    wire: ClassVar[WireView[WebcastBarrageMessage]] = WireView()
    """The whole message, every field under its wire name."""


class SuperFanJoinEvent(_Barrage):
    """A super fan enters the room (protocol/push.md section 11; not seen in captures)."""

    name: ClassVar[str] = "super_fan_join"
    user: User | None
    """Who enters, from whichever field names somebody."""
    text: str
    """What the banner says; `""` if nothing."""
    wire: ClassVar[WireView[WebcastBarrageMessage]] = WireView()
    """The whole message, every field under its wire name."""
