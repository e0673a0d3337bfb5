"""In which loop does `run()` run, and how does Ctrl-C end it?"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any

from tiktok_webcast.errors import LocalProtocolError

_LEFT_SECONDS = 1.0


class ClientLoop:
    """The loop of one client: the program's where it has one, else one of its own."""

    def __init__(self, given: asyncio.AbstractEventLoop | None) -> None:
        self.given = given
        """The loop that the program chose."""
        self._made: asyncio.AbstractEventLoop | None = None
        self._handed_out = False
        self._finalizer: weakref.finalize[..., ClientLoop] | None = None

    def get(self) -> asyncio.AbstractEventLoop:
        """Return the loop that was given, or the one that runs here, or a new one that `run` will use."""
        if self.given is not None:
            return self.given
        running = running_loop()
        if running is not None:
            return running
        self._handed_out = True
        return self._own()

    def run(self, main: Callable[[], Coroutine[Any, Any, None]], stop: Callable[[], None]) -> None:
        """Run `main` to its end. Ctrl-C calls `stop` first, and once more it cancels `main`.

        A loop of its own is closed afterwards, unless tasks that are not the client's are left in it or the program has
        asked for it: then it stays open until the client is gone.

        Raises:
            LocalProtocolError: A loop runs here already, or the one that was given is closed or runs elsewhere.
            KeyboardInterrupt: Ctrl-C was pressed; everything is closed by now.
        """
        if running_loop() is not None:
            raise LocalProtocolError(
                "run() blocks, and an event loop runs here already (Jupyter, Spyder, an async function). "
                "Use `await client.start()` instead, or call run() in a thread of its own."
            )
        loop = self.given if self.given is not None else self._own()
        if loop.is_closed() or loop.is_running():
            state = "is closed" if loop.is_closed() else "runs already in another thread: await client.start() there"
            raise LocalProtocolError(f"The event loop that was passed as loop= {state}.")
        try:
            _drive(loop, main(), stop)
        finally:
            if loop is self._made and not self._handed_out and not asyncio.all_tasks(loop):
                self._close(loop)

    def _own(self) -> asyncio.AbstractEventLoop:
        if self._made is None or self._made.is_closed():
            self._made = asyncio.new_event_loop()
            self._finalizer = weakref.finalize(self, _dispose, self._made)
        return self._made

    def _close(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._finalizer is not None:
            self._finalizer.detach()
        self._made = self._finalizer = None
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, if one does."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _drive(loop: asyncio.AbstractEventLoop, main: Coroutine[Any, Any, None], stop: Callable[[], None]) -> None:
    task = loop.create_task(main, name="TikTokLiveClient.run")
    with _ctrl_c(stop) as pressed:
        try:
            loop.run_until_complete(task)
        finally:
            if not task.done():
                # Something broke out of the loop: a second Ctrl-C, or sys.exit() in a listener.
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    loop.run_until_complete(task)
    if pressed:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _ctrl_c(stop: Callable[[], None]) -> Iterator[list[bool]]:
    """Have the first Ctrl-C call `stop`; the list is not empty then. The second is as always.

    A handler that the program has set is left alone.
    """
    pressed: list[bool] = []

    def press(number: int, frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(True)
        stop()

    before = signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is not before:
        yield pressed
        return
    signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        if signal.getsignal(signal.SIGINT) is press:
            signal.signal(signal.SIGINT, before)


def _dispose(loop: asyncio.AbstractEventLoop) -> None:
    """Close a loop that was left open, at the latest when the program ends."""
    if loop.is_closed() or loop.is_running():
        return
    if running_loop() is None:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=_LEFT_SECONDS))
        loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
