"""What was made fast behaves as what it stands in for."""

from __future__ import annotations

import pickle
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast._pb import message_class
from tiktok_webcast.event_queue import EventQueue
from tiktok_webcast.events import CommentEvent, User
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.table import REGISTRY
from tiktok_webcast.message import Message
from tiktok_webcast.pipeline import Pipeline
from tiktok_webcast.push.frames import FetchResult, write_ack, write_frame
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.statistics import Counters


@given(log_id=st.integers(0, 2**64 - 1), internal_ext=st.binary(max_size=400))
def test_an_ack_by_hand_is_the_ack_of_protobuf(log_id: int, internal_ext: bytes) -> None:
    assert write_ack(log_id, internal_ext) == write_frame("ack", internal_ext or b"-", log_id=log_id)


@given(name=st.text(max_size=20), nickname=st.text(max_size=20), number=st.integers(0, 2**64 - 1))
def test_direct_fields_are_fields(name: str, nickname: str, number: int) -> None:
    sent = User.from_wire(message_class("User")(display_id=name, nickname=nickname, id=5))
    assert (sent.unique_id, sent.nickname, sent.id) == (name, nickname, 5)
    made = User(unique_id=name, nickname=nickname, id=number)
    assert (made.unique_id, made.nickname, made.id) == (name, nickname, number)
    for user in (sent, made):
        assert pickle.loads(pickle.dumps(user)) == user
    assert User.fields[:3] == ("id", "unique_id", "nickname")


class PokeEvent(Event):
    """Somebody pokes."""

    name: ClassVar[str] = "poke"


def test_a_method_registered_late_is_heard_from_then_on() -> None:
    registry = REGISTRY.copy()
    events: EventQueue[Event] = EventQueue()
    pipeline = Pipeline(SessionConfig(registry=registry), events, Counters())
    poke, chat = Message("WebcastPokeMessage", b"\x01", 1), Message("WebcastChatMessage", b"", 2)
    pipeline.receive(FetchResult([poke, chat]), now=0.0)
    registry.register("WebcastPokeMessage", PokeEvent, parse=bytes)
    registry.register("WebcastChatMessage", PokeEvent, parse=bytes)
    pipeline.receive(FetchResult([poke._replace(msg_id=3), chat._replace(msg_id=4)]), now=0.0)
    names = [event.name for event in iter(events.pop, None)]
    assert names == ["unknown", CommentEvent.name, "poke", "poke"]


def test_the_id_inside_counts_and_a_parser_of_ones_own_need_not_have_one() -> None:
    registry = REGISTRY.copy()
    registry.register("WebcastPokeMessage", PokeEvent, parse=bytes)
    events: EventQueue[Event] = EventQueue()
    counters = Counters()
    pipeline = Pipeline(SessionConfig(registry=registry), events, counters)
    chat = message_class("WebcastChatMessage")(common={"msg_id": 9}).SerializeToString()
    batch = [Message("WebcastChatMessage", chat, outer) for outer in (1, 2)]
    batch += [Message("WebcastPokeMessage", b"x", 9), Message("WebcastPokeMessage", b"x", 3)]
    pipeline.receive(FetchResult(batch), now=0.0)
    assert [event.name for event in iter(events.pop, None)] == ["comment", "poke"]
    assert (counters.messages, counters.duplicates) == (4, 2)
