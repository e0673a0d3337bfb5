"""`Recorder`: a `Session` that writes down all that goes in and all that it asks for."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from random import Random
from typing import Any

from ..actions import Action, OpenSocket, SendMessage, SendRequest
from ..events.base import Event
from ..http import Headers, HttpResponse, TransportFailure
from ..retry import RetryPolicy
from ..session import Phase, Session, check_choices
from ..session_config import SessionConfig
from ..sign import SignServer
from ..signer import Signer
from ..user_input import UserInput, parse_user
from .format import MAGIC, End, Header, Input, Output, Record, Verb, write_record
from .header import Setup, can_record, user_text, write_setup
from .masks import Masks

FLUSH = 256 * 1024
"""Bytes that a gzipped recording may hold back; what is held back is lost in a crash."""


class Recorder(Session):
    """A session like any other, whose capture `replay` turns into the same events and actions.

        recorder = Recorder("@some_user", write=file.write, rng=Random())
        ...                                    # drive it as any `Session`
        recorder.finish()

    Session ids, cookies and API keys never reach the file: other text of the same shape stands for them. A signer of
    your own is not recorded (give it to the replay), nor are `SessionConfig.registry` and `gift_list`.
    """

    def __init__(
        self,
        user: str | int | UserInput,
        *,
        write: Callable[[bytes], object],
        config: SessionConfig = SessionConfig(),
        signer: Signer | None = None,
        retry: RetryPolicy = RetryPolicy(),
        rng: Random | None = None,
        compress: bool = False,
    ) -> None:
        """Make a session as `Session` does, and write the capture's header.

        Args:
            user, config, signer, retry, rng: As for `Session`; recording changes nothing about it.
            write: Takes the bytes of the capture, in order. It does the I/O, and should not take long.
            compress: Whether to gzip the capture. HTTP bodies are large, frames are packed already.

        Raises:
            InvalidUserInput: `user` names neither a user nor a room.
            ConfigurationError: One of the choices is of another kind.
        """
        check_choices(config, signer, retry, rng)
        rng = rng if rng is not None else Random(0)
        signer = signer if signer is not None else SignServer()
        parsed = parse_user(user)
        kept = signer if can_record(signer) else None
        try:
            state = rng.getstate()
        except NotImplementedError:
            # The system's chance has no state that could be written down.
            rng = Random(rng.getrandbits(64))
            state = rng.getstate()
        setup = Setup(user_text(parsed), config, retry, kept, type(signer).__name__, state)
        self.recorded: int = 0
        """Bytes written so far."""
        self._sink = write
        self._packer: Any = zlib.compressobj(6, zlib.DEFLATED, 31) if compress else None
        self._held_bytes = 0
        self._masks = Masks()
        self._own_signer = kept is None
        self._taken = 0
        self._finished = False
        masked = setup.masked(self._masks)
        self._masks.settle()
        super().__init__(parsed, config=config, signer=signer, retry=retry, rng=rng)
        self._put(MAGIC + write_record(Header(write_setup(masked))))
        self.flush()

    def finish(self) -> None:
        """End the capture in good order; the session goes on unrecorded. Again does nothing."""
        if not self._finished:
            self._record(End(self._take_count(), len(self._actions)))
            self._finished = True
            if self._packer is not None:
                self._pass_on(self._packer.flush())

    def flush(self) -> None:
        """Hand all that was recorded to `write`; only a gzipped recording holds anything back."""
        if self._packer is not None and not self._finished:
            self._held_bytes = 0
            self._pass_on(self._packer.flush(zlib.Z_SYNC_FLUSH))

    # --- inputs -----------------------------------------------------------------------------------------------------

    def start(self, *, now: float) -> None:
        """See `Session.start`."""
        super().start(now=now)
        self._input(Verb.START, now)

    def receive_response(self, request_id: int, r: HttpResponse | TransportFailure, *, now: float) -> None:
        """See `Session.receive_response`."""
        self._input(Verb.RESPONSE, now, request_id, self._masks.answer(r))
        super().receive_response(request_id, r, now=now)

    def socket_opened(self, socket_id: int, headers: Headers, *, now: float) -> None:
        """See `Session.socket_opened`."""
        self._input(Verb.OPENED, now, socket_id, self._masks.headers(headers))
        super().socket_opened(socket_id, headers, now=now)

    def socket_rejected(self, socket_id: int, status: int, headers: Headers, *, now: float) -> None:
        """See `Session.socket_rejected`."""
        self._input(Verb.REJECTED, now, socket_id, status, self._masks.headers(headers))
        super().socket_rejected(socket_id, status, headers, now=now)

    def socket_failed(self, socket_id: int, failure: TransportFailure, *, now: float) -> None:
        """See `Session.socket_failed`."""
        self._input(Verb.FAILED, now, socket_id, TransportFailure(failure.kind, self._masks.text(failure.detail)))
        super().socket_failed(socket_id, failure, now=now)

    def receive_message(self, socket_id: int, data: bytes, *, now: float) -> None:
        """See `Session.receive_message`."""
        self._input(Verb.MESSAGE, now, socket_id, data)
        super().receive_message(socket_id, data, now=now)

    def socket_closed(self, socket_id: int, code: int | None, reason: str, *, now: float) -> None:
        """See `Session.socket_closed`."""
        self._input(Verb.CLOSED, now, socket_id, code, self._masks.text(reason))
        super().socket_closed(socket_id, code, reason, now=now)

    def handle_timer(self, *, now: float) -> None:
        """See `Session.handle_timer`."""
        self._input(Verb.TIMER, now)
        super().handle_timer(now=now)

    def close(self, *, now: float) -> None:
        """See `Session.close`."""
        self._input(Verb.CLOSE, now)
        super().close(now=now)

    def want(self, names: frozenset[str] | None) -> None:
        """See `Session.want`."""
        self._input(Verb.WANT, 0.0, names)
        super().want(names)

    # --- outputs ----------------------------------------------------------------------------------------------------

    def next_action(self) -> Action | None:
        """See `Session.next_action`."""
        action = super().next_action()
        if action is not None:
            self._record(Output(self._masked(action)))
        return action

    def next_event(self) -> Event | None:
        """See `Session.next_event`."""
        event = super().next_event()
        if event is not None:
            self._taken += 1
        return event

    # --- the file ---------------------------------------------------------------------------------------------------

    def _masked(self, action: Action) -> Action:
        if isinstance(action, SendRequest):
            own = self._own_signer and self.phase is Phase.SIGNING
            return SendRequest(action.request_id, self._masks.request(action.request, own_signer=own))
        if isinstance(action, OpenSocket):
            return OpenSocket(action.socket_id, self._masks.socket(action.request))
        if isinstance(action, SendMessage):
            return SendMessage(action.socket_id, self._masks.data(action.data))
        return action

    def _input(self, verb: Verb, now: float, *arguments: Any) -> None:
        if not self._finished:
            self._record(Input(verb, now, self._take_count(), arguments))

    def _take_count(self) -> int:
        taken, self._taken = self._taken, 0
        return taken

    def _record(self, record: Record) -> None:
        if not self._finished:
            self._put(write_record(record))

    def _put(self, data: bytes) -> None:
        if self._packer is None:
            self._pass_on(data)
            return
        self._held_bytes += len(data)
        self._pass_on(self._packer.compress(data))
        if self._held_bytes >= FLUSH:
            self.flush()

    def _pass_on(self, data: bytes) -> None:
        if data:
            self.recorded += len(data)
            self._sink(data)
