"""The simulated TikTok: answers of the documented shapes (protocol/http.md), and rules that it insists on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from tiktok_webcast._pb.transport_pb2 import ProtoMessageFetchResult, WebcastPushFrame
from tiktok_webcast.config import Limits
from tiktok_webcast.http import Headers, HttpRequest, HttpResponse
from tiktok_webcast.push.frames import FetchResult, Frame, read_fetch_result, read_frame, unpack
from tiktok_webcast.sim import SCENARIOS, Feed, Options, World, WorldOptions
from tiktok_webcast.sim import feed as feed_module
from tiktok_webcast.sim.door import OPEN, Api, Door, Page
from tiktok_webcast.sim.feed import Leave, Output, Send
from tiktok_webcast.sim.scenario import Scenario, Tell
from tiktok_webcast.sim.script import Frame as ScriptFrame
from tiktok_webcast.sim.script import Sign, Step
from tiktok_webcast.sim.story import Story
from tiktok_webcast.sim.world import SOCKET_PATH

BASE = "http://127.0.0.1:8080"
AGENT = "Mozilla/5.0 (X11; Linux x86_64)"
LIMITS = Limits()


def world_of(scenario: str = "first_light", **options: Any) -> World:
    return World(WorldOptions(scenario, **options), base_url=BASE)


def get(world: World, path: str, *, now: float = 0.0, headers: Headers = (), **query: Any) -> HttpResponse:
    url = f"{BASE}{path}" + (f"?{urlencode(query)}" if query else "")
    return world.request(HttpRequest("GET", url, headers), now=now)


def get_json(world: World, path: str, *, headers: Headers = (), **query: Any) -> Any:
    return json.loads(get(world, path, headers=headers, **query).body)


def post(world: World, path: str, body: dict[str, Any], *headers: tuple[str, str]) -> HttpResponse:
    return world.request(HttpRequest("POST", f"{BASE}{path}", headers, json.dumps(body).encode()), now=0.0)


class Signed:
    """A signed address, as a client would make it."""

    def __init__(self, world: World, user: str = "ann", *, now: float = 0.0, headers: Headers = ()) -> None:
        self.world = world
        self.room_id = world.stage(user).room.room_id
        path = f"/webcast/rooms/{self.room_id}/connect"
        answer = get(world, path, now=now, headers=headers, client="t", user_agent=AGENT)
        assert answer.status == 200, answer.body
        self.result = ProtoMessageFetchResult.FromString(answer.body)
        self.cookie = answer.header("x-set-tt-cookie") or ""
        self.query = {
            "aid": "1988",
            "room_id": str(self.room_id),
            "device_platform": "web",
            "identity": "audience",
            "compress": "gzip",
            **{str(pair.key): str(pair.value) for pair in self.result.route_params},
        }

    def open(self, *, now: float = 0.0, agent: str = AGENT, cookie: str | None = None, **query: Any) -> Any:
        url = f"{self.result.push_server}?{urlencode({**self.query, **query})}"
        cookies = self.cookie if cookie is None else cookie
        return self.world.open_socket(url, (("User-Agent", agent), ("Cookie", cookies)), now=now)

    def enter(self, *, now: float = 0.0) -> Feed:
        feed = self.open(now=now)
        assert isinstance(feed, Feed)
        feed.receive_message(frame("im_enter_room", b"\x08" + varint(self.room_id)), now=now)
        return feed


def frame(payload_type: str, payload: bytes, log_id: int = 0) -> bytes:
    made = WebcastPushFrame(payload_encoding="pb", payload_type=payload_type, payload=payload, log_id=log_id or None)
    return made.SerializeToString()


def varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*data, value])


def outputs(feed: Feed, now: float) -> list[Output]:
    found: list[Output] = []
    while (output := feed.next_output(now=now)) is not None:
        found.append(output)
    return found


def frames(found: list[Output]) -> list[Frame]:
    read = [read_frame(output.data) for output in found if isinstance(output, Send)]
    return [push for push in read if isinstance(push, Frame)]


def kinds(found: list[Output]) -> list[str]:
    return [push.payload_type for push in frames(found)]


def results(found: list[Output]) -> list[tuple[int, FetchResult]]:
    """The results in `msg` frames among these outputs, with their log ids."""
    read: list[tuple[int, FetchResult]] = []
    for output in found:
        assert isinstance(output, Send)
        push = read_frame(output.data)
        assert isinstance(push, Frame)
        if push.payload_type == "msg":
            payload = unpack(push, LIMITS)
            assert isinstance(payload, bytes)
            result = read_fetch_result(payload, LIMITS)
            assert isinstance(result, FetchResult)
            read.append((push.log_id, result))
    return read


# --- the web ----------------------------------------------------------------------------------------------------------


def test_the_live_page_carries_user_and_room() -> None:
    world = world_of()
    page = get(world, "/@ann/live").body.decode()
    state = json.loads(page.partition('<script id="SIGI_STATE" type="application/json">')[2].partition("</script>")[0])
    info = state["LiveRoom"]["liveRoomUserInfo"]
    room = world.stage("ann").room
    assert (info["user"]["uniqueId"], info["user"]["roomId"], info["user"]["status"]) == ("ann", str(room.room_id), 2)
    assert info["liveRoom"]["status"] == 2
    assert set(info["liveRoom"]) == {"title", "status", "startTime", "liveRoomStats"}
    assert set(info["liveRoom"]["liveRoomStats"]) == {"userCount", "enterCount"}


def test_the_room_lookup_has_the_documented_shape() -> None:
    world = world_of()
    answer = get_json(world, "/api-live/user/room/", uniqueId="Ann", sourceType="54", aid="1988")
    assert answer["statusCode"] == 0
    assert set(answer["data"]) == {"user", "stats", "liveRoom"}
    assert {"id", "uniqueId", "nickname", "signature", "avatarLarger", "secUid", "roomId", "status"} <= set(
        answer["data"]["user"]
    )
    assert get_json(world, "/api-live/user/room/", aid="1988")["message"].startswith("params_error")


def test_check_alive_answers_in_the_order_asked() -> None:
    world = world_of()
    rooms = [str(world.stage(name).room.room_id) for name in ("ann", "ben")]
    data = get_json(world, "/webcast/room/check_alive/", room_ids=f"{rooms[1]},77,{rooms[0]}", aid="1988")["data"]
    assert [(entry["room_id_str"], entry["alive"]) for entry in data] == [
        (rooms[1], True),
        ("77", False),
        (rooms[0], True),
    ]
    assert get_json(world, "/webcast/room/check_alive/", aid="1988")["data"] == {}


def test_room_info_holds_streams_in_both_layouts() -> None:
    world = world_of()
    room_id = str(world.stage("ann").room.room_id)
    by_room = get_json(world, "/webcast/room/info/", room_id=room_id, aid="1988")
    by_user = get_json(world, "/webcast/room/info_by_user/", unique_id="ann", aid="1988")
    assert by_room == by_user
    data = by_room["data"]
    assert (data["id_str"], data["status"], data["owner"]["display_id"]) == (room_id, 2, "ann")
    streams = json.loads(data["stream_url"]["live_core_sdk_data"]["pull_data"]["stream_data"])
    assert set(streams["data"]) == {"origin", "uhd", "hd", "sd", "ld", "ao"}
    assert streams["data"]["hd"]["main"]["flv"].startswith(BASE)
    assert set(data["stream_url"]["flv_pull_url"]) == {"FULL_HD1", "HD1", "SD1", "SD2"}


def test_an_age_restricted_room_shows_itself_to_those_who_are_logged_in() -> None:
    world = world_of("restricted")
    room_id = str(world.stage("ann").room.room_id)
    refused = get_json(world, "/webcast/room/info/", room_id=room_id, aid="1988")
    assert (refused["status_code"], refused["data"]["prompts"]) == (4003110, "")
    shown = get_json(world, "/webcast/room/info/", headers=(("Cookie", "sessionid=x"),), room_id=room_id, aid="1988")
    assert shown["status_code"] == 0


def test_the_gift_list_is_the_catalogue() -> None:
    gifts = get_json(world_of(), "/webcast/gift/list/", aid="1988", room_id="1")["data"]["gifts"]
    assert {"id", "name", "describe", "type", "combo", "diamond_count", "image", "icon"} <= set(gifts[0])
    assert all(gift["combo"] is (gift["type"] == 1) for gift in gifts)


@pytest.mark.parametrize("who", ["ann", "number"])
def test_the_profile_page_knows_name_and_number(who: str) -> None:
    world = world_of()
    host = world.stage("ann").room.host
    page = get(world, f"/@{host.id if who == 'number' else 'ann'}").body.decode()
    mark = '<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">'
    state = json.loads(page.partition(mark)[2].partition("</script>")[0])
    detail = state["__DEFAULT_SCOPE__"]["webapp.user-detail"]
    assert (detail["statusCode"], detail["userInfo"]["user"]["uniqueId"]) == (0, "ann")
    assert {"followerCount", "followingCount", "heartCount", "videoCount"} == set(detail["userInfo"]["stats"])


@pytest.mark.parametrize("path", ["/", "/live", "/@ann", "/@ann/live"])
def test_every_page_gives_strangers_a_guest_cookie(path: str) -> None:
    world = world_of()
    cookies = [value for name, value in get(world, path).headers if name == "Set-Cookie"]
    ttwid = next(value for value in cookies if value.startswith("ttwid=1%7C"))
    known = get(world, path, headers=(("Cookie", ttwid.partition(";")[0]),))
    assert known.header("set-cookie") is None


def test_what_needs_a_login_says_so() -> None:
    world = world_of()
    assert get_json(world, "/webcast/ranklist/online_audience/", room_id="1", anchor_id="1")["status_code"] == 20003
    assert get_json(world, "/api/search/live/full/", keyword="x")["status_code"] == 2483
    assert get(world, "/webcast/im/fetch/").body == b""


def test_an_unknown_path_is_not_found() -> None:
    assert get(world_of(), "/nonsense").status == 404
    assert get(world_of(), "/webcast/nonsense").status == 404


def test_answers_are_packed_for_those_who_take_it() -> None:
    world = world_of()
    plain = get(world, "/@ann/live")
    packed = get(world, "/@ann/live", headers=(("Accept-Encoding", "gzip, deflate"),))
    assert plain.header("content-encoding") is None
    assert (packed.header("content-encoding"), packed.body[:2]) == ("gzip", b"\x1f\x8b")


# --- the sign server --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("generation", ["2025", "2026"])
def test_each_generation_signs_by_its_own_path_and_not_by_the_other(generation: str) -> None:
    world = world_of(generations=frozenset([generation]))
    room_id = str(world.stage("ann").room.room_id)
    old = get(world, "/webcast/fetch", client="t", user_agent=AGENT, room_id=room_id)
    new = get(world, f"/webcast/rooms/{room_id}/connect", client="t", user_agent=AGENT)
    assert (old.status, new.status) == ((200, 404) if generation == "2025" else (404, 200))
    answer = old if generation == "2025" else new
    result = ProtoMessageFetchResult.FromString(answer.body)
    assert result.is_first
    assert (result.cursor, result.push_server) != ("", "")
    assert result.push_server == f"ws://127.0.0.1:8080{SOCKET_PATH}"
    assert {pair.key for pair in result.route_params} == {"wrss", "imprp"}
    for name in ("X-Set-TT-Cookie", "X-Room-Id", "X-Request-Id", "X-Agent-Id", "X-Log-Code"):
        assert answer.header(name)


@pytest.mark.parametrize("left_out", ["client", "user_agent"])
def test_a_signature_needs_its_parameters(left_out: str) -> None:
    world = world_of()
    query: dict[str, Any] = {"client": "t", "user_agent": AGENT}
    del query[left_out]
    answer = get(world, f"/webcast/rooms/{world.stage('ann').room.room_id}/connect", **query)
    assert (answer.status, left_out in answer.body.decode()) == (400, True)


def test_paid_features_ask_for_money() -> None:
    for path in ("/webcast/anchors/ann/connect", "/webcast/anchors/ann/room_id", "/webcast/room_id"):
        assert get(world_of(), path).status == 402


def test_a_comment_is_sent_with_key_session_and_words() -> None:
    world = world_of()
    path = f"/webcast/rooms/{world.stage('ann').room.room_id}/chat"
    key, session = ("X-Api-Key", "k"), ("x-cookie-header", "sessionid=s; tt-target-idc=x")
    assert post(world, path, {"content": "hi"}).status == 401
    assert post(world, path, {"content": "hi"}, key).status == 400
    assert post(world, path, {"content": " "}, key, session).status == 400
    sent = post(world, path, {"content": "hi"}, key, session)
    assert (sent.status, json.loads(sent.body)["data"]["content"]) == (200, "hi")
    assert post(world, "/webcast/chat", {"content": "hi", "targetRoomId": "12"}, key, session).status == 200


def test_an_address_is_signed() -> None:
    world = world_of()
    body = {"url": "https://webcast.tiktok.com/webcast/x/?a=1", "method": "GET", "userAgent": AGENT}
    for path in ("/webcast/sign_url", "/tiktok/signing/encrypt/sign_url"):
        response = json.loads(post(world, path, body).body)["response"]
        assert dict(parse_qsl(response["signedUrl"].partition("?")[2])).keys() == {
            "a",
            "msToken",
            "X-Bogus",
            "X-Gnarly",
        }
        assert (response["userAgent"], response["browserName"]) == (AGENT, "Mozilla")
    assert post(world, "/webcast/sign_url", {}).status == 400
    assert post(world, "/webcast/sign_url", {"url": "https://[", "userAgent": AGENT}).status == 400


def test_half_of_an_emoji_in_what_is_asked_for_is_answered() -> None:
    world = world_of()
    half = {"url": "https://webcast.tiktok.com/\ud83d", "userAgent": "\ud83d"}
    assert json.loads(post(world, "/webcast/sign_url", half).body)["response"]["userAgent"] == "?"


def test_rate_limits_count_signatures() -> None:
    world = world_of()
    for path in ("/webcast/rate_limits", "/accounts/me/rate_limits"):
        assert get_json(world, path)["minute"]["remaining"] == 20
    Signed(world)
    assert get_json(world, "/webcast/rate_limits")["day"] | {"reset_at": ""} == {
        "max": 1000,
        "remaining": 999,
        "reset_at": "",
    }


# --- the socket's handshake -------------------------------------------------------------------------------------------


def refused_with(answer: Any) -> tuple[int, str]:
    assert isinstance(answer, HttpResponse)
    return answer.status, answer.header("handshake-msg") or ""


def test_a_signed_address_opens_once() -> None:
    signed = Signed(world_of())
    assert isinstance(signed.open(), Feed)
    assert refused_with(signed.open()) == (200, "signature was used before")


def test_a_signed_address_lives_half_a_minute() -> None:
    signed = Signed(world_of(), now=100.0)
    assert refused_with(signed.open(now=131.0)) == (200, "signature expired")
    assert isinstance(Signed(signed.world, now=131.0).open(now=160.9), Feed)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agent": "curl/8"}, "user agent"),
        ({"cookie": "ttwid=1%7Cother"}, "ttwid"),
        ({"cookie": ""}, "ttwid"),
        ({"wrss": "f" * 64}, "signature unknown"),
    ],
)
def test_a_socket_must_bring_what_was_signed(changes: dict[str, Any], said: str) -> None:
    status, message = refused_with(Signed(world_of()).open(**changes))
    assert status == 200
    assert said in message


@pytest.mark.parametrize("name", ["room_id", "aid", "device_platform", "identity"])
def test_a_socket_needs_its_parameters(name: str) -> None:
    left_out: dict[str, Any] = {name: ""}
    status, message = refused_with(Signed(world_of()).open(**left_out))
    assert (status, name in message) == (400, True)


def test_a_signature_is_for_its_own_room() -> None:
    world = world_of()
    other = str(world.stage("ben").room.room_id)
    assert refused_with(Signed(world).open(room_id=other)) == (200, "signature unknown")


def test_what_was_signed_with_a_session_opens_with_it_only() -> None:
    world = world_of()
    signed = Signed(world, headers=(("x-cookie-header", "sessionid=s"),))
    assert "no sessionid" in refused_with(signed.open())[1]
    assert isinstance(signed.open(cookie=f"{signed.cookie}; sessionid=s"), Feed)


def test_a_guest_comes_in_by_a_cookie_of_ours_and_gets_the_past_over_the_socket() -> None:
    world = world_of()
    cookie = next(value for name, value in get(world, "/live").headers if name == "Set-Cookie").partition(";")[0]
    signed = Signed(world, "ben")
    room_id = world.stage("ann").room.room_id
    signed.query = {**signed.query, "room_id": str(room_id), "wrss": ""}
    assert "illegal secret key" in refused_with(signed.open(cookie="ttwid=made-up"))[1]
    feed = signed.open(cookie=cookie)
    assert isinstance(feed, Feed)
    feed.receive_message(frame("im_enter_room", b"\x08" + varint(room_id)), now=0.0)
    first = results(outputs(feed, 0.0))[0][1]
    assert [message.method for message in first.messages][:2] == ["RoomMessage", "WebcastLiveIntroMessage"]


def test_a_blocked_device_is_told_so_each_time() -> None:
    world = world_of("device_blocked")
    first = Signed(world)
    assert refused_with(first.open()) == (415, "DEVICE_BLOCKED")
    assert refused_with(first.open()) == (415, "DEVICE_BLOCKED")
    assert isinstance(Signed(world, now=31.0).open(now=31.0), Feed)


def test_the_handshake_may_ask_for_a_heartbeat_interval() -> None:
    world = world_of("heartbeat_option")
    assert dict(world.handshake_headers(Signed(world).enter()))["Handshake-Options"] == "ping-interval=2;ping-timeout=5"


# --- the socket -------------------------------------------------------------------------------------------------------


def test_nothing_comes_before_the_room_is_entered() -> None:
    feed = Signed(world_of(speed=0.0)).open()
    assert outputs(feed, 5.0) == []
    assert feed.next_timer() == 25.0


def test_a_heartbeat_before_entering_closes() -> None:
    feed = Signed(world_of()).open()
    feed.receive_message(frame("hb", b""), now=0.0)
    assert outputs(feed, 0.0) == [Leave(1000, "payload_handler_hb")]
    assert feed.closed


def test_another_room_than_the_signed_one_closes() -> None:
    feed = Signed(world_of()).open()
    feed.receive_message(frame("im_enter_room", b"\x08\x07"), now=0.0)
    (left,) = outputs(feed, 0.0)
    assert isinstance(left, Leave)
    assert "room 7" in left.reason


def test_heartbeats_are_answered_and_missed_ones_close_after_two_and_a_half_intervals() -> None:
    world = world_of("everyday", speed=0.001)
    feed = Signed(world).enter()
    outputs(feed, 0.0)
    for now in (10.0, 20.0, 44.0):
        feed.receive_message(frame("hb", b"\x08\x01\x10\x02"), now=now)
        assert kinds(outputs(feed, now))[:1] == ["hb"]
    timer = feed.next_timer()
    assert timer is not None
    assert outputs(feed, 68.9) == []
    assert outputs(feed, 69.0) == [Leave(1000, "no heartbeat for 25 s")]
    assert [entry.detail["reason"] for entry in world.log.of("violation")] == ["no heartbeat for 25 s"]
    assert feed.next_timer() is None


@pytest.mark.parametrize("window", [1, 3, 8])
def test_without_acks_the_server_stops_and_goes_on_with_them(window: int) -> None:
    world = world_of("everyday", speed=0.0, window=window)
    feed = Signed(world).enter()
    sent = results(outputs(feed, 0.0))
    assert len(sent) == window
    assert len(world.log.of("stall")) == 1
    assert outputs(feed, 20.0) == []
    for _ in range(5):
        log_id, result = sent.pop(0)
        feed.receive_message(frame("ack", result.internal_ext, log_id), now=20.0)
        sent += results(outputs(feed, 20.0))
        assert len(sent) == window
    assert feed.acks == 5


def test_an_ack_must_repeat_the_frame_s_own_words_and_counts_once() -> None:
    world = world_of("everyday", speed=0.0, window=1)
    feed = Signed(world).enter()
    ((log_id, result),) = results(outputs(feed, 0.0))
    feed.receive_message(frame("ack", b"-", log_id), now=0.0)
    feed.receive_message(frame("ack", result.internal_ext, log_id + 1), now=0.0)
    assert outputs(feed, 0.0) == []
    feed.receive_message(frame("ack", result.internal_ext, log_id), now=0.0)
    feed.receive_message(frame("ack", result.internal_ext, log_id), now=0.0)
    assert (feed.acks, len(outputs(feed, 0.0))) == (1, 1)
    assert len(world.log.of("violation")) == 3


def test_frames_are_packed_only_when_asked_for() -> None:
    for compress, packed in (("gzip", True), ("", False)):
        signed = Signed(world_of(speed=0.0))
        feed = signed.open(compress=compress)
        feed.receive_message(frame("im_enter_room", b"\x08" + varint(signed.room_id)), now=0.0)
        msg = frames(outputs(feed, 0.0))[1]
        assert msg.gzipped is packed


# --- visits -----------------------------------------------------------------------------------------------------------


def read_all(feed: Feed, now: float) -> list[str]:
    """Play a feed to its end at once, acknowledging everything; the methods of what came."""
    methods: list[str] = []
    while found := outputs(feed, now):
        for output in found:
            if isinstance(output, Send):
                for log_id, result in results([output]):
                    methods += [message.method for message in result.messages]
                    feed.receive_message(frame("ack", result.internal_ext, log_id), now=now)
    return methods


def test_two_clients_have_a_visit_each() -> None:
    world = world_of(speed=0.0)
    ways = [Signed(world), Signed(world)]
    first, second = (read_all(signed.enter(), 0.0) for signed in ways)
    assert first == second
    stage = world.stage("ann")
    assert len(stage.visits) == 2
    assert stage.visits[0].manifest() == stage.visits[1].manifest()


def test_who_comes_back_after_a_scripted_loss_goes_on_and_who_left_begins_anew() -> None:
    world = world_of("reconnect", speed=0.0)
    feed = Signed(world).enter()
    read_all(feed, 0.0)
    assert feed.closed
    assert len(Signed(world, now=1.0).result.messages) > 5
    assert len(world.stage("ann").visits) == 1
    leaver = Signed(world, "ben").enter()
    leaver.receive_close(now=1.0, code=1000)
    Signed(world, "ben", now=2.0)
    assert len(world.stage("ben").visits) == 2


def test_after_a_broken_connection_the_last_messages_are_repeated() -> None:
    world = world_of(speed=0.0, window=3)
    feed = Signed(world).enter()
    sent = [message.msg_id for _, result in results(outputs(feed, 0.0)) for message in result.messages]
    feed.receive_close(now=0.0)
    again = [message.msg_id for message in Signed(world, now=1.0).result.messages]
    assert set(sent) <= set(again)
    assert len(world.stage("ann").visits) == 1


def test_scenarios_can_be_chosen_for_single_users() -> None:
    world = world_of(scenarios={"Ben": "offline"})
    assert (world.stage("ben").status, world.stage("ann").status) == (4, 2)
    with pytest.raises(ValueError, match="no scenario"):
        world_of(scenarios={"ben": "nonsense"})


def test_any_room_number_is_a_room() -> None:
    world = world_of()
    answer = get(world, "/webcast/rooms/7123456789012345678/connect", client="t", user_agent=AGENT)
    assert answer.header("x-room-id") == "7123456789012345678"


# --- what only a simulator has ----------------------------------------------------------------------------------------


def test_manifest_log_and_scenarios_can_be_asked_for_by_http() -> None:
    world = world_of(speed=0.0)
    read_all(Signed(world).enter(), 0.0)
    manifest = get_json(world, "/__sim__/manifest", user="ann")
    assert manifest == json.loads(json.dumps(world.manifest("ann").to_dict()))
    assert get_json(world, "/__sim__/manifest") == manifest
    assert get_json(world, "/__sim__/manifest", user="ann", visit="0") == manifest
    assert get_json(world, "/__sim__/manifest", user="ann", visit="99") == manifest
    assert get_json(world, "/__sim__/manifest", user="nobody")["events"] == []
    entries = get_json(world, "/__sim__/log")["entries"]
    assert [entry["kind"] for entry in entries][:4] == ["sign", "http", "socket", "enter"]
    assert "first_light" in get_json(world, "/__sim__/scenarios")


def test_the_log_of_one_kind_and_user() -> None:
    world = world_of()
    Signed(world)
    Signed(world, "ben")
    assert [entry.user for entry in world.log.of("sign")] == ["ann", "ben"]
    assert len(world.log.of("sign", user="ben")) == 1
    assert len(world.log) == 4


# --- doors that are seldom used ---------------------------------------------------------------------------------------


def behind(monkeypatch: pytest.MonkeyPatch, door: Door = OPEN, tell: Tell = SCENARIOS["first_light"].tell) -> World:
    """A world in which a scenario is told behind another door."""
    monkeypatch.setitem(SCENARIOS, "first_light", Scenario(tell, door))
    return world_of(speed=0.0)


def test_a_blocked_web_says_so_of_every_room(monkeypatch: pytest.MonkeyPatch) -> None:
    world = behind(monkeypatch, Door(api=Api.FORBIDDEN))
    room_id = world.stage("ann").room.room_id
    assert get(world, "/webcast/room/check_alive/", room_ids=room_id, aid="1988").status == 403


def test_who_does_not_exist_has_neither_room_nor_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    world = behind(monkeypatch, Door(api=Api.NOT_FOUND))
    answer = get_json(world, "/webcast/room/info_by_user/", unique_id="ann", aid="1988")
    assert (answer["status_code"], answer["data"]["message"]) == (10011, "user_not_found")
    profile = get(world, "/@ann").body.decode()
    assert "user not found" in profile and "followerCount" not in profile


def test_a_broken_page_has_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    world = behind(monkeypatch, Door(page=Page.BROKEN))
    answer = get(world, "/@ann/live")
    assert answer.status == 200 and b"verify to continue" in answer.body and b"liveRoomUserInfo" not in answer.body


def test_who_is_logged_in_sees_the_audience_and_may_search() -> None:
    world = world_of()
    login = (("Cookie", "sessionid=s"),)
    host = world.stage("ann").room
    for room_id, total in ((host.room_id, 1), (77, 0)):
        data = get_json(world, "/webcast/ranklist/online_audience/", room_id=room_id, headers=login)["data"]
        assert (data["total"], len(data["ranks"])) == (total, total)
        assert [entry["user"]["id_str"] for entry in data["ranks"]] == [str(host.host.id)] * total
    assert get_json(world, "/api/search/live/full/", keyword="x", headers=login)["status_code"] == 0


def test_a_body_that_is_no_json_has_no_words() -> None:
    world = world_of()
    path = f"/webcast/rooms/{world.stage('ann').room.room_id}/chat"
    headers = (("X-Api-Key", "k"), ("x-cookie-header", "sessionid=s; tt-target-idc=x"))
    for body in (b"{", b"[]"):
        assert world.request(HttpRequest("POST", f"{BASE}{path}", headers, body), now=0.0).status == 400


def test_the_sign_server_has_the_gift_list_and_wants_a_room() -> None:
    world = world_of()
    gifts = get_json(world, "/webcast/gift/list/", aid="1988")["data"]["gifts"]
    for path in ("/webcast/gift_info", "/webcast/rooms/7/gifts"):
        assert [gift["id"] for gift in get_json(world, path)["data"]["gifts"]] == [gift["id"] for gift in gifts]
    refused = get(world, "/webcast/fetch", client="t", user_agent=AGENT)
    assert (refused.status, json.loads(refused.body)["message"]) == (400, "missing: room_id")
    assert get(world, "/__sim__/nonsense").status == 404


def test_messages_of_no_known_type_and_a_second_entrance_change_nothing() -> None:
    feed = Signed(world_of(speed=0.0)).enter()
    read_all(feed, 0.0)
    sent = len(feed.visit.manifest().events)
    feed = Signed(world_of(speed=0.0)).open()
    feed.receive_message(frame("im_enter_room", b"\x08" + varint(feed.visit.room.room_id)), now=0.0)
    feed.receive_message(frame("nonsense", b""), now=0.0)
    feed.receive_message(frame("im_enter_room", b"\x08" + varint(feed.visit.room.room_id)), now=0.0)
    read_all(feed, 0.0)
    assert len(feed.visit.manifest().events) == sent, "the script is played once"


def test_a_feed_that_has_much_to_send_sends_it_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    feeds = [Signed(world_of(speed=0.0)).enter() for _ in range(2)]
    expected = read_all(feeds[0], 0.0)
    monkeypatch.setattr(feed_module, "BATCH", 1)
    assert read_all(feeds[1], 0.0) == expected and len(expected) > 1


def test_a_script_that_signs_twice_is_a_violation_and_frames_need_no_ack(monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(story: Story, options: Options) -> Iterator[Step]:
        """Signs in the middle of a socket's life."""
        yield story.enter()
        yield Step(ScriptFrame((), need_ack=False))
        yield Step(Sign())

    feed = Signed(behind(monkeypatch, tell=twice)).enter()
    found = outputs(feed, 0.0)
    (_, result) = results([output for output in found if isinstance(output, Send)])[-1]
    assert not result.need_ack
    assert found[-1] == Leave(1000, "the script signs twice") and feed.closed


def test_a_visit_that_is_over_has_no_next_step() -> None:
    feed = Signed(world_of(speed=0.0)).enter()
    read_all(feed, 0.0)
    before = feed.visit.manifest()
    assert feed.visit.over and feed.visit.take() is None
    assert feed.visit.manifest() == before


@pytest.mark.parametrize("number", ["²", "٣", "9" * 19, "9" * 5000, "--5", "-", ""])
def test_what_is_no_number_is_no_room(number: str) -> None:
    world = world_of()
    signed = get(world, "/webcast/fetch", room_id=number, client="a", user_agent="b")
    assert signed.status == 400 and b"room_id" in signed.body
    assert get(world, "/webcast/fetch", room_id=number, unique_id="ann", client="a", user_agent="b").status == (
        400 if number else 200
    )
    assert get_json(world, "/webcast/room/check_alive/", room_ids=f"{number},7", aid="1")["data"][-1]["room_id"] == 7
    assert get(world, f"/webcast/rooms/{number}/connect", client="a", user_agent="b").status == 404
    assert get(world, f"/@x{number}/live").status == get(world, f"/@{number}/live").status == 200
    assert get_json(world, "/webcast/room/info/", room_id=number, aid="1")["status_code"] != 0
    assert get_json(world, "/__sim__/manifest", user="ann", visit=number) == get_json(
        world, "/__sim__/manifest", user="ann"
    )
    query = {"room_id": number, "aid": "1", "device_platform": "web", "identity": "audience"}
    refused = world.open_socket(f"ws://127.0.0.1:8080{SOCKET_PATH}?{urlencode(query)}", (), now=0.0)
    assert isinstance(refused, HttpResponse) and refused.status == 400
    sent = post(world, "/webcast/chat", {"targetRoomId": number, "content": "hi"}, ("x-api-key", "k"))
    assert sent.status == 400


def test_a_body_nested_beyond_reading_is_no_json() -> None:
    world = world_of()
    request = HttpRequest("POST", "http://127.0.0.1:8080/webcast/chat", (("x-api-key", "k"),), b"[" * 100_000)
    assert world.request(request, now=0.0).status == 400
