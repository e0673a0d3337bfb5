"""The payloads of everyday messages, encoded as the real ones are (protocol/messages.tsv, protocol/captures.md).

Each function returns the fields of one message as a dict; [`encode`][] turns it into bytes.
"""

from __future__ import annotations

from typing import Any

from .._pb import message_class
from ..view import is_entry
from .catalogue import GiftKind
from .people import Person

Fields = dict[str, Any]

IMAGES = "https://p16-sim.tiktokcdn.example"
"""Where pictures are, unless the simulator says otherwise."""


def encode(wire_type: str, fields: Fields) -> bytes:
    """Serialize a message of the protobuf type `wire_type`."""
    data: bytes = build(wire_type, fields).SerializeToString(deterministic=True)
    return data


def build(wire_type: str, fields: Fields) -> Any:
    """Make a message of the protobuf type `wire_type`."""
    kind = message_class(wire_type)
    nested = (field for field in kind.DESCRIPTOR.fields if field.message_type is not None)
    maps = {field.name for field in nested if is_entry(field.message_type)}
    message: Any = kind(**{name: _pairs(value) if name in maps else value for name, value in fields.items()})
    return message


def _pairs(value: Any) -> Any:
    """Return a map as the pairs that the schema has for it (proto/README.md)."""
    return [{"key": key, "value": item} for key, item in value.items()] if isinstance(value, dict) else value


def image(origin: str, path: str, *, size: int = 100) -> Fields:
    """An `ImageModel` with the two mirrors that real ones have."""
    return {
        "url_list": [f"{origin}/img/{path}~c5_{size}x{size}.webp", f"{origin}/img/{path}~c5_{size}x{size}.jpeg"],
        "uri": f"{size}x{size}/{path}",
        "width": size,
        "height": size,
    }


def user(person: Person, origin: str, *, in_gift: bool = False) -> Fields:
    """A `User`. Gifts call a follower 3 where other messages say 1 (protocol/push.md section 17)."""
    fields: Fields = {
        "id": person.id,
        "nickname": person.nickname,
        "avatar_thumb": image(origin, f"avatar/{person.id}"),
        "display_id": person.unique_id,
        "sec_uid": person.sec_uid,
        "follow_info": follow_info(person, in_gift=in_gift),
        # Present and empty in real traffic: presence is not content.
        "pay_grade": {},
        "user_attr": {},
    }
    if badges := _badges(person, origin):
        fields["badge_list"] = badges
    if person.id % 3 == 0:
        fields["id_str"] = str(person.id)
    return fields


def follow_info(person: Person, *, in_gift: bool = False) -> Fields:
    """How the person and the host follow each other, with made-up counts."""
    status = 2 if person.is_friend else (3 if in_gift else 1) if person.is_follower else 0
    counts: Fields = {"following_count": person.id % 977, "follower_count": person.id % 7919}
    return {**counts, "follow_status": status} if status else counts


def identity(person: Person) -> Fields:
    """A `UserIdentity`, the surest word on who somebody is to the host; it comes with chats and gifts."""
    facts = {
        "is_gift_giver_of_anchor": person.gifter_level > 0,
        "is_subscriber_of_anchor": person.is_subscriber,
        "is_mutual_following_with_anchor": person.is_friend,
        "is_follower_of_anchor": person.is_follower,
        "is_moderator_of_anchor": person.is_moderator,
    }
    return {name: True for name, holds in facts.items() if holds}


def _badges(person: Person, origin: str) -> list[Fields]:
    """The badges that real accounts of this kind wear (protocol/push.md section 16)."""
    found: list[Fields] = []
    if person.is_moderator:
        found.append(_badge(1, 20, "0", 1, image={"image": image(origin, "webcast-va/moderator_badge_icon.png")}))
    if person.is_subscriber:
        found.append(_badge(4, 10, "0", 1, image={"image": image(origin, "webcast-va/subs_badge_Lv1.png")}))
    if person.is_top_gifter:
        # A real top gifter wears scene 6 twice: once as an image, once combined.
        icon = image(origin, "webcast-va/new_top_gifter_version_2.png")
        found.append(_badge(6, 50, "0", 1, image={"image": icon}))
        found.append(_badge(6, 50, "0", 4, combine={"display_type": 4, "icon": icon, "str": "No. 1"}))
    if level := person.gifter_level:
        icon = image(origin, f"webcast-va/grade_badge_icon_lite_lv{level // 5 * 5}_v2.png")
        found.append(_badge(8, 20, str(level), 4, combine={"display_type": 4, "icon": icon, "str": str(level)}))
    if level := person.member_level:
        icon = image(origin, f"webcast-va/fans_badge_icon_lv{level // 10}_v0.png")
        tier = ("I", "II", "III", "IV")[level // 10]
        found.append(_badge(10, 30, str(level), 4, combine={"display_type": 4, "icon": icon, "str": tier}))
    return found


def _badge(scene: int, priority: int, level: str, display: int, **shown: Fields) -> Fields:
    return {
        "display_type": display,
        "priority_type": priority,
        "scene_type": scene,
        "display": True,
        "privilege_log_extra": {"data_version": "2", "privilege_id": f"73{scene:017d}", "level": level},
        **shown,
    }


def display_text(key: str, pattern: str, *pieces: Fields) -> Fields:
    """A display `Text`: a template with its slots filled (protocol/push.md section 11)."""
    return {"key": key, "default_pattern": pattern, "default_format": {"color": "#ffffffff"}, "pieces": list(pieces)}


def user_piece(who: Fields) -> Fields:
    """A slot with a user in it."""
    return {"type": 11, "user_value": {"user": who}}


def text_piece(value: str) -> Fields:
    """A slot with text in it."""
    return {"type": 1, "string_value": value}


# --- one function a message -------------------------------------------------------------------------------------


def chat(common: Fields, person: Person, content: str, origin: str, *, language: str, mention: Person | None) -> Fields:
    """`WebcastChatMessage`."""
    fields: Fields = {
        "common": common,
        "user": user(person, origin),
        "content": content,
        "content_language": language,
        "user_identity": identity(person),
    }
    if mention is not None:
        fields["at_user"] = user(mention, origin)
    return fields


def gift(
    common: Fields,
    person: Person,
    kind: GiftKind,
    host: Person,
    origin: str,
    *,
    count: int,
    end: bool,
    group_id: int,
    with_detail: bool,
) -> Fields:
    """`WebcastGiftMessage`: a step or the end of a streak, or a whole gift of another type."""
    who = user(person, origin, in_gift=True)
    name = {"name_ref": {"key": f"live_gift_{kind.id}", "default_pattern": kind.name}, "gift_id": kind.id}
    slots = (user_piece(who), {"type": 12, "gift_value": name}, text_piece(f"x{count}"))
    pattern = "{0:user} sent {1:gift} {2:string}"
    fields: Fields = {
        "common": {**common, "display_text": display_text("webcast_aweme_gift_send_message", pattern, *slots)},
        "gift_id": kind.id,
        "group_count": 1,
        "repeat_count": count,
        "combo_count": count,
        "user": who,
        "log_id": f"20261122{common['msg_id'] % 10**24:024X}",
        "tray_display_text": {},
        "monitor_info": {"to_user_id": host.id, "send_gift_send_message_success_ms": common["create_time"]},
        # -1, as in half of the captured gifts: ten bytes on the wire.
        "color_id": -1,
        "user_identity": identity(person),
    }
    if with_detail:
        fields["gift"] = gift_detail(kind, origin)
    if group_id:
        fields["group_id"] = group_id
    if end:
        fields["repeat_end"] = 1
    else:
        fields |= {"send_type": 1, "fan_ticket_count": kind.diamonds}
    return fields


def gift_detail(kind: GiftKind, origin: str) -> Fields:
    """A `Gift`: the panel entry that rides along with gift messages."""
    return {
        "image": image(origin, f"gift/{kind.id}"),
        "describe": kind.describe or f"Sent {kind.name}",
        "duration": 1000,
        "id": kind.id,
        "for_linkmic": True,
        "combo": kind.streakable,
        "type": kind.type,
        "diamond_count": kind.diamonds,
        "is_displayed_on_panel": True,
        "name": kind.name,
        "icon": image(origin, f"gift/{kind.id}/icon"),
    }


def like(common: Fields, person: Person, origin: str, *, count: int, total: int) -> Fields:
    """`WebcastLikeMessage`: a batch of likes and the room's total as one shard knows it."""
    who = user(person, origin)
    text = display_text("pm_mt_msg_viewer", "{0:user} liked the LIVE", user_piece(who))
    return {
        "common": {**common, "display_text": text},
        "count": count,
        "total": total,
        "user": who,
        "specified_display_text": [{"uid": person.id, "display_text": text}],
        "effect_cnt": 1,
    }


def member(common: Fields, person: Person, origin: str, *, viewers: int) -> Fields:
    """`WebcastMemberMessage`: somebody came in. Action 1 is the only one that captures prove."""
    who = user(person, origin)
    text = display_text("live_room_enter_toast", "{0:user} joined", user_piece(who))
    return {
        "common": {**common, "display_text": text},
        "user": who,
        "member_count": viewers,
        "action": 1,
        "anchor_display_text": text,
        "client_enter_source": "homepage_hot-live_cell",
        "client_enter_type": "click",
    }


def follow(common: Fields, person: Person, host: Person, origin: str, *, followers: int) -> Fields:
    """`WebcastSocialMessage`: a new follower of the host."""
    who = user(person, origin)
    text = display_text("pm_main_follow_message_viewer_2", "{0:user} followed the LIVE creator", user_piece(who))
    return {
        "common": {**common, "display_text": text},
        "user": who,
        "action": 1,
        "share_target": str(host.id),
        "follow_count": followers,
    }


def share(common: Fields, person: Person, origin: str, *, shares: int, brought: int = 0) -> Fields:
    """`WebcastSocialMessage`: the room was shared, or a share brought `brought` viewers (5 or 10)."""
    who = user(person, origin)
    key = f"pm_mt_guidance_viewer_{brought}_share" if brought else "pm_mt_guidance_share"
    text = display_text(key, "{0:user} shared the LIVE", user_piece(who))
    return {
        "common": {**common, "display_text": text},
        "user": who,
        "share_type": 1,
        "action": 3,
        "share_target": "-1",
        "share_count": shares,
    }


def viewers(common: Fields, top: list[tuple[Person, int]], origin: str, *, now: int, ever: int) -> Fields:
    """`WebcastRoomUserSeqMessage`: viewers now and ever, and the top ones with the coins they gave.

    As captured, everybody after the third place is an id without a name, and counts of 0 are left out.
    """
    ranks: list[Fields] = []
    for place, (person, coins) in enumerate(top, 1):
        who = user(person, origin) if place <= 3 else {"id": person.id}
        ranks.append({"user": who, "rank": place, **({"score": coins} if coins else {})})
    fields: Fields = {"common": common, "ranks": ranks, "total_user": ever}
    if now:
        fields["total"] = now
    return fields


def control(common: Fields, action: int) -> Fields:
    """`WebcastControlMessage` (protocol/push.md section 8)."""
    return {"common": common, "action": action}
