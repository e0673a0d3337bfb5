"""The envelope of the socket: `WebcastPushFrame` in and out, and what is inside it (protocol/push.md sections 1 to 6).

Nothing here raises on bytes from outside: what cannot be read comes back as a [`BadFrame`][].
"""

from __future__ import annotations

from functools import partial
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
    size: int = 0
    """Bytes of all of it, unpacked."""


# A named tuple's own constructor is a Python function: 0.37 us instead of 0.21, for every message.
_make_message = partial(tuple.__new__, Message)
_make_frame = partial(tuple.__new__, Frame)
_make_result = partial(tuple.__new__, FetchResult)


def read_frame(data: bytes) -> Frame | BadFrame:
    """Read one binary WebSocket message."""
    try:
        frame = WebcastPushFrame.FromString(data)
    except DecodeError as error:
        return BadFrame(data, f"not a push frame: {error}")
    payload = frame.payload
    kind = frame.payload_type
    # The header `compress_type` says it too, but the first bytes never lie: no message begins with them, since 1f 8b
    # is no protobuf tag, and what does not begin with them is not gzip, whatever the header says (push.md section 5).
    return _make_frame(
        (kind if kind.__class__ is str else text(kind), payload, frame.log_id, payload[:2] == b"\x1f\x8b")
    )


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
    try:
        result = ProtoMessageFetchResult.FromString(data)
    except DecodeError as error:
        return BadFrame(data, f"not a fetch result: {error}")
    entries = result.messages
    count = len(entries)
    kept = entries if count <= limits.messages_per_frame else entries[: limits.messages_per_frame]
    now = result.now
    messages: list[Message] = []
    for entry in kept:
        method = entry.method
        method = method if method.__class__ is str else text(method)
        messages.append(_make_message((method, entry.payload, entry.msg_id, entry.is_history, now)))
    return _make_result(
        (
            messages,
            _bytes(result.internal_ext),
            text(result.cursor),
            result.need_ack,
            result.heartbeat_duration / 1000,
            count - len(messages),
            len(data),
        )
    )


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def write_ack(log_id: int, internal_ext: bytes) -> bytes:
    """Return the ack of a frame: as `write_frame` has it, put together by hand in 1.7 us instead of 2.7."""
    # Without an ack the server stops pushing; "-" stands for an empty internal_ext (push.md section 4).
    payload = internal_ext or b"-"
    return b"".join((b"\x10", _varint(log_id), _ACK, _varint(len(payload)), payload))


_ACK = b"\x32\x02pb\x3a\x03ack\x42"
"""Fields 6 and 7, `payload_encoding` and `payload_type`, and the tag of the payload, field 8."""


def _varint(value: int) -> bytes:
    value %= 1 << 64
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)


def write_frame(payload_type: str, payload: bytes, *, log_id: int | None = None) -> bytes:
    """Return a frame as the web player writes it: encoding `pb`, no headers, `log_id` only in acks."""
    frame = WebcastPushFrame(payload_encoding="pb", payload_type=payload_type, payload=payload)
    if log_id is not None:
        frame.log_id = log_id
    return frame.SerializeToString()
