"""Refused handshakes, and what an open one asks for (protocol/http.md section 10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.close import CloseReason
from tiktok_webcast.handshake import FRESH_IDENTITY_DELAY, PING_INTERVAL, Refusal, ping_interval, refusal

REFUSED, DEVICE, BLOCKED = CloseReason.HANDSHAKE_REFUSED, CloseReason.DEVICE_BLOCKED, CloseReason.BLOCKED


@pytest.mark.parametrize(
    ("status", "headers", "reason", "retry", "fresh", "wait"),
    [
        (200, {}, REFUSED, True, True, None),
        (200, {"Handshake-Msg": "DEVICE_BLOCKED"}, DEVICE, True, True, FRESH_IDENTITY_DELAY),
        (200, {"handshake-msg": "device blocked"}, DEVICE, True, True, FRESH_IDENTITY_DELAY),
        (415, {}, DEVICE, True, True, FRESH_IDENTITY_DELAY),
        (415, {"Retry-After": "7"}, DEVICE, True, True, 7.0),
        (200, {"Handshake-Msg": "illegal secret key"}, REFUSED, False, False, None),
        (200, {"Handshake-Msg": "illegal app_id"}, REFUSED, False, False, None),
        (400, {"Handshake-Msg": "invalid params", "Handshake-Status": "1002"}, REFUSED, True, False, None),
        (400, {}, REFUSED, True, False, None),
        (401, {}, BLOCKED, True, True, None),
        (403, {}, BLOCKED, True, True, None),
        (429, {"Retry-After": "30"}, BLOCKED, True, False, 30.0),
        (404, {}, REFUSED, True, False, None),
        (302, {"Location": "https://evil.example/"}, REFUSED, True, False, None),
        (429, {"X-RateLimit-Reset": "40"}, BLOCKED, True, False, 40.0),
        (499, {}, REFUSED, True, False, None),
        (500, {}, CloseReason.NETWORK, True, False, None),
        (503, {"Retry-After": "5"}, CloseReason.NETWORK, True, False, 5.0),
        (0, {}, REFUSED, True, False, None),
    ],
)
def test_each_refusal(
    status: int, headers: dict[str, str], reason: CloseReason, retry: bool, fresh: bool, wait: float | None
) -> None:
    result = refusal(status, tuple(headers.items()))
    assert (result.reason, result.retry, result.fresh_identity, result.retry_after) == (reason, retry, fresh, wait)
    assert str(status) in result.detail
    for name in ("Handshake-Msg", "Handshake-Status"):
        assert headers.get(name, "") in result.detail
    closed = result.closed()
    assert (closed.reason, closed.detail, closed.retry_after) == (reason, result.detail, wait)
    assert closed.fact("status") == str(status)


def test_the_cure_is_named() -> None:
    said = refusal(200, (("Handshake-Msg", "illegal secret key"),)).detail
    assert "session id" in said and "cookie" in said


def test_the_server_s_words_are_made_printable_and_short() -> None:
    detail = refusal(400, (("Handshake-Msg", "a\x1b[31m\r\nb" + "x" * 1000),)).detail
    assert detail.isprintable() and len(detail) < 400


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("ping-interval=10", 10.0),
        ("a=b; ping-interval=5; c=d", 5.0),
        ("Ping-Interval = 7.5", 7.5),
        ('ping-interval="8"', 8.0),
        ("ping-interval=10,x=1", 10.0),
        ("ping-interval=0.01", PING_INTERVAL[0]),
        ("ping-interval=86400", PING_INTERVAL[1]),
        ("ping-interval=0", None),
        ("ping-interval=-5", None),
        ("ping-interval=nan", None),
        ("ping-interval=inf", None),
        ("ping-interval=1e3", None),
        ("ping-interval=" + "9" * 400, None),
        ("ping-interval", None),
        ("xping-interval=4", None),
        ("", None),
    ],
)
def test_ping_interval(value: str, seconds: float | None) -> None:
    assert ping_interval((("Handshake-Options", value),)) == seconds


def test_no_options() -> None:
    assert ping_interval((("Upgrade", "websocket"),)) is None


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["Handshake-Msg", "handshake-status", "Handshake-Options", "Retry-After", "Date"]), st.text()
    )
)


@given(st.integers(0, 999), HEADERS)
def test_no_headers_raise(status: int, headers: list[tuple[str, str]]) -> None:
    result = refusal(status, tuple(headers))
    assert isinstance(result, Refusal) and result.detail.isprintable()
    assert result.retry_after is None or 0 <= result.retry_after <= 86400
    interval = ping_interval(tuple(headers))
    assert interval is None or PING_INTERVAL[0] <= interval <= PING_INTERVAL[1]
