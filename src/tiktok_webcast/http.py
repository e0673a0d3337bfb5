"""What the core asks of the web and what it gets back: plain values, no I/O.

A step towards a room is written as a generator, an [`Exchange`][]: it yields an
`HttpRequest`, is sent the `HttpResponse` or the `TransportFailure`, and returns its result.
Any program that can make an HTTP request can run one.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

Headers = tuple[tuple[str, str], ...]
"""Header names and values in order, repeats kept. Names compare without case."""

SECRET_HEADERS = frozenset(
    [
        "authorization",
        "cookie",
        "proxy-authorization",
        "set-cookie",
        "x-api-key",
        "x-cookie-header",
        "x-oauth-token",
        "x-set-tt-cookie",
    ]
)
"""Headers whose values no `repr` shows, in lower case."""
SECRET_NAME = re.compile(r"token|secret|session|cookie|auth|passw|signature|bogus|verify|fp$|key$", re.IGNORECASE)
"""What the names of other headers, and of parameters, have in them whose values no `repr` shows."""
_PARAMETER = re.compile(r"(?<=[?&])([^=&#]*)=[^&#]+")


class FailureKind(str, Enum):
    """Where a request or a socket failed before there was an answer."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    PROXY = "proxy"
    TIMEOUT = "timeout"
    READ = "read"
    WRITE = "write"
    PROTOCOL = "protocol"
    TOO_LARGE = "too_large"
    REDIRECT = "redirect"
    """Too many redirects, or one that must not be followed; only `tiktok_webcast.web.fetch` says so."""


@dataclass(frozen=True)
class TransportFailure:
    """There is no answer: the transport says where it failed and in whose words."""

    kind: FailureKind
    detail: str = ""


@dataclass(frozen=True)
class HttpRequest:
    """One request to send, complete: a transport adds only `Host` and `Content-Length`."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    max_body: int = 16 * 1024 * 1024
    """Bytes of body to accept; past it the transport answers `TransportFailure(TOO_LARGE)`."""

    def __repr__(self) -> str:
        url, headers = masked_url(self.url), masked(self.headers)
        return f"HttpRequest({self.method!r}, {url!r}, headers={headers!r}, {len(self.body)} bytes)"


@dataclass(frozen=True)
class HttpResponse:
    """One answer: `body` is as it was on the wire, still compressed if the server did so."""

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    url: str = ""
    """The address that answered, after redirects; `tiktok_webcast.web.fetch` fills it in, a transport need not."""

    def __repr__(self) -> str:
        return f"HttpResponse({self.status!r}, headers={masked(self.headers)!r}, {len(self.body)} bytes)"

    def header(self, name: str) -> str | None:
        """Return the first value of the header `name` (any case), or `None`."""
        return find_header(self.headers, name)


@dataclass(frozen=True)
class SocketRequest:
    """A WebSocket to open: an `ws://` or `wss://` URL with the headers of its handshake."""

    url: str
    headers: Headers = ()
    subprotocols: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"SocketRequest({masked_url(self.url)!r}, headers={masked(self.headers)!r})"


def masked(headers: Headers) -> Headers:
    """Return the headers with the values of `SECRET_HEADERS`, and of others of such names, masked for a log line."""
    return tuple((name, "***" if is_secret_header(name) else value) for name, value in headers)


def masked_url(url: str) -> str:
    """Return an address with the values of the parameters masked whose names speak of secrets."""
    return _PARAMETER.sub(lambda found: f"{found[1]}=***" if SECRET_NAME.search(found[1]) else found[0], url)


def is_secret_header(name: str) -> bool:
    """Whether no `repr` shows the value of a header of this name."""
    return name.lower() in SECRET_HEADERS or SECRET_NAME.search(name) is not None


T = TypeVar("T")
Exchange = Generator[HttpRequest, "HttpResponse | TransportFailure", T]
"""Requests that lead to a result of type `T`: yields requests, is sent answers, returns `T`."""


_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")


def is_token(text: str) -> bool:
    """Whether a text can be the name of a header or of a cookie (RFC 9110 section 5.6.2)."""
    return _TOKEN.match(text) is not None


def find_header(headers: Headers, name: str) -> str | None:
    """Return the first value of the header `name` (any case) in `headers`, or `None`."""
    wanted = name.lower()
    for key, value in headers:
        if key.lower() == wanted:
            return value
    return None
