"""The alive check of many rooms at once (protocol/http.md section 2). It has been seen to say yes to everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..context import WebContext
from ..evidence import Evidence, RoomStatus, server_message, unexpected, unusable
from ..http import HttpRequest, HttpResponse, TransportFailure
from ..webjson import BadJson, as_bool, as_id, as_int, as_list, dig, parse_json

SOURCE = "alive check"
MAX_ROOMS = 50
"""Rooms that one request asks for."""


def build(room_ids: Sequence[int], context: WebContext) -> HttpRequest:
    """Return the request that asks whether rooms are alive."""
    params = (("room_ids", ",".join(map(str, room_ids))),)
    return context.web_request(f"{context.endpoints.webcast}/webcast/room/check_alive/", params)


def parse(answer: HttpResponse | TransportFailure, room_ids: Sequence[int]) -> Mapping[int, bool] | Evidence:
    """Return what is said of each room asked for, without those left out; or, as `Evidence`, why nothing is said."""
    refused = unusable(SOURCE, answer)
    if refused is not None or isinstance(answer, TransportFailure):
        return refused or unexpected(SOURCE, "no answer")
    document = parse_json(answer.body)
    if isinstance(document, BadJson):
        return unexpected(SOURCE, f"the answer is {document.why}")
    entries = as_list(dig(document, "data"))
    code = as_int(dig(document, "status_code"))
    if code and not entries:
        message = server_message(document)
        return unexpected(SOURCE, f"code {code}" + (f", {message}" if message else ""))
    said: dict[int, bool] = {}
    for index, entry in enumerate(entries[:MAX_ROOMS]):
        if not isinstance(entry, dict) or not isinstance(entry.get("alive"), (bool, int, float, str)):
            continue
        room_id = as_id(entry.get("room_id_str")) or as_id(entry.get("room_id"))
        if room_id is None and index < len(room_ids):
            # Without a name, an entry is taken to be in the order of the request (py7).
            room_id = room_ids[index]
        if room_id is not None and room_id in room_ids:
            said[room_id] = as_bool(entry["alive"])
    return said


def evidence(answer: HttpResponse | TransportFailure, room_id: int) -> Evidence:
    """Return what the check says of one room: alive, not alive, or nothing."""
    said = parse(answer, (room_id,))
    if isinstance(said, Evidence):
        return said
    alive = said.get(room_id)
    if alive is None:
        return Evidence(SOURCE, detail="it does not know the room", room_id=room_id)
    return Evidence(
        SOURCE,
        RoomStatus.LIVE if alive else RoomStatus.OFFLINE,
        "alive" if alive else "not alive",
        room_id=room_id,
    )
