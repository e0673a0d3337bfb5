"""The decoder against `wire.py`, which knows no schema: two readings of the same bytes see the same fields."""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from wire_reader import CAPTURES

from tiktok_webcast.events.table import REGISTRY
from tiktok_webcast.message import Message
from tiktok_webcast.testing import Room, messages
from tiktok_webcast.wire import read_wire

_STRING, _MESSAGE, _BYTES = 9, 11, 12


def by_schema(message: Any) -> Counter[tuple[int, int]]:
    """Field numbers and lengths (numbers: 0) of what the decoder parsed, each occurrence once."""
    found: Counter[tuple[int, int]] = Counter()
    for field, value in message.ListFields():
        many = (
            value if isinstance(value, (list, tuple)) or hasattr(value, "append") or hasattr(value, "add") else [value]
        )
        for item in many:
            if field.type == _MESSAGE:
                size = item.ByteSize()
            elif field.type in (_STRING, _BYTES):
                size = len(item if isinstance(item, bytes) else item.encode())
            else:
                size = 0
            found[field.number, size] += 1
    return found


def by_wire(payload: bytes) -> Counter[tuple[int, int]]:
    """The same as `wire.py` sees it."""
    found: Counter[tuple[int, int]] = Counter()
    for field in read_wire(payload).fields:
        found[field.number, 0 if isinstance(field.value, int) else len(field.value)] += 1
    return found


def disagreements(message: Message) -> list[str]:
    """Where the two differ; fields that the schema has not, or has as packed numbers, are the schema's business."""
    binding = REGISTRY.find(message.method)
    if binding is None:
        return []
    parsed = binding.parse(message.payload)
    known = parsed.DESCRIPTOR.fields_by_number
    seen, ours = by_wire(message.payload), by_schema(parsed)
    lines = []
    for number, field in known.items():
        one = Counter({key: count for key, count in ours.items() if key[0] == number})
        other = Counter({key: count for key, count in seen.items() if key[0] == number})
        packed = field.type not in (_STRING, _BYTES, _MESSAGE) and any(size for _, size in other)
        if not packed and one != other:
            lines.append(f"{message.method}.{field.name}: {one} by the schema, {other} by the wire")
    return lines


@given(messages())
def test_simulated_messages_read_the_same(message: Message) -> None:
    assert disagreements(message) == []


def test_every_message_of_a_busy_room_reads_the_same() -> None:
    found = list(Room("everyday", 1).messages())
    assert len(found) > 20
    assert [line for message in found for line in disagreements(message)] == []


@pytest.mark.skipif(not CAPTURES.exists(), reason="the captures of ../shared are not here")
def test_every_captured_payload_reads_the_same() -> None:
    lines = [json.loads(line) for line in (CAPTURES / "payloads.jsonl").read_text().splitlines()]
    found = [Message(line["method"], b64decode(line["base64"])) for line in lines]
    assert len(found) == 696
    assert [line for message in found for line in disagreements(message)] == []


def test_a_difference_would_be_told() -> None:
    message = next(each for each in Room("everyday", 1).messages() if each.method == "WebcastChatMessage")
    twice = message._replace(payload=message.payload + message.payload)
    assert [line for line in disagreements(twice) if "content" in line], "the schema keeps the last, the wire has both"
