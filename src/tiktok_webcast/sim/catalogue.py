"""The gifts of a simulated room: made-up artwork, but ids, names, prices and types as on the public gift panel."""

from __future__ import annotations

from typing import Any, NamedTuple

STREAKABLE = 1
"""The one gift type that is given in streaks (protocol/push.md section 13)."""


class GiftKind(NamedTuple):
    """One entry of the gift panel."""

    id: int
    name: str
    diamonds: int
    type: int = STREAKABLE
    describe: str = ""

    @property
    def streakable(self) -> bool:
        """Whether it comes as a streak with a running total; others are final at once."""
        return self.type == STREAKABLE

    def truth(self) -> dict[str, Any]:
        """What a client must print of this gift (contracts.md section 2, `gift_streak_end`)."""
        return {"id": str(self.id), "name": self.name, "type": self.type, "diamond_count": self.diamonds}


ROSE = GiftKind(5655, "Rose", 1)
TIKTOK = GiftKind(5269, "TikTok", 1)
GG = GiftKind(6064, "GG", 1)
ICE_CREAM = GiftKind(5827, "Ice Cream Cone", 1)
HEART_ME = GiftKind(7934, "Heart Me", 1, type=4)
FINGER_HEART = GiftKind(5487, "Finger Heart", 5)
PERFUME = GiftKind(5658, "Perfume", 20)
DOUGHNUT = GiftKind(5879, "Doughnut", 30)
HAND_HEARTS = GiftKind(5660, "Hand Hearts", 100)
CONFETTI = GiftKind(5585, "Confetti", 100, type=2)
SUNGLASSES = GiftKind(5509, "Sunglasses", 199)
CORGI = GiftKind(6267, "Corgi", 299, type=2)
MONEY_GUN = GiftKind(7168, "Money Gun", 500, type=2)
SWAN = GiftKind(5897, "Swan", 699, type=2)
TRAIN = GiftKind(5978, "Train", 899, type=2)
GALAXY = GiftKind(11046, "Galaxy", 1000, type=2)
LION = GiftKind(6369, "Lion", 29_999, type=2)
UNIVERSE = GiftKind(9072, "TikTok Universe", 44_999, type=2)

CATALOGUE = (
    ROSE,
    TIKTOK,
    GG,
    ICE_CREAM,
    HEART_ME,
    FINGER_HEART,
    PERFUME,
    DOUGHNUT,
    HAND_HEARTS,
    CONFETTI,
    SUNGLASSES,
    CORGI,
    MONEY_GUN,
    SWAN,
    TRAIN,
    GALAXY,
    LION,
    UNIVERSE,
)
"""All gifts, cheapest first."""

SMALL = (ROSE, ROSE, ROSE, ROSE, TIKTOK, GG, ICE_CREAM, FINGER_HEART, PERFUME, DOUGHNUT, HAND_HEARTS)
"""What comes in streaks all the time; repeats make the cheap ones likelier."""
BIG = (HEART_ME, CONFETTI, CORGI, MONEY_GUN, SWAN, TRAIN, GALAXY, LION)
"""What comes now and then, one at a time."""
