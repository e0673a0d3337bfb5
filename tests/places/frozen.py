"""What PyInstaller freezes: without arguments the everyday client, with arguments the command."""

from __future__ import annotations

import json
import sys

from tiktok_webcast.events import CommentEvent
from tiktok_webcast_transports import TikTokLiveClient
from tiktok_webcast_transports.cli import main

comments: list[str] = []
client = TikTokLiveClient("@ann")


@client.on("comment")
async def on_comment(event: CommentEvent) -> None:
    comments.append(event.comment)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main())
    client.run()
    print(json.dumps({"comments": comments, "closed": client.closed and client.closed.reason.value}))
