"""The dashboard: what it knows is what happened, and what it draws fits every terminal."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from docs.picture import with_true_widths
from tiktok_webcast.close import CloseReason
from tiktok_webcast.config import Endpoints
from tiktok_webcast.events.base import Event
from tiktok_webcast.events.chat import CommentEvent
from tiktok_webcast.events.emote import Emote
from tiktok_webcast.events.gift import Gift, GiftEvent, GiftInfo, GiftStreakEndEvent
from tiktok_webcast.events.like import LikeEvent
from tiktok_webcast.events.member import JoinEvent
from tiktok_webcast.events.room import ViewerUpdateEvent
from tiktok_webcast.events.session import ClosedEvent, ConnectEvent, ReconnectingEvent
from tiktok_webcast.events.user import User
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sim import Options, Play, World, WorldOptions
from tiktok_webcast.statistics import Statistics
from tiktok_webcast_transports.cli import board as board_module
from tiktok_webcast_transports.cli.board import KEPT_LINES, KEPT_STREAKS, LONGEST_NAME, STREAK_SHOWN, Board
from tiktok_webcast_transports.cli.dashboard import DashboardView, summary
from tiktok_webcast_transports.cli.plain import LONGEST

PIECE = re.compile(r'x="([\d.]+)".*?textLength="([\d.]+)".*?>([^<]*)</text>')
HERE = "http://127.0.0.1:8080"
SIZES = [(80, 24), (100, 30), (140, 40), (200, 60), (40, 12)]


def room(scenario: str = "everyday", seconds: float = 120.0) -> list[Event]:
    options = WorldOptions(scenario, options=Options(duration=seconds))
    config = SessionConfig(endpoints=Endpoints(HERE, HERE, HERE))
    return Play(Session("anna", config=config), World(options, base_url=HERE)).run()


def life(seconds: float) -> list[Event]:
    """The events of a room up to its end."""
    events = room(seconds=seconds)
    return events[: next(number for number, event in enumerate(events) if event.name == "live_end")]


def filled(events: list[Event]) -> Board:
    board = Board()
    for number, event in enumerate(events):
        board.take(event, now=number * 0.1)
    return board


def drawn(
    board: Board, width: int, height: int, *, encoding: str = "utf-8", now: float = 60.0, **options: object
) -> str:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="replace")
    settings: dict[str, object] = {
        "force_terminal": True,
        "color_system": "truecolor",
        "legacy_windows": False,
        **options,
    }
    console = Console(file=out, width=width, height=height, **settings)  # type: ignore[arg-type]
    view = DashboardView(board, lambda: now)
    view.statistics = Statistics(messages=1234, duplicates=5)
    console.print(view, height=height)
    out.flush()
    return raw.getvalue().decode(encoding)


def without_style(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_what_it_counts_is_what_the_events_come_to() -> None:
    events = room()
    board = filled(events)
    ends = [event for event in events if isinstance(event, GiftStreakEndEvent)]
    assert board.gifts == sum(event.total for event in ends) > 0
    assert board.diamonds == sum(event.diamonds for event in ends) == sum(board.givers.values())
    assert board.counts["comment"] == sum(event.name == "comment" for event in events)
    assert board.streaks == {}
    assert (board.unique_id, board.state, board.state_detail) == ("anna", "closed", "room ended")


def test_the_likes_are_those_of_the_room_that_the_host_is_in() -> None:
    board = Board()
    for room_id, likes in ((1, 900), (1, 950), (2, 3)):
        board.take(ConnectEvent(room_id=room_id), now=0.0)
        board.take(LikeEvent(room_id=room_id, room_likes=likes), now=1.0)
        assert (board.room_id, board.likes) == (room_id, likes)
    board.take(ConnectEvent(room_id=2), now=2.0)
    assert board.likes == 3


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_it_fits_the_terminal(width: int, height: int) -> None:
    board = filled(life(60))
    lines = without_style(drawn(board, width, height)).split("\n")
    assert len(lines[:-1] if not lines[-1] else lines) == height
    assert all(cell_len(line) <= width for line in lines)
    assert lines[0].startswith(" LIVE  @anna")


@pytest.mark.parametrize("width", [80, 140])
def test_it_shows_chat_gifts_viewers_and_the_connection(width: int) -> None:
    board = filled(life(60))
    seen = without_style(drawn(board, width, 24))
    for title in ("chat", "gifts", "viewers", "connection"):
        assert f" {title} " in seen
    assert f"{board.likes:,} likes" in seen
    assert f"{board.diamonds:,} diamonds" in seen
    assert "1,234 messages" in seen
    assert "5 repeats" in seen
    assert "▁" in seen or "█" in seen


def test_no_colour_and_no_unicode_where_there_is_none() -> None:
    board = filled(life(60))
    plain = drawn(board, 80, 24, no_color=True, color_system=None)
    assert "\x1b[3" not in plain
    assert drawn(board, 80, 24, encoding="ascii")


def test_a_running_streak_is_shown_until_its_end_or_until_it_is_old() -> None:
    ann, rose = User(id=1, nickname="Ann"), GiftInfo(id=5655, name="Rose", type=1, diamond_count=1)
    step = GiftEvent(user=ann, gift=Gift(info=rose, count=3, streakable=True, streaking=True), group_id=9, delta=3)
    end = GiftStreakEndEvent(user=ann, gift=rose, group_id=9, total=7, diamonds=7, to_user=None)
    board = Board()
    board.take(step, now=1.0)
    assert [(streak.giver, streak.gift, streak.count) for streak in board.streaks.values()] == [("Ann", "Rose", 3)]
    assert re.search(r"» Ann +Rose +x3", without_style(drawn(board, 80, 24, now=2.0)))
    assert re.search(r"> Ann +Rose +x3", without_style(drawn(board, 80, 24, now=2.0, encoding="ascii")))
    board.take(end, now=2.0)
    assert (board.streaks, board.gifts, board.diamonds) == ({}, 7, 7)
    # What is over is not marked as running.
    assert re.search(r"│ +Ann +Rose +x7", without_style(drawn(board, 80, 24, now=2.0)))
    board.take(step, now=3.0)
    board.forget_old_streaks(now=3.0 + STREAK_SHOWN)
    assert board.streaks
    board.forget_old_streaks(now=3.1 + STREAK_SHOWN)
    assert not board.streaks


def test_joins_in_a_row_share_a_line() -> None:
    joins = [event for event in room(seconds=120) if event.name == "join"][:4]
    board = filled(joins)
    assert len(board.chat) == 1
    assert board.chat[0].text.endswith(" and 2 more came in")


def join(name: str, viewers: int) -> JoinEvent:
    return JoinEvent(user=User(id=1, nickname=name), total_viewers=viewers, action_id=1)


def test_who_comes_in_twice_is_named_once_and_not_at_length() -> None:
    board = filled([join("x" * 60, 5), join("x" * 60, 5), join("Ann", 5)])
    [line] = board.chat
    first, _, rest = line.text.partition(", ")
    assert rest == "Ann came in" and len(first) == LONGEST_NAME


def test_the_number_of_viewers_is_that_of_the_graph() -> None:
    board = filled([join("Ann", 5)])
    assert board.viewers == 5
    board.take(ViewerUpdateEvent(viewer_count=100, top_viewers=(), total_viewers=0, anonymous_count=0), now=1.0)
    board.take(join("Ben", 7), now=2.0)
    assert board.viewers == 100
    seen = without_style(drawn(board, 80, 24, now=2.0))
    assert "100 watching" in seen and "100 to 100, now 100" in seen


@pytest.mark.parametrize("counts", [[5], [1, 9], list(range(300))])
def test_the_graph_fills_its_place(counts: list[int]) -> None:
    board = Board()
    for count in counts:
        event = ViewerUpdateEvent(viewer_count=count, top_viewers=(), total_viewers=0, anonymous_count=0)
        board.take(event, now=1.0)
    lines = without_style(drawn(board, 80, 24, now=2.0)).split("\n")
    start = next(number for number, line in enumerate(lines) if " viewers " in line)
    bars = [line.split("│")[-2][1:-1] for line in lines[start + 1 : start + 4]]
    # Every column reaches down to the floor, the highest count up to the ceiling.
    assert " " not in bars[-1] and len({len(bar) for bar in bars}) == 1
    assert len(counts) == 1 or "█" in bars[0]


def test_pictures_give_wide_letters_their_two_cells() -> None:
    row = '<text class="r1" x="12.2" y="20" textLength="61" clip-path="url(#l)">a&amp;ゆ🌸b</text>'
    widths = [(float(x), float(width), text) for x, width, text in PIECE.findall(with_true_widths(row))]
    assert widths == [(12.2, 24.4, "a&amp;"), (36.6, 48.8, "ゆ🌸"), (85.4, 12.2, "b")]


def test_it_tells_how_the_connection_is() -> None:
    board = Board()
    assert without_style(drawn(board, 80, 24)).startswith(" CONNECTING ")
    board.take(ConnectEvent(room_id=7, unique_id="anna", attempt=2), now=10.0)
    seen = without_style(drawn(board, 80, 24))
    assert "0:00:50, 1 reconnect" in seen
    board.take(ReconnectingEvent(reason=CloseReason.STALE, attempt=3, delay=4.0, detail="silence"), now=20.0)
    assert "WAITING  @anna  try 3 in 4 s: silence" in without_style(drawn(board, 80, 24))
    board.take(ClosedEvent(room_id=7, reason=CloseReason.NETWORK, detail="gone"), now=30.0)
    assert summary(board) == ["@anna: nothing happened", "closed: network"]


def test_everything_it_keeps_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_module, "KEPT_GIVERS", 10)
    board = Board()
    rose = GiftInfo(id=1, name="Rose", type=1, diamond_count=1)
    for number in range(1, KEPT_LINES * 3):
        user = User(id=number, nickname=f"N{number}")
        gift = Gift(info=rose, count=1, streakable=True, streaking=True)
        board.take(GiftEvent(user=user, gift=gift, group_id=1, delta=1), now=0.0)
        board.take(ViewerUpdateEvent(viewer_count=number, top_viewers=(), total_viewers=0, anonymous_count=0), now=0.0)
    assert len(board.streaks) == KEPT_STREAKS
    for number in range(1, KEPT_LINES * 3):
        user = User(id=number, nickname=f"N{number}")
        end = GiftStreakEndEvent(user=user, gift=rose, group_id=1, total=1, diamonds=1, to_user=None)
        board.take(end, now=0.0)
    assert len(board.givers) == 10
    for event in room(seconds=600):
        board.take(event, now=0.0)
    assert len(board.chat) <= KEPT_LINES
    assert len(board.given) <= board_module.KEPT_GIFTS
    assert len(board.viewer_history) <= board_module.KEPT_VIEWERS


def test_no_text_is_kept_at_any_length() -> None:
    long = "ab " * 300_000
    rose = GiftInfo(id=1, name=long, type=1, diamond_count=1)
    board = Board()
    for number, user in enumerate((User(id=1, nickname=long), User(id=2, unique_id=long))):
        board.take(CommentEvent(user=user, comment=long), now=0.0)
        board.take(CommentEvent(user=user, emotes=(Emote(id=5),) * 100_000), now=0.0)
        gift = Gift(info=rose, count=1, streakable=True, streaking=True)
        board.take(GiftEvent(user=user, gift=gift, group_id=number, delta=1), now=0.0)
        board.take(GiftStreakEndEvent(user=user, gift=rose, group_id=9, total=1, diamonds=1, to_user=None), now=0.0)
    board.take(ClosedEvent(reason=CloseReason.NETWORK, detail=long), now=0.0)
    kept = [*board.chat, *board.streaks.values(), *board.given, *board.givers, board.state_detail]
    assert max(len(repr(each)) for each in kept) < 3 * LONGEST


def test_a_name_cannot_break_the_picture() -> None:
    nasty = User(id=1, nickname="\x1b[2J[bold red]" + "x" * 500)
    rose = GiftInfo(id=1, name="[link=http://evil]Rose[/link]", type=1, diamond_count=1)
    board = Board()
    board.take(GiftStreakEndEvent(user=nasty, gift=rose, group_id=1, total=1, diamonds=1, to_user=None), now=0.0)
    seen = drawn(board, 80, 24)
    assert "\x1b[2J" not in seen
    assert "\x1b]8" not in seen
    assert "[2J" in without_style(seen)


def test_trouble_is_told_before_repeats() -> None:
    board = Board()
    view = DashboardView(board, lambda: 0.0)
    view.statistics = replace(Statistics(), dropped=2, undecodable=1, unknown=4, duplicates=5, partial=2)
    console = Console(file=io.StringIO(), width=140, height=40, record=True)
    console.print(view, height=40)
    assert "2 lost, 3 broken, 4 unknown, 5 repeats" in console.export_text()
