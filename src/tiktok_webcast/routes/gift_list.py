"""The list of gifts of a room (protocol/http.md section 2)."""

from __future__ import annotations

from ..context import WebContext
from ..evidence import Evidence, unexpected
from ..gift_list import GiftList
from ..http import HttpRequest, HttpResponse, TransportFailure
from ..webjson import dig
from . import webcast_answer

SOURCE = "gift list"


def build(room_id: int | None, context: WebContext) -> HttpRequest:
    """Return the request for the gifts of a room, or without one for the general list."""
    params = () if room_id is None else (("room_id", str(room_id)),)
    return context.web_request(f"{context.endpoints.webcast}/webcast/gift/list/", params)


def parse(answer: HttpResponse | TransportFailure) -> GiftList | Evidence:
    """Read the list; an answer without a single gift is none."""
    failure, document = webcast_answer.read(SOURCE, answer)
    if failure is not None:
        return failure
    gifts = GiftList.from_data(dig(document, "data"))
    return gifts if len(gifts) else unexpected(SOURCE, "no gifts in the answer")
