"""The 2023 TikTokLive's README, example by example: the same programs, from other modules, against a simulated room.

`client` is what each of its listings takes for granted. What they print is compared with the room's own truth.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import pytest
from memory_net import MakeNet, Net

from tiktok_webcast.events import (
    CommentEvent,
    ConnectEvent,
    DisconnectEvent,
    EmoteEvent,
    EnvelopeEvent,
    FollowEvent,
    GiftEvent,
    IntroMessageEvent,
    JoinEvent,
    LikeEvent,
    LiveEndEvent,
    MicBattleStartEvent,
    MicBattleUpdateEvent,
    MoreShareEvent,
    RankingUpdateEvent,
    ShareEvent,
    UnknownEvent,
    UserRankingUpdateEvent,
    ViewerUpdateEvent,
)
from tiktok_webcast.sim.catalogue import GALAXY, ROSE
from tiktok_webcast.sim.scenario import Options
from tiktok_webcast.sim.script import Script
from tiktok_webcast.sim.story import Story
from tiktok_webcast_transports import TikTokLiveClient

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def sim(net: MakeNet) -> Net:
    """A short evening with one of everything."""
    return net("first_light")


@pytest.fixture
def client(sim: Net) -> TikTokLiveClient:
    """The client of the README's listings."""
    return sim.client("@isaackogz")


def printed(capsys: Captured) -> list[str]:
    return capsys.readouterr().out.splitlines()


def lines(sim: Net, event: str, words: Any) -> list[str]:
    """What the room's truth makes of a listing's f-string."""
    found = [words(line) for line in sim.truth(event, "isaackogz")]
    assert found, f"the scenario has no {event}"
    return found


def name(line: dict[str, Any]) -> str:
    return str(line["user"]["unique_id"])


def test_getting_started(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("connect")
    async def on_connect(_: ConnectEvent) -> None:
        print("Connected to Room ID:", client.room_id)

    # Notice no decorator?
    async def on_comment(event: CommentEvent) -> None:
        print(f"{event.user.nickname} -> {event.comment}")

    client.add_listener("comment", on_comment)
    client.run()

    said = lines(sim, "comment", lambda line: f"{line['user']['nickname']} -> {line['comment']}")
    assert printed(capsys) == [f"Connected to Room ID: {sim.world.manifest('isaackogz').room_id}", *said]


def test_connect_and_disconnect(client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("connect")
    async def on_connect(event: ConnectEvent) -> None:
        print("Connected", client.connected)

    @client.on("disconnect")
    async def on_disconnect(event: DisconnectEvent) -> None:
        print("Disconnected", client.connected)

    client.run()
    assert printed(capsys) == ["Connected True", "Disconnected False"]


def test_start_reconnects_from_a_disconnect_listener(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    """ "You can call start() to reconnect": the room is played once more, and run() stays until that is over too."""
    rounds: list[int] = []

    @client.on("disconnect")
    async def on_disconnect(event: DisconnectEvent) -> None:
        print("Disconnected")
        if len(rounds) == 1:
            rounds.append(await client.start())

    client.on("connect", lambda event: rounds.append(event.room_id) if not rounds else None)
    client.run()
    assert printed(capsys) == ["Disconnected", "Disconnected"]
    assert rounds[0] == rounds[1] == client.room_id
    assert len(sim.world.stage("isaackogz").visits) == 2


def test_like(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("like")
    async def on_like(event: LikeEvent) -> None:
        print(f"@{event.user.unique_id} liked the stream!")

    client.run()
    assert printed(capsys) == lines(sim, "like", lambda line: f"@{name(line)} liked the stream!")


def test_join(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("join")
    async def on_join(event: JoinEvent) -> None:
        print(f"@{event.user.unique_id} joined the stream!")

    client.run()
    assert printed(capsys) == lines(sim, "join", lambda line: f"@{name(line)} joined the stream!")


def gifts(story: Story, options: Options) -> Script:
    """Streaks of several users interleaved, one gift of a streak of one, and gifts that cannot streak."""
    ann, ben, cleo = story.crowd[:3]
    yield story.enter()
    roses, hearts = story.streak(ann, ROSE), story.streak(ben, ROSE)
    yield story.frame(roses.step(1), hearts.step(1), story.gift(cleo, GALAXY))
    yield story.frame(roses.step(4), hearts.end())
    yield story.frame(roses.end(), story.gift(ben, GALAXY))
    yield story.end()


def sent(line: dict[str, Any]) -> str:
    many = f"{line['total']}x " if line["gift"]["type"] == 1 else ""
    return f'{name(line)} sent {many}"{line["gift"]["name"]}"'


@pytest.mark.parametrize("scenario", ["first_light", gifts])
def test_gift_by_the_wire(net: MakeNet, scenario: Any, capsys: Captured) -> None:
    sim = net(scenario)
    client = sim.client("@isaackogz")

    @client.on("gift")
    async def on_gift(event: GiftEvent) -> None:
        # If it's type 1 and the streak is over
        if event.gift.info.type == 1:
            if event.gift.is_repeating == 1:
                print(f'{event.user.unique_id} sent {event.gift.count}x "{event.gift.info.name}"')

        # It's not type 1, which means it can't have a streak & is automatically over
        elif event.gift.info.type != 1:
            print(f'{event.user.unique_id} sent "{event.gift.info.name}"')

    client.run()
    assert printed(capsys) == lines(sim, "gift_streak_end", sent)


@pytest.mark.parametrize("scenario", ["first_light", gifts])
def test_gift_by_streaking(net: MakeNet, scenario: Any, capsys: Captured) -> None:
    sim = net(scenario)
    client = sim.client("@isaackogz")

    @client.on("gift")
    async def on_gift(event: GiftEvent) -> None:
        # Streakable gift & streak is over
        if event.gift.streakable and not event.gift.streaking:
            print(f'{event.user.unique_id} sent {event.gift.count}x "{event.gift.info.name}"')

        # Non-streakable gift
        elif not event.gift.streakable:
            print(f'{event.user.unique_id} sent "{event.gift.info.name}"')

    client.run()
    assert printed(capsys) == lines(sim, "gift_streak_end", sent)


def test_follow(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("follow")
    async def on_follow(event: FollowEvent) -> None:
        print(f"@{event.user.unique_id} followed the streamer!")

    client.run()
    assert printed(capsys) == lines(sim, "follow", lambda line: f"@{name(line)} followed the streamer!")


def test_share(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("share")
    async def on_share(event: ShareEvent) -> None:
        print(f"@{event.user.unique_id} shared the stream!")

    client.run()
    assert printed(capsys) == lines(sim, "share", lambda line: f"@{name(line)} shared the stream!")


def test_more_share(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("more_share")
    async def on_connect(event: MoreShareEvent) -> None:
        print(f"More than {event.amount} users have joined from {event.user.unique_id}'s share link!")

    client.run()
    assert printed(capsys) == lines(
        sim,
        "more_share",
        lambda line: f"More than {line['amount']} users have joined from {name(line)}'s share link!",
    )


def test_viewer_update(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    assert client.viewer_count is None and client.top_viewers == ()

    @client.on("viewer_update")
    async def on_connect(event: ViewerUpdateEvent) -> None:
        print("Received a new viewer count:", event.viewer_count)
        print("The client automatically sets the count as an attribute too:", client.viewer_count)
        print("You can even get the top viewers (by coins gifted)!:", seats(event.top_viewers))
        print("The client automatically sets the top viewers as an attribute too:", seats(client.top_viewers))

    client.run()
    expected: list[str] = []
    for line in sim.truth("viewer_update", "isaackogz"):
        top = [(int(seat["user"]["id"]), seat["coins_given"]) for seat in line["top_viewers"]]
        expected += [
            f"Received a new viewer count: {line['viewer_count']}",
            f"The client automatically sets the count as an attribute too: {line['viewer_count']}",
            f"You can even get the top viewers (by coins gifted)!: {top}",
            f"The client automatically sets the top viewers as an attribute too: {top}",
        ]
    assert printed(capsys) == expected and expected


def seats(viewers: Iterable[Any]) -> list[tuple[int, int]]:
    return [(viewer.user.id, viewer.coins_given) for viewer in viewers]


def test_viewer_count_without_any_listener(sim: Net, client: TikTokLiveClient) -> None:
    client.run()
    last = sim.truth("viewer_update", "isaackogz")[-1]
    assert client.viewer_count == last["viewer_count"]
    assert [str(viewer.user.id) for viewer in client.top_viewers] == [
        seat["user"]["id"] for seat in last["top_viewers"]
    ]


def test_comment(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("comment")
    async def on_connect(event: CommentEvent) -> None:
        print(f"{event.user.nickname} -> {event.comment}")

    client.run()
    said = lines(sim, "comment", lambda line: f"{line['user']['nickname']} -> {line['comment']}")
    assert printed(capsys) == said


def test_emote(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("emote")
    async def on_connect(event: EmoteEvent) -> None:
        print(f"{event.user.nickname} -> {event.emote.image.url}")

    client.run()
    [line] = sim.truth("emote", "isaackogz")
    [text] = printed(capsys)
    nickname, _, url = text.partition(" -> ")
    assert nickname == line["user"]["nickname"]
    assert url.startswith("http") and line["emotes"][0]["id"] in url


def test_envelope(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("envelope")
    async def on_connect(event: EnvelopeEvent) -> None:
        print(f"{event.treasure_box_user.unique_id} -> {event.treasure_box_data}")
        print(event.treasure_box_user.id, event.treasure_box_data.diamonds)

    client.run()
    [line] = sim.truth("envelope", "isaackogz")
    shown, numbers = printed(capsys)
    assert " -> Envelope(" in shown and line["envelope_id"] in shown
    assert numbers == f"{line['sender']['id']} {line['diamonds']}"


def test_ranking_update(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("ranking_update")
    async def on_connect(event: RankingUpdateEvent) -> None:
        print(f"{event.user.unique_id} has the rank #{event.rank} for the {event.type} leaderboard.")

    client.run()
    [line] = sim.truth("ranking_update", "isaackogz")
    [text] = printed(capsys)
    assert text.startswith(f"isaackogz has the rank #{line['rank']} for the pm_mt_")


def test_user_ranking_update(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("user_ranking_update")
    async def on_connect(event: UserRankingUpdateEvent) -> None:
        print(f"{event.user.unique_id} just became a #{event.rank} top viewer!")

    client.run()
    [line] = sim.truth("user_ranking_update", "isaackogz")
    [text] = printed(capsys)
    who, _, rest = text.partition(" ")
    assert rest == f"just became a #{line['rank']} top viewer!" and who


def test_mic_battle(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("mic_battle_start")
    async def on_start(event: MicBattleStartEvent) -> None:
        print("A Mic battle has started!", event.battle_id)

    @client.on("mic_battle_update")
    async def on_update(event: MicBattleUpdateEvent) -> None:
        print(
            "An army in the mic battle has received points, or the status of the battle has changed!", event.battle_id
        )

    client.run()
    [start] = sim.truth("mic_battle_start", "isaackogz")
    [update] = sim.truth("mic_battle_update", "isaackogz")
    assert printed(capsys) == [
        f"A Mic battle has started! {start['battle_id']}",
        "An army in the mic battle has received points, or the status of the battle has changed! "
        + update["battle_id"],
    ]


def test_live_end(client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("live_end")
    async def on_connect(event: LiveEndEvent) -> None:
        print("Livestream ended :(")

    client.run()
    assert printed(capsys) == ["Livestream ended :("]


def test_intro_message(sim: Net, client: TikTokLiveClient, capsys: Captured) -> None:
    @client.on("intro_message")
    async def on_connect(event: IntroMessageEvent) -> None:
        print(f"Message: {event.message}")

    client.run()
    assert printed(capsys) == lines(sim, "intro_message", lambda line: f"Message: {line['message']}")


def test_unknown(net: MakeNet, capsys: Captured) -> None:
    sim = net("unknown_methods")
    client = sim.client("@isaackogz")

    @client.on("unknown")
    async def on_connect(event: UnknownEvent) -> None:
        print(f"Event Type: {event.type}")
        print(f"Event Base64: {event.base64}")

    client.run()
    out = printed(capsys)
    truth = sim.truth("unknown", "isaackogz")
    assert len(out) == 2 * len(truth) > 10
    assert [line.removeprefix("Event Type: ") for line in out[::2]] == [str(line["method"] or None) for line in truth]


class SomeRandomError(Exception):
    """What the README's listing looks for."""


def test_error(sim: Net, client: TikTokLiveClient, capsys: Captured, caplog: pytest.LogCaptureFixture) -> None:
    @client.on("error")
    async def on_error(error: Exception) -> None:
        # Handle the error
        if isinstance(error, SomeRandomError):
            print("Handle some error!")
            return

        # Otherwise, log the error
        # You can use the internal method, but ideally your own
        client._log_error(error)

    @client.on("follow")
    async def on_follow(event: FollowEvent) -> None:
        raise SomeRandomError

    @client.on("live_end")
    async def on_end(event: LiveEndEvent) -> None:
        raise ZeroDivisionError("one of those")

    client.run()
    assert printed(capsys) == ["Handle some error!"] * len(sim.truth("follow", "isaackogz"))
    [record] = caplog.records
    assert record.name == "tiktok_webcast_transports.client" and record.levelno == logging.ERROR
    assert "ZeroDivisionError: one of those" in record.getMessage() and record.exc_info is not None
