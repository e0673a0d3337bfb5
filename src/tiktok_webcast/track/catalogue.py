"""What is this gift? Descriptions remembered for the messages that leave theirs out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from ..events.gift import GiftInfo, says_gift


class GiftCatalogue:
    """The gifts of a room, learned from its messages and, where one was fetched, from the gift list.

    The wire may leave a gift's details out on repeats (protocol/push.md section 13). Keep one for the whole session.
    """

    def __init__(self, limit: int = 10_000) -> None:
        """Remember `limit` gifts at the most; the one that was learned first is forgotten first."""
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        self.gift_list: Mapping[int, Any] = {}
        """The room's gift list by gift id; empty until the client has fetched it."""
        self._limit = limit
        self._known: OrderedDict[int, GiftInfo] = OrderedDict()

    def info(self, wire: Any, gift: Any, *, remember: bool = True) -> GiftInfo | None:
        """Return what is known of the gift of a gift message that does not say it; `None` if the message says it.

        `gift` is `wire.gift`, of which the caller has need too; without `remember` nothing is learned from it.
        """
        known = self._known
        if says_gift(gift):
            gift_id = gift.id
            if gift_id and remember and gift_id not in known:
                # A copy of its own: the wire's gift would keep the whole message in memory.
                kept = type(gift)()
                kept.CopyFrom(gift)
                known[gift_id] = GiftInfo.from_wire(kept)
                if len(known) > self._limit:
                    known.popitem(last=False)
            return None
        return known.get(wire.gift_id or gift.id)

    def detailed(self, wire: Any) -> Any:
        """Return the gift list's entry for the gift of a gift message, or `None`."""
        return self.gift_list.get(wire.gift_id or wire.gift.id) if self.gift_list else None

    def __len__(self) -> int:
        """Return how many gifts are remembered, at most the limit."""
        return len(self._known)
