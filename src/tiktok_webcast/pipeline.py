"""`Pipeline`: from raw messages to counted, typed events. What it remembers outlives every socket of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from .decode import Parsed, parse, to_event
from .event_queue import EventQueue
from .events.base import Event
from .events.gift import Gift, GiftEvent, GiftStreakEndEvent, is_streakable
from .events.like import LikeEvent
from .events.rank import HourlyRankEvent, RankingUpdateEvent
from .events.room import LiveEndEvent, ViewerUpdateEvent
from .events.session import OverflowEvent, UndecodableEvent
from .events.user import User
from .message import Message
from .push.frames import FetchResult
from .push.unpack import BadFrame
from .session_config import SESSION_EVENTS, SessionConfig
from .statistics import Counters
from .track.catalogue import GiftCatalogue
from .track.gifts import GiftStep, GiftStreaks, StreakEnd, StreakEndCause
from .track.likes import LikeTotals
from .track.seen import SeenMessages
from .track.viewers import ViewerTotals

_KEPT = SESSION_EVENTS - {OverflowEvent.name}
"""Events that no overflow drops. The peer can cause any number of `OverflowEvent`s, so those are as others."""

Track = Callable[["Pipeline", Any, Message, type[Event]], None]


class Pipeline:
    """Decodes, drops repeats, counts, filters, and queues the events."""

    def __init__(self, config: SessionConfig, events: EventQueue[Event], counters: Counters) -> None:
        limits = config.limits
        self.seen: SeenMessages = SeenMessages(limits.seen_messages)
        self.streaks: GiftStreaks = GiftStreaks(limits.streaks, config.timing.streak_idle)
        self.likes: LikeTotals = LikeTotals(limits.like_users)
        self.gifts: GiftCatalogue = GiftCatalogue(limits.gifts)
        self.viewers: ViewerTotals[Any] = ViewerTotals()
        self.viewer_update: ViewerUpdateEvent | None = None
        """The last one: it holds the top viewers, which are read only if somebody asks."""
        self.room_id: int = 0
        self.host: User | None = None
        """Whose room it is, as far as is known."""
        self.room_ended: str = ""
        """Who ended the room, in words; empty while it goes on."""
        self._config = config
        self._events = events
        self._events.announce = self._overflowed
        self._counters = counters
        self._now = float("-inf")
        self._tracks: dict[type[Event], Track | None] = {}
        self._skip: dict[type[Event], bool] = {}

    def enter(self, room_id: int, unique_id: str, user_id: int) -> None:
        """The messages that follow are of this room, of a host of this name and number (`""` and 0: unknown)."""
        self.room_id = room_id
        self.host = User(id=user_id, unique_id=unique_id) if unique_id or user_id else None

    def receive(self, result: FetchResult | BadFrame, *, now: float) -> None:
        """Take a batch, or a frame that could not be read; its events are queued."""
        self._now = now
        if isinstance(result, BadFrame):
            self._counters.undecodable += 1
            self.emit(UndecodableEvent(message=Message("", result.data), room_id=self.room_id, error=result.error))
            return
        for message in result.messages:
            self._receive_message(message)
        if result.dropped:
            self._counters.dropped += result.dropped
            self.emit(OverflowEvent(room_id=self.room_id, dropped=result.dropped, limit="messages_per_frame"))

    def handle_timer(self, *, now: float) -> None:
        """Settle the streaks whose end was lost."""
        self._settle(self.streaks.handle_timer(now=now))

    def close(self, cause: StreakEndCause, *, now: float) -> None:
        """Settle every open streak: the session is over."""
        self._settle(self.streaks.close(now=now, cause=cause))

    def want(self, names: frozenset[str] | None) -> None:
        """From now on deliver the events of these names; `None`: all."""
        self._config = replace(self._config, include=names)
        self._skip.clear()

    def emit(self, event: Event) -> None:
        """Queue an event if it is wanted."""
        if not self._config.wants(event.name):
            return
        self._counters.events += 1
        self._events.push(event, keep=event.name in _KEPT)

    def _overflowed(self, lost: int) -> OverflowEvent:
        """Say how many events were lost to the queue's limit since the last time."""
        self._counters.events += 1
        return OverflowEvent(room_id=self.room_id, dropped=lost, limit="event_queue")

    def _receive_message(self, message: Message) -> None:
        counters = self._counters
        counters.count_message(message.method)
        if self._skips(message.method):
            if self.seen.seen(message.msg_id):
                counters.duplicates += 1
            else:
                counters.skipped += 1
            return
        parsed = parse(message, self._config.registry)
        if self.seen.seen(_message_id(message, parsed)):
            counters.duplicates += 1
            return
        if message.is_history:
            if not self._config.history:
                counters.skipped += 1
                return
            counters.history += 1
        if not isinstance(parsed, Parsed):
            if parsed is None:
                counters.unknown += 1
            else:
                counters.undecodable += 1
            self.emit(to_event(message, parsed, self.room_id))
            return
        track = self._track_for(parsed.event)
        if track is not None:
            track(self, parsed.wire, message, parsed.event)
        else:
            self._deliver(parsed.event, parsed.wire, message)

    def _deliver(self, event: type[Event], wire: Any, message: Message, given: dict[str, Any] | None = None) -> None:
        if self._config.wants(event.name):
            self._counters.events += 1
            made = event.from_message(wire, message, self.room_id, given or {})
            self._events.push(made)

    def _skips(self, method: str) -> bool:
        """Whether a method becomes nothing that anybody wants or counts, so that it need not be parsed."""
        config = self._config
        if config.include is None and not config.exclude:
            return False
        binding = config.registry.find(method)
        if binding is None:
            return not config.wants("unknown")
        skip = self._skip.get(binding.event)
        if skip is None:
            names = binding.event.names()
            skip = _TRACKED_NAMES.isdisjoint(names) and not any(config.wants(name) for name in names)
            self._skip[binding.event] = skip
        return skip

    def _track_for(self, event: type[Event]) -> Track | None:
        try:
            return self._tracks[event]
        except KeyError:
            track = next((track for kind, track in _TRACKS if issubclass(event, kind)), None)
            self._tracks[event] = track
            return track

    def _track_gift(self, wire: Any, message: Message, event: type[Event]) -> None:
        info = self.gifts.info(wire)
        count = self.streaks.receive(
            GiftStep(
                user_id=wire.user.id,
                gift_id=wire.gift_id or wire.gift.id,
                group_id=wire.group_id,
                repeat_count=wire.repeat_count,
                repeat_end=bool(wire.repeat_end),
                streakable=is_streakable(wire) if info is None else info.streakable,
                diamond_count=wire.gift.diamond_count if info is None else info.diamond_count,
                sent_ms=wire.common.create_time,
                detail=(wire, message, info),
            ),
            now=self._now,
        )
        if count.evicted is not None:
            self._settle((count.evicted,))
        given: dict[str, Any] = {"delta": count.delta}
        detailed = self.gifts.detailed(wire)
        if info is not None or detailed is not None:
            known = {"info": info, "detailed": detailed}
            given["gift"] = Gift.from_wire(wire, **{name: value for name, value in known.items() if value is not None})
        self._deliver(event, wire, message, given)
        if count.ended is not None:
            self._settle((count.ended,))

    def _track_like(self, wire: Any, message: Message, event: type[Event]) -> None:
        count = self.likes.receive(wire.user.id, wire.count, wire.total)
        self._deliver(event, wire, message, {"room_likes": count.room_likes, "user_likes": count.user_likes})

    def _track_viewers(self, wire: Any, message: Message, event: type[Event]) -> None:
        update = event.from_message(wire, message, self.room_id)
        self.viewers.receive(wire.total, wire.total_user)
        self.viewer_update = update
        self.emit(update)

    def _track_ranking(self, wire: Any, message: Message, event: type[Event]) -> None:
        # The message speaks of the host without saying who that is.
        self._deliver(event, wire, message, {"user": self.host} if self.host is not None else None)

    def _track_end(self, wire: Any, message: Message, event: type[Event]) -> None:
        # What was backlog when we came cannot have ended the room that we are in.
        if not message.is_history:
            self.room_ended = "TikTok suspended the stream" if wire.action == 4 else "the host ended the stream"
        self._deliver(event, wire, message)

    def _settle(self, ends: Iterable[StreakEnd]) -> None:
        if not self._config.wants(GiftStreakEndEvent.name):
            return
        for end in ends:
            detail: Any = end.detail
            wire, message, info = detail
            given = {"total": end.total, "diamonds": end.diamonds, "cause": end.cause, "continues": end.continues}
            if info is not None:
                given["gift"] = info
            self._counters.events += 1
            self._events.push(GiftStreakEndEvent.from_message(wire, message, self.room_id, given))


_TRACKS: tuple[tuple[type[Event], Track], ...] = (
    (GiftEvent, Pipeline._track_gift),
    (LikeEvent, Pipeline._track_like),
    (ViewerUpdateEvent, Pipeline._track_viewers),
    (LiveEndEvent, Pipeline._track_end),
    (RankingUpdateEvent, Pipeline._track_ranking),
    (HourlyRankEvent, Pipeline._track_ranking),
)
"""Events that the session adds to or learns from."""

_TRACKED_NAMES = frozenset(kind.name for kind in (GiftEvent, LikeEvent, ViewerUpdateEvent, LiveEndEvent))
"""Names of the events that it learns from: their messages are parsed, wanted or not."""


def _message_id(message: Message, parsed: Any) -> int:
    """The id that tells repeats: `common.msg_id`, or the entry's own (protocol/push.md section 6)."""
    if isinstance(parsed, Parsed):
        inner = getattr(getattr(parsed.wire, "common", None), "msg_id", 0)
        if inner:
            return int(inner)
    return message.msg_id
