"""Fixtures for tests of the everyday client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from memory_net import MakeNet, Net

from tiktok_webcast.sim import SCENARIOS, Door, Scenario
from tiktok_webcast.sim.scenario import Tell


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing outside a test decides where the client goes."""
    for name in ("WEB_URL", "WEBCAST_URL", "SIGN_URL", "SIGN_API_KEY", "CA_FILE"):
        monkeypatch.delenv(f"TIKTOK_WEBCAST_{name}", raising=False)


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeNet]:
    """Makes worlds in memory, of a scenario by name or of a script of one's own."""
    made: list[Net] = []

    def make(scenario: str | Tell = "first_light", *, door: Door = Door(), **options: Any) -> Net:
        if not isinstance(scenario, str):
            monkeypatch.setitem(SCENARIOS, scenario.__name__, Scenario(scenario, door))
            scenario = scenario.__name__
        made.append(Net(scenario, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()
