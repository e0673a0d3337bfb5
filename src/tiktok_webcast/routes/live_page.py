"""The live page of a user: HTML with the page's state in it (protocol/http.md section 3)."""

from __future__ import annotations

from typing import Any

from ..context import WebContext
from ..evidence import Evidence, room_numbers, shell, unexpected, unusable
from ..http import HttpRequest, HttpResponse, TransportFailure
from ..webjson import BadJson, as_id, as_int, as_text, dig
from .page_script import page_state

SOURCE = "live page"


def build(unique_id: str, context: WebContext) -> HttpRequest:
    """Return the request for a user's live page."""
    return context.web_request(f"{context.endpoints.web}/@{unique_id}/live", defaults=False)


def parse(answer: HttpResponse | TransportFailure) -> Evidence:
    """Read the live page. A page without its state is a block, one without a room is no proof of anything."""
    refused = unusable(SOURCE, answer, html=True)
    if refused is not None or isinstance(answer, TransportFailure):
        return refused or unexpected(SOURCE, "no answer")
    state = page_state(answer.body, "SIGI_STATE", "sigi-persisted-data")
    if state is None:
        return shell(SOURCE, answer.body)
    if isinstance(state, BadJson):
        blocked = shell(SOURCE, answer.body)
        return Evidence(SOURCE, detail=f"the page's state is {state.why}", reason=blocked.reason)
    return _read(state)


def _read(state: Any) -> Evidence:
    info = dig(state, "LiveRoom", "liveRoomUserInfo")
    user, room = dig(info, "user"), dig(info, "liveRoom")
    if not user and not room:
        return Evidence(SOURCE, detail="no room on the page", no_room=True)
    status, said = room_numbers(as_int(dig(room, "status")), as_int(dig(user, "status")))
    room_id = as_id(dig(user, "roomId"))
    if room_id is None:
        said += ", no room id"
    return Evidence(
        SOURCE,
        status,
        said,
        room_id=room_id,
        unique_id=as_text(dig(user, "uniqueId")),
        user_id=as_id(dig(user, "id")),
        title=as_text(dig(room, "title")),
    )
