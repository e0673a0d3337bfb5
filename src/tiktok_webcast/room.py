"""From a user to a room: which room it is, whether it is live, and what speaks for it.

No source is believed alone. The live page and the room lookup are always both asked; where they disagree or keep
silent, the room's own data and the alive check are asked too. A captcha or an empty page is "blocked", never "offline".
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .close import Closed, CloseReason
from .context import WebContext
from .evidence import Evidence, RoomStatus
from .http import Exchange
from .room_survey import OPEN, RoomLookup, Survey, survey
from .user_input import UserId, UserInput


@dataclass(frozen=True)
class RoomFound:
    """A room that is live or paused: it can be entered."""

    room_id: int
    unique_id: str
    """The host's name; empty when only a room id was given and TikTok did not tell."""
    status: RoomStatus
    evidence: tuple[Evidence, ...] = ()
    """What every source said, in the order asked."""
    confirmed: bool = True
    """Whether two sources agree; `False` when only one could be had."""
    user_id: int | None = None
    """The host's number, which stays when the name changes."""
    title: str = ""
    packed_info: bytes = field(default=b"", repr=False, compare=False)
    """`info` as deflated JSON: a session keeps it as long as it lives, and as objects it takes ten times the memory."""

    @property
    def info(self) -> dict[str, Any] | None:
        """The room's own data if it was asked for and given, unpacked anew; `RoomInfo.from_data` reads it."""
        if not self.packed_info:
            return None
        data: dict[str, Any] = json.loads(zlib.decompress(self.packed_info))
        return data


@dataclass(frozen=True)
class RoomFailure:
    """There is no room to enter, or it cannot be known."""

    reason: CloseReason
    detail: str
    causes: tuple[str, ...] = ()
    """What every source said, in words, in the order asked."""
    retry_after: float | None = None
    """Seconds to wait before asking again, where TikTok said so."""
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    room_id: int | None = None
    """The user's room, an old one perhaps."""
    unique_id: str = ""

    @property
    def retry(self) -> bool:
        """Whether asking again soon can help."""
        return self.reason in (CloseReason.NETWORK, CloseReason.BLOCKED, CloseReason.UNEXPECTED_ANSWER)

    def closed(self) -> Closed:
        """Return the end of a session that does not try again."""
        return Closed(self.reason, self.detail, self.causes, self.retry_after, self.facts)


@dataclass(frozen=True)
class StatusReport:
    """The status of a user's room and what speaks for it."""

    status: RoomStatus
    unique_id: str
    room_id: int | None
    evidence: tuple[Evidence, ...]
    confirmed: bool
    failure: RoomFailure | None
    """Why the room cannot be entered; `None` when it can."""
    title: str = ""


def resolve(
    user: UserInput, *, context: WebContext, room_info: bool = True, further: Sequence[RoomLookup] = ()
) -> Exchange[RoomFound | RoomFailure]:
    """Find the room of a user and whether it can be entered.

    Requests, in order: a user id is turned into a name by the profile page; then the live page, the room lookup, and
    for a room that seems live its own data (`room_info=False` leaves that out when the first two agree, and then does
    not see that a room is restricted). Where the first two disagree or keep silent: the room's data, the alive check,
    the profile page, the data by user name, then `further`. For a room id only the room's data is asked, and the alive
    check if that says nothing.
    """
    found = yield from survey(user, context, ask_info=room_info, further=further)
    return outcome(found, user, context)


def status(user: UserInput, *, context: WebContext) -> Exchange[StatusReport]:
    """Find out whether a user is live, from the same sources in the same order as `resolve`."""
    found = yield from survey(user, context)
    result = outcome(found, user, context)
    failure = result if isinstance(result, RoomFailure) else None
    return StatusReport(
        found.status,
        found.unique_id or user.unique_id or "",
        found.room_id,
        result.evidence,
        found.confirmed,
        failure,
        found.title,
    )


def outcome(found: Survey, user: UserInput, context: WebContext) -> RoomFound | RoomFailure:
    """Turn what a survey found into a room or a failure."""
    evidence = tuple(item.redacted(context.redact) for item in found.evidence)
    unique_id = found.unique_id or user.unique_id or ""
    if found.enterable and found.room_id is not None:
        packed = zlib.compress(json.dumps(found.info).encode(), 1) if found.info else b""
        return RoomFound(
            found.room_id, unique_id, found.status, evidence, found.confirmed, found.user_id, found.title, packed
        )
    reason, detail = _explain(found, user, context)
    waits = [item.retry_after for item in evidence if item.retry_after is not None]
    facts: list[tuple[str, str]] = []
    told = next((item for item in evidence if reason in (item.reason, _BY_STATUS.get(item.status))), None)
    if told is not None:
        status = "" if told.http_status is None else str(told.http_status)
        facts += [pair for pair in (("status", status), ("url", told.url), ("body", told.body)) if pair[1]]
    if found.restriction:
        facts.append(("restriction", found.restriction))
        facts.append(("logged_in", "yes" if context.logged_in else "no"))
    return RoomFailure(
        reason,
        detail,
        tuple(str(item) for item in evidence),
        max(waits, default=None),
        evidence,
        tuple(facts),
        found.room_id,
        unique_id,
    )


_BY_STATUS = {
    RoomStatus.OFFLINE: CloseReason.OFFLINE,
    RoomStatus.NOT_FOUND: CloseReason.USER_NOT_FOUND,
    RoomStatus.RESTRICTED: CloseReason.RESTRICTED,
}
_WEIGHT = (CloseReason.BLOCKED, CloseReason.UNEXPECTED_ANSWER, CloseReason.LIMIT, CloseReason.NETWORK)


def _explain(found: Survey, user: UserInput, context: WebContext) -> tuple[CloseReason, str]:
    who = f"@{found.unique_id or user.unique_id}" if found.unique_id or user.unique_id else str(user)
    reason = _BY_STATUS.get(found.status)
    if reason is CloseReason.OFFLINE:
        return reason, f"{who} is not live"
    if reason is CloseReason.USER_NOT_FOUND:
        hint = " (a room id is written `room:NUMBER`)" if isinstance(user, UserId) else ""
        return reason, f"there is no {who}{hint}"
    if reason is CloseReason.RESTRICTED:
        return reason, _restriction(found, who, context)
    if found.status in OPEN:
        return CloseReason.UNEXPECTED_ANSWER, f"{who} is live, and no source names the room"
    if found.conflict:
        return CloseReason.UNEXPECTED_ANSWER, f"the sources contradict each other about {who}"
    reasons = {item.reason for item in found.evidence if item.reason is not None}
    for candidate in _WEIGHT:
        if candidate in reasons:
            return candidate, f"no source says whether {who} is live"
    return CloseReason.UNEXPECTED_ANSWER, f"no source says whether {who} is live"


def _restriction(found: Survey, who: str, context: WebContext) -> str:
    what = {
        "age": f"the room of {who} is age restricted",
        "private": f"{who} is a private account",
        "region": f"the room of {who} is not shown in this country",
        "login": f"the room of {who} is shown only to people who are logged in",
    }.get(found.restriction, f"the room of {who} is restricted")
    if context.logged_in and found.restriction != "region":
        return f"{what}; a session id was sent, and TikTok did not accept it for this room"
    return what
