"""Hypothesis strategies for tests of programs that use this library: rooms, messages and frames, honest and hostile.

    @given(rooms())
    def test_my_counter(room):
        for event in room.events():
            ...

Needs `hypothesis`. Nothing else in the library imports this package.
"""

try:
    import hypothesis as _hypothesis  # noqa: F401
except ModuleNotFoundError as _missing:  # pragma: no cover - a test imports it in a process without hypothesis
    raise ModuleNotFoundError(
        "tiktok_webcast.testing makes strategies for hypothesis, which is not installed: pip install hypothesis",
        name=_missing.name,
    ) from _missing

from .hostile import hostile_fetch_results, hostile_frames, hostile_payloads
from .rooms import Room, fetch_results, frames, messages, rooms

__all__ = [
    "Room",
    "fetch_results",
    "frames",
    "hostile_fetch_results",
    "hostile_frames",
    "hostile_payloads",
    "messages",
    "rooms",
]
