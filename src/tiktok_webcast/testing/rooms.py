"""What an honest server sends: messages, frames and whole rooms, told by the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from hypothesis import strategies as st

from ..events.base import Event
from ..message import Message
from ..push.server import PushServer, fetch_result
from ..session import Session
from ..session_config import SessionConfig
from ..sim import SCENARIOS, Options, Play, World, WorldOptions
from ..sim.room import make_room
from ..sim.script import Frame, Sign
from ..sim.truth import Manifest

MAX_SECONDS = 3600.0
"""Virtual seconds after which a room is left."""
_QUICK = (
    "first_light",
    "streaks",
    "streak_idle",
    "likes_backwards",
    "duplicates",
    "reconnect",
    "lost_end",
    "pauses",
    "heartbeat_option",
    "unknown_methods",
)


@dataclass(frozen=True)
class Room:
    """One simulated room: equal values are equal rooms."""

    scenario: str
    seed: int
    options: Options = field(default=Options(duration=20, rate=20), repr=False)

    def play(self) -> Play:
        """Return a session in this room, not started: `play.run()` plays it in no time."""
        world = World(WorldOptions(self.scenario, seed=self.seed, options=self.options))
        config = SessionConfig(endpoints=world.endpoints)
        return Play(Session("@ann", config=config, rng=Random(self.seed)), world)

    def events(self) -> list[Event]:
        """Return the events of the room, from its beginning to `closed`."""
        return self.play().run_to_end(until=MAX_SECONDS)

    def truth(self) -> Manifest:
        """Return what a correct client says about it."""
        play = self.play()
        play.run_to_end(until=MAX_SECONDS)
        return play.world.manifest("ann")

    def messages(self) -> Iterator[Message]:
        """Yield the messages that the server sends, repeats included."""
        room = make_room("ann", seed=self.seed)
        for step in SCENARIOS[self.scenario].script(room, self.options):
            if isinstance(step.action, (Frame, Sign)):
                yield from step.action.messages


def rooms(scenarios: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Room]:
    """Rooms of the simulator's scenarios; by default those in which a client gets in and much can be miscounted."""
    chosen = scenarios if scenarios is not None else st.sampled_from(_QUICK)
    return st.builds(Room, chosen, st.integers(0, 2**16))


def messages(scenarios: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Message]:
    """Single messages of such rooms, decodable each."""
    chosen = scenarios if scenarios is not None else st.sampled_from(_QUICK)
    # Telling a room takes far longer than taking a message of it: few rooms, each told once.
    return st.builds(_message, chosen, st.integers(0, 3), st.integers(0, 2**16)).filter(
        lambda found: bool(found.method)
    )


@lru_cache(maxsize=64)
def _told(scenario: str, seed: int) -> tuple[Message, ...]:
    return tuple(Room(scenario, seed).messages())


def _message(scenario: str, seed: int, number: int) -> Message:
    told = _told(scenario, seed)
    return told[number % len(told)] if told else Message("", b"")


def fetch_results(scenarios: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[bytes]:
    """Batches of messages, as a sign server answers them or a frame carries them."""
    return st.builds(
        lambda batch, now: fetch_result(batch, now=now, need_ack=True, internal_ext="internal"),
        st.lists(messages(scenarios), max_size=5),
        st.integers(1_600_000_000_000, 1_900_000_000_000),
    )


def frames(scenarios: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[bytes]:
    """Push frames with messages, packed or not, as the socket hands them over."""
    return st.builds(_frame, st.lists(messages(scenarios), max_size=5), st.booleans(), st.booleans())


def _frame(batch: list[Message], compress: bool, need_ack: bool) -> bytes:
    server = PushServer()
    server.opened()
    server.receive_message(_ENTER)
    data, _ = server.messages(batch, now=1_700_000_000_000, need_ack=need_ack, compress=compress, internal_ext="ext")
    return data


def _enter_room() -> bytes:
    from ..push.client import PushConnection

    client = PushConnection(1)
    client.opened(now=0.0)
    # It begins by that.
    return client.frames.popleft()


_ENTER = _enter_room()
