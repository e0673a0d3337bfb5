"""Several rooms at once, comments only: `python many_rooms.py some_user another_user`."""

import asyncio
import sys

from tiktok_webcast import CommentEvent, SessionConfig
from tiktok_webcast_transports.asyncio import connect

# What nobody asks for is not even decoded.
COMMENTS = SessionConfig(include=frozenset({"comment"}))


async def watch(user: str) -> None:
    async with connect(user, config=COMMENTS) as live:
        async for event in live:
            if isinstance(event, CommentEvent):
                print(f"[{user}] {event.user.nickname}: {event.comment}")
    if live.closed is not None:
        print(f"[{user}] over: {live.closed.reason.value}, {live.statistics.messages} messages")


async def main() -> None:
    await asyncio.gather(*(watch(user) for user in sys.argv[1:]))


asyncio.run(main())
