"""Rooms whose socket does not last."""

from __future__ import annotations

from ..catalogue import FINGER_HEART, ROSE
from ..scenario import Options, Scenario
from ..script import Close, Cut, Script, SetStatus, Silence
from ..story import Story, again, as_history

_ENDED = 4


def reconnect(story: Story, options: Options) -> Script:
    """Lost in the middle of a streak, and back: the new signature repeats what was seen and brings what was missed.

    First the connection is cut, then the server closes it. Repeats come as history and as news; the streak goes on
    across both, and another one ended while nobody listened.
    """
    ann, ben, cleo = story.crowd[:3]
    roses, hearts = story.streak(ann, ROSE), story.streak(ben, FINGER_HEART)
    yield story.enter(past := story.comment(cleo, "been here a while", history=True))
    story.wait(0.3)
    seen = [story.comment(ben, "hi all"), roses.step(1), hearts.step(1), story.like(cleo, 15), roses.step(3)]
    yield story.frame(*seen)
    story.wait(0.3)
    yield story.lose(Cut(), "server_closed")
    story.wait(1.0)
    missed = [as_history(story.comment(ben, "you missed this")), hearts.end(4)]
    yield story.enter(again(past), *map(again, map(as_history, seen)), *missed)
    story.wait(0.3)
    more = [*missed, roses.step(6), story.join(cleo)]
    yield story.frame(*map(again, seen), *map(again, missed), *more[2:])
    story.wait(0.3)
    yield story.lose(Close(1000, "going away"), "server_closed")
    story.wait(1.0)
    yield story.enter(*map(again, more))
    story.wait(0.3)
    yield story.frame(roses.end(6), story.comment(ann, "there you are again"))
    yield story.end()


def stale(story: Story, options: Options) -> Script:
    """A socket that falls silent and stays open: no message, no answer to a heartbeat, until the client gives it up."""
    ann, ben = story.crowd[:2]
    yield story.enter()
    yield story.frame(seen := story.comment(ann, "can you hear me?"), story.like(ben, 15))
    yield story.lose(Silence(), "stale")
    yield story.enter(again(seen), story.comment(ben, "hello?", history=True))
    story.wait(0.3)
    yield story.frame(story.comment(ann, "back again"))
    yield story.end()


def lost_end(story: Story, options: Options) -> Script:
    """The room ends and nobody says so: the socket closes again and again, until the web says that it is over."""
    ann = story.crowd[0]
    roses = story.streak(ann, ROSE)
    yield story.enter()
    yield story.frame(roses.step(2), story.comment(ann, "bye bye"))
    yield story.lose(Close(1000), "server_closed")
    yield story.enter()
    yield story.lose(Close(1000), "server_closed")
    yield story.enter()
    yield story.step(SetStatus(_ENDED))
    gone = story.lose(Close(1000), "server_closed")
    yield story.step(
        gone.action, (*gone.truth, *story.settle("room_ended"), {"event": "closed", "reason": "room_ended"})
    )


def quiet_end(story: Story, options: Options) -> Script:
    """The room ends and nobody says so; the socket stays open and answers heartbeats, for 5 minutes of the clock."""
    ann = story.crowd[0]
    roses = story.streak(ann, ROSE)
    yield story.enter()
    yield story.frame(roses.step(1), roses.end(2), story.comment(ann, "bye bye"))
    yield story.step(SetStatus(_ENDED))
    gone = story.lose(Silence(answers=True), "stale")
    yield story.step(gone.action, (*gone.truth, {"event": "closed", "reason": "room_ended"}))


def slow(story: Story, options: Options) -> Script:
    """A sleepy room: one message in 12 seconds of the clock, in between only heartbeats. Takes about a minute."""
    yield story.enter()
    for text in ("zzz", "anyone?", "good night", "still here", "ok bye"):
        story.hold(12)
        yield story.frame(story.comment(story.person(), text))
    yield story.end()


def pauses(story: Story, options: Options) -> Script:
    """The host pauses and goes on; a control message with a number that nobody knows comes too."""
    yield story.enter()
    yield story.frame(story.control(1), story.comment(story.person(), "brb?"))
    story.wait(0.5)
    yield story.frame(story.control(2), story.control(61))
    yield story.end()


def suspended(story: Story, options: Options) -> Script:
    """TikTok ends the room (control message 4)."""
    yield story.enter()
    yield story.frame(story.comment(story.person(), "uh oh"))
    yield story.end(action=4)


SCENARIOS = tuple(Scenario(tell) for tell in (reconnect, stale, lost_end, quiet_end, slow, pauses, suspended))
