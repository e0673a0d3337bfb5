"""Likes, entrances, follows, shares, viewers, control, envelopes, barrages."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from make_event import USER, USER_JSON, make, text

from tiktok_webcast import events
from tiktok_webcast.events.base import wire_time


def test_a_like() -> None:
    event = make("WebcastLikeMessage", user=USER, count=15, total=1929)
    assert isinstance(event, events.LikeEvent)
    assert (event.likes, event.total_likes, event.room_likes, event.user_likes) == (15, 1929, 1929, 15)
    assert list(event.to_dict())[6:10] == ["user", "likes", "total_likes", "room_likes"]


def test_an_entrance() -> None:
    event = make("WebcastMemberMessage", user=USER, member_count=42, action=1)
    assert isinstance(event, events.JoinEvent) and event.name == "join"
    assert (event.user.nickname, event.total_viewers, event.action_id) == ("Ann", 42, 1)
    assert list(event.to_dict().items())[6:] == [("user", USER_JSON), ("total_viewers", 42), ("action_id", "1")]
    assert isinstance(make("WebcastMemberMessage", user=USER), events.JoinEvent)


@pytest.mark.parametrize("action", [2, 3, 7, 26, 2004, 12345])
def test_other_things_that_happen_to_members(action: int) -> None:
    event = make("WebcastMemberMessage", user=USER, action=action, operator={"id": 8}, action_description="why")
    assert isinstance(event, events.MemberEvent) and not isinstance(event, events.JoinEvent)
    assert (event.name, event.action_id, event.action_description) == ("member", action, "why")
    assert event.operator is not None and event.operator.id == 8
    assert make("WebcastMemberMessage", action=3).operator is None
    assert make("WebcastMemberMessage", action=3, operator={}).operator is None


@pytest.mark.parametrize(
    ("key", "action", "expected"),
    [
        ("pm_main_follow_message_viewer_2", 1, events.FollowEvent),
        ("PM_MAIN_FOLLOW_MESSAGE_VIEWER_2", 3, events.FollowEvent),
        ("pm_mt_guidance_share", 3, events.ShareEvent),
        ("pm_mt_guidance_viewer_5_share", 3, events.MoreShareEvent),
        ("pm_mt_guidance_viewer_N_share", 3, events.ShareEvent),
        ("", 1, events.FollowEvent),
        ("", 2, events.ShareEvent),
        ("", 3, events.ShareEvent),
        ("", 5, events.ShareEvent),
        ("", 6, events.SocialEvent),
        ("", 0, events.SocialEvent),
        ("pm_new_key", 1, events.FollowEvent),
        ("pm_new_key", 9, events.SocialEvent),
    ],
)
def test_social_by_key_then_by_action(key: str, action: int, expected: type[events.Event]) -> None:
    event = make("WebcastSocialMessage", user=USER, action=action, common={"display_text": {"key": key}})
    assert type(event) is expected
    assert (event.display_type, event.action) == (key, action)


def test_a_follow() -> None:
    event = make("WebcastSocialMessage", user=USER, action=1, follow_count=1_118_116)
    assert event.total_followers == 1_118_116
    assert list(event.to_dict())[6:9] == ["user", "total_followers", "display_type"]
    assert event.to_dict()["display_type"] is None


def test_shares() -> None:
    share = make("WebcastSocialMessage", user=USER, action=3, share_count=378, share_type=1, share_target="-1")
    assert (share.total_shares, share.share_type, share.share_target) == (378, 1, "-1")
    assert list(share.to_dict())[6:8] == ["user", "display_type"]
    key = "pm_mt_guidance_viewer_10_share"
    more = make("WebcastSocialMessage", user=USER, action=3, common={"display_text": {"key": key}})
    assert more.amount == 10
    assert list(more.to_dict().items())[6:9] == [("user", USER_JSON), ("display_type", key), ("amount", 10)]


def test_viewers() -> None:
    event = make(
        "WebcastRoomUserSeqMessage",
        total=1542,
        total_user=37_666,
        anonymous=3,
        ranks=[{"rank": 1, "score": 20, "user": USER}, {"rank": 2, "user": {"id": 9}}],
    )
    assert isinstance(event, events.ViewerUpdateEvent)
    assert (event.viewer_count, event.total_viewers, event.anonymous_count) == (1542, 37_666, 3)
    assert [(top.rank, top.coins_given, top.user.id) for top in event.top_viewers] == [(1, 20, 7001), (2, 0, 9)]
    assert list(event.to_dict())[6:8] == ["viewer_count", "top_viewers"]
    assert event.to_dict()["top_viewers"][0] == {"rank": 1, "coins_given": 20, "user": USER_JSON}
    assert make("WebcastRoomUserSeqMessage").viewer_count == 0


@pytest.mark.parametrize(
    ("action", "expected", "name"),
    [
        (0, events.ControlEvent, "control"),
        (1, events.LivePauseEvent, "live_pause"),
        (2, events.LiveResumeEvent, "live_resume"),
        (3, events.LiveEndEvent, "live_end"),
        (4, events.LiveEndEvent, "live_end"),
        (99, events.ControlEvent, "control"),
    ],
)
def test_control(action: int, expected: type[events.Event], name: str) -> None:
    event = make("WebcastControlMessage", action=action, tips="see you")
    assert type(event) is expected and event.name == name
    assert list(event.to_dict().items())[6:8] == [("action", action), ("tips", "see you")]


def test_who_ended_it() -> None:
    assert make("WebcastControlMessage", action=4).is_suspended
    assert not make("WebcastControlMessage", action=3).is_suspended


BOX: dict[str, Any] = {
    "envelope_id": "7309953379228332749",
    "business_type": 1,
    "send_user_name": "ann.lee",
    "send_user_id": "7001",
    "diamond_count": 20,
    "people_count": 16,
    "unpack_at": 1_701_793_826,
    "create_at": "1701793647050",
}


def test_an_envelope() -> None:
    event = make(
        "WebcastEnvelopeMessage",
        envelope_info=BOX,
        display=1,
        common={"display_text": text("pm_mt_treasure_box_sender_comment", "{0:user} sent", USER)},
    )
    assert isinstance(event, events.EnvelopeEvent) and event.is_new
    assert event.treasure_box_user.unique_id == "ann.lee" and event.treasure_box_user is event.sender
    assert event.treasure_box_data is event.envelope and event.envelope.people == 16
    assert event.opens_at == datetime(2023, 12, 5, 16, 30, 26, tzinfo=timezone.utc)
    assert event.envelope.created_at == datetime(2023, 12, 5, 16, 27, 27, 50000, tzinfo=timezone.utc)
    assert list(event.to_dict().items())[6:11] == [
        ("sender", {"id": "7001", "name": "ann.lee"}),
        ("diamonds", 20),
        ("people", 16),
        ("envelope_id", "7309953379228332749"),
        ("business_type", 1),
    ]


def test_an_envelopes_sender_without_a_text() -> None:
    event = make("WebcastEnvelopeMessage", envelope_info=BOX)
    assert (event.sender.id, event.sender.nickname, event.sender.unique_id) == (7001, "ann.lee", "")
    nobody = make("WebcastEnvelopeMessage", display=1)
    assert nobody.to_dict()["sender"] == {"id": None, "name": None}


def test_an_envelope_that_is_gone() -> None:
    event = make("WebcastEnvelopeMessage", envelope_info={"envelope_id": "7", "business_type": 1}, display=2)
    assert isinstance(event, events.EnvelopeEvent) and not event.is_new
    assert event.envelope_id == "7" and event.to_dict()["sender"] == {"id": None, "name": None}
    assert make("WebcastEnvelopeMessage", envelope_info={"business_type": 19}, display=2).name == "envelope"


def test_a_super_fan_box() -> None:
    by_kind = make("WebcastEnvelopeMessage", envelope_info={**BOX, "business_type": 19}, display=1)
    by_key = make("WebcastEnvelopeMessage", display=1, common={"display_text": {"key": "TTLive_SuperFanBox_x"}})
    for event in (by_kind, by_key):
        assert isinstance(event, events.SuperFanBoxEvent) and event.name == "super_fan_box"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("pm_mt_alp_join_animation", events.BarrageEvent),
        ("ttlive_superfan_commentnotif_superfanjoined", events.SuperFanJoinEvent),
        ("ttlive_superfan", events.SuperFanEvent),
        ("ttlive_superfanbox_x", events.BarrageEvent),
        ("", events.BarrageEvent),
    ],
)
@pytest.mark.parametrize("field", ["content", "common_barrage_content"])
def test_barrages_by_key(key: str, expected: type[events.Event], field: str) -> None:
    event = make("WebcastBarrageMessage", **{field: text(key, "{0:user} joined", USER)})
    assert type(event) is expected
    assert event.text == "Ann joined" and event.user is not None and event.user.id == 7001


@pytest.mark.parametrize("special", ["content", "common_barrage_content"])
def test_of_a_barrage_s_two_keys_the_more_special_one_counts(special: str) -> None:
    fields = {name: text("ttlive_superfan_x", "", USER) for name in ("content", "common_barrage_content")}
    fields[special] = text("ttlive_superfan_commentnotif_superfanjoined", "", USER)
    assert type(make("WebcastBarrageMessage", **fields)) is events.SuperFanJoinEvent


@pytest.mark.parametrize(
    "fields",
    [
        {"user": USER},
        {"user_grade_param": {"user": USER}},
        {"fans_level_param": {"user": USER, "current_grade": 21}},
        {"user": {}, "user_grade_param": {"user": {}}, "fans_level_param": {"user": USER}},
        {"user": {}, "content": text("k", "{0}{1}", {}, USER)},
    ],
)
def test_whom_a_barrage_is_about(fields: dict[str, Any]) -> None:
    event = make("WebcastBarrageMessage", msg_type=11, **fields)
    assert event.user is not None and event.user.unique_id == "ann.lee"
    assert event.to_dict()["msg_type"] == 11 and event.to_dict()["user"] == USER_JSON
    assert make("WebcastBarrageMessage").user is make("WebcastBarrageMessage", user={}).user is None


def test_a_barrage_s_own_event_is_in_its_json_under_another_key() -> None:
    found = make("WebcastBarrageMessage", event={"event_name": "live_event"}).to_dict()
    assert (found["event"], found["event_"]) == ("barrage", {"event_name": "live_event"})


def test_what_an_envelope_holds_by_itself() -> None:
    info = make("WebcastEnvelopeMessage", envelope_info=BOX, display=1).envelope
    assert info.to_dict()["id"] == "7309953379228332749"
    assert type(info)().to_dict()["id"] is None


@pytest.mark.parametrize("value", [10**15, -(10**15), 0])
def test_times_that_no_calendar_has_are_not_told(value: int) -> None:
    assert wire_time(value) is None
