"""A `Secret` shows itself through `reveal()` and in no other way."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass

import pytest

from tiktok_webcast.errors import ConfigurationError, LocalProtocolError
from tiktok_webcast.secret import Secret, mask

PLANTED = "s3cr3t-of-the-account"


@dataclass
class Holder:
    secret: Secret


def test_every_way_to_show_it_is_masked() -> None:
    secret = Secret(PLANTED)
    shown = [
        repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{secret!r}", f"{secret} {secret!r}",
        repr([secret]), repr({"a": secret}), repr(Holder(secret)), repr(vars(Holder(secret))),
        str(pickle.dumps(secret)),
    ]  # fmt: skip
    assert not [text for text in shown if PLANTED in text]
    assert secret.reveal() == PLANTED


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"a {PLANTED} b {PLANTED}", "a *** b ***"),
        (f"a {PLANTED[:-1]}", "a ***"),
        (f"a {PLANTED[:8]}... {PLANTED[:9]}: b", "a ***... ***: b"),
        (f"{PLANTED[:10]}x{PLANTED[10:]}", f"***x{PLANTED[10:]}"),
        (f"a {PLANTED[:7]}...", f"a {PLANTED[:7]}..."),
        ("", ""),
    ],
)
def test_words_with_a_secret_or_the_beginning_of_one(text: str, masked: str) -> None:
    assert mask(text, PLANTED) == masked


@pytest.mark.parametrize("secret", ["short", "eight ch", "********", "*********"])
def test_short_secrets_and_odd_ones_are_masked_whole(secret: str) -> None:
    assert mask(f"a {secret} b", secret) == "a *** b" and mask(f"a {secret[:4]} b", secret) == f"a {secret[:4]} b"


def test_a_pickle_does_not_carry_it() -> None:
    data = pickle.dumps(Secret(PLANTED))
    assert PLANTED.encode() not in data
    with pytest.raises(LocalProtocolError, match="pickle"):
        pickle.loads(data).reveal()


def test_copies_are_the_same_value() -> None:
    secret = Secret(PLANTED)
    assert copy.copy(secret) is secret and copy.deepcopy(secret) is secret
    assert Secret(secret) == secret and hash(Secret(secret)) == hash(secret)
    assert secret != Secret("another") and secret != PLANTED


def test_it_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Secret(PLANTED)._value = "x"


@pytest.mark.parametrize("bad", ["", "  ", "a\r\nCookie: b", "a\x00b", "schlüssel", None, 7])
def test_what_no_header_may_carry_is_refused_without_being_shown(bad: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Secret(bad)  # type: ignore[arg-type]
    assert str(bad).strip() == "" or str(bad) not in str(caught.value)
