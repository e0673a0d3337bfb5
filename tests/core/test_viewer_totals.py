"""ViewerTotals: what the last message told, and what never goes backwards."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from profiles import machine_settings

from tiktok_webcast.track.viewers import MAX_VIEWERS, ViewerCount, ViewerTotals

COUNTS = (-(2**63), -1, 0, 1, 2, 30, 2**63 - 1, 2**64)
joins = [(count,) for count in COUNTS]
updates = list(product(COUNTS, COUNTS, ("", "ab", "c")))
message = st.sampled_from([*joins, *updates]) | st.sampled_from(joins)


class ViewerMachine(RuleBasedStateMachine):
    @initialize()
    def make(self) -> None:
        self.viewers: ViewerTotals[str] = ViewerTotals()
        self.told: list[int] = []
        self.ever: list[int] = []
        self.top: tuple[str, ...] = ()

    @rule(messages=st.lists(message, min_size=1, max_size=5))
    def receive(self, messages: list[tuple[int] | tuple[int, int, str]]) -> None:
        for message in messages:
            if len(message) == 1:
                self.join(message[0])
            else:
                self.update(*message)
            assert self.viewers.current == (self.told[-1] if self.told else None)
            assert self.viewers.ever == (max(self.ever) if self.ever else None)
            assert self.viewers.peak == max([0, *self.told])
            assert self.viewers.top_viewers == self.top

    def join(self, member_count: int) -> None:
        self.viewers.receive_join(member_count)
        if not self.ever and member_count > 0:
            self.told.append(min(member_count, MAX_VIEWERS))

    def update(self, current: int, ever: int, top: str) -> None:
        result = self.viewers.receive(current, ever, iter(top))
        self.told.append(max(0, min(current, MAX_VIEWERS)))
        self.ever.append(max(0, min(ever, MAX_VIEWERS)))
        self.top = tuple(top)
        assert result == ViewerCount(self.told[-1], max(self.ever), max(self.told))


TestViewerMachine = pytest.mark.stateful(ViewerMachine.TestCase)
TestViewerMachine.settings = machine_settings()


def test_joins_tell_the_count_only_until_the_first_viewer_update() -> None:
    viewers: ViewerTotals[str] = ViewerTotals()
    viewers.receive_join(7)
    assert viewers.current == viewers.peak == 7
    assert viewers.ever is None
    viewers.receive(3, 20, ["a"])
    viewers.receive_join(9)
    assert [viewers.current, viewers.ever, viewers.peak] == [3, 20, 7]
    assert viewers.top_viewers == ("a",)


def test_an_empty_room_is_no_unknown_room() -> None:
    viewers: ViewerTotals[str] = ViewerTotals()
    viewers.receive(4, 4, ["a"])
    assert viewers.receive(0) == ViewerCount(0, 4, 4)
    assert viewers.top_viewers == ()


def test_what_no_field_can_hold_is_not_believed() -> None:
    viewers: ViewerTotals[str] = ViewerTotals()
    assert (viewers.current, viewers.ever, viewers.peak, viewers.top_viewers) == (None, None, 0, ())
    assert viewers.receive(4) == ViewerCount(4, 0, 4)
    assert viewers.receive(2**63, 2**64) == ViewerCount(2**63 - 1, 2**63 - 1, 2**63 - 1)
