"""`inspect`: the fields of any payload, without a schema."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from tiktok_webcast.config import Limits
from tiktok_webcast.push.unpack import BadFrame, gunzip
from tiktok_webcast.wire import read_wire

from .clean import clean
from .json_lines import json_line
from .payloads import Payload, Unreadable, UnreadablePayload, from_base64, read_file, read_payloads
from .streams import Streams

UNREADABLE = 10
USAGE = 2
_GZIP = b"\x1f\x8b"


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Show one payload or many."""
    sources = (args.file, args.base64, args.hex, args.payloads)
    if sum(source is not None for source in sources) != 1:
        streams.say("tiktok-webcast inspect: give one of FILE, --base64, --hex and --payloads")
        return USAGE
    code = 0
    try:
        for payload in _payloads(args):
            if isinstance(payload, Unreadable):
                streams.say(f"tiktok-webcast: {payload.where}: {payload.why}")
                code = UNREADABLE
            elif not _show(payload, streams, as_json=args.json, titled=args.payloads is not None):
                code = UNREADABLE
            if streams.full or streams.is_terminal:
                streams.flush()
    except UnreadablePayload as error:
        streams.flush()
        streams.say(f"tiktok-webcast: {error}")
        return UNREADABLE
    streams.flush()
    return code


def _payloads(args: argparse.Namespace) -> Iterator[Payload | Unreadable]:
    most = Limits().response_body
    if args.payloads is not None:
        yield from read_payloads(args.payloads)
    elif args.base64 is not None:
        yield Payload(None, "", from_base64(args.base64))
    elif args.hex is not None:
        yield Payload(None, "", _from_hex(args.hex))
    else:
        yield Payload(None, "", read_file(args.file, most))


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(":", " "))
    except ValueError as error:
        raise UnreadablePayload(f"that is not hexadecimal: {error}") from None


def _show(payload: Payload, streams: Streams, *, as_json: bool, titled: bool) -> bool:
    data = payload.data
    note = "" if data else "an empty payload"
    if data[:2] == _GZIP:
        unpacked = gunzip(data, Limits().unpacked)
        if isinstance(unpacked, BadFrame):
            note = unpacked.error
        else:
            data, note = unpacked, f"gzip, {len(payload.data)} bytes unpacked"
    view = read_wire(data)
    if as_json:
        title = {"id": payload.id, "method": payload.method} if titled else {}
        streams.data(json_line({**title, "size": len(data), **view.to_dict()}))
    else:
        if titled:
            streams.text(clean(" ".join(["#", *(str(part) for part in (payload.id, payload.method) if part)])))
        if note:
            streams.text(f"# {note}")
        for line in view.lines():
            # Indentation is ours; everything after it may be a stranger's.
            streams.text(clean(line))
    return view.complete or bool(view.fields)
