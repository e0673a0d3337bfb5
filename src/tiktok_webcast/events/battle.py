"""Battles between hosts: who meets, how the points stand, who wins."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ..message import Message
from ..view import View, text
from .base import Event, wire_time
from .image import Image
from .user import User, decimal
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.battle import BattleResult as WireBattleResult
    from ..schema.battle import BattleUserArmies, WebcastLinkMicArmies, WebcastLinkMicBattle

_START = (0, 4)
_END = (5, 6)


class BattleOutcome(str, Enum):
    """How a battle ended for a host."""

    WIN = "win"
    LOSE = "lose"
    DRAW = "draw"
    UNKNOWN = "unknown"


_OUTCOMES = {0: BattleOutcome.WIN, 1: BattleOutcome.LOSE, 2: BattleOutcome.DRAW}


class BattleParticipant(User):
    """A viewer who gives points to a host in a battle; known by id, nickname and picture."""

    json_fields: ClassVar[tuple[str, ...]] = (*User.json_fields, "points")
    points: int
    """Points that the viewer gave so far."""

    def _read_points(self) -> int:
        return 0


class BattleArmy(View):
    """One side of a battle: a host and the viewers who gave most points."""

    wire_type: ClassVar[str] = "BattleUserArmies"
    wire: ClassVar[WireView[BattleUserArmies]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("host_user_id", "points", "participants")
    host_user_id: int
    """The host of this side; 0 if not sent."""
    points: int
    """The side's points, those of viewers who are not named too."""
    participants: tuple[BattleParticipant, ...]
    """Who gave most, first things first; captures name up to three."""

    def _read_host_user_id(self) -> int:
        return decimal(self._wire.anchor_id_str)

    def _read_points(self) -> int:
        points: int = self._wire.hostscore
        return points

    def _read_participants(self) -> tuple[BattleParticipant, ...]:
        return tuple([_participant(army) for army in self._wire.user_armies])


class BattleResult(View):
    """How a battle ended for one host."""

    wire_type: ClassVar[str] = "BattleResult"
    wire: ClassVar[WireView[WireBattleResult]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("host_user_id", "points", "outcome")
    host_user_id: int
    """The host."""
    points: int
    """The host's points at the end."""
    outcome: BattleOutcome
    """Whether the host won."""

    def _read_host_user_id(self) -> int:
        user_id: int = self._wire.user_id
        return user_id

    def _read_points(self) -> int:
        points: int = self._wire.score
        return points

    def _read_outcome(self) -> BattleOutcome:
        return _OUTCOMES.get(self._wire.result, BattleOutcome.UNKNOWN)


class _MicBattle(Event):
    """What the events of a battle's course share."""

    wire_type: ClassVar[str] = "WebcastLinkMicBattle"
    wire: ClassVar[WireView[WebcastLinkMicBattle]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("battle_id", "battle_users", "action", "started_at", "duration")
    battle_id: int
    battle_users: tuple[User, ...]
    action: int
    started_at: datetime | None
    duration: int

    @classmethod
    def variant(cls, wire: Any, message: Message) -> type[Event]:
        """Return the event for the action: 4 opens a battle, 5 and 6 finish it, others only arrange it."""
        action = wire.action
        return MicBattleStartEvent if action in _START else MicBattleEndEvent if action in _END else MicBattleEvent

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all events that this method may become."""
        return (MicBattleStartEvent.name, MicBattleEndEvent.name, MicBattleEvent.name)

    def _read_battle_users(self) -> tuple[User, ...]:
        return tuple([_host(entry) for entry in self._wire.anchors_info])

    def _read_started_at(self) -> datetime | None:
        return wire_time(self._wire.battle_settings.start_time_ms)

    def _read_duration(self) -> int:
        seconds: int = self._wire.battle_settings.duration
        return seconds


class MicBattleStartEvent(_MicBattle):
    """A battle between hosts starts."""

    name: ClassVar[str] = "mic_battle_start"
    battle_id: int
    """The battle's id; 0 if not sent."""
    battle_users: tuple[User, ...]
    """The hosts who meet."""
    action: int
    """4; 0 if not sent."""
    started_at: datetime | None
    """When it started (aware, UTC)."""
    duration: int
    """How long it lasts, in seconds; 0 if not sent. Captures have 301: five minutes and one second."""


class MicBattleEndEvent(_MicBattle):
    """A battle between hosts is over."""

    name: ClassVar[str] = "mic_battle_end"
    json_fields: ClassVar[tuple[str, ...]] = (*_MicBattle.json_fields, "results", "winner_ids")
    battle_id: int
    """The battle's id; 0 if not sent."""
    battle_users: tuple[User, ...]
    """The hosts who met."""
    action: int
    """5 finished, 6 cut short."""
    started_at: datetime | None
    """When it started (aware, UTC)."""
    duration: int
    """How long it was to last, in seconds; 0 if not sent."""
    results: tuple[BattleResult, ...]
    """How it ended for each host, in the order of their ids; empty if not sent."""

    @property
    def winner_ids(self) -> tuple[int, ...]:
        """The ids of the hosts who won; empty after a draw, or if the message does not say."""
        return tuple([result.host_user_id for result in self.results if result.outcome is BattleOutcome.WIN])

    def _read_results(self) -> tuple[BattleResult, ...]:
        results = _by_host(self._wire.battle_result)
        return tuple([BattleResult.from_wire(result, host_user_id=host) for host, result in results])


class MicBattleEvent(_MicBattle):
    """A battle between hosts is being arranged: someone invites, accepts, refuses or leaves."""

    name: ClassVar[str] = "mic_battle"
    battle_id: int
    """The battle's id; 0 if not sent."""
    battle_users: tuple[User, ...]
    """The hosts concerned, as far as the message names them."""
    action: int
    """1 invite, 2 reject, 3 cancel, 7 accept, 8 ask to quit, 9 and 10 refuse that, 11 leave (schema only)."""
    started_at: datetime | None
    """When it started (aware, UTC); `None` before it does."""
    duration: int
    """How long it is to last, in seconds; 0 if not sent."""


class MicBattleUpdateEvent(Event):
    """The points of a battle changed, or its state did."""

    name: ClassVar[str] = "mic_battle_update"
    wire_type: ClassVar[str] = "WebcastLinkMicArmies"
    wire: ClassVar[WireView[WebcastLinkMicArmies]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("battle_id", "battle_status", "battle_armies")
    battle_id: int
    """The battle's id; 0 if not sent."""
    battle_status: int
    """Why the message was sent: 1 points, 2 the battle's end, 3 someone left it, 4 keep-alive, 5 an effect."""
    battle_armies: tuple[BattleArmy, ...]
    """The sides, in the order of the hosts' ids."""

    def _read_battle_status(self) -> int:
        status: int = self._wire.trigger_reason
        return status

    def _read_battle_armies(self) -> tuple[BattleArmy, ...]:
        armies = _by_host(self._wire.armies)
        return tuple([BattleArmy.from_wire(army, host_user_id=host) for host, army in armies])


def _by_host(pairs: Any) -> list[tuple[int, Any]]:
    """Return a map's values with the hosts' ids, in the order of the ids; the last of equal ones counts."""
    values = {pair.key: pair.value for pair in pairs}
    return [(host, values[host]) for host in sorted(values)]


def _host(entry: Any) -> User:
    host = entry.value.user
    return User(
        id=host.user_id or entry.key,
        unique_id=text(host.display_id),
        nickname=text(host.nick_name),
        avatar=_avatar(host),
    )


def _participant(army: Any) -> BattleParticipant:
    return BattleParticipant(
        id=army.user_id or decimal(army.user_id_str),
        nickname=text(army.nickname),
        avatar=_avatar(army),
        points=army.score,
    )


def _avatar(wire: Any) -> Image | None:
    return Image.from_wire(wire.avatar_thumb) if wire.HasField("avatar_thumb") else None
