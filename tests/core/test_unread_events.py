"""Messages that nobody can read: what a user finds in them."""

from __future__ import annotations

import base64
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.decoder import decode
from tiktok_webcast.events import UndecodableEvent, UnknownEvent
from tiktok_webcast.message import Message
from tiktok_webcast.wire import Guess, WireView, read_wire

PAYLOAD = b"\x0a\x07\x12\x05Rose!\x18\x2a"


def test_an_unknown_message_is_readable_without_a_schema() -> None:
    event = decode(Message("WebcastNewMessage", PAYLOAD, 5), room_id=7)
    assert isinstance(event, UnknownEvent)
    assert (event.name, event.method, event.type) == ("unknown", "WebcastNewMessage", "WebcastNewMessage")
    assert (event.raw, event.base64) == (PAYLOAD, base64.b64encode(PAYLOAD).decode())
    assert event.wire == read_wire(PAYLOAD)
    assert list(event.wire.lines()) == ["1: message, 7 bytes", '  2: "Rose!"', "3: 42"]
    (name,) = event.wire.find(1, 2)
    assert (name.text, name.guess) == ("Rose!", Guess.TEXT)
    assert repr(event) == "UnknownEvent(room_id=7, method='WebcastNewMessage', 11 bytes)"
    assert pickle.loads(pickle.dumps(event)) == event


def test_a_broken_message_shows_what_could_be_read() -> None:
    event = decode(Message("WebcastChatMessage", PAYLOAD + b"\x1a\x09cut", 5), room_id=7)
    assert isinstance(event, UndecodableEvent)
    assert [field.number for field in event.wire.fields] == [1, 3]
    assert (event.wire.rest, event.wire.complete) == (b"\x1a\x09cut", False)
    shown = repr(event)
    assert shown.startswith("UndecodableEvent(room_id=7, method='WebcastChatMessage', 16 bytes, error=")
    assert "DecodeError" in shown


@pytest.mark.parametrize("kind", [UnknownEvent, UndecodableEvent])
@given(st.binary(max_size=60))
def test_any_bytes_are_shown(kind: type[UnknownEvent | UndecodableEvent], payload: bytes) -> None:
    event = kind(message=Message("WebcastNewMessage", payload))
    assert isinstance(event.wire, WireView)
    assert payload.endswith(event.wire.rest) and event.wire.complete == (not event.wire.rest)
    assert all(isinstance(line, str) for line in event.wire.lines())
