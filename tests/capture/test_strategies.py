"""The public strategies: honest ones are understood, hostile ones are hostile, and none makes a session raise."""

from __future__ import annotations

import subprocess
import sys
from random import Random

from hypothesis import HealthCheck, find, given, settings

from tiktok_webcast.actions import OpenSocket
from tiktok_webcast.capture import play_frames
from tiktok_webcast.config import Limits
from tiktok_webcast.decoder import decode
from tiktok_webcast.message import Message
from tiktok_webcast.push.frames import FetchResult, read_fetch_result
from tiktok_webcast.push.unpack import BadFrame
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign_guest import GuestSigner
from tiktok_webcast.sim import differences
from tiktok_webcast.testing import (
    Room,
    fetch_results,
    frames,
    hostile_fetch_results,
    hostile_frames,
    hostile_payloads,
    messages,
    rooms,
)

SLOW = settings(max_examples=15, suppress_health_check=list(HealthCheck))


@SLOW
@given(rooms())
def test_a_room_is_what_its_truth_says(room: Room) -> None:
    events = room.events()
    assert differences(room.truth().events, [event.to_dict() for event in events]) == []
    assert room.events() == events
    assert {message.msg_id for message in room.messages()} >= {event.msg_id for event in events if event.name == "like"}


@SLOW
@given(messages())
def test_honest_messages_decode(message: Message) -> None:
    assert decode(message).name != "undecodable"


@SLOW
@given(frames(), fetch_results())
def test_honest_frames_play(frame: bytes, result: bytes) -> None:
    names = [event.name for event in play_frames([frame])]
    assert names[-1] == "closed"
    assert "undecodable" not in names
    assert isinstance(read_fetch_result(result, Limits()), FetchResult)


@SLOW
@given(hostile_payloads(), hostile_fetch_results(), hostile_frames())
def test_hostile_bytes_become_values(payload: bytes, result: bytes, frame: bytes) -> None:
    decode(Message("WebcastGiftMessage", payload, 1)).to_dict()
    assert isinstance(read_fetch_result(result, Limits()), (FetchResult, BadFrame))
    for event in play_frames([frame, frame]):
        event.to_dict()


@SLOW
@given(hostile_frames())
def test_a_session_outlives_them(frame: bytes) -> None:
    session = Session(
        "room:7300000000000000001", config=SessionConfig(check_room=False), signer=_Ready(), rng=Random(1)
    )
    session.start(now=0.0)
    action = session.next_action()
    assert isinstance(action, OpenSocket)
    session.socket_opened(action.socket_id, (), now=0.0)
    session.receive_message(action.socket_id, frame, now=1.0)
    session.close(now=2.0)
    assert list(iter(session.next_event, None))[-1].name == "closed"


class _Ready(GuestSigner):
    def sign(self, target):  # type: ignore[no-untyped-def]
        from tiktok_webcast.http import SocketRequest
        from tiktok_webcast.signer import Signed

        return Signed(SocketRequest("wss://webcast-ws.tiktok.com/"))
        yield


def test_without_hypothesis_the_import_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "try:\n    import tiktok_webcast.testing\n"
        "except ModuleNotFoundError as error:\n    print(error, error.name)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert "pip install hypothesis" in done.stdout, done.stderr
    assert done.stdout.endswith(" hypothesis\n")


def test_hostile_bytes_are_hostile() -> None:
    find(hostile_frames(), lambda frame: "undecodable" in [event.name for event in play_frames([frame])])
    find(hostile_payloads(), lambda data: decode(Message("WebcastGiftMessage", data, 1)).name == "undecodable")
    find(hostile_fetch_results(), lambda data: isinstance(read_fetch_result(data, Limits()), BadFrame))
