"""A capture played: the same session, fed the same values. Its events, and whether it asks for the same again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from ..actions import Action, OpenSocket, SendRequest
from ..errors import LocalProtocolError
from ..events.base import Event
from ..events.registry import Registry
from ..events.table import REGISTRY
from ..http import Headers, is_secret_header
from ..session import Session
from ..session_config import SessionConfig
from ..signer import Signer
from .format import CaptureReader, End, Header, Input, Output, Record, Verb
from .header import Setup, UnreadableHeader, read_setup
from .masks import without_secret_values

MAX_DIFFERENCES = 20
"""Differences that a replay tells."""


class Replay:
    """Plays the records of a capture one by one.

        replay = Replay(check=True)
        for record in records:
            events += replay.play(record)
        events += replay.end()
        replay.differences      # () when the session asked for the same as it did then

    Never raises on what a capture holds: `problem` says what is wrong with it.
    """

    def __init__(
        self,
        *,
        check: bool = False,
        signer: Signer | None = None,
        adapt: Callable[[SessionConfig], SessionConfig] | None = None,
        registry: Registry = REGISTRY,
    ) -> None:
        """Make a replay.

        Args:
            check: Whether to compare actions with those recorded.
            signer: Where the recording had a signer of its own kind, one like it; in place of the recorded one.
            adapt: Makes another configuration of the recorded one, to see other events of the same capture.
            registry: Which event a wire method becomes; of the recorded configuration.
        """
        self.session: Session | None = None
        """The session; `None` before the header."""
        self.setup: Setup | None = None
        """What it was made with; `None` before the header."""
        self.problem: str = ""
        """Why nothing more is played, in words; empty so far."""
        self.differences: tuple[str, ...] = ()
        """Where the actions differ from the recorded ones, in words; the first few."""
        self.actions: list[Action] = []
        """What the session asked for; only with `check`."""
        self._check = check
        self._own_signer = signer
        self._adapt = adapt
        self._registry = registry

    def play(self, record: Record) -> list[Event]:
        """Play one record; return the events that were taken at this place."""
        if self.problem:
            return []
        if isinstance(record, Header):
            self._begin(record)
            return []
        session = self.session
        if session is None:
            self.problem = "a capture without a header"
            return []
        if isinstance(record, Output):
            self._compare(record.action, session.next_action())
            return []
        events: list[Event] = []
        # A file may say that a quintillion were taken here.
        while len(events) < record.taken and (event := session.next_event()) is not None:
            events.append(event)
        if isinstance(record, Input):
            self._feed(session, record)
        elif self._check:
            self._compare_waiting(session, record)
        return events

    def end(self) -> list[Event]:
        """The records are at their end: return the events that were not taken then."""
        session = self.session
        if session is None:
            return []
        return list(iter(session.next_event, None))

    def _begin(self, header: Header) -> None:
        try:
            setup = read_setup(header.json, registry=self._registry)
        except UnreadableHeader as error:
            self.problem = str(error)
            return
        signer = self._own_signer or setup.signer
        if signer is None:
            name = setup.signer_name
            self.problem = f"its session had a signer of another kind ({name[:80]}): give one like it to the replay"
            return
        config = setup.config if self._adapt is None else self._adapt(setup.config)
        self.setup = setup
        self.session = Session(setup.user, config=config, signer=signer, retry=setup.retry, rng=setup.rng())

    def _feed(self, session: Session, record: Input) -> None:
        method: Any = getattr(session, record.verb.value)
        try:
            if record.verb is Verb.WANT:
                method(*record.arguments)
            else:
                method(*record.arguments, now=record.now)
        except LocalProtocolError as error:
            self.problem = f"it calls the session in a way that makes no sense: {error}"

    def _compare(self, recorded: Action, replayed: Action | None) -> None:
        if not self._check:
            return
        if replayed is not None:
            self.actions.append(replayed)
        ours = self._own_signer is not None
        if replayed is None or _comparable(recorded, ours) != _comparable(replayed, ours):
            self._differ(f"action {len(self.actions)}: recorded {recorded!r}, now {replayed!r}")

    def _compare_waiting(self, session: Session, end: End) -> None:
        waiting = len(list(iter(session.next_action, None)))
        if waiting != end.waiting:
            self._differ(f"at the end {end.waiting} actions were waiting, now {waiting}")

    def _differ(self, text: str) -> None:
        if len(self.differences) < MAX_DIFFERENCES:
            self.differences += (text,)


def _comparable(action: Action, own_signer: bool) -> Action:
    """A signer that was given anew holds the secrets themselves, where the capture has masks of the same length."""
    if not own_signer or not isinstance(action, (SendRequest, OpenSocket)):
        return action
    if isinstance(action, SendRequest):
        asked = action.request
        return replace(
            action, request=replace(asked, url=without_secret_values(asked.url), headers=_lengths(asked.headers))
        )
    return replace(action, request=replace(action.request, headers=_lengths(action.request.headers)))


def _lengths(headers: Headers) -> Headers:
    return tuple((name, str(len(value)) if is_secret_header(name) else value) for name, value in headers)


def read_capture(pieces: Iterable[bytes] | bytes, reader: CaptureReader | None = None) -> Iterator[Record]:
    """Yield the records of a capture, given whole or in pieces; pass a `reader` to see its `problem` afterwards."""
    reader = reader if reader is not None else CaptureReader()
    for piece in (pieces,) if isinstance(pieces, bytes) else pieces:
        yield from reader.receive_data(piece)
        if reader.problem:
            return
    reader.receive_eof()


class CaptureProblem(Exception):
    """A capture that cannot be played to its end, or that plays differently; the text says why, for people."""


def replay(
    capture: Iterable[bytes] | bytes,
    *,
    check: bool = False,
    signer: Signer | None = None,
    adapt: Callable[[SessionConfig], SessionConfig] | None = None,
    registry: Registry = REGISTRY,
) -> Iterator[Event]:
    """Yield the events of a capture: those of the session that was recorded, one by one.

    Args:
        capture: The bytes of the file, whole or in pieces.
        check: Whether the session must also ask for the same as it did then.
        signer, adapt, registry: See `Replay`.

    Raises:
        CaptureProblem: After the events that could be played: the file is cut, damaged or no capture, or `check` found
            a difference. Use `Replay` to be told without an exception.
    """
    reader = CaptureReader()
    player = Replay(check=check, signer=signer, adapt=adapt, registry=registry)
    for record in read_capture(capture, reader):
        yield from player.play(record)
        if player.problem:
            break
    yield from player.end()
    problems = [problem for problem in (reader.problem, player.problem, *player.differences) if problem]
    if problems:
        raise CaptureProblem(problems[0])
