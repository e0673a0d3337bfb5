"""The sign server, both generations of its API (protocol/http.md section 8)."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from exchanges import SIGN_COOKIES, SOCKET, Answer, Site, context, fetch_result, json_answer, query, run, signed
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast._version import __version__
from tiktok_webcast.close import CloseReason
from tiktok_webcast.config import Endpoints, Limits
from tiktok_webcast.context import SessionLogin, WebContext
from tiktok_webcast.cookies import parse_netscape_cookies
from tiktok_webcast.errors import ConfigurationError, SignPremiumRequired, SignRateLimited, SignServerError, error_for
from tiktok_webcast.evidence import Evidence
from tiktok_webcast.gift_list import GiftList
from tiktok_webcast.http import FailureKind, Headers, HttpRequest, HttpResponse, TransportFailure, find_header
from tiktok_webcast.room_info import RoomInfo
from tiktok_webcast.routes.sign_fetch import MAX_ROUTE_BYTES, MAX_ROUTE_PARAMS
from tiktok_webcast.secret import Secret
from tiktok_webcast.sign import Signed, SignFailure, SignServer, SignTarget, is_trusted_sign_host

NEW, OLD = "/webcast/rooms/7001/connect", "/webcast/fetch"
KEY = "planted-api-key"
LOGIN = SessionLogin(Secret("planted-session"), "eu-ttp2")
HOST = "api.eulerstream.com"
TRUSTED = frozenset([HOST])
FAILED, LIMITED, PREMIUM = CloseReason.SIGN_FAILED, CloseReason.SIGN_RATE_LIMITED, CloseReason.SIGN_PREMIUM


def sign(
    answers: Answer | dict[str, Answer], server: SignServer | None = None, one: WebContext | None = None, **target: Any
) -> tuple[Signed | SignFailure, Site]:
    site = Site(answers if isinstance(answers, dict) else {NEW: answers})
    one = one or context()
    return run((server or SignServer()).sign(SignTarget(7001, "ann", one, **target)), site), site


def good(result: Any) -> Signed:
    assert isinstance(result, Signed), result
    return result


def bad(result: Any) -> SignFailure:
    assert isinstance(result, SignFailure), result
    return result


# --- asking -----------------------------------------------------------------------------------------------------------


def test_the_request_of_2026() -> None:
    result, site = sign(signed(), SignServer(api_key=KEY), cursor="c 0")
    good(result)
    (request,) = site.requests
    assert request.url.startswith("https://api.eulerstream.com/webcast/rooms/7001/connect?")
    assert query(request.url) == {
        "client": ["tiktok-webcast"],
        "cursor": ["c 0"],
        "user_agent": [context().profile.user_agent],
        "client_enter": ["true"],
        "platform": ["web"],
    }
    assert find_header(request.headers, "x-api-key") == KEY
    assert find_header(request.headers, "user-agent") == f"tiktok-webcast/{__version__}"
    assert find_header(request.headers, "cookie") is None and find_header(request.headers, "x-cookie-header") is None


def test_the_request_of_2025() -> None:
    server = SignServer(generation="2025", client="mine", country="DE", url="https://sign.example/")
    _, site = sign({OLD: signed()}, server)
    (request,) = site.requests
    assert request.url.startswith("https://sign.example/webcast/fetch?")
    sent = query(request.url)
    assert (sent["client"], sent["room_id"], sent["country"], sent["platform"]) == (["mine"], ["7001"], ["DE"], ["web"])
    assert "session_id" not in sent and find_header(request.headers, "x-api-key") is None


@pytest.mark.parametrize("missing", [404, 405, 410])
def test_the_other_generation_is_tried_when_there_is_no_such_path(missing: int) -> None:
    server = SignServer()
    result, site = sign({NEW: HttpResponse(missing), OLD: signed()}, server)
    assert good(result) and site.paths == [NEW, OLD]
    # It is remembered, and the way back is open.
    result, site = sign({NEW: signed(), OLD: signed()}, server)
    assert good(result) and site.paths == [OLD]
    result, site = sign({NEW: signed()}, server)
    assert good(result) and site.paths == [OLD, NEW]
    assert sign({NEW: signed()}, server)[1].paths == [NEW]


def test_a_server_with_neither() -> None:
    result, site = sign({})
    assert bad(result).reason is FAILED and "404" in bad(result).detail and site.paths == [NEW, OLD]


def test_other_failures_are_not_tried_twice() -> None:
    for status in (400, 401, 403, 429, 500, 503):
        assert sign({NEW: HttpResponse(status), OLD: signed()})[1].paths == [NEW]


def test_a_fixed_generation_is_not_left() -> None:
    assert sign({OLD: signed()}, SignServer(generation="2026"))[1].paths == [NEW]


def test_a_server_on_this_machine() -> None:
    local = Endpoints(web="http://127.0.0.1:8080", webcast="http://127.0.0.1:8080", sign="http://127.0.0.1:8080")
    result, site = sign(signed(push_server="ws://127.0.0.1:8080/ws"), one=context(endpoints=local))
    assert site.requests[0].url.startswith("http://127.0.0.1:8080/webcast/rooms/")
    assert good(result).socket.url.startswith("ws://127.0.0.1:8080/ws?")


# --- good answers -----------------------------------------------------------------------------------------------------


def test_a_socket_of_all_that_was_given() -> None:
    headers = (
        *SIGN_COOKIES,
        ("X-Room-Id", "7009"),
        ("X-Request-Id", "req-1"),
        ("X-Agent-Id", "a"),
        ("X-Log-Code", "l"),
    )
    result, _ = sign(signed(headers))
    found = good(result)
    sent = query(found.socket.url)
    assert found.socket.url.startswith(SOCKET + "?") and sent["version_code"] == ["180800", "270000"]
    assert (sent["imprp"], sent["wrss"]) == (["p q"], ["w/+"]) and (sent["cursor"], sent["internal_ext"]) == (
        ["c-1"],
        ["e-1"],
    )
    assert found.room_id == 7009 and sent["room_id"] == ["7009"] and found.request_id == "req-1"
    assert find_header(found.socket.headers, "cookie") == "tt-target-idc=useast1a; ttwid=1%7Csigned; msToken=tok"
    assert found.first_result == fetch_result() and not found.authenticated and found.notes == ()


def test_the_real_answer(request: pytest.FixtureRequest) -> None:
    path = request.config.rootpath.parent / "shared" / "captures" / "fetch_result_2026.pb"
    if not path.exists():
        pytest.skip(f"the captures are not here: {path}")
    body = path.read_bytes()
    result, _ = sign(HttpResponse(200, SIGN_COOKIES, body))
    assert good(result).first_result == body
    assert good(result).socket.url.startswith("wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/ws_reuse_supplement/?")


def test_a_packed_answer() -> None:
    packed = HttpResponse(200, (*SIGN_COOKIES, ("Content-Encoding", "gzip")), gzip.compress(fetch_result()))
    assert good(sign(packed)[0]).first_result == fetch_result()


def test_the_user_agent_of_the_server() -> None:
    agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X) Theirs/1"
    socket = good(sign(signed((*SIGN_COOKIES, ("X-Set-TT-User-Agent", agent))))[0]).socket
    assert find_header(socket.headers, "user-agent") == agent and query(socket.url)["browser_platform"] == ["MacIntel"]
    for odd in ("", "ü", "x" * 600):
        socket = good(sign(signed((*SIGN_COOKIES, ("X-Set-TT-User-Agent", odd))))[0]).socket
        assert find_header(socket.headers, "user-agent") == context().profile.user_agent


def test_an_odd_room_id_is_ignored() -> None:
    for odd in ("", "0", "abc", "-5"):
        assert good(sign(signed((*SIGN_COOKIES, ("X-Room-Id", odd))))[0]).room_id == 7001


def test_nothing_from_the_signer_reaches_the_jar() -> None:
    one = context()
    before = list(one.jar)
    sign(signed((*SIGN_COOKIES, ("Set-Cookie", "sessionid=attacker; Domain=.tiktok.com"))), one=one)
    assert list(one.jar) == before


# --- answers that do not help -----------------------------------------------------------------------------------------


def limited(headers: dict[str, str] | None = None, **body: Any) -> HttpResponse:
    return json_answer({"code": 429, "message": "too fast", **body}, 429, tuple((headers or {}).items()))


@pytest.mark.parametrize(
    ("answer", "reason", "retry", "words"),
    [
        (TransportFailure(FailureKind.DNS, "no such host"), CloseReason.NETWORK, True, "dns: no such host"),
        (TransportFailure(FailureKind.TIMEOUT), CloseReason.NETWORK, True, "timeout"),
        (TransportFailure(FailureKind.TOO_LARGE), CloseReason.LIMIT, True, "too_large"),
        (json_answer({"code": 401, "message": "bad key"}, 401), PREMIUM, False, "bad key"),
        (json_answer({"message": "premium only"}, 402), PREMIUM, False, "premium only"),
        (json_answer({"code": 403, "message": "no permission"}, 403), PREMIUM, False, "no permission"),
        (HttpResponse(403, (), b"<html>cloud</html>"), PREMIUM, False, "a web page instead of an answer"),
        (json_answer({"code": 403, "message": "no permission"}), PREMIUM, False, "HTTP 200, code 403: no permission"),
        (json_answer({"code": 402, "message": "pay"}), PREMIUM, False, "pay"),
        (json_answer({"code": "429", "message": "slow"}), LIMITED, True, "slow"),
        (json_answer({"code": 500, "message": "boom"}), FAILED, True, "boom"),
        (limited(), LIMITED, True, "too fast"),
        (HttpResponse(429), LIMITED, True, "HTTP 429"),
        (json_answer({"code": 500, "message": "boom"}, 500), FAILED, True, "boom"),
        (HttpResponse(500, (), b"oops"), FAILED, True, "HTTP 500"),
        (HttpResponse(503), FAILED, True, "no signing agent is free"),
        (json_answer({"message": "maintenance"}, 503), FAILED, True, "maintenance"),
        (HttpResponse(520, (), b"<html>"), FAILED, True, "web page"),
        (HttpResponse(400, (), b'{"message": "bad room"}'), FAILED, False, "bad room"),
        (HttpResponse(302), FAILED, False, "HTTP 302"),
        (HttpResponse(200, SIGN_COOKIES, b""), FAILED, True, "an empty answer"),
        (HttpResponse(200, SIGN_COOKIES, b"<html>hi</html>"), FAILED, True, "no fetch result"),
        (HttpResponse(200, SIGN_COOKIES, b"\xff" * 50), FAILED, True, "no fetch result"),
        (HttpResponse(200, SIGN_COOKIES, b"{"), FAILED, True, "no fetch result"),
        (signed(()), FAILED, True, "no cookies"),
        (signed((("X-Set-TT-Cookie", ""),)), FAILED, True, "no cookies"),
        (signed((("X-Set-TT-Cookie", ";;; Path=/"),)), FAILED, True, "no cookies"),
        (signed(cursor=""), FAILED, True, "no cursor"),
        (signed(push_server=""), FAILED, True, "push_server"),
        (signed(params={}), FAILED, True, "route_params"),
        (signed(params={str(n): "x" for n in range(MAX_ROUTE_PARAMS + 1)}), FAILED, True, "too many"),
        (signed(params={"a": "x" * 9000}), FAILED, True, "too many"),
        (signed(cursor="x" * 9000), FAILED, True, "too many"),
        (signed(internal_ext="x" * 9000), FAILED, True, "too many"),
        (signed(push_server="wss://evil.example/"), FAILED, True, "refused"),
        (signed(push_server="ws://webcast-ws.tiktok.com/"), FAILED, True, "refused"),
        (signed(push_server="file:///etc/passwd"), FAILED, True, "refused"),
        (signed(push_server="wss://169.254.169.254/"), FAILED, True, "refused"),
    ],
)
def test_failures(answer: Answer, reason: CloseReason, retry: bool, words: str) -> None:
    failure = bad(sign(answer)[0])
    assert (failure.reason, failure.retry) == (reason, retry) and words in failure.detail
    closed = failure.closed()
    assert (closed.reason, closed.detail, closed.retry_after) == (reason, failure.detail, failure.retry_after)


def test_all_that_goes_into_the_address_is_counted_to_the_character() -> None:
    most: dict[str, Any] = {
        "params": {"a": "b" * 99},
        "cursor": "c" * 100,
        "internal_ext": "e" * (MAX_ROUTE_BYTES - 200),
    }
    good(sign(signed(**most))[0])
    for longer in (
        {"params": {"aa": "b" * 99}},
        {"cursor": "c" * 101},
        {"internal_ext": "e" * (MAX_ROUTE_BYTES - 199)},
    ):
        assert "too many" in bad(sign(signed(**(most | longer)))[0]).detail


def test_as_many_parameters_as_allowed() -> None:
    good(sign(signed(params={str(n): "x" for n in range(MAX_ROUTE_PARAMS)}))[0])


def test_the_limit_of_the_answer_is_exact() -> None:
    size = len(fetch_result())
    good(sign(signed(), one=context(limits=Limits(unpacked=size)))[0])
    failure = bad(sign(signed(), one=context(limits=Limits(unpacked=size - 1)))[0])
    assert failure.reason is CloseReason.LIMIT and "Limits.unpacked" in failure.detail
    _, site = sign(signed(), one=context(limits=Limits(unpacked=1234)))
    assert site.requests[0].max_body == 1234


@pytest.mark.parametrize(
    ("answer", "wait", "label"),
    [
        (limited({"Retry-After": "12", "X-Request-Id": "req-7"}, limit_label="day"), 12.0, "day"),
        (limited({"RateLimit-Reset": "60"}), 60.0, None),
        (limited({"X-RateLimit-Reset": "1795341645", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}), 45.0, None),
        (limited({"RateLimit-Remaining": "33"}), 33.0, None),
        (limited(day={"max": 9, "remaining": 5}, hour={"max": 5, "remaining": 0}), None, "hour"),
        (limited(limit_label=["odd"]), None, None),
    ],
)
def test_a_rate_limit_says_how_long_which_and_for_what(answer: Answer, wait: float | None, label: str | None) -> None:
    failure = bad(sign(answer)[0])
    error = error_for(failure.closed())
    assert isinstance(error, SignRateLimited) and isinstance(error.reason, CloseReason)
    assert (error.retry_after, error.limit_label) == (wait, label)
    assert wait is None or f"Wait {wait:.0f} s." in str(error)
    assert label is None or label in str(error)
    assert error.request_id in (None, "req-7")


@pytest.mark.parametrize("status", [408, 500, 503])
@pytest.mark.parametrize(("headers", "wait"), [((), None), ((("Retry-After", "7"),), 7.0)])
def test_how_much_of_a_limit_is_left_does_not_make_an_outage_longer(
    status: int, headers: Headers, wait: float | None
) -> None:
    counted: Headers = (("RateLimit-Limit", "1000"), ("RateLimit-Remaining", "950"), ("RateLimit-Reset", "43000"))
    failure = bad(sign(HttpResponse(status, (*counted, *headers)))[0])
    assert failure.retry and failure.retry_after == wait


def test_the_errors() -> None:
    assert isinstance(error_for(bad(sign(HttpResponse(402))[0]).closed()), SignPremiumRequired)
    answer = HttpResponse(500, (("X-Request-Id", "r\x1b[31m1"), ("X-Agent-Id", "a1"), ("X-Log-Code", "c1")))
    closed = bad(sign(answer)[0]).closed()
    error = error_for(closed)
    assert isinstance(error, SignServerError) and error.request_id == "r [31m1"
    assert (closed.fact("status"), closed.fact("agent_id"), closed.fact("log_code")) == ("500", "a1", "c1")


# --- the login --------------------------------------------------------------------------------------------------------


def test_the_login_goes_to_a_trusted_host() -> None:
    one = context(login=LOGIN, trusted_sign_hosts=TRUSTED)
    result, site = sign(signed(), one=one)
    assert (
        find_header(site.requests[0].headers, "x-cookie-header") == "sessionid=planted-session; tt-target-idc=eu-ttp2"
    )
    assert "planted" not in site.requests[0].url
    found = good(result)
    assert found.authenticated and "sessionid=planted-session" in (find_header(found.socket.headers, "cookie") or "")


def test_the_login_is_refused_to_any_other_host_with_an_explanation() -> None:
    for trusted in (frozenset[str](), frozenset(["eulerstream.com"]), frozenset(["evil.example"])):
        result, site = sign(signed(), one=context(login=LOGIN, trusted_sign_hosts=trusted))
        failure = bad(result)
        assert site.requests == [] and not failure.retry and failure.reason is FAILED
        for words in ("full access to your account", f"--trust-sign-host {HOST}", "--signer guest"):
            assert words in failure.detail
        assert "planted" not in repr(failure)


def test_without_the_login_if_the_caller_says_so() -> None:
    result, site = sign(signed(), SignServer(session="never"), context(login=LOGIN))
    found = good(result)
    assert find_header(site.requests[0].headers, "x-cookie-header") is None
    assert not found.authenticated and found.notes and "planted" not in str(found.socket.headers)


def test_cookies_from_a_file_stay_away_from_a_host_that_is_not_trusted() -> None:
    text = ".tiktok.com\tTRUE\t/\tTRUE\t0\tsessionid\tplanted-session\n"
    result, site = sign(signed(), one=context(jar=parse_netscape_cookies(text)))
    found = good(result)
    assert "planted" not in str(site.requests[0].headers) + str(found.socket.headers) and found.notes
    result, site = sign(signed(), one=context(jar=parse_netscape_cookies(text), trusted_sign_hosts=TRUSTED))
    assert good(result).authenticated and "planted-session" in str(site.requests[0].headers)


@pytest.mark.parametrize("server", [SignServer(session="require"), SignServer(platform="mobile")])
def test_what_needs_a_login(server: SignServer) -> None:
    result, site = sign(signed(), server)
    assert "needs a login" in bad(result).detail and not bad(result).retry and site.requests == []
    assert good(sign(signed(), server, context(login=LOGIN, trusted_sign_hosts=TRUSTED))[0]).authenticated
    text = ".tiktok.com\tTRUE\t/\tTRUE\t0\tsessionid\tplanted-session\n"
    assert "refused" in bad(sign(signed(), server, context(jar=parse_netscape_cookies(text)))[0]).detail


@pytest.mark.parametrize(
    ("origin", "named", "trusted"),
    [
        ("https://sign.example", ["sign.example"], True),
        ("https://SIGN.example", ["Sign.Example "], True),
        ("https://sign.example:8443", ["sign.example"], True),
        ("https://sign.example:8443", ["sign.example:8443"], True),
        ("https://sign.example", ["sign.example:8443"], False),
        ("https://sub.sign.example", ["sign.example"], False),
        ("https://sign.example.evil.example", ["sign.example"], False),
        ("http://sign.example", ["sign.example"], False),
        ("http://127.0.0.1:8080", ["127.0.0.1"], True),
        ("http://127.0.0.1:8080", [], False),
    ],
)
def test_who_is_trusted(origin: str, named: list[str], trusted: bool) -> None:
    assert is_trusted_sign_host(origin, context(trusted_sign_hosts=frozenset(named))) is trusted


def test_a_redirect_takes_neither_key_nor_login_along() -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        return (
            HttpResponse(307, (("Location", "https://evil.example/x"),)) if HOST in request.url else HttpResponse(404)
        )

    seen: list[HttpRequest] = []
    one = context(login=LOGIN, trusted_sign_hosts=TRUSTED)
    run(SignServer(api_key=KEY, generation="2026").sign(SignTarget(7001, None, one)), answer, seen)
    assert [HOST in request.url for request in seen] == [True, False]
    assert "planted" in str(seen[0].headers) and "planted" not in str(seen[1].headers)


def test_what_the_server_says_of_limits_is_redacted() -> None:
    echo = json_answer({"code": 200, "message": "limits of planted-api-key", "day": {"max": 1}})
    limits = run(SignServer(api_key=KEY).rate_limits(context=context()), lambda request: echo)
    assert not isinstance(limits, SignFailure) and limits.message == "limits of ***"


def test_what_the_server_says_is_redacted() -> None:
    echo = json_answer({"code": 403, "message": "session planted-session with key planted-api-key is bad"}, 403)
    failure = bad(sign(echo, SignServer(api_key=KEY), context(login=LOGIN, trusted_sign_hosts=TRUSTED))[0])
    assert failure.detail == "HTTP 403: session *** with key *** is bad"
    assert KEY not in repr(SignServer(api_key=KEY))


# --- what else it offers ----------------------------------------------------------------------------------------------

ME = {"login": LOGIN, "trusted_sign_hosts": TRUSTED}


@pytest.mark.parametrize(
    ("generation", "path", "body"),
    [
        ("2026", "/webcast/rooms/7001/chat", {"content": "hällo"}),
        ("2025", "/webcast/chat", {"content": "hällo", "targetRoomId": "7001"}),
    ],
)
def test_sending_a_comment(generation: Any, path: str, body: dict[str, str]) -> None:
    site = Site({path: json_answer({"code": 200, "message": "sent", "data": {"id": 1}})})
    server = SignServer(api_key=KEY, generation=generation)
    sent = run(server.send_chat("hällo", room_id=7001, context=context(**ME)), site)
    assert not isinstance(sent, SignFailure) and sent.message == "sent" and sent.data == {"id": 1}
    (request,) = site.requests
    assert request.method == "POST" and json.loads(request.body) == body
    assert find_header(request.headers, "content-type") == "application/json"
    assert find_header(request.headers, "x-cookie-header") == "sessionid=planted-session; tt-target-idc=eu-ttp2"


def test_a_comment_needs_a_login_and_trust() -> None:
    for one, words in (
        (context(), "sending a comment needs a login"),
        (context(login=LOGIN), "full access to your account"),
    ):
        site = Site({})
        failure = run(SignServer(session="never").send_chat("hi", room_id=7001, context=one), site)
        assert words in bad(failure).detail and site.requests == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (HttpResponse(401), PREMIUM),
        (json_answer({"code": 403}), PREMIUM),
        (HttpResponse(200), FAILED),
        (HttpResponse(200, (), b"ok"), FAILED),
        (json_answer([]), FAILED),
    ],
)
def test_a_comment_that_is_not_sent(answer: Answer, reason: CloseReason) -> None:
    site = Site({"/webcast/rooms/7001/chat": answer})
    assert bad(run(SignServer().send_chat("hi", room_id=7001, context=context(**ME)), site)).reason is reason


@pytest.mark.parametrize("content", ["", "   ", "x" * 501])
def test_a_comment_that_is_none(content: str) -> None:
    with pytest.raises(ConfigurationError):
        run(SignServer().send_chat(content, room_id=1, context=context(**ME)), Site({}))


def test_rate_limits() -> None:
    window = {"max": 10, "remaining": "3", "reset_at": "2026-11-22T10:00:00Z"}
    for body in ({"day": window, "hour": None, "code": 200}, {"data": {"day": window}, "code": 200}):
        for path in ("/accounts/me/rate_limits", "/webcast/rate_limits"):
            limits = run(SignServer().rate_limits(context=context()), Site({path: json_answer(body)}))
            assert (
                not isinstance(limits, SignFailure) and limits.day is not None and limits.hour is limits.minute is None
            )
            assert (limits.day.limit, limits.day.remaining, limits.day.reset_at) == (10, 3, "2026-11-22T10:00:00Z")


def test_room_ids() -> None:
    for path in ("/webcast/anchors/ann/room_id", "/webcast/room_id"):
        for body in ({"room_id": "7001"}, {"data": {"roomId": 7001}}, {"response": {"room_id_str": "7001"}}):
            assert run(SignServer().room_id("ann", context=context()), Site({path: json_answer(body)})) == 7001
    site = Site({"/webcast/anchors/ann/room_id": json_answer({"room_id": "0"})})
    assert "names no room" in bad(run(SignServer().room_id("ann", context=context()), site)).detail


def test_a_room_id_as_a_last_way_in() -> None:
    paid = Site({"/webcast/anchors/ann/room_id": HttpResponse(402)})
    found = run(SignServer().look_up_room("ann", context()), paid)
    assert found == Evidence("sign server", detail="HTTP 402", reason=PREMIUM)
    site = Site({"/webcast/anchors/ann/room_id": json_answer({"room_id": "7001"})})
    assert run(SignServer().look_up_room("ann", context()), site).room_id == 7001


@pytest.mark.parametrize(
    ("room", "paths"),
    [
        ("ann", ["/webcast/anchors/ann/room_info", "/webcast/room_info"]),
        (7001, ["/webcast/rooms/7001/room_info", "/webcast/room_info"]),
    ],
)
def test_room_info_from_the_server(room: Any, paths: list[str]) -> None:
    data = {"id_str": "7001", "status": 2, "owner": {"display_id": "ann"}}
    for path in paths:
        for body in (data, {"data": data}, {"response": data}, {"data": {"data": data}, "code": 200}):
            site = Site({path: json_answer(body)})
            info = run(SignServer(api_key=KEY).room_info(room, context=context()), site)
            assert isinstance(info, RoomInfo) and (info.room_id, info.owner.unique_id) == (7001, "ann")
            assert KEY not in site.requests[-1].url and str(room) in site.requests[-1].url
    for answer, words in ((json_answer({"data": {}}), "holds no room"), (HttpResponse(402), "HTTP 402")):
        failed = bad(run(SignServer().room_info(room, context=context()), Site({paths[0]: answer})))
        assert words in failed.detail


def test_gifts_from_the_server() -> None:
    gifts = [{"id": 5, "name": "Rose"}]
    for path in ("/webcast/rooms/7001/gifts", "/webcast/gift_info"):
        for body in ({"gifts": gifts}, {"data": {"gifts": gifts}}, {"response": {"data": {"gifts": gifts}}}):
            site = Site({path: json_answer(body)})
            found = run(SignServer().gifts(7001, context=context()), site)
            assert isinstance(found, GiftList) and found.by_id[5].name == "Rose"
    assert query(site.requests[0].url)["webcast_language"] == ["en"]
    empty = Site({"/webcast/rooms/7001/gifts": json_answer({"data": {"gifts": []}})})
    assert "holds no gifts" in bad(run(SignServer().gifts(7001, context=context()), empty)).detail


def test_a_comment_by_a_token_of_the_server_s_own_leaves_the_login_at_home() -> None:
    server = SignServer(oauth_token="planted-oauth-token")
    echo = json_answer({"code": 200, "message": "sent by planted-oauth-token"})
    for one in (context(), context(login=LOGIN), context(**ME)):
        site = Site({"/webcast/rooms/7001/chat": echo})
        sent = run(server.send_chat("hi", room_id=7001, context=one), site)
        assert not isinstance(sent, SignFailure) and sent.message == "sent by ***"
        (request,) = site.requests
        assert find_header(request.headers, "x-oauth-token") == "planted-oauth-token"
        assert find_header(request.headers, "x-cookie-header") is None
        assert "planted" not in repr(request) + repr(server)


URL = "https://webcast.tiktok.com/webcast/gift/list/?a=1%202&X-Bogus=x&msToken=y&X-Gnarly=z&b="
SIGNED = URL + "&X-Bogus=new"


def url_answer(**response: Any) -> HttpResponse:
    full: dict[str, Any] = {
        "signedUrl": SIGNED,
        "userAgent": "UA/1",
        "tokens": {"X-Bogus": "new"},
        "requestHeaders": {"A": "b", "C": 5},
    }
    full |= {
        "cookies": ["ttwid=1", {"name": "msToken", "value": "2"}, 5],
        "browserName": "Mozilla",
        "browserVersion": "5.0",
    }
    return json_answer({"code": 200, "message": "", "response": full | response})


def test_signing_an_address() -> None:
    one = context()
    one.put_cookie("ttwid", "1%7Cabc")
    for path in ("/tiktok/signing/encrypt/sign_url", "/webcast/sign_url"):
        site = Site({path: url_answer()})
        result = run(SignServer().sign_url(URL, context=one, method="POST", payload="p"), site)
        assert not isinstance(result, SignFailure)
        assert (result.url, result.user_agent, result.request_headers) == (SIGNED, "UA/1", {"A": "b"})
        assert result.cookies == (("ttwid", "1"), ("msToken", "2")) and result.browser_name == "Mozilla"
        body = json.loads(site.requests[-1].body)
        assert body["url"] == "https://webcast.tiktok.com/webcast/gift/list/?a=1%202&b="
        assert (body["method"], body["payload"], body["ttwid"]) == ("POST", "p", "1%7Cabc")
        assert body["userAgent"] == one.profile.user_agent and body["includeBrowserParams"] is True
        assert "sessionId" not in body


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (url_answer(signedUrl=""), FAILED),
        (url_answer(tokens={}, signedUrl="https://webcast.tiktok.com/webcast/gift/list/?a=1"), FAILED),
        (url_answer(userAgent="a\r\nb"), FAILED),
        (url_answer(userAgent="UA/1 "), FAILED),
        (url_answer(signedUrl="https://evil.example/?msToken=1"), FAILED),
        (url_answer(signedUrl="https://[::1"), FAILED),
        (json_answer({"code": 403, "message": "no"}), PREMIUM),
        (json_answer({"code": 200}), FAILED),
    ],
)
def test_addresses_that_are_not_signed(answer: Answer, reason: CloseReason) -> None:
    site = Site({"/tiktok/signing/encrypt/sign_url": answer})
    assert bad(run(SignServer().sign_url(URL, context=context()), site)).reason is reason


def test_what_is_no_header_is_left_out() -> None:
    headers = {
        ":authority": "x",
        "a b": "x",
        "": "x",
        "a:": "x",
        "ä": "x",
        "A": "ä",
        "B": "b",
        "C": "c\r\nD: d",
        "E": "e ",
    }
    site = Site({"/tiktok/signing/encrypt/sign_url": url_answer(requestHeaders=headers)})
    result = run(SignServer().sign_url(URL, context=context()), site)
    assert not isinstance(result, SignFailure) and result.request_headers == {"B": "b"}


def test_cookies_in_one_text() -> None:
    site = Site({"/tiktok/signing/encrypt/sign_url": url_answer(cookies="ttwid=1; msToken=2")})
    result = run(SignServer().sign_url(URL, context=context()), site)
    assert not isinstance(result, SignFailure) and result.cookies == (("ttwid", "1"), ("msToken", "2"))


def test_tokens_may_be_in_the_address() -> None:
    site = Site({"/tiktok/signing/encrypt/sign_url": url_answer(signedUrl=URL, tokens=None)})
    assert not isinstance(run(SignServer().sign_url(URL, context=context()), site), SignFailure)


def test_only_tiktok_s_addresses_are_signed() -> None:
    with pytest.raises(ConfigurationError):
        run(SignServer().sign_url("https://evil.example/", context=context()), Site({}))


@pytest.mark.parametrize(
    "options",
    [
        {"url": "sign.example"},
        {"url": "ftp://sign.example"},
        {"url": "https://sign.example/?a=b"},
        {"platform": "tv"},
        {"session": "maybe"},
        {"generation": "1999"},
        {"api_key": "a\nb"},
        {"api_key": ""},
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        SignServer(**options)


@pytest.mark.parametrize("url", ["https://me:planted@sign.example", "https://planted@sign.example/?a=b"])
def test_a_password_in_an_origin_would_be_shown_by_errors_so_it_is_refused(url: str) -> None:
    for make in (lambda: SignServer(url=url), lambda: Endpoints(sign=url)):
        with pytest.raises(ValueError, match="without a user name") as refused:
            make()
        assert "planted" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["https://sign.example:99999", "https://sign.example:x", "https://[", "https://a:planted@\u2100"]
)
def test_an_address_without_a_port_that_can_be_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^The sign server's url has no valid host and port$"):
        SignServer(url=url)


@pytest.mark.parametrize("url", ["https://sign.example/?apiKey=planted", "https://sign.example/#planted"])
def test_a_key_in_an_origin_is_refused_and_not_shown(url: str) -> None:
    for make in (lambda: SignServer(url=url), lambda: Endpoints(sign=url)):
        with pytest.raises(ValueError, match=r"must be an origin such as .*, not 'https://sign.example/") as refused:
            make()
        assert "planted" not in str(refused.value)


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["X-Set-TT-Cookie", "X-Room-Id", "X-Set-TT-User-Agent", "Retry-After", "Content-Encoding", "Location"]
        ),
        st.text(max_size=20),
    ),
    max_size=5,
)
VALUES = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["code", "message", "response", "signedUrl", "tokens", "cookies", "day", "remaining", "room_id", "data"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)
BODIES = st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()) | st.just(fetch_result())


@given(st.integers(0, 599), HEADERS, BODIES)
def test_no_answer_raises(status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    answer = HttpResponse(status, tuple(headers), body)
    one, server = context(limits=Limits(redirects=1), **ME), SignServer(api_key=KEY)
    for flow in (
        server.sign(SignTarget(7001, "ann", one)),
        server.send_chat("hi", room_id=1, context=one),
        server.rate_limits(context=one),
        server.room_info("ann", context=one),
        server.room_info(7001, context=one),
        server.gifts(7001, context=one),
        server.look_up_room("ann", one),
        server.sign_url(URL, context=one),
    ):
        run(flow, lambda _: answer)


@given(
    st.text(max_size=60), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3), st.text(max_size=30)
)
def test_no_fetch_result_raises_or_leads_astray(push_server: str, params: dict[str, str], cookies: str) -> None:
    answer = signed((("X-Set-TT-Cookie", cookies),), push_server=push_server, params=params)
    result, _ = sign(answer, one=context(**ME))
    if isinstance(result, Signed):
        assert result.socket.url.startswith("wss://") and ".tiktok.com/" in result.socket.url.partition("?")[0] + "/"
