"""Two clients in two threads of a program whose main thread does something else."""

from __future__ import annotations

import json
import threading

from tiktok_webcast.events import CommentEvent
from tiktok_webcast_transports import TikTokLiveClient

heard: dict[str, list[str]] = {"ann": [], "ben": []}
clients = {user: TikTokLiveClient(user) for user in heard}


def watch(user: str) -> None:
    client = clients[user]

    @client.on("comment")
    def on_comment(event: CommentEvent) -> None:
        heard[user].append(event.comment)

    client.run()


threads = [threading.Thread(target=watch, args=(user,)) for user in heard]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
closed = clients["ann"].closed
print(
    json.dumps(
        {
            "comments": heard["ann"],
            "closed": closed and closed.reason.value,
            "room_id": clients["ann"].room_id,
            "also": bool(heard["ben"]) and threading.active_count() == 1,
        }
    )
)
