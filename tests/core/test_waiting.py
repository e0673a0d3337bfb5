"""How long a server asks to wait, in every form seen (protocol/http.md section 8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.waiting import LONGEST_WAIT, rate_limit_wait, retry_after

DATE = ("Date", "Sun, 22 Nov 2026 10:00:00 GMT")
UNIX = 1795341600
"""The same moment."""


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12"}, 12.0),
        ({"retry-after": " 12 "}, 12.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "Sun, 22 Nov 2026 10:01:30 GMT"}, 90.0),
        ({"Retry-After": "Sun, 22 Nov 2026 09:00:00 GMT"}, 0.0),
        ({"Retry-After": "12", "RateLimit-Reset": "99", "X-RateLimit-Reset": "98"}, 12.0),
        ({"Retry-After": "soon", "RateLimit-Reset": "99"}, 99.0),
        ({"RateLimit-Reset": "60"}, 60.0),
        ({"RateLimit-Reset": str(UNIX + 45)}, 45.0),
        ({"X-RateLimit-Reset": str(UNIX + 45)}, 45.0),
        ({"X-RateLimit-Reset": str((UNIX + 45) * 1000)}, 45.0),
        ({"X-RateLimit-Reset": str(UNIX - 45)}, 0.0),
        ({"RateLimit-Remaining": "33"}, 33.0),
        ({"RateLimit-Remaining": "33", "RateLimit-Reset": str(UNIX + 45)}, 45.0),
        ({"RateLimit-Remaining": "0"}, None),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "999999999"}, LONGEST_WAIT),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "1e5"}, None),
        ({}, None),
    ],
)
def test_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert rate_limit_wait((DATE, *headers.items())) == seconds


def test_a_unix_time_means_nothing_without_the_server_s_own_time() -> None:
    assert rate_limit_wait((("RateLimit-Reset", str(UNIX)),)) is None
    assert retry_after((("Retry-After", "Sun, 22 Nov 2026 10:01:30 GMT"),)) is None


def test_only_retry_after_counts_outside_of_rate_limits() -> None:
    assert retry_after((DATE, ("RateLimit-Reset", "60"))) is None


NAMES = ["Retry-After", "RateLimit-Reset", "X-RateLimit-Reset", "RateLimit-Remaining", "Date"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.text() | st.integers().map(str) | st.floats().map(str))))
def test_no_headers_raise(headers: list[tuple[str, str]]) -> None:
    seconds = rate_limit_wait(tuple(headers))
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT
