"""Messages far larger than real ones: what of them may wait and be remembered is bounded in bytes, nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from google.protobuf.struct_pb2 import Struct
from session_world import World, chat, gift

from tiktok_webcast import Limits, Message
from tiktok_webcast._pb.chat_pb2 import WebcastChatMessage
from tiktok_webcast.decoder import has_more_parts
from tiktok_webcast.events import CommentEvent, GiftEvent, GiftStreakEndEvent, OverflowEvent, UndecodableEvent
from tiktok_webcast.track.gifts import StreakEndCause

LIMITS = Limits(heavy_message=1000, event_queue_bytes=8000)
PADDING = b"\xaa\x3f"
"""The tag of a field that no schema has, 1013."""


def heavy(message: Message, size: int = 2000) -> Message:
    """The same message with a payload of `size` bytes, most of them nobody's."""
    missing = size - len(message.payload) - len(PADDING) - 2
    length = bytes((missing & 0x7F | 0x80, missing >> 7))
    padded = message.payload + PADDING + length + bytes(missing)
    assert len(padded) == size
    return message._replace(payload=padded)


def world(limits: Limits = LIMITS, overflow: str = "block", *, read_events: bool = False) -> World:
    made = World(limits=limits, overflow=overflow, read_events=read_events)
    made.open()
    return made


def test_block_pauses_at_so_many_bytes_and_reads_on_at_a_quarter() -> None:
    room = world()
    for number in range(1, 5):
        assert not room.session.paused
        room.send([heavy(chat(number))])
    assert room.session.paused
    paused = []
    while (event := room.session.next_event()) is not None:
        paused.append((event.name, room.session.paused))
    assert paused == [("connect", True), *[("comment", True)] * 2, *[("comment", False)] * 2]


@pytest.mark.parametrize(("size", "paused"), [(1000, False), (1001, True)])
def test_a_message_is_heavy_past_the_limit_exactly(size: int, paused: bool) -> None:
    room = world(replace(LIMITS, event_queue_bytes=1))
    room.send([heavy(chat(1), size), chat(2)])
    assert room.session.paused is paused


def test_light_messages_of_a_large_frame_weigh_nothing() -> None:
    room = world(replace(LIMITS, event_queue_bytes=1))
    room.send([heavy(chat(number), 500) for number in range(1, 30)])
    assert not room.session.paused


def test_drop_oldest_holds_no_more_and_tells_every_loss() -> None:
    room = world(overflow="drop-oldest")
    for number in range(1, 101):
        room.send([heavy(chat(number)), chat(1000 + number)])
    room.take_events()
    comments = [event.msg_id for event in room.events if isinstance(event, CommentEvent)]
    lost = sum(event.dropped for event in room.events if isinstance(event, OverflowEvent))
    # Four heavy ones, and the light one between the first of them and the last that went.
    assert comments == [1096, 97, 1097, 98, 1098, 99, 1099, 100, 1100]
    assert lost == room.session.statistics.dropped == 200 - 9


def test_what_cannot_be_read_weighs_too() -> None:
    room = world(replace(LIMITS, event_queue_bytes=3000))
    for _ in range(2):
        assert not room.session.paused
        room.call("receive_message", room.socket_id, b"\xff" * 1500)
    assert room.session.paused
    room.take_events()
    assert [type(event) for event in room.events[1:]] == [UndecodableEvent] * 2


def test_a_heavy_gift_ends_its_streak_at_once_and_is_counted_once() -> None:
    room = world(read_events=True)
    room.send([heavy(gift(1, 7, 5655, 90, 3))])
    assert room.session.next_timer() is not None
    room.send([heavy(gift(2, 7, 5655, 90, 5))])
    room.send([gift(3, 7, 5655, 90, 6), gift(4, 7, 5655, 90, 6, end=True)])
    deltas = [event.delta for event in room.events if isinstance(event, GiftEvent)]
    ends = [
        (event.total, event.cause, event.continues) for event in room.events if isinstance(event, GiftStreakEndEvent)
    ]
    assert deltas == [3, 2, 1, 0]
    assert ends == [
        (3, StreakEndCause.EVICTED, False),
        (2, StreakEndCause.EVICTED, True),
        (1, StreakEndCause.REPEAT_END, True),
    ]


def test_no_description_is_learned_from_a_heavy_gift() -> None:
    room = world(read_events=True)
    room.send([heavy(gift(1, 7, 5655, 90, 1, end=True))])
    assert len(room.session._pipeline.gifts) == 0
    room.send([gift(2, 7, 5655, 91, 1, end=True)])
    assert len(room.session._pipeline.gifts) == 1


def emotes(count: int, text: str = "") -> Message:
    wire = WebcastChatMessage(content="x" * 1000)
    for _ in range(count):
        wire.emotes.add().emote.emote_id = text
    return Message("WebcastChatMessage", wire.SerializeToString(), 1)


@pytest.mark.parametrize(("count", "read"), [(10, True), (11, False)])
def test_a_heavy_message_has_so_many_parts_and_no_more(count: int, read: bool) -> None:
    # Each emote is an entry of a list with a message in it.
    room = world(replace(LIMITS, message_parts=20), read_events=True)
    room.send([emotes(count)])
    event = room.events[-1]
    if read:
        assert isinstance(event, CommentEvent) and len(event.emotes) == count
    else:
        assert isinstance(event, UndecodableEvent)
        assert event.error == "ValueError: more than 20 parts (Limits.message_parts)"
        assert event.raw == emotes(count).payload


def test_a_light_message_may_have_any_number() -> None:
    room = world(Limits(message_parts=20), read_events=True)
    room.send([emotes(1000)])
    assert isinstance(room.events[-1], CommentEvent)


def test_parts_are_counted_at_all_depths_and_in_maps() -> None:
    chat_of_one = WebcastChatMessage()
    chat_of_one.user.badge_list.add().combine.text.key = "a"
    assert not has_more_parts(chat_of_one, 4) and has_more_parts(chat_of_one, 3)
    fields = Struct()
    fields["a"], fields["b"] = "x", [1, 2]
    # Two entries of a map; in one of them a list of two numbers.
    assert not has_more_parts(fields, 5) and has_more_parts(fields, 4)
    assert not has_more_parts("no message", 0) and not has_more_parts(WebcastChatMessage(), 0)
