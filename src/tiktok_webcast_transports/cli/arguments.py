"""Which subcommands are there, what arguments do they take, and how does the help look?

Nothing heavy is imported here: `--help` and completion must be quick.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

from tiktok_webcast._version import __version__

from . import options
from .help import HelpFormatter, usage_of
from .options import add_connection, add_events, add_hidden, add_output, add_room, add_statistics

PROGRAM = "tiktok-webcast"
DESCRIPTION = """Watch TikTok LIVE rooms from the terminal: comments, gifts, likes and everything else that happens,
as a dashboard, as lines of text, or as JSON lines for other programs."""
EPILOG = """start with:
  tiktok-webcast demo              a simulated room: no account, no network
  tiktok-webcast watch some_user   a real one

exit codes:
    0  ended normally                   7  sign server refused
    2  wrong usage                      8  network failure
    3  offline                          9  ffmpeg missing or failed
    4  no such user                    10  unreadable capture or payload
    5  restricted                     130  interrupted
    6  blocked by TikTok                1  anything else"""
QUALITIES = ("origin", "uhd", "hd", "sd", "ld", "audio")
FORMATS = ("flv", "hls", "cmaf")
"""Those of `tiktok_webcast.room_info`, which help and completion need not load."""
USER_HELP = "name, @name, address of a profile or live page, user id, or room:ID"


class Subcommand(NamedTuple):
    """One subcommand: `cli/<module>.py` runs it."""

    module: str
    help: str
    description: str
    examples: str
    declare: Callable[[argparse.ArgumentParser], None]


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    _add_debug(parser, default=False)
    subparsers = parser.add_subparsers(metavar="COMMAND", dest="command", required=True, title="commands")
    for name, command in SUBCOMMANDS.items():
        sub = subparsers.add_parser(
            name,
            help=command.help,
            description=command.description,
            epilog=command.examples,
            formatter_class=HelpFormatter,
            allow_abbrev=False,
        )
        command.declare(sub)
        _add_debug(sub, default=argparse.SUPPRESS)
        sub.usage = usage_of(f"{PROGRAM} {name}", sub)
        sub.set_defaults(module=command.module)
    return parser


def _add_debug(parser: argparse.ArgumentParser, *, default: object) -> None:
    parser.add_argument(
        "--debug", action="store_true", default=default, help="show where an unexpected error comes from"
    )


def _add_duration(parser: argparse.ArgumentParser, default: float | None = None) -> None:
    usual = f" (default: {default:g})" if default is not None else ""
    parser.add_argument(
        "--duration", metavar="SECONDS", type=options.seconds, default=default, help=f"stop after this long{usual}"
    )


def _add_scenario(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scenario", metavar="NAME", default=None, help="what happens in the room; `list` lists them")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="equal seeds play equal rooms (default: 0)")
    parser.add_argument(
        "--speed",
        metavar="N",
        type=options.speed,
        default=1.0,
        help="times as fast as life (default: 1; 0: as fast as clients take it)",
    )


def _watch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", help=USER_HELP)
    _add_duration(parser)
    add_events(parser)
    add_output(parser)
    add_room(parser)
    add_connection(parser)


def _demo(parser: argparse.ArgumentParser) -> None:
    _add_scenario(parser)
    _add_duration(parser, 30.0)
    add_events(parser)
    add_output(parser)
    add_hidden(parser, add_room, add_connection, shown="--transport")


def _simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", metavar="N", type=options.port, default=0, help="port on 127.0.0.1 (default: a free one)"
    )
    _add_scenario(parser)
    parser.add_argument(
        "--max-seconds",
        metavar="SECONDS",
        type=options.seconds,
        default=None,
        help="stop after this long (default: never)",
    )
    parser.add_argument("--manifest", metavar="FILE", help="write what was sent, as JSON, when it ends")


def _status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("users", metavar="USER", nargs="+", help=USER_HELP)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--wait", action="store_true", help="ask again, about once a minute, until the user is live")
    parser.add_argument(
        "--interval", metavar="SECONDS", type=options.seconds, default=60.0, help="between two questions (default: 60)"
    )
    _add_duration(parser)
    add_connection(parser)
    add_hidden(parser, add_room, add_events, add_statistics)


def _info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", help=USER_HELP)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_connection(parser)
    add_hidden(parser, add_room, add_events, add_statistics, _add_duration, shown="--room-id")


def _capture(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", help=USER_HELP)
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="file for the capture; one that ends in .gz is gzipped"
    )
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")
    _add_duration(parser)
    add_events(parser)
    add_statistics(parser)
    add_room(parser)
    add_connection(parser)


def _record(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER", help=USER_HELP)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help="file for the video; may name {unique_id} {nickname} {title} {room_id} {quality} {date} {time}",
    )
    parser.add_argument(
        "--quality",
        choices=QUALITIES,
        default="origin",
        help="the nearest stands in for a missing one (default: origin)",
    )
    parser.add_argument(
        "--format", metavar="KIND", help="kind of the file: mp4, mkv, ts, flv, mp3, ... (default: by FILE)"
    )
    parser.add_argument("--source", choices=FORMATS, default="flv", help="what TikTok's servers send (default: flv)")
    _add_duration(parser)
    codecs = parser.add_mutually_exclusive_group()
    codecs.add_argument("--copy", action="store_true", help="keep TikTok's own encoding (the default)")
    codecs.add_argument("--transcode", action="store_true", help="encode anew, as H.264 and AAC where they fit")
    parser.add_argument("--events", metavar="FILE", help="write the room's events too, as JSON lines with `video_time`")
    parser.add_argument("--no-join", action="store_true", help="leave segments apart, also where they match")
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    parser.add_argument("--wait", action="store_true", help="wait until the user is live, asking about once a minute")
    for place, what in (("input", "the stream"), ("output", "the file"), ("global", "all of it")):
        parser.add_argument(
            f"--{place}-options",
            metavar="TEXT",
            type=options.words,
            default=(),
            help=f'ffmpeg options for {what}: --{place}-options="-x y"',
        )
    parser.add_argument(
        "--ffmpeg", metavar="FILE", help="the ffmpeg program (default: $TIKTOK_WEBCAST_FFMPEG, or the PATH)"
    )
    add_events(parser, "events in --events FILE")
    add_statistics(parser)
    add_room(parser)
    add_connection(parser)


def _redact(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="IN", help="capture, .frames or .har; - is stdin")
    parser.add_argument("target", metavar="OUT", help="file for what is redacted: a capture, or .frames for the others")
    parser.add_argument("--key", metavar="TEXT", help="equal keys give equal pseudonyms (default: chosen by chance)")
    parser.add_argument("--force", action="store_true", help="replace OUT if it is there")


def _replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="capture, .frames, .har of a browser, or .pb with one fetch result; - is stdin"
    )
    parser.add_argument(
        "--speed",
        metavar="N",
        type=options.speed,
        default=0.0,
        help="times as fast as life (default: 0, as fast as can be)",
    )
    parser.add_argument("--check", action="store_true", help="whether the session asks for the same as it did then")
    parser.add_argument(
        "--room-id", metavar="ID", type=options.room_id, default=0, help="room of messages that do not name theirs"
    )
    _add_duration(parser)
    add_events(parser)
    add_output(parser)


def _decode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--method", metavar="M", help="method of the payload, such as WebcastChatMessage")
    parser.add_argument("--base64", metavar="B", help="the payload")
    parser.add_argument(
        "--payloads", metavar="FILE", help='JSON lines {"id", "method", "base64"} instead of one payload; - is stdin'
    )


def _inspect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", nargs="?", help="file with the bytes; - is stdin")
    parser.add_argument("--base64", metavar="B", help="the bytes as base64 instead of a file")
    parser.add_argument("--hex", metavar="H", help="the bytes in hexadecimal instead of a file")
    parser.add_argument(
        "--payloads", metavar="FILE", help='JSON lines {"id", "method", "base64"} instead of one payload'
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a payload")


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="bash, zsh or fish")


SUBCOMMANDS = {
    "watch": Subcommand(
        "watch",
        "print the events of a room until it ends",
        """Enters the room of a user who is live and prints what happens: comments, gifts, likes and all the rest.
On a terminal that is a dashboard, in a pipe one line of text an event, with --json one JSON object
a line.""",
        """examples:
  tiktok-webcast watch some_user
  tiktok-webcast watch https://www.tiktok.com/@some_user/live --json > log
  tiktok-webcast watch @some_user --only comment,gift_streak_end --plain""",
        _watch,
    ),
    "demo": Subcommand(
        "demo",
        "watch a simulated room: no account, no network",
        """Runs a simulated TikTok on this machine and watches a room of it, by the same way as a real one:
page, signature, socket, frames. It stops by itself.""",
        """examples:
  tiktok-webcast demo
  tiktok-webcast demo --scenario list
  tiktok-webcast demo --json --duration 5""",
        _demo,
    ),
    "simulate": Subcommand(
        "simulate",
        "run a simulated TikTok for other programs",
        """Runs a simulated TikTok on 127.0.0.1 and prints its address as the first line: web pages, webcast API,
sign server and socket in one. Every user name is live there, unless the scenario says otherwise.""",
        """examples:
  tiktok-webcast simulate --port 8080 --scenario everyday
  tiktok-webcast watch anna --web-url http://127.0.0.1:8080 \\
      --webcast-url http://127.0.0.1:8080 --sign-url http://127.0.0.1:8080""",
        _simulate,
    ),
    "status": Subcommand(
        "status",
        "tell whether users are live",
        """Asks whether users are live, and prints the answer with what speaks for it: live, paused, offline, not found,
restricted or unknown. The exit code is that of the first user who is not live. Options of `watch` that only
matter inside a room are accepted, too, and do nothing.""",
        """examples:
  tiktok-webcast status some_user another_user --json
  tiktok-webcast status some_user --wait && tiktok-webcast watch some_user""",
        _status,
    ),
    "info": Subcommand(
        "info",
        "show what TikTok tells about a room",
        """Prints title, host, counts and streams of a room that is live. Options of `watch` that only matter inside a
room are accepted, too, and do nothing.""",
        "example:\n  tiktok-webcast info some_user --json",
        _info,
    ),
    "gifts": Subcommand(
        "gifts",
        "list the gifts that can be sent in a room",
        """Prints the gifts of a room that is live, with their prices. Options of `watch` that only matter inside a room
are accepted, too, and do nothing.""",
        "example:\n  tiktok-webcast gifts some_user",
        _info,
    ),
    "capture": Subcommand(
        "capture",
        "record a room, to play it again",
        """Watches a room and records all that the session hears and asks for, so that `replay` plays it again, event
by event. Cookies, session ids and keys are masked in the file; names and texts are in it: see `redact`.""",
        """examples:
  tiktok-webcast capture some_user -o room.capture
  tiktok-webcast capture some_user -o room.capture.gz --duration 600""",
        _capture,
    ),
    "record": Subcommand(
        "record",
        "record the video of a room, by ffmpeg",
        """Records the video of a room that is live, until it ends. A stream that breaks off, expires or changes its
size is found again, in a new segment; segments that match are one file at the end. Ctrl-C ends it with
a file that plays. The files' names are printed at the end.""",
        """examples:
  tiktok-webcast record some_user -o video.mp4
  tiktok-webcast record some_user -o "{unique_id} {date}.mkv" --quality hd
  tiktok-webcast record some_user -o talk.mp3 --events talk.jsonl""",
        _record,
    ),
    "replay": Subcommand(
        "replay",
        "play a capture and print its events",
        """Plays a capture through the same path as a live room and prints the events like `watch`: one of `capture`,
frames, or what a browser's developer tools saved as HAR. A file that is cut plays up to the cut. With
--speed, gaps of more than 10 seconds are played as 10.""",
        """examples:
  tiktok-webcast replay room.capture --check
  tiktok-webcast replay room.frames --json
  tiktok-webcast replay room.frames --speed 2""",
        _replay,
    ),
    "redact": Subcommand(
        "redact",
        "take the names out of a capture",
        """Writes a capture of the same shape in which nobody is named: other names, texts, ids and addresses of the
same lengths, the same gifts, counts and times. It is played while it is written, and must play the same.""",
        """examples:
  tiktok-webcast redact room.capture shareable.capture
  tiktok-webcast redact room.har room.frames --key ours""",
        _redact,
    ),
    "decode": Subcommand(
        "decode",
        "decode payloads without a connection",
        """Decodes payloads and prints one JSON object a line, with the `id` of its line in --payloads first. Exit
code 10 says that a payload could not be read.""",
        """examples:
  tiktok-webcast decode --method WebcastChatMessage --base64 CgA=
  tiktok-webcast decode --payloads payloads.jsonl""",
        _decode,
    ),
    "inspect": Subcommand(
        "inspect",
        "show the fields of any payload, without a schema",
        """Shows what can be seen in protobuf bytes without knowing their schema: field numbers, wire types, nested
messages, texts, and numbers that look like times or ids. Gzipped bytes are unpacked first.""",
        """examples:
  tiktok-webcast inspect --base64 CgA=
  tiktok-webcast watch some_user --json --only unknown |
      tiktok-webcast inspect --payloads -""",
        _inspect,
    ),
    "completion": Subcommand(
        "completion",
        "print a completion script for a shell",
        "Prints a script that makes the shell complete this command's subcommands and options.",
        """examples:
  source <(tiktok-webcast completion bash)
  tiktok-webcast completion zsh > ~/.zfunc/_tiktok-webcast
  tiktok-webcast completion fish |
      tee ~/.config/fish/completions/tiktok-webcast.fish""",
        _completion,
    ),
}
"""Subcommands in the order of the help."""
