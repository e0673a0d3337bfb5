"""One request told to the end: redirects, cookies and packed bodies."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from exchanges import run
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.config import Limits
from tiktok_webcast.cookies import Cookie, CookieJar
from tiktok_webcast.http import FailureKind, Headers, HttpRequest, HttpResponse, TransportFailure, find_header
from tiktok_webcast.web import MAX_CODINGS, MAX_GZIP_MEMBERS, fetch, redirected, unpack

SECRETS: Headers = (
    ("Cookie", "own=planted"),
    ("X-Api-Key", "planted"),
    ("x-cookie-header", "planted"),
    ("X-OAuth-Token", "planted"),
    ("Authorization", "planted"),
    ("X-My-Own", "planted"),
    ("Referer", "https://www.tiktok.com/planted"),
    ("User-Agent", "UA"),
)
LIMITS = Limits(redirects=3, response_body=1000)
URL = "https://www.tiktok.com/a"


def pack(data: bytes) -> bytes:
    """Gzip without the time of day: workers must name their tests alike."""
    return gzip.compress(data, mtime=0)


def redirect(location: str, status: int = 302, *cookies: str) -> HttpResponse:
    return HttpResponse(status, (("Location", location), *(("Set-Cookie", cookie) for cookie in cookies)))


def get(answers: dict[str, HttpResponse], jar: CookieJar | None = None, request: HttpRequest | None = None):  # type: ignore[no-untyped-def]
    seen: list[HttpRequest] = []
    start = request or HttpRequest("GET", URL, SECRETS)
    result = run(fetch(start, jar=jar, limits=LIMITS), lambda asked: answers.get(asked.url, HttpResponse(200)), seen)
    return result, seen


def test_a_plain_answer() -> None:
    result, seen = get({URL: HttpResponse(200, (), b"hello")})
    assert result.body == b"hello" and result.url == URL and seen == [HttpRequest("GET", URL, SECRETS)]


def test_a_failure_is_passed_on() -> None:
    failure = TransportFailure(FailureKind.DNS, "no such host")
    assert run(fetch(HttpRequest("GET", URL), jar=None, limits=LIMITS), lambda _: failure) is failure


def test_redirects_are_followed_to_the_limit_and_no_further() -> None:
    chain = {
        URL: redirect("/1"),
        "https://www.tiktok.com/1": redirect("2"),
        "https://www.tiktok.com/2": redirect("//www.tiktok.com/3"),
    }
    result, seen = get(chain)
    assert result.url == "https://www.tiktok.com/3" and len(seen) == 4
    result, seen = get({**chain, "https://www.tiktok.com/3": redirect("/4")})
    assert result.kind is FailureKind.REDIRECT and "3 redirects" in result.detail and len(seen) == 4


def test_an_endless_redirect_ends() -> None:
    result, seen = get({URL: redirect(URL)})
    assert result.kind is FailureKind.REDIRECT and len(seen) == LIMITS.redirects + 1


@pytest.mark.parametrize("location", ["https://evil.example/", "https://www.tiktok.com:444/", "https://m.tiktok.com/"])
def test_another_origin_gets_no_secret(location: str) -> None:
    _, seen = get({URL: redirect(location)})
    assert seen[1].url == location
    assert "planted" not in str(seen[1].headers) and find_header(seen[1].headers, "user-agent") == "UA"


def test_the_same_origin_keeps_the_headers() -> None:
    _, seen = get({URL: redirect("/b")})
    assert seen[1].headers == SECRETS


def test_cookies_follow_their_own_rules() -> None:
    jar = CookieJar([Cookie("site", "planted", "tiktok.com", host_only=False), Cookie("own", "jar", "www.tiktok.com")])
    answers = {
        URL: redirect("https://m.tiktok.com/", 302, "fresh=1; Domain=tiktok.com; Path=/", "here=1"),
        "https://m.tiktok.com/": redirect("https://evil.example/", 302, "evil=1; Domain=www.tiktok.com"),
        "https://evil.example/": redirect(URL, 302, "foreign=1; Domain=tiktok.com"),
    }
    _, seen = get(answers, jar)
    sent = [find_header(request.headers, "cookie") for request in seen]
    assert sent[0] == "site=planted; own=planted"
    assert sent[1] == "site=planted; fresh=1"
    assert sent[2] is None
    assert sent[3] == "site=planted; fresh=1; own=jar; here=1"


def test_another_port_of_the_host_is_another_party() -> None:
    here, there = "http://127.0.0.1:8080/a", "http://127.0.0.1:9090/b"
    jar = CookieJar([Cookie("sessionid", "planted", "127.0.0.1", secure=True)])
    answers = {here: redirect(there), there: redirect("http://127.0.0.1:8080/c", 302, "evil=1")}
    _, seen = get(answers, jar, HttpRequest("GET", here))
    assert [find_header(request.headers, "cookie") for request in seen] == [
        "sessionid=planted", None, "sessionid=planted",
    ]  # fmt: skip
    _, seen = get({}, jar, HttpRequest("GET", there))
    assert find_header(seen[0].headers, "cookie") == "sessionid=planted", "who is asked for directly is asked as ever"


def test_a_redirect_to_the_encrypted_port_keeps_the_cookies() -> None:
    jar = CookieJar([Cookie("a", "1", "mirror.example")])
    answers = {"http://mirror.example/": redirect("https://mirror.example:443/")}
    _, seen = get(answers, jar, HttpRequest("GET", "http://mirror.example/"))
    assert [find_header(request.headers, "cookie") for request in seen] == ["a=1", "a=1"]


def test_without_a_jar_nothing_is_kept() -> None:
    _, seen = get({URL: redirect("/b", 302, "a=1")}, None, HttpRequest("GET", URL))
    assert find_header(seen[1].headers, "cookie") is None


@pytest.mark.parametrize(
    "location",
    [
        "http://www.tiktok.com/",
        "ftp://www.tiktok.com/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://user:password@www.tiktok.com/",
        "https://[::1",
        "https://www.tiktok.com:99999/",
        "https://127.0.0.1/",
        "https://localhost:1/",
        "https://[::1]/",
        "https://localhost./",
        "https://127.0.0.1.:8443/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://0/",
        "https://0.0.0.0/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://www.tiktok.com/" + "x" * 20_000,
    ],
)
def test_redirects_that_are_refused(location: str) -> None:
    result, seen = get({URL: redirect(location)})
    assert isinstance(result, TransportFailure) and result.kind is FailureKind.REDIRECT and len(seen) == 1


def test_from_http_to_https_is_fine_and_this_machine_may_send_to_itself() -> None:
    plain = HttpRequest("GET", "http://127.0.0.1:81/")
    for location in ("https://www.tiktok.com/", "http://127.0.0.1:82/"):
        assert isinstance(redirected(plain, 302, location), HttpRequest)


@pytest.mark.parametrize(
    ("status", "method", "body", "kept"),
    [
        (301, "POST", b"x", False),
        (302, "POST", b"x", False),
        (303, "POST", b"x", False),
        (307, "POST", b"x", True),
        (308, "POST", b"x", True),
        (302, "GET", b"", True),
    ],
)
def test_method_and_body(status: int, method: str, body: bytes, kept: bool) -> None:
    request = HttpRequest(method, URL, (("Content-Type", "text/plain"), ("A", "b")), body)
    following = redirected(request, status, "/next")
    assert isinstance(following, HttpRequest)
    assert (following.method, following.body) == ((method, body) if kept else ("GET", b""))
    assert (find_header(following.headers, "content-type") is not None) is kept


def test_a_body_is_never_repeated_to_another_host() -> None:
    refused = redirected(HttpRequest("POST", URL, (), b"x"), 307, "https://evil.example/")
    assert isinstance(refused, TransportFailure)


def test_a_redirect_without_a_location_is_an_answer() -> None:
    result, _ = get({URL: HttpResponse(302, (), b"where?")})
    assert result.status == 302 and result.body == b"where?"


# --- packed bodies ----------------------------------------------------------------------------------------------------

BODY = b"TikTok " * 100


def packed(encoding: str, body: bytes) -> HttpResponse:
    return HttpResponse(200, (("Content-Encoding", encoding), ("A", "b")), body)


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", pack(BODY)),
        ("GZIP", pack(BODY)),
        ("x-gzip", pack(BODY)),
        ("gzip", pack(BODY[:300]) + pack(BODY[300:])),
        ("gzip", pack(BODY) + b"\0\0\0"),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
        ("identity", BODY),
        ("", BODY),
        ("gzip", BODY),
        ("deflate, gzip", pack(zlib.compress(BODY))),
    ],
)
def test_codings(encoding: str, body: bytes) -> None:
    answer = unpack(packed(encoding, body), 1000)
    assert isinstance(answer, HttpResponse) and answer.body == BODY
    assert answer.header("content-encoding") is None and answer.header("a") == "b"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", pack(BODY)[:-9]),
        ("gzip", b"\x1f\x8b" + b"\xff" * 50),
        ("deflate", b"\xff" * 50),
        ("br", BODY),
        ("zstd", BODY),
        (", ".join(["gzip"] * (MAX_CODINGS + 1)), BODY),
        ("gzip", pack(b"a") * (MAX_GZIP_MEMBERS + 1)),
    ],
)
def test_bodies_that_cannot_be_read(encoding: str, body: bytes) -> None:
    answer = unpack(packed(encoding, body), 1000)
    assert isinstance(answer, TransportFailure) and answer.kind is FailureKind.PROTOCOL


def test_as_many_parts_as_allowed() -> None:
    answer = unpack(packed("gzip", pack(b"a") * MAX_GZIP_MEMBERS), 1000)
    assert isinstance(answer, HttpResponse) and answer.body == b"a" * MAX_GZIP_MEMBERS


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
@pytest.mark.parametrize(("size", "fits"), [(999, True), (1000, True), (1001, False)])
def test_the_limit_is_exact(encoding: str, size: int, fits: bool) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}
    pack = packers[encoding]
    answer = unpack(packed(encoding, pack(b"a" * size)), 1000)
    if fits:
        assert isinstance(answer, HttpResponse) and len(answer.body) == size
    else:
        assert isinstance(answer, TransportFailure) and answer.kind is FailureKind.TOO_LARGE
        assert "Limits.response_body" in answer.detail


def test_a_bomb_costs_no_more_than_the_limit() -> None:
    bomb = packed("gzip", pack(b"\0" * (64 * 1024 * 1024)))
    limit = 4 * 1024 * 1024
    tracemalloc.start()
    try:
        answer = unpack(bomb, limit)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(answer, TransportFailure) and answer.kind is FailureKind.TOO_LARGE
    assert peak < limit * 1.1


@given(
    st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "gzip, deflate", "identity", "x"]), st.booleans()
)
def test_no_body_raises(body: bytes, encoding: str, magic: bool) -> None:
    answer = unpack(packed(encoding, (b"\x1f\x8b\x08" if magic else b"") + body), 200)
    assert isinstance(answer, TransportFailure) or len(answer.body) <= 200


@given(st.text(), st.sampled_from([301, 302, 303, 307, 308]))
def test_no_location_raises_or_downgrades(location: str, status: int) -> None:
    following = redirected(HttpRequest("GET", URL, SECRETS), status, location)
    if isinstance(following, HttpRequest):
        assert following.url.startswith("https://") and following.url.isascii() and " " not in following.url


@given(st.binary(max_size=300_000))
def test_long_bodies_come_out_as_they_went_in(body: bytes) -> None:
    for packed_body, encoding in ((pack(body), "gzip"), (zlib.compress(body, 9), "deflate")):
        answer = unpack(packed(encoding, packed_body), 1_000_000)
        assert isinstance(answer, HttpResponse) and answer.body == body


@pytest.mark.parametrize("size", [64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 128 * 1024, 1_000_000])
def test_bodies_of_whole_pieces(size: int) -> None:
    answer = unpack(packed("gzip", pack(b"a" * size)), size)
    assert isinstance(answer, HttpResponse) and len(answer.body) == size
