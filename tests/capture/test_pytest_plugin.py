"""The pytest plugin, as a project of somebody else uses it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from captures import record

from tiktok_webcast.capture import Input, Verb, read_capture, write_frames

PLUGIN = "tiktok_webcast_transports.pytest_plugin"
TESTS = """
import pytest
from tiktok_webcast import CommentEvent


@pytest.mark.webcast_capture("room.capture", check=True)
def test_capture(webcast_replay, webcast_events):
    assert webcast_events[-1].name == "closed"
    assert webcast_replay.of(CommentEvent) == webcast_replay.named("comment") != []
    assert list(webcast_replay) == webcast_events
    assert len(webcast_replay) == len(webcast_events) > 20
    assert webcast_replay.statistics.messages > 20
    assert "room.capture" in repr(webcast_replay)
    heard = []
    webcast_replay.feed(heard.append)
    assert heard == webcast_events


@pytest.mark.webcast_capture("sub/room.frames", room_id=7)
def test_frames(webcast_events):
    assert len(webcast_events) > 20


@pytest.mark.webcast_capture("room.har")
def test_har(webcast_events):
    assert {event.room_id for event in webcast_events if event.name == "closed"} == {73}


def test_no_mark(webcast_events):
    pass


@pytest.mark.webcast_capture("none.capture")
def test_no_file(webcast_events):
    pass


@pytest.mark.webcast_capture("broken.capture")
def test_broken(webcast_events):
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    _, data = record("first_light")
    frames = [each.arguments[1] for each in read_capture(data) if isinstance(each, Input) and each.verb is Verb.MESSAGE]
    (tmp_path / "test_mine.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    (tmp_path / "room.capture").write_bytes(data)
    (tmp_path / "broken.capture").write_bytes(data[:8] + b"H")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "room.frames").write_bytes(write_frames(frames))
    url = "wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/?room_id=73"
    found = [{"type": "receive", "opcode": 2, "data": base64.b64encode(frame).decode()} for frame in frames]
    entries = [{"request": {"url": url}, "_webSocketMessages": found}]
    (tmp_path / "room.har").write_text(json.dumps({"log": {"entries": entries}}))
    return tmp_path


def test_captures_are_played_for_the_tests_that_name_them(project: Path) -> None:
    installed = any(entry.value == PLUGIN for entry in entry_points(group="pytest11"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(() if installed else ("-p", PLUGIN))]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=100, check=False)
    assert "3 passed, 3 errors" in done.stdout, done.stdout + done.stderr
    for said in (
        "name the file: @pytest.mark.webcast_capture(file, room_id=0, check=False)",
        "none.capture is neither beside test_mine.py nor in",
        "broken.capture: cut at byte",
    ):
        assert said in done.stdout
    markers = subprocess.run(
        [*command, "--markers"], cwd=project, capture_output=True, text=True, timeout=100, check=False
    )
    assert "webcast_capture(file" in markers.stdout


def test_loading_it_imports_nothing_of_the_library() -> None:
    code = (
        f"import sys, {PLUGIN}\n"
        "heavy = [m for m in sys.modules if m.startswith(('google', 'tiktok_webcast.', 'asyncio', 'anyio'))]\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
