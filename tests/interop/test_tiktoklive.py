"""A client that is not ours against our simulator: TikTokLive 7 from PyPI receives what the manifest says.

Run by `make test-interop`, which makes an environment for it and names its interpreter in `TIKTOKLIVE_PYTHON`; skipped
where that is not set. All rooms are watched by one process, as its start is what takes the time.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tiktok_webcast.sim import Manifest, Options, WorldOptions
from tiktok_webcast_transports.simulator import Simulator

PYTHON = os.environ.get("TIKTOKLIVE_PYTHON", "")
GUARD = 600.0
"""Seconds for all rooms: only ever reached when something is broken."""

pytestmark = [
    pytest.mark.skipif(not PYTHON, reason="no environment with TikTokLive: run `make test-interop`"),
    pytest.mark.timeout(GUARD),
]

WATCHED = ("everyday", "first_light", "streaks", "likes_backwards", "duplicates", "pauses", "unknown_methods")
TROUBLE = {
    "offline": "UserOfflineError",
    "not_found": "UserNotFoundError",
    "restricted": "AgeRestrictedError",
    "lying_check_dead": "UserOfflineError",
    "rate_limit": "SignatureRateLimitError",
    "premium": "SignAPIError",
    "no_permission": "SignAPIError",
    "sign_500": "SignAPIError",
    "empty_sign_body": "SignAPIError",
    "no_cookies": "SignAPIError",
    "no_cursor": "InitialCursorMissingError",
    "no_push_server": "WebsocketURLMissingError",
    "no_route_params": "WebsocketURLMissingError",
    "refused_handshake": "WebcastBlockedError",
}
"""Scenarios in which nobody gets in, and the exception by which that client says why."""


class Visit(NamedTuple):
    """What the client printed of one room, and what the simulator knows of it."""

    lines: list[dict[str, Any]]
    methods: dict[str, int]
    error: str | None
    manifest: Manifest
    log: list[Any]


@pytest.fixture(scope="module")
def visits() -> Iterator[Mapping[str, Visit]]:
    """Every room, watched once; a user is named like the scenario of his room."""
    names = [*WATCHED, *TROUBLE]
    options = WorldOptions(
        scenarios={name: name for name in names},
        speed=20.0,
        epoch_ms=int(time.time() * 1000),
        options=Options(duration=240.0),
    )
    driver = Path(__file__).with_name("tiktoklive_driver.py")
    with Simulator(options=options) as simulator:
        command = [PYTHON, str(driver), simulator.url, *names]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=GUARD)
        found: dict[str, Visit] = {}
        lines: list[dict[str, Any]] = []
        for line in map(json.loads, done.stdout.splitlines()):
            if "methods" not in line:
                lines.append(line)
                continue
            user = line["user"]
            log = [entry for entry in simulator.log if entry.user == user]
            found[user] = Visit(lines, line["methods"], line["error"], simulator.manifest(user), log)
            lines = []
        yield found
    for user in WATCHED:
        visit = found[user]
        print(f"{user}: {sum(visit.methods.values())} messages, {len(visit.lines)} events compared")


@pytest.mark.parametrize("user", WATCHED)
def test_every_message_arrives_once(visits: Mapping[str, Visit], user: str) -> None:
    visit = visits[user]
    assert visit.error is None
    assert visit.methods == visit.manifest.wire["by_method"]
    assert sum(visit.methods.values()) == visit.manifest.wire["messages"] > 0


@pytest.mark.parametrize("user", WATCHED)
def test_events_are_what_the_manifest_says(visits: Mapping[str, Visit], user: str) -> None:
    visit = visits[user]
    told: list[dict[str, Any]] = []
    seen: set[str] = set()
    for line in visit.lines:
        # This client does not drop repeats. Messages without an id are none.
        if line["msg_id"] is None or line["msg_id"] not in seen:
            told.append(line)
        seen.add(line["msg_id"])
    # Left out is what the driver does not listen to, and what is not on the wire: streaks' ends, `closed`.
    names = {line["event"] for line in told}
    expected = [event for event in visit.manifest.events if event["event"] in names]
    assert names
    assert [line["event"] for line in told] == [event["event"] for event in expected]
    for line, event in zip(told, expected, strict=True):
        assert common(line, event) == common(event, line)


def common(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of `one` with the keys that `other` has too, at every depth."""
    return {
        key: common(value, other[key]) if isinstance(value, Mapping) and isinstance(other[key], Mapping) else value
        for key, value in one.items()
        if key in other
    }


def test_the_comparison_compares_something(visits: Mapping[str, Visit]) -> None:
    lines = visits["first_light"].lines
    names = {"comment", "gift", "like", "join", "follow", "share", "more_share", "viewer_update", "live_end"}
    assert {line["event"] for line in lines} == names
    events = visits["first_light"].manifest.events
    comment = next(event for event in events if event["event"] == "comment")
    assert common(lines[0], comment).keys() >= {"msg_id", "room_id", "user", "comment", "language"}
    assert common(lines[0], {**comment, "comment": "?"}) != common({**comment, "comment": "?"}, lines[0])


@pytest.mark.parametrize("user", WATCHED)
def test_it_enters_beats_acknowledges_and_offends_nobody(visits: Mapping[str, Visit], user: str) -> None:
    visit = visits[user]
    kinds = [entry.kind for entry in visit.log]
    assert kinds.count("enter") == 1
    assert "heartbeat" in kinds
    assert "violation" not in kinds
    (end,) = (entry for entry in visit.log if entry.kind == "end")
    assert end.detail["unacked"] == 0
    assert end.detail["acks"] == kinds.count("ack") > 0


@pytest.mark.parametrize(("user", "error"), TROUBLE.items())
def test_it_understands_why_it_cannot_come_in(visits: Mapping[str, Visit], user: str, error: str) -> None:
    assert visits[user].error == error
    assert not visits[user].methods
