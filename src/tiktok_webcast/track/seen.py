"""Was this message delivered before? A bounded memory of message ids."""

from __future__ import annotations

from array import array

_ID = 2**64 - 1
"""Ids have 64 bits on the wire; a negative one is what a signed reader makes of them."""
_FEWEST_SLOTS = 16


class SeenMessages:
    """The last `limit` message ids, to recognise what a reconnect or an initial batch repeats.

    The memory outlives sockets: keep one for the whole session. Ids are remembered in the order in
    which they first came and the oldest is forgotten first; a repeat does not renew its id. The id 0
    means "no id" and is never a repeat (protocol/push.md section 6). An id takes 13 to 25 bytes.
    """

    # Two arrays of numbers, as a dict and a list of ints take 75 to 115 bytes an id, 1.6 MB a room that is full. An id
    # costs 0.5 us instead of 0.15, of the 26 us that its message takes.

    __slots__ = ("_ids", "_last", "_limit", "_places", "_room", "duplicates")

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
        self._ids = array("Q")
        """The ids in their order; before the last `limit` of them, forgotten ones until the next rebuild."""
        self._places = self._no_places(_FEWEST_SLOTS)
        """A hash table of places in `_ids`, counted from 1; 0 is free. At least half of it is."""
        self._last = _FEWEST_SLOTS - 1
        self._room = min(_FEWEST_SLOTS // 2, 2 * limit)
        """How many ids `_ids` may have before the next rebuild."""
        self.duplicates = 0

    def seen(self, msg_id: int) -> bool:
        """Record `msg_id` and return whether it was known already; if so, drop its message."""
        if not 0 < msg_id <= _ID:
            if not msg_id:
                return False
            msg_id &= _ID
        ids, places, last = self._ids, self._places, self._last
        # Hashed with the process's own secret, so that no server can choose ids that all want the same slot.
        slot = hash(msg_id.to_bytes(8, "little")) & last
        while place := places[slot]:
            if ids[place - 1] == msg_id and place > len(ids) - self._limit:
                self.duplicates += 1
                return True
            slot = (slot + 1) & last
        ids.append(msg_id)
        places[slot] = place = len(ids)
        if place == self._room:
            self._rebuild()
        return False

    def __contains__(self, msg_id: object) -> bool:
        """Return whether `msg_id` is remembered, without recording it."""
        if not isinstance(msg_id, int) or not msg_id:
            return False
        msg_id &= _ID
        ids, places, last = self._ids, self._places, self._last
        slot = hash(msg_id.to_bytes(8, "little")) & last
        while place := places[slot]:
            if ids[place - 1] == msg_id and place > len(ids) - self._limit:
                return True
            slot = (slot + 1) & last
        return False

    def __len__(self) -> int:
        """Return how many ids are remembered, at most the limit."""
        return min(len(self._ids), self._limit)

    def _rebuild(self) -> None:
        """Leave the forgotten ids out, and make room: at least half as many ids as there are until the next time."""
        ids, limit = self._ids, self._limit
        del ids[: max(0, len(ids) - limit)]
        size = self._last + 1
        if len(ids) < limit:
            # Still growing: by much, as each rebuild costs as much as all that came before.
            size *= 4
        while size < 3 * len(ids):
            size *= 2
        places, last = self._no_places(size), size - 1
        for place, msg_id in enumerate(ids, 1):
            slot = hash(msg_id.to_bytes(8, "little")) & last
            while places[slot]:
                slot = (slot + 1) & last
            places[slot] = place
        self._places, self._last, self._room = places, last, min(size // 2, 2 * limit)

    def _no_places(self, size: int) -> array[int]:
        number = array("H" if 2 * self._limit < 2**16 else "I")
        number.frombytes(bytes(size * number.itemsize))
        return number
