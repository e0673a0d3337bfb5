"""Real recordings by a real ffmpeg of the simulator's streams: each file plays, and no process is left."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import anyio
import anyio.to_thread
import pytest
from recordings import GUARD, Plays, Watched, needs_ffmpeg, until_gone

from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.recording import TARGETS, End, FfmpegFailed, FfmpegMissing, NotWritable, RecordingOptions
from tiktok_webcast.room_info import QUALITIES
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast_transports._ffmpeg import how_to_install
from tiktok_webcast_transports.recording import Recorder, find_ffmpeg, record, record_async
from tiktok_webcast_transports.simulator import Simulator

pytestmark = needs_ffmpeg
WIDTHS = {"origin": [480], "uhd": [400], "hd": [320], "sd": [240], "ld": [160], "audio": []}


@pytest.mark.parametrize("source", ["flv", "hls"])
def test_each_quality(sim: Simulator, tmp_path: Path, source: str) -> None:
    all_of_them = {
        name: Watched(sim, tmp_path / f"{name}.mp4", quality=name, source=source, duration=2) for name in QUALITIES
    }
    for watched in all_of_them.values():
        watched.recorder.start()
    for name, watched in all_of_them.items():
        result = watched.recorder.wait()
        assert result is not None and result.end is End.DURATION and len(result.files) == 1
        plays = Plays(result.files[0].path)
        assert [width for width, _ in plays.sizes] == WIDTHS[name] and plays.kinds["audio"] == "aac"
        assert abs(plays.seconds - 2) < 1 and abs(result.seconds - plays.seconds) < 1
    until_gone(tmp_path)


@pytest.mark.parametrize("source", ["flv", "hls"])
def test_each_target(sim: Simulator, tmp_path: Path, source: str) -> None:
    started = {}
    for name, target in TARGETS.items():
        transcode = name in ("webm", "mov")
        watched = Watched(sim, tmp_path / f"video.{name}", quality="sd", source=source, duration=2, transcode=transcode)
        started[target] = watched
        watched.recorder.start()
    for target, watched in started.items():
        result = watched.recorder.wait()
        assert result is not None and result.end is End.DURATION, target.name
        plays = Plays(result.files[0].path)
        assert abs(plays.seconds - 2) < 1, target.name
        assert ("video" in plays.kinds) is not target.audio_only
    until_gone(tmp_path)


def test_stopped_at_once_after_a_while_and_before_it_began(sim: Simulator, tmp_path: Path) -> None:
    at_once, later, early = (
        Watched(sim, tmp_path / f"{name}.mp4", source="hls") for name in ("once", "later", "early")
    )
    with at_once.recorder, later.recorder, early.recorder:
        early.recorder.stop()
        at_once.until(lambda recorder: recorder.process is not None)
        at_once.recorder.stop()
        later.until_seconds(5)
        later.recorder.stop()
    for watched, least in ((at_once, 0.0), (later, 4.0)):
        result = watched.recorder.wait()
        assert result is not None and result.end is End.STOPPED
        plays = Plays(result.files[0].path)
        assert plays.seconds > least and abs(plays.seconds - result.seconds) < 1
    result = early.recorder.wait()
    assert result is not None and result.files == () and not (tmp_path / "early.mp4").exists()
    until_gone(tmp_path)


def test_a_cut_is_mended_and_the_segments_are_joined(sim: Simulator, tmp_path: Path) -> None:
    watched = Watched(sim, tmp_path / "it's {x}.mp4".replace("{x}", "{nickname}"))
    with watched.recorder:
        watched.until_seconds(2)
        sim.cut_video()
        watched.until(lambda recorder: recorder.segments == 2)
        watched.until_seconds(4)
    result = watched.recorder.wait()
    assert result is not None and [file.segments for file in result.files] == [2]
    assert [path.name for path in tmp_path.iterdir()] == [Path(result.files[0].path).name]
    assert abs(Plays(result.files[0].path).seconds - result.seconds) < 1 and result.seconds > 3.9
    until_gone(tmp_path)


@pytest.mark.parametrize("source", ["flv", "hls"])
def test_an_expired_address_is_asked_for_anew(
    sim: Simulator, tmp_path: Path, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    watched = Watched(sim, tmp_path / "a.mkv", source=source, stall=3.0, quit_within=2.0)
    with watched.recorder:
        watched.until_seconds(2)
        sim.expire_video()
        sim.cut_video()
        watched.until(lambda recorder: recorder.segments == 2 and recorder.progress.seconds > 1)
    result = watched.recorder.wait()
    assert result is not None
    assert abs(sum(Plays(file.path).seconds for file in result.files) - result.seconds) < 1
    asked = [entry for entry in sim.log if entry.kind == "http" and "/webcast/room/info" in entry.detail["path"]]
    assert len(asked) >= 2
    assert "sign=" not in caplog.text + str(result.notes)
    until_gone(tmp_path)


def test_a_change_of_size_begins_a_new_file(sim: Simulator, tmp_path: Path) -> None:
    watched = Watched(sim, tmp_path / "a.mp4")
    with watched.recorder:
        watched.until_seconds(2)
        sim.resize_video()
        watched.until(lambda recorder: recorder.segments == 2 and recorder.progress.seconds > 1)
    result = watched.recorder.wait()
    assert result is not None and [Path(file.path).name for file in result.files] == ["a.mp4", "a.2.mp4"]
    first, second = (Plays(file.path) for file in result.files)
    assert (first.sizes, second.sizes) == ([(480, 270)], [(160, 90)])
    assert abs(first.seconds - result.files[0].seconds) < 1 and first.seconds > 1.5
    assert any("kept apart" in note for note in result.notes)
    until_gone(tmp_path)


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 KB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, text=True) if sys.platform == "linux" else None
    if done is None or done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip() if done else sys.platform}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts", "flv"])
def test_a_full_disk_ends_it_with_a_file_that_plays(sim: Simulator, small_disk: Path, kind: str) -> None:
    watched = Watched(sim, small_disk / f"a.{kind}", source="hls")
    with pytest.raises(FfmpegFailed, match="No space left on device") as caught:
        watched.recorder.run()
    plays = Plays(caught.value.files[0])
    assert 0.5 < plays.seconds < 8
    until_gone(small_disk)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_device_that_is_full(sim: Simulator) -> None:
    watched = Watched(sim, "/dev/full", source="hls", target="mkv", overwrite=True)
    with pytest.raises(FfmpegFailed, match="No space left on device"):
        watched.recorder.run()
    assert os.path.exists("/dev/full")


def test_paths_that_cannot_be_written(sim: Simulator, tmp_path: Path) -> None:
    (tmp_path / "there.mp4").write_bytes(b"mine")
    (tmp_path / "folder.mp4").mkdir()
    for name, words in (("no/a.mp4", "No such file"), ("there.mp4", "there already"), ("folder.mp4", "there already")):
        with pytest.raises(NotWritable, match=words):
            Watched(sim, tmp_path / name).recorder.run()
    assert (tmp_path / "there.mp4").read_bytes() == b"mine"


def test_ffmpegs_own_words(sim: Simulator, tmp_path: Path) -> None:
    watched = Watched(sim, tmp_path / "a.mp4", source="hls", output_options=("-c:v", "nonsense"))
    with pytest.raises(FfmpegFailed, match="Unknown encoder 'nonsense'"):
        watched.recorder.run()
    assert list(tmp_path.iterdir()) == []


def test_no_ffmpeg_says_where_it_was_looked_for_and_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FfmpegMissing, match="as the option says") as caught:
        find_ffmpeg(tmp_path / "nothing")
    assert str(tmp_path / "nothing") in str(caught.value)
    with pytest.raises(FfmpegMissing, match="as FFMPEG says"):
        find_ffmpeg(environment={"FFMPEG": "/no/such", "PATH": os.environ["PATH"]})
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(FfmpegMissing, match="imageio-ffmpeg") as caught:
        find_ffmpeg(environment={"PATH": str(tmp_path)})
    assert "TIKTOK_WEBCAST_FFMPEG (not set)" in str(caught.value) and "install" in caught.value.install
    bundled = ModuleType("imageio_ffmpeg")
    bundled.__dict__["get_ffmpeg_exe"] = lambda: "/bundled/ffmpeg"
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", bundled)
    assert find_ffmpeg(environment={"PATH": str(tmp_path)}) == "/bundled/ffmpeg"
    assert find_ffmpeg(environment={"TIKTOK_WEBCAST_FFMPEG": "ffmpeg", "PATH": os.environ["PATH"]}).endswith("ffmpeg")


@pytest.mark.parametrize(
    ("platform", "program", "words"),
    [
        ("win32", "", "winget install Gyan.FFmpeg"),
        ("darwin", "", "brew install ffmpeg"),
        ("linux", "apt-get", "sudo apt-get install ffmpeg"),
        ("linux", "zypper", "sudo zypper install ffmpeg"),
        ("linux", "", "pip install imageio-ffmpeg"),
    ],
)
def test_each_system_is_told_its_own_way_to_install_it(
    platform: str, program: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if program:
        (tmp_path / program).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert how_to_install(platform).startswith(words)


# --- forms ------------------------------------------------------------------------------------------------------------


def test_the_blocking_form(sim: Simulator, tmp_path: Path) -> None:
    options = RecordingOptions(source="hls", duration=2)
    result = record(
        "ann", tmp_path / "{unique_id} {quality}.mp4", options=options, config=SessionConfig(endpoints=sim.endpoints)
    )
    assert Path(result.files[0].path).name == "ann origin.mp4" and abs(Plays(result.files[0].path).seconds - 2) < 1
    with pytest.raises(ConfigurationError, match=r"no .nobody."):
        record("ann", tmp_path / "{nobody}.mp4")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_form_ends_in_good_order_when_cancelled(sim: Simulator, tmp_path: Path, backend: str) -> None:
    config = SessionConfig(endpoints=sim.endpoints)

    async def main() -> None:
        options = RecordingOptions(source="hls", duration=2)
        result = await record_async("ann", tmp_path / "a.mp4", options=options, config=config)
        assert abs(Plays(result.files[0].path).seconds - 2) < 1
        async with anyio.create_task_group() as tasks:
            begun = threading.Event()

            def told(recorder: Recorder) -> None:
                if recorder.seconds:
                    begun.set()

            async def cancelled() -> None:
                endless = RecordingOptions(source="hls")
                await record_async("ann", tmp_path / "b.mp4", options=endless, config=config, on_progress=told)

            tasks.start_soon(cancelled)
            assert await anyio.to_thread.run_sync(begun.wait, GUARD)
            tasks.cancel_scope.cancel()
        assert Plays(tmp_path / "b.mp4").seconds > 0

    anyio.run(main, backend=backend)
    until_gone(tmp_path)
