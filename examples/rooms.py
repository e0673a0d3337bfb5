"""Many rooms on one pool and one budget, with those that fail told of: `python rooms.py some_user another_user`."""

import asyncio
import sys

from tiktok_webcast import ClosedEvent, CommentEvent
from tiktok_webcast.budget import Rate
from tiktok_webcast.room_budget import BudgetPolicy
from tiktok_webcast_transports.asyncio import Rooms

# As many signatures a minute as the sign server gives you; a 429 that one room gets lets all of them wait.
BUDGET = BudgetPolicy(signatures=Rate(30, 60.0))


async def main() -> None:
    async with Rooms(budget=BUDGET) as rooms:
        for user in sys.argv[1:]:
            rooms.add(user)
        async for room, event in rooms:
            if isinstance(event, CommentEvent):
                print(f"[{room.user}] {event.user.nickname}: {event.comment}")
            elif isinstance(event, ClosedEvent):
                print(f"[{room.user}] over: {event.reason.value}; {rooms.health.live} rooms are live")
        print(f"{rooms.statistics.events} events in all")


asyncio.run(main())
