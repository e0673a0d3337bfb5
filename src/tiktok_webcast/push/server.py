"""`PushServer`: the server's end of one socket, for tests and the simulator (protocol/push.md sections 1 to 7).

As strict as TikTok: no message before the client has entered the room, and a heartbeat before entering closes.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from typing import NamedTuple

from google.protobuf.message import DecodeError

from .._pb.transport_pb2 import (
    BaseProtoMessage,
    HeartBeatMessage,
    ProtoMessageFetchResult,
    PushHeader,
    WebcastImEnterRoomMessage,
    WebcastPushFrame,
)
from ..errors import LocalProtocolError
from ..message import Message
from .frames import read_frame
from .states import SERVER, PushEvent, PushState
from .unpack import BadFrame


class EnterRoom(NamedTuple):
    """The client asks for a room: its messages may be sent from now on."""

    room_id: int
    unique_id: int
    """The client's own number for this entry, echoed in the answer."""


class Heartbeat(NamedTuple):
    """The client is alive."""

    room_id: int
    sequence: int


class Ack(NamedTuple):
    """The client has read the frame with this `log_id`."""

    log_id: int
    internal_ext: bytes


class ProtocolViolation(NamedTuple):
    """What a real server closes the socket for; `reason` is the close reason to send with code 1000."""

    reason: str


ServerEvent = EnterRoom | Heartbeat | Ack | ProtocolViolation

_EVENTS = {event.value: event for event in PushEvent}


class PushServer:
    """The server's role on one socket: reads what a client sends, writes what a room sends."""

    def __init__(self) -> None:
        self.state: PushState = PushState.IDLE
        self._sequence = 0
        self._log_id = 0

    def opened(self) -> None:
        """The handshake is done."""
        if self.state is not PushState.IDLE:
            raise LocalProtocolError(f"opened() on a server side that is {self.state.value}")
        self.state = PushState.ENTERING

    def receive_message(self, data: bytes) -> ServerEvent | None:
        """One binary message from the client: what it means, or `None` for what a server ignores."""
        if self.state in (PushState.IDLE, PushState.CLOSED):
            return None
        frame = read_frame(data)
        if isinstance(frame, BadFrame):
            return self._violation(frame.error)
        event = _EVENTS.get(frame.payload_type)
        if event is None:
            return None
        if event not in SERVER[self.state]:
            return self._violation(f"payload_handler_{frame.payload_type}")
        self.state = SERVER[self.state][event]
        return self._read(event, frame.payload, frame.log_id)

    def entered(self, request: EnterRoom) -> bytes:
        """The frame that answers `EnterRoom`."""
        payload = WebcastImEnterRoomMessage(room_id=request.room_id, enter_unique_id=request.unique_id)
        return self._frame("im_enter_room_resp", payload.SerializeToString(), compress=False)[0]

    def heartbeat_answer(self) -> bytes:
        """The frame that answers a heartbeat."""
        return self._frame("hb", b"", compress=False)[0]

    def messages(
        self,
        messages: Sequence[Message],
        *,
        now: int,
        need_ack: bool = True,
        cursor: str = "",
        internal_ext: str = "",
        heartbeat_ms: int = 0,
        compress: bool = True,
    ) -> tuple[bytes, int]:
        """A `msg` frame with these messages and its `log_id`; `now` is the server's clock in milliseconds."""
        if self.state is not PushState.IN_ROOM:
            raise LocalProtocolError(f"no messages before the client has entered the room (it is {self.state.value})")
        payload = fetch_result(
            messages,
            now=now,
            need_ack=need_ack,
            cursor=cursor,
            internal_ext=internal_ext,
            heartbeat_ms=heartbeat_ms,
        )
        return self._frame("msg", payload, compress=compress)

    def close(self) -> None:
        """The socket is gone."""
        self.state = PushState.CLOSED

    def _violation(self, reason: str) -> ProtocolViolation:
        self.state = PushState.CLOSED
        return ProtocolViolation(reason)

    def _read(self, event: PushEvent, payload: bytes, log_id: int) -> ServerEvent | None:
        try:
            if event is PushEvent.ENTER_ROOM:
                enter = WebcastImEnterRoomMessage.FromString(payload)
                return EnterRoom(enter.room_id, enter.enter_unique_id)
            if event is PushEvent.HEARTBEAT:
                beat = HeartBeatMessage.FromString(payload)
                return Heartbeat(beat.room_id, beat.send_packet_seq_id)
        except DecodeError as error:
            return self._violation(f"bad {event.value}: {error}")
        return Ack(log_id, payload)

    def _frame(self, payload_type: str, payload: bytes, *, compress: bool) -> tuple[bytes, int]:
        self._sequence += 1
        self._log_id += 1
        # The captures' own frames carry service 8888 and method 8; mtime 0 keeps equal inputs equal.
        frame = WebcastPushFrame(
            seq_id=self._sequence,
            log_id=self._log_id,
            service=8888,
            method=8,
            headers=[PushHeader(key="compress_type", value="gzip" if compress else "none")],
            payload_encoding="pb",
            payload_type=payload_type,
            payload=gzip.compress(payload, 6, mtime=0) if compress else payload,
        )
        return frame.SerializeToString(), self._log_id


def fetch_result(
    messages: Sequence[Message],
    *,
    now: int,
    need_ack: bool = False,
    cursor: str = "",
    internal_ext: str = "",
    heartbeat_ms: int = 0,
    push_server: str = "",
    route_params: Sequence[tuple[str, str]] = (),
    is_first: bool = False,
) -> bytes:
    """A serialized `ProtoMessageFetchResult`, as in `msg` frames and in a sign server's answer."""
    result = ProtoMessageFetchResult(
        messages=[
            BaseProtoMessage(
                method=message.method,
                payload=message.payload,
                msg_id=message.msg_id,
                is_history=message.is_history or None,
            )
            for message in messages
        ],
        cursor=cursor,
        fetch_interval=1000,
        now=now,
        internal_ext=internal_ext,
        fetch_type=1,
        heartbeat_duration=heartbeat_ms or None,
        need_ack=need_ack or None,
        push_server=push_server or None,
        is_first=is_first or None,
    )
    for key, value in route_params:
        result.route_params.add(key=key, value=value)
    return result.SerializeToString()
