"""How many likes? Batches, users and the room's total, which never goes backwards."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import NamedTuple

MAX_BATCH = 2**31 - 1
"""Likes that one message can add; a larger count is taken for this many (the field is an int32)."""
MAX_TOTAL = 2**63 - 1
"""Largest room total believed; the field is an int64."""


class LikeCount(NamedTuple):
    """What one like message amounts to."""

    likes: int
    """Likes in this batch, never negative."""
    total_likes: int
    """The room's total as it was sent; it may go backwards, as it comes from several shards."""
    room_likes: int
    """The room's total as far as is known; never less than before."""
    user_likes: int
    """Likes of this user seen so far, this batch included."""


_make_count = partial(tuple.__new__, LikeCount)  # 0.21 us instead of the 0.37 of a named tuple's own constructor.


class LikeTotals:
    """Adds up likes of a room and of its users.

    The totals that the server sends come from several shards and go backwards (protocol/push.md
    section 14). `room_likes` is therefore the largest of all totals sent and of the likes added up
    here: both are lower bounds of the truth, and neither ever falls. The server thins the messages of
    eager users, so `room_likes` is usually more than the users' likes together; `unattributed` is the
    difference.

    Feed each message once: repeats belong to `SeenMessages`.
    """

    __slots__ = ("_limit", "_users", "room_likes", "seen_likes")

    room_likes: int
    """Likes of the room as far as is known."""
    seen_likes: int
    """Likes of all the batches received."""

    def __init__(self, limit: int = 50_000) -> None:
        """Add up likes for `limit` users at the most; who liked longest ago is forgotten.

        Raises:
            ValueError: `limit` is less than 1.
        """
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        self._limit = limit
        self._users: OrderedDict[int, int] = OrderedDict()
        self.room_likes = 0
        self.seen_likes = 0

    def receive(self, user_id: int, count: int, total: int) -> LikeCount:
        """Count a batch of `count` likes by `user_id`, sent with the room's `total`.

        A user id of 0 means that the message names nobody: the likes count for the room only and
        `user_likes` is those of this batch.
        """
        likes = 0 if count < 0 else count if count < MAX_BATCH else MAX_BATCH
        seen = self.seen_likes = self.seen_likes + likes
        room = self.room_likes
        if total > room:
            room = total if total < MAX_TOTAL else MAX_TOTAL
        if seen > room:
            room = seen
        self.room_likes = room
        user_likes = likes
        if user_id:
            users = self._users
            before = users.get(user_id)
            if before is None:
                users[user_id] = likes
                if len(users) > self._limit:
                    users.popitem(last=False)
            else:
                users[user_id] = user_likes = before + likes
                users.move_to_end(user_id)
        return _make_count((likes, total, room, user_likes))

    def user_likes(self, user_id: int) -> int:
        """Return the likes of `user_id` seen so far: 0 for one who is unknown or forgotten."""
        return self._users.get(user_id, 0)

    @property
    def unattributed(self) -> int:
        """Likes of the room that came in no batch: from before you joined, or thinned out."""
        return self.room_likes - self.seen_likes

    def __len__(self) -> int:
        """Return for how many users likes are added up, at most the limit."""
        return len(self._users)
