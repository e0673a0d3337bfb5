"""Make the pictures of the README: `python docs/picture.py` watches a simulated room and draws its dashboard as SVG.

The room is `tiktok-webcast demo`'s: the real path over a loopback socket, only faster.
"""

from __future__ import annotations

import argparse
import html
import io
import re
from datetime import datetime
from itertools import groupby
from pathlib import Path

from rich.cells import split_graphemes
from rich.console import Console

from tiktok_webcast.events.base import Event
from tiktok_webcast_transports.cli.arguments import make_parser
from tiktok_webcast_transports.cli.board import Board
from tiktok_webcast_transports.cli.dashboard import DashboardView
from tiktok_webcast_transports.cli.demo import HOST
from tiktok_webcast_transports.cli.output import Room, Sink
from tiktok_webcast_transports.cli.rooms import run_room
from tiktok_webcast_transports.cli.settings import read_settings
from tiktok_webcast_transports.cli.stop import Stop
from tiktok_webcast_transports.cli.streams import Streams
from tiktok_webcast_transports.simulator import Simulator

DOCS = Path(__file__).resolve().parent
SPEED = 20.0
_CELL = 12.2
"""Pixels of a cell in the pictures of rich: its 20 pixels of height times 0.61."""
SIZES = {"demo.svg": (100, 28), "dashboard-80.svg": (80, 24), "dashboard-140.svg": (140, 40)}


class Camera:
    """A screen that keeps the board to draw it when the room is at its best: live, with a streak running.

    Its clock is the room's own, so that the picture does not depend on how fast this machine is.
    """

    def __init__(self, seconds: float) -> None:
        self.pictures: dict[str, str] = {}
        self._now = 0.0
        self._begin: datetime | None = None
        self._seconds = seconds
        self._room: Room | None = None
        self._view = DashboardView(Board(), self._clock)

    def _clock(self) -> float:
        return self._now

    def attach(self, room: Room) -> None:
        self._room = room

    def show(self, event: Event) -> None:
        board = self._view.board
        if event.created_at is not None and not event.is_history:
            self._begin = self._begin or event.created_at
            self._now = max(self._now, (event.created_at - self._begin).total_seconds())
        board.take(event, now=self._now)
        at_its_best = self._now > self._seconds and any(streak.count > 1 for streak in board.streaks.values())
        if self._room is not None and at_its_best and not self.pictures:
            self._view.statistics = self._room.statistics
            self.pictures = {name: self._draw(*size) for name, size in SIZES.items()}

    def _draw(self, width: int, height: int) -> str:
        console = Console(
            record=True, width=width, height=height, file=io.StringIO(), force_terminal=True, color_system="truecolor"
        )
        console.print(self._view, height=height, end="")
        return with_true_widths(console.export_svg(title="tiktok-webcast demo"))

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


def with_true_widths(svg: str) -> str:
    """Give wide letters and emoji the two cells that they have on a terminal: rich squeezes them into one."""

    def broken_up(match: re.Match[str]) -> str:
        before, x, between, after, text = match.groups()

        pieces: list[str] = []
        at = float(x)
        for _, letters in groupby(split_graphemes(html.unescape(text))[0], key=lambda span: span[2] > 1):
            spans = list(letters)
            written = html.unescape(text)[spans[0][0] : spans[-1][1]]
            width = sum(span[2] for span in spans) * _CELL
            shown = html.escape(written, quote=False).replace(" ", "&#160;").replace("\xa0", "&#160;")
            pieces.append(f'<text{before}x="{at:g}"{between}textLength="{width:g}"{after}>{shown}</text>')
            at += width
        return "".join(pieces)

    return re.sub(r'<text([^>]*?)x="([\d.]+)"([^>]*?)textLength="[\d.]+"([^>]*)>([^<]*)</text>', broken_up, svg)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the room's life before the picture is taken")
    parser.add_argument("--only", choices=SIZES, default=None)
    args = parser.parse_args()
    camera = Camera(args.seconds)
    with Simulator("everyday", seed=args.seed, speed=SPEED, duration=args.seconds * 3) as simulator:
        url = simulator.url
        chosen = ["watch", HOST, "--web-url", url, "--webcast-url", url, "--sign-url", url]
        settings = read_settings(make_parser().parse_args(chosen), {})
        run_room(HOST, settings, Sink(camera), Streams(io.StringIO(), io.StringIO()), Stop())
    for name, picture in camera.pictures.items():
        if args.only in (None, name):
            (DOCS / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
