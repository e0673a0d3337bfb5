"""LikeTotals against a model that adds everything up anew from the whole history."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from profiles import machine_settings

from tiktok_webcast.track.likes import MAX_BATCH, MAX_TOTAL, LikeCount, LikeTotals

COUNTS = (-(2**63), -1, 0, 1, 2, 7, 15, 2**31 - 1, 2**31, 2**63)
TOTALS = (-(2**63), -1, 0, 1, 15, 29, 30, 31, 40, 100, 2**63 - 1, 2**64)
batch = st.sampled_from([(user_id, *rest) for user_id in range(6) for rest in product(COUNTS, TOTALS)])
"""User id (0: nobody), count and total."""


class LikeMachine(RuleBasedStateMachine):
    @initialize(limit=st.integers(1, 4))
    def make(self, limit: int) -> None:
        self.limit = limit
        self.totals = LikeTotals(limit)
        self.twin = LikeTotals(limit)
        self.batches: list[tuple[int, int, int]] = []
        self.users: list[tuple[int, int]] = []
        """User and likes, who liked last at the end."""
        self.room_before = 0

    @rule(batches=st.lists(batch, min_size=1, max_size=6))
    def receive(self, batches: list[tuple[int, int, int]]) -> None:
        for user_id, count, total in batches:
            self.batches.append((user_id, count, total))
            likes = max(0, min(count, MAX_BATCH))
            expected_user = likes
            if user_id:
                expected_user += dict(self.users).get(user_id, 0)
                others = [pair for pair in self.users if pair[0] != user_id]
                self.users = [*others, (user_id, expected_user)][-self.limit :]
            result = self.totals.receive(user_id, count, total)
            assert result == LikeCount(likes, total, self.room_likes(), expected_user)
            assert result == self.twin.receive(user_id, count, total)

    def room_likes(self) -> int:
        added = sum(max(0, min(count, MAX_BATCH)) for _, count, _ in self.batches)
        return max([0, added, *(min(total, MAX_TOTAL) for _, _, total in self.batches)])

    @invariant()
    def never_backwards_and_bounded(self) -> None:
        assert self.totals.room_likes == self.room_likes() >= self.room_before
        self.room_before = self.totals.room_likes
        assert self.totals.unattributed == self.totals.room_likes - self.totals.seen_likes >= 0
        assert len(self.totals) == len(self.users) <= self.limit
        assert {user_id: self.totals.user_likes(user_id) for user_id, _ in self.users} == dict(self.users)


TestLikeMachine = pytest.mark.stateful(LikeMachine.TestCase)
TestLikeMachine.settings = machine_settings()


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 15)), max_size=30))
def test_without_totals_the_batches_are_the_total(batches: list[tuple[int, int]]) -> None:
    likes = LikeTotals()
    for user_id, count in batches:
        likes.receive(user_id, count, 0)
    assert likes.room_likes == sum(count for _, count in batches) == sum(likes.user_likes(u) for u in (1, 2, 3))
    assert likes.unattributed == 0


def test_a_shard_that_lags_does_not_take_likes_back() -> None:
    likes = LikeTotals()
    assert [likes.receive(1, 15, total) for total in (11641, 11600, 11660)] == [
        LikeCount(15, 11641, 11641, 15),
        LikeCount(15, 11600, 11641, 30),
        LikeCount(15, 11660, 11660, 45),
    ]
    assert likes.unattributed == 11660 - 45


def test_who_liked_longest_ago_is_forgotten() -> None:
    likes = LikeTotals(2)
    for user_id in (1, 2, 1, 3):
        likes.receive(user_id, 5, 0)
    assert [likes.user_likes(user_id) for user_id in (1, 2, 3)] == [10, 0, 5]


def test_the_limit_is_checked() -> None:
    with pytest.raises(ValueError, match=r"^limit must be at least 1, not 0$"):
        LikeTotals(0)


def test_what_no_field_can_hold_is_not_believed() -> None:
    likes = LikeTotals()
    assert likes.receive(1, 2**31, 0).likes == 2**31 - 1
    assert likes.receive(1, -1, 2**63).room_likes == 2**63 - 1
    assert likes.receive(1, -1, 2**63).total_likes == 2**63, "as it was sent"


def test_fifty_thousand_users_are_remembered() -> None:
    likes = LikeTotals()
    for user_id in range(1, 50_002):
        likes.receive(user_id, 1, 0)
    assert (len(likes), likes.user_likes(1), likes.user_likes(2)) == (50_000, 0, 1)
