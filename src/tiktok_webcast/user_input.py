"""What people give to name a room: a name, a link, a number. Read before anything is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from .errors import InvalidUserInput

MAX_INPUT = 2048
"""Characters of input that are looked at; real links are far shorter."""


@dataclass(frozen=True)
class UniqueId:
    """A user by name: the part after the `@` in the address of the profile."""

    unique_id: str

    def __str__(self) -> str:
        return f"@{self.unique_id}"


@dataclass(frozen=True)
class UserId:
    """A user by number. It stays the same when the name changes; the name is asked for before the room."""

    user_id: int

    @property
    def unique_id(self) -> str | None:
        """The name is not known yet: `None`."""
        return None

    def __str__(self) -> str:
        return f"user {self.user_id}"


@dataclass(frozen=True)
class RoomId:
    """A room by number: one stream of one user. No user needs to be looked up."""

    room_id: int

    @property
    def unique_id(self) -> str | None:
        """The name is not known: `None`."""
        return None

    def __str__(self) -> str:
        return f"room {self.room_id}"


@dataclass(frozen=True)
class ShortLink:
    """A shared short link (`https://vm.tiktok.com/...`): where it leads is asked for first."""

    url: str

    @property
    def unique_id(self) -> str | None:
        """The name is not known yet: `None`."""
        return None

    def __str__(self) -> str:
        return self.url


UserInput = UniqueId | UserId | RoomId | ShortLink

_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,64}\Z")
_NUMBER = re.compile(r"[0-9]{1,20}\Z")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_SHORT_HOSTS = frozenset(["vm.tiktok.com", "vt.tiktok.com"])
_HELP = (
    "Give a user name ('name' or '@name'), the address of a profile or live page "
    "('https://www.tiktok.com/@name/live'), a user id (a number), or a room id ('room:NUMBER')."
)


def parse_user(value: str | int | UserInput) -> UserInput:
    """Read what names a user or a room.

    Understood are `name`, `@name`, `@name/live`, addresses of profiles, live pages and videos with or without a scheme
    and a query, shared links (`vm.tiktok.com/...`, `tiktok.com/t/...`, `m.tiktok.com/share/live/ROOM`), a user id (a
    number; TikTok has no names of digits alone), `user:NUMBER` and `room:NUMBER`.

    Raises:
        InvalidUserInput: It is none of these. Nothing was sent.
    """
    if isinstance(value, (UniqueId, UserId, RoomId, ShortLink)):
        return value
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise InvalidUserInput(f"A user is named by text or a number, not by {type(value).__name__}. {_HELP}")
    if isinstance(value, int):
        # Python refuses to write out a number of thousands of digits.
        said = str(value) if abs(value) < 2**64 else f"a number of {value.bit_length()} bits"
        return UserId(_number(said, "user id"))
    if len(value) > MAX_INPUT:
        raise InvalidUserInput(f"That is {len(value)} characters long: no user name and no link. {_HELP}")
    text = _INVISIBLE.sub("", value).strip().strip("\"'<>").strip()
    if not text:
        raise InvalidUserInput(f"The user name is empty. {_HELP}")
    kind, colon, number = text.partition(":")
    if colon and kind.lower() in ("room", "user"):
        room = kind.lower() == "room"
        found = _number(number.strip(), "room id" if room else "user id")
        return RoomId(found) if room else UserId(found)
    if _is_address(text):
        return _parse_address(text)
    return _from_path(unquote(text), value)


def is_unique_id(name: str) -> bool:
    """Whether a text can be the name of a user: the part after the `@`."""
    return _NAME.match(name) is not None and any(character.isalnum() or character == "_" for character in name)


def _is_address(text: str) -> bool:
    head = text.lower()
    if head.startswith("//") or "://" in head[:12]:
        return True
    host = re.split(r"[/?#:]", head, maxsplit=1)[0]
    return host == "tiktok.com" or host.endswith(".tiktok.com")


def _parse_address(text: str) -> UserInput:
    try:
        parts = urlsplit(text if "://" in text[:12] else "https://" + text.lstrip("/"))
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        raise InvalidUserInput(f"{text!r} is not an address. {_HELP}") from None
    if parts.scheme.lower() not in ("http", "https") or not (host == "tiktok.com" or host.endswith(".tiktok.com")):
        raise InvalidUserInput(f"{text!r} is not an address at tiktok.com. {_HELP}")
    path = unquote(parts.path)
    room = re.match(r"/share/live/([0-9]{1,20})(?:/|\Z)", path)
    if room is not None:
        return RoomId(_number(room.group(1), "room id"))
    if path.startswith("/@"):
        return _from_path(path[1:], text)
    # No limit of fields: past one `parse_qs` raises, and the text is no longer than `MAX_INPUT`.
    fields = parse_qs(parts.query)
    for name in ("room_id", "roomId"):
        for value in fields.get(name, ())[:1]:
            return RoomId(_number(value, "room id"))
    short = re.match(r"/t/([A-Za-z0-9]{1,64})/?\Z", path)
    if host in _SHORT_HOSTS:
        short = re.match(r"/([A-Za-z0-9]{1,64})/?\Z", path)
    if short is not None:
        return ShortLink(f"https://{host}{path}")
    raise InvalidUserInput(f"{text!r} does not name a user: there is no '@name' in it. {_HELP}")


def _from_path(path: str, given: str) -> UserInput:
    name = re.split(r"[/?#]", path.strip(), maxsplit=1)[0].removeprefix("@").strip()
    if name.isascii() and name.isdigit():
        return UserId(_number(name, "user id"))
    if not is_unique_id(name):
        raise InvalidUserInput(
            f"{given[:80]!r} is not a user name: names are letters, digits, '_' and '.', up to 64 of them. {_HELP}"
        )
    return UniqueId(name)


def _number(text: str, what: str) -> int:
    if not text.isascii() or not _NUMBER.match(text) or not 0 < int(text) < 2**64:
        raise InvalidUserInput(
            f"{text[:40]!r} is not a {what}: it must be a positive number of up to 20 digits. {_HELP}"
        )
    return int(text)
