"""Users: who they are, and what one message says they are to the host."""

from __future__ import annotations

import pickle
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_event import USER, USER_JSON, make

from tiktok_webcast._pb import message_class
from tiktok_webcast.events import Badge, BadgeScene, Image, Role, Text, User
from tiktok_webcast.events.text import MAX_RENDERED
from tiktok_webcast.events.user import decimal


def user(**fields: Any) -> User:
    return User.from_wire(message_class("User")(**fields))


def badge(scene: int = 0, level: str = "", **fields: Any) -> dict[str, Any]:
    return {"scene_type": scene, "privilege_log_extra": {"level": level}, **fields}


def chat(identity: dict[str, Any] | None = None, **fields: Any) -> User:
    given = {} if identity is None else {"user_identity": identity}
    found = make("WebcastChatMessage", user={**USER, **fields}, **given).user
    assert isinstance(found, User)
    return found


def test_who_it_is() -> None:
    ann = user(**USER, sec_uid="MS4wLjABAAAA", verified=True, follow_info={"follower_count": 3, "following_count": 0})
    assert (ann.id, ann.unique_id, ann.nickname, ann.sec_uid) == (7001, "ann.lee", "Ann", "MS4wLjABAAAA")
    assert (
        ann.avatar == Image(url_list=tuple(USER["avatar_thumb"]["url_list"])) and ann.avatar.urls == ann.avatar.url_list
    )
    assert ann.avatar_url == "https://p16.example/ann.webp"
    assert (ann.follower_count, ann.following_count, ann.is_verified) == (3, 0, True)
    assert ann.to_dict() == USER_JSON
    assert list(ann.to_dict()) == list(USER_JSON)


def test_a_picture_without_an_address_does_not_hide_a_larger_one() -> None:
    found = user(avatar_thumb={}, avatar_medium={"uri": "u"}, avatar_large={"url_list": ["https://p16.example/large"]})
    assert found.avatar_url == "https://p16.example/large"
    named = user(avatar_thumb={"uri": "tos/1"}, avatar_medium={})
    assert named.avatar is not None and named.avatar.uri == "tos/1" and named.avatar_url is None


def test_a_user_with_an_id_only() -> None:
    nobody = user(id=7002)
    assert nobody.is_known
    assert (nobody.unique_id, nobody.nickname, nobody.avatar, nobody.avatar_url) == ("", "", None, None)
    assert nobody.roles == () and nobody.badges == ()
    assert nobody.to_dict() == {**dict.fromkeys(USER_JSON), "id": "7002"}


def test_no_user_at_all() -> None:
    assert not User().is_known
    assert make("WebcastLikeMessage", count=3).to_dict()["user"] is None


def test_ids_are_unsigned_in_every_field_that_names_a_user() -> None:
    """One captured user has 20 digits: a signed field makes a negative number of it (protocol/captures.md)."""
    long, sent = 2**64 - 5, -5
    assert make("WebcastChatMessage", mention_user_list=[sent]).mentions[0].id == long
    assert make("WebcastRankTextMessage", cur_user_id=sent).user.id == long
    assert make("WebcastGoalUpdateMessage", contributor_id=sent).contributor.id == long
    for fields in ({"to_member_id_int": sent}, {"monitor_info": {"to_user_id": sent}}):
        assert make("WebcastGiftMessage", **fields).to_user.id == long
    entry = {"key": sent, "value": {}}
    battle = make("WebcastLinkMicBattle", action=5, anchors_info=[entry], battle_result=[entry], armies=[entry])
    assert (battle.battle_users[0].id, battle.results[0].host_user_id, battle.winner_ids) == (long, long, (long,))
    assert battle.battle_armies[0].to_dict()["host_user_id"] == str(long)
    teams = make("WebcastLinkMicBattle", team_member=[{"team_id": 1, "user_id": [sent]}]).battle_teams
    assert teams[0].host_user_ids == (long,)


def test_ids_are_unsigned_and_may_come_as_text_only() -> None:
    assert user(id=-1).id == 2**64 - 1
    assert user(id_str="18446744073709551615").id == 2**64 - 1
    assert user(id_str="18446744073709551616").id == 0
    assert user(id_str="Ann").id == 0


@given(st.text())
def test_an_id_text_is_a_64_bit_number_or_nothing(written: str) -> None:
    assert 0 <= decimal(written) < 2**64


@pytest.mark.parametrize(
    ("identity", "status", "follower", "friend"),
    [
        (None, None, None, None),
        (None, 1, True, False),
        (None, 2, True, True),
        (None, 3, True, False),
        ({}, None, False, False),
        ({}, 1, True, False),
        ({"is_follower_of_anchor": True}, None, True, False),
        ({"is_mutual_following_with_anchor": True}, None, True, True),
        ({"is_follower_of_anchor": True, "is_mutual_following_with_anchor": True}, 3, True, True),
        ({"is_follower_of_anchor": True}, 2, True, True),
    ],
)
def test_following(identity: dict[str, bool] | None, status: int | None, follower: Any, friend: Any) -> None:
    found = chat(identity, follow_info={} if status is None else {"follow_status": status})
    assert (found.is_follower, found.is_friend) == (follower, friend)


def test_the_identity_beside_the_user_says_what_badges_do_not() -> None:
    found = chat(
        {
            "is_moderator_of_anchor": True,
            "is_subscriber_of_anchor": True,
            "is_gift_giver_of_anchor": True,
            "is_anchor": True,
        }
    )
    assert (found.is_moderator, found.is_subscriber, found.is_gift_giver, found.is_host) == (True,) * 4
    assert found.is_top_gifter is False
    assert found.roles == (Role.HOST, Role.MODERATOR, Role.SUBSCRIBER)


def test_without_identity_and_badges_nothing_is_said() -> None:
    found = chat()
    assert {found.is_moderator, found.is_subscriber, found.is_top_gifter, found.is_gift_giver, found.is_host} == {None}


@pytest.mark.parametrize(
    ("scene", "attribute"),
    [(1, "is_moderator"), (4, "is_subscriber"), (7, "is_subscriber"), (6, "is_top_gifter"), (12, "is_host")],
)
def test_badges_say_it_without_an_identity(scene: int, attribute: str) -> None:
    found = user(badge_list=[badge(scene, "0")])
    assert getattr(found, attribute) is True
    others = {"is_moderator", "is_subscriber", "is_top_gifter", "is_host"} - {attribute}
    assert {getattr(found, other) for other in others} == {False}


@pytest.mark.parametrize(
    ("uri", "scene"),
    [
        ("webcast-va/sub_26c3f75d", BadgeScene.SUBSCRIBER),
        ("webcast-va/moderater_moderator_badge.png", BadgeScene.MODERATOR),
        ("webcast-va/moderater_badge_icon.png", BadgeScene.MODERATOR),
        ("webcast-sg/webcast_admin_badge_tiktok.png", BadgeScene.MODERATOR),
        ("webcast-va/new_top_gifter_version_2.png", BadgeScene.TOP_GIFTER),
        ("webcast-sg/ranklist_top_gifter_3.png", BadgeScene.TOP_GIFTER),
        ("webcast-va/fans_badge_icon_lv4_v1.png", BadgeScene.MEMBER_LEVEL),
        ("webcast-va/grade_badge_icon_lite_lv5_v1.png", BadgeScene.GIFTER_LEVEL),
        ("webcast-va/something_else.png", BadgeScene.UNKNOWN),
    ],
)
def test_an_image_name_tells_the_scene_when_no_number_does(uri: str, scene: BadgeScene) -> None:
    for picture in (
        {"image": {"image": {"uri": uri}}},
        {"combine": {"icon": {"url_list": [f"https://x.example/{uri}"]}}},
    ):
        found: Badge = user(badge_list=[badge(0, "", **picture)]).badges[0]
        assert found.scene == scene


@pytest.mark.parametrize(
    ("uri", "attribute"),
    [
        ("webcast-sg/new_top_gifter_version_2.png", "is_top_gifter"),
        ("webcast-sg/webcast_admin_badge_tiktok.png", "is_moderator"),
        ("webcast-va/subs_badge_Lv1.png", "is_subscriber"),
    ],
)
def test_the_older_list_of_badge_images_says_it_too(uri: str, attribute: str) -> None:
    found = user(badge_image_list=[{"uri": uri}])
    asked = ("is_moderator", "is_subscriber", "is_top_gifter", "is_host")
    assert {name for name in asked if getattr(found, name)} == {attribute}
    assert {getattr(found, name) for name in asked if name != attribute} == {None}
    assert getattr(chat({}, badge_image_list=[{"uri": uri}]), attribute) is True


def test_levels() -> None:
    found = user(badge_list=[badge(8, "16"), badge(8, "24"), badge(10, "4", combine={"str": "Ⅰ"}), badge(6, "0")])
    assert (found.gifter_level, found.member_level) == (24, 4)
    assert [(item.scene, item.level, item.text) for item in found.badges] == [
        (8, 16, ""),
        (8, 24, ""),
        (10, 4, "Ⅰ"),
        (6, 0, ""),
    ]
    assert user(badge_list=[badge(6, "0")]).gifter_level is None
    assert user(pay_grade={"level": 7}, fans_club={"data": {"level": 3, "club_name": "Team"}}).gifter_level == 7
    assert user(fans_club={"data": {"level": 3, "club_name": "Team"}}).member_level == 3
    club = user(fans_club_info={"fans_level": 9, "fans_club_name": "Club"})
    assert (club.member_level, club.fans_club_name) == (9, "Club")


@pytest.mark.parametrize("level", ["", "x", "-1", "٣", "1.5", "9" * 5000])
def test_a_level_that_is_no_number_is_none(level: str) -> None:
    assert user(badge_list=[badge(8, level)]).gifter_level is None


def test_what_a_badge_shows() -> None:
    shown = user(
        badge_list=[
            {"display_type": 1, "image": {"image": {"url_list": ["https://x.example/a"]}}},
            {"display_type": 2, "text": {"key": "pm_mt_hostlabel", "default_pattern": "Host"}},
            {"display_type": 3, "str": {"str": "word"}},
            {"display_type": 4, "combine": {"str": "16", "icon": {"url_list": ["https://x.example/b"]}}},
        ]
    ).badges
    assert [item.text for item in shown] == ["", "Host", "word", "16"]
    assert [item.image_url for item in shown] == ["https://x.example/a", None, None, "https://x.example/b"]
    assert shown[3].to_dict() == {"scene": 0, "level": None, "text": "16", "image_url": "https://x.example/b"}


def test_an_identity_survives_a_copy() -> None:
    found = chat({"is_moderator_of_anchor": True})
    again = pickle.loads(pickle.dumps(found))
    assert again == found and again.is_moderator is True and again.is_subscriber is False
    assert pickle.loads(pickle.dumps(chat({}))).is_moderator is False
    assert pickle.loads(pickle.dumps(chat())).is_moderator is None


def test_users_can_be_made_by_hand() -> None:
    made = User(id=1, nickname="Ann", is_moderator=True, gifter_level=3)
    assert made.roles == (Role.MODERATOR,)
    assert pickle.loads(pickle.dumps(made)) == made
    with pytest.raises(TypeError, match="no field 'name'"):
        User(name="Ann")


def test_broken_utf8_is_replaced() -> None:
    raw = b"\x1a\x03A\xffB" + b"\xb2\x02\x02\xc3\x28"
    broken = User.from_wire(message_class("User").FromString(raw))
    assert (broken.nickname, broken.unique_id) == ("A\ufffdB", "\ufffd(")


def test_wire_leads_to_everything() -> None:
    found = user(**USER, secret=1)
    assert found.wire.display_id == "ann.lee" and found.wire.secret == 1
    assert isinstance(found.wire.avatar_thumb, Image)


def test_texts_are_put_together() -> None:
    wire: Any = message_class("Text")(
        key="k",
        default_pattern="{0:user} sent {1:gift} {2:string} {9:string} {x}",
        pieces=[
            {"type": 11, "user_value": {"user": USER}},
            {"type": 12, "gift_value": {"gift_id": 5655, "name_ref": {"default_pattern": "Rose"}}},
            {"type": 1, "string_value": "x2"},
        ],
    )
    shown: Text = Text.from_wire(wire)
    assert shown.text == str(shown) == "Ann sent Rose x2 {9:string} {x}"
    assert shown.pieces[0].user_value is not None and shown.pieces[0].user_value.user == User.from_wire(
        wire.pieces[0].user_value.user
    )
    assert shown.pieces[2].string_value == "x2"
    assert list(shown.to_dict()) == ["key", "default_pattern", "pieces", "text"]
    assert shown.to_dict()["pieces"][2] == {"type": 1, "string_value": "x2"}


def test_a_text_cannot_grow_without_end() -> None:
    wire = message_class("Text")(default_pattern="{0}" * 100_000, pieces=[{"type": 1, "string_value": "x" * 100_000}])
    assert Text.from_wire(wire).text == "x" * MAX_RENDERED


def test_a_million_slots_that_are_filled_with_nothing_stop_nobody() -> None:
    wire = message_class("Text")(default_pattern="a" + "{0}" * 1_300_000 + "b", pieces=[{}])
    began = time.process_time()
    assert Text.from_wire(wire).text == "a"
    assert time.process_time() - began < 0.5
    shorter = message_class("Text")(default_pattern="a" + "{0}" * 9_000 + "b", pieces=[{}])
    assert Text.from_wire(shorter).text == "ab"
