"""Options of a kind that they cannot have are refused where they are given, and the refusal says which and why."""

from __future__ import annotations

from dataclasses import fields
from random import Random
from typing import Any

import pytest

from tiktok_webcast import Endpoints, Limits, RetryPolicy, Session, SessionConfig, Timing
from tiktok_webcast.budget import Rate
from tiktok_webcast.capture import Recorder
from tiktok_webcast.cookies import parse_netscape_cookies
from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.room_budget import BudgetPolicy

NUMBERS = [(kind, item.name) for kind in (Limits, Timing, RetryPolicy) for item in fields(kind)]


@pytest.mark.parametrize(("kind", "name"), NUMBERS)
def test_numbers_are_numbers(kind: Any, name: str) -> None:
    for value in (None, "5", True, [5], 10**5000, -(10**5000)):
        with pytest.raises(ConfigurationError, match=f"{kind.__name__}.{name} must be "):
            kind(**{name: value})


def test_limits_are_whole() -> None:
    with pytest.raises(ConfigurationError, match=r"Limits.message must be a whole number, not float"):
        Limits(message=1e6)  # type: ignore[arg-type]


CHOICES = [*({"config": value} for value in (None, 5)), {"retry": None}, {"retry": 5}, {"signer": 5}, {"rng": 5}]


@pytest.mark.parametrize("choice", CHOICES)
def test_the_choices_of_a_session(choice: Any) -> None:
    name, value = next(iter(choice.items()))
    with pytest.raises(ConfigurationError, match=f"^{name} must be .*, not {type(value).__name__}$"):
        Session("ann", **choice)
    with pytest.raises(ConfigurationError, match=f"^{name} must be .*, not {type(value).__name__}$"):
        Recorder("ann", write=id, **choice)
    Session("ann", config=SessionConfig(), retry=RetryPolicy(), rng=Random(1))


ITEMS = sorted({item.name for item in fields(SessionConfig)} - {"check_room", "history", "compress"})


@pytest.mark.parametrize("name", ITEMS)
@pytest.mark.parametrize("value", [5.5, object(), "text"], ids=lambda value: type(value).__name__)
def test_the_items_of_a_configuration(name: str, value: Any) -> None:
    """A text in the place of a set, too: its characters would be the members, and any part of it a trusted host."""
    with pytest.raises(ConfigurationError, match=f"^{name} must be "):
        SessionConfig(**{name: value})


def test_a_room_id_that_is_none() -> None:
    for room_id in (True, -1, 2**64, 10**5000):
        with pytest.raises(ConfigurationError, match="room_id must be a positive 64-bit number"):
            SessionConfig(room_id=room_id)


def test_cookies_are_cookies() -> None:
    with pytest.raises(ConfigurationError, match="cookies must be cookies, not str"):
        SessionConfig(cookies=("sessionid=hush",))  # type: ignore[arg-type]


def test_cookies_may_come_in_a_jar() -> None:
    """As `parse_netscape_cookies`, of which the docs speak, returns them."""
    text = ".tiktok.com\tTRUE\t/\tTRUE\t0\tttwid\tvalue\n"
    given: Any = parse_netscape_cookies(text)
    cookies: Any = list(given)
    config = SessionConfig(cookies=given)
    assert config == SessionConfig(cookies=tuple(given)) == SessionConfig(cookies=cookies)
    assert Session("ann", config=config).context.jar.get("ttwid", "https://www.tiktok.com/") == "value"


def test_other_values() -> None:
    makers: list[Any] = [
        lambda: Endpoints(web=5),  # type: ignore[arg-type]
        lambda: BudgetPolicy(starts=5),  # type: ignore[arg-type]
        lambda: BudgetPolicy(openings="5"),  # type: ignore[arg-type]
        lambda: Rate("5", 1.0),  # type: ignore[arg-type]
    ]
    for make in makers:
        with pytest.raises(ConfigurationError, match="must be"):
            make()
