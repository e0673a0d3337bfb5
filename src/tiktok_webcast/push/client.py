"""`PushConnection`: the client's end of one open socket (protocol/push.md sections 3 to 6).

Feed it every binary message; it answers with frames to send (`next_frame`) and batches to read (`next_result`). It
enters the room, keeps the heartbeat, acknowledges, and says when the other side has gone silent. One per socket.
"""

from __future__ import annotations

from collections import deque

from .._pb.transport_pb2 import HeartBeatMessage, WebcastImEnterRoomMessage
from ..config import Limits, Timing
from ..errors import LocalProtocolError
from .frames import FetchResult, read_fetch_result, read_frame, unpack, write_ack, write_frame
from .states import CLIENT, PushEvent, PushState
from .unpack import BadFrame

SHORTEST_HEARTBEAT = 1.0
"""Seconds: a server that asks for a shorter heartbeat gets this one."""
LONGEST_HEARTBEAT = 60.0
"""Seconds: a server that asks for a longer heartbeat gets this one, or half of `Timing.stale` if that is less."""

_LIVE_ID = 12
_EVENTS = {event.value: event for event in PushEvent}
_MESSAGES = PushEvent.MESSAGES.value


class PushConnection:
    """The client's role on one socket, from its opening to its close."""

    def __init__(
        self, room_id: int, *, limits: Limits = Limits(), timing: Timing = Timing(), enter_unique_id: int = 0
    ) -> None:
        """Make one for a room; `enter_unique_id` is a number of yours that the server echoes (0: none)."""
        self.room_id = room_id
        # The wire's field is signed; an id above 2 ** 63 travels as the negative of the same bits.
        self._wire_room_id = (room_id + 2**63) % 2**64 - 2**63
        self.state: PushState = PushState.IDLE
        self.acks: int = 0
        """Frames acknowledged so far."""
        self.heartbeats: int = 0
        """Heartbeats sent so far."""
        self._limits = limits
        self._timing = timing
        self._enter_unique_id = enter_unique_id
        self._heartbeat = timing.heartbeat
        self._sequence = 0
        self._heartbeat_at: float | None = None
        self._stale_at: float | None = None
        self._quiet = max(timing.quiet, timing.stale)
        self._quiet_at = 0.0
        self.frames: deque[bytes] = deque()
        """Binary messages to send, in order: take them from the left, here or by `next_frame`."""
        self.results: deque[FetchResult | BadFrame] = deque()
        """What was received and not read yet, in order: take it from the left, here or by `next_result`."""

    def opened(self, *, now: float, heartbeat: float | None = None) -> None:
        """The socket is open: enter the room, then start the heartbeat, at the server's interval if it named one."""
        if self.state is not PushState.IDLE:
            raise LocalProtocolError(f"opened() on a connection that is {self.state.value}; make a new one per socket")
        self.state = PushState.ENTERING
        if heartbeat is not None:
            self._set_heartbeat(heartbeat, now)
        self._stale_at = now + self._timing.stale
        self._quiet_at = now + self._quiet
        self.frames.append(write_frame("im_enter_room", self._enter_room()))
        self._send_heartbeat(now)

    def receive_message(self, data: bytes, *, now: float) -> None:
        """One whole binary message from the socket: never raises, whatever it holds."""
        if self.state in (PushState.IDLE, PushState.CLOSED):
            return
        self._stale_at = now + self._timing.stale
        frame = read_frame(data)
        if isinstance(frame, BadFrame):
            self.results.append(frame)
            return
        if frame.payload_type != _MESSAGES or self.state is not PushState.IN_ROOM:
            # Looking up enum members costs half a microsecond: not for the one thing that happens all the time.
            event = _EVENTS.get(frame.payload_type)
            self.state = CLIENT[self.state].get(event, self.state) if event is not None else self.state
            if event is not PushEvent.MESSAGES:
                return
        self._quiet_at = now + self._quiet
        payload = unpack(frame, self._limits)
        result = payload if isinstance(payload, BadFrame) else read_fetch_result(payload, self._limits)
        if isinstance(result, FetchResult):
            if result.need_ack:
                self.frames.append(write_ack(frame.log_id, result.internal_ext))
                self.acks += 1
            if result.heartbeat:
                self._set_heartbeat(result.heartbeat, now)
        self.results.append(result)

    def handle_timer(self, *, now: float) -> None:
        """Send the heartbeat if it is due. Call it when `next_timer()` has come."""
        if self._heartbeat_at is not None and now >= self._heartbeat_at:
            self._send_heartbeat(now)

    def stale(self, *, now: float) -> bool:
        """Whether nothing has arrived for `Timing.stale` seconds, or no message for `Timing.quiet`."""
        return self._stale_at is not None and (now >= self._stale_at or now >= self._quiet_at)

    @property
    def heard_at(self) -> float | None:
        """When the last frame arrived, or the socket opened or silence was excused; `None` when there is no socket."""
        return None if self._stale_at is None else self._stale_at - self._timing.stale

    def silence(self, *, now: float) -> str:
        """What `stale` means in words."""
        if self._stale_at is not None and now >= self._stale_at:
            return f"nothing arrived for {self._timing.stale:g} s"
        return f"no message arrived for {self._quiet:g} s, only answers to heartbeats"

    def excuse_silence(self, *, now: float) -> None:
        """Nothing was read although there may have been something: silence counts from now."""
        if self._stale_at is not None:
            self._stale_at = now + self._timing.stale
            self._quiet_at = now + self._quiet

    def next_timer(self) -> float | None:
        """When `handle_timer` and `stale` want to be asked next; `None` when closed."""
        if self._heartbeat_at is None or self._stale_at is None:
            return None
        return min(self._heartbeat_at, self._stale_at)

    def next_frame(self) -> bytes | None:
        """The next binary message to send, in order."""
        return self.frames.popleft() if self.frames else None

    def next_result(self) -> FetchResult | BadFrame | None:
        """The next batch of messages, or a frame that could not be read."""
        return self.results.popleft() if self.results else None

    def close(self) -> None:
        """The socket is gone: no more timers, nothing more to send or to read."""
        self.state = PushState.CLOSED
        self._heartbeat_at = self._stale_at = None
        self.frames.clear()
        self.results.clear()

    def _set_heartbeat(self, seconds: float, now: float) -> None:
        if seconds > 0:
            # In a quiet room only its answers are heard: they must come well before the silence is too long.
            longest = min(LONGEST_HEARTBEAT, self._timing.stale / 2)
            self._heartbeat = max(min(seconds, longest), SHORTEST_HEARTBEAT)
        if self._heartbeat_at is not None:
            self._heartbeat_at = min(self._heartbeat_at, now + self._heartbeat)

    def _send_heartbeat(self, now: float) -> None:
        self._sequence += 1
        self.heartbeats += 1
        self._heartbeat_at = now + self._heartbeat
        beat = HeartBeatMessage(room_id=self._wire_room_id, send_packet_seq_id=self._sequence)
        self.frames.append(write_frame("hb", beat.SerializeToString()))

    def _enter_room(self) -> bytes:
        return WebcastImEnterRoomMessage(
            room_id=self._wire_room_id,
            live_id=_LIVE_ID,
            identity="audience",
            # A zero is left out on the wire, as the web player's own serializer does.
            enter_unique_id=self._enter_unique_id or None,
            filter_welcome_msg="0",
        ).SerializeToString()
