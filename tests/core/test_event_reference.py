"""The events' public surface: all of it exported, documented, and in `docs/events.md`."""

from __future__ import annotations

import importlib.util
import re
import sys
import typing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from make_event import USER

from tiktok_webcast import events
from tiktok_webcast.decoder import decode
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.table import METHODS, REGISTRY
from tiktok_webcast.message import Message
from tiktok_webcast.schema import view_class, wire_view_class
from tiktok_webcast.view import View

DOCS = Path(__file__).parents[2] / "docs"
CLASSES = [getattr(events, name) for name in events.__all__ if isinstance(getattr(events, name), type)]
VIEWS = [kind for kind in CLASSES if issubclass(kind, View)]
EVENTS = [kind for kind in VIEWS if issubclass(kind, Event) and kind is not Event]


@pytest.fixture(scope="module")
def generator() -> typing.Iterator[ModuleType]:
    if not DOCS.is_dir():
        pytest.skip("no docs/ beside the tests: an installed package")
    before = list(sys.path)
    spec = importlib.util.spec_from_file_location("generate_events", DOCS / "generate_events.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = before


def test_the_reference_is_in_step(generator: ModuleType) -> None:
    assert (DOCS / "events.md").read_text(encoding="utf-8") == generator.page(), "run: python docs/generate_events.py"


def test_the_example_in_the_reference_runs(generator: ModuleType) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", generator.HEAD, re.DOTALL)
    names: dict[str, Any] = {"News": SimpleNamespace(FromString=lambda data: SimpleNamespace(headline=data.decode()))}
    exec(compile(code, "events.md", "exec"), names)
    registry = names["config"].registry
    news = decode(Message("WebcastNewsMessage", b"big"), registry=registry)
    assert isinstance(news, names["NewsEvent"]) and news.name == "news"
    loud = decode(Message("WebcastChatMessage", b"\x1a\x02hi"), registry=registry)
    assert isinstance(loud, names["LoudComment"]) and loud.to_dict()["comment"] == "hi"
    assert loud.shout == "HI"


def test_the_reference_has_every_event_with_a_sample(generator: ModuleType) -> None:
    text = generator.page()
    samples = generator.samples()
    for kind in VIEWS:
        assert kind is Event or f"### {kind.__name__}\n" in text
    for method in REGISTRY.methods():
        binding = REGISTRY.find(method)
        assert binding is not None
        assert set(binding.event.names()) <= samples.keys()


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.__name__)
def test_every_attribute_is_documented(kind: type[View], generator: ModuleType) -> None:
    assert kind.__doc__ and kind.__doc__.strip()
    described = generator.attributes(kind)
    for name in kind.fields:
        assert name == "room_id" or described[name][1].rstrip().endswith((".", ")", "`")), f"{kind.__name__}.{name}"
    for name, (_, text) in described.items():
        assert text, f"{kind.__name__}.{name}"


def test_everything_is_exported() -> None:
    assert len(set(events.__all__)) == len(events.__all__)
    exported = {f"{kind.__module__}:{kind.__name__}" for kind in CLASSES}
    assert set(METHODS.values()) <= exported
    assert set(events.__all__) <= set(dir(events))
    with pytest.raises(AttributeError, match="NoSuchEvent"):
        _ = events.NoSuchEvent


def test_names_tell_events_of_one_message_apart() -> None:
    named: dict[tuple[str, str], type[Event]] = {}
    for kind in EVENTS:
        assert named.setdefault((kind.name, kind.wire_type), kind) is kind
    for method in REGISTRY.methods():
        binding = REGISTRY.find(method)
        assert binding is not None
        for name in binding.event.names():
            assert (name, binding.event.wire_type) in named


def test_methods_without_their_prefix_are_known() -> None:
    for method in ("ChatMessage", "LinkMicMethod", "RoomMessage", "SystemMessage", "RoomVerifyMessage"):
        assert REGISTRY.find(method) is not None
    assert REGISTRY.find("WebcastNoSuchMessage") is None


README_2023 = [
    ("LikeEvent", "user.unique_id"),
    ("JoinEvent", "user.unique_id"),
    ("GiftEvent", "gift.info.type"),
    ("GiftEvent", "gift.info.name"),
    ("GiftEvent", "gift.is_repeating"),
    ("GiftEvent", "gift.count"),
    ("GiftEvent", "gift.streakable"),
    ("GiftEvent", "gift.streaking"),
    ("GiftEvent", "gift.detailed"),
    ("FollowEvent", "user.unique_id"),
    ("ShareEvent", "user.unique_id"),
    ("MoreShareEvent", "amount"),
    ("MoreShareEvent", "user.unique_id"),
    ("ViewerUpdateEvent", "viewer_count"),
    ("ViewerUpdateEvent", "top_viewers"),
    ("CommentEvent", "user.nickname"),
    ("CommentEvent", "comment"),
    ("EmoteEvent", "user.nickname"),
    ("EmoteEvent", "emote.image.url"),
    ("EnvelopeEvent", "treasure_box_user.unique_id"),
    ("EnvelopeEvent", "treasure_box_data"),
    ("RankingUpdateEvent", "user.unique_id"),
    ("RankingUpdateEvent", "rank"),
    ("RankingUpdateEvent", "type"),
    ("UserRankingUpdateEvent", "user.unique_id"),
    ("UserRankingUpdateEvent", "rank"),
    ("IntroMessageEvent", "message"),
    ("UnknownEvent", "type"),
    ("UnknownEvent", "base64"),
]


@pytest.mark.parametrize(("kind", "path"), README_2023)
def test_attributes_of_the_2023_examples_read_even_when_nothing_was_sent(kind: str, path: str) -> None:
    value: Any = getattr(events, kind)()
    for name in path.split("."):
        value = getattr(value, name)


def test_public_models_stand_for_their_wire_types() -> None:
    assert view_class("User") is events.User and view_class("ImageModel") is events.Image
    assert wire_view_class("User") is not events.User
    whole = events.CommentEvent.from_wire(events.CommentEvent()._wire).wire
    assert whole.user is None and whole.content == ""
    assert events.User(**{"id": USER["id"]}).wire.id == 0
