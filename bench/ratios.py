"""How far from the floor? One table of ratios, medians of interleaved rounds in one process (`make bench`).

    python bench/ratios.py [CORPUS] [--frames N] [--rounds R]

Times are this process's CPU time, so that other programs on the machine disturb little; the rounds take turns, so that
what disturbs them disturbs all alike. Without a corpus one is made.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from by_hand import by_hand
from corpus import frames as make_frames
from decode_frames import read_frames
from floor import bare_floor
from frames_run import Run

import tiktok_webcast.push.unpack as unpack_module

try:
    from isal import isal_zlib
except ImportError:
    _isal: Any = None
else:
    _isal = isal_zlib

THREE_NAMES = frozenset({"comment", "gift", "gift_streak_end"})
FLOOR = "bare floor, zlib"

Runner = Callable[[], object]


def runners(frames: list[bytes]) -> dict[str, Runner]:
    """What takes turns, by its name in the table."""

    def path(only: frozenset[str] | None, inflater: Any) -> Runner:
        def run() -> None:
            setattr(unpack_module, "_zlib", inflater)  # noqa: B010 - private: typed as not exported
            asyncio.run(Run(only).play(frames))

        return run

    found: dict[str, Runner] = {
        FLOOR: lambda: bare_floor(frames),
        "by hand, zlib": lambda: asyncio.run(by_hand(frames)),
        "full path, zlib": path(None, zlib),
        "three names, zlib": path(THREE_NAMES, zlib),
    }
    if _isal is not None:
        found["bare floor, isal"] = lambda: bare_floor(frames, _isal.decompress)
        found["by hand, isal"] = lambda: asyncio.run(by_hand(frames, _isal.decompress))
        found["full path, isal"] = path(None, _isal)
        found["three names, isal"] = path(THREE_NAMES, _isal)
    return found


def measure(found: dict[str, Runner], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of every runner in every round, after one round that nobody counts."""
    seconds: dict[str, list[float]] = {name: [] for name in found}
    for number in range(rounds + 1):
        for name, run in found.items():
            gc.collect()
            start = time.process_time()
            run()
            if number:
                seconds[name].append(time.process_time() - start)
    return seconds


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="How far from the floor?")
    parser.add_argument("corpus", nargs="?", type=Path)
    parser.add_argument("--frames", type=int, default=None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--messages", type=int, default=20_000, help="of the corpus that is made")
    chosen = parser.parse_args()
    if chosen.corpus is not None:
        frames = read_frames(chosen.corpus, chosen.frames)
    else:
        frames = list(make_frames(chosen.messages, 0))[: chosen.frames]
    messages = bare_floor(frames)
    taken = measure(runners(frames), chosen.rounds)
    print(f"{len(frames)} frames, {messages} messages, medians of {chosen.rounds} rounds, CPU time")
    print(f"{'':<22}{'us/message':>12}{'x floor':>10}{'range':>16}")
    for name, seconds in taken.items():
        ratios = sorted(mine / floor for mine, floor in zip(seconds, taken[FLOOR], strict=True))
        microseconds = median(seconds) / messages * 1e6
        print(f"{name:<22}{microseconds:>12.1f}{median(ratios):>10.2f}{ratios[0]:>9.2f} - {ratios[-1]:.2f}")


if __name__ == "__main__":
    main()
