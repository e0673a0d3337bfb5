"""Whose turn is it? One event of each room in turn, so that a flooded room cannot crowd out the others."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Turns(Generic[T]):
    """Those who want a turn, in a row: each comes once, and stands at the end when it wants another.

    Who stands in the row has a turn before anybody has two.
    """

    def __init__(self) -> None:
        self._row: OrderedDict[T, None] = OrderedDict()

    def __len__(self) -> int:
        """Return how many stand in the row."""
        return len(self._row)

    def want(self, who: T) -> None:
        """Put `who` at the end of the row; who stands there already keeps the place."""
        self._row[who] = None

    def take(self) -> T | None:
        """Return who is first, and let them go; `None` if nobody is there."""
        return self._row.popitem(last=False)[0] if self._row else None
