"""The payloads of the rarer messages: chests, questions, polls, battles, goals, captions, pins, ranks, emotes."""

from __future__ import annotations

from collections.abc import Sequence

from .catalogue import GiftKind
from .payloads import Fields, chat, display_text, identity, image, text_piece, user, user_piece
from .people import Person


def room_notice(common: Fields, content: str) -> Fields:
    """The welcome: entry method `RoomMessage`, payload `WebcastRoomMessage`, `common.method` `SystemMessage`."""
    return {"common": {**common, "method": "SystemMessage"}, "content": content, "is_welcome": True}


def intro(common: Fields, host: Person, content: str, origin: str, *, language: str) -> Fields:
    """`WebcastLiveIntroMessage`: its `common` has neither room nor time (protocol/samples.md)."""
    badge = {"display_type": 2, "text": {"key": "pm_mt_hostlabel", "default_pattern": "Host"}}
    return {
        "common": {"method": common["method"], "msg_id": common["msg_id"]},
        "id": common["msg_id"],
        "audit_status": 1,
        "content": content,
        "user": user(host, origin),
        "intro_mode": 1,
        "badges": [badge],
        "content_language": language,
    }


def envelope(common: Fields, sender: Person, origin: str, *, envelope_id: int, diamonds: int, people: int) -> Fields:
    """`WebcastEnvelopeMessage`: a new treasure chest from a viewer."""
    text = display_text(
        "pm_mt_treasure_box_sender_comment", "{0:user} sent a Treasure Box", text_piece(sender.nickname)
    )
    return {
        "common": {**common, "display_text": text},
        "envelope_info": {
            "envelope_id": str(envelope_id),
            "business_type": 1,
            "envelope_idc": "maliva",
            "send_user_name": sender.nickname,
            "diamond_count": diamonds,
            "people_count": people,
            "unpack_at": common["create_time"] // 1000 + 180,
            "send_user_id": str(sender.id),
            "send_user_avatar": image(origin, f"avatar/{sender.id}"),
            "create_at": str(common["create_time"]),
            "room_id": str(common["room_id"]),
        },
        "display": 1,
    }


def question(common: Fields, person: Person, content: str, origin: str) -> Fields:
    """`WebcastQuestionNewMessage`; the question's own time is in seconds."""
    return {
        "common": common,
        "data": {
            "question_id": common["msg_id"] + 1,
            "content": content,
            "create_time": common["create_time"] // 1000,
            "user": user(person, origin),
        },
    }


def poll(
    common: Fields, host: Person, title: str, votes: Sequence[tuple[str, int]], origin: str, *, kind: int
) -> Fields:
    """`WebcastPollMessage`: 0 starts, 1 ends, 2 updates the votes."""
    options = [
        {"display_content": text, "option_idx": index, **({"votes": count} if count else {})}
        for index, (text, count) in enumerate(votes)
    ]
    fields: Fields = {"common": common, "message_type": kind, "poll_id": common["room_id"] + 77, "poll_kind": 2}
    if kind == 0:
        start = {"start_time": common["create_time"], "end_time": common["create_time"] + 60_000, "title": title}
        fields["start_content"] = {**start, "option_list": options, "operator": user(host, origin)}
    elif kind == 1:
        fields["end_content"] = {"end_type": 1, "option_list": options, "operator": {"id": host.id}}
    else:
        fields["update_votes_content"] = {"option_list": options}
    return fields


def battle(common: Fields, hosts: Sequence[Person], origin: str, *, battle_id: int, status: int, action: int) -> Fields:
    """`WebcastLinkMicBattle`: a battle opens (action 4) or ends (action 5)."""
    anchors = [
        {
            "key": host.id,
            "value": {
                "user": {
                    "user_id": host.id,
                    "nick_name": host.nickname,
                    "avatar_thumb": image(origin, f"avatar/{host.id}"),
                    "display_id": host.unique_id,
                }
            },
        }
        for host in hosts
    ]
    return {
        "common": common,
        "battle_id": battle_id,
        "battle_settings": {
            "battle_id": battle_id,
            "start_time_ms": common["create_time"],
            "duration": 301,
            "channel_id": battle_id + 5,
            "status": status,
        },
        "action": action,
        "anchors_info": anchors,
        "action_by_user_id": hosts[0].id,
    }


def armies(
    common: Fields,
    sides: Sequence[tuple[Person, int, Sequence[tuple[Person, int]]]],
    origin: str,
    *,
    battle_id: int,
    reason: int,
) -> Fields:
    """`WebcastLinkMicArmies`: each side's points, and who earned them."""
    entries = {
        host.id: {
            "hostscore": points,
            "anchor_id_str": str(host.id),
            "user_armies": [
                {
                    "user_id": fan.id,
                    "score": score,
                    "nickname": fan.nickname,
                    "avatar_thumb": image(origin, f"avatar/{fan.id}"),
                    "user_id_str": str(fan.id),
                }
                for fan, score in fans
            ],
        }
        for host, points, fans in sides
    }
    return {
        "common": common,
        "battle_id": battle_id,
        "armies": entries,
        "channel_id": battle_id + 5,
        "update_battle_score_time": common["create_time"],
        "trigger_reason": reason,
    }


def caption(common: Fields, content: str, *, language: str, sentence: int) -> Fields:
    """`WebcastCaptionMessage`: `duration_ms` is -1 and `common` has no time, as captured."""
    return {
        "common": {key: value for key, value in common.items() if key != "create_time"},
        "timestamp_ms": common["create_time"],
        "duration_ms": -1,
        "content": [{"lang": language, "content": content}],
        "sentence_id": sentence,
        "sequence_id": 1,
        "definite": True,
    }


def pin(common: Fields, host: Person, chat_common: Fields, person: Person, content: str, origin: str) -> Fields:
    """`WebcastRoomPinMessage`: the host pinned a comment; the comment rides inside."""
    return {
        "common": common,
        "chat_message": chat(chat_common, person, content, origin, language="en", mention=None),
        "method": "WebcastChatMessage",
        "pin_time": common["create_time"],
        "operator": {"id": host.id},
        "action": 1,
        "display_duration": 60_000,
        "pin_msg_id": chat_common["msg_id"],
    }


def goal(common: Fields, person: Person, kind: GiftKind, origin: str, *, progress: int, target: int) -> Fields:
    """`WebcastGoalUpdateMessage`: a viewer moved the stream's goal."""
    detail = {"name": kind.name, "icon": image(origin, f"gift/{kind.id}/icon"), "diamond_count": kind.diamonds}
    sub = {"type": 1, "id": kind.id, "id_str": str(kind.id), "progress": progress, "target": target, "gift": detail}
    goal_id = common["room_id"] + 31
    return {
        "common": common,
        "indicator": {"key": "live_goal_indicator_stream_goal", "op": 3},
        "goal": {
            "id": goal_id,
            "id_str": str(goal_id),
            "type": 1,
            "status": 2,
            "sub_goals": [sub],
            "description": "new microphone 🎙️",
            "start_time": common["create_time"] // 1000,
        },
        "contributor_id": person.id,
        "contributor_id_str": str(person.id),
        "contributor_avatar": image(origin, f"avatar/{person.id}"),
        "contributor_display_id": person.unique_id,
        "contribute_subgoal": sub,
        "contribute_count": 1,
        "contribute_score": kind.diamonds,
        "gift_repeat_count": 1,
        "update_source": 2,
    }


def rank_text(common: Fields, person: Person, origin: str, *, place: int) -> Fields:
    """`WebcastRankTextMessage`: somebody entered the top viewers."""
    pieces = (user_piece(user(person, origin)), text_piece(str(place)))
    text = display_text("pm_mt_topviewer_comment", "{0:user} just became a top {1:string} viewer!", *pieces)
    return {
        "common": {**common, "display_text": text},
        "scene": 1,
        "owner_idx_before_update": place + 1,
        "owner_idx_after_update": place,
        "other_get_badge_msg": text,
        "cur_user_id": person.id,
    }


def rank_update(common: Fields, *, rank: int) -> Fields:
    """`WebcastRankUpdateMessage`: where the host stands this week."""
    text = display_text("pm_mt_Live_WR", "Weekly ranking")
    return {
        "common": common,
        "updates": [{"rank_type": 1, "own_rank": rank, "default_content": text, "countdown": 586_176}],
    }


def emote(common: Fields, person: Person, emote_id: int, origin: str) -> Fields:
    """`WebcastEmoteChatMessage`: a subscriber's emote instead of words."""
    return {
        "common": common,
        "user": user(person, origin),
        "emote_list": [{"emote_id": str(emote_id), "image": image(origin, f"emote/{emote_id}"), "uuid": str(emote_id)}],
        "user_identity": identity(person),
    }


def subscription(common: Fields, person: Person, origin: str, *, months: int) -> Fields:
    """`WebcastSubNotifyMessage`: a subscription begins or is renewed."""
    return {
        "common": common,
        "user": user(person, origin),
        "exhibition_type": 1,
        "sub_month": months,
        "subscribe_type": 1,
        "old_subscribe_status": 0,
    }


def entrance(common: Fields, person: Person, origin: str) -> Fields:
    """`WebcastBarrageMessage`: a fan club member's entrance."""
    return {
        "common": common,
        "msg_type": 11,
        "content": display_text("pm_mt_fan_live_join", "joined"),
        "duration": 4000,
        "background": image(origin, "webcast-va/fans_entrance_bg_lv1_v5.png"),
        "fans_level_param": {"current_grade": max(person.member_level, 1), "user": user(person, origin)},
    }


def deleted(common: Fields, message_ids: Sequence[int], user_ids: Sequence[int]) -> Fields:
    """`WebcastImDeleteMessage`: a moderator took messages away."""
    return {"common": common, "delete_msg_ids": list(message_ids), "delete_user_ids": list(user_ids)}
