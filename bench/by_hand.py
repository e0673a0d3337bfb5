"""What a program costs that uses no library at all: it reads the same values straight off the protobuf messages.

    python bench/by_hand.py CORPUS

It checks nothing: no limit, no broken frame or payload, no text that is not UTF-8, no missing field; it sends no acks,
settles no streaks whose end is lost, and makes no event. What it costs over the floor, no Python library can save.
"""

from __future__ import annotations

import asyncio
import json
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from decode_frames import read_frames
from frames_run import Totals

from tiktok_webcast._pb.transport_pb2 import ProtoMessageFetchResult, WebcastPushFrame
from tiktok_webcast.events.table import REGISTRY

_GZIP = 31


async def by_hand(frames: list[bytes], decompress: Callable[[bytes, int], bytes] = zlib.decompress) -> Totals:
    """Add up what the handler of `frames_run.py` does, with one turn of the event loop a frame."""
    read_frame, read_result = WebcastPushFrame.FromString, ProtoMessageFetchResult.FromString
    parsers: dict[str, Callable[[bytes], Any]] = {
        method: binding.parse for method in REGISTRY.methods() if (binding := REGISTRY.find(method)) is not None
    }
    totals, seen = Totals(), set[int]()
    for data in frames:
        for entry in read_result(decompress(read_frame(data).payload, _GZIP)).messages:
            wire = parsers[entry.method](entry.payload)
            msg_id = wire.common.msg_id
            if msg_id not in seen:
                seen.add(msg_id)
                _add(totals, entry.method, wire)
        await asyncio.sleep(0)
    return totals


def _add(totals: Totals, method: str, wire: Any) -> None:
    if method == "WebcastMemberMessage":
        totals.member += 1
        totals.member_counts += wire.member_count
    elif method == "WebcastChatMessage":
        totals.chat += 1
        totals.chat_len += len(wire.content)
    elif method == "WebcastLikeMessage":
        totals.like += 1
        totals.likes += wire.count
    elif method == "WebcastGiftMessage":
        gift = wire.gift
        totals.gift += 1
        totals.gift_name_len += len(gift.name)
        if gift.type != 1 or wire.repeat_end:
            totals.gift_units += wire.repeat_count
            totals.diamonds += wire.repeat_count * gift.diamond_count
    elif method == "WebcastSocialMessage":
        key = wire.common.display_text.key
        totals.social += 1
        totals.follow += "follow" in key
        totals.share += "share" in key
    elif method == "WebcastRoomUserSeqMessage":
        totals.user_seq += 1
        totals.viewers += wire.total
        return
    else:
        totals.other += 1
        return
    user = wire.user
    totals.uid_len += len(user.display_id)
    totals.nicks += user.nickname != ""


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(by_hand(read_frames(Path(sys.argv[1]), None))).as_dict()) + "\n")
