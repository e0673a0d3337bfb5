"""From a user name to events on every transport, against the simulator; and HTTP connections shared among rooms."""

from __future__ import annotations

import importlib
import threading
from random import Random
from typing import Any

import anyio
import anyio.to_thread
import pytest
from kits import AnyioKit, Kit, SyncKit, _Blocking
from loopback import GUARD, Peer, Server, answer
from scripted import Input, ScriptedSession, asking, opening
from test_flow import wait_for

from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.http import FailureKind, TransportFailure
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sim import differences
from tiktok_webcast_transports.simulator import Simulator


def transport_of(kit: Kit) -> Any:
    name = "anyio" if isinstance(kit, AnyioKit) else kit.name
    return importlib.import_module(f"tiktok_webcast_transports.{name}")


@pytest.mark.parametrize("secure", [False, True])
def test_every_event_of_a_room(kit: Kit, secure: bool, server_tls: Any, ca_file: str) -> None:
    with Simulator("first_light", speed=0, ssl_context=server_tls if secure else None) as simulator:
        config = SessionConfig(endpoints=simulator.endpoints)
        live = transport_of(kit).connect("@ann", config=config, rng=Random(1), ca_file=ca_file if secure else None)

        async def scenario() -> list[Any]:
            async with _Blocking(live) if isinstance(kit, SyncKit) else live as room:
                return [event.to_dict() async for event in room]

        events = kit.run(scenario)
        assert differences(simulator.manifest("ann").events, events) == []
    assert events[0]["event"] == "connect"
    assert events[-1]["event"] == "closed"
    assert events[-1]["reason"] == "room_ended"
    assert live.statistics.undecodable == 0
    assert live.room_id == int(events[0]["room_id"])


def test_rooms_share_connections_for_http(kit: Kit) -> None:
    if isinstance(kit, SyncKit):
        pytest.skip("a blocking room has a thread, and connections, of its own")

    def script(peer: Peer) -> None:
        while True:
            peer.receive_head()
            peer.send(answer(b"ok"))

    with Server(script) as server:

        async def scenario() -> None:
            async with kit.http() as client:
                for _ in range(3):
                    session = ScriptedSession(asking(server.http))
                    async with transport_of(kit).Live(session, http=client) as live:
                        names = [event[0] async for event in live]
                    assert names == ["start", "response"]
                assert (await client.send(asking(server.http).request)).body == b"ok"

        kit.run(scenario)
        assert server.accepted == 1


def test_a_bug_in_a_room_is_not_told_to_those_who_share_its_connections(kit: Kit) -> None:
    if isinstance(kit, SyncKit):
        pytest.skip("a blocking room has a thread, and connections, of its own")

    def bug(session: ScriptedSession, what: Input) -> None:
        if what[0] == "response":
            raise RuntimeError("a bug")

    def script(peer: Peer) -> None:
        for _ in range(2):
            peer.receive_head()
            peer.send(answer(b"ok"))

    with Server(script) as server:

        async def scenario() -> None:
            async with kit.http() as client:
                with pytest.raises(RuntimeError, match="a bug"):
                    session = ScriptedSession(asking(server.http), react=bug)
                    async with transport_of(kit).Live(session, http=client) as live:
                        async for _ in live:
                            pass
                assert (await client.send(asking(server.http).request)).body == b"ok"

        kit.run(scenario)
        assert server.accepted == 1


class _Leave(BaseException):
    """As a cancellation."""


def test_a_room_whose_shared_connections_are_given_up_hears_of_it(kit: Kit) -> None:
    """At once, not when its own patience with the answer has an end; and not as an error, which the program has."""
    if isinstance(kit, SyncKit):
        pytest.skip("a blocking room has a thread, and connections, of its own")
    entered, asked, left = threading.Event(), threading.Event(), threading.Event()
    answers: list[Any] = []
    clients: list[Any] = []

    def script(peer: Peer) -> None:
        peer.receive_head()
        asked.set()
        peer.wait_gone()

    with Server(script) as server:

        async def room() -> None:
            await wait_for(kit, entered)
            async with transport_of(kit).Live(ScriptedSession(asking(server.http)), http=clients[0]) as live:
                answers.extend([event async for event in live if event[0] == "response"])
                left.set()

        async def scenario() -> None:
            async with kit.in_task(room):
                with pytest.raises(_Leave):
                    async with kit.http() as client:
                        clients.append(client)
                        entered.set()
                        await wait_for(kit, asked)
                        raise _Leave
                await wait_for(kit, left)

        kit.run(scenario)
    assert [answer.kind for _, _, answer in answers] == [FailureKind.READ]


def test_a_room_on_connections_that_are_closed_cannot_be_entered(kit: Kit) -> None:
    if isinstance(kit, SyncKit):
        pytest.skip("a blocking room has a thread, and connections, of its own")

    async def scenario() -> None:
        client = kit.http()
        for _ in range(2):
            live = transport_of(kit).Live(ScriptedSession(asking("http://127.0.0.1:9")), http=client)
            with pytest.raises(LocalProtocolError):
                async with live:
                    pytest.fail("it was entered")
        async with client:
            assert isinstance(await client.send(asking("http://127.0.0.1:9").request), TransportFailure)

    kit.run(scenario)


def test_rooms_hear_at_once_that_their_connections_for_http_are_closed(kit: Kit) -> None:
    if isinstance(kit, SyncKit):
        pytest.skip("a blocking room has a thread, and connections, of its own")
    asked, closed = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.receive_head()
        asked.set()
        peer.receive_some()

    with Server(script) as server:
        session = ScriptedSession(asking(server.http))

        async def scenario() -> None:
            client, entered = kit.http(), anyio.Event()

            async def room() -> None:
                await entered.wait()
                with pytest.raises(LocalProtocolError, match="HttpClient was closed before this room"):
                    async with transport_of(kit).Live(session, http=client) as live:
                        async for _ in live:
                            pass
                closed.set()

            async with kit.in_task(room), client:
                entered.set()
                await anyio.to_thread.run_sync(asked.wait, GUARD)

        kit.run(scenario)
    assert closed.is_set() and session.inputs == [("start",)]


def test_a_room_that_asks_on_connections_that_were_closed_is_told_why(kit: Kit) -> None:
    if isinstance(kit, SyncKit):
        pytest.skip("a blocking room has a thread, and connections, of its own")

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        peer.receive_some()

    def ask_again(session: ScriptedSession, what: Input) -> None:
        if what[0] == "timer":
            session.act(asking(server.http))

    with Server(script) as server:
        session = ScriptedSession(opening(server.ws), react=ask_again)

        async def scenario() -> None:
            async with kit.http() as client:
                live = transport_of(kit).Live(session, http=client)
            with pytest.raises(LocalProtocolError, match="outlive the rooms"):
                session.timer = 0.0
                async with live:
                    async for _ in live:
                        pass

        kit.run(scenario)


def test_two_tasks_may_iterate_one_room(kit: Kit) -> None:
    if isinstance(kit, SyncKit):
        pytest.skip("a blocking program has threads")
    with Simulator("first_light", speed=0) as simulator:
        config = SessionConfig(endpoints=simulator.endpoints)
        taken: list[str] = []

        async def scenario() -> None:
            async with transport_of(kit).connect("ann", config=config, rng=Random(1)) as live:

                async def take() -> None:
                    taken.extend([event.name async for event in live])

                async with kit.in_task(take):
                    await take()

        kit.run(scenario)
    assert taken.count("closed") == 1
    assert taken.count("connect") == 1


def test_two_tasks_may_iterate_many_rooms(kit: Kit) -> None:
    if isinstance(kit, SyncKit):
        pytest.skip("a blocking program has threads")
    with Simulator("first_light", speed=0) as simulator:
        config = SessionConfig(endpoints=simulator.endpoints)
        taken: list[str] = []

        async def scenario() -> None:
            async with transport_of(kit).Rooms(config=config, rng=Random(1)) as rooms:
                rooms.add("ann")

                async def take() -> None:
                    taken.extend([event.name async for _, event in rooms])

                async with kit.in_task(take):
                    await take()

        kit.run(scenario)
    assert taken.count("closed") == 1
