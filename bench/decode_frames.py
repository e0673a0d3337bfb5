"""How fast do frames become events? The benchmark runner of contracts.md section 3.

    python bench/decode_frames.py CORPUS --frames N --warmup W [--only NAMES]
    python bench/decode_frames.py --import-only
    python bench/decode_frames.py --idle N

Prints one JSON object. The frames go where the socket's channel hands its messages over; everything behind that place
is what a real connection runs. The handler is an `async for` over the connection, as the documentation has it.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE_KB = resource.getpagesize() // 1024


def rss_kb() -> int:
    """Memory that this process holds now, in KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KB


def measure_import() -> dict[str, Any]:
    """Import the asyncio transport, and with it all of the core that a connection needs."""
    before = rss_kb()
    start = time.perf_counter()
    import tiktok_webcast_transports.asyncio  # noqa: F401

    seconds = time.perf_counter() - start
    return {"import_seconds": round(seconds, 4), "rss_kb": rss_kb(), "interpreter_rss_kb": before}


def measure_idle(count: int) -> dict[str, Any]:
    """Make `count` clients that are never connected."""
    from tiktok_webcast_transports.asyncio import connect

    kept: list[object] = [connect("warm_up")]
    gc.collect()
    before, start = rss_kb(), time.perf_counter()
    kept.extend([connect(f"user_{number}") for number in range(count)])
    seconds = time.perf_counter() - start
    gc.collect()
    return {
        "idle_kb_per_client": round((rss_kb() - before) / count, 3),
        "us_per_client": round(seconds / count * 1e6, 1),
    }


def measure_frames(frames: list[bytes], warmup: int, only: frozenset[str] | None) -> dict[str, Any]:
    """Decode the first `warmup` frames without looking at the clock, then all of them with it."""
    import asyncio

    from frames_run import Run

    if warmup:
        asyncio.run(Run(only).play(frames[:warmup]))
    gc.collect()
    run = Run(only)
    start, start_cpu = time.perf_counter(), time.process_time()
    asyncio.run(run.play(frames))
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    return {
        "frames": len(frames),
        "events": run.events,
        "messages": run.messages,
        "seconds": round(seconds, 6),
        "cpu_seconds": round(cpu_seconds, 6),
        "peak_rss_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "acks": run.acks,
        "ack_bytes": run.ack_bytes,
        "errors": run.errors,
        "totals": run.totals.as_dict(),
    }


def read_frames(path: Path, count: int | None) -> list[bytes]:
    """Read the first `count` frames of a corpus; `None`: all."""
    return list(_frames(path.read_bytes(), count))


def _frames(data: bytes, count: int | None) -> Iterator[bytes]:
    at = 0
    while at + 4 <= len(data) and (count is None or count > 0):
        end = at + 4 + int.from_bytes(data[at : at + 4], "little")
        if end > len(data):
            raise SystemExit(f"the corpus is cut at byte {len(data)}")
        yield data[at + 4 : end]
        at = end
        count = None if count is None else count - 1


def main(arguments: list[str] | None = None) -> None:
    """Measure what the command line asks for, and print it."""
    parser = argparse.ArgumentParser(description="How fast do frames become events?")
    parser.add_argument("corpus", nargs="?", type=Path, help="a .frames file")
    parser.add_argument("--frames", type=int, default=None, metavar="N", help="take the first N (default: all)")
    parser.add_argument("--warmup", type=int, default=0, metavar="W", help="first decode W of them, not timed")
    parser.add_argument("--only", default=None, metavar="NAMES", help="event names to listen to, with commas between")
    parser.add_argument("--import-only", action="store_true", help="measure the import instead")
    parser.add_argument("--idle", type=int, default=None, metavar="N", help="measure N unconnected clients instead")
    chosen = parser.parse_args(arguments)
    if chosen.import_only:
        result = measure_import()
    elif chosen.idle is not None:
        if chosen.idle < 1:
            parser.error("--idle must be at least 1")
        result = measure_idle(chosen.idle)
    elif chosen.corpus is None:
        parser.error("a corpus, --import-only or --idle is needed")
    else:
        only = None if chosen.only is None else frozenset(filter(None, map(str.strip, chosen.only.split(","))))
        result = measure_frames(read_frames(chosen.corpus, chosen.frames), chosen.warmup, only)
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
