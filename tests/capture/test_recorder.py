"""A recording changes nothing, and its replay is the session again: event by event, action by action."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from random import Random, SystemRandom
from typing import Any

import pytest
from captures import OPTIONS, SCENARIO_NAMES, play_of, record, replayed
from hypothesis import given, settings
from hypothesis import strategies as st

from tiktok_webcast.actions import Action, CloseSocket, OpenSocket, SendMessage, SendRequest
from tiktok_webcast.capture import CaptureProblem, Recorder, Replay, read_capture, redact, replay
from tiktok_webcast.capture import recorder as recorder_module
from tiktok_webcast.capture.format import write_record
from tiktok_webcast.config import Timing
from tiktok_webcast.context import SessionLogin
from tiktok_webcast.cookies import Cookie
from tiktok_webcast.events import DisconnectEvent
from tiktok_webcast.http import Exchange, FailureKind, HttpRequest, HttpResponse, TransportFailure, find_header
from tiktok_webcast.retry import RetryPolicy
from tiktok_webcast.secret import Secret
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import SignServer
from tiktok_webcast.sign_guest import GuestSigner
from tiktok_webcast.signer import Signed, SignFailure, SignTarget
from tiktok_webcast.sim import Link, Play, World, WorldOptions


@pytest.mark.parametrize("name", SCENARIO_NAMES)
def test_a_replay_of_every_scenario_is_the_live_run(name: str) -> None:
    plain = play_of(name)
    plain.run(until=200)
    recorded, data = record(name)
    assert recorded.events == plain.events
    assert recorded.actions == plain.actions
    player, events = replayed(data)
    assert events == recorded.events
    assert [event.to_dict() for event in events] == [event.to_dict() for event in recorded.events]
    assert player.differences == ()
    assert shapes(player.actions) == shapes(recorded.actions)


@settings(max_examples=15)
@given(
    st.sampled_from(SCENARIO_NAMES),
    st.integers(0, 2**32),
    st.floats(0, 2),
    st.floats(0, 0.05),
    st.booleans(),
    st.floats(0, 60),
)
def test_over_a_bad_link_too(name: str, seed: int, latency: float, breaks: float, packed: bool, until: float) -> None:
    link = Link(Random(seed), latency=latency, breaks=breaks)
    recorded, data = record(name, link=link, seed=seed % 7, compress=packed, until=until)
    player, events = replayed(data)
    assert events == recorded.events
    assert player.differences == ()


def shapes(actions: list[Action]) -> list[Any]:
    """Actions without what masks change."""
    return [
        action if isinstance(action, (SendMessage, CloseSocket)) else (type(action), action.request.url.split("?")[0])
        for action in actions
    ]


def test_recorded_actions_are_compared() -> None:
    _, data = record("first_light")
    records = list(read_capture(data))
    sent = next(number for number, each in enumerate(records) if "SendMessage" in repr(each))
    player = Replay(check=True)
    for each in records[:sent] + records[sent + 1 :]:
        player.play(each)
    assert "recorded" in player.differences[0]
    assert len(player.differences) == 20, "the first few are told"


def test_another_configuration_shows_other_events_of_the_same_capture() -> None:
    _, data = record("first_light")
    comments = frozenset({"comment"})
    names = {event.name for event in replay(data, adapt=lambda config: dataclasses.replace(config, include=comments))}
    assert names == {"connect", "comment", "disconnect", "closed"}


def test_a_session_that_nobody_reads_is_replayed_with_its_events() -> None:
    out: list[bytes] = []
    recorder = Recorder("room:7300000000000000001", write=out.append, rng=Random(1))
    recorder.start(now=1.0)
    recorder.close(now=2.0)
    recorder.finish()
    assert [event.name for event in replay(out)] == ["closed"]
    player = Replay(check=True)
    for each in read_capture(out):
        player.play(each)
    assert [event.name for event in player.end()] == ["closed"]
    assert player.differences == ()


def test_want_is_an_input_like_any_other() -> None:
    out: list[bytes] = []
    world = World(WorldOptions("first_light", options=OPTIONS))
    recorder = Recorder("@ann", write=out.append, config=SessionConfig(endpoints=world.endpoints))
    play = Play(recorder, world)
    play.run(until=2.0)
    recorder.want(frozenset({"gift"}))
    play.run(until=4.0)
    recorder.want(None)
    play.run()
    recorder.finish()
    recorder.finish()
    assert list(replay(out, check=True)) == play.events


def test_chance_without_a_state_is_recorded_too() -> None:
    out: list[bytes] = []
    world = World(WorldOptions("reconnect", options=OPTIONS))
    config = SessionConfig(endpoints=world.endpoints)
    play = Play(Recorder("@ann", write=out.append, config=config, rng=SystemRandom()), world)
    events = play.run(until=60)
    player, again = replayed(b"".join([*out, *finished(play)]))
    assert again == events
    assert player.differences == ()


def finished(play: Play) -> list[bytes]:
    """What a recorder writes at its end."""
    assert isinstance(play.session, Recorder)
    before = play.session.recorded
    out: list[bytes] = []
    play.session._sink = out.append
    play.session.finish()
    assert play.session.recorded == before + sum(map(len, out))
    return out


# --- secrets ----------------------------------------------------------------------------------------------------------

SESSION_ID = "5a0c41f20d8b4e1c9f37aa10b2c3d4e5"
API_KEY = "euler_NGNjODQ1MzA4MmU4"
TTWID = "1%7CqX0a1b2c3d4e5f6g7h8%7C1700000000%7Cdeadbeef"
CSRF = "aB3dE5gH7jK9mN1p"
MS_TOKEN = "tok/en+with==specials9"
SECRETS = (SESSION_ID, API_KEY, TTWID, CSRF, MS_TOKEN, "tok%2Fen%2Bwith%3D%3Dspecials9")


def secretive(world: World, **options: Any) -> dict[str, Any]:
    config = SessionConfig(
        endpoints=world.endpoints,
        login=SessionLogin(Secret(SESSION_ID)),
        cookies=(
            Cookie("ttwid", TTWID, "127.0.0.1"),
            Cookie("tt_csrf_token", CSRF, "127.0.0.1"),
            Cookie("store-idc", "useast1a", "127.0.0.1"),
            Cookie("tiktok_webapp_theme", "light", "127.0.0.1"),
        ),
        trusted_sign_hosts=frozenset({"127.0.0.1"}),
        http_params={"msToken": MS_TOKEN, "priority": "plain"},
        http_headers={"X-Verify-Token": CSRF},
        ws_headers={"Authorization": f"Bearer {API_KEY}"},
    )
    return {"config": config, "signer": SignServer(api_key=API_KEY), **options}


@pytest.mark.parametrize("name", ["first_light", "reconnect", "device_blocked", "rate_limit", "premium"])
def test_no_secret_reaches_the_file_and_the_replay_is_exact(name: str) -> None:
    out: list[bytes] = []
    world = World(WorldOptions(name, options=OPTIONS))
    recorder = Recorder("@ann", write=out.append, rng=Random(2), **secretive(world))
    play = Play(recorder, world)
    play.run(until=200)
    recorder.finish()
    assert SESSION_ID in repr([action.request.headers for action in play.actions if isinstance(action, SendRequest)])
    given = [cookie.value for cookie in recorder.context.jar if cookie.name not in ("tt-target-idc", "store-idc")]
    data = b"".join(out)
    for secret in (*SECRETS, *(value for value in given if len(value) > 7)):
        assert secret.encode() not in data, secret
    player, events = replayed(data)
    assert events == play.events
    assert player.differences == ()


@pytest.mark.parametrize(
    "value",
    ['"planted-in-quotes-1"', 'planted-1"planted-2"', "planted-1,name=planted-2", '"planted-1, path=planted-2"'],
)
def test_a_cookie_is_masked_however_its_value_is_written(value: str) -> None:
    cookies = tuple(Cookie(name, value, "tiktok.com", host_only=False) for name in ("sid_guard", "mine", "path"))
    set_by_server = ("Set-Cookie", f"theirs={value}; Path=/; Domain=tiktok.com")
    for http_headers in ({}, {"Cookie": f"own={value}; more=planted-3"}):
        out: list[bytes] = []
        config = SessionConfig(cookies=cookies, http_headers=http_headers)
        recorder = Recorder("@ann", write=out.append, config=config, rng=Random(1))
        recorder.start(now=0.0)
        for now in (1.0, 2.0):
            asked = recorder.next_action()
            assert isinstance(asked, SendRequest)
            assert "planted" in (find_header(asked.request.headers, "cookie") or "")
            recorder.receive_response(asked.request_id, HttpResponse(200, (set_by_server,), b"<html>"), now=now)
        recorder.finish()
        assert b"planted" not in b"".join(out)
        list(replay(out, check=True))


def test_a_secret_parameter_of_few_letters_is_masked_where_it_stands() -> None:
    out: list[bytes] = []
    world = World(WorldOptions("first_light", options=OPTIONS))
    config = SessionConfig(
        endpoints=world.endpoints,
        http_params={"my_token": "a+3c 9"},
        ws_params={"secret": "x7y", "cookie_enabled": "0"},
    )
    play = Play(Recorder("@ann", write=out.append, config=config, rng=Random(2)), world)
    play.run(until=60)
    assert isinstance(play.session, Recorder)
    play.session.finish()
    data = b"".join(out)
    assert b"my_token=" in data and b"secret=" in data
    assert b"my_token=a%2B3c%209" not in data and b"secret=x7y" not in data and b"a+3c 9" not in data
    player, events = replayed(data)
    assert events == play.events
    assert player.differences == ()


def test_a_secret_inside_of_an_answer_is_masked_packed_or_not() -> None:
    import gzip

    from tiktok_webcast.capture.masks import Masks

    masks = Masks()
    mask = masks.secret(SESSION_ID)
    assert len(mask) == len(SESSION_ID)
    assert mask != SESSION_ID
    body = f'{{"echo": "{SESSION_ID}"}}'.encode()
    plain = masks.answer(HttpResponse(200, (("Set-Cookie", f"sid_tt={SESSION_ID}; Path=/"),), body))
    packed = masks.answer(HttpResponse(200, (("Content-Encoding", "gzip"),), gzip.compress(body)))
    assert isinstance(plain, HttpResponse)
    assert plain.headers == (("Set-Cookie", f"sid_tt={mask}; Path=/"),)
    assert packed == HttpResponse(200, (), plain.body)
    assert mask.encode() in plain.body
    untouched = HttpResponse(200, (("Content-Encoding", "gzip"),), gzip.compress(b"nothing of it"))
    assert masks.answer(untouched) == untouched
    failure = masks.answer(TransportFailure(FailureKind.READ, f"after {SESSION_ID}"))
    assert failure == TransportFailure(FailureKind.READ, f"after {mask}")


def test_the_guest_signer_and_every_kind_of_user_are_recorded() -> None:
    for user in ("@ann", "user:7000000000000000001", "room:7300000000000000001", "https://vm.tiktok.com/ZMabc/"):
        out: list[bytes] = []
        world = World(WorldOptions("first_light", options=OPTIONS))
        config = SessionConfig(endpoints=world.endpoints)
        recorder = Recorder(user, write=out.append, config=config, signer=GuestSigner(region="eu"), rng=Random(1))
        play = Play(recorder, world)
        play.run(until=60)
        recorder.finish()
        player, events = replayed(b"".join(out))
        assert events == play.events
        assert player.session is not None
        assert player.session.user == Session(user).user


def test_times_without_a_limit_are_recorded() -> None:
    out: list[bytes] = []
    endless = Timing(quiet=float("inf"), stale=float("inf"), streak_idle=float("inf"))
    recorder = Recorder("@ann", write=out.append, config=SessionConfig(timing=endless), rng=Random(1))
    recorder.start(now=0.0)
    recorder.finish()
    player, _ = replayed(b"".join(out))
    assert player.setup is not None and player.setup.config.timing == endless


class OwnSigner(GuestSigner):
    """A signer that a program wrote itself."""


def test_a_signer_of_ones_own_is_given_to_the_replay() -> None:
    out: list[bytes] = []
    world = World(WorldOptions("reconnect", options=OPTIONS))
    recorder = Recorder(
        "@ann",
        write=out.append,
        signer=OwnSigner(),
        retry=RetryPolicy(max_wait=float("inf")),
        **{"config": secretive(world)["config"]},
    )
    play = Play(recorder, world)
    play.run(until=60)
    recorder.finish()
    with pytest.raises(CaptureProblem, match=r"another kind \(OwnSigner\)"):
        list(replay(out))
    assert list(replay(out, check=True, signer=OwnSigner())) == play.events


class KeyedSigner(GuestSigner):
    """One that gives its key to a server of its own, in the address and in headers, as some servers want it."""

    def sign(self, target: SignTarget) -> Exchange[Signed | SignFailure]:
        keyed = HttpRequest("GET", f"https://sign.example/fetch?room={target.room_id}&apiKey={API_KEY}&token=abc")
        answer = yield replace(keyed, headers=(("X-Sign-Token", API_KEY), ("X-Api-Key", API_KEY)))
        assert isinstance(answer, HttpResponse)
        return (yield from super().sign(target))


def test_the_key_of_a_signer_of_ones_own_does_not_reach_the_file() -> None:
    out: list[bytes] = []
    world = World(WorldOptions("reconnect", options=OPTIONS))
    config = SessionConfig(endpoints=world.endpoints)
    play = Play(Recorder("@ann", write=out.append, config=config, signer=KeyedSigner(), rng=Random(2)), world)
    play.run(until=60)
    assert isinstance(play.session, Recorder)
    play.session.finish()
    data = b"".join(out)
    assert b"https://sign.example/fetch?room=" in data and b"&apiKey=" in data
    assert API_KEY.encode() not in data and b"token=abc" not in data
    assert list(replay(out, check=True, signer=KeyedSigner())) == play.events
    shared = redact(data, key=b"k", signer=KeyedSigner())
    assert API_KEY.encode() not in shared and b"token=abc" not in shared


def test_a_socket_that_fails_and_a_change_of_wants_are_recorded_and_redacted() -> None:
    out: list[bytes] = []
    world = World(WorldOptions("first_light", options=OPTIONS))
    play = Play(Recorder("@ann", write=out.append, config=SessionConfig(endpoints=world.endpoints)), world)
    play.run(until=2.0)
    (socket_id,) = [action.socket_id for action in play.actions if isinstance(action, OpenSocket)]
    recorder = play.session
    assert isinstance(recorder, Recorder)
    recorder.want(frozenset({"comment", "disconnect", "connect"}))
    recorder.socket_failed(socket_id, TransportFailure(FailureKind.READ, "annas-host.example hung up"), now=play.now)
    recorder.close(now=play.now)
    play.events += iter(recorder.next_event, None)
    recorder.finish()
    _, events = replayed(b"".join(out))
    assert events == play.events
    assert [event.detail for event in events if isinstance(event, DisconnectEvent)] == [
        "read: annas-host.example hung up"
    ]
    new = redact(b"".join(out), key=b"a key")
    assert b"annas" in b"".join(out) and b"annas" not in new
    _, changed = replayed(new)
    assert [event.name for event in changed] == [event.name for event in events]


def test_a_session_whose_capture_is_finished_goes_on_unrecorded() -> None:
    out: list[bytes] = []
    play = play_of("first_light", kind=Recorder, write=out.append)
    play.run(until=2.0)
    assert isinstance(play.session, Recorder)
    play.session.finish()
    written, seen, sent = len(out), len(play.events), len(play.actions)
    play.run(until=200)
    assert len(play.events) > seen and len(play.actions) > sent
    assert len(out) == written
    assert list(replay(out)) == play.events[:seen]


@pytest.mark.parametrize(("held", "little"), [(1000, True), (10**9, False)])
def test_a_gzipped_recording_holds_back_so_much_and_no_more(
    held: int, little: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "FLUSH", held)
    plain: list[bytes] = []
    packed: list[bytes] = []
    for out, compress in ((plain, False), (packed, True)):
        play_of("first_light", kind=Recorder, write=out.append, compress=compress).run(until=10.0)
    every, found = list(read_capture(plain)), list(read_capture(packed))
    assert found == every[: len(found)]
    missing = sum(len(write_record(each)) for each in every[len(found) :])
    assert (missing < 1000) is little
