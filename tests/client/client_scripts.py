"""Rooms that several test files play."""

from __future__ import annotations

from memory_net import Net

from tiktok_webcast.sim.catalogue import ROSE
from tiktok_webcast.sim.scenario import Options
from tiktok_webcast.sim.script import Script
from tiktok_webcast.sim.story import Story


def endless(story: Story, options: Options) -> Script:
    """A comment a second, for ever; a streak that nobody ends."""
    yield story.enter()
    streak = story.streak(story.crowd[1], ROSE)
    yield story.frame(streak.step(3))
    while True:
        story.wait(1.0)
        yield story.frame(story.comment(story.crowd[0], "on and on"))


def counting(story: Story, options: Options) -> Script:
    """Comments "0", "1", ... in a row, `rate` of them in one second, each with a join, then four minutes of nothing."""
    yield story.enter()
    for number in range(int(options.rate)):
        story.wait(1 / options.rate)
        yield story.frame(story.comment(story.crowd[0], str(number)), story.join(story.crowd[1]))
    story.wait(240.0)
    yield story.end()


def room_of(sim: Net) -> int:
    """The id of ann's room."""
    return sim.world.stage("ann").room.room_id
