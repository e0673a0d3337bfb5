"""How long do our imports take, in themselves and as a ratio to protobuf's?

    python bench/imports.py --runs 9

Each row is the least of so many interpreters of their own, less what an empty one takes, in milliseconds of CPU (other
programs on the machine count little in those). `protobuf` is what any decoder has to import.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from tempfile import TemporaryDirectory

ROWS = {
    "protobuf": "import google.protobuf.descriptor_pool, google.protobuf.message_factory",
    "tiktok_webcast": "import tiktok_webcast",
    "session": "from tiktok_webcast import Session",
    "every_event": "from tiktok_webcast import events; [getattr(events, name) for name in events.__all__]",
    "asyncio_transport": "import tiktok_webcast_transports.asyncio",
}


def main() -> None:
    """Measure every row and print one line of JSON."""
    parser = argparse.ArgumentParser(description="How long do our imports take?")
    parser.add_argument("--runs", type=int, default=9, help="interpreters for each row, of which the fastest counts")
    runs = parser.parse_args().runs
    with TemporaryDirectory() as byte_code:
        # As after `pip install`, whatever the environment says about byte code.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = byte_code
        for code in ROWS.values():
            cpu_seconds(code)
        bare = least(runs, "pass")
        taken = {name: least(runs, code) - bare for name, code in ROWS.items()}
    result = {
        "interpreter_ms": round(bare * 1000, 1),
        "cpu_ms": {name: round(seconds * 1000, 1) for name, seconds in taken.items()},
        "to_protobuf": {name: round(seconds / taken["protobuf"], 2) for name, seconds in taken.items()},
    }
    print(json.dumps(result))


def least(runs: int, code: str) -> float:
    """Return the least CPU time of some interpreters that run the code, in seconds."""
    return min(cpu_seconds(code) for _ in range(runs))


def cpu_seconds(code: str) -> float:
    """Return the CPU time, its system calls included, of one interpreter that runs the code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    main()
