"""The HTML of the simulated TikTok: live and profile page, and what comes instead (protocol/http.md sections 3, 5)."""

from __future__ import annotations

import html
import json
from typing import Any

from ..http import HttpResponse
from .asking import html_answer
from .door import Page
from .people import Person
from .visit import Stage

_LIVE_SCRIPT = '<script id="SIGI_STATE" type="application/json">'
_PROFILE_SCRIPT = '<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">'
_NOT_FOUND, _PRIVATE = 10221, 10222
_SHELL_BYTES = 1155


def home() -> HttpResponse:
    """The front page, whose only use here is its cookie."""
    return html_answer(_page("TikTok LIVE", "<h1>A simulated TikTok</h1>"))


def live_page(stage: Stage) -> HttpResponse:
    """`/@name/live`."""
    door = stage.door
    if door.page is Page.FORBIDDEN:
        return html_answer(_page("Access Denied", "Access Denied"), 403)
    if door.page is Page.SHELL:
        return html_answer(_page("", "").ljust(_SHELL_BYTES))
    if door.page is Page.CAPTCHA:
        return html_answer(_page("TikTok", '<div id="tiktok-verify-page" class="captcha_verify_container"></div>'))
    if door.page is Page.BROKEN:
        return html_answer(_page("TikTok", f"{_LIVE_SCRIPT}<div>verify to continue</div></script>"))
    state: dict[str, Any] = {"AppContext": {"lang": "en"}, "CurrentRoom": {}}
    if door.page is Page.OK:
        state["LiveRoom"] = {"liveRoomUserInfo": lookup_data(stage, page=True)}
    name = stage.room.host.nickname
    return html_answer(_page(f"{name} is LIVE", f"{_LIVE_SCRIPT}{_script_json(state)}</script>"))


def lookup_data(stage: Stage, *, page: bool = False) -> dict[str, Any]:
    """`user`, `stats` and `liveRoom`, which the live page and the room lookup share."""
    room, door = stage.room, stage.door
    status = door.page_status if page and door.page_status is not None else stage.status
    user = {
        **profile_user(room.host, room.images),
        "roomId": str(room.room_id) if door.has_room_id else "",
        "status": status,
    }
    stats = {"followingCount": room.host.id % 500, "followerCount": room.host.id % 99_991}
    live_room: dict[str, Any] = {
        "title": room.title,
        "status": status,
        "startTime": room.epoch_ms // 1000,
        "liveRoomStats": {"userCount": 40 + room.room_id % 400, "enterCount": 400 + room.room_id % 4000},
    }
    return {"user": user, "stats": stats, "liveRoom": live_room}


def profile_page(stage: Stage, *, exists: bool) -> HttpResponse:
    """`/@name` or `/@number`."""
    room = stage.room
    if not exists:
        detail: dict[str, Any] = {"statusCode": _NOT_FOUND, "statusMsg": "user not found"}
    else:
        stats = {"followerCount": room.host.id % 99_991, "followingCount": 7, "heartCount": 1234, "videoCount": 12}
        user = {
            **profile_user(room.host, room.images),
            "privateAccount": stage.door.private,
            "verified": False,
            "isOrganization": 0,
            "roomId": str(room.room_id) if stage.door.has_room_id else "",
            "bioLink": {"link": f"example.org/{room.unique_id}"},
        }
        detail = {"statusCode": _PRIVATE if stage.door.private else 0, "userInfo": {"user": user, "stats": stats}}
    state = {"__DEFAULT_SCOPE__": {"webapp.user-detail": detail}}
    return html_answer(_page(room.unique_id, f"{_PROFILE_SCRIPT}{_script_json(state)}</script>"))


def profile_user(person: Person, images: str) -> dict[str, Any]:
    """A user as the web writes one."""
    avatar = f"{images}/img/avatar/{person.id}"
    return {
        "id": str(person.id),
        "uniqueId": person.unique_id,
        "nickname": person.nickname,
        "signature": "simulated, and happy",
        "avatarThumb": f"{avatar}~c5_100x100.webp",
        "avatarMedium": f"{avatar}~c5_720x720.webp",
        "avatarLarger": f"{avatar}~c5_1080x1080.webp",
        "secUid": person.sec_uid,
    }


def _page(title: str, body: str) -> str:
    return f'<!DOCTYPE html><html lang="en"><head><title>{html.escape(title)}</title></head><body>{body}</body></html>'


def _script_json(state: dict[str, Any]) -> str:
    # Slashes are escaped as the real pages have them.
    return json.dumps(state, ensure_ascii=False).replace("/", "\\u002F").replace("<", "\\u003C")
