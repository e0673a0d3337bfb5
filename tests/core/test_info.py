"""Rooms, gifts, profiles, pictures: typed, with everything else in `raw` (protocol/http.md sections 2, 5 and 6)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
from exchanges import CAPTCHA, EMPTY, Answer, Site, alive, context, json_answer, profile, query, room_data, run
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.close import CloseReason
from tiktok_webcast.config import Endpoints, Limits
from tiktok_webcast.context import SessionLogin, WebContext
from tiktok_webcast.evidence import RoomStatus
from tiktok_webcast.gift_list import MAX_GIFTS, GiftList
from tiktok_webcast.http import Exchange, FailureKind, HttpRequest, HttpResponse, TransportFailure, find_header
from tiktok_webcast.info import (
    Image,
    check_rooms,
    fetch_audience,
    fetch_gift_list,
    fetch_image,
    fetch_profile,
    fetch_room_info,
    fetch_unique_id,
    search_live,
    signed_request,
)
from tiktok_webcast.room import RoomFailure
from tiktok_webcast.room_info import QUALITIES, RoomInfo
from tiktok_webcast.routes.check_alive import MAX_ROOMS
from tiktok_webcast.routes.sign_services import SignedUrl
from tiktok_webcast.secret import Secret
from tiktok_webcast.signer import SignFailure
from tiktok_webcast.user_profile import UserProfile

INFO, BY_USER, GIFTS = "/webcast/room/info/", "/webcast/room/info_by_user/", "/webcast/gift/list/"
LOGIN = SessionLogin(Secret("planted-session"))
SDK = {
    "data": {
        "origin": {"main": {"flv": "https://cdn/o.flv", "hls": "https://cdn/o.m3u8", "cmaf": ""}},
        "hd": {"main": {"flv": "", "hls": "https://cdn/h.m3u8"}},
        "ld": {"main": {"flv": "https://cdn/l.flv"}},
        "ao": {"main": {"flv": "https://cdn/a.flv"}},
    }
}
DATA: dict[str, Any] = {
    "id_str": "7001", "title": "Hello", "status": 2, "user_count": 12, "create_time": 1795341600,
    "share_url": "https://m.tiktok.com/share/live/7001/", "cover": {"url_list": ["https://cdn/c.jpeg", "x"]},
    "stats": {"total_user": 90, "like_count": "80", "comment_count": 7, "share_count": 6, "follow_count": 5},
    "owner": {
        "id_str": "55", "display_id": "ann", "nickname": "Ann", "sec_uid": "sec", "bio_description": "hi",
        "avatar_large": {"url_list": ["https://cdn/l"]},
        "avatar_thumb": {"url_list": ["https://cdn/t", "https://cdn/l"]},
        "follow_info": {"follower_count": 4, "following_count": 3},
    },
    "link_mic": {"multi_live_enum": 1, "rival_anchor_id": 66, "battle_scores": [{"user_id": "55", "score": 100}, 5]},
    "stream_url": {
        "live_core_sdk_data": {"pull_data": {"stream_data": json.dumps(SDK)}},
        "flv_pull_url": {"FULL_HD1": "https://cdn/full.flv", "SD1": "https://cdn/s.flv", "SD2": "ftp://x", "AUDIO": 5},
        "hls_pull_url": "https://cdn/pull.m3u8", "hls_pull_url_map": {"HD1": "https://cdn/h2.m3u8"},
        "rtmp_pull_url": "https://cdn/r.flv",
    },
    "something": {"else": 1},
}  # fmt: skip


def test_a_whole_room() -> None:
    info = RoomInfo.from_data(DATA)
    assert (info.room_id, info.title, info.status) == (7001, "Hello", RoomStatus.LIVE)
    assert info.created_at == datetime(2026, 11, 22, 10, tzinfo=timezone.utc)
    assert (info.viewer_count, info.total_viewers, info.like_count) == (12, 90, 80)
    assert (info.comment_count, info.share_count, info.follow_count) == (7, 6, 5)
    assert info.cover_urls == ("https://cdn/c.jpeg",) and info.share_url.endswith("/7001/")
    owner = info.owner
    assert (owner.user_id, owner.unique_id, owner.nickname, owner.sec_uid, owner.bio) == (55, "ann", "Ann", "sec", "hi")
    assert (owner.avatar_urls, owner.followers, owner.following) == (("https://cdn/l", "https://cdn/t"), 4, 3)
    assert info.is_multi_guest and info.rival_user_id == 66
    assert [(score.user_id, score.score) for score in info.battle_scores] == [(55, 100)]
    assert info.raw["something"] == {"else": 1}


def test_its_streams() -> None:
    streams = {(stream.quality, stream.format): stream.url for stream in RoomInfo.from_data(DATA).streams}
    assert streams == {
        ("origin", "flv"): "https://cdn/o.flv",
        ("origin", "hls"): "https://cdn/o.m3u8",
        ("hd", "hls"): "https://cdn/h.m3u8",
        ("ld", "flv"): "https://cdn/l.flv",
        ("audio", "flv"): "https://cdn/a.flv",
        ("sd", "flv"): "https://cdn/s.flv",
    }


@pytest.mark.parametrize(
    ("quality", "kind", "url"),
    [
        ("origin", "flv", "https://cdn/o.flv"),
        ("origin", "hls", "https://cdn/o.m3u8"),
        ("origin", "cmaf", "https://cdn/o.flv"),
        ("uhd", "flv", "https://cdn/h.m3u8"),
        ("hd", "flv", "https://cdn/h.m3u8"),
        ("sd", "hls", "https://cdn/s.flv"),
        ("audio", "flv", "https://cdn/a.flv"),
        ("nonsense", "flv", "https://cdn/o.flv"),
    ],
)
def test_the_nearest_stream(quality: str, kind: str, url: str) -> None:
    stream = RoomInfo.from_data(DATA).stream(quality, kind)
    assert stream is not None and stream.url == url and "cdn" not in repr(stream)


def test_streams_in_the_older_places_only() -> None:
    older = {"stream_url": {"flv_pull_url": {"HD1": "https://cdn/h.flv", "AUDIO": "https://cdn/a.flv"}}}
    info = RoomInfo.from_data(older)
    for quality in QUALITIES[:-1]:
        stream = info.stream(quality)
        assert stream is not None and stream.url == "https://cdn/h.flv"
    audio = RoomInfo.from_data({"stream_url": {"flv_pull_url": {"AUDIO": "https://cdn/a.flv"}}}).stream("hd")
    assert audio is not None and audio.quality == "audio"
    assert RoomInfo.from_data({}).stream() is None
    packed = {"stream_url": {"live_core_sdk_data": {"pull_data": {"stream_data": "{broken"}}}}
    assert RoomInfo.from_data(packed).streams == ()


@pytest.mark.parametrize(
    ("source", "quality", "kind"),
    [
        ({"rtmp_pull_url": "https://cdn/x"}, "origin", "flv"),
        ({"hls_pull_url": "https://cdn/x"}, "origin", "hls"),
        ({"hls_pull_url_map": {"HD1": "https://cdn/x"}}, "hd", "hls"),
        ({"flv_pull_url": {"FULL_HD1": "https://cdn/x"}}, "origin", "flv"),
        ({"flv_pull_url": {"SD2": "https://cdn/x"}}, "ld", "flv"),
        ({"flv_pull_url": {"NEW_ONE": "https://cdn/x"}}, "new_one", "flv"),
    ],
)
def test_every_other_key_of_a_stream(source: dict[str, Any], quality: str, kind: str) -> None:
    (stream,) = RoomInfo.from_data({"stream_url": source}).streams
    assert (stream.quality, stream.format, stream.url) == (quality, kind, "https://cdn/x")


@pytest.mark.parametrize("value", [None, 0, -5, "x", 10**30, True, []])
def test_no_time(value: Any) -> None:
    assert RoomInfo.from_data({"create_time": value}).created_at is None


def test_milliseconds() -> None:
    moment = RoomInfo.from_data({"create_time": "1795341600000"}).created_at
    assert moment == datetime(2026, 11, 22, 10, tzinfo=timezone.utc)


def test_fetching_a_room() -> None:
    site = Site({INFO: json_answer({"status_code": 0, "data": DATA}), BY_USER: room_data(4)})
    info = run(fetch_room_info(7001, context=context()), site)
    assert isinstance(info, RoomInfo) and info.owner.unique_id == "ann"
    info = run(fetch_room_info("ann", context=context()), site)
    assert isinstance(info, RoomInfo) and info.status is RoomStatus.OFFLINE
    assert query(site.requests[1].url)["unique_id"] == ["ann"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (EMPTY, CloseReason.BLOCKED),
        (CAPTCHA, CloseReason.BLOCKED),
        (TransportFailure(FailureKind.DNS), CloseReason.NETWORK),
        (json_answer({"status_code": 4003110, "data": {"prompts": "x"}}), CloseReason.RESTRICTED),
        (json_answer({"status_code": 5, "message": "odd"}), CloseReason.UNEXPECTED_ANSWER),
    ],
)
def test_a_room_that_is_not_told(answer: Answer, reason: CloseReason) -> None:
    failure = run(fetch_room_info(7001, context=context()), Site({INFO: answer}))
    assert isinstance(failure, RoomFailure) and failure.reason is reason and failure.causes == (failure.detail,)


# --- gifts ------------------------------------------------------------------------------------------------------------

ROSE = {
    "id": 5655,
    "name": "Rose",
    "describe": "sent Rose",
    "type": 1,
    "combo": True,
    "diamond_count": 1,
    "image": {"url_list": ["https://cdn/r.png"]},
}
LION = {"id": "6369", "name": "Lion", "type": 2, "diamond_count": 29999, "icon": {"url_list": ["https://cdn/l.png"]}}


@pytest.mark.parametrize("data", [{"gifts": [ROSE, LION, {"name": "no id"}, 5]}, [ROSE, LION]])
def test_a_gift_list(data: Any) -> None:
    gifts = run(fetch_gift_list(7001, context=context()), Site({GIFTS: json_answer({"status_code": 0, "data": data})}))
    assert isinstance(gifts, GiftList) and [gift.id for gift in gifts] == [5655, 6369] and len(gifts) == 2
    rose, lion = gifts.get(5655), gifts.get(6369)
    assert rose is not None and lion is not None and gifts.get(1) is None
    assert (rose.name, rose.describe, rose.diamond_count, rose.streakable, rose.combo) == (
        "Rose",
        "sent Rose",
        1,
        True,
        True,
    )
    assert rose.image_urls == ("https://cdn/r.png",) and lion.image_urls == ("https://cdn/l.png",)
    assert (lion.streakable, lion.diamond_count) == (False, 29999) and rose.raw["type"] == 1


def test_as_many_gifts_as_allowed() -> None:
    assert len(GiftList.from_data([{"id": number} for number in range(1, MAX_GIFTS + 5)])) == MAX_GIFTS


@pytest.mark.parametrize(
    "answer", [EMPTY, json_answer({"status_code": 0, "data": {"gifts": []}}), json_answer({"data": 5})]
)
def test_no_gifts(answer: Answer) -> None:
    assert isinstance(run(fetch_gift_list(context=context()), Site({GIFTS: answer})), RoomFailure)


def signer(url: str, user_agent: str = "Signed/1") -> Any:
    def sign(asked: str, one: WebContext) -> Exchange[SignedUrl | SignFailure]:
        return SignedUrl(url or asked + "&X-Bogus=1", user_agent, {"X-Extra": "1", "Cookie": "evil=1", "Host": "evil"})
        yield

    return sign


def test_the_gift_list_is_signed_only_when_it_must_be() -> None:
    good = json_answer({"data": {"gifts": [ROSE]}})
    site = Site({GIFTS: good})
    run(fetch_gift_list(7001, context=context(), sign_url=signer("")), site)
    assert len(site.requests) == 1
    site = Site({GIFTS: [EMPTY, good]})
    gifts = run(fetch_gift_list(7001, context=context(), sign_url=signer("")), site)
    assert isinstance(gifts, GiftList) and len(site.requests) == 2
    request = site.requests[1]
    assert request.url.endswith("&X-Bogus=1") and find_header(request.headers, "user-agent") == "Signed/1"
    assert find_header(request.headers, "x-extra") == "1" and "evil" not in str(request.headers)


def test_a_signer_s_browser_does_not_speak_for_our_connection() -> None:
    theirs = {"Accept-Encoding": "gzip, deflate, br, zstd", "Connection": "close", "content-length": "5", "TE": "x"}
    signed = SignedUrl("https://webcast.tiktok.com/a?msToken=1", "Signed/1", {**theirs, "Accept-Language": "de"})
    ours = context().web_request("https://webcast.tiktok.com/a")
    headers = dict(signed_request(ours, signed).headers)
    assert headers == dict(ours.headers) | {"Accept-Language": "de", "User-Agent": "Signed/1"}


def test_a_signer_that_names_no_user_agent_signed_for_ours() -> None:
    ours = context().web_request("https://webcast.tiktok.com/a")
    assert signed_request(ours, SignedUrl("https://webcast.tiktok.com/a?msToken=1", "")).headers == ours.headers


def test_a_signer_cannot_send_the_request_elsewhere() -> None:
    site = Site({GIFTS: EMPTY})
    result = run(fetch_gift_list(7001, context=context(), sign_url=signer("https://evil.example/")), site)
    assert isinstance(result, RoomFailure) and len(site.requests) == 1


# --- many rooms, users, viewers ---------------------------------------------------------------------------------------


def test_many_rooms_at_once() -> None:
    wanted = [*range(1, MAX_ROOMS * 2 + 2), 1]

    def answer(request: HttpRequest) -> Answer:
        rooms = query(request.url)["room_ids"][0].split(",")
        if str(MAX_ROOMS + 1) in rooms:
            return EMPTY
        return alive(*((room, int(room) % 2 == 0) for room in rooms))

    seen: list[HttpRequest] = []
    result = run(check_rooms(wanted, context=context()), answer, seen)
    assert len(seen) == 3 and len(result.failures) == 1
    assert result.alive == {room: room % 2 == 0 for room in (*range(1, MAX_ROOMS + 1), MAX_ROOMS * 2 + 1)}
    assert result.unknown == tuple(range(MAX_ROOMS + 1, MAX_ROOMS * 2 + 1))


def test_no_rooms_no_request() -> None:
    assert run(check_rooms([], context=context()), Site({})).alive == {}


USER = {
    "id": "55", "uniqueId": "ann", "nickname": "Ann", "signature": "hi", "avatarLarger": "https://cdn/l",
    "avatarThumb": "https://cdn/t", "verified": True, "privateAccount": False, "isOrganization": 0, "roomId": "",
    "secUid": "sec", "bioLink": {"link": "https://ann.example"},
}  # fmt: skip


def test_a_profile() -> None:
    found = run(fetch_profile("ann", context=context()), Site({"/@ann": profile(0, USER)}))
    assert isinstance(found, UserProfile)
    assert (found.user_id, found.unique_id, found.nickname, found.bio) == (55, "ann", "Ann", "hi")
    assert (found.bio_link, found.sec_uid, found.verified, found.private) == ("https://ann.example", "sec", True, False)
    assert found.avatar_urls == ("https://cdn/l", "https://cdn/t") and found.followers == 7 and found.room_id is None
    private = run(fetch_profile("ann", context=context()), Site({"/@ann": profile(10222, USER)}))
    assert isinstance(private, UserProfile)
    missing = run(fetch_profile("ann", context=context()), Site({"/@ann": profile(10221)}))
    assert isinstance(missing, RoomFailure) and missing.reason is CloseReason.USER_NOT_FOUND


def test_a_name_for_a_number() -> None:
    assert run(fetch_unique_id(55, context=context()), Site({"/@55": profile()})) == "ann"
    assert run(fetch_unique_id(55, context=context()), Site({"/@55": profile(10222)})) == "ann"
    blocked = run(fetch_unique_id(55, context=context()), Site({"/@55": CAPTCHA}))
    assert isinstance(blocked, RoomFailure) and blocked.reason is CloseReason.BLOCKED


def test_a_name_that_can_be_none_is_no_answer() -> None:
    page = profile()
    odd = replace(page, body=page.body.replace(b'"ann"', b'"a n?n"'))
    assert odd.body != page.body
    assert isinstance(run(fetch_unique_id(55, context=context()), Site({"/@55": odd})), RoomFailure)


def test_the_audience() -> None:
    ranks = [
        {"rank": 1, "score": "50", "user": {"id_str": "9", "display_id": "bob", "nickname": "Bob"}},
        5,
        {"rank": 2},
    ]
    data = {"total": 10, "anonymous": 3, "ranks": ranks}
    path = "/webcast/ranklist/online_audience/"
    result = run(fetch_audience(7, 8, context=context()), Site({path: json_answer({"status_code": 0, "data": data})}))
    assert not isinstance(result, RoomFailure) and (result.total, result.anonymous, len(result.ranks)) == (10, 3, 2)
    first = result.ranks[0]
    assert (first.rank, first.score, first.user_id, first.unique_id, first.nickname) == (1, 50, 9, "bob", "Bob")
    refused = run(fetch_audience(7, 8, context=context()), Site({path: json_answer({"status_code": 20003})}))
    assert isinstance(refused, RoomFailure) and refused.reason is CloseReason.RESTRICTED
    assert refused.closed().fact("restriction") == "login"


def test_searching() -> None:
    path = "/api/search/live/full/"
    data = [
        {"live_info": {"raw_data": json.dumps(DATA)}},
        {"live_info": {"raw_data": "{"}},
        {"live_info": {"raw_data": DATA}},
        5,
    ]
    rooms = run(search_live("dance", context=context()), Site({path: json_answer({"status_code": 0, "data": data})}))
    assert not isinstance(rooms, RoomFailure) and [room.room_id for room in rooms] == [7001, 7001]
    refused = run(search_live("dance", context=context()), Site({path: json_answer({"status_code": 2483})}))
    assert isinstance(refused, RoomFailure) and refused.reason is CloseReason.RESTRICTED


# --- pictures ---------------------------------------------------------------------------------------------------------

PICTURE = HttpResponse(200, (("Content-Type", "image/webp; x"),), b"RIFF")


def test_a_picture() -> None:
    site = Site({"/a.webp": PICTURE})
    image = run(fetch_image("https://p16.tiktokcdn.com/a.webp?x=1", context=context(login=LOGIN)), site)
    assert image == Image("https://p16.tiktokcdn.com/a.webp?x=1", "image/webp", b"RIFF")
    assert "planted" not in str(site.requests[0].headers) and find_header(site.requests[0].headers, "cookie") is None


def test_the_next_address_is_tried() -> None:
    site = Site({"/1": HttpResponse(403), "/2": TransportFailure(FailureKind.TIMEOUT), "/3": PICTURE})
    image = run(fetch_image([f"https://cdn.example/{number}" for number in (0, 1, 2, 3)], context=context()), site)
    assert isinstance(image, Image) and site.paths == ["/0", "/1", "/2", "/3"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (HttpResponse(404), CloseReason.UNEXPECTED_ANSWER),
        (HttpResponse(200), CloseReason.UNEXPECTED_ANSWER),
        (HttpResponse(200, (("Content-Type", "text/html"),), b"<html>"), CloseReason.UNEXPECTED_ANSWER),
        (TransportFailure(FailureKind.DNS, "x"), CloseReason.NETWORK),
    ],
)
def test_no_picture(answer: Answer, reason: CloseReason) -> None:
    failure = run(fetch_image("https://cdn.example/a", context=context()), Site({"/a": answer}))
    assert isinstance(failure, RoomFailure) and failure.reason is reason


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example/a", "https://127.0.0.1/a", "https://localhost/a", "https://10.0.0.5/a", "https://[::1]/a",
        "https://169.254.169.254/a", "https://localhost./a", "https://127.0.0.1./a", "https://127.1/a",
        "https://10.0x5/a", "https://router./a", "https://router/a", "https://u:p@cdn.example/a", "https://[::1",
        "https://cdn.example:0/", "file:///a",
        "", "a", "https://cdn.example/a b", "https://cdn.example/\r\nX: y",
    ],
)  # fmt: skip
def test_addresses_of_pictures_that_are_not_asked(url: str) -> None:
    site = Site({})
    assert isinstance(run(fetch_image(url, context=context()), site), RoomFailure) and site.requests == []


@pytest.mark.parametrize(
    "place", ["https://10.0.0.5/b", "https://router/b", "https://127.0.0.1/b", "http://cdn.example/b"]
)
def test_a_picture_s_redirect_leads_nowhere_else_either(place: str) -> None:
    site = Site({"/a": HttpResponse(302, (("Location", place),)), "/b": PICTURE})
    assert isinstance(run(fetch_image("https://cdn.example/a", context=context()), site), RoomFailure)
    assert site.paths == ["/a"]


def test_a_picture_s_redirect_to_another_host_is_followed() -> None:
    site = Site({"/a": HttpResponse(302, (("Location", "https://other.example/b"),)), "/b": PICTURE})
    assert isinstance(run(fetch_image("https://cdn.example/a", context=context()), site), Image)
    assert site.paths == ["/a", "/b"]


def test_pictures_of_a_tiktok_of_one_s_own() -> None:
    local = Endpoints(web="http://127.0.0.1:8080", webcast="http://127.0.0.1:8080")
    image = run(fetch_image("http://127.0.0.1:8080/a", context=context(endpoints=local)), Site({"/a": PICTURE}))
    assert isinstance(image, Image)


# --- whatever comes ---------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    [
        "data",
        "gifts",
        "id",
        "id_str",
        "name",
        "type",
        "image",
        "url_list",
        "owner",
        "stats",
        "stream_url",
        "live_core_sdk_data",
        "pull_data",
        "stream_data",
        "main",
        "flv",
        "hls",
        "hd",
        "link_mic",
        "battle_scores",
        "score",
        "user_id",
        "create_time",
        "cover",
        "flv_pull_url",
        "AUDIO",
        "hls_pull_url_map",
        "ranks",
        "user",
        "total",
        "user",
        "uniqueId",
        "follow_info",
        "avatar_large",
        "bioLink",
        "link",
        "avatarLarger",
        "status",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["https://x/y", "{}", '{"data":5}']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=15,
)


@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_no_data_raises(data: dict[str, Any]) -> None:
    info = RoomInfo.from_data(data)
    for quality in QUALITIES:
        info.stream(quality)
    GiftList.from_data(data)
    UserProfile.from_data(data)
    repr(info)


@given(st.integers(0, 599), st.binary(max_size=60) | VALUES.map(lambda value: json.dumps({"data": value}).encode()))
def test_no_answer_raises(status: int, body: bytes) -> None:
    one = context(limits=Limits(redirects=1))
    answer = HttpResponse(status, (("Location", "/x"),), body)
    for flow in (
        fetch_room_info(1, context=one),
        fetch_gift_list(1, context=one, sign_url=signer("")),
        check_rooms([1, 2], context=one),
        fetch_profile("ann", context=one),
        fetch_unique_id(1, context=one),
        fetch_audience(1, 2, context=one),
        search_live("x", context=one),
        fetch_image("https://cdn.example/a", context=one),
    ):
        run(flow, lambda _: answer)
