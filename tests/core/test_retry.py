"""RetryPolicy and RetryState: which failures are tried again, how soon, and when it is enough."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from profiles import machine_settings

from tiktok_webcast.close import Closed, CloseReason
from tiktok_webcast.retry import KEPT_CAUSES, GiveUp, Retry, RetryPolicy, RetryState

ALWAYS_MAY = {
    CloseReason.NETWORK,
    CloseReason.SERVER_CLOSED,
    CloseReason.STALE,
    CloseReason.LIMIT,
    CloseReason.DEVICE_BLOCKED,
    CloseReason.SIGN_FAILED,
    CloseReason.SIGN_RATE_LIMITED,
}
ONCE_IN_A_ROW = {CloseReason.HANDSHAKE_REFUSED, CloseReason.UNEXPECTED_ANSWER}
ONCE_ENTERED = {CloseReason.BLOCKED}
NEVER = set(CloseReason) - ALWAYS_MAY - ONCE_IN_A_ROW - ONCE_ENTERED
FRESH_IDENTITY = {CloseReason.DEVICE_BLOCKED, CloseReason.HANDSHAKE_REFUSED, CloseReason.BLOCKED}
CHECKED_AT_ONCE = {
    CloseReason.SERVER_CLOSED,
    CloseReason.STALE,
    CloseReason.LIMIT,
    CloseReason.BLOCKED,
    CloseReason.UNEXPECTED_ANSWER,
}
LEAST = {CloseReason.DEVICE_BLOCKED: 2.0, CloseReason.SIGN_RATE_LIMITED: 5.0, CloseReason.BLOCKED: 5.0}

POLICIES = [
    RetryPolicy(),
    RetryPolicy(tries=0),
    RetryPolicy(tries=2, base=0.5, cap=1.0, jitter=0.0),
    RetryPolicy(tries=1000, base=3.0, cap=1000.0, jitter=0.5, healthy=10.0, max_wait=20.0),
]
WAITS = (None, None, None, -1.0, 0.0, 7.0, 20.0, 300.0, 300.5, math.inf, math.nan)
TIMES = (0.0, 9.75, 10.0, 29.75, 30.0)
CALLS: list[tuple[CloseReason | None, float | None, float]] = [
    *((None, None, seconds) for seconds in TIMES * 30),
    *product(sorted(ALWAYS_MAY | ONCE_IN_A_ROW | ONCE_ENTERED), WAITS, TIMES),
    *product(sorted(NEVER), WAITS[:1], TIMES),
]


class RetryMachine(RuleBasedStateMachine):
    """Failures and successes in any order; a session would stop at the first `GiveUp`, this goes on."""

    @initialize(policy=st.sampled_from(POLICIES), seed=st.integers(0, 3))
    def make(self, policy: RetryPolicy, seed: int) -> None:
        self.policy = policy
        self.state = RetryState(policy, random.Random(seed))
        self.twin = RetryState(policy, random.Random(seed))
        self.now = 0.0
        self.log: list[tuple[CloseReason | None, float]] = []
        """Reasons of failures and, as `None`, entries of the room, with their times."""

    @rule(calls=st.lists(st.sampled_from(CALLS), min_size=1, max_size=8))
    def act(self, calls: list[tuple[CloseReason | None, float | None, float]]) -> None:
        for reason, wait, seconds in calls:
            self.now += seconds
            self.log.append((reason, self.now))
            if reason is None:
                self.state.connected(now=self.now)
                self.twin.connected(now=self.now)
            else:
                self.fail(Closed(reason, "as the peer says", retry_after=wait))

    def fail(self, failure: Closed) -> None:
        decision = self.state.decide(failure, now=self.now)
        # By their text: since Python 3.13 a dataclass that holds a NaN is not equal to its like.
        assert repr(decision) == repr(self.twin.decide(failure, now=self.now))
        run = self.failures_in_a_row()
        assert self.state.failures == len(run)
        if isinstance(decision, GiveUp):
            assert self.gives_up(failure, run), decision
            assert decision.closed.detail.startswith("as the peer says")
            assert decision.closed.causes[-1] == f"{failure.reason.value}: as the peer says"
            assert len(decision.closed.causes) == min(len(run), KEPT_CAUSES)
            return
        assert not self.gives_up(failure, run), decision
        wait = failure.retry_after or 0.0
        wait = wait if wait > 0 else 0.0
        ceiling = min(self.policy.cap, self.policy.base * 2 ** (len(run) - 1))
        rule = 0.0 if wait else LEAST.get(failure.reason, 0.0)
        least = max(rule, wait, ceiling * (1 - self.policy.jitter))
        most = max(rule, ceiling, wait + self.policy.base if wait else 0.0)
        assert least <= decision.delay <= most
        assert decision.attempt == len(run) <= self.policy.tries
        assert decision.fresh_identity is (failure.reason in FRESH_IDENTITY)
        assert decision.resolve_again is (len(run) > 1 or failure.reason in CHECKED_AT_ONCE)

    def failures_in_a_row(self) -> list[CloseReason]:
        """Return the reasons since the start or the last healthy spell, the newest last."""
        run: list[CloseReason] = []
        entered: float | None = None
        for reason, at in self.log:
            if reason is None:
                entered = at
                continue
            if entered is not None and at - entered >= self.policy.healthy:
                run = []
            entered = None
            run.append(reason)
        return run

    def gives_up(self, failure: Closed, run: list[CloseReason]) -> bool:
        reason = failure.reason
        has_entered = any(entry is None for entry, _ in self.log)
        return (
            reason in NEVER
            or (reason in ONCE_ENTERED and not has_entered)
            or (reason in ONCE_IN_A_ROW and len(self.log) > 1 and self.log[-2][0] is reason)
            or (failure.retry_after is not None and failure.retry_after > self.policy.max_wait)
            or len(run) > self.policy.tries
        )


TestRetryMachine = pytest.mark.stateful(RetryMachine.TestCase)
TestRetryMachine.settings = machine_settings()


def decide(reason: CloseReason, *, entered: bool = False, policy: RetryPolicy | None = None) -> Retry | GiveUp:
    state = RetryState(policy or RetryPolicy(), random.Random(1))
    if entered:
        state.connected(now=0.0)
    return state.decide(Closed(reason), now=1.0)


@pytest.mark.parametrize("reason", sorted(NEVER))
def test_what_trying_again_cannot_change_gives_up_at_once(reason: CloseReason) -> None:
    assert decide(reason) == GiveUp(Closed(reason, causes=(reason.value,)))


def test_every_reason_is_decided_on_purpose() -> None:
    assert sorted(NEVER) == sorted(
        {
            CloseReason.ROOM_ENDED,
            CloseReason.CLOSED,
            CloseReason.OFFLINE,
            CloseReason.USER_NOT_FOUND,
            CloseReason.RESTRICTED,
            CloseReason.SIGN_PREMIUM,
        }
    )


@pytest.mark.parametrize("reason", sorted(ALWAYS_MAY | ONCE_IN_A_ROW))
def test_no_tries_means_none(reason: CloseReason) -> None:
    assert decide(reason, policy=RetryPolicy(tries=0)) == GiveUp(Closed(reason, causes=(reason.value,)))


def test_a_room_that_is_offline_after_it_was_entered_has_ended() -> None:
    state = RetryState(RetryPolicy(), random.Random(1))
    state.connected(now=0.0)
    first = state.decide(Closed(CloseReason.SERVER_CLOSED), now=5.0)
    assert isinstance(first, Retry) and first.resolve_again
    assert state.decide(Closed(CloseReason.OFFLINE, "status 4"), now=6.0) == GiveUp(
        Closed(CloseReason.ROOM_ENDED, "status 4", causes=("server_closed", "offline: status 4"))
    )


def test_a_socket_that_keeps_failing_has_the_room_checked() -> None:
    state = RetryState(RetryPolicy(), random.Random(1))
    decisions = [state.decide(Closed(CloseReason.NETWORK), now=float(n)) for n in range(3)]
    assert [isinstance(d, Retry) and d.resolve_again for d in decisions] == [False, True, True]


def test_a_refused_handshake_is_tried_once_with_nothing_of_the_first() -> None:
    state = RetryState(RetryPolicy(), random.Random(1))
    refused = Closed(CloseReason.HANDSHAKE_REFUSED, "HTTP 200")
    first = state.decide(refused, now=0.0)
    assert isinstance(first, Retry) and first.fresh_identity
    second = state.decide(refused, now=1.0)
    assert second == GiveUp(
        replace(
            refused,
            detail="HTTP 200; given up after 1 try in a row",
            causes=("handshake_refused: HTTP 200", "handshake_refused: HTTP 200"),
        )
    )


def test_a_blocked_device_comes_back_with_a_new_identity_after_two_seconds() -> None:
    decision = decide(CloseReason.DEVICE_BLOCKED)
    assert decision == Retry(delay=2.0, attempt=1, fresh_identity=True, resolve_again=False)


def test_a_block_ends_the_first_attempt_but_not_a_room_that_was_entered() -> None:
    assert isinstance(decide(CloseReason.BLOCKED), GiveUp)
    later = decide(CloseReason.BLOCKED, entered=True)
    assert isinstance(later, Retry) and later.fresh_identity and later.delay >= 5.0


def test_a_wait_that_is_asked_for_is_obeyed_up_to_the_limit() -> None:
    state = RetryState(RetryPolicy(max_wait=60.0), random.Random(1))
    short = state.decide(Closed(CloseReason.SIGN_RATE_LIMITED, retry_after=60.0), now=0.0)
    assert isinstance(short, Retry) and 60.0 <= short.delay <= 61.0
    long = state.decide(Closed(CloseReason.SIGN_RATE_LIMITED, "HTTP 429", retry_after=3600.0), now=61.0)
    assert isinstance(long, GiveUp)
    assert long.closed.detail == "HTTP 429; asked to wait 3600 s, more than 60 s"
    assert long.closed.retry_after == 3600.0


def test_only_a_healthy_spell_gives_the_tries_back() -> None:
    state = RetryState(RetryPolicy(tries=2, healthy=30.0), random.Random(1))
    now = 0.0
    attempts: list[int] = []
    for spell in (10.0, 30.0, 29.0, 29.0):
        state.connected(now=now)
        now += spell
        decision = state.decide(Closed(CloseReason.NETWORK), now=now)
        attempts += [decision.attempt] if isinstance(decision, Retry) else [0]
    assert attempts == [1, 1, 2, 0]


@given(st.integers(0, 2**32), st.integers(1, 2000))
def test_waits_grow_up_to_the_cap_and_never_past_it(seed: int, failures: int) -> None:
    state = RetryState(RetryPolicy(tries=2000, jitter=0.0), random.Random(seed))
    delays = []
    for _ in range(failures):
        decision = state.decide(Closed(CloseReason.NETWORK), now=0.0)
        assert isinstance(decision, Retry)
        delays.append(decision.delay)
    assert delays == [min(30.0, 2.0 ** min(n, 10)) for n in range(failures)]


def test_full_jitter_uses_the_whole_range() -> None:
    rng = random.Random(1)
    delays = []
    for _ in range(1000):
        decision = RetryState(RetryPolicy(), rng).decide(Closed(CloseReason.NETWORK), now=0.0)
        assert isinstance(decision, Retry)
        delays.append(decision.delay)
    assert min(delays) < 0.05 and max(delays) > 0.95
    assert 0.45 < sum(delays) / len(delays) < 0.55


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: RetryPolicy(tries=-1),
        lambda: RetryPolicy(jitter=1.5),
        lambda: RetryPolicy(jitter=math.nan),
        lambda: RetryPolicy(base=2.0, cap=1.0),
        lambda: RetryPolicy(base=-1.0),
        lambda: RetryPolicy(cap=math.inf),
        lambda: RetryPolicy(healthy=-1.0),
        lambda: RetryPolicy(max_wait=math.nan),
    ],
)
def test_a_policy_checks_its_settings(wrong: Callable[[], RetryPolicy]) -> None:
    with pytest.raises(ValueError, match="RetryPolicy"):
        wrong()


def test_the_defaults_are_those_of_the_manual() -> None:
    assert RetryPolicy() == RetryPolicy(tries=10, base=1.0, cap=30.0, jitter=1.0, healthy=30.0, max_wait=300.0)
    assert KEPT_CAUSES == 16


@pytest.mark.parametrize(
    "edge",
    [
        {"tries": 0},
        {"base": 0.0},
        {"base": 7.0, "cap": 7.0},
        {"jitter": 0.0},
        {"jitter": 1.0},
        {"healthy": 0.0},
        {"max_wait": 0.0},
    ],
)
def test_the_edges_are_allowed(edge: dict[str, float]) -> None:
    RetryPolicy(**edge)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tries": -1}, "RetryPolicy.tries must be 0 or more, not -1"),
        ({"jitter": 1.5}, "RetryPolicy.jitter must be between 0 and 1, not 1.5"),
        ({"base": 2.0, "cap": 1.0}, "RetryPolicy: 0 <= base <= cap must hold, not 2.0 and 1.0"),
        ({"healthy": -1.0}, "RetryPolicy.healthy must be 0 or more seconds, not -1.0"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError) as raised:
        RetryPolicy(**wrong)  # type: ignore[arg-type]
    assert str(raised.value) == words


def test_a_short_wait_that_is_asked_for_stands_in_for_ours() -> None:
    state = RetryState(RetryPolicy(jitter=0.0), random.Random(1))
    told = state.decide(Closed(CloseReason.SIGN_RATE_LIMITED, retry_after=0.5), now=0.0)
    assert isinstance(told, Retry) and told.delay == 1.0
    untold = RetryState(RetryPolicy(jitter=0.0), random.Random(1)).decide(Closed(CloseReason.SIGN_RATE_LIMITED), now=0)
    assert isinstance(untold, Retry) and untold.delay == 5.0


def test_an_answer_that_no_fact_explains_is_asked_for_once_more() -> None:
    state = RetryState(RetryPolicy(), random.Random(1))
    first = state.decide(Closed(CloseReason.UNEXPECTED_ANSWER), now=0.0)
    assert isinstance(first, Retry) and first.resolve_again and not first.fresh_identity
    assert isinstance(state.decide(Closed(CloseReason.UNEXPECTED_ANSWER), now=1.0), GiveUp)


def test_giving_up_says_after_how_many_tries() -> None:
    state = RetryState(RetryPolicy(tries=2), random.Random(1))
    decisions = [state.decide(Closed(CloseReason.NETWORK), now=float(n)) for n in range(3)]
    last = decisions[-1]
    assert isinstance(last, GiveUp) and last.closed.detail == "given up after 2 tries in a row"
