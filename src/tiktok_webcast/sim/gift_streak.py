"""`Streak`: one viewer giving one gift again and again, told as a real room tells it (protocol/push.md section 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import payloads
from .catalogue import GiftKind
from .people import Person
from .script import Line, Truth

if TYPE_CHECKING:
    from .story import Story

_METHOD = "WebcastGiftMessage"


class Streak:
    """Writes the messages of one streak; knows how many gifts it really was."""

    def __init__(self, story: Story, person: Person, kind: GiftKind, group_id: int) -> None:
        self.story = story
        self.person = person
        self.kind = kind
        self.group_id = group_id
        self.given: int = 0
        """Gifts told of so far: the largest running total."""
        self.settled: int = 0
        """Gifts that an end has told of."""

    def step(self, total: int, *, with_detail: bool = True) -> Line:
        """The running total is `total` now: it may jump, step back, or come after the end."""
        line = self._line(total, end=False, with_detail=with_detail)
        if self.given > self.settled:
            self._reopen()
        return line

    def end(self, total: int | None = None) -> Line:
        """The server's last message of the streak, with the final total: here a client settles it.

        A second one settles nothing, unless its total is larger.
        """
        line = self._line(self.given if total is None else total, end=True, with_detail=True)
        self.story.open.pop(id(self), None)
        return self._settled(line) if self.given > self.settled else line

    def whole(self, count: int = 1) -> Line:
        """A gift of another type: one message, final at once."""
        return self._settled(self._line(count, end=False, with_detail=True))

    def settle(self, cause: str) -> Truth:
        """What a client prints when the streak ends for `cause`: the gifts that no end has told of."""
        total = self.given - self.settled
        self.settled = self.given
        return {
            "event": "gift_streak_end",
            "user": self.person.truth(identified=True),
            "gift": self.kind.truth(),
            **({"group_id": str(self.group_id)} if self.group_id else {}),
            "total": total,
            "diamonds": total * self.kind.diamonds,
            "cause": cause,
        }

    def idle(self) -> Truth:
        """What a client prints when no end came and its idle time has passed."""
        self.story.open.pop(id(self), None)
        return self.settle("idle")

    def _settled(self, line: Line) -> Line:
        named = {key: line.truth[0][key] for key in ("method", "msg_id", "room_id")}
        return Line(line.message, (*line.truth, {**self.settle("repeat_end"), **named}))

    def _reopen(self) -> None:
        # To the end: streaks are settled in the order of their last steps.
        self.story.open.pop(id(self), None)
        self.story.open[id(self)] = self

    def _line(self, total: int, *, end: bool, with_detail: bool) -> Line:
        delta = max(0, total - self.given)
        self.given += delta
        fields = payloads.gift(
            self.story.common(_METHOD),
            self.person,
            self.kind,
            self.story.room.host,
            self.story.room.images,
            count=total,
            end=end,
            group_id=self.group_id,
            with_detail=with_detail,
        )
        gift: dict[str, Any] = {"id": str(self.kind.id), "count": total}
        if with_detail:
            gift = {**self.kind.truth(), "count": total, "streakable": self.kind.streakable}
        truth = {"user": self.person.truth(identified=True), "gift": gift, "delta": delta}
        return self.story.line(_METHOD, fields, "gift", truth)
