"""The socket's address (protocol/http.md sections 7b and 9)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from exchanges import SOCKET, context, query
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.config import Endpoints
from tiktok_webcast.context import SessionLogin
from tiktok_webcast.http import find_header
from tiktok_webcast.profile import ClientProfile
from tiktok_webcast.secret import Secret
from tiktok_webcast.url import guest_socket, socket_objection, socket_request

LOGIN = SessionLogin(Secret("planted-session"))
LOCAL = Endpoints(web="http://127.0.0.1:8080", webcast="http://127.0.0.1:8080", sign="http://127.0.0.1:8080")
SECTION_7B = {
    "aid": "1988", "app_language": "en", "webcast_language": "en", "app_name": "tiktok_web", "browser_name": "Mozilla",
    "browser_language": "en-US", "browser_online": "true", "browser_platform": "Win32", "tz_name": "America/New_York",
    "screen_width": "1920", "screen_height": "1080", "cookie_enabled": "true", "device_platform": "web",
    "identity": "audience", "live_id": "12", "sup_ws_ds_opt": "1", "update_version_code": "2.0.0", "client_enter": "1",
    "ws_direct": "1", "did_rule": "3", "heartbeat_duration": "10000", "resp_content_type": "protobuf",
    "history_comment_count": "6", "compress": "gzip", "room_id": "7001",
}  # fmt: skip


def test_the_parameters_of_section_7b() -> None:
    request = socket_request(SOCKET, 7001, context=context())
    sent = query(request.url)
    assert sent.pop("version_code") == ["180800", "270000"]
    assert request.url.endswith("&version_code=270000") and "&version_code=180800&" in request.url
    assert re.fullmatch(r"1\d\d\.\d{3}", sent.pop("last_rtt")[0])
    assert sent.pop("browser_version") == [ClientProfile().browser_version]
    assert {name: values[0] for name, values in sent.items()} == SECTION_7B


def test_without_compression() -> None:
    assert query(socket_request(SOCKET, 1, context=context(compress=False)).url)["compress"] == [""]


def test_everything_is_encoded_once() -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64) Test/1.0 ü%20".replace("ü", "")
    params = {"imprp": "a b(c)+d/e%f", "ua": agent, "empty": "", "snow": "☃"}
    url = socket_request(SOCKET, 1, context=context(), route_params=params).url
    sent = query(url)
    assert sent["imprp"] == ["a b(c)+d/e%f"] and sent["ua"] == [agent] and sent["snow"] == ["☃"] and "empty" not in sent
    assert re.fullmatch(r"wss://[a-z.-]+/[a-z_/]+\?[A-Za-z0-9_.~%&=-]+", url)


def test_ours_wins_over_the_signer_s_and_the_caller_s_over_both() -> None:
    one = context(ws_params={"aid": "7", "mine": "1", "room_id": "666"})
    sent = query(
        socket_request(SOCKET, 7001, context=one, route_params={"room_id": "9", "live_id": "9", "wrss": "w"}).url
    )
    assert (sent["room_id"], sent["live_id"], sent["wrss"]) == (["7001"], ["12"], ["w"])
    assert (sent["aid"], sent["mine"]) == (["7"], ["1"])


def test_where_to_go_on() -> None:
    sent = query(socket_request(SOCKET, 1, context=context(), cursor="c 1", internal_ext="e|1").url)
    assert (sent["cursor"], sent["internal_ext"]) == (["c 1"], ["e|1"])
    assert not {"cursor", "internal_ext"} & query(socket_request(SOCKET, 1, context=context()).url).keys()


def test_the_query_of_the_base_is_not_trusted() -> None:
    url = socket_request(SOCKET + "?room_id=9#x", 1, context=context()).url
    assert query(url)["room_id"] == ["1"] and "#" not in url


def test_the_headers_of_the_handshake() -> None:
    request = socket_request(SOCKET, 1, context=context(ws_headers={"origin": "https://my.example", "X-Mine": "1"}))
    assert find_header(request.headers, "user-agent") == ClientProfile().user_agent
    assert find_header(request.headers, "accept-language") == "en-US,en;q=0.9"
    assert [value for name, value in request.headers if name.lower() == "origin"] == ["https://my.example"]
    assert find_header(request.headers, "x-mine") == "1" and request.subprotocols == ()


def test_the_user_agent_of_the_signature_is_used_everywhere() -> None:
    agent = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Signed/1.0"
    request = socket_request(SOCKET, 1, context=context(), user_agent=agent)
    sent = query(request.url)
    assert find_header(request.headers, "user-agent") == agent and sent["browser_platform"] == ["MacIntel"]
    assert sent["browser_version"] == ["5.0 (Macintosh; Intel Mac OS X 10_15_7) Signed/1.0"]


def cookies(url: str, authenticated: bool, given: tuple[tuple[str, str], ...] = ()) -> str:
    one = context(login=LOGIN)
    one.put_cookie("ttwid", "jar")
    request = socket_request(url, 1, context=one, cookies=given, authenticated=authenticated)
    return find_header(request.headers, "cookie") or ""


def test_the_login_goes_along_only_where_it_was_signed_for() -> None:
    assert "planted-session" in cookies(SOCKET, True)
    assert cookies(SOCKET, False) == "tt-target-idc=useast1a; ttwid=jar"


@pytest.mark.parametrize(
    "url", ["wss://evil.example/", "ws://webcast-ws.tiktok.com/", "wss://tiktok.com.evil.example/"]
)
def test_the_login_goes_nowhere_else(url: str) -> None:
    assert cookies(url, True, (("ttwid", "signed"), ("sessionid", "planted-session"))) == "ttwid=signed"


def test_a_signer_s_cookies_win_but_cannot_log_us_in() -> None:
    given = (("ttwid", "signed"), ("sessionid", "attacker"), ("tt-target-idc", "elsewhere"))
    assert "ttwid=signed" in cookies(SOCKET, False, given) and "attacker" not in cookies(SOCKET, False, given)
    sent = cookies(SOCKET, True, given)
    assert "sessionid=planted-session" in sent and "attacker" not in sent and "elsewhere" not in sent


def test_a_cookie_header_of_the_caller_replaces_all() -> None:
    one = context(ws_headers={"Cookie": "mine=1"})
    assert [v for n, v in socket_request(SOCKET, 1, context=one).headers if n.lower() == "cookie"] == ["mine=1"]


@pytest.mark.parametrize(
    ("url", "ok"),
    [
        (SOCKET, True),
        ("wss://webcast16-ws-useast1a.tiktok.com/webcast/im/", True),
        ("ws://webcast-ws.tiktok.com/", False),
        ("https://webcast-ws.tiktok.com/", False),
        ("wss://evil.example/", False),
        ("wss://eviltiktok.com/", False),
        ("wss://webcast-ws.tiktok.com@evil.example/", False),
        ("wss://user:pw@webcast-ws.tiktok.com/", False),
        ("wss://127.0.0.1/", False),
        ("ws://169.254.169.254/", False),
        ("wss://webcast-ws.tiktok.com:99999/", False),
        ("wss://webcast-ws.tiktok.com:0/", False),
        ("wss://webcast-ws.tiktok.com/a b", False),
        ("wss://webcast-ws.tiktok.com/\r\nX: y", False),
        ("wss://webcast-ws.tiktok.com/ü", False),
        ("wss://webcast-ws.tiktok.com/" + "x" * 9000, False),
        ("wss://[::1", False),
        ("webcast-ws.tiktok.com", False),
        ("", False),
    ],
)
def test_where_a_signer_may_send_us(url: str, ok: bool) -> None:
    assert (socket_objection(url, context()) is None) is ok


def test_hosts_that_the_caller_allows() -> None:
    assert socket_objection("wss://relay.example/x", context(), {"relay.example"}) is None
    assert socket_objection("ws://relay.example/x", context(), {"relay.example"})
    assert socket_objection("ws://127.0.0.1:9/x", context(endpoints=LOCAL)) is None


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost:9", "[::1]:9", "127.0.0.2", "localhost"])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_a_simulator_may_name_this_machine_as_it_likes(scheme: str, host: str) -> None:
    url = f"{scheme}://{host}/x"
    assert socket_objection(url, context(endpoints=LOCAL)) is None
    assert socket_objection(url, context(endpoints=Endpoints(web="http://[::1]:8080"))) is None
    assert socket_objection(url, context()), "with TikTok's own endpoints a signer does not get into this machine"
    assert socket_objection(url, context(endpoints=Endpoints(sign="http://127.0.0.1:1")))


def test_a_simulator_may_name_no_other_machine() -> None:
    for url in ("ws://10.0.0.1/", "ws://evil.example/", "ws://127.0.0.1.evil.example/", "ws://a@localhost/"):
        assert socket_objection(url, context(endpoints=LOCAL)), url


def test_the_guest_s_socket() -> None:
    path = "/webcast/im/ws_proxy/ws_reuse_supplement/"
    assert guest_socket(context(), "webcast-ws.eu.tiktok.com") == f"wss://webcast-ws.eu.tiktok.com{path}"
    assert guest_socket(context(endpoints=LOCAL), "webcast-ws.tiktok.com") == f"ws://127.0.0.1:8080{path}"
    mirror = context(endpoints=Endpoints(webcast="https://mirror.example"))
    assert guest_socket(mirror, "webcast-ws.tiktok.com") == f"wss://mirror.example{path}"


def test_what_a_careless_signer_passes_on_does_no_harm() -> None:
    params: dict[str, Any] = {"a": 5, "b": None, "c": ["x"], "d": "ok"}
    given: Any = [("x", 5), ("y", "a\r\nEvil: 1"), ("bad name", "1"), ("z", "ok")]
    request = socket_request(
        SOCKET, 1, context=context(), route_params=params, cookies=given, user_agent="a\r\nEvil: 1"
    )
    sent = query(request.url)
    assert sent["d"] == ["ok"] and not {"a", "b", "c"} & sent.keys() and "Evil" not in str(request.headers)
    assert (find_header(request.headers, "cookie") or "").endswith("; z=ok")


@given(st.text(), st.dictionaries(st.text(), st.text(), max_size=4), st.text())
def test_nothing_a_signer_says_breaks_the_address(url: str, params: dict[str, str], text: str) -> None:
    socket_objection(url, context())
    request = socket_request(SOCKET, 1, context=context(), route_params=params, cursor=text, internal_ext=text)
    assert request.url.isascii() and request.url.isprintable() and " " not in request.url
