"""Runs in a bare interpreter, by test_purity.py: import and drive the whole core with everything impure taken away.

What `protobuf` itself loads is allowed (design.md, Rule 1), so it is imported first; after that nothing that does I/O,
threads, clocks or chance can be imported by the core or called from it.
"""

from __future__ import annotations

import importlib
import importlib.abc
import pkgutil
import random
import sys
import time
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn

BLOCKED = (
    "socket", "ssl", "select", "selectors", "asyncio", "anyio", "trio", "threading", "subprocess", "http.client",
    "urllib.request", "logging", "tempfile", "httpcore", "h11", "wsproto", "multiprocessing", "concurrent",
)  # fmt: skip


class Blocker(importlib.abc.MetaPathFinder):
    """Refuses to import what the core may not have."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if any(name == blocked or name.startswith(blocked + ".") for blocked in BLOCKED):
            raise ImportError(f"the core may not import {name}")


def forbid(owner: Any, name: str) -> None:
    """Make a function raise when it is called."""

    def refuse(*args: object, **options: object) -> NoReturn:
        raise RuntimeError(f"the core may not call {owner.__name__}.{name}")

    setattr(owner, name, refuse)


def main(source: str) -> None:
    # What protobuf loads is its own affair; the modules below are hidden from everybody else.
    import google.protobuf.descriptor_pb2
    import google.protobuf.descriptor_pool
    import google.protobuf.message
    import google.protobuf.message_factory  # noqa: F401

    for loaded in list(sys.modules):
        if any(loaded == blocked or loaded.startswith(blocked + ".") for blocked in BLOCKED):
            del sys.modules[loaded]
    sys.meta_path.insert(0, Blocker())
    sys.path.insert(0, source)
    for owner, name in (
        (time, "time"), (time, "monotonic"), (time, "perf_counter"), (time, "sleep"), (random, "random"),
        (random, "randint"), (random, "randrange"), (random, "choice"), (random, "seed"),
    ):  # fmt: skip
        forbid(owner, name)

    package = importlib.import_module("tiktok_webcast")
    for module in pkgutil.walk_packages(package.__path__, "tiktok_webcast."):
        # What needs hypothesis or pytest is for tests, and those load everything.
        if module.name != "tiktok_webcast.testing" and not module.name.startswith("tiktok_webcast.testing."):
            importlib.import_module(module.name)

    # Without files, too. The import system has read all that it needs.
    import builtins

    forbid(builtins, "open")
    core: Any = package
    sim: Any = importlib.import_module("tiktok_webcast.sim.play")
    world: Any = importlib.import_module("tiktok_webcast.sim.world")
    here = "http://127.0.0.1:80"
    config = core.SessionConfig(endpoints=core.Endpoints(here, here, here))
    options = world.WorldOptions("first_light")
    play = sim.Play(core.Session("@ann", config=config, rng=random.Random(1)), world.World(options, base_url=here))
    events = play.run_to_end(until=600.0)
    for event in events:
        event.to_dict()
    print("pure:", len(events), "events")


if __name__ == "__main__":
    main(sys.argv[1])
