"""Rooms as they are every day."""

from __future__ import annotations

from .. import rare
from ..catalogue import BIG, GG, ROSE, SMALL
from ..gift_streak import Streak
from ..people import Person, make_host
from ..scenario import Options, Scenario
from ..script import Line, Script
from ..story import Story

_CHATS: tuple[tuple[str, str], ...] = (
    ("hello from Portugal 🇵🇹", "en"),
    ("first time here, what is this about?", "en"),
    ("hahahahaha 😂😂😂", "un"),
    ("can you say hi to my sister please", "en"),
    ("❤️❤️❤️", "un"),
    ("¿de dónde eres?", "es"),
    ("que linda voz", "es"),
    ("ce son est incroyable", "fr"),
    ("مرحبا من القاهرة", "ar"),
    ("こんばんは！", "ja"),
    ("Wie lange bist du heute noch live?", "de"),
    ("play the other song again", "en"),
    ("W stream", "en"),
    ("who else is supposed to be sleeping", "en"),
    ("the cat!! 🐈", "en"),
    ("I followed, follow me back?", "en"),
    ("привет всем", "ru"),
    ("new here, already love it 🫶🏽", "en"),
    ("what mic do you use", "en"),
    ("so proud of you", "en"),
    ("🔥" * 24, "un"),
    ("that note at the end gave me goosebumps, I have listened to it three times now and it does not get old", "en"),
)
_CAPTIONS = (
    "hi everyone, welcome in",
    "thank you so much for the roses",
    "okay, one more song",
    "let me read the chat",
)


def first_light(story: Story, options: Options) -> Script:
    """A short evening with one of everything, ended by the host: the first thing to try a client on.

    Welcome, host's intro and past chats come with the signature. Then joins, comments, likes, a streak, a big gift,
    follow, share, chest, poll, battle, goal, pin, ranks and more, in about 6 seconds.
    """
    cast = story.crowd
    room = story.room
    rival = make_host(story.rng, "the.rival")
    yield story.enter(*_past(story))
    story.wait(0.15)
    yield story.frame(story.join(cast[0]), story.join(cast[1]), story.viewers([(cast[1], 120), (cast[2], 0)]))
    story.wait(0.3)
    yield story.frame(story.comment(cast[0], "good evening! 🌙"), story.like(cast[1], 15), story.like(cast[2], 4))
    streak = story.streak(cast[1], ROSE)
    story.wait(0.3)
    yield story.frame(streak.step(1), rare.caption(story, _CAPTIONS[0], 1))
    story.wait(0.3)
    yield story.frame(streak.step(2), story.follow(cast[0]), story.share(cast[3]))
    story.wait(0.3)
    yield story.frame(streak.step(5), story.comment(cast[4], f"@{cast[0].unique_id} welcome", mention=cast[0]))
    yield story.frame(rare.question(story, cast[4], "what was your first song?"), rare.user_ranking(story, cast[1], 1))
    story.wait(0.3)
    yield story.frame(streak.step(7), story.share(cast[3], brought=5), rare.goal(story, cast[1], ROSE, 7, 50))
    story.wait(0.4)
    yield story.frame(story.gift(cast[5], BIG[6]), rare.envelope(story, cast[5], diamonds=100, people=10))
    yield story.frame(
        rare.poll(story, "one more song?", (("yes", 0), ("YES", 0)), rare.POLL_START),
        rare.emote(story, cast[6], 7_212_345_678_901_234_567),
        rare.subscription(story, cast[7], 1),
        rare.entrance(story, cast[8]),
    )
    story.wait(0.5)
    yield story.frame(rare.battle(story, rival, room.room_id + 3), rare.ranking(story, 12))
    yield story.frame(rare.poll(story, "one more song?", (("yes", 3), ("YES", 9)), rare.POLL_VOTES))
    story.wait(0.5)
    yield story.frame(rare.armies(story, rival, room.room_id + 3, (107, 60), (cast[5], cast[9])))
    story.wait(0.5)
    noise = story.comment(cast[9], "buy followers at spam dot example")
    yield story.frame(noise, rare.pin(story, cast[0], "good evening! 🌙"), rare.deletion(story, noise))
    story.wait(0.5)
    yield story.frame(story.share(cast[3], brought=10), rare.poll(story, "", (("yes", 4), ("YES", 11)), rare.POLL_END))
    story.wait(0.8)
    yield story.frame(streak.end(), rare.battle(story, rival, room.room_id + 3, finished=True))
    yield story.frame(story.viewers([(cast[5], 1000), (cast[1], 127), (cast[2], 0), (cast[6], 0)]))
    story.wait(0.8)
    yield story.end(story.comment(cast[4], "noooo don't go"))


def everyday(story: Story, options: Options) -> Script:
    """A lively room without an end: about four messages a second of every kind.

    `duration` ends it as a host would.
    """
    room = _Everyday(story)
    yield story.enter(*_past(story))
    while True:
        yield story.frame(*room.next_frame())
        if options.duration is not None and story.now >= options.duration:
            break
    yield story.end()


def _past(story: Story) -> list[Line]:
    """What comes with the signature: welcome, intro, and six chats of before."""
    past = [rare.welcome(story), rare.intro(story, "welcome in! new songs every night at 8 🎶")]
    for text, language in story.rng.sample(_CHATS, 6):
        past.append(story.comment(story.person(), text, language=language, history=True))
    return past


class _Everyday:
    """Chance, people and habits: what goes on in a room at any time."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.streaks: list[tuple[float, Streak, int]] = []
        self.coins: dict[Person, int] = {}
        self.sentence = 0
        self.told_viewers = -10.0
        self.battle: tuple[Person, int] | None = None
        self.points = (0, 0)

    def next_frame(self) -> list[Line]:
        """The messages of the next frame, after some time."""
        self.story.wait(min(self.story.rng.expovariate(2.2), 1.5))
        lines = [*self._due_streaks(), self._something()]
        if self.story.now - self.told_viewers >= 5:
            self.told_viewers = self.story.now
            lines.append(self._viewers())
        return lines

    def _something(self) -> Line:
        story, rng = self.story, self.story.rng
        chance = rng.random()
        person = story.person()
        if chance < 0.34:
            text, language = rng.choice(_CHATS)
            return story.comment(person, text, language=language)
        if chance < 0.58:
            # Most batches are full ones of 15, and some shards know an older total (protocol/push.md section 14).
            count = 15 if rng.random() < 0.6 else rng.randrange(1, 15)
            stale = story.room_likes - rng.randrange(1, 40) if rng.random() < 0.1 and story.room_likes > 40 else None
            return story.like(person, count, total=stale)
        if chance < 0.76:
            return story.join(person)
        if chance < 0.86:
            return self._begin_streak(person)
        if chance < 0.90:
            return story.follow(person)
        if chance < 0.93:
            return story.share(person, brought=rng.choice((0, 0, 0, 5, 10)))
        if chance < 0.95:
            return self._gift(person)
        return self._rarity(person)

    def _rarity(self, person: Person) -> Line:
        story, rng = self.story, self.story.rng
        what = rng.randrange(10)
        if what < 3:
            self.sentence += 1
            return rare.caption(story, rng.choice(_CAPTIONS), self.sentence)
        if what < 5:
            return self._battle(person)
        if what == 5:
            return rare.question(story, person, "will there be a part two?")
        if what == 6:
            return rare.emote(story, person, 72 * 10**17 + rng.randrange(10**9))
        if what == 7:
            return rare.envelope(story, person, diamonds=rng.choice((10, 100, 1000)), people=rng.randrange(5, 50))
        if what == 8:
            return rare.goal(story, person, GG, rng.randrange(1, 50), 50)
        return rare.user_ranking(story, person, rng.randrange(1, 4))

    def _battle(self, person: Person) -> Line:
        story = self.story
        if self.battle is None:
            rival = make_host(story.rng, f"rival{story.rng.randrange(1000)}")
            self.battle, self.points = (rival, story.common("")["msg_id"]), (0, 0)
            return rare.battle(story, *self.battle)
        rival, battle_id = self.battle
        if self.points[0] + self.points[1] > 600:
            self.battle = None
            return rare.battle(story, rival, battle_id, finished=True)
        self.points = (self.points[0] + story.rng.randrange(200), self.points[1] + story.rng.randrange(200))
        return rare.armies(story, rival, battle_id, self.points, (person, story.person()))

    def _gift(self, person: Person) -> Line:
        kind = self.story.rng.choice(BIG)
        self.coins[person] = self.coins.get(person, 0) + kind.diamonds
        return self.story.gift(person, kind)

    def _begin_streak(self, person: Person) -> Line:
        streak = self.story.streak(person, self.story.rng.choice(SMALL))
        goal = self.story.rng.choice((1, 1, 1, 2, 3, 5, 8, 10, 25))
        self._plan(streak, goal)
        self.coins[person] = self.coins.get(person, 0) + goal * streak.kind.diamonds
        return streak.step(1)

    def _plan(self, streak: Streak, goal: int) -> None:
        # An end comes 3 to 4 seconds after the last step (protocol/push.md section 13).
        pause = 0.6 if streak.given < goal else 3.0 + self.story.rng.random()
        self.streaks.append((self.story.now + pause, streak, goal))

    def _due_streaks(self) -> list[Line]:
        due = [entry for entry in self.streaks if entry[0] <= self.story.now]
        self.streaks = [entry for entry in self.streaks if entry[0] > self.story.now]
        lines: list[Line] = []
        for _, streak, goal in due:
            if streak.given >= goal:
                lines.append(streak.end())
                continue
            lines.append(streak.step(min(goal, streak.given + self.story.rng.choice((1, 1, 2, 3)))))
            self._plan(streak, goal)
        return lines

    def _viewers(self) -> Line:
        self.story.viewers_now = max(3, self.story.viewers_now - self.story.rng.randrange(6))
        top = sorted(self.coins.items(), key=lambda item: (-item[1], item[0].id))
        return self.story.viewers(top[:16])


SCENARIOS = (Scenario(everyday, endless=True), Scenario(first_light))
