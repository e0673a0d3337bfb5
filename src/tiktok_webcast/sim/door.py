"""`Door`: how TikTok's web and the sign server answer before there is a socket. The default lets everybody in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .script import Refuse, SignTrouble


class Page(Enum):
    """What comes instead of, or as, a live page."""

    OK = "ok"
    NO_ROOM = "no_room"
    """A page without `LiveRoom`: the user was never live, or does not exist."""
    FORBIDDEN = "forbidden"
    """HTTP 403."""
    SHELL = "shell"
    """An anti-bot shell of about 1155 bytes with status 200."""
    CAPTCHA = "captcha"
    """A page with `tiktok-verify-page` in it."""
    BROKEN = "broken"
    """The data of the page is not JSON: a captcha again."""


class Api(Enum):
    """What the JSON endpoints of the web say."""

    OK = "ok"
    NOT_FOUND = "not_found"
    """`statusCode` 19881007, `user_not_found`."""
    FORBIDDEN = "forbidden"
    """HTTP 403."""
    EMPTY = "empty"
    """HTTP 200 with an empty body."""


@dataclass(frozen=True)
class Door:
    """How the way in behaves; `Scenario.tell` takes over where it ends."""

    status: int = 2
    """What page, lookup and room info say: 2 live, 3 paused, 4 ended (protocol/http.md section 4)."""
    has_room_id: bool = True
    """Whether a room id is given; a stale one stays after the stream has ended."""
    page: Page = Page.OK
    page_status: int | None = None
    """What the page says where it differs from `status`."""
    api: Api = Api.OK
    alive: bool | None = None
    """What `check_alive` says for every room; `None`: the truth."""
    restricted: bool = False
    """Whether the room asks for a login: room info says 4003110 to those without a `sessionid`."""
    private: bool = False
    """Whether the profile is private."""
    sign: SignTrouble | None = None
    """The sign server's only answer."""
    handshake: Refuse | None = None
    """The socket's only answer."""
    blocked_identities: int = 0
    """How many guest identities (`ttwid`) are refused with `DEVICE_BLOCKED` before one is let in."""
    ping_interval: float | None = None
    """Seconds between heartbeats, told in `Handshake-Options`; `None`: not told."""


OPEN = Door()
"""Everybody is let in."""
