"""A session's way in, as its owner sees it: what is asked in which order, and how it ends when it fails."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import urlsplit

import pytest
from exchanges import CAPTCHA, EMPTY, Answer, Site, live_page, lookup, lookup_error, page, room_data, signed

from tiktok_webcast.actions import OpenSocket, SendRequest
from tiktok_webcast.close import CloseReason
from tiktok_webcast.context import SessionLogin
from tiktok_webcast.errors import error_for, exit_code
from tiktok_webcast.http import HttpResponse
from tiktok_webcast.retry import RetryPolicy
from tiktok_webcast.secret import Secret
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import SignServer
from tiktok_webcast.sign_guest import GuestSigner

PAGE, LOOKUP, INFO = "/@ann/live", "/api-live/user/room/", "/webcast/room/info/"
SIGN = "/webcast/rooms/7001/connect"
LIVE: dict[str, Any] = {PAGE: live_page(2), LOOKUP: lookup(2), INFO: room_data(2)}


def enter(answers: dict[str, Any], user: str = "@ann", **options: Any) -> tuple[Session, Site, list[OpenSocket]]:
    """Run a session until it opens a socket or ends; nothing is retried."""
    signer = options.pop("signer", None)
    session = Session(
        user, config=SessionConfig(**options), signer=signer, retry=RetryPolicy(tries=0), rng=random.Random(1)
    )
    site, sockets = Site(answers), []
    session.start(now=0.0)
    while (action := session.next_action()) is not None:
        if isinstance(action, SendRequest):
            session.receive_response(action.request_id, site(action.request), now=0.0)
        elif isinstance(action, OpenSocket):
            sockets.append(action)
    return session, site, sockets


def test_the_default_way_in() -> None:
    session, site, sockets = enter(LIVE | {SIGN: signed()})
    assert site.paths == [PAGE, LOOKUP, INFO, SIGN] and len(sockets) == 1 and session.room_id == 7001
    assert sockets[0].request.url.startswith("wss://webcast-ws.tiktok.com/")


def test_the_way_in_without_a_third_party() -> None:
    guest = {"/live": HttpResponse(200, (("Set-Cookie", "ttwid=1; Path=/; Domain=tiktok.com"),))}
    _, site, sockets = enter(LIVE | guest, signer=GuestSigner())
    assert site.paths == [PAGE, LOOKUP, INFO, "/live"] and len(sockets) == 1
    assert all((urlsplit(request.url).hostname or "").endswith(".tiktok.com") for request in site.requests)


@pytest.mark.parametrize("user", ["@ann", "user:55", "https://vm.tiktok.com/abc/"])
def test_who_named_a_user_is_brought_back_to_the_room_that_they_are_in(user: str) -> None:
    scope = {"webapp.user-detail": {"statusCode": 0, "userInfo": {"user": {"uniqueId": "ann", "id": "55"}}}}
    ways = {
        "/@55": page({"__DEFAULT_SCOPE__": scope}, "__UNIVERSAL_DATA_FOR_REHYDRATION__"),
        "/abc/": HttpResponse(302, (("Location", "https://www.tiktok.com/@ann/live"),)),
        "/live": HttpResponse(200, (("Set-Cookie", "ttwid=1; Path=/; Domain=tiktok.com"),)),
    }
    site = Site(LIVE | ways)
    session = Session(user, signer=GuestSigner(), rng=random.Random(1))

    def until_it_opens(now: float) -> OpenSocket:
        for action in iter(session.next_action, None):
            if isinstance(action, OpenSocket):
                return action
            if isinstance(action, SendRequest):
                session.receive_response(action.request_id, site(action.request), now=now)
        raise AssertionError(session.closed)

    session.start(now=0.0)
    session.socket_opened(until_it_opens(0.0).socket_id, (), now=0.0)
    session.socket_closed(1, 1000, "", now=50.0)
    site.routes |= {PAGE: live_page(2, "7002"), LOOKUP: lookup(2, "7002"), INFO: room_data(2, "7002")}
    timer = session.next_timer()
    assert timer is not None
    session.handle_timer(now=timer)
    assert "room_id=7002" in until_it_opens(timer).request.url and session.room_id == 7002


NOBODY = lookup_error(19881007, "user_not_found")


@pytest.mark.parametrize(
    ("answers", "reason", "code"),
    [
        ({PAGE: live_page(4), LOOKUP: lookup(4)}, CloseReason.OFFLINE, 3),
        ({PAGE: page({}), LOOKUP: NOBODY}, CloseReason.USER_NOT_FOUND, 4),
        ({PAGE: CAPTCHA, LOOKUP: EMPTY, "/webcast/room/info_by_user/": EMPTY}, CloseReason.BLOCKED, 6),
        (LIVE | {SIGN: HttpResponse(429, (("Retry-After", "600"),))}, CloseReason.SIGN_RATE_LIMITED, 7),
        (LIVE | {SIGN: HttpResponse(402)}, CloseReason.SIGN_PREMIUM, 7),
        (LIVE | {SIGN: HttpResponse(500)}, CloseReason.SIGN_FAILED, 7),
        (LIVE | {SIGN: signed(())}, CloseReason.SIGN_FAILED, 7),
        (LIVE | {SIGN: signed(cursor="")}, CloseReason.SIGN_FAILED, 7),
        (LIVE | {SIGN: EMPTY}, CloseReason.SIGN_FAILED, 7),
    ],
)
def test_each_failure_has_its_reason_and_exit_code(answers: dict[str, Answer], reason: CloseReason, code: int) -> None:
    session, _, sockets = enter(answers)
    assert session.closed is not None and session.closed.reason is reason and sockets == []
    assert exit_code(session.closed.reason) == code and str(error_for(session.closed))


def test_no_signature_is_spent_on_an_offline_room() -> None:
    _, site, _ = enter({PAGE: live_page(4), LOOKUP: lookup(4), SIGN: signed()})
    assert SIGN not in site.paths


def test_a_login_that_the_signer_must_not_have_ends_it_at_once() -> None:
    login = SessionLogin(Secret("planted-session"))
    session = Session("@ann", config=SessionConfig(login=login), rng=random.Random(1))
    site = Site(LIVE)
    session.start(now=0.0)
    while (action := session.next_action()) is not None:
        assert isinstance(action, SendRequest)
        session.receive_response(action.request_id, site(action.request), now=0.0)
    assert site.paths == [PAGE, LOOKUP, INFO]
    assert session.closed is not None and session.closed.reason is CloseReason.SIGN_FAILED
    assert "--trust-sign-host api.eulerstream.com" in session.closed.detail
    assert "planted" not in repr(session.closed) + str(error_for(session.closed))


def test_a_login_goes_along_where_it_may() -> None:
    login = SessionLogin(Secret("planted-session"))
    _, site, (action,) = enter(
        LIVE | {SIGN: signed()}, login=login, trusted_sign_hosts=frozenset(["api.eulerstream.com"])
    )
    assert "planted-session" in str(site.requests[-1].headers) and "planted-session" in str(action.request.headers)
    _, site, (action,) = enter(LIVE | {SIGN: signed()}, login=login, signer=SignServer(session="never"))
    assert "planted-session" not in str(site.requests[-1].headers) + str(action.request.headers)
