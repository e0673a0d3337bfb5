"""Whatever the room is like: both layouts of its info, a third source, TLS, pauses, its end, other encodings."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from recordings import Plays, Watched, needs_ffmpeg, until, until_gone

from tiktok_webcast.close import CloseReason
from tiktok_webcast.recording import End, FfmpegFailed, NotWritable, RecordingOptions, Way
from tiktok_webcast.room import RoomFailure
from tiktok_webcast.room_info import RoomInfo
from tiktok_webcast_transports.recording import Recorder
from tiktok_webcast_transports.simulator import Simulator, load_clips

pytestmark = needs_ffmpeg


def changed(info: RoomInfo, **values: Any) -> RoomInfo:
    return RoomInfo.from_data({**info.raw, **values})


@pytest.mark.parametrize("layout", ["live_core_sdk_data", "flv_pull_url"])
def test_both_layouts_of_room_info(sim: Simulator, tmp_path: Path, layout: str) -> None:
    def only(info: RoomInfo) -> RoomInfo:
        return changed(info, stream_url={layout: info.raw["stream_url"][layout]})

    watched = Watched(sim, tmp_path / "a.mp4", quality="sd", duration=2, change=only)
    result = watched.recorder.run()
    assert abs(Plays(result.files[0].path).seconds - 2) < 1 and Plays(result.files[0].path).sizes == [(240, 136)]


def test_a_missing_quality_is_replaced_and_it_is_said(sim: Simulator, tmp_path: Path) -> None:
    def without(info: RoomInfo) -> RoomInfo:
        urls = info.raw["stream_url"]["flv_pull_url"]
        return changed(info, stream_url={"flv_pull_url": {"SD1": urls["SD1"]}})

    result = Watched(sim, tmp_path / "{quality}.mp4", quality="uhd", duration=1, change=without).recorder.run()
    assert Path(result.files[0].path).name == "sd.mp4" and "there is no uhd: recording sd" in result.notes


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def make(path: Path, *arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments, str(path)], check=True)


@pytest.mark.parametrize("kind", ["mp4", "mkv", "ts", "flv"])
def test_cmaf_and_a_room_that_ends(tmp_path: Path, kind: str) -> None:
    """Fragmented MP4 by a playlist; it ends after some seconds, and then TikTok says that the room has ended."""
    clip, web = tmp_path / "clip.flv", tmp_path / "web"
    clip.write_bytes(load_clips()["hd"])
    web.mkdir()
    make(web / "index.m3u8", "-i", str(clip), "-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_segment_type", "fmp4",
         "-hls_playlist_type", "vod")  # fmt: skip
    length = Plays(clip).seconds
    with served(web) as url:
        streams = {"data": {"hd": {"main": {"flv": "", "hls": "", "cmaf": f"{url}/index.m3u8?sign=secret"}}}}
        sdk = {"pull_data": {"stream_data": json.dumps(streams)}}
        live = RoomInfo.from_data({"status": 2, "id": 7, "stream_url": {"live_core_sdk_data": sdk}})
        told = iter([live])

        def ask(last: RoomInfo | None) -> RoomInfo | RoomFailure:
            return next(told, RoomFailure(CloseReason.OFFLINE, "it has ended"))

        result = Recorder(tmp_path / f"a.{kind}", ask).run()
    assert result.end is End.ROOM_ENDED and len(result.files) == 1
    plays = Plays(result.files[0].path)
    assert plays.sizes == [(320, 180)] and abs(plays.seconds - length) < 1 and abs(result.seconds - length) < 1
    until_gone(tmp_path)


def test_a_playlist_cannot_name_files_of_this_machine(tmp_path: Path) -> None:
    secret, web = tmp_path / "secret.ts", tmp_path / "web"
    clip = tmp_path / "clip.flv"
    clip.write_bytes(load_clips()["hd"])
    make(secret, "-i", str(clip), "-c", "copy")
    web.mkdir()
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXTINF:2,", f"file://{secret}", "#EXT-X-ENDLIST", ""]
    (web / "index.m3u8").write_text("\n".join(lines))
    with served(web) as url:
        live = RoomInfo.from_data({"status": 2, "id": 7, "stream_url": {"hls_pull_url": f"{url}/index.m3u8"}})
        recorder = Recorder(tmp_path / "a.mkv", lambda last: live, options=RecordingOptions(tries=0, source="hls"))
        with pytest.raises(FfmpegFailed):
            recorder.run()
    assert not (tmp_path / "a.mkv").exists()


@pytest.mark.parametrize("trusted", [True, False])
def test_certificates_are_verified(tmp_path: Path, trusted: bool) -> None:
    authority, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    pem = tmp_path / "ca.pem"
    (authority if trusted else other).cert_pem.write_to_path(str(pem))
    with Simulator("everyday", ssl_context=context) as sim:
        query = sim._ask(lambda: sim.world.video.query(now=sim.now()))
        url = f"https://localhost:{sim.port}/__sim__/stream/1_hd.flv{query}"
        live = RoomInfo.from_data({"status": 2, "id": 7, "stream_url": {"flv_pull_url": {"HD1": url}}})
        options = RecordingOptions(duration=2, tries=0)
        recorder = Recorder(tmp_path / "a.mkv", lambda last: live, options=options, way=Way(ca_file=str(pem)))
        if trusted:
            assert abs(Plays(recorder.run().files[0].path).seconds - 2) < 1
        else:
            with pytest.raises(FfmpegFailed):
                recorder.run()
            assert not any(entry.kind == "video" for entry in sim.log)


def test_a_pause_is_waited_for_however_long(sim: Simulator, tmp_path: Path) -> None:
    paused = threading.Event()

    def pause(info: RoomInfo) -> RoomInfo:
        return changed(info, status=3, stream_url={}) if paused.is_set() else info

    watched = Watched(sim, tmp_path / "a.mkv", change=pause, tries=1, retry_delay=0.01)
    with watched.recorder:
        watched.until_seconds(2)
        paused.set()
        sim.cut_video()
        asked = len(sim.log)
        until(lambda: len(sim.log) >= asked + 4)
        paused.clear()
        watched.until(lambda recorder: recorder.segments == 2 and recorder.progress.seconds > 1)
    result = watched.recorder.wait()
    assert result is not None and result.end is End.STOPPED and [file.segments for file in result.files] == [2]
    assert abs(Plays(result.files[0].path).seconds - result.seconds) < 1
    assert any("the room is paused" in note for note in result.notes)


def clip(folder: Path, *codecs: str) -> bytes:
    """The clip `ld`, encoded in another way."""
    path = folder / "clip.flv"
    source = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000"]
    source += ["-f", "lavfi", "-i", "testsrc=size=160x90:rate=10"]
    group = ["-g", "16", "-keyint_min", "16", "-sc_threshold", "0", "-bf", "0", "-pix_fmt", "yuv420p"]
    make(path, *source, "-t", "4", "-c:v", "libx264", "-c:a", "aac", "-b:a", "16k", *group, *codecs)
    return path.read_bytes()


@pytest.mark.parametrize("what", ["picture", "sound"])
def test_another_encoding_of_the_same_size_begins_a_new_file(sim: Simulator, tmp_path: Path, what: str) -> None:
    """As when the streamer's program restarts, or a guest joins: one copy of both would decode to rubbish."""
    usual = ("-profile:v", "high", "-refs", "4", "-ac", "1")
    other = ("-profile:v", "baseline", "-ac", "1") if what == "picture" else (*usual[:-1], "2")
    before, after = clip(tmp_path, *usual), clip(tmp_path, *other)
    sim.world.video._load = lambda: {"origin": before, "ld": after}
    watched = Watched(sim, tmp_path / "a.mp4")
    with watched.recorder:
        watched.until_seconds(2)
        sim.resize_video()
        watched.until(lambda recorder: recorder.segments == 2 and recorder.progress.seconds > 1)
    result = watched.recorder.wait()
    assert result is not None and [Path(file.path).name for file in result.files] == ["a.mp4", "a.2.mp4"]
    for file in result.files:
        plays = Plays(file.path)
        assert plays.complaints == "" and abs(plays.seconds - file.seconds) < 1
    assert f"the {what} is encoded in another way" in result.notes
    assert any("kept apart" in note for note in result.notes)
    until_gone(tmp_path)


# --- files ------------------------------------------------------------------------------------------------------------


def test_folders_of_a_template_are_made(sim: Simulator, tmp_path: Path) -> None:
    result = Watched(sim, tmp_path / "{unique_id}" / "{quality}" / "a.mp4", duration=1).recorder.run()
    assert Path(result.files[0].path) == tmp_path / "ann" / "origin" / "a.mp4" and Plays(result.files[0].path).seconds
    with pytest.raises(NotWritable, match="No such file"):
        Watched(sim, tmp_path / "no" / "{unique_id}.mp4").recorder.run()


def test_a_failure_leaves_the_file_that_was_to_be_replaced(sim: Simulator, tmp_path: Path) -> None:
    there = tmp_path / "a.mp4"
    there.write_bytes(b"mine")
    options = {"overwrite": True, "output_options": ("-c:v", "nonsense")}
    with pytest.raises(FfmpegFailed):
        Watched(sim, there, **options).recorder.run()
    assert there.read_bytes() == b"mine"
    result = Watched(sim, there, overwrite=True, duration=1).recorder.run()
    assert result.files[0].path == str(there) and Plays(there).seconds


def test_only_the_file_that_was_named_is_ever_replaced(sim: Simulator, tmp_path: Path) -> None:
    (tmp_path / "a.2.mkv").write_bytes(b"mine")
    watched = Watched(
        sim, tmp_path / "a.mkv", overwrite=True, join=False, extra_outputs=((str(tmp_path / "b.ts"), ("-c", "copy")),)
    )
    with watched.recorder:
        watched.until_seconds(2)
        sim.cut_video()
        watched.until(lambda recorder: recorder.segments == 2 and recorder.progress.seconds > 1)
    result = watched.recorder.wait()
    assert result is not None and [Path(file.path).name for file in result.files] == ["a.mkv", "a.3.mkv"]
    assert (tmp_path / "a.2.mkv").read_bytes() == b"mine"
    for file, name in zip(result.files, ("b.ts", "b.2.ts"), strict=True):
        assert abs(Plays(tmp_path / name).seconds - file.seconds) < 1


def test_segments_are_kept_when_there_is_no_room_to_join_them(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    watched = Watched(sim, tmp_path / "a.mkv")
    with watched.recorder:
        watched.until_seconds(2)
        sim.cut_video()
        watched.until(lambda recorder: recorder.segments == 2 and recorder.progress.seconds > 1)
        monkeypatch.setattr(Path, "write_text", full)
    result = watched.recorder.wait()
    assert result is not None and sorted(path.name for path in tmp_path.iterdir()) == ["a.2.mkv", "a.mkv"]
    assert any("not joined: [Errno 28] No space left" in note for note in result.notes)
    for file in result.files:
        assert abs(Plays(file.path).seconds - file.seconds) < 1


def test_two_recordings_do_not_share_a_file(sim: Simulator, tmp_path: Path) -> None:
    first, second = (Watched(sim, tmp_path / "a.mp4", duration=2) for _ in range(2))
    with first.recorder:
        first.until(lambda recorder: recorder.process is not None)
        with pytest.raises(NotWritable, match="there already"):
            second.recorder.run()
        result = first.recorder.wait()
    assert result is not None and abs(Plays(result.files[0].path).seconds - 2) < 1
