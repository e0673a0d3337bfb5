"""The rarer messages of a room, each with its truth: chests, questions, polls, battles, goals, pins, ranks."""

from __future__ import annotations

from collections.abc import Sequence

from ..events.table import REGISTRY
from . import payloads_rare as wire
from .catalogue import GiftKind
from .payloads import Fields
from .people import Person
from .script import Line, Truth
from .story import Story

POLL_START, POLL_END, POLL_VOTES = 0, 1, 2
BATTLE_STARTED, BATTLE_FINISHED = 1, 2
_OPEN, _FINISH = 4, 5


def welcome(story: Story) -> Line:
    """TikTok's notice at the beginning. Its outer id differs from its inner one, as captured."""
    common = story.common("RoomMessage")
    text = "Welcome to TikTok LIVE! Have fun interacting with others in real-time. Creators must be 18 or older."
    fields = wire.room_notice(common, text)
    fields["common"]["msg_id"] = common["msg_id"] + 1
    truth = {"content": text}
    return _line(story, "WebcastRoomMessage", fields, "", truth, entry_method="RoomMessage", msg_id=common["msg_id"])


def intro(story: Story, text: str, *, language: str = "en") -> Line:
    """What the host says of the room."""
    method = "WebcastLiveIntroMessage"
    fields = wire.intro(story.common(method), story.room.host, text, story.room.images, language=language)
    host = {"id": str(story.room.host.id), "nickname": story.room.host.nickname}
    return _line(story, method, fields, "intro_message", {"streamer": host, "message": text, "language": language})


def envelope(story: Story, sender: Person, *, diamonds: int, people: int) -> Line:
    """A treasure chest for the room."""
    method = "WebcastEnvelopeMessage"
    common = story.common(method)
    envelope_id = common["msg_id"] + 9
    fields = wire.envelope(common, sender, story.room.images, envelope_id=envelope_id, diamonds=diamonds, people=people)
    truth = {
        "sender": {"id": str(sender.id), "name": sender.nickname},
        "diamonds": diamonds,
        "people": people,
        "envelope_id": str(envelope_id),
        "business_type": 1,
    }
    return _line(story, method, fields, "envelope", truth)


def question(story: Story, person: Person, text: str) -> Line:
    """A question to the host."""
    method = "WebcastQuestionNewMessage"
    fields = wire.question(story.common(method), person, text, story.room.images)
    return _line(story, method, fields, "question", {"user": person.truth(), "question": text})


def emote(story: Story, person: Person, emote_id: int) -> Line:
    """An emote instead of words."""
    method = "WebcastEmoteChatMessage"
    fields = wire.emote(story.common(method), person, emote_id, story.room.images)
    return _line(story, method, fields, "emote", {"user": person.truth(), "emotes": [{"id": str(emote_id)}]})


def poll(story: Story, title: str, votes: Sequence[tuple[str, int]], kind: int) -> Line:
    """A poll starts, ends, or has new votes."""
    method = "WebcastPollMessage"
    fields = wire.poll(story.common(method), story.room.host, title, votes, story.room.images, kind=kind)
    return _line(story, method, fields, "poll", {})


def battle(story: Story, rival: Person, battle_id: int, *, finished: bool = False) -> Line:
    """A battle against another host begins or ends."""
    method = "WebcastLinkMicBattle"
    status, action = (BATTLE_FINISHED, _FINISH) if finished else (BATTLE_STARTED, _OPEN)
    hosts = (story.room.host, rival)
    fields = wire.battle(
        story.common(method), hosts, story.room.images, battle_id=battle_id, status=status, action=action
    )
    event = "mic_battle_end" if finished else "mic_battle_start"
    return _line(story, method, fields, event, {"battle_id": str(battle_id)})


def armies(story: Story, rival: Person, battle_id: int, points: tuple[int, int], fans: Sequence[Person]) -> Line:
    """The points of a battle so far."""
    method = "WebcastLinkMicArmies"
    sides = [
        (host, score, [(fan, score)]) for host, score, fan in zip((story.room.host, rival), points, fans, strict=True)
    ]
    fields = wire.armies(story.common(method), sides, story.room.images, battle_id=battle_id, reason=1)
    return _line(story, method, fields, "mic_battle_update", {"battle_id": str(battle_id)})


def caption(story: Story, text: str, sentence: int, *, language: str = "en") -> Line:
    """What the host says, as a caption."""
    method = "WebcastCaptionMessage"
    fields = wire.caption(story.common(method), text, language=language, sentence=sentence)
    return _line(story, method, fields, "caption", {})


def pin(story: Story, person: Person, text: str) -> Line:
    """The host pins a comment, which carries an id of its own."""
    method = "WebcastRoomPinMessage"
    pinned = story.common("WebcastChatMessage")
    fields = wire.pin(story.common(method), story.room.host, pinned, person, text, story.room.images)
    return _line(story, method, fields, "room_pin", {})


def goal(story: Story, person: Person, kind: GiftKind, progress: int, target: int) -> Line:
    """The stream's goal comes closer."""
    method = "WebcastGoalUpdateMessage"
    fields = wire.goal(story.common(method), person, kind, story.room.images, progress=progress, target=target)
    return _line(story, method, fields, "goal_update", {})


def ranking(story: Story, rank: int) -> Line:
    """Where the host stands this week."""
    method = "WebcastRankUpdateMessage"
    return _line(story, method, wire.rank_update(story.common(method), rank=rank), "ranking_update", {"rank": rank})


def user_ranking(story: Story, person: Person, place: int) -> Line:
    """Somebody becomes a top viewer."""
    method = "WebcastRankTextMessage"
    fields = wire.rank_text(story.common(method), person, story.room.images, place=place)
    return _line(story, method, fields, "user_ranking_update", {"rank": place})


def subscription(story: Story, person: Person, months: int) -> Line:
    """Somebody subscribes to the host."""
    method = "WebcastSubNotifyMessage"
    fields = wire.subscription(story.common(method), person, story.room.images, months=months)
    return _line(story, method, fields, "", {})


def entrance(story: Story, person: Person) -> Line:
    """A member of the fan club comes in with a banner."""
    method = "WebcastBarrageMessage"
    return _line(story, method, wire.entrance(story.common(method), person, story.room.images), "barrage", {})


def deletion(story: Story, line: Line) -> Line:
    """A moderator takes a message away."""
    method = "WebcastImDeleteMessage"
    fields = wire.deleted(story.common(method), [line.message.msg_id], [])
    return _line(story, method, fields, "im_delete", {})


def _line(
    story: Story, method: str, fields: Fields, event: str, truth: Truth, *, entry_method: str = "", msg_id: int = 0
) -> Line:
    """The line, under the event's name if the client's own table has the method; `unknown` if not.

    Without `event`, the name is the table's.
    """
    binding = REGISTRY.find(entry_method or method)
    if binding is None:
        event, truth = "unknown", {}
    elif not event:
        event = binding.event.name
    return story.line(method, fields, event, truth, entry_method=entry_method, msg_id=msg_id)
