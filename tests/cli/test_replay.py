"""`replay`, `decode` and `inspect`: captures and payloads without a connection."""

from __future__ import annotations

import base64
import gzip
import json
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from command_line import GUARD, Caller, capture, command, environment, run

from tiktok_webcast.capture.frames_file import FramesReader, write_frames
from tiktok_webcast.config import Limits
from tiktok_webcast.message import Message
from tiktok_webcast.push.client import PushConnection
from tiktok_webcast.push.frames import FetchResult, read_fetch_result
from tiktok_webcast.push.server import EnterRoom, PushServer
from tiktok_webcast.sim import Options, differences, find_scenario
from tiktok_webcast.sim.room import make_room
from tiktok_webcast.sim.script import Frame, Sign


def server_in_room() -> PushServer:
    """A server's end of a socket whose client has entered the room."""
    server, client = PushServer(), PushConnection(1)
    server.opened()
    client.opened(now=0.0)
    while (frame := client.next_frame()) is not None:
        event = server.receive_message(frame)
        if isinstance(event, EnterRoom):
            server.entered(event)
    return server


def frames_of(scenario: str, directory: Path) -> tuple[Path, list[dict[str, Any]]]:
    """Write the frames of a scenario as a file, and return it with the events that it must give."""
    server = server_in_room()
    room = make_room("anna", seed=3)
    frames: list[bytes] = []
    truth: list[dict[str, Any]] = []
    now = room.epoch_ms
    for step in find_scenario(scenario).script(room, Options()):
        now += int((step.wait + step.hold) * 1000)
        if isinstance(step.action, (Frame, Sign)):
            data, _ = server.messages(step.action.messages, now=now, need_ack=True)
            frames.append(data)
        truth += [event for event in step.truth if event["event"] not in ("connect", "disconnect", "closed")]
    path = directory / f"{scenario}.frames"
    path.write_bytes(write_frames(frames))
    return path, truth


def test_a_recorded_room_replays_as_it_was_real(call: Caller) -> None:
    path = capture("room_2023.frames")
    manifest = json.loads(capture("room_2023.manifest.json").read_text())
    done = call("replay", str(path), "--json", "--stats")
    assert done.code == 0
    stats = json.loads(done.err.splitlines()[-1])
    assert stats["by_method"] == manifest["by_method"]
    assert (stats["frames"], stats["messages"], stats["acks"]) == (manifest["frames"], manifest["messages"], 205)
    assert stats["undecodable"] == stats["duplicates"] == stats["dropped"] == 0
    assert "undecodable" not in done.names
    messages = [line for line in done.lines if line["event"] not in ("gift_streak_end", "closed")]
    assert Counter(line["method"] for line in messages) == manifest["by_method"]
    ids = [line["msg_id"] for line in messages if line["event"] == "comment"]
    assert len(set(ids)) == 54
    assert done.lines[-1] | {"event": "closed", "reason": "closed"} == done.lines[-1]


def test_a_recorded_room_can_be_read_as_text(call: Caller) -> None:
    done = call("replay", str(capture("room_2023.frames")))
    assert done.code == 0
    assert len(done.out.splitlines()) > 674
    assert not any(character < " " for character in done.out.replace("\n", ""))


@pytest.mark.parametrize("scenario", ["first_light", "streaks", "streak_idle", "duplicates"])
def test_a_simulated_room_replays_as_the_script_says(scenario: str, tmp_path: Path, call: Caller) -> None:
    path, truth = frames_of(scenario, tmp_path)
    # Some messages do not name their room.
    done = call("replay", str(path), "--json", "--room-id", str(make_room("anna", seed=3).room_id))
    settled = [event for event in truth if event.get("cause") not in ("room_ended",)]
    printed = [line for line in done.lines[:-1] if line.get("cause") not in ("closed",)]
    assert done.code == 0
    assert differences(settled, printed) == []


def test_a_cut_file_plays_up_to_the_cut_and_says_so(tmp_path: Path, call: Caller) -> None:
    path, _ = frames_of("first_light", tmp_path)
    whole = call("replay", str(path), "--json", "--except", "gift_streak_end")
    data = path.read_bytes()
    path.write_bytes(data[:-7])
    reader = FramesReader()
    count = len(reader.receive_data(data[:-7]))
    cut = call("replay", str(path), "--json", "--except", "gift_streak_end")
    assert cut.code == 0
    assert f"in the middle of frame {count + 1}; {count} frames were played" in cut.err
    assert cut.lines[:-1] == whole.lines[: len(cut.lines) - 1]
    assert cut.names[-1] == "closed"


@pytest.mark.parametrize("content", [b"this is no capture at all", b"\xff\xff\xff\x7f", b"\x01"])
def test_a_file_of_another_kind_is_exit_code_10(content: bytes, tmp_path: Path, call: Caller) -> None:
    path = tmp_path / "other.frames"
    path.write_bytes(content)
    done = call("replay", str(path), "--json")
    assert (done.code, done.names) == (10, ["closed"])
    assert str(path) in done.err


@pytest.mark.parametrize("cut", [1, 500])
def test_a_fetch_result_that_cannot_be_read_is_exit_code_10(cut: int, tmp_path: Path, call: Caller) -> None:
    path = tmp_path / "cut.pb"
    path.write_bytes(capture("fetch_result_2026.pb").read_bytes()[:cut])
    done = call("replay", str(path), "--json")
    assert (done.code, done.names) == (10, ["undecodable", "closed"])
    assert f"{path}: not a fetch result" in done.err


def test_a_file_that_is_missing_is_exit_code_10(call: Caller) -> None:
    for subcommand in (("replay",), ("decode", "--payloads"), ("inspect",)):
        done = call(*subcommand, "/no/such/file")
        assert (done.code, done.out) == (10, "")
        assert "/no/such/file cannot be read: No such file" in done.err


def test_an_empty_file_is_a_room_where_nothing_happened(tmp_path: Path, call: Caller) -> None:
    path = tmp_path / "empty.frames"
    path.write_bytes(b"")
    assert call("replay", str(path), "--json").names == ["closed"]


def test_broken_frames_are_undecodable_lines(tmp_path: Path, call: Caller) -> None:
    path = tmp_path / "broken.frames"
    path.write_bytes(write_frames([b"\x08", b"junk"]))
    done = call("replay", str(path), "--json", "--stats")
    assert done.code == 0
    assert done.names == ["undecodable", "undecodable", "closed"]
    assert [base64.b64decode(line["base64"]) for line in done.lines[:2]] == [b"\x08", b"junk"]


def test_filters_and_limits_work_on_captures_too(tmp_path: Path, call: Caller) -> None:
    path, truth = frames_of("first_light", tmp_path)
    only = call("replay", str(path), "--json", "--only", "comment")
    assert set(only.names) == {"comment", "closed"}
    few = call("replay", str(path), "--json", "--max-events", "3")
    assert len(few.lines) == 4
    news = call("replay", str(path), "--json", "--no-history")
    assert len(news.lines) < len(truth)
    assert not any(line["is_history"] for line in news.lines)


def test_speed_follows_the_clock_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Caller) -> None:
    path, _ = frames_of("streak_idle", tmp_path)
    waited: list[float] = []
    monkeypatch.setattr("tiktok_webcast_transports.cli.stop.Stop.wait", lambda self, seconds: waited.append(seconds))
    done = call("replay", str(path), "--json", "--speed", "2")
    assert done.code == 0
    assert waited
    assert max(waited) == 5.0


def test_a_fetch_result_of_2026_decodes_through_the_same_path(call: Caller) -> None:
    path = capture("fetch_result_2026.pb")
    done = call("replay", str(path), "--json", "--stats")
    result = read_fetch_result(path.read_bytes(), Limits())
    assert isinstance(result, FetchResult)
    assert done.code == 0
    messages = [line for line in done.lines if line["event"] not in ("gift_streak_end", "closed")]
    assert [line["method"] for line in messages] == [message.method for message in result.messages]
    assert len(messages) == 13
    assert not {"undecodable", "unknown"} & set(done.names)


def test_every_captured_payload_decodes_and_repeats_its_id(call: Caller) -> None:
    path = capture("payloads.jsonl")
    wanted = [json.loads(line) for line in path.read_text().splitlines()]
    done = call("decode", "--payloads", str(path))
    assert (done.code, done.err) == (0, "")
    assert [(line["id"], line["method"]) for line in done.lines] == [(row["id"], row["method"]) for row in wanted]
    assert "undecodable" not in done.names


def test_decode_reads_one_payload(call: Caller) -> None:
    done = call("decode", "--method", "WebcastChatMessage", "--base64", base64.b64encode(b"\x1a\x02hi").decode())
    assert (done.code, done.names, done.lines[0]["comment"]) == (0, ["comment"], "hi")
    assert "id" not in done.lines[0]


def test_decode_says_what_it_cannot_read(tmp_path: Path, call: Caller) -> None:
    path = tmp_path / "payloads.jsonl"
    good = {"id": "a", "method": "WebcastChatMessage", "base64": "GgJoaQ"}
    rows = [json.dumps(good), "", "not json", "[1]", json.dumps({**good, "base64": "%"}), json.dumps({**good, "id": 7})]
    path.write_text("\n".join([*rows, json.dumps({**good, "id": None, "base64": "Gg=="})]))
    done = call("decode", "--payloads", str(path))
    assert done.code == 10
    assert [(line["id"], line["event"]) for line in done.lines] == [
        ("a", "comment"),
        (7, "comment"),
        (None, "undecodable"),
    ]
    assert [line.split(":")[1] for line in done.err.splitlines()] == [" line 3", " line 4", " line 5"]


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": NaN, "method": "WebcastChatMessage", "base64": ""}',
        b'{"id": [1e999], "method": "WebcastChatMessage", "base64": ""}',
        b'{"id": "\xff", "method": "WebcastChatMessage", "base64": ""}',
        b'{"id": ' + b"1" * 5000 + b', "method": "WebcastChatMessage", "base64": ""}',
        b"[" * 100_000,
        '{"method": "WebcastChatMessage", "base64": "A\u00e9=="}'.encode(),
        b"null",
    ],
)
def test_a_hostile_line_stops_no_other(line: bytes, tmp_path: Path, call: Caller) -> None:
    good = b'{"id": "\\ud800", "method": "WebcastChatMessage", "base64": "GgJoaQ"}'
    path = tmp_path / "payloads.jsonl"
    path.write_bytes(good + b"\n" + line + b"\n" + good)
    for arguments in (("decode",), ("inspect", "--json")):
        done = call(*arguments, "--payloads", str(path))
        assert done.code == 10
        assert [row["id"] for row in done.lines] == ["\ud800"] * 2
        assert done.err.startswith("tiktok-webcast: line 2: ") and done.err.count("\n") == 1


def test_nothing_is_an_empty_payload(tmp_path: Path, call: Caller) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    assert call("inspect", str(path)).out == "# an empty payload\n"
    done = call("decode", "--payloads", str(path))
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize(
    "arguments", [(), ("--method", "M"), ("--base64", "AA=="), ("--method", "M", "--base64", "", "--payloads", "x")]
)
def test_decode_wants_one_payload_or_a_file(arguments: tuple[str, ...], call: Caller) -> None:
    assert call("decode", *arguments).code == 2


def test_what_a_pipe_brings_is_shown_at_once_and_ctrl_c_is_heard_while_it_brings_nothing(tmp_path: Path) -> None:
    frames, _ = frames_of("likes_backwards", tmp_path)
    process = subprocess.Popen(
        command("replay", "-", "--json"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    )
    assert process.stdin is not None and process.stdout is not None
    with process:
        process.stdin.write(frames.read_bytes()[:10_000])
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        *_, last = process.stdout.read().splitlines()
        assert process.wait(GUARD) == 130
    assert first["event"] != "closed"
    assert json.loads(last)["detail"] == "stopped by you"


def test_decode_and_inspect_read_stdin() -> None:
    line = json.dumps({"id": "x", "method": "WebcastChatMessage", "base64": "GgJoaQ=="}).encode() + b"\n"
    assert run("decode", "--payloads", "-", stdin=line).lines[0]["comment"] == "hi"
    shown = run("inspect", "--payloads", "-", stdin=line)
    assert shown.out == '# x WebcastChatMessage\n3: "hi"\n'
    assert run("inspect", "-", stdin=b"\x08\x01").out == "1: 1\n"


def test_inspect_shows_fields_of_any_payload(call: Caller) -> None:
    payload = b"\x0a\x07\x12\x05Rose!\x18\x2a"
    for source in (("--base64", base64.b64encode(payload).decode()), ("--hex", payload.hex(" "))):
        assert call("inspect", *source).out == '1: message, 7 bytes\n  2: "Rose!"\n3: 42\n'
    packed = call("inspect", "--hex", gzip.compress(payload).hex())
    assert packed.out.endswith('1: message, 7 bytes\n  2: "Rose!"\n3: 42\n')
    as_json = call("inspect", "--json", "--hex", payload.hex())
    assert as_json.lines[0]["fields"][1] == {"field": 3, "wire_type": "varint", "guess": "number", "value": 42}


def test_inspect_says_what_is_no_payload(call: Caller) -> None:
    assert call("inspect", "--hex", "ff").code == 10
    assert call("inspect", "--hex", "xyz").code == 10
    assert call("inspect", "--base64", "%").code == 10
    assert call("inspect").code == 2
    assert call("inspect", "--hex", "00", "--base64", "AA==").code == 2


def test_unknown_events_can_be_piped_into_inspect(tmp_path: Path, call: Caller) -> None:
    path = tmp_path / "unknown.frames"
    data, _ = server_in_room().messages((Message("WebcastFooMessage", b"\x0a\x03foo", 1),), now=0, need_ack=False)
    path.write_bytes(write_frames([data]))
    lines = call("replay", str(path), "--json", "--only", "unknown")
    assert lines.names == ["unknown", "closed"]
    shown = run("inspect", "--payloads", "-", stdin=lines.out.encode())
    assert shown == (0, '# WebcastFooMessage\n1: "foo"\n', "")
    assert run("decode", "--payloads", "-", stdin=lines.out.encode()).names == ["unknown"]
