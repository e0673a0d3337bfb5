"""`demo`: a simulated room, watched in the same process."""

from __future__ import annotations

import argparse

from tiktok_webcast.sim import find_scenario

from ..simulator import Simulator
from .settings import read_settings
from .simulate import DEFAULT_SCENARIO, list_scenarios
from .stop import Stop
from .streams import Streams
from .watch import watch

HOST = "mia_live"
"""The user whose simulated room is watched."""
GRACE = 10.0
"""Seconds that a slow machine has, beyond the room's own time, to find an endless room, enter it and see it end."""


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Simulate a room and watch it by the same way as a real one."""
    if args.scenario == "list":
        return list_scenarios(streams)
    stop = Stop()
    with (
        stop.on_signals(),
        Simulator(
            args.scenario or DEFAULT_SCENARIO,
            seed=args.seed,
            speed=args.speed,
            duration=args.duration * (args.speed or 1),
        ) as simulator,
    ):
        args.web_url = args.webcast_url = args.sign_url = simulator.url
        # Nothing in the environment may lead the demo elsewhere.
        settings = read_settings(args, {})
        # A scenario that ends by itself does not know how long it may take.
        grace = GRACE if find_scenario(simulator.options.scenario).endless else 0.0
        with stop.after(args.duration + grace):
            return watch(HOST, settings, args, streams, stop)
