"""Every answer that TikTok's pages and API are known to give, and what is made of it (protocol/http.md 2 to 6)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from exchanges import (
    CAPTCHA,
    EMPTY,
    SHELL,
    alive,
    context,
    json_answer,
    live_page,
    live_state,
    lookup,
    lookup_error,
    page,
    profile,
    query,
    room_data,
)
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.close import CloseReason
from tiktok_webcast.config import Limits
from tiktok_webcast.evidence import Evidence, RoomStatus
from tiktok_webcast.http import FailureKind, HttpResponse, TransportFailure
from tiktok_webcast.routes import (
    api_live,
    audience,
    check_alive,
    gift_list,
    guest_cookie,
    live_search,
    page_script,
    profile_page,
    room_info,
    short_link,
    sign_fetch,
    sign_services,
)
from tiktok_webcast.routes import (
    live_page as live_page_route,
)
from tiktok_webcast.user_input import RoomId, UniqueId

LIVE, PAUSED, OFFLINE = RoomStatus.LIVE, RoomStatus.PAUSED, RoomStatus.OFFLINE
NOT_FOUND, RESTRICTED, UNKNOWN = RoomStatus.NOT_FOUND, RoomStatus.RESTRICTED, RoomStatus.UNKNOWN
BLOCKED, NETWORK, UNEXPECTED = CloseReason.BLOCKED, CloseReason.NETWORK, CloseReason.UNEXPECTED_ANSWER
TEN_MB = 10 * 1024 * 1024


def html(text: str, url: str = "") -> HttpResponse:
    return HttpResponse(200, (("Content-Type", "text/html"),), text.encode(), url)


def test_the_requests() -> None:
    one = context()
    assert live_page_route.build("ann", one).url == "https://www.tiktok.com/@ann/live"
    assert profile_page.build("ann", one).url == "https://www.tiktok.com/@ann"
    assert profile_page.build(55, one).url == "https://www.tiktok.com/@55"
    assert [request.url for request in guest_cookie.build_all(one)] == [
        "https://www.tiktok.com/live",
        "https://www.tiktok.com/",
        "https://www.tiktok.com/live",
    ]
    for request, start, own in (
        (
            api_live.build("ann", one),
            "https://www.tiktok.com/api-live/user/room/?",
            {"uniqueId": "ann", "sourceType": "54"},
        ),
        (check_alive.build((1, 2), one), "https://webcast.tiktok.com/webcast/room/check_alive/?", {"room_ids": "1,2"}),
        (room_info.build(7, one), "https://webcast.tiktok.com/webcast/room/info/?", {"room_id": "7"}),
        (
            room_info.build_by_user("ann", one),
            "https://webcast.tiktok.com/webcast/room/info_by_user/?",
            {"unique_id": "ann"},
        ),
        (gift_list.build(7, one), "https://webcast.tiktok.com/webcast/gift/list/?", {"room_id": "7"}),
        (
            audience.build(7, 8, one),
            "https://webcast.tiktok.com/webcast/ranklist/online_audience/?",
            {"room_id": "7", "anchor_id": "8"},
        ),
        (
            live_search.build("w", one, offset=5, count=9),
            "https://www.tiktok.com/api/search/live/full/?",
            {"keyword": "w", "offset": "5", "count": "9"},
        ),
    ):
        assert request.method == "GET" and request.url.startswith(start)
        sent = query(request.url)
        assert {name: sent[name] for name in own} == {name: [value] for name, value in own.items()} and sent["aid"]
        assert request.max_body == one.limits.response_body
    assert "room_id" not in query(gift_list.build(None, one).url)


# --- answers that are about no room at all ----------------------------------------------------------------------------

SOURCES: dict[str, tuple[Callable[[Any], Evidence], bool]] = {
    "live page": (live_page_route.parse, True),
    "room lookup": (api_live.parse, False),
    "room info": (lambda answer: room_info.parse(answer)[0], False),
    "alive check": (lambda answer: check_alive.evidence(answer, 7001), False),
    "profile page": (lambda answer: profile_page.parse(answer)[0], True),
}
EVERYWHERE = [
    (TransportFailure(FailureKind.DNS, "no such host"), UNKNOWN, NETWORK),
    (TransportFailure(FailureKind.TIMEOUT), UNKNOWN, NETWORK),
    (TransportFailure(FailureKind.TOO_LARGE), UNKNOWN, CloseReason.LIMIT),
    (TransportFailure(FailureKind.REDIRECT, "more than 5 redirects"), UNKNOWN, UNEXPECTED),
    (HttpResponse(403), UNKNOWN, BLOCKED),
    (HttpResponse(429, (("Retry-After", "30"),)), UNKNOWN, BLOCKED),
    (HttpResponse(401), RESTRICTED, None),
    (HttpResponse(451), RESTRICTED, None),
    (HttpResponse(500, (), b"oops"), UNKNOWN, UNEXPECTED),
    (HttpResponse(302, (), b""), UNKNOWN, UNEXPECTED),
    (HttpResponse(400, (), b"{}"), UNKNOWN, UNEXPECTED),
    (HttpResponse(200, (), b"x", "https://www.tiktok.com/login?redirect=x"), RESTRICTED, None),
    (EMPTY, UNKNOWN, BLOCKED),
    (HttpResponse(200, (), b" \r\n\0"), UNKNOWN, BLOCKED),
    (SHELL, UNKNOWN, BLOCKED),
    (CAPTCHA, UNKNOWN, BLOCKED),
    (HttpResponse(200, (), b"\xef\xbb\xbf \n<!doctype html><p>captcha"), UNKNOWN, BLOCKED),
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("answer", "status", "reason"), EVERYWHERE)
def test_answers_that_are_no_answer(
    source: str, answer: HttpResponse | TransportFailure, status: RoomStatus, reason: CloseReason | None
) -> None:
    result = SOURCES[source][0](answer)
    assert (result.source, result.status, result.reason) == (source, status, reason)
    assert result.detail and result.answered is (status is not UNKNOWN)
    assert str(result).startswith(f"{source}: {(reason or status).value}")


@pytest.mark.parametrize("source", SOURCES)
def test_a_missing_page_is_only_a_hint(source: str) -> None:
    result = SOURCES[source][0](HttpResponse(404))
    assert result.status is UNKNOWN and result.no_room is SOURCES[source][1]


def test_an_address_that_is_none_is_no_matter() -> None:
    answer = profile(0, {"id": "55"})
    assert profile_page.parse(HttpResponse(200, (), answer.body, "https://[::1"))[0].reason is UNEXPECTED
    assert live_page_route.parse(HttpResponse(200, (), live_page(2).body, "https://[::1")).status is LIVE


def test_a_rate_limit_says_how_long() -> None:
    assert api_live.parse(HttpResponse(429, (("Retry-After", "30"),))).retry_after == 30.0
    limits = (("RateLimit-Remaining", "950"), ("RateLimit-Reset", "43000"))
    assert api_live.parse(HttpResponse(429, limits)).retry_after == 43000.0
    assert api_live.parse(HttpResponse(403, limits)).retry_after is None
    assert api_live.parse(HttpResponse(403, (("Retry-After", "30"), *limits))).retry_after == 30.0


def test_a_captcha_is_named() -> None:
    assert "captcha" in live_page_route.parse(CAPTCHA).detail and "bytes" in live_page_route.parse(SHELL).detail


# --- the live page (section 3) ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "room_id"),
    [
        (live_page(2), LIVE, 7001),
        (live_page(3), PAUSED, 7001),
        (live_page(4), OFFLINE, 7001),
        (live_page("2"), LIVE, 7001),
        (live_page(2.0), LIVE, 7001),
        (live_page(0), UNKNOWN, 7001),
        (live_page(1), UNKNOWN, 7001),
        (live_page(99), UNKNOWN, 7001),
        (live_page(None), UNKNOWN, 7001),
        (live_page([2]), UNKNOWN, 7001),
        (live_page(2, user_status=0), LIVE, 7001),
        (live_page(0, user_status=2), LIVE, 7001),
        (live_page(None, user_status=4), OFFLINE, 7001),
        (live_page(3, user_status=2), PAUSED, 7001),
        (live_page(2, user_status=4), UNKNOWN, 7001),
        (live_page(4, user_status=2), UNKNOWN, 7001),
        (live_page(2, ""), LIVE, None),
        (live_page(2, "0"), LIVE, None),
        (live_page(2, 7001), LIVE, 7001),
        (live_page(2, {"a": 1}), LIVE, None),
        (live_page(2, "9" * 30), LIVE, None),
        (live_page(4, ""), OFFLINE, None),
    ],
)
def test_the_live_page(answer: HttpResponse, status: RoomStatus, room_id: int | None) -> None:
    result = live_page_route.parse(answer)
    assert (result.status, result.room_id, result.reason, result.no_room) == (status, room_id, None, False)
    assert (result.unique_id, result.user_id, result.title) == ("ann", 55, "Hello")


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"LiveRoom": {}},
        {"LiveRoom": None},
        {"LiveRoom": {"liveRoomUserInfo": {}}},
        {"LiveRoom": [1]},
    ],
)
def test_a_page_without_a_room_proves_nothing(state: Any) -> None:
    result = live_page_route.parse(page(state))
    assert result.status is UNKNOWN and result.no_room and result.reason is None


@pytest.mark.parametrize(
    "state", ["", "{", "not json", "[" * 1000, "{" * 1000, '{"LiveRoom":', "null", '"text"', "5", "[]"]
)
def test_a_page_whose_state_is_no_json_is_a_block(state: str) -> None:
    result = live_page_route.parse(page(state))
    assert (result.status, result.reason, result.no_room) == (UNKNOWN, BLOCKED, False)


STATE = json.dumps(live_state())


@pytest.mark.parametrize(
    "text",
    [
        f'<script id="SIGI_STATE" type="application/json">{STATE}</script>',
        f'<SCRIPT type="application/json" id="SIGI_STATE">\n{STATE}\n</SCRIPT>',
        f"<script id='SIGI_STATE'>{STATE}</script >",
        f"<script id=SIGI_STATE>{STATE}</script>",
        f'<script id = "SIGI_STATE">{STATE}</script>',
        f'<p>SIGI_STATE</p><script id="SIGI_STATE">{STATE}</script>',
        f'<script id="sigi-persisted-data">window["SIGI_STATE"]={STATE};window["SIGI_RETRY"]={{"a":1}};</script>',
        f"<script id=\"sigi-persisted-data\">window['SIGI_STATE']={STATE}</script>",
    ],
)
def test_the_forms_of_the_page_s_script(text: str) -> None:
    result = live_page_route.parse(html(text))
    assert (result.status, result.room_id) == (LIVE, 7001)


@pytest.mark.parametrize(
    "text",
    [
        f'<script id="OTHER">{STATE}</script>',
        f'<div id="SIGI_STATE">{STATE}</div>',
        f'<script id="SIGI_STATE_2">{STATE}</script>',
        f'<script id="SIGI_STATE">{STATE}',
        '<script id="SIGI_STATE"',
        f'<script><b id="SIGI_STATE">{STATE}</script>',
    ],
)
def test_what_is_not_that_script(text: str) -> None:
    assert live_page_route.parse(html(text)).reason is BLOCKED


# --- the room lookup (section 4) --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (lookup(2), LIVE, None),
        (lookup(3), PAUSED, None),
        (lookup(4), OFFLINE, None),
        (lookup(0), UNKNOWN, None),
        (lookup(1), UNKNOWN, None),
        (lookup("2"), LIVE, None),
        (lookup(2, user_status=4), UNKNOWN, None),
        (lookup(0, user_status=2), LIVE, None),
        (lookup(0, "", 0), OFFLINE, None),
        (lookup(0, "0", None), OFFLINE, None),
        (lookup(2, "0"), LIVE, None),
        (lookup_error(19881007), NOT_FOUND, None),
        (lookup_error("19881007", "user_not_found"), NOT_FOUND, None),
        (lookup_error(0, "user_not_found"), NOT_FOUND, None),
        (lookup_error(10000, "params_error"), UNKNOWN, UNEXPECTED),
        (lookup_error(-1), UNKNOWN, UNEXPECTED),
        (lookup_error(0), UNKNOWN, UNEXPECTED),
        (lookup_error(None), UNKNOWN, UNEXPECTED),
        (json_answer({"statusCode": 0, "data": None}), UNKNOWN, UNEXPECTED),
        (json_answer({"statusCode": 0, "data": {"user": 5, "liveRoom": "x"}}), UNKNOWN, UNEXPECTED),
        (json_answer({"statusCode": 0, "data": {"user": {}}}), UNKNOWN, None),
        (json_answer({"statusCode": 0, "data": {"user": {"roomId": ""}}}), OFFLINE, None),
        (json_answer([]), UNKNOWN, UNEXPECTED),
        (json_answer("text"), UNKNOWN, UNEXPECTED),
        (json_answer(None), UNKNOWN, UNEXPECTED),
        (HttpResponse(200, (), b"not json"), UNKNOWN, UNEXPECTED),
        (HttpResponse(200, (), b'{"statusCode": 0'), UNKNOWN, UNEXPECTED),
        (HttpResponse(200, (), b"\xef\xbb\xbf" + lookup(2).body), LIVE, None),
        (HttpResponse(200, (), lookup(2).body.decode().encode("utf-16")), LIVE, None),
    ],
)
def test_the_room_lookup(answer: HttpResponse, status: RoomStatus, reason: CloseReason | None) -> None:
    result = api_live.parse(answer)
    assert (result.status, result.reason) == (status, reason)


def test_what_the_lookup_tells() -> None:
    result = api_live.parse(lookup(2))
    assert (result.room_id, result.unique_id, result.user_id, result.title) == (7001, "ann", 55, "Hello")
    assert "params_error" in api_live.parse(lookup_error(10000, "params_error")).detail


# --- room info (section 6) --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "reason", "restriction"),
    [
        (room_data(2), LIVE, None, ""),
        (room_data(3), PAUSED, None, ""),
        (room_data(4), OFFLINE, None, ""),
        (room_data(0), UNKNOWN, None, ""),
        (room_data("2"), LIVE, None, ""),
        (room_data(2, prompts=""), LIVE, None, ""),
        (json_answer({"status_code": 4003110, "data": {"prompts": "x"}}), RESTRICTED, None, "age"),
        (json_answer({"status_code": 4003110, "data": {"prompts": ""}}), RESTRICTED, None, "age"),
        (json_answer({"status_code": "4003110"}), RESTRICTED, None, "age"),
        (json_answer({"status_code": 0, "data": {"prompts": "x", "y": 1}}), RESTRICTED, None, "age"),
        (json_answer({"status_code": 0, "data": {"message": "x"}}), RESTRICTED, None, "age"),
        (room_data(2, age_restricted={"restricted": True}), RESTRICTED, None, "age"),
        (room_data(2, age_restricted={"restricted": False}), LIVE, None, ""),
        (json_answer({"status_code": 20003, "data": {}}), RESTRICTED, None, "login"),
        (json_answer({"status_code": 30003, "data": {"message": "room has finished"}}), UNKNOWN, UNEXPECTED, ""),
        (json_answer({"status_code": 0, "data": {}}), UNKNOWN, UNEXPECTED, ""),
        (json_answer({"status_code": 0}), UNKNOWN, UNEXPECTED, ""),
        (json_answer([1]), UNKNOWN, UNEXPECTED, ""),
        (HttpResponse(200, (), b"not json"), UNKNOWN, UNEXPECTED, ""),
    ],
)
def test_room_info(answer: HttpResponse, status: RoomStatus, reason: CloseReason | None, restriction: str) -> None:
    result, data = room_info.parse(answer)
    assert (result.status, result.reason, result.restriction) == (status, reason, restriction)
    assert bool(data) is (reason is None and not restriction)


def test_what_room_info_tells() -> None:
    result, _ = room_info.parse(room_data(2))
    assert (result.room_id, result.unique_id, result.user_id, result.title) == (7001, "ann", 55, "Hello")


# --- the alive check (section 2) --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (alive(("7", True), ("8", False)), {7: True, 8: False}),
        (alive(("8", False), ("7", True)), {7: True, 8: False}),
        (alive(("9", True)), {}),
        (json_answer({"data": [{"alive": True}, {"alive": 0}]}), {7: True, 8: False}),
        (json_answer({"data": [{"alive": "true", "room_id": 7}]}), {7: True}),
        (json_answer({"data": [{"alive": {}, "room_id": 7}, {"alive": [], "room_id": 8}]}), {}),
        (json_answer({"data": [{"room_id": 7}, 5, None]}), {}),
        (json_answer({"data": [{"alive": True}] * 60}), {7: True, 8: True}),
        (json_answer({"data": []}), {}),
        (json_answer({"data": "x"}), {}),
    ],
)
def test_the_alive_check(answer: HttpResponse, said: dict[int, bool]) -> None:
    assert check_alive.parse(answer, (7, 8)) == said


def test_an_error_of_the_alive_check() -> None:
    refused = check_alive.parse(json_answer({"status_code": 10011, "data": [], "message": "params"}), (7,))
    assert isinstance(refused, Evidence) and refused.reason is UNEXPECTED and "params" in refused.detail


@pytest.mark.parametrize(
    ("answer", "status"), [(alive(("7", True)), LIVE), (alive(("7", False)), OFFLINE), (alive(), UNKNOWN)]
)
def test_the_alive_check_as_evidence(answer: HttpResponse, status: RoomStatus) -> None:
    assert check_alive.evidence(answer, 7).status is status


# --- the profile page (section 5) -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "reason", "name"),
    [
        (profile(), UNKNOWN, None, "ann"),
        (profile(10222), RESTRICTED, None, ""),
        (profile(10221), NOT_FOUND, None, ""),
        (profile(10223), NOT_FOUND, None, ""),
        (profile(99999), UNKNOWN, UNEXPECTED, ""),
        (profile(0, {}), UNKNOWN, UNEXPECTED, ""),
        (page({}, "__UNIVERSAL_DATA_FOR_REHYDRATION__"), UNKNOWN, UNEXPECTED, ""),
        (page("{", "__UNIVERSAL_DATA_FOR_REHYDRATION__"), UNKNOWN, BLOCKED, ""),
        (page({}), UNKNOWN, BLOCKED, ""),
    ],
)
def test_the_profile_page(answer: HttpResponse, status: RoomStatus, reason: CloseReason | None, name: str) -> None:
    result, info = profile_page.parse(answer)
    assert (result.status, result.reason, result.unique_id) == (status, reason, name)
    assert bool(info) is (bool(name) or status is RESTRICTED)


def test_the_name_may_be_in_the_address_only() -> None:
    answer = profile(0, {"id": "55"})
    assert (
        profile_page.parse(HttpResponse(200, (), answer.body, "https://www.tiktok.com/@bob?x=1"))[0].unique_id == "bob"
    )
    assert profile_page.parse(HttpResponse(200, (), answer.body, "https://www.tiktok.com/@55"))[0].reason is UNEXPECTED


def test_the_avatar_of_the_raw_page() -> None:
    answer = profile(0, {"uniqueId": "ann", "id": "55"})
    body = answer.body + b'<script>{"avatarLarger":"https:\\u002F\\u002Fp16.example\\u002Fbig.jpeg"}</script>'
    assert profile_page.parse(HttpResponse(200, (), body))[1]["user"]["avatarLarger"] == "https://p16.example/big.jpeg"


# --- short links ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://www.tiktok.com/@ann/live?x=1", UniqueId("ann")),
        ("https://m.tiktok.com/share/live/7123/", RoomId(7123)),
        ("https://vm.tiktok.com/abc/", None),
        ("https://www.tiktok.com/", None),
        ("https://www.tiktok.com/login?" + "a=1&" * 100, None),
        ("https://evil.example/@ann", None),
        ("", None),
    ],
)
def test_where_a_short_link_leads(url: str, target: Any) -> None:
    assert short_link.parse(HttpResponse(200, (), b"x", url))[1] == target


def test_a_short_link_that_leads_nowhere_says_why() -> None:
    assert short_link.parse(HttpResponse(403, (), b"", "https://vm.tiktok.com/abc/"))[0].reason is BLOCKED
    assert short_link.parse(TransportFailure(FailureKind.DNS))[0].reason is NETWORK


# --- hostile answers --------------------------------------------------------------------------------------------------

PARSERS: dict[str, Callable[[Any], object]] = {
    **{name: parse for name, (parse, _) in SOURCES.items()},
    "alive": lambda answer: check_alive.parse(answer, (7, 8)),
    "gift list": gift_list.parse,
    "audience": audience.parse,
    "live search": live_search.parse,
    "sign server": lambda answer: sign_fetch.parse(answer, Limits(unpacked=TEN_MB)),
    "sign server's JSON": sign_services.parse_room_info,
    "short link": short_link.parse,
}
HUGE = {
    "braces": b"{" * TEN_MB,
    "brackets": b"[" * TEN_MB,
    "objects": b'{"data":' * (TEN_MB // 8),
    "script tags": b"<script " * (TEN_MB // 8),
    "marks": b'<script id="SIGI_STATE">' * (TEN_MB // 24),
    "bare marks": b"SIGI_STATE" * (TEN_MB // 10),
    "script ends": b"</script" * (TEN_MB // 8),
    "spaces": b" " * TEN_MB,
    "open page": b'<script id="SIGI_STATE">' + b"{" * TEN_MB,
    "deep page": b'<script id="SIGI_STATE">' + b'{"LiveRoom":' * 100_000 + b"1" + b"}" * 100_000 + b"</script>",
    "avatars": b'"avatarLarger":"' * (TEN_MB // 16),
}


def test_a_host_whose_name_is_the_script_s_hides_nothing() -> None:
    words = "".join(
        f'<meta name="{tag}" content="SIGI_STATE SIGI_STATE is LIVE">' for tag in ("title", "og", "twitter")
    )
    answer = HttpResponse(200, (), words.encode() + live_page(2).body)
    assert live_page_route.parse(answer).status is LIVE


@pytest.mark.parametrize("body", HUGE)
@pytest.mark.parametrize("parser", PARSERS)
def test_ten_megabytes_of_nonsense(parser: str, body: str) -> None:
    PARSERS[parser](HttpResponse(200, (), HUGE[body], "https://www.tiktok.com/@ann"))


class Measured(str):
    """A text that counts how far it was searched."""

    searched = 0

    def find(self, sub: str, start: Any = 0, end: Any = None) -> int:
        found = super().find(sub, start, len(self) if end is None else end)
        Measured.searched += (
            found + len(sub) if found >= 0 else len(self) if end is None else min(end, len(self))
        ) - start
        return found


@pytest.mark.parametrize(
    "unit", ['<script id="SIGI_STATE">', "SIGI_STATE", "<script ", 'id="SIGI_STATE" </script', "x"]
)
def test_a_page_is_searched_a_fixed_number_of_times_at_most(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    Measured.searched = 0
    page_script._script(Measured(text), "SIGI_STATE")
    assert Measured.searched <= len(text) + 2 * page_script.MAX_MARKS * page_script._TAG


BODIES = st.binary(max_size=200) | st.text(alphabet='<>script id="SIGI_STATE"{}[]:,0 ', max_size=200).map(str.encode)
NAMES = st.sampled_from(
    [
        "data",
        "user",
        "liveRoom",
        "status",
        "roomId",
        "uniqueId",
        "id",
        "statusCode",
        "status_code",
        "message",
        "alive",
        "room_id",
        "room_id_str",
        "gifts",
        "name",
        "type",
        "image",
        "url_list",
        "ranks",
        "total",
        "score",
        "rank",
        "owner",
        "stats",
        "stream_url",
        "live_core_sdk_data",
        "pull_data",
        "stream_data",
        "main",
        "flv",
        "LiveRoom",
        "liveRoomUserInfo",
        "__DEFAULT_SCOPE__",
        "webapp.user-detail",
        "userInfo",
        "live_info",
        "raw_data",
        "prompts",
        "age_restricted",
        "restricted",
        "link_mic",
        "battle_scores",
        "create_time",
        "cover",
        "flv_pull_url",
        "hd",
        "code",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["2", "7001", "{}", 2, 4]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
STATUS = st.sampled_from([200, 200, 200, 201, 301, 400, 403, 404, 429, 500]) | st.integers(-5, 1000)


@given(STATUS, BODIES, st.text(max_size=30))
def test_no_bytes_raise(status: int, body: bytes, url: str) -> None:
    for parse in PARSERS.values():
        parse(HttpResponse(status, (("Date", url), ("Retry-After", url)), body, url))


@given(VALUES)
def test_no_json_raises(value: Any) -> None:
    for parse in PARSERS.values():
        parse(json_answer(value))
        parse(json_answer({"data": value, "status_code": 0}))
    for script_id in ("SIGI_STATE", "__UNIVERSAL_DATA_FOR_REHYDRATION__"):
        live_page_route.parse(page(value if isinstance(value, dict) else {"LiveRoom": value}, script_id))
        profile_page.parse(page({"__DEFAULT_SCOPE__": {"webapp.user-detail": value}}, script_id))
    live_page_route.parse(page({"LiveRoom": {"liveRoomUserInfo": {"user": value, "liveRoom": value}}}))
