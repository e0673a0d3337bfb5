"""`Session`: from a user name to typed events, with no I/O. It wires the machines and knows no protocol itself.

The run loop of every transport, in full:

    session.start(now=now)
    while session.phase is not Phase.CLOSED:
        do every action of session.next_action(), hand out every event of session.next_event()
        wait for the socket, an HTTP answer or session.next_timer(), whichever comes first
        call the receive_*, socket_* or handle_timer method that fits
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from functools import partial
from random import Random
from typing import Any

from .actions import Action, CloseSocket, OpenSocket, SendMessage, SendRequest
from .checks import check_kind
from .close import Closed, CloseReason
from .context import WebContext
from .errors import ConfigurationError, LocalProtocolError
from .event_queue import EventQueue
from .events.base import Event
from .events.room import TopViewer
from .events.session import ClosedEvent, ConnectEvent, DisconnectEvent, ReconnectingEvent
from .evidence import excerpt
from .exchange import ExchangeRunner, Step
from .handshake import ping_interval, refusal
from .http import FailureKind, Headers, HttpResponse, TransportFailure
from .pipeline import Pipeline
from .push.client import PushConnection
from .push.frames import read_fetch_result
from .retry import GiveUp, RetryPolicy, RetryState
from .room import RoomFailure, RoomFound, resolve
from .session_config import SessionConfig
from .sign import Signed, Signer, SignFailure, SignServer, SignTarget
from .statistics import Counters, Statistics
from .track.gifts import StreakEndCause
from .user_input import RoomId, UserInput, parse_user


class Phase(Enum):
    """How far a session is."""

    IDLE = "idle"
    RESOLVING = "resolving"
    SIGNING = "signing"
    OPENING = "opening"
    LIVE = "live"
    WAITING = "waiting"
    CLOSED = "closed"


_make_send = partial(tuple.__new__, SendMessage)  # A named tuple's own constructor takes twice as long.
_STREAK_END = {CloseReason.ROOM_ENDED: StreakEndCause.ROOM_ENDED, CloseReason.CLOSED: StreakEndCause.CLOSED}


def check_choices(config: object, signer: object, retry: object, rng: object) -> None:
    """Refuse choices of a kind that no session can be made with.

    Raises:
        ConfigurationError: It says which, and what it must be.
    """
    check_kind("config", config, SessionConfig, "a SessionConfig")
    check_kind("retry", retry, RetryPolicy, "a RetryPolicy")
    check_kind("rng", rng, (Random, type(None)), "a random.Random")
    if signer is not None and not callable(getattr(signer, "sign", None)):
        raise ConfigurationError(f"signer must be an object with a method `sign`, not {type(signer).__name__}")


class Session:
    """One room, from its host's name to its end, across reconnects.

    Never raises on what the other side sends; `LocalProtocolError` means a call that makes no sense. Times are seconds
    of any clock that does not go back. Input for a socket or a request that is no longer current is ignored.
    """

    def __init__(
        self,
        user: str | int | UserInput,
        *,
        config: SessionConfig = SessionConfig(),
        signer: Signer | None = None,
        retry: RetryPolicy = RetryPolicy(),
        rng: Random | None = None,
    ) -> None:
        """Make a session for a user or a room, in any form that `parse_user` reads.

        Args:
            user: Name, address, user id or room id.
            config: All choices but those below.
            signer: Who signs the socket's address; `None`: the sign server of `config.endpoints`.
            retry: When to try again, and how often.
            rng: Drives backoff, device ids and the like; `None` is as `Random(0)`.

        Raises:
            InvalidUserInput: `user` names neither a user nor a room.
            ConfigurationError: One of the choices is of another kind.
        """
        check_choices(config, signer, retry, rng)
        rng = rng if rng is not None else Random(0)
        self.user: UserInput = parse_user(user)
        self.config: SessionConfig = config
        self.phase: Phase = Phase.IDLE
        self.closed: Closed | None = None
        """Why the session is over; `None` before."""
        self.unique_id: str | None = self.user.unique_id
        """The host's handle without `@`; `None` while unknown."""
        self.room_id: int = self.user.room_id if isinstance(self.user, RoomId) else config.room_id
        """The room; 0 while unknown."""
        self.found: RoomFound | None = None
        """What was found out about the room on the way in; `None` before, and where nothing could be."""
        self._context = config.web_context(rng)
        self._signer: Signer = signer if signer is not None else SignServer()
        self._retry = RetryState(retry, rng)
        self._counters = Counters()
        limits = config.limits
        self._events: EventQueue[Event] = EventQueue(
            limits.event_queue_high,
            limits.event_queue_low,
            limits.event_queue,
            config.overflow,
            heaviest=limits.event_queue_bytes,
        )
        self._pipeline = Pipeline(config, self._events, self._counters)
        self._actions: deque[Action] = deque()
        self._now = float("-inf")
        self._exchange = ExchangeRunner(config.timing.request)
        self._last_socket_id = 0
        self._socket_id = 0
        self._connection: PushConnection | None = None
        self._first_result = b""
        self._deadline: float | None = None
        self._resolve_again = False
        self._room_checked = not config.check_room
        self._attempt = 1
        self._refusals = 0
        self._connects = 0
        self._held_back = False

    # --- inputs -----------------------------------------------------------------------------------------------------

    def start(self, *, now: float) -> None:
        """Begin: the first action follows."""
        if self.phase is not Phase.IDLE:
            raise LocalProtocolError(f"start() on a session that is {self.phase.value}; make a new one")
        self._tick(now)
        self._enter()

    def receive_response(self, request_id: int, r: HttpResponse | TransportFailure, *, now: float) -> None:
        """The answer to `SendRequest(request_id, ...)`, or why there is none."""
        self._tick(now)
        self._advance(self._exchange.receive(request_id, r, now=self._now))

    def hold_request(self, request_id: int) -> None:
        """`SendRequest(request_id, ...)` is sent later: its time (`Timing.request`) does not run meanwhile."""
        self._exchange.hold(request_id)

    def release_request(self, request_id: int, *, now: float) -> None:
        """`SendRequest(request_id, ...)`, held until now, is being sent."""
        self._tick(now)
        self._exchange.release(request_id, now=self._now)

    def socket_opened(self, socket_id: int, headers: Headers, *, now: float) -> None:
        """The handshake of `OpenSocket(socket_id, ...)` was answered with 101 and these headers."""
        self._tick(now)
        if socket_id != self._socket_id or self.phase is not Phase.OPENING:
            return
        self.phase = Phase.LIVE
        self._deadline = None
        self._refusals = 0
        self._retry.connected(now=self._now)
        self._pipeline.streaks.connected(now=self._now)
        self._connects += 1
        self._counters.reconnects = self._connects - 1
        connection = PushConnection(self.room_id, limits=self.config.limits, timing=self.config.timing)
        self._connection = connection
        connection.opened(now=self._now, heartbeat=ping_interval(headers))
        self._pipeline.emit(ConnectEvent(room_id=self.room_id, unique_id=self.unique_id, attempt=self._connects))
        if self._first_result:
            first, self._first_result = self._first_result, b""
            self._pipeline.receive(read_fetch_result(first, self.config.limits), now=self._now)
        self._pump(connection)
        self._held_back = self.paused

    def socket_rejected(self, socket_id: int, status: int, headers: Headers, *, now: float) -> None:
        """The handshake was answered with another status than 101."""
        self._tick(now)
        if socket_id != self._socket_id or self.phase is not Phase.OPENING:
            return
        self._refusals += 1
        refused = refusal(status, headers)
        closed = replace(refused.closed(), detail=self._context.redact(refused.detail))
        if refused.retry:
            self._fail(closed, fresh_identity=refused.fresh_identity)
        else:
            self._finish(closed)

    def socket_failed(self, socket_id: int, failure: TransportFailure, *, now: float) -> None:
        """The socket could not be opened, or broke, or brought more than `Limits.message` bytes in one message."""
        self._tick(now)
        if socket_id != self._socket_id or self.phase not in (Phase.OPENING, Phase.LIVE):
            return
        reason = CloseReason.LIMIT if failure.kind is FailureKind.TOO_LARGE else CloseReason.NETWORK
        self._fail(Closed(reason, f"{failure.kind.value}: {failure.detail}" if failure.detail else failure.kind.value))

    def receive_message(self, socket_id: int, data: bytes, *, now: float) -> None:
        """One whole binary message."""
        if now > self._now:
            self._now = now
        connection = self._connection
        if socket_id != self._socket_id or connection is None:
            return
        counters = self._counters
        counters.frames += 1
        counters.bytes += len(data)
        if len(data) > self.config.limits.message:
            over = f"a message of {len(data)} bytes is over Limits.message ({self.config.limits.message})"
            self._fail(Closed(CloseReason.LIMIT, over), close_code=1009)
            return
        connection.receive_message(data, now=self._now)
        self._pump(connection)
        self._held_back = self._events.paused

    def socket_closed(self, socket_id: int, code: int | None, reason: str, *, now: float) -> None:
        """The server closed the socket, with its code (`None`: without a close frame) and reason."""
        self._tick(now)
        if socket_id != self._socket_id or self.phase not in (Phase.OPENING, Phase.LIVE):
            return
        said = f"the server closed the socket with code {code}" if code is not None else "the connection was cut"
        said += f": {excerpt(self._context.redact(reason))}" if reason else ""
        self._fail(Closed(CloseReason.SERVER_CLOSED, said))

    def handle_timer(self, *, now: float) -> None:
        """Do what is due. Call it when `next_timer()` has come; sooner does nothing."""
        self._tick(now)
        now = self._now
        self._pipeline.handle_timer(now=now)
        self._advance(self._exchange.handle_timer(now=now))
        if self._deadline is not None and now >= self._deadline:
            self._deadline_passed()
        connection = self._connection
        if connection is not None:
            if connection.stale(now=now) and self._held_back:
                # We did not read, so the silence is ours.
                connection.excuse_silence(now=now)
                self._held_back = self.paused
            if connection.stale(now=now):
                self._fail(Closed(CloseReason.STALE, connection.silence(now=now)), close_code=1000)
            else:
                connection.handle_timer(now=now)
                self._pump(connection)

    def close(self, *, now: float) -> None:
        """End it: streaks are settled, the socket is closed, `ClosedEvent` follows. Again: nothing happens."""
        self._tick(now)
        if self.phase is not Phase.CLOSED:
            self._finish(Closed(CloseReason.CLOSED, "closed by you"), close_code=1000)

    def want(self, names: frozenset[str] | None) -> None:
        """From now on deliver the events of these names; `None`: all (as `SessionConfig.include`, at any time)."""
        self.config = replace(self.config, include=names)
        self._pipeline.want(names)

    # --- outputs ----------------------------------------------------------------------------------------------------

    def next_action(self) -> Action | None:
        """The next thing for the transport to do, or `None`."""
        return self._actions.popleft() if self._actions else None

    def next_event(self) -> Event | None:
        """The next event, or `None`. `ClosedEvent` is the last."""
        return self._events.pop()

    def next_timer(self) -> float | None:
        """When to call `handle_timer`, or `None` for never."""
        # Asked for after every frame, so it makes no list, and asks nobody who has nothing under way.
        soonest = self._deadline
        connection = self._connection
        timer = self._exchange.next_timer() if connection is None else connection.next_timer()
        if timer is not None and (soonest is None or timer < soonest):
            soonest = timer
        timer = self._pipeline.streaks.next_timer()
        return timer if timer is not None and (soonest is None or timer < soonest) else soonest

    @property
    def paused(self) -> bool:
        """Whether to stop reading the socket until more events were taken; timers and sending go on."""
        return self._events.paused

    @property
    def viewer_count(self) -> int | None:
        """Viewers right now, as last told; `None` before."""
        return self._pipeline.viewer_count

    @property
    def top_viewers(self) -> tuple[TopViewer, ...]:
        """Who gave most, as last told, first things first."""
        update = self._pipeline.viewer_update
        return update.top_viewers if update is not None else ()

    @property
    def gift_list(self) -> Mapping[int, Any]:
        """The room's gifts by id, for `Gift.detailed`; set it to `GiftList.by_id` once you have fetched them."""
        return self._pipeline.gifts.gift_list

    @gift_list.setter
    def gift_list(self, gifts: Mapping[int, Any]) -> None:
        self._pipeline.gifts.gift_list = gifts

    @property
    def context(self) -> WebContext:
        """What its web requests have in common: for requests of yours as the same browser (`tiktok_webcast.info`)."""
        return self._context

    @property
    def statistics(self) -> Statistics:
        """The counters so far."""
        connection = self._connection
        counted = self._counters.snapshot()
        return replace(
            counted,
            dropped=counted.dropped + self._events.dropped,
            queue_peak=self._events.peak,
            acks=counted.acks + (connection.acks if connection is not None else 0),
            heartbeats=counted.heartbeats + (connection.heartbeats if connection is not None else 0),
        )

    # --- the way in: room, signature, socket ------------------------------------------------------------------------

    def _enter(self) -> None:
        if self.room_id and self._room_checked and not self._resolve_again:
            self._sign()
            return
        # Who named a room wants that one, whatever its host does elsewhere; who named a user, the room they are in now.
        named = self.config.room_id or isinstance(self.user, RoomId)
        user = RoomId(self.room_id) if named else self.user
        self.phase = Phase.RESOLVING
        self._advance(self._exchange.start(resolve(user, context=self._context), now=self._now))

    def _sign(self) -> None:
        self.phase = Phase.SIGNING
        target = SignTarget(
            self.room_id,
            self.unique_id,
            self._context,
            attempt=self._attempt,
            refusals=self._refusals,
            now=self._now,
        )
        self._advance(self._exchange.start(self._signer.sign(target), now=self._now))

    def _advance(self, step: Step | None) -> None:
        if isinstance(step, SendRequest):
            self._actions.append(step)
        elif step is not None:
            self._exchanged(step.result)

    def _exchanged(self, result: RoomFound | RoomFailure | Signed | SignFailure) -> None:
        if isinstance(result, RoomFound):
            self._resolve_again = False
            self._room_checked = True
            self.found = result
            self.room_id = result.room_id
            self.unique_id = result.unique_id or self.unique_id
            self._sign()
        elif isinstance(result, Signed):
            self.room_id = result.room_id or self.room_id
            self._open(result)
        elif isinstance(result, SignFailure) and not result.retry:
            self._finish(result.closed())
        elif result.reason is CloseReason.NETWORK and self.room_id and not self._room_checked:
            # A given room is kept out of by a denial, not by silence: the sign server may be within reach.
            self._room_checked = True
            self._sign()
        else:
            self._fail(result.closed())

    def _open(self, signed: Signed) -> None:
        self.phase = Phase.OPENING
        host_id = self.found.user_id if self.found is not None else None
        self._pipeline.enter(self.room_id, self.unique_id or "", host_id or 0, now=self._now)
        self._first_result = signed.first_result
        self._last_socket_id += 1
        self._socket_id = self._last_socket_id
        self._deadline = self._now + self.config.timing.open
        notes = tuple(excerpt(self._context.redact(note)) for note in signed.notes)
        self._actions.append(OpenSocket(self._socket_id, signed.socket, notes))

    def _deadline_passed(self) -> None:
        if self.phase is Phase.WAITING:
            self._deadline = None
            self._enter()
        else:
            late = f"the socket did not open in {self.config.timing.open:g} s"
            self._fail(Closed(CloseReason.NETWORK, late), close_code=1000)

    # --- the socket, and the way out --------------------------------------------------------------------------------

    def _pump(self, connection: PushConnection) -> None:
        frames, results, pipeline = connection.frames, connection.results, self._pipeline
        while frames:
            self._actions.append(_make_send((self._socket_id, frames.popleft())))
        while results:
            pipeline.receive(results.popleft(), now=self._now)
        if pipeline.room_ended:
            self._finish(Closed(CloseReason.ROOM_ENDED, pipeline.room_ended), close_code=1000)

    def _fail(self, closed: Closed, *, fresh_identity: bool = False, close_code: int | None = None) -> None:
        connection = self._connection
        heard_at = None if connection is None else connection.heard_at
        decision = self._retry.decide(closed, now=self._now, heard_at=heard_at)
        if isinstance(decision, GiveUp):
            self._finish(decision.closed, close_code=close_code)
            return
        if self.phase is Phase.LIVE:
            self._pipeline.streaks.disconnected(now=self._now)
            self._emit_disconnect(closed, will_reconnect=True)
        self._forget_socket(close_code)
        if decision.fresh_identity or fresh_identity:
            self._context = self._context.fresh_identity()
        self._resolve_again = decision.resolve_again
        self._attempt = decision.attempt + 1
        self.phase = Phase.WAITING
        self._deadline = self._now + decision.delay
        self._pipeline.emit(
            ReconnectingEvent(
                room_id=self.room_id,
                reason=closed.reason,
                attempt=decision.attempt,
                delay=decision.delay,
                detail=closed.detail,
            )
        )

    def _finish(self, closed: Closed, *, close_code: int | None = None) -> None:
        live = self.phase is Phase.LIVE
        # What was asked for and not begun is not needed any more; what the server must still hear is.
        self._actions = deque(action for action in self._actions if isinstance(action, (SendMessage, CloseSocket)))
        self._pipeline.close(_STREAK_END.get(closed.reason, StreakEndCause.DISCONNECTED), now=self._now)
        if live:
            self._emit_disconnect(closed, will_reconnect=False)
        self._forget_socket(close_code)
        self._deadline = None
        self.phase = Phase.CLOSED
        self.closed = closed
        self._pipeline.emit(
            ClosedEvent(
                room_id=self.room_id,
                reason=closed.reason,
                detail=closed.detail,
                causes=closed.causes,
                retry_after=closed.retry_after,
            )
        )
        # Last, as it runs what a signer does at its end: if that raises, the session is closed all the same.
        self._exchange.cancel()

    def _emit_disconnect(self, closed: Closed, *, will_reconnect: bool) -> None:
        self._pipeline.emit(
            DisconnectEvent(
                room_id=self.room_id, reason=closed.reason, will_reconnect=will_reconnect, detail=closed.detail
            )
        )

    def _forget_socket(self, close_code: int | None) -> None:
        if close_code is not None and self._socket_id:
            self._actions.append(CloseSocket(self._socket_id, close_code))
        connection, self._connection, self._socket_id = self._connection, None, 0
        if connection is not None:
            self._counters.acks += connection.acks
            self._counters.heartbeats += connection.heartbeats
            connection.close()

    def _tick(self, now: float) -> None:
        if now > self._now:
            self._now = now
