"""`redact IN OUT`: a capture in which nobody is named."""

from __future__ import annotations

import argparse
import secrets

from tiktok_webcast.capture import CaptureProblem, Redaction, file_kind, read_capture, redact
from tiktok_webcast.capture.format import CaptureReader
from tiktok_webcast.capture.har import MAX_HAR
from tiktok_webcast.capture.kind import FileKind

from .capture import open_output, write_whole
from .clean import clean
from .payloads import UnreadablePayload, read_file
from .streams import Streams

UNREADABLE = 10


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Redact one file."""
    key = args.key.encode("utf-8", "surrogateescape") if args.key else secrets.token_bytes(16)
    try:
        data = read_file(args.source, MAX_HAR)
        if file_kind(data) is not FileKind.CAPTURE:
            new = redact(data, key=key)
            problem = ""
        else:
            new, problem = _capture(data, key)
    except (UnreadablePayload, CaptureProblem) as error:
        said = str(error) if isinstance(error, UnreadablePayload) else f"{args.source}: {clean(str(error))}"
        streams.say(f"tiktok-webcast: {said}")
        return UNREADABLE
    with open_output(args.target, replace_it=args.force) as file:
        write_whole(file, new)
    if problem:
        streams.say(f"tiktok-webcast: {args.source}: {clean(problem)}; redacted up to there")
    streams.say(f"tiktok-webcast: {args.target}: {len(new)} bytes of {len(data)}")
    return 0


def _capture(data: bytes, key: bytes) -> tuple[bytes, str]:
    """Redact a capture; one that was cut up to the cut."""
    out: list[bytes] = []
    reader, redaction = CaptureReader(), Redaction(out.append, key=key)
    for record in read_capture(data, reader):
        redaction.redact(record)
    if redaction.problem or reader.records < 2:
        raise CaptureProblem(redaction.problem or reader.problem)
    return b"".join(out), reader.problem
