"""How does a blocking program take what another thread has for it?"""

from __future__ import annotations

import sys
import threading
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")
HAND_OFF = 256
"""Events handed from the thread to the program at a time; the others wait in their sessions' bounded queues."""
PATIENCE = 0.5 if sys.platform == "win32" else None
"""Seconds that a wait without an end takes at a time: Ctrl-C cannot interrupt a lock without a timeout there."""


def take_handed(handed: SimpleQueue[T], timeout: float | None) -> T:
    """Take the next, within `timeout` seconds; `None` for no limit.

    Raises:
        Empty: there is none, or none came in time.
    """
    if timeout is None:
        return handed.get()
    if timeout > 0:
        # More than 292 years, or infinity, stand for no limit; a lock refuses to wait for so long.
        return handed.get(timeout=min(timeout, threading.TIMEOUT_MAX))
    # The time left until a deadline that has just passed is below zero.
    return handed.get_nowait()
