"""`Feed`: the server's end of one socket, which plays a visit's script and insists on the rules.

No message before the client has entered the room, heartbeats in time, and acks: with [`WINDOW`][] frames not
acknowledged the server sends no more (protocol/push.md sections 3 and 4).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ..push.server import Ack, EnterRoom, Heartbeat, ProtocolViolation, PushServer
from .log import Log
from .script import Close, Cut, Frame, Raw, SetStatus, Silence, Step, Text
from .visit import Stage, Visit, ends_socket

WINDOW = 8
"""Frames that may wait for their ack; how many TikTok allows is not known, only that it stops."""
PATIENCE_BEATS = 2.5
"""Heartbeat intervals without a heartbeat after which the socket is closed."""
BATCH = 64
"""Outputs made at most in one go, so that one fast room does not starve the others."""


@dataclass(frozen=True)
class Send:
    """Send these bytes as one binary message."""

    data: bytes = field(repr=False)


@dataclass(frozen=True)
class SendText:
    """Send this as one text message."""

    text: str


@dataclass(frozen=True)
class Leave:
    """Close the socket with a closing handshake."""

    code: int
    reason: str = ""


@dataclass(frozen=True)
class Abort:
    """Drop the connection without a word."""


Output = Send | SendText | Leave | Abort


class Feed:
    """One open socket. Feed it the client's messages, send what `next_output` gives, wait until `next_timer`."""

    def __init__(
        self,
        stage: Stage,
        visit: Visit,
        *,
        now: float,
        log: Log,
        clock_ms: Callable[[float], int],
        speed: float,
        compress: bool,
        interval: float,
        first: tuple[Step, ...] = (),
        window: int = WINDOW,
    ) -> None:
        self.stage = stage
        self.visit = visit
        self.closed: bool = False
        self.acks: int = 0
        self.heartbeats: int = 0
        self._log = log
        self._clock_ms = clock_ms
        self._speed = speed
        self._compress = compress
        self._window = window
        self._patience = interval * PATIENCE_BEATS
        self._push = PushServer()
        self._push.opened()
        self._beat_at = now
        self._due: float | None = None
        self._first = deque(first)
        self._frames = 0
        self._silent = False
        self._answers = False
        self._stalled = False
        self._unacked: OrderedDict[int, bytes] = OrderedDict()
        self._outputs: deque[Output] = deque()

    def receive_message(self, data: bytes, *, now: float) -> None:
        """One binary message from the client."""
        if self.closed:
            return
        event = self._push.receive_message(data)
        if isinstance(event, EnterRoom):
            self._enter(event, now)
        elif isinstance(event, Heartbeat):
            self.heartbeats += 1
            self._beat_at = now
            self._note(now, "heartbeat", sequence=event.sequence, room_id=event.room_id)
            if not self._silent or self._answers:
                self._outputs.append(Send(self._push.heartbeat_answer()))
        elif isinstance(event, Ack):
            self._acknowledge(event, now)
        elif isinstance(event, ProtocolViolation):
            self._violation(event.reason, now)

    def receive_text(self, *, now: float) -> None:
        """A text message from the client: nobody sends any."""
        self._note(now, "violation", reason="a text message")

    def receive_close(self, *, now: float, code: int | None = None) -> None:
        """The client has closed the socket (`code`), or the connection has broken (`None`): then it may come back."""
        if self.closed:
            return
        self._note(now, "leave", code=code)
        self._end(now, comes_back=self._silent or code is None)

    def next_output(self, *, now: float) -> Output | None:
        """The next thing to do, or `None` until `next_timer` or the client's next message."""
        if not self._outputs and not self.closed:
            self._play(now)
        return self._outputs.popleft() if self._outputs else None

    def next_timer(self) -> float | None:
        """When to ask `next_output` again; `None` when closed."""
        if self.closed:
            return None
        deadline = self._beat_at + self._patience
        return deadline if self._due is None or self._stalled or self._silent else min(deadline, self._due)

    def _enter(self, request: EnterRoom, now: float) -> None:
        self._note(now, "enter", room_id=request.room_id, unique_id=request.unique_id)
        if request.room_id != self.visit.room.room_id:
            self._violation(f"room {request.room_id} is not the one that was signed", now)
            return
        self._outputs.append(Send(self._push.entered(request)))
        if self._due is None:
            self._due = now
            self._plan()

    def _acknowledge(self, ack: Ack, now: float) -> None:
        expected = self._unacked.get(ack.log_id)
        if expected is None or expected != ack.internal_ext:
            what = "not asked for" if expected is None else "not with its internal_ext"
            self._note(now, "violation", reason=f"ack of frame {ack.log_id} {what}")
            return
        del self._unacked[ack.log_id]
        self.acks += 1
        self._stalled = False
        self._note(now, "ack", log_id=ack.log_id)

    def _play(self, now: float) -> None:
        if now >= self._beat_at + self._patience:
            self._violation(f"no heartbeat for {self._patience:g} s", now)
            return
        for _ in range(BATCH):
            step = self._next_step()
            if step is None or self._due is None or now < self._due or self.closed or self._silent:
                break
            if isinstance(step.action, Frame) and step.action.need_ack and len(self._unacked) >= self._window:
                if not self._stalled:
                    self._note(now, "stall", unacked=len(self._unacked))
                self._stalled = True
                break
            self._take()
            self._do(step, now)
            self._plan()

    def _next_step(self) -> Step | None:
        return self._first[0] if self._first else self.visit.peek()

    def _take(self) -> None:
        if self._first:
            self._first.popleft()
        else:
            self.visit.take()

    def _plan(self) -> None:
        """Set when the next step is due, counted from when this one was."""
        step = self._next_step()
        if step is None or self._due is None:
            self._due = None
        else:
            self._due += step.hold + (step.wait / self._speed if self._speed > 0 else 0.0)

    def _do(self, step: Step, now: float) -> None:
        action = step.action
        if isinstance(action, Frame):
            self._send_frame(action, now)
        elif isinstance(action, Raw):
            self._outputs.append(Send(action.data))
        elif isinstance(action, Text):
            self._outputs.append(SendText(action.text))
        elif isinstance(action, SetStatus):
            self.stage.status = action.status
        elif isinstance(action, Close):
            self._outputs.append(Leave(action.code, action.reason))
        elif isinstance(action, Cut):
            self._outputs.append(Abort())
        elif isinstance(action, Silence):
            self._silent = True
            self._answers = action.answers
        else:
            # What belongs to a way in: nobody signs, or is refused, in the middle of a socket's life.
            self._violation("the script signs twice", now)
        if ends_socket(step) and not self._silent:
            self._end(now, comes_back=True)

    def _send_frame(self, frame: Frame, now: float) -> None:
        self._frames += 1
        moment = self._clock_ms(now)
        internal_ext = f"internal_src:dim|wss_push_room_id:{self.visit.room.room_id}|wss_push_seq:{self._frames}"
        data, log_id = self._push.messages(
            frame.messages,
            now=moment,
            need_ack=frame.need_ack,
            cursor=f"{moment}_{self._frames}",
            internal_ext=internal_ext,
            heartbeat_ms=frame.heartbeat_ms,
            compress=frame.compress and self._compress,
        )
        if frame.need_ack:
            self._unacked[log_id] = internal_ext.encode()
        self._outputs.append(Send(data))

    def _violation(self, reason: str, now: float) -> None:
        self._note(now, "violation", reason=reason)
        self._outputs.append(Leave(1000, reason[:120]))
        self._end(now, comes_back=False)

    def _end(self, now: float, *, comes_back: bool) -> None:
        self.closed = True
        self._push.close()
        self._note(now, "end", comes_back=comes_back, unacked=len(self._unacked), acks=self.acks)
        if comes_back:
            self.stage.lost(self.visit, now=now)

    def _note(self, now: float, kind: str, **detail: object) -> None:
        self._log.add(now, kind, self.stage.room.unique_id, **detail)
