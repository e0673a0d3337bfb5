"""Gifts as single messages; their counting is tested with the trackers."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from make_event import USER, USER_JSON, make, payload, text

from tiktok_webcast._pb import message_class
from tiktok_webcast.events import Gift, GiftEvent, GiftInfo, GiftStreakEndEvent, StreakEndCause
from tiktok_webcast.gift_list import GiftDetails
from tiktok_webcast.message import Message

ROSE: dict[str, Any] = {"id": 5655, "name": "Rose", "type": 1, "diamond_count": 1, "combo": True}
LION: dict[str, Any] = {"id": 6369, "name": "Lion", "type": 2, "diamond_count": 29_999}


def gift(info: dict[str, Any] | None = None, **fields: Any) -> GiftEvent:
    given = {} if info is None else {"gift": info}
    event = make("WebcastGiftMessage", user=USER, **given, **{"gift_id": (info or ROSE)["id"], **fields})
    assert isinstance(event, GiftEvent)
    return event


def end(
    wire_type: str = "WebcastGiftMessage", given: dict[str, Any] | None = None, **fields: Any
) -> GiftStreakEndEvent:
    message = Message(wire_type, payload(wire_type, **fields), 5)
    wire = message_class(wire_type).FromString(message.payload)
    event: GiftStreakEndEvent = GiftStreakEndEvent.from_message(wire, message, 1, given or {})
    return event


def test_a_step_of_a_streak() -> None:
    event = gift(ROSE, repeat_count=7, group_id=1_701_792_318_366)
    assert (event.gift.count, event.gift.is_repeating, event.gift.streakable, event.gift.streaking) == (
        7,
        0,
        True,
        True,
    )
    assert (event.gift.id, event.gift.name, event.gift.type, event.gift.diamond_count) == (5655, "Rose", 1, 1)
    assert event.gift.info.name == "Rose" and event.gift.detailed is None
    assert event.group_id == 1_701_792_318_366


def test_the_end_of_a_streak() -> None:
    event = gift(ROSE, repeat_count=7, group_id=1, repeat_end=1)
    assert event.gift.is_repeating == 1
    assert event.gift.streakable and not event.gift.streaking


@pytest.mark.parametrize("kind", [2, 4])
def test_a_gift_that_is_not_streakable_is_final_at_once(kind: int) -> None:
    event = gift({**LION, "type": kind}, repeat_count=3)
    assert not event.gift.streakable and not event.gift.streaking
    assert event.gift.count == event.delta == 3
    assert gift({**LION, "type": kind}).gift.count == 1


def test_a_gift_as_json() -> None:
    event = gift(ROSE, repeat_count=2, group_id=9, monitor_info={"to_user_id": 42})
    assert list(event.to_dict().items())[6:] == [
        ("user", USER_JSON),
        (
            "gift",
            {
                "id": "5655",
                "name": "Rose",
                "type": 1,
                "diamond_count": 1,
                "count": 2,
                "is_repeating": False,
                "streakable": True,
                "streaking": True,
            },
        ),
        ("group_id", "9"),
        ("delta", 2),
        ("to_user", {**dict.fromkeys(USER_JSON), "id": "42"}),
    ]
    assert gift(LION).to_dict()["group_id"] is None and gift(LION).to_dict()["to_user"] is None


def test_the_session_says_what_a_message_adds() -> None:
    message = Message("WebcastGiftMessage", payload("WebcastGiftMessage", gift=ROSE, repeat_count=7), 5)
    wire = message_class("WebcastGiftMessage").FromString(message.payload)
    listed = GiftDetails(5655, "Rose", "Sent Rose", 1, True, 1, (), {})
    given = {"delta": 2, "gift": Gift.from_wire(wire, detailed=listed)}
    event: GiftEvent = GiftEvent.from_message(wire, message, 1, given)
    assert (event.delta, event.gift.count) == (2, 7)
    assert event.gift.detailed is event.gift.details is event.gift.extended_gift is listed
    again = pickle.loads(pickle.dumps(event))
    assert again == event and again.delta == 2 and again.gift == event.gift


def test_a_message_without_the_gifts_details() -> None:
    event = gift(
        None, repeat_count=2, group_id=9, common={"display_text": text("k", "{0:user}{1:gift}", USER, (5655, "Rose"))}
    )
    assert (event.gift.id, event.gift.name, event.gift.type, event.gift.diamond_count) == (5655, "Rose", 1, 0)
    assert event.gift.streakable and event.gift.streaking
    alone = gift(None)
    assert (alone.gift.id, alone.gift.name, alone.gift.type, alone.gift.streakable) == (5655, "", 0, False)


def test_details_with_nothing_in_them_say_nothing() -> None:
    named = {"display_text": {"pieces": [{"gift_value": {"name_ref": {"default_pattern": "Rose"}}}]}}
    event = gift(common=named, repeat_count=2, group_id=7, gift={"id": 5655, "image": {"url_list": ["https://a/b"]}})
    assert (event.gift.id, event.gift.name, event.gift.type) == (5655, "Rose", 1)
    assert event.gift.streakable and event.gift.info.image_url == "https://a/b"
    assert pickle.loads(pickle.dumps(event.gift.info)) == event.gift.info


def test_what_an_earlier_message_said_about_the_gift() -> None:
    wire = message_class("WebcastGiftMessage")(gift_id=6369, group_id=9)
    given = Gift.from_wire(wire, info=GiftInfo(**{key: LION[key] for key in ("id", "name", "type", "diamond_count")}))
    assert (given.name, given.diamond_count, given.streakable, given.streaking, given.count) == (
        "Lion",
        29_999,
        False,
        False,
        1,
    )


def test_the_number_beside_the_details_wins() -> None:
    assert gift({**ROSE, "id": 0}, gift_id=5655).gift.to_dict()["id"] == "5655"
    assert gift(ROSE, gift_id=0).gift.id == 5655


@pytest.mark.parametrize(
    ("fields", "receiver"),
    [
        ({}, None),
        ({"monitor_info": {"to_user_id": 42}}, (42, "")),
        ({"monitor_info": {"to_user_id": 42}, "to_member_id_int": 43, "to_member_nickname": "Guest"}, (43, "Guest")),
        ({"monitor_info": {"to_user_id": 42}, "to_member_id": "44"}, (44, "")),
        ({"to_member_id": "44", "to_user": {"id": 45, "nickname": "Named"}}, (45, "Named")),
        ({"to_member_id": "44", "to_user": {}}, (44, "")),
    ],
)
def test_who_gets_it(fields: dict[str, Any], receiver: tuple[int, str] | None) -> None:
    to_user = gift(ROSE, **fields).to_user
    assert receiver == (None if to_user is None else (to_user.id, to_user.nickname))


def test_identity_comes_with_gifts() -> None:
    event = gift(ROSE, user_identity={"is_gift_giver_of_anchor": True, "is_follower_of_anchor": True})
    assert event.user.is_gift_giver and event.user.is_follower


def test_a_streaks_end_as_json() -> None:
    given = {"total": 12, "diamonds": 12, "cause": StreakEndCause.IDLE, "continues": False}
    event = end(given=given, user=USER, gift=ROSE, group_id=9, repeat_count=7, monitor_info={"to_user_id": 42})
    assert list(event.to_dict().items())[6:] == [
        ("user", USER_JSON),
        ("gift", {"id": "5655", "name": "Rose", "type": 1, "diamond_count": 1}),
        ("group_id", "9"),
        ("total", 12),
        ("diamonds", 12),
        ("cause", "idle"),
        ("to_user", {**dict.fromkeys(USER_JSON), "id": "42"}),
        ("continues", False),
    ]
    again = pickle.loads(pickle.dumps(event))
    assert again == event and again.cause is StreakEndCause.IDLE


def test_a_streaks_end_without_a_session() -> None:
    event = end(gift=LION, repeat_count=2)
    assert (event.total, event.diamonds, event.cause) == (2, 59_998, StreakEndCause.REPEAT_END)
