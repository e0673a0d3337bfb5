"""Which options do several subcommands share, and what values may they have?"""

from __future__ import annotations

import argparse
import math
import shlex
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from threading import TIMEOUT_MAX

from tiktok_webcast.session_config import SESSION_EVENTS

TRANSPORTS = ("asyncio", "anyio", "trio", "sync")
SIGNERS = ("server", "guest", "server,guest", "guest,server")
EVERYDAY_EVENTS = SESSION_EVENTS | {
    "comment",
    "emote",
    "follow",
    "gift",
    "gift_streak_end",
    "join",
    "like",
    "live_end",
    "live_pause",
    "live_resume",
    "more_share",
    "question",
    "share",
    "undecodable",
    "unknown",
    "viewer_update",
}
"""Names that need no look at all others: that takes the time to load every schema."""


def add_connection(parser: argparse.ArgumentParser) -> None:
    """How to reach TikTok: every command that goes to the network has these."""
    group = parser.add_argument_group("connection")
    group.add_argument(
        "--transport",
        choices=TRANSPORTS,
        default="asyncio",
        help="what moves the bytes (default: asyncio; anyio is anyio on asyncio, trio is anyio on trio)",
    )
    group.add_argument("--web-url", metavar="URL", help="origin in place of https://www.tiktok.com")
    group.add_argument("--webcast-url", metavar="URL", help="origin in place of https://webcast.tiktok.com")
    group.add_argument("--proxy", metavar="URL", help="http, https or socks5 proxy for HTTP and the socket")
    group.add_argument("--timeout", metavar="SECONDS", type=seconds, help="for each step of a connection")
    group.add_argument("--lang", metavar="LANGUAGE", help="language of texts, such as en or de-AT (default: en)")
    group.add_argument("--cookies", metavar="FILE", help="cookies in Netscape format (cookies.txt)")
    group.add_argument("--ca-file", metavar="FILE", help="certificates to trust (PEM), in place of the system's")


def add_room(parser: argparse.ArgumentParser) -> None:
    """How to enter a room, and for how long."""
    group = parser.add_argument_group("room")
    group.add_argument(
        "--signer",
        choices=SIGNERS,
        metavar="NAME",
        default="server",
        help="who signs the socket's address: server, guest, or both as 'server,guest' or 'guest,server': the second "
        "where the first cannot (default: server)",
    )
    group.add_argument("--sign-url", metavar="URL", help="origin of the sign server")
    group.add_argument("--sign-api-key", metavar="KEY", help="your key at the sign server (better: the environment)")
    group.add_argument(
        "--trust-sign-host",
        metavar="HOST",
        action="append",
        default=[],
        help="sign server that may be given the login in --cookies: full access to the account (may be repeated)",
    )
    group.add_argument("--room-id", metavar="ID", type=room_id, default=0, help="the room; nobody is looked up")
    group.add_argument(
        "--reconnect",
        metavar="N",
        type=count,
        default=None,
        help="tries in a row after a failure (default: 10; 0: none)",
    )
    group.add_argument(
        "--stale-timeout", metavar="SECONDS", type=seconds, help="silence after which to connect again (default: 60)"
    )


def add_events(parser: argparse.ArgumentParser, title: str = "events") -> None:
    """Which events to print."""
    group = parser.add_argument_group(title)
    group.add_argument(
        "--only", metavar="NAMES", type=event_names, default=None, help="print only these events: comment,gift,..."
    )
    group.add_argument(
        "--except", metavar="NAMES", dest="exclude", type=event_names, default=None, help="print all events but these"
    )
    group.add_argument("--no-history", action="store_true", help="leave out what happened before the connection")
    group.add_argument("--max-events", metavar="N", type=positive, default=None, help="stop after N events of the room")


def add_output(parser: argparse.ArgumentParser) -> None:
    """How to print them."""
    group = parser.add_argument_group("output")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line; the last is `closed`")
    form.add_argument("--plain", action="store_true", help="one line of text an event, no dashboard")
    add_statistics(group)


def add_statistics(parser: argparse._ActionsContainer) -> None:
    """Whether to count."""
    parser.add_argument("--stats", action="store_true", help="print counters as one JSON object on stderr at the end")


def add_hidden(
    parser: argparse.ArgumentParser, *adders: Callable[[argparse.ArgumentParser], None], shown: str = ""
) -> None:
    """Accept options that mean little here, without a line of help for each but `shown`.

    One set of options shall fit every command that connects, so that scripts can hand it to any of them.
    """
    before = len(parser._actions)
    for add in adders:
        add(parser)
    for action in parser._actions[before:]:
        if shown not in action.option_strings:
            action.help = argparse.SUPPRESS


# --- values ---------------------------------------------------------------------------------------------------------


def _number(convert: Callable[[str], float], text: str, what: str) -> float:
    try:
        value = convert(text)
        finite = math.isfinite(value)
    except (ValueError, OverflowError):
        # An integer of 400 digits is none that a float could be.
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from None
    if not finite:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return value


def seconds(text: str) -> float:
    """Read a number of seconds above 0."""
    value = _number(float, text, "a number of seconds")
    if not 0 < value <= TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value


def count(text: str) -> int:
    """Read a number from 0."""
    value = int(_number(int, text, "a whole number"))
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is less than 0")
    return value


def positive(text: str) -> int:
    """Read a number from 1."""
    value = count(text)
    if not value:
        raise argparse.ArgumentTypeError("0 is too few: give 1 or more")
    return value


def port(text: str) -> int:
    """Read a port; 0 stands for any free one."""
    value = count(text)
    if value > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return value


def speed(text: str) -> float:
    """Read how many times faster than life to play; 0 as fast as possible."""
    value = _number(float, text, "a number")
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is less than 0")
    return value


def room_id(text: str) -> int:
    """Read a room id, with or without `room:` before it."""
    digits = text.removeprefix("room:")
    if not (digits.isascii() and digits.isdigit() and 0 < int(digits[:20]) < 2**64) or len(digits) > 20:
        raise argparse.ArgumentTypeError(f"{text!r} is not a room id: a positive number of up to 20 digits")
    return int(digits)


def event_names(text: str) -> frozenset[str]:
    """Read names of events, separated by commas."""
    names = [name.strip() for name in text.replace(" ", ",").split(",") if name.strip()]
    for name in names:
        if name not in EVERYDAY_EVENTS and name not in (known := known_events()):
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(sorted(known))}"
            raise argparse.ArgumentTypeError(f"there is no event {name!r}{hint}")
    if not names:
        raise argparse.ArgumentTypeError("no event is named")
    return frozenset(names)


@cache
def known_events() -> frozenset[str]:
    """Return the names of all events."""
    from tiktok_webcast.events.table import REGISTRY

    names = set(EVERYDAY_EVENTS)
    for method in REGISTRY.methods():
        binding = REGISTRY.find(method)
        if binding is not None:
            names.update(binding.event.names())
    return frozenset(names)


def words(text: str) -> tuple[str, ...]:
    """Split text as a shell would."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be split into words: {error}") from None
