"""The profile page of a user, by name or by number (protocol/http.md section 5)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from ..context import WebContext
from ..evidence import Evidence, RoomStatus, restricted, shell, unexpected, unusable
from ..http import HttpRequest, HttpResponse, TransportFailure
from ..webjson import BadJson, as_dict, as_id, as_int, as_text, decode_text, dig
from .page_script import page_state

SOURCE = "profile page"
PRIVATE = 10222
NOT_FOUND = frozenset([10221, 10223])

_AVATAR = re.compile(r'"avatarLarger":"([^"]{1,2048})"')


def build(user: str | int, context: WebContext) -> HttpRequest:
    """Return the request for the profile of a user name or user id."""
    return context.web_request(f"{context.endpoints.web}/@{user}", defaults=False)


def parse(answer: HttpResponse | TransportFailure) -> tuple[Evidence, dict[str, Any]]:
    """Return what the page says about the user, and its `userInfo` object (empty when there is none).

    The page does not say whether the user is live: a user who exists has status `unknown` here.
    """
    refused = unusable(SOURCE, answer, html=True)
    if refused is not None or isinstance(answer, TransportFailure):
        return refused or unexpected(SOURCE, "no answer"), {}
    state = page_state(answer.body, "__UNIVERSAL_DATA_FOR_REHYDRATION__")
    if state is None:
        return shell(SOURCE, answer.body), {}
    if isinstance(state, BadJson):
        blocked = shell(SOURCE, answer.body)
        return Evidence(SOURCE, detail=f"the page's state is {state.why}", reason=blocked.reason), {}
    detail = dig(state, "__DEFAULT_SCOPE__", "webapp.user-detail")
    code = as_int(dig(detail, "statusCode"))
    if code in NOT_FOUND:
        return Evidence(SOURCE, RoomStatus.NOT_FOUND, f"code {code}"), {}
    info = as_dict(dig(detail, "userInfo"))
    user = as_dict(info.get("user"))
    unique_id = as_text(user.get("uniqueId")) or name_in_url(answer.url)
    if code == PRIVATE:
        return restricted(SOURCE, "private", f"code {code}: a private account"), info
    if not unique_id or (not user and code != 0):
        return unexpected(SOURCE, f"code {code}, no user on the page"), {}
    if not as_text(user.get("avatarLarger")):
        user["avatarLarger"] = _raw_avatar(answer.body)
    found = Evidence(
        SOURCE,
        detail="the user exists",
        unique_id=unique_id,
        user_id=as_id(user.get("id")),
        room_id=as_id(user.get("roomId")),
    )
    return found, info


def name_in_url(url: str) -> str:
    """Return the user name in the address that a page was answered from, or empty text; a number is no name."""
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        return ""
    match = re.match(r"/@([A-Za-z0-9_.\-]{1,64})(?:/|\Z)", path)
    return match.group(1) if match and not match.group(1).isdigit() else ""


def _raw_avatar(body: bytes) -> str:
    match = _AVATAR.search(decode_text(body))
    return match.group(1).replace("\\u002F", "/").replace("\\u002f", "/").replace("\\/", "/") if match else ""
