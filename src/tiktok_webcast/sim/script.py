"""What a scripted room does, step by step: what it sends, when, and what a correct client makes of it.

A script is one iterator of steps. It covers everything that one client sees, across reconnects: each signature begins
with a [`Sign`][] (or a [`SignTrouble`][]), the socket's life follows, and [`Close`][], [`Cut`][] or [`Silence`][] ends
it; the next signature goes on from there. Steps are plain values, so equal seeds give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..http import Headers
from ..message import Message

Truth = dict[str, Any]
"""One JSON line that a correct client prints, as far as the script knows it: a subset of its keys."""


class Line(NamedTuple):
    """One message to send, and the lines that a client prints for it (none for a repeat)."""

    message: Message
    truth: tuple[Truth, ...] = ()


@dataclass(frozen=True)
class Sign:
    """The signature is given; its first result holds these messages (the welcome, past chats, ...)."""

    messages: tuple[Message, ...] = ()
    cookies: bool = True
    """Whether `X-Set-TT-Cookie` is set, without which the answer is of no use."""
    cursor: bool = True
    push_server: bool = True
    route_params: bool = True
    empty: bool = False
    """Answer 200 with no body at all."""


@dataclass(frozen=True)
class SignTrouble:
    """The sign server refuses: its status, JSON body and further headers."""

    status: int
    body: Truth
    headers: Headers = ()


@dataclass(frozen=True)
class Refuse:
    """The socket's handshake is refused (protocol/http.md section 10)."""

    status: int
    headers: Headers = ()


@dataclass(frozen=True)
class Frame:
    """A `msg` frame with these messages."""

    messages: tuple[Message, ...]
    need_ack: bool = True
    compress: bool = True
    heartbeat_ms: int = 0


@dataclass(frozen=True)
class Raw:
    """One binary WebSocket message, sent as it is."""

    data: bytes


@dataclass(frozen=True)
class Text:
    """One text WebSocket message: none is known, clients ignore it (protocol/push.md section 1)."""

    text: str


@dataclass(frozen=True)
class Close:
    """The server closes the socket with a closing handshake."""

    code: int = 1000
    reason: str = ""


@dataclass(frozen=True)
class Cut:
    """The connection is gone, without a word."""


@dataclass(frozen=True)
class Silence:
    """Nothing more comes, not even the answer to a heartbeat, until the client leaves."""

    answers: bool = False
    """Heartbeats are answered all the same."""


@dataclass(frozen=True)
class SetStatus:
    """From now on the web says that the room is in this state: 2 live, 3 paused, 4 ended."""

    status: int


Action = Sign | SignTrouble | Refuse | Frame | Raw | Text | Close | Cut | Silence | SetStatus
ENDS_SIGNING = (SignTrouble, Refuse)
ENDS_SOCKET = (Refuse, Close, Cut, Silence)


@dataclass(frozen=True)
class Step:
    """One thing that happens, after `wait` seconds of the script's time and `hold` of the clock's.

    The pace of a simulator divides `wait`; `hold` stays, for waits that a client's own timers must see.
    """

    action: Action
    wait: float = 0.0
    hold: float = 0.0
    truth: tuple[Truth, ...] = ()


Script = Iterator[Step]
