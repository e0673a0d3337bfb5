"""The four transports behind one face, so that each contract test is written once."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import anyio.to_thread
import pytest
from loopback import GUARD

import tiktok_webcast_transports.anyio as anyio_transport
import tiktok_webcast_transports.asyncio as asyncio_transport
import tiktok_webcast_transports.sync as sync_transport
from tiktok_webcast.config import Limits
from tiktok_webcast_transports._options import Network

Scenario = Callable[[], Coroutine[Any, Any, Any]]
_RAW_CTRL_C = sys.version_info < (3, 11)
"""Whether `asyncio.run` lets Ctrl-C break out anywhere, instead of turning it into a cancellation of the main task."""


class Cancelled(Exception):
    """The scenario was cancelled as asked."""


class Kit(ABC):
    """How to use one transport."""

    interrupted: tuple[type[BaseException], ...] = (KeyboardInterrupt,)
    """What comes out of `run` after Ctrl-C."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def live(self, session: Any, network: Network = Network(), limits: Limits = Limits()) -> Any:
        """Return an async context manager and iterator."""

    @abstractmethod
    def http(self, network: Network = Network(), limits: Limits = Limits()) -> Any:
        """Return an async context manager with `send` and `run`."""

    @abstractmethod
    def run(self, scenario: Scenario, *, debug: bool = True) -> Any:
        """Run a scenario to its end, in the loop's debug mode if it has one."""

    @abstractmethod
    def run_cancelled(self, scenario: Scenario, when: threading.Event) -> None:
        """Run a scenario, cancel it once `when` is set, and see that nothing but the cancellation comes out."""

    @abstractmethod
    def in_task(self, scenario: Scenario) -> Any:
        """Return an async context manager during which `scenario` runs at the same time."""

    def run_interrupted(self, scenario: Scenario, when: threading.Event) -> None:
        """Run a scenario, press Ctrl-C once `when` is set.

        Set it once only: Ctrl-C in the midst of a second `set` would leave its lock taken for good.
        """

        def press() -> None:
            assert when.wait(GUARD)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=press)
        thread.start()
        try:
            with pytest.raises(self.interrupted):
                self.run(scenario)
        finally:
            if not when.is_set():
                when.set()
            thread.join()


class AsyncioKit(Kit):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        if _RAW_CTRL_C:
            self.interrupted = (asyncio.CancelledError,)

    def live(self, session: Any, network: Network = Network(), limits: Limits = Limits()) -> Any:
        return asyncio_transport.Live(session, network=network, limits=limits)

    def http(self, network: Network = Network(), limits: Limits = Limits()) -> Any:
        return asyncio_transport.HttpClient(network=network, limits=limits)

    def run(self, scenario: Scenario, *, debug: bool = True) -> Any:
        async def main() -> Any:
            if _RAW_CTRL_C and threading.current_thread() is threading.main_thread():
                # As `asyncio.run` itself does from 3.11 on. Until then Ctrl-C breaks out of any instruction, and one of
                # asyncio's own, between the making of a socket and the `try` that would close it, leaves the socket to
                # the garbage collector.
                task = asyncio.current_task()
                assert task is not None
                asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
            return await asyncio.wait_for(scenario(), GUARD)

        return asyncio.run(main(), debug=debug)

    def run_cancelled(self, scenario: Scenario, when: threading.Event) -> None:
        async def main() -> None:
            task = asyncio.ensure_future(scenario())
            await asyncio.wait_for(asyncio.to_thread(when.wait, GUARD), GUARD)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, GUARD)

        asyncio.run(main(), debug=True)

    def in_task(self, scenario: Scenario) -> Any:
        class InTask:
            async def __aenter__(self) -> None:
                self.task = asyncio.ensure_future(scenario())

            async def __aexit__(self, *error: object) -> None:
                await self.task

        return InTask()


class AnyioKit(Kit):
    def __init__(self, backend: str) -> None:
        super().__init__(f"anyio-{backend}")
        if _RAW_CTRL_C and backend == "asyncio":
            # There anyio.run itself turns Ctrl-C into a cancellation of the main task.
            self.interrupted = (KeyboardInterrupt, asyncio.CancelledError)
        self.backend = backend

    def live(self, session: Any, network: Network = Network(), limits: Limits = Limits()) -> Any:
        return anyio_transport.Live(session, network=network, limits=limits)

    def http(self, network: Network = Network(), limits: Limits = Limits()) -> Any:
        return anyio_transport.HttpClient(network=network, limits=limits)

    def run(self, scenario: Scenario, *, debug: bool = True) -> Any:
        async def main() -> Any:
            with anyio.fail_after(GUARD):
                return await scenario()

        return self._run(main, debug)

    def run_cancelled(self, scenario: Scenario, when: threading.Event) -> None:
        async def main() -> None:
            async def cancel(scope: anyio.CancelScope) -> None:
                await anyio.to_thread.run_sync(functools.partial(when.wait, GUARD))
                scope.cancel()

            with anyio.fail_after(GUARD):
                async with anyio.create_task_group() as group:
                    with anyio.CancelScope() as scope:
                        group.start_soon(cancel, scope)
                        await scenario()
                    assert scope.cancelled_caught

        self._run(main, debug=True)

    def in_task(self, scenario: Scenario) -> Any:
        class InTask:
            async def __aenter__(self) -> None:
                self.group = anyio.create_task_group()
                await self.group.__aenter__()
                self.group.start_soon(scenario)

            async def __aexit__(self, *error: Any) -> None:
                await self.group.__aexit__(*error)

        return InTask()

    def _run(self, main: Scenario, debug: bool) -> Any:
        if self.backend == "asyncio":
            return anyio.run(main, backend_options={"debug": debug})
        # As the docstring of the transport advises: else Ctrl-C breaks out of any instruction of anyio's own. Not by
        # anyio.run, whose oldest versions keep a backend's options to themselves.
        import trio

        return trio.run(main, restrict_keyboard_interrupt_to_checkpoints=True)


class _Blocking:
    """A blocking context manager and iterator under async names; its coroutines never suspend."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def __aenter__(self) -> _Blocking:
        self._inner.__enter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        self._inner.__exit__(*error)

    def __aiter__(self) -> _Blocking:
        return self

    async def __anext__(self) -> Any:
        try:
            return next(self._inner)
        except StopIteration:
            raise StopAsyncIteration from None

    async def send(self, request: Any) -> Any:
        return self._inner.send(request)

    async def run(self, exchange: Any) -> Any:
        return self._inner.run(exchange)


class SyncKit(Kit):
    def live(self, session: Any, network: Network = Network(), limits: Limits = Limits()) -> Any:
        self._live = sync_transport.Live(session, network=network, limits=limits)
        return _Blocking(self._live)

    def http(self, network: Network = Network(), limits: Limits = Limits()) -> Any:
        return _Blocking(sync_transport.HttpClient(network=network, limits=limits))

    def run(self, scenario: Scenario, *, debug: bool = True) -> Any:
        coroutine: Any = scenario()
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
        finally:
            coroutine.close()
        raise AssertionError("a blocking scenario does not suspend")

    def run_cancelled(self, scenario: Scenario, when: threading.Event) -> None:
        # A blocking program has one way to be cancelled.
        self.run_interrupted(scenario, when)

    def in_task(self, scenario: Scenario) -> Any:
        kit = self

        class InThread:
            async def __aenter__(self) -> None:
                self.thread = threading.Thread(target=kit.run, args=(scenario,))
                self.thread.start()

            async def __aexit__(self, *error: object) -> None:
                self.thread.join()

        return InThread()


def all_kits() -> list[Kit]:
    return [AsyncioKit("asyncio"), AnyioKit("asyncio"), AnyioKit("trio"), SyncKit("sync")]
