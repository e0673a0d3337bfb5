"""The client where people run it: a script of its own, a thread, a notebook, several at once; and Ctrl-C."""

from __future__ import annotations

import ast
import asyncio
import gc
import inspect
import os
import signal
import subprocess
import sys
import textwrap
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from memory_net import MakeNet

from tiktok_webcast import Endpoints, SessionConfig
from tiktok_webcast.events import CommentEvent, Event
from tiktok_webcast_transports import LocalProtocolError, TikTokLiveClient
from tiktok_webcast_transports.simulator import Simulator

GUARD = 60.0


@pytest.fixture
def evening() -> Iterator[Simulator]:
    """A short evening, as fast as clients take it."""
    with Simulator("first_light", speed=0) as sim:
        yield sim


@pytest.fixture
def everyday() -> Iterator[Simulator]:
    """A room that goes on and on, ten times as lively."""
    with Simulator("everyday", speed=10.0) as sim:
        yield sim


def client_of(sim: Simulator, user: str = "ann", **options: Any) -> TikTokLiveClient:
    return TikTokLiveClient(user, config=SessionConfig(endpoints=Endpoints(sim.url, sim.url, sim.url)), **options)


def wait(event: threading.Event) -> None:
    assert event.wait(GUARD), "it did not happen"


# --- threads --------------------------------------------------------------------------------------------------------


def test_in_a_thread_stopped_from_another(everyday: Simulator) -> None:
    client = client_of(everyday)
    heard, late = threading.Event(), threading.Event()
    thread = threading.Thread(target=client.run)
    seen: list[int] = []

    @client.on("comment")
    async def on_comment(event: CommentEvent) -> None:
        seen.append(threading.get_ident())
        heard.set()

    thread.start()
    wait(heard)
    assert client.connected and not client.connecting
    with pytest.raises(LocalProtocolError, match="runs already"):
        client.run()
    # A listener that comes while it runs, from this thread, for what was not decoded so far.
    client.on("join", lambda event: late.set())
    wait(late)
    client.stop()
    thread.join(GUARD)
    assert not thread.is_alive() and set(seen) == {thread.ident}
    assert client.closed is not None and client.closed.reason.value == "closed"


def test_waiting_and_iterating_from_another_loop(everyday: Simulator) -> None:
    client = client_of(everyday)
    connected = threading.Event()
    client.on("connect", lambda event: connected.set())
    thread = threading.Thread(target=client.run)
    thread.start()
    wait(connected)

    async def main() -> None:
        assert isinstance(await client.wait_for(CommentEvent, timeout=GUARD), CommentEvent)
        async for event in client:
            assert isinstance(event, Event)
            break
        with pytest.raises(LocalProtocolError, match="run_coroutine_threadsafe"):
            await client.start()
        with pytest.raises(LocalProtocolError, match="run_coroutine_threadsafe"):
            await client.wait_closed()
        there = asyncio.run_coroutine_threadsafe(client.start(), client.loop)
        assert await asyncio.wrap_future(there) == client.room_id

    asyncio.run(main())
    client.stop()
    thread.join(GUARD)
    assert not thread.is_alive()


def test_two_clients_in_two_threads(evening: Simulator) -> None:
    heard: dict[str, list[str]] = {"ann": [], "ben": []}

    def watch(user: str) -> None:
        client = client_of(evening, user)
        client.on("comment", lambda event: heard[user].append(event.comment))
        client.run()

    threads = [threading.Thread(target=watch, args=(user,)) for user in heard]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(GUARD)
    for user, comments in heard.items():
        assert comments == [line["comment"] for line in evening.manifest(user).events if line["event"] == "comment"]


# --- loops of its own -----------------------------------------------------------------------------------------------


def test_run_makes_a_loop_and_closes_it(evening: Simulator) -> None:
    client = client_of(evening)
    loops: list[asyncio.AbstractEventLoop] = []
    client.on("connect", lambda event: loops.append(asyncio.get_running_loop()))
    client.run()
    client.run()
    assert len(loops) == 2 and loops[0] is not loops[1]
    assert all(loop.is_closed() for loop in loops)


def test_the_loop_can_be_had_before_and_used_after(evening: Simulator) -> None:
    client = client_of(evening)
    loop = client.loop
    mine = loop.create_task(asyncio.sleep(0.001, "done"))
    client.run()
    assert client.loop is loop and not loop.is_closed()
    assert loop.run_until_complete(mine) == "done"
    loop.close()
    # A new one in place of the closed one.
    client.run()


def test_tasks_of_listeners_outlive_run_and_end_with_the_client(evening: Simulator) -> None:
    client = client_of(evening)
    ends: list[str] = []
    tasks: list[asyncio.Task[None]] = []

    async def background() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("ended")

    client.once("comment", lambda event: tasks.append(asyncio.ensure_future(background())))
    client.run()
    [task] = tasks
    assert not task.done()
    loop = task.get_loop()
    assert client.loop is loop and not loop.is_closed()
    client.run()
    assert not task.done() and ends == []
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None
    assert task.cancelled() and ends == ["ended"] and loop.is_closed()


# --- a notebook -----------------------------------------------------------------------------------------------------


class Notebook:
    """Runs cells as Jupyter does: one after the other, in a loop that never stops, `await` at top level allowed."""

    def __init__(self, **names: Any) -> None:
        self.names = names

    async def cell(self, source: str) -> None:
        """Run one cell."""
        code = compile(textwrap.dedent(source), "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if code.co_flags & inspect.CO_COROUTINE:
            await eval(code, self.names)
        else:
            exec(code, self.names)


def test_in_a_notebook(net: MakeNet) -> None:
    sim = net("everyday")
    book = Notebook(config=sim.config(), heard=[])

    async def kernel() -> None:
        await book.cell("""
            from tiktok_webcast_transports import TikTokLiveClient
            client = TikTokLiveClient("@some_user", config=config)

            @client.on("comment")
            async def on_comment(event):
                heard.append(event.comment)
        """)
        with pytest.raises(LocalProtocolError, match="Jupyter"):
            await book.cell("client.run()")
        await book.cell("await client.start()")
        assert book.names["client"].connected
        # While the user reads and types.
        await asyncio.sleep(30)
        count = len(book.names["heard"])
        assert count > 10
        await book.cell("likes = []\nclient.on('like', likes.append)")
        await asyncio.sleep(30)
        assert len(book.names["heard"]) > count and book.names["likes"]
        await book.cell("client.stop()\nclosed = await client.wait_closed()")
        assert book.names["closed"].reason.value == "closed"
        # Once more, in the same cell as before.
        await book.cell("await client.start()\nclient.stop()\nawait client.wait_closed()")

    sim.run(kernel())


# --- scripts and Ctrl-C ---------------------------------------------------------------------------------------------


def environment(sim: Simulator) -> dict[str, str]:
    urls = {f"TIKTOK_WEBCAST_{name}_URL": sim.url for name in ("WEB", "WEBCAST", "SIGN")}
    return {**os.environ, **urls, "PYTHONUNBUFFERED": "1", "PYTHONDEVMODE": "1"}


GETTING_STARTED = """
from tiktok_webcast_transports import TikTokLiveClient
from tiktok_webcast.events import CommentEvent, ConnectEvent

# Instantiate the client with the user's username
client: TikTokLiveClient = TikTokLiveClient(unique_id="@isaackogz")


# Define how you want to handle specific events via decorator
@client.on("connect")
async def on_connect(_: ConnectEvent):
    print("Connected to Room ID:", client.room_id)


# Notice no decorator?
async def on_comment(event: CommentEvent):
    print(f"{event.user.nickname} -> {event.comment}")


# Define handling an event via a "callback"
client.add_listener("comment", on_comment)

if __name__ == '__main__':
    # Run the client and block the main thread
    # await client.start() to run non-blocking
    client.run()
"""


def test_the_first_program_of_the_2023_readme(evening: Simulator, tmp_path: Path) -> None:
    """Word for word, with its two import lines changed."""
    program = tmp_path / "first.py"
    program.write_text(GETTING_STARTED)
    done = subprocess.run(
        [sys.executable, str(program)],
        cwd=tmp_path,
        env={**environment(evening), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=GUARD,
        check=False,
    )
    assert done.returncode == 0 and done.stderr == ""
    truth = evening.manifest("isaackogz")
    said = [line for line in truth.events if line["event"] == "comment"]
    assert done.stdout.splitlines() == [
        f"Connected to Room ID: {truth.room_id}",
        *(f"{line['user']['nickname']} -> {line['comment']}" for line in said),
    ]


def interrupted(sim: Simulator, tmp_path: Path, program: str, *, presses: int = 1) -> tuple[int, list[str], str]:
    """Run a program, press Ctrl-C when it says "ready", and again when it says "more"; return how it ended."""
    script = tmp_path / "watch.py"
    script.write_text(textwrap.dedent(program))
    child = subprocess.Popen(
        [sys.executable, str(script)],
        env=environment(sim),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    guard = threading.Timer(GUARD, child.kill)
    guard.start()
    out: list[str] = []
    assert child.stdout is not None and child.stderr is not None
    try:
        for line in child.stdout:
            out.append(line.rstrip("\n"))
            if line in ("ready\n", "more\n"):
                child.send_signal(signal.SIGINT)
                presses -= 1
        # asyncio's debug mode tells of steps that took long: that is the machine's speed.
        said = [line for line in child.stderr if not (line.startswith("Executing ") and " took " in line)]
        return child.wait(), out, "".join(said)
    finally:
        guard.cancel()
        child.kill()
        child.wait()
        child.stdout.close()
        child.stderr.close()


@pytest.mark.skipif(os.name == "nt", reason="a child cannot be sent Ctrl-C alone on Windows")
def test_the_first_ctrl_c_ends_it_cleanly(everyday: Simulator, tmp_path: Path) -> None:
    code, out, error = interrupted(
        everyday,
        tmp_path,
        """
        import asyncio
        from tiktok_webcast_transports import TikTokLiveClient

        client = TikTokLiveClient("ann")

        async def forever():
            try:
                await asyncio.Event().wait()
            finally:
                print("background ended")

        @client.on("connect")
        async def on_connect(event):
            client.background = asyncio.create_task(forever())

        @client.once("comment")
        async def on_comment(event):
            print("ready")

        @client.on("closed")
        async def on_closed(event):
            await asyncio.sleep(0.01)
            print("closed", event.reason.value)

        try:
            client.run()
        except KeyboardInterrupt:
            print("interrupted", client.closed.reason.value)
            raise
        """,
    )
    assert out == ["ready", "closed closed", "interrupted closed", "background ended"]
    assert code in (-signal.SIGINT, 130)
    # Only what Python itself says of a Ctrl-C that nobody has caught.
    assert error.count("Traceback") == 1 and error.rstrip().endswith("KeyboardInterrupt")
    assert "Task" not in error and "ResourceWarning" not in error
    leaves = [entry for entry in everyday.log if entry.kind == "leave"]
    assert [entry.detail["code"] for entry in leaves] == [1000]


@pytest.mark.skipif(os.name == "nt", reason="a child cannot be sent Ctrl-C alone on Windows")
def test_the_second_ctrl_c_does_not_wait_for_listeners(everyday: Simulator, tmp_path: Path) -> None:
    code, out, error = interrupted(
        everyday,
        tmp_path,
        """
        import asyncio
        from tiktok_webcast_transports import TikTokLiveClient

        client = TikTokLiveClient("ann")

        @client.once("comment")
        async def on_comment(event):
            print("ready")

        @client.on("closed")
        async def on_closed(event):
            try:
                print("more")
                await asyncio.Event().wait()
            finally:
                print("cut short")

        client.run()
        """,
        presses=2,
    )
    assert out == ["ready", "more", "cut short"]
    assert code in (-signal.SIGINT, 130) and "Task" not in error and error.rstrip().endswith("KeyboardInterrupt")


@pytest.mark.skipif(os.name == "nt", reason="a child cannot be sent Ctrl-C alone on Windows")
def test_ctrl_c_while_a_listener_blocks_and_with_a_handler_of_the_programs_own(
    everyday: Simulator, tmp_path: Path
) -> None:
    code, out, _ = interrupted(
        everyday,
        tmp_path,
        """
        import signal
        from tiktok_webcast_transports import TikTokLiveClient

        client = TikTokLiveClient("ann")

        def mine(number, frame):
            print("my handler")
            client.stop()

        signal.signal(signal.SIGINT, mine)
        client.once("comment", lambda event: print("ready"))
        client.run()
        print("returned", client.closed.reason.value, signal.getsignal(signal.SIGINT) is mine)
        """,
    )
    assert (code, out) == (0, ["ready", "my handler", "returned closed True"])
