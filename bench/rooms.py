"""How many rooms fit in one process? Rooms against a simulator in another process (contracts.md section 3).

    python bench/rooms.py --rooms 100 --rate 5 --seconds 10 --transport asyncio

Rooms come in one after the other, `--entering` of them a second, and stay until all have been in for `--seconds`; the
host then ends them, so that whoever counts knows that all has come. The process runs on one core and the simulator on
another, where there are two. Latency is from the simulator's clock in a message's batch to the moment when the program
has the event: of every message, those that came while others were on their way in too. Lost is what the simulator sent
and no program got. Memory is that of the rooms alone: counts are kept in an array that was there before.

`--together` has them in one `Rooms` instead of a `connect` each. `--transport all` prints a line for each transport.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from array import array
from pathlib import Path
from typing import Any, NamedTuple

from decode_frames import rss_kb

from tiktok_webcast.budget import Rate
from tiktok_webcast.config import Endpoints, Limits, Timing
from tiktok_webcast.events import CommentEvent
from tiktok_webcast.events.base import Event
from tiktok_webcast.room_budget import BudgetPolicy
from tiktok_webcast.session_config import SessionConfig

TRANSPORTS = ("asyncio", "anyio", "trio", "sync")
GUARD = 120.0
"""Seconds after which a room whose end does not come is left: only when something is lost."""
SEEN = 128
"""Message ids that a room remembers, as docs/many-rooms.md advises for thousands: the default's 20,000 fill 2 MB."""
AT_ONCE = 32
"""Rooms that are on their way in at the same time."""


class Plan(NamedTuple):
    """What is measured."""

    rooms: int
    rate: float
    seconds: float
    entering: float

    @property
    def stay(self) -> float:
        """Seconds for which each room stays: until the last one has been in for `seconds`."""
        return self.seconds + self.rooms / self.entering

    def way_in(self, number: int) -> float:
        """Seconds after the start at which a room may begin."""
        return number / self.entering


class Simulator:
    """The simulator, in a process of its own."""

    def __init__(self, rate: float, seconds: float, rooms: int) -> None:
        script = str(Path(__file__).with_name("rooms_server.py"))
        command = [sys.executable, script, str(rate), str(seconds), str(rooms)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = self._line()
        self.url: str = first["url"]
        self.clock_ahead_ms: float = first["clock_ahead_ms"]

    def ended(self) -> dict[str, Any]:
        """Stop it; return how many messages it sent, and what that cost."""
        stdin = self._process.stdin
        if stdin is not None:
            stdin.write("stop\n")
            stdin.flush()
        ended = self._line()
        self._process.wait()
        return ended

    def _line(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise SystemExit("the simulator is gone")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Latencies:
    """How often each latency was seen, in memory that does not grow."""

    STEP_MS = 0.25

    def __init__(self) -> None:
        self._counts = array("L", bytes(8 * 400_000))
        self.worst = 0.0

    def add(self, milliseconds: float) -> None:
        """Count one."""
        self.worst = max(self.worst, milliseconds)
        self._counts[min(max(int(milliseconds / self.STEP_MS), 0), len(self._counts) - 1)] += 1

    def percentile(self, part: float) -> float | None:
        """What `part` of them do not exceed; `None` if there are none."""
        left = part * sum(self._counts)
        for step, count in enumerate(self._counts):
            left -= count
            if count and left <= 0:
                return (step + 1) * self.STEP_MS
        return None


class Tally:
    """What all rooms got."""

    def __init__(self, simulator: Simulator, plan: Plan) -> None:
        self.plan = plan
        self.latencies = Latencies()
        self.messages = 0
        self.entered = 0
        self.all_in_at = 0.0
        self.first_left_at = 0.0
        self.config = SessionConfig(
            endpoints=Endpoints(web=simulator.url, webcast=simulator.url, sign=simulator.url),
            # Rooms that wait for their turn to enter are not late.
            timing=Timing(request=120.0, open=120.0),
            limits=Limits(seen_messages=SEEN),
        )
        self._ahead = simulator.clock_ahead_ms
        self._lock = threading.Lock()

    def take(self, event: Event) -> None:
        """Take note of an event."""
        if event.method is not None:
            self.messages += 1
        if isinstance(event, CommentEvent):
            # The batch's time: the message's own is the script's clock, which began when the room was entered.
            sent_ms = event._message.server_time - self._ahead
            self.latencies.add(time.time() * 1000 - sent_ms)
        elif event.name == "connect":
            with self._lock:
                self.entered += 1
                self.all_in_at = time.perf_counter()
        elif event.name == "closed" and not self.first_left_at:
            self.first_left_at = time.perf_counter()


async def with_asyncio(tally: Tally) -> None:
    """A connection for each room, on the asyncio transport."""
    from tiktok_webcast_transports.asyncio import HttpClient, connect

    gate = asyncio.Semaphore(AT_ONCE)

    async with HttpClient() as http:

        async def room(number: int) -> None:
            await asyncio.sleep(tally.plan.way_in(number))
            async with gate:
                live = connect(f"user{number}", config=tally.config, http=http)
                await live.__aenter__()
                async for event in live:
                    tally.take(event)
                    if event.name == "connect":
                        break
            guard = asyncio.get_running_loop().call_later(tally.plan.stay + GUARD, live.close)
            try:
                async for event in live:
                    tally.take(event)
            finally:
                guard.cancel()
                await live.__aexit__(None, None, None)

        await asyncio.gather(*(room(number) for number in range(tally.plan.rooms)))


async def with_anyio(tally: Tally) -> None:
    """A connection for each room, on the anyio transport, on whichever loop runs."""
    import anyio

    from tiktok_webcast_transports.anyio import HttpClient, connect

    gate = anyio.Semaphore(AT_ONCE)

    async def room(number: int, http: HttpClient) -> None:
        await anyio.sleep(tally.plan.way_in(number))
        await gate.acquire()
        async with connect(f"user{number}", config=tally.config, http=http) as live:
            async for event in live:
                tally.take(event)
                if event.name == "connect":
                    break
            gate.release()
            with anyio.move_on_after(tally.plan.stay + GUARD):
                async for event in live:
                    tally.take(event)

    async with HttpClient() as http, anyio.create_task_group() as group:
        for number in range(tally.plan.rooms):
            group.start_soon(room, number, http)


def with_sync(tally: Tally) -> None:
    """A connection for each room, on the blocking transport: two threads each."""
    from tiktok_webcast_transports.sync import connect

    gate = threading.Semaphore(AT_ONCE)

    def room(number: int) -> None:
        gate.acquire()
        with connect(f"user{number}", config=tally.config) as live:
            for event in live:
                tally.take(event)
                if event.name == "connect":
                    gate.release()

    threads = [threading.Thread(target=room, args=(number,), daemon=True) for number in range(tally.plan.rooms)]
    start = time.perf_counter()
    for number, thread in enumerate(threads):
        time.sleep(max(0.0, start + tally.plan.way_in(number) - time.perf_counter()))
        thread.start()
    until = time.perf_counter() + tally.plan.stay + GUARD
    for thread in threads:
        thread.join(max(0.0, until - time.perf_counter()))


def budget(tally: Tally) -> BudgetPolicy:
    """As many rooms may begin as the plan says, and each asks as much as it likes."""
    enough = Rate(10 * tally.plan.rooms, 1.0)
    starts = Rate(max(1, round(tally.plan.entering)), 1.0)
    return BudgetPolicy(signatures=enough, lookups=enough, starts=starts, openings=AT_ONCE)


async def together_with_asyncio(tally: Tally) -> None:
    """All rooms in one `Rooms`, on asyncio."""
    from tiktok_webcast_transports.asyncio import Rooms

    async with Rooms(config=tally.config, budget=budget(tally)) as rooms:
        for number in range(tally.plan.rooms):
            rooms.add(f"user{number}")
        async for _, event in rooms:
            tally.take(event)


async def together_with_anyio(tally: Tally) -> None:
    """All rooms in one `Rooms`, on anyio."""
    from tiktok_webcast_transports.anyio import Rooms

    async with Rooms(config=tally.config, budget=budget(tally)) as rooms:
        for number in range(tally.plan.rooms):
            rooms.add(f"user{number}")
        async for _, event in rooms:
            tally.take(event)


def together_with_sync(tally: Tally) -> None:
    """All rooms in one `Rooms`, and one thread, without a loop."""
    from tiktok_webcast_transports.sync import Rooms

    with Rooms(config=tally.config, budget=budget(tally)) as rooms:
        for number in range(tally.plan.rooms):
            rooms.add(f"user{number}")
        for _, event in rooms:
            tally.take(event)


def run(transport: str, tally: Tally, *, together: bool) -> None:
    """Have all rooms watched to their ends."""
    if transport == "asyncio":
        asyncio.run(together_with_asyncio(tally) if together else with_asyncio(tally))
    elif transport == "sync":
        (together_with_sync if together else with_sync)(tally)
    else:
        import anyio

        backend = "trio" if transport == "trio" else "asyncio"
        anyio.run(together_with_anyio if together else with_anyio, tally, backend=backend)


def measure(transport: str, plan: Plan, *, together: bool) -> dict[str, Any]:
    """Run the rooms on one transport."""
    import_transport(transport)
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) > 1:
        # What it starts keeps to the core that it is on.
        os.sched_setaffinity(0, cores[1:2])
    simulator = Simulator(plan.rate, plan.stay, plan.rooms)
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[:1])
    tally = Tally(simulator, plan)
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
    run(transport, tally, together=together)
    took, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    done.set()
    watcher.join()
    ended = simulator.ended()
    latencies = tally.latencies
    return {
        "rooms": tally.entered,
        "messages": tally.messages,
        "lost": ended["sent"] - tally.messages,
        "seconds": round(took, 3),
        "cpu_seconds": round(cpu, 3),
        "rss_kb": peak,
        "rss_kb_before": before,
        "latency_ms": {"p50": latencies.percentile(0.5), "p99": latencies.percentile(0.99)},
        "latency_ms_worst": round(latencies.worst, 2),
        "seconds_with_all": round(tally.first_left_at - tally.all_in_at, 1),
        "rss_kb_per_room": round((peak - before) / plan.rooms, 1),
        "simulator_cpu_seconds": ended["cpu_seconds"],
        "cores": min(len(cores), 2),
        "transport": transport,
        "together": together,
    }


def import_transport(transport: str) -> None:
    """Import it before the memory is measured.

    Raises:
        ImportError: It is not installed.
    """
    __import__(f"tiktok_webcast_transports.{'anyio' if transport == 'trio' else transport}")
    if transport == "trio":
        __import__("trio")


def main() -> None:
    """Measure what the command line asks for; one line of JSON for each transport."""
    parser = argparse.ArgumentParser(description="How many rooms fit in one process?")
    parser.add_argument("--rooms", type=int, default=100)
    parser.add_argument("--rate", type=float, default=5.0, help="messages a second, in each room")
    parser.add_argument("--seconds", type=float, default=10.0, help="for which all rooms are there")
    parser.add_argument("--entering", type=float, default=50.0, help="rooms that begin in a second")
    parser.add_argument("--transport", choices=(*TRANSPORTS, "all"), default="asyncio")
    parser.add_argument("--together", action="store_true", help="in one `Rooms`")
    chosen = parser.parse_args()
    plan = Plan(chosen.rooms, chosen.rate, chosen.seconds, chosen.entering)
    for name, value in plan._asdict().items():
        if not 0 <= value < float("inf") or (not value and name != "seconds"):
            parser.error(f"--{name} must be {'0 or more' if name == 'seconds' else 'above 0'}, not {value}")
    if chosen.transport != "all":
        print(json.dumps(measure(chosen.transport, plan, together=chosen.together)), flush=True)
        return
    for transport in TRANSPORTS:
        # A process each: the memory of one is not that of the next.
        command = [sys.executable, __file__, "--transport", transport, *(["--together"] if chosen.together else [])]
        for name, value in plan._asdict().items():
            command += [f"--{name}", str(value)]
        subprocess.run(command, check=False)


if __name__ == "__main__":
    main()
