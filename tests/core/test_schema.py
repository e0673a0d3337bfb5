"""The views: every field of every payload against an independent reader, and what no bytes may ever do."""

from __future__ import annotations

import base64
import copy
import json
import math
import pickle
import struct
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from functools import cache
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto
from google.protobuf.message import DecodeError, Message
from hypothesis import given
from hypothesis import strategies as st
from wire_reader import (
    CAPTURES,
    FIXED32,
    FIXED64,
    INTEGERS,
    LENGTH,
    SCALARS,
    VARINT,
    Fields,
    Rule,
    Schema,
    decode,
    default,
    from_tables,
    need,
    rows,
)

from tiktok_webcast._pb import message_class
from tiktok_webcast._pb._index import TOPIC_OF
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.generated import METHODS
from tiktok_webcast.events.registry import Registry
from tiktok_webcast.message import Message as WireMessage
from tiktok_webcast.schema import PUBLIC, view_class, wire_view_class
from tiktok_webcast.schema.badge import CombineBadgeStruct
from tiktok_webcast.schema.chat import WebcastChatMessage
from tiktok_webcast.schema.gift import WebcastGiftMessage
from tiktok_webcast.schema.sticker import AnchorToolModification
from tiktok_webcast.view import View, field_reader, is_entry

pytestmark = pytest.mark.timeout(900)
"""The long profile tries ten thousand messages, 12 ms each."""

PREFIX = "tiktok_webcast."
REGISTRY = Registry(METHODS)


# --- the schema as the descriptors have it ------------------------------------------------------------------------


def kind_of(field: Any) -> str:
    if field.message_type is not None:
        return str(field.message_type.full_name.removeprefix(PREFIX))
    if field.enum_type is not None:
        return "enum"
    names = {value: name[5:].lower() for name, value in vars(type(field)).items() if name.startswith("TYPE_")}
    return str(names[field.type])


def is_repeated(field: Any) -> bool:
    flag = getattr(field, "is_repeated", None)
    return flag if isinstance(flag, bool) else bool(field.label == field.LABEL_REPEATED)


@cache
def from_descriptors(name: str) -> Fields:
    """Return the fields of a type, as the descriptors have them."""
    fields: dict[int, Rule] = {}
    for field in message_class(name).DESCRIPTOR.fields:
        if field.message_type is not None and is_entry(field.message_type):
            key, value = (field.message_type.fields_by_name[part] for part in ("key", "value"))
            fields[field.number] = Rule(field.name, kind_of(value), "map", kind_of(key))
        else:
            fields[field.number] = Rule(field.name, kind_of(field), "repeated" if is_repeated(field) else "single")
    return fields


# --- comparing ----------------------------------------------------------------------------------------------------


def differences(schema: Schema, name: str, view: View, expected: Mapping[str, Any], path: str = "") -> list[str]:
    """Return where a view reads otherwise than the independent reader, for every field that the schema knows."""
    found: list[str] = []
    for rule in schema(name).values():
        attribute = rule.name if rule.name in view.fields and rule.name != "room_id" else f"{rule.name}_"
        value = getattr(view, attribute if attribute in view.fields else rule.name)
        where = f"{path}{name}.{rule.name}"
        if rule.cardinality == "map":
            pairs = expected.get(rule.name, {})
            same = isinstance(value, Mapping) and value.keys() == pairs.keys()
            found += [] if same else [f"{where}: keys {list(value)!r}, expected {list(pairs)!r}"]
            found += [line for key in pairs for line in one(schema, rule.kind, value[key], pairs[key], where)]
        elif rule.cardinality == "repeated":
            items = expected.get(rule.name, [])
            if not isinstance(value, tuple) or len(value) != len(items):
                found.append(f"{where}: {value!r}, expected {items!r}")
                continue
            found += [
                line
                for got, item in zip(value, items, strict=True)
                for line in one(schema, rule.kind, got, item, where)
            ]
        else:
            found += one(schema, rule.kind, value, expected.get(rule.name, default(rule.kind)), where)
    return found


def one(schema: Schema, kind: str, value: Any, expected: Any, where: str) -> list[str]:
    if kind not in SCALARS:
        if expected is None or value is None:
            return [] if value is expected else [f"{where}: {value!r}, expected {expected!r}"]
        whole = wire_view_class(kind).from_wire(value._wire)
        return differences(schema, kind, whole, expected, f"{where} ")
    if kind in ("double", "float") and isinstance(value, float) and math.isnan(expected) and math.isnan(value):
        return []
    if type(value) is type(expected) and value == expected:
        return []
    return [f"{where}: {value!r}, expected {expected!r}"]


@cache
def payloads() -> list[tuple[str, str, bytes]]:
    """Return every captured payload with its id and the type of its message."""
    lines = need(CAPTURES / "payloads.jsonl").read_text().splitlines()
    carried = {"RoomMessage": "WebcastRoomMessage", "LinkMicMethod": "WebcastLinkMicMethod"}
    records = [json.loads(line) for line in lines]
    return [
        (record["id"], carried.get(record["method"], record["method"]), base64.b64decode(record["base64"]))
        for record in records
    ]


def test_every_field_of_every_payload_reads_as_an_independent_reader_has_it() -> None:
    wrong: list[str] = []
    for identity, name, data in payloads():
        view = wire_view_class(name).from_wire(message_class(name).FromString(data))
        wrong += [
            f"{identity} {line}" for line in differences(from_tables, name, view, decode(from_tables, name, data))
        ]
    assert wrong == []


def test_no_payload_leaves_an_unknown_field() -> None:
    for identity, name, data in payloads():
        message = message_class(name).FromString(data)
        before = message.ByteSize()
        message.DiscardUnknownFields()
        assert message.ByteSize() == before, f"{identity} {name}"


def test_generated_events_carry_every_field_of_their_payload() -> None:
    seen = 0
    for identity, name, data in payloads():
        binding = REGISTRY.find(name)
        if binding is None:
            continue
        seen += 1
        event = binding.event.from_message(binding.parse(data), WireMessage(name, data, 5), 7)
        assert differences(from_tables, name, event, decode(from_tables, name, data)) == [], identity
        assert json.loads(json.dumps(event.to_dict()))["room_id"] == "7"
    assert seen


# --- any bytes ----------------------------------------------------------------------------------------------------


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def tagged(number: int, wire: int, value: bytes) -> bytes:
    return varint(number << 3 | wire) + (varint(len(value)) if wire == LENGTH else b"") + value


NUMBERS = st.one_of(st.sampled_from([0, 1, -1, 2**31, -(2**31), 2**63 - 1, -(2**63)]), st.integers(-(2**63), 2**64 - 1))
TEXTS = st.one_of(st.binary(max_size=6), st.text(max_size=6).map(str.encode), st.just(b"\xff\xfe"))
UNKNOWN = st.builds(
    lambda number, value: (
        tagged(number, LENGTH, value) if value[:1] > b"m" else tagged(number, VARINT, varint(len(value)))
    ),
    st.integers(15_000, 20_000),
    st.binary(max_size=5),
)


def scalar_bytes(kind: str) -> st.SearchStrategy[tuple[int, bytes]]:
    """Return a strategy of wire type and bytes of one scalar."""
    if kind in INTEGERS:
        return NUMBERS.map(lambda value: (VARINT, varint(value)))
    if kind == "double":
        return st.floats().map(lambda value: (FIXED64, struct.pack("<d", value)))
    if kind == "float":
        return st.floats(width=32).map(lambda value: (FIXED32, struct.pack("<f", value)))
    return TEXTS.map(lambda value: (LENGTH, value))


@st.composite
def field_bytes(draw: st.DrawFn, number: int, rule: Rule, depth: int) -> bytes:
    """Draw one occurrence of a field; now and then of another wire type, which makes it an unknown field."""
    if rule.cardinality == "single" and draw(st.integers(0, 15)) == 0:
        return tagged(number, LENGTH, b"") if rule.kind in INTEGERS else tagged(number, FIXED32, b"1234")
    if rule.cardinality == "map":
        key_wire, key = draw(scalar_bytes(rule.key))
        parts = [
            tagged(1, key_wire, key),
            draw(field_bytes(2, Rule("value", rule.kind, "repeated"), depth)),
            *draw(st.lists(UNKNOWN, max_size=1)),
        ]
        return tagged(number, LENGTH, b"".join(draw(st.permutations(parts))))
    if rule.kind not in SCALARS:
        return tagged(number, LENGTH, draw(message_bytes(rule.kind, depth - 1)) if depth else b"")
    if rule.cardinality == "repeated" and rule.name != "value" and rule.kind in INTEGERS and draw(st.booleans()):
        return tagged(number, LENGTH, b"".join(map(varint, draw(st.lists(NUMBERS, max_size=3)))))
    wire, value = draw(scalar_bytes(rule.kind))
    return tagged(number, wire, value)


@st.composite
def message_bytes(draw: st.DrawFn, name: str, depth: int = 3) -> bytes:
    """Draw a valid message: any of its fields in any order, some of them again, and some that nobody knows."""
    fields = from_descriptors(name)
    numbers = draw(st.lists(st.sampled_from(sorted(fields)), max_size=5)) if fields else []
    parts = [draw(field_bytes(number, fields[number], depth)) for number in numbers]
    return b"".join(draw(st.permutations([*parts, *draw(st.lists(UNKNOWN, max_size=1))])))


def read_all(view: View) -> None:
    """Read every attribute, all the way down, and every public form."""
    for name in view.fields:
        value = getattr(view, name)
        for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else (value,):
            if isinstance(item, View):
                read_all(item)
    json.dumps(view.to_dict(), allow_nan=False).encode()
    repr(view)


TYPES = sorted(TOPIC_OF)
NAMED = st.sampled_from(TYPES).flatmap(lambda name: st.tuples(st.just(name), message_bytes(name)))


@given(NAMED)
def test_a_valid_message_reads_as_an_independent_reader_has_it(named: tuple[str, bytes]) -> None:
    name, data = named
    view = wire_view_class(name).from_wire(message_class(name).FromString(data))
    assert differences(from_descriptors, name, view, decode(from_descriptors, name, data)) == []
    read_all(view)
    read_all(view_class(name).from_wire(message_class(name).FromString(data)))


@given(st.sampled_from(sorted(METHODS)).flatmap(lambda method: st.tuples(st.just(method), st.booleans(), st.data())))
def test_any_payload_is_an_event_or_undecodable(drawn: tuple[str, bool, st.DataObject]) -> None:
    method, valid, data = drawn
    binding = REGISTRY.find(method)
    assert binding is not None
    payload = data.draw(message_bytes(binding.event.wire_type) if valid else st.binary(max_size=40))
    try:
        wire = binding.parse(payload)
    except DecodeError:
        assert not valid
        return
    event = binding.event.from_message(wire, WireMessage(method, payload), 1)
    read_all(event)
    assert pickle.loads(pickle.dumps(event)) == event


@given(st.sampled_from(TYPES), st.binary(max_size=60))
def test_any_bytes_parse_or_raise_one_error(name: str, data: bytes) -> None:
    try:
        wire = message_class(name).FromString(data)
    except DecodeError:
        return
    read_all(wire_view_class(name).from_wire(wire))


# --- the classes --------------------------------------------------------------------------------------------------


def types_with_nested(name: str) -> list[str]:
    nested = (kind for kind in message_class(name).DESCRIPTOR.nested_types if not is_entry(kind))
    return [name, *(inner for kind in nested for inner in types_with_nested(kind.full_name.removeprefix(PREFIX)))]


def test_each_type_has_a_view_of_all_its_fields() -> None:
    for kind in [kind for name in TYPES for kind in types_with_nested(name)]:
        view = wire_view_class(kind)
        assert view.wire_type == kind
        assert view.__doc__
        assert [field.removesuffix("_") for field in view.fields] == [
            field.name for field in message_class(kind).DESCRIPTOR.fields
        ]
        read_all(view())


def test_a_hand_written_model_stands_for_its_wire_type() -> None:
    for name in PUBLIC:
        assert view_class(name) is not wire_view_class(name)
        assert view_class(name).wire_type == name
    assert view_class("WebcastChatMessage") is WebcastChatMessage


@pytest.mark.parametrize("name", ["", "NoSuchMessage", "User.fields", "GoalData.GoalProgressEntry"])
def test_a_type_without_a_view_is_a_lookup_error(name: str) -> None:
    with pytest.raises(LookupError, match="no message type"):
        view_class(name)


def test_text_that_is_not_utf8_is_replaced_and_the_rest_is_kept() -> None:
    data = tagged(3, LENGTH, b"a\xffb") + tagged(14, LENGTH, b"en")
    view = WebcastChatMessage.from_wire(message_class("WebcastChatMessage").FromString(data))
    assert (view.content, view.content_language) == ("a\ufffdb", "en")


def test_broken_text_in_a_map_loses_nothing() -> None:
    entry = tagged(1, LENGTH, b"\xff") + tagged(2, LENGTH, b"\xfe")
    wire = message_class("ProtoMessageFetchResult").FromString(tagged(7, LENGTH, entry) + tagged(4, VARINT, varint(9)))
    view = wire_view_class("ProtoMessageFetchResult").from_wire(wire)
    assert dict(view.route_params) == {"\ufffd": "\ufffd"}
    assert view.now == 9


def test_a_pair_of_a_map_survives_what_no_schema_has_for_it() -> None:
    army = tagged(2, LENGTH, tagged(2, VARINT, b"\x07"))
    odd = tagged(1, VARINT, b"\x03") + army + tagged(3, VARINT, b"\x01")
    keyless = tagged(1, LENGTH, b"three") + army
    wire = message_class("WebcastLinkMicArmies").FromString(tagged(3, LENGTH, odd) + tagged(3, LENGTH, keyless))
    armies = wire_view_class("WebcastLinkMicArmies").from_wire(wire).armies
    assert {host: army.hostscore for host, army in armies.items()} == {3: 7, 0: 7}


def test_an_enum_number_that_nobody_lists_is_kept() -> None:
    wire = message_class("BadgeStruct").FromString(tagged(3, VARINT, varint(4711)))
    assert wire_view_class("BadgeStruct").from_wire(wire).scene_type == 4711


def test_a_field_named_like_a_word_of_python() -> None:
    wire = message_class("AnchorToolModification")()
    number = wire.DESCRIPTOR.fields_by_name["from"].number
    view = AnchorToolModification.from_wire(
        message_class("AnchorToolModification").FromString(tagged(number, VARINT, b"\x05"))
    )
    assert str(view.from_) == "5"
    assert list(view.to_dict()) == ["from"]


def test_a_field_named_like_a_builtin_type() -> None:
    view = CombineBadgeStruct.from_wire(message_class("CombineBadgeStruct").FromString(tagged(4, LENGTH, b"IV")))
    assert view.str == "IV"


def test_ids_are_text_in_json_in_every_spelling() -> None:
    data = b"".join(tagged(number, VARINT, b"\x07") for number in (1, 2, 3, 6))
    shown = AnchorToolModification.from_wire(message_class("AnchorToolModification").FromString(data)).to_dict()
    assert shown == {"roomId": "7", "userId": "7", "effectId": "7", "modificationType": 7}
    assert WebcastGiftMessage(to_member_id_int=2**62).to_dict() == {"to_member_id_int": str(2**62)}
    assert WebcastChatMessage(mention_user_list=(2**62,)).to_dict() == {"mention_user_list": [str(2**62)]}


def test_a_repr_is_one_short_line_without_what_every_message_has() -> None:
    view = WebcastChatMessage(common=wire_view_class("CommonMessageData")(msg_id=1), content="x" * 99, user=None)
    assert repr(view) == f"WebcastChatMessage(content='{'x' * 56}...)"


def test_messages_in_messages_may_be_a_hundred_deep() -> None:
    def nested(depth: int) -> bytes:
        payload = b""
        for _ in range(depth):
            payload = tagged(45, LENGTH, payload)
        return payload

    assert message_class("User").FromString(nested(100)).ByteSize() == len(nested(100))
    with pytest.raises(DecodeError):
        message_class("User").FromString(nested(101))


def test_fields_that_every_event_has_too_are_kept_apart() -> None:
    cls = REGISTRY.find("WebcastGiftPanelUpdateMessage")
    assert cls is not None
    number = next(number for number, rule in from_descriptors(cls.event.wire_type).items() if rule.name == "room_id")
    payload = tagged(number, VARINT, b"\x09")
    event = cls.event.from_message(cls.parse(payload), WireMessage("WebcastGiftPanelUpdateMessage", payload), 7)
    assert (event.room_id, event.room_id_) == (7, 9)
    assert (event.to_dict()["room_id"], event.to_dict()["room_id_"]) == ("7", "9")


def test_views_are_values() -> None:
    wire = message_class("WebcastChatMessage").FromString(tagged(3, LENGTH, b"hi") + tagged(1, LENGTH, b"\x10\x05"))
    view = WebcastChatMessage.from_wire(wire)
    assert view == pickle.loads(pickle.dumps(view)) == copy.deepcopy(view)
    assert hash(view) == hash(pickle.loads(pickle.dumps(view)))
    assert view != WebcastChatMessage(content="hi")
    assert WebcastChatMessage(content="hi").common is None
    with pytest.raises(FrozenInstanceError):
        view.content = "ho"
    with pytest.raises(TypeError, match="no field 'colour'"):
        WebcastChatMessage(colour="red")


# --- methods ------------------------------------------------------------------------------------------------------


def test_every_method_of_tier_b_and_every_captured_one_of_tier_c_has_an_event() -> None:
    wanted = {
        row["method"]
        for row in rows("methods.tsv")
        if row["tier"] == "B" or (row["tier"] == "C" and row["seen_in_real_capture"])
    }
    assert wanted - METHODS.keys() == set()
    for method in METHODS:
        assert REGISTRY.find(method) is not None


def test_methods_are_known_without_their_prefix_too() -> None:
    for method in METHODS:
        known, bare = REGISTRY.find(method), REGISTRY.find(method.removeprefix("Webcast"))
        assert known is not None
        assert bare is not None
        assert bare.event is known.event


def test_no_field_hides_what_every_event_has() -> None:
    for method in METHODS:
        binding = REGISTRY.find(method)
        assert binding is not None
        assert {name for name in binding.event.fields if hasattr(Event, name)} <= {"room_id"}


def test_event_names_are_unique() -> None:
    classes = {binding.event for method in METHODS if (binding := REGISTRY.find(method)) is not None}
    names = [cls.name for cls in classes]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name == name.lower() for name in names)


# --- messages that users bring along ------------------------------------------------------------------------------


def foreign_message() -> type[Message]:
    """Return a message class of a pool and a package of its own, with a type of its own in it."""
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message_factory import GetMessageClass

    label, kind = FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto
    part = DescriptorProto(name="Part")
    part.field.add(name="class", number=1, label=label, type=kind.TYPE_STRING)
    part.field.add(name="to_dict", number=2, label=label, type=kind.TYPE_INT64)
    whole = DescriptorProto(name="Whole")
    whole.field.add(name="part", number=1, label=label, type=kind.TYPE_MESSAGE, type_name=".theirs.Part")
    file = FileDescriptorProto(name="theirs.proto", package="theirs", message_type=[part, whole])
    pool = DescriptorPool()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName("theirs.Whole"))


def test_a_message_of_the_users_own_is_read_all_the_way_down() -> None:
    class WholeEvent(Event):
        part: Any

    registry = Registry({})
    registry.register("TheirMessage", WholeEvent, parse=foreign_message().FromString)
    binding = registry.find("TheirMessage")
    assert binding is not None
    payload = tagged(1, LENGTH, tagged(1, LENGTH, b"first") + tagged(2, VARINT, b"\x03"))
    event = binding.event.from_message(binding.parse(payload), WireMessage("TheirMessage", payload), 1)
    assert (event.part.class_, event.part.to_dict_) == ("first", 3)
    assert event.to_dict()["part"] == {"class": "first", "to_dict": 3}


def test_field_reader_reads_any_protobuf_field() -> None:
    wire = message_class("WebcastChatMessage").FromString(tagged(3, LENGTH, b"hi"))
    read = field_reader(wire.DESCRIPTOR.fields_by_name["content"])
    assert read(WebcastChatMessage.from_wire(wire)) == "hi"
