"""The tools for users' own tests: they drive the real session, and fake only what is outside."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tiktok_webcast.close import Closed, CloseReason
from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.events.chat import CommentEvent
from tiktok_webcast.http import FailureKind, HttpResponse, TransportFailure
from tiktok_webcast.session import Phase, Session
from tiktok_webcast.sim import World
from tiktok_webcast.sim.feed import Send
from tiktok_webcast_transports.testing import ScriptedLive, ScriptedTransport

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
EVENTS = [CommentEvent(comment="one"), CommentEvent(comment="two")]


@pytest.mark.parametrize("example", EXAMPLES, ids=["events by hand", "a session by hand"])
def test_the_examples_on_the_page_run(example: str) -> None:
    assert "assert" in example
    exec(compile(example, "testing.md", "exec"), {})


def test_scripted_live_blocking() -> None:
    with ScriptedLive(EVENTS, room_id=5) as live:
        assert live.closed is None
        assert [event.comment for event in live if isinstance(event, CommentEvent)] == ["one", "two"]
        assert live.closed == Closed(CloseReason.ROOM_ENDED)
        assert (live.room_id, live.statistics.events) == (5, 2)
    assert live.closed == Closed(CloseReason.ROOM_ENDED)


def test_scripted_live_asynchronous() -> None:
    async def bot() -> list[Any]:
        async with ScriptedLive(EVENTS) as live:
            return [event async for event in live]

    assert asyncio.run(bot()) == EVENTS


def test_scripted_live_is_left_early() -> None:
    with ScriptedLive(EVENTS) as live:
        assert live.poll(timeout=100) is EVENTS[0]
        live.close()
        assert live.next_event() is None
    assert live.closed == Closed(CloseReason.CLOSED)


def make(**options: Any) -> tuple[ScriptedTransport, World]:
    from tiktok_webcast.config import Endpoints
    from tiktok_webcast.session_config import SessionConfig

    base = "http://127.0.0.1:8080"
    world = World(base_url=base)
    session = Session("ann", config=SessionConfig(endpoints=Endpoints(base, base, base)), rng=Random(1))
    return ScriptedTransport(session, web=world.request, **options), world


def test_a_real_session_against_a_simulated_world() -> None:
    """The socket's messages come from the world's feed; the whole is over in no time."""
    transport, world = make()
    transport.start()
    assert transport.requests
    (asked,) = transport.sockets
    feed = world.open_socket(asked.url, asked.headers, now=transport.now)
    assert not isinstance(feed, HttpResponse)
    transport.open(world.handshake_headers(feed))
    heard = 0
    events: list[Any] = []
    for _ in range(200):
        while heard < len(transport.sent):
            feed.receive_message(transport.sent[heard], now=transport.now)
            heard += 1
        while (output := feed.next_output(now=transport.now)) is not None:
            if isinstance(output, Send):
                transport.receive(output.data)
        events += transport.events()
        transport.advance(0.25)
    assert {event.name for event in events} >= {"connect", "comment", "gift"}
    assert heard > 3
    transport.close()
    assert transport.events()[-1].name == "closed"
    assert transport.close_codes == [1000]


def test_answers_by_hand_and_failures() -> None:
    transport, world = make()
    transport._web = None
    transport.start()
    (first,) = transport.requests
    transport.answer(world.request(first, now=0.0))
    while not transport.sockets:
        transport.answer(world.request(transport.requests[-1], now=0.0))
    with pytest.raises(LocalProtocolError):
        transport.answer(TransportFailure(FailureKind.DNS))
    transport.refuse(500)
    assert transport.session.closed is None
    with pytest.raises(LocalProtocolError, match="no socket"):
        transport.receive(b"")
    transport._web = world.request
    for step in (transport.break_socket, transport.close_from_server):
        tries = len(transport.sockets)
        while len(transport.sockets) == tries:
            assert transport.session.closed is None
            transport.advance(0.5)
        transport.open()
        assert transport.session.phase is Phase.LIVE  # type: ignore[attr-defined]
        step()
    names = [event.name for event in transport.events()]
    assert names.count("connect") == 2
    assert names.count("reconnecting") >= 3
