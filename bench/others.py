"""How much faster than the others? Each where it is installed, in turns with ours, on the same frames.

    TIKTOKLIVE_PYTHON=.../bin/python CONNECTOR_DIRECTORY=.../node python bench/others.py [--rounds R]

`TIKTOKLIVE_PYTHON` is the interpreter of an environment with TikTokLive 7 (`make test-interop` makes one),
`CONNECTOR_DIRECTORY` a directory in which `npm install tiktok-live-connector` was run. What is not named is left out.
Ours runs as `decode_frames.py` has it, in a process of its own like the others. CPU time of whole processes less their
start; the ratio is of the medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from corpus import frames as make_frames

from tiktok_webcast.capture.frames_file import write_frames

BENCH = Path(__file__).parent
OURS = "tiktok-webcast"


def commands(corpus: Path, frames: int) -> dict[str, list[str]]:
    """What can be compared here: its name, and the command that plays the corpus with it."""
    found = {
        OURS: [sys.executable, str(BENCH / "decode_frames.py"), str(corpus), "--frames", str(frames), "--warmup", "100"]
    }
    python = os.environ.get("TIKTOKLIVE_PYTHON")
    if python:
        # It takes milliseconds a message: fewer frames will do.
        found["TikTokLive 7"] = [python, str(BENCH / "others" / "tiktoklive_7.py"), str(corpus), str(min(frames, 150))]
    directory = os.environ.get("CONNECTOR_DIRECTORY")
    if directory:
        found["tiktok-live-connector"] = [
            "node",
            str(BENCH / "others" / "connector.mjs"),
            directory,
            str(corpus),
            str(frames),
        ]
    return found


def microseconds(command: list[str]) -> float:
    """Play the corpus once; return the CPU time of a message."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return float(result["cpu_seconds"]) / int(result["messages"]) * 1e6


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="How much faster than the others?")
    parser.add_argument("--messages", type=int, default=20_000, help="of the corpus that is made")
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.frames"
        frames = list(make_frames(chosen.messages, 0))
        corpus.write_bytes(write_frames(frames))
        found = commands(corpus, len(frames))
        taken: dict[str, list[float]] = {name: [] for name in found}
        for _ in range(chosen.rounds):
            for name, command in found.items():
                taken[name].append(microseconds(command))
    ours = median(taken[OURS])
    print(f"{'':<24}{'us/message':>12}{'x ours':>10}{'range':>22}")
    for name, each in taken.items():
        print(f"{name:<24}{median(each):>12.1f}{median(each) / ours:>10.1f}{min(each):>12.1f} - {max(each):.1f}")


if __name__ == "__main__":
    main()
