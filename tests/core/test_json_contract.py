"""JSON lines as contracts.md section 2 has them: keys and their order, ids, times and users, for real payloads.

The captures are not part of this repository; without them the tests on them are skipped.
"""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from typing import Any

import pytest
from wire_reader import CAPTURES, need

from tiktok_webcast import events
from tiktok_webcast.decoder import decode
from tiktok_webcast.events.base import Event
from tiktok_webcast.message import Message

BASE = ["event", "method", "msg_id", "room_id", "created_at", "is_history"]
CONTRACT = {
    "connect": "unique_id attempt",
    "reconnecting": "reason attempt delay",
    "disconnect": "reason will_reconnect",
    "closed": "reason detail",
    "comment": "user comment language mentions emotes",
    "gift": "user gift group_id delta to_user",
    "gift_streak_end": "user gift group_id total diamonds cause to_user",
    "like": "user likes total_likes room_likes",
    "join": "user total_viewers action_id",
    "follow": "user total_followers display_type",
    "share": "user display_type",
    "more_share": "user display_type amount",
    "viewer_update": "viewer_count top_viewers",
    "emote": "user emotes",
    "envelope": "sender diamonds people envelope_id business_type",
    "question": "user question",
    "intro_message": "streamer message language",
    "ranking_update": "type label rank user",
    "user_ranking_update": "type label rank user",
    "mic_battle_start": "battle_id battle_users",
    "mic_battle_update": "battle_id battle_status battle_armies",
    "live_pause": "action",
    "live_resume": "action",
    "live_end": "action",
    "control": "action",
    "unknown": "base64",
    "undecodable": "base64 error",
}
USER = [
    "id",
    "unique_id",
    "nickname",
    "avatar_url",
    "is_follower",
    "is_friend",
    "is_moderator",
    "is_subscriber",
    "is_top_gifter",
    "gifter_level",
    "member_level",
]
INNER = {
    ("gift", "gift"): "id name type diamond_count count is_repeating streakable streaking",
    ("gift_streak_end", "gift"): "id name type diamond_count",
    ("viewer_update", "top_viewers"): "rank coins_given user",
    ("emote", "emotes"): "id image_url",
    ("envelope", "sender"): "id name",
    ("mic_battle_update", "battle_armies"): "host_user_id points participants",
}
"""The keys of objects inside of events, by event and key."""
USERS = {"user", "to_user", "streamer", "mentions", "battle_users", "participants"}
UNKNOWN_IS_NULL = {
    "unique_id",
    "nickname",
    "avatar_url",
    "image_url",
    "name",
    "language",
    "type",
    "label",
    "display_type",
}
"""Keys of texts that are null, not empty, where nothing was sent."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ID_KEY = re.compile(r"(^|_)(id|ids)$")
EVENTS = [getattr(events, name) for name in events.__all__ if name.endswith("Event")]


def broken_promises(line: dict[str, Any]) -> list[str]:
    """Return what a JSON line does otherwise than the contract has it."""
    name, keys = line["event"], list(line)
    wrong: list[str] = []
    promised = [*BASE, *CONTRACT.get(name, "").split()]
    if keys[: len(promised)] != promised:
        wrong.append(f"keys {keys}")
    if not isinstance(line["room_id"], str) or not isinstance(line["msg_id"], str | None):
        wrong.append("ids")
    if line["created_at"] is not None and not TIME.fullmatch(line["created_at"]):
        wrong.append(f"time {line['created_at']}")
    return wrong + inside(name, line, curated=name in CONTRACT)


def inside(name: str, value: Any, *, curated: bool) -> list[str]:
    if isinstance(value, list):
        return [line for item in value for line in inside(name, item, curated=curated)]
    if not isinstance(value, dict):
        return []
    wrong: list[str] = []
    for key, item in value.items():
        if ID_KEY.search(key) and isinstance(item, int):
            wrong.append(f"{key} is a number: {item}")
        if curated and item == "0" and ID_KEY.search(key) and key not in ("room_id", "action_id"):
            wrong.append(f"{key} is 0, not null")
        if curated and item == "" and key in UNKNOWN_IS_NULL:
            wrong.append(f"{key} is empty, not null")
        for one in item if isinstance(item, list) else [item]:
            if not isinstance(one, dict):
                continue
            promised = USER if curated and key in USERS else INNER.get((name, key), "").split()
            if list(one)[: len(promised)] != promised:
                wrong.append(f"keys of {key}: {list(one)}")
        wrong += inside(name, item, curated=curated)
    return wrong


@cache
def captured() -> list[dict[str, Any]]:
    lines = need(CAPTURES / "payloads.jsonl").read_text(encoding="utf-8").splitlines()
    entries: list[dict[str, Any]] = [json.loads(line) for line in lines]
    decoded = [decode(Message(entry["method"], base64.b64decode(entry["base64"]))) for entry in entries]
    return [json.loads(json.dumps(event.to_dict(), allow_nan=False)) for event in decoded]


def test_every_captured_payload_keeps_the_contract() -> None:
    wrong = [(line["event"], line["msg_id"], problem) for line in captured() for problem in broken_promises(line)]
    assert wrong == []
    assert len({line["event"] for line in captured()} & CONTRACT.keys()) >= 18


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_an_event_made_of_nothing_keeps_the_contract(kind: type[Event]) -> None:
    assert broken_promises(kind().to_dict()) == []


def test_every_event_of_the_contract_is_there() -> None:
    assert CONTRACT.keys() <= {kind.name for kind in EVENTS}


def test_the_check_itself_finds_what_is_wrong() -> None:
    good = events.JoinEvent(room_id=7, user=events.User(id=1)).to_dict()
    assert broken_promises(good) == []
    user = good["user"]
    assert broken_promises(dict(reversed(good.items())))
    assert broken_promises({**good, "room_id": 7})
    assert broken_promises({**good, "created_at": "2023-12-05T16:29:34Z"})
    assert broken_promises({**good, "user": {**user, "id": 1}})
    assert broken_promises({**good, "user": {**user, "nickname": ""}})
    assert broken_promises({**good, "user": {"unique_id": None, **user}})
