"""JSON from strangers: lenient, bounded, and never an exception."""

from __future__ import annotations

import json
import sys
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast import webjson
from tiktok_webcast.webjson import (
    MAX_JSON_DEPTH,
    MAX_JSON_DIGITS,
    MAX_JSON_VALUES,
    BadJson,
    as_bool,
    as_count,
    as_dict,
    as_id,
    as_int,
    as_list,
    as_text,
    as_urls,
    dig,
    parse_json,
)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "ü"}'.encode("utf-16"), {"a": "ü"}),
        (b"\xfe\xff" + '{"a": 1}'.encode("utf-16-be"), {"a": 1}),
        (b' \r\n {"a": 1} \n\0\0', {"a": 1}),
        (b'{"a": "\xff\xfe"}', {"a": "\ufffd\ufffd"}),
        ('{"a": "é"}'.encode("latin-1"), {"a": "\ufffd"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": NaN, "b": Infinity, "c": -Infinity}', {"a": None, "b": None, "c": None}),
        (b'{"a": 1e999, "b": 1.5}', {"a": None, "b": 1.5}),
        (b'{"a": ' + b"9" * MAX_JSON_DIGITS + b"}", {"a": int("9" * MAX_JSON_DIGITS)}),
        (b'{"a": ' + b"9" * (MAX_JSON_DIGITS + 1) + b"}", {"a": None}),
        (b'{"a": 0.' + b"9" * MAX_JSON_DIGITS + b"}", {"a": None}),
        (b'{"a": "line\nbreak\ttab"}', {"a": "line\nbreak\ttab"}),
        (rb'{"a": "\ud83d\ude00"}', {"a": "\U0001f600"}),
        (rb'{"a": "\ud83dx\ude00"}', {"a": "\ufffdx\ufffd"}),
        (rb'{"a": "\\ud83d"}', {"a": "\\ud83d"}),
        (b'"[[[[{{{{"', "[[[[{{{{"),
        (rb'"\"[\\"', '"[\\'),
        (b"[]", []),
        (b"null", None),
    ],
)
def test_what_is_read(body: bytes, value: Any) -> None:
    assert parse_json(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"\0\0",
        b"<html></html>",
        b"{",
        b'{"a": 1',
        b'{"a"',
        b"}{",
        b"{]",
        b'{"a": "',
        b'{"a": "\\',
        b"[1,]",
        b"1 2",
        b"{} {}",
    ],
)
def test_what_is_not(body: bytes) -> None:
    value = parse_json(body)
    assert isinstance(value, BadJson) and value.why in repr(value)


def test_something_may_follow_if_the_caller_says_so() -> None:
    assert parse_json('{"a": 1};window.x=2', trailing=True) == {"a": 1}
    assert isinstance(parse_json('{"a": 1};window.x=2'), BadJson)


@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_the_depth_limit_is_exact(pair: str) -> None:
    inner = pair[0] if pair == "[]" else '{"a":'
    deep = inner * (MAX_JSON_DEPTH - 1) + pair + pair[1] * (MAX_JSON_DEPTH - 1)
    assert not isinstance(parse_json(deep), BadJson)
    assert isinstance(parse_json(inner + deep + pair[1]), BadJson)


def test_the_limit_of_values_is_exact() -> None:
    fits = "[" + "0," * (MAX_JSON_VALUES - 1) + "0]"
    assert parse_json(fits) == [0] * MAX_JSON_VALUES
    assert "values" in parse_json(fits[:-1] + ",0]").why


TEN_MB = 10 * 1024 * 1024
HOSTILE = {
    "braces": b"{" * TEN_MB,
    "brackets": b"[" * TEN_MB,
    "objects": b'{"a":' * (TEN_MB // 5),
    "closing": b"]}" * (TEN_MB // 2),
    "empty lists": b"[" + b"[]," * (TEN_MB // 3) + b"[]]",
    "digits": b"9" * TEN_MB,
    "float": b"0." + b"9" * TEN_MB,
    "exponent": b"1e" + b"9" * TEN_MB,
    "open string": b'"' + b"a" * TEN_MB,
    "escaped quotes": b'"' + b'\\"' * (TEN_MB // 2),
    "backslashes": b'"' + b"\\" * (TEN_MB + 1),
    "quotes": b'"' * (TEN_MB + 1),
    "surrogates": b'"' + rb"\ud800" * (TEN_MB // 6) + b'"',
    "spaces": b" " * TEN_MB,
    "nulls": b"\0" * TEN_MB,
    "broken utf-8": b"\xff" * TEN_MB,
    "same key": b"{" + b'"a":1,' * 400_000 + b'"a":1}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_ten_megabytes_of_nonsense(name: str) -> None:
    value = parse_json(HOSTILE[name])
    good = {"surrogates", "same key", "digits", "float", "exponent"}
    assert isinstance(value, BadJson) is (name not in good)


@pytest.mark.parametrize("name", ["braces", "brackets", "empty lists", "objects"])
def test_nothing_is_built_of_a_body_past_the_limits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unused:
        def raw_decode(self, text: str) -> None:
            raise AssertionError("the decoder must not be asked")

    monkeypatch.setattr(webjson, "_QUICK", Unused())
    monkeypatch.setattr(webjson, "_CAREFUL", Unused())
    assert isinstance(parse_json(HOSTILE[name]), BadJson)


def test_what_a_body_costs_is_bounded_by_its_size() -> None:
    body = b"[" + b"[]," * (MAX_JSON_VALUES // 2 - 2) + b"[]]"
    tracemalloc.start()
    try:
        assert not isinstance(parse_json(body), BadJson)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64 * MAX_JSON_VALUES


def test_a_deep_stack_is_no_trouble() -> None:
    def deeper(levels: int) -> Any:
        return deeper(levels - 1) if levels else parse_json("[" * 60 + "]" * 60)

    deeper(sys.getrecursionlimit() - 120)


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    parse_json(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=12,
    )
)
def test_every_json_text_gives_something(value: Any) -> None:
    text = json.dumps(value)
    parsed = parse_json(text.encode())
    assert not isinstance(parsed, BadJson)
    json.dumps(parsed).encode()
    json.dumps(parsed, ensure_ascii=False).encode()


@given(st.text(alphabet='{}[]",:\\ud8dc0a1eE+-. \n'))
def test_texts_like_json(text: str) -> None:
    value = parse_json(text)
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return
    assert not isinstance(value, BadJson)


# --- reading ----------------------------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "url_list"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(ANYTHING, st.lists(st.sampled_from(["a", "b", 0, -1, 7])))
def test_no_value_raises(value: Any, path: list[str | int]) -> None:
    dig(value, *path)
    assert isinstance(as_text(value), str) and isinstance(as_list(value), list) and isinstance(as_dict(value), dict)
    number = as_int(value)
    assert number is None or (type(number) is int and abs(number) < 2**64)
    assert (as_id(value) or 1) > 0 and as_count(value) >= 0 and isinstance(as_bool(value), bool)
    assert all(url.startswith("http") for url in as_urls(value))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5), ("5", 5), (" -5 ", -5), (5.0, 5), ("18446744073709551615", 2**64 - 1), (2**64, None), ("x", None),
        ("5.5", None), (5.5, None), (True, None), (None, None), ([5], None), ("٥", None), ("", None),
    ],
)  # fmt: skip
def test_numbers(value: Any, number: int | None) -> None:
    assert as_int(value) == number


def test_small_readers() -> None:
    assert [as_id(value) for value in ("0", 0, "", -1, None, "7")] == [None] * 5 + [7]
    assert [as_bool(value) for value in (True, 1, "1", "true", "yes", 0, "", "0", None, [1])] == [True] * 5 + [
        False
    ] * 5
    assert [as_text(value) for value in ("a", 5, None, True, 1.5)] == ["a", "5", "", "", ""]
    assert as_urls({"url_list": ["https://a", 5, "ftp://b", "http://c"]}) == ("https://a", "http://c")
    assert as_urls("https://a") == ("https://a",) and as_urls(["https://a"]) == ("https://a",) and as_urls(None) == ()
    assert dig({"a": [{"b": 1}]}, "a", 0, "b") == 1 and dig({"a": 1}, "a", "b") is None and dig([1], 1) is None
