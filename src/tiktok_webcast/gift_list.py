"""`GiftList`: the gifts that a room's viewers can send, with price and pictures (protocol/http.md section 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .webjson import as_bool, as_count, as_id, as_list, as_text, as_urls

MAX_GIFTS = 10_000
"""Gifts of one list; TikTok has some 600."""


@dataclass(frozen=True)
class GiftDetails:
    """One gift of the list."""

    id: int
    name: str
    describe: str
    type: int
    """1: can be sent in a streak."""
    combo: bool
    diamond_count: int
    """The price of one, in diamonds."""
    image_urls: tuple[str, ...]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def streakable(self) -> bool:
        """Whether it can be sent in a streak."""
        return self.type == 1


@dataclass(frozen=True)
class GiftList:
    """The gifts by id, in TikTok's order."""

    by_id: Mapping[int, GiftDetails] = field(repr=False)

    @classmethod
    def from_data(cls, data: Any) -> GiftList:
        """Read the `data` object of the answer, or its list of gifts; entries without an id are left out."""
        entries = as_list(data.get("gifts") if isinstance(data, dict) else data)
        gifts = (_gift(entry) for entry in entries[:MAX_GIFTS] if isinstance(entry, dict))
        return cls(MappingProxyType({gift.id: gift for gift in gifts if gift is not None}))

    def __len__(self) -> int:
        return len(self.by_id)

    def __iter__(self) -> Iterator[GiftDetails]:
        return iter(self.by_id.values())

    def get(self, gift_id: int) -> GiftDetails | None:
        """Return the gift of that id, or `None`."""
        return self.by_id.get(gift_id)


def _gift(entry: dict[str, Any]) -> GiftDetails | None:
    gift_id = as_id(entry.get("id"))
    if gift_id is None:
        return None
    return GiftDetails(
        gift_id,
        as_text(entry.get("name")),
        as_text(entry.get("describe")),
        as_count(entry.get("type")),
        as_bool(entry.get("combo")),
        as_count(entry.get("diamond_count")),
        as_urls(entry.get("image")) or as_urls(entry.get("icon")),
        entry,
    )
