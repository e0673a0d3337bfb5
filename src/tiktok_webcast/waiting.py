"""How long another server asks us to wait: every form of it that has been seen.

The sources contradict each other (protocol/http.md section 8), so all forms are read, the standard one first.
"""

from __future__ import annotations

import math
import re

from .cookies import parse_http_date
from .http import Headers, find_header

LONGEST_WAIT = 24 * 3600.0
"""Seconds; what asks for more is held to this."""

_UNIX_TIME = 1e9
_UNIX_MILLISECONDS = 1e12


def retry_after(headers: Headers) -> float | None:
    """Return the seconds that `Retry-After` asks for, as a number or as a date, or `None`."""
    value = find_header(headers, "retry-after")
    return None if value is None else _seconds(value, _server_time(headers))


def rate_limit_wait(headers: Headers) -> float | None:
    """Return the seconds that a rate-limited answer asks to wait, or `None` if it does not say.

    In order: `Retry-After`; `RateLimit-Reset` and `X-RateLimit-Reset` (seconds, or a unix time, which is compared with
    the answer's own `Date`); `RateLimit-Remaining`, which one server uses for the seconds left.
    """
    now = _server_time(headers)
    for name in ("retry-after", "ratelimit-reset", "x-ratelimit-reset", "ratelimit-remaining"):
        value = find_header(headers, name)
        seconds = None if value is None else _seconds(value, now)
        if seconds is not None and not (name == "ratelimit-remaining" and seconds == 0):
            return seconds
    return None


def wait_asked(status: int, headers: Headers) -> float | None:
    """Return the seconds that an answer of this status asks to wait, or `None` if it does not say.

    Only a rate limit (429) is waited for as its counters say: how much of one is left says nothing about an outage.
    """
    return rate_limit_wait(headers) if status == 429 else retry_after(headers)


def _server_time(headers: Headers) -> float | None:
    return parse_http_date(find_header(headers, "date") or "")


def _seconds(text: str, now: float | None) -> float | None:
    text = text.strip()
    if not re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,9})?", text):
        moment = parse_http_date(text)
        return None if moment is None or now is None else _held(moment - now)
    value = float(text)
    if value >= _UNIX_MILLISECONDS:
        value /= 1000
    if value >= _UNIX_TIME:
        return None if now is None else _held(value - now)
    return _held(value)


def _held(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else LONGEST_WAIT
