"""GiftStreaks against a model that keeps every streak in plain lists and searches them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from profiles import machine_settings

from tiktok_webcast.track.gifts import MAX_COUNT, GiftCount, GiftStep, GiftStreaks, StreakEnd, StreakEndCause

Key = tuple[int, int, int]


@dataclass
class Record:
    """A streak of the model."""

    key: Key
    at: float = 0.0
    counted: int = 0
    reported: int = 0
    price: int = 0
    sent_ms: int = 0
    detail: object = None
    cause: StreakEndCause | None = None


class Model:
    """The rules of `GiftStreaks` written down the slow way."""

    def __init__(self, limit: int, idle: float) -> None:
        self.limit = limit
        self.idle = idle
        self.open: list[Record] = []
        self.ended: list[Record] = []
        self.offline = False
        self.online_since = 0.0

    def receive(self, step: GiftStep, now: float) -> GiftCount:
        key = (step.user_id, step.gift_id, step.group_id)
        count = max(0, min(step.repeat_count, MAX_COUNT))
        if not step.streakable:
            count = max(1, count)
            end = StreakEnd(*key, count, count * step.diamond_count, StreakEndCause.REPEAT_END, False, step.detail)
            return GiftCount(count, count, False, end)
        evicted = None
        streak = self.find(self.open, key)
        if streak is None:
            streak = self.find(self.ended, key)
            if streak is not None and self.is_next_streak(streak, step, count):
                self.ended.remove(streak)
                streak = None
            elif streak is not None:
                if count <= streak.counted:
                    return GiftCount(0, streak.counted, False)
                self.ended.remove(streak)
            if len(self.open) == self.limit:
                evicted = self.end(self.oldest(), StreakEndCause.EVICTED)
            streak = streak or Record(key)
            self.open.append(streak)
        before = streak.counted
        streak.counted = max(before, count)
        streak.price = step.diamond_count if step.diamond_count > 0 else streak.price
        streak.sent_ms = max(streak.sent_ms, step.sent_ms)
        streak.detail = step.detail
        # Of streaks with their last step at the same moment, the one that came first is the older.
        self.open.remove(streak)
        self.open.append(streak)
        streak.at = now
        ended = self.end(streak, StreakEndCause.REPEAT_END) if step.repeat_end else None
        return GiftCount(streak.counted - before, streak.counted, not step.repeat_end, ended, evicted)

    def is_next_streak(self, ended: Record, step: GiftStep, count: int) -> bool:
        if step.group_id != 0 or step.repeat_end:
            return False
        if step.sent_ms and ended.sent_ms and step.sent_ms < ended.sent_ms:
            return False
        if step.sent_ms and ended.sent_ms and step.sent_ms > ended.sent_ms + self.idle * 1000:
            return True
        return ended.cause is StreakEndCause.REPEAT_END or count <= ended.counted

    def find(self, streaks: list[Record], key: Key) -> Record | None:
        return next((streak for streak in streaks if streak.key == key), None)

    def oldest(self) -> Record:
        return min(self.open, key=lambda streak: streak.at)

    def end(self, streak: Record, cause: StreakEndCause) -> StreakEnd:
        self.open.remove(streak)
        total = streak.counted - streak.reported
        end = StreakEnd(
            *streak.key, total, total * streak.price, cause, continues=streak.cause is not None, detail=streak.detail
        )
        streak.reported = streak.counted
        streak.cause = cause
        self.ended = [*self.ended, streak][-self.limit :]
        return end

    def deadline(self) -> float | None:
        if self.offline or not self.open:
            return None
        return min(max(streak.at, self.online_since) + self.idle for streak in self.open)

    def serve(self, now: float) -> list[StreakEnd]:
        ends = []
        while (due := self.deadline()) is not None and due <= now:
            ends.append(self.end(self.oldest(), StreakEndCause.IDLE))
        return ends

    def close(self, cause: StreakEndCause) -> list[StreakEnd]:
        return [self.end(self.oldest(), cause) for _ in range(len(self.open))]


COUNTS = (-1, 0, 1, 1, 2, 3, 5, 8, MAX_COUNT + 1)
SENT = ("unknown", "now", "earlier")
STEPS = [
    ("step", *rest) for rest in product((1, 2), (5655, 6104), (0, 0, 7, 8), COUNTS, (False, False, True), SENT, (0, 5))
]
SINGLES = [("single", user_id, count) for user_id, count in product((1, 2), COUNTS)]
CLOCK = [
    *(("advance", seconds) for seconds in (0.25, 3.0, 14.75, 40.0, -5.0)),
    *(("serve", seconds) for seconds in (0.25, 14.75, 15.0, 40.0)),
    ("timer",),
    ("timer",),
    ("cut",),
    ("resume",),
]
CLOSES = [("close", cause) for cause in StreakEndCause]
FEW = [*SINGLES[::3], *CLOCK, *CLOCK, *CLOSES]
action = st.sampled_from([*STEPS, *FEW * (len(STEPS) // len(FEW) // 2)])
Action = tuple[object, ...]


class GiftMachine(RuleBasedStateMachine):
    """Any calls in any order, as a hostile peer and a hostile clock would make them."""

    @initialize(limit=st.sampled_from([1, 2, 3, 1000]))
    def make(self, limit: int) -> None:
        self.limit = limit
        self.streaks = GiftStreaks(limit, idle=15.0)
        self.model = Model(limit, idle=15.0)
        self.twin = GiftStreaks(limit, idle=15.0)
        self.now = 1000.0
        self.latest = -math.inf
        self.details = 0
        self.deltas: defaultdict[Key, int] = defaultdict(int)
        self.ended: defaultdict[Key, int] = defaultdict(int)
        self.first_ends: defaultdict[Key, int] = defaultdict(int)
        self.largest: defaultdict[Key, int] = defaultdict(int)

    @rule(actions=st.lists(action, min_size=1, max_size=8))
    def act(self, actions: list[Action]) -> None:
        for name, *arguments in actions:
            getattr(self, str(name))(*arguments)
            self.check()

    def step(
        self, user_id: int, gift_id: int, group_id: int, count: int, end: bool, sent: str, diamond_count: int
    ) -> None:
        ms = int(self.now * 1000)
        sent_ms = {"unknown": 0, "now": ms, "earlier": ms - 20_000}[sent]
        self.give(GiftStep(user_id, gift_id, group_id, count, end, True, diamond_count, sent_ms, self.new_detail()))

    def single(self, user_id: int, count: int) -> None:
        self.give(GiftStep(user_id, 6267, 0, count, False, False, 10, 0, self.new_detail()))

    def new_detail(self) -> object:
        self.details += 1
        return self.details

    def give(self, step: GiftStep) -> None:
        key = (step.user_id, step.gift_id, step.group_id)
        result = self.streaks.receive(step, now=self.now)
        assert result == self.model.receive(step, self.tell())
        assert result == self.twin.receive(step, now=self.now)
        assert result.delta >= 0
        self.deltas[key] += result.delta
        self.largest[key] = max(self.largest[key], min(step.repeat_count, MAX_COUNT))
        self.note([end for end in (result.evicted, result.ended) if end is not None])

    def note(self, ends: list[StreakEnd]) -> None:
        for end in ends:
            key = (end.user_id, end.gift_id, end.group_id)
            self.ended[key] += end.total
            self.first_ends[key] += not end.continues

    def advance(self, seconds: float) -> None:
        self.now += seconds

    def tell(self) -> float:
        """Return the time that the streaks know once they are told `now`: it never goes back."""
        self.latest = max(self.latest, self.now)
        return self.latest

    def serve(self, seconds: float) -> None:
        self.advance(seconds)
        ends = self.streaks.handle_timer(now=self.now)
        assert ends == self.model.serve(self.tell())
        assert ends == self.twin.handle_timer(now=self.now)
        self.note(ends)

    def timer(self) -> None:
        due = self.streaks.next_timer()
        if due is None:
            return self.serve(0.0)
        if due > self.latest:
            self.now = math.nextafter(due, 0.0)
            open_before = len(self.streaks)
            self.serve(0.0)
            assert len(self.streaks) == open_before, "a timer that fires early"
        self.now = due
        open_before = len(self.streaks)
        self.serve(0.0)
        assert len(self.streaks) < open_before, "a timer that does not help"
        return None

    def cut(self) -> None:
        self.streaks.disconnected(now=self.now)
        self.twin.disconnected(now=self.now)
        self.tell()
        self.model.offline = True

    def resume(self) -> None:
        self.streaks.connected(now=self.now)
        self.twin.connected(now=self.now)
        now = self.tell()
        if self.model.offline:
            self.model.offline = False
            self.model.online_since = now

    def close(self, cause: StreakEndCause) -> None:
        ends = self.streaks.close(now=self.now, cause=cause)
        self.tell()
        assert ends == self.model.close(cause)
        assert ends == self.twin.close(now=self.now, cause=cause)
        self.note(ends)
        self.settled()

    def check(self) -> None:
        assert len(self.streaks) == len(self.model.open) <= self.limit
        assert self.streaks.next_timer() == self.model.deadline()

    def settled(self) -> None:
        """With no streak open, what was counted and what was reported agree."""
        assert self.deltas == self.ended
        if self.limit == 1000:  # nothing was forgotten
            for key, count in self.deltas.items():
                if key[2]:
                    assert count == self.largest[key]
                    assert self.first_ends[key] == 1

    def teardown(self) -> None:
        if hasattr(self, "streaks"):
            self.close(StreakEndCause.CLOSED)


TestGiftMachine = pytest.mark.stateful(GiftMachine.TestCase)
TestGiftMachine.settings = machine_settings()


@st.composite
def deliveries(draw: st.DrawFn) -> list[GiftStep | float]:
    """Real streaks as they may arrive: interleaved, reordered, repeated, with losses, and time between."""
    messages: list[GiftStep] = []
    for user_id, gift_id, group_id in draw(
        st.lists(st.tuples(st.integers(1, 3), st.integers(5, 6), st.integers(7, 8)), unique=True, max_size=5)
    ):
        totals = sorted(draw(st.sets(st.integers(1, 30), min_size=1, max_size=5)))
        messages += [GiftStep(user_id, gift_id, group_id, total, diamond_count=3) for total in totals]
        messages.append(GiftStep(user_id, gift_id, group_id, totals[-1], repeat_end=True, diamond_count=3))
    arrived = draw(st.lists(st.sampled_from(messages), max_size=30)) if messages else []
    waits = draw(st.lists(st.sampled_from([0.0, 0.5, 4.0, 15.0, 60.0]), max_size=10))
    return draw(st.permutations([*arrived, *waits]))


@given(deliveries(), st.integers(0, 10), st.integers(0, 10))
def test_whatever_arrives_is_counted_once_and_ends_once(
    arrivals: list[GiftStep | float], cut_at: int, cut_for: int
) -> None:
    streaks, now = GiftStreaks(), 0.0
    deltas: defaultdict[Key, int] = defaultdict(int)
    largest: defaultdict[Key, int] = defaultdict(int)
    ends: list[StreakEnd] = []
    for index, item in enumerate(arrivals):
        if index == cut_at:
            streaks.disconnected(now=now)
        if index == cut_at + cut_for:
            streaks.connected(now=now)
        if isinstance(item, float):
            now += item
            ends += streaks.handle_timer(now=now)
            continue
        count = streaks.receive(item, now=now)
        deltas[item[:3]] += count.delta
        largest[item[:3]] = max(largest[item[:3]], item.repeat_count)
        ends += [count.ended] if count.ended else []
    ends += streaks.close(now=now, cause=StreakEndCause.DISCONNECTED)
    assert deltas == largest
    assert sorted(end[:3] for end in ends if not end.continues) == sorted(largest)
    assert sum(end.total for end in ends) == sum(largest.values())
    assert all(end.diamonds == 3 * end.total for end in ends)


@given(
    st.lists(
        st.tuples(st.sets(st.integers(1, 20), min_size=1, max_size=4), st.integers(0, 3), st.booleans()), max_size=6
    ),
    st.booleans(),
)
def test_streaks_without_a_group_id_follow_one_another(
    streaks_sent: list[tuple[set[int], int, bool]], with_times: bool
) -> None:
    streaks, now, total = GiftStreaks(), 0.0, 0
    ends: list[StreakEnd] = []

    def give(count: int, end: bool, sent: float) -> int:
        result = streaks.receive(
            GiftStep(1, 5655, 0, count, end, sent_ms=int(sent * 1000) + 1 if with_times else 0), now=now
        )
        ends.extend([result.ended] if result.ended else [])
        return result.delta

    for steps, finals, late_step in streaks_sent:
        # Without times, a streak whose end was lost cannot be told from the next: it goes on.
        finals = finals if with_times else max(1, finals)
        started = now
        for count in sorted(steps):
            total += give(count, False, now)
            now += 0.5
        for _ in range(finals):
            total += give(max(steps), True, now)
            now += 0.5
        if with_times and late_step:
            assert give(min(steps), False, started) == 0
        now += 20.0
        ends += streaks.handle_timer(now=now)
    assert total == sum(max(steps) for steps, _, _ in streaks_sent) == sum(end.total for end in ends)
    assert len(ends) == len(streaks_sent)
    assert not any(end.continues for end in ends)


def steps(*counts: int, group_id: int = 7, user_id: int = 1) -> list[GiftStep]:
    """Steps with these totals; a negative one is the end with that total."""
    return [GiftStep(user_id, 5655, group_id, abs(count), count < 0, diamond_count=1) for count in counts]


def deltas(streaks: GiftStreaks, given_steps: list[GiftStep], now: float = 0.0) -> list[int]:
    return [streaks.receive(step, now=now).delta for step in given_steps]


def test_captured_totals_jump_and_come_out_of_order() -> None:
    streaks = GiftStreaks()
    assert deltas(streaks, steps(1, 2, 5, 7, 13, 15, 14, 17, 16, -17)) == [1, 1, 3, 2, 6, 2, 0, 2, 0, 0]
    assert len(streaks) == 0


def test_a_repeated_final_is_not_counted_again() -> None:
    assert deltas(GiftStreaks(), steps(2, 4, -7, -7, -7)) == [2, 2, 3, 0, 0]


def test_a_final_before_its_steps_takes_it_all() -> None:
    streaks = GiftStreaks()
    counts = [streaks.receive(step, now=0.0) for step in steps(-3, 1, 2, 3)]
    assert [count.delta for count in counts] == [3, 0, 0, 0]
    assert [count.ended.total if count.ended else None for count in counts] == [3, None, None, None]
    assert counts[-1] == GiftCount(delta=0, total=3, streaking=False)


def test_a_larger_total_after_the_end_is_a_continuation_of_the_surplus() -> None:
    streaks = GiftStreaks()
    counts = [streaks.receive(step, now=0.0) for step in steps(1, -3, 5, -6)]
    assert [count.delta for count in counts] == [1, 2, 2, 1]
    assert [count.total for count in counts] == [1, 3, 5, 6]
    first, second = counts[1].ended, counts[3].ended
    assert first and (first.total, first.diamonds, first.continues) == (3, 3, False)
    assert second and (second.total, second.diamonds, second.continues) == (3, 3, True)


def test_two_senders_share_a_group_id() -> None:
    streaks = GiftStreaks()
    assert deltas(streaks, steps(1, 2) + steps(1, 2, -2, user_id=2) + steps(-3)) == [1, 1, 1, 1, 0, 1]


def test_the_same_single_gift_twice_without_a_group_id() -> None:
    streaks = GiftStreaks()
    counts = [streaks.receive(step, now=0.0) for step in steps(1, -1, 1, -1, group_id=0)]
    assert [count.delta for count in counts] == [1, 0, 1, 0]
    assert [count.ended.total if count.ended else None for count in counts] == [None, 1, None, 1]


def test_after_an_end_by_the_clock_the_total_of_a_streak_without_a_group_id_goes_on() -> None:
    streaks = GiftStreaks()
    assert deltas(streaks, steps(3, group_id=0)) == [3]
    assert [end.total for end in streaks.handle_timer(now=15.0)] == [3]
    assert deltas(streaks, steps(5, -5, group_id=0), now=16.0) == [2, 0]


def test_without_a_group_id_the_times_of_the_server_tell_late_steps_from_new_streaks() -> None:
    streaks = GiftStreaks()

    def give(count: int, sent_ms: int, end: bool = False) -> int:
        return streaks.receive(GiftStep(1, 5655, 0, count, end, sent_ms=sent_ms), now=0.0).delta

    assert [give(3, 1_000), give(3, 4_000, end=True)] == [3, 0]
    assert give(2, 900) == 0, "sent before the end"
    assert give(1, 5_000) == 1, "sent after the end"
    assert len(streaks.handle_timer(now=15.0)) == 1
    assert give(4, 20_001) == 4, "sent more than the idle time after the last message"


def test_a_gift_that_is_not_streakable_ends_at_once() -> None:
    streaks = GiftStreaks()
    count = streaks.receive(GiftStep(1, 6267, 0, 0, streakable=False, diamond_count=99, detail="rose"), now=0.0)
    assert count.ended == StreakEnd(1, 6267, 0, 1, 99, StreakEndCause.REPEAT_END, False, "rose")
    assert (count.delta, count.streaking, len(streaks)) == (1, False, 0)


def test_a_lost_end_comes_by_the_clock_exactly_after_the_idle_time() -> None:
    streaks = GiftStreaks()
    streaks.receive(GiftStep(1, 5655, 7, 2, diamond_count=5, detail="a"), now=1.0)
    streaks.receive(GiftStep(1, 5655, 7, 4, detail="b"), now=2.0)
    assert streaks.next_timer() == 17.0
    assert streaks.handle_timer(now=16.99) == []
    assert streaks.handle_timer(now=17.0) == [StreakEnd(1, 5655, 7, 4, 20, StreakEndCause.IDLE, False, "b")]
    assert streaks.next_timer() is None


def test_a_streak_goes_on_across_a_reconnect() -> None:
    streaks = GiftStreaks()
    deltas(streaks, steps(3), now=0.0)
    streaks.disconnected(now=1.0)
    assert streaks.next_timer() is None
    assert streaks.handle_timer(now=100.0) == []
    streaks.connected(now=120.0)
    assert streaks.next_timer() == 135.0
    assert deltas(streaks, steps(3, 8, -8), now=121.0) == [0, 5, 0]


def test_giving_up_settles_what_is_open_oldest_first() -> None:
    streaks = GiftStreaks()
    deltas(streaks, steps(1) + steps(2, user_id=2) + steps(2))
    streaks.disconnected(now=1.0)
    ends = streaks.close(now=2.0, cause=StreakEndCause.DISCONNECTED)
    assert [(end.user_id, end.total, end.cause) for end in ends] == [
        (2, 2, StreakEndCause.DISCONNECTED),
        (1, 2, StreakEndCause.DISCONNECTED),
    ]
    assert streaks.close(now=3.0) == []


def test_one_more_than_the_limit_settles_the_one_with_the_oldest_step() -> None:
    streaks = GiftStreaks(limit=2)
    deltas(streaks, steps(1) + steps(1, user_id=2) + steps(2))
    count = streaks.receive(GiftStep(3, 5655, 7, 1), now=0.0)
    assert count.evicted and (count.evicted.user_id, count.evicted.cause) == (2, StreakEndCause.EVICTED)
    assert len(streaks) == 2


def test_a_price_that_a_message_leaves_out_is_remembered() -> None:
    streaks = GiftStreaks()
    streaks.receive(GiftStep(1, 5655, 7, 1, diamond_count=30), now=0.0)
    count = streaks.receive(GiftStep(1, 5655, 7, 4, True), now=0.0)
    assert count.ended and count.ended.diamonds == 120


@pytest.mark.parametrize(("limit", "idle"), [(0, 15.0), (1, 0.0), (1, math.nan)])
def test_the_settings_are_checked(limit: int, idle: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        GiftStreaks(limit, idle)


def test_the_words_for_causes_are_those_of_the_json_lines() -> None:
    assert [cause.value for cause in StreakEndCause] == [
        "repeat_end",
        "idle",
        "evicted",
        "room_ended",
        "disconnected",
        "closed",
    ]


def test_what_a_step_leaves_out() -> None:
    assert GiftStep(1, 2, 3, 4) == (1, 2, 3, 4, False, True, 0, 0, None)


def test_what_no_field_can_hold_is_not_believed() -> None:
    streaks = GiftStreaks()
    count = streaks.receive(GiftStep(1, 5655, 7, 2**31, True, diamond_count=2**31), now=0.0)
    assert count.delta == 2**31 - 1
    assert count.ended is not None and count.ended.diamonds == (2**31 - 1) ** 2
    free = streaks.receive(GiftStep(1, 6267, 0, 3, streakable=False, diamond_count=-5), now=0.0)
    assert free.ended is not None and free.ended.diamonds == 0


def test_time_does_not_go_back_whoever_tells_it() -> None:
    streaks = GiftStreaks()
    deltas(streaks, steps(1), now=0.0)
    streaks.disconnected(now=50.0)
    streaks.connected(now=40.0)
    assert streaks.next_timer() == 65.0
    streaks.close(now=100.0)
    deltas(streaks, steps(2), now=0.0)
    assert streaks.next_timer() == 115.0


def test_ten_thousand_streaks_are_open_at_the_most() -> None:
    streaks = GiftStreaks()
    evicted = [streaks.receive(GiftStep(user_id, 5655, 7, 1), now=0.0).evicted for user_id in range(1, 10_002)]
    assert [end.user_id for end in evicted if end is not None] == [1]
    assert len(streaks) == 10_000


@pytest.mark.parametrize(("after_ms", "delta"), [(1, 2), (15_000, 2), (15_001, 5)])
def test_after_an_end_by_the_clock_the_server_s_times_tell_whether_it_goes_on(after_ms: int, delta: int) -> None:
    streaks = GiftStreaks()
    streaks.receive(GiftStep(1, 5655, 0, 3, sent_ms=1_000), now=0.0)
    assert len(streaks.handle_timer(now=15.0)) == 1
    assert streaks.receive(GiftStep(1, 5655, 0, 5, sent_ms=1_000 + after_ms), now=16.0).delta == delta


def test_the_settings_are_named() -> None:
    assert len(GiftStreaks(1, 0.5)) == 0
    with pytest.raises(ValueError, match=r"^limit must be at least 1, not 0$"):
        GiftStreaks(0)
    with pytest.raises(ValueError, match=r"^idle must be positive seconds, not 0$"):
        GiftStreaks(1, 0)
