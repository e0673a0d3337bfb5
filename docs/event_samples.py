"""Messages for the samples in `events.md`: the shape of real payloads, filled with made-up values.

A field is filled if captures have it (`proto/captured.tsv`); of messages that no capture has, every field is.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from tiktok_webcast.events.base import Event
from tiktok_webcast.events.table import REGISTRY
from tiktok_webcast.message import Message
from tiktok_webcast.sim.payloads import build
from tiktok_webcast.view import is_entry

MSG_ID, ROOM_ID, NOW = 7300000000000000005, 7300000000000000001, 1_701_793_774_817
HOST_ID, RIVAL_ID = 6800000000000000002, 6800000000000000006
_DEPTH = 3
_CAPTURED: dict[str, set[int]] = {}
with (Path(__file__).parents[1] / "proto" / "captured.tsv").open(encoding="utf-8") as table:
    for row in csv.DictReader(table, delimiter="\t"):
        _CAPTURED.setdefault(row["message"], set()).add(int(row["field_no"]))

_IMAGE = {"url_list": ["https://p16.example/picture.webp"]}
_ANN = {"id": 7000000000000000003, "nickname": "Ann", "display_id": "ann.lee", "avatar_thumb": _IMAGE}
_WITH_BADGES = {
    **_ANN,
    "badge_list": [
        {"scene_type": 8, "privilege_log_extra": {"level": "16"}},
        {"scene_type": 10, "privilege_log_extra": {"level": "4"}},
    ],
}
_ROSE = {"id": 5655, "name": "Rose", "type": 1, "diamond_count": 1, "image": _IMAGE}
_BY_TYPE: dict[str, Any] = {"User": _ANN, "ImageModel": _IMAGE, "Gift": _ROSE}
_BY_NAME: dict[str, Any] = {
    "room_id": ROOM_ID,
    "msg_id": MSG_ID,
    "create_time": NOW,
    "is_show_msg": True,
    "nickname": "Ann",
    "nick_name": "Ann",
    "display_id": "ann.lee",
    "key": "pm_mt_some_key",
    "default_pattern": "Some text",
    "lang": "en",
    "language": "en",
    "content_language": "en",
}
_OWN: dict[str, list[dict[str, Any]]] = {
    "WebcastChatMessage": [
        {
            "user": _WITH_BADGES,
            "content": "hello @Bo",
            "content_language": "en",
            "at_user": {"id": 7000000000000000004, "nickname": "Bo"},
            "emotes": [{"index": 5, "emote": {"emote_id": "7282746671321851178", "image": _IMAGE}}],
            "user_identity": {"is_follower_of_anchor": True},
        }
    ],
    "WebcastGiftMessage": [
        {
            "user": _WITH_BADGES,
            "gift_id": 5655,
            "gift": _ROSE,
            "repeat_count": 7,
            "group_id": 1_701_792_318_366,
            "monitor_info": {"to_user_id": HOST_ID},
            "user_identity": {"is_gift_giver_of_anchor": True},
        }
    ],
    "WebcastLikeMessage": [{"user": _ANN, "count": 15, "total": 11_641}],
    "WebcastMemberMessage": [
        {"user": _WITH_BADGES, "member_count": 1_542, "action": 1},
        {"user": _ANN, "member_count": 1_542, "action": 5, "operator": {"id": HOST_ID}},
    ],
    "WebcastSocialMessage": [
        {"user": _ANN, "action": 1, "follow_count": 1_118, "key": "pm_main_follow_message_viewer_2"},
        {
            "user": _ANN,
            "action": 3,
            "share_type": 1,
            "share_target": "-1",
            "share_count": 378,
            "key": "pm_mt_guidance_share",
        },
        {"user": _ANN, "action": 3, "key": "pm_mt_guidance_viewer_5_share"},
        {"user": _ANN, "action": 9},
    ],
    "WebcastRoomUserSeqMessage": [
        {"total": 1_542, "total_user": 37_666, "anonymous": 3, "ranks": [{"rank": 1, "score": 20, "user": _ANN}]}
    ],
    "WebcastControlMessage": [{"action": action} for action in (1, 2, 3, 9)],
    "WebcastEnvelopeMessage": [
        {"display": display, "envelope_info": {"envelope_id": "7300000000000000006", "business_type": kind, **held}}
        for held in [
            {
                "send_user_name": "ann.lee",
                "send_user_id": str(_ANN["id"]),
                "diamond_count": 20,
                "people_count": 16,
                "unpack_at": 1_701_793_826,
            }
        ]
        for display, kind in ((1, 1), (1, 19))
    ]
    + [{"display": 2, "envelope_info": {"envelope_id": "7300000000000000006", "business_type": 1}}],
    "WebcastRankUpdateMessage": [
        {
            "updates": [
                {
                    "rank_type": 1,
                    "own_rank": 42,
                    "countdown": 477_026,
                    "default_content": {
                        "key": "pm_mt_Live_WRMark",
                        "default_pattern": "Weekly No. {0:string}",
                        "pieces": [{"type": 1, "string_value": "42"}],
                    },
                }
            ]
        }
    ],
    "WebcastHourlyRankMessage": [{"data": {"rankings": {"type": "pm_mt_Live_WR", "label": "Weekly Ranking"}}}],
    "WebcastRankTextMessage": [
        {
            "owner_idx_before_update": 4,
            "owner_idx_after_update": 2,
            "other_get_badge_msg": {
                "key": "pm_mt_topviewer_comment",
                "default_pattern": "{0:user} just became the No. {1:string} viewer!",
                "pieces": [{"type": 11, "user_value": {"user": _ANN}}, {"type": 1, "string_value": "2"}],
            },
        }
    ],
    "WebcastLinkMicBattle": [
        {
            "battle_id": 7300000000000000007,
            "action": action,
            "battle_settings": {"start_time_ms": 1_701_793_700_000, "duration": 301},
            "anchors_info": [
                {"key": HOST_ID, "value": {"user": {"user_id": HOST_ID, "nick_name": "Host", "display_id": "host"}}}
            ],
            "battle_result": {HOST_ID: {"score": 12}, RIVAL_ID: {"score": 9, "result": 1}} if action == 5 else {},
        }
        for action in (4, 5, 1)
    ],
    "WebcastLinkMicArmies": [
        {
            "battle_id": 7300000000000000007,
            "trigger_reason": 1,
            "battle_settings": {"start_time_ms": 1_701_793_700_000, "duration": 301},
            "armies": {
                HOST_ID: {"hostscore": 12, "user_armies": [{"user_id": _ANN["id"], "nickname": "Ann", "score": 6}]}
            },
        }
    ],
}
"""Messages of those whose sample should tell a story; several where one method becomes several events."""


def samples() -> dict[str, Event]:
    """Return one event for each event name that a method may become."""
    found: dict[str, Event] = {}
    for method in REGISTRY.methods():
        binding = REGISTRY.find(method)
        if binding is None:
            continue
        wire_type = binding.event.wire_type
        for fields in _OWN.get(wire_type, [{}]):
            wire = _message(wire_type, dict(fields), wire_type in _OWN)
            event = _event(method, wire)
            found.setdefault(event.name, event)
        if "super_fan" in binding.event.names():
            for key in ("ttlive_superfan", "ttlive_superfan_commentnotif_superfanjoined"):
                wire = _message(wire_type, {}, False)
                wire.content.key = key
                event = _event(method, wire)
                found.setdefault(event.name, event)
    return found


def _event(method: str, wire: Any) -> Event:
    binding = REGISTRY.find(method)
    if binding is None:
        raise LookupError(method)
    message = Message(method, wire.SerializeToString(), MSG_ID, server_time=NOW)
    event: Event = binding.event.variant(wire, message).from_message(wire, message, ROOM_ID)
    return event


def _message(wire_type: str, fields: dict[str, Any], complete: bool) -> Any:
    key = fields.pop("key", "")
    wire: Any = build(wire_type, fields)
    if not complete:
        _fill(wire, 0)
    wire.common.Clear()
    wire.common.method, wire.common.msg_id, wire.common.room_id, wire.common.create_time = (
        wire_type,
        MSG_ID,
        ROOM_ID,
        NOW,
    )
    if key:
        wire.common.display_text.key = key
    return wire


def _fill(wire: Any, depth: int) -> None:
    descriptor = wire.DESCRIPTOR
    captured = _CAPTURED.get(descriptor.full_name.split(".", 1)[1])
    for field in descriptor.fields:
        if field.name == "common" or (captured is not None and field.number not in captured):
            continue
        repeated = field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED
        if field.message_type is None:
            value = _scalar(field)
            if repeated:
                getattr(wire, field.name).append(value)
            else:
                setattr(wire, field.name, value)
        elif depth < _DEPTH:
            _fill_message(wire, field, repeated, depth)


def _fill_message(wire: Any, field: Any, repeated: bool, depth: int) -> None:
    kind = field.message_type
    target = getattr(wire, field.name).add() if repeated else getattr(wire, field.name)
    ready = _BY_TYPE.get(kind.name)
    if ready is not None:
        target.MergeFrom(type(target)(**ready))
    else:
        target.SetInParent()
        # A pair of a map is no level of its own.
        _fill(target, depth if is_entry(kind) else depth + 1)


def _scalar(field: Any) -> Any:
    name = field.name
    kinds = {field.CPPTYPE_BOOL: True, field.CPPTYPE_DOUBLE: 0.5, field.CPPTYPE_FLOAT: 0.5}
    if field.cpp_type in kinds:
        return kinds[field.cpp_type]
    if field.cpp_type == field.CPPTYPE_STRING:
        known = _BY_NAME.get(name)
        text = (
            known if isinstance(known, str) else str(_number(name)) if name.endswith(("id", "Id", "id_str")) else "text"
        )
        return text.encode() if field.type == field.TYPE_BYTES else text
    known = _BY_NAME.get(name)
    if isinstance(known, int):
        return known
    return _number(name) if field.cpp_type in (field.CPPTYPE_INT64, field.CPPTYPE_UINT64) else 1


def _number(name: str) -> int:
    if name.endswith(("user_id", "userId", "uid", "user_id_str")):
        return 7000000000000000003
    if name.endswith(("_id", "Id", "id_str", "_ids")) or name == "id":
        return 7300000000000000009
    if name.endswith(("_time", "Time", "_ms", "timestamp")):
        return NOW
    return 1
