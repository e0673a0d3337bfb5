"""A simulator that stops leaves no connection behind, however new that is."""

from __future__ import annotations

import asyncio
import gc
import socket

import pytest

from tiktok_webcast_transports.simulator import Simulator


@pytest.mark.parametrize("turns", range(8))
def test_connections_accepted_in_the_very_moment_of_the_stop(turns: int) -> None:
    """asyncio takes a few turns of its loop from a connection's arrival to its transport."""

    async def scenario() -> None:
        simulator = Simulator("first_light")
        clients: list[socket.socket] = []
        async with simulator:
            clients.extend(socket.create_connection(("127.0.0.1", simulator.port)) for _ in range(3))
            for _ in range(turns):
                await asyncio.sleep(0)
        for client in clients:
            client.close()

    asyncio.run(scenario())
    # Whatever was left open is a warning now, and warnings are errors.
    gc.collect()
