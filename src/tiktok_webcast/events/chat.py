"""What viewers write: comments and questions, and the host's words of welcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from ..view import direct, text
from .base import Event, wire_time
from .characters import character_starts, unit_starts
from .emote import CommentEmote, Emote
from .user import IdentifiedUserEvent, User, UserEvent, either_id
from .wire_view import WireView

if TYPE_CHECKING:
    from ..schema.chat import WebcastChatMessage
    from ..schema.question import WebcastQuestionNewMessage
    from ..schema.room import WebcastLiveIntroMessage

MAX_MENTIONS = 100
"""Users that `CommentEvent.mentions` names; the ids of any more stay in `event.wire.mention_user_list`."""


class CommentEvent(IdentifiedUserEvent):
    """A viewer writes a comment."""

    name: ClassVar[str] = "comment"
    wire_type: ClassVar[str] = "WebcastChatMessage"
    wire: ClassVar[WireView[WebcastChatMessage]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("user", "comment", "language", "mentions", "emotes")
    user: User
    """Who wrote it."""
    comment: str = direct("content")
    """The text, without the emotes in it."""
    language: str | None = direct(read=lambda wire: text(wire.content_language) or None)
    """The text's language as TikTok guessed it, e.g. `es`; `un` when it could not, `None` if not sent."""
    mentions: tuple[User, ...]
    """Whom the comment names with `@`, `MAX_MENTIONS` at the most; some with an id only."""
    emotes: tuple[CommentEmote, ...]
    """The emotes in it, with their places."""
    parts: tuple[str | Emote, ...]
    """Text and emotes in reading order; the texts together are `comment`."""

    def _read_mentions(self) -> tuple[User, ...]:
        found: dict[int | str, User] = {}
        for user in self._mentioned():
            key = user.id or user.unique_id or user.nickname
            if key and len(found) < MAX_MENTIONS:
                found.setdefault(key, user)
        return tuple(found.values())

    def _mentioned(self) -> Iterator[User]:
        wire = self._wire
        if wire.HasField("at_user"):
            yield User.from_wire(wire.at_user)
        for user in wire.mention_users[:MAX_MENTIONS]:
            yield User.from_wire(user)
        for user_id in wire.mention_user_list[:MAX_MENTIONS]:
            yield User(id=either_id(user_id))

    def _read_emotes(self) -> tuple[CommentEmote, ...]:
        return tuple([CommentEmote.from_wire(emote) for emote in self._wire.emotes])

    def _read_parts(self) -> tuple[str | Emote, ...]:
        comment, parts, at = self.comment, list[str | Emote](), 0
        starts = _emote_places(comment, self.emotes)
        for placed in sorted(self.emotes, key=_place):
            index = max(starts[max(min(placed.index, len(starts) - 1), 0)], at)
            if index > at:
                parts.append(comment[at:index])
            parts.append(placed.emote)
            at = index
        if at < len(comment):
            parts.append(comment[at:])
        return tuple(parts)


def _emote_places(comment: str, emotes: Iterable[CommentEmote]) -> list[int]:
    """Return where in a comment an emote of each index stands.

    The one captured index counts characters as readers do. Where one is beyond the last of these, the sender's phone
    must have counted in smaller pieces: those of Java, UTF-16 units.
    """
    if comment.isascii():
        return list(range(len(comment) + 1))
    starts = character_starts(comment)
    return unit_starts(comment) if any(placed.index >= len(starts) for placed in emotes) else starts


def _place(placed: CommentEmote) -> int:
    return placed.index


class QuestionEvent(UserEvent):
    """A viewer asks the host a question in the Q&A."""

    name: ClassVar[str] = "question"
    wire_type: ClassVar[str] = "WebcastQuestionNewMessage"
    wire: ClassVar[WireView[WebcastQuestionNewMessage]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("user", "question", "question_id", "answer_status", "asked_at")
    user: User
    """Who asks."""
    question: str
    """The question's text."""
    question_id: int
    """The question's id; 0 if not sent."""
    answer_status: int
    """How far the answer is, a number that no source explains; 0 if not sent."""
    asked_at: datetime | None
    """When it was asked by the server's clock (aware, UTC)."""

    def _read_user(self) -> User:
        return User.from_wire(self._wire.data.user)

    def _read_question(self) -> str:
        return text(self._wire.data.content)

    def _read_question_id(self) -> int:
        question_id: int = self._wire.data.question_id
        return question_id

    def _json_question_id(self) -> str | None:
        return str(self.question_id) if self.question_id else None

    def _read_answer_status(self) -> int:
        status: int = self._wire.data.answer_status
        return status

    def _read_asked_at(self) -> datetime | None:
        return wire_time(self._wire.data.create_time)


class IntroMessageEvent(Event):
    """The host's words of welcome, shown to who enters; comes with the backlog, if the host wrote any."""

    name: ClassVar[str] = "intro_message"
    wire_type: ClassVar[str] = "WebcastLiveIntroMessage"
    wire: ClassVar[WireView[WebcastLiveIntroMessage]] = WireView()
    """The whole message, every field under its wire name."""
    json_fields: ClassVar[tuple[str, ...]] = ("streamer", "message", "language")
    streamer: User
    """The host."""
    message: str
    """The text."""
    language: str | None
    """The text's language as TikTok guessed it; `None` if not sent."""

    @property
    def user(self) -> User:
        """The host: the same as `streamer`."""
        return self.streamer

    def _read_streamer(self) -> User:
        return User.from_wire(self._wire.user)

    def _read_message(self) -> str:
        return text(self._wire.content)

    def _read_language(self) -> str | None:
        return text(self._wire.content_language) or None
