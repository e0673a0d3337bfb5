"""A protobuf reader of its own, to check ours against: it knows only field numbers, wire types and a table of names."""

from __future__ import annotations

import csv
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

SHARED = Path(__file__).parents[3] / "shared"
TABLES = SHARED / "protocol"
CAPTURES = SHARED / "captures"

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
INTEGERS = {"int32", "int64", "uint32", "uint64", "bool", "enum"}
SCALARS = INTEGERS | {"string", "bytes", "double", "float"}


class Rule(NamedTuple):
    """How one field is read: its name, its type, and `single`, `repeated` or `map` (then `key` is set)."""

    name: str
    kind: str
    cardinality: str
    key: str = ""


Fields = Mapping[int, Rule]
Schema = Callable[[str], Fields]


def need(path: Path) -> Path:
    """Return a path of the project's shared facts, or skip the test where they are not at hand."""
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a fact table."""
    with need(TABLES / name).open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def our_name(table_name: str) -> str:
    """Return our name of a type of the tables: `Name@pkg` is `NamePkg` (proto/README.md)."""
    return re.sub(r"@(\w)", lambda match: match[1].upper(), table_name)


@cache
def table_types() -> dict[str, dict[int, Rule]]:
    """Return the fields of every type of messages.tsv; a type that the table does not expand is bytes."""
    table, enums = rows("messages.tsv"), {row["enum"] for row in rows("enums.tsv")}
    known = {row["message"] for row in table} | {row["type"] for row in table if not row["note"].endswith("opaque")}

    def kind(name: str) -> str:
        if name in SCALARS:
            return name
        return "enum" if name in enums else our_name(name) if name in known else "bytes"

    types: dict[str, dict[int, Rule]] = {}
    for row in table:
        pair = re.fullmatch(r"map<(.+),(.+)>", row["type"])
        rule = (
            Rule(row["field_name"], kind(pair[2].strip()), "map", pair[1].strip())
            if pair
            else Rule(row["field_name"], kind(row["type"]), row["cardinality"])
        )
        types.setdefault(our_name(row["message"]), {})[int(row["field_no"])] = rule
    return types


def from_tables(name: str) -> Fields:
    """Return the fields of a type, as the tables have them."""
    return table_types().get(name, {})


class BrokenWire(Exception):
    """The bytes are no protobuf message."""


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise BrokenWire
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value & (1 << 64) - 1, at


def wire_fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Yield every field of a message as number, wire type and raw value."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        number, wire = tag >> 3, tag & 7
        value: Any
        if wire == VARINT:
            value, at = read_varint(data, at)
        elif wire in (FIXED64, FIXED32, LENGTH):
            size = {FIXED64: 8, FIXED32: 4}.get(wire)
            if size is None:
                size, at = read_varint(data, at)
            value, at = data[at : at + size], at + size
            if at > len(data):
                raise BrokenWire
        else:
            raise BrokenWire
        yield number, wire, value


def integer(kind: str, raw: int) -> int:
    """Return the value of a varint as its type reads it."""
    if kind == "bool":
        return raw != 0
    bits = 32 if kind in ("int32", "uint32", "enum") else 64
    value = raw & (1 << bits) - 1
    return value - (1 << bits) if not kind.startswith("u") and value >> bits - 1 else value


def scalar(kind: str, wire: int, raw: Any) -> Any:
    """Return a scalar's value, or `None` if it came as another wire type."""
    if kind in INTEGERS:
        return integer(kind, raw) if wire == VARINT else None
    if kind == "double":
        return struct.unpack("<d", raw)[0] if wire == FIXED64 else None
    if kind == "float":
        return struct.unpack("<f", raw)[0] if wire == FIXED32 else None
    if wire != LENGTH:
        return None
    return raw.decode("utf-8", "replace") if kind == "string" else raw


def packed(kind: str, data: bytes) -> list[Any]:
    """Return the values of a packed list."""
    size = {"double": 8, "float": 4}.get(kind)
    if size is not None:
        wire = FIXED64 if size == 8 else FIXED32
        return [scalar(kind, wire, data[at : at + size]) for at in range(0, len(data), size)]
    values, at = [], 0
    while at < len(data):
        raw, at = read_varint(data, at)
        values.append(integer(kind, raw))
    return values


def decode(schema: Schema, name: str, data: bytes) -> dict[str, Any]:
    """Return a message's fields by name: what came, nothing for what did not.

    A single message that comes in pieces is put together; of a scalar that comes twice the last counts.
    """
    fields = schema(name)
    out: dict[str, Any] = {}
    pieces: dict[str, bytes] = {}
    for number, wire, raw in wire_fields(data):
        rule = fields.get(number)
        if rule is None:
            continue
        if rule.cardinality == "map":
            if wire == LENGTH:
                pair = {1: Rule("key", rule.key, "single"), 2: Rule("value", rule.kind, "single")}
                entry = decode(lambda inner, pair=pair: pair if inner == "" else schema(inner), "", raw)  # type: ignore[misc]
                out.setdefault(rule.name, {})[entry.get("key", default(rule.key))] = entry.get(
                    "value", default(rule.kind, {})
                )
        elif rule.kind not in SCALARS:
            if wire == LENGTH and rule.cardinality == "repeated":
                out.setdefault(rule.name, []).append(decode(schema, rule.kind, raw))
            elif wire == LENGTH:
                pieces[rule.name] = pieces.get(rule.name, b"") + raw
                out[rule.name] = decode(schema, rule.kind, pieces[rule.name])
        elif rule.cardinality == "repeated" and wire == LENGTH and rule.kind not in ("string", "bytes"):
            out.setdefault(rule.name, []).extend(packed(rule.kind, raw))
        else:
            value = scalar(rule.kind, wire, raw)
            if value is None:
                continue
            if rule.cardinality == "repeated":
                out.setdefault(rule.name, []).append(value)
            else:
                out[rule.name] = value
    return out


def default(kind: str, message: Any = None) -> Any:
    """Return what an absent single field of a type reads as."""
    if kind in INTEGERS:
        return False if kind == "bool" else 0
    if kind in ("double", "float"):
        return 0.0
    return {"string": "", "bytes": b""}.get(kind, message)
