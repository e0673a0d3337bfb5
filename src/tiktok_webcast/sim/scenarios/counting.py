"""Rooms that are hard to count: streaks, likes, repeats, floods."""

from __future__ import annotations

from collections.abc import Iterator

from ..catalogue import CONFETTI, CORGI, FINGER_HEART, GG, HEART_ME, PERFUME, ROSE, TIKTOK
from ..scenario import Options, Scenario
from ..script import Line, Script
from ..story import Story, again
from ..stream import Stream

_FLOOD_RATE, _FLOOD_SECONDS, _FLOOD_FRAME = 2000.0, 10.0, 50
_STEADY_RATE = 5.0


def streaks(story: Story, options: Options) -> Script:
    """Every way in which gift messages come, and what they come to.

    Two senders with the same group id, two gifts of one sender at once, totals that jump and step back, a final that
    repeats, a final before its steps, late steps, a larger total after the end (a step, then a final), no group id
    twice in a row, gifts of other types, steps without the gift's description, repeats of whole messages, and a
    streak that is open when the room ends.
    """
    ann, ben, cleo, dan, eve = story.crowd[:5]
    yield story.enter()
    group = story.server_ms - 500
    roses, bens, hearts = (
        story.streak(ann, ROSE, group_id=group),
        story.streak(ben, ROSE, group_id=group),
        story.streak(ann, FINGER_HEART),
    )
    yield story.frame(roses.step(1), bens.step(1), hearts.step(1))
    story.wait(0.4)
    yield story.frame(roses.step(2), hearts.step(2), bens.step(5))
    story.wait(0.4)
    # Steps were captured out of order, and totals that jump.
    yield story.frame(roses.step(7), roses.step(5), bens.step(6), hearts.step(2))
    story.wait(0.4)
    step = roses.step(9, with_detail=False)
    yield story.frame(step, story.comment(cleo, "go go go"), again(step))
    story.wait(0.8)
    final = bens.end()
    yield story.frame(final, again(final), hearts.end(3))
    yield story.frame(bens.end(), roses.end(9), roses.end(8))
    story.wait(0.4)
    early = story.streak(cleo, PERFUME)
    yield story.frame(early.end(5))
    yield story.frame(early.step(1), early.step(3), early.step(5))
    story.wait(0.4)
    late = story.streak(dan, TIKTOK)
    yield story.frame(late.step(1), late.step(4), late.end(4))
    yield story.frame(late.step(6), late.end(6))
    yield story.frame(late.end(10), late.end(10))
    story.wait(0.4)
    yield from _without_group(story)
    yield story.frame(story.gift(dan, CORGI), story.gift(dan, CONFETTI, 3), story.gift(eve, HEART_ME))
    left_open = story.streak(eve, GG)
    yield story.frame(left_open.step(1), left_open.step(12))
    story.wait(0.4)
    yield story.end()


def _without_group(story: Story) -> Script:
    """Two streaks of one sender and gift that no group id tells apart."""
    eve = story.crowd[4]
    for total in (3, 2):
        streak = story.streak(eve, ROSE, group_id=0)
        for count in range(1, total + 1):
            yield story.frame(streak.step(count))
            story.wait(0.3)
        yield story.frame(streak.end())
        story.wait(0.5)


def streak_idle(story: Story, options: Options) -> Script:
    """Ends that never come: the streak is settled after 15 s of the client's clock, and goes on when a step comes late.

    Takes 40 s at any speed, as the client's own timer is what it is about.
    """
    ann, ben = story.crowd[:2]
    yield story.enter()
    roses = story.streak(ann, ROSE)
    yield story.frame(roses.step(1), roses.step(4))
    story.hold(10)
    yield story.frame(story.comment(ben, "is it stuck?"))
    story.hold(10)
    yield story.frame(story.comment(ben, "seems so"), before=[roses.idle()])
    story.hold(1)
    yield story.frame(roses.step(6))
    story.hold(18)
    yield story.frame(story.comment(ann, "sorry, bad network"), before=[roses.idle()])
    story.hold(1)
    yield story.frame(roses.end(6))
    yield story.end()


def likes_backwards(story: Story, options: Options) -> Script:
    """Totals of likes that go backwards, stand still and leap, as they come from several shards."""
    yield story.enter()
    for total in (15, 30, 22, 45, 45, 1000, 60, 0, 1015, 1002):
        yield story.frame(story.like(story.person(), story.rng.choice((15, 15, 4, 1)), total=total))
        story.wait(0.2)
    yield story.frame(*(story.like(story.person(), 15) for _ in range(5)))
    yield story.end()


def duplicates(story: Story, options: Options) -> Script:
    """The same messages again: in one frame, in later ones, in another order, and two alike that have no id."""
    ann, ben = story.crowd[:2]
    roses = story.streak(ann, ROSE)
    yield story.enter(first := story.comment(ann, "hi", history=True))
    lines = [first, story.comment(ben, "hello"), story.like(ben, 15), story.join(ann), story.follow(ben)]
    yield story.frame(again(first), *lines[1:], *map(again, lines))
    story.wait(0.3)
    for _ in range(3):
        fresh = [roses.step(roses.given + 1), story.share(ben)]
        mixed = [*map(again, lines), *fresh]
        story.rng.shuffle(mixed)
        lines += fresh
        yield story.frame(*_in_order(mixed, fresh))
        story.wait(0.3)
    yield story.frame(story.comment(ann, "no id", numbered=False), story.comment(ann, "no id", numbered=False))
    final = roses.end()
    yield story.frame(final, again(final))
    yield story.end()


def _in_order(mixed: list[Line], fresh: list[Line]) -> Iterator[Line]:
    """The shuffled lines, with the fresh ones in the order in which they were written."""
    rest = iter(fresh)
    return (next(rest) if line in fresh else line for line in mixed)


def flood(story: Story, options: Options) -> Script:
    """More than anybody reads: 2,000 messages a second (`rate`) for 10 seconds (`duration`), every one acknowledged."""
    rate = options.rate or _FLOOD_RATE
    seconds = _FLOOD_SECONDS if options.duration is None else options.duration
    yield story.enter()
    stream = Stream(story)
    for _ in range(max(1, round(rate * seconds / _FLOOD_FRAME))):
        yield story.frame(*(stream.comment() for _ in range(_FLOOD_FRAME)))
        story.wait(_FLOOD_FRAME / rate)
    yield story.end()


def steady(story: Story, options: Options) -> Script:
    """One comment a frame at an even pace, 5 a second (`rate`): made for thousands of rooms in one process.

    Frames are not compressed and the manifest counts the messages without listing their events. It is cheap to make.
    """
    gap = 1 / (options.rate or _STEADY_RATE)
    yield story.enter()
    stream = Stream(story)
    # Rooms that begin together shall not all speak in the same moment.
    story.wait(gap * story.rng.random())
    while options.duration is None or story.now < options.duration:
        yield story.frame(Line(stream.comment().message), compress=False)
        story.wait(gap)
    yield story.end()


SCENARIOS = (
    Scenario(streaks),
    Scenario(streak_idle),
    Scenario(likes_backwards),
    Scenario(duplicates),
    Scenario(flood),
    Scenario(steady, endless=True),
)
