"""Rankings: where the host stands among hosts, and a viewer among the room's viewers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..view import View, text
from .text import render, user_in
from .user import User, UserEvent, decimal, either_id
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.rank import RankUpdate, WebcastHourlyRankMessage, WebcastRankTextMessage, WebcastRankUpdateMessage


class RankEntry(View):
    """The host's place on one leaderboard."""

    wire_type: ClassVar[str] = "RankUpdate"
    wire: ClassVar[WireView[RankUpdate]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("type", "label", "rank", "rank_type", "countdown")
    type: str
    """The key of the leaderboard's text, e.g. `pm_mt_Live_WRMark`; `""` if not sent."""
    label: str
    """The leaderboard in words, e.g. `Weekly No. 42`; `""` if not sent."""
    rank: int | None
    """The host's place, from 1; `None` if the host has none or it was not sent."""
    rank_type: int
    """The kind of leaderboard: 0 hourly, 1 weekly, 5 weekly rookies, 8 daily; see `enums.tsv` for more."""
    countdown: int
    """Seconds until the leaderboard starts anew; 0 if not sent."""

    def _read_type(self) -> str:
        return text(self._wire.default_content.key)

    def _read_label(self) -> str:
        return render(self._wire.default_content)

    def _read_rank(self) -> int | None:
        return _from_one(self._wire.own_rank) or _place(self._wire.default_content)


class _Ranking(UserEvent):
    """What the announcements of the host's place share."""

    name: ClassVar[str] = "ranking_update"
    json_fields: ClassVar[tuple[str, ...]] = ("type", "label", "rank", "user")
    type: str
    label: str
    rank: int | None

    def _read_user(self) -> User:
        return User()

    def _json_type(self) -> str | None:
        return self.type or None

    def _json_label(self) -> str | None:
        return self.label or None


class RankingUpdateEvent(_Ranking):
    """The host's place on leaderboards changed, or a leaderboard is announced."""

    wire_type: ClassVar[str] = "WebcastRankUpdateMessage"
    wire: ClassVar[WireView[WebcastRankUpdateMessage]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("type", "label", "rank", "user", "updates")
    type: str
    """The key of the leaderboard's text, e.g. `pm_mt_Live_WRMark`; `""` if not sent."""
    label: str
    """The leaderboard in words, e.g. `Weekly No. 42`; `""` if not sent."""
    rank: int | None
    """The host's place, from 1; `None` if the message does not say."""
    user: User
    """Whose place it is: the host, as the session knows them. Without a session an empty `User`: no message says it."""
    updates: tuple[RankEntry, ...]
    """All leaderboards of the message; `type`, `label` and `rank` are those of the first that has a place."""

    def _read_updates(self) -> tuple[RankEntry, ...]:
        return tuple([RankEntry.from_wire(update) for update in self._wire.updates])

    def _first(self) -> RankEntry:
        ranked = (entry for entry in self.updates if entry.rank is not None)
        return next(ranked, self.updates[0] if self.updates else RankEntry())

    def _read_type(self) -> str:
        return self._first().type

    def _read_label(self) -> str:
        return self._first().label

    def _read_rank(self) -> int | None:
        return self._first().rank


class HourlyRankEvent(_Ranking):
    """A leaderboard is announced, in the older message that the server sent until 2023."""

    wire_type: ClassVar[str] = "WebcastHourlyRankMessage"
    wire: ClassVar[WireView[WebcastHourlyRankMessage]] = WireView()
    """The whole message, every field under its wire name."""
    type: str
    """The key of the leaderboard's text, e.g. `pm_mt_Live_WR`; `""` if not sent."""
    label: str
    """The leaderboard in words, e.g. `Weekly Ranking`; `""` if not sent."""
    rank: int | None
    """Always `None`: no field of this message is known to be the place."""
    user: User
    """Whose place it would be: the host. The message does not say who that is, so the `User` is empty."""

    def _read_type(self) -> str:
        return text(self._wire.data.rankings.type)

    def _read_label(self) -> str:
        return text(self._wire.data.rankings.label)

    def _read_rank(self) -> None:
        return None


class UserRankingUpdateEvent(UserEvent):
    """A viewer rises to one of the first places among the room's viewers."""

    name: ClassVar[str] = "user_ranking_update"
    wire_type: ClassVar[str] = "WebcastRankTextMessage"
    wire: ClassVar[WireView[WebcastRankTextMessage]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("type", "label", "rank", "user", "rank_before")
    type: str
    """The key of the text that the app shows, e.g. `pm_mt_topviewer_comment`; `""` if not sent."""
    label: str
    """The text that the app shows, e.g. `Ann just became the No. 2 viewer!`; `""` if not sent."""
    rank: int | None
    """The viewer's place, from 1; `None` if not sent."""
    user: User
    """Who rises."""
    rank_before: int | None
    """The place before; `None` if there was none or it was not sent."""

    def _text(self) -> Any:
        wire = self._wire
        # It may be there with nothing in it.
        return wire.other_get_badge_msg if wire.other_get_badge_msg.ByteSize() else wire.common.display_text

    def _read_type(self) -> str:
        return text(self._text().key)

    def _read_label(self) -> str:
        return render(self._text())

    def _read_rank(self) -> int | None:
        return _from_one(self._wire.owner_idx_after_update) or _place(self._text())

    def _read_rank_before(self) -> int | None:
        return _from_one(self._wire.owner_idx_before_update)

    def _read_user(self) -> User:
        named = user_in(self._text())
        if named is None:
            user_id = either_id(self._wire.cur_user_id)
            return User(id=user_id) if user_id else User()
        return User.from_wire(named)

    def _json_type(self) -> str | None:
        return self.type or None

    def _json_label(self) -> str | None:
        return self.label or None


def _from_one(number: int) -> int | None:
    """Return a place on the wire; one below 1 stands for none."""
    return number if number > 0 else None


def _place(wire: Any) -> int | None:
    """Return the number that a text on the wire has in one of its slots, or `None`."""
    places = (decimal(piece.string_value) for piece in wire.pieces)
    return next((place for place in places if place), None)
