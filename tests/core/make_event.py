"""Events for tests, made the way the server's are: from the bytes of a message."""

from __future__ import annotations

from typing import Any

from tiktok_webcast.decoder import decode
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.table import REGISTRY
from tiktok_webcast.message import Message
from tiktok_webcast.sim.payloads import encode

ROOM = 7300000000000000001
CREATED = 1_701_793_774_817
USER: dict[str, Any] = {
    "id": 7001,
    "display_id": "ann.lee",
    "nickname": "Ann",
    "avatar_thumb": {"url_list": ["https://p16.example/ann.webp", "https://p77.example/ann.webp"]},
}
USER_JSON = {
    "id": "7001",
    "unique_id": "ann.lee",
    "nickname": "Ann",
    "avatar_url": "https://p16.example/ann.webp",
    "is_follower": None,
    "is_friend": None,
    "is_moderator": None,
    "is_subscriber": None,
    "is_top_gifter": None,
    "gifter_level": None,
    "member_level": None,
}


def payload(wire_type: str, /, **fields: Any) -> bytes:
    """Return the bytes of a message; `common` says when and where unless `fields` do."""
    common = {"method": wire_type, "msg_id": 5, "room_id": ROOM, "create_time": CREATED, **fields.pop("common", {})}
    return encode(wire_type, {"common": common, **fields})


def make(method: str, /, **fields: Any) -> Any:
    """Return the event of a message with these fields."""
    binding = REGISTRY.find(method)
    assert binding is not None, method
    event: Event = decode(Message(method, payload(binding.event.wire_type, **fields), 5), room_id=ROOM)
    return event


def text(key: str, pattern: str, *pieces: Any) -> dict[str, Any]:
    """Return a display text; pieces are strings, users or gifts as (id, name)."""
    made: list[dict[str, Any]] = []
    for piece in pieces:
        if isinstance(piece, dict):
            made.append({"type": 11, "user_value": {"user": piece}})
        elif isinstance(piece, tuple):
            made.append({"type": 12, "gift_value": {"gift_id": piece[0], "name_ref": {"default_pattern": piece[1]}}})
        else:
            made.append({"type": 1, "string_value": piece})
    return {"key": key, "default_pattern": pattern, "pieces": made}
