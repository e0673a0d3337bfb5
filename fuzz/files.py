"""Fuzzed files: those that somebody else may hand over. Each target states its one invariant."""

from __future__ import annotations

import zlib
from random import Random

from tiktok_webcast import Limits, RetryPolicy, SessionConfig, SignServer
from tiktok_webcast.capture import (
    CaptureReader,
    Header,
    Redaction,
    Replay,
    file_kind,
    play_frames,
    read_capture,
    read_har,
    unpacked,
)
from tiktok_webcast.capture.format import MAGIC, Record, write_record
from tiktok_webcast.capture.frames_file import FramesReader
from tiktok_webcast.capture.header import Setup, write_setup
from tiktok_webcast.capture.masks import Masks

from .show import show

LIMITS = Limits(unpacked=64 * 1024, response_body=64 * 1024, message=64 * 1024)
_ROOM = "room:7300000000000000001"
_SETUP = Setup(_ROOM, SessionConfig(), RetryPolicy(), SignServer(), "SignServer", Random(1).getstate())
HEADER = Header(write_setup(_SETUP.masked(Masks())))
"""The header of the records that `sealed` makes."""


def frames_file(data: bytes) -> None:
    """Invariant: however a `.frames` file is cut into pieces, its frames and its problem are the same."""
    found = []
    for size in (7, len(data) + 1):
        reader = FramesReader(longest=LIMITS.message)
        frames = [f for at in range(0, len(data), size) for f in reader.receive_data(data[at : at + size])]
        reader.receive_eof()
        found.append((frames, reader.problem))
    assert found[0] == found[1]
    for event in play_frames(found[0][0]):
        show(event)


def har_file(data: bytes) -> None:
    """Invariant: a HAR gives rooms whose frames play to one `closed`, or says in words why it holds none."""
    file_kind(data)
    found = read_har(unpacked(data), longest=LIMITS.message)
    assert bool(found.problem) != any(socket.frames for socket in found.sockets)
    for room_id, frames in found.rooms():
        names = [event.name for event in play_frames(frames, room_id=room_id)]
        assert names.count("closed") == 1 and names[-1] == "closed"


def capture_file(data: bytes) -> None:
    """Invariant: however a capture is cut, its records are the same; what was read can be written, played, redacted.

    As it is, and with magic, header and checksums put in: no bytes come upon a CRC-32 by chance.
    """
    for whole in (data, sealed(data)):
        records, problem = _read(whole, len(whole) + 1)
        assert (records, problem) == _read(whole, 251)
        again, _ = _read(MAGIC + b"".join(map(write_record, records)), 1 << 20)
        assert again == records
        player, redaction = Replay(check=True), Redaction(_forget, key=b"key")
        events = [event for each in records for event in player.play(each)]
        events += player.end()
        for event in events:
            show(event)
        assert [event.name for event in events].count("closed") <= 1
        if whole is not data:
            for each in records:
                redaction.redact(each)


def _forget(data: bytes) -> None:
    pass


def _read(data: bytes, size: int) -> tuple[list[Record], str]:
    reader = CaptureReader(longest=LIMITS.message)
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return list(read_capture(pieces, reader)), reader.problem


def sealed(data: bytes) -> bytes:
    """Make a capture of loose records: kind (1 byte), length (2 bytes, big-endian), body, again and again."""
    out, at = [MAGIC, write_record(HEADER)], 0
    while at + 3 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 3], "big")
        body = data[at + 3 : at + 3 + size]
        out.append(_record(data[at : at + 1], body))
        at += 3 + size
    return b"".join(out)


def _record(kind: bytes, body: bytes) -> bytes:
    length = bytes([len(body) & 0x7F | 0x80, len(body) >> 7 & 0x7F | 0x80, len(body) >> 14])
    head = kind + length + body
    return head + zlib.crc32(head).to_bytes(4, "little")


def loosened(record: Record) -> bytes:
    """A record as `sealed` takes it; a body of more than 64 KiB is left out."""
    data = write_record(record)
    at = 1
    while data[at] & 0x80:
        at += 1
    body = data[at + 1 : -4]
    return b"" if len(body) > 0xFFFF else data[:1] + len(body).to_bytes(2, "big") + body
