"""One entry of a fetch result: the raw and cheap form that every later step starts from."""

from __future__ import annotations

from typing import NamedTuple


class Message(NamedTuple):
    """One wire message, not decoded yet (protocol/push.md section 6, `BaseProtoMessage`)."""

    method: str
    """The wire's name of the message type, e.g. `WebcastChatMessage`."""
    payload: bytes
    """The message's own bytes."""
    msg_id: int = 0
    """Unique within a room; 0 when the server gave none."""
    is_history: bool = False
    """Backlog from before the connection."""
    server_time: int = 0
    """The server's clock when it sent the batch, in milliseconds since 1970; 0 when unknown."""
