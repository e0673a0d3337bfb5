"""From a user to a room: no source is believed alone, and a block is never "offline"."""

from __future__ import annotations

import random
from typing import Any

import pytest
from exchanges import (
    CAPTCHA,
    EMPTY,
    MOST_REQUESTS,
    SHELL,
    Answer,
    Site,
    alive,
    context,
    json_answer,
    live_page,
    lookup,
    lookup_error,
    page,
    profile,
    room_data,
    run,
)
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.close import CloseReason
from tiktok_webcast.config import Limits
from tiktok_webcast.context import SessionLogin
from tiktok_webcast.errors import RoomRestricted, error_for
from tiktok_webcast.evidence import Evidence, RoomStatus
from tiktok_webcast.http import Exchange, FailureKind, HttpResponse, TransportFailure
from tiktok_webcast.room import RoomFailure, RoomFound, resolve, status
from tiktok_webcast.secret import Secret
from tiktok_webcast.user_input import parse_user

PAGE, LOOKUP, INFO = "/@ann/live", "/api-live/user/room/", "/webcast/room/info/"
ALIVE, BY_USER, PROFILE = "/webcast/room/check_alive/", "/webcast/room/info_by_user/", "/@ann"
NO_ROOM = page({})
DOWN = TransportFailure(FailureKind.CONNECT, "refused")
NOBODY = lookup_error(19881007, "user_not_found")
YES, NO = alive(("7001", True)), alive(("7001", False))
LOGIN_WALL = HttpResponse(401)
AGE_GATE = json_answer({"status_code": 4003110, "data": {"prompts": ""}})
LIVE, PAUSED, OFFLINE = RoomStatus.LIVE, RoomStatus.PAUSED, RoomStatus.OFFLINE
NOT_FOUND, RESTRICTED, UNKNOWN = RoomStatus.NOT_FOUND, RoomStatus.RESTRICTED, RoomStatus.UNKNOWN
R = CloseReason


def ask(user: Any = "@ann", **routes: Answer) -> tuple[RoomFound | RoomFailure, Site]:
    paths = {"page": PAGE, "lookup": LOOKUP, "info": INFO, "alive": ALIVE, "by_user": BY_USER, "profile": PROFILE}
    site = Site({paths[name]: answer for name, answer in routes.items()})
    return run(resolve(parse_user(user), context=context()), site), site


@pytest.mark.parametrize(
    ("answers", "status", "confirmed", "asked"),
    [
        # Both of the first two agree; the room's own data shows whether it is restricted.
        ((live_page(2), lookup(2), room_data(2), None), LIVE, True, [PAGE, LOOKUP, INFO]),
        ((live_page(3), lookup(3), room_data(3), None), PAUSED, True, [PAGE, LOOKUP, INFO]),
        ((live_page(2), lookup(3), room_data(3), None), PAUSED, True, [PAGE, LOOKUP, INFO]),
        ((live_page(2), lookup(2), HttpResponse(403), None), LIVE, True, [PAGE, LOOKUP, INFO]),
        ((live_page(2), lookup(2), DOWN, None), LIVE, True, [PAGE, LOOKUP, INFO]),
        # Two against one.
        ((live_page(2), lookup(2), room_data(4), None), LIVE, False, [PAGE, LOOKUP, INFO]),
        ((live_page(2), lookup(4), room_data(2), YES), LIVE, False, [PAGE, LOOKUP, INFO, ALIVE]),
        ((live_page(4), lookup(2), room_data(2), NO), None, False, [PAGE, LOOKUP, INFO, ALIVE]),
        # One of the first two does not answer: the next one has to agree.
        ((CAPTCHA, lookup(2), room_data(2), None), LIVE, True, [PAGE, LOOKUP, INFO]),
        ((NO_ROOM, lookup(2), room_data(2), None), LIVE, True, [PAGE, LOOKUP, INFO]),
        ((live_page(2), EMPTY, room_data(2), None), LIVE, True, [PAGE, LOOKUP, INFO]),
        ((live_page(2), DOWN, HttpResponse(403), YES), LIVE, True, [PAGE, LOOKUP, INFO, ALIVE]),
        # Nobody else can be had: one source, and nothing against it.
        ((live_page(2), DOWN, DOWN, DOWN), LIVE, False, [PAGE, LOOKUP, INFO, ALIVE]),
        ((CAPTCHA, lookup(2), DOWN, alive()), LIVE, False, [PAGE, LOOKUP, INFO, ALIVE]),
        # A login wall before the page, and a room that is shown all the same.
        ((HttpResponse(401), lookup(2), room_data(2), None), LIVE, True, [PAGE, LOOKUP, INFO]),
        # A room that says nothing of itself, and one that contradicts itself.
        ((live_page(0), lookup(2), room_data(2), None), LIVE, True, [PAGE, LOOKUP, INFO]),
        ((live_page(2, user_status=4), lookup(2), room_data(2), None), LIVE, True, [PAGE, LOOKUP, INFO]),
    ],
)
def test_rooms_that_can_be_entered(
    answers: tuple[Answer, ...], status: RoomStatus | None, confirmed: bool, asked: list[str]
) -> None:
    names = ("page", "lookup", "info", "alive")
    result, site = ask(**{name: answer for name, answer in zip(names, answers, strict=True) if answer is not None})
    assert site.paths == asked
    if status is None:
        assert (
            isinstance(result, RoomFailure) and result.reason is R.UNEXPECTED_ANSWER and "contradict" in result.detail
        )
        return
    assert isinstance(result, RoomFound)
    assert (result.room_id, result.unique_id, result.status, result.confirmed) == (7001, "ann", status, confirmed)
    assert (result.user_id, result.title) == (55, "Hello") and len(result.evidence) == len(asked)


@pytest.mark.parametrize(
    ("answers", "reason", "asked"),
    [
        # Offline: both say so, or one does and nothing is against it.
        ({"page": live_page(4), "lookup": lookup(4)}, R.OFFLINE, [PAGE, LOOKUP]),
        ({"page": NO_ROOM, "lookup": lookup(4)}, R.OFFLINE, [PAGE, LOOKUP]),
        ({"page": NO_ROOM, "lookup": lookup(0, "", 0)}, R.OFFLINE, [PAGE, LOOKUP]),
        ({"page": live_page(4, ""), "lookup": lookup(4, "")}, R.OFFLINE, [PAGE, LOOKUP]),
        ({"page": CAPTCHA, "lookup": lookup(4), "info": room_data(4)}, R.OFFLINE, [PAGE, LOOKUP, INFO]),
        ({"page": live_page(4), "lookup": EMPTY, "info": EMPTY, "alive": NO}, R.OFFLINE, [PAGE, LOOKUP, INFO, ALIVE]),
        # The alive check says yes to everything: it outweighs nobody.
        ({"page": live_page(4), "lookup": EMPTY, "info": EMPTY, "alive": YES}, R.OFFLINE, [PAGE, LOOKUP, INFO, ALIVE]),
        ({"page": live_page(4), "lookup": lookup(4), "alive": YES}, R.OFFLINE, [PAGE, LOOKUP]),
        # A stale room id is no live room.
        ({"page": live_page(0), "lookup": lookup(0), "info": room_data(4), "alive": YES}, R.OFFLINE, None),
        ({"page": live_page(0), "lookup": lookup(0), "info": EMPTY, "alive": YES}, R.BLOCKED, None),
        ({"page": live_page(0), "lookup": lookup(0), "info": room_data(0), "alive": YES}, R.UNEXPECTED_ANSWER, None),
        # One lying source against two.
        ({"page": live_page(2), "lookup": lookup(4), "info": room_data(4), "alive": YES}, R.OFFLINE, None),
        ({"page": live_page(4), "lookup": lookup(2), "info": room_data(4), "alive": YES}, R.OFFLINE, None),
        ({"page": live_page(2), "lookup": lookup(4), "info": EMPTY, "alive": YES}, R.UNEXPECTED_ANSWER, None),
        ({"page": live_page(2), "lookup": lookup(4), "info": EMPTY, "alive": NO}, R.OFFLINE, None),
        # No such user: two have to say so.
        ({"page": NO_ROOM, "lookup": NOBODY}, R.USER_NOT_FOUND, [PAGE, LOOKUP]),
        ({"page": HttpResponse(404), "lookup": NOBODY}, R.USER_NOT_FOUND, [PAGE, LOOKUP]),
        ({"page": CAPTCHA, "lookup": NOBODY, "profile": profile(10221)}, R.USER_NOT_FOUND, [PAGE, LOOKUP, PROFILE]),
        ({"page": CAPTCHA, "lookup": NOBODY, "profile": CAPTCHA}, R.USER_NOT_FOUND, [PAGE, LOOKUP, PROFILE]),
        ({"page": CAPTCHA, "lookup": NOBODY, "profile": profile()}, R.UNEXPECTED_ANSWER, [PAGE, LOOKUP, PROFILE]),
        ({"page": NO_ROOM, "lookup": EMPTY, "profile": profile(10223)}, R.USER_NOT_FOUND, [PAGE, LOOKUP, PROFILE]),
        ({"page": NO_ROOM, "lookup": EMPTY, "profile": profile()}, R.OFFLINE, [PAGE, LOOKUP, PROFILE]),
        ({"page": NO_ROOM, "lookup": EMPTY, "profile": CAPTCHA}, R.BLOCKED, [PAGE, LOOKUP, PROFILE]),
        ({"page": NO_ROOM, "lookup": EMPTY, "profile": profile(10222)}, R.RESTRICTED, [PAGE, LOOKUP, PROFILE]),
        # Blocked is blocked, whatever it looks like.
        ({"page": CAPTCHA, "lookup": EMPTY, "by_user": EMPTY}, R.BLOCKED, [PAGE, LOOKUP, BY_USER]),
        ({"page": SHELL, "lookup": SHELL, "by_user": SHELL}, R.BLOCKED, [PAGE, LOOKUP, BY_USER]),
        ({"page": EMPTY, "lookup": EMPTY, "by_user": HttpResponse(403)}, R.BLOCKED, [PAGE, LOOKUP, BY_USER]),
        ({"page": HttpResponse(403), "lookup": HttpResponse(429), "by_user": DOWN}, R.BLOCKED, None),
        ({"page": CAPTCHA, "lookup": DOWN, "by_user": DOWN}, R.BLOCKED, None),
        ({"page": CAPTCHA, "lookup": lookup_error(10000), "by_user": EMPTY}, R.BLOCKED, None),
        # The network: it is not asked five times.
        ({"page": DOWN, "lookup": DOWN}, R.NETWORK, [PAGE, LOOKUP]),
        ({"page": TransportFailure(FailureKind.TIMEOUT), "lookup": DOWN}, R.NETWORK, [PAGE, LOOKUP]),
        # Trouble at TikTok.
        (
            {"page": HttpResponse(500), "lookup": HttpResponse(502), "by_user": HttpResponse(500)},
            R.UNEXPECTED_ANSWER,
            None,
        ),
        ({"page": TransportFailure(FailureKind.TOO_LARGE), "lookup": DOWN, "by_user": DOWN}, R.LIMIT, None),
        # Restricted.
        ({"page": live_page(2), "lookup": lookup(2), "info": AGE_GATE}, R.RESTRICTED, [PAGE, LOOKUP, INFO]),
        ({"page": CAPTCHA, "lookup": lookup(2), "info": AGE_GATE}, R.RESTRICTED, [PAGE, LOOKUP, INFO]),
        ({"page": LOGIN_WALL, "lookup": EMPTY, "by_user": EMPTY}, R.RESTRICTED, None),
        ({"page": LOGIN_WALL, "lookup": lookup(2), "info": EMPTY, "alive": YES}, R.RESTRICTED, [PAGE, LOOKUP, INFO]),
        ({"page": HttpResponse(451), "lookup": HttpResponse(451), "by_user": EMPTY}, R.RESTRICTED, None),
        # Live, and nobody names the room.
        (
            {"page": live_page(2, ""), "lookup": lookup(2, ""), "by_user": EMPTY},
            R.UNEXPECTED_ANSWER,
            [PAGE, LOOKUP, BY_USER],
        ),
    ],
)
def test_rooms_that_cannot(answers: dict[str, Answer], reason: CloseReason, asked: list[str] | None) -> None:
    result, site = ask(**answers)
    assert isinstance(result, RoomFailure)
    assert result.reason is reason, result
    assert asked is None or site.paths == asked
    assert len(result.causes) == len(result.evidence) == len(site.requests)
    assert result.retry is (reason in (R.BLOCKED, R.NETWORK, R.UNEXPECTED_ANSWER))
    closed = result.closed()
    assert (closed.reason, closed.detail, closed.causes) == (
        reason,
        result.detail,
        result.causes,
    ) and "ann" in closed.detail


def test_the_data_by_user_is_the_last_way_in() -> None:
    result, site = ask(page=CAPTCHA, lookup=EMPTY, by_user=room_data(2), alive=YES)
    assert isinstance(result, RoomFound) and result.confirmed and site.paths == [PAGE, LOOKUP, BY_USER, ALIVE]
    result, _ = ask(page=CAPTCHA, lookup=EMPTY, by_user=room_data(2), alive=NO)
    assert isinstance(result, RoomFailure) and result.reason is R.UNEXPECTED_ANSWER
    result, _ = ask(page=live_page(2, ""), lookup=lookup(2, ""), by_user=room_data(2), alive=YES)
    assert isinstance(result, RoomFound) and result.room_id == 7001


def test_two_room_ids_are_told_apart_by_their_own_data() -> None:
    def info(request: Any) -> Answer:
        return room_data(4 if "room_id=7002" in request.url else 2, "7001" if "room_id=7001" in request.url else "7002")

    site = Site({PAGE: live_page(2, "7001"), LOOKUP: lookup(2, "7002")})
    result = run(
        resolve(parse_user("ann"), context=context()),
        lambda request: info(request) if INFO in request.url else site(request),
    )
    assert isinstance(result, RoomFound) and result.room_id == 7001 and result.confirmed


def test_two_room_ids_and_no_data() -> None:
    result, _ = ask(page=live_page(2, "7001"), lookup=lookup(2, "7002"), info=EMPTY)
    assert isinstance(result, RoomFound) and result.room_id == 7002 and not result.confirmed


def test_room_info_can_be_left_out() -> None:
    site = Site({PAGE: live_page(2), LOOKUP: lookup(2)})
    result = run(resolve(parse_user("ann"), context=context(), room_info=False), site)
    assert isinstance(result, RoomFound) and site.paths == [PAGE, LOOKUP]


def test_the_room_s_data_comes_along() -> None:
    result, _ = ask(page=live_page(2), lookup=lookup(2), info=room_data(2, user_count=5))
    assert isinstance(result, RoomFound) and result.info is not None and result.info["user_count"] == 5


def test_a_further_way_is_asked_when_tiktok_says_nothing() -> None:
    def signer(unique_id: str, one: Any) -> Exchange[Evidence]:
        assert unique_id == "ann"
        return Evidence("sign server", room_id=7001)
        yield

    blocked = {PAGE: CAPTCHA, LOOKUP: EMPTY, BY_USER: EMPTY, INFO: room_data(2), ALIVE: YES}
    site = Site(blocked)
    result = run(resolve(parse_user("ann"), context=context(), further=[signer]), site)
    assert isinstance(result, RoomFound) and site.paths == [PAGE, LOOKUP, BY_USER, INFO, ALIVE]
    named = Site(blocked | {BY_USER: room_data(4)})
    result = run(resolve(parse_user("ann"), context=context(), further=[signer]), named)
    assert isinstance(result, RoomFailure) and result.reason is R.OFFLINE and "sign server" not in str(result.causes)
    site = Site(blocked | {INFO: EMPTY})
    result = run(resolve(parse_user("ann"), context=context(), further=[signer]), site)
    assert isinstance(result, RoomFailure) and result.reason is R.BLOCKED


# --- other names for a room -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "outcome", "asked"),
    [
        ({"info": room_data(2)}, LIVE, [INFO]),
        ({"info": room_data(3)}, PAUSED, [INFO]),
        ({"info": room_data(4), "alive": YES}, R.OFFLINE, [INFO]),
        ({"info": AGE_GATE}, R.RESTRICTED, [INFO]),
        ({"info": EMPTY, "alive": YES}, LIVE, [INFO, ALIVE]),
        ({"info": EMPTY, "alive": NO}, R.OFFLINE, [INFO, ALIVE]),
        ({"info": room_data(0), "alive": NO}, R.OFFLINE, [INFO, ALIVE]),
        ({"info": EMPTY, "alive": EMPTY}, UNKNOWN, [INFO, ALIVE]),
        ({"info": EMPTY, "alive": alive()}, UNKNOWN, [INFO, ALIVE]),
        ({"info": DOWN, "alive": DOWN}, R.NETWORK, [INFO, ALIVE]),
    ],
)
def test_a_room_id_is_kept_out_only_by_a_denial(answers: dict[str, Answer], outcome: Any, asked: list[str]) -> None:
    result, site = ask("room:7001", **answers)
    assert site.paths == asked
    if isinstance(outcome, RoomStatus):
        assert isinstance(result, RoomFound) and (result.room_id, result.status) == (7001, outcome)
        assert result.unique_id == ("ann" if outcome in (LIVE, PAUSED) and len(asked) == 1 else "")
    else:
        assert isinstance(result, RoomFailure) and result.reason is outcome


def test_a_user_id_becomes_a_name_first() -> None:
    site = Site({"/@55": profile(), PAGE: live_page(2), LOOKUP: lookup(2), INFO: room_data(2)})
    result = run(resolve(parse_user("55"), context=context()), site)
    assert isinstance(result, RoomFound) and result.unique_id == "ann" and site.paths == ["/@55", PAGE, LOOKUP, INFO]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (profile(10221), R.USER_NOT_FOUND),
        (CAPTCHA, R.BLOCKED),
        (DOWN, R.NETWORK),
        (profile(0, {}), R.UNEXPECTED_ANSWER),
    ],
)
def test_a_user_id_without_a_name(answer: Answer, reason: CloseReason) -> None:
    site = Site({"/@55": answer})
    result = run(resolve(parse_user("55"), context=context()), site)
    assert isinstance(result, RoomFailure) and result.reason is reason and len(site.requests) == 1
    assert ("room:NUMBER" in result.detail) is (reason is R.USER_NOT_FOUND)


@pytest.mark.parametrize("name", ["../x", "a b", "ann?x=1", "ann\r\nX: y", "sessionid=planted", "..", "a" * 65, ""])
def test_a_page_cannot_give_a_user_a_name_that_is_none(name: str) -> None:
    site = Site({"/@55": profile(0, {"uniqueId": name, "id": "55"})})
    result = run(resolve(parse_user("55"), context=context()), site)
    assert isinstance(result, RoomFailure) and result.unique_id == "" and len(site.requests) == 1
    result, _ = ask("room:7001", info=room_data(2, owner={"display_id": name}))
    assert isinstance(result, RoomFound) and result.unique_id == ""


def test_a_private_user_id_without_a_name() -> None:
    result = run(resolve(parse_user("55"), context=context()), Site({"/@55": profile(10222, {"id": "55"})}))
    assert isinstance(result, RoomFailure) and result.reason is R.RESTRICTED and "private" in result.detail


def test_a_short_link_is_followed() -> None:
    lead = HttpResponse(302, (("Location", "https://www.tiktok.com/@ann/live"),))
    answers = [live_page(2), live_page(2)]
    site = Site({"/ZMx/": lead, PAGE: list(answers), LOOKUP: lookup(2), INFO: room_data(2)})
    result = run(resolve(parse_user("https://vm.tiktok.com/ZMx/"), context=context()), site)
    assert isinstance(result, RoomFound) and site.paths == ["/ZMx/", PAGE, PAGE, LOOKUP, INFO]
    result = run(
        resolve(parse_user("https://vm.tiktok.com/ZMx/"), context=context()), Site({"/ZMx/": HttpResponse(403)})
    )
    assert isinstance(result, RoomFailure) and result.reason is R.BLOCKED


# --- what is said about it --------------------------------------------------------------------------------------------


def test_a_login_that_was_not_accepted_is_told() -> None:
    one = context(login=SessionLogin(Secret("planted-session")))
    site = Site({PAGE: live_page(2), LOOKUP: lookup(2), INFO: AGE_GATE})
    result = run(resolve(parse_user("ann"), context=one), site)
    assert isinstance(result, RoomFailure) and "did not accept it" in result.detail
    error = error_for(result.closed())
    assert (
        isinstance(error, RoomRestricted) and error.restriction == "age" and result.closed().fact("logged_in") == "yes"
    )
    assert all("sessionid=planted-session" in str(request.headers) for request in site.requests)


def test_every_source_is_a_cause() -> None:
    result, _ = ask(page=CAPTCHA, lookup=EMPTY, by_user=HttpResponse(429, (("Retry-After", "30"),)))
    assert isinstance(result, RoomFailure) and result.retry_after == 30.0
    assert result.causes == (
        "live page: blocked (a captcha page)",
        "room lookup: blocked (an empty answer)",
        "room info: blocked (HTTP 429)",
    )


def test_the_answer_that_decided_is_at_hand() -> None:
    shell = HttpResponse(200, (), b"<html>\r\n<title>Verify you are human</title> planted-session\x1b[31m" + b"x" * 500)
    lead = HttpResponse(302, (("Location", "https://www.tiktok.com/verify?token=planted"),))
    site = Site({PAGE: lead, "/verify": shell, LOOKUP: EMPTY, BY_USER: EMPTY})
    one = context(login=SessionLogin(Secret("planted-session")))
    result = run(resolve(parse_user("ann"), context=one), site)
    assert isinstance(result, RoomFailure) and result.reason is R.BLOCKED
    error = error_for(result.closed())
    assert (error.http_status, error.url) == (200, "https://www.tiktok.com/verify")
    assert error.body is not None and error.body.startswith("<html> <title>Verify you are human</title> *** [31mxxx")
    assert len(error.body) <= 120 and error.body.isprintable() and "planted" not in repr(result)
    result, _ = ask(page=live_page(4), lookup=lookup(4))
    assert isinstance(result, RoomFailure)
    error = error_for(result.closed())
    assert (error.http_status, error.url, error.body) == (200, "https://www.tiktok.com/@ann/live", None)
    result, _ = ask(page=DOWN, lookup=DOWN)
    assert isinstance(result, RoomFailure)
    error = error_for(result.closed())
    assert (error.http_status, error.url, error.body) == (None, None, None)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"page": live_page(2), "lookup": lookup(2), "info": room_data(2)}, LIVE),
        ({"page": live_page(3), "lookup": lookup(3), "info": room_data(3)}, PAUSED),
        ({"page": live_page(4), "lookup": lookup(4)}, OFFLINE),
        ({"page": NO_ROOM, "lookup": NOBODY}, NOT_FOUND),
        ({"page": live_page(2), "lookup": lookup(2), "info": AGE_GATE}, RESTRICTED),
        ({"page": CAPTCHA, "lookup": EMPTY, "by_user": EMPTY}, UNKNOWN),
        ({"page": live_page(2), "lookup": lookup(4), "info": EMPTY, "alive": YES}, UNKNOWN),
    ],
)
def test_status(answers: dict[str, Answer], expected: RoomStatus) -> None:
    paths = {"page": PAGE, "lookup": LOOKUP, "info": INFO, "alive": ALIVE, "by_user": BY_USER, "profile": PROFILE}
    report = run(status(parse_user("ann"), context=context()), Site({paths[name]: answers[name] for name in answers}))
    assert report.status is expected and report.unique_id == "ann" and len(report.evidence) >= 2
    assert (report.failure is None) is (expected in (LIVE, PAUSED))


ANSWERS = st.sampled_from(
    [
        live_page(2), live_page(3), live_page(4), live_page(0), live_page(2, "7002"), lookup(2), lookup(4),
        lookup(0), lookup(2, "7003"), NOBODY, NO_ROOM, CAPTCHA, EMPTY, SHELL, DOWN, room_data(2), room_data(3),
        room_data(4), room_data(0), AGE_GATE, YES, NO, alive(), profile(), profile(10221), profile(10222),
        HttpResponse(403), HttpResponse(500), TransportFailure(FailureKind.TOO_LARGE),
        HttpResponse(302, (("Location", "/@ann/live"),)), HttpResponse(302, (("Location", "/login"),)),
    ]
)  # fmt: skip
USERS = st.sampled_from(["ann", "55", "room:7001", "https://vm.tiktok.com/x/"])


@given(st.lists(ANSWERS, min_size=1, max_size=12), USERS)
def test_whatever_is_answered_the_outcome_is_told_and_the_questions_are_few(answers: list[Answer], user: str) -> None:
    script = iter(answers * MOST_REQUESTS)
    one = context(limits=Limits(redirects=2))
    asked: list[Any] = []
    result = run(resolve(parse_user(user), context=one), lambda _: next(script), asked)
    assert len(asked) <= 9 * 3
    if isinstance(result, RoomFound):
        assert result.room_id > 0 and result.status in (LIVE, PAUSED, UNKNOWN)
        assert result.status is not UNKNOWN or user == "room:7001"
        votes = [item for item in result.evidence if item.source != "alive check"]
        denials = [item for item in votes if item.status in (OFFLINE, NOT_FOUND)]
        lives = [item for item in votes if item.status in (LIVE, PAUSED)]
        assert len(lives) > len(denials) or (user == "room:7001" and not denials)
        assert not result.confirmed or len(result.evidence) >= 2
    else:
        blocked_only = {item.reason for item in result.evidence} == {R.BLOCKED}
        assert not blocked_only or result.reason is R.BLOCKED
        assert result.reason is not R.OFFLINE or any(item.status is OFFLINE or item.no_room for item in result.evidence)


@given(st.binary(max_size=100), st.integers(0, 599), USERS)
def test_no_bytes_raise(body: bytes, code: int, user: str) -> None:
    answer = HttpResponse(code, (("Content-Encoding", "gzip"), ("Set-Cookie", "a=b"), ("Location", "x")), body)
    run(resolve(parse_user(user), context=context(rng=random.Random(1))), lambda _: answer)


def test_a_room_without_data_has_none() -> None:
    assert RoomFound(7001, "ann", RoomStatus.LIVE).info is None


def test_the_next_further_way_is_asked_when_one_says_nothing() -> None:
    asked: list[str] = []

    def silent(unique_id: str, one: Any) -> Exchange[Evidence]:
        asked.append("silent")
        return Evidence("silent server")
        yield

    def signer(unique_id: str, one: Any) -> Exchange[Evidence]:
        asked.append("signer")
        return Evidence("sign server", room_id=7001)
        yield

    site = Site({PAGE: CAPTCHA, LOOKUP: EMPTY, BY_USER: EMPTY, INFO: room_data(2), ALIVE: YES})
    result = run(resolve(parse_user("ann"), context=context(), further=[silent, signer, silent]), site)
    assert isinstance(result, RoomFound) and result.room_id == 7001
    assert asked == ["silent", "signer"]
