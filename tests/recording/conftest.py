"""What the tests of recording share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tiktok_webcast_transports.simulator import Simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """A simulated TikTok whose rooms are live."""
    with Simulator("everyday") as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TIKTOK_WEBCAST_FFMPEG", "FFMPEG", "TIKTOK_WEBCAST_WEB_URL", "TIKTOK_WEBCAST_WEBCAST_URL"):
        monkeypatch.delenv(name, raising=False)
