"""Every reason has one error, one exit code and a message that helps; docs/errors.md says the same."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tiktok_webcast import errors
from tiktok_webcast.close import Closed, CloseReason
from tiktok_webcast.errors import EXPLANATIONS, ClosedError, error_for, exit_code

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
CODES = {
    0: "room_ended closed",
    1: "limit unexpected_answer",
    3: "offline",
    4: "user_not_found",
    5: "restricted",
    6: "blocked handshake_refused device_blocked",
    7: "sign_failed sign_rate_limited sign_premium",
    8: "network server_closed stale",
}


def test_the_contract_s_exit_codes() -> None:
    assert {reason.value: exit_code(reason) for reason in CloseReason} == {
        reason: code for code, reasons in CODES.items() for reason in reasons.split()
    }


@pytest.mark.parametrize("reason", CloseReason)
def test_each_reason_has_its_own_error(reason: CloseReason) -> None:
    closed = Closed(reason, "they said so", ("live page: blocked",), 12.0, (("limit_label", "day"),))
    error = error_for(closed)
    assert error.closed is closed and error.reason is reason and error.detail == "they said so"
    assert error.causes == closed.causes and error.retry_after == 12.0
    explanation = EXPLANATIONS[reason]
    assert explanation.happened in str(error) and "They said so." in str(error) and "live page: blocked" in str(error)
    if explanation.exit_code:
        assert explanation.cause in str(error) and explanation.cure in str(error) and "Wait 12 s." in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and again.closed == closed


def test_no_two_reasons_share_an_error() -> None:
    assert len({explanation.error for explanation in EXPLANATIONS.values()}) == len(CloseReason)


def test_every_error_is_used_or_a_base() -> None:
    used = {explanation.error for explanation in EXPLANATIONS.values()}
    own = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ClosedError)}
    bases = {base for kind in used for base in kind.__mro__}
    assert own <= used | bases


def test_details_of_the_typed_errors() -> None:
    facts = (("limit_label", "day"), ("request_id", "r-1"), ("restriction", "age"))
    limited = error_for(Closed(CloseReason.SIGN_RATE_LIMITED, facts=facts))
    assert isinstance(limited, errors.SignRateLimited)
    assert (limited.limit_label, limited.request_id) == ("day", "r-1")
    restricted = error_for(Closed(CloseReason.RESTRICTED, facts=facts))
    assert isinstance(restricted, errors.RoomRestricted) and restricted.restriction == "age"
    assert errors.RoomRestricted(Closed(CloseReason.RESTRICTED)).restriction == ""


def row(reason: CloseReason) -> str:
    item = EXPLANATIONS[reason]
    cells = (f"`{reason.value}`", f"`{item.error.__name__}`", str(item.exit_code), item.happened, item.cause, item.cure)
    return "| " + " | ".join(cells) + " |"


@pytest.mark.parametrize("reason", CloseReason)
def test_the_page_is_in_step(reason: CloseReason) -> None:
    assert row(reason) in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_page_has_no_other_rows() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert len(rows) == len(CloseReason)
