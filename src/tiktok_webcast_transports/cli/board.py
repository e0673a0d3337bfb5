"""What does the dashboard know? The last of everything that a room says, bounded; no terminal and no own clock."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from tiktok_webcast.events.base import Event
from tiktok_webcast.events.chat import CommentEvent, IntroMessageEvent, QuestionEvent
from tiktok_webcast.events.emote import EmoteEvent
from tiktok_webcast.events.gift import GiftEvent, GiftStreakEndEvent
from tiktok_webcast.events.like import LikeEvent
from tiktok_webcast.events.member import JoinEvent
from tiktok_webcast.events.room import LiveEndEvent, LivePauseEvent, LiveResumeEvent, ViewerUpdateEvent
from tiktok_webcast.events.session import ClosedEvent, ConnectEvent, DisconnectEvent, OverflowEvent, ReconnectingEvent
from tiktok_webcast.events.social import FollowEvent, MoreShareEvent, ShareEvent

from .clean import clean
from .plain import LONGEST, Tone, name_of, tell

KEPT_LINES = 200
KEPT_GIFTS = 50
KEPT_VIEWERS = 240
KEPT_STREAKS = 100
KEPT_GIVERS = 1000
LONGEST_NAME = 24
"""Characters of a name in the chat: some names are as long as a line."""
STREAK_SHOWN = 20.0
"""Seconds that a streak is shown without a step, should its end be filtered out."""


@dataclass
class Line:
    """One line of the chat."""

    tone: Tone
    name: str
    text: str
    joined: list[str] = field(default_factory=list)
    """Names of those who came in one after the other: they share a line."""


@dataclass
class Streak:
    """A streak that goes on."""

    giver: str
    gift: str
    count: int
    seen_at: float


@dataclass
class Given:
    """A gift that was given, counted once."""

    giver: str
    gift: str
    count: int
    diamonds: int


class Board:
    """The state that the dashboard draws. `take` every event; `now` is any clock that does not go back."""

    def __init__(self) -> None:
        self.unique_id: str = ""
        self.room_id: int = 0
        self.state: str = "connecting"
        self.state_detail: str = ""
        self.connected_at: float | None = None
        self.last_event_at: float | None = None
        self.connections: int = 0
        self.chat: deque[Line] = deque(maxlen=KEPT_LINES)
        self.streaks: dict[tuple[int, int, int], Streak] = {}
        self.given: deque[Given] = deque(maxlen=KEPT_GIFTS)
        self.givers: Counter[str] = Counter()
        self.gifts: int = 0
        self.diamonds: int = 0
        self.likes: int = 0
        self.viewers: int | None = None
        self.viewer_history: deque[int] = deque(maxlen=KEPT_VIEWERS)
        self.counts: Counter[str] = Counter()
        self.lost: int = 0

    def take(self, event: Event, *, now: float) -> None:
        """Take the next event."""
        self.counts[event.name] += 1
        self.last_event_at = now
        if isinstance(event, CommentEvent):
            # Drawn again with every picture: a text of a megabyte would hold everything up for seconds each time.
            shown = clean(event.comment, LONGEST) or clean("[emote]" * min(len(event.emotes), LONGEST), LONGEST)
            self._say(Tone.CHAT, name_of(event.user), shown)
        elif isinstance(event, JoinEvent):
            self._join(name_of(event.user))
            if event.total_viewers and not self.viewer_history:
                # Until the first real count: the two are not the same number, and would make it flicker.
                self.viewers = event.total_viewers
        elif isinstance(event, GiftEvent):
            self._gift(event, now)
        elif isinstance(event, GiftStreakEndEvent):
            self._streak_end(event)
        elif isinstance(event, LikeEvent):
            self.likes = max(self.likes, event.room_likes)
        elif isinstance(event, ViewerUpdateEvent):
            self.viewers = event.viewer_count
            self.viewer_history.append(event.viewer_count)
        elif isinstance(event, _SAID):
            told = tell(event)
            self._say(told.tone, "", told.text)
        else:
            self._session(event, now)

    def forget_old_streaks(self, *, now: float) -> None:
        """Drop the streaks that nothing was heard of for long."""
        for key in [key for key, streak in self.streaks.items() if now - streak.seen_at > STREAK_SHOWN]:
            del self.streaks[key]

    def _say(self, tone: Tone, name: str, text: str) -> None:
        self.chat.append(Line(tone, name, text))

    def _join(self, name: str) -> None:
        last = self.chat[-1] if self.chat else None
        if last is None or not last.joined:
            last = Line(Tone.OTHER, "", "", [])
            self.chat.append(last)
        name = clean(name, LONGEST_NAME)
        if name in last.joined[-2:]:
            # In, out and in again.
            return
        last.joined = [*last.joined[-KEPT_LINES:], name]
        others = len(last.joined) - 2
        names = ", ".join(last.joined[-2:])
        last.text = f"{names}{f' and {others} more' if others > 0 else ''} came in"

    def _gift(self, event: GiftEvent, now: float) -> None:
        if not event.gift.streaking:
            return
        key = (event.user.id, event.gift.id, event.group_id)
        if key not in self.streaks and len(self.streaks) >= KEPT_STREAKS:
            del self.streaks[next(iter(self.streaks))]
        name = clean(event.gift.name, LONGEST) or f"gift {event.gift.id}"
        self.streaks[key] = Streak(name_of(event.user), name, event.gift.count, now)

    def _streak_end(self, event: GiftStreakEndEvent) -> None:
        self.streaks.pop((event.user.id, event.gift.id, event.group_id), None)
        giver = name_of(event.user)
        name = clean(event.gift.name, LONGEST) or f"gift {event.gift.id}"
        self.given.append(Given(giver, name, event.total, event.diamonds))
        self.gifts += event.total
        self.diamonds += event.diamonds
        if giver in self.givers or len(self.givers) < KEPT_GIVERS:
            self.givers[giver] += event.diamonds

    def _session(self, event: Event, now: float) -> None:
        if isinstance(event, ConnectEvent):
            self.unique_id = event.unique_id or self.unique_id
            if event.room_id != self.room_id:
                # The host has opened a new one, with likes of its own.
                self.likes = 0
            self.room_id = event.room_id
            self.connections = event.attempt
            self.connected_at = now
            self._state("live")
        elif isinstance(event, LivePauseEvent):
            self._state("paused")
        elif isinstance(event, LiveResumeEvent):
            self._state("live")
        elif isinstance(event, LiveEndEvent):
            self._state("ended")
        elif isinstance(event, ReconnectingEvent):
            self._state("waiting", f"try {event.attempt} in {event.delay:.0f} s: {event.detail or event.reason.value}")
        elif isinstance(event, DisconnectEvent):
            self.connected_at = None
        elif isinstance(event, ClosedEvent):
            self._state("closed", event.reason.value.replace("_", " "))
        elif isinstance(event, OverflowEvent):
            self.lost += event.dropped

    def _state(self, state: str, detail: str = "") -> None:
        self.state, self.state_detail = state, clean(detail, LONGEST)


_SAID = (FollowEvent, ShareEvent, MoreShareEvent, QuestionEvent, IntroMessageEvent, EmoteEvent)
