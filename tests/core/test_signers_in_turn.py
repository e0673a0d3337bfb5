"""Several signers, one after the other: who is asked, who is spared, and what is said when none can."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from exchanges import Site, context, live_page, lookup, room_data, run, signed
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.actions import OpenSocket, SendRequest
from tiktok_webcast.capture import Recorder, replay
from tiktok_webcast.close import CloseReason
from tiktok_webcast.errors import ConfigurationError, SignRateLimited, error_for
from tiktok_webcast.http import Exchange, HttpResponse, SocketRequest
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import SignServer
from tiktok_webcast.sign_guest import GuestSigner
from tiktok_webcast.sign_in_turn import FIRST_REST, LONGEST_REST, SignersInTurn
from tiktok_webcast.signer import Signed, SignFailure, SignTarget

SOCKET = SocketRequest("wss://webcast-ws.tiktok.com/")
LIMITED = SignFailure(CloseReason.SIGN_RATE_LIMITED, "slow down", retry_after=100.0, facts=(("limit_label", "day"),))
BROKEN = SignFailure(CloseReason.SIGN_FAILED, "HTTP 500")
UNPAID = SignFailure(CloseReason.SIGN_PREMIUM, "HTTP 402", retry=False)


class Scripted:
    """Says what it is told to say, and counts how often it was asked."""

    def __init__(self, outcome: Signed | SignFailure) -> None:
        self.outcome = outcome
        self.asked = 0

    def sign(self, target: SignTarget) -> Exchange[Signed | SignFailure]:
        self.asked += 1
        return self.outcome
        yield


def good(name: str = "") -> Scripted:
    return Scripted(Signed(SOCKET, request_id=name))


def ask(signer: SignersInTurn, now: float = 0.0, refusals: int = 0) -> Signed | SignFailure:
    return run(signer.sign(SignTarget(7001, "ann", context(), refusals=refusals, now=now)), Site({}))


def test_the_first_is_enough() -> None:
    first, second = good("1"), good("2")
    assert ask(SignersInTurn(first, second)) == Signed(SOCKET, request_id="1")
    assert (first.asked, second.asked) == (1, 0)


@pytest.mark.parametrize("failure", [LIMITED, BROKEN, UNPAID])
def test_the_next_is_asked_where_one_cannot_and_says_so(failure: SignFailure) -> None:
    outcome = ask(SignersInTurn(Scripted(failure), good("2")))
    assert isinstance(outcome, Signed) and outcome.request_id == "2"
    assert outcome.notes == (f"Scripted: {failure.reason.value}: {failure.detail}",)


def test_one_that_asks_to_wait_is_spared_for_exactly_as_long() -> None:
    first, second = Scripted(LIMITED), good()
    turn = SignersInTurn(first, second)
    for now in (0.0, 1.0, 99.9):
        ask(turn, now)
    assert (first.asked, second.asked) == (1, 3)
    ask(turn, 100.0)
    assert (first.asked, second.asked) == (2, 4)


def test_one_that_fails_again_is_spared_longer_and_one_that_signs_is_well_again() -> None:
    first = Scripted(BROKEN)
    turn = SignersInTurn(first, good())
    now, rests = 0.0, []
    for _ in range(8):
        ask(turn, now)
        rests.append(turn.health[0].rested_at - now)
        now = turn.health[0].rested_at
    assert rests == [FIRST_REST * factor for factor in (1, 2, 4, 8, 16)] + [LONGEST_REST] * 3
    first.outcome = Signed(SOCKET)
    ask(turn, now)
    assert turn.health[0].failures == 0 and turn.health[0].rested_at <= 0


def test_when_all_rest_all_are_asked() -> None:
    first, second = Scripted(BROKEN), Scripted(BROKEN)
    turn = SignersInTurn(first, second)
    ask(turn, 0.0)
    ask(turn, 1.0)
    assert (first.asked, second.asked) == (2, 2)


def test_a_refused_socket_leads_to_the_next_signer() -> None:
    turn = SignersInTurn(good("1"), good("2"), good("3"))
    names = [outcome.request_id for number in range(5) if isinstance(outcome := ask(turn, refusals=number), Signed)]
    assert names == ["1", "2", "3", "1", "2"]


@pytest.mark.parametrize(
    ("failures", "reason", "retry", "wait"),
    [
        ([LIMITED, BROKEN], CloseReason.SIGN_RATE_LIMITED, True, None),
        ([LIMITED, replace(LIMITED, retry_after=7.0)], CloseReason.SIGN_RATE_LIMITED, True, 7.0),
        ([LIMITED, UNPAID], CloseReason.SIGN_RATE_LIMITED, True, 100.0),
        ([UNPAID, BROKEN], CloseReason.SIGN_FAILED, True, None),
        ([UNPAID, replace(UNPAID, detail="other")], CloseReason.SIGN_PREMIUM, False, None),
        ([UNPAID], CloseReason.SIGN_PREMIUM, False, None),
    ],
)
def test_when_none_can_all_that_was_said_is_told(
    failures: list[SignFailure], reason: CloseReason, retry: bool, wait: float | None
) -> None:
    outcome = ask(SignersInTurn(*map(Scripted, failures)))
    assert isinstance(outcome, SignFailure)
    assert (outcome.reason, outcome.retry, outcome.retry_after) == (reason, retry, wait)
    said = tuple(f"Scripted: {failure.reason.value}: {failure.detail}" for failure in failures)
    assert outcome.causes == (said if len(failures) > 1 else ())


def test_none_at_all_makes_no_sense() -> None:
    with pytest.raises(ConfigurationError):
        SignersInTurn()


LIVE: dict[str, Any] = {
    "/@ann/live": live_page(2),
    "/api-live/user/room/": lookup(2),
    "/webcast/room/info/": room_data(2),
    "/live": HttpResponse(200, (("Set-Cookie", "ttwid=1; Path=/; Domain=tiktok.com"),)),
}
FULL = HttpResponse(429, (("Retry-After", "3600"), ("X-Request-Id", "r-1")), b'{"limit_label": "day"}')


def enter(session: Session, site: Site) -> list[OpenSocket]:
    sockets = []
    while (action := session.next_action()) is not None:
        if isinstance(action, SendRequest):
            session.receive_response(action.request_id, site(action.request), now=0.0)
        elif isinstance(action, OpenSocket):
            sockets.append(action)
    return sockets


def test_a_session_goes_on_to_the_guest_where_the_server_is_full_and_says_which_server() -> None:
    turn = SignersInTurn(SignServer(), GuestSigner())
    site = Site(LIVE | {"/webcast/rooms/7001/connect": FULL})
    session = Session("@ann", signer=turn, rng=random.Random(1))
    session.start(now=0.0)
    (opening,) = enter(session, site)
    assert "cursor" not in opening.request.url and session.closed is None
    failure = run(SignServer().sign(SignTarget(7001, "ann", context())), Site({"/webcast/rooms/7001/connect": FULL}))
    assert isinstance(failure, SignFailure)
    error = error_for(failure.closed())
    assert isinstance(error, SignRateLimited)
    assert (error.source, error.limit_label, error.request_id) == ("api.eulerstream.com", "day", "r-1")
    assert error.retry_after == 3600.0


def test_a_session_whose_guest_is_refused_is_signed_by_the_server_next() -> None:
    site = Site(LIVE | {"/webcast/rooms/7001/connect": signed()})
    session = Session("@ann", signer=SignersInTurn(GuestSigner(), SignServer()), rng=random.Random(1))
    session.start(now=0.0)
    (guest,) = enter(session, site)
    session.socket_rejected(guest.socket_id, 200, (("Handshake-Msg", "request blocked"),), now=0.0)
    timer = session.next_timer()
    assert timer is not None
    session.handle_timer(now=timer)
    (other,) = enter(session, site)
    assert "/webcast/rooms/7001/connect" in site.paths and "cursor" in other.request.url


def test_a_recorded_session_of_several_signers_is_played_again_without_its_key() -> None:
    out: list[bytes] = []
    turn = SignersInTurn(SignServer(api_key="planted-api-key-0002"), GuestSigner(region="eu"))
    ask(SignersInTurn(*turn.signers[1:]))
    recorder = Recorder("@ann", write=out.append, signer=turn, config=SessionConfig(), rng=random.Random(1))
    site = Site(LIVE | {"/webcast/rooms/7001/connect": FULL})
    recorder.start(now=0.0)
    (opening,) = enter(recorder, site)
    recorder.socket_opened(opening.socket_id, (), now=0.0)
    recorder.close(now=1.0)
    events = list(iter(recorder.next_event, None))
    recorder.finish()
    assert list(replay(out, check=True)) == events
    assert b"planted" not in b"".join(out)


def test_a_recorded_session_with_a_signer_of_one_s_own_among_them_is_recorded_without() -> None:
    out: list[bytes] = []
    recorder = Recorder("@ann", write=out.append, signer=SignersInTurn(good(), GuestSigner()), rng=random.Random(1))
    recorder.start(now=0.0)
    recorder.finish()
    assert b"SignersInTurn" in b"".join(out)


OUTCOMES = st.sampled_from([LIMITED, BROKEN, UNPAID, Signed(SOCKET)])


@given(st.lists(st.lists(OUTCOMES, min_size=1, max_size=6), min_size=1, max_size=4), st.data())
def test_whoever_can_sign_is_found(scripts: list[list[Signed | SignFailure]], data: st.DataObject) -> None:
    signers = [Scripted(script[0]) for script in scripts]
    turn, now = SignersInTurn(*signers), 0.0
    for step in range(6):
        for signer, script in zip(signers, scripts, strict=True):
            signer.outcome = script[step % len(script)]
        before = [signer.asked for signer in signers]
        awake = [health.rested_at <= now for health in turn.health]
        outcome = ask(turn, now, data.draw(st.integers(0, 5)))
        asked = [signer.asked - old for signer, old in zip(signers, before, strict=True)]
        assert max(asked) == 1, "nobody is asked twice"
        expected = awake if any(awake) else [True] * len(signers)
        assert all(wanted or not was for wanted, was in zip(expected, asked, strict=True)), "who rests is spared"
        could = [isinstance(s.outcome, Signed) for s, wanted in zip(signers, expected, strict=True) if wanted]
        assert isinstance(outcome, Signed) is any(could)
        now += data.draw(st.sampled_from([0.0, 50.0, 1000.0]))


def test_it_is_shown_with_its_signers_and_without_their_keys() -> None:
    signer = SignersInTurn(SignServer(url="https://signs.example", api_key="planted-key"), GuestSigner())
    assert repr(signer) == "SignersInTurn(SignServer at https://signs.example, GuestSigner)"
