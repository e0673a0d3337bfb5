"""The room of a simulated host: its numbers and names, all made from a seed and the host's handle."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .payloads import IMAGES
from .people import Person, make_host

EPOCH_MS = 1_795_377_600_000
"""2026-11-22 20:00 UTC: when a simulated room begins, unless told otherwise; a fixed moment keeps bytes equal."""

_TITLES = (
    "late night chat ☕",
    "drawing your pets ✏️",
    "road to 10k 🚀",
    "cooking with nothing 🍳",
    "سهرة هادئة",
    "ASMR & tea 🍵",
    "speedrun, no mic",
)


@dataclass(frozen=True)
class SimRoom:
    """What the web says of a room, as far as it does not change."""

    unique_id: str
    room_id: int
    host: Person
    title: str
    seed: str
    """What the room's script draws its chances from."""
    epoch_ms: int = EPOCH_MS
    """Server time at which the room's script begins, in milliseconds since 1970."""
    images: str = IMAGES
    """Origin of the pictures."""


def make_room(
    unique_id: str, *, seed: int = 0, epoch_ms: int = EPOCH_MS, images: str = IMAGES, room_id: int = 0
) -> SimRoom:
    """Make the room of a handle: equal arguments give an equal room."""
    text = f"{seed}:{unique_id.lower()}"
    rng = Random(text)
    number = 75 * 10**17 + rng.randrange(9 * 10**16)
    host = make_host(rng, unique_id)
    return SimRoom(unique_id, room_id or number, host, rng.choice(_TITLES), text, epoch_ms, images)
