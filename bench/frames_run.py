"""One run of the benchmark: a connection without a network, and a handler that adds up what it reads."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

from tiktok_webcast.actions import Action, CloseSocket, OpenSocket, SendMessage
from tiktok_webcast.events import (
    CommentEvent,
    FollowEvent,
    GiftEvent,
    GiftStreakEndEvent,
    JoinEvent,
    LikeEvent,
    MemberEvent,
    MoreShareEvent,
    ShareEvent,
    SocialEvent,
    UndecodableEvent,
    ViewerUpdateEvent,
)
from tiktok_webcast.http import HttpRequest, HttpResponse, SocketRequest, TransportFailure
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import Signed, SignTarget
from tiktok_webcast.user_input import RoomId
from tiktok_webcast_transports.asyncio import Live

KEYS = (
    *("chat", "member", "like", "gift", "social", "follow", "share", "user_seq", "other", "uid_len", "nicks"),
    *("chat_len", "likes", "viewers", "member_counts", "gift_name_len", "gift_units", "diamonds"),
)
ROOM = RoomId(7_300_000_000_000_000_001)


class Totals:
    """What the handler adds up, named as in contracts.md section 3."""

    __slots__ = tuple(KEYS)

    def __init__(self) -> None:
        self.chat = self.member = self.like = self.gift = self.social = self.follow = self.share = 0
        self.user_seq = self.other = self.uid_len = self.nicks = self.chat_len = self.likes = self.viewers = 0
        self.member_counts = self.gift_name_len = self.gift_units = self.diamonds = 0

    def as_dict(self) -> dict[str, int]:
        """The totals by name."""
        return {key: getattr(self, key) for key in KEYS}


class OpenDoor:
    """A signer that asks nobody."""

    def sign(self, target: SignTarget) -> Generator[HttpRequest, HttpResponse | TransportFailure, Signed]:
        """Sign at once."""
        return Signed(SocketRequest("ws://127.0.0.1/"))
        yield  # A generator, though it has nothing to ask.


class OfflineSession(Session):
    """A session whose socket is open at once, and whose frames go no further than a tally."""

    def __init__(self, only: frozenset[str] | None) -> None:
        super().__init__(ROOM, config=SessionConfig(include=only, check_room=False), signer=OpenDoor())
        self.socket_id = 0
        self.sent = 0
        self.sent_bytes = 0

    def next_action(self) -> Action | None:
        """Do the next action that has to do with the socket; a driver has the others."""
        while (action := super().next_action()) is not None:
            if isinstance(action, SendMessage):
                self.sent += 1
                self.sent_bytes += len(action.data)
            elif isinstance(action, OpenSocket):
                self.socket_id = action.socket_id
            elif not isinstance(action, CloseSocket):
                return action
        return None

    def handle_timer(self, *, now: float) -> None:
        """Do what is due, and forget what is sent for it: heartbeats are no acks."""
        before = self.sent, self.sent_bytes
        super().handle_timer(now=now)
        while self.next_action() is not None:
            pass
        self.sent, self.sent_bytes = before


class Run:
    """Plays frames through connections and keeps the tally."""

    def __init__(self, only: frozenset[str] | None) -> None:
        self.totals = Totals()
        self.events = self.messages = self.acks = self.ack_bytes = self.errors = 0
        self._only = only

    async def play(self, frames: list[bytes]) -> None:
        """Feed all frames; where a frame ends the room, a new session goes on with the next."""
        at = 0
        while True:
            at = await self._connect(frames, at)
            if at >= len(frames):
                break

    async def _connect(self, frames: list[bytes], at: int) -> int:
        session = OfflineSession(self._only)
        live = Live(session)
        loop = asyncio.get_running_loop()
        work = live._driver._work  # What the socket's channel calls after each message.
        async with live:
            session.socket_opened(session.socket_id, (), now=loop.time())
            work(loop.time())
            # Entering the room and the first heartbeat are no acks.
            session.sent = session.sent_bytes = 0
            handler = loop.create_task(self.handle(live))
            while at < len(frames) and session.closed is None:
                now = loop.time()
                session.receive_message(session.socket_id, frames[at], now=now)
                work(now)
                at += 1
                await asyncio.sleep(0)
                while session.paused:  # noqa: ASYNC110 - the handler needs one turn at the most
                    await asyncio.sleep(0)
            live.close()
            await handler
        self.messages += session.statistics.messages
        self.acks += session.sent
        self.ack_bytes += session.sent_bytes
        return at

    async def handle(self, live: Live) -> None:
        """Add up what the events of a connection say, to the last."""
        totals = self.totals
        events = 0
        async for event in live:
            events += 1
            match event:
                case CommentEvent(user=user, comment=comment):
                    totals.chat += 1
                    totals.chat_len += len(comment)
                case JoinEvent(user=user, total_viewers=count):
                    totals.member += 1
                    totals.member_counts += count
                case LikeEvent(user=user, likes=count):
                    totals.like += 1
                    totals.likes += count
                case GiftEvent(user=user, gift=gift):
                    totals.gift += 1
                    totals.gift_name_len += len(gift.name)
                case GiftStreakEndEvent(total=count, diamonds=diamonds):
                    totals.gift_units += count
                    totals.diamonds += diamonds
                    continue
                case FollowEvent(user=user):
                    totals.social += 1
                    totals.follow += 1
                case ShareEvent(user=user) | MoreShareEvent(user=user):
                    totals.social += 1
                    totals.share += 1
                case SocialEvent(user=user):
                    totals.social += 1
                case ViewerUpdateEvent(viewer_count=count):
                    totals.user_seq += 1
                    totals.viewers += count
                    continue
                case MemberEvent(user=user):
                    totals.member += 1
                case _:
                    if isinstance(event, UndecodableEvent):
                        self.errors += 1
                    # What the session says of itself came in no message.
                    if event.method is not None:
                        totals.other += 1
                    continue
            totals.uid_len += len(user.unique_id)
            totals.nicks += user.nickname != ""
        self.events += events
