"""A game's loop without a thread of its own making: the sync transport is asked once a frame and never waits."""

from __future__ import annotations

import json
import os
import time

from tiktok_webcast import CommentEvent, Endpoints, SessionConfig
from tiktok_webcast_transports.sync import connect

FRAMES_PER_SECOND = 60

urls = [os.environ[f"TIKTOK_WEBCAST_{name}_URL"] for name in ("WEB", "WEBCAST", "SIGN")]
comments: list[str] = []
frames = 0
with connect("@ann", config=SessionConfig(endpoints=Endpoints(*urls))) as live:
    running = True
    while running:
        # Before the look at what waits: once it has closed, that is all there is.
        running = live.closed is None
        while (event := live.next_event()) is not None:
            if isinstance(event, CommentEvent):
                comments.append(event.comment)
        frames += 1
        time.sleep(1 / FRAMES_PER_SECOND)
    room_id = live.room_id
closed = live.closed
print(
    json.dumps({"comments": comments, "closed": closed and closed.reason.value, "room_id": room_id, "also": frames > 1})
)
