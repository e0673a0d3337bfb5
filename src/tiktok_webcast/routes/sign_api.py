"""What both generations of the sign server's API share: who asks, and how it says no (protocol/http.md section 8)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .._version import __version__
from ..close import CloseReason
from ..context import Params, encode_query
from ..evidence import excerpt, failure_reason, server_message
from ..http import Headers, HttpRequest, HttpResponse, TransportFailure
from ..signer import SignFailure
from ..waiting import rate_limit_wait, retry_after
from ..webjson import BadJson, as_int, dig, parse_json

LIBRARY = f"tiktok-webcast/{__version__}"
"""How this library names itself to a sign server."""
WINDOWS = ("day", "hour", "minute")
"""The spans of time that the server's limits count in."""
_PAID = frozenset([401, 402, 403])


class Generation(str, Enum):
    """Which form of the API a server speaks: paths differ, bodies and headers do not."""

    API_2025 = "2025"
    API_2026 = "2026"


@dataclass(frozen=True)
class Client:
    """Who asks: sent with every request to a sign server."""

    url: str
    """The server's origin."""
    name: str = "tiktok-webcast"
    """The `client` parameter: a name of our own, as the service asks."""
    headers: Headers = field(default=(), repr=False)
    """The API key and, for a trusted host only, the login."""
    max_body: int = 4 * 1024 * 1024

    @property
    def named(self) -> Params:
        """The query parameter that names the client."""
        return (("client", self.name),)

    def request(
        self, method: str, path: str, params: Params = (), body: Mapping[str, Any] | None = None
    ) -> HttpRequest:
        """Return a request to the server."""
        query = encode_query(params)
        headers: Headers = (
            ("User-Agent", LIBRARY),
            ("Accept", "application/x-protobuf, application/json"),
            ("Accept-Encoding", "gzip, deflate"),
            *self.headers,
        )
        content = b""
        if body is not None:
            content = json.dumps(body, ensure_ascii=True).encode("ascii")
            headers += (("Content-Type", "application/json"),)
        return HttpRequest(method, f"{self.url}{path}{'?' + query if query else ''}", headers, content, self.max_body)


def refusal(answer: HttpResponse | TransportFailure) -> SignFailure | None:
    """Return the failure that an answer tells by its status, or by a `code` in a JSON body; `None`: it tells none."""
    if isinstance(answer, TransportFailure):
        detail = f"the sign server did not answer, {answer.kind.value}"
        return SignFailure(failure_reason(answer), f"{detail}: {answer.detail}" if answer.detail else detail)
    document = parse_json(answer.body) if answer.body.lstrip()[:1] == b"{" else None
    document = None if isinstance(document, BadJson) else document
    code = as_int(dig(document, "code"))
    if answer.status != 200:
        return _failure(answer.status, code, document, answer)
    if code is not None and code >= 400:
        return _failure(code, code, document, answer)
    return None


def _failure(status: int, code: int | None, document: Any, answer: HttpResponse) -> SignFailure:
    message = server_message(document)
    said = f"HTTP {answer.status}"
    if code is not None and code != answer.status:
        said += f", code {code}"
    if message:
        said += f": {message}"
    elif answer.body.lstrip()[:1] == b"<":
        said += ", a web page instead of an answer"
    label = excerpt(dig(document, "limit_label"))
    facts = facts_of(answer, code=code, limit_label=label)
    if status == 429:
        label = label or _spent(document)
        facts = facts_of(answer, code=code, limit_label=label)
        if label and label not in said:
            said += f" (limit: {label})"
        return SignFailure(
            CloseReason.SIGN_RATE_LIMITED, said, retry_after=rate_limit_wait(answer.headers), facts=facts
        )
    if status in _PAID:
        return SignFailure(CloseReason.SIGN_PREMIUM, said, retry=False, facts=facts)
    if status == 503 and not message:
        said += ", no signing agent is free"
    retry = status >= 500 or status == 408
    # An outage is no limit reached: how much of it is left, and until when, says nothing about the next try.
    return SignFailure(CloseReason.SIGN_FAILED, said, retry, retry_after(answer.headers) if retry else None, facts)


def unusable(answer: HttpResponse | TransportFailure, what: str) -> SignFailure:
    """Return the failure of an answer that came and does not help."""
    facts = facts_of(answer) if isinstance(answer, HttpResponse) else ()
    return SignFailure(CloseReason.SIGN_FAILED, f"the sign server gave {what}", facts=facts)


def _spent(document: Any) -> str:
    for name in WINDOWS:
        if as_int(dig(document, name, "remaining")) == 0:
            return name
    return ""


def facts_of(answer: HttpResponse, *, code: int | None = None, limit_label: str = "") -> tuple[tuple[str, str], ...]:
    """Return what an answer says about itself besides its message: status, code, ids."""
    named = {
        "status": str(answer.status),
        "code": "" if code is None else str(code),
        "limit_label": limit_label,
        "request_id": excerpt(answer.header("x-request-id")),
        "agent_id": excerpt(answer.header("x-agent-id")),
        "log_code": excerpt(answer.header("x-log-code")),
    }
    return tuple((name, value) for name, value in named.items() if value)


def document_of(answer: HttpResponse | TransportFailure) -> dict[str, Any] | SignFailure:
    """Return the JSON object of an answer, or the failure that it amounts to."""
    failure = refusal(answer)
    if failure is not None or isinstance(answer, TransportFailure):
        return failure or unusable(answer, "no answer")
    document = parse_json(answer.body)
    if not isinstance(document, dict):
        return unusable(answer, "an answer that is not JSON" if answer.body else "an empty answer")
    return document
