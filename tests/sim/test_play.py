"""Every scenario against a session, in memory: what the manifest says is what comes out, line by line."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiktok_webcast.actions import SendMessage, SendRequest
from tiktok_webcast.session import Phase, Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign_guest import GuestSigner
from tiktok_webcast.sim import SCENARIOS, Link, Options, Play, World, WorldOptions, differences

OPTIONS = Options(duration=40, rate=100)
PLAYED = [name for name in SCENARIOS if name != "steady"]


def play_of(
    scenario: str, *, link: Link | None = None, seed: int = 0, speed: float = 1.0, options: Options = OPTIONS
) -> Play:
    world = World(WorldOptions(scenario, seed=seed, speed=speed, options=options))
    session = Session("@ann", config=SessionConfig(endpoints=world.endpoints), rng=Random(seed))
    return Play(session, world, link=link)


def lines_of(play: Play) -> list[dict[str, Any]]:
    return [event.to_dict() for event in play.events]


@pytest.mark.parametrize("speed", [1.0, 0.0, 7.5])
@pytest.mark.parametrize("name", PLAYED)
def test_a_session_prints_what_the_manifest_says(name: str, speed: float) -> None:
    play = play_of(name, speed=speed)
    play.run()
    manifest = play.world.manifest("ann")
    assert differences(manifest.events, lines_of(play)) == []
    assert play.session.phase is Phase.CLOSED


@given(st.integers(0, 2**32), st.floats(0, 90))
def test_a_session_prints_any_everyday_room(seed: int, duration: float) -> None:
    play = play_of("everyday", seed=seed, options=Options(duration=duration))
    play.run()
    assert differences(play.world.manifest("ann").events, lines_of(play)) == []


@pytest.mark.parametrize("name", PLAYED)
def test_the_manifest_of_a_whole_visit_is_that_of_the_script(name: str) -> None:
    play = play_of(name)
    play.run()
    played = play.world.manifest("ann")
    room = play.world.stage("ann").visits[-1].room if play.world.stage("ann").visits else play.world.stage("ann").room
    assert played == SCENARIOS[name].manifest(room, OPTIONS) or SCENARIOS[name].outcome


@pytest.mark.parametrize("name", ["first_light", "everyday", "streaks", "duplicates", "reconnect", "flood"])
def test_the_session_counts_what_the_wire_carried(name: str) -> None:
    play = play_of(name)
    play.run()
    wire, counted = play.world.manifest("ann").wire, play.session.statistics
    assert counted.messages == wire["messages"]
    assert counted.duplicates == wire["duplicates"]
    assert counted.history == wire["history"]
    assert counted.frames >= wire["frames"]
    assert dict(counted.by_method) == wire["by_method"]
    # A frame of the room's last moment may still wait for its ack; no other does.
    ends = play.world.log.of("end")
    assert counted.acks == sum(entry.detail["acks"] for entry in ends)
    assert play.world.log.of("violation") == []


@pytest.mark.parametrize("name", ["everyday", "reconnect", "sign_hiccup", "device_blocked"])
def test_equal_seeds_give_equal_plays(name: str) -> None:
    plays = [play_of(name, seed=5, link=Link(Random(3), latency=0.2)) for _ in range(2)]
    for play in plays:
        play.run()
    assert lines_of(plays[0]) == lines_of(plays[1])
    assert [action for action in plays[0].actions if isinstance(action, (SendRequest, SendMessage))] == [
        action for action in plays[1].actions if isinstance(action, (SendRequest, SendMessage))
    ]
    assert list(plays[0].world.log) == list(plays[1].world.log)


def test_an_hour_passes_at_once_and_no_heartbeat_is_missed() -> None:
    play = play_of("slow", options=Options())
    play.run()
    beats = [entry.at for entry in play.world.log.of("heartbeat")]
    assert len(beats) == 7
    assert max(after - before for before, after in pairwise(beats)) <= 10.0


@pytest.mark.parametrize("name", ["first_light", "streaks", "reconnect", "device_blocked", "garbage"])
def test_a_guest_gets_the_same_room_without_a_sign_server(name: str) -> None:
    world = World(WorldOptions(name))
    session = Session("@ann", config=SessionConfig(endpoints=world.endpoints), signer=GuestSigner())
    play = Play(session, world)
    play.run()
    assert differences(world.manifest("ann").events, lines_of(play)) == []
    assert world.log.of("sign") == []


def test_a_play_goes_on_where_it_stopped() -> None:
    whole, parts = play_of("first_light"), play_of("first_light")
    whole.run()
    for until in (0.1, 1.0, 2.5, 2.5, 100.0):
        parts.run(until=until)
        assert parts.now <= until
    assert lines_of(parts) == lines_of(whole)


def test_a_play_stops_after_so_many_events() -> None:
    play = play_of("everyday", speed=0.0, options=Options())
    assert 500 <= len(play.run(max_events=500)) < 600
    events = play.run_to_end(until=0.0, max_events=100)
    assert events[-1].name == "closed"
    assert play.session.phase is Phase.CLOSED


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.floats(0, 2), st.floats(0, 0.05))
def test_over_a_bad_link_nothing_comes_twice_and_nothing_is_lost(seed: int, latency: float, breaks: float) -> None:
    """The network breaks sockets at any message; each signature repeats the last messages, so no gap stays."""
    link = Link(Random(seed), latency=latency, breaks=breaks)
    play = play_of("first_light", link=link, seed=seed % 3)
    play.run(until=3600)
    lines = lines_of(play)
    numbered = Counter((line["msg_id"], line["event"]) for line in lines if line["msg_id"])
    assert [key for key, count in numbered.items() if count > 1] == []
    room = [truth for truth in play.world.manifest("ann").events if truth.get("msg_id")]
    assert {(truth["msg_id"], truth["event"]) for truth in room} <= set(numbered)
    assert lines[-1]["event"] == "closed"
    assert [line["event"] for line in lines].count("connect") == 1 + sum(
        line["event"] == "disconnect" and line["will_reconnect"] for line in lines
    )


def test_a_link_with_chance_needs_a_seed() -> None:
    with pytest.raises(ValueError, match="rng"):
        Link(latency=1.0)
    assert Link().delay() == 0.0
    assert not Link().breaks_now()


def test_steady_rooms_count_their_messages_without_listing_them() -> None:
    play = play_of("steady", options=Options(duration=10, rate=20))
    play.run()
    wire = play.world.manifest("ann").wire
    comments = [event for event in play.events if event.name == "comment"]
    assert len(comments) == wire["by_method"]["WebcastChatMessage"] > 150
    assert play.session.statistics.duplicates == 0
    assert len({event.msg_id for event in comments}) == len(comments)


def test_who_leaves_while_the_socket_is_being_refused_has_nothing_to_close() -> None:
    play = play_of("device_blocked", link=Link(Random(1), latency=1.0))
    for tenths in range(600):
        play.run(until=tenths / 10)
        if len(play.world.log.of("socket")):
            break
    assert play.session.phase is Phase.OPENING, "the refusal is on its way"
    play.session.close(now=play.now)
    play.run()
    assert play.session.closed is not None and play.events[-1].name == "closed"
