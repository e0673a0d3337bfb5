"""`Pipeline`: from raw messages to counted, typed events. What it remembers outlives every socket of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any, NamedTuple

from .decoder import MAX_RESCUES, decode, describe, has_more_parts, parse_rest, to_event
from .event_queue import EventQueue
from .events.base import Event
from .events.gift import Gift, GiftEvent, GiftStreakEndEvent, is_streakable
from .events.like import LikeEvent
from .events.rank import HourlyRankEvent, RankingUpdateEvent
from .events.registry import Binding, Parse
from .events.room import LiveEndEvent, ViewerUpdateEvent
from .events.session import OverflowEvent, UndecodableEvent, UnknownEvent
from .events.user import User, user_id
from .message import Message
from .push.frames import FetchResult
from .push.unpack import BadFrame
from .session_config import SessionConfig
from .statistics import Counters
from .track.catalogue import GiftCatalogue
from .track.gifts import GiftStep, GiftStreaks, StreakEnd, StreakEndCause
from .track.likes import LikeTotals
from .track.seen import SeenMessages

_NOTHING: Mapping[str, Any] = {}

Track = Callable[["Pipeline", Any, Message, "_Kind"], None]


class Pipeline:
    """Decodes, drops repeats, counts, filters, and queues the events."""

    def __init__(self, config: SessionConfig, events: EventQueue[Event], counters: Counters) -> None:
        limits = config.limits
        self.seen: SeenMessages = SeenMessages(limits.seen_messages)
        self.streaks: GiftStreaks = GiftStreaks(limits.streaks, config.timing.streak_idle)
        self.likes: LikeTotals = LikeTotals(limits.like_users)
        self.gifts: GiftCatalogue = GiftCatalogue(limits.gifts)
        self._viewer_update: ViewerUpdateEvent | None = None
        self._viewer_message: Message | None = None
        self.room_id: int = 0
        self.host: User | None = None
        """Whose room it is, as far as is known."""
        self.room_ended: str = ""
        """Who ended the room, in words; empty while it goes on."""
        self._config = config
        self._events = events
        self._events.announce = self._overflowed
        self._fresh: list[Event] = []
        """Events of the batch that is being received, in order; they are queued together."""
        self._heavy = False
        """Whether that batch may have a message past `Limits.heavy_message`."""
        self._counters = counters
        self._now = float("-inf")
        self._registry_revision = config.registry.revision
        self._plans: dict[str, _Plan] = {}
        self._kinds: dict[type[Event], _Kind] = {}

    def enter(self, room_id: int, unique_id: str, user_id: int, *, now: float) -> None:
        """The messages that follow are of this room, of a host of this name and number (`""` and 0: unknown).

        What was counted of another room before ends here: it is over, and the host opened a new one.
        """
        if self.room_id not in (0, room_id):
            self.close(StreakEndCause.ROOM_ENDED, now=now)
            self.likes = LikeTotals(self._config.limits.like_users)
            self._viewer_update = self._viewer_message = None
        self.room_id = room_id
        self.host = User(id=user_id, unique_id=unique_id) if unique_id or user_id else None

    def receive(self, result: FetchResult | BadFrame, *, now: float) -> None:
        """Take a batch, or a frame that could not be read; its events are queued."""
        self._now = now
        self._heavy = False
        if isinstance(result, BadFrame):
            self._heavy = len(result.data) > self._config.limits.heavy_message
            self._counters.undecodable += 1
            self._add(UndecodableEvent(message=Message("", result.data), room_id=self.room_id, error=result.error))
            self._queue_fresh()
            return
        if self._config.registry.revision != self._registry_revision:
            self._registry_revision = self._config.registry.revision
            self._plans.clear()
            self._kinds.clear()
        self._heavy = result.size > self._config.limits.heavy_message
        self._receive_messages(result.messages)
        if result.dropped:
            self._counters.dropped += result.dropped
            self._add(OverflowEvent(room_id=self.room_id, dropped=result.dropped, limit="messages_per_frame"))
        self._queue_fresh()

    def handle_timer(self, *, now: float) -> None:
        """Settle the streaks whose end was lost."""
        self._settle(self.streaks.handle_timer(now=now))
        self._queue_fresh()

    def close(self, cause: StreakEndCause, *, now: float) -> None:
        """Settle every open streak: the session is over."""
        self._settle(self.streaks.close(now=now, cause=cause))
        self._queue_fresh()

    def want(self, names: frozenset[str] | None) -> None:
        """From now on deliver the events of these names; `None`: all."""
        self._config = replace(self._config, include=names)
        self._plans.clear()
        self._kinds.clear()

    @property
    def viewer_update(self) -> ViewerUpdateEvent | None:
        """The last one, wanted or not."""
        message, self._viewer_message = self._viewer_message, None
        if message is not None:
            update = decode(message, room_id=self.room_id, registry=self._config.registry)
            if isinstance(update, ViewerUpdateEvent):
                self._viewer_update = update
        return self._viewer_update

    @property
    def viewer_count(self) -> int | None:
        """Viewers right now, as last told; `None` before."""
        update = self.viewer_update
        return None if update is None else max(update.viewer_count, 0)

    def emit(self, event: Event) -> None:
        """Queue an event of the session's own: it is always wanted, and no overflow drops it.

        `OverflowEvent`s are as others: the peer can cause any number of them.
        """
        self._counters.events += 1
        self._events.push(event, keep=True)

    def _add(self, event: Event) -> None:
        if self._config.wants(event.name):
            self._counters.events += 1
            self._fresh.append(event)

    def _queue_fresh(self) -> None:
        if not self._fresh:
            return
        fresh, self._fresh = self._fresh, []
        if not self._heavy:
            self._events.extend(fresh)
            return
        for event in fresh:
            size = len(event.raw)
            self._events.push(event, weight=size if size > self._config.limits.heavy_message else 0)

    def _overflowed(self, lost: int) -> OverflowEvent:
        """Say how many events were lost to the queue's limit since the last time."""
        self._counters.events += 1
        return OverflowEvent(room_id=self.room_id, dropped=lost, limit="event_queue")

    def _receive_messages(self, messages: list[Message]) -> None:
        """One loop without calls that can be saved: each costs 0.1 to 0.3 us, and there is one of each a message."""
        counters, by_method, plans, seen = self._counters, self._counters.by_method, self._plans, self.seen.seen
        kinds, add, room_id = self._kinds, self._fresh.append, self.room_id
        heavy, limits, rescues = self._heavy, self._config.limits, MAX_RESCUES
        for message in messages:
            method, payload, msg_id, is_history, _ = message
            if method in by_method:
                by_method[method] += 1
                counters.messages += 1
            else:
                counters.count_message(method)
            parse, kind, variant, inner_id, skip = plans.get(method) or self._make_plan(method)
            if skip:
                if seen(msg_id):
                    counters.duplicates += 1
                elif kind.track is _VIEWERS:
                    self._read_later(message)
                else:
                    counters.skipped += 1
                continue
            wire, problem = None, ""
            if parse is not None:
                try:
                    try:
                        wire = parse(payload)
                    except Exception:
                        if not rescues:
                            raise
                        rescues -= 1
                        wire = parse_rest(parse, payload)
                        if wire is None:
                            raise
                        counters.partial += 1
                    if heavy and len(payload) > limits.heavy_message and has_more_parts(wire, limits.message_parts):
                        raise ValueError(f"more than {limits.message_parts} parts (Limits.message_parts)")
                    if variant is not None:
                        chosen = variant(wire, message)
                        kind = kinds.get(chosen) or self._make_kind(chosen)
                except Exception as error:  # As in `decode.parse`: the bytes decide, not the caller.
                    problem = describe(error)
                else:
                    msg_id = inner_id(wire) or msg_id
            if seen(msg_id):
                counters.duplicates += 1
            elif is_history and not self._config.history:
                counters.skipped += 1
            else:
                if is_history:
                    counters.history += 1
                event, track, wanted = kind
                if problem or parse is None:
                    self._not_decoded(message, problem)
                elif track is not None:
                    track(self, wire, message, kind)
                elif wanted:
                    counters.events += 1
                    add(event.from_message(wire, message, room_id))

    def _not_decoded(self, message: Message, problem: str) -> None:
        if problem:
            self._counters.undecodable += 1
        else:
            self._counters.unknown += 1
        self._add(to_event(message, problem or None, self.room_id))

    def _deliver(self, kind: _Kind, wire: Any, message: Message, given: Mapping[str, Any]) -> None:
        if kind.wanted:
            self._counters.events += 1
            self._fresh.append(kind.event.from_message(wire, message, self.room_id, given))

    def _make_kind(self, event: type[Event]) -> _Kind:
        track = next((track for known, track in _TRACKS if issubclass(event, known)), None)
        kind = self._kinds[event] = _Kind(event, track, self._config.wants(event.name))
        return kind

    def _make_plan(self, method: str) -> _Plan:
        """Decide once what is to be done with all messages of a method."""
        config = self._config
        binding = config.registry.find(method)
        if binding is None:
            # Not remembered: the peer chooses the names, and a table it can grow needs a limit.
            return _UNKNOWN if config.wants(UnknownEvent.name) else _UNWANTED
        parse, event = binding
        names = event.names()
        plan = self._plans[method] = _Plan(
            parse,
            self._make_kind(event),
            None if _is_one_kind(event) else event.variant,
            _common_id if _has_common(binding) else _any_id,
            skip=_TRACKED_NAMES.isdisjoint(names) and not any(config.wants(name) for name in names),
        )
        return plan

    def _track_gift(self, wire: Any, message: Message, kind: _Kind) -> None:
        # Taken once: each access to a part that nobody holds makes an object for it anew (0.2 us).
        gift = wire.gift
        gift_id = wire.gift_id
        heavy = self._heavy and len(message.payload) > self._config.limits.heavy_message
        info = self.gifts.info(wire, gift, remember=not heavy)
        step = GiftStep(
            user_id(wire.user),
            gift_id or gift.id,
            wire.group_id,
            wire.repeat_count,
            bool(wire.repeat_end),
            is_streakable(wire) if info is None else info.streakable,
            gift.diamond_count if info is None else info.diamond_count,
            wire.common.create_time,
            detail=(wire, message, info),
        )
        count = self.streaks.receive(step, now=self._now)
        if heavy and count.streaking:
            # An open streak holds its last message.
            count = count._replace(streaking=False, ended=self.streaks.evict(step))
        if count.evicted is not None:
            self._settle((count.evicted,))
        if kind.wanted:
            given: dict[str, Any] = {"delta": count.delta}
            detailed = self.gifts.detailed(wire)
            if info is not None or detailed is not None:
                known = {"info": info, "detailed": detailed}
                known = {name: value for name, value in known.items() if value is not None}
                given["gift"] = Gift.from_wire(wire, **known)
            self._deliver(kind, wire, message, given)
        if count.ended is not None:
            self._settle((count.ended,))

    def _track_like(self, wire: Any, message: Message, kind: _Kind) -> None:
        count = self.likes.receive(user_id(wire.user), wire.count, wire.total)
        self._deliver(kind, wire, message, {"room_likes": count.room_likes, "user_likes": count.user_likes})

    def _track_viewers(self, wire: Any, message: Message, kind: _Kind) -> None:
        self._viewer_message = None
        self._viewer_update = update = kind.event.from_message(wire, message, self.room_id)
        self._add(update)

    def _read_later(self, message: Message) -> None:
        """Keep a viewer update that nobody listens to, in case that somebody asks how many watch."""
        if self._config.history or not message.is_history:
            self._viewer_message = message

    def _track_ranking(self, wire: Any, message: Message, kind: _Kind) -> None:
        # The message speaks of the host without saying who that is.
        self._deliver(kind, wire, message, {"user": self.host} if self.host is not None else _NOTHING)

    def _track_end(self, wire: Any, message: Message, kind: _Kind) -> None:
        # What was backlog when we came cannot have ended the room that we are in.
        if not message.is_history:
            self.room_ended = "TikTok suspended the stream" if wire.action == 4 else "the host ended the stream"
        self._deliver(kind, wire, message, _NOTHING)

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
            self._fresh.append(GiftStreakEndEvent.from_message(wire, message, self.room_id, given))


_VIEWERS = Pipeline._track_viewers
_TRACKS: tuple[tuple[type[Event], Track], ...] = (
    (GiftEvent, Pipeline._track_gift),
    (LikeEvent, Pipeline._track_like),
    (ViewerUpdateEvent, _VIEWERS),
    (LiveEndEvent, Pipeline._track_end),
    (RankingUpdateEvent, Pipeline._track_ranking),
    (HourlyRankEvent, Pipeline._track_ranking),
)
"""Events that the session adds to or learns from."""

_TRACKED_NAMES = frozenset((GiftEvent.name, LiveEndEvent.name))
"""Names of the events that it must not miss: their messages are parsed, wanted or not. Viewer updates are parsed when
somebody asks, and likes only add to the likes that somebody listens to."""


# --- plans --------------------------------------------------------------------------------------------------------


class _Kind(NamedTuple):
    """What is done with the events of one class."""

    event: type[Event]
    track: Track | None
    """What the session adds or learns, and delivers them itself; `None`: nothing."""
    wanted: bool


class _Plan(NamedTuple):
    """What is done with the messages of one method: found out once, as that takes 0.7 us and a dictionary 0.05."""

    parse: Parse | None
    kind: _Kind
    """The binding's own event class; a variant has another."""
    variant: Callable[[Any, Message], type[Event]] | None
    """Chooses the event's class by the message; `None` where there is but one."""
    inner_id: Callable[[Any], int]
    """Reads the id that tells repeats: `common.msg_id`, or 0 for the entry's own (protocol/push.md section 6)."""
    skip: bool
    """Whether it becomes nothing that anybody wants or counts, so that it need not be parsed."""


_common_id: Callable[[Any], int] = attrgetter("common.msg_id")


def _any_id(wire: Any) -> int:
    inner = getattr(getattr(wire, "common", None), "msg_id", 0)
    return inner if isinstance(inner, int) else 0


def _is_one_kind(event: type[Event]) -> bool:
    return getattr(event.variant, "__func__", None) is getattr(Event.variant, "__func__", None)


def _has_common(binding: Binding) -> bool:
    """Whether the parsed form is a message of ours that has a `common`."""
    wire_class = getattr(binding.parse, "__self__", None)
    return "common" in getattr(getattr(wire_class, "DESCRIPTOR", None), "fields_by_name", ())


_UNKNOWN = _Plan(None, _Kind(UnknownEvent, None, False), None, _any_id, skip=False)
_UNWANTED = _UNKNOWN._replace(skip=True)
