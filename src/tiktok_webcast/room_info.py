"""`RoomInfo`: what TikTok tells about a room, typed, and the video streams in it (protocol/http.md section 6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from .evidence import STATUS_NUMBERS, RoomStatus
from .webjson import BadJson, as_bool, as_count, as_dict, as_id, as_int, as_list, as_text, as_urls, dig, parse_json

QUALITIES = ("origin", "uhd", "hd", "sd", "ld", "audio")
"""Names of qualities, best first; `audio` has no picture."""
FORMATS = ("flv", "hls", "cmaf")
"""Names of formats, the most reliable first."""

_QUALITY_NAMES = {"ao": "audio"}
_FLV_NAMES = {"FULL_HD1": "origin", "HD1": "hd", "SD1": "sd", "SD2": "ld", "AUDIO": "audio"}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LATEST = 253_402_300_799


@dataclass(frozen=True)
class Stream:
    """One way to get the video. The address carries an expiry and a signature: use it soon, do not store it."""

    quality: str
    format: str
    url: str = field(repr=False)


@dataclass(frozen=True)
class RoomOwner:
    """The host of a room."""

    user_id: int | None
    unique_id: str
    nickname: str
    sec_uid: str
    bio: str
    avatar_urls: tuple[str, ...]
    followers: int
    following: int


@dataclass(frozen=True)
class BattleScore:
    """One side's score in a battle."""

    user_id: int | None
    score: int
    raw: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class RoomInfo:
    """A room as TikTok describes it. Counts that TikTok leaves out are 0, texts are empty; `raw` has the rest."""

    room_id: int | None
    title: str
    status: RoomStatus
    created_at: datetime | None
    """When the stream began, by TikTok's clock (UTC)."""
    viewer_count: int
    """People watching now."""
    total_viewers: int
    like_count: int
    comment_count: int
    share_count: int
    follow_count: int
    cover_urls: tuple[str, ...]
    share_url: str
    owner: RoomOwner
    is_multi_guest: bool
    rival_user_id: int | None
    """The other host in a battle."""
    battle_scores: tuple[BattleScore, ...]
    streams: tuple[Stream, ...]
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    """The whole `data` object."""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> RoomInfo:
        """Read the `data` object of a room info answer, whatever is missing or odd in it."""
        stats, link = dig(data, "stats"), dig(data, "link_mic")
        return cls(
            room_id=as_id(data.get("id_str")) or as_id(data.get("id")),
            title=as_text(data.get("title")),
            status=STATUS_NUMBERS.get(as_int(data.get("status")) or 0, RoomStatus.UNKNOWN),
            created_at=unix_time(data.get("create_time")),
            viewer_count=as_count(data.get("user_count")),
            total_viewers=as_count(dig(stats, "total_user")),
            like_count=as_count(dig(stats, "like_count")),
            comment_count=as_count(dig(stats, "comment_count")),
            share_count=as_count(dig(stats, "share_count")),
            follow_count=as_count(dig(stats, "follow_count")),
            cover_urls=as_urls(data.get("cover")),
            share_url=as_text(data.get("share_url")),
            owner=_owner(as_dict(data.get("owner"))),
            is_multi_guest=as_bool(dig(link, "multi_live_enum")),
            rival_user_id=as_id(dig(link, "rival_anchor_id")),
            battle_scores=tuple(
                _score(entry) for entry in as_list(dig(link, "battle_scores")) if isinstance(entry, dict)
            ),
            streams=tuple(_streams(dig(data, "stream_url"))),
            raw=data,
        )

    def stream(self, quality: str = "origin", format: str = "flv") -> Stream | None:
        """Return the stream that comes nearest to what is wanted; `None` when the room has none.

        The format gives way before the quality does: `flv` and then any stands in for one that is missing; after that
        the next lower quality, then the next higher one. Only for `audio` is a stream without picture chosen, unless
        there is nothing else.
        """
        picture = QUALITIES[:-1]
        wanted = picture.index(quality) if quality in picture else 0
        order = [quality, *picture[wanted:], *reversed(picture[:wanted]), "audio"]
        if quality == "audio":
            order = ["audio", *reversed(picture)]
        for name in order:
            found = {stream.format: stream for stream in reversed(self.streams) if stream.quality == name}
            for kind in (format, *FORMATS, *found):
                if kind in found:
                    return found[kind]
        return None


def _owner(data: dict[str, Any]) -> RoomOwner:
    return RoomOwner(
        as_id(data.get("id_str")) or as_id(data.get("id")),
        as_text(data.get("display_id")),
        as_text(data.get("nickname")),
        as_text(data.get("sec_uid")),
        as_text(data.get("bio_description")),
        tuple(
            dict.fromkeys(url for size in ("large", "medium", "thumb") for url in as_urls(data.get(f"avatar_{size}")))
        ),
        as_count(dig(data, "follow_info", "follower_count")),
        as_count(dig(data, "follow_info", "following_count")),
    )


def _score(entry: dict[str, Any]) -> BattleScore:
    user = next((as_id(entry.get(name)) for name in ("user_id", "anchor_id", "id") if as_id(entry.get(name))), None)
    return BattleScore(user, as_count(entry.get("score")), entry)


def _streams(source: Any) -> Iterator[Stream]:
    seen: set[tuple[str, str]] = set()
    for quality, kind, url in (*_sdk_streams(source), *_pull_urls(source)):
        if isinstance(url, str) and url.startswith(("https://", "http://")) and (quality, kind) not in seen:
            seen.add((quality, kind))
            yield Stream(quality, kind, url)


def _sdk_streams(source: Any) -> Iterator[tuple[str, str, Any]]:
    packed = dig(source, "live_core_sdk_data", "pull_data", "stream_data")
    document = parse_json(packed) if isinstance(packed, str) else packed
    if isinstance(document, BadJson):
        return
    for quality, entry in list(as_dict(dig(document, "data")).items())[:100]:
        for kind in FORMATS:
            yield _QUALITY_NAMES.get(quality, quality), kind, dig(entry, "main", kind)


def _pull_urls(source: Any) -> Iterator[tuple[str, str, Any]]:
    for key, kind in (("flv_pull_url", "flv"), ("hls_pull_url_map", "hls")):
        for name, url in list(as_dict(dig(source, key)).items())[:100]:
            yield _FLV_NAMES.get(name, name.lower()), kind, url
    yield "origin", "hls", dig(source, "hls_pull_url")
    yield "origin", "flv", dig(source, "rtmp_pull_url")


def unix_time(value: Any) -> datetime | None:
    """Return seconds or milliseconds since 1970 as an aware time; `None` for 0 and for nonsense."""
    seconds = as_int(value) or 0
    if seconds > 10**11:
        seconds //= 1000
    return _EPOCH + timedelta(seconds=seconds) if 0 < seconds <= _LATEST else None
