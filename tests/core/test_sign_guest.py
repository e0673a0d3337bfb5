"""The guest: no third party, only a cookie of TikTok's public page (protocol/http.md section 9). Own signers too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from exchanges import EMPTY, Answer, Site, context, query, run
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.close import CloseReason
from tiktok_webcast.config import Endpoints
from tiktok_webcast.context import SessionLogin, WebContext
from tiktok_webcast.http import FailureKind, HttpRequest, HttpResponse, TransportFailure, find_header
from tiktok_webcast.secret import Secret
from tiktok_webcast.sign import Signed, Signer, SignFailure, SignTarget
from tiktok_webcast.sign_guest import GuestSigner

PATH = "/webcast/im/ws_proxy/ws_reuse_supplement/"
TTWID = (("Set-Cookie", "ttwid=1%7Cguest; Path=/; Domain=tiktok.com; Secure; HttpOnly"),)
GOOD = HttpResponse(200, TTWID, b"<html></html>")


def sign(
    answers: Any, one: WebContext | None = None, signer: Signer | None = None
) -> tuple[Signed | SignFailure, Site]:
    site = Site(answers)
    return run((signer or GuestSigner()).sign(SignTarget(7001, "ann", one or context())), site), site


def test_a_guest_gets_a_cookie_and_a_socket() -> None:
    result, site = sign({"/live": GOOD})
    assert isinstance(result, Signed) and site.paths == ["/live"]
    assert result.socket.url.startswith(f"wss://webcast-ws.tiktok.com{PATH}?") and result.first_result == b""
    sent = query(result.socket.url)
    assert sent["room_id"] == ["7001"] and sent["version_code"] == ["180800", "270000"] and "cursor" not in sent
    assert "ttwid=1%7Cguest" in (find_header(result.socket.headers, "cookie") or "")
    assert find_header(result.socket.headers, "user-agent") == find_header(site.requests[0].headers, "user-agent")


def test_a_cookie_that_is_there_is_used() -> None:
    one = context()
    one.jar.receive("https://www.tiktok.com/@ann/live", TTWID)
    result, site = sign({}, one)
    assert isinstance(result, Signed) and site.requests == []


def test_a_fresh_identity_asks_for_another() -> None:
    one = context()
    sign({"/live": GOOD}, one)
    _, site = sign({"/live": GOOD}, one.fresh_identity())
    assert site.paths == ["/live"]


@pytest.mark.parametrize("region", ["eu", "us"])
def test_regions(region: Any) -> None:
    result, _ = sign({"/live": GOOD}, None, GuestSigner(region=region))
    assert isinstance(result, Signed) and result.socket.url.startswith(f"wss://webcast-ws.{region}.tiktok.com/")


def test_a_cookie_that_a_good_answer_leaves_out_is_asked_for_again() -> None:
    result, site = sign({"/live": [EMPTY, GOOD], "/": HttpResponse(200)})
    assert isinstance(result, Signed) and site.paths == ["/live", "/", "/live"]


@pytest.mark.parametrize(
    ("answer", "reason", "asked"),
    [
        (HttpResponse(200), CloseReason.BLOCKED, 3),
        (HttpResponse(403), CloseReason.BLOCKED, 3),
        (HttpResponse(200, (("Set-Cookie", "other=1"),)), CloseReason.BLOCKED, 3),
        (HttpResponse(200, (("Set-Cookie", "ttwid=1; Domain=evil.example"),)), CloseReason.BLOCKED, 3),
        (TransportFailure(FailureKind.DNS, "no such host"), CloseReason.NETWORK, 1),
    ],
)
def test_no_cookie(answer: Answer, reason: CloseReason, asked: int) -> None:
    result, site = sign({"/live": answer, "/": answer})
    assert isinstance(result, SignFailure) and result.reason is reason and len(site.requests) == asked and result.retry


def test_a_rate_limit_says_how_long() -> None:
    answer = HttpResponse(429, (("Retry-After", "9"),))
    result, _ = sign({"/live": answer, "/": answer})
    assert isinstance(result, SignFailure) and result.retry_after == 9.0


@pytest.mark.parametrize(("status", "wait"), [(200, None), (403, None), (429, 43000.0)])
def test_a_limit_that_is_not_reached_says_nothing(status: int, wait: float | None) -> None:
    answer = HttpResponse(status, (("RateLimit-Remaining", "950"), ("RateLimit-Reset", "43000")))
    result, _ = sign({"/live": answer, "/": answer})
    assert isinstance(result, SignFailure) and result.retry_after == wait


def test_a_tiktok_of_one_s_own() -> None:
    local = Endpoints(web="http://127.0.0.1:8080", webcast="http://127.0.0.1:8081", sign="http://127.0.0.1:8082")
    result, site = sign({"/live": HttpResponse(200, (("Set-Cookie", "ttwid=g; Path=/"),))}, context(endpoints=local))
    assert isinstance(result, Signed) and site.requests[0].url == "http://127.0.0.1:8080/live"
    assert result.socket.url.startswith(f"ws://127.0.0.1:8081{PATH}?")
    assert "ttwid=g" in (find_header(result.socket.headers, "cookie") or "")


def test_a_login_goes_to_tiktok_with_it() -> None:
    result, _ = sign({"/live": GOOD}, context(login=SessionLogin(Secret("planted-session"))))
    assert isinstance(result, Signed) and result.authenticated
    assert "sessionid=planted-session" in (find_header(result.socket.headers, "cookie") or "")


@given(st.integers(0, 599), st.text(), st.binary(max_size=50))
def test_no_answer_raises(status: int, cookie: str, body: bytes) -> None:
    headers = (("Set-Cookie", cookie), ("Set-Cookie", "ttwid=" + cookie), ("Location", cookie))
    run(GuestSigner().sign(SignTarget(1, None, context())), lambda _: HttpResponse(status, headers, body))


# --- a signer of one's own --------------------------------------------------------------------------------------------

DOCS = Path(__file__).parents[2] / "docs" / "signers.md"


def test_the_example_of_the_docs_is_short_and_works() -> None:
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    (example,) = [block for block in blocks if "class MySigner" in block]
    assert len([line for line in example.splitlines() if line.strip()]) <= 22
    scope: dict[str, Any] = {}
    exec(compile(example, str(DOCS), "exec"), scope)
    signer: Signer = scope["MySigner"]("https://sign.example")
    body = b'{"url": "wss://webcast-ws.tiktok.com/im/", "params": {"x-sign": "s i", "n": 5}, "cookies": {"ttwid": "t"}}'

    def answer(request: HttpRequest) -> HttpResponse:
        assert request.url == "https://sign.example/room/7001"
        return HttpResponse(200, (), body)

    result = run(signer.sign(SignTarget(7001, "ann", context())), answer)
    assert isinstance(result, Signed) and query(result.socket.url)["x-sign"] == ["s i"]
    assert "ttwid=t" in (find_header(result.socket.headers, "cookie") or "")
    for odd in (
        HttpResponse(500),
        HttpResponse(200, (), b"{"),
        HttpResponse(200, (), b"[]"),
        TransportFailure(FailureKind.DNS),
    ):
        result = run(signer.sign(SignTarget(7001, "ann", context())), Site({"/room/7001": odd}))
        assert isinstance(result, SignFailure) and result.reason in (CloseReason.SIGN_FAILED, CloseReason.NETWORK)
    evil = HttpResponse(200, (), body.replace(b"webcast-ws.tiktok.com", b"evil.example"))
    assert isinstance(run(signer.sign(SignTarget(7001, "ann", context())), lambda _: evil), SignFailure)
