"""The everyday client where people run it, for real: Jupyter, PyInstaller, FastAPI, a thread, a game's loop.

Run by `make test-places`, which installs the project (not editable, as a user does) and those tools into an environment
of its own and names its interpreter in `PLACES_PYTHON`; skipped where that is not set. Each place is a program beside
this file; it prints one JSON object, which is compared with what the simulator says it has sent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tiktok_webcast_transports.simulator import Simulator

PYTHON = os.environ.get("PLACES_PYTHON", "")
HERE = Path(__file__).resolve().parent
GUARD = 900.0
"""Seconds for one place; freezing takes most of a minute, and only a place that hangs takes this long."""

pytestmark = [
    pytest.mark.skipif(not PYTHON, reason="no environment with Jupyter and the like: run `make test-places`"),
    pytest.mark.timeout(GUARD),
]


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A short evening, as fast as clients take it."""
    with Simulator("first_light", speed=0) as simulator:
        yield simulator


def environment(sim: Simulator, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIKTOK_WEBCAST_", "PYTHON"))}
    urls = {f"TIKTOK_WEBCAST_{name}_URL": sim.url for name in ("WEB", "WEBCAST", "SIGN")}
    return {**kept, **urls, "PYTHONUTF8": "1", **more}


def run(command: list[str], env: dict[str, str], folder: Path) -> str:
    """Run a program to its end and return what it has printed."""
    done = subprocess.run(
        command, env=env, cwd=folder, capture_output=True, encoding="utf-8", timeout=GUARD, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Traceback" not in done.stderr
    return done.stdout


def said(sim: Simulator, user: str) -> list[str]:
    """The comments that the simulator sent to a room."""
    return [line["comment"] for line in sim.manifest(user).events if line["event"] == "comment"]


@pytest.mark.parametrize("place", ["in_jupyter", "in_fastapi", "in_thread", "in_game_loop", "in_polled_loop"])
def test_a_place(place: str, sim: Simulator, tmp_path: Path) -> None:
    found: dict[str, Any] = json.loads(
        run([PYTHON, str(HERE / f"{place}.py")], environment(sim), tmp_path).splitlines()[-1]
    )
    assert found["comments"] == said(sim, "ann") != []
    assert found["closed"] == "room_ended"
    assert str(found["room_id"]) == str(sim.manifest("ann").room_id)
    assert found["also"] is True, found


@pytest.mark.skipif(sys.platform == "win32", reason="the frozen program has another name there")
def test_frozen_by_pyinstaller(sim: Simulator, tmp_path: Path) -> None:
    freeze = [PYTHON, "-m", "PyInstaller", "--onedir", "--noconfirm", "--log-level", "ERROR"]
    run([*freeze, str(HERE / "frozen.py")], environment(sim), tmp_path)
    program = str(tmp_path / "dist" / "frozen" / "frozen")
    # Neither this Python nor its packages are to be found: only what is in the frozen program.
    alone = {**environment(sim), "PATH": os.defpath, "HOME": str(tmp_path)}
    found = json.loads(run([program], alone, tmp_path).splitlines()[-1])
    assert (found["comments"], found["closed"]) == (said(sim, "ann"), "room_ended")
    demo = run([program, "demo", "--json", "--duration", "5", "--speed", "0"], alone, tmp_path)
    lines = [json.loads(line) for line in demo.split("\n") if line]
    assert (lines[0]["event"], lines[-1]["reason"]) == ("connect", "room_ended")
    assert {"comment", "gift_streak_end"} <= {line["event"] for line in lines}
