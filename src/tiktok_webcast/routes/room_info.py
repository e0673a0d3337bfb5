"""The room's own page of data, by room id or by user name (protocol/http.md section 6)."""

from __future__ import annotations

from typing import Any

from ..context import WebContext
from ..evidence import STATUS_NUMBERS, Evidence, RoomStatus, restricted, server_message, unexpected, unusable
from ..http import HttpRequest, HttpResponse, TransportFailure
from ..webjson import BadJson, as_bool, as_dict, as_id, as_int, as_text, dig, parse_json

SOURCE = "room info"
AGE_RESTRICTED = 4003110
LOGIN_NEEDED = frozenset([20003, 2483])


def build(room_id: int, context: WebContext) -> HttpRequest:
    """Return the request for a room's data."""
    params = (("room_id", str(room_id)),)
    return context.web_request(f"{context.endpoints.webcast}/webcast/room/info/", params)


def build_by_user(unique_id: str, context: WebContext) -> HttpRequest:
    """Return the request for the data of a user's room."""
    params = (("unique_id", unique_id),)
    return context.web_request(f"{context.endpoints.webcast}/webcast/room/info_by_user/", params)


def parse(answer: HttpResponse | TransportFailure) -> tuple[Evidence, dict[str, Any]]:
    """Return what the data says about the room, and the data itself (empty when there is none)."""
    refused = unusable(SOURCE, answer)
    if refused is not None or isinstance(answer, TransportFailure):
        return refused or unexpected(SOURCE, "no answer"), {}
    document = parse_json(answer.body)
    if isinstance(document, BadJson):
        return unexpected(SOURCE, f"the answer is {document.why}"), {}
    data = as_dict(dig(document, "data"))
    refusal = _refusal(document, data)
    return (refusal, {}) if refusal is not None else (_read(data), data)


def _refusal(document: Any, data: dict[str, Any]) -> Evidence | None:
    code = as_int(dig(document, "status_code"))
    message = server_message(document)
    said = f"code {code}" + (f", {message}" if message else "")
    if code == AGE_RESTRICTED or as_bool(dig(data, "age_restricted", "restricted")):
        return restricted(SOURCE, "age", said if code else "age restricted")
    if code in LOGIN_NEEDED:
        return restricted(SOURCE, "login", said)
    if code:
        return unexpected(SOURCE, said)
    if "prompts" in data and not ("id_str" in data or "id" in data or "status" in data):
        return restricted(SOURCE, "age", message or "a prompt in place of the room")
    if len(data) <= 1:
        # py7 reads an answer stripped to nothing as the age gate; without any data it is no answer at all.
        return restricted(SOURCE, "age", "the room's data is withheld") if data else unexpected(SOURCE, "no data")
    return None


def _read(data: dict[str, Any]) -> Evidence:
    number = as_int(data.get("status"))
    return Evidence(
        SOURCE,
        STATUS_NUMBERS.get(number or 0, RoomStatus.UNKNOWN),
        f"status {number}",
        room_id=as_id(data.get("id_str")) or as_id(data.get("id")),
        unique_id=as_text(dig(data, "owner", "display_id")),
        user_id=as_id(dig(data, "owner", "id_str")) or as_id(dig(data, "owner", "id")),
        title=as_text(data.get("title")),
    )
