"""What becomes of ffmpeg when it will not stop, cannot run, or somebody is killed: nothing is left behind."""

from __future__ import annotations

import base64
import errno
import math
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from recordings import GUARD, Plays, Watched, needs_ffmpeg, processes_of, until_gone

from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.recording import (
    TARGETS,
    AskRoom,
    End,
    FfmpegFailed,
    RecordingMachine,
    RecordingOptions,
    Segment,
    Signal,
    StartFfmpeg,
    Way,
    record_arguments,
    record_environment,
)
from tiktok_webcast.room_info import RoomInfo, Stream
from tiktok_webcast_transports import _minder, _recording_files
from tiktok_webcast_transports._ffmpeg import Ffmpeg, find_ffmpeg
from tiktok_webcast_transports._recorder import LINES_WAITING
from tiktok_webcast_transports._recording_files import Finisher
from tiktok_webcast_transports.recording import Recorder, record_async
from tiktok_webcast_transports.simulator import Simulator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
STUBBORN = """#!{python}
import pathlib, signal, sys, time

def terminated(number, frame):
    pathlib.Path({told!r}).write_text("terminated")
    if {obeys}:
        sys.exit(255)

signal.signal(signal.SIGTERM, terminated)
print("out_time_us=1000000\\ntotal_size=9\\nprogress=continue", flush=True)
while True:
    time.sleep(60)
"""


def stubborn(folder: Path, *, obeys: bool) -> Path:
    """An ffmpeg that does not listen to `q`, and to SIGTERM perhaps."""
    program = folder / "ffmpeg"
    program.write_text(STUBBORN.format(python=sys.executable, told=str(folder / "told"), obeys=obeys))
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("obeys", [True, False], ids=["terminated", "killed"])
def test_an_ffmpeg_that_will_not_stop(sim: Simulator, tmp_path: Path, obeys: bool) -> None:
    program, path = stubborn(tmp_path, obeys=obeys), tmp_path / "a.mkv"
    # What obeys has all the time that a slow machine needs; nothing but a kill ends the other.
    watched = Watched(sim, path, ffmpeg=program, quit_within=0.2, terminate_within=GUARD if obeys else 0.2)
    with watched.recorder:
        watched.until_seconds(1)
        assert processes_of(path)
    result = watched.recorder.wait()
    assert result is not None and result.end is End.STOPPED
    assert not obeys or (tmp_path / "told").read_text() == "terminated"
    until_gone(path)


def test_an_abort_kills_at_once(sim: Simulator, tmp_path: Path) -> None:
    program, path = stubborn(tmp_path, obeys=False), tmp_path / "a.mkv"
    watched = Watched(sim, path, ffmpeg=program, quit_within=GUARD, terminate_within=GUARD)
    with watched.recorder:
        watched.until_seconds(1)
        watched.recorder.stop()
        watched.recorder.abort()
    until_gone(path)
    assert not (tmp_path / "told").exists()


def test_the_minder_climbs_the_ladder_by_itself_once_nobody_is_there(tmp_path: Path) -> None:
    program = stubborn(tmp_path, obeys=False)
    command = [sys.executable, "-I", "-S", str(_minder.__file__), "0.2", "0.2", str(program), "marked-by-test"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as minder:
        assert minder.stdout is not None and minder.stdin is not None
        assert minder.stdout.readline() == b"out_time_us=1000000\n"
        minder.stdin.close()
        assert minder.wait(GUARD) == 128 + signal.SIGKILL
    until_gone(program)


NO_LIBRARIES = "#!/bin/sh\necho 'error while loading shared libraries: x' >&2\nexit 127\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [("#!/no/such/interpreter\n", "cannot be run"), (NO_LIBRARIES, "shared libraries")],
    ids=["no interpreter", "no libraries"],
)
def test_an_ffmpeg_that_cannot_run_is_not_tried_again(sim: Simulator, tmp_path: Path, text: str, words: str) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(text)
    program.chmod(0o755)
    watched = Watched(sim, tmp_path / "a.mp4", ffmpeg=program)
    with pytest.raises(FfmpegFailed, match=words) as caught:
        watched.recorder.run()
    assert "Traceback" not in str(caught.value) and not (tmp_path / "a.mp4").exists()
    assert len([entry for entry in sim.log if "/webcast/room/info" in str(entry.detail.get("path"))]) <= 1


@needs_ffmpeg
def test_a_killed_minder_leaves_no_ffmpeg_and_the_recording_goes_on(sim: Simulator, tmp_path: Path) -> None:
    watched = Watched(sim, tmp_path / "a.mkv")
    with watched.recorder:
        watched.until_seconds(2)
        os.kill(watched.recorder.process.pid, signal.SIGKILL)
        watched.until(lambda recorder: recorder.segments == 2 and recorder.progress.seconds > 1)
        assert len(processes_of(tmp_path)) == 2, "the minder and the ffmpeg of the second segment"
    result = watched.recorder.wait()
    assert result is not None and "Immediate exit" not in str(result.notes), "told once, it finishes the file"
    assert abs(sum(Plays(file.path).seconds for file in result.files) - result.seconds) < 1
    until_gone(tmp_path)


@needs_ffmpeg
def test_a_system_that_tells_everybody_to_terminate_gets_a_whole_file(sim: Simulator, tmp_path: Path) -> None:
    """As `systemctl stop` does: the minder and ffmpeg both."""
    watched = Watched(sim, tmp_path / "a.mp4", tries=0)
    with watched.recorder:
        watched.until_seconds(2)
        os.killpg(watched.recorder.process.pid, signal.SIGTERM)
        watched.recorder.stop()
    result = watched.recorder.wait()
    assert result is not None and "Immediate exit" not in str(result.notes)
    assert abs(Plays(result.files[0].path).seconds - result.seconds) < 1
    until_gone(tmp_path)


@needs_ffmpeg
def test_a_listener_that_fails_does_not_end_the_recording(
    sim: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(recorder: Recorder) -> None:
        raise ZeroDivisionError

    watched = Watched(sim, tmp_path / "a.mkv", duration=2)
    watched.recorder._on_progress = fails
    result = watched.recorder.run()
    assert result.end is End.DURATION and "ZeroDivisionError" in caplog.text


@needs_ffmpeg
@pytest.mark.timeout(60)
def test_a_listener_that_waits_for_the_recording_is_told_that_it_cannot(
    sim: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refused: list[str] = []

    def waits(recorder: Recorder) -> None:
        for wait in (recorder.wait, recorder.wait_begun, recorder.join):
            with pytest.raises(LocalProtocolError) as error:
                wait()
            refused.append(str(error.value))
        recorder.close()

    watched = Watched(sim, tmp_path / "a.mkv")
    watched.recorder._on_progress = waits
    result = watched.recorder.run()
    assert result.end is End.STOPPED and "would wait for itself" in caplog.text and len(set(refused)) == 1


TALKATIVE = """#!{python}
import sys

print("out_time_us=1000000\\ntotal_size=9\\nprogress=continue", flush=True)
sys.stdin.read(1)  # Until it is told to stop: by then its progress is known.
for number in range({lines}):
    print("[error] line", number, file=sys.stderr)
"""


def test_lines_that_nobody_reads_are_dropped_and_counted(sim: Simulator, tmp_path: Path) -> None:
    program, lines = tmp_path / "ffmpeg", LINES_WAITING + 1000
    program.write_text(TALKATIVE.format(python=sys.executable, lines=lines))
    program.chmod(0o755)

    def blocks(recorder: Recorder) -> None:
        ffmpeg = recorder._process
        if ffmpeg is not None and not ffmpeg._ended:
            ffmpeg.tell(Signal.QUIT)
            for thread in ffmpeg._threads:
                thread.join(GUARD)

    watched = Watched(sim, tmp_path / "a.mkv", ffmpeg=program, tries=0, quit_within=GUARD)
    watched.recorder._on_progress = blocks
    result = watched.recorder.run()
    assert result is not None
    assert f"{watched.recorder._lines_dropped} lines of ffmpeg were not read" in str(result.notes)
    # Whether the block of progress that is being handled was all told by then is ffmpeg's affair.
    assert 1000 <= watched.recorder._lines_dropped <= 1003


def test_exactly_so_many_lines_wait(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.mkv", lambda info: pytest.fail("not started"), ffmpeg=sys.executable)
    for number in range(LINES_WAITING + 2):
        recorder._said(f"[error] line {number}")
    assert (recorder._inbox.qsize(), recorder._lines_dropped) == (LINES_WAITING, 2)


@pytest.mark.parametrize("complains", [True, False])
def test_a_join_that_ffmpeg_complains_about_keeps_the_segments(tmp_path: Path, complains: bool) -> None:
    """Its exit code does not tell: of a disk that is full at the very end, 5.1 exits with 0 (tried)."""
    program, said = tmp_path / "ffmpeg", "[error] Error writing trailer: No space left on device" if complains else ""
    program.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "open(sys.argv[-1].removeprefix('file:'), 'wb').write(bytes(1900))\n"
        f"print({said!r}, file=sys.stderr)\n"
    )
    program.chmod(0o755)
    segments = [Segment(number, "hd", path=str(tmp_path / f"{number}.mkv"), seconds=2.0) for number in (1, 2)]
    for segment in segments:
        Path(segment.path).write_bytes(bytes(1000))
    finisher = Finisher(str(program), TARGETS["mkv"], RecordingOptions())
    files = finisher.finish(segments)
    assert sorted(path.name for path in tmp_path.glob("*.mkv*")) == (["1.mkv", "2.mkv"] if complains else ["1.mkv"])
    assert [file.segments for file in files] == ([1, 1] if complains else [2])
    assert ("No space left" in str(finisher.notes)) is complains


def test_segments_are_kept_where_no_process_can_be_started_to_join_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    segments = [Segment(number, "hd", path=str(tmp_path / f"{number}.mkv"), seconds=2.0) for number in (1, 2)]
    segments[0].cut_at = 1.0
    for segment in segments:
        Path(segment.path).write_bytes(bytes(1000))
    finisher = Finisher(sys.executable, TARGETS["mkv"], RecordingOptions())
    monkeypatch.setattr(subprocess, "Popen", refuse)
    files = finisher.finish(segments)
    assert [(file.segments, file.size) for file in files] == [(1, 1000), (1, 1000)]
    assert [note.partition(":")[0] for note in finisher.notes] == ["not cut", "not joined"]
    assert "Cannot allocate memory" in finisher.notes[0]


def test_segments_are_kept_where_one_cannot_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "It is used by another process")

    def succeed(program: str, arguments: list[str], *_: object) -> int:
        Path(arguments[-1].removeprefix("file:")).write_bytes(bytes(2000))
        return 0

    segments = [Segment(number, "hd", path=str(tmp_path / f"{number}.mkv"), seconds=2.0) for number in (1, 2)]
    segments[0].cut_at = 1.0
    for segment in segments:
        Path(segment.path).write_bytes(bytes(1000))
    monkeypatch.setattr(_recording_files, "run_ffmpeg", succeed)
    monkeypatch.setattr(os, "replace", refuse)
    finisher = Finisher(sys.executable, TARGETS["mkv"], RecordingOptions())
    assert [(file.segments, file.size) for file in finisher.finish(segments)] == [(1, 1000), (1, 1000)]
    assert finisher.notes == [f"not {what}: It is used by another process" for what in ("cut", "joined")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.mkv", "2.mkv"]


def test_a_limit_may_be_longer_than_a_system_counts(tmp_path: Path) -> None:
    options = RecordingOptions(stall=1e300)
    recorder = Recorder(
        tmp_path / "a.mkv", lambda info: pytest.fail("not asked"), options=options, ffmpeg=sys.executable
    )
    machine = RecordingMachine(options)
    machine.start(now=0.0)
    assert machine.next_action() == AskRoom()
    streams = (Stream("hd", "flv", "https://a/b"),)
    machine.room_told(replace(RoomInfo.from_data({}), streams=streams), now=0.0)
    assert isinstance(machine.next_action(), StartFfmpeg)
    machine.ffmpeg_started("a.mkv", now=0.0)
    happened: list[float] = []
    recorder._inbox.put(happened.append)
    recorder._step(machine)
    assert len(happened) == 1


def test_waiting_may_be_without_an_end(tmp_path: Path) -> None:
    def ask(info: object) -> RoomInfo:
        raise RuntimeError("nobody knows")

    recorder = Recorder(tmp_path / "a.mkv", ask, ffmpeg=sys.executable)
    recorder.start()
    assert not recorder.wait_begun(math.inf)
    assert recorder.join(math.inf)
    with pytest.raises(RuntimeError, match="nobody knows"):
        recorder.wait(1e300)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_recordings_leave_the_program_s_threads_to_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    asked, answer = threading.Event(), threading.Event()

    def ask(info: object) -> RoomInfo:
        asked.set()
        answer.wait(GUARD)
        raise RuntimeError("nobody knows")

    def make(user: str, path: Path) -> Recorder:
        return Recorder(path, ask, ffmpeg=sys.executable)

    monkeypatch.setattr("tiktok_webcast_transports.recording.make_recorder", make)

    async def main() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(record_async, "ann", tmp_path / "a.mkv")
            while not asked.is_set():
                await anyio.lowlevel.checkpoint()
            with anyio.fail_after(GUARD / 2):
                await anyio.to_thread.run_sync(answer.is_set)
            tasks.cancel_scope.cancel()
        assert not answer.is_set()

    anyio.run(main, backend=backend)
    answer.set()


@needs_ffmpeg
def test_a_proxy_s_password_reaches_ffmpeg_and_nobody_who_lists_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "*")
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(GUARD)
        way = Way(proxy=f"http://me:swordfish@127.0.0.1:{listener.getsockname()[1]}")
        stream = Stream("hd", "flv", "http://pull.tiktok.invalid/live.flv")
        process = Ffmpeg(
            find_ffmpeg(),
            record_arguments(stream, str(tmp_path / "a.ts"), TARGETS["ts"], way=way),
            RecordingOptions(),
            environment=record_environment(way),
            on_progress=lambda line: None,
            on_diagnostic=lambda line: None,
            on_exit=lambda code: ended.set(),
        )
        asked = []
        for refusal in (b"407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=a", b"404 Not Found"):
            peer, _ = listener.accept()
            with peer:
                peer.settimeout(GUARD)
                asked.append(peer.recv(4096))
                listed = processes_of(tmp_path)
                peer.sendall(b"HTTP/1.1 " + refusal + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    assert ended.wait(GUARD) and process.process.returncode != 0
    assert all(request.startswith(b"GET http://pull.tiktok.invalid:80/live.flv HTTP/1.1\r\n") for request in asked)
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"me:swordfish") in asked[1]
    assert listed and not any("swordfish" in arguments for arguments in listed)
