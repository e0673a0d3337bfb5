"""What a browser says of itself: user agent, platform, screen, language, region and time zone, from one preset.

TikTok compares these values with each other, and those of the web requests with those of the socket
(protocol/http.md section 7), so they are chosen together and kept for a whole session.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace

from .errors import ConfigurationError


@dataclass(frozen=True)
class ClientProfile:
    """One consistent browser. Take a preset by `choose`, or describe a real browser of yours in every field."""

    user_agent: str = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Safari/537.36"
    )
    platform: str = "Win32"
    """`browser_platform`: `Win32`, `MacIntel` or `Linux x86_64`."""
    os: str = "windows"
    """`windows`, `mac` or `linux`."""
    screen_width: int = 1920
    screen_height: int = 1080
    language: str = "en"
    """Language of the page and of display texts."""
    browser_language: str = "en-US"
    """Language and country as a browser names them."""
    region: str = "US"
    """Country in two capital letters."""
    tz_name: str = "America/New_York"
    """Time zone of the region, by its IANA name."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, str) and not (value and value.isascii() and value.isprintable()):
                raise ConfigurationError(f"ClientProfile.{item.name} must be printable ASCII text, not {value!r}")

    @property
    def browser_name(self) -> str:
        """The user agent's text before the first `/`."""
        return self.user_agent.partition("/")[0]

    @property
    def browser_version(self) -> str:
        """The user agent's text after the first `/`."""
        return self.user_agent.partition("/")[2]

    @property
    def accept_language(self) -> str:
        """The value of the `Accept-Language` header."""
        if self.browser_language == self.language:
            return self.language
        return f"{self.browser_language},{self.language};q=0.9"

    def with_user_agent(self, user_agent: str) -> ClientProfile:
        """Return this profile with the user agent that a signature was made for, and the platform that it names."""
        for mark, platform, system in _PLATFORMS:
            if mark in user_agent:
                return replace(self, user_agent=user_agent, platform=platform, os=system)
        return replace(self, user_agent=user_agent)

    @classmethod
    def choose(cls, rng: random.Random, *, language: str | None = None, region: str | None = None) -> ClientProfile:
        """Choose a preset: the same `rng` state gives the same profile.

        Args:
            rng: Decides between the presets.
            language: A language (`de`) or language and country (`de-AT`); English by default.
            region: A country in two letters; by default one where the language is spoken.

        Raises:
            ConfigurationError: `language` or `region` is not of that form.
        """
        user_agent, platform, system, screens = rng.choice(_BROWSERS)
        width, height = rng.choice(screens)
        short, browser_language, country, zone = _locale(rng, language, region)
        return cls(user_agent, platform, system, width, height, short, browser_language, country, zone)


_PLATFORMS = (
    ("Windows", "Win32", "windows"),
    ("Macintosh", "MacIntel", "mac"),
    ("Linux", "Linux x86_64", "linux"),
)
_WINDOWS_SCREENS = ((1920, 1080), (2560, 1440), (1536, 864), (1366, 768))
_MAC_SCREENS = ((1440, 900), (1512, 982), (1728, 1117), (2560, 1440))
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{0}.0.0.0 Safari/537.36"


def _presets() -> tuple[tuple[str, str, str, tuple[tuple[int, int], ...]], ...]:
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
    mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
    rows: list[tuple[str, str, str, tuple[tuple[int, int], ...]]] = []
    for version in (140, 141, 142):
        chrome = _CHROME.format(version)
        rows.append((windows + chrome, "Win32", "windows", _WINDOWS_SCREENS))
        rows.append((mac + chrome, "MacIntel", "mac", _MAC_SCREENS))
        rows.append((f"{windows}{chrome} Edg/{version}.0.0.0", "Win32", "windows", _WINDOWS_SCREENS))
    return tuple(rows)


_BROWSERS = _presets()
_LOCALES = (
    ("en", "US", "America/New_York"),
    ("en", "GB", "Europe/London"),
    ("en", "CA", "America/Toronto"),
    ("en", "AU", "Australia/Sydney"),
    ("ar", "SA", "Asia/Riyadh"),
    ("de", "DE", "Europe/Berlin"),
    ("de", "AT", "Europe/Vienna"),
    ("de", "CH", "Europe/Zurich"),
    ("es", "ES", "Europe/Madrid"),
    ("es", "MX", "America/Mexico_City"),
    ("fr", "FR", "Europe/Paris"),
    ("id", "ID", "Asia/Jakarta"),
    ("it", "IT", "Europe/Rome"),
    ("ja", "JP", "Asia/Tokyo"),
    ("ko", "KR", "Asia/Seoul"),
    ("ms", "MY", "Asia/Kuala_Lumpur"),
    ("nl", "NL", "Europe/Amsterdam"),
    ("pl", "PL", "Europe/Warsaw"),
    ("pt", "BR", "America/Sao_Paulo"),
    ("pt", "PT", "Europe/Lisbon"),
    ("ro", "RO", "Europe/Bucharest"),
    ("sv", "SE", "Europe/Stockholm"),
    ("th", "TH", "Asia/Bangkok"),
    ("tr", "TR", "Europe/Istanbul"),
    ("uk", "UA", "Europe/Kyiv"),
    ("vi", "VN", "Asia/Ho_Chi_Minh"),
)


def _locale(rng: random.Random, language: str | None, region: str | None) -> tuple[str, str, str, str]:
    short, _, country = (language or "").replace("_", "-").partition("-")
    short, country = short.lower() or "en", (region or country).upper()
    if not (2 <= len(short) <= 3 and short.isascii() and short.isalpha()):
        raise ConfigurationError(f"A language looks like 'en' or 'de-AT', not {language!r}")
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise ConfigurationError(f"A region is a country in two letters such as 'GB', not {region or language!r}")
    rows = [row for row in _LOCALES if row[0] == short and country in ("", row[1])]
    if not rows and country:
        rows = [row for row in _LOCALES if row[1] == country]
    if not rows:
        rows = [row for row in _LOCALES if row[0] == short]
    if not country and not language:
        rows = rows[:1]
    _, known, zone = rng.choice(rows) if rows else ("en", "US", "America/New_York")
    country = country or known
    return short, f"{short}-{country}", country, zone
