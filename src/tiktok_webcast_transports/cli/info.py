"""`info USER`: what does TikTok tell about a room?"""

from __future__ import annotations

import argparse
from typing import Any

from tiktok_webcast.context import WebContext
from tiktok_webcast.errors import exit_code, message_for
from tiktok_webcast.http import Exchange
from tiktok_webcast.info import fetch_room_info
from tiktok_webcast.room import RoomFailure, RoomFound, resolve
from tiktok_webcast.room_info import RoomInfo
from tiktok_webcast.statistics import Statistics
from tiktok_webcast.user_input import UserInput, parse_user
from tiktok_webcast.view import rfc3339

from .clean import clean
from .json_lines import json_line
from .output import say_statistics
from .rooms import run_exchange
from .settings import read_settings
from .streams import Streams


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Ask for one room's data and print them."""
    user = asked_user(args)
    settings = read_settings(args)
    context = settings.config.web_context(settings.rng)
    info = run_exchange(lambda: ask_info(user, context), settings)
    if args.stats:
        say_statistics(streams, Statistics())
    if isinstance(info, RoomFailure):
        return say_failure(info, streams)
    if args.json:
        streams.data(json_line(_object(info)))
    else:
        for name, value in _rows(info):
            streams.text(f"{name:<10} {clean(value)}")
    return 0


def asked_user(args: argparse.Namespace) -> UserInput:
    """Return whose room is meant: with `--room-id`, whoever has that room."""
    user = parse_user(args.user)
    return parse_user(f"room:{args.room_id}") if args.room_id else user


def ask_info(user: UserInput, context: WebContext) -> Exchange[RoomInfo | RoomFailure]:
    """Find the room of a user, and its data if they did not come with it."""
    found = yield from resolve(user, context=context)
    if not isinstance(found, RoomFound):
        return found
    if found.info:
        return RoomInfo.from_data(found.info)
    info = yield from fetch_room_info(found.room_id, context=context)
    return info


def say_failure(failure: RoomFailure, streams: Streams) -> int:
    """Say why there is no room, and return the exit code."""
    streams.say(f"tiktok-webcast: {clean(message_for(failure.closed()))}")
    return exit_code(failure.reason)


def _rows(info: RoomInfo) -> list[tuple[str, str]]:
    owner = info.owner
    streams = sorted({f"{stream.quality}/{stream.format}" for stream in info.streams})
    rows = [
        ("room", str(info.room_id or "")),
        ("title", info.title),
        ("status", info.status.value),
        ("host", f"{owner.nickname} @{owner.unique_id}, {owner.followers:,} followers"),
        ("since", f"{info.created_at.astimezone():%Y-%m-%d %H:%M:%S}" if info.created_at is not None else ""),
        ("watching", f"{info.viewer_count:,} now, {info.total_viewers:,} in all"),
        ("likes", f"{info.like_count:,}"),
        ("comments", f"{info.comment_count:,}" if info.comment_count else ""),
        ("shares", f"{info.share_count:,}" if info.share_count else ""),
        ("streams", " ".join(streams)),
    ]
    return [(name, value) for name, value in rows if value]


def _object(info: RoomInfo) -> dict[str, Any]:
    owner = info.owner
    return {
        "room_id": str(info.room_id) if info.room_id else None,
        "title": info.title,
        "status": info.status.value,
        "created_at": rfc3339(info.created_at) if info.created_at is not None else None,
        "viewer_count": info.viewer_count,
        "total_viewers": info.total_viewers,
        "like_count": info.like_count,
        "comment_count": info.comment_count,
        "share_count": info.share_count,
        "follow_count": info.follow_count,
        "share_url": info.share_url or None,
        "cover_urls": list(info.cover_urls),
        "is_multi_guest": info.is_multi_guest,
        "owner": {
            "id": str(owner.user_id) if owner.user_id else None,
            "unique_id": owner.unique_id,
            "nickname": owner.nickname,
            "bio": owner.bio,
            "avatar_urls": list(owner.avatar_urls),
            "followers": owner.followers,
            "following": owner.following,
        },
        "streams": [{"quality": item.quality, "format": item.format, "url": item.url} for item in info.streams],
    }
