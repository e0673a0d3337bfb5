"""The room lookup of the web player: `api-live/user/room` (protocol/http.md section 4)."""

from __future__ import annotations

from ..context import WebContext
from ..evidence import Evidence, RoomStatus, room_numbers, server_message, unexpected, unusable
from ..http import HttpRequest, HttpResponse, TransportFailure
from ..webjson import BadJson, as_id, as_int, as_text, dig, parse_json

SOURCE = "room lookup"
USER_NOT_FOUND = 19881007


def build(unique_id: str, context: WebContext) -> HttpRequest:
    """Return the request that looks up a user's room."""
    params = (("uniqueId", unique_id), ("sourceType", "54"))
    return context.web_request(f"{context.endpoints.web}/api-live/user/room/", params)


def parse(answer: HttpResponse | TransportFailure) -> Evidence:
    """Read the lookup's answer."""
    refused = unusable(SOURCE, answer)
    if refused is not None or isinstance(answer, TransportFailure):
        return refused or unexpected(SOURCE, "no answer")
    document = parse_json(answer.body)
    if isinstance(document, BadJson):
        return unexpected(SOURCE, f"the answer is {document.why}")
    code = as_int(dig(document, "statusCode"))
    message = server_message(document)
    if code == USER_NOT_FOUND or message == "user_not_found":
        return Evidence(SOURCE, RoomStatus.NOT_FOUND, f"code {code}" if code else message)
    if code:
        return unexpected(SOURCE, f"code {code}" + (f", {message}" if message else ""))
    user, room = dig(document, "data", "user"), dig(document, "data", "liveRoom")
    if not isinstance(user, dict) and not isinstance(room, dict):
        return unexpected(SOURCE, "the answer holds neither user nor room")
    status, said = room_numbers(as_int(dig(room, "status")), as_int(dig(user, "status")))
    room_id = as_id(dig(user, "roomId"))
    if room_id is None:
        said += ", no room id"
        if status is RoomStatus.UNKNOWN and isinstance(user, dict) and "roomId" in user:
            status = RoomStatus.OFFLINE
    return Evidence(
        SOURCE,
        status,
        said,
        room_id=room_id,
        unique_id=as_text(dig(user, "uniqueId")),
        user_id=as_id(dig(user, "id")),
        title=as_text(dig(room, "title")),
    )
