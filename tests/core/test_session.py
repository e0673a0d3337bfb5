"""The session's decisions one by one: phases, deadlines, refusals, reconnects, backpressure, the end."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_world import ROOM, World, answer, chat, gift

from tiktok_webcast import (
    CloseReason,
    HttpResponse,
    Limits,
    LocalProtocolError,
    Message,
    Phase,
    RetryPolicy,
    Session,
    SessionConfig,
    Timing,
    TransportFailure,
)
from tiktok_webcast._pb.gift_pb2 import WebcastGiftMessage
from tiktok_webcast._pb.like_pb2 import WebcastLikeMessage
from tiktok_webcast._pb.member_pb2 import WebcastRoomUserSeqMessage
from tiktok_webcast._pb.room_pb2 import WebcastControlMessage
from tiktok_webcast.actions import CloseSocket, OpenSocket, SendRequest
from tiktok_webcast.context import SessionLogin
from tiktok_webcast.events import LikeEvent
from tiktok_webcast.http import Exchange, FailureKind, HttpRequest, SocketRequest
from tiktok_webcast.push.frames import write_frame
from tiktok_webcast.push.server import fetch_result
from tiktok_webcast.secret import Secret
from tiktok_webcast.signer import Signed, SignFailure, SignTarget
from tiktok_webcast.track.gifts import StreakEndCause

OFFLINE_CHECK = b'{"data": [{"alive": false, "room_id": %d, "room_id_str": "%d"}], "status_code": 0}' % (ROOM, ROOM)
ENDED_INFO = b'{"data": {"id_str": "%d", "status": 4}, "status_code": 0}' % ROOM


def names(world: World) -> list[str]:
    return [event.name for event in world.events]


def control(action: int, *, history: bool = False) -> Message:
    wire = WebcastControlMessage()
    wire.action = action  # type: ignore[assignment]  # the stub wants a name, the wire has any number
    wire.common.msg_id = 900 + action
    return Message("WebcastControlMessage", wire.SerializeToString(), 900 + action, history)


def live(**options: object) -> World:
    world = World(**options)  # type: ignore[arg-type]
    world.open()
    return world


# --- the way in -----------------------------------------------------------------------------------------------------


UNCHECKED = SessionConfig(check_room=False)


class OneRequestSigner:
    """Asks once, and takes any answer for a signature."""

    def __init__(self) -> None:
        self.targets: list[SignTarget] = []

    def sign(self, target: SignTarget) -> Exchange[Signed | SignFailure]:
        self.targets.append(target)
        answer = yield HttpRequest("GET", "https://sign.example/")
        if isinstance(answer, TransportFailure):
            return SignFailure(CloseReason.SIGN_FAILED, f"{answer.kind.value}: {answer.detail}")
        return Signed(SocketRequest("wss://webcast-ws.tiktok.com/"), room_id=ROOM + answer.status)


def signing(**options: object) -> tuple[Session, OneRequestSigner]:
    signer = OneRequestSigner()
    session = Session(f"room:{ROOM}", signer=signer, config=UNCHECKED, **options)  # type: ignore[arg-type]
    session.start(now=0.0)
    return session, signer


def test_a_request_has_a_deadline_by_the_sessions_own_clock() -> None:
    session, _ = signing(retry=RetryPolicy(tries=0))
    (action,) = iter(session.next_action, None)
    assert isinstance(action, SendRequest) and session.phase is Phase.SIGNING
    assert session.next_timer() == Timing().request
    session.handle_timer(now=Timing().request - 0.1)
    assert session.phase is Phase.SIGNING
    session.handle_timer(now=Timing().request)
    assert session.closed is not None and session.closed.reason is CloseReason.SIGN_FAILED
    assert "no answer in 15 s" in session.closed.detail
    session.receive_response(action.request_id, HttpResponse(200), now=16.0)
    assert session.next_action() is None, "an answer that comes too late is ignored"


def test_an_answer_for_another_request_is_ignored() -> None:
    session, _ = signing()
    (action,) = iter(session.next_action, None)
    assert isinstance(action, SendRequest)
    session.receive_response(action.request_id + 1, HttpResponse(200), now=1.0)
    assert session.next_action() is None
    session.receive_response(action.request_id, HttpResponse(5), now=1.0)
    assert session.phase is Phase.OPENING and session.room_id == ROOM + 5, "the signer may name the room"


def test_a_socket_that_does_not_open_is_given_up() -> None:
    session, _ = signing()
    first = session.next_action()
    assert isinstance(first, SendRequest)
    session.receive_response(first.request_id, HttpResponse(1), now=1.0)
    opening = session.next_action()
    assert isinstance(opening, OpenSocket)
    assert session.next_timer() == 1.0 + Timing().open
    session.handle_timer(now=30.0)
    assert session.next_action() == CloseSocket(opening.socket_id, 1000)
    assert session.phase is Phase.WAITING
    session.socket_opened(opening.socket_id, (), now=30.1)
    assert session.phase is Phase.WAITING, "a late opening is ignored"


def test_every_try_is_signed_anew_and_a_flagged_device_gets_a_new_identity() -> None:
    session, signer = signing()
    now = 0.0
    for _ in range(2):
        request = session.next_action()
        assert isinstance(request, SendRequest)
        session.receive_response(request.request_id, HttpResponse(0), now=now)
        opening = session.next_action()
        assert isinstance(opening, OpenSocket)
        session.socket_rejected(opening.socket_id, 415, (("Handshake-Msg", "DEVICE_BLOCKED"),), now=now)
        assert session.phase is Phase.WAITING
        timer = session.next_timer()
        assert timer is not None and timer >= now + 2.0
        now = timer
        session.handle_timer(now=now)
        while isinstance(ask := session.next_action(), SendRequest) and "sign.example" not in ask.request.url:
            body = b'{"data": [{"alive": true, "room_id": %d, "room_id_str": "%d"}]}' % (ROOM, ROOM)
            info = b'{"status_code": 0, "data": {"id_str": "%d", "status": 2}}' % ROOM
            session.receive_response(
                ask.request_id, HttpResponse(200, (), body if "alive" in ask.request.url else info), now=now
            )
        assert isinstance(ask, SendRequest)
        session._actions.appendleft(ask)
    first, second, third = (target.context for target in signer.targets)
    assert len({first.device_id, second.device_id, third.device_id}) == 3
    assert [target.attempt for target in signer.targets] == [1, 2, 3]


def test_a_refusal_that_no_retry_can_cure_ends_it() -> None:
    world = World()
    assert isinstance(world.actions[-1], OpenSocket)
    world.call("socket_rejected", world.socket_id, 200, (("Handshake-Msg", "illegal secret key"),))
    assert world.session.closed is not None
    assert world.session.closed.reason is CloseReason.HANDSHAKE_REFUSED
    assert names(world) == ["closed"]


def test_a_refused_handshake_is_retried_once_then_ends() -> None:
    world = World()
    for _ in range(2):
        while world.session.phase is Phase.WAITING:
            world.pass_time(world.session.next_timer())
        world.call("socket_rejected", world.socket_id, 400, ())
    assert names(world) == ["reconnecting", "closed"]
    assert world.session.closed is not None and world.session.closed.reason is CloseReason.HANDSHAKE_REFUSED


@pytest.mark.parametrize("kept_trying", [True, False])
def test_what_the_socket_echoes_of_our_cookies_is_shown_to_nobody(kept_trying: bool) -> None:
    secret = "planted0123456789abcdef"
    config = SessionConfig(login=SessionLogin(Secret(secret)), check_room=False)
    for rejected in (True, False):
        session = Session(
            f"room:{ROOM}", config=config, signer=RoomAfterRoom(ROOM), retry=RetryPolicy(tries=int(kept_trying))
        )
        session.start(now=0.0)
        opening = session.next_action()
        assert isinstance(opening, OpenSocket)
        if rejected:
            session.socket_rejected(opening.socket_id, 400, (("Handshake-Msg", f"bad sessionid={secret}"),), now=1.0)
        else:
            session.socket_opened(opening.socket_id, (), now=1.0)
            session.socket_closed(opening.socket_id, 4000, f"bad sessionid={secret}\x1b[31m", now=2.0)
        told = [event.to_dict() for event in iter(session.next_event, None)]
        assert "bad sessionid=" in str(told) and secret not in str((told, session.closed))
        assert "\\x1b" not in str(told), "nor does it paint the terminal"


def test_calls_that_make_no_sense_raise() -> None:
    world = live()
    with pytest.raises(LocalProtocolError, match="make a new one"):
        world.session.start(now=1.0)


# --- reconnects -----------------------------------------------------------------------------------------------------


def test_silence_closes_the_socket_and_reconnects() -> None:
    world = live()
    # Heartbeats are served meanwhile; only what the server says counts.
    world.pass_time(60.0)
    assert CloseSocket(1, 1000) in world.actions
    assert names(world)[:3] == ["connect", "disconnect", "reconnecting"]
    world.open()
    assert names(world)[-1] == "connect"
    connect = world.events[-1]
    assert connect.attempt == 2 and world.session.statistics.reconnects == 1


@pytest.mark.parametrize("answers", [False, True])
def test_sockets_that_open_and_say_nothing_are_not_tried_for_ever(answers: bool) -> None:
    world = World(tries=2)
    for _ in range(20):
        if world.session.closed is None:
            world.open()
        while world.session.phase is Phase.LIVE:
            timer = world.session.next_timer()
            assert timer is not None
            world.pass_time(timer)
            if answers and world.session.phase is Phase.LIVE:
                world.call("receive_message", world.socket_id, world.server.heartbeat_answer())
    openings = sum(isinstance(action, OpenSocket) for action in world.actions)
    closed = world.session.closed
    if answers:
        assert closed is None and openings == 20, "a quiet room is heard all the time"
    else:
        assert closed is not None and (closed.reason, openings) == (CloseReason.STALE, 3)


def test_a_room_that_only_answers_heartbeats_is_asked_whether_it_is_over() -> None:
    world = live()
    while world.session.phase is Phase.LIVE and world.now < 1000.0:
        timer = world.session.next_timer()
        assert timer is not None
        world.pass_time(timer)
        if world.session.phase is Phase.LIVE:
            world.call("receive_message", world.socket_id, world.server.heartbeat_answer())
    assert world.now == Timing().quiet
    assert CloseSocket(1, 1000) in world.actions
    told = [(event.name, event.to_dict().get("reason")) for event in world.events]
    assert told == [("connect", None), ("disconnect", "stale"), ("reconnecting", "stale")]
    asked = [action for action in world.actions if isinstance(action, SendRequest)]
    world.open()
    assert len([action for action in world.actions if isinstance(action, SendRequest)]) > len(asked)


def test_a_server_in_trouble_is_tried_as_often_as_the_policy_says() -> None:
    world = World()
    for attempt in range(1, 6):
        while world.session.phase is not Phase.OPENING:
            world.pass_time(world.session.next_timer())
        world.call("socket_rejected", world.socket_id, 502, ())
        assert world.session.closed is None and world.events[-1].name == "reconnecting"
        assert world.events[-1].attempt == attempt


def test_a_room_whose_end_was_lost_is_noticed() -> None:
    """The socket is cut, and the room turns out to be over."""
    world = live()
    world.send([gift(5, 1, 5, 7, 3)])
    world.hang_up()
    session = world.session
    session.socket_closed(world.socket_id, 1000, "", now=world.now)
    session.handle_timer(now=world.now + 60)
    while isinstance(action := session.next_action(), SendRequest):
        body = OFFLINE_CHECK if "check_alive" in action.request.url else ENDED_INFO
        session.receive_response(action.request_id, HttpResponse(200, (), body), now=world.now + 60)
    world.take_events()
    assert session.closed is not None and session.closed.reason is CloseReason.ROOM_ENDED
    end = next(event for event in world.events if event.name == "gift_streak_end")
    assert end.cause is StreakEndCause.ROOM_ENDED and end.total == 3
    assert names(world)[-1] == "closed"


def test_a_streak_goes_on_across_a_reconnect() -> None:
    world = live()
    world.send([gift(1, 1, 5, 7, 3)])
    world.cut()
    world.now += 100.0
    world.signer.first_result = fetch_result([gift(1, 1, 5, 7, 3)], now=1)
    world.call("handle_timer")
    world.open([gift(1, 1, 5, 7, 3)])
    world.send([gift(2, 1, 5, 7, 5), gift(3, 1, 5, 7, 5, end=True)])
    ends = [event for event in world.events if event.name == "gift_streak_end"]
    assert [(end.total, end.diamonds, end.cause) for end in ends] == [(5, 25, StreakEndCause.REPEAT_END)]
    assert [event.delta for event in world.events if event.name == "gift"] == [3, 2, 0]
    assert world.session.statistics.duplicates == 1


def test_users_whose_id_comes_as_text_only_are_told_apart_too() -> None:
    def named(message: Message, wire: WebcastGiftMessage | WebcastLikeMessage, user: int) -> Message:
        wire.ParseFromString(message.payload)
        wire.user.id = 0
        wire.user.id_str = str(user)
        return message._replace(payload=wire.SerializeToString())

    def given(msg_id: int, user: int, count: int, *, end: bool = False) -> Message:
        return named(gift(msg_id, user, 5, 7, count, end=end), WebcastGiftMessage(), user)

    world = live()
    world.send([given(1, 11, 3), given(2, 22, 2), given(3, 11, 3, end=True), given(4, 22, 2, end=True)])
    assert [event.delta for event in world.events if event.name == "gift"] == [3, 2, 0, 0]
    ends = [event for event in world.events if event.name == "gift_streak_end"]
    assert [(end.user.id, end.total) for end in ends] == [(11, 3), (22, 2)]
    like = Message("WebcastLikeMessage", WebcastLikeMessage(count=3).SerializeToString())
    world.send([named(like, WebcastLikeMessage(), user) for user in (11, 22, 11)])
    assert [event.user_likes for event in world.events if event.name == "like"] == [3, 3, 6]


def test_giving_up_settles_streaks_and_says_why() -> None:
    session = Session(f"room:{ROOM}", config=UNCHECKED, signer=World().signer, retry=RetryPolicy(tries=0))
    session.start(now=0.0)
    opening = session.next_action()
    assert isinstance(opening, OpenSocket)
    session.socket_opened(opening.socket_id, (), now=0.0)
    frame = write_frame("msg", fetch_result([gift(1, 1, 5, 7, 3)], now=1))
    session.receive_message(opening.socket_id, frame, now=1.0)
    session.socket_failed(opening.socket_id, TransportFailure(FailureKind.READ, "reset by peer"), now=2.0)
    events = list(iter(session.next_event, None))
    assert [event.name for event in events] == ["connect", "gift", "gift_streak_end", "disconnect", "closed"]
    assert events[2].cause is StreakEndCause.DISCONNECTED
    assert events[3].will_reconnect is False
    assert events[4].reason is CloseReason.NETWORK and "reset by peer" in events[4].detail


class RoomAfterRoom:
    """Signs without asking; each time for the next of these rooms."""

    def __init__(self, *rooms: int) -> None:
        self.rooms = list(rooms)

    def sign(self, target: SignTarget) -> Exchange[Signed]:
        return Signed(SocketRequest("wss://webcast-ws.tiktok.com/"), room_id=self.rooms.pop(0))
        yield


class TalkativeSigner:
    """Signs without asking, and has something to say."""

    def sign(self, target: SignTarget) -> Exchange[Signed]:
        return Signed(SocketRequest("wss://webcast-ws.tiktok.com/"), notes=("not the first", "for hush-hush-1\x1b[2J"))
        yield


def test_what_a_signer_has_to_say_comes_with_the_socket_and_without_secrets() -> None:
    config = SessionConfig(room_id=ROOM, check_room=False, login=SessionLogin(Secret("hush-hush-1")))
    session = Session("ann", config=config, signer=TalkativeSigner())
    session.start(now=0.0)
    action = session.next_action()
    assert isinstance(action, OpenSocket)
    assert len(action.notes) == 2 and action.notes[0] == "not the first"
    assert "hush" not in repr(action) and "\x1b" not in repr(action)
    assert action == OpenSocket(action.socket_id, action.request), "of no weight where sessions are compared"


def test_what_was_counted_of_a_room_ends_when_its_host_opens_another() -> None:
    world = live()
    world.session._signer = RoomAfterRoom(ROOM, ROOM + 1)
    like = WebcastLikeMessage(count=3, total=900)
    like.user.id = 7
    viewers = WebcastRoomUserSeqMessage(total=44)

    def likes(total: int) -> Message:
        like.total = total
        return Message("WebcastLikeMessage", like.SerializeToString(), total)

    world.send([likes(900), Message("WebcastRoomUserSeqMessage", viewers.SerializeToString(), 2), gift(3, 7, 5, 1, 4)])
    world.cut()
    world.open()
    world.send([likes(901)])
    assert names(world).count("gift_streak_end") == 0 and world.session.viewer_count == 44, "the same room goes on"
    world.cut()
    world.open()
    (end,) = (event for event in world.events if event.name == "gift_streak_end")
    assert end.cause is StreakEndCause.ROOM_ENDED and end.total == 4
    assert end.room_id == ROOM, "it was given in the room that is over"
    assert world.session.viewer_count is None and world.session.top_viewers == ()
    world.send([likes(5)])
    seen = [(event.room_id, event.room_likes) for event in world.events if isinstance(event, LikeEvent)]
    assert seen == [(ROOM, 900), (ROOM, 901), (ROOM + 1, 5)]
    world.check_counts()


@pytest.mark.parametrize(("room_id", "asked"), [(ROOM, "/webcast/room/info/"), (0, "/@ann/live")])
def test_who_named_a_room_is_brought_back_to_that_room(room_id: int, asked: str) -> None:
    session = Session("ann", config=SessionConfig(room_id=room_id, check_room=False), signer=RoomAfterRoom(ROOM, ROOM))
    session.start(now=0.0)
    if not room_id:
        for request in iter(session.next_action, None):
            assert isinstance(request, SendRequest)
            body = json.dumps(
                {"data": {"user": {"roomId": str(ROOM), "status": 2}, "liveRoom": {"status": 2}}, "statusCode": 0}
            )
            page = b"<html></html>" if "/live" in request.request.url.partition("?")[0][-5:] else body.encode()
            info = answer(request.request) if "/webcast/" in request.request.url else HttpResponse(200, (), page)
            session.receive_response(request.request_id, info, now=0.0)
            if session.phase is Phase.OPENING:
                break
    opening = session.next_action()
    assert isinstance(opening, OpenSocket)
    session.socket_opened(opening.socket_id, (), now=1.0)
    session.socket_closed(opening.socket_id, 1006, "", now=2.0)
    timer = session.next_timer()
    assert timer is not None
    session.handle_timer(now=timer)
    (request,) = [action for action in iter(session.next_action, None) if isinstance(action, SendRequest)]
    assert asked in request.request.url


# --- the end --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "words"), [(3, "host ended"), (4, "suspended")])
def test_the_end_of_the_room_delivers_what_came_with_it_and_closes(action: int, words: str) -> None:
    world = live()
    world.send([gift(1, 1, 5, 7, 3), control(action), chat(2)])
    assert names(world) == ["connect", "gift", "live_end", "comment", "gift_streak_end", "disconnect", "closed"]
    assert world.session.closed is not None and words in world.session.closed.detail
    assert world.actions[-1] == CloseSocket(1, 1000)
    assert world.session.next_timer() is None


@pytest.mark.parametrize("message", [control(3, history=True), control(1), control(2), control(77)])
def test_other_controls_and_old_ends_do_not_close(message: Message) -> None:
    world = live()
    world.send([message])
    assert world.session.phase is Phase.LIVE


def test_closing_before_anything_happened_leaves_nothing_to_do() -> None:
    session, _ = signing()
    session.close(now=0.0)
    assert session.next_action() is None
    assert [event.name for event in iter(session.next_event, None)] == ["closed"]
    for late in (session.close, session.handle_timer):
        late(now=1.0)
    session.socket_opened(1, (), now=1.0)
    session.socket_closed(1, 1000, "", now=1.0)
    assert session.next_event() is None and session.next_action() is None


# --- limits and backpressure ------------------------------------------------------------------------------------------


def test_a_message_at_the_limit_is_read_and_one_byte_more_closes() -> None:
    frame = write_frame("msg", fetch_result([chat(1, "x" * 500)], now=1))
    for limit, phase in ((len(frame), Phase.LIVE), (len(frame) - 1, Phase.WAITING)):
        world = live(limits=Limits(message=limit))
        world.call("receive_message", world.socket_id, frame)
        assert world.session.phase is phase
    assert CloseSocket(1, 1009) in world.actions


def test_a_frame_that_unpacks_to_too_much_becomes_an_event_and_the_room_goes_on() -> None:
    world = live(limits=Limits(unpacked=1000))
    packed = gzip.compress(bytes(1001), mtime=0)
    world.call("receive_message", world.socket_id, write_frame("msg", packed))
    bad = world.events[-1]
    assert bad.name == "undecodable" and bad.method is None and bad.raw == packed
    assert "limit of 1000 bytes" in bad.error
    world.send([chat(1)])
    assert names(world)[-1] == "comment"


def test_messages_past_the_limit_of_a_frame_are_counted_and_announced() -> None:
    world = live(limits=Limits(messages_per_frame=3))
    world.send([chat(number) for number in range(1, 6)])
    assert names(world) == ["connect", "comment", "comment", "comment", "overflow"]
    assert world.events[-1].dropped == 2 and world.session.statistics.dropped == 2


QUEUE = Limits(event_queue_high=10, event_queue_low=4, event_queue=20)


def test_paused_has_two_water_marks() -> None:
    world = live(limits=QUEUE, read_events=False)
    session = world.session
    world.send([chat(number) for number in range(1, 9)])
    assert not session.paused, "nine wait: connect and eight comments"
    world.send([chat(9)])
    assert session.paused, "ten wait"
    for _ in range(6):
        assert session.paused
        session.next_event()
    assert not session.paused, "four wait"


def test_heartbeats_and_acks_go_on_while_paused() -> None:
    world = live(limits=QUEUE, read_events=False)
    world.send([chat(number) for number in range(1, 12)])
    assert world.session.paused
    world.pass_time(35.0)
    assert world.session.statistics.heartbeats == 4 and world.session.statistics.acks == 1


def test_a_program_that_reads_nothing_for_long_is_not_taken_for_a_silent_server() -> None:
    world = live(limits=QUEUE, read_events=False)
    world.send([chat(number) for number in range(1, 12)])
    world.pass_time(200.0)
    assert world.session.phase is Phase.LIVE
    while world.session.paused:
        world.session.next_event()
    world.pass_time(250.0)
    assert world.session.phase is Phase.LIVE, "reading has only just begun again"
    world.pass_time(330.0)
    assert world.session.phase is not Phase.LIVE, "now the silence is the server's"


def test_silence_on_a_new_socket_is_judged_by_what_was_read_from_it() -> None:
    limits = Limits(event_queue_high=4, event_queue_low=2, event_queue=100)
    world = World(limits=limits, read_events=False)
    world.open()
    world.cut()
    world.open([chat(number) for number in range(1, 20)])
    assert world.session.paused, "the signer's batch alone is too much for a program that reads nothing"
    world.pass_time(Timing().stale + 1)
    assert world.session.phase is Phase.LIVE, "the silence is ours"
    world.cut()
    world.take_events()
    world.open()
    world.take_events()
    world.pass_time(world.now + Timing().stale + 1)
    assert world.session.phase is not Phase.LIVE, "what the old socket was excused for, the new one is not"


@given(st.lists(st.integers(1, 6), max_size=30), st.integers(1, 12))
def test_nothing_is_lost_under_block_by_who_heeds_paused(batches: list[int], reading: int) -> None:
    world = live(limits=QUEUE, read_events=False)
    session = world.session
    msg_id, got = 0, []
    for size in batches:
        while session.paused:
            got.extend([session.next_event() for _ in range(reading)])
        world.send([chat(msg_id + number + 1) for number in range(size)])
        msg_id += size
    got.extend(iter(session.next_event, None))
    comments = [event.msg_id for event in got if event is not None and event.name == "comment"]
    assert comments == list(range(1, msg_id + 1))
    assert session.statistics.dropped == 0 and session.statistics.queue_peak <= QUEUE.event_queue


@given(st.lists(st.integers(1, 6), max_size=30))
def test_every_loss_is_counted_and_announced_under_drop_oldest(batches: list[int]) -> None:
    world = live(limits=QUEUE, overflow="drop-oldest", read_events=False)
    session = world.session
    msg_id = 0
    for size in batches:
        world.send([chat(msg_id + number + 1) for number in range(size)])
        msg_id += size
        assert not session.paused
    got = list(iter(session.next_event, None))
    comments = [event.msg_id for event in got if event.name == "comment"]
    announced = sum(event.dropped for event in got if event.name == "overflow")
    assert comments == list(range(msg_id - len(comments) + 1, msg_id + 1)), "the newest stay, in order"
    assert len(comments) + session.statistics.dropped == msg_id
    assert announced == session.statistics.dropped
    assert [event.name for event in got].count("connect") == 1, "the session's own events are never dropped"


# --- filters and history ----------------------------------------------------------------------------------------------


def filtered(**choices: object) -> Session:
    config = SessionConfig(check_room=False, **choices)  # type: ignore[arg-type]
    session = Session(f"room:{ROOM}", signer=World().signer, config=config)
    session.start(now=0.0)
    opening = session.next_action()
    assert isinstance(opening, OpenSocket)
    session.socket_opened(opening.socket_id, (), now=0.0)
    viewers = WebcastRoomUserSeqMessage(total=12, total_user=40)
    old = chat(3, "old", history=True)
    counted = Message("WebcastRoomUserSeqMessage", viewers.SerializeToString(), 4)
    messages = [
        chat(1), gift(2, 1, 5, 7, 3, end=True), old, counted,
        Message("WebcastNeverHeardOf", b"", 5), Message("WebcastChatMessage", b"\xff", 6), chat(1),
    ]  # fmt: skip
    session.receive_message(opening.socket_id, write_frame("msg", fetch_result(messages, now=1)), now=1.0)
    return session


def test_include_delivers_what_is_named_and_skips_the_rest_unparsed() -> None:
    session = filtered(include=frozenset({"gift_streak_end"}))
    assert [event.name for event in iter(session.next_event, None)] == ["connect", "gift_streak_end"]
    statistics = session.statistics
    assert statistics.messages == 7 and statistics.by_method["WebcastChatMessage"] == 4
    assert statistics.skipped == 4 and statistics.duplicates == 1 and statistics.undecodable == 0
    assert session.viewer_count == 12, "what the session itself keeps goes on"


def test_exclude_wins_over_include() -> None:
    session = filtered(include=frozenset({"gift", "comment"}), exclude=frozenset({"gift"}))
    assert [event.name for event in iter(session.next_event, None)] == ["connect", "comment", "comment", "undecodable"][
        :3
    ]


def test_history_may_be_left_out() -> None:
    kept = [event for event in iter(filtered().next_event, None) if event.is_history]
    assert [event.name for event in kept] == ["comment"]
    session = filtered(history=False)
    assert not [event for event in iter(session.next_event, None) if event.is_history]
    assert session.statistics.skipped == 1 and session.statistics.history == 0


def test_unknown_and_undecodable_keep_their_bytes() -> None:
    events = {event.name: event for event in iter(filtered().next_event, None)}
    assert events["unknown"].method == "WebcastNeverHeardOf" and events["unknown"].raw == b""
    assert events["undecodable"].raw == b"\xff" and events["undecodable"].method == "WebcastChatMessage"


# --- hostile sockets --------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_from_the_socket_never_raise(messages: list[bytes]) -> None:
    world = live()
    for data in messages:
        world.call("receive_message", world.socket_id, data)
    world.call("close")
    assert names(world)[-1] == "closed"
