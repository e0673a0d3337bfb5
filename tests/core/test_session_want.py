"""What a session is asked to change while it runs: the events wanted, the gift list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from session_world import World, chat, gift

from tiktok_webcast import GiftEvent, GiftStreakEndEvent, Message, SessionConfig, ViewerUpdateEvent
from tiktok_webcast._pb import message_class
from tiktok_webcast.event_queue import EventQueue
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.table import REGISTRY
from tiktok_webcast.gift_list import GiftList
from tiktok_webcast.pipeline import Pipeline
from tiktok_webcast.push.frames import FetchResult
from tiktok_webcast.statistics import Counters

SESSION_NAMES = {"connect", "reconnecting", "disconnect", "overflow", "closed"}
NAMES = st.none() | st.frozensets(st.sampled_from(["comment", "gift", "gift_streak_end", "like", "unknown"]))


def message(number: int) -> Message:
    """A comment, a gift or something unknown, as the number wants it."""
    if number % 3 == 0:
        return chat(number)
    if number % 3 == 1:
        return gift(number, user=1, gift_id=5, group=0, count=1, kind=2)
    return Message("WebcastNobodyKnowsMessage", b"\x08\x01", number)


EVENTS_OF = (("comment",), ("gift", "gift_streak_end"), ("unknown",))


@given(st.lists(st.one_of(NAMES, st.integers(1, 3)), max_size=12))
def test_every_event_obeys_what_is_wanted_when_it_arrives(steps: list[frozenset[str] | int | None]) -> None:
    world = World()
    world.open()
    wanted: frozenset[str] | None = None
    expected: list[str] = []
    number = 0
    for step in steps:
        if not isinstance(step, int):
            wanted = step
            world.session.want(step)
            assert world.session.config.include == step
            continue
        for _ in range(step):
            number += 1
            world.send([message(number)])
            expected += [name for name in EVENTS_OF[number % 3] if wanted is None or name in wanted]
    assert [event.name for event in world.events if event.name not in SESSION_NAMES] == expected
    assert world.session.statistics.messages == number


def test_what_is_not_wanted_is_not_decoded_until_it_is() -> None:
    world = World()
    world.open()
    world.session.want(frozenset({"gift"}))
    world.send([Message("WebcastChatMessage", b"\xff", 1)])
    assert world.session.statistics.skipped == 1
    world.session.want(frozenset({"gift", "undecodable"}))
    world.send([chat(2)])
    world.session.want(None)
    world.send([Message("WebcastChatMessage", b"\xff", 3), chat(4)])
    assert [event.name for event in world.events] == ["connect", "undecodable", "comment"]


def test_gifts_that_nobody_wanted_are_counted_all_the_same() -> None:
    world = World()
    world.open()
    world.session.want(frozenset({"comment"}))
    world.send([gift(1, user=1, gift_id=5, group=7, count=3)])
    world.session.want(None)
    world.send([gift(2, user=1, gift_id=5, group=7, count=4)])
    event = world.events[-1]
    assert isinstance(event, GiftEvent) and event.delta == 1


def test_a_gift_list_describes_the_gifts_that_follow() -> None:
    world = World()
    world.open()
    assert dict(world.session.gift_list) == {}
    listed = GiftList.from_data({"gifts": [{"id": 5, "name": "Rose", "diamond_count": 1}]})
    world.send([gift(1, user=1, gift_id=5, group=0, count=1, kind=2)])
    world.session.gift_list = listed.by_id
    world.send([gift(2, user=1, gift_id=5, group=0, count=1, kind=2)])
    details = [event.gift.detailed for event in world.events if isinstance(event, GiftEvent)]
    assert details == [None, listed.get(5)]


def test_the_context_is_the_one_that_its_requests_have() -> None:
    session = World().session
    assert session.context.endpoints == session.config.endpoints
    assert session.found is None


def viewers(number: int, count: int, payload: bytes | None = None, *, history: bool = False) -> Message:
    """A viewer update."""
    sent = message_class("WebcastRoomUserSeqMessage")(total=count).SerializeToString()
    return Message("WebcastRoomUserSeqMessage", sent if payload is None else payload, number, history)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 2**40)), max_size=8))
def test_how_many_watch_is_known_whether_updates_are_wanted_or_not(steps: list[tuple[bool, bool, int]]) -> None:
    world = World()
    world.open()
    told = None
    for number, (wanted, asked, count) in enumerate(steps, 1):
        world.session.want(None if wanted else frozenset({"comment"}))
        world.send([viewers(number, count)])
        told = count
        if asked:
            assert world.session.viewer_count == told
    assert world.session.viewer_count == told
    assert [event.viewer_count for event in world.events if isinstance(event, ViewerUpdateEvent)] == [
        count for wanted, _, count in steps if wanted
    ]


def test_a_broken_viewer_update_that_nobody_wanted_changes_nothing() -> None:
    world = World()
    world.open()
    world.send([viewers(1, 7)])
    world.session.want(frozenset({"comment"}))
    world.send([viewers(2, 0, b"\xff")])
    assert world.session.viewer_count == 7


def test_likes_that_nobody_wanted_are_not_decoded() -> None:
    world = World()
    world.open()
    world.session.want(frozenset({"comment"}))
    world.send([Message("WebcastLikeMessage", b"\xff", 1)])
    assert world.session.statistics.skipped == 1 and world.session.statistics.undecodable == 0


def battle(number: int, action: int) -> Message:
    wire = message_class("WebcastLinkMicBattle")(action=action)
    return Message("WebcastLinkMicBattle", wire.SerializeToString(), number)


def test_of_a_method_s_events_only_those_that_are_wanted_come() -> None:
    world = World()
    world.open()
    world.session.want(frozenset({"mic_battle_end"}))
    before = world.session.statistics.events
    world.send([battle(1, 4), battle(2, 5), battle(3, 4)])
    assert [event.name for event in world.events] == ["connect", "mic_battle_end"]
    assert world.session.statistics.events == before + 1


def test_viewers_of_before_are_not_those_of_now_where_history_is_left_out() -> None:
    def viewers(number: int, count: int, *, history: bool) -> Message:
        wire = message_class("WebcastRoomUserSeqMessage")(total=count)
        return Message("WebcastRoomUserSeqMessage", wire.SerializeToString(), number, history)

    for history, expected in ((False, None), (True, 7)):
        events: EventQueue[Event] = EventQueue()
        config = SessionConfig(history=history, include=frozenset({"comment"}))
        pipeline = Pipeline(config, events, Counters())
        pipeline.receive(FetchResult([viewers(1, 7, history=True)]), now=0.0)
        assert pipeline.viewer_count == expected
        pipeline.receive(FetchResult([viewers(2, 9, history=False)]), now=0.0)
        assert pipeline.viewer_count == 9


def test_a_streak_s_end_tells_what_an_earlier_message_said_of_the_gift() -> None:
    world = World()
    world.open()
    bare = gift(2, user=2, gift_id=5, group=8, count=2, end=True)
    wire = message_class("WebcastGiftMessage").FromString(bare.payload)
    wire.ClearField("gift")
    world.send(
        [gift(1, user=1, gift_id=5, group=7, count=1, end=True), bare._replace(payload=wire.SerializeToString())]
    )
    ends = [event for event in world.events if isinstance(event, GiftStreakEndEvent)]
    assert [(end.gift.id, end.gift.diamond_count, end.total, end.diamonds) for end in ends] == [
        (5, 5, 1, 5),
        (5, 5, 2, 10),
    ]


class Shout(Event):
    """An event of the user's own; its message is none of ours."""

    name = "shout"


def test_what_is_registered_while_a_session_runs_holds_from_the_next_frame_on() -> None:
    class Parsed:
        common = None

    registry = REGISTRY.copy()
    events: EventQueue[Event] = EventQueue()
    pipeline = Pipeline(SessionConfig(registry=registry), events, Counters())
    numbers = iter(range(1, 100))

    def receive() -> str:
        pipeline.receive(FetchResult([Message("WebcastChatMessage", b"", next(numbers))]), now=0.0)
        event = events.pop()
        assert event is not None
        return event.name

    assert receive() == "comment"
    registry.register("WebcastChatMessage", Shout, parse=lambda payload: Parsed())
    assert receive() == "shout"


def test_repeats_of_a_message_of_one_s_own_are_told_by_its_own_id_if_it_has_one() -> None:
    class Common:
        def __init__(self, msg_id: object) -> None:
            self.msg_id = msg_id

    class Parsed:
        def __init__(self, payload: bytes) -> None:
            self.common = Common(int(payload) if payload.isdigit() else payload)

    registry = REGISTRY.copy()
    registry.register("WebcastShoutMessage", Shout, parse=Parsed)
    counters = Counters()
    pipeline = Pipeline(SessionConfig(registry=registry), EventQueue(), counters)
    sent = [(b"7", 1), (b"7", 2), (b"x", 3), (b"x", 4), (b"x", 4)]
    pipeline.receive(FetchResult([Message("WebcastShoutMessage", data, number) for data, number in sent]), now=0.0)
    assert (counters.events, counters.duplicates) == (3, 2), "where it has none, the entry's id tells"
