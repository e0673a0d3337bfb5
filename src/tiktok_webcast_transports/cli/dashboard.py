"""How does a room look on a terminal? Drawn with rich, four times a second, from a thread of its own."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable

from rich.console import Console, ConsoleOptions, RenderResult
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from tiktok_webcast.events.base import Event
from tiktok_webcast.statistics import Statistics

from .board import LONGEST_NAME, Board
from .clean import clean
from .output import Room
from .plain import Tone, diamonds
from .streams import Streams

REFRESH_PER_SECOND = 4
_SIDE = 0.44
_TALL = 28
"""Lines from which on there is room for what is nice to know."""
_HEALTH_ROWS = 7
_BLOCKS = "▁▂▃▄▅▆▇█"
_PLAIN_BLOCKS = "._-=+*#@"
_RUNNING = "»"
_PLAIN_RUNNING = ">"
_STYLES = {
    Tone.CHAT: "",
    Tone.GIFT: "yellow",
    Tone.PEOPLE: "green",
    Tone.NUMBERS: "magenta",
    Tone.ROOM: "blue",
    Tone.SESSION: "bold",
    Tone.TROUBLE: "red",
    Tone.OTHER: "dim",
}
_STATES = {"live": "bold green", "paused": "bold yellow", "waiting": "bold yellow", "closed": "bold", "ended": "bold"}
_LEAVE_SCREEN = b"\x1b[?1049l\x1b[?25h"


class DashboardView:
    """A board as a picture of whatever size the terminal has."""

    def __init__(self, board: Board, clock: Callable[[], float]) -> None:
        self.board = board
        self.statistics: Statistics | None = None
        self._clock = clock

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        now = self._clock()
        self.board.forget_old_streaks(now=now)
        width, height = options.max_width, options.height or console.height
        utf8 = not options.ascii_only
        side = max(int(width * _SIDE), 30)
        root = Layout()
        root.split_column(Layout(self._header(width), name="header", size=1), Layout(name="body"))
        root["body"].split_row(
            Layout(Panel(_Chat(self.board), title="chat", border_style="dim"), name="chat"),
            Layout(name="side", size=min(side, 60)),
        )
        health = _HEALTH_ROWS if height >= _TALL else _HEALTH_ROWS - 1
        graph = Panel(_Graph(self.board, utf8), title="viewers", border_style="dim")
        root["side"].split_column(
            Layout(Panel(_Gifts(self.board, utf8), title="gifts", border_style="dim"), name="gifts"),
            Layout(graph, name="viewers", size=min(6, max(height // 4, 4))),
            Layout(Panel(self._health(now), title="connection", border_style="dim"), name="health", size=health),
        )
        yield root

    def _header(self, width: int) -> Text:
        board = self.board
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {board.state.upper()} ", style=f"{_STATES.get(board.state, 'bold')} reverse")
        if board.unique_id:
            text.append(f" @{board.unique_id}", style="bold")
        if board.state_detail:
            text.append(f"  {board.state_detail}")
        viewers = "?" if board.viewers is None else f"{board.viewers:,}"
        text.append(f"  {viewers} watching", style="magenta")
        text.append(f"  {board.likes:,} likes", style="red")
        text.append(f"  {diamonds(board.diamonds)}", style="yellow")
        if width >= 100 and board.room_id:
            text.append(f"  room {board.room_id}", style="dim")
        return text

    def _health(self, now: float) -> Table:
        board, counted = self.board, self.statistics
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, min_width=8)
        table.add_column(no_wrap=True, overflow="ellipsis")
        up = _duration(now - board.connected_at) if board.connected_at is not None else "not connected"
        again = board.connections - 1
        table.add_row("up", up + (f", {again} reconnect{'' if again == 1 else 's'}" if again > 0 else ""))
        quiet = now - board.last_event_at if board.last_event_at is not None else None
        table.add_row("quiet", "no event yet" if quiet is None else f"for {quiet:.1f} s")
        if counted is not None:
            trouble = [
                (counted.dropped, "lost"),
                (counted.undecodable + counted.partial, "broken"),
                (counted.unknown, "unknown"),
                (counted.duplicates, "repeats"),
            ]
            told = [f"{count:,} {what}" for count, what in trouble if count]
            table.add_row("received", f"{counted.messages:,} messages")
            table.add_row("of these", ", ".join(told) or "all fine")
            beats = f"{counted.heartbeats:,} heartbeat{'' if counted.heartbeats == 1 else 's'}"
            table.add_row("sent", f"{counted.acks:,} acks, {beats}")
        return table


class _Chat:
    """The last lines of the chat, as many as fit, the newest at the bottom."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = options.height or 10
        lines: list[list[Segment]] = []
        inner = options.update(height=None)
        for line in reversed(self._board.chat):
            text = Text(overflow="fold")
            if line.name:
                text.append(f"{clean(line.name, LONGEST_NAME)}  ", style="cyan")
            text.append(line.text, style=_STYLES[line.tone])
            lines = [*console.render_lines(text, inner, pad=True), *lines]
            if len(lines) >= height:
                break
        for drawn in lines[-height:]:
            yield from drawn
            yield Segment.line()


class _Gifts:
    """Running streaks first, then who gave most, then what was given last."""

    def __init__(self, board: Board, utf8: bool) -> None:
        self._board = board
        self._mark = _RUNNING if utf8 else _PLAIN_RUNNING

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        board, left = self._board, options.height or 10
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=1, no_wrap=True)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=min(max(options.max_width // 2 - 4, 8), 20))
        table.add_column(justify="right", no_wrap=True)
        rows: list[tuple[Text, Text, Text, Text]] = []
        for streak in reversed(board.streaks.values()):
            names = (Text(streak.giver, style="bold"), Text(streak.gift, style="bold"))
            rows.append((Text(self._mark, "bold yellow"), *names, Text(f"x{streak.count:,}", style="bold yellow")))
        for given in reversed(board.given):
            rows.append((Text(), Text(given.giver), Text(given.gift), Text(f"x{given.count:,}")))
        total = f"{board.gifts:,} gifts, {diamonds(board.diamonds)}" if board.gifts else "none yet"
        if options.max_width > 40 and board.givers:
            first, amount = board.givers.most_common(1)[0]
            total += f", {amount:,} by {first}"
        for row in rows[: max(left - 1, 1)]:
            table.add_row(*row)
        yield Text(total, style="dim", no_wrap=True, overflow="ellipsis")
        yield table


class _Graph:
    """The number of viewers over time, as a row of blocks of any height."""

    def __init__(self, board: Board, utf8: bool) -> None:
        self._board = board
        self._blocks = _BLOCKS if utf8 else _PLAIN_BLOCKS

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        known = list(self._board.viewer_history)[-width:]
        if not known:
            yield Text("no count yet", style="dim")
            return
        # The few counts of a young room are drawn broader, so that the graph always fills its place.
        history = [known[column * len(known) // width] for column in range(width)]
        rows = max((options.height or 2) - 1, 1)
        low, high = min(history), max(history)
        steps = len(self._blocks) * rows - 1
        levels = [round((value - low) / (high - low) * steps) if high > low else steps // 2 for value in history]
        for row in reversed(range(rows)):
            filled = (level - row * len(self._blocks) for level in levels)
            yield Text(
                "".join(" " if fill < 0 else self._blocks[min(fill, len(self._blocks) - 1)] for fill in filled),
                "magenta",
            )
        yield Text(f"{low:,} to {high:,}, now {known[-1]:,}", style="dim", no_wrap=True, overflow="ellipsis")


class Dashboard:
    """The screen of `watch` on a terminal."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._lock = threading.RLock()
        self._view = DashboardView(Board(), time.monotonic)
        self._room: Room | None = None
        self._live: Live | None = None

    def attach(self, room: Room) -> None:
        """Say which room it shows, and begin."""
        self._room = room
        reconfigure = getattr(self._streams.out, "reconfigure", None)
        if reconfigure is not None:
            # Names are in all scripts, terminals are not.
            reconfigure(errors="replace")
        console = Console(file=self._streams.out)
        self._live = Live(
            console=console,
            get_renderable=self._renderable,
            screen=True,
            refresh_per_second=REFRESH_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def show(self, event: Event) -> None:
        """Take an event; the next picture has it."""
        with self._lock:
            self._view.board.take(event, now=time.monotonic())

    def flush(self) -> None:
        """Nothing waits: the pictures come by themselves."""

    def close(self) -> None:
        """Give the terminal back and leave a summary on it."""
        live, self._live = self._live, None
        if live is None:
            return
        live.stop()
        for line in summary(self._view.board):
            self._streams.text(line)
        self._streams.flush()

    def abort(self) -> None:
        """Give the terminal back at once, from a signal handler."""
        out = self._streams.out
        if self._live is not None and out is not None:
            with contextlib.suppress(OSError, ValueError):
                os.write(out.fileno(), _LEAVE_SCREEN)

    def _renderable(self) -> _Locked:
        if self._room is not None:
            self._view.statistics = self._room.statistics
        return _Locked(self._view, self._lock)


class _Locked:
    """Draws while no event changes the board."""

    def __init__(self, view: DashboardView, lock: threading.RLock) -> None:
        self._view = view
        self._lock = lock

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self._lock:
            segments = list(console.render(self._view, options))
        yield from segments


def summary(board: Board) -> list[str]:
    """Return the lines that stay on the terminal after the dashboard."""
    who = f"@{board.unique_id}" if board.unique_id else f"room {board.room_id}"
    counts = board.counts
    numbers = [
        (counts["comment"], "comments"),
        (board.gifts, f"gifts ({diamonds(board.diamonds)})"),
        (board.likes, "likes"),
        (counts["join"], "joins"),
        (counts["follow"], "follows"),
        (counts["share"], "shares"),
    ]
    seen = ", ".join(f"{count:,} {what}" for count, what in numbers if count) or "nothing happened"
    lines = [f"{who}: {seen}"]
    if board.state_detail:
        lines.append(f"{board.state}: {board.state_detail}")
    return lines


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
