"""The floor: what no Python program can go below that inflates and parses every message. It builds no events."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from tiktok_webcast._pb.transport_pb2 import ProtoMessageFetchResult, WebcastPushFrame
from tiktok_webcast.events.table import REGISTRY

_GZIP = 31


def bare_floor(frames: list[bytes], decompress: Callable[[bytes, int], bytes] = zlib.decompress) -> int:
    """Inflate and parse the envelopes, the results and every payload; return how many messages there were."""
    read_frame, read_result = WebcastPushFrame.FromString, ProtoMessageFetchResult.FromString
    parsers: dict[str, Callable[[bytes], Any]] = {
        method: binding.parse for method in REGISTRY.methods() if (binding := REGISTRY.find(method)) is not None
    }
    messages = 0
    for data in frames:
        for entry in read_result(decompress(read_frame(data).payload, _GZIP)).messages:
            parse = parsers.get(entry.method)
            if parse is not None:
                parse(entry.payload)
            messages += 1
    return messages
