"""As beside pygame: the main thread draws frames and never waits; the client runs in a thread and fills a queue."""

from __future__ import annotations

import json
import queue
import threading
import time

from tiktok_webcast.events import CommentEvent, Event
from tiktok_webcast_transports import TikTokLiveClient

FRAMES_PER_SECOND = 60

events: queue.SimpleQueue[Event] = queue.SimpleQueue()
client = TikTokLiveClient("@ann")
client.on("comment", events.put)
client.on("closed", events.put)

thread = threading.Thread(target=client.run, daemon=True)
thread.start()
comments: list[str] = []
frames, running = 0, True
while running:
    while not events.empty():
        event = events.get()
        running = running and event.name != "closed"
        if isinstance(event, CommentEvent):
            comments.append(event.comment)
    frames += 1
    time.sleep(1 / FRAMES_PER_SECOND)
thread.join()
closed = client.closed
print(
    json.dumps(
        {
            "comments": comments,
            "closed": closed and closed.reason.value,
            "room_id": client.room_id,
            "also": frames > 1,
        }
    )
)
