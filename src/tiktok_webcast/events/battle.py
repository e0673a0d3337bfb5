"""Battles between hosts: who meets, how the points stand, who wins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from ..message import Message
from ..view import View, text
from .base import Event, wire_time
from .image import Image
from .user import User, decimal, either_id
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


_MOST_SECONDS = 10**9
"""A battle's duration beyond which its end is not worth a date."""
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

    def _json_host_user_id(self) -> str | None:
        return str(self.host_user_id) if self.host_user_id else None

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
        return either_id(self._wire.user_id)

    def _json_host_user_id(self) -> str | None:
        return str(self.host_user_id) if self.host_user_id else None

    def _read_points(self) -> int:
        points: int = self._wire.score
        return points

    def _read_outcome(self) -> BattleOutcome:
        return _OUTCOMES.get(self._wire.result, BattleOutcome.UNKNOWN)


class BattleTeam(View):
    """Hosts who fight together, in a battle of teams."""

    json_fields: ClassVar[tuple[str, ...]] = ("id", "host_user_ids", "points", "outcome", "participants")
    id: int
    """Tells the battle's teams apart; 0 if not sent."""
    host_user_ids: tuple[int, ...]
    """The hosts of the team."""
    points: int
    """The team's points."""
    outcome: BattleOutcome
    """Whether the team won; unknown while the battle runs."""
    participants: tuple[BattleParticipant, ...]
    """Viewers who gave the team most; empty once the battle is over."""

    def _read_id(self) -> int:
        return 0

    def _read_host_user_ids(self) -> tuple[int, ...]:
        return ()

    def _read_points(self) -> int:
        return 0

    def _read_outcome(self) -> BattleOutcome:
        return BattleOutcome.UNKNOWN

    def _read_participants(self) -> tuple[BattleParticipant, ...]:
        return ()


class _Timed(Event):
    """What every event of a battle says about its time."""

    started_at: datetime | None
    duration: int
    ends_at: datetime | None

    def _read_started_at(self) -> datetime | None:
        return wire_time(self._wire.battle_settings.start_time_ms)

    def _read_duration(self) -> int:
        seconds: int = self._wire.battle_settings.duration
        return seconds

    def _read_ends_at(self) -> datetime | None:
        settings = self._wire.battle_settings
        said = wire_time(settings.end_time_ms)
        seconds = self.duration + settings.extra_duration_second
        if said is not None or self.started_at is None or not 0 < seconds < _MOST_SECONDS:
            return said
        try:
            return self.started_at + timedelta(seconds=seconds)
        except OverflowError:
            return None

    def _json_battle_id(self) -> str | None:
        return str(self.battle_id) if self.battle_id else None


class _MicBattle(_Timed):
    """What the events of a battle's course share."""

    wire_type: ClassVar[str] = "WebcastLinkMicBattle"
    wire: ClassVar[WireView[WebcastLinkMicBattle]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = (
        "battle_id",
        "battle_users",
        "action",
        "started_at",
        "duration",
        "ends_at",
        "battle_teams",
    )
    battle_id: int
    battle_users: tuple[User, ...]
    action: int
    battle_teams: tuple[BattleTeam, ...]

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

    def _read_battle_teams(self) -> tuple[BattleTeam, ...]:
        wire = self._wire
        return tuple(
            [_team_result(team, _undecided(wire.team_battle_result)) for team in wire.team_battle_result]
            or [_team(team) for team in wire.team_armies]
            or [
                BattleTeam(id=team.team_id, host_user_ids=tuple(map(either_id, team.user_id)))
                for team in wire.team_member
            ]
        )


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
    ends_at: datetime | None
    """When it will be over (aware, UTC)."""
    battle_teams: tuple[BattleTeam, ...]
    """Who fights together; empty unless it is a battle of teams."""


class MicBattleEndEvent(_MicBattle):
    """A battle between hosts is over."""

    name: ClassVar[str] = "mic_battle_end"
    json_fields: ClassVar[tuple[str, ...]] = (
        *_MicBattle.json_fields,
        "results",
        "winner_ids",
        "battle_armies",
    )
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
    ends_at: datetime | None
    """When it was to be over (aware, UTC)."""
    battle_teams: tuple[BattleTeam, ...]
    """How it ended for each team; empty unless it was a battle of teams."""
    battle_armies: tuple[BattleArmy, ...]
    """The sides at the end with the viewers who gave most, in the order of the hosts' ids; empty if not sent."""
    results: tuple[BattleResult, ...]
    """How it ended for each host, in the order of their ids; empty if not sent."""

    @property
    def winner_ids(self) -> tuple[int, ...]:
        """The ids of the hosts who won; empty after a draw, or if the message does not say."""
        alone = [result.host_user_id for result in self.results if result.outcome is BattleOutcome.WIN]
        teams = [team.host_user_ids for team in self.battle_teams if team.outcome is BattleOutcome.WIN]
        return tuple(alone or [host for hosts in teams for host in hosts])

    def _read_results(self) -> tuple[BattleResult, ...]:
        results = _by_host(self._wire.battle_result)
        given = _undecided([result for _, result in results])
        return tuple([BattleResult.from_wire(result, host_user_id=host, **given) for host, result in results])

    def _read_battle_armies(self) -> tuple[BattleArmy, ...]:
        return _armies(self._wire.armies)


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
    ends_at: datetime | None
    """When it will be over (aware, UTC); `None` before it starts."""
    battle_teams: tuple[BattleTeam, ...]
    """Who is to fight together; empty unless it is a battle of teams."""


class MicBattleUpdateEvent(_Timed):
    """The points of a battle changed, or its state did."""

    name: ClassVar[str] = "mic_battle_update"
    wire_type: ClassVar[str] = "WebcastLinkMicArmies"
    wire: ClassVar[WireView[WebcastLinkMicArmies]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = (
        "battle_id",
        "battle_status",
        "battle_armies",
        "started_at",
        "duration",
        "ends_at",
        "battle_teams",
    )
    battle_id: int
    """The battle's id; 0 if not sent."""
    battle_status: int
    """Why the message was sent: 1 points, 2 the battle's end, 3 someone left it, 4 keep-alive, 5 an effect."""
    battle_armies: tuple[BattleArmy, ...]
    """The sides, in the order of the hosts' ids."""
    started_at: datetime | None
    """When it started (aware, UTC)."""
    duration: int
    """How long it lasts, in seconds; 0 if not sent."""
    ends_at: datetime | None
    """When it will be over (aware, UTC)."""
    battle_teams: tuple[BattleTeam, ...]
    """The teams with their points; empty unless it is a battle of teams."""

    def _read_battle_status(self) -> int:
        status: int = self._wire.trigger_reason
        return status

    def _read_battle_armies(self) -> tuple[BattleArmy, ...]:
        return _armies(self._wire.armies)

    def _read_battle_teams(self) -> tuple[BattleTeam, ...]:
        return tuple([_team(team) for team in self._wire.team_armies])


def _armies(pairs: Any) -> tuple[BattleArmy, ...]:
    return tuple([BattleArmy.from_wire(army, host_user_id=host) for host, army in _by_host(pairs)])


def _team(wire: Any) -> BattleTeam:
    return BattleTeam(
        id=wire.team_id,
        host_user_ids=_hosts(wire),
        points=wire.team_total_score,
        participants=tuple([_participant(army) for army in wire.user_armies.user_armies]),
    )


def _team_result(wire: Any, undecided: dict[str, Any]) -> BattleTeam:
    outcome = undecided.get("outcome", _OUTCOMES.get(wire.result, BattleOutcome.UNKNOWN))
    return BattleTeam(id=wire.team_id, host_user_ids=_hosts(wire), points=wire.total_score, outcome=outcome)


def _undecided(results: Sequence[Any]) -> dict[str, Any]:
    """Return what is to be said of results that say nothing: a win is 0, which is never sent, but not all can win."""
    silent = len(results) > 1 and not any(result.result for result in results)
    return {"outcome": BattleOutcome.UNKNOWN} if silent else {}


def _hosts(wire: Any) -> tuple[int, ...]:
    return tuple([either_id(host.user_id, host.user_id_str) for host in wire.team_user])


def _by_host(pairs: Any) -> list[tuple[int, Any]]:
    """Return a map's values with the hosts' ids, in the order of the ids; the last of equal ones counts."""
    values = {either_id(pair.key): pair.value for pair in pairs}
    return [(host, values[host]) for host in sorted(values)]


def _host(entry: Any) -> User:
    host = entry.value.user
    return User(
        id=either_id(host.user_id) or either_id(entry.key),
        unique_id=text(host.display_id),
        nickname=text(host.nick_name),
        avatar=_avatar(host),
    )


def _participant(army: Any) -> BattleParticipant:
    return BattleParticipant(
        id=either_id(army.user_id, army.user_id_str),
        nickname=text(army.nickname),
        avatar=_avatar(army),
        points=army.score,
    )


def _avatar(wire: Any) -> Image | None:
    return Image.from_wire(wire.avatar_thumb) if wire.HasField("avatar_thumb") else None
