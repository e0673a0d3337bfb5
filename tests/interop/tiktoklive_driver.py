"""Drives TikTokLive 7 against a base URL and prints what it received; runs in an environment of its own.

    python tiktoklive_driver.py http://127.0.0.1:8080 anna ben

One JSON object a line, and one room after the other: events, under the manifest's names, with those of the manifest's
keys that this client has; then `{"user": ..., "methods": {...}, "error": ...}`: its messages by method, counted, and
the class of the exception that it raised. Nothing of ours is imported.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from typing import Any

from TikTokLive import TikTokLiveClient  # type: ignore[import-not-found]
from TikTokLive import events as theirs
from TikTokLive.client.web.web_settings import WebDefaults  # type: ignore[import-not-found]

SECONDS = 120.0
"""Only ever reached when something is broken."""


def say(name: str, event: Any, **keys: Any) -> None:
    """Print one event."""
    common = event.common
    message = str(common.msg_id) if common.msg_id else None
    line = {"event": name, "msg_id": message, "room_id": str(common.room_id), **keys}
    user = getattr(event, "user", None)
    if user is not None:
        line["user"] = {"id": str(user.id), "unique_id": user.display_id, "nickname": user.nickname}
    print(json.dumps(line), flush=True)


def comment(event: Any) -> None:
    """A comment."""
    say("comment", event, comment=event.content, language=event.content_language)


def gift(event: Any) -> None:
    """A gift, or a step of a streak: as it is on the wire, since this client does not count."""
    known = {"id": str(event.gift_id), "count": event.repeat_count}
    made = event.gift
    if made is not None:
        known.update(name=made.name, type=made.type, diamond_count=made.diamond_count)
    say("gift", event, gift=known)


def watch(user: str) -> None:
    """Watch a room to its end, whatever that is."""
    client: Any = TikTokLiveClient(f"@{user}")
    methods: Counter[str] = Counter()
    frames: list[Any] = []

    def response(event: Any) -> None:
        # Told once for each message, with the frame that it came in.
        if not frames or event.raw is not frames[-1]:
            frames.append(event.raw)
            methods.update(message.method for message in event.raw.messages)

    client.add_listener(theirs.WebsocketResponseEvent, response)
    client.add_listener(theirs.CommentEvent, comment)
    client.add_listener(theirs.GiftEvent, gift)
    client.add_listener(theirs.LikeEvent, lambda e: say("like", e, likes=e.count, total_likes=e.total))
    client.add_listener(theirs.JoinEvent, lambda e: say("join", e, total_viewers=e.member_count))
    client.add_listener(theirs.FollowEvent, lambda e: say("follow", e, total_followers=e.follow_count))
    client.add_listener(theirs.ShareEvent, lambda e: say("share" if e.users_joined is None else "more_share", e))
    client.add_listener(theirs.RoomUserSeqEvent, lambda e: say("viewer_update", e, viewer_count=e.total))
    client.add_listener(theirs.LivePauseEvent, lambda e: say("live_pause", e))
    client.add_listener(theirs.LiveUnpauseEvent, lambda e: say("live_resume", e))
    client.add_listener(theirs.LiveEndEvent, lambda e: say("live_end", e))

    async def to_the_end() -> None:
        task = await client.start(fetch_room_info=True, fetch_gift_info=True)
        await asyncio.wait_for(task, SECONDS)

    error = None
    try:
        client._asyncio_loop.run_until_complete(to_the_end())
    except Exception as raised:
        error = type(raised).__name__
    print(json.dumps({"user": user, "methods": dict(methods), "error": error}), flush=True)


def main(url: str, users: list[str]) -> None:
    """Watch one room after the other."""
    WebDefaults.tiktok_app_url = WebDefaults.tiktok_sign_url = url
    WebDefaults.tiktok_webcast_url = f"{url}/webcast"
    for user in users:
        watch(user)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
