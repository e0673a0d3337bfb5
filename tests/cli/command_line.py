"""The command as a test runs it: in this process, or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import planted

from tiktok_webcast_transports.cli import main

CAPTURES = Path(__file__).resolve().parents[3] / "shared" / "captures"
GUARD = 60.0
"""Seconds after which a process that should have ended long ago is given up."""
TRANSPORTS = ("asyncio", "anyio", "trio", "sync")


class Result(NamedTuple):
    """What a run of the command came to."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout. Only a line feed ends one."""
        return [json.loads(line) for line in self.out.split("\n") if line]

    @property
    def names(self) -> list[str]:
        """The names of the events on stdout."""
        return [line["event"] for line in self.lines]


class Caller:
    """Runs the command in this process."""

    def __init__(self, capture: Any) -> None:
        self._capture = capture

    def __call__(self, *arguments: str) -> Result:
        self._capture.readouterr()
        code = main(arguments)
        out, err = self._capture.readouterr()
        assert "Traceback" not in err
        planted.search("the command's output", out + err)
        return Result(code, out, err)


def to(url: str) -> tuple[str, ...]:
    """Return the arguments that lead a command to a simulator."""
    return ("--web-url", url, "--webcast-url", url, "--sign-url", url)


def environment(**more: str) -> dict[str, str]:
    """Return the environment for a process: this one's, without what would change the command."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TIKTOK_WEBCAST_", "COV_")) and name not in ("NO_COLOR", "COLUMNS", "LINES")
    }
    return {**plain, **more}


def command(*arguments: str) -> list[str]:
    """Return the command line of a process that runs the command."""
    return [sys.executable, "-m", "tiktok_webcast_transports", *arguments]


def run(*arguments: str, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> Result:
    """Run the command in a process of its own."""
    done = subprocess.run(
        command(*arguments), input=stdin, capture_output=True, timeout=GUARD, env=env or environment(), check=False
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def started(*arguments: str, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Start the command in a process of its own; it is gone at the end of the block."""
    process = subprocess.Popen(
        command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=env or environment(),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextmanager
def simulated(scenario: str, *more: str) -> Iterator[str]:
    """Start a simulator in a process of its own and return its address, from the first line that it prints."""
    with started("simulate", "--scenario", scenario, "--max-seconds", str(GUARD), *more) as process:
        yield first_line(process)


def first_line(process: subprocess.Popen[str]) -> str:
    """Return the next line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def read_until(process: subprocess.Popen[str], name: str) -> list[dict[str, Any]]:
    """Read JSON lines until an event of that name comes."""
    assert process.stdout is not None
    lines: list[dict[str, Any]] = []
    for line in process.stdout:
        lines.append(json.loads(line))
        if lines[-1]["event"] == name:
            return lines
    raise AssertionError(f"no {name} came, only {[line['event'] for line in lines]}")


def ask(url: str, path: str) -> Any:
    """Return a JSON answer of a simulator's own pages."""
    with urllib.request.urlopen(url + path, timeout=GUARD) as answer:
        return json.load(answer)


def capture(name: str) -> Path:
    """Return the path of a shared capture, or skip the test that needs it."""
    import pytest

    path = CAPTURES / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return path


def json_lines(text: str) -> Sequence[dict[str, Any]]:
    """Return the JSON values of lines."""
    return [json.loads(line) for line in text.split("\n") if line]
