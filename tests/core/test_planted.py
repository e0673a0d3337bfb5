"""The search for planted secrets would notice one: in an exception, a capture, a log record and a printed line."""

from __future__ import annotations

import random

import planted
import pytest

from tiktok_webcast.capture import Recorder
from tiktok_webcast.errors import ConfigurationError, InvalidUserInput, RoomOffline

SHOWN = "planted-secret-of-this-test"


@pytest.mark.parametrize("kind", [ConfigurationError, InvalidUserInput, RoomOffline.__mro__[2]])
def test_an_exception_that_shows_one(kind: type[Exception]) -> None:
    kind(f"it was {SHOWN}")
    assert len(planted.found) == 1 and SHOWN in planted.found[0]
    planted.found.clear()


def test_a_capture_that_holds_one() -> None:
    written: list[bytes] = []
    recorder = Recorder("@ann", write=written.append, rng=random.Random(1))
    assert planted.found == []
    recorder._put(SHOWN.encode())
    assert len(planted.found) == 1 and SHOWN.encode() in b"".join(written)
    planted.found.clear()


def test_what_is_not_one() -> None:
    planted.search("prose", "secrets are planted by tests, or planted, or transplanted")
    assert planted.found == []
