"""Every way in that fails: the right reason, exit code and words on every transport, and no signature for nothing."""

from __future__ import annotations

import asyncio as loop
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from command_line import TRANSPORTS, Caller, to

from tiktok_webcast.close import CloseReason
from tiktok_webcast.errors import ClosedError, exit_code
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast_transports import TikTokLiveClient, anyio, asyncio, sync
from tiktok_webcast_transports.simulator import Simulator


class Ending(NamedTuple):
    """How `watch` ends when nothing is tried again."""

    code: int
    reason: str
    words: str
    signed: bool = True
    """Whether the signer is asked at all."""


ENDINGS = {
    "offline": Ending(3, "offline", "@anna is not live", signed=False),
    "stale_room_id": Ending(3, "offline", "@anna is not live", signed=False),
    "lying_check": Ending(3, "offline", "@anna is not live", signed=False),
    "not_found": Ending(4, "user_not_found", "There is no @anna", signed=False),
    "restricted": Ending(5, "restricted", "age restricted", signed=False),
    "private": Ending(5, "restricted", "private account", signed=False),
    "blocked": Ending(6, "blocked", "HTTP 403", signed=False),
    "captcha": Ending(6, "blocked", "a captcha page", signed=False),
    "shell": Ending(6, "blocked", "1155 bytes", signed=False),
    "rate_limit": Ending(7, "sign_rate_limited", "Wait 3600 s"),
    "premium": Ending(7, "sign_premium", "HTTP 402"),
    "no_permission": Ending(7, "sign_premium", "HTTP 403"),
    "sign_500": Ending(7, "sign_failed", "HTTP 500"),
    "empty_sign_body": Ending(7, "sign_failed", "an empty answer"),
    "no_cookies": Ending(7, "sign_failed", "X-Set-TT-Cookie"),
    "no_cursor": Ending(7, "sign_failed", "no cursor"),
    "no_push_server": Ending(7, "sign_failed", "push_server"),
    "no_route_params": Ending(7, "sign_failed", "route_params"),
    "refused_handshake": Ending(6, "handshake_refused", "Handshake-Msg: request blocked"),
    "device_blocked": Ending(6, "device_blocked", "DEVICE_BLOCKED"),
    "blocked_page": Ending(0, "room_ended", ""),
    "lying_check_dead": Ending(0, "room_ended", ""),
    "paused": Ending(0, "room_ended", ""),
}
UNSIGNED = [scenario for scenario, ending in ENDINGS.items() if not ending.signed]
ROOMLESS = ("private", "not_found", "blocked", "captcha", "shell")
"""Scenarios in which the room itself, asked by its id, does not say that nobody may enter."""


def signatures(sim: Simulator) -> int:
    """How often the sign server was asked for a socket."""
    return len([entry for entry in sim.log if entry.kind == "sign"])


def paths(sim: Simulator) -> list[str]:
    """What was asked of the web so far."""
    return [entry.detail["path"] for entry in sim.log if entry.kind == "http"]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("sim", ENDINGS, indirect=True)
def test_each_scenario_ends_as_it_should(
    sim: Simulator, transport: str, call: Caller, request: pytest.FixtureRequest
) -> None:
    ending = ENDINGS[request.node.callspec.params["sim"]]
    done = call("watch", "anna", "--json", "--reconnect", "0", "--transport", transport, *to(sim.url))
    assert (done.code, done.names[-1], done.lines[-1]["reason"]) == (ending.code, "closed", ending.reason)
    assert exit_code(CloseReason(ending.reason)) == ending.code
    assert ending.words in done.err
    assert ("What to do:" in done.err) is bool(ending.code)
    assert (signatures(sim) > 0) is ending.signed


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([("127.0.0.1", 9, "sessionid")], "The login in "),
        ([("127.0.0.1", 9, "sessionid"), ("127.0.0.1", 0, "ttwid")], "The login in "),
        ([("127.0.0.1", 9, "ttwid")], "Every cookie for TikTok in "),
        ([("bank.example", 0, "sessionid")], "There is no cookie for 127.0.0.1 in "),
        ([], "There is no cookie for 127.0.0.1 in "),
    ],
)
def test_cookies_that_are_of_no_use_are_told_at_once(
    sim: Simulator, call: Caller, tmp_path: Path, lines: list[tuple[str, int, str]], words: str
) -> None:
    file = tmp_path / "cookies.txt"
    file.write_text(
        "".join(f"{host}\tFALSE\t/\tFALSE\t{expiry}\t{name}\tplanted-value\n" for host, expiry, name in lines)
    )
    done = call("watch", "anna", "--json", "--cookies", str(file), *to(sim.url))
    assert (done.code, done.out) == (2, "") and words in done.err and "planted-value" not in done.err
    assert paths(sim) == []


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("sim", ["rate_limit", "premium", "sign_500"], indirect=True)
def test_the_guest_goes_on_where_the_sign_server_cannot(sim: Simulator, transport: str, call: Caller) -> None:
    where = ("--transport", transport, *to(sim.url))
    done = call("watch", "anna", "--json", "--signer", "server,guest", "--reconnect", "0", *where)
    assert (done.code, done.names[0], done.lines[-1]["reason"]) == (0, "connect", "room_ended")
    assert signatures(sim) == 1


@pytest.mark.parametrize("sim", UNSIGNED, indirect=True)
def test_no_command_spends_a_signature_on_a_closed_door(
    sim: Simulator, call: Caller, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiktok_webcast_transports.cli.status.time.sleep", lambda seconds: None)
    scenario = request.node.callspec.params["sim"]
    host = sim.world.stage("anna").room
    ways = ["anna", f"user:{host.host.id}", "https://www.tiktok.com/@anna/live"]
    if scenario not in ROOMLESS:
        ways.append(f"room:{host.room_id}")
        assert (
            call("watch", "anna", "--room-id", str(host.room_id), "--json", *to(sim.url)).code == ENDINGS[scenario].code
        )
    for way in ways:
        assert call("watch", way, "--json", "--reconnect", "0", *to(sim.url)).code == ENDINGS[scenario].code, way
        for command in (("status",), ("info",), ("gifts",)):
            assert call(*command, way, *to(sim.url)[:4]).code == ENDINGS[scenario].code, (command, way)
        assert call("status", way, "--wait", "--duration", "5", *to(sim.url)[:4]).code == ENDINGS[scenario].code
    assert paths(sim)
    assert signatures(sim) == 0


@pytest.mark.parametrize("sim", UNSIGNED, indirect=True)
def test_no_client_and_no_room_of_many_does(sim: Simulator, request: pytest.FixtureRequest) -> None:
    expected = ENDINGS[request.node.callspec.params["sim"]].reason
    config = SessionConfig(endpoints=sim.endpoints)
    with pytest.raises(ClosedError) as caught:
        TikTokLiveClient("anna", config=config).run()
    assert caught.value.reason.value == expected

    async def reasons(transport: Any) -> list[str]:
        async with transport.Rooms(config=config) as rooms:
            rooms.add("anna")
            return [event.reason.value async for _, event in rooms if event.name == "closed"]

    assert loop.run(reasons(asyncio)) == loop.run(reasons(anyio)) == [expected]
    with sync.Rooms(config=config) as many:
        many.add("anna")
        assert [event.to_dict()["reason"] for _, event in many if event.name == "closed"] == [expected]
    assert signatures(sim) == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_room_that_was_named_is_looked_at_and_not_looked_up(sim: Simulator, transport: str, call: Caller) -> None:
    room = sim.world.stage("anna").room.room_id
    for way in (("anna", "--room-id", str(room)), (f"room:{room}",)):
        before = len(paths(sim))
        done = call("watch", *way, "--json", "--only", "comment", "--transport", transport, *to(sim.url))
        assert (done.code, done.lines[-1]["room_id"]) == (0, str(room))
        asked = paths(sim)[before:]
        assert asked[0] == "/webcast/room/info/"
        assert not [path for path in asked if path.startswith(("/@", "/api-live"))]
