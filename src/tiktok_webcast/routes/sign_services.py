"""What else a sign server offers: comments, limits, room ids, signed addresses (protocol/http.md section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from ..close import CloseReason
from ..context import Params, encode_query
from ..cookies import parse_cookie_pairs
from ..evidence import excerpt, server_message
from ..gift_list import GiftList
from ..http import HttpRequest, HttpResponse, TransportFailure, is_token
from ..room_info import RoomInfo
from ..signer import SignFailure
from ..webjson import as_dict, as_id, as_int, as_text, dig
from .sign_api import WINDOWS, Client, Generation, document_of

STRIPPED = frozenset(["X-Bogus", "X-Gnarly", "msToken"])
"""Query keys to take out of an address before it is signed."""


@dataclass(frozen=True)
class ChatSent:
    """The sign server's word that a comment was sent."""

    message: str
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class RateWindow:
    """One limit: how many requests in a span of time, and how many are left."""

    limit: int | None
    remaining: int | None
    reset_at: str
    """When it starts anew, as the server writes it."""


@dataclass(frozen=True)
class RateLimits:
    """The sign server's limits for this key or address."""

    day: RateWindow | None
    hour: RateWindow | None
    minute: RateWindow | None
    message: str = ""


@dataclass(frozen=True)
class SignedUrl:
    """A signed address. The request must use exactly this address and this user agent."""

    url: str = field(repr=False)
    user_agent: str
    request_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tokens: Mapping[str, Any] = field(default_factory=dict, repr=False)
    cookies: Params = field(default=(), repr=False)
    browser_name: str = ""
    browser_version: str = ""


def build_chat(client: Client, generation: Generation, room_id: int, content: str) -> HttpRequest:
    """Return the request that sends a comment to a room."""
    if generation is Generation.API_2026:
        return client.request("POST", f"/webcast/rooms/{room_id}/chat", client.named, {"content": content})
    body = {"content": content, "targetRoomId": str(room_id)}
    return client.request("POST", "/webcast/chat", client.named, body)


def parse_chat(answer: HttpResponse | TransportFailure) -> ChatSent | SignFailure:
    """Read the answer to `build_chat`."""
    document = document_of(answer)
    if isinstance(document, SignFailure):
        return document
    return ChatSent(server_message(document), as_dict(dig(document, "data")))


def build_rate_limits(client: Client, generation: Generation) -> HttpRequest:
    """Return the request for the limits of this key or address."""
    if generation is Generation.API_2026:
        return client.request("GET", "/accounts/me/rate_limits", (("type", "WEBCAST"),))
    return client.request("GET", "/webcast/rate_limits", client.named)


def parse_rate_limits(answer: HttpResponse | TransportFailure) -> RateLimits | SignFailure:
    """Read the answer to `build_rate_limits`."""
    document = document_of(answer)
    if isinstance(document, SignFailure):
        return document
    where = document if any(name in document for name in WINDOWS) else as_dict(dig(document, "data"))
    day, hour, minute = (_window(where.get(name)) for name in WINDOWS)
    return RateLimits(day, hour, minute, server_message(document))


def _window(value: Any) -> RateWindow | None:
    if not isinstance(value, dict):
        return None
    return RateWindow(as_int(value.get("max")), as_int(value.get("remaining")), excerpt(as_text(value.get("reset_at"))))


def build_room_id(client: Client, generation: Generation, unique_id: str) -> HttpRequest:
    """Return the request for a user's room id (a paid feature)."""
    if generation is Generation.API_2026:
        return client.request("GET", f"/webcast/anchors/{quote(unique_id, safe='')}/room_id", client.named)
    return client.request("GET", "/webcast/room_id", (("client", client.name), ("uniqueId", unique_id)))


def parse_room_id(answer: HttpResponse | TransportFailure) -> int | SignFailure:
    """Read the answer to `build_room_id`."""
    document = document_of(answer)
    if isinstance(document, SignFailure):
        return document
    for where in (document, as_dict(dig(document, "data")), as_dict(dig(document, "response"))):
        for name in ("room_id", "roomId", "room_id_str"):
            room_id = as_id(where.get(name))
            if room_id is not None:
                return room_id
    return SignFailure(CloseReason.SIGN_FAILED, "the sign server names no room", retry=False)


def build_room_info(client: Client, generation: Generation, room: int | str) -> HttpRequest:
    """Return the request for the data of a room, by its id or its host's name (a paid feature)."""
    if generation is Generation.API_2026:
        where = f"rooms/{room}" if isinstance(room, int) else f"anchors/{quote(room, safe='')}"
        return client.request("GET", f"/webcast/{where}/room_info", client.named)
    name = ("roomId", str(room)) if isinstance(room, int) else ("uniqueId", room)
    return client.request("GET", "/webcast/room_info", (*client.named, name))


def parse_room_info(answer: HttpResponse | TransportFailure) -> RoomInfo | SignFailure:
    """Read the answer to `build_room_info`: TikTok's own data, passed on in one of several places."""
    document = document_of(answer)
    if isinstance(document, SignFailure):
        return document
    for where in _places(document):
        if as_dict(where.get("owner")) or as_id(where.get("id_str")):
            return RoomInfo.from_data(where)
    return SignFailure(CloseReason.SIGN_FAILED, "the sign server's answer holds no room", retry=False)


def build_gifts(client: Client, generation: Generation, room_id: int, language: str) -> HttpRequest:
    """Return the request for the gifts of a room."""
    if generation is Generation.API_2026:
        params = (*client.named, ("webcast_language", language))
        return client.request("GET", f"/webcast/rooms/{room_id}/gifts", params)
    return client.request("GET", "/webcast/gift_info", (*client.named, ("room_id", str(room_id))))


def parse_gifts(answer: HttpResponse | TransportFailure) -> GiftList | SignFailure:
    """Read the answer to `build_gifts`."""
    document = document_of(answer)
    if isinstance(document, SignFailure):
        return document
    for where in _places(document):
        gifts = GiftList.from_data(where)
        if len(gifts):
            return gifts
    return SignFailure(CloseReason.SIGN_FAILED, "the sign server's answer holds no gifts", retry=False)


def _places(document: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    outer = (document, as_dict(document.get("data")), as_dict(document.get("response")))
    return (*outer, *(as_dict(where.get("data")) for where in outer[1:]))


def build_sign_url(
    client: Client,
    generation: Generation,
    url: str,
    *,
    user_agent: str,
    method: str = "GET",
    payload: str = "",
    ttwid: str = "",
    login: Mapping[str, str] | None = None,
) -> HttpRequest:
    """Return the request that has a web address signed; signatures that are in it already are taken out."""
    body: dict[str, Any] = {
        "url": unsigned(url),
        "method": method,
        "userAgent": user_agent,
        "type": "fetch",
        "includeBrowserParams": True,
        "includeVerifyFp": True,
    }
    body |= {"payload": payload} if payload else {}
    body |= {"ttwid": ttwid} if ttwid else {}
    body |= login or {}
    path = "/webcast/sign_url" if generation is Generation.API_2025 else "/tiktok/signing/encrypt/sign_url"
    return client.request("POST", path, client.named, body)


def parse_sign_url(answer: HttpResponse | TransportFailure) -> SignedUrl | SignFailure:
    """Read the answer to `build_sign_url`."""
    document = document_of(answer)
    if isinstance(document, SignFailure):
        return document
    response = as_dict(dig(document, "response"))
    url, tokens = as_text(response.get("signedUrl")), as_dict(response.get("tokens"))
    user_agent = as_text(response.get("userAgent"))
    if not url.startswith(("https://", "http://")) or not (tokens or "msToken=" in url) or not _is_header(user_agent):
        return SignFailure(CloseReason.SIGN_FAILED, "the sign server's answer holds no signed address")
    headers = as_dict(response.get("requestHeaders"))
    return SignedUrl(
        url,
        user_agent,
        {
            name: value
            for name, value in headers.items()
            if isinstance(value, str) and is_token(name) and _is_header(value)
        },
        tokens,
        _cookie_list(response.get("cookies")),
        as_text(response.get("browserName")),
        as_text(response.get("browserVersion")),
    )


def unsigned(url: str) -> str:
    """Return an address without the signatures that it carries."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in STRIPPED]
    return urlunsplit(parts._replace(query=encode_query(kept)))


def _is_header(value: str) -> bool:
    return value.isascii() and value.isprintable() and value == value.strip()


def _cookie_list(value: Any) -> Params:
    if isinstance(value, str):
        return parse_cookie_pairs(value)
    entries = value[:100] if isinstance(value, list) else []
    texts = [entry if isinstance(entry, str) else _named_pair(entry) for entry in entries]
    return parse_cookie_pairs("\n".join(texts))


def _named_pair(entry: Any) -> str:
    return f"{as_text(dig(entry, 'name'))}={as_text(dig(entry, 'value'))}"
