"""The simulated sign server, in both generations of its API (protocol/http.md section 8)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from ..http import Headers, HttpResponse, find_header
from ..push.server import fetch_result
from .asking import Asked, bytes_answer, json_answer, parse_cookies
from .script import Sign, SignTrouble
from .visit import Visit

LIFETIME = 30.0
"""Seconds that a signed address lives (py7)."""
MSG_TOKEN = "sim-ms-token"  # noqa: S105 - not a password


class Signature(NamedTuple):
    """A signed address that was given out: what the socket must bring."""

    visit: Visit
    expires: float
    ttwid: str
    user_agent: str
    authenticated: bool


def ttwid(seed: int, number: int, moment: int) -> str:
    """A guest cookie of the real form, which [`is_ttwid`][] knows again."""
    body = f"1|{_digest(f'{seed}:{number}')[:43]}|{moment}"
    return quote(f"{body}|{_digest(f'{seed}:{body}')}", safe="")


def token(seed: int, number: int) -> str:
    """The signature of one address."""
    return _digest(f"token:{seed}:{number}")


def is_ttwid(seed: int, value: str) -> bool:
    """Whether this is a guest cookie that a simulator with this seed has given."""
    body, _, check = value.replace("%7C", "|").rpartition("|")
    return bool(body) and check == _digest(f"{seed}:{body}")


def signed(sign: Sign, *, push_server: str, token: str, cookie: str, room_id: int, now: int) -> HttpResponse:
    """A success, or what the script makes of it: no cookies, no cursor, no body."""
    headers: tuple[tuple[str, str], ...] = (
        ("X-Request-Id", f"sim-{token[:16]}"),
        ("X-Agent-Id", "sim-agent-1"),
        ("X-Log-Code", "0"),
        ("X-Room-Id", str(room_id)),
    )
    if sign.cookies:
        headers += (("X-Set-TT-Cookie", f"ttwid={cookie}; msToken={MSG_TOKEN}"),)
    if sign.empty:
        return bytes_answer(b"", "application/octet-stream", headers)
    body = fetch_result(
        sign.messages,
        now=now,
        cursor=f"{now}_0" if sign.cursor else "",
        internal_ext=f"internal_src:dim|wss_push_room_id:{room_id}|fetch_time:{now}",
        push_server=push_server if sign.push_server else "",
        # The second stands for the raw user agent that a signer has been seen to pass on, spaces and all.
        route_params=(("wrss", token), ("imprp", f"{token[:12]} (x; y)")) if sign.route_params else (),
        is_first=True,
    )
    return bytes_answer(body, "application/octet-stream", headers)


def objection(
    known: Signature | None, room_id: int, cookies: Mapping[str, str], headers: Headers, *, used: bool, now: float
) -> str:
    """What is wrong with a handshake that brings a signature; empty when nothing is."""
    if used:
        return "signature was used before"
    if known is None or known.visit.room.room_id != room_id:
        return "signature unknown"
    if now > known.expires:
        return "signature expired"
    if cookies.get("ttwid") != known.ttwid:
        return "illegal secret key: ttwid is not the one that was signed for"
    if known.authenticated and not cookies.get("sessionid"):
        return "illegal secret key: signed with a session, but no sessionid"
    if find_header(headers, "user-agent") != known.user_agent:
        return "illegal secret key: user agent is not the one that was signed for"
    return ""


def trouble(refusal: SignTrouble) -> HttpResponse:
    """The answer that the script wants instead."""
    return json_answer(refusal.body, refusal.status, refusal.headers)


def paid(what: str) -> HttpResponse:
    """A feature that asks for a plan."""
    return json_answer({"code": 402, "message": f"{what} needs a paid plan"}, 402)


def sign_url(asked: Asked) -> HttpResponse:
    """`sign_url`: the address comes back with a signature and a token in it."""
    body = asked.json
    url, user_agent = body.get("url"), body.get("userAgent")
    if asked.method != "POST" or not isinstance(url, str) or not _has_host(url) or not isinstance(user_agent, str):
        return json_answer({"code": 400, "message": "url and userAgent are needed"}, 400)
    mark = "&" if urlsplit(url).query else "?"
    tokens = {"msToken": MSG_TOKEN, "X-Bogus": "sim", "X-Gnarly": "sim"}
    response: dict[str, Any] = {
        "signedUrl": f"{url}{mark}msToken={MSG_TOKEN}&X-Bogus=sim&X-Gnarly=sim",
        "userAgent": user_agent,
        "browserName": user_agent.partition("/")[0],
        "browserVersion": user_agent.partition("/")[2],
        "tokens": tokens,
        "requestHeaders": {},
        "cookies": [],
    }
    return json_answer({"code": 200, "message": "", "response": response})


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).netloc)
    except ValueError:
        return False


def chat(asked: Asked, room_id: int | None) -> HttpResponse:
    """Send a comment: needs a key, a session and words."""
    cookies = parse_cookies(asked.header("x-cookie-header"))
    if not asked.header("x-api-key"):
        return json_answer({"code": 401, "message": "an API key is needed"}, 401)
    if not cookies.get("sessionid") and not asked.header("x-oauth-token"):
        return json_answer({"code": 400, "message": "a session is needed"}, 400)
    content = asked.json.get("content")
    if asked.method != "POST" or room_id is None or not isinstance(content, str) or not content.strip():
        return json_answer({"code": 400, "message": "content and a room are needed"}, 400)
    return json_answer({"code": 200, "message": "sent", "data": {"room_id": str(room_id), "content": content}})


def rate_limits(used: int, now: int) -> HttpResponse:
    """How much is left, by this simulator's count."""
    windows = {"day": (1000, 86_400), "hour": (200, 3600), "minute": (20, 60)}
    limits = {
        name: {"max": most, "remaining": max(0, most - used), "reset_at": str(now // 1000 + span)}
        for name, (most, span) in windows.items()
    }
    return json_answer({"code": 200, "message": "", **limits})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
