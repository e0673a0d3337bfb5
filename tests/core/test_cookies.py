"""Cookies stay with the hosts that they belong to."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.capture import Recorder
from tiktok_webcast.config import Endpoints
from tiktok_webcast.cookies import (
    MAX_COOKIE_BYTES,
    MAX_COOKIES,
    Cookie,
    CookieJar,
    is_cookie,
    parse_cookie_pairs,
    parse_http_date,
    parse_netscape_cookies,
)
from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.session_config import SessionConfig

WWW = "https://www.tiktok.com/@ann/live"
NOW = ("Date", "Sun, 22 Nov 2026 10:00:00 GMT")


def after(url: str, *headers: str) -> CookieJar:
    jar = CookieJar()
    jar.receive(url, (NOW, *(("Set-Cookie", header) for header in headers)))
    return jar


@pytest.mark.parametrize(
    ("header", "url", "sent"),
    [
        ("a=1", WWW, True),
        ("a=1", "https://webcast.tiktok.com/", False),
        ("a=1", "https://x.www.tiktok.com/@ann/live", False),
        ("a=1; Domain=tiktok.com; Path=/", "https://webcast.tiktok.com/", True),
        ("a=1; Domain=.tiktok.com; Path=/", "wss://webcast-ws.tiktok.com/x", True),
        ("a=1; Domain=.tiktok.com; Path=/", "https://tiktok.com/", True),
        ("a=1; Domain=.tiktok.com; Path=/", "https://eviltiktok.com/", False),
        ("a=1; Domain=.tiktok.com; Path=/", "https://tiktok.com.evil.example/", False),
        ("a=1; Domain=www.tiktok.com; Path=/", "https://x.www.tiktok.com/", True),
        ("a=1; Domain=com; Path=/", "https://example.com/", False),
        ("a=1; Domain=com; Path=/", WWW, False),
        ("a=1; Domain=evil.example; Path=/", WWW, False),
        ("a=1; Domain=webcast.tiktok.com; Path=/", "https://webcast.tiktok.com/", False),
        ("a=1; Domain=", WWW, True),
        ("a=1; Path=/; Secure", WWW, True),
        ("a=1; Path=/; Secure", "http://www.tiktok.com/", False),
        ("a=1; Path=/@ann", WWW, True),
        ("a=1; Path=/@an", WWW, False),
        ("a=1; Path=/@bob", WWW, False),
        ("a=1; Path=relative", WWW, True),
        ("a=1; Max-Age=0", WWW, False),
        ("a=1; Max-Age=-5; Expires=Tue, 22 Nov 2033 10:00:00 GMT", WWW, False),
        ("a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", WWW, True),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", WWW, False),
        ("a=1; Expires=Thu, 01-Jan-70 00:00:00 GMT", WWW, False),
        ("a=1; Expires=Sat, 21 Nov 2026 10:00:00 GMT", WWW, False),
        ("a=1; Expires=Mon, 22 Nov 2027 10:00:00 GMT", WWW, True),
        ("a=1; Expires=Wed, 22-Nov-28 10:00:00 GMT", WWW, True),
        ("a=1; Expires=someday", WWW, True),
        ("a=1; SameSite=None; HttpOnly; Partitioned", WWW, True),
        ('a="1"', WWW, True),
        ('a=" 1 "', WWW, True),
        ("a", WWW, False),
        ("=1", WWW, False),
        ("", WWW, False),
        ("a b=1", WWW, False),
        ("a=1\x00", WWW, False),
        ("a=ü", WWW, False),
    ],
)
def test_set_cookie(header: str, url: str, sent: bool) -> None:
    assert after(WWW, header).get("a", url) == ("1" if sent else None)


@pytest.mark.parametrize(
    ("url", "other", "sent"),
    [
        ("http://127.0.0.1:81/", "http://127.0.0.1:82/", True),
        ("http://127.0.0.1:81/", "ws://127.0.0.1:83/", True),
        ("http://127.0.0.1/", "http://10.127.0.0.1/", False),
        ("http://[::1]:81/", "http://[::1]/", True),
        ("http://localhost:81/", "ws://localhost/", True),
    ],
)
def test_addresses_and_this_machine(url: str, other: str, sent: bool) -> None:
    jar = CookieJar()
    jar.receive(url, (("Set-Cookie", "a=1; Secure; Domain=127.0.0.1" if "127" in url else "a=1; Secure"),))
    assert (jar.header_for(other) == "a=1") is sent


def test_a_secure_cookie_cannot_be_set_in_clear_text() -> None:
    assert len(after("http://www.tiktok.com/", "a=1; Secure")) == 0


def test_the_newest_and_the_most_specific_win() -> None:
    jar = after(WWW, "a=1; Domain=tiktok.com; Path=/", "a=2; Path=/", "b=1; Path=/", "b=2; Path=/")
    assert jar.get("a", WWW) == "2" and jar.get("b", WWW) == "2"
    assert jar.get("a", "https://webcast.tiktok.com/") == "1"
    assert jar.header_for("https://example.com/") is None


def test_deleting_takes_only_the_same_cookie() -> None:
    jar = after(WWW, "a=1; Domain=tiktok.com; Path=/", "a=2; Path=/")
    jar.receive(WWW, (("Set-Cookie", "a=; Path=/; Max-Age=0"),))
    assert jar.get("a", WWW) == "1"


def test_the_jar_is_full_at_its_limit_and_no_earlier() -> None:
    jar = CookieJar(Cookie(f"c{number}", "1", "tiktok.com") for number in range(MAX_COOKIES))
    assert len(jar) == MAX_COOKIES and jar.get("c0", "https://tiktok.com/") == "1"
    jar.add(Cookie("one-more", "1", "tiktok.com"))
    assert len(jar) == MAX_COOKIES
    assert jar.get("c0", "https://tiktok.com/") is None and jar.get("one-more", "https://tiktok.com/") == "1"


def test_a_cookie_of_the_greatest_length() -> None:
    jar = CookieJar()
    assert jar.add(Cookie("n", "x" * (MAX_COOKIE_BYTES - 1), "tiktok.com"))
    assert not jar.add(Cookie("m", "x" * MAX_COOKIE_BYTES, "tiktok.com"))
    assert len(jar) == 1


def test_values_are_not_shown() -> None:
    jar = CookieJar([Cookie("sessionid", "planted-value", "tiktok.com")])
    assert "planted-value" not in repr(jar) + repr(list(jar)) and "sessionid@tiktok.com" in repr(jar)


def test_a_copy_is_a_jar_of_its_own() -> None:
    jar = CookieJar([Cookie("ttwid", "1", "tiktok.com"), Cookie("b", "2", "tiktok.com")])
    other = jar.copy(without=["ttwid"])
    other.add(Cookie("c", "3", "tiktok.com"))
    assert [cookie.name for cookie in other] == ["b", "c"] and [cookie.name for cookie in jar] == ["ttwid", "b"]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        (
            "ttwid=1%7Cabc; msToken=x==; tt-target-idc=useast1a",
            {"ttwid": "1%7Cabc", "msToken": "x==", "tt-target-idc": "useast1a"},
        ),
        ("a=1; Path=/; Domain=.tiktok.com; HttpOnly, b=2; Max-Age=5", {"a": "1", "b": "2"}),
        ("a=1\nb=2", {"a": "1", "b": "2"}),
        ("a=1; a=2", {"a": "2"}),
        ("a=1,2", {"a": "1,2"}),
        (";;; =x; novalue; a = 1 ", {"a": "1"}),
        ('a="1 "', {"a": "1"}),
        ('a=" "', {"a": ""}),
        ('a="1 2"', {"a": "1 2"}),
        ("", {}),
    ],
)
def test_cookie_pairs(text: str, pairs: dict[str, str]) -> None:
    assert dict(parse_cookie_pairs(text)) == pairs


@pytest.mark.parametrize("value", ["1 ", " 1", " ", "1  "])
def test_no_cookie_ends_the_header_with_a_space_which_no_transport_sends(value: str) -> None:
    jar = after(WWW, "a=x; Path=/", f'zz="{value}"; Path=/')
    assert not jar.add(Cookie("zz", value, "tiktok.com", path="/")) and not is_cookie("zz", value)
    sent = jar.header_for(WWW)
    assert sent is not None and sent == sent.strip() and len(jar) == 2


def test_cookie_pairs_are_limited() -> None:
    text = "; ".join(f"c{number}=1" for number in range(MAX_COOKIES + 50))
    assert len(parse_cookie_pairs(text)) == MAX_COOKIES


NETSCAPE = """\
# Netscape HTTP Cookie File
# https://curl.se/docs/http-cookies.html

.tiktok.com\tTRUE\t/\tTRUE\t1900000000\tsessionid\tplanted-value
#HttpOnly_.tiktok.com\tTRUE\t/\tTRUE\t0\tsid_tt\tplanted-value
www.tiktok.com\tFALSE\t/@ann\tFALSE\t1000000000\told\t1
.tiktok.com\tTRUE\t/\tFALSE\t1900000000\tempty\t
.tiktok.com\tTRUE\t/\tFALSE\t1900000000\tshort
"""


def test_a_cookie_file() -> None:
    jar = parse_netscape_cookies("\ufeff" + NETSCAPE.replace("\n", "\r\n"), now=1_500_000_000)
    assert dict(jar.cookies_for("https://webcast.tiktok.com/")) == {
        "sessionid": "planted-value",
        "sid_tt": "planted-value",
        "empty": "",
        "short": "",
    }
    assert jar.header_for("https://evil.example/") is None
    assert parse_netscape_cookies(NETSCAPE).get("old", WWW) == "1"


@pytest.mark.parametrize("expires", ["1400000000", "1400000000.25", "1400000000.", "1499999999.9999999"])
def test_a_cookie_that_has_expired_is_left_out(expires: str) -> None:
    text = f".tiktok.com\tTRUE\t/\tTRUE\t{expires}\tsessionid\tplanted-value\n"
    assert len(parse_netscape_cookies(text, now=1_500_000_000)) == 0
    assert len(parse_netscape_cookies(text, now=1_300_000_000)) == 1


def test_a_file_of_another_kind_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigurationError, match="Line 2 of the cookie file has 1 columns") as caught:
        parse_netscape_cookies('# c\n[{"name": "sessionid", "value": "planted-value"}]')
    assert "planted-value" not in str(caught.value)


def test_a_browser_s_whole_file_loses_no_cookie_of_tiktok_s() -> None:
    others = "".join(f"site{number}.example\tFALSE\t/\tTRUE\t0\tsid\tbank\n" for number in range(5 * MAX_COOKIES))
    text = ".tiktok.com\tTRUE\t/\tTRUE\t0\tsessionid\tplanted-value\n" + others
    jar = parse_netscape_cookies(text)
    assert len(jar) == 5 * MAX_COOKIES + 1 and len(jar.copy()) == len(jar)
    config = SessionConfig(cookies=tuple(jar), endpoints=Endpoints(web="https://site7.example"))
    used = config.web_context(random.Random(1)).jar
    assert {(cookie.name, cookie.domain) for cookie in used} == {
        ("sessionid", "tiktok.com"), ("sid", "site7.example"), ("tt-target-idc", "tiktok.com"),
        ("tt-target-idc", "site7.example"),
    }  # fmt: skip


def test_a_capture_does_not_tell_which_sites_somebody_uses() -> None:
    out: list[bytes] = []
    cookies = (Cookie("sid", "1", "bank.example"), Cookie("ttwid", "planted-value", "tiktok.com"))
    Recorder("@ann", write=out.append, config=SessionConfig(cookies=cookies)).finish()
    assert b"ttwid" in b"".join(out)
    assert b"bank.example" not in b"".join(out) and b"planted-value" not in b"".join(out)


@pytest.mark.parametrize(
    ("name", "value"), [("a b", "1"), ("", "1"), ("a", "sch\u00f6n"), ("a", "x" * 5000), ("a", "1;b")]
)
def test_a_cookie_of_tiktok_s_that_cannot_travel_is_told_and_not_lost(name: str, value: str) -> None:
    line = f"{{}}\tTRUE\t/\tTRUE\t0\t{name}\t{value}\n"
    for domain in (".tiktok.com", "www.tiktok.com"):
        with pytest.raises(ConfigurationError, match="Line 2 of the cookie file is a cookie for TikTok") as caught:
            parse_netscape_cookies("# c\n" + line.format(domain))
        assert value not in str(caught.value) or len(value) == 1
    assert len(parse_netscape_cookies(line.format("other.example"))) == 0, "what is never sent is nobody's loss"


@pytest.mark.parametrize("character", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_only_a_line_feed_ends_a_line(character: str) -> None:
    jar = parse_netscape_cookies(
        f"other.example\tFALSE\t/\tFALSE\t0\tname\tx{character}y\n.tiktok.com\tTRUE\t/\tTRUE\t0\ta\t1\r\n"
    )
    assert jar.header_for(WWW) == "a=1"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777.0),
        ("Sun, 06-Nov-1994 08:49:37 GMT", 784111777.0),
        ("Fri, 31 Feb 2026 08:49:37 GMT", None),
        ("Fri, 01 Xyz 2026 08:49:37 GMT", None),
        ("Fri, 01 Jan 2026 99:49:37 GMT", None),
        ("0", None),
        ("", None),
    ],
)
def test_dates(text: str, seconds: float | None) -> None:
    assert parse_http_date(text) == seconds


HOSTS = ("www.tiktok.com", "tiktok.com", "webcast.tiktok.com", "evil.example", "tiktok.com.evil.example", "127.0.0.1")


@given(st.text(), st.sampled_from(HOSTS), st.sampled_from(HOSTS))
def test_nothing_raises_and_nothing_crosses_sites(header: str, host: str, other: str) -> None:
    jar = CookieJar()
    jar.receive(f"https://{host}/", (("Set-Cookie", header), ("Set-Cookie", "a=1; Domain=" + header)))
    if not (host.endswith("tiktok.com") and other.endswith("tiktok.com")) and host != other:
        assert jar.header_for(f"https://{other}/") is None
    parse_cookie_pairs(header)


@given(st.text())
def test_a_cookie_file_raises_only_its_own_error(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        parse_netscape_cookies(text)
