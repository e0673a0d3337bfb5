"""Budget: never more than a rate allows, in order, nobody forgotten, and what one is told goes for all. And turns."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from profiles import machine_settings

from tiktok_webcast.budget import MAX_COUNT, UNTOLD_PAUSE, Budget, Rate, asked_pause
from tiktok_webcast.http import HttpResponse
from tiktok_webcast.turns import Turns
from tiktok_webcast.waiting import LONGEST_WAIT

Call = tuple[str, Any, float]
GAPS = st.sampled_from([0.0, 0.0, 0.1, 1 / 3, 1.0, 7.3, 60.0])


class BudgetMachine(RuleBasedStateMachine):
    """Askers that come, go and are let through at any time; answers that ask to wait."""

    @initialize(
        count=st.integers(1, 4),
        seconds=st.sampled_from([0.1, 1.0, 60.0]),
        at_once=st.sampled_from([None, None, 1, 3]),
    )
    def begin(self, count: int, seconds: float, at_once: int | None) -> None:
        self.made = (Rate(count, seconds), at_once)
        self.budget: Budget[int] = Budget(self.made[0], at_once=at_once, longest_pause=100.0)
        self.calls: list[Call] = []
        self.answers: list[Any] = []
        self.now = 0.0
        self.tickets = 0
        self.waiting: list[int] = []
        self.under_way: list[int] = []
        self.granted: list[tuple[float, int]] = []
        self.paused_until = -math.inf

    def call(self, name: str, argument: Any = None) -> Any:
        self.calls.append((name, argument, self.now))
        result = do(self.budget, *self.calls[-1])
        self.answers.append(result)
        return result

    def grant(self, ticket: int) -> None:
        assert self.now >= self.paused_until, "a pause that one asker was told holds for all"
        self.granted.append((self.now, ticket))
        self.under_way.append(ticket)

    @rule(gap=GAPS, count=st.integers(1, 6))
    def ask(self, gap: float, count: int) -> None:
        self.now += gap
        for _ in range(count):
            self.tickets += 1
            if self.call("ask", self.tickets):
                assert not self.waiting, "nobody overtakes"
                self.grant(self.tickets)
            else:
                self.waiting.append(self.tickets)
                assert self.call("ask", self.tickets) is False

    @rule(gap=GAPS)
    def ring(self, gap: float) -> None:
        self.now += gap
        for ticket in self.call("handle_timer"):
            assert ticket == self.waiting.pop(0), "in the order in which they asked"
            self.grant(ticket)

    @rule(which=st.integers(0, 20), waits=st.booleans())
    def release(self, which: int, waits: bool) -> None:
        tickets = self.waiting if waits else self.under_way
        ticket = tickets.pop(which % len(tickets)) if tickets else -1
        self.call("release", ticket)

    @rule(seconds=st.sampled_from(["0", "1", "7.5", "1000", "nonsense"]), status=st.sampled_from([200, 429, 503]))
    def told_to_wait(self, seconds: str, status: int) -> None:
        self.call("observe", HttpResponse(status, (("Retry-After", seconds),)))
        wait = {"nonsense": UNTOLD_PAUSE if status == 429 else 0.0}.get(seconds)
        wait = float(seconds) if wait is None else wait
        if status != 200 and wait:
            self.paused_until = max(self.paused_until, self.now + min(wait, 100.0))

    @rule()
    def everybody_gets_through(self) -> None:
        """By the timer alone, and by giving up what is under way: nobody waits for ever."""
        for _ in range(4 * len(self.waiting) + 4):
            timer = self.budget.next_timer()
            if timer is None:
                for ticket in self.under_way:
                    self.call("release", ticket)
                self.under_way.clear()
                if not self.waiting:
                    break
                timer = self.budget.next_timer()
                assert timer is not None
            self.now = max(self.now, timer)
            before = len(self.waiting)
            self.ring(0.0)
            assert len(self.waiting) < before, "the timer does not ring for nothing"
        assert self.waiting == []

    @invariant()
    def no_window_holds_more(self) -> None:
        (rate, at_once) = self.made
        times = [when for when, _ in self.granted]
        assert all(later >= sooner + rate.seconds for sooner, later in zip(times, times[rate.count :], strict=False))
        assert self.budget.granted == len(times)
        assert self.budget.waiting == len(self.waiting)
        if at_once is not None:
            assert len(self.under_way) <= at_once
        self.granted = self.granted if len(times) < 10_000 else self.granted[-100:]

    def teardown(self) -> None:
        again: Budget[int] = Budget(self.made[0], at_once=self.made[1], longest_pause=100.0)
        assert [do(again, *call) for call in self.calls] == self.answers, "equal calls, equal answers"


def do(budget: Budget[int], name: str, argument: Any, now: float) -> Any:
    if name == "release":
        return budget.release(argument)
    return getattr(budget, name)(*([] if argument is None else [argument]), now=now)


BudgetMachine.TestCase.settings = machine_settings(steps=12)
TestBudget = BudgetMachine.TestCase


@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [
        (200, {}, None),
        (200, {"Retry-After": "9"}, None),
        (200, {"RateLimit-Remaining": "3", "RateLimit-Reset": "9"}, None),
        (200, {"RateLimit-Remaining": "0", "RateLimit-Reset": "9"}, 9.0),
        (200, {"X-RateLimit-Remaining": " 0 ", "X-RateLimit-Reset": "8"}, 8.0),
        (200, {"RateLimit-Remaining": "0"}, None),
        (429, {}, UNTOLD_PAUSE),
        (429, {"Retry-After": "0"}, 0.0),
        (429, {"Retry-After": "1.5"}, 1.5),
        (429, {"RateLimit-Remaining": "40"}, 40.0),
        (429, {"Retry-After": "9" * 9}, LONGEST_WAIT),
        (503, {}, None),
        (503, {"Retry-After": "2"}, 2.0),
        (500, {"Retry-After": "2"}, None),
    ],
)
def test_what_an_answer_asks(status: int, headers: dict[str, str], pause: float | None) -> None:
    assert asked_pause(HttpResponse(status, tuple(headers.items()))) == pause


def test_a_pause_shows_and_ends() -> None:
    budget: Budget[str] = Budget(Rate(1, 1.0), longest_pause=10.0)
    assert budget.paused_until is None
    budget.pause(1e9, now=5.0)
    assert budget.paused_until == 15.0
    budget.pause(1.0, now=5.0)
    budget.pause(-1.0, now=5.0)
    budget.pause(math.nan, now=5.0)
    assert budget.paused_until == 15.0
    assert not budget.ask("a", now=14.9)
    assert budget.next_timer() == 15.0
    assert budget.handle_timer(now=14.95) == []
    assert budget.handle_timer(now=15.0) == ["a"]
    assert budget.paused_until is None


def test_time_does_not_go_back() -> None:
    budget: Budget[str] = Budget(Rate(1, 10.0))
    assert budget.ask("a", now=100.0)
    assert not budget.ask("b", now=0.0)
    assert budget.next_timer() == 110.0


@pytest.mark.parametrize(("count", "seconds"), [(0, 1.0), (MAX_COUNT + 1, 1.0), (1, 0.0), (1, math.inf), (1, math.nan)])
def test_rates_that_are_none(count: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="Rate"):
        Rate(count, seconds)


def test_limits_that_are_none() -> None:
    with pytest.raises(ValueError, match="at_once"):
        Budget(Rate(1, 1.0), at_once=0)
    with pytest.raises(ValueError, match="longest_pause"):
        Budget(Rate(1, 1.0), longest_pause=-1.0)


@given(wants=st.lists(st.integers(0, 5), max_size=200), takes=st.integers(1, 3))
def test_who_stands_in_the_row_has_a_turn_before_anybody_has_two(wants: list[int], takes: int) -> None:
    turns: Turns[int] = Turns()
    row: list[int] = []
    for number, who in enumerate(wants):
        turns.want(who)
        if who not in row:
            row.append(who)
        if number % takes == 0:
            assert turns.take() == row.pop(0)
        assert len(turns) == len(row)
    assert [turns.take() for _ in range(len(row) + 1)] == [*row, None]
