"""The simulator for `rooms.py`, in a process of its own: says where it is, and at the end how much it sent."""

from __future__ import annotations

import json
import sys
import time

from tiktok_webcast.sim import Options, WorldOptions
from tiktok_webcast_transports.simulator import Simulator


def main(rate: float, seconds: float, rooms: int) -> None:
    """Serve until a line comes."""
    epoch_ms = int(time.time() * 1000)
    chosen = WorldOptions("steady", epoch_ms=epoch_ms, options=Options(seconds, rate), images=False)
    with Simulator(options=chosen) as simulator:
        ahead = simulator.world.clock_ms(simulator.now()) - time.time() * 1000
        print(json.dumps({"url": simulator.url, "clock_ahead_ms": ahead}), flush=True)
        sys.stdin.readline()
        sent = sum(simulator.manifest(f"user{number}").wire["messages"] for number in range(rooms))
        print(json.dumps({"sent": sent, "cpu_seconds": round(time.process_time(), 3)}), flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
