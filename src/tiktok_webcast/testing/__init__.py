"""Hypothesis strategies for tests of programs that use this library: rooms, messages and frames, honest and hostile.

    @given(rooms())
    def test_my_counter(room):
        for event in room.events():
            ...

Needs `hypothesis`. Nothing else in the library imports this package.
"""

try:
    import hypothesis as _hypothesis  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "tiktok_webcast.testing makes strategies for hypothesis, which is not installed: pip install hypothesis",
        name=error.name,
    ) from error

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
