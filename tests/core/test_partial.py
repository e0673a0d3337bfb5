"""A field that comes as something else than its schema says is lost alone, and not the message that it is in."""

from __future__ import annotations

import gc
import pickle
from types import TracebackType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_world import World, chat

from tiktok_webcast._pb.chat_pb2 import WebcastChatMessage
from tiktok_webcast.decoder import MAX_RESCUED, MAX_RESCUES, decode
from tiktok_webcast.events import CommentEvent, UndecodableEvent
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.registry import Registry
from tiktok_webcast.events.table import REGISTRY
from tiktok_webcast.message import Message
from tiktok_webcast.testing import messages
from tiktok_webcast.wire import top_fields

TEXTS = st.sampled_from([b"\x0atext of a person", b"Hello", b"\x08", b"7"])
"""No messages: they break off, or have a wire type that there is not."""
USER = 2


def field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def inner(method: str) -> list[int]:
    """The numbers of the fields that are messages."""
    binding = REGISTRY.find(method)
    if binding is None:
        return []
    sent = binding.parse(b"").DESCRIPTOR
    return [each.number for each in sent.fields if each.message_type is not None]


def shown(event: Event) -> dict[str, Any]:
    return {"kind": type(event), **event.to_dict()}


@given(message=messages(), text=TEXTS, data=st.data())
def test_the_rest_of_a_message_is_what_it_would_be_without_the_field(
    message: Message, text: bytes, data: st.DataObject
) -> None:
    number = data.draw(st.sampled_from(inner(message.method) or [0]))
    parts = top_fields(message.payload, MAX_RESCUED - 1)
    if not number or not parts:
        return
    place = data.draw(st.integers(0, len(parts)))
    pieces = [part for _, _, part in parts]
    broken = message._replace(payload=b"".join([*pieces[:place], field(number, text), *pieces[place:]]))
    event = decode(broken)
    assert not isinstance(event, UndecodableEvent)
    assert shown(event) == shown(decode(message)) and event.raw == broken.payload


def chat_with(*parts: bytes, content: str = "hi") -> Message:
    return Message("WebcastChatMessage", b"".join([WebcastChatMessage(content=content).SerializeToString(), *parts]), 1)


def test_a_user_that_is_a_text_is_no_user() -> None:
    event = decode(chat_with(field(USER, b"Hello")))
    assert isinstance(event, CommentEvent)
    assert event.comment == "hi" and event.user.unique_id == "" and event.user.id == 0


def test_it_comes_out_of_a_pickle_as_it_was() -> None:
    event = decode(chat_with(field(USER, b"Hello")), room_id=7)
    again = pickle.loads(pickle.dumps(event))
    assert again == event and shown(again) == shown(event)


@pytest.mark.parametrize(
    "payload",
    [
        field(USER, b"Hello"),
        chat_with(field(USER, b"Hello"), field(1, b"Hello")).payload,
        chat_with(field(USER, b"Hello"))[1][:-1],
        chat_with(field(USER, b"Hello"), b"\x0b\x0c").payload,
        chat_with(field(USER, b"Hello"), field(999, b"") * MAX_RESCUED).payload,
    ],
    ids=["nothing else", "two of them", "cut", "a group", "too many fields"],
)
def test_more_than_that_is_no_such_message(payload: bytes) -> None:
    event = decode(Message("WebcastChatMessage", payload, 1))
    assert isinstance(event, UndecodableEvent) and event.raw == payload
    assert event.error.startswith("DecodeError")


def test_as_many_fields_as_the_limit_says() -> None:
    message = chat_with(field(USER, b"Hello"), field(999, b"") * (MAX_RESCUED - 2))
    assert isinstance(decode(message), CommentEvent)


def tracebacks() -> int:
    return sum(isinstance(each, TracebackType) for each in gc.get_objects())


def test_a_message_that_is_refused_is_not_held_until_the_garbage_is_collected() -> None:
    world = World()
    world.open()
    broken = chat_with(field(USER, b"Hello"), field(1, b"Hello"))
    gc.collect()
    gc.disable()
    try:
        before = tracebacks()
        decode(broken)
        world.send([broken])
        held = tracebacks() - before
    finally:
        gc.enable()
    assert held == 0 and world.session.statistics.undecodable == 1


def test_a_parser_of_somebody_elses_is_asked_once() -> None:
    asked: list[bytes] = []

    def parse(payload: bytes) -> Any:
        asked.append(payload)
        raise ZeroDivisionError

    registry = Registry({})
    registry.register("Mine", CommentEvent, parse=parse)
    assert decode(chat_with()._replace(method="Mine"), registry=registry).to_dict()["error"] == "ZeroDivisionError: "
    assert len(asked) == 1


def test_a_session_counts_them() -> None:
    world = World()
    world.open()
    broken = chat(2, "two")
    world.send([chat(1, "one"), broken._replace(payload=broken.payload + field(USER, b"Hello")), chat(3, "three")])
    assert [event.comment for event in world.events if isinstance(event, CommentEvent)] == ["one", "two", "three"]
    statistics = world.session.statistics
    assert (statistics.partial, statistics.undecodable) == (1, 0)
    assert statistics.to_dict()["partial"] == 1


def test_a_frame_of_broken_messages_takes_no_longer_than_its_limit_says() -> None:
    world = World()
    world.open()
    count = MAX_RESCUES + 10
    world.send([chat_with(field(USER, b"Hello"))._replace(msg_id=number) for number in range(1, count + 1)])
    assert (world.session.statistics.partial, world.session.statistics.undecodable) == (MAX_RESCUES, 10)
    world.send([chat_with(field(USER, b"Hello"))._replace(msg_id=count + 1)])
    assert world.session.statistics.partial == MAX_RESCUES + 1, "the next frame has its own"


@given(payload=st.binary(max_size=60), method=st.sampled_from(REGISTRY.methods()))
def test_no_bytes_raise(payload: bytes, method: str) -> None:
    event = decode(Message(method, payload, 1))
    assert event.raw == payload
    event.to_dict()
