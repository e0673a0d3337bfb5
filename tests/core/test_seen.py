"""SeenMessages against a plain list of the last distinct ids."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from profiles import machine_settings

from tiktok_webcast.track.seen import SeenMessages


class SeenMachine(RuleBasedStateMachine):
    @initialize(limit=st.integers(1, 6))
    def make(self, limit: int) -> None:
        self.limit = limit
        self.seen = SeenMessages(limit)
        self.remembered: list[int] = []
        self.repeats = 0

    @rule(ids=st.lists(st.sampled_from(range(-2, 10)), min_size=1, max_size=8))
    def receive(self, ids: list[int]) -> None:
        for msg_id in ids:
            repeat = msg_id in self.remembered
            assert (msg_id in self.seen) is repeat
            assert self.seen.seen(msg_id) is repeat
            self.repeats += repeat
            if msg_id != 0 and not repeat:
                self.remembered = [*self.remembered, msg_id][-self.limit :]

    @invariant()
    def counts_and_bounds(self) -> None:
        assert len(self.seen) == len(self.remembered) <= self.limit
        assert self.seen.duplicates == self.repeats


TestSeenMachine = pytest.mark.stateful(SeenMachine.TestCase)
TestSeenMachine.settings = machine_settings()


@given(batch=st.lists(st.integers(1, 2**63), unique=True, max_size=50), overlap=st.integers(0, 50))
def test_a_reconnect_that_repeats_part_of_a_batch_adds_only_the_rest(batch: list[int], overlap: int) -> None:
    seen = SeenMessages(50)
    first, second = batch[: len(batch) // 2], batch[max(0, len(batch) // 2 - overlap) :]
    delivered = [msg_id for msg_id in first + second if not seen.seen(msg_id)]
    assert delivered == batch
    assert seen.duplicates == len(first) + len(second) - len(batch)


def test_exactly_the_limit_is_remembered() -> None:
    seen = SeenMessages(3)
    assert [seen.seen(n) for n in (1, 2, 3, 1)] == [False, False, False, True]
    assert not seen.seen(4)
    assert [n in seen for n in (1, 2, 3, 4)] == [False, True, True, True]
    assert not seen.seen(1)
    assert len(seen) == 3


def test_no_id_is_never_a_repeat() -> None:
    seen = SeenMessages()
    assert not seen.seen(0)
    assert not seen.seen(0)
    assert (seen.duplicates, len(seen)) == (0, 0)


def test_the_limit_is_checked() -> None:
    with pytest.raises(ValueError, match=r"^limit must be at least 1, not 0$"):
        SeenMessages(0)


def test_twenty_thousand_ids_are_remembered() -> None:
    seen = SeenMessages()
    for msg_id in range(1, 20_002):
        assert not seen.seen(msg_id)
    assert (len(seen), 1 in seen, 2 in seen) == (20_000, False, True)


def test_a_number_is_the_same_id_whether_it_was_read_signed_or_not() -> None:
    seen = SeenMessages()
    assert not seen.seen(-1)
    assert seen.seen(2**64 - 1)
    assert -1 in seen
    assert not seen.seen(2**63)
    assert seen.seen(-(2**63))


def test_what_is_no_id_is_not_remembered() -> None:
    seen = SeenMessages()
    seen.seen(1)
    assert [thing in seen for thing in (0, None, "1", 1.0)] == [False] * 4


@given(limit=st.sampled_from([1, 2, 7, 8, 9, 65_534, 65_535, 65_536]), start=st.integers(1, 2**60))
def test_any_limit_is_filled_exactly(limit: int, start: int) -> None:
    seen = SeenMessages(limit)
    ids = range(start, start + min(limit, 300) + 20)
    assert not any(seen.seen(msg_id) for msg_id in ids)
    assert [msg_id in seen for msg_id in ids] == [len(ids) - index <= limit for index in range(len(ids))]


@pytest.mark.parametrize("limit", [2**16 - 1, 2**16])
def test_places_that_need_another_width(limit: int) -> None:
    seen = SeenMessages(limit)
    assert not any(seen.seen(msg_id) for msg_id in range(1, limit + 2))
    assert (len(seen), 1 in seen, 2 in seen, limit in seen, limit + 1 in seen) == (limit, False, True, True, True)


@pytest.mark.parametrize("count", [400, 5_000, 20_000, 45_000])
def test_an_id_takes_25_bytes_at_the_most(count: int) -> None:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        seen = SeenMessages()
        for msg_id in range(7_300_000_000_000_000_000, 7_300_000_000_000_000_000 + count):
            seen.seen(msg_id)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 25 * len(seen)
