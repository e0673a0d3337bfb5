"""What each input of a session does and does not do: input that is no longer current, clocks, counters, words."""

from __future__ import annotations

from random import Random

import pytest
from session_world import ROOM, ReadySigner, World, answer, chat, gift

from tiktok_webcast import (
    CloseReason,
    HttpResponse,
    Limits,
    LocalProtocolError,
    Phase,
    RetryPolicy,
    Session,
    SessionConfig,
    Timing,
)
from tiktok_webcast.actions import CloseSocket, OpenSocket, SendRequest
from tiktok_webcast.events import DisconnectEvent
from tiktok_webcast.http import Exchange, FailureKind, HttpRequest, SocketRequest, TransportFailure
from tiktok_webcast.push.frames import write_frame
from tiktok_webcast.push.server import fetch_result
from tiktok_webcast.signer import Signed, SignTarget

FAILURE = TransportFailure(FailureKind.READ, "reset by peer")
UNCHECKED = SessionConfig(check_room=False)


def live() -> World:
    world = World()
    world.open()
    return world


def steady() -> Session:
    """A session that waits for its first socket (number 1), and a second after a failure."""
    session = Session(f"room:{ROOM}", config=UNCHECKED, signer=ReadySigner(), retry=RetryPolicy(jitter=0.0))
    session.start(now=0.0)
    assert session.next_action() == OpenSocket(1, SocketRequest("wss://webcast-ws.tiktok.com/"))
    return session


def names(session: Session) -> list[str]:
    return [event.name for event in iter(session.next_event, None)]


def test_the_words_for_phases() -> None:
    assert [phase.value for phase in Phase] == ["idle", "resolving", "signing", "opening", "live", "waiting", "closed"]


def test_looking_for_the_room_is_a_phase() -> None:
    session = Session("ann")
    session.start(now=0.0)
    assert session.phase is Phase.RESOLVING


def test_what_was_found_out_on_the_way_in_can_be_read() -> None:
    world = live()
    assert world.session.unique_id is None
    world.cut()
    world.open()
    assert world.session.found is not None and world.session.found.room_id == ROOM
    assert world.session.unique_id == "ann"


# --- no longer current ----------------------------------------------------------------------------------------------


def test_another_socket_s_fate_is_not_ours() -> None:
    session = steady()
    session.socket_opened(2, (), now=1.0)
    session.socket_rejected(2, 400, (), now=1.0)
    session.socket_failed(2, FAILURE, now=1.0)
    session.socket_closed(2, 1000, "", now=1.0)
    phases = [session.phase]
    session.socket_opened(1, (), now=1.0)
    session.socket_failed(2, FAILURE, now=1.0)
    session.socket_closed(2, 1000, "", now=1.0)
    session.receive_message(2, b"", now=1.0)
    assert [*phases, session.phase] == [Phase.OPENING, Phase.LIVE]
    assert names(session) == ["connect"] and session.statistics.frames == 0


def test_a_socket_that_is_open_neither_opens_nor_is_refused() -> None:
    session = steady()
    session.socket_opened(1, (), now=1.0)
    session.socket_opened(1, (), now=2.0)
    session.socket_rejected(1, 400, (), now=2.0)
    assert session.phase is Phase.LIVE
    assert names(session) == ["connect"]


def test_a_socket_fails_once() -> None:
    session = steady()
    for _ in range(2):
        session.socket_failed(1, FAILURE, now=1.0)
        session.socket_closed(1, 1000, "", now=1.0)
        session.socket_rejected(1, 400, (), now=1.0)
        session.socket_opened(1, (), now=1.0)
    assert session.phase is Phase.WAITING
    assert names(session) == ["reconnecting"]


def test_each_socket_has_a_number_of_its_own() -> None:
    world = live()
    for _ in range(3):
        world.cut()
        world.open()
    assert [action.socket_id for action in world.actions if isinstance(action, OpenSocket)] == [1, 2, 3, 4]


# --- time -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("socket_failed", (FAILURE,)), ("socket_rejected", (503, ())), ("socket_closed", (1000, ""))],
)
def test_waiting_counts_from_the_failure(name: str, arguments: tuple[object, ...]) -> None:
    session = steady()
    getattr(session, name)(1, *arguments, now=7.0)
    assert session.phase is Phase.WAITING and session.next_timer() == 8.0


def test_heartbeats_count_from_the_opening() -> None:
    session = steady()
    session.socket_opened(1, (), now=7.0)
    assert session.next_timer() == 7.0 + Timing().heartbeat


def test_time_that_goes_back_stands_still() -> None:
    session = steady()
    session.socket_opened(1, (), now=0.0)
    session.receive_message(1, b"", now=10.0)
    session.handle_timer(now=5.0)
    assert session.statistics.heartbeats == 2


def test_the_soonest_deadline_is_told_whichever_it_is() -> None:
    world = live()
    world.pass_time(3.0)
    world.send([gift(1, 1, 5, 7, 3)])
    assert world.session.next_timer() == 10.0, "the heartbeat"
    world.pass_time(10.0)
    assert world.session.next_timer() == 18.0, "the streak"
    world.pass_time(18.0)
    assert world.session.next_timer() == 20.0
    world.send([gift(2, 1, 5, 8, 3)])
    world.cut()
    world.open()
    opened = world.now
    ends = [event.name for event in world.events].count("gift_streak_end")
    world.pass_time(opened + 14.9)
    assert [event.name for event in world.events].count("gift_streak_end") == ends
    world.pass_time(opened + 15.0)
    assert [event.name for event in world.events].count("gift_streak_end") == ends + 1


class AskingSigner:
    def sign(self, target: SignTarget) -> Exchange[Signed]:
        yield HttpRequest("GET", "https://sign.example/")
        return Signed(SocketRequest("wss://webcast-ws.tiktok.com/"))


def signing() -> tuple[Session, int]:
    session = Session(f"room:{ROOM}", config=UNCHECKED, signer=AskingSigner(), retry=RetryPolicy(jitter=0.0))
    session.start(now=0.0)
    request = session.next_action()
    assert isinstance(request, SendRequest)
    return session, request.request_id


def test_a_request_that_is_held_has_its_whole_time_afterwards() -> None:
    session, number = signing()
    session.hold_request(number)
    assert session.next_timer() is None
    session.release_request(number, now=100.0)
    assert session.next_timer() == 100.0 + Timing().request


def test_the_answer_moves_the_clock() -> None:
    session, number = signing()
    session.receive_response(number, HttpResponse(200), now=9.0)
    assert session.phase is Phase.OPENING and session.next_timer() == 9.0 + Timing().open


def test_after_the_wait_only_the_new_request_has_a_deadline() -> None:
    session, number = signing()
    session.receive_response(number, HttpResponse(200), now=1.0)
    session.socket_failed(1, FAILURE, now=2.0)
    session.handle_timer(now=3.0)
    assert session.phase is Phase.SIGNING and session.next_timer() == 3.0 + Timing().request


@pytest.mark.parametrize("answered", [False, True])
def test_after_the_end_nothing_is_asked_or_awaited(answered: bool) -> None:
    session, number = signing()
    if answered:
        session.receive_response(number, HttpResponse(200), now=1.0)
    session.close(now=2.0)
    assert session.next_timer() is None
    session.receive_response(number, HttpResponse(200), now=3.0)
    session.handle_timer(now=1000.0)
    assert session.phase is Phase.CLOSED
    assert list(iter(session.next_action, None)) == ([CloseSocket(1, 1000)] if answered else [])
    assert names(session) == ["closed"]


def test_the_signer_is_told_which_try_it_is_how_many_were_refused_and_when() -> None:
    targets: list[SignTarget] = []

    class Noting(ReadySigner):
        def sign(self, target: SignTarget) -> Exchange[Signed]:
            targets.append(target)
            return super().sign(target)

    session = Session(f"room:{ROOM}", config=UNCHECKED, signer=Noting(), retry=RetryPolicy(jitter=0.0, base=0.0))

    def fail(now: float) -> None:
        session._resolve_again = False  # No web is asked here.
        session.handle_timer(now=now)

    session.start(now=0.0)
    session.socket_rejected(1, 502, (), now=1.0)
    fail(1.0)
    session.socket_rejected(2, 502, (), now=2.0)
    fail(2.0)
    session.socket_opened(3, (), now=3.0)
    session.socket_failed(3, FAILURE, now=4.0)
    fail(5.0)
    assert [(t.attempt, t.refusals, t.now) for t in targets] == [(1, 0, 0.0), (2, 1, 1.0), (3, 2, 2.0), (4, 0, 5.0)]


# --- counters and words ---------------------------------------------------------------------------------------------


def test_frames_and_bytes_are_counted() -> None:
    world = live()
    frames = [write_frame("msg", fetch_result([chat(number)], now=1)) for number in (1, 2)]
    for frame in (*frames, b"?"):
        world.call("receive_message", world.socket_id, frame)
    counted = world.session.statistics
    assert (counted.frames, counted.bytes) == (3, sum(map(len, frames)) + 1)
    assert (counted.messages, counted.undecodable) == (2, 1)


def test_heartbeats_and_acks_are_counted_across_sockets() -> None:
    world = live()
    world.send([chat(1)])
    world.pass_time(10.0)
    world.cut()
    assert (world.session.statistics.heartbeats, world.session.statistics.acks) == (2, 1)
    world.open()
    world.send([chat(2)])
    counted = world.session.statistics
    assert (counted.heartbeats, counted.acks, counted.reconnects) == (3, 2, 1)
    world.cut()
    world.open()
    counted = world.session.statistics
    assert (counted.heartbeats, counted.acks, counted.reconnects) == (4, 2, 2)


@pytest.mark.parametrize(
    ("code", "reason", "said"),
    [
        (4000, "go away", "the server closed the socket with code 4000: go away"),
        (1000, "", "the server closed the socket with code 1000"),
        (None, "", "the connection was cut"),
    ],
)
def test_how_the_socket_went_is_said(code: int | None, reason: str, said: str) -> None:
    world = live()
    world.call("socket_closed", world.socket_id, code, reason)
    told = next(event for event in world.events if isinstance(event, DisconnectEvent))
    assert (told.reason, told.detail, told.will_reconnect) == (CloseReason.SERVER_CLOSED, said, True)


@pytest.mark.parametrize(
    ("failure", "reason", "said"),
    [
        (FAILURE, CloseReason.NETWORK, "read: reset by peer"),
        (TransportFailure(FailureKind.READ, ""), CloseReason.NETWORK, "read"),
        (TransportFailure(FailureKind.TOO_LARGE, "5 MB"), CloseReason.LIMIT, f"{FailureKind.TOO_LARGE.value}: 5 MB"),
    ],
)
def test_how_the_network_failed_is_said(failure: TransportFailure, reason: CloseReason, said: str) -> None:
    world = live()
    world.call("socket_failed", world.socket_id, failure)
    told = next(event for event in world.events if isinstance(event, DisconnectEvent))
    assert (told.reason, told.detail) == (reason, said)


def test_a_message_over_the_limit_says_which() -> None:
    world = World(limits=Limits(message=100))
    world.open()
    world.call("receive_message", world.socket_id, b"x" * 101)
    told = next(event for event in world.events if isinstance(event, DisconnectEvent))
    assert (told.reason, told.detail) == (
        CloseReason.LIMIT,
        "a message of 101 bytes is over Limits.message (100)",
    )


def test_silence_says_how_long() -> None:
    world = live()
    world.pass_time(Timing().stale)
    told = next(event for event in world.events if isinstance(event, DisconnectEvent))
    assert (told.reason, told.detail) == (CloseReason.STALE, "nothing arrived for 60 s")


def test_a_socket_that_does_not_open_says_so() -> None:
    session = Session(f"room:{ROOM}", config=UNCHECKED, signer=ReadySigner(), retry=RetryPolicy(tries=0))
    session.start(now=0.0)
    session.handle_timer(now=20.0)
    assert session.closed is not None and session.closed.detail == "the socket did not open in 20 s"


def test_closing_says_who_did_it() -> None:
    session = steady()
    session.close(now=1.0)
    assert session.closed is not None and session.closed.detail == "closed by you"


def test_only_a_flagged_guest_gets_a_new_identity() -> None:
    session = steady()
    before = session.context.device_id
    session.socket_failed(1, FAILURE, now=1.0)
    assert session.context.device_id == before


def test_without_chance_of_its_own_a_session_is_as_any_other() -> None:
    ids = [Session(f"room:{ROOM}", rng=rng).context.device_id for rng in (None, Random(0), Random(1))]
    assert ids[0] == ids[1] != ids[2]


def test_a_host_who_is_not_known_is_nobody() -> None:
    world = live()
    assert world.session._pipeline.host is None
    world.cut()
    world.open()
    host = world.session._pipeline.host
    assert host is not None and (host.id, host.unique_id) == (0, "ann")


def test_a_room_that_was_named_is_entered_although_the_web_is_out_of_reach() -> None:
    session = Session(f"room:{ROOM}", signer=ReadySigner(), retry=RetryPolicy(jitter=0.0))
    session.start(now=0.0)
    asked = 0
    while isinstance(action := session.next_action(), SendRequest):
        asked += 1
        session.receive_response(action.request_id, FAILURE, now=0.0)
    assert asked and isinstance(action, OpenSocket)
    session.socket_failed(action.socket_id, FAILURE, now=1.0)
    session.handle_timer(now=2.0)
    assert isinstance(session.next_action(), OpenSocket), "and not asked for in vain again"


def test_a_room_that_was_found_is_not_looked_for_again_after_one_failure() -> None:
    session = Session(f"room:{ROOM}", signer=ReadySigner(), retry=RetryPolicy(jitter=0.0))
    session.start(now=0.0)
    asked = 0
    while isinstance(action := session.next_action(), SendRequest):
        asked += 1
        session.receive_response(action.request_id, answer(action.request), now=0.0)
    assert asked and isinstance(action, OpenSocket)
    session.socket_failed(action.socket_id, FAILURE, now=1.0)
    session.handle_timer(now=2.0)
    assert isinstance(session.next_action(), OpenSocket)


def test_starting_twice_says_where_it_is() -> None:
    session = steady()
    with pytest.raises(LocalProtocolError) as raised:
        session.start(now=1.0)
    assert str(raised.value) == "start() on a session that is opening; make a new one"


def test_only_the_request_that_is_asked_is_held_and_let_go() -> None:
    session, number = signing()
    session.hold_request(number + 1)
    assert session.next_timer() == Timing().request
    session.hold_request(number)
    session.release_request(number + 1, now=100.0)
    assert session.next_timer() is None
