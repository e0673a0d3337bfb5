"""What stands in a capture where a secret was: text of the same length and shape, the same for the same secret.

A session looks into none of them, so that it does the same when it is given the masks: a replay stays exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from random import Random
from urllib.parse import quote, unquote_plus

from ..config import Limits
from ..context import ACCOUNT_COOKIES, GUEST_COOKIES, encode_query
from ..cookies import COOKIE_ATTRIBUTES, Cookie
from ..http import (
    SECRET_NAME,
    Headers,
    HttpRequest,
    HttpResponse,
    SocketRequest,
    TransportFailure,
    find_header,
    is_secret_header,
)
from ..secret import Secret
from ..web import unpack, without_header

OPEN_COOKIES = frozenset(["tt-target-idc", "store-idc", "store-country-code", "store-country-code-src"])
"""Cookies that name a place and nobody; the session itself sets the first."""
_ONE_MORE = re.compile(r"(,\s*[A-Za-z0-9_\-]+=)")
_SHORTEST = 8
"""Characters from which on a secret is searched for everywhere, and not only where it belongs."""
_UNKNOWN = 16
"""The same for cookies of other names, which may be plain words."""
_LONG = 32
"""Characters from which on what a server tells is no word, digits or none."""
MAX_TOLD = 1024
"""Secrets of servers that are known at the same time, three times what a session's cookie jar holds; the one not met
for the longest is forgotten. Those of the configuration are not counted, nor ever forgotten."""


class Masks:
    """The secrets of one recording and what stands for each."""

    def __init__(self) -> None:
        self._mask_of: dict[str, str] = {}
        self._told: dict[str, None] = {}
        """Of those the ones that servers told, the one met last at the end."""
        self._made = 0
        self._settled = False
        self._everywhere: dict[str, str] = {}
        self._parameters: dict[str, str] = {}
        """What else is masked in addresses, name and value as they stand there: a value may be too short for all."""
        self._pattern: re.Pattern[str] | None = None
        self._pattern_bytes: re.Pattern[bytes] | None = None
        self._stale = False
        """Whether the patterns lack a secret: made when they are needed, for an answer may set a thousand cookies."""

    def settle(self) -> None:
        """The configuration's secrets are known; all others come from servers."""
        self._settled = True

    def secret(self, value: str, *, everywhere: bool = True) -> str:
        """Return what stands for a secret; with `everywhere`, its other places will be masked too."""
        if not value:
            return value
        mask = self._mask_of.get(value)
        if mask is None:
            mask = self._mask_of[value] = _shaped(value, Random(f"mask {self._made}"))
            self._made += 1
            if self._settled:
                self._told[value] = None
        elif value in self._told:
            self._told[value] = self._told.pop(value)
        # A word or a host's name that a server puts in such a place has a meaning in others.
        secret_looking = not self._settled or len(value) >= _LONG or any(character.isdigit() for character in value)
        if everywhere and secret_looking and len(value) >= _SHORTEST and value not in self._everywhere:
            self._everywhere[value] = mask
            self._everywhere.setdefault(quote(value, safe=""), quote(mask, safe=""))
            self._stale = True
        while len(self._told) > MAX_TOLD:
            self._forget(next(iter(self._told)))
        return mask

    def _forget(self, value: str) -> None:
        del self._told[value]
        if self._everywhere.get(value) != self._mask_of.pop(value):
            # It is another secret, as that stands in addresses, which is still known.
            return
        del self._everywhere[value]
        quoted = quote(value, safe="")
        if quoted in self._mask_of:
            self._everywhere[quoted] = self._mask_of[quoted]
        else:
            self._everywhere.pop(quoted, None)
        self._stale = True

    def cookie(self, name: str, value: str) -> str:
        """Return what stands for a cookie's value, in quotes perhaps; after a comma there may be one more cookie."""
        first, *others = _ONE_MORE.split(value)
        masked = [self._cookie(name, first)]
        for between, more in zip(others[::2], others[1::2], strict=True):
            masked += (between, self._cookie(between.strip(", ="), more))
        return "".join(masked)

    def _cookie(self, name: str, value: str) -> str:
        # As little as the session takes for the value; what it does not look at is masked nevertheless.
        bare = value.strip().strip('"').strip()
        if name in OPEN_COOKIES or not bare:
            return value
        known = name in ACCOUNT_COOKIES or name in GUEST_COOKIES
        return value.replace(bare, self.secret(bare, everywhere=known or _looks_random(bare)))

    def text(self, text: str) -> str:
        """Return text with the secrets in it masked."""
        self._refresh()
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._everywhere[found.group()], text)

    def data(self, data: bytes) -> bytes:
        """Return bytes with the secrets in them masked."""
        self._refresh()
        if self._pattern_bytes is None:
            return data
        return self._pattern_bytes.sub(lambda found: self._everywhere[found.group().decode()].encode(), data)

    def _refresh(self) -> None:
        if self._stale:
            self._stale = False
            words = sorted(self._everywhere, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, words))) if words else None
            self._pattern_bytes = re.compile(b"|".join(re.escape(word.encode()) for word in words)) if words else None

    # --- what holds secrets ---------------------------------------------------------------------------------------

    def cookies(self, cookies: Iterable[Cookie]) -> tuple[Cookie, ...]:
        """Mask cookies of a configuration."""
        return tuple(replace(cookie, value=self.cookie(cookie.name, cookie.value)) for cookie in cookies)

    def key(self, value: Secret | None) -> Secret | None:
        """Mask a session id or an API key."""
        return None if value is None else Secret(self.secret(value.reveal()))

    def overrides(self, values: Mapping[str, str], *, headers: bool) -> dict[str, str]:
        """Mask extra parameters or headers whose names speak of secrets."""
        if headers:
            return dict(self.headers(tuple(values.items())))
        return {
            name: self._parameter(name, value) if SECRET_NAME.search(name) else self.text(value)
            for name, value in values.items()
        }

    def address(self, url: str) -> str:
        """Mask an address."""
        path, mark, query = url.partition("?")
        pairs = [self._parameters.get(pair, pair) for pair in query.split("&")]
        return self.text(f"{path}{mark}{'&'.join(pairs)}")

    def headers(self, headers: Headers) -> Headers:
        """Mask headers, of either direction."""
        # All secrets are learned before any text is searched for them.
        parts = [(name, *self._header(name.lower(), value)) for name, value in headers]
        return tuple((name, masked + self.text(rest)) for name, masked, rest in parts)

    def request(self, request: HttpRequest, *, own_signer: bool = False) -> HttpRequest:
        """Mask a request; of a signer of the program's own also each parameter whose name speaks of a secret."""
        headers = self.headers(request.headers)
        url = self._own_address(request.url) if own_signer else request.url
        return replace(request, url=self.address(url), headers=headers, body=self.data(request.body))

    def socket(self, request: SocketRequest) -> SocketRequest:
        """Mask a handshake."""
        headers = self.headers(request.headers)
        return replace(request, url=self.address(request.url), headers=headers)

    def answer(self, answer: HttpResponse | TransportFailure) -> HttpResponse | TransportFailure:
        """Mask an answer. A packed body that holds a secret is kept unpacked."""
        if isinstance(answer, TransportFailure):
            return replace(answer, detail=self.text(answer.detail))
        headers = self.headers(answer.headers)
        found = HttpResponse(answer.status, headers, self.data(answer.body))
        if self._pattern_bytes is None or not find_header(headers, "content-encoding"):
            return found
        plain = unpack(answer, Limits().response_body)
        if isinstance(plain, TransportFailure) or self._pattern_bytes.search(plain.body) is None:
            return found
        return HttpResponse(answer.status, without_header(headers, "content-encoding"), self.data(plain.body))

    def _pair(self, pair: str, *, attributes: bool) -> str:
        cookie, sign, value = pair.partition("=")
        if attributes and cookie.strip().lower() in COOKIE_ATTRIBUTES:
            return pair
        return f"{cookie}{sign}{self.cookie(cookie.strip(), value)}" if sign else self.cookie("", pair)

    def _own_address(self, url: str) -> str:
        path, mark, query = url.partition("?")
        pairs = [pair.partition("=") for pair in query.split("&")]
        masked = (name + sign + self._own_value(name, value) for name, sign, value in pairs)
        return f"{path}{mark}{'&'.join(masked)}"

    def _own_value(self, name: str, value: str) -> str:
        if not SECRET_NAME.search(name):
            return value
        plain = unquote_plus(value)
        return quote(self.secret(plain, everywhere=_looks_random(plain)), safe="")

    def _parameter(self, name: str, value: str) -> str:
        mask = self.secret(value)
        self._parameters[encode_query([(name, value)])] = encode_query([(name, mask)])
        return mask

    def _header(self, name: str, value: str) -> tuple[str, str]:
        """Return the part of a header that is masked, and the text after it that may hold secrets of other places."""
        if name == "set-cookie":
            pair, semicolon, attributes = value.partition(";")
            return f"{self._pair(pair, attributes=False)}{semicolon}", attributes
        if "cookie" in name:
            pairs = re.split(r"([;\n])", value)
            return "".join(self._pair(pair, attributes=name != "cookie") for pair in pairs), ""
        if is_secret_header(name):
            return self.secret(value), ""
        return "", value


def _looks_random(value: str) -> bool:
    return len(value) >= _UNKNOWN and any(character.isdigit() for character in value)


def without_secret_values(url: str) -> str:
    """Return an address without the values of the parameters whose names speak of secrets."""
    path, mark, query = url.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&"))
    kept = (name + sign + ("" if SECRET_NAME.search(name) else value) for name, sign, value in pairs)
    return f"{path}{mark}{'&'.join(kept)}"


def _shaped(text: str, rng: Random) -> str:
    """Other text of the same shape. At random, so that nothing of the secret can be computed from it."""
    return "".join(
        str(rng.randrange(10))
        if character.isdigit()
        else chr((97 if character.islower() else 65) + rng.randrange(26))
        if character.isascii() and character.isalpha()
        else character
        for character in text
    )
