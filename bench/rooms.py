"""How many rooms fit in one process? Rooms against a simulator in another process (contracts.md section 3).

    python bench/rooms.py --rooms 100 --rate 5 --seconds 10 --transport asyncio

Latency is from the simulator's clock in a message's batch to the moment when the program has the event, with both
processes on one machine. Lost is what the simulator sent and no program got. `--transport all` prints a line for each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from decode_frames import rss_kb

from tiktok_webcast.config import Endpoints, Limits, Timing
from tiktok_webcast.events import CommentEvent
from tiktok_webcast.events.base import Event
from tiktok_webcast.session_config import SessionConfig

TRANSPORTS = ("asyncio", "anyio", "trio", "sync")
SETTLE = 5.0
"""Seconds after the last message in which all of them have to arrive."""
AT_ONCE = 32
"""Rooms that are on their way in at the same time."""


class Simulator:
    """The simulator, in a process of its own."""

    def __init__(self, rate: float, seconds: float, rooms: int) -> None:
        command = [
            sys.executable,
            str(Path(__file__).with_name("rooms_server.py")),
            str(rate),
            str(seconds),
            str(rooms),
        ]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = self._line()
        self.url: str = first["url"]
        self.clock_ahead_ms: float = first["clock_ahead_ms"]

    def sent(self) -> int:
        """Stop it; return how many messages it sent."""
        stdin = self._process.stdin
        if stdin is not None:
            stdin.write("stop\n")
            stdin.flush()
        sent: int = self._line()["sent"]
        self._process.wait()
        return sent

    def _line(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise SystemExit("the simulator is gone")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Tally:
    """What all rooms got."""

    def __init__(self, simulator: Simulator, rooms: int, seconds: float) -> None:
        self.latencies: list[float] = []
        self.messages = 0
        self.entered = 0
        self.rooms = rooms
        self.config = SessionConfig(
            endpoints=Endpoints(web=simulator.url, webcast=simulator.url, sign=simulator.url),
            # Rooms that wait for their turn to enter are not late.
            timing=Timing(request=120.0, open=120.0),
            limits=Limits(seen_messages=1000),
        )
        self._ahead = simulator.clock_ahead_ms
        self._lock = threading.Lock()
        self.seconds = seconds

    def take(self, event: Event) -> None:
        """Take note of an event."""
        if event.method is not None:
            self.messages += 1
        if isinstance(event, CommentEvent):
            # The batch's time: the message's own is the script's clock, which began when the room was entered.
            sent_ms = event._message.server_time - self._ahead
            self.latencies.append(time.time() * 1000 - sent_ms)

    def enter(self) -> None:
        """One more room has been entered; from any thread."""
        with self._lock:
            self.entered += 1


async def with_asyncio(tally: Tally) -> None:
    """All rooms on the asyncio transport."""
    from tiktok_webcast_transports.asyncio import HttpClient, connect

    gate = asyncio.Semaphore(AT_ONCE)

    async with HttpClient() as http:

        async def room(number: int) -> None:
            async with gate:
                live = connect(f"user{number}", config=tally.config, http=http)
                await live.__aenter__()
                event = await live.__anext__()
                while event.name != "connect":
                    event = await live.__anext__()
            tally.enter()
            asyncio.get_running_loop().call_later(tally.seconds + SETTLE, live.close)
            try:
                async for event in live:
                    tally.take(event)
            finally:
                await live.__aexit__(None, None, None)

        await asyncio.gather(*(room(number) for number in range(tally.rooms)))


async def with_anyio(tally: Tally) -> None:
    """All rooms on the anyio transport, on whichever loop runs."""
    import anyio

    from tiktok_webcast_transports.anyio import HttpClient, connect

    gate = anyio.Semaphore(AT_ONCE)

    async def room(number: int, http: HttpClient) -> None:
        await gate.acquire()
        async with connect(f"user{number}", config=tally.config, http=http) as live:
            async for event in live:
                if event.name == "connect":
                    gate.release()
                    tally.enter()
                    break
            with anyio.move_on_after(tally.seconds + SETTLE):
                async for event in live:
                    tally.take(event)

    async with HttpClient() as http, anyio.create_task_group() as group:
        for number in range(tally.rooms):
            group.start_soon(room, number, http)


def with_sync(tally: Tally) -> None:
    """All rooms on the blocking transport, a thread each."""
    from tiktok_webcast_transports.sync import connect

    gate = threading.Semaphore(AT_ONCE)

    def room(number: int) -> None:
        gate.acquire()
        with connect(f"user{number}", config=tally.config) as live:
            timer: threading.Timer | None = None
            for event in live:
                if event.name == "connect":
                    gate.release()
                    tally.enter()
                    timer = threading.Timer(tally.seconds + SETTLE, live.close)
                    timer.start()
                tally.take(event)
            if timer is not None:
                timer.cancel()

    threads = [threading.Thread(target=room, args=(number,)) for number in range(tally.rooms)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(transport: str, rooms: int, rate: float, seconds: float) -> dict[str, Any]:
    """Run the rooms on one transport."""
    import_transport(transport)
    simulator = Simulator(rate, seconds, rooms)
    tally = Tally(simulator, rooms, seconds)
    before = rss_kb()
    peak = before
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.2):
            peak = max(peak, rss_kb())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    start, start_cpu = time.perf_counter(), time.process_time()
    if transport == "asyncio":
        asyncio.run(with_asyncio(tally))
    elif transport == "sync":
        with_sync(tally)
    else:
        import anyio

        anyio.run(with_anyio, tally, backend="trio" if transport == "trio" else "asyncio")
    took, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    done.set()
    watcher.join()
    latencies = sorted(tally.latencies)
    return {
        "rooms": tally.entered,
        "messages": tally.messages,
        "lost": simulator.sent() - tally.messages,
        "seconds": round(took, 3),
        "cpu_seconds": round(cpu, 3),
        "rss_kb": peak,
        "rss_kb_before": before,
        "latency_ms": {"p50": percentile(latencies, 0.5), "p99": percentile(latencies, 0.99)},
        "transport": transport,
    }


def import_transport(transport: str) -> None:
    """Import it before the memory is measured.

    Raises:
        ImportError: It is not installed.
    """
    __import__(f"tiktok_webcast_transports.{'anyio' if transport == 'trio' else transport}")
    if transport == "trio":
        __import__("trio")


def percentile(values: list[float], part: float) -> float | None:
    """The value that `part` of the sorted values do not exceed."""
    return round(values[min(len(values) - 1, int(len(values) * part))], 2) if values else None


def main() -> None:
    """Measure what the command line asks for; one line of JSON for each transport."""
    parser = argparse.ArgumentParser(description="How many rooms fit in one process?")
    parser.add_argument("--rooms", type=int, default=100)
    parser.add_argument("--rate", type=float, default=5.0, help="messages a second, in each room")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--transport", choices=(*TRANSPORTS, "all"), default="asyncio")
    chosen = parser.parse_args()
    if chosen.transport != "all":
        print(json.dumps(measure(chosen.transport, chosen.rooms, chosen.rate, chosen.seconds)), flush=True)
        return
    for transport in TRANSPORTS:
        # A process each: the memory of one is not that of the next.
        command = [sys.executable, __file__, "--transport", transport, "--rooms", str(chosen.rooms)]
        subprocess.run([*command, "--rate", str(chosen.rate), "--seconds", str(chosen.seconds)], check=False)


if __name__ == "__main__":
    main()
