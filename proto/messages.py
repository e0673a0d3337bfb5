"""What the `.proto` files and the fact tables beside them say, in the form that the writers of modules need."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

PACKAGE = "tiktok_webcast"
CORPUS = 2332
"""Distinct captured payloads that the counts in captured.tsv are out of (protocol/captures.md)."""

_MESSAGE, _NESTED, _FIELD, _ENUM, _NESTED_ENUM, _VALUE = 4, 3, 2, 5, 4, 2
"""Field numbers of descriptor.proto: a comment's place is a path of them."""


class MessageType(NamedTuple):
    """A message type: its name without our package, its topic, its comment, and what is nested in it."""

    name: str
    topic: str
    comment: str
    proto: DescriptorProto
    nested: tuple[MessageType, ...]
    field_comments: tuple[str, ...]


class EnumType(NamedTuple):
    """An enum: its name without our package, and its values by number, without the common prefix."""

    name: str
    values: tuple[tuple[int, str], ...]


class Method(NamedTuple):
    """A wire method with a generated event: which message it carries, its event's name, and what it means."""

    method: str
    message: str
    event: str
    captured: int
    meaning: str


class Catalogue:
    """All types by name and by topic, the evidence for their fields, and the methods with generated events."""

    def __init__(self, descriptors: FileDescriptorSet, tables: Path, schema_module: Path) -> None:
        self.files: dict[str, FileDescriptorProto] = {topic_of(file.name): file for file in descriptors.file}
        self.titles: dict[str, str] = {}
        self.topics: dict[str, tuple[MessageType, ...]] = {}
        self.messages: dict[str, MessageType] = {}
        self.enums: dict[str, EnumType] = {}
        for topic, file in self.files.items():
            comments = _comments(file)
            self.titles[topic] = _title(tables / file.name)
            self.topics[topic] = tuple(
                self._message(message, message.name, topic, (_MESSAGE, index), comments)
                for index, message in enumerate(file.message_type)
            )
            for enum in file.enum_type:
                self._enum(enum, enum.name)
        self.captured = {
            (row["message"], int(row["field_no"])): int(row["payloads"]) for row in _rows(tables / "captured.tsv")
        }
        self.methods = tuple(
            Method(row["method"], row["message"], row["event"], int(row["captured"]), row["meaning"])
            for row in _rows(tables / "methods.tsv")
        )
        self.public = _public_models(schema_module)

    def _message(
        self, proto: DescriptorProto, name: str, topic: str, path: tuple[int, ...], comments: dict[tuple[int, ...], str]
    ) -> MessageType:
        nested = tuple(
            self._message(inner, f"{name}.{inner.name}", topic, (*path, _NESTED, index), comments)
            for index, inner in enumerate(proto.nested_type)
        )
        for enum in proto.enum_type:
            self._enum(enum, f"{name}.{enum.name}")
        field_comments = tuple(comments.get((*path, _FIELD, index), "") for index in range(len(proto.field)))
        made = MessageType(name, topic, comments.get(path, ""), proto, nested, field_comments)
        self.messages[name] = made
        return made

    def _enum(self, proto: EnumDescriptorProto, name: str) -> None:
        prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", proto.name).upper() + "_"
        values = tuple((value.number, value.name.removeprefix(prefix)) for value in proto.value)
        self.enums[name] = EnumType(name, values)

    def type_name(self, field: FieldDescriptorProto) -> str:
        """Return the name, without our package, of a field's message or enum type."""
        return field.type_name.removeprefix(f".{PACKAGE}.")

    def entry(self, field: FieldDescriptorProto) -> DescriptorProto | None:
        """Return the pair's type if a field is a map, real or declared as repeated pairs."""
        if field.type != field.TYPE_MESSAGE:
            return None
        proto = self.messages[self.type_name(field)].proto
        return proto if is_entry(proto) else None


def is_entry(proto: DescriptorProto) -> bool:
    """Whether a type is one pair of a map (the convention of `view.is_entry`)."""
    return proto.options.map_entry or (
        proto.name.endswith("Entry") and [field.name for field in proto.field] == ["key", "value"]
    )


def topic_of(file: str) -> str:
    """Return the topic of a `.proto` file."""
    return file.rpartition("/")[2].removesuffix(".proto")


def _title(path: Path) -> str:
    lines: list[str] = []
    for line in path.read_text().splitlines():
        if not line.startswith("//"):
            break
        lines.append(line.removeprefix("//").strip())
    return " ".join(lines)


def _comments(file: FileDescriptorProto) -> dict[tuple[int, ...], str]:
    return {
        tuple(place.path): " ".join(place.leading_comments.split())
        for place in file.source_code_info.location
        if place.leading_comments
    }


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def _public_models(module: Path) -> dict[str, str]:
    """Read the table of hand-written models out of schema/__init__.py, without importing what is being generated."""
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "PUBLIC":
            table: dict[str, str] = ast.literal_eval(node.value) if node.value else {}
            return table
    raise SystemExit(f"{module} has no table PUBLIC")
