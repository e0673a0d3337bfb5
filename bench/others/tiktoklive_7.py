"""TikTokLive 7 on a corpus: frames to events, with a listener to each kind, as its own socket loop has them.

Runs in an environment of its own, in which TikTokLive is installed: `python tiktoklive_7.py CORPUS FRAMES`. Prints one
JSON object: `messages`, `cpu_seconds`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from TikTokLive import TikTokLiveClient  # type: ignore[import-not-found]
from TikTokLive.client.ws.ws_utils import (  # type: ignore[import-not-found]
    extract_webcast_push_frame,
    extract_webcast_response_message,
)
from TikTokLive.events import (  # type: ignore[import-not-found]
    CommentEvent,
    GiftEvent,
    JoinEvent,
    LikeEvent,
    RoomUserSeqEvent,
    SocialEvent,
)


def read_frames(path: Path, count: int) -> list[bytes]:
    """The first `count` frames."""
    data, at = path.read_bytes(), 0
    frames: list[bytes] = []
    while at < len(data) and len(frames) < count:
        end = at + 4 + int.from_bytes(data[at : at + 4], "little")
        frames.append(data[at + 4 : end])
        at = end
    return frames


async def play(frames: list[bytes]) -> int:
    """Do what its socket loop does with each frame; return how many messages there were."""
    client: Any = TikTokLiveClient(unique_id="@nobody")
    client.logger.setLevel(logging.CRITICAL)
    client._room_id = 7_300_000_000_000_000_001
    heard = 0

    async def listener(event: Any) -> None:
        nonlocal heard
        heard += 1

    for kind in (CommentEvent, GiftEvent, JoinEvent, LikeEvent, RoomUserSeqEvent, SocialEvent):
        client.add_listener(kind, listener)
    messages = 0
    for data in frames:
        response = extract_webcast_response_message(extract_webcast_push_frame(data), logger=client.logger)
        messages += len(response.messages)
        async for event in client._parse_webcast_response(response):
            client.emit(event.get_type(), event)
        await asyncio.sleep(0)
    if not heard:
        raise SystemExit("no listener was called")
    return messages


def main() -> None:
    """Warm up, then measure."""
    frames = read_frames(Path(sys.argv[1]), int(sys.argv[2]))
    asyncio.run(play(frames[:10]))
    start = time.process_time()
    messages = asyncio.run(play(frames))
    print(json.dumps({"messages": messages, "cpu_seconds": time.process_time() - start}))


if __name__ == "__main__":
    main()
