"""The envelope that webcast and search answers share: `status_code`, a message, `data`."""

from __future__ import annotations

from typing import Any

from ..evidence import Evidence, restricted, server_message, unexpected, unusable
from ..http import HttpResponse, TransportFailure
from ..webjson import BadJson, as_int, dig, parse_json

LOGIN_NEEDED = frozenset([20003, 2483])
"""Status codes that ask for a login (protocol/http.md section 2)."""


def read(source: str, answer: HttpResponse | TransportFailure) -> tuple[Evidence | None, Any]:
    """Return the whole JSON document, or the evidence of why there is none."""
    refused = unusable(source, answer)
    if refused is not None or isinstance(answer, TransportFailure):
        return refused or unexpected(source, "no answer"), None
    document = parse_json(answer.body)
    if isinstance(document, BadJson):
        return unexpected(source, f"the answer is {document.why}"), None
    code = as_int(dig(document, "status_code"))
    message = server_message(document)
    said = f"code {code}" + (f", {message}" if message else "")
    if code in LOGIN_NEEDED:
        return restricted(source, "login", said), document
    return (unexpected(source, said) if code else None), document
