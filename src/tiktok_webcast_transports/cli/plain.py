"""How is an event told in one line for people?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

from tiktok_webcast.close import CloseReason
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.chat import CommentEvent, IntroMessageEvent, QuestionEvent
from tiktok_webcast.events.emote import EmoteEvent
from tiktok_webcast.events.gift import GiftEvent, GiftStreakEndEvent
from tiktok_webcast.events.like import LikeEvent
from tiktok_webcast.events.member import JoinEvent
from tiktok_webcast.events.room import LiveEndEvent, LivePauseEvent, LiveResumeEvent, ViewerUpdateEvent
from tiktok_webcast.events.session import (
    ClosedEvent,
    ConnectEvent,
    DisconnectEvent,
    OverflowEvent,
    ReconnectingEvent,
    UndecodableEvent,
    UnknownEvent,
)
from tiktok_webcast.events.social import FollowEvent, MoreShareEvent, ShareEvent
from tiktok_webcast.events.user import User
from tiktok_webcast.view import View

from .clean import clean

LONGEST = 500
"""Characters of one line; TikTok's own longest comment is far shorter."""
_FACTS = 6
_FACT = 60
_LABEL_WIDTH = 9


class Tone(Enum):
    """What kind of thing is told: it decides the colour."""

    CHAT = "36"
    GIFT = "33"
    PEOPLE = "32"
    NUMBERS = "35"
    ROOM = "34"
    SESSION = "1"
    TROUBLE = "31"
    OTHER = "2"


class Telling:
    """One event in words: a short label, a text of one line, and its tone. Safe for any terminal."""

    __slots__ = ("label", "text", "tone")

    def __init__(self, label: str, text: str, tone: Tone) -> None:
        self.label: str = label
        self.text: str = text
        self.tone: Tone = tone


def name_of(user: User) -> str:
    """Return what to call a user: nickname, handle, or id, whatever was sent first."""
    name = clean(user.nickname, LONGEST).strip() or clean(user.unique_id, LONGEST)
    return name or (f"user {user.id}" if user.id else "somebody")


def tell(event: Event) -> Telling:
    """Return an event in words."""
    for kind, teller in _TELLERS:
        if isinstance(event, kind):
            label, text, tone = teller(event)
            break
    else:
        label, text, tone = event.name, _facts(event), Tone.OTHER
    return Telling(clean(label), clean(text, LONGEST), tone)


def plain_line(event: Event, now: datetime, *, color: bool = False) -> str:
    """Return an event as a line: time of day (`now` if the event does not say), label, text."""
    told = tell(event)
    clock = f"{_local(event.created_at or now):%H:%M:%S}"
    label = told.label.ljust(_LABEL_WIDTH)
    if color:
        clock, label = f"\x1b[2m{clock}\x1b[0m", f"\x1b[{told.tone.value}m{label}\x1b[0m"
    history = "(before) " if event.is_history else ""
    return f"{clock} {label} {history}{told.text}".rstrip()


def _local(moment: datetime) -> datetime:
    try:
        return moment.astimezone()
    except (OverflowError, OSError, ValueError):
        # A year that this system's calendar cannot turn into local time.
        return moment


def _comment(event: CommentEvent) -> tuple[str, str, Tone]:
    shown = event.comment or " ".join("[emote]" for _ in event.emotes)
    return "chat", f"{name_of(event.user)}: {shown}", Tone.CHAT


def _gift(event: GiftEvent) -> tuple[str, str, Tone]:
    running = " ..." if event.gift.streaking else ""
    return "gift", f"{name_of(event.user)} gives {_gift_name(event.gift)} x{event.gift.count}{running}", Tone.GIFT


def _streak_end(event: GiftStreakEndEvent) -> tuple[str, str, Tone]:
    receiver = event.to_user
    to = f" to {name_of(receiver)}" if receiver is not None and (receiver.nickname or receiver.unique_id) else ""
    gave = f"{name_of(event.user)} gave {_gift_name(event.gift)} x{event.total}{to}, {diamonds(event.diamonds)}"
    return "gift sum", gave, Tone.GIFT


def diamonds(count: int) -> str:
    """Return a number of diamonds in words."""
    return f"{count:,} diamond{'' if count == 1 else 's'}"


def _gift_name(gift: Any) -> str:
    return gift.name or f"gift {gift.id}"


def _like(event: LikeEvent) -> tuple[str, str, Tone]:
    return "like", f"{name_of(event.user)} likes x{event.likes}, {event.room_likes:,} in the room", Tone.PEOPLE


def _join(event: JoinEvent) -> tuple[str, str, Tone]:
    viewers = f", {event.total_viewers:,} watching" if event.total_viewers else ""
    return "join", f"{name_of(event.user)} comes in{viewers}", Tone.PEOPLE


def _follow(event: FollowEvent) -> tuple[str, str, Tone]:
    followers = f", {event.total_followers:,} followers" if event.total_followers else ""
    return "follow", f"{name_of(event.user)} follows the host{followers}", Tone.PEOPLE


def _share(event: ShareEvent) -> tuple[str, str, Tone]:
    return "share", f"{name_of(event.user)} shares the room", Tone.PEOPLE


def _more_share(event: MoreShareEvent) -> tuple[str, str, Tone]:
    return "share", f"{event.amount} people came by the link of {name_of(event.user)}", Tone.PEOPLE


def _viewers(event: ViewerUpdateEvent) -> tuple[str, str, Tone]:
    top = next((viewer.user for viewer in event.top_viewers if viewer.user.nickname), None)
    first = f", first among givers: {name_of(top)}" if top is not None else ""
    return "viewers", f"{event.viewer_count:,} watching{first}", Tone.NUMBERS


def _emote(event: EmoteEvent) -> tuple[str, str, Tone]:
    return (
        "emote",
        f"{name_of(event.user)} sends {len(event.emotes)} emote{'' if len(event.emotes) == 1 else 's'}",
        Tone.CHAT,
    )


def _question(event: QuestionEvent) -> tuple[str, str, Tone]:
    return "question", f"{name_of(event.user)} asks: {event.question}", Tone.CHAT


def _intro(event: IntroMessageEvent) -> tuple[str, str, Tone]:
    return "welcome", f"{name_of(event.streamer)}: {event.message}", Tone.CHAT


def _pause(event: LivePauseEvent) -> tuple[str, str, Tone]:
    return "paused", "the host has paused the stream", Tone.ROOM


def _resume(event: LiveResumeEvent) -> tuple[str, str, Tone]:
    return "resumed", "the stream goes on", Tone.ROOM


def _end(event: LiveEndEvent) -> tuple[str, str, Tone]:
    return (
        "end",
        "TikTok has suspended the stream" if event.is_suspended else "the host has ended the stream",
        Tone.ROOM,
    )


def _connect(event: ConnectEvent) -> tuple[str, str, Tone]:
    who = f"@{event.unique_id}, " if event.unique_id else ""
    again = f" (connection {event.attempt})" if event.attempt > 1 else ""
    return "connected", f"{who}room {event.room_id}{again}", Tone.SESSION


def _reconnecting(event: ReconnectingEvent) -> tuple[str, str, Tone]:
    return "waiting", f"try {event.attempt} in {event.delay:.1f} s: {event.detail or event.reason.value}", Tone.TROUBLE


def _disconnect(event: DisconnectEvent) -> tuple[str, str, Tone]:
    return "left", event.detail or event.reason.value.replace("_", " "), Tone.SESSION


def _overflow(event: OverflowEvent) -> tuple[str, str, Tone]:
    return "lost", f"{event.dropped:,} messages dropped: the limit {event.limit} was reached", Tone.TROUBLE


def _closed(event: ClosedEvent) -> tuple[str, str, Tone]:
    reason = event.reason.value.replace("_", " ")
    if event.reason is CloseReason.CLOSED:
        return "closed", event.detail or reason, Tone.SESSION
    return "closed", f"{reason}: {event.detail}" if event.detail else reason, Tone.SESSION


def _unknown(event: UnknownEvent) -> tuple[str, str, Tone]:
    return "unknown", f"{event.method or 'no method'}, {len(event.raw)} bytes", Tone.OTHER


def _undecodable(event: UndecodableEvent) -> tuple[str, str, Tone]:
    return "broken", f"{event.method or 'a frame'}, {len(event.raw)} bytes: {event.error}", Tone.TROUBLE


_TELLERS: tuple[tuple[type[Event], Callable[[Any], tuple[str, str, Tone]]], ...] = (
    (CommentEvent, _comment),
    (LikeEvent, _like),
    (JoinEvent, _join),
    (GiftEvent, _gift),
    (GiftStreakEndEvent, _streak_end),
    (FollowEvent, _follow),
    (ShareEvent, _share),
    (MoreShareEvent, _more_share),
    (ViewerUpdateEvent, _viewers),
    (EmoteEvent, _emote),
    (QuestionEvent, _question),
    (IntroMessageEvent, _intro),
    (LivePauseEvent, _pause),
    (LiveResumeEvent, _resume),
    (LiveEndEvent, _end),
    (ConnectEvent, _connect),
    (ReconnectingEvent, _reconnecting),
    (DisconnectEvent, _disconnect),
    (OverflowEvent, _overflow),
    (ClosedEvent, _closed),
    (UnknownEvent, _unknown),
    (UndecodableEvent, _undecodable),
)


def _facts(event: Event) -> str:
    """The first facts of an event that has no words of its own."""
    facts: list[str] = []
    for name in event.fields:
        if name == "room_id":
            continue
        shown = _fact(getattr(event, name))
        if shown:
            facts.append(f"{name}={clean(shown, _FACT)}")
        if len(facts) == _FACTS:
            break
    return " ".join(facts)


def _fact(value: Any) -> str:
    if isinstance(value, User):
        return name_of(value) if value.is_known else ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return f"[{len(value)}]" if value else ""
    if isinstance(value, (View, bytes)) or not value:
        return ""
    return str(value)
