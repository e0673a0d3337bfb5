"""One browser, consistent in everything that it says (protocol/http.md section 7)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.profile import ClientProfile

SEEDS = st.integers(0, 2**32)


@given(SEEDS)
def test_every_preset_is_consistent(seed: int) -> None:
    profile = ClientProfile.choose(random.Random(seed))
    assert (
        profile.user_agent == f"{profile.browser_name}/{profile.browser_version}" and profile.browser_name == "Mozilla"
    )
    mark = {"windows": ("Windows NT", "Win32"), "mac": ("Macintosh", "MacIntel")}[profile.os]
    assert mark[0] in profile.user_agent and mark[1] == profile.platform
    assert profile.screen_width > profile.screen_height > 600
    assert profile.browser_language == f"{profile.language}-{profile.region}" and "/" in profile.tz_name
    assert profile.accept_language == f"{profile.browser_language},{profile.language};q=0.9"


def test_the_seed_decides() -> None:
    chosen = {ClientProfile.choose(random.Random(seed)) for seed in range(50)}
    assert len(chosen) > 10
    assert ClientProfile.choose(random.Random(7)) == ClientProfile.choose(random.Random(7))


@pytest.mark.parametrize(
    ("language", "region", "expected"),
    [
        (None, None, ("en", "en-US", "US", "America/New_York")),
        ("de", "AT", ("de", "de-AT", "AT", "Europe/Vienna")),
        ("de-CH", None, ("de", "de-CH", "CH", "Europe/Zurich")),
        ("pt_BR", None, ("pt", "pt-BR", "BR", "America/Sao_Paulo")),
        ("JA", None, ("ja", "ja-JP", "JP", "Asia/Tokyo")),
        ("en", "DE", ("en", "en-DE", "DE", "Europe/Berlin")),
        (None, "gb", ("en", "en-GB", "GB", "Europe/London")),
        ("sw", None, ("sw", "sw-US", "US", "America/New_York")),
        ("sw", "KE", ("sw", "sw-KE", "KE", "America/New_York")),
    ],
)
def test_language_and_region(language: str | None, region: str | None, expected: tuple[str, str, str, str]) -> None:
    profile = ClientProfile.choose(random.Random(3), language=language, region=region)
    # Where several countries speak a language, the region decides which; the rest is one of them.
    assert (profile.language, profile.browser_language, profile.region, profile.tz_name) == expected


def test_a_language_alone_gets_a_country_that_speaks_it() -> None:
    for seed in range(20):
        profile = ClientProfile.choose(random.Random(seed), language="de")
        assert profile.tz_name in ("Europe/Berlin", "Europe/Vienna", "Europe/Zurich")


@pytest.mark.parametrize(
    ("language", "region"), [("x", None), ("12", None), ("en", "EUR"), ("en-EUR", None), ("ü", None)]
)
def test_nonsense_is_refused(language: str, region: str | None) -> None:
    with pytest.raises(ConfigurationError):
        ClientProfile.choose(random.Random(1), language=language, region=region)


@pytest.mark.parametrize("bad", ["", "a\r\nX: y", "ü"])
def test_a_profile_fits_into_headers(bad: str) -> None:
    with pytest.raises(ConfigurationError, match="user_agent"):
        ClientProfile(user_agent=bad)


@pytest.mark.parametrize(
    ("user_agent", "platform", "system"),
    [
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "MacIntel", "mac"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Linux x86_64", "linux"),
        ("Mozilla/5.0 (Windows NT 10.0)", "Win32", "windows"),
        ("SomethingElse/1.0", "Win32", "windows"),
    ],
)
def test_a_signer_s_user_agent_brings_its_platform(user_agent: str, platform: str, system: str) -> None:
    profile = ClientProfile().with_user_agent(user_agent)
    assert (profile.user_agent, profile.platform, profile.os) == (user_agent, platform, system)


def test_one_language_only() -> None:
    assert ClientProfile(language="fr", browser_language="fr").accept_language == "fr"
