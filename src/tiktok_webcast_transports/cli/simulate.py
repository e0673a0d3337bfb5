"""`simulate`: a simulated TikTok for other programs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.sim import SCENARIOS

from ..simulator import Simulator
from .clean import clean
from .stop import INTERRUPTED, Stop
from .streams import Streams

DEFAULT_SCENARIO = "everyday"


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Serve until the time is up or somebody stops it. The first line of stdout is the address."""
    if args.scenario == "list":
        return list_scenarios(streams)
    simulator = Simulator(args.scenario or DEFAULT_SCENARIO, seed=args.seed, port=args.port, speed=args.speed)
    if args.manifest:
        _must_be_writable(Path(args.manifest))
    stop = Stop()
    with stop.on_signals(), stop.after(args.max_seconds), simulator:
        streams.data(simulator.url)
        streams.flush()
        streams.say(
            f"every user name leads to scenario {simulator.options.scenario!r}: {about(simulator.options.scenario)}\n"
            f"  tiktok-webcast watch anna --web-url {simulator.url} --webcast-url {simulator.url} "
            f"--sign-url {simulator.url}\nCtrl-C ends it"
        )
        while not stop.wait(None):
            pass
        if args.manifest:
            manifest = simulator.manifest().to_dict()
            Path(args.manifest).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return INTERRUPTED if stop.interrupted else 0


def about(scenario: str) -> str:
    """Return in one line what happens in a scenario."""
    return clean(" ".join(SCENARIOS[scenario].about.split()))


def _must_be_writable(path: Path) -> None:
    """Refuse a file that cannot be written now, not when hours of simulation are over."""
    try:
        with path.open("ab"):
            pass
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror or error}") from None


def list_scenarios(streams: Streams) -> int:
    """Print the names of all scenarios and what happens in them."""
    for name in SCENARIOS:
        streams.text(f"{name:<20} {about(name)}")
    return 0
