"""Captures to test with: plays of the simulator, recorded."""

from __future__ import annotations

from random import Random
from typing import Any

from tiktok_webcast.capture import CaptureReader, Recorder, Replay, read_capture
from tiktok_webcast.events.base import Event
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sim import SCENARIOS, Link, Options, Play, World, WorldOptions

OPTIONS = Options(duration=20, rate=50)
SCENARIO_NAMES = list(SCENARIOS)


def play_of(scenario: str, *, kind: Any = Session, link: Link | None = None, seed: int = 0, **options: Any) -> Play:
    world = World(WorldOptions(scenario, seed=seed, options=OPTIONS))
    session = kind("@ann", config=SessionConfig(endpoints=world.endpoints), rng=Random(seed), **options)
    return Play(session, world, link=link)


def record(
    scenario: str, *, link: Link | None = None, seed: int = 0, compress: bool = False, until: float = 200.0
) -> tuple[Play, bytes]:
    """Play a scenario with a recorder; return the play and the capture."""
    out: list[bytes] = []
    play = play_of(scenario, kind=Recorder, link=link, seed=seed, write=out.append, compress=compress)
    play.run(until=until)
    assert isinstance(play.session, Recorder)
    play.session.finish()
    data = b"".join(out)
    assert play.session.recorded == len(data)
    return play, data


def replayed(data: bytes) -> tuple[Replay, list[Event]]:
    """Play a whole capture and compare its actions."""
    player, reader = Replay(check=True), CaptureReader()
    events = [event for each in read_capture(data, reader) for event in player.play(each)]
    events += player.end()
    assert reader.problem == ""
    assert player.problem == ""
    return player, events
