"""What the simulator's web makes of a request, and the answers it can give: JSON, pages, protobuf, cookies."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from ..http import Headers, HttpRequest, HttpResponse, find_header

_WORTH_PACKING = 600
_MOST = 9 * 10**18
"""The ids of a room's messages are counted from its own, and fit 63 bits."""


class Asked(NamedTuple):
    """A request, taken apart."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Headers
    body: bytes
    cookies: Mapping[str, str]

    def header(self, name: str) -> str:
        """A header's first value; empty if there is none."""
        return find_header(self.headers, name) or ""

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one if it is none."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}


def read_id(text: str) -> int | None:
    """The number of a room or a host that a text says; `None` if it is none, or leaves its messages no room for ids."""
    return int(text) if 0 < len(text) < 20 and text.isascii() and text.isdigit() and int(text) < _MOST else None


def read_request(request: HttpRequest) -> Asked:
    """Take a request apart; the host does not matter."""
    parts = urlsplit(request.url)
    return Asked(
        request.method,
        unquote(parts.path) or "/",
        dict(parse_qsl(parts.query, keep_blank_values=True)),
        request.headers,
        request.body,
        read_cookies(request.headers),
    )


def read_cookies(headers: Headers) -> dict[str, str]:
    """The cookies of a request."""
    return parse_cookies("; ".join(value for name, value in headers if name.lower() == "cookie"))


def parse_cookies(text: str) -> dict[str, str]:
    """The cookies of a `Cookie` or `x-cookie-header` value."""
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return {name: value for name, sign, value in pairs if sign and name}


def json_answer(document: Mapping[str, Any], status: int = 200, headers: Headers = ()) -> HttpResponse:
    """An answer of JSON."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return HttpResponse(status, (("Content-Type", "application/json; charset=utf-8"), *headers), body)


def html_answer(page: str, status: int = 200) -> HttpResponse:
    """An answer of HTML."""
    return HttpResponse(status, (("Content-Type", "text/html; charset=utf-8"),), page.encode())


def bytes_answer(body: bytes, kind: str, headers: Headers = ()) -> HttpResponse:
    """An answer of anything else."""
    return HttpResponse(200, (("Content-Type", kind), *headers), body)


def with_headers(answer: HttpResponse, *headers: tuple[str, str]) -> HttpResponse:
    """The answer with further headers."""
    return HttpResponse(answer.status, (*answer.headers, *headers), answer.body)


def packed(answer: HttpResponse, asked: Asked) -> HttpResponse:
    """The answer compressed, if the client takes gzip and it is worth it."""
    if len(answer.body) < _WORTH_PACKING or "gzip" not in asked.header("accept-encoding"):
        return answer
    body = gzip.compress(answer.body, 1, mtime=0)
    return HttpResponse(answer.status, (*answer.headers, ("Content-Encoding", "gzip")), body)
