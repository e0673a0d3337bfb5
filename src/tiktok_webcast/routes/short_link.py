"""A shared short link: where it leads says whose room it is."""

from __future__ import annotations

from ..context import WebContext
from ..errors import InvalidUserInput
from ..evidence import Evidence, unexpected, unusable
from ..http import HttpRequest, HttpResponse, TransportFailure
from ..user_input import RoomId, ShortLink, UniqueId, UserId, UserInput, parse_user

SOURCE = "short link"


def build(url: str, context: WebContext) -> HttpRequest:
    """Return the request for a short link; the redirects that follow lead to the user."""
    return context.web_request(url, defaults=False)


def parse(answer: HttpResponse | TransportFailure) -> tuple[Evidence, UserInput | None]:
    """Return what the link leads to, read from the address that answered; `None` if it leads to nobody."""
    if isinstance(answer, HttpResponse):
        try:
            target = parse_user(answer.url)
        except InvalidUserInput:
            target = None
        if target is not None and not isinstance(target, ShortLink):
            name = target.unique_id or ""
            return Evidence(SOURCE, detail=f"leads to {target}", unique_id=name, room_id=_room(target)), target
    refused = unusable(SOURCE, answer, html=True)
    return refused or unexpected(SOURCE, "it leads to no user and no room"), None


def _room(target: UniqueId | UserId | RoomId) -> int | None:
    return target.room_id if isinstance(target, RoomId) else None
