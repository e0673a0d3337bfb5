"""Whatever a room does, a client that listens to everything hears it all, once and in order."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Any

import pytest
from memory_net import MakeNet

from tiktok_webcast.events import Event
from tiktok_webcast.sim import SCENARIOS, differences
from tiktok_webcast_transports import ClosedError

# "bomb" and "crowded_frame" are about limits and long; the transports' contract suite has them.
NAMES = [name for name, scenario in SCENARIOS.items() if not scenario.endless and name not in ("bomb", "crowded_frame")]


@pytest.mark.parametrize("name", NAMES)
def test_a_listener_to_everything_hears_the_whole_truth(net: MakeNet, name: str) -> None:
    sim = net(name)
    client = sim.client(fetch_room_info_on_connect=False)
    heard: list[dict[str, Any]] = []
    client.on_any(lambda event: heard.append(event.to_dict()))
    error: BaseException | None = None
    try:
        client.run()
    except ClosedError as failure:
        error = failure
    assert differences(sim.world.manifest("ann").events, heard) == []
    assert client.closed is not None and heard[-1]["reason"] == client.closed.reason.value
    # Raised exactly where it is no normal end.
    assert (error is None) == (client.closed.reason.value in ("room_ended", "closed"))
    assert not client.connected and not client.connecting


@pytest.mark.parametrize("name", ["first_light", "reconnect", "garbage", "offline"])
def test_iterating_hears_the_same_as_a_listener(net: MakeNet, name: str) -> None:
    sim = net(name)
    client = sim.client()
    listened: list[Event] = []
    client.on_any(listened.append)
    iterated: list[Event] = []

    async def iterate() -> None:
        async for event in client:
            iterated.append(event)
            await asyncio.sleep(0)

    if name == "offline":
        with pytest.raises(ClosedError):
            sim.run(iterate())
    else:
        sim.run(iterate())
        assert iterated == listened
    assert differences(sim.world.manifest("ann").events, [event.to_dict() for event in listened]) == []


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12")
@pytest.mark.parametrize("name", ["first_light", "reconnect", "offline"])
def test_with_eager_tasks_all_is_the_same(net: MakeNet, name: str) -> None:
    sim = net(name)
    sim.loop.set_task_factory(getattr(asyncio, "eager_task_factory"))  # noqa: B009
    client = sim.client(enable_detailed_gifts=True)
    heard: list[Event] = []

    @client.on_any
    async def listener(event: Event) -> None:
        heard.append(event)
        await asyncio.sleep(0.01)

    with contextlib.suppress(ClosedError):
        client.run()
    assert differences(sim.world.manifest("ann").events, [event.to_dict() for event in heard]) == []
