"""The same with asyncio: `python first_events_async.py some_user`."""

import asyncio
import sys

from tiktok_webcast_transports.asyncio import connect


async def main() -> None:
    async with connect(sys.argv[1]) as live:
        async for event in live:
            print(event)


asyncio.run(main())
