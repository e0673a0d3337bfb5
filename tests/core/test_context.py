"""What a session's requests have in common, and who may see its login."""

from __future__ import annotations

import random

import pytest
from exchanges import context, query

from tiktok_webcast.config import Endpoints
from tiktok_webcast.context import GUEST_COOKIES, SessionLogin, WebContext
from tiktok_webcast.cookies import Cookie, CookieJar
from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.http import find_header
from tiktok_webcast.profile import ClientProfile
from tiktok_webcast.secret import Secret

LOGIN = SessionLogin(Secret("planted-session"), "eu-ttp2")
LOCAL = Endpoints(web="http://127.0.0.1:8080", webcast="http://127.0.0.1:8080", sign="http://127.0.0.1:8080")
SECTION_7A = {
    "aid": "1988", "app_language": "en", "app_name": "tiktok_web", "browser_language": "en-US",
    "browser_name": "Mozilla", "browser_online": "true", "browser_platform": "Win32", "cookie_enabled": "true",
    "device_platform": "web_pc",
    "focus_state": "true", "from_page": "", "is_fullscreen": "false", "is_page_visible": "true",
    "screen_height": "1080",
    "screen_width": "1920", "tz_name": "America/New_York", "channel": "tiktok_web", "data_collection_enabled": "true",
    "os": "windows", "priority_region": "US", "region": "US", "user_is_login": "false", "webcast_language": "en",
    "msToken": "",
}  # fmt: skip


def test_the_web_parameters_of_section_7a() -> None:
    url = context().web_request("https://www.tiktok.com/x").url
    sent = {name: values[0] for name, values in query(url).items()}
    assert SECTION_7A.items() <= sent.items()
    assert sent["browser_version"] == ClientProfile().browser_version
    assert 4 <= int(sent["history_len"]) <= 14 and sent["device_id"].isdigit() and len(sent["device_id"]) == 19
    assert sent.keys() == SECTION_7A.keys() | {"browser_version", "history_len", "device_id", "referer", "root_referer"}
    assert "browser_version=5.0%20%28Windows%20NT%2010.0%3B" in url


def test_the_order_is_stable_and_the_device_too() -> None:
    one = context()
    first, second = one.web_request("https://www.tiktok.com/x").url, one.web_request("https://www.tiktok.com/x").url
    assert list(query(first)) == list(query(second)) and query(first)["device_id"] == query(second)["device_id"]
    assert context().web_request("https://x.tiktok.com/").url == context().web_request("https://x.tiktok.com/").url


def test_defaults_then_overrides_then_the_request_s_own() -> None:
    one = context(http_params={"aid": "7", "room_id": "1", "mine": "a b&c"})
    sent = query(one.web_request("https://www.tiktok.com/x", (("room_id", "2"),)).url)
    assert (sent["aid"], sent["room_id"], sent["mine"]) == (["7"], ["2"], ["a b&c"])
    assert one.web_request("https://www.tiktok.com/x", defaults=False).url == "https://www.tiktok.com/x"


def test_the_headers_of_section_7c() -> None:
    headers = dict(context().web_headers())
    assert headers == {
        "User-Agent": ClientProfile().user_agent,
        "Accept": "text/html,application/json,application/protobuf",
        "Accept-Language": "en-US,en;q=0.9",
        "Accept-Encoding": "gzip, deflate",
        "Referer": "https://www.tiktok.com/",
        "Origin": "https://www.tiktok.com",
        "Cache-Control": "max-age=0",
        "Sec-Fetch-Site": "same-site",
        "Sec-Fetch-Mode": "cors",
        "Sec-Fetch-Dest": "empty",
    }


def test_header_overrides_in_any_case() -> None:
    headers = context(http_headers={"accept-language": "fr", "X-Mine": "1"}).web_headers()
    assert [value for name, value in headers if name.lower() == "accept-language"] == ["fr"]
    assert find_header(headers, "x-mine") == "1"


@pytest.mark.parametrize(
    "options",
    [
        {"http_params": {"a": 1}},
        {"http_headers": {"X": "a\r\nCookie: b"}},
        {"ws_headers": {"X\n": "a"}},
        {"http_headers": {"": "a"}},
        {"http_headers": {"a b": "a"}},
        {"ws_headers": {"X:": "a"}},
        {"ws_params": {1: "a"}},
    ],
)
def test_overrides_that_cannot_travel(options: dict[str, dict[str, str]]) -> None:
    with pytest.raises(ConfigurationError):
        context(**options)


@pytest.mark.parametrize(
    "value", ["sessionid=planted ", " sessionid=planted", "sessionid=planted\u20ac", "sessionid=planted\n"]
)
@pytest.mark.parametrize("option", ["http_headers", "ws_headers"])
def test_a_header_that_no_transport_sends_is_refused_without_showing_it(option: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match="'Cookie' cannot travel") as refused:
        context(**{option: {"Cookie": value}})
    assert "planted" not in str(refused.value)


def test_the_login_is_a_set_of_cookies_for_tiktok() -> None:
    one = context(login=LOGIN)
    sent = dict(one.jar.cookies_for("https://webcast.tiktok.com/"))
    assert sent == dict.fromkeys(("sessionid", "sessionid_ss", "sid_tt"), "planted-session") | {
        "tt-target-idc": "eu-ttp2"
    }
    assert one.logged_in and query(one.web_request("https://www.tiktok.com/").url)["user_is_login"] == ["true"]
    for url in (
        "https://evil.example/",
        "https://api.eulerstream.com/",
        "http://www.tiktok.com/",
        "http://127.0.0.1:8080/",
    ):
        assert one.jar.header_for(url) is None


def test_the_login_goes_to_endpoints_of_one_s_own() -> None:
    one = context(login=LOGIN, endpoints=LOCAL)
    assert dict(one.jar.cookies_for("http://127.0.0.1:8080/"))["sessionid"] == "planted-session"
    elsewhere = context(login=LOGIN, endpoints=Endpoints(web="http://mirror.example", webcast="https://mirror.example"))
    assert elsewhere.jar.header_for("http://mirror.example/") is None
    assert "planted-session" in (elsewhere.jar.header_for("https://mirror.example/") or "")


def test_a_guest_has_the_default_cookie_unless_the_jar_knows_better() -> None:
    assert context().jar.get("tt-target-idc", "https://www.tiktok.com/") == "useast1a" and not context().logged_in
    jar = CookieJar([Cookie("tt-target-idc", "eu", "tiktok.com", host_only=False)])
    assert context(jar=jar).jar.get("tt-target-idc", "https://www.tiktok.com/") == "eu"


@pytest.mark.parametrize("bad", ["a;b=c", "a b", 'a"b', "a,b"])
def test_a_login_must_be_bare_values(bad: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SessionLogin(Secret(bad))
    assert bad not in str(caught.value)
    with pytest.raises(ConfigurationError):
        SessionLogin(Secret("x"), bad)


@pytest.mark.parametrize(
    ("url", "default", "local"),
    [
        ("https://www.tiktok.com/", True, True),
        ("wss://webcast-ws.eu.tiktok.com/", True, True),
        ("https://tiktok.com/", True, True),
        ("http://www.tiktok.com/", False, False),
        ("ws://webcast-ws.tiktok.com/", False, False),
        ("https://eviltiktok.com/", False, False),
        ("https://tiktok.com.evil.example/", False, False),
        ("https://user@www.tiktok.com/", False, False),
        ("https://api.eulerstream.com/", False, False),
        ("http://127.0.0.1:8080/", False, True),
        ("ws://127.0.0.1:9/", False, True),
        ("ws://127.0.0.2/", False, False),
        ("ftp://www.tiktok.com/", False, False),
        ("https://[::1", False, False),
        ("", False, False),
    ],
)
def test_whose_address_it_is(url: str, default: bool, local: bool) -> None:
    assert (context().is_tiktok(url), context(endpoints=LOCAL).is_tiktok(url)) == (default, local)


def test_a_plain_mirror_is_the_user_s_own_choice() -> None:
    mirror = context(endpoints=Endpoints(web="http://mirror.example", webcast="http://mirror.example"))
    assert mirror.is_tiktok("ws://mirror.example/x") and not mirror.is_tiktok("ws://other.example/x")


def test_a_fresh_identity() -> None:
    jar = CookieJar(Cookie(name, "1", "tiktok.com", host_only=False) for name in (*GUEST_COOKIES, "mine"))
    rng = random.Random(5)
    old = WebContext(rng, profile=ClientProfile.choose(rng, language="de", region="AT"), jar=jar, login=LOGIN)
    agents = set()
    for _ in range(10):
        fresh = old.fresh_identity()
        agents.add(fresh.profile.user_agent)
        assert {cookie.name for cookie in fresh.jar} == {"mine", "sessionid", "sessionid_ss", "sid_tt", "tt-target-idc"}
        assert fresh.device_id != old.device_id and fresh.profile.browser_language == "de-AT"
        assert fresh.profile.tz_name == "Europe/Vienna" and fresh.rng is rng
    assert len(agents) > 3 and "ttwid" in {cookie.name for cookie in old.jar}


def test_a_chosen_profile_stays() -> None:
    profile = ClientProfile(user_agent="Mine/1.0")
    assert context(profile=profile, keep_profile=True).fresh_identity().profile is profile


def test_a_cookie_in_quotes_is_redacted_without_them_too() -> None:
    one = context()
    one.put_cookie("sid_guard", '"planted-account-0001"')
    for words in ('no "planted-account-0001"', "no planted-account-0001.", "no planted-acco"):
        assert "planted" not in one.redact(words)


def test_words_of_a_server_are_redacted() -> None:
    one = context(login=LOGIN)
    one.put_cookie("ttwid", "1%7Cabcdefgh")
    assert (
        one.redact("bad sessionid planted-session, ttwid 1%7Cabcdefgh, idc eu-ttp2")
        == "bad sessionid ***, ttwid ***, idc eu-ttp2"
    )


def test_a_device_that_was_named_stays() -> None:
    assert query(context(device_id="7").web_request("https://www.tiktok.com/x").url)["device_id"] == ["7"]
