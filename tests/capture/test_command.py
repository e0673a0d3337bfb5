"""`capture`, `replay` and `redact`: a room recorded on every transport is the same room again."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from random import Random
from typing import Any

import pytest
from captures import record

from tiktok_webcast.capture import Input, Recorder, Verb, read_capture, write_frames
from tiktok_webcast.sign import SignServer
from tiktok_webcast_transports.cli import main
from tiktok_webcast_transports.cli.capture import CaptureFile
from tiktok_webcast_transports.simulator import Simulator

Call = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        code = main(arguments)
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return run


@pytest.mark.parametrize("transport", ["asyncio", "anyio", "trio", "sync"])
def test_a_captured_room_replays_and_names_nobody_once_redacted(call: Call, tmp_path: Path, transport: str) -> None:
    file, clean = str(tmp_path / "room.capture"), str(tmp_path / "clean.capture")
    with Simulator("first_light", speed=0.0) as simulator:
        url = simulator.url
        ways = ("--web-url", url, "--webcast-url", url, "--sign-url", url, "--transport", transport)
        code, lines, err = call("capture", "anna", "-o", file, *ways, "--sign-api-key", "secret-key-of-mine", "--stats")
        truth = json.loads(_get(url + "/__sim__/manifest"))["events"]
    assert (code, lines) == (0, [])
    assert "connect: " in err
    assert "closed: " in err
    assert json.loads(err.splitlines()[-1])["messages"] > 20
    assert b"secret-key-of-mine" not in Path(file).read_bytes()
    code, lines, err = call("replay", file, "--json", "--check")
    assert (code, err) == (0, "")
    assert [line["event"] for line in lines] == [event["event"] for event in truth]
    assert call("redact", file, clean, "--key", "k")[0] == 0
    code, redacted, err = call("replay", clean, "--json", "--check")
    assert (code, err) == (0, "")
    assert [line["event"] for line in redacted] == [line["event"] for line in lines]
    assert "@anna" not in Path(clean).read_bytes().decode("latin-1")


def _get(url: str) -> bytes:
    import urllib.request

    with urllib.request.urlopen(url) as answer:
        data: bytes = answer.read()
    return data


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Path, list[str]]:
    play, data = record("first_light")
    path = tmp_path / "room.capture"
    path.write_bytes(data)
    return path, [event.name for event in play.events]


def test_a_packed_or_cut_capture_is_played_as_far_as_it_goes(call: Call, recorded: tuple[Path, list[str]]) -> None:
    path, names = recorded
    data = path.read_bytes()
    path.write_bytes(gzip.compress(data))
    code, lines, err = call("replay", str(path), "--json", "--stats")
    assert (code, [line["event"] for line in lines]) == (0, names)
    assert json.loads(err)["events"] >= len(names)
    path.write_bytes(data[: len(data) * 3 // 4])
    code, lines, err = call("replay", str(path), "--json")
    assert code == 0
    assert "cut at byte" in err
    assert lines[-1]["event"] == "closed"
    assert 5 < len(lines) < len(names)
    assert call("redact", str(path), str(path) + ".clean")[0] == 0
    code, lines, err = call("redact", str(path), str(path) + ".clean")
    assert code == 2
    assert "is there already" in err


def test_filters_choose_among_the_recorded_events(call: Call, recorded: tuple[Path, list[str]]) -> None:
    path, names = recorded
    code, lines, _ = call("replay", str(path), "--json", "--only", "comment,closed")
    assert code == 0
    assert [line["event"] for line in lines] == [name for name in names if name in ("comment", "closed")]
    _, lines, _ = call("replay", str(path), "--json", "--no-history")
    assert not [line for line in lines if line["is_history"]]
    _, lines, _ = call("replay", str(path), "--json", "--max-events", "3", "--speed", "1000")
    assert lines[-1]["event"] == "closed"
    assert len([line for line in lines if line["method"]]) == 3


def test_a_changed_capture_is_told_by_check(call: Call, recorded: tuple[Path, list[str]]) -> None:
    from tiktok_webcast.actions import SendMessage
    from tiktok_webcast.capture import Output
    from tiktok_webcast.capture.format import MAGIC, write_record

    path, _ = recorded
    records = [
        Output(SendMessage(each.action.socket_id, b"?"))
        if isinstance(each, Output) and isinstance(each.action, SendMessage)
        else each
        for each in read_capture(path.read_bytes())
    ]
    path.write_bytes(MAGIC + b"".join(map(write_record, records)))
    code, _, err = call("replay", str(path), "--json", "--check")
    assert code == 1
    assert "asks for something else" in err
    assert call("replay", str(path), "--json")[0] == 0


def test_har_and_frames_are_played_and_redacted(call: Call, recorded: tuple[Path, list[str]], tmp_path: Path) -> None:
    frames = [
        each.arguments[1]
        for each in read_capture(recorded[0].read_bytes())
        if isinstance(each, Input) and each.verb is Verb.MESSAGE
    ]
    url = "wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/ws_reuse_supplement/?room_id=73"
    messages = [
        {"type": "receive", "time": 1.0 + n, "opcode": 2, "data": base64.b64encode(frame).decode()}
        for n, frame in enumerate(frames)
    ]
    entries = [{"request": {"url": url}, "_webSocketMessages": messages}, {"request": {"url": url}}]
    har, plain, clean = tmp_path / "room.har", tmp_path / "room.frames", tmp_path / "clean.frames"
    har.write_text(json.dumps({"log": {"entries": entries}}))
    plain.write_bytes(write_frames(frames))
    code, lines, err = call("replay", str(har), "--json")
    assert code == 0
    assert "1 entries" in err
    assert [line["event"] for line in lines].count("closed") == 1
    _, same, _ = call("replay", str(plain), "--json", "--room-id", "73")
    assert same == lines
    plain.write_bytes(gzip.compress(plain.read_bytes()))
    assert call("replay", str(plain), "--json", "--room-id", "73")[1] == lines
    assert call("redact", str(har), str(clean))[0] == 0
    _, redacted, _ = call("replay", str(clean), "--json")
    assert [line["event"] for line in redacted] == [line["event"] for line in lines]
    code, _, err = call("replay", str(plain), "--check")
    assert code == 2
    assert "--check" in err


def test_all_rooms_of_a_har_are_counted(call: Call, recorded: tuple[Path, list[str]], tmp_path: Path) -> None:
    frames = [
        each.arguments[1]
        for each in read_capture(recorded[0].read_bytes())
        if isinstance(each, Input) and each.verb is Verb.MESSAGE
    ]
    entries = [
        {
            "request": {"url": f"wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/?room_id={room}"},
            "_webSocketMessages": [
                {"type": "receive", "time": 1.0, "opcode": 2, "data": base64.b64encode(frame).decode()}
                for frame in heard
            ],
        }
        for room, heard in ((73, frames), (74, frames[:1]))
    ]
    path = tmp_path / "rooms.har"
    path.write_text(json.dumps({"log": {"entries": entries}}))
    code, _, err = call("replay", str(path), "--json", "--stats")
    assert code == 0
    assert json.loads(err.splitlines()[-1])["frames"] == len(frames) + 1


@pytest.mark.parametrize("data", [b"", b'{"log": 1}', b"\x93TTWC\r\n\x1a", b"\x93TTWC\r\n\x1aH\x00\x00\x00\x00\x00"])
def test_unreadable_files_are_said(call: Call, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    for arguments in (("replay", str(path), "--json"), ("redact", str(path), str(tmp_path / "out"))):
        code, _, err = call(*arguments)
        if data:
            assert code == 10
            assert "tiktok-webcast: " in err
    assert call("redact", str(tmp_path / "none"), str(tmp_path / "out"), "--force")[0] == 10
    assert call("capture", "anna", "-o", str(tmp_path / "no" / "where"))[0] == 2


def test_a_capture_that_asked_nobody_leaves_no_file_in_the_way_of_the_next(call: Call, tmp_path: Path) -> None:
    new, old = tmp_path / "new.capture", tmp_path / "old.capture"
    old.write_bytes(b"of yesterday")
    with Simulator("offline") as simulator:
        url = simulator.url
        ways = ("--web-url", url, "--webcast-url", url, "--sign-url", url)
        assert call("capture", "anna", "-o", str(old), *ways)[0] == 2
        assert call("capture", "anna", "-o", str(new), "--ca-file", str(tmp_path / "none"), *ways)[0] == 2
        assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"of yesterday"]
        assert call("capture", "anna", "-o", str(old), "--force", *ways)[0] == 3 and old.exists()
        # What was answered is there to be looked at.
        assert call("capture", "anna", "-o", str(new), *ways)[0] == 3
    code, events, _ = call("replay", str(new), "--json", "--check")
    assert code == 0 and [event["reason"] for event in events] == ["offline"]


def test_a_file_that_another_program_makes_meanwhile_stays(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "room.capture"
    file.write_bytes(b"of another one")
    monkeypatch.setattr("os.path.lexists", lambda path: False)
    assert call("capture", "anna", "-o", str(file))[0] == 2
    assert file.read_bytes() == b"of another one"


def test_a_capture_of_a_room_that_was_lost_is_kept(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "room.capture"
    with Simulator("reconnect", speed=0.0) as simulator:
        url = simulator.url
        ways = ("--web-url", url, "--webcast-url", url, "--sign-url", url, "--reconnect", "0")
        assert call("capture", "anna", "-o", str(file), *ways)[0] == 8
    assert call("replay", str(file), "--json")[1][0]["event"] == "connect"


def test_what_a_file_says_does_not_move_the_cursor(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "room.capture"
    own = type("\x1b[2JMine\x07", (SignServer,), {})
    with path.open("wb") as file:
        Recorder("ann", write=file.write, signer=own(), rng=Random(1)).finish()
    for command in (("replay", str(path), "--json"), ("redact", str(path), str(tmp_path / "out"))):
        code, _, err = call(*command)
        assert code == 10
        assert "a signer of another kind ([2JMine)" in err
        assert not {"\x1b", "\x07"} & set(err)


class Reluctant(io.BytesIO):
    """A file that takes a few bytes at a time, as one without a buffer may."""

    def write(self, data: Any) -> int:
        return super().write(bytes(data)[:7])


def test_a_file_that_takes_a_part_gets_the_rest(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    captured, redacted = Reluctant(), Reluctant()
    file = CaptureFile(captured, compress=False)
    file.make_session("ann", rng=Random(1))
    file.finish()
    assert len(list(read_capture(captured.getvalue()))) == 2
    assert file.bytes == len(captured.getvalue())
    plain, out = tmp_path / "a.frames", tmp_path / "b.frames"
    plain.write_bytes(write_frames([b":\x02hb"] * 20))
    monkeypatch.setattr("tiktok_webcast_transports.cli.redact.open_output", lambda *_, **__: nullcontext(redacted))
    assert call("redact", str(plain), str(out))[0] == 0
    assert len(redacted.getvalue()) == len(plain.read_bytes())


def test_a_disk_that_is_full_is_said(call: Call, tmp_path: Path) -> None:
    """The system takes what fits, and says so only when it is asked for more."""
    resource = pytest.importorskip("resource")
    plain, out = tmp_path / "a.frames", tmp_path / "b.frames"
    plain.write_bytes(write_frames([b":\x02hb"] * 500))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        code, _, err = call("redact", str(plain), str(out))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 1
    assert out.stat().st_size == 1024
    assert "bytes of" not in err
