"""Methods and events that users add or replace."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any, ClassVar

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from tiktok_webcast.decoder import decode
from tiktok_webcast.events import REGISTRY, CommentEvent
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.registry import Registry
from tiktok_webcast.message import Message

METHODS = ("WebcastTheirMessage", "TheirMessage")
PAYLOAD = b"\x0a\x02\x08\x03"


def their_message() -> Any:
    """Return a message class that a user brings along: `Whole { Part part = 1; }`, `Part { int64 number = 1; }`."""
    file = FileDescriptorProto(name="theirs_too.proto", package="theirs_too")
    file.message_type.add(name="Part").field.add(name="number", number=1, label=1, type=3)
    part = ".theirs_too.Part"
    file.message_type.add(name="Whole").field.add(name="part", number=1, label=1, type=11, type_name=part)
    pool = DescriptorPool()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName("theirs_too.Whole"))


class TheirEvent(Event):
    part: Any


class LoudComment(CommentEvent):
    pass


def test_a_message_of_the_users_own_is_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = their_message()
    for cls in (whole, type(whole().part)):
        # As a module of theirs would hold the classes.
        monkeypatch.setattr(cls, "__module__", __name__, raising=False)
        monkeypatch.setitem(globals(), cls.__name__, cls)
    registry = Registry({})
    registry.register("TheirMessage", TheirEvent, parse=whole.FromString)
    event = decode(Message("TheirMessage", PAYLOAD), registry=registry)
    again = pickle.loads(pickle.dumps(event))
    assert again == event
    assert again.to_dict() == event.to_dict()
    assert again.to_dict()["part"] == {"number": 3}
    assert pickle.loads(pickle.dumps(again.part)) == again.part


def test_a_replacement_holds_for_both_forms_of_a_method() -> None:
    registry = REGISTRY.copy()
    assert type(decode(Message("ChatMessage", b""), registry=registry)) is CommentEvent
    registry.register("WebcastChatMessage", LoudComment)
    assert type(decode(Message("ChatMessage", b""), registry=registry)) is LoudComment
    assert type(decode(Message("WebcastChatMessage", b""), registry=registry)) is LoudComment
    assert type(decode(Message("WebcastChatMessage", b""))) is CommentEvent


@pytest.mark.parametrize("order", [METHODS, METHODS[::-1]])
def test_both_forms_of_a_method_may_be_registered(order: tuple[str, ...]) -> None:
    registry = Registry({})
    for method in order:
        registry.register(method, TheirEvent, parse=their_message().FromString)
    for method in order:
        event: Any = decode(Message(method, PAYLOAD), registry=registry)
        assert event.part.number == 3


class Misspelt(Event):
    wire_type = "WebcastChatMessage"
    contents: str


class Computed(Event):
    name = "computed"
    wire_type = "WebcastChatMessage"
    content: str
    shout: str

    def _read_shout(self) -> str:
        return self.content.upper()


def test_a_field_that_nothing_could_fill_is_refused_at_once() -> None:
    registry = REGISTRY.copy()
    with pytest.raises(ValueError, match=r"Misspelt.contents is no field of WebcastChatMessage.*_read_contents"):
        registry.register("WebcastNewMessage", Misspelt)
    assert registry.find("WebcastNewMessage") is None
    with pytest.raises(ValueError, match="TheirEvent names no wire_type"):
        registry.register("WebcastNewMessage", TheirEvent)


def test_an_event_of_the_users_own_reads_a_message_of_ours() -> None:
    registry = REGISTRY.copy()
    registry.register("WebcastNewMessage", Computed)
    event = decode(Message("WebcastNewMessage", b"\x1a\x02hi", 5), registry=registry)
    assert isinstance(event, Computed) and event.shout == "HI"
    assert list(event.to_dict())[6:] == ["content", "shout"]
    assert pickle.loads(pickle.dumps(event)) == event


def test_a_base_that_is_no_event_may_fill_a_field() -> None:
    class Shouting:
        __slots__ = ()

        @property
        def contents(self) -> str:
            return "HI"

    class Mixed(Shouting, Misspelt):  # type: ignore[override]
        pass

    registry = REGISTRY.copy()
    registry.register("WebcastNewMessage", Mixed)
    event = decode(Message("WebcastNewMessage", b"\x1a\x02hi", 5), registry=registry)
    assert isinstance(event, Mixed) and event.contents == "HI"


@pytest.mark.parametrize("method", REGISTRY.methods())
def test_every_event_of_ours_can_be_registered_again(method: str) -> None:
    registry, binding = Registry({}), REGISTRY.find(method)
    assert binding is not None
    registry.register(method, binding.event)
    assert registry.find(method) is not None


def test_what_a_parser_raises_makes_an_undecodable_event() -> None:
    def broken(payload: bytes) -> Any:
        raise ZeroDivisionError("no")

    registry = REGISTRY.copy()
    registry.register("WebcastNewMessage", TheirEvent, parse=broken)
    event = decode(Message("WebcastNewMessage", b"x"), registry=registry)
    assert (event.name, event.raw) == ("undecodable", b"x")
    assert event.to_dict()["error"] == "ZeroDivisionError: no"


def test_an_event_without_a_message_of_ours_can_be_made_by_hand() -> None:
    class Handmade(Event):
        part: Any

    assert Handmade(part=3).part == 3
    with pytest.raises(AttributeError, match=r"Handmade\.part was not given and no wire field is named so"):
        _ = Handmade().part
    event = Handmade.from_wire(their_message().FromString(PAYLOAD))
    assert event.part.number == 3, "what was given to one is not how others are read"


def test_a_class_body_without_the_future_import_has_fields_too() -> None:
    source = """
class PokeEvent(Event):
    name: ClassVar[str] = "poke"
    wire_type: ClassVar[str] = "WebcastChatMessage"
    content: str
    language: str | None

    def _read_language(self):
        return "xx"
"""
    scope: dict[str, Any] = {"Event": Event, "ClassVar": ClassVar}
    # Python 3.14 evaluates such annotations when they are asked for.
    exec(compile(source, "theirs.py", "exec", dont_inherit=True), scope)
    poke = scope["PokeEvent"]
    assert poke.fields == ("room_id", "content", "language")
    event = poke(content="hi")
    assert (event.content, event.language) == ("hi", "xx")


def test_a_class_that_no_event_can_be_made_of_is_refused_at_once() -> None:
    frozen: Any = dataclasses.dataclass(frozen=True)(type("FrozenEvent", (Event,), {"wire_type": "WebcastChatMessage"}))
    with pytest.raises(ValueError, match="FrozenEvent has a __setattr__ of its own"):
        REGISTRY.copy().register("WebcastChatMessage", frozen)
