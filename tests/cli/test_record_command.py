"""`record` of the command: files, events beside them, exit codes, Ctrl-C, and a death without warning."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from command_line import command, environment, run, to
from recordings import GUARD, Plays, needs_ffmpeg, pids_of, processes_of, until_gone

from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.recording import Progress, Stage
from tiktok_webcast_transports.cli.record import events_file, progress_line
from tiktok_webcast_transports.simulator import Simulator

pytestmark = needs_ffmpeg


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A simulated TikTok whose rooms are live."""
    with Simulator("everyday") as simulator:
        yield simulator


@contextmanager
def recording(sim: Simulator, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `record` in a process of its own, and wait until something is in the file."""
    arguments = command("record", "ann", "-o", str(path), "--source", "hls", *to(sim.url))
    process = subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True
    )
    try:
        deadline = time.monotonic() + GUARD
        while not path.exists() or path.stat().st_size < 5000:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_files_on_stdout_and_events_beside_them(sim: Simulator, tmp_path: Path) -> None:
    video, events = tmp_path / "a.mp4", tmp_path / "a.jsonl"
    done = run("record", "ann", "-o", str(video), "--duration", "4", "--events", str(events), *to(sim.url))
    assert (done.code, done.out) == (0, f"{video}\n"), done.err
    seconds = Plays(video).seconds
    assert abs(seconds - 4) < 1
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    assert lines[0]["event"] == "connect" and lines[-1]["event"] == "closed"
    times = [line["video_time"] for line in lines if line["video_time"] is not None]
    assert times == sorted(times) and times and max(times) <= seconds + 1
    filtered = tmp_path / "b.jsonl"
    choice = ("--only", "comment,join", "--max-events", "3", "--no-history", "--stats")
    done = run(
        *("record", "ann", "-o", str(tmp_path / "b.mp4"), "--duration", "4", "--events", str(filtered)),
        *choice,
        *to(sim.url),
    )
    assert done.code == 0, done.err
    names = [json.loads(line)["event"] for line in filtered.read_text(encoding="utf-8").splitlines()]
    assert len(names) == 4 and names[-1] == "closed" and set(names[:-1]) <= {"comment", "join"}
    assert json.loads(done.err.splitlines()[-1])["frames"] > 0
    again = run("record", "ann", "-o", str(video), *to(sim.url))
    assert again.code == 2 and "is there already" in again.err


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C otherwise")
def test_ctrl_c_ends_with_a_file_that_plays(sim: Simulator, tmp_path: Path) -> None:
    with recording(sim, tmp_path / "a.mp4") as process:
        # As a terminal does it: to the whole group.
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=GUARD)
    assert process.returncode == 130, err
    assert out == f"{tmp_path / 'a.mp4'}\n" and "Traceback" not in err
    assert Plays(tmp_path / "a.mp4").seconds > 0.5
    until_gone(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("kind", "all_of_python"),
    [("mp4", False), ("mkv", False), ("ts", False), ("flv", False), ("mp4", True)],
    ids=["mp4", "mkv", "ts", "flv", "killall -9 python3"],
)
def test_a_killed_parent_leaves_a_file_that_plays_and_no_ffmpeg(
    sim: Simulator, tmp_path: Path, kind: str, all_of_python: bool
) -> None:
    path = tmp_path / f"a.{kind}"
    with recording(sim, path) as process:
        assert len(processes_of(path)) == 3, "the command, the minder, ffmpeg"
        minder = next(int(number) for number, line in pids_of(path).items() if "_minder.py" in line)
        process.send_signal(signal.SIGKILL)
        if all_of_python:
            os.kill(minder, signal.SIGKILL)
        process.wait(GUARD)
        until_gone(path)
    assert Plays(path).seconds > 0.5


def test_exit_codes(sim: Simulator, tmp_path: Path) -> None:
    there = ("record", "ann", "-o", str(tmp_path / "a.mp4"), *to(sim.url))
    missing = run(*there, "--ffmpeg", "/no/such/ffmpeg")
    assert missing.code == 9 and "was not found" in missing.err and "install" in missing.err
    assert run(*there, "--format", "hls").code == 2
    assert run(*there, "--format", "webm").code == 2
    nowhere = run("record", "ann", "-o", str(tmp_path / "no" / "a.mp4"), *to(sim.url))
    assert nowhere.code == 2 and "cannot be written" in nowhere.err
    both = run(*there, "--events", str(tmp_path / "." / "a.mp4"), "--force", "--duration", "1")
    assert both.code == 2 and "the same file" in both.err
    with Simulator("offline") as offline:
        done = run("record", "ann", "-o", str(tmp_path / "a.mp4"), *to(offline.url))
        assert done.code == 3, done.err
        events = str(tmp_path / "a.jsonl")
        done = run("record", "ann", "-o", str(tmp_path / "a.mp4"), "--events", events, *to(offline.url))
        assert done.code == 3, done.err
    assert list(tmp_path.iterdir()) == [], "they would stand in the way of the next try"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C otherwise")
def test_it_waits_until_the_user_is_live(tmp_path: Path) -> None:
    with Simulator("offline") as away, Simulator("everyday") as live:
        arguments = command("record", "ann", "-o", str(tmp_path / "a.mp4"), "--wait", *to(away.url))
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=environment()) as process:
            assert process.stderr is not None
            assert "waiting until the user is live (offline)" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(GUARD) == 130 and "nothing was recorded" in process.stderr.read()
        assert list(tmp_path.iterdir()) == [], "they would stand in the way of the next try"
        done = run("record", "ann", "-o", str(tmp_path / "a.mkv"), "--wait", "--duration", "1", *to(live.url))
        assert done.code == 0 and "waiting" not in done.err and Plays(tmp_path / "a.mkv").seconds
    with Simulator("not_found") as nobody:
        assert run("record", "ann", "-o", str(tmp_path / "b.mkv"), "--wait", *to(nobody.url)).code == 4


def test_options_for_ffmpeg_itself(sim: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    given = ("--output-options=-metadata title='two words'", "--global-options=-benchmark", "--input-options=-re")
    done = run("record", "ann", "-o", str(path), "--duration", "1", *given, *to(sim.url))
    assert done.code == 0, done.err
    assert b"two words" in path.read_bytes()
    wrong = run("record", "ann", "-o", str(tmp_path / "b.mkv"), "--output-options=-c:v nonsense", *to(sim.url))
    assert wrong.code == 9 and "Unknown encoder 'nonsense'" in wrong.err
    assert run("record", "ann", "-o", str(path), "--input-options=it's", *to(sim.url)).code == 2


def test_events_that_another_program_writes_meanwhile_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("of another one")
    monkeypatch.setattr("os.path.lexists", lambda path: False)
    recorder: Any = SimpleNamespace(segments=0)
    with pytest.raises(ConfigurationError), events_file(str(file), recorder, replace_it=False):
        pass
    assert file.read_text() == "of another one"


def test_progress_in_words() -> None:
    recorder: Any = SimpleNamespace(
        stage=Stage.RECORDING, seconds=61.24, segments=1, progress=Progress(seconds=61.2, size=2_540_000)
    )
    assert progress_line(recorder) == "recording, 61.2 s, 2.5 MB"
    recorder.segments, recorder.progress = 3, Progress(size=1_000_000, speed=1.01, dropped=4)
    assert progress_line(recorder) == "recording, 61.2 s, 1.0 MB, 1.01x, 4 frames dropped, segment 3"
