"""`Video`: the streams that the simulated room info names, endless, and what can befall them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zlib import crc32

from ..http import HttpResponse
from .asking import Asked, read_id
from .clip import CLIP_MS, Clip, flv_header, flv_tag, ts_segment

LIFETIME = 3600.0
"""Seconds that an address of a stream holds."""
_LEAD = 1000
"""Clips that were shown before the simulator began."""
_LISTED = 4
"""Segments in a playlist."""
_SMALL = "ld"
Clips = Mapping[str, bytes]
"""FLV files by quality: `origin`, ..., `ao`."""


class Video:
    """All streams of a world. Time is the world's `now`, in seconds."""

    def __init__(self, clips: Callable[[], Clips] | None = None, *, seed: int = 0, lifetime: float = LIFETIME) -> None:
        self.lifetime: float = lifetime
        self._load = clips
        self._seed = seed
        self._clips: dict[str, Clip] | None = None
        self.cuts: int = 0
        """How often all connections were cut."""
        self._valid_from = -1.0
        self._resized: list[int] = []

    # --- what befalls them ------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Every FLV connection breaks off."""
        self.cuts += 1

    def expire(self, *, now: float) -> None:
        """Every address that was given out until now is refused from now on."""
        self._valid_from = now

    def resize(self, *, now: float) -> None:
        """From the next clip on all pictures are small, or again as they were: as when a guest joins."""
        self._resized.append(clip_number(now) + 1)

    # --- asking -----------------------------------------------------------------------------------------------------

    def query(self, *, now: float) -> str:
        """What makes an address valid, for a while."""
        made = int(now * 1000)
        return f"?made={made}&expire={made + int(self.lifetime * 1000)}&sign={self._sign(made)}"

    def answer(self, asked: Asked, parts: list[str], *, now: float) -> HttpResponse | FlvFeed:
        """Answer a request for `/__sim__/stream/...`; `parts` are what follows."""
        if self._load is None or not parts:
            return HttpResponse(404)
        if self._clips is None:
            self._clips = {name: Clip.from_flv(data) for name, data in self._load().items()}
        quality = parts[0].partition("_")[2].removesuffix(".flv")
        if quality not in self._clips:
            return HttpResponse(404)
        if not self._is_valid(asked, now):
            return HttpResponse(403)
        if len(parts) == 1:
            return FlvFeed(self, quality, now=now) if parts[0].endswith(".flv") else HttpResponse(404)
        return self._hls(parts[1], quality, now, asked.query)

    def clip(self, quality: str, number: int) -> Clip:
        """What a quality shows as its clip `number`."""
        small = sum(number >= since for since in self._resized) % 2 == 1
        return (self._clips or {})[_SMALL if small and quality != "ao" else quality]

    def _hls(self, name: str, quality: str, now: float, query: Mapping[str, str]) -> HttpResponse:
        newest = clip_number(now)
        if name == "index.m3u8":
            first = newest - _LISTED
            sign = "&".join(f"{key}={query[key]}" for key in ("made", "expire", "sign"))
            lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:2", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
            for number in range(first, newest):
                lines += [f"#EXTINF:{CLIP_MS / 1000:.3f},", f"{number}.ts?{sign}"]
            return HttpResponse(
                200, (("Content-Type", "application/vnd.apple.mpegurl"),), "\n".join([*lines, ""]).encode()
            )
        asked = read_id(name.removesuffix(".ts"))
        if asked is None or not newest - 3 * _LISTED <= asked < newest:
            return HttpResponse(404)
        return HttpResponse(200, (("Content-Type", "video/mp2t"),), ts_segment(self.clip(quality, asked), asked))

    def _is_valid(self, asked: Asked, now: float) -> bool:
        made, expire = read_id(asked.query.get("made", "")), read_id(asked.query.get("expire", ""))
        if made is None or expire is None:
            return False
        signed = asked.query.get("sign") == self._sign(made)
        return signed and made / 1000 > self._valid_from and now * 1000 < expire

    def _sign(self, made: int) -> str:
        return f"{crc32(f'{self._seed}:{made}'.encode()):08x}"


def clip_number(now: float) -> int:
    """The number of the clip that is being shown."""
    return _LEAD + int(now * 1000) // CLIP_MS


class FlvFeed:
    """One connection that an FLV stream goes to. It begins with the clip that is being shown."""

    def __init__(self, video: Video, quality: str, *, now: float) -> None:
        self._video = video
        self._quality = quality
        self._cuts = video.cuts
        self._number = clip_number(now)
        self._shown = 0
        self._clip: Clip | None = None

    def next_bytes(self, *, now: float) -> bytes | None:
        """What is due; `None` when the connection breaks off."""
        if self._video.cuts != self._cuts:
            return None
        until = _LEAD * CLIP_MS + int(now * 1000)
        chunks: list[bytes] = []
        while True:
            clip = self._video.clip(self._quality, self._number)
            begin = self._number * CLIP_MS
            if clip is not self._clip:
                if self._clip is None:
                    chunks.append(flv_header(clip))
                chunks += [flv_tag(header, begin) for header in clip.headers]
                self._clip = clip
            while self._shown < len(clip.frames):
                frame = clip.frames[self._shown]
                if begin + frame.at > until:
                    return b"".join(chunks)
                chunks.append(flv_tag(frame, begin + frame.at))
                self._shown += 1
            self._number, self._shown = self._number + 1, 0
            if self._number * CLIP_MS > until:
                return b"".join(chunks)
