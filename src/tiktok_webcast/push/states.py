"""The states of the push protocol, for both roles: every transition that a frame causes is in these tables."""

from __future__ import annotations

from enum import Enum


class PushState(Enum):
    """Where one socket is, seen from either end."""

    IDLE = "idle"
    """Not open yet."""
    ENTERING = "entering"
    """Open; the client has not been let into the room."""
    IN_ROOM = "in_room"
    """Messages flow."""
    CLOSED = "closed"
    """Nothing more is sent or read."""


class PushEvent(Enum):
    """Frames that mean something, by their `payload_type` (protocol/push.md section 2); all others are ignored."""

    ENTER_ROOM = "im_enter_room"
    ENTERED = "im_enter_room_resp"
    MESSAGES = "msg"
    HEARTBEAT = "hb"
    ACK = "ack"


CLIENT: dict[PushState, dict[PushEvent, PushState]] = {
    PushState.IDLE: {},
    PushState.ENTERING: {
        PushEvent.ENTERED: PushState.IN_ROOM,
        # A server that says nothing about entering and just sends is in no source, but costs nothing to accept.
        PushEvent.MESSAGES: PushState.IN_ROOM,
        PushEvent.HEARTBEAT: PushState.ENTERING,
        PushEvent.ACK: PushState.ENTERING,
    },
    PushState.IN_ROOM: {
        PushEvent.ENTERED: PushState.IN_ROOM,
        PushEvent.MESSAGES: PushState.IN_ROOM,
        PushEvent.HEARTBEAT: PushState.IN_ROOM,
        PushEvent.ACK: PushState.IN_ROOM,
    },
    PushState.CLOSED: {},
}
"""What the client may receive in which state, and where it leads."""

SERVER: dict[PushState, dict[PushEvent, PushState]] = {
    PushState.IDLE: {},
    # A heartbeat before entering has no row: TikTok closes with 1000 "payload_handler_hb" (push.md section 3).
    PushState.ENTERING: {PushEvent.ENTER_ROOM: PushState.IN_ROOM},
    PushState.IN_ROOM: {
        PushEvent.ENTER_ROOM: PushState.IN_ROOM,
        PushEvent.HEARTBEAT: PushState.IN_ROOM,
        PushEvent.ACK: PushState.IN_ROOM,
    },
    PushState.CLOSED: {},
}
"""What the server may receive in which state, and where it leads."""
