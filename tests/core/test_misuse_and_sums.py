"""Choices that make no sense are refused when they are made; counters of several sessions add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast import Endpoints, Limits, LocalProtocolError, PushServer, Timing, User
from tiktok_webcast.statistics import Counters, Statistics, total
from tiktok_webcast.track.catalogue import GiftCatalogue
from tiktok_webcast.wire import read_wire


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Endpoints(web="ftp://example.org"), "web"),
        (lambda: Endpoints(web="https://example.org/?a=b"), "web"),
        (lambda: Endpoints(web="http://127.0.0.1:99999"), "^Endpoints.web has no valid host and port$"),
        (lambda: Endpoints(webcast="http://127.0.0.1:x"), "^Endpoints.webcast has no valid host and port$"),
        (lambda: Endpoints(sign="http://[::1"), "^Endpoints.sign has no valid host and port$"),
        (lambda: Endpoints(sign="http://me:pw@\u2100"), "^Endpoints.sign has no valid host and port$"),
        (lambda: Limits(message=0), "Limits.message must be at least 1, not 0"),
        (lambda: Limits(event_queue_low=3, event_queue_high=2), "event_queue_low <= event_queue_high"),
        (lambda: Timing(heartbeat=0.0), "Timing.heartbeat must be positive seconds, not 0.0"),
        (lambda: Timing(heartbeat=float("nan")), "Timing.heartbeat must be positive"),
        (lambda: GiftCatalogue(0), "limit must be at least 1, not 0"),
    ],
)
def test_choices_that_make_no_sense_are_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_a_server_side_opens_once() -> None:
    server = PushServer()
    server.opened()
    with pytest.raises(LocalProtocolError, match=r"opened\(\) on a server side that is"):
        server.opened()


def test_a_view_loses_no_field() -> None:
    with pytest.raises(FrozenInstanceError, match="cannot delete 'nickname'"):
        del User(nickname="x").nickname


def test_bytes_are_no_signed_number() -> None:
    text, number = read_wire(b"\x0a\x01a\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").fields
    assert text.signed is None
    assert number.signed == -1


def counters(frames: int, peak: int, method: str, messages: int) -> Statistics:
    made = Counters()
    made.frames, made.queue_peak, made.by_method = frames, peak, {method: messages}
    return made.snapshot()


@given(
    st.lists(
        st.builds(counters, st.integers(0, 99), st.integers(0, 99), st.sampled_from(["A", "B"]), st.integers(1, 9)),
        max_size=5,
    )
)
def test_counters_of_several_sessions_add_up(parts: list[Statistics]) -> None:
    found = total(parts)
    assert found.frames == sum(part.frames for part in parts)
    assert found.queue_peak == max((part.queue_peak for part in parts), default=0)
    assert sum(found.by_method.values()) == sum(sum(part.by_method.values()) for part in parts)
    assert total([found, replace(found, queue_peak=0)]).queue_peak == found.queue_peak
