"""The envelope of the socket: `WebcastPushFrame` in and out, and what is inside it (protocol/push.md sections 1 to 6).

Nothing here raises on bytes from outside: what cannot be read comes back as a [`BadFrame`][].
"""

from __future__ import annotations

from typing import NamedTuple

from google.protobuf.message import DecodeError

from .._pb.transport_pb2 import ProtoMessageFetchResult, WebcastPushFrame
from ..config import Limits
from ..message import Message
from ..view import text
from .unpack import BadFrame, gunzip


class Frame(NamedTuple):
    """One push frame, its payload still packed."""

    payload_type: str
    payload: bytes
    log_id: int = 0
    gzipped: bool = False


class FetchResult(NamedTuple):
    """A batch of messages as the server or the signer sent it."""

    messages: list[Message]
    internal_ext: bytes = b""
    """Echoed in acks to the byte, so it stays bytes."""
    cursor: str = ""
    need_ack: bool = False
    heartbeat: float = 0.0
    """Seconds between heartbeats that the server asks for; 0 = it does not."""
    dropped: int = 0
    """Messages past `Limits.messages_per_frame`."""


def read_frame(data: bytes) -> Frame | BadFrame:
    """Read one binary WebSocket message."""
    frame = WebcastPushFrame()
    try:
        frame.ParseFromString(data)
    except DecodeError as error:
        return BadFrame(data, f"not a push frame: {error}")
    payload = frame.payload
    # Both signs of compression hold, either is enough (push.md section 5).
    gzipped = payload[:2] == b"\x1f\x8b" or any(
        text(header.key).lower() == "compress_type" and text(header.value).lower() == "gzip" for header in frame.headers
    )
    return Frame(text(frame.payload_type), payload, frame.log_id, gzipped)


def unpack(frame: Frame, limits: Limits) -> bytes | BadFrame:
    """Return a frame's payload unpacked, within `Limits.unpacked`."""
    if not frame.gzipped:
        if len(frame.payload) > limits.unpacked:
            return BadFrame(
                frame.payload, f"payload of {len(frame.payload)} bytes is over the limit of {limits.unpacked}"
            )
        return frame.payload
    return gunzip(frame.payload, limits.unpacked)


def read_fetch_result(data: bytes, limits: Limits) -> FetchResult | BadFrame:
    """Read a `ProtoMessageFetchResult`: the payload of a `msg` frame, or the body of a signer's answer."""
    result = ProtoMessageFetchResult()
    try:
        result.ParseFromString(data)
    except DecodeError as error:
        return BadFrame(data, f"not a fetch result: {error}")
    entries = result.messages
    count = len(entries)
    kept = entries if count <= limits.messages_per_frame else entries[: limits.messages_per_frame]
    now = result.now
    messages = [Message(text(entry.method), entry.payload, entry.msg_id, entry.is_history, now) for entry in kept]
    return FetchResult(
        messages,
        _bytes(result.internal_ext),
        text(result.cursor),
        result.need_ack,
        result.heartbeat_duration / 1000,
        count - len(messages),
    )


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def write_frame(payload_type: str, payload: bytes, *, log_id: int | None = None) -> bytes:
    """Return a frame as the web player writes it: encoding `pb`, no headers, `log_id` only in acks."""
    frame = WebcastPushFrame(payload_encoding="pb", payload_type=payload_type, payload=payload)
    if log_id is not None:
        frame.log_id = log_id
    return frame.SerializeToString()
