"""Envelopes, also called treasure boxes: diamonds that one user leaves for others to grab."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from ..message import Message
from ..view import View, text
from .base import Event, wire_time
from .image import Image
from .text import user_in
from .user import User, decimal
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.envelope import MessageRedEnvelopInfo, WebcastEnvelopeMessage

_HIDE = 2
_SUPER_FAN_BOX = 19
_SUPER_FAN_BOX_KEY = "ttlive_superfanbox"


class Envelope(View):
    """What an envelope holds, and when it may be opened."""

    wire_type: ClassVar[str] = "MessageRedEnvelopInfo"
    wire: ClassVar[WireView[MessageRedEnvelopInfo]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("id", "business_type", "diamonds", "people", "opens_at", "created_at")
    id: str
    """The envelope's id, a text on the wire too; `""` if not sent."""
    business_type: int
    """1 a user's diamonds, 2 the platform's, 4 a portal, 19 a super fan box; 0 if not sent."""
    diamonds: int
    """What it holds, in diamonds; 0 if not sent."""
    people: int
    """How many may open it; 0 if not sent."""
    opens_at: datetime | None
    """When it may be opened (aware, UTC, whole seconds)."""
    created_at: datetime | None
    """When it was left (aware, UTC)."""

    def _read_id(self) -> str:
        return text(self._wire.envelope_id)

    def _read_diamonds(self) -> int:
        diamonds: int = self._wire.diamond_count
        return diamonds

    def _read_people(self) -> int:
        people: int = self._wire.people_count
        return people

    def _read_opens_at(self) -> datetime | None:
        return wire_time(self._wire.unpack_at)

    def _read_created_at(self) -> datetime | None:
        return wire_time(decimal(self._wire.create_at))

    def _json_id(self) -> str | None:
        return self.id or None


class _EnvelopeMessage(Event):
    """What the events of an envelope message share."""

    wire_type: ClassVar[str] = "WebcastEnvelopeMessage"
    wire: ClassVar[WireView[WebcastEnvelopeMessage]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = (
        "sender",
        "diamonds",
        "people",
        "envelope_id",
        "business_type",
        "is_new",
        "opens_at",
    )
    sender: User
    diamonds: int
    people: int
    envelope_id: str
    business_type: int
    is_new: bool
    opens_at: datetime | None
    envelope: Envelope

    @classmethod
    def variant(cls, wire: Any, message: Message) -> type[Event]:
        """Return the event for the envelope's kind and the text's key (protocol/push.md sections 11 and 12)."""
        if wire.display == _HIDE:
            return EnvelopeEvent
        if wire.envelope_info.business_type == _SUPER_FAN_BOX:
            return SuperFanBoxEvent
        key = text(wire.common.display_text.key).lower()
        return SuperFanBoxEvent if _SUPER_FAN_BOX_KEY in key else EnvelopeEvent

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all events that this method may become."""
        return (EnvelopeEvent.name, SuperFanBoxEvent.name)

    @property
    def treasure_box_user(self) -> User:
        """Who left it, by its 2023 name: the same as `sender`."""
        return self.sender

    @property
    def treasure_box_data(self) -> Envelope:
        """What it holds, by its 2023 name: the same as `envelope`."""
        return self.envelope

    def _read_sender(self) -> User:
        info = self._wire.envelope_info
        user_id = decimal(info.send_user_id)
        named = user_in(self._wire.common.display_text)
        if named is not None and (not user_id or named.id == user_id):
            return User.from_wire(named)
        avatar = Image.from_wire(info.send_user_avatar) if info.HasField("send_user_avatar") else None
        return User(id=user_id, nickname=text(info.send_user_name), avatar=avatar)

    def _read_envelope(self) -> Envelope:
        envelope: Envelope = Envelope.from_wire(self._wire.envelope_info)
        return envelope

    def _read_envelope_id(self) -> str:
        return self.envelope.id

    def _read_business_type(self) -> int:
        return self.envelope.business_type

    def _read_diamonds(self) -> int:
        return self.envelope.diamonds

    def _read_people(self) -> int:
        return self.envelope.people

    def _read_opens_at(self) -> datetime | None:
        return self.envelope.opens_at

    def _read_is_new(self) -> bool:
        return bool(self._wire.display != _HIDE)

    def _json_sender(self) -> dict[str, Any]:
        name = text(self._wire.envelope_info.send_user_name) or self.sender.nickname
        return {"id": str(self.sender.id) if self.sender.id else None, "name": name or None}

    def _json_envelope_id(self) -> str | None:
        return self.envelope_id or None


class EnvelopeEvent(_EnvelopeMessage):
    """A user, or the platform, leaves an envelope in the room, or one is gone from it: `is_new` says which."""

    name: ClassVar[str] = "envelope"
    sender: User
    """Who left it; an empty `User` if not sent."""
    diamonds: int
    """What it holds, in diamonds; 0 if not sent."""
    people: int
    """How many may open it; 0 if not sent."""
    envelope_id: str
    """Its id, a text on the wire too; `""` if not sent."""
    business_type: int
    """1 a user's diamonds, 2 the platform's, 4 a portal; 0 if not sent."""
    is_new: bool
    """Whether it is announced; otherwise it leaves the screen, and in captures no more is sent than id and kind."""
    opens_at: datetime | None
    """When it may be opened (aware, UTC, whole seconds)."""
    envelope: Envelope
    """All of it in one value."""


class SuperFanBoxEvent(_EnvelopeMessage):
    """A box for super fans is left in the room (protocol/push.md sections 11 and 12; not seen in captures)."""

    name: ClassVar[str] = "super_fan_box"
    sender: User
    """Who left it; an empty `User` if not sent."""
    diamonds: int
    """What it holds, in diamonds; 0 if not sent."""
    people: int
    """How many may open it; 0 if not sent."""
    envelope_id: str
    """Its id, a text on the wire too; `""` if not sent."""
    business_type: int
    """19; 0 if only the message's text says what it is."""
    is_new: bool
    """Always true: a box that leaves the screen is an `EnvelopeEvent`."""
    opens_at: datetime | None
    """When it may be opened (aware, UTC, whole seconds)."""
    envelope: Envelope
    """All of it in one value."""
