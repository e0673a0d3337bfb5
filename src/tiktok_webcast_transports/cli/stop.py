"""How does a running room come to its end: a signal, a time that is up, a limit that is reached?"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

INTERRUPTED = 130
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_HANGUP = getattr(signal, "SIGHUP", None)


class Stop:
    """One request to end, from any thread or a signal handler, to whatever runs."""

    def __init__(self) -> None:
        self.interrupted: bool = False
        """Whether a human or the system asked."""
        self.on_abort: Callable[[], None] | None = None
        """Called before a second signal ends the process on the spot."""
        self._asked = threading.Event()
        self._close: Callable[[], None] | None = None

    @property
    def asked(self) -> bool:
        """Whether the end was asked for."""
        return self._asked.is_set()

    def attach(self, close: Callable[[], None]) -> None:
        """Say how another thread ends what runs. Look at `asked` afterwards: it may have been before this."""
        self._close = close

    def ask(self) -> None:
        """End it, soon and in good order."""
        self._asked.set()
        if self._close is not None:
            self._close()

    def wait(self, seconds: float | None) -> bool:
        """Wait for the end to be asked for, `seconds` at the most; return whether it was."""
        # Past 292 years the lock refuses.
        return self._asked.wait(None if seconds is None else min(seconds, threading.TIMEOUT_MAX))

    @contextlib.contextmanager
    def after(self, seconds: float | None) -> Iterator[None]:
        """Ask for the end once `seconds` are over, unless the block ends before."""
        if seconds is None:
            yield
            return
        timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), self.ask)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """Ask for the end at Ctrl-C and at the system's wish; a second time ends the process on the spot."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
        # `nohup` means what it says.
        numbers = [number for number in numbers if number != _HANGUP or signal.getsignal(number) != signal.SIG_IGN]
        before = [(number, signal.signal(number, self._signalled)) for number in numbers]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self.interrupted:
            if self.on_abort is not None:
                self.on_abort()
            # Something blocks, a write to a pipe that nobody reads perhaps; threads would keep the process alive.
            os._exit(INTERRUPTED)
        self.interrupted = True
        # Not here: the main thread may hold the very lock that `ask` needs, and waits for this handler to return.
        _thread.start_new_thread(self.ask, ())
