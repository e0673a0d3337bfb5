"""Many kinds of events, told apart by `match`, on trio: `python many_events.py some_user`."""

import sys

import trio

from tiktok_webcast import (
    ClosedEvent,
    CommentEvent,
    ConnectEvent,
    Event,
    FollowEvent,
    GiftEvent,
    GiftStreakEndEvent,
    JoinEvent,
    LikeEvent,
    ShareEvent,
    UnknownEvent,
    ViewerUpdateEvent,
)
from tiktok_webcast_transports.anyio import connect


def tell(event: Event) -> str:
    match event:
        case ConnectEvent(unique_id=name, room_id=room):
            return f"in the room {room} of @{name}"
        case CommentEvent(user=user, comment=text, is_history=False):
            return f"{user.nickname}: {text}"
        case GiftEvent(user=user, gift=gift) if gift.streaking:
            return f"{user.nickname} gives {gift.name} x{gift.count} ..."
        case GiftStreakEndEvent(user=user, gift=gift, total=total):
            return f"{user.nickname} gave {gift.name} x{total}"
        case LikeEvent(user=user, likes=likes, room_likes=all_likes):
            return f"{user.nickname} likes x{likes}, {all_likes} in all"
        case JoinEvent(user=user) | FollowEvent(user=user) | ShareEvent(user=user):
            return f"{user.nickname}: {event.name}"
        case ViewerUpdateEvent(viewer_count=count):
            return f"{count} are watching"
        case UnknownEvent(method=method):
            return f"{method}: nobody knows this one; event.raw has its bytes"
        case ClosedEvent(reason=reason):
            return f"over: {reason.value}"
    return event.name


async def main() -> None:
    async with connect(sys.argv[1]) as live:
        async for event in live:
            print(tell(event))


trio.run(main)
