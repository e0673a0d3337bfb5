"""`Story`: writes a script, and beside each message what a correct client prints for it.

    def script(story: Story) -> Script:
        yield story.enter(story.welcome())
        story.wait(1.5)
        yield story.frame(story.comment(ann, "hello"), story.like(ben, 15))
        yield story.end()

The truth is what the story *means*: a streak of seven roses is seven roses, however its steps arrive.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from functools import cached_property
from random import Random
from typing import Any

from ..message import Message
from . import payloads
from .catalogue import GiftKind
from .gift_streak import Streak
from .payloads import Fields, encode
from .people import Person, make_crowd
from .room import SimRoom
from .script import Action, Close, Cut, Frame, Line, Raw, Refuse, Sign, SignTrouble, Silence, Step, Truth

_CROWD = 24


class Story:
    """One telling of a room's life: its clock, its counters and its people."""

    def __init__(self, room: SimRoom) -> None:
        self.room = room
        self.rng: Random = Random(f"story:{room.seed}")
        self.now: float = 0.0
        """Seconds since the room's script began, by its own time."""
        self.likes_sent: int = 0
        self.room_likes: int = 0
        self.followers: int = 1_000 + self.rng.randrange(900_000)
        self.shares: int = self.rng.randrange(50)
        self.viewers_now: int = 40 + self.rng.randrange(400)
        self.viewers_ever: int = self.viewers_now * 3
        self.connects: int = 0
        self.open: dict[int, Streak] = {}
        """Streaks that a client still counts, the one with the oldest last step first."""
        self._wait = 0.0
        self._hold = 0.0
        self._count = 0
        self._first_id = room.room_id + self.rng.randrange(10**9, 10**12)

    @cached_property
    def crowd(self) -> Sequence[Person]:
        """The viewers."""
        return self.people(_CROWD)

    def people(self, count: int) -> Sequence[Person]:
        """The first of the viewers, if no more are needed."""
        return make_crowd(Random(f"crowd:{self.room.seed}"), count)

    @property
    def server_ms(self) -> int:
        """The server's clock, in milliseconds since 1970."""
        return self.room.epoch_ms + int(self.now * 1000)

    def person(self) -> Person:
        """Somebody of the crowd."""
        return self.rng.choice(self.crowd)

    # --- time and steps -------------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let time pass before the next step, at the simulator's pace."""
        self.now += seconds
        self._wait += seconds

    def hold(self, seconds: float) -> None:
        """Let time pass before the next step, whatever the pace: for the timers of a client."""
        self.now += seconds
        self._hold += seconds

    def step(self, action: Action, truth: Iterable[Truth] = ()) -> Step:
        """The next step, after the time that has passed since the last."""
        step = Step(action, self._wait, self._hold, tuple(truth))
        self._wait = self._hold = 0.0
        return step

    def frame(
        self,
        *lines: Line,
        before: Iterable[Truth] = (),
        need_ack: bool = True,
        compress: bool = True,
        heartbeat_ms: int = 0,
    ) -> Step:
        """A frame with these messages; `before` is what a client says by its own clock before they come."""
        messages = tuple(line.message for line in lines)
        return self.step(Frame(messages, need_ack, compress, heartbeat_ms), (*before, *_truths(lines)))

    def raw(self, data: bytes, *truth: Truth) -> Step:
        """Any bytes as one binary message."""
        return self.step(Raw(data), truth)

    def enter(self, *lines: Line) -> Step:
        """A signature whose first result holds these messages, and the socket that it opens."""
        self.connects += 1
        connect = {"event": "connect", "unique_id": self.room.unique_id, "attempt": self.connects}
        return self.step(Sign(tuple(line.message for line in lines)), (connect, *_truths(lines)))

    def lose(self, action: Cut | Close | Silence, reason: str) -> Step:
        """The socket fails and the client comes back."""
        gone = {"event": "disconnect", "reason": reason, "will_reconnect": True}
        return self.step(action, (gone, {"event": "reconnecting", "reason": reason}))

    def retried(self, action: SignTrouble | Refuse, reason: str) -> Step:
        """The signature or the handshake fails and the client tries again."""
        return self.step(action, ({"event": "reconnecting", "reason": reason},))

    def end(self, *lines: Line, action: int = 3) -> Step:
        """The room ends: control message 3 (the host) or 4 (TikTok). Open streaks are settled."""
        control = self.line("WebcastControlMessage", payloads.control(self._common("WebcastControlMessage"), action))
        ending = {**self._truth("live_end", control.message), "action": action}
        truth = (*_truths(lines), ending, *self.settle("room_ended"), *_gone("room_ended"))
        return self.step(Frame((*(line.message for line in lines), control.message)), truth)

    def settle(self, cause: str) -> list[Truth]:
        """The ends of all open streaks, for another cause than the server's word."""
        ends = [streak.settle(cause) for streak in self.open.values()]
        self.open.clear()
        return ends

    # --- messages -------------------------------------------------------------------------------------------------

    def comment(
        self,
        person: Person,
        text: str,
        *,
        language: str = "en",
        mention: Person | None = None,
        history: bool = False,
        numbered: bool = True,
    ) -> Line:
        """Somebody writes; without a number, the message has no id, so that it is never a repeat."""
        common = self._common("WebcastChatMessage")
        if not numbered:
            common["msg_id"] = 0
        fields = payloads.chat(common, person, text, self.room.images, language=language, mention=mention)
        truth = {"user": person.truth(identified=True), "comment": text, "language": language}
        return self.line("WebcastChatMessage", fields, "comment", truth, history=history)

    def streak(self, person: Person, kind: GiftKind, *, group_id: int | None = None) -> Streak:
        """Somebody begins to give; the group id is the phone's clock unless told otherwise."""
        group = self.server_ms - self.rng.randrange(200, 900) if group_id is None else group_id
        return Streak(self, person, kind, group)

    def gift(self, person: Person, kind: GiftKind, count: int = 1) -> Line:
        """Somebody gives something that is not streakable: it counts at once."""
        return Streak(self, person, kind, 0).whole(count)

    def like(self, person: Person, count: int, *, total: int | None = None) -> Line:
        """A batch of likes; `total` is what the shard believes, by default the truth."""
        self.likes_sent += count
        shown = self.room_likes + count if total is None else total
        self.room_likes = max(self.room_likes, shown, self.likes_sent)
        fields = payloads.like(self._common("WebcastLikeMessage"), person, self.room.images, count=count, total=shown)
        truth = {"user": person.truth(), "likes": count, "total_likes": shown, "room_likes": self.room_likes}
        return self.line("WebcastLikeMessage", fields, "like", truth)

    def join(self, person: Person) -> Line:
        """Somebody comes in."""
        self.viewers_now += 1
        self.viewers_ever += 1
        common = self._common("WebcastMemberMessage")
        fields = payloads.member(common, person, self.room.images, viewers=self.viewers_now)
        truth = {"user": person.truth(), "total_viewers": self.viewers_now}
        return self.line("WebcastMemberMessage", fields, "join", truth)

    def follow(self, person: Person) -> Line:
        """Somebody follows the host."""
        self.followers += 1
        common = self._common("WebcastSocialMessage")
        fields = payloads.follow(common, person, self.room.host, self.room.images, followers=self.followers)
        truth = {"user": person.truth(), "total_followers": self.followers}
        return self.line("WebcastSocialMessage", fields, "follow", truth)

    def share(self, person: Person, *, brought: int = 0) -> Line:
        """Somebody shares the room; with `brought` (5 or 10), that many came through the share."""
        self.shares += 1
        common = self._common("WebcastSocialMessage")
        fields = payloads.share(common, person, self.room.images, shares=self.shares, brought=brought)
        truth: Truth = {"user": person.truth()}
        if brought:
            return self.line("WebcastSocialMessage", fields, "more_share", {**truth, "amount": brought})
        return self.line("WebcastSocialMessage", fields, "share", truth)

    def viewers(self, top: list[tuple[Person, int]]) -> Line:
        """How many watch, and who gave the most."""
        common = self._common("WebcastRoomUserSeqMessage")
        fields = payloads.viewers(common, top, self.room.images, now=self.viewers_now, ever=self.viewers_ever)
        seats = [
            {"rank": place, "coins_given": coins, "user": {"id": str(person.id)}}
            for place, (person, coins) in enumerate(top, 1)
        ]
        truth = {"viewer_count": self.viewers_now, "top_viewers": seats}
        return self.line("WebcastRoomUserSeqMessage", fields, "viewer_update", truth)

    def control(self, action: int) -> Line:
        """The room pauses (1), goes on (2), or something with another number happens."""
        fields = payloads.control(self._common("WebcastControlMessage"), action)
        name = {1: "live_pause", 2: "live_resume"}.get(action, "control")
        return self.line("WebcastControlMessage", fields, name, {"action": action})

    def unknown(self, method: str, payload: bytes) -> Line:
        """A message of a method that no schema has."""
        return self._bytes(method, payload, "unknown")

    def undecodable(self, method: str, payload: bytes) -> Line:
        """A message of a known method whose bytes its schema cannot read."""
        return self._bytes(method, payload, "undecodable")

    def line(
        self,
        method: str,
        fields: Fields,
        event: str = "",
        truth: Truth | None = None,
        *,
        entry_method: str = "",
        msg_id: int = 0,
        history: bool = False,
    ) -> Line:
        """A message from its fields, with what a client prints for it under the name `event` (none: nothing)."""
        wire_id = msg_id or fields["common"]["msg_id"]
        message = Message(entry_method or method, encode(method, fields), wire_id, history, self.server_ms)
        return Line(message, ({**self._truth(event, message), **(truth or {})},) if event else ())

    def common(self, method: str) -> Fields:
        """The `common` part of a new message, with an id of its own."""
        return self._common(method)

    def _common(self, method: str) -> Fields:
        self._count += 1
        return {
            "method": method,
            # Ids grow with time, but not in step with the order of arrival (protocol/push.md section 13).
            "msg_id": self._first_id + (self._count ^ 5) * 977,
            "room_id": self.room.room_id,
            "create_time": self.server_ms,
            "is_show_msg": True,
            "fold_type": 1,
            "anchor_fold_type": 1,
        }

    def _bytes(self, method: str, payload: bytes, event: str) -> Line:
        message = Message(method, payload, self._common(method)["msg_id"], False, self.server_ms)
        truth = {**self._truth(event, message), "base64": base64.b64encode(payload).decode()}
        return Line(message, (truth,))

    def _truth(self, event: str, message: Message) -> dict[str, Any]:
        return {
            "event": event,
            "method": message.method or None,
            "msg_id": str(message.msg_id) if message.msg_id else None,
            "room_id": str(self.room.room_id),
            "is_history": message.is_history,
        }


def again(line: Line) -> Line:
    """The same message once more: a client counts it and says nothing."""
    return Line(line.message)


def as_history(line: Line) -> Line:
    """The same message as backlog: a client that has not seen it prints it as history."""
    message = line.message._replace(is_history=True)
    return Line(message, tuple({**truth, "is_history": True} for truth in line.truth))


def _gone(reason: str) -> tuple[Truth, Truth]:
    return {"event": "disconnect", "reason": reason, "will_reconnect": False}, {"event": "closed", "reason": reason}


def _truths(lines: Iterable[Line]) -> tuple[Truth, ...]:
    return tuple(truth for line in lines for truth in line.truth)
