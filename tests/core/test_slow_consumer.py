"""A program that takes 10 ms for an event, against a flood, for a minute of virtual time."""

from __future__ import annotations

import tracemalloc

import pytest
from session_world import World, chat

from tiktok_webcast import Limits

SECONDS = 60.0
PER_EVENT = 0.01
BATCH = 50
LIMITS = Limits(event_queue_high=1024, event_queue_low=256, event_queue=2048, seen_messages=1000)


class Flood:
    """A server that has another 50 comments every 50 ms, ten times what the program can take."""

    def __init__(self, overflow: str) -> None:
        self.world = World(limits=LIMITS, overflow=overflow, read_events=False)
        self.world.open()
        self.sent = 0
        self.got = 0
        self.last = 0
        self.announced = 0
        self.peaks: list[int] = []

    def send(self) -> None:
        self.world.send([chat(self.sent + number + 1, f"comment {self.sent + number}") for number in range(BATCH)])
        self.sent += BATCH
        # What the test itself remembers is not the session's memory.
        self.world.inputs.clear()
        self.world.actions.clear()

    def take(self) -> None:
        event = self.world.session.next_event()
        if event is not None and event.name == "comment":
            msg_id = event.msg_id or 0
            assert msg_id > self.last, "in order, none twice"
            self.got, self.last = self.got + 1, msg_id
        elif event is not None and event.name == "overflow":
            self.announced += event.dropped

    def run(self) -> None:
        """Each 10 ms take one event; each 50 ms there is a frame, if the session wants it: 1,000 messages a second."""
        session = self.world.session
        for step in range(int(SECONDS / PER_EVENT)):
            self.world.pass_time(step * PER_EVENT)
            if step % 5 == 0 and not session.paused:
                self.send()
            self.take()
            if step * PER_EVENT == 5.0:
                self.peaks.append(tracemalloc.get_traced_memory()[1])
        self.peaks.append(tracemalloc.get_traced_memory()[1])

    def take_all(self) -> None:
        while len(self.world.session._events):
            self.take()


@pytest.mark.parametrize("overflow", ["block", "drop-oldest"])
def test_memory_stays_flat_heartbeats_keep_time_and_every_loss_is_counted(overflow: str) -> None:
    flood = Flood(overflow)
    tracemalloc.start()
    try:
        flood.run()
    finally:
        tracemalloc.stop()
    session = flood.world.session
    after_5_s, after_a_minute = flood.peaks
    assert after_a_minute <= after_5_s * 1.2
    # World checks that no heartbeat comes late: at 0, 10, ... 50 s.
    assert session.statistics.heartbeats == 6
    flood.take_all()
    if overflow == "block":
        assert flood.got == flood.last == flood.sent, "nothing is lost"
        assert session.statistics.dropped == 0
    else:
        assert flood.got + session.statistics.dropped == flood.sent, "every loss is counted"
        assert flood.announced == session.statistics.dropped > 0, "and announced"
    assert session.statistics.queue_peak <= LIMITS.event_queue
