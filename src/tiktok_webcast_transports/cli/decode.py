"""`decode`: payloads to events, without a connection."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from tiktok_webcast.decoder import decode
from tiktok_webcast.events.session import UndecodableEvent
from tiktok_webcast.message import Message

from .json_lines import json_line
from .payloads import Payload, Unreadable, UnreadablePayload, from_base64, read_payloads
from .streams import Streams

UNREADABLE = 10
USAGE = 2


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Decode one payload or many."""
    one = args.method is not None or args.base64 is not None
    if one == (args.payloads is not None) or (one and (args.method is None or args.base64 is None)):
        streams.say("tiktok-webcast decode: give --method and --base64, or --payloads")
        return USAGE
    try:
        return _decode(read_payloads(args.payloads) if not one else _single(args), streams, with_id=not one)
    except UnreadablePayload as error:
        streams.flush()
        streams.say(f"tiktok-webcast: {error}")
        return UNREADABLE


def _single(args: argparse.Namespace) -> Iterator[Payload]:
    yield Payload(None, args.method, from_base64(args.base64))


def _decode(payloads: Iterable[Payload | Unreadable], streams: Streams, *, with_id: bool) -> int:
    code = 0
    for payload in payloads:
        if isinstance(payload, Unreadable):
            streams.say(f"tiktok-webcast: {payload.where}: {payload.why}")
            code = UNREADABLE
            continue
        event = decode(Message(payload.method, payload.data))
        if isinstance(event, UndecodableEvent):
            code = UNREADABLE
        line = event.to_dict()
        streams.data(json_line({"id": payload.id, **line} if with_id else line))
        if streams.full or streams.is_terminal:
            streams.flush()
    streams.flush()
    return code
