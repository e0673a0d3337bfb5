"""`Stream`: comments by the thousand, cheaply: each is a finished payload with its own id and time put behind it.

A protobuf field that comes twice is merged, so the second `common` overrides the first one's id and time.
"""

from __future__ import annotations

from itertools import cycle

from ..message import Message
from .payloads import chat, encode
from .script import Line
from .story import Story

_METHOD = "WebcastChatMessage"
_WORDS = ("gg", "hello", "🔥🔥🔥", "love this", "first", "que bueno", "so good", "again!")


class Stream:
    """Comments of a few people in turn."""

    def __init__(self, story: Story, *, variety: int = 8) -> None:
        """`variety` finished payloads are made at once."""
        self._story = story
        self._made = 0
        self._templates: list[tuple[bytes, dict[str, object]]] = []
        for person, text in zip(story.people(variety), cycle(_WORDS), strict=False):
            common = {
                key: value for key, value in story.common(_METHOD).items() if key not in ("msg_id", "create_time")
            }
            payload = encode(_METHOD, chat(common, person, text, story.room.images, language="en", mention=None))
            self._templates.append((payload, {"user": person.truth(identified=True), "comment": text}))

    def comment(self) -> Line:
        """The next comment."""
        story = self._story
        payload, truth = self._templates[self._made % len(self._templates)]
        self._made += 1
        common = story.common(_METHOD)
        msg_id, moment = common["msg_id"], story.server_ms
        inner = b"\x10" + varint(msg_id) + b"\x20" + varint(moment)
        message = Message(_METHOD, payload + b"\x0a" + varint(len(inner)) + inner, msg_id, False, moment)
        base = {
            "event": "comment",
            "method": _METHOD,
            "msg_id": str(msg_id),
            "room_id": str(story.room.room_id),
            "is_history": False,
        }
        return Line(message, ({**base, **truth},))


def varint(value: int) -> bytes:
    """A number as protobuf writes it."""
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)
