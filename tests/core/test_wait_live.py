"""Waiting until a user is live: within a budget, with jitter, longer after a block."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.close import CloseReason
from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.evidence import Evidence, RoomStatus
from tiktok_webcast.room import RoomFailure, StatusReport
from tiktok_webcast.wait_live import LiveWait, PollAgain, StopWaiting, WaitPolicy


def report(status: RoomStatus, reason: CloseReason | None = None, retry_after: float | None = None) -> StatusReport:
    failure = None if reason is None else RoomFailure(reason, "why", retry_after=retry_after)
    evidence = Evidence("live page", status, reason=reason if status is RoomStatus.UNKNOWN else None)
    return StatusReport(status, "ann", None, (evidence,), False, failure)


LIVE = report(RoomStatus.LIVE)
OFFLINE = report(RoomStatus.OFFLINE, CloseReason.OFFLINE)
BLOCKED = report(RoomStatus.UNKNOWN, CloseReason.BLOCKED)
NETWORK = report(RoomStatus.UNKNOWN, CloseReason.NETWORK)


def wait(seed: int = 1, **policy: Any) -> LiveWait:
    return LiveWait(random.Random(seed), WaitPolicy(**policy))


def delay(decision: PollAgain | StopWaiting) -> float:
    assert isinstance(decision, PollAgain)
    return decision.delay


@pytest.mark.parametrize("status", [RoomStatus.LIVE, RoomStatus.PAUSED])
def test_live_ends_the_wait(status: RoomStatus) -> None:
    assert wait().decide(report(status), now=0) == StopWaiting(True, status.value)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(RoomStatus.NOT_FOUND, CloseReason.USER_NOT_FOUND), (RoomStatus.RESTRICTED, CloseReason.RESTRICTED)],
)
def test_what_waiting_cannot_change_ends_it(status: RoomStatus, reason: CloseReason) -> None:
    assert wait().decide(report(status, reason), now=0) == StopWaiting(False, "why")


def test_a_room_id_of_which_nothing_is_known_is_not_live() -> None:
    assert wait().decide(report(RoomStatus.UNKNOWN), now=0) == PollAgain(wait_once(), "unknown")


def wait_once() -> float:
    return delay(wait().decide(OFFLINE, now=0))


def test_a_block_doubles_the_wait_and_an_answer_ends_that() -> None:
    plan = wait(jitter=0.0, interval=60, longest=300)
    delays = [
        delay(plan.decide(item, now=0)) for item in (OFFLINE, BLOCKED, BLOCKED, BLOCKED, BLOCKED, NETWORK, OFFLINE)
    ]
    assert delays == [60, 120, 240, 300, 300, 60, 60]


def test_tiktok_s_own_wish_is_heeded() -> None:
    assert delay(wait().decide(report(RoomStatus.UNKNOWN, CloseReason.BLOCKED, 1000.0), now=0)) == 1000.0


def test_the_budget() -> None:
    plan = wait(jitter=0.0, interval=60, budget=130)
    assert delay(plan.decide(OFFLINE, now=1000)) == 60 and delay(plan.decide(OFFLINE, now=1060)) == 60
    assert plan.decide(OFFLINE, now=1120) == StopWaiting(False, "waited 120 s")


def test_the_number_of_polls() -> None:
    plan = wait(polls=2)
    assert isinstance(plan.decide(OFFLINE, now=0), PollAgain)
    assert plan.decide(OFFLINE, now=60) == StopWaiting(False, "asked 2 times")


def test_the_seed_decides() -> None:
    def delays(seed: int) -> list[float]:
        plan = wait(seed)
        return [delay(plan.decide(OFFLINE, now=0)) for _ in range(5)]

    assert delays(1) == delays(1) != delays(2) and len(set(delays(1))) == 5


@given(
    st.integers(),
    st.floats(1, 1000),
    st.floats(0, 0.99),
    st.lists(st.sampled_from([OFFLINE, BLOCKED, NETWORK]), max_size=60),
)
def test_waits_stay_within_the_policy(seed: int, interval: float, jitter: float, reports: list[StatusReport]) -> None:
    plan = wait(seed, interval=interval, jitter=jitter, longest=1000)
    for item in reports:
        assert interval * (1 - jitter) <= delay(plan.decide(item, now=0)) <= 1000 * (1 + jitter)


@pytest.mark.parametrize(
    "policy",
    [
        {"interval": 0},
        {"interval": 2000},
        {"jitter": 1},
        {"jitter": -0.1},
        {"budget": 0},
        {"polls": 0},
        {"interval": float("nan")},
    ],
)
def test_policies_that_make_no_sense(policy: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        WaitPolicy(**policy)
