"""Waiting for a user to go live, on every transport: no time passes here, the pauses are noted."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tiktok_webcast.errors import InvalidUserInput
from tiktok_webcast.evidence import RoomStatus
from tiktok_webcast.http import Exchange
from tiktok_webcast.room import StatusReport
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sim import SCENARIOS
from tiktok_webcast.wait_live import WaitPolicy
from tiktok_webcast_transports import TikTokLiveClient, anyio, asyncio, sync
from tiktok_webcast_transports.simulator import Simulator


class Pauses:
    """Stands in for every sleep of a wait: notes how long it was to be, and lets the host begin at the end of one."""

    def __init__(self, sim: Simulator, live_after: int) -> None:
        self.sim = sim
        self.live_after = live_after
        self.lengths: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.lengths.append(seconds)
        if len(self.lengths) == self.live_after:
            stage = self.sim.world.stage("ann")
            stage.status = 2
            object.__setattr__(stage, "scenario", SCENARIOS["first_light"])


def wait(transport: str, user: Any, sim: Simulator, pauses: Pauses, policy: WaitPolicy | None) -> StatusReport:
    """Wait on one transport, with pauses that take no time."""
    context = SessionConfig(endpoints=sim.endpoints).web_context(random.Random(1))
    choices: dict[str, Any] = {"context": context, "policy": policy}
    if transport == "sync":
        with pytest.MonkeyPatch.context() as patch, sync.HttpClient() as blocking:
            patch.setattr(sync, "sleep", pauses)
            return blocking.wait_until_live(user, **choices)
    module: Any = asyncio if transport == "asyncio" else anyio

    async def main() -> StatusReport:
        async with module.HttpClient() as client:
            report: StatusReport = await client.wait_until_live(user, **choices)
            return report

    async def pause(seconds: float) -> None:
        pauses(seconds)

    import anyio as library

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_pause", pause)
        return library.run(main, backend="trio" if transport == "trio" else "asyncio")


TRANSPORTS = ("asyncio", "anyio", "trio", "sync")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_it_ends_when_the_host_begins(transport: str) -> None:
    with Simulator("offline") as sim:
        sim.world.stage("ann")
        pauses = Pauses(sim, live_after=3)
        report = wait(transport, "@ann", sim, pauses, None)
        assert report.status is RoomStatus.LIVE and report.failure is None and report.room_id
        assert len(pauses.lengths) == len(set(pauses.lengths)) == 3, "no two pauses are the same"
        assert all(48 <= seconds <= 72 for seconds in pauses.lengths)
        assert not [entry for entry in sim.log if entry.kind == "sign"]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_it_ends_with_its_policy(transport: str) -> None:
    with Simulator("offline") as sim:
        pauses = Pauses(sim, live_after=0)
        report = wait(transport, "@ann", sim, pauses, WaitPolicy(polls=3))
        assert report.status is RoomStatus.OFFLINE and report.failure is not None and len(pauses.lengths) == 2
        with pytest.raises(InvalidUserInput):
            wait(transport, "two words", sim, pauses, None)


def test_the_client_waits_too() -> None:
    import asyncio as library

    with Simulator("offline") as sim:
        client = TikTokLiveClient("@ann", config=SessionConfig(endpoints=sim.endpoints))
        report = library.run(client.wait_until_live(WaitPolicy(polls=1)))
    assert (report.status, report.unique_id) == (RoomStatus.OFFLINE, "ann")


def test_without_a_context_it_is_a_browser_like_any_other() -> None:
    with sync.HttpClient() as blocking, pytest.MonkeyPatch.context() as patch:
        asked: list[str] = []

        def run(exchange: Exchange[StatusReport]) -> StatusReport:
            asked.append(next(exchange).url)
            return _live()

        patch.setattr(blocking, "run", run)
        assert blocking.wait_until_live("ann").status is RoomStatus.LIVE
    assert asked == ["https://www.tiktok.com/@ann/live"]


def _live() -> StatusReport:
    return StatusReport(RoomStatus.LIVE, "ann", 1, (), True, None)
