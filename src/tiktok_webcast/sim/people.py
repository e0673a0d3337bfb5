"""Who is in a simulated room: a host and viewers with names as wild as real ones, made from a seed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .script import Truth

# fmt: off
_FIRST = (
    "mia", "luca", "zoe", "omar", "nina", "felix", "ava", "noah", "sofia", "liam", "yuki", "ravi", "elena", "marco",
    "hana", "jonas", "clara", "diego", "amira", "oskar", "lena", "tom", "priya", "kofi", "ines", "pavel", "ruth",
    "emil", "carla", "ben", "aylin", "hugo", "maja", "ali", "greta", "samir", "ida", "leo", "wanda", "yara",
)
_SECOND = (
    "fox", "moon", "wave", "pixel", "storm", "bloom", "rocket", "cloud", "tiger", "mint", "honey", "river", "lotus",
    "comet", "panda", "sky", "berry", "ghost", "maple", "spark", "raven", "coral", "ember", "falcon",
)
# fmt: on
# As in real rooms: plain, emoji only, right to left, styled letters, joiners, very long, and one that is blank but for
# a zero-width space (protocol/captures.md, "values a decoder must survive").
_NICKNAMES = (
    "{First} {Second}",
    "{First}",
    "{First} 🌸",
    "✨{First}✨",
    "🦋🫧",
    "👩‍🚀 {First}",
    "𝓛𝓾𝓷𝓪 𝓫𝔂 𝓷𝓲𝓰𝓱𝓽",
    "نور القمر",
    "דנה ❤️",
    "ゆき⛄",
    "민지",
    "Σοφία",
    "Олег из Казани",
    "{First} ( the one who always comes late and never leaves early )",
    "꧁༺ {Second} ༻꧂",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿 {First} 🇧🇷",
    "\u200b{first}",
    "{first}.{second}",
)


@dataclass(frozen=True)
class Person:
    """One account, seen from one room: what it is to the host is part of it."""

    id: int
    unique_id: str
    nickname: str
    sec_uid: str
    is_follower: bool = False
    is_friend: bool = False
    is_moderator: bool = False
    is_subscriber: bool = False
    is_top_gifter: bool = False
    gifter_level: int = 0
    member_level: int = 0

    def truth(self, *, identified: bool = False) -> Truth:
        """What a client must print of this person (contracts.md section 2, `user`).

        A message says that somebody is a moderator or the like; that somebody is not, it says only if it identifies
        them (`UserIdentity`). What is not said is not part of the truth.
        """
        truth: Truth = {"id": str(self.id), "unique_id": self.unique_id, "nickname": self.nickname}
        ranks = {
            "is_top_gifter": self.is_top_gifter,
            "gifter_level": self.gifter_level,
            "member_level": self.member_level,
        }
        ties = {
            "is_follower": self.is_follower,
            "is_friend": self.is_friend,
            "is_moderator": self.is_moderator,
            "is_subscriber": self.is_subscriber,
        }
        return (
            truth
            | {key: value for key, value in ranks.items() if value}
            | {key: value for key, value in ties.items() if value or identified}
        )


def make_person(rng: Random) -> Person:
    """Make a viewer: most are strangers, some follow, few are moderators, subscribers or rich."""
    first, second = rng.choice(_FIRST), rng.choice(_SECOND)
    nickname = rng.choice(_NICKNAMES).format(
        first=first, second=second, First=first.capitalize(), Second=second.capitalize()
    )
    closeness = rng.random()
    return Person(
        id=_user_id(rng),
        unique_id=f"{first}{rng.choice(('.', '_', ''))}{second}{rng.choice(('', str(rng.randrange(1, 10_000))))}",
        nickname=nickname,
        sec_uid=make_sec_uid(rng),
        is_follower=closeness > 0.45,
        is_friend=closeness > 0.92,
        is_moderator=rng.random() < 0.05,
        is_subscriber=rng.random() < 0.06,
        is_top_gifter=rng.random() < 0.08,
        gifter_level=rng.randrange(1, 46) if rng.random() < 0.6 else 0,
        member_level=rng.randrange(1, 31) if closeness > 0.7 else 0,
    )


def make_host(rng: Random, unique_id: str) -> Person:
    """Make the account whose room it is."""
    name = unique_id.replace("_", " ").replace(".", " ").strip() or unique_id
    return Person(id=_user_id(rng), unique_id=unique_id, nickname=f"{name.title()} 🎤", sec_uid=make_sec_uid(rng))


def make_crowd(rng: Random, size: int) -> Sequence[Person]:
    """Make `size` viewers with ids and names of their own."""
    crowd: dict[str, Person] = {}
    ids: set[int] = set()
    while len(crowd) < size:
        person = make_person(rng)
        if person.unique_id not in crowd and person.id not in ids:
            crowd[person.unique_id] = person
            ids.add(person.id)
    return tuple(crowd.values())


def make_sec_uid(rng: Random) -> str:
    """Make a `sec_uid`: every real one starts with the same nine letters (protocol/messages.tsv, User 46)."""
    return "MS4wLjABAAAA" + base64.urlsafe_b64encode(rng.randbytes(48)).decode()


def _user_id(rng: Random) -> int:
    # Old accounts have short numbers, new ones 19 digits; JavaScript loses the latter.
    return rng.randrange(10**7, 10**9) if rng.random() < 0.1 else rng.randrange(65 * 10**17, 76 * 10**17)
