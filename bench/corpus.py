"""A corpus of push frames like those of a busy room: synthetic, seeded, gzipped, about 3.7 KB a message.

    python bench/corpus.py OUT.frames --messages 20000

The file is [u32 little-endian length][frame] repeated, as the benchmark runner of contracts.md reads it. The messages
are the simulator's, with what makes real ones as large as they are put in: signed picture addresses on several mirrors,
and badges with all their looks (protocol/captures.md). Signatures are what gzip cannot shrink.
"""

from __future__ import annotations

import argparse
import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from tiktok_webcast.capture.frames_file import write_frames
from tiktok_webcast.push.client import PushConnection
from tiktok_webcast.push.server import PushServer
from tiktok_webcast.sim import rare
from tiktok_webcast.sim.catalogue import BIG, SMALL
from tiktok_webcast.sim.gift_streak import Streak
from tiktok_webcast.sim.payloads import Fields
from tiktok_webcast.sim.people import Person, make_crowd
from tiktok_webcast.sim.room import SimRoom, make_room
from tiktok_webcast.sim.script import Line, Truth
from tiktok_webcast.sim.story import Story

LONGEST_FRAME = 12
"""Messages of a frame at the most; in captures, half of the frames hold one and the mean is 3.3."""
_WORDS = (
    "this is so good",
    "hello from lisbon",
    "love you",
    "gg",
    "what happened",
    "who won",
    "again!",
    "🔥🔥",
    "😂",
    "👏",
)
_HOSTS = ("p16-sign-va", "p77-sign-va", "p16-sign-sg")
_LOOKS = ("tplv-tiktok-shrink:72:72.webp", "c5_100x100.webp", "c5_100x100.jpeg")
_PANEL = (
    "sslocal://webcast_lynxview_popup?use_spark=1&url=https%3A%2F%2Fgecko.example%2Fobj%2Fbyte-gurd-source-sg%2Ftiktok"
    "%2Ffe%2Flive%2Fuser_level_main%2Fsrc%2Fpages%2Fprivilege%2Fpanel%2Ftemplate.js&hide_status_bar=0&hide_nav_bar=1"
    "&container_bg_color=00000000&height=90%25&bdhm_bid=user_level_main&use_forest=1"
)
_REPEATED_TEXTS = ("specified_display_text", "anchor_display_text")
_SIGNED_UNTIL = 1_795_737_600
_CROWD = 3_000


class BusyStory(Story):
    """Writes messages as large as real ones."""

    def __init__(self, room: SimRoom) -> None:
        super().__init__(room)
        self._pictures: dict[str, Fields] = {}

    def line(
        self,
        method: str,
        fields: Fields,
        event: str = "",
        truth: Truth | None = None,
        *,
        entry_method: str = "",
        msg_id: int = 0,
        history: bool = False,
    ) -> Line:
        """A message from its fields, grown to its real size."""
        grown = self._grown(fields)
        return super().line(method, grown, event, truth, entry_method=entry_method, msg_id=msg_id, history=history)

    def _grown(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._grown(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "url_list" in value:
            return self._picture(value)
        # Only the first of several texts shows the user: so much for their size in captures.
        fields = {name: self._grown(item) for name, item in value.items() if name not in _REPEATED_TEXTS}
        if "privilege_log_extra" in fields:
            fields["openweburl"] = _PANEL
            if "combine" in fields:
                fields["combine"] = {**fields["combine"], **_BADGE_LOOKS}
        if "pay_grade" in fields and self.rng.random() < 0.5:
            fields["avatar_medium"] = self._picture({"uri": value["avatar_thumb"]["uri"] + "m"})
        return fields

    def _picture(self, fields: Fields) -> Fields:
        uri = fields["uri"]
        known = self._pictures.get(uri)
        if known is None:
            name = uri.rpartition("/")[2]
            if name.endswith(".png"):
                urls = [f"https://p{n}-webcast.example.com/{uri}~tplv-obj.image" for n in (16, 19)]
                known = {"url_list": urls, "uri": uri}
            else:
                number = Random(uri).randbytes(16).hex()
                urls = [self._signed(host, number, look) for host, look in zip(_HOSTS, _LOOKS, strict=True)]
                known = {"url_list": urls, "uri": f"100x100/tos-maliva-avt-0068/{number}"}
            self._pictures[uri] = known
        return known

    def _signed(self, host: str, number: str, look: str) -> str:
        signature = base64.b64encode(self.rng.randbytes(20)).decode().replace("=", "%3D").replace("/", "%2F")
        address = f"https://{host}.tiktokcdn.example/tos-maliva-avt-0068/{number}~{look}"
        return f"{address}?x-expires={_SIGNED_UNTIL}&x-signature={signature}"


_BADGE_LOOKS: Fields = {
    "padding": {"use_specific": True, "middle_padding": 3, "badge_width": 32},
    "font_style": {},
    "profile_card_panel": {"projection_config": {"icon": {}}, "profile_content": {}},
    "background": {"image": {}, "background_color_code": "#99789EE7"},
    "background_dark_mode": {"image": {}, "background_color_code": "#99789EE7"},
    "public_screen_show_style": 14,
    "personal_card_show_style": 15,
    "padding_new_font": {"use_specific": True, "middle_padding": 3, "badge_width": 32},
}


class BusyRoom:
    """Makes messages in the proportions of the captures."""

    def __init__(self, seed: int) -> None:
        self.story = BusyStory(make_room("bench", seed=seed))
        self.rng = Random(f"busy:{seed}")
        self.crowd = make_crowd(self.rng, _CROWD)
        self._streaks: list[Streak] = []
        weights: dict[Callable[[], Line], int] = {
            self._comment: 22,
            self._join: 24,
            self._like: 20,
            self._gift: 13,
            self._social: 6,
            self._viewers: 5,
            self._other: 10,
        }
        self._kinds = [kind for kind, weight in weights.items() for _ in range(weight)]

    def message(self) -> Line:
        """The next message."""
        self.story.wait(0.02)
        return self.rng.choice(self._kinds)()

    def _person(self) -> Person:
        return self.rng.choice(self.crowd)

    def _comment(self) -> Line:
        text = " ".join(self.rng.choices(_WORDS, k=self.rng.randrange(1, 5)))
        mention = self._person() if self.rng.random() < 0.1 else None
        return self.story.comment(self._person(), text, mention=mention)

    def _join(self) -> Line:
        return self.story.join(self._person())

    def _like(self) -> Line:
        return self.story.like(self._person(), self.rng.randrange(1, 16))

    def _gift(self) -> Line:
        if self.rng.random() < 0.1:
            return self.story.gift(self._person(), self.rng.choice(BIG))
        if len(self._streaks) < 8:
            self._streaks.append(self.story.streak(self._person(), self.rng.choice(SMALL)))
        streak = self.rng.choice(self._streaks)
        if streak.given and self.rng.random() < 0.25:
            self._streaks.remove(streak)
            return streak.end()
        return streak.step(streak.given + self.rng.randrange(1, 5))

    def _social(self) -> Line:
        return self.story.follow(self._person()) if self.rng.random() < 0.5 else self.story.share(self._person())

    def _viewers(self) -> Line:
        top = [(person, 1000 // place) for place, person in enumerate(self.rng.sample(self.crowd, 9), 1)]
        return self.story.viewers(top)

    def _other(self) -> Line:
        story, person, number = self.story, self._person(), self.rng.randrange(1, 100)
        kind = self.rng.randrange(7)
        if kind == 0:
            return rare.goal(story, person, SMALL[0], number, 100)
        if kind == 1:
            return rare.user_ranking(story, person, number)
        if kind == 2:
            return rare.caption(story, "and so I told them", number)
        if kind == 3:
            return rare.entrance(story, person)
        if kind == 4:
            return rare.envelope(story, person, diamonds=number, people=5)
        if kind == 5:
            fans = (person, self._person())
            return rare.armies(story, self.crowd[0], 7, (number, 50), fans)
        return rare.ranking(story, number)


def frames(messages: int, seed: int) -> Iterator[bytes]:
    """Yield push frames that hold so many messages, and no end of the room."""
    room = BusyRoom(seed)
    server = PushServer()
    server.opened()
    client = PushConnection(room.story.room.room_id)
    client.opened(now=0.0)
    enter = client.next_frame()
    if enter is None or server.receive_message(enter) is None:
        raise RuntimeError("the server's side does not let the client's side in")
    left = messages
    number = 0
    while left:
        size = min(left, LONGEST_FRAME, 1 + int(room.rng.expovariate(0.4)))
        left -= size
        number += 1
        batch = [room.message().message for _ in range(size)]
        moment = room.story.server_ms
        yield server.messages(
            batch,
            now=moment,
            cursor=f"{moment}_{number}",
            internal_ext=f"internal_src:dim|wss_push_room_id:{room.story.room.room_id}|wss_push_seq:{number}",
        )[0]


def main() -> None:
    """Write a corpus and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("out", type=Path)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    made = list(frames(chosen.messages, chosen.seed))
    chosen.out.write_bytes(write_frames(made))
    print(f"{chosen.out}: {len(made)} frames, {chosen.messages} messages, {sum(map(len, made))} bytes")


if __name__ == "__main__":
    main()
