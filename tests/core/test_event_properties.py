"""Whatever the server sends: every attribute of every event reads, and an event is a value."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wire_data import MAX_DEPTH, wire_messages

from tiktok_webcast import events
from tiktok_webcast._pb import message_class
from tiktok_webcast.decoder import decode
from tiktok_webcast.events import CommentEvent, Gift, GiftInfo, RoomPinEvent, UndecodableEvent
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.table import BY_HAND, METHODS, REGISTRY
from tiktok_webcast.message import Message
from tiktok_webcast.view import View

EVERY_METHOD = st.sampled_from(sorted(METHODS))
slow = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much])


def attributes(view: View) -> dict[str, Any]:
    """Read every public attribute: the fields, the properties, and the way down to the wire."""
    properties = {
        name for kind in type(view).__mro__ for name, value in vars(kind).items() if isinstance(value, property)
    }
    names = {*view.fields, *properties, *(("wire",) if hasattr(type(view), "wire") else ())}
    return {name: getattr(view, name) for name in names}


def walk(value: Any, depth: int = 0) -> None:
    """Read everything that can be reached from a value."""
    if isinstance(value, View):
        if depth <= 2 * MAX_DEPTH:
            for item in attributes(value).values():
                walk(item, depth + 1)
    elif isinstance(value, tuple):
        for item in value:
            walk(item, depth)


def check_value(event: Event) -> None:
    """Assert what every event promises as a value."""
    line = json.dumps(event.to_dict(), allow_nan=False)
    assert json.loads(line)["event"] == type(event).name
    assert isinstance(repr(event), str)
    again = pickle.loads(pickle.dumps(event))
    assert again == event and hash(again) == hash(event)
    assert again.to_dict() == event.to_dict()
    assert copy.copy(event) is event and copy.deepcopy(event) is event
    for name in event.fields:
        with pytest.raises(FrozenInstanceError, match="is immutable"):
            setattr(event, name, 1)


@slow
@given(method=EVERY_METHOD, payload=st.binary(max_size=200))
def test_any_bytes_of_any_method_give_an_event(method: str, payload: bytes) -> None:
    event = decode(Message(method, payload, 5), room_id=9)
    assert event.method == method and event.raw == payload and event.msg_id == 5 and event.room_id == 9
    walk(event)
    check_value(event)


@slow
@given(data=st.data(), method=EVERY_METHOD)
def test_any_message_that_the_schema_reads_gives_its_event(data: st.DataObject, method: str) -> None:
    binding = REGISTRY.find(method)
    assert binding is not None
    payload = data.draw(wire_messages(binding.event.wire_type))
    event = decode(Message(method, payload, 5), room_id=9)
    assert not isinstance(event, UndecodableEvent)
    assert event.name in binding.event.names()
    walk(event)
    check_value(event)


@slow
@given(data=st.data(), method=st.sampled_from(sorted(BY_HAND)))
def test_hand_written_events_survive_any_valid_message(data: st.DataObject, method: str) -> None:
    binding = REGISTRY.find(method)
    assert binding is not None
    event = decode(Message(method, data.draw(wire_messages(binding.event.wire_type)), 5), room_id=9)
    walk(event)
    check_value(event)


@slow
@given(data=st.data(), name=st.sampled_from(("User", "BadgeStruct", "Text", "Gift", "EmoteModel", "ImageModel")))
def test_models_are_values_too(data: st.DataObject, name: str) -> None:
    from tiktok_webcast.schema import view_class

    wire = message_class(name).FromString(data.draw(wire_messages(name)))
    view = view_class(name).from_wire(wire)
    walk(view)
    json.dumps(view.to_dict(), allow_nan=False)
    again = pickle.loads(pickle.dumps(view))
    assert again == view and hash(again) == hash(view) and again.to_dict() == view.to_dict()


@pytest.mark.parametrize("method", sorted(METHODS))
def test_an_empty_message_reads_in_full(method: str) -> None:
    event = decode(Message(method, b""))
    assert not isinstance(event, UndecodableEvent)
    walk(event)
    check_value(event)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_event_of_a_method_can_be_made_by_hand(method: str) -> None:
    binding = REGISTRY.find(method)
    assert binding is not None
    event = binding.event()
    walk(event)
    check_value(event)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_text_given_by_hand_is_there(method: str) -> None:
    """Also one called `message`, as the raw message is in every event."""
    binding = REGISTRY.find(method)
    assert binding is not None
    kind = binding.event
    for name in kind.fields:
        if isinstance(getattr(kind(), name), str):
            event = kind(**{name: "given"})
            assert getattr(event, name) == "given" and event.method is None, name
            check_value(event)


@pytest.mark.parametrize("over", [True, False])
def test_what_is_given_by_hand_decides_what_follows_from_it(over: bool) -> None:
    gift = Gift(info=GiftInfo(type=1), count=3, is_repeating=over)
    assert gift.streakable and gift.streaking is not over
    assert RoomPinEvent(action=1 if over else 2).is_pin is over


def test_only_a_message_is_taken_for_one() -> None:
    with pytest.raises(TypeError, match="CommentEvent has no field 'message'"):
        CommentEvent(message="hello")


@pytest.mark.parametrize("kind", [getattr(events, name) for name in events.__all__ if name.endswith("Event")])
def test_made_by_hand_with_nothing_named(kind: type[Event]) -> None:
    event = kind()
    walk(event)
    check_value(event)
    assert event == kind()


def test_a_field_may_be_named_as_a_slot_too() -> None:
    class Scored(CommentEvent):
        __slots__ = ("cache", "points")
        points: int

        def _read_points(self) -> int:
            return len(self.comment)

    event = Scored(comment="four")
    setattr(event, "cache", 1)  # noqa: B010 - checkers know the slot from no annotation
    assert (event.points, event.cache, Scored(points=5).points) == (4, 1, 5)
    with pytest.raises(FrozenInstanceError):
        event.points = 2


def test_a_field_that_is_read_for_another_is_computed_once_too() -> None:
    computed: list[str] = []

    class Loud(CommentEvent):
        shout: list[str]
        cry: tuple[list[str], str]

        def _read_shout(self) -> list[str]:
            computed.append("shout")
            return [self.comment.upper()]

        def _read_cry(self) -> tuple[list[str], str]:
            computed.append("cry")
            return self.shout, "!"

    event = Loud(comment="hey")
    assert event.cry[0] is event.shout and event.cry == (["HEY"], "!")
    assert computed == ["cry", "shout"]
