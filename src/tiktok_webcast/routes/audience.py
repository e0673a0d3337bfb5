"""The top viewers of a room; TikTok gives it only to a login (protocol/http.md section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..context import WebContext
from ..evidence import Evidence
from ..http import HttpRequest, HttpResponse, TransportFailure
from ..webjson import as_count, as_dict, as_id, as_list, as_text, dig
from . import webcast_answer

SOURCE = "audience list"
MAX_RANKS = 1000


@dataclass(frozen=True)
class RankedViewer:
    """One viewer of the list."""

    rank: int
    score: int
    """Coins given."""
    user_id: int | None
    unique_id: str
    nickname: str
    raw: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Audience:
    """The viewers of a room, as far as it names them."""

    total: int
    anonymous: int
    ranks: tuple[RankedViewer, ...]


def build(room_id: int, anchor_id: int, context: WebContext) -> HttpRequest:
    """Return the request for the audience of a room and its host's user id."""
    params = (("room_id", str(room_id)), ("anchor_id", str(anchor_id)))
    return context.web_request(f"{context.endpoints.webcast}/webcast/ranklist/online_audience/", params)


def parse(answer: HttpResponse | TransportFailure) -> Audience | Evidence:
    """Read the list."""
    failure, document = webcast_answer.read(SOURCE, answer)
    if failure is not None:
        return failure
    data = as_dict(dig(document, "data"))
    ranks = as_list(data.get("ranks"))[:MAX_RANKS]
    return Audience(
        as_count(data.get("total")),
        as_count(data.get("anonymous")),
        tuple(_viewer(entry) for entry in ranks if isinstance(entry, dict)),
    )


def _viewer(entry: dict[str, Any]) -> RankedViewer:
    user = as_dict(entry.get("user"))
    return RankedViewer(
        as_count(entry.get("rank")),
        as_count(entry.get("score")),
        as_id(user.get("id_str")) or as_id(user.get("id")),
        as_text(user.get("display_id")),
        as_text(user.get("nickname")),
        entry,
    )
