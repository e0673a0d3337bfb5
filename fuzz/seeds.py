"""Where the fuzzers begin: real shapes, all synthetic, made by the simulator from a seed."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from tiktok_webcast import Endpoints, HttpRequest, HttpResponse, Message, Session, SessionConfig
from tiktok_webcast.capture import Input, Recorder, Verb, read_capture, write_frames
from tiktok_webcast.push.frames import FetchResult, Frame, read_fetch_result, read_frame, unpack
from tiktok_webcast.push.unpack import BadFrame
from tiktok_webcast.sim import Options, Play, World, WorldOptions

from .files import LIMITS, loosened
from .program import operation
from .targets import METHODS

_LONGEST = 12_000
"""Bytes of a program, about; atheris is given inputs of 16 KiB at most."""
_HERE = "http://127.0.0.1:80"


def messages(scenario: str = "first_light") -> Iterator[bytes]:
    """The socket's binary messages of one play."""
    received: list[bytes] = []

    class Listening(Session):
        def receive_message(self, socket_id: int, data: bytes, *, now: float) -> None:
            received.append(data)
            super().receive_message(socket_id, data, now=now)

    config = SessionConfig(endpoints=Endpoints(_HERE, _HERE, _HERE))
    Play(Listening("@ann", config=config), World(WorldOptions(scenario), base_url=_HERE)).run_to_end(until=600.0)
    yield from received


def _results() -> Iterator[tuple[bytes, list[Message]]]:
    for data in messages():
        frame = read_frame(data)
        packed = unpack(frame, LIMITS) if isinstance(frame, Frame) else frame
        if not isinstance(packed, BadFrame):
            result = read_fetch_result(packed, LIMITS)
            if isinstance(result, FetchResult):
                yield packed, result.messages


def _answers() -> Iterator[HttpResponse]:
    world = World(WorldOptions("first_light"), base_url=_HERE)
    room = world.stage("ann").room.room_id
    for path in (
        "/@ann/live",
        "/@ann",
        "/api-live/user/room/?uniqueId=ann&sourceType=54",
        f"/webcast/room/info/?room_id={room}",
        f"/webcast/room/check_alive/?room_ids={room}",
        f"/webcast/gift/list/?room_id={room}",
    ):
        yield world.request(HttpRequest("GET", _HERE + path), now=0.0)


def capture(scenario: str) -> bytes:
    """The capture of a short play."""
    out: list[bytes] = []
    world = World(WorldOptions(scenario, options=Options(duration=2, rate=3)), base_url=_HERE)
    config = SessionConfig(endpoints=Endpoints(_HERE, _HERE, _HERE))
    room = world.stage("ann").room.room_id
    recorder = Recorder(f"room:{room}", write=out.append, config=config, rng=Random(1))
    Play(recorder, world).run(until=20.0)
    recorder.finish()
    return b"".join(out)


def program(scenario: str) -> bytes:
    """A short play as a program of `session_program`, its frames unpacked so that they can be changed inside."""
    steps: list[bytes] = []
    for record in read_capture(capture(scenario)):
        if isinstance(record, Input) and sum(map(len, steps)) < _LONGEST:
            steps.append(_step(record))
    return b"".join(steps)


def _step(record: Input) -> bytes:
    last: Any = record.arguments[-1] if record.arguments else None
    if record.verb is Verb.RESPONSE:
        return operation("r", 0, last.body) if isinstance(last, HttpResponse) else operation("h")
    if record.verb is Verb.MESSAGE:
        frame = read_frame(last)
        inside = unpack(frame, LIMITS) if isinstance(frame, Frame) and frame.gzipped else last
        return operation("m" if inside is last else "p", 0, inside if isinstance(inside, bytes) else last)
    if record.verb is Verb.TIMER:
        return operation("t") + operation("a")
    if record.verb is Verb.OPENED:
        return operation("o", 0, "\n".join(f"{name}: {value}" for name, value in last or ()).encode("latin-1"))
    return operation("c", 50) if record.verb is Verb.CLOSED else b""


def chrome(frame: bytes) -> dict[str, Any]:
    """A received message as Chrome writes it."""
    return {"type": "receive", "time": 1.7e9, "opcode": 2, "data": b64encode(frame).decode()}


def firefox(frame: bytes) -> dict[str, Any]:
    """A received message in Firefox's words."""
    return {"type": "received", "timeStamp": 17 * 10**14, "opCode": 2, "payload": frame.decode("latin-1")}


def har(frames: list[bytes], write: Callable[[bytes], dict[str, Any]]) -> bytes:
    """A HAR with the frames of one socket."""
    url = "wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/?room_id=73"
    entry = {"request": {"url": url}, "_webSocketMessages": [write(frame) for frame in frames]}
    return json.dumps({"log": {"entries": [entry]}}).encode()


def seeds(target: str) -> list[bytes]:
    """The first inputs of a target."""
    if target == "push_frame":
        return [*messages(), *(packed for packed, _ in _results())]
    if target == "session_program":
        return [program(scenario) for scenario in ("first_light", "streaks", "reconnect", "offline")]
    if target == "capture_file":
        captures = [capture(scenario) for scenario in ("offline", "first_light", "reconnect")]
        return [*captures, *(b"".join(map(loosened, list(read_capture(data))[1:])) for data in captures)]
    if target == "har_file":
        return [har(list(messages())[:5], write) for write in (chrome, firefox)]
    if target == "fetch_result":
        return [packed for packed, _ in _results()]
    if target in ("payload", "wire_view"):
        every = [message for _, batch in _results() for message in batch if message.method in METHODS]
        head = [bytes([METHODS.index(message.method) % 256]) for message in every]
        return [
            (b"" if target == "wire_view" else first) + item.payload for first, item in zip(head, every, strict=True)
        ]
    if target in ("web_page", "web_json", "json_text"):
        return [(b"" if target == "json_text" else b"\0") + answer.body for answer in _answers()]
    if target == "frames_file":
        return [write_frames(messages())]
    if target == "sign_answer":
        return [b"ttwid=1; a=b\n" + packed for packed, _ in _results()] + [b'\n{"code": 429, "message": "wait"}']
    if target == "handshake_headers":
        return [b"DEVICE_BLOCKED\n3\nping-interval=5\n2\nttwid=1; Path=/"]
    return [b"ttwid=1%7Cab; Path=/; Domain=tiktok.com; Max-Age=10; Secure\n.tiktok.com\tTRUE\t/\tTRUE\t0\tsid\tx"]


def write_seeds(target: str, folder: Path) -> None:
    """Write them as files for atheris."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (folder / f"seed-{number}").write_bytes(seed)
