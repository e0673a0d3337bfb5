"""Was this message delivered before? A bounded memory of message ids."""

from __future__ import annotations


class SeenMessages:
    """The last `limit` message ids, to recognise what a reconnect or an initial batch repeats.

    The memory outlives sockets: keep one for the whole session. Ids are remembered in the order in
    which they first came and the oldest is forgotten first; a repeat does not renew its id. The id 0
    means "no id" and is never a repeat (protocol/push.md section 6).
    """

    __slots__ = ("_ids", "_limit", "_next", "_order", "duplicates")

    duplicates: int
    """Repeats recognised so far."""

    def __init__(self, limit: int = 20_000) -> None:
        """Remember `limit` ids at the most.

        Raises:
            ValueError: `limit` is less than 1.
        """
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        self._limit = limit
        # A dict, as a set of 20,000 ids takes twice the memory.
        self._ids: dict[int, None] = {}
        # A ring: a list that is written over from its start once it is full. It costs nothing while it is empty.
        self._order: list[int] = []
        self._next = 0
        self.duplicates = 0

    def seen(self, msg_id: int) -> bool:
        """Record `msg_id` and return whether it was known already; if so, drop its message."""
        ids = self._ids
        if msg_id in ids:
            self.duplicates += 1
            return True
        if msg_id:
            order = self._order
            if len(order) < self._limit:
                order.append(msg_id)
            else:
                oldest = self._next
                del ids[order[oldest]]
                order[oldest] = msg_id
                self._next = oldest + 1 if oldest + 1 < self._limit else 0
            ids[msg_id] = None
        return False

    def __contains__(self, msg_id: object) -> bool:
        """Return whether `msg_id` is remembered, without recording it."""
        return msg_id in self._ids

    def __len__(self) -> int:
        """Return how many ids are remembered, at most the limit."""
        return len(self._ids)
