"""What a session is asked to change while it runs: the events wanted, the gift list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from session_world import World, chat, gift

from tiktok_webcast import GiftEvent, Message, ViewerUpdateEvent
from tiktok_webcast._pb import message_class
from tiktok_webcast.gift_list import GiftList

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
