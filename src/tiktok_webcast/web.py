"""One question to the web, told to the end: cookies, redirects and compression around a single request.

A transport makes exactly the request it is given. What a browser would add lies here, where it is the same for every
transport and can be tested without a network.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from urllib.parse import quote, urljoin, urlsplit

from .config import Limits
from .cookies import CookieJar, cookie_header, leads_here, parse_cookie_pairs
from .http import Exchange, FailureKind, Headers, HttpRequest, HttpResponse, TransportFailure, find_header

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_GZIP_MEMBERS = 16
"""Parts that one gzip body may have; servers send one."""
MAX_CODINGS = 3
"""Codings that one `Content-Encoding` may stack; servers use one."""
MAX_URL = 16 * 1024
"""Characters of an address that a redirect may name."""

_GZIP = 31
_BITE = 16 * 1024
_PIECE = 64 * 1024
_SAFE_ELSEWHERE = frozenset(
    [
        "accept",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "sec-fetch-dest",
        "sec-fetch-mode",
        "sec-fetch-site",
        "user-agent",
    ]
)


def fetch(request: HttpRequest, *, jar: CookieJar | None, limits: Limits) -> Exchange[HttpResponse | TransportFailure]:
    """Make one request to the end: follow redirects, keep cookies, unpack the body.

    Another origin gets neither the request's own cookies, keys and further headers nor its body, and of the jar only
    what its domain rules give to that host; another port of the same host, which those rules do not tell apart, is
    another party and gets nothing of it. A redirect from `https` to `http` is refused.

    Args:
        request: What to ask.
        jar: Cookies to send and to keep; `None` for a host that is not TikTok's.
        limits: `redirects` and `response_body` are heeded.

    Returns:
        The last answer with its body unpacked and its `url` set, or why there is none.
    """
    first = request.url
    for _ in range(limits.redirects + 1):
        own = jar if _same_party(request.url, first) else None
        answer = yield _with_cookies(request, own)
        if isinstance(answer, TransportFailure):
            return answer
        if own is not None:
            own.receive(request.url, answer.headers)
        location = answer.header("location")
        if answer.status not in REDIRECTS or not location:
            return unpack(replace(answer, url=request.url), limits.response_body)
        following = redirected(request, answer.status, location)
        if isinstance(following, TransportFailure):
            return following
        request = following
    return TransportFailure(FailureKind.REDIRECT, f"more than {limits.redirects} redirects (Limits.redirects)")


def redirected(request: HttpRequest, status: int, location: str) -> HttpRequest | TransportFailure:
    """Return the request that a redirect asks for, or why it is not followed."""
    try:
        url = urljoin(request.url, quote(location.strip()[: MAX_URL + 1], safe="%:/?#[]@!$&'()*+,;=~"))
        parts, old = urlsplit(url), urlsplit(request.url)
        origin, old_origin = (parts.scheme, parts.hostname, parts.port), (old.scheme, old.hostname, old.port)
    except ValueError:
        return TransportFailure(FailureKind.REDIRECT, "a redirect to something that is no address")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or len(url) > MAX_URL:
        return TransportFailure(FailureKind.REDIRECT, "a redirect to something that is no web address")
    if old.scheme == "https" and parts.scheme != "https":
        return TransportFailure(FailureKind.REDIRECT, f"refused a redirect from https to http ({parts.hostname})")
    if leads_here(parts.hostname) and not leads_here(old.hostname or ""):
        return TransportFailure(FailureKind.REDIRECT, "refused a redirect to this very machine")
    keeps_body = status in (307, 308) or request.method in ("GET", "HEAD")
    headers = request.headers
    if not keeps_body:
        headers = tuple(pair for pair in headers if not pair[0].lower().startswith("content-"))
    if origin != old_origin:
        if keeps_body and request.body:
            return TransportFailure(
                FailureKind.REDIRECT, f"refused to repeat a body to another host ({parts.hostname})"
            )
        headers = tuple(pair for pair in headers if pair[0].lower() in _SAFE_ELSEWHERE)
    if keeps_body:
        return replace(request, url=url, headers=headers)
    return replace(request, method="GET", url=url, headers=headers, body=b"")


def _same_party(url: str, first: str) -> bool:
    """Whether the cookie rules can tell the two apart, or need not: not so for two servers on one host."""
    if url == first:
        return True
    one, other = urlsplit(url), urlsplit(first)
    if one.hostname != other.hostname or one.port == other.port:
        return True
    return {one.port, other.port} <= {None, 80, 443}


def _with_cookies(request: HttpRequest, jar: CookieJar | None) -> HttpRequest:
    pairs = jar.cookies_for(request.url) if jar is not None else ()
    if not pairs:
        return request
    own = find_header(request.headers, "cookie") or ""
    merged = {**dict(pairs), **dict(parse_cookie_pairs(own))}
    rest = tuple(pair for pair in request.headers if pair[0].lower() != "cookie")
    return replace(request, headers=(*rest, ("Cookie", cookie_header(merged.items()))))


def unpack(response: HttpResponse, limit: int) -> HttpResponse | TransportFailure:
    """Undo the `Content-Encoding` of an answer, holding at most `limit` bytes; a lie about it is forgiven."""
    if len(response.body) > limit:
        return _too_large(limit)
    codings = [
        coding.strip().lower()
        for name, value in response.headers
        if name.lower() == "content-encoding"
        for coding in value[:256].split(",")
        if coding.strip()
    ]
    if len(codings) > MAX_CODINGS:
        return TransportFailure(FailureKind.PROTOCOL, f"the body is packed {len(codings)} times over")
    body = response.body
    for coding in reversed(codings):
        outcome = _unpack_one(coding, body, limit)
        if isinstance(outcome, TransportFailure):
            return outcome
        body = outcome
    return replace(response, headers=without_header(response.headers, "content-encoding"), body=body)


def without_header(headers: Headers, name: str) -> Headers:
    """Return the headers save those called `name` (lower case)."""
    return tuple(pair for pair in headers if pair[0].lower() != name)


def _unpack_one(coding: str, body: bytes, limit: int) -> bytes | TransportFailure:
    if coding == "identity" or not body:
        return body
    if coding in ("gzip", "x-gzip"):
        # Servers and proxies label plain bodies so; the magic number tells.
        return _inflate(body, _GZIP, limit) if body[:2] == b"\x1f\x8b" else body
    if coding == "deflate":
        return _inflate(body, 15 if _is_zlib(body) else -15, limit)
    return TransportFailure(FailureKind.PROTOCOL, f"the body is packed in a way that was not offered: {coding[:20]!r}")


def _is_zlib(body: bytes) -> bool:
    return len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0


def _inflate(body: bytes, window: int, limit: int) -> bytes | TransportFailure:
    chunks: list[bytes] = []
    at = 0
    for _ in range(MAX_GZIP_MEMBERS):
        outcome = _inflate_part(body, at, window, limit, chunks)
        if isinstance(outcome, TransportFailure):
            return outcome
        at = outcome
        if window != _GZIP or body[at : at + 2] != b"\x1f\x8b":
            return b"".join(chunks)
    return TransportFailure(FailureKind.PROTOCOL, f"the packed body has more than {MAX_GZIP_MEMBERS} parts")


def _inflate_part(body: bytes, at: int, window: int, limit: int, chunks: list[bytes]) -> int | TransportFailure:
    """Unpack one part from `at` on into `chunks`; the place after it, or why not."""
    inflater = zlib.decompressobj(window)
    size = sum(map(len, chunks))
    while at < len(body):
        # Small bites: what zlib has not taken yet is copied with every call.
        fed = body[at : at + _BITE]
        at += len(fed)
        while not inflater.eof:
            try:
                piece = inflater.decompress(fed, _PIECE)
            except zlib.error:
                return TransportFailure(FailureKind.PROTOCOL, "the packed body is damaged")
            size += len(piece)
            if size > limit:
                return _too_large(limit)
            chunks.append(piece)
            fed = inflater.unconsumed_tail
            if not fed and len(piece) < _PIECE:
                break
        if inflater.eof:
            return at - len(inflater.unused_data)
    return TransportFailure(FailureKind.PROTOCOL, "the packed body breaks off")


def _too_large(limit: int) -> TransportFailure:
    return TransportFailure(FailureKind.TOO_LARGE, f"the body is longer than {limit} bytes (Limits.response_body)")
