"""Who is called with what: names, classes, base classes, once, removal, and nothing decoded for nobody."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_net import MakeNet, Net

import tiktok_webcast.events as events
from tiktok_webcast.events import CommentEvent, Event, FollowEvent, GiftEvent, LikeEvent, Registry, ShareEvent
from tiktok_webcast.events.user import UserEvent
from tiktok_webcast.sim.scenario import Options
from tiktok_webcast.sim.script import Script
from tiktok_webcast.sim.story import Story
from tiktok_webcast_transports import ConfigurationError, TikTokLiveClient

SESSION_NAMES = {"connect", "reconnecting", "disconnect", "closed"}


@pytest.fixture
def sim(net: MakeNet) -> Net:
    return net("first_light")


def heard(sim: Net, *listened: Any, **options: Any) -> list[Event]:
    """What one function hears that listens to all of these."""
    client = sim.client(**options)
    found: list[Event] = []
    for event in listened:
        client.on(event, found.append)
    client.run()
    return found


def truth_names(sim: Net) -> list[str]:
    return [line["event"] for line in sim.world.manifest("ann").events]


# --- names and classes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["comment", CommentEvent])
def test_a_name_and_its_class_are_the_same(sim: Net, key: Any) -> None:
    found = heard(sim, key)
    assert [event.name for event in found] == ["comment"] * len(sim.truth("comment"))
    assert all(isinstance(event, CommentEvent) for event in found)


def test_a_base_class_means_all_events_below_it(sim: Net) -> None:
    found = heard(sim, UserEvent)
    assert {FollowEvent, ShareEvent, GiftEvent, LikeEvent, CommentEvent} <= {type(event) for event in found}
    assert all(isinstance(event, UserEvent) for event in found)
    assert not {event.name for event in found} & {"viewer_update", "caption", "connect"}


def test_the_base_of_all_events_means_everything(sim: Net) -> None:
    assert [event.name for event in heard(sim, Event)] == truth_names(sim)


def test_every_event_class_can_be_listened_to() -> None:
    client = TikTokLiveClient("ann")
    classes = [value for name in events.__all__ if isinstance(value := getattr(events, name), type)]
    kinds = [value for value in classes if issubclass(value, Event)]
    assert len(kinds) > 90
    for kind in kinds:
        client.on(kind, print)
        if kind is not Event:
            client.on(kind.name, print)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("coment", "comment"),
        ("Comment", "comment"),
        ("CommentEvent", "comment"),
        ("on_comment", "comment"),
        ("gifts", "gift"),
        ("viewer update", "viewer_update"),
        ("viewerupdate", "viewer_update"),
        ("liveend", "live_end"),
        ("errors", "error"),
        ("disconnected", "disconnect"),
        ("Connect", "connect"),
    ],
)
def test_a_name_that_is_none_is_refused_with_the_one_that_was_meant(wrong: str, meant: str) -> None:
    client = TikTokLiveClient("ann")
    for add in (client.on, client.once, lambda name: client.add_listener(name, print)):
        with pytest.raises(ConfigurationError, match=f"There is no event '{wrong}'. Did you mean '{meant}'"):
            add(wrong)


def test_what_is_no_event_at_all_is_refused() -> None:
    client = TikTokLiveClient("ann")
    with pytest.raises(ConfigurationError, match="lists all events"):
        client.on("xyzzyxyzzy")
    for nonsense in (int, 5, None, Event(), "event"):
        with pytest.raises(ConfigurationError):
            client.on(nonsense, print)  # type: ignore[arg-type]


class QuietComment(CommentEvent):
    """A user's own class for comments."""


class LoudEvent(Event):
    """A user's own event."""

    name = "loud"


def test_events_of_ones_own_are_listened_to_once_they_are_registered(sim: Net) -> None:
    with pytest.raises(ConfigurationError, match="No message becomes a LoudEvent: register it"):
        TikTokLiveClient("ann").on(LoudEvent, print)
    with pytest.raises(ConfigurationError, match="There is no event 'loud'"):
        TikTokLiveClient("ann").on("loud", print)
    registry: Registry = events.REGISTRY.copy()
    registry.register("WebcastChatMessage", QuietComment)
    registry.register("WebcastLikeMessage", LoudEvent, parse=lambda payload: payload)
    config = sim.config(registry=registry)
    found = heard(sim, CommentEvent, "loud", config=config)
    assert [type(event).__name__ for event in found] == [
        {"comment": "QuietComment", "like": "LoudEvent"}[name]
        for name in truth_names(sim)
        if name in ("comment", "like")
    ]
    assert heard(sim, QuietComment, config=config) and heard(sim, LoudEvent, config=config)


# --- adding and removing --------------------------------------------------------------------------------------------


def test_listeners_may_be_plain_async_bound_partial_or_callable_objects(sim: Net) -> None:
    found: list[str] = []

    class Bot:
        def plain(self, event: CommentEvent) -> None:
            found.append("bound")

        async def later(self, event: CommentEvent) -> None:
            found.append("bound async")

        async def __call__(self, event: CommentEvent) -> None:
            found.append("object")

    async def with_word(word: str, event: CommentEvent) -> None:
        found.append(word)

    bot = Bot()
    client = sim.client()
    listeners: list[Any] = [
        bot.plain,
        bot.later,
        bot,
        functools.partial(with_word, "partial"),
        lambda event: with_word("lambda", event),
        lambda event: found.append("plain"),
    ]
    for listener in listeners:
        assert client.on("comment", listener) is listener
    client.run()
    count = len(sim.truth("comment"))
    assert {word: found.count(word) for word in found} == dict.fromkeys(
        ["bound", "bound async", "object", "partial", "lambda", "plain"], count
    )


def test_decorators_give_the_function_back() -> None:
    client = TikTokLiveClient("ann")

    def function(event: Event) -> None:
        """Stays what it is."""

    assert client.on("comment")(function) is client.once(LikeEvent)(function) is function
    assert client.on_any(function) is client.add_listener("gift", function) is function


@pytest.mark.parametrize("bad", [lambda: None, lambda a, b: None, lambda *, event: None, 5, "comment", None])
def test_what_cannot_be_called_with_an_event_is_refused_at_once(bad: Any) -> None:
    client = TikTokLiveClient("ann")
    with pytest.raises(TypeError, match=r"takes the event|take one argument, the event"):
        client.add_listener("comment", bad)
    with pytest.raises(TypeError):
        client.on_any(bad)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="until then such a function cannot even be made")
def test_what_a_listener_is_annotated_with_need_not_be_there() -> None:
    source = "def good(event: ImportedForTypeCheckersAlone): ...\ndef bad(): ..."
    scope: dict[str, Any] = {}
    exec(compile(source, "theirs.py", "exec", dont_inherit=True), scope)
    client = TikTokLiveClient("ann")
    assert client.on("comment", scope["good"]) is scope["good"]
    with pytest.raises(TypeError, match="take one argument"):
        client.on("comment", scope["bad"])


def test_adding_the_same_listener_again_changes_nothing(sim: Net) -> None:
    client = sim.client()
    found: list[Event] = []
    client.on("comment", found.append)
    client.on("comment", found.append)
    client.run()
    assert len(found) == len(sim.truth("comment"))


def test_one_function_may_listen_to_several_events(sim: Net) -> None:
    found = heard(sim, "comment", "like")
    assert [event.name for event in found] == [name for name in truth_names(sim) if name in ("comment", "like")]


@pytest.mark.parametrize("is_async", [False, True])
def test_once_is_once(sim: Net, is_async: bool) -> None:
    client = sim.client()
    found: list[Event] = []

    async def later(event: Event) -> None:
        found.append(event)

    client.once("comment", later if is_async else found.append)
    client.run()
    [event] = found
    assert isinstance(event, CommentEvent) and event.comment == sim.truth("comment")[0]["comment"]
    client.run()
    assert len(found) == 1


@pytest.mark.parametrize("is_async", [False, True])
def test_a_removed_listener_hears_no_more(sim: Net, is_async: bool) -> None:
    client = sim.client()
    found: list[Event] = []

    def plain(event: Event) -> None:
        found.append(event)
        client.remove_listener(CommentEvent if is_async else "comment", listener)

    async def later(event: Event) -> None:
        plain(event)

    listener = later if is_async else plain
    client.on(CommentEvent if is_async else "comment", listener)
    client.run()
    assert len(found) == 1
    with pytest.raises(ValueError, match="does not listen to"):
        client.remove_listener("comment", listener)


def test_removing_takes_the_very_listening_that_is_named(sim: Net) -> None:
    client = sim.client()
    found: list[Event] = []
    for event in ("comment", "like", "error"):
        client.on(event, found.append)
    with pytest.raises(ValueError, match="does not listen"):
        client.remove_listener("gift", found.append)
    client.remove_listener("comment", found.append)
    client.remove_listener("error", found.append)
    client.run()
    assert {event.name for event in found} == {"like"}


# --- what is decoded ------------------------------------------------------------------------------------------------


def test_only_what_somebody_listens_to_is_decoded(sim: Net) -> None:
    client = sim.client()
    client.on("follow", lambda event: None)
    client.run()
    wire = sim.world.manifest("ann").wire
    counted = client.statistics
    # Gifts, viewers and the end are always looked at (viewers when somebody asks for them); the rest is not.
    tracked = ("WebcastGiftMessage", "WebcastRoomUserSeqMessage", "WebcastControlMessage")
    decoded = sum(wire["by_method"].get(method, 0) for method in (*tracked, "WebcastSocialMessage"))
    assert counted.messages == wire["messages"]
    assert counted.skipped == counted.messages - decoded > 15
    assert dict(counted.by_method) == wire["by_method"]
    # Nor are events made for what is decoded to be counted.
    assert counted.events == len([name for name in truth_names(sim) if name in {"follow", *SESSION_NAMES}])


def test_without_listeners_nothing_but_the_counted_is_decoded(sim: Net) -> None:
    client = sim.client()
    client.run()
    assert client.statistics.events == len([name for name in truth_names(sim) if name in SESSION_NAMES])


def test_whoever_listens_to_everything_has_everything_decoded(sim: Net) -> None:
    client = sim.client()
    client.on_any(lambda event: None)
    client.run()
    assert client.statistics.skipped == 0 and client.statistics.events == len(truth_names(sim))


def chatter(story: Story, options: Options) -> Script:
    """Twelve times a second apart: a comment, a join, a follow."""
    yield story.enter()
    for number in range(12):
        story.wait(1.0)
        person = story.person()
        yield story.frame(story.comment(person, str(number)), story.join(person), story.follow(person))
    yield story.end()


CHANGES = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from(["add", "remove"]), st.sampled_from(["join", "follow", "any"])),
    max_size=10,
)


def model(plan: dict[int, list[tuple[str, str]]]) -> dict[str, list[str]]:
    """What is heard: a frame is decoded as a whole, for those who listen when it arrives."""
    listening: dict[str, object] = {}
    found: dict[str, list[str]] = {"join": [], "follow": [], "any": []}
    for second in range(12):
        decoded = {name for name in ("join", "follow") if name in listening or "any" in listening}
        anybody = listening.get("any")
        for what, name in plan.get(second, []):
            if what == "remove":
                listening.pop(name, None)
            else:
                listening.setdefault(name, object())
        if anybody is not None and listening.get("any") is anybody:
            found["any"].append("comment")
        for name in ("join", "follow"):
            if name in decoded:
                for who in {name, "any"} & set(listening):
                    found[who].append(name)
    return found


def hear(names: list[str]) -> Callable[[Event], None]:
    """A listener of its own for each list."""
    return lambda event: None if event.name in SESSION_NAMES else names.append(event.name)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
def test_listeners_come_and_go_while_it_runs(net: MakeNet, changes: list[tuple[int, str, str]]) -> None:
    sim = net(chatter)
    client = sim.client(fetch_room_info_on_connect=False)
    found: dict[str, list[str]] = {"join": [], "follow": [], "any": []}
    plan: dict[int, list[tuple[str, str]]] = {}
    for second, what, name in changes:
        plan.setdefault(second, []).append((what, name))
    listeners = {name: hear(heard) for name, heard in found.items()}

    @client.on("comment")
    def on_comment(event: CommentEvent) -> None:
        for what, name in plan.get(int(event.comment), []):
            key: Any = Event if name == "any" else name
            if what == "add":
                client.on(key, listeners[name])
            else:
                with contextlib.suppress(ValueError):
                    client.remove_listener(key, listeners[name])

    client.run()
    expected = model(plan)
    found["any"] = [name for name in found["any"] if name != "live_end"]
    assert found == expected
