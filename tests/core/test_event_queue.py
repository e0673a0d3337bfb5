"""EventQueue against a plain list: order, losses, water marks."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from profiles import machine_settings

from tiktok_webcast.event_queue import EventQueue, Overflow

MARKS = [(1, 0, 1), (1, 1, 1), (3, 1, 5), (4, 4, 4), (2, 0, 4), (3, 2, 100)]


class QueueMachine(RuleBasedStateMachine):
    @initialize(marks=st.sampled_from(MARKS), drops=st.booleans(), heaviest=st.sampled_from([1, 2, 4, 7, 100]))
    def make(self, marks: tuple[int, int, int], drops: bool, heaviest: int) -> None:
        self.heaviest = heaviest
        self.high, self.low, self.limit = marks
        self.drops = drops
        overflow: Overflow = "drop-oldest" if drops else "block"
        self.queue: EventQueue[int] = EventQueue(self.high, self.low, self.limit, overflow, heaviest=heaviest)
        self.waiting: list[tuple[int, bool, int]] = []
        """Events in order, whether they are kept, and what they weigh."""
        self.queue.announce = lambda lost: -lost
        self.pushed = self.lost = self.announced = self.peak = 0
        self.paused = False

    @rule(calls=st.lists(st.sampled_from(["push", "push", "push", "keep", "pop", "pop", 1, 2, 5]), max_size=12))
    def act(self, calls: list[str | int]) -> None:
        for call in calls:
            if call == "pop":
                self.pop()
            else:
                self.push(call == "keep", call if isinstance(call, int) else 0)
            assert len(self.queue) == len(self.waiting) <= self.limit
            assert (self.queue.dropped, self.queue.peak) == (self.lost, self.peak)
            assert self.queue.paused is self.paused

    @rule(count=st.integers(0, 6))
    def extend(self, count: int) -> None:
        for event in range(self.pushed + 1, self.pushed + count + 1):
            self.take(event, False, 0)
        self.queue.extend(list(range(self.pushed + 1, self.pushed + count + 1)))
        self.pushed += count
        assert (len(self.queue), self.queue.dropped) == (len(self.waiting), self.lost)
        assert (self.queue.peak, self.queue.paused) == (self.peak, self.paused)

    def push(self, keep: bool, weight: int) -> None:
        self.pushed += 1
        gone = self.take(self.pushed, keep, weight)
        assert self.queue.push(self.pushed, keep=keep, weight=weight) == gone

    def take(self, event: int, keep: bool, weight: int) -> int | None:
        """Have the model take an event, and return the last that had to go for it."""
        self.waiting.append((event, keep, weight))
        gone: list[int] = []
        loose = [event for event, kept, _ in self.waiting if not kept]
        if len(self.waiting) > (self.high if self.drops else self.limit) and loose:
            gone.append(loose.pop(0))
        elif len(self.waiting) > self.limit:
            gone.append(self.waiting[0][0])
        while self.drops and self.weight(gone) > self.heaviest and len(loose) > 1:
            gone.append(loose.pop(0))
        self.waiting = [item for item in self.waiting if item[0] not in gone]
        self.lost += len(gone)
        self.peak = max(self.peak, len(self.waiting))
        if not self.drops and (len(self.waiting) >= self.high or self.weight() >= self.heaviest):
            self.paused = True
        return gone[-1] if gone else None

    def weight(self, without: list[int] | None = None) -> int:
        return sum(weight for event, _, weight in self.waiting if event not in (without or []))

    def pop(self) -> None:
        if self.lost > self.announced:
            assert self.queue.pop() == self.announced - self.lost
            self.announced = self.lost
            return
        expected = self.waiting.pop(0)[0] if self.waiting else None
        assert self.queue.pop() == expected
        if expected is not None and len(self.waiting) <= self.low and self.weight() <= self.heaviest // 4:
            self.paused = False

    def teardown(self) -> None:
        if hasattr(self, "queue"):
            while self.waiting or self.lost > self.announced:
                self.pop()
            assert self.queue.pop() is None
            assert not self.queue.paused


TestQueueMachine = pytest.mark.stateful(QueueMachine.TestCase)
TestQueueMachine.settings = machine_settings()


def test_a_reader_that_stops_while_paused_loses_nothing() -> None:
    queue: EventQueue[int] = EventQueue(high=10, low=3, limit=16)
    sent = 0
    received: list[int] = []
    while len(received) < 1000:
        while not queue.paused and sent < 1000:
            for _ in range(7):  # a frame: its messages come together
                queue.push(sent)
                sent += 1
        for _ in range(2):
            event = queue.pop()
            received += [event] if event is not None else []
    assert received == list(range(1000))
    assert queue.dropped == 0
    assert queue.peak <= 10 - 1 + 7


def test_the_water_marks_are_exact() -> None:
    queue: EventQueue[int] = EventQueue(high=4, low=2, limit=8)
    states = []
    for event in range(4):
        queue.push(event)
        states.append(queue.paused)
    for _ in range(2):
        queue.pop()
        states.append(queue.paused)
    assert states == [False, False, False, True, True, False]


def test_drop_oldest_keeps_the_newest_and_counts_what_went() -> None:
    queue: EventQueue[str] = EventQueue(high=3, low=1, limit=10, overflow="drop-oldest")
    queue.push("connect", keep=True)
    assert [queue.push(name) for name in "abcd"] == [None, None, "a", "b"]
    assert not queue.paused
    assert queue.dropped == 2
    assert [queue.pop() for _ in range(4)] == ["connect", "c", "d", None]


def test_losses_are_announced_once_where_they_are_missing() -> None:
    queue: EventQueue[str] = EventQueue(high=2, low=1, limit=10, overflow="drop-oldest")
    queue.announce = "{} lost".format
    for name in "abcde":
        queue.push(name)
    assert [queue.pop(), queue.pop()] == ["3 lost", "d"]
    queue.push("f")
    queue.push("g")
    assert [queue.pop() for _ in range(4)] == ["1 lost", "f", "g", None]


def test_events_to_keep_go_only_when_nothing_else_is_left_at_the_limit() -> None:
    queue: EventQueue[int] = EventQueue(high=1, low=0, limit=2)
    assert queue.push(1) is None
    assert queue.push(2, keep=True) is None
    assert queue.push(3, keep=True) == 1
    assert queue.push(4, keep=True) == 2
    assert queue.push(5) == 5
    assert [queue.pop(), queue.pop(), queue.pop()] == [3, 4, None]
    assert queue.dropped == 3


@pytest.mark.parametrize(("high", "low", "limit"), [(0, 0, 5), (2, 3, 5), (6, 1, 5), (2, -1, 5)])
def test_the_marks_are_checked(high: int, low: int, limit: int) -> None:
    with pytest.raises(ValueError, match="must hold"):
        EventQueue[int](high, low, limit)


def test_what_may_wait_of_weight_is_exact() -> None:
    queue: EventQueue[str] = EventQueue(heaviest=8)
    states = []
    for name, weight in (("a", 4), ("b", 3), ("c", 0), ("d", 1)):
        queue.push(name, weight=weight)
        states.append(queue.paused)
    while queue.pop() is not None:
        states.append(queue.paused)
    assert states == [False, False, False, True, True, False, False, False]
    dropping: EventQueue[str] = EventQueue(heaviest=8, overflow="drop-oldest")
    assert [dropping.push(name, weight=4) for name in "abc"] == [None, None, "a"]
    assert dropping.push("d", weight=100) == "c", "the newest stays, whatever it weighs"
    assert (dropping.dropped, len(dropping), dropping.paused) == (3, 1, False)
    with pytest.raises(ValueError, match="heaviest must be at least 1, not 0"):
        EventQueue[int](heaviest=0)


def test_the_policy_is_checked() -> None:
    with pytest.raises(ValueError, match="drop-newest"):
        EventQueue[int](overflow="drop-newest")  # type: ignore[arg-type]
