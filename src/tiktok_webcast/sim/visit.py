"""`Visit`: one client's way through a script, across its sockets; `Stage`: a room with the visits that it has."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from ..message import Message
from .door import Door
from .room import SimRoom
from .scenario import Options, Scenario
from .script import ENDS_SOCKET, Frame, Sign, SignTrouble, Step
from .truth import Manifest

PATIENCE = 120.0
"""Seconds that a visit whose socket was lost waits for its client; later clients begin anew."""
OVERLAP = 32
"""Messages that a signature repeats after the network, and not the script, has ended a socket."""
KEPT_VISITS = 16
"""Visits of one room whose truth is kept, the last ones."""


class Visit:
    """Where one client is in the script."""

    def __init__(self, scenario: Scenario, room: SimRoom, options: Options) -> None:
        self.room = room
        self.waiting_since: float = 0.0
        self.reserved_until: float = float("-inf")
        self._script = scenario.script(room, options)
        self._next: Step | None = next(self._script, None)
        self._outcome = scenario.outcome
        self._recorder = scenario.recorder(room)
        self._recent: deque[Message] = deque(maxlen=OVERLAP)

    @property
    def over(self) -> bool:
        """Whether the script has nothing left."""
        return self._next is None

    def peek(self) -> Step | None:
        """What comes next."""
        return self._next

    def take(self) -> Step | None:
        """Play the next step: it is part of the truth from now on."""
        step = self._next
        if step is not None:
            self._recorder.add(step)
            if isinstance(step.action, (Frame, Sign)):
                self._recent.extend(step.action.messages)
            self._next = next(self._script, None)
        return step

    def signature(self) -> Sign | SignTrouble:
        """What a signature for this visit is to be: the script's word, or after a broken network the last messages."""
        action = self._next.action if self._next is not None else None
        return action if isinstance(action, (Sign, SignTrouble)) else Sign(tuple(self._recent))

    def manifest(self) -> Manifest:
        """The truth of all steps played so far; of the outcome, while there are none."""
        return self._recorder.manifest(self._outcome)


class Stage:
    """A host's room while the simulator runs: how it looks from outside, and who is in it."""

    def __init__(self, room: SimRoom, scenario: Scenario, options: Options) -> None:
        self.room = room
        self.scenario = scenario
        self.status: int = scenario.door.status
        self.refused_identities: set[str] = set()
        self.visits: deque[Visit] = deque(maxlen=KEPT_VISITS)
        """The last visits, the latest at the end."""
        self._options = options
        self._waiting: list[Visit] = []

    @property
    def door(self) -> Door:
        """How the way in behaves."""
        return self.scenario.door

    def visit_for_signature(self, *, now: float, epoch_ms: int, until: float) -> Visit:
        """The visit that a new signature is for: one that lost its socket, or else a new one.

        It is reserved `until` then, so that two clients do not get the same.
        """
        self._waiting = [visit for visit in self._waiting if now - visit.waiting_since < PATIENCE]
        for visit in self._waiting:
            if visit.reserved_until <= now:
                visit.reserved_until = until
                return visit
        visit = Visit(self.scenario, replace(self.room, epoch_ms=epoch_ms), self._options)
        visit.reserved_until = until
        visit.waiting_since = now
        self.status = self.door.status
        self._waiting.append(visit)
        self.visits.append(visit)
        return visit

    def enter(self, visit: Visit) -> None:
        """A socket has opened for the visit: it waits no longer."""
        self._waiting = [other for other in self._waiting if other is not visit]

    def lost(self, visit: Visit, *, now: float) -> None:
        """The visit's socket or signature is gone as the script wanted it: its client will come back."""
        visit.reserved_until = now
        if visit.over:
            self.enter(visit)
        elif visit not in self._waiting:
            visit.waiting_since = now
            self._waiting.append(visit)

    def manifest(self) -> Manifest:
        """The truth of the latest visit; before the first, what a client prints that is not let in."""
        if self.visits:
            return self.visits[-1].manifest()
        return self.scenario.recorder(self.room).manifest(self.scenario.outcome)


def ends_socket(step: Step) -> bool:
    """Whether the socket is gone after this step."""
    return isinstance(step.action, ENDS_SOCKET)
