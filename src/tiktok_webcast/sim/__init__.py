"""A TikTok to test against, pure and seeded: scripted rooms, a web with pages and JSON, a sign server and sockets.

`tiktok_webcast_transports.simulator` puts it on a loopback port; [`Play`][] drives a `Session` against it in memory.
"""

from .door import Door
from .feed import Feed
from .link import Link
from .log import Entry, Log
from .play import Play
from .scenario import Options, Scenario
from .scenarios import SCENARIOS, find_scenario
from .truth import Manifest, differences, totals
from .world import World, WorldOptions

__all__ = [
    "SCENARIOS",
    "Door",
    "Entry",
    "Feed",
    "Link",
    "Log",
    "Manifest",
    "Options",
    "Play",
    "Scenario",
    "World",
    "WorldOptions",
    "differences",
    "find_scenario",
    "totals",
]
