"""The descriptors: against the fact tables, kept apart from the process's own pool, and in step with their sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pool
from google.protobuf.internal import api_implementation
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from wire_reader import our_name, rows

from tiktok_webcast._pb import _pool, chat_pb2, message_class
from tiktok_webcast._pb._index import TOPIC_OF
from tiktok_webcast._pb._repair import accept_broken_text, repaired
from tiktok_webcast._pb.chat_pb2 import CommentTag, WebcastChatMessage
from tiktok_webcast._pb.transport_pb2 import WebcastPushFrame
from tiktok_webcast.view import is_entry

REPOSITORY = Path(__file__).parents[2]
UNSIGNED = {("WebcastPushFrame", number) for number in (1, 2, 3, 4)}
"""Where we follow the web player, not the table (proto/README.md)."""


def repeated(field: Any) -> bool:
    flag = getattr(field, "is_repeated", None)
    return flag if isinstance(flag, bool) else field.label == field.LABEL_REPEATED


def type_of(field: Any) -> str:
    """Return a field's type as the tables write it, without our package."""
    if field.message_type is not None:
        if is_entry(field.message_type):
            key, value = (type_of(field.message_type.fields_by_name[name]) for name in ("key", "value"))
            return f"map<{key},{value}>"
        return str(field.message_type.full_name.removeprefix("tiktok_webcast."))
    if field.enum_type is not None:
        return str(field.enum_type.full_name.removeprefix("tiktok_webcast."))
    names = {value: name[5:].lower() for name, value in vars(type(field)).items() if name.startswith("TYPE_")}
    return str(names[field.type])


def test_every_row_of_the_tables_is_in_the_descriptors() -> None:
    table = rows("messages.tsv")
    known = {row["message"] for row in table} | {row["enum"] for row in rows("enums.tsv")}
    wrong: list[str] = []
    for row in table:
        name, number = our_name(row["message"]), int(row["field_no"])
        field = message_class(name).DESCRIPTOR.fields_by_number.get(number)
        if field is None:
            wrong.append(f"{name}.{number} is missing")
            continue
        listed, found = our_name(row["type"]), type_of(field)
        if (name, number) in UNSIGNED:
            assert found == "uint64"
            listed = "uint64"
        many = row["cardinality"] != "single"
        opaque = "bytes" in found and listed not in ("bytes",) and row["note"].endswith("opaque")
        if field.name != row["field_name"] or repeated(field) != many or (found != listed and not opaque):
            wrong.append(f"{name}.{number}: {row['field_name']} {listed}, found {field.name} {found}")
        if opaque:
            inner = row["type"].partition(",")[2].rstrip(">") or row["type"]
            assert inner not in known, f"{name}.{number} is opaque, but the tables know {inner}"
    assert wrong == []


def test_every_enum_value_of_the_tables_is_in_the_descriptors() -> None:
    numbers: dict[str, set[int]] = {}
    for name in TOPIC_OF:
        for holder in descriptors(message_class(name).DESCRIPTOR):
            for field in holder.fields:
                if field.enum_type is not None:
                    enum = field.enum_type
                    numbers[enum.full_name.removeprefix("tiktok_webcast.")] = set(enum.values_by_number)
    listed: dict[str, set[int]] = {}
    for row in rows("enums.tsv"):
        listed.setdefault(row["enum"], set()).add(int(row["number"]))
    assert numbers == listed


def descriptors(descriptor: Any) -> list[Any]:
    return [descriptor, *(inner for nested in descriptor.nested_types for inner in descriptors(nested))]


def test_no_type_beside_the_tables_has_fields() -> None:
    listed = {our_name(row["message"]) for row in rows("messages.tsv")}
    extra = [name for name in TOPIC_OF if name not in listed and message_class(name).DESCRIPTOR.fields]
    assert extra == []


def test_maps_are_declared_as_entries() -> None:
    for name in TOPIC_OF:
        for descriptor in descriptors(message_class(name).DESCRIPTOR):
            assert not descriptor.GetOptions().map_entry, descriptor.full_name


def test_a_type_has_one_class() -> None:
    assert message_class("WebcastChatMessage") is WebcastChatMessage
    assert message_class("WebcastPushFrame") is WebcastPushFrame
    nested = message_class("WebcastHourlyRankMessage.RankContainer")
    assert nested.DESCRIPTOR.full_name == "tiktok_webcast.WebcastHourlyRankMessage.RankContainer"


def test_enums_of_a_topic_are_there_too() -> None:
    assert CommentTag.Value("COMMENT_TAG_CANDIDATE") == CommentTag.COMMENT_TAG_CANDIDATE == 1


@pytest.mark.parametrize("name", ["", "NoSuchMessage", "User.", "User.NoSuchType", ".User", "tiktok_webcast.User"])
def test_an_unknown_type_is_a_lookup_error(name: str) -> None:
    with pytest.raises(LookupError, match="no message type"):
        message_class(name)


def test_the_pool_is_private() -> None:
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName("tiktok_webcast.WebcastChatMessage")


BROKEN = (
    b"\x1a\x03a\xffb" + b"\x12\x04\x1a\x02\xfe!" + b"\x72\x02en" + b"\xaa\x01\x00" + b"\xb0\x01\x09" + b"\x85\x7d1234"
)
"""A comment with broken text in itself and in its user, and a field that nobody knows."""


def test_broken_text_is_repaired_and_nothing_else_is_changed() -> None:
    mended = repaired(WebcastChatMessage.DESCRIPTOR, BROKEN)
    assert mended == BROKEN.replace(b"\x03a\xffb", b"\x05a\xef\xbf\xbdb").replace(
        b"\x04\x1a\x02\xfe!", b"\x06\x1a\x04\xef\xbf\xbd!"
    )
    assert repaired(WebcastChatMessage.DESCRIPTOR, mended) == mended


@given(st.binary(max_size=40), st.sampled_from(["WebcastChatMessage", "ProtoMessageFetchResult", "User"]))
def test_repair_gives_bytes_that_mean_the_same_or_the_one_error(data: bytes, name: str) -> None:
    cls = message_class(name)
    try:
        mended = repaired(cls.DESCRIPTOR, data)
    except DecodeError:
        return
    try:
        assert cls.FromString(mended).ByteSize() >= cls.FromString(data).ByteSize()
    except DecodeError:
        return


def test_without_the_c_part_of_protobuf_broken_text_loses_nothing_either() -> None:
    script = f"""
from google.protobuf.internal import api_implementation
from tiktok_webcast.schema.chat import WebcastChatMessage
from tiktok_webcast._pb.chat_pb2 import WebcastChatMessage as Wire
assert api_implementation.Type() == "python"
wire = Wire()
wire.ParseFromString({BROKEN!r})
for view in (WebcastChatMessage.from_wire(wire), WebcastChatMessage.from_wire(Wire.FromString({BROKEN!r}))):
    assert (view.content, view.content_language, view.screen_time) == ("a\ufffdb", "en", 9)
    assert view.user.nickname == "\ufffd!", view.user.nickname
"""
    environment = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"}
    result = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def check_generated(repository: Path) -> subprocess.CompletedProcess[str]:
    """Compare what is generated with its sources, as `make check-generated` does."""
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed")
    check = [sys.executable, str(repository / "proto" / "generate.py"), "--check"]
    return subprocess.run(check, capture_output=True, text=True, check=False)


def test_generated_code_is_in_step() -> None:
    result = check_generated(REPOSITORY)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_touched_source_is_out_of_step(tmp_path: Path) -> None:
    for folder in ("proto", "src/tiktok_webcast"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    source = tmp_path / "proto" / "chat.proto"
    head = "message WebcastChatMessage {\n"
    assert head in source.read_text()
    source.write_text(source.read_text().replace(head, f"{head}  string planted = 9999;\n"))
    result = check_generated(tmp_path)
    assert result.returncode == 1 and "_pb/chat_pb2.py" in result.stdout, result.stdout + result.stderr


def test_a_value_of_an_enum_is_an_attribute_of_its_topic() -> None:
    assert chat_pb2.COMMENT_TAG_CANDIDATE == 1
    with pytest.raises(AttributeError, match="no 'COMMENT_TAG_NONSENSE'"):
        _ = chat_pb2.COMMENT_TAG_NONSENSE  # type: ignore[attr-defined]


def test_only_classes_of_the_slow_implementation_get_the_repairing_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    given_to: list[Any] = []
    monkeypatch.setattr(_pool, "accept_broken_text", given_to.append)
    for implementation, expected in (("upb", []), ("python", [WebcastChatMessage])):
        monkeypatch.setattr(_pool, "_classes", {})
        monkeypatch.setattr(api_implementation, "Type", lambda implementation=implementation: implementation)
        assert message_class("WebcastChatMessage") is WebcastChatMessage
        assert given_to == expected


def test_the_repairing_parser_tries_once_more_and_has_one_error() -> None:
    class Slow:
        """As a message class of protobuf's Python implementation: it refuses text that is not UTF-8."""

        DESCRIPTOR = WebcastChatMessage.DESCRIPTOR
        parsed: list[bytes]

        def Clear(self) -> None:
            self.parsed = []

        def MergeFromString(self, serialized: bytes) -> int:
            self.parsed.append(serialized)
            if serialized == b"deep":
                raise RecursionError
            serialized.decode()
            return len(serialized)

    accept_broken_text(Slow)
    slow = Slow()
    slow.Clear()
    assert slow.MergeFromString(b"\x1a\x02hi") == 4
    assert slow.parsed == [b"\x1a\x02hi"]
    assert slow.MergeFromString(b"\x1a\x01\xff") == 5
    assert slow.parsed == [b"\x1a\x03\xef\xbf\xbd"], "what the first try left is gone"
    with pytest.raises(DecodeError, match="nested too deeply"):
        slow.MergeFromString(b"deep")


def test_bytes_are_not_repaired() -> None:
    data = WebcastPushFrame(payload=b"\xff\xfe").SerializeToString()
    assert repaired(WebcastPushFrame.DESCRIPTOR, data) == data


def test_a_number_without_an_end_is_not_repaired() -> None:
    with pytest.raises(DecodeError, match="more than ten bytes"):
        repaired(WebcastChatMessage.DESCRIPTOR, b"\x08" + b"\x80" * 11)
