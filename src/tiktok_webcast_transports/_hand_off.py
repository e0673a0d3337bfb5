"""How does a blocking program take what another thread has for it?"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")
HAND_OFF = 256
"""Events handed from the thread to the program at a time; the others wait in their sessions' bounded queues."""
PATIENCE = 0.5 if sys.platform == "win32" else None
"""Seconds that a wait without an end takes at a time: Ctrl-C cannot interrupt a lock without a timeout there."""


class HandOff(Generic[T]):
    """A queue that one thread fills and any number of others empty. No lock of ours is held where Ctrl-C may strike."""

    def __init__(self) -> None:
        self._items: SimpleQueue[T] = SimpleQueue()
        self._full = False
        """Whether the thread waits until half of the queue is taken."""

    def __len__(self) -> int:
        return self._items.qsize()

    def put(self, item: T) -> None:
        """Append an item."""
        self._items.put(item)

    def fill(self, produce: Callable[[], T | None], limit: int) -> None:
        """Append what there is, up to `limit`; for the thread that fills it."""
        while True:
            while len(self) < limit:
                item = produce()
                if item is None:
                    return
                self.put(item)
            self._full = True
            if len(self) > HAND_OFF // 2:
                return
            # Emptied before anybody could see that more is wanted then.
            self._full = False

    def take(self, timeout: float | None) -> T:
        """Take the next, within `timeout` seconds; `None` for no limit.

        Raises:
            Empty: there is none, or none came in time.
        """
        if timeout is None:
            return self._items.get()
        if timeout > 0:
            # More than 292 years, or infinity, stand for no limit; a lock refuses to wait for so long.
            return self._items.get(timeout=min(timeout, threading.TIMEOUT_MAX))
        # The time left until a deadline that has just passed is below zero.
        return self._items.get_nowait()

    def wants_more(self) -> bool:
        """Whether the thread is to be told that there is room again. After each `take`; the answer is yes but once."""
        if self._full and len(self) <= HAND_OFF // 2:
            self._full = False
            return True
        return False
