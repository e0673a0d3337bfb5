"""The JSON of the simulated TikTok: lookup, alive check, room info, gift list (protocol/http.md sections 2, 4, 6)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..http import HttpResponse
from .asking import Asked, html_answer, json_answer
from .catalogue import CATALOGUE
from .door import Api
from .pages import lookup_data
from .payloads import gift_detail
from .people import Person
from .visit import Stage

_USER_NOT_FOUND = 19881007
_PARAMS_ERROR = 10201
_AGE_RESTRICTED = 4003110
_LOGIN_NEEDED = 20003
_SEARCH_LOGIN_NEEDED = 2483
_ENDED = 4
_QUALITIES = {"origin": 1080, "uhd": 1080, "hd": 720, "sd": 540, "ld": 360, "ao": 0}


def missing(asked: Asked, *names: str) -> HttpResponse | None:
    """The refusal of a request that lacks a parameter; `None` if it has all."""
    absent = [name for name in names if not asked.query.get(name)]
    if not absent:
        return None
    message = f"params_error: {', '.join(absent)}"
    return json_answer({"statusCode": _PARAMS_ERROR, "status_code": _PARAMS_ERROR, "message": message, "data": {}})


def room_lookup(stage: Stage) -> HttpResponse:
    """`api-live/user/room`."""
    refused = _refused(stage.door.api)
    if refused is not None:
        return refused
    if stage.door.api is Api.NOT_FOUND:
        return json_answer({"statusCode": _USER_NOT_FOUND, "message": "user_not_found", "data": {}})
    return json_answer({"statusCode": 0, "message": "", "data": lookup_data(stage)})


def check_alive(stages: Iterable[tuple[int, Stage | None]]) -> HttpResponse:
    """`room/check_alive`, one entry a room in the order asked."""
    data: list[dict[str, Any]] = []
    for room_id, stage in stages:
        refused = None if stage is None else _refused(stage.door.api)
        if refused is not None:
            return refused
        truth = stage is not None and stage.status in (2, 3) and stage.door.has_room_id
        alive = truth if stage is None or stage.door.alive is None else stage.door.alive
        data.append({"alive": alive, "room_id": room_id, "room_id_str": str(room_id)})
    return json_answer({"data": data, "extra": {}, "status_code": 0})


def room_info(stage: Stage | None, *, logged_in: bool, signed: str = "") -> HttpResponse:
    """`room/info` and `room/info_by_user`; `signed` is the query of the streams' addresses."""
    if stage is None:
        return json_answer({"data": {"message": "room not found", "prompts": ""}, "status_code": 10011})
    door = stage.door
    refused = _refused(door.api)
    if refused is not None:
        return refused
    if door.api is Api.NOT_FOUND:
        return json_answer({"data": {"message": "user_not_found", "prompts": ""}, "status_code": 10011})
    if door.restricted and not logged_in:
        return json_answer({"data": {"message": "age restricted", "prompts": ""}, "status_code": _AGE_RESTRICTED})
    return json_answer({"data": _info(stage, signed), "extra": {"now": stage.room.epoch_ms}, "status_code": 0})


def gift_list(stage: Stage | None) -> HttpResponse:
    """`gift/list`."""
    images = stage.room.images if stage is not None else ""
    gifts = [gift_detail(kind, images) for kind in CATALOGUE]
    pages = [{"page_name": "Gifts", "gifts": [gift["id"] for gift in gifts]}]
    return json_answer({"data": {"gifts": gifts, "pages": pages}, "status_code": 0})


def audience(*, logged_in: bool, stage: Stage | None) -> HttpResponse:
    """`ranklist/online_audience`, for those who are logged in."""
    if not logged_in:
        return json_answer({"data": {"message": "login please"}, "status_code": _LOGIN_NEEDED})
    ranks = [] if stage is None else [{"rank": 1, "score": 0, "user": {"id_str": str(stage.room.host.id)}}]
    return json_answer({"data": {"total": len(ranks), "anonymous": 0, "ranks": ranks}, "status_code": 0})


def search(*, logged_in: bool) -> HttpResponse:
    """`search/live/full`, for those who are logged in."""
    if not logged_in:
        return json_answer({"status_code": _SEARCH_LOGIN_NEEDED, "status_msg": "login please", "data": []})
    return json_answer({"status_code": 0, "data": [], "has_more": 0})


def _refused(api: Api) -> HttpResponse | None:
    if api is Api.FORBIDDEN:
        return html_answer("<html><body>Access Denied</body></html>", 403)
    return HttpResponse(200) if api is Api.EMPTY else None


def _info(stage: Stage, signed: str) -> dict[str, Any]:
    room = stage.room
    info: dict[str, Any] = {
        "id": room.room_id,
        "id_str": str(room.room_id),
        "title": room.title,
        "status": stage.status,
        "user_count": 40 + room.room_id % 400,
        "create_time": room.epoch_ms // 1000,
        "cover": {"url_list": [f"{room.images}/img/cover/{room.room_id}.jpeg"], "uri": f"cover/{room.room_id}"},
        "share_url": f"https://m.tiktok.com/share/live/{room.room_id}/",
        "stats": {"total_user": 1200, "like_count": 0, "comment_count": 0, "share_count": 3, "follow_count": 9},
        "owner": _owner(room.host, room.images),
        "link_mic": {"multi_live_enum": 1, "rival_anchor_id": 0, "battle_scores": []},
    }
    if stage.status != _ENDED:
        info["stream_url"] = _streams(stage, signed)
    return info


def _owner(person: Person, images: str) -> dict[str, Any]:
    avatar = {"url_list": [f"{images}/img/avatar/{person.id}~c5_100x100.webp"], "uri": f"avatar/{person.id}"}
    return {
        "id": person.id,
        "id_str": str(person.id),
        "display_id": person.unique_id,
        "nickname": person.nickname,
        "sec_uid": person.sec_uid,
        "bio_description": "simulated, and happy",
        "avatar_thumb": avatar,
        "avatar_medium": avatar,
        "avatar_large": avatar,
        "follow_info": {"follower_count": person.id % 99_991, "following_count": person.id % 500},
    }


def _streams(stage: Stage, signed: str) -> dict[str, Any]:
    """Both layouts that room info has had: `stream_data`, a JSON text, and the flat `flv_pull_url` map."""
    base = f"{stage.room.images}/__sim__/stream/{stage.room.room_id}"
    data = {
        name: {"main": {"flv": f"{base}_{name}.flv{signed}", "hls": f"{base}_{name}/index.m3u8{signed}", "cmaf": ""}}
        for name in _QUALITIES
    }
    qualities = [{"sdk_key": name, "name": f"{height}p"} for name, height in _QUALITIES.items()]
    flat = {"FULL_HD1": "origin", "HD1": "hd", "SD1": "sd", "SD2": "ld"}
    return {
        "live_core_sdk_data": {
            "pull_data": {
                "stream_data": json.dumps({"common": {"session_id": f"sim-{stage.room.room_id}"}, "data": data}),
                "options": {"qualities": qualities, "default_quality": {"sdk_key": "hd"}},
            }
        },
        "flv_pull_url": {key: f"{base}_{name}.flv{signed}" for key, name in flat.items()},
        "hls_pull_url": f"{base}_hd/index.m3u8{signed}",
        "rtmp_pull_url": f"{base}_hd.flv{signed}",
    }
