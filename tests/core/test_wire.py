"""`wire.py`: any bytes become a view, whatever was written is read back exactly, and the guesses fit what is known."""

from __future__ import annotations

import base64
import json
import struct
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast import wire
from tiktok_webcast.wire import Guess, WireType, is_made_id, number_time, read_wire


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


fields = st.lists(
    st.tuples(st.integers(1, 2**29 - 1), st.one_of(st.integers(-(2**63), 2**64 - 1), st.binary(max_size=40))),
    max_size=8,
)


@given(fields)
def test_what_was_written_is_read_back(written: list[tuple[int, int | bytes]]) -> None:
    view = read_wire(b"".join(field(number, value) for number, value in written))
    assert view.complete
    expected = [(number, value if isinstance(value, bytes) else value & (2**64 - 1)) for number, value in written]
    assert [(item.number, item.value) for item in view.fields] == expected


@given(st.binary(max_size=300))
def test_any_bytes_become_a_view_with_lines_and_json(data: bytes) -> None:
    view = read_wire(data)
    list(view.lines())
    json.dumps(view.to_dict(), allow_nan=False)
    assert view.complete == (view.rest == b"")


@given(fields, st.binary(max_size=20))
def test_a_cut_or_trailing_junk_keeps_the_fields_before_it(written: list[tuple[int, int | bytes]], junk: bytes) -> None:
    parts = [field(number, value) for number, value in written]
    data = b"".join(parts)
    whole = read_wire(data)
    assert read_wire(data + junk).fields[: len(parts)] == whole.fields
    for end in range(len(data)):
        cut = read_wire(data[:end])
        assert cut.fields == whole.fields[: len(cut.fields)]


def test_nested_messages_texts_ids_and_times_are_told_apart() -> None:
    made = 1_700_000_000 << 32 | 12345
    user = field(1, made) + field(3, "Ann 🌸") + field(9, field(1, "https://p16.example/a.webp"))
    data = field(1, field(1, "WebcastFooMessage") + field(4, 1_700_000_000_123)) + field(2, user) + field(5, -1)
    view = read_wire(data)
    assert [item.guess for item in view.fields] == [Guess.MESSAGE, Guess.MESSAGE, Guess.NUMBER]
    assert view.find(1, 1)[0].text == "WebcastFooMessage"
    assert view.find(1, 4)[0].guess is Guess.TIME
    assert view.find(1, 4)[0].time == datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=timezone.utc)
    assert view.find(2, 1)[0].guess is Guess.ID
    assert view.find(2, 9, 1)[0].text == "https://p16.example/a.webp"
    assert view.fields[2].signed == -1
    assert list(view.lines()) == [
        "1: message, 26 bytes",
        '  1: "WebcastFooMessage"',
        "  4: 1700000000123  # 2023-11-14T22:13:20.123Z",
        "2: message, 50 bytes",
        f"  1: {made}  # made 2023-11-14T22:13:20.000Z",
        '  3: "Ann 🌸"',
        "  9: message, 28 bytes",
        '    1: "https://p16.example/a.webp"',
        "5: -1",
    ]


@pytest.mark.parametrize(
    "text", ["hi", "20", "(A", "have", "BRAVO", '"quoted"', "123456789012345678901234", "0x1F", "Rose"]
)
def test_short_text_is_not_taken_for_a_message(text: str) -> None:
    assert read_wire(field(1, text)).fields[0].guess is Guess.TEXT


@pytest.mark.parametrize(
    ("value", "guess"),
    [("7300000000000000000", Guess.ID), ("1700000000", Guess.TIME), ("1700000000123", Guess.TIME), ("17", Guess.TEXT)],
)
def test_numbers_written_as_text(value: str, guess: Guess) -> None:
    assert read_wire(field(1, value)).fields[0].guess is guess


def test_fixed_numbers_keep_their_bits() -> None:
    data = varint(1 << 3 | 1) + struct.pack("<d", 2.5) + varint(2 << 3 | 5) + struct.pack("<i", -7)
    double, fixed = read_wire(data).fields
    assert (double.wire_type, double.floating) == (WireType.FIXED64, 2.5)
    assert (fixed.wire_type, fixed.signed) == (WireType.FIXED32, -7)
    assert next(read_wire(data).lines()).endswith("fixed64, as a float 2.5")


def test_packed_numbers_and_bytes() -> None:
    packed, raw = read_wire(field(1, varint(-1) + varint(300)) + field(2, b"\xff\xfe")).fields
    assert (packed.guess, packed.packed) == (Guess.PACKED, (2**64 - 1, 300))
    assert (raw.guess, raw.packed) == (Guess.BYTES, None)


def test_numbers_that_javascript_would_round_are_text_in_json() -> None:
    assert read_wire(field(1, 2**53)).to_dict()["fields"][0]["value"] == str(2**53)
    assert read_wire(field(1, 2**53 - 1)).to_dict()["fields"][0]["value"] == 2**53 - 1


@pytest.mark.parametrize("broken", [b"\x08", b"\x0a\x05ab", b"\x0b", b"\x00\x00", b"\x09\x01", b"\x08" + b"\xff" * 11])
def test_what_cannot_be_read_is_kept(broken: bytes) -> None:
    view = read_wire(field(1, 1) + broken)
    assert (len(view.fields), view.rest, view.complete) == (1, broken, False)
    assert "2 bytes" in list(view.lines())[-1] or view.error


def test_the_limit_of_fields_holds_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_FIELDS", 10)
    assert read_wire(field(1, 1) * 10).complete
    over = read_wire(field(1, 1) * 11)
    assert (len(over.fields), over.rest) == (10, field(1, 1))
    nested = read_wire(field(1, field(1, 1) * 12))
    assert nested.fields[0].message is None


def test_the_limit_of_depth_holds_exactly() -> None:
    def nest(depth: int) -> bytes:
        data = b"\x08\x01"
        for _ in range(depth):
            data = field(1, data)
        return data

    deepest = [1] * (wire.MAX_DEPTH + 1)
    assert read_wire(nest(wire.MAX_DEPTH)).find(*deepest)[0].value == 1
    assert read_wire(nest(wire.MAX_DEPTH + 1)).find(*deepest)[0].message is None


def test_bytes_that_only_look_like_messages_cannot_take_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_STEPS", 50)
    bait = field(1, b"\x08\x01" * 20 + b"\x07")
    tries = 0
    plain = wire._Reader.message

    def counted(self: wire._Reader, data: bytes, depth: int) -> wire.WireView:
        nonlocal tries
        tries += 1
        return plain(self, data, depth)

    monkeypatch.setattr(wire._Reader, "message", counted)
    view = read_wire(bait * 30)
    assert len(view.fields) == 30
    assert tries <= 4


def test_times_in_all_units_and_ids() -> None:
    when = datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    for unit in (1, 10**3, 10**6, 10**9):
        assert number_time(1_700_000_000 * unit) == when
    assert number_time(1_700_000_000 << 32) == when
    assert number_time(12) is None
    assert not is_made_id(2**63 + (1_700_000_000 << 32))


def test_every_guess_has_its_own_key_in_json() -> None:
    """The text, the numbers, the message or the bytes; a time wherever the value tells one."""
    inner = field(1, 300) + field(2, b"\xff\xfe\xfd")
    data = b"".join(
        [
            field(1, inner),
            field(2, "Rose"),
            field(3, "1700000000"),
            field(4, varint(-1) + varint(300)),
            field(5, b"\xff"),
        ]
    )
    message, text, time, packed, raw = read_wire(data).to_dict()["fields"]
    assert (message["guess"], message["size"]) == ("message", len(inner))
    assert [each["guess"] for each in message["message"]["fields"]] == ["number", "bytes"]
    assert (text["size"], text["text"]) == (4, "Rose") and "time" not in text
    assert (time["text"], time["time"]) == ("1700000000", "2023-11-14T22:13:20.000Z")
    assert packed["packed"] == [str(2**64 - 1), 300], "64-bit numbers that JavaScript would round are strings"
    assert base64.b64decode(raw["base64"]) == b"\xff"


def test_the_limit_of_packed_numbers_holds_exactly() -> None:
    longest = b"\x01" * wire.MAX_PACKED
    assert read_wire(field(1, longest)).fields[0].packed == (1,) * wire.MAX_PACKED
    assert read_wire(field(1, longest + b"\x01")).fields[0].packed is None
