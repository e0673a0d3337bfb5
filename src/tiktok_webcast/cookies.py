"""Cookies with the rules that keep them home: each goes only to the hosts that it belongs to.

No clock is read: a cookie lives as long as its jar, unless the server deletes it (`Max-Age=0`, or an `Expires` before
the answer's own `Date`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .http import Headers, find_header, is_token

MAX_COOKIES = 300
"""Cookies a jar holds; the one set longest ago makes room for one more."""
MAX_COOKIE_BYTES = 4096
"""Bytes of a cookie's name and value together; a longer one is ignored."""

_VALUE = re.compile(r"(?! )[\x21-\x3a\x3c-\x7e ]*(?<! )\Z")
"""No space at either end: the last cookie's would end the header, and no transport sends such a one."""
_NUMBER = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_DATE = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3})[a-z]*[ -](\d{2,4}) (\d{1,2}):(\d{2}):(\d{2})")


@dataclass(frozen=True)
class Cookie:
    """One cookie and where it may go."""

    name: str
    value: str = field(repr=False)
    domain: str
    """The host, in lower case, without a leading dot."""
    host_only: bool = True
    """Whether subdomains of `domain` do not get it."""
    path: str = "/"
    secure: bool = False
    """Whether it goes only through TLS, or to this very machine."""

    def matches(self, url: str) -> bool:
        """Whether a request to `url` may carry it."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host != self.domain and (self.host_only or not is_subdomain(host, self.domain)):
            return False
        if self.secure and parts.scheme not in ("https", "wss") and not is_loopback(host):
            return False
        path = parts.path or "/"
        return path == self.path or path.startswith(self.path if self.path.endswith("/") else self.path + "/")


class CookieJar:
    """The cookies of one session. Copy it (`copy()`) to give another session the same start."""

    def __init__(self, cookies: Iterable[Cookie] = (), *, limit: int = MAX_COOKIES) -> None:
        """Start with some cookies; `limit` is how many it holds at the most."""
        self.limit: int = limit
        self._cookies: dict[tuple[str, str, str], Cookie] = {}
        for cookie in cookies:
            self.add(cookie)

    def __repr__(self) -> str:
        names = ", ".join(f"{cookie.name}@{cookie.domain}" for cookie in self._cookies.values())
        return f"CookieJar({names})"

    def __len__(self) -> int:
        return len(self._cookies)

    def __iter__(self) -> Iterator[Cookie]:
        return iter(tuple(self._cookies.values()))

    def copy(self, *, without: Iterable[str] = ()) -> CookieJar:
        """Return a jar of its own with the same cookies, save those named in `without`."""
        dropped = frozenset(without)
        return CookieJar((cookie for cookie in self if cookie.name not in dropped), limit=self.limit)

    def add(self, cookie: Cookie) -> bool:
        """Put in one cookie, in place of one with the same name, domain and path; whether it was acceptable."""
        if not cookie.domain or not is_cookie(cookie.name, cookie.value):
            return False
        key = (cookie.domain, cookie.path, cookie.name)
        self._cookies.pop(key, None)
        while len(self._cookies) >= self.limit:
            del self._cookies[next(iter(self._cookies))]
        self._cookies[key] = cookie
        return True

    def get(self, name: str, url: str) -> str | None:
        """Return the value that a request to `url` would carry under this name, or `None`."""
        return dict(self.cookies_for(url)).get(name)

    def cookies_for(self, url: str) -> tuple[tuple[str, str], ...]:
        """Return names and values of the cookies for `url`, one of each name, the most specific one."""
        found = [cookie for cookie in self._cookies.values() if cookie.matches(url)]
        found.sort(key=lambda cookie: (len(cookie.path), len(cookie.domain), cookie.host_only))
        return tuple({cookie.name: cookie.value for cookie in found}.items())

    def header_for(self, url: str) -> str | None:
        """Return the value of the `Cookie` header for `url`, or `None` when there is nothing to send."""
        return cookie_header(self.cookies_for(url)) or None

    def receive(self, url: str, headers: Headers) -> None:
        """Take in the `Set-Cookie` headers of an answer from `url`; what breaks the rules is ignored."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        now = parse_http_date(find_header(headers, "date") or "")
        for name, value in headers:
            if name.lower() != "set-cookie":
                continue
            parsed = parse_set_cookie(value, host, parts.path, now)
            if parsed is None:
                continue
            cookie, deleted = parsed
            if cookie.secure and not replace(cookie, path="/").matches(url):
                continue
            if deleted:
                self._cookies.pop((cookie.domain, cookie.path, cookie.name), None)
            else:
                self.add(cookie)


def is_cookie(name: object, value: object) -> bool:
    """Whether a name and a value may travel as a cookie."""
    if not isinstance(name, str) or not isinstance(value, str) or len(name) + len(value) > MAX_COOKIE_BYTES:
        return False
    return is_token(name) and _VALUE.match(value) is not None


def _bare(value: str) -> str:
    return value.strip().strip('"').strip()


def cookie_header(pairs: Iterable[tuple[str, str]]) -> str:
    """Return `name=value; name=value`."""
    return "; ".join(f"{name}={value}" for name, value in pairs)


def parse_set_cookie(text: str, host: str, path: str, now: float | None = None) -> tuple[Cookie, bool] | None:
    """Parse one `Set-Cookie` value sent by `host`; the flag says that it deletes. `None`: to be ignored."""
    first, *attributes = text[: 2 * MAX_COOKIE_BYTES].split(";")
    name, equals, value = first.partition("=")
    name, value = name.strip(), _bare(value)
    if not equals or not is_token(name) or not _VALUE.match(value):
        return None
    cookie = Cookie(name, value, host, True, _default_path(path))
    deleted = False
    max_age: int | None = None
    for attribute in attributes:
        key, _, setting = attribute.partition("=")
        key, setting = key.strip().lower(), setting.strip()
        if key == "domain" and setting.lstrip("."):
            domain = setting.lstrip(".").lower()
            if domain == host:
                cookie = replace(cookie, host_only=is_ip_address(host))
            elif "." in domain and is_subdomain(host, domain):
                cookie = replace(cookie, domain=domain, host_only=False)
            else:
                return None
        elif key == "path" and setting.startswith("/"):
            cookie = replace(cookie, path=setting)
        elif key == "secure":
            cookie = replace(cookie, secure=True)
        elif key == "max-age" and re.fullmatch(r"-?[0-9]{1,12}", setting):
            max_age = int(setting)
        elif key == "expires" and max_age is None:
            expires = parse_http_date(setting)
            deleted = expires is not None and expires <= (now or 0.0)
    if max_age is not None:
        deleted = max_age <= 0
    return cookie, deleted


def parse_cookie_pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Parse `name=value; name=value`, the form of `Cookie` and of the sign server's `X-Set-TT-Cookie`.

    Attributes such as `Path=/`, and what is not a cookie, are left out; the last of each name wins.
    """
    pairs: dict[str, str] = {}
    for part in re.split(r"[;\n]|,(?=\s*[A-Za-z0-9_\-]+=)", text[: 64 * 1024]):
        name, equals, value = part.partition("=")
        name, value = name.strip(), _bare(value)
        if name.lower() in COOKIE_ATTRIBUTES or not equals or not is_token(name) or not _VALUE.match(value):
            continue
        if len(name) + len(value) <= MAX_COOKIE_BYTES and (name in pairs or len(pairs) < MAX_COOKIES):
            pairs[name] = value
    return tuple(pairs.items())


COOKIE_ATTRIBUTES = frozenset(
    ["path", "domain", "expires", "max-age", "samesite", "secure", "httponly", "priority", "partitioned"]
)


def parse_netscape_cookies(text: str, *, now: float | None = None) -> CookieJar:
    """Parse the text of a `cookies.txt` file (Netscape format: what browser extensions, curl and yt-dlp write).

    A browser's file may hold the cookies of every site there is: all are kept, however many, so that TikTok's are not
    pushed out. A session takes only those that it may send (`SessionConfig.own_cookies`).

    Args:
        text: The file's content; the caller reads the file.
        now: Unix time; with it, cookies that have expired are left out.

    Raises:
        ConfigurationError: A line is not of that format, or is a cookie for TikTok that no header may carry; the
            message says which line, and never shows it.
    """
    lines = text.lstrip("\ufeff").split("\n")
    jar = CookieJar(limit=max(MAX_COOKIES, len(lines)))
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r").removeprefix("#HttpOnly_")
        if not line.strip() or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) == 6:
            columns.append("")
        if len(columns) != 7:
            raise ConfigurationError(
                f"Line {number} of the cookie file has {len(columns)} columns instead of 7 separated by tabs. Export "
                "the cookies in Netscape format (`cookies.txt`)."
            )
        domain, subdomains, path, secure, expires, name, value = (column.strip() for column in columns)
        # Times have fractions of a second in Chrome, and exporters may write them.
        whole = re.fullmatch(r"([0-9]{1,15})(?:\.[0-9]*)?", expires)
        expiry = int(whole[1]) if whole is not None else 0
        if now is not None and 0 < expiry <= now:
            continue
        host_only = subdomains.upper() != "TRUE" and not domain.startswith(".")
        host = domain.lstrip(".").lower()
        kept = jar.add(Cookie(name, value, host, host_only, path or "/", secure.upper() == "TRUE"))
        if not kept and (host == "tiktok.com" or is_subdomain(host, "tiktok.com")):
            raise ConfigurationError(
                f"Line {number} of the cookie file is a cookie for TikTok that no request may carry: its name or value "
                f"is empty, longer than {MAX_COOKIE_BYTES} bytes, or has odd characters. Export it again, or take the "
                "line out."
            )
    return jar


def parse_http_date(text: str) -> float | None:
    """Return an HTTP date as unix time, or `None` if it is not one."""
    match = _DATE.search(text[:64])
    if match is None:
        return None
    day, month, year, hour, minute, second = match.groups()
    number = int(year) if len(year) > 2 else int(year) + (1900 if int(year) >= 70 else 2000)
    try:
        moment = datetime(
            number, _MONTHS.get(month.lower(), 0), int(day), int(hour), int(minute), int(second), tzinfo=timezone.utc
        )
    except ValueError:
        return None
    return moment.timestamp()


def is_subdomain(host: str, domain: str) -> bool:
    """Whether `host` is a name below `domain`; an address never is."""
    return host.endswith("." + domain) and not is_ip_address(host)


def is_ip_address(host: str) -> bool:
    """Whether `host` is an address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return is_ip_address(host) and ipaddress.ip_address(host).is_loopback


def leads_here(host: str) -> bool:
    """Whether `host` leads to this machine under any of the names that it has, or is a number that may do so."""
    # With a dot at its end a name is the same name.
    host = host.removesuffix(".")
    if not is_ip_address(host):
        # Resolvers take "127.1" for an address too.
        return is_loopback(host) or _NUMBER.match(host.rpartition(".")[2]) is not None
    address = ipaddress.ip_address(host)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def _default_path(path: str) -> str:
    head = path.rpartition("/")[0]
    return head if head.startswith("/") else "/"
