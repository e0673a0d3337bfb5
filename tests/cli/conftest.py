"""What the tests of the command share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from command_line import Caller

from tiktok_webcast_transports.simulator import Simulator


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Caller:
    """The command, run in this process."""
    return Caller(capsys)


@pytest.fixture
def sim(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A simulator of the scenario that the test names by `@pytest.mark.parametrize("sim", ..., indirect=True)`."""
    scenario = getattr(request, "param", "first_light")
    with Simulator(scenario, speed=0.0, rate=200.0 if scenario == "flood" else 0.0) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WEB_URL", "WEBCAST_URL", "SIGN_URL", "SIGN_API_KEY", "CA_FILE"):
        monkeypatch.delenv(f"TIKTOK_WEBCAST_{name}", raising=False)
