"""`gifts USER`: which gifts can be sent in a room, and what do they cost?"""

from __future__ import annotations

import argparse
from typing import Any

from tiktok_webcast.context import WebContext
from tiktok_webcast.gift_list import GiftDetails, GiftList
from tiktok_webcast.http import Exchange
from tiktok_webcast.info import fetch_gift_list
from tiktok_webcast.room import RoomFailure, RoomFound, resolve
from tiktok_webcast.statistics import Statistics
from tiktok_webcast.user_input import UserInput

from .clean import clean
from .info import asked_user, say_failure
from .json_lines import json_line
from .output import say_statistics
from .rooms import run_exchange
from .settings import read_settings
from .streams import Streams


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Ask for one room's gift list and print it."""
    user = asked_user(args)
    settings = read_settings(args)
    context = settings.config.web_context(settings.rng)
    gifts = run_exchange(lambda: _ask(user, context), settings)
    if args.stats:
        say_statistics(streams, Statistics())
    if isinstance(gifts, RoomFailure):
        return say_failure(gifts, streams)
    if args.json:
        streams.data(json_line([_object(gift) for gift in gifts]))
        return 0
    streams.text(f"{'id':>8}  {'diamonds':>8}  {'streak':<6}  name")
    for gift in gifts:
        streak = "yes" if gift.streakable else ""
        streams.text(f"{gift.id:>8}  {gift.diamond_count:>8,}  {streak:<6}  {clean(gift.name)}")
    return 0


def _ask(user: UserInput, context: WebContext) -> Exchange[GiftList | RoomFailure]:
    found = yield from resolve(user, context=context)
    if not isinstance(found, RoomFound):
        return found
    gifts = yield from fetch_gift_list(found.room_id, context=context)
    return gifts


def _object(gift: GiftDetails) -> dict[str, Any]:
    return {
        "id": str(gift.id),
        "name": gift.name,
        "describe": gift.describe,
        "type": gift.type,
        "streakable": gift.streakable,
        "diamond_count": gift.diamond_count,
        "image_urls": list(gift.image_urls),
    }
