"""What the tests with a real ffmpeg share."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tiktok_webcast.recording import RecordingOptions
from tiktok_webcast.room import RoomFailure
from tiktok_webcast.room_info import RoomInfo
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast_transports.recording import Recorder, make_recorder
from tiktok_webcast_transports.simulator import Simulator

GUARD = 60.0
"""Seconds after which what should have happened long ago is given up."""
needs_ffmpeg = pytest.mark.skipif(
    not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="there is no ffmpeg with ffprobe on this machine"
)


class Plays:
    """What ffprobe says of a file, after decoding all of it."""

    def __init__(self, path: str | Path) -> None:
        asked = ["-show_entries", "format=duration:stream=codec_name,codec_type,width,height", "-of", "json"]
        done = subprocess.run(
            ["ffprobe", "-v", "error", *asked, "-i", f"file:{path}"], capture_output=True, timeout=GUARD, check=False
        )
        assert done.returncode == 0, f"{path} does not play: {done.stderr.decode()}"
        self.found: dict[str, Any] = json.loads(done.stdout)
        decoded = subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-progress", "pipe:1", "-i", f"file:{path}", "-f", "null", "-"],
            capture_output=True,
            timeout=GUARD,
            check=False,
            text=True,
        )
        assert decoded.returncode == 0, decoded.stderr
        times = [line.partition("=")[2] for line in decoded.stdout.splitlines() if line.startswith("out_time_us=")]
        self.seconds = int(times[-1]) / 1e6
        self.complaints = decoded.stderr
        """What could not be decoded well."""
        assert abs(float(self.found["format"].get("duration", self.seconds)) - self.seconds) < 1
        self.kinds = {stream["codec_type"]: stream["codec_name"] for stream in self.found["streams"]}
        self.sizes = [(entry["width"], entry["height"]) for entry in self.found["streams"] if "width" in entry]


class Watched:
    """A recorder whose progress can be waited for. With `change`, it is told that of the room instead of the truth."""

    def __init__(self, sim: Simulator, path: Path | str, **choices: Any) -> None:
        ffmpeg, change = choices.pop("ffmpeg", None), choices.pop("change", None)
        self._news = threading.Condition()
        self.recorder: Recorder = make_recorder(
            "ann",
            path,
            options=RecordingOptions(**{"retry_delay": 0.1, **choices}),
            config=SessionConfig(endpoints=sim.endpoints),
            ffmpeg=ffmpeg,
            on_progress=self._told,
        )
        self.recorder.on_end = self._told
        if change is not None:
            self._change(change)

    def _change(self, change: Callable[[RoomInfo], RoomInfo | RoomFailure]) -> None:
        ask = self.recorder._ask

        def changed(last: RoomInfo | None) -> RoomInfo | RoomFailure:
            told = ask(last)
            return change(told) if isinstance(told, RoomInfo) else told

        self.recorder._ask = changed

    def _told(self, recorder: Recorder) -> None:
        with self._news:
            self._news.notify_all()

    def until(self, true: Callable[[Recorder], bool]) -> None:
        """Wait until something is true of the recorder."""
        with self._news:
            reached = self._news.wait_for(lambda: true(self.recorder) or not self.recorder.running, GUARD)
        assert reached and true(self.recorder), (self.recorder.error, self.recorder.notes)

    def until_seconds(self, seconds: float) -> None:
        """Wait until so much video is recorded."""
        self.until(lambda recorder: recorder.seconds >= seconds)


def processes_of(text: str | Path) -> list[str]:
    """Return the command lines of all processes that name something; zombies have none."""
    return list(pids_of(text).values())


def pids_of(text: str | Path) -> dict[str, str]:
    """Return the same by the processes' numbers."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        if entry.parent.name == str(os.getpid()):
            continue
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(text) in line:
            found[entry.parent.name] = line
    return found


def until(true: Callable[[], bool]) -> None:
    """Wait until something is true that nothing tells of."""
    deadline = time.monotonic() + GUARD
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def until_gone(text: str | Path) -> None:
    """Wait until no process names something."""
    deadline = time.monotonic() + GUARD
    while left := processes_of(text):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)
