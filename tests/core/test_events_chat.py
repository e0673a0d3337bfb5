"""Comments, questions, words of welcome, emotes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_event import USER, USER_JSON, make

from tiktok_webcast._pb import message_class
from tiktok_webcast.events import CommentEvent, Emote, EmoteEvent, IntroMessageEvent, QuestionEvent
from tiktok_webcast.events.characters import character_starts
from tiktok_webcast.events.chat import MAX_MENTIONS
from tiktok_webcast.events.text import Text


def emote(name: str, index: int | None = None) -> dict[str, Any]:
    model = {"emote_id": name, "image": {"url_list": [f"https://p.example/{name}"]}}
    return model if index is None else {"index": index, "emote": model}


def test_a_comment() -> None:
    event = make("WebcastChatMessage", user=USER, content="hello", content_language="es", user_identity={})
    assert isinstance(event, CommentEvent)
    assert (event.user.nickname, event.comment, event.language, event.parts) == ("Ann", "hello", "es", ("hello",))
    assert event.created_at == datetime(2023, 12, 5, 16, 29, 34, 817000, timezone.utc)
    match event:
        case CommentEvent(user, comment):
            assert (user.unique_id, comment) == ("ann.lee", "hello")
    assert event.wire.content_language == "es"
    assert event.wire.common is not None and event.wire.common.create_time == 1_701_793_774_817


def test_a_comment_as_json() -> None:
    event = make(
        "WebcastChatMessage", user=USER, content="ab", emotes=[emote("e1", 1)], at_user={"id": 9, "nickname": "Bo"}
    )
    assert event.to_dict() == {
        "event": "comment",
        "method": "WebcastChatMessage",
        "msg_id": "5",
        "room_id": "7300000000000000001",
        "created_at": "2023-12-05T16:29:34.817Z",
        "is_history": False,
        "user": USER_JSON,
        "comment": "ab",
        "language": None,
        "mentions": [{**dict.fromkeys(USER_JSON), "id": "9", "nickname": "Bo"}],
        "emotes": [{"id": "e1", "image_url": "https://p.example/e1", "index": 1}],
    }


def test_mentions_from_every_field_that_names_somebody() -> None:
    event = make(
        "WebcastChatMessage",
        at_user={"id": 1, "nickname": "Bo"},
        mention_users=[{"id": 1, "nickname": "Bo"}, {"id": 2, "display_id": "cy"}, {}],
        mention_user_list=[2, 3],
    )
    assert [(user.id, user.nickname, user.unique_id) for user in event.mentions] == [
        (1, "Bo", ""),
        (2, "", "cy"),
        (3, "", ""),
    ]


def test_mentions_are_limited() -> None:
    event = make("WebcastChatMessage", mention_user_list=range(1, MAX_MENTIONS + 2))
    assert len(event.mentions) == MAX_MENTIONS
    assert len(event.wire.mention_user_list) == MAX_MENTIONS + 1
    assert len(make("WebcastChatMessage", mention_user_list=range(1, MAX_MENTIONS + 1)).mentions) == MAX_MENTIONS


def test_parts_hold_text_and_emotes_in_order() -> None:
    event = make("WebcastChatMessage", content="hi you", emotes=[emote("b", 3), {"emote": emote("a")}, emote("c", 99)])
    first, hi, second, you, third = event.parts
    assert (hi, you) == ("hi ", "you")
    assert [part.id for part in (first, second, third)] == ["a", "b", "c"]
    assert event.emotes[0].index == 3 and event.emotes[0].image.url == "https://p.example/b"


@pytest.mark.parametrize(
    ("comment", "index", "before"),
    [
        ("hi \u2764\ufe0f\u27a1\ufe0f\u2b50\ufe0f yes ", 11, "hi \u2764\ufe0f\u27a1\ufe0f\u2b50\ufe0f yes "),
        ("a\U0001f44d\U0001f3fdb", 2, "a\U0001f44d\U0001f3fd"),
        ("a\U0001f468\u200d\U0001f469\u200d\U0001f467b", 2, "a\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7x", 1, "\U0001f1e9\U0001f1ea"),
        ("e\u0301\r\nx", 2, "e\u0301\r\n"),
        ("a\u200db", 1, "a\u200d"),
        ("\n\u0301b", 1, "\n"),
        ("1\ufe0f\u20e3b", 1, "1\ufe0f\u20e3"),
        ("\U0001f600\U0001f600b", 4, "\U0001f600\U0001f600"),
        ("\U0001f600\U0001f600b", 1, "\U0001f600"),
        ("", 1, ""),
    ],
)
def test_an_emotes_place_is_counted_as_readers_do_or_else_in_utf_16(comment: str, index: int, before: str) -> None:
    parts = make("WebcastChatMessage", content=comment, emotes=[emote("a", index)]).parts
    assert "".join(part for part in parts[: [type(part) for part in parts].index(Emote)]) == before


def test_places_in_a_very_long_comment_are_found_in_one_pass() -> None:
    comment = "\U0001f1e9" * 200_000
    assert character_starts(comment) == list(range(0, 200_001, 2))


@given(st.text(max_size=12), st.lists(st.integers(-(2**31), 2**31 - 1), max_size=6))
def test_parts_lose_neither_text_nor_emotes(comment: str, places: list[int]) -> None:
    comment = comment.encode("utf-8", "replace").decode()
    emotes = [emote(str(number), place) for number, place in enumerate(places)]
    event = make("WebcastChatMessage", content=comment, emotes=emotes)
    assert "".join(part for part in event.parts if isinstance(part, str)) == comment
    shown = [part.id for part in event.parts if isinstance(part, Emote)]
    assert shown == [str(number) for number, _ in sorted(enumerate(places), key=lambda pair: pair[1])]
    assert "" not in event.parts


def test_emotes_alone() -> None:
    event = make("WebcastEmoteChatMessage", user=USER, emote_list=[emote("e1")], user_identity={})
    assert isinstance(event, EmoteEvent)
    assert event.emote.image.url == "https://p.example/e1"
    assert event.user.is_subscriber is False
    assert event.to_dict()["emotes"] == [{"id": "e1", "image_url": "https://p.example/e1"}]
    assert make("WebcastEmoteChatMessage").emote.image.url == ""


def test_a_question() -> None:
    event = make(
        "WebcastQuestionNewMessage",
        data={"question_id": 77, "content": "why?", "create_time": 1_696_447_032, "user": USER},
    )
    assert isinstance(event, QuestionEvent)
    assert (event.user.unique_id, event.question) == ("ann.lee", "why?")
    assert event.asked_at == datetime(2023, 10, 4, 19, 17, 12, tzinfo=timezone.utc)
    assert list(event.to_dict())[6:8] == ["user", "question"]


def test_words_of_welcome() -> None:
    event = make("WebcastLiveIntroMessage", user=USER, content="welcome", content_language="en")
    assert isinstance(event, IntroMessageEvent)
    assert (event.streamer, event.message, event.language) == (event.user, "welcome", "en")
    assert list(event.to_dict())[6:] == ["streamer", "message", "language"]


def test_a_piece_of_a_text_may_be_a_text_of_its_own() -> None:
    wire: Any = message_class("Text")(default_pattern="{0:string} left")
    wire.pieces.add().pattern_ref_value.default_pattern = "a moderator"
    assert str(Text.from_wire(wire)) == "a moderator left"
