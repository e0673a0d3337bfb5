"""Where the fuzzers begin: real shapes, all synthetic, made by the simulator from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tiktok_webcast import Endpoints, HttpRequest, HttpResponse, Message, Session, SessionConfig
from tiktok_webcast.capture.frames_file import write_frames
from tiktok_webcast.push.frames import FetchResult, Frame, read_fetch_result, read_frame, unpack
from tiktok_webcast.push.unpack import BadFrame
from tiktok_webcast.sim import Play, World, WorldOptions

from .targets import LIMITS, METHODS

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


def seeds(target: str) -> list[bytes]:
    """The first inputs of a target."""
    if target in ("push_frame", "session_program"):
        return list(messages())
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
