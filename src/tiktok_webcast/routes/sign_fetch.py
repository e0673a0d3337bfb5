"""The signed socket address of a room, from a sign server (protocol/http.md section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError

from .._pb.transport_pb2 import ProtoMessageFetchResult
from ..close import CloseReason
from ..config import Limits
from ..context import Params
from ..cookies import parse_cookie_pairs
from ..evidence import excerpt
from ..http import HttpRequest, HttpResponse, TransportFailure
from ..signer import SignFailure
from ..view import text as wire_text
from ..webjson import as_id
from .sign_api import Client, Generation, facts_of, refusal, unusable

MAX_ROUTE_PARAMS = 64
"""Parameters for the socket that a signer may name; real ones name two."""
MAX_ROUTE_BYTES = 8192
"""Characters of these parameters, the cursor and `internal_ext` together: all of them go into the socket's address."""


@dataclass(frozen=True)
class SignAnswer:
    """A usable answer to `fetch`."""

    push_server: str
    route_params: Mapping[str, str] = field(repr=False)
    cursor: str
    internal_ext: str = field(repr=False)
    cookies: Params = field(repr=False)
    """For the socket: the `X-Set-TT-Cookie` header."""
    user_agent: str = ""
    """The user agent that it was signed for, if another than ours."""
    room_id: int | None = None
    request_id: str = ""
    body: bytes = field(default=b"", repr=False)


def build(
    client: Client,
    generation: Generation,
    room_id: int,
    *,
    user_agent: str,
    cursor: str = "",
    platform: str = "web",
    country: str = "",
) -> HttpRequest:
    """Return the request for a room's signed socket and its first messages."""
    params: Params = client.named
    if generation is Generation.API_2025:
        params += (("room_id", str(room_id)),)
    if cursor:
        params += (("cursor", cursor),)
    params += (("user_agent", user_agent), ("client_enter", "true"), ("platform", platform))
    if generation is Generation.API_2026:
        return client.request("GET", f"/webcast/rooms/{room_id}/connect", params)
    if country:
        params += (("country", country),)
    return client.request("GET", "/webcast/fetch", params)


def parse(answer: HttpResponse | TransportFailure, limits: Limits) -> SignAnswer | SignFailure:
    """Read the answer to `build`: an answer that misses anything the socket needs is a failure."""
    failure = refusal(answer)
    if failure is not None or isinstance(answer, TransportFailure):
        return failure or unusable(answer, "no answer")
    if not answer.body:
        return unusable(answer, "an empty answer")
    if len(answer.body) > limits.unpacked:
        over = f"an answer of {len(answer.body)} bytes is over Limits.unpacked ({limits.unpacked})"
        return SignFailure(CloseReason.LIMIT, over, facts=facts_of(answer))
    result = ProtoMessageFetchResult()
    try:
        result.ParseFromString(answer.body)
    except DecodeError:
        return unusable(answer, f"{len(answer.body)} bytes that are no fetch result")
    route_params = {wire_text(pair.key): wire_text(pair.value) for pair in result.route_params[: MAX_ROUTE_PARAMS + 1]}
    push_server, cursor = wire_text(result.push_server), wire_text(result.cursor)
    internal_ext = wire_text(result.internal_ext)
    cookies = parse_cookie_pairs("; ".join(v for n, v in answer.headers if n.lower() == "x-set-tt-cookie"))
    for missing, value in (
        ("no cookies (X-Set-TT-Cookie)", cookies),
        ("no cursor", cursor),
        ("no socket address (push_server)", push_server),
        ("no socket parameters (route_params)", route_params),
    ):
        if not value:
            return unusable(answer, f"an answer with {missing}")
    texts = (*route_params, *route_params.values(), cursor, internal_ext)
    if len(route_params) > MAX_ROUTE_PARAMS or sum(map(len, texts)) > MAX_ROUTE_BYTES:
        return unusable(answer, "an answer with too many socket parameters")
    user_agent = (answer.header("x-set-tt-user-agent") or "").strip()
    return SignAnswer(
        push_server,
        route_params,
        cursor,
        internal_ext,
        cookies,
        user_agent if user_agent.isascii() and user_agent.isprintable() and len(user_agent) <= 512 else "",
        as_id(answer.header("x-room-id")),
        excerpt(answer.header("x-request-id")),
        answer.body,
    )
