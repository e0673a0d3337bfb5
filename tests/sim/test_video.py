"""The simulator's streams, without a port: addresses that are valid for a while, and what they give."""

from __future__ import annotations

import pytest

from tiktok_webcast.http import HttpRequest, HttpResponse
from tiktok_webcast.sim.asking import read_request
from tiktok_webcast.sim.clip import CLIP_MS, Clip
from tiktok_webcast.sim.video import FlvFeed, Video, clip_number
from tiktok_webcast_transports.simulator import load_clips


def ask(video: Video, *parts: str, query: str | None = None, now: float = 1.0) -> HttpResponse | FlvFeed:
    url = f"http://127.0.0.1/__sim__/stream/{'/'.join(parts)}{video.query(now=0.5) if query is None else query}"
    return video.answer(read_request(HttpRequest("GET", url)), list(parts), now=now)


def status(answer: HttpResponse | FlvFeed) -> int:
    return answer.status if isinstance(answer, HttpResponse) else 200


def test_only_what_is_shown_is_found() -> None:
    video = Video(load_clips)
    newest = clip_number(1.0)
    assert status(ask(Video(), "1_hd.flv")) == 404, "a world without clips has no video"
    assert status(ask(video)) == 404
    assert status(ask(video, "1_nonsense.flv")) == 404
    assert status(ask(video, "1_hd")) == 404
    assert isinstance(ask(video, "1_hd.flv"), FlvFeed)
    for name, expected in (("index.m3u8", 200), (f"{newest - 1}.ts", 200), (f"{newest}.ts", 404), ("x.ts", 404)):
        assert status(ask(video, "1_hd", name)) == expected, name
    assert status(ask(video, "1_hd", f"{newest - 100}.ts")) == 404
    assert status(ask(video, "1_hd", f"{'1' * 13}.ts")) == 404


@pytest.mark.parametrize(
    "query", ["", "?made=1", "?made=x&expire=2", f"?made={'1' * 40}&expire=2", "?made=1&expire=9999"]
)
def test_an_address_that_was_not_signed_is_refused(query: str) -> None:
    assert status(ask(Video(load_clips), "1_hd.flv", query=query)) == 403


def test_a_stream_that_was_not_read_for_long_has_all_clips_since() -> None:
    video = Video(load_clips)
    slow, quick = ask(video, "1_hd.flv"), ask(video, "1_hd.flv")
    assert isinstance(slow, FlvFeed) and isinstance(quick, FlvFeed)
    end = 1.0 + 5 * CLIP_MS / 1000
    pieces, now = [], 1.0
    while now < end:
        pieces.append(quick.next_bytes(now=now))
        now += 0.1
    pieces.append(quick.next_bytes(now=end))
    assert slow.next_bytes(now=end) == b"".join(piece or b"" for piece in pieces)
    video.cut()
    assert slow.next_bytes(now=end) is None


def test_a_clip_that_is_too_short_is_refused() -> None:
    data = load_clips()["hd"]
    assert Clip.from_flv(data).frames
    with pytest.raises(ValueError, match="the clip is too short"):
        Clip.from_flv(data[: len(data) // 3])
