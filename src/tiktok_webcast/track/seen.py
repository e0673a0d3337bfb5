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
    # costs 0.7 us instead of 0.15, of the 26 us that its message takes.

    __slots__ = ("_last", "_limit", "_next", "_ring", "_slots", "_spare", "duplicates")

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
        self._ring = array("Q")
        """The ids in their order, written over from its start once it is full."""
        self._next = 0
        """The place in the ring of the oldest id, once it is full."""
        self._slots = self._empty_slots(_FEWEST_SLOTS)
        """A hash table of places in the ring, counted from 1; 0 is free.

        What an id leaves in it when it is forgotten stays there until the next rebuild: it points to a place with
        another id, and so matches nothing but that one, which is there.
        """
        self._last = _FEWEST_SLOTS - 1
        self._spare = _FEWEST_SLOTS // 2
        """Slots that may still be taken before the next rebuild: half of them are always free."""
        self.duplicates = 0

    def seen(self, msg_id: int) -> bool:
        """Record `msg_id` and return whether it was known already; if so, drop its message."""
        if not 0 < msg_id <= _ID:
            if not msg_id:
                return False
            msg_id &= _ID
        ring, slots, last = self._ring, self._slots, self._last
        # Hashed with the process's own secret, so that no server can choose ids that all want the same slot.
        slot = hash(msg_id.to_bytes(8, "little")) & last
        while place := slots[slot]:
            if ring[place - 1] == msg_id:
                self.duplicates += 1
                return True
            slot = (slot + 1) & last
        place = len(ring)
        if place < self._limit:
            ring.append(msg_id)
        else:
            place = self._next
            ring[place] = msg_id
            self._next = place + 1 if place + 1 < self._limit else 0
        slots[slot] = place + 1
        self._spare -= 1
        if not self._spare:
            self._rebuild()
        return False

    def __contains__(self, msg_id: object) -> bool:
        """Return whether `msg_id` is remembered, without recording it."""
        if not isinstance(msg_id, int) or not msg_id:
            return False
        msg_id &= _ID
        ring, slots, last = self._ring, self._slots, self._last
        slot = hash(msg_id.to_bytes(8, "little")) & last
        while place := slots[slot]:
            if ring[place - 1] == msg_id:
                return True
            slot = (slot + 1) & last
        return False

    def __len__(self) -> int:
        """Return how many ids are remembered, at most the limit."""
        return len(self._ring)

    def _rebuild(self) -> None:
        """Leave the forgotten ids out, and make room: at least half as many ids as there are until the next time."""
        ring = self._ring
        size = self._last + 1
        while size < 3 * len(ring):
            size *= 2
        slots, last = self._empty_slots(size), size - 1
        for place, msg_id in enumerate(ring, 1):
            slot = hash(msg_id.to_bytes(8, "little")) & last
            while slots[slot]:
                slot = (slot + 1) & last
            slots[slot] = place
        self._slots, self._last, self._spare = slots, last, size // 2 - len(ring)

    def _empty_slots(self, size: int) -> array[int]:
        number = array("H" if self._limit < 2**16 else "I")
        number.frombytes(bytes(size * number.itemsize))
        return number
