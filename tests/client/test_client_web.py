"""What the client asks the web: the room's data, the gifts, pictures; while connected and while not."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from memory_net import MakeNet, Net

from tiktok_webcast.events import EmoteEvent, GiftEvent
from tiktok_webcast.evidence import RoomStatus
from tiktok_webcast.info import fetch_profile
from tiktok_webcast.sim import Door
from tiktok_webcast.sim.catalogue import CATALOGUE
from tiktok_webcast.sim.door import Api, Page
from tiktok_webcast.sim.scenario import Options
from tiktok_webcast.sim.script import Script
from tiktok_webcast.sim.story import Story
from tiktok_webcast_transports import BlockedByTikTok, RoomOffline, UnexpectedAnswer, UserNotFound


@pytest.fixture
def sim(net: MakeNet) -> Net:
    return net("first_light")


def asked(sim: Net, path: str) -> int:
    return sum(1 for entry in sim.world.log if entry.kind == "http" and path in entry.detail["path"])


def short(story: Story, options: Options) -> Script:
    """Hello and good-bye."""
    yield story.enter()
    yield story.frame(story.comment(story.crowd[0], "hello"))
    yield story.end()


# --- room info ------------------------------------------------------------------------------------------------------


def test_room_info_is_there_when_connect_fires(sim: Net) -> None:
    client = sim.client()
    titles: list[str] = []
    client.on("connect", lambda event: titles.append(client.room_info.title if client.room_info else ""))
    client.run()
    assert titles == [sim.world.stage("ann").room.title]
    # It was told on the way in: it is not asked for twice.
    assert asked(sim, "/webcast/room/info") == 1


def test_room_info_where_the_way_in_did_not_tell(net: MakeNet) -> None:
    sim = net(short, door=Door(page=Page.FORBIDDEN))
    client = sim.client()
    seen: list[Any] = []
    client.on("connect", lambda event: seen.append(client.room_info))
    client.run()
    assert seen[0] is not None and seen[0].room_id == client.room_id


def test_fetch_room_info_on_connect_may_be_left_out(sim: Net) -> None:
    client = sim.client(fetch_room_info_on_connect=False)
    client.run()
    assert client.room_info is None


def test_with_a_room_id_a_room_that_is_over_is_not_entered(net: MakeNet) -> None:
    sim = net(short, door=Door(status=4))
    room = sim.world.stage("ann").room.room_id
    names: list[str] = []
    client = sim.client(room_id=room)
    client.on_any(lambda event: names.append(event.name))
    with pytest.raises(RoomOffline):
        client.run()
    assert names == ["closed"] and sim.world.signatures_given == 0
    # Without the look before, it would be entered.
    sim.client(room_id=room, fetch_room_info_on_connect=False).run()
    assert sim.world.signatures_given == 1


def test_with_a_room_id_a_web_that_is_silent_keeps_nobody_out(net: MakeNet, caplog: pytest.LogCaptureFixture) -> None:
    sim = net(short, door=Door(page=Page.FORBIDDEN, api=Api.FORBIDDEN))
    client = sim.client(room_id=sim.world.stage("ann").room.room_id)
    heard: list[str] = []
    client.on("comment", lambda event: heard.append(event.comment))
    client.run()
    assert heard == ["hello"] and client.room_info is None
    [record] = caplog.records
    assert "did not let the request through" in record.getMessage()


@pytest.mark.parametrize("scenario", ["first_light", "offline", "stale_room_id"])
def test_room_info_without_connecting(net: MakeNet, scenario: str) -> None:
    sim = net(scenario)
    client = sim.client()

    async def main() -> None:
        if scenario == "offline":
            with pytest.raises(RoomOffline):
                await client.retrieve_room_info()
            return
        info = await client.retrieve_room_info()
        assert info is client.room_info and info.room_id == sim.world.stage("ann").room.room_id
        assert info.status is (RoomStatus.LIVE if scenario == "first_light" else RoomStatus.OFFLINE)
        assert info.raw["title"] == info.title == sim.world.stage("ann").room.title

    sim.run(main())
    assert sim.world.signatures_given == 0 and not client.connected


@pytest.mark.parametrize(("scenario", "error"), [("not_found", UserNotFound), ("blocked", BlockedByTikTok)])
def test_room_info_that_cannot_be_had(net: MakeNet, scenario: str, error: type[Exception]) -> None:
    sim = net(scenario)
    client = sim.client()

    async def main() -> None:
        with pytest.raises(error):
            await client.retrieve_room_info()

    sim.run(main())
    assert client.room_info is None


def test_room_info_anew_while_connected(sim: Net) -> None:
    client = sim.client()

    async def main() -> None:
        await client.start()
        first = client.room_info
        again = await client.retrieve_room_info()
        assert first is not None and again is client.room_info is not first
        # The addresses of the streams are made anew for whoever asks, as they expire.
        assert replace(again, streams=(), raw={}) == replace(first, streams=(), raw={})
        assert len(again.streams) == len(first.streams) > 0 and again.streams != first.streams
        client.stop()
        await client.wait_closed()

    sim.run(main())


# --- gifts ----------------------------------------------------------------------------------------------------------


def test_detailed_gifts(sim: Net) -> None:
    client = sim.client(enable_detailed_gifts=True)
    gifts: list[GiftEvent] = []
    client.on("gift", gifts.append)
    client.run()
    assert len(gifts) > 5 and len(client.available_gifts) == len(CATALOGUE)
    for event in gifts:
        assert event.gift.detailed is client.available_gifts[event.gift.id]
        assert event.gift.detailed.diamond_count == event.gift.diamond_count
    # Fetched once, also for further connections.
    client.run()
    assert asked(sim, "/webcast/gift/list") == 1


def test_without_them_gifts_have_no_details(sim: Net) -> None:
    client = sim.client()
    gifts: list[GiftEvent] = []
    client.on("gift", gifts.append)
    client.run()
    assert {event.gift.detailed for event in gifts} == {None} and asked(sim, "/webcast/gift/list") == 0


def test_a_gift_list_that_cannot_be_had_keeps_nobody_out(net: MakeNet, caplog: pytest.LogCaptureFixture) -> None:
    sim = net("first_light")
    sim.world._webcast = without_gifts(sim.world._webcast)  # type: ignore[method-assign]
    client = sim.client(enable_detailed_gifts=True)
    gifts: list[GiftEvent] = []
    client.on("gift", gifts.append)
    client.run()
    assert gifts and dict(client.available_gifts) == {}
    [record] = caplog.records
    assert "gift list" in record.getMessage()


def without_gifts(webcast: Any) -> Any:
    from tiktok_webcast.http import HttpResponse

    def answer(question: Any, parts: list[str], now: float) -> Any:
        return ("", HttpResponse(200)) if "gift" in parts else webcast(question, parts, now)

    return answer


def test_available_gifts_by_hand(sim: Net) -> None:
    client = sim.client()

    async def main() -> None:
        gifts = await client.retrieve_available_gifts()
        assert {gift.id: gift.name for gift in gifts.values()} == {kind.id: kind.name for kind in CATALOGUE}
        assert client.available_gifts == gifts
        await client.start()
        gift = await client.wait_for(GiftEvent)
        assert gift.gift.detailed is None
        await client.retrieve_available_gifts()
        gift = await client.wait_for(GiftEvent)
        assert gift.gift.detailed is not None and gift.gift.detailed.name == gift.gift.name
        client.stop()
        await client.wait_closed()

    sim.run(main())


# --- pictures and more ----------------------------------------------------------------------------------------------


def test_pictures(sim: Net) -> None:
    client = sim.client()
    pictures: list[bytes] = []

    @client.on("emote")
    async def on_emote(event: EmoteEvent) -> None:
        image = event.emote.image
        ways: list[Any] = [image, image.url, image.urls]
        pictures.extend([await client.download_image(way) for way in ways])

    client.run()
    assert len(pictures) == 3 and len(set(pictures)) == 1 and pictures[0].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/secret.png", "file:///etc/passwd", "https://localhost/x", "", "nonsense"]
)
def test_pictures_from_places_that_no_picture_comes_from(sim: Net, url: str) -> None:
    async def main() -> None:
        with pytest.raises(UnexpectedAnswer):
            await sim.client().download_image(url)

    sim.run(main())
    assert len(sim.world.log) == 0


def test_any_other_exchange_of_the_core(sim: Net) -> None:
    client = sim.client()
    profile = sim.run(client.http.ask(fetch_profile("ann", context=client.http.context)))
    assert profile.unique_id == "ann"


def test_requests_while_connected_have_the_sessions_identity(sim: Net) -> None:
    client = sim.client()

    async def main() -> None:
        await client.start()
        await client.retrieve_room_info()
        client.stop()
        await client.wait_closed()

    sim.run(main())
    agents = {
        value
        for entry in sim.world.log
        if entry.kind == "http" and "/webcast/room/" in entry.detail["path"]
        for name, value in entry.detail["headers"]
        if name.lower() in ("user-agent",)
    }
    assert len(agents) == 1


# --- imports --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        (
            "import tiktok_webcast_transports",
            ("anyio", "httpcore", "asyncio", "ssl", "tiktok_webcast_transports.client"),
        ),
        ("import tiktok_webcast_transports.asyncio", ("anyio", "httpcore", "tiktok_webcast_transports.client")),
        ("from tiktok_webcast_transports import TikTokLiveClient", ("anyio", "httpcore", "rich")),
        ("from tiktok_webcast_transports import RoomOffline", ("anyio", "asyncio")),
    ],
)
def test_nobody_imports_what_they_do_not_need(statement: str, absent: tuple[str, ...]) -> None:
    code = f"import sys; {statement}; print([name for name in {absent} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
