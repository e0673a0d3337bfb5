"""Events against real, pseudonymised traffic: the facts of protocol/push.md, read through our own eyes.

The captures are not part of this repository; without them these tests are skipped.
"""

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tiktok_webcast import events
from tiktok_webcast.config import Limits
from tiktok_webcast.decoder import decode
from tiktok_webcast.events.base import Event
from tiktok_webcast.message import Message
from tiktok_webcast.push.frames import FetchResult, read_fetch_result

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
E = TypeVar("E", bound=Event)

if not CAPTURES.is_dir():
    pytest.skip(f"no captures at {CAPTURES}", allow_module_level=True)


@pytest.fixture(scope="module")
def captured() -> list[Event]:
    lines = (CAPTURES / "payloads.jsonl").read_text(encoding="utf-8").splitlines()
    entries: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [decode(Message(entry["method"], base64.b64decode(entry["base64"]))) for entry in entries]


def of(kind: type[E], captured: list[Event]) -> list[E]:
    found = [event for event in captured if type(event) is kind]
    assert found, f"no {kind.__name__} among the captures"
    return found


def test_every_payload_is_an_event(captured: list[Event]) -> None:
    for event in captured:
        assert not isinstance(event, events.UnknownEvent | events.UndecodableEvent), event
        assert event.msg_id and json.loads(json.dumps(event.to_dict(), allow_nan=False))["event"] == event.name
        assert pickle.loads(pickle.dumps(event)) == event


def test_streakable_gifts_are_combos_with_a_group(captured: list[Event]) -> None:
    for event in of(events.GiftEvent, captured):
        assert event.gift.streakable == bool(event.wire.gift and event.wire.gift.combo) == bool(event.group_id)
        assert event.gift.count == event.wire.combo_count == event.delta
        assert event.gift.name and event.gift.diamond_count and event.gift.image
        assert event.to_user is not None and event.to_user.id
        assert event.user.is_gift_giver and event.user.is_follower is not None


def test_streaks_end_with_their_largest_total(captured: list[Event]) -> None:
    totals: dict[tuple[int, int, int], int] = {}
    gifts = of(events.GiftEvent, captured)
    for event in gifts:
        key = (event.user.id, event.gift.id, event.group_id)
        totals[key] = max(totals.get(key, 0), event.gift.count)
    ends = [event for event in gifts if event.gift.is_repeating]
    assert ends
    for event in ends:
        assert event.gift.count == totals[event.user.id, event.gift.id, event.group_id]
        assert not event.gift.streaking and not event.wire.send_type


def test_every_captured_member_message_is_an_entrance(captured: list[Event]) -> None:
    assert not [event for event in captured if isinstance(event, events.MemberEvent)]
    for event in of(events.JoinEvent, captured):
        assert event.action_id == 1 and event.user.unique_id
        assert event.wire.common is not None and event.wire.common.display_text is not None
        assert event.wire.common.display_text.key == "live_room_enter_toast"
        assert event.wire.common.display_text.text == f"{event.user.nickname} joined"


def test_keys_and_actions_of_social_messages_agree(captured: list[Event]) -> None:
    for follow in of(events.FollowEvent, captured):
        assert follow.action == 1 and follow.total_followers and "follow" in follow.display_type
    for share in of(events.ShareEvent, captured):
        assert share.action == 3 and share.total_shares and share.display_type == "pm_mt_guidance_share"
    for more in of(events.MoreShareEvent, captured):
        assert more.action == 3 and more.amount in (5, 10)
    assert not [event for event in captured if isinstance(event, events.SocialEvent)]


def users(value: Any, depth: int = 0) -> Iterator[events.User]:
    if isinstance(value, events.User):
        yield value
    elif isinstance(value, (Event, tuple)) and depth < 3:
        items = [getattr(value, name) for name in value.fields] if isinstance(value, Event) else value
        for item in items:
            yield from users(item, depth + 1)


def test_badges_show_the_level_that_they_carry(captured: list[Event]) -> None:
    graded = 0
    for event in captured:
        for user in users(event):
            for badge in user.badges:
                if badge.scene == events.BadgeScene.GIFTER_LEVEL:
                    graded += 1
                    assert badge.text == str(badge.level) and user.gifter_level == badge.level
                elif badge.scene == events.BadgeScene.MEMBER_LEVEL:
                    assert user.member_level == badge.level and badge.level and not badge.text.isascii()
    assert graded > 50


def test_following_is_told_the_same_by_badge_and_identity(captured: list[Event]) -> None:
    for event in of(events.CommentEvent, captured):
        identity = event.wire.user_identity
        assert identity is not None
        assert event.user.is_follower == (identity.is_follower_of_anchor or identity.is_mutual_following_with_anchor)
        assert event.user.is_friend == identity.is_mutual_following_with_anchor
        assert "".join(part for part in event.parts if isinstance(part, str)) == event.comment
        for user in event.mentions:
            assert user.id and f"@{user.nickname}" in event.comment


def test_top_viewers_come_in_order(captured: list[Event]) -> None:
    nameless = 0
    for event in of(events.ViewerUpdateEvent, captured):
        assert 0 <= event.viewer_count <= event.total_viewers
        ranks = [top.rank for top in event.top_viewers]
        assert ranks == list(range(1, len(ranks) + 1)) and len(ranks) <= 16
        coins = [top.coins_given for top in event.top_viewers]
        assert coins == sorted(coins, reverse=True)
        assert all(top.user.id for top in event.top_viewers)
        nameless += sum(not top.user.nickname for top in event.top_viewers)
    assert nameless


def test_likes_come_in_batches_of_up_to_15(captured: list[Event]) -> None:
    for event in of(events.LikeEvent, captured):
        assert 1 <= event.likes <= 15 and event.likes <= event.total_likes and event.user.nickname


def test_ranks(captured: list[Event]) -> None:
    for viewer in of(events.UserRankingUpdateEvent, captured):
        assert viewer.type in ("pm_mt_topviewer_comment", "pm_mt_badge_got_host") and viewer.rank in (1, 2, 3)
        assert viewer.label.startswith(viewer.user.nickname) and f" {viewer.rank} " in viewer.label
    # Most of them have the badge in the older list of badge images only; one, of 2022, has none.
    badges = [viewer.user.is_top_gifter for viewer in of(events.UserRankingUpdateEvent, captured)]
    assert badges.count(True) == len(badges) - 1
    for host in of(events.RankingUpdateEvent, captured):
        assert (host.rank is not None) == (host.type == "pm_mt_Live_WRMark")
        assert host.rank is None or host.label == f"Weekly No. {host.rank}"
    for hour in of(events.HourlyRankEvent, captured):
        assert hour.label == "Weekly Ranking"


def test_envelopes(captured: list[Event]) -> None:
    boxes = of(events.EnvelopeEvent, captured)
    assert {event.is_new for event in boxes} == {True, False}
    for event in boxes:
        assert event.envelope_id.isdigit()
        if not event.is_new:
            assert event.to_dict()["sender"] == {"id": None, "name": None} and not event.diamonds
            continue
        assert event.diamonds and event.people and event.treasure_box_user.unique_id and event.created_at is not None
        assert event.opens_at is not None and 170 < (event.opens_at - event.created_at).total_seconds() < 310


def test_battles(captured: list[Event]) -> None:
    for start in of(events.MicBattleStartEvent, captured):
        assert start.battle_id and start.duration == 301
        assert len(start.battle_users) == 2 and all(host.unique_id for host in start.battle_users)
    for update in of(events.MicBattleUpdateEvent, captured):
        assert update.battle_status == 1
        for army in update.battle_armies:
            assert army.host_user_id and army.points >= sum(fan.points for fan in army.participants)


def test_barrages_tell_whom_they_are_about(captured: list[Event]) -> None:
    for event in of(events.BarrageEvent, captured):
        assert event.text == "joined" and event.user is not None and event.user.unique_id


def test_polls_and_pins(captured: list[Event]) -> None:
    for poll in of(events.PollEvent, captured):
        assert poll.phase is not events.PollPhase.UNKNOWN and poll.options
    for pin in of(events.RoomPinEvent, captured):
        assert pin.pinned is not None and pin.pinned.method == pin.method_
        if isinstance(pin.pinned, events.CommentEvent) and pin.pinned.emotes:
            # Its place is the end of the text, counted in characters as a reader sees them.
            assert pin.pinned.parts == (pin.pinned.comment, pin.pinned.emotes[0].emote)


def test_the_batch_of_2026() -> None:
    result = read_fetch_result((CAPTURES / "fetch_result_2026.pb").read_bytes(), Limits())
    assert isinstance(result, FetchResult)
    batch = [decode(message) for message in result.messages]
    assert [event.name for event in batch][:3] == ["room", "intro_message", "comment"]
    chats = of(events.CommentEvent, batch)
    assert len(chats) == 6 and all(chat.is_history for chat in chats)
    assert all(chat.user.is_follower for chat in chats)
    assert sum(bool(chat.user.is_top_gifter) for chat in chats) == 3
    assert {chat.user.gifter_level for chat in chats} == {16, 9}
    (intro,) = of(events.IntroMessageEvent, batch)
    assert intro.created_at is None and intro.streamer.unique_id == "" and intro.language == "es"
