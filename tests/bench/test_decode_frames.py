"""The benchmark runner keeps to contracts.md section 3: its keys, and sums that the wire itself confirms. No timing."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tiktok_webcast._pb import message_class
from tiktok_webcast._pb.transport_pb2 import ProtoMessageFetchResult, WebcastPushFrame
from tiktok_webcast.capture.frames_file import FramesReader, write_frames
from tiktok_webcast.message import Message
from tiktok_webcast.push.server import EnterRoom, PushServer

BENCH = Path(__file__).parents[2] / "bench"
KEYS = [
    "frames",
    "events",
    "messages",
    "seconds",
    "cpu_seconds",
    "peak_rss_kb",
    "acks",
    "ack_bytes",
    "errors",
    "totals",
]
PEOPLE = ("Chat", "Member", "Like", "Gift", "Social")


def run(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(BENCH / program), *arguments], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def decode(corpus: Path, *arguments: str) -> dict[str, Any]:
    lines = run("decode_frames.py", str(corpus), *arguments).splitlines()
    assert len(lines) == 1
    result: dict[str, Any] = json.loads(lines[0])
    assert list(result) == KEYS
    return result


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "tiny.frames"
    run("corpus.py", str(path), "--messages", "400", "--seed", "3")
    return path


def messages_of(corpus: Path) -> list[tuple[str, Any]]:
    reader = FramesReader()
    found: list[tuple[str, Any]] = []
    for data in reader.receive_data(corpus.read_bytes()):
        payload = zlib.decompress(WebcastPushFrame.FromString(data).payload, 31)
        for entry in ProtoMessageFetchResult.FromString(payload).messages:
            wire = message_class(entry.method)()
            wire.ParseFromString(entry.payload)
            found.append((entry.method.removeprefix("Webcast").removesuffix("Message"), wire))
    return found


def test_totals_are_what_the_wire_says(corpus: Path) -> None:
    result = decode(corpus, "--warmup", "20")
    found = messages_of(corpus)
    kinds = Counter(kind for kind, _ in found)
    of = {kind: [wire for name, wire in found if name == kind] for kind in (*PEOPLE, "RoomUserSeq")}
    users = [wire.user for kind in PEOPLE for wire in of[kind]]
    follows = sum("follow" in wire.common.display_text.key for wire in of["Social"])
    names: dict[tuple[int, int, int], int] = {}
    prices: dict[int, int] = {}
    at_once = 0
    for wire in of["Gift"]:
        prices[wire.gift.id] = wire.gift.diamond_count
        if wire.gift.type == 1:
            key = (wire.user.id, wire.gift_id, wire.group_id)
            names[key] = max(names.get(key, 0), wire.repeat_count)
        else:
            at_once += wire.repeat_count
    streaks = sum(count * prices[gift_id] for (_, gift_id, _), count in names.items())
    diamonds = streaks + sum(w.repeat_count * w.gift.diamond_count for w in of["Gift"] if w.gift.type != 1)
    assert result["messages"] == len(found) == 400
    assert result["acks"] == result["frames"] > 0
    assert result["ack_bytes"] > 20 * result["acks"]
    assert result["errors"] == 0
    assert result["totals"] == {
        "chat": kinds["Chat"],
        "member": kinds["Member"],
        "like": kinds["Like"],
        "gift": kinds["Gift"],
        "social": kinds["Social"],
        "follow": follows,
        "share": kinds["Social"] - follows,
        "user_seq": kinds["RoomUserSeq"],
        "other": len(found) - sum(kinds[kind] for kind in (*PEOPLE, "RoomUserSeq")),
        "uid_len": sum(len(user.display_id) for user in users),
        "nicks": sum(user.nickname != "" for user in users),
        "chat_len": sum(len(wire.content) for wire in of["Chat"]),
        "likes": sum(wire.count for wire in of["Like"]),
        "viewers": sum(wire.total for wire in of["RoomUserSeq"]),
        "member_counts": sum(wire.member_count for wire in of["Member"]),
        "gift_name_len": sum(len(wire.gift.name) for wire in of["Gift"]),
        "gift_units": sum(names.values()) + at_once,
        "diamonds": diamonds,
    }


def test_what_is_done_by_hand_is_the_same_work(corpus: Path) -> None:
    ours, by_hand = decode(corpus)["totals"], json.loads(run("by_hand.py", str(corpus)))
    # What the hand-written program does not count: streaks that are open when the frames end.
    assert 0 < by_hand.pop("gift_units") <= ours.pop("gift_units")
    assert 0 < by_hand.pop("diamonds") <= ours.pop("diamonds")
    assert by_hand == ours


def test_only_the_named_events_reach_the_handler(corpus: Path) -> None:
    full, some = decode(corpus), decode(corpus, "--only", "comment,gift,gift_streak_end")
    same = ("chat", "gift", "chat_len", "gift_name_len", "gift_units", "diamonds")
    assert {key: some["totals"][key] for key in same} == {key: full["totals"][key] for key in same}
    assert some["totals"]["like"] == some["totals"]["member"] == some["totals"]["other"] == 0
    assert (some["messages"], some["acks"]) == (full["messages"], full["acks"])


def test_frames_are_the_first_ones(corpus: Path) -> None:
    assert decode(corpus, "--frames", "7")["frames"] == 7


def test_a_room_that_ends_is_followed_by_a_new_one(tmp_path: Path) -> None:
    server = PushServer()
    server.opened()
    server.receive_message(enter_frame())
    control = message_class("WebcastControlMessage")(action=3).SerializeToString()
    chat = message_class("WebcastChatMessage")(content="hi", user={"display_id": "ann"}).SerializeToString()
    batch = [Message("WebcastChatMessage", chat, 5), Message("WebcastControlMessage", control, 6)]
    path = tmp_path / "ends.frames"
    path.write_bytes(write_frames([server.messages(batch, now=1)[0] for _ in range(3)]))
    result = decode(path)
    assert (result["messages"], result["totals"]["chat"], result["totals"]["uid_len"]) == (6, 3, 9)
    assert result["acks"] == 3


def enter_frame() -> bytes:
    from tiktok_webcast.push.client import PushConnection

    client = PushConnection(7)
    client.opened(now=0.0)
    frame = client.next_frame()
    assert frame is not None
    probe = PushServer()
    probe.opened()
    assert isinstance(probe.receive_message(frame), EnterRoom)
    return frame


def test_import_and_idle() -> None:
    imported = json.loads(run("decode_frames.py", "--import-only"))
    assert list(imported) == ["import_seconds", "rss_kb", "interpreter_rss_kb"]
    assert imported["rss_kb"] > imported["interpreter_rss_kb"] > 0
    idle = json.loads(run("decode_frames.py", "--idle", "50"))
    assert list(idle) == ["idle_kb_per_client", "us_per_client"]


def test_imports_as_a_ratio_to_protobuf() -> None:
    result = json.loads(run("imports.py", "--runs", "1"))
    assert list(result) == ["interpreter_ms", "cpu_ms", "to_protobuf"]
    assert result["to_protobuf"]["protobuf"] == 1.0
    # The package itself loads no protobuf, nor anything else that it does not need: a third of protobuf's own time.
    assert result["cpu_ms"]["tiktok_webcast"] < result["cpu_ms"]["asyncio_transport"]


def test_the_package_alone_loads_no_protobuf() -> None:
    code = "import sys, tiktok_webcast; print(sorted({'google.protobuf', 'asyncio', 'inspect'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout == "[]\n"


def test_rooms_lose_nothing() -> None:
    result = json.loads(run("rooms.py", "--rooms", "3", "--rate", "20", "--seconds", "1"))
    assert list(result)[:8] == [
        *("rooms", "messages", "lost", "seconds", "cpu_seconds", "rss_kb", "rss_kb_before", "latency_ms")
    ]
    assert (result["rooms"], result["lost"]) == (3, 0)
    assert result["messages"] >= 60
    assert list(result["latency_ms"]) == ["p50", "p99"]


@pytest.mark.parametrize("plan", [("--rooms", "0"), ("--entering", "0"), ("--rate", "nan"), ("--seconds", "-1")])
def test_rooms_that_cannot_be_measured_are_said(plan: tuple[str, str]) -> None:
    command = [sys.executable, str(BENCH / "rooms.py"), *plan]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"error: {plan[0]} must be " in done.stderr
