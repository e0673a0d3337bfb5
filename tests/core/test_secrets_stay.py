"""Planted secrets: never shown, and never sent to anybody but their owner, whatever the other side answers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from exchanges import MOST_REQUESTS, Answer, context, fetch_result, run
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.close import Closed
from tiktok_webcast.config import Endpoints, Limits
from tiktok_webcast.context import SessionLogin, WebContext
from tiktok_webcast.cookies import parse_netscape_cookies
from tiktok_webcast.errors import ConfigurationError, error_for
from tiktok_webcast.handshake import refusal
from tiktok_webcast.http import Exchange, HttpRequest, HttpResponse, SocketRequest
from tiktok_webcast.info import fetch_audience, fetch_gift_list, fetch_image, fetch_profile, fetch_room_info
from tiktok_webcast.room import resolve, status
from tiktok_webcast.secret import Secret
from tiktok_webcast.sign import Signed, SignServer, SignTarget
from tiktok_webcast.sign_guest import GuestSigner
from tiktok_webcast.user_input import parse_user

SESSION, KEY, IMPORTED = "planted-session-0001", "planted-api-key-0002", "planted-imported-0003"
SECRETS = (SESSION, KEY, IMPORTED)
FILE = f".tiktok.com\tTRUE\t/\tTRUE\t0\tpassport_auth\t{IMPORTED}\n"
SIGN_HOST = "api.eulerstream.com"
LOCAL = Endpoints(web="http://127.0.0.1:8080", webcast="http://127.0.0.1:8080", sign="http://127.0.0.1:8080")


def make_context(trusted: bool = True, endpoints: Endpoints | None = None) -> WebContext:
    hosts = frozenset([SIGN_HOST, "127.0.0.1"]) if trusted else frozenset[str]()
    return context(
        login=SessionLogin(Secret(SESSION)),
        jar=parse_netscape_cookies(FILE),
        trusted_sign_hosts=hosts,
        endpoints=endpoints or Endpoints(),
        limits=Limits(redirects=2),
        rng=random.Random(3),
    )


def flows(one: WebContext) -> Iterator[Exchange[Any]]:
    server = SignServer(api_key=KEY)
    target = SignTarget(7001, "ann", one)
    for user in ("ann", "55", "room:7001", "https://vm.tiktok.com/x"):
        yield resolve(parse_user(user), context=one)
    yield status(parse_user("ann"), context=one)
    yield server.sign(target)
    yield server.send_chat("hi", room_id=1, context=one)
    yield server.rate_limits(context=one)
    yield server.room_info("ann", context=one)
    yield server.gifts(7001, context=one)
    yield server.look_up_room("ann", one)
    yield server.sign_url("https://webcast.tiktok.com/x", context=one)
    yield SignServer(api_key=KEY, session="never").sign(target)
    yield GuestSigner().sign(target)
    yield fetch_room_info(7001, context=one)
    yield fetch_gift_list(7001, context=one)
    yield fetch_profile("ann", context=one)
    yield fetch_audience(1, 2, context=one)
    yield fetch_image("https://cdn.example/a", context=one)


def shown(value: object) -> str:
    texts = [repr(value), str(value)]
    closed = getattr(value, "closed", None)
    if callable(closed):
        ended = closed()
        assert isinstance(ended, Closed)
        error = error_for(ended)
        texts += [repr(ended), str(error), repr(error), repr(error.args), *error.causes]
    return "\n".join(texts)


ECHO = json.dumps(
    {
        "statusCode": 5,
        "status_code": 5,
        "code": 403,
        "message": f"session {SESSION} key {KEY} refused",
        "limit_label": f"limit of {SESSION} {KEY}",
        "data": {"message": SESSION, "prompts": f"{SESSION}", "x": 1, "y": 2},
    }
).encode()
ECHO_HEADERS = (
    ("X-Request-Id", f"req-{SESSION}-{KEY}"),
    ("Set-Cookie", f"echo={SESSION}; Path=/"),
    ("X-Set-TT-Cookie", f"a={SESSION}; b={KEY}"),
    ("X-Set-TT-User-Agent", f"UA {SESSION}"),
)


def echo(request: HttpRequest, code: int, body: bytes) -> HttpResponse:
    """Say everything that this host has been told."""
    told = KEY if SIGN_HOST in request.url else IMPORTED
    headers = tuple((name, value.replace(KEY, told)) for name, value in ECHO_HEADERS)
    return HttpResponse(code, headers, body.replace(KEY.encode(), told.encode()))


@pytest.mark.parametrize("code", [200, 400, 401, 402, 403, 404, 429, 451, 500, 503])
@pytest.mark.parametrize(
    "body", [b"", ECHO, fetch_result(), b"<html>" + ECHO], ids=["empty", "JSON", "protobuf", "HTML"]
)
def test_nothing_shows_a_secret_even_if_the_other_side_says_it(code: int, body: bytes) -> None:
    one = make_context()
    for flow in flows(one):
        requests: list[HttpRequest] = []
        result = run(flow, lambda request: echo(request, code, body), requests)
        text = "\n".join([shown(result), *map(shown, requests), repr(one), repr(one.jar), repr(list(one.jar))])
        if isinstance(result, Signed):
            text = text.replace(f"UA {SESSION}", "").replace(f"UA%20{SESSION}", "")
        assert not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("before", range(60, 125))
def test_nor_the_part_of_one_that_an_excerpt_leaves(before: int) -> None:
    def said(secret: str) -> HttpResponse:
        message = "m" * before + secret
        body = {"statusCode": 5, "status_code": 5, "code": 500, "message": message}
        return HttpResponse(500, (), json.dumps(body).encode() if before % 2 else message.encode())

    one = make_context()
    for flow in flows(one):
        assert SESSION[:10] not in shown(run(flow, lambda _: said(SESSION)))
    key = "another-key-0004"
    server = SignServer(api_key=key)
    for ask in (server.rate_limits(context=one), server.sign(SignTarget(1, "ann", one))):
        assert key[:10] not in shown(run(ask, lambda _: said(key)))


@pytest.mark.parametrize(
    "location", ["/x", "https://evil.example/x", "http://www.tiktok.com/x", "https://www.tiktok.com/x"]
)
def test_nor_by_a_redirect(location: str) -> None:
    for flow in flows(make_context()):
        result = run(flow, lambda _: HttpResponse(302, (("Location", location + f"?{SESSION}"),)))
        assert not [secret for secret in SECRETS if secret in shown(result)]


def test_a_wrong_value_is_not_shown() -> None:
    for make in (
        lambda: Secret(SESSION + "\n\x00"),
        lambda: SessionLogin(Secret(SESSION + ";")),
        lambda: SignServer(api_key=KEY + "\r\nX: y"),
        lambda: parse_netscape_cookies(f"sessionid={SESSION}"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            make()
        assert not [secret for secret in SECRETS if secret in str(caught.value)]


def test_a_handshake_is_silent_about_it() -> None:
    request = SocketRequest("wss://webcast-ws.tiktok.com/", (("Cookie", f"sessionid={SESSION}"),))
    assert SESSION not in repr(request)
    for url in (f"https://sign.example/?apiKey={SESSION}", f"https://a.b/?x=1&my_token={SESSION}&y=2"):
        keyed = (HttpRequest("GET", url, (("X-My-Token", SESSION),)), SocketRequest(url, (("X-Session", SESSION),)))
        assert SESSION not in repr(keyed) and url.partition("=")[0] in repr(keyed)
    assert SESSION not in repr(refusal(400, (("Set-Cookie", f"a={SESSION}"),)))


# --- who is told ------------------------------------------------------------------------------------------------------


def may_know(url: str, secret: str, one: WebContext) -> bool:
    parts = urlsplit(url)
    host, safe = parts.hostname or "", parts.scheme in ("https", "wss")
    tiktok = safe and (host == "tiktok.com" or host.endswith(".tiktok.com"))
    local = one.endpoints is LOCAL and host == "127.0.0.1"
    trusted = host in one.trusted_sign_hosts and safe
    return {SESSION: tiktok or local or trusted, KEY: (safe and host == SIGN_HOST) or local, IMPORTED: tiktok}[secret]


HOSTS = st.sampled_from(
    [
        "https://www.tiktok.com", "https://webcast.tiktok.com", "https://m.tiktok.com", "http://www.tiktok.com",
        "https://evil.example", "https://tiktok.com.evil.example", "https://eviltiktok.com", "https://127.0.0.1",
        "http://127.0.0.1:8080", "https://api.eulerstream.com", "https://sub.api.eulerstream.com", "https://cdn.example",
        "https://user@www.tiktok.com", "//evil.example", "https://www.tiktok.com@evil.example", "https://www.tiktok.com.",
    ]
)  # fmt: skip
REDIRECTS = st.tuples(st.sampled_from([301, 302, 303, 307, 308]), HOSTS, st.sampled_from(["", "/@ann/live", "/x"])).map(
    lambda parts: HttpResponse(parts[0], (("Location", parts[1] + parts[2]),))
)
PUSH = st.sampled_from(
    [
        "wss://webcast-ws.tiktok.com/x",
        "ws://webcast-ws.tiktok.com/x",
        "wss://evil.example/",
        "ws://127.0.0.1:8080/",
        "wss://127.0.0.1/",
    ]
)
SIGNED = PUSH.map(lambda push: HttpResponse(200, (("X-Set-TT-Cookie", "ttwid=t"),), fetch_result(push_server=push)))
PLAIN = st.sampled_from([HttpResponse(404), HttpResponse(200), HttpResponse(200, (("Set-Cookie", "ttwid=1; Path=/"),))])


@given(st.lists(REDIRECTS | SIGNED | PLAIN, min_size=1, max_size=6), st.booleans(), st.booleans())
def test_only_their_owners_are_told(answers: list[Answer], trusted: bool, local: bool) -> None:
    one = make_context(trusted, LOCAL if local else None)
    for flow in flows(one):
        requests: list[HttpRequest | SocketRequest] = []
        asked: list[HttpRequest] = []
        result = run(flow, scripted(answers), asked)
        requests += asked
        if isinstance(result, Signed):
            requests.append(result.socket)
        for request in requests:
            sent = str(request.headers) + request.url + str(getattr(request, "body", b""))
            for secret in SECRETS:
                assert secret not in sent or may_know(request.url, secret, one), (secret[:12], request)
            assert SESSION not in request.url and KEY not in request.url


def scripted(answers: list[Answer]) -> Callable[[HttpRequest], Answer]:
    script = iter(answers * MOST_REQUESTS)
    return lambda _: next(script)


def test_the_test_would_notice() -> None:
    """The secrets do travel where they belong: the property above is not empty."""
    one = make_context()
    asked: list[HttpRequest] = []
    for flow in flows(one):
        run(flow, lambda _: HttpResponse(200), asked)
    sent = {secret: {urlsplit(r.url).hostname for r in asked if secret in str(r.headers)} for secret in SECRETS}
    assert sent[SESSION] == {"www.tiktok.com", "webcast.tiktok.com", "vm.tiktok.com", SIGN_HOST}
    assert sent[KEY] == {SIGN_HOST} and SIGN_HOST not in sent[IMPORTED] and "www.tiktok.com" in sent[IMPORTED]
