"""The queue between the thread of a blocking transport and the program."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast_transports._hand_off import HAND_OFF, HandOff


@given(st.lists(st.integers(1, HAND_OFF), max_size=40))
def test_the_thread_is_told_once_when_half_is_taken_however_many_take_at_once(steps: list[int]) -> None:
    """Several take, and only then ask: none of them may see the very number at which half is taken."""
    handed: HandOff[int] = HandOff()
    source = iter(range(10**9))
    handed.fill(lambda: next(source), HAND_OFF)
    expected = 0
    for step in steps:
        for _ in range(min(step, len(handed))):
            assert handed.take(0) == expected
            expected += 1
        if len(handed) > HAND_OFF // 2:
            assert not handed.wants_more()
            continue
        assert [handed.wants_more() for _ in range(3)] == [True, False, False]
        handed.fill(lambda: next(source), HAND_OFF)
        assert len(handed) == HAND_OFF


def test_nobody_is_told_while_there_is_nothing_more() -> None:
    handed: HandOff[int] = HandOff()
    few: Iterator[int] = iter(range(5))
    handed.fill(lambda: next(few, None), HAND_OFF)
    while len(handed):
        handed.take(0.0)
        assert not handed.wants_more()
    with pytest.raises(Empty):
        handed.take(0.001)


class Emptied(HandOff[int]):
    """All of it is taken right after the thread has seen that it is full, and before it says so."""

    taken = 0

    def __len__(self) -> int:
        size = super().__len__()
        while size == HAND_OFF and self.taken < HAND_OFF:
            self.take(0)
            self.taken += 1
        return size


def test_what_is_emptied_while_the_thread_goes_to_sleep_is_filled_again() -> None:
    handed, source = Emptied(), iter(range(10**9))
    handed.fill(lambda: next(source), HAND_OFF)
    assert len(handed) == HAND_OFF and next(source) == 2 * HAND_OFF
