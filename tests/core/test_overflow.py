"""A program slower than its room: nothing lost under `block`, every loss told and counted under `drop-oldest`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_world import World, chat

from tiktok_webcast import Limits
from tiktok_webcast.events import CommentEvent, OverflowEvent

LIMITS = Limits(event_queue_high=10, event_queue_low=3, event_queue=40, messages_per_frame=20)


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 30)), max_size=15))
def test_drop_oldest_tells_every_loss_and_keeps_the_newest(frames: list[tuple[int, int]]) -> None:
    world = World(limits=LIMITS, overflow="drop-oldest", read_events=False)
    world.open()
    sent = 0
    read: list[object] = []

    def take(count: int) -> None:
        read.extend(event for _ in range(count) if (event := world.session.next_event()) is not None)

    for messages, reads in frames:
        world.send([chat(sent + number) for number in range(1, messages + 1)])
        sent += messages
        assert not world.session.paused
        assert world.session.statistics.queue_peak <= LIMITS.event_queue_high
        take(reads)
    take(10_000)
    delivered = [event.msg_id or 0 for event in read if isinstance(event, CommentEvent)]
    lost = sum(event.dropped for event in read if isinstance(event, OverflowEvent))
    assert delivered == sorted(set(delivered))
    assert len(delivered) + lost == sent
    assert world.session.statistics.dropped == lost
    assert world.session.statistics.events == len(read) + lost
    if frames:
        assert delivered[-1] == sent


def test_a_reader_that_sleeps_through_a_flood_finds_one_announcement_and_the_newest_events() -> None:
    world = World(limits=LIMITS, overflow="drop-oldest", read_events=False)
    world.open()
    for frame in range(500):
        world.send([chat(frame * 20 + number) for number in range(1, 21)])
    world.take_events()
    names = [event.name for event in world.events]
    assert names == ["overflow", "connect", *["comment"] * 9]
    assert [event.msg_id for event in world.events[2:]] == list(range(9992, 10_001))
    assert world.session.statistics.dropped == 10_000 - 9


@pytest.mark.parametrize("reads", [1, 3, 7])
def test_block_pauses_and_loses_nothing(reads: int) -> None:
    world = World(limits=LIMITS, read_events=False)
    world.open()
    sent = 0
    read: list[CommentEvent] = []
    while len(read) < 1000:
        while not world.session.paused:
            world.send([chat(sent + number) for number in range(1, 21)])
            sent += 20
        for _ in range(reads):
            event = world.session.next_event()
            read += [event] if isinstance(event, CommentEvent) else []
    assert [event.msg_id for event in read] == list(range(1, len(read) + 1))
    assert world.session.statistics.dropped == 0
    assert world.session.statistics.queue_peak <= LIMITS.event_queue_high - 1 + 20
