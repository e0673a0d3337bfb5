"""Searching for live rooms by a word; TikTok answers it only to a login (protocol/http.md section 2)."""

from __future__ import annotations

from ..context import WebContext
from ..evidence import Evidence
from ..http import HttpRequest, HttpResponse, TransportFailure
from ..room_info import RoomInfo
from ..webjson import as_list, dig, parse_json
from . import webcast_answer

SOURCE = "live search"
MAX_RESULTS = 100


def build(keyword: str, context: WebContext, *, offset: int = 0, count: int = 20) -> HttpRequest:
    """Return the request for a page of results."""
    params = (("keyword", keyword), ("offset", str(offset)), ("count", str(count)))
    return context.web_request(f"{context.endpoints.web}/api/search/live/full/", params)


def parse(answer: HttpResponse | TransportFailure) -> tuple[RoomInfo, ...] | Evidence:
    """Read the results: each is a room, packed as JSON text inside the JSON."""
    failure, document = webcast_answer.read(SOURCE, answer)
    if failure is not None:
        return failure
    rooms: list[RoomInfo] = []
    for entry in as_list(dig(document, "data"))[:MAX_RESULTS]:
        packed = dig(entry, "live_info", "raw_data")
        data = parse_json(packed) if isinstance(packed, str) else packed
        if isinstance(data, dict):
            rooms.append(RoomInfo.from_data(data))
    return tuple(rooms)
