"""Which sources are asked about a room, in which order, and how their answers are weighed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .close import CloseReason
from .context import WebContext
from .evidence import Evidence, RoomStatus
from .http import Exchange, HttpResponse, TransportFailure
from .routes import api_live, check_alive, live_page, profile_page, room_info, short_link
from .user_input import RoomId, ShortLink, UniqueId, UserId, UserInput, is_unique_id

OPEN = frozenset([RoomStatus.LIVE, RoomStatus.PAUSED])

RoomLookup = Callable[[str, WebContext], Exchange[Evidence]]
"""A further way to a user's room id, asked when TikTok's own pages say nothing: `(unique_id, context)`."""


@dataclass
class Survey:
    """What was asked so far, and what it comes to."""

    evidence: list[Evidence] = field(default_factory=list)
    status: RoomStatus = RoomStatus.UNKNOWN
    room_id: int | None = None
    confirmed: bool = False
    """Whether at least two sources agree and none denies it."""
    conflict: bool = False
    """Whether sources contradict each other, with no majority."""
    enterable: bool = False
    """Whether the room may be entered."""
    unique_id: str = ""
    user_id: int | None = None
    title: str = ""
    restriction: str = ""
    info: dict[str, Any] | None = None

    def add(self, item: Evidence, answer: HttpResponse | TransportFailure | None = None) -> Evidence:
        """Take down what one answer says."""
        if answer is not None:
            item = item.answered_by(answer)
        self.evidence.append(item)
        if is_unique_id(item.unique_id):
            # The name goes into addresses and is shown to people: nothing that a name cannot be.
            self.unique_id = self.unique_id or item.unique_id
        self.user_id = self.user_id or item.user_id
        self.title = self.title or item.title
        return item

    def settle(self, status: RoomStatus, *, confirmed: bool, restriction: str = "") -> None:
        """Fix the result."""
        self.status, self.confirmed, self.restriction = status, confirmed, restriction
        self.enterable = status in OPEN and self.room_id is not None
        self.conflict = False


def survey(
    user: UserInput, context: WebContext, *, ask_info: bool = True, further: Sequence[RoomLookup] = ()
) -> Exchange[Survey]:
    """Ask the sources about a user's room until two agree or none is left."""
    found = Survey()
    target: UserInput | None = user
    if isinstance(target, ShortLink):
        target = yield from _follow(target, found, context)
    if isinstance(target, UserId):
        target = yield from _name(target, found, context)
    if isinstance(target, RoomId):
        yield from _survey_room(target.room_id, found, context)
    elif isinstance(target, UniqueId):
        yield from _survey_user(target.unique_id, found, context, ask_info, further)
    return found


def _follow(link: ShortLink, found: Survey, context: WebContext) -> Exchange[UserInput | None]:
    answer = yield from context.fetch(short_link.build(link.url, context))
    item, target = short_link.parse(answer)
    found.add(item, answer)
    if target is None:
        found.settle(item.status, confirmed=False, restriction=item.restriction)
    return target


def _name(user: UserId, found: Survey, context: WebContext) -> Exchange[UserInput | None]:
    answer = yield from context.fetch(profile_page.build(user.user_id, context))
    item = found.add(profile_page.parse(answer)[0], answer)
    if is_unique_id(item.unique_id):
        return UniqueId(item.unique_id)
    found.settle(item.status, confirmed=False, restriction=item.restriction)
    return None


def _survey_room(room_id: int, found: Survey, context: WebContext) -> Exchange[None]:
    found.room_id = room_id
    info = yield from _ask_info(room_id, found, context)
    if info.answered:
        found.settle(info.status, confirmed=False, restriction=info.restriction)
        return
    alive = yield from _ask_alive(room_id, found, context)
    if alive.answered and alive.status is not RoomStatus.LIVE:
        found.settle(alive.status, confirmed=False, restriction=alive.restriction)
    elif not _unreachable(found.evidence):
        # Whoever gives a room id wants that room: what keeps them out is a source that denies it, not silence.
        found.settle(alive.status, confirmed=False)
        found.enterable = True


def _survey_user(
    unique_id: str, found: Survey, context: WebContext, ask_info: bool, further: Sequence[RoomLookup]
) -> Exchange[None]:
    answer = yield from context.fetch(live_page.build(unique_id, context))
    page = found.add(live_page.parse(answer), answer)
    answer = yield from context.fetch(api_live.build(unique_id, context))
    lookup = found.add(api_live.parse(answer), answer)
    if _unreachable((page, lookup)):
        return
    rooms = _distinct((lookup.room_id, page.room_id))
    found.room_id = rooms[0] if rooms else None
    if page.status in OPEN and lookup.status in OPEN and rooms:
        yield from _confirm_open(lookup.status, rooms, found, context, ask_info)
    elif page.status is lookup.status is RoomStatus.OFFLINE or (page.no_room and lookup.status is RoomStatus.OFFLINE):
        found.settle(RoomStatus.OFFLINE, confirmed=True)
    elif lookup.status is RoomStatus.NOT_FOUND and page.no_room:
        found.settle(RoomStatus.NOT_FOUND, confirmed=True)
    else:
        yield from _break_tie(unique_id, rooms, found, context, further)


def _confirm_open(
    status: RoomStatus, rooms: Sequence[int], found: Survey, context: WebContext, ask_info: bool
) -> Exchange[None]:
    found.settle(status, confirmed=len(rooms) == 1)
    if len(rooms) == 1 and not ask_info:
        return
    for room_id in rooms:
        info = yield from _ask_info(room_id, found, context)
        if info.status is RoomStatus.RESTRICTED:
            found.settle(RoomStatus.RESTRICTED, confirmed=True, restriction=info.restriction)
            return
        if info.status in OPEN:
            found.room_id = room_id
            found.settle(info.status, confirmed=True)
            return
        if info.status is RoomStatus.OFFLINE:
            found.confirmed = False


def _break_tie(
    unique_id: str, rooms: Sequence[int], found: Survey, context: WebContext, further: Sequence[RoomLookup]
) -> Exchange[None]:
    denied = any(item.status is RoomStatus.NOT_FOUND for item in found.evidence)
    if rooms:
        for room_id in rooms:
            info = yield from _ask_info(room_id, found, context)
            if info.status in OPEN or info.status is RoomStatus.RESTRICTED:
                found.room_id = room_id
                break
    elif denied or any(item.no_room for item in found.evidence):
        yield from _ask_profile(unique_id, denied, found, context)
        return
    else:
        yield from _ask_by_user(unique_id, found, context)
        for lookup in further:
            if found.room_id is not None or any(item.answered for item in found.evidence):
                break
            item = found.add((yield from lookup(unique_id, context)))
            if item.room_id is not None:
                found.room_id = item.room_id
                yield from _ask_info(item.room_id, found, context)
    weigh(found)
    if not found.confirmed and found.room_id is not None and found.status is not RoomStatus.RESTRICTED:
        yield from _ask_alive(found.room_id, found, context)
        weigh(found)


def weigh(found: Survey) -> None:
    """Settle a survey by what its evidence says, each source one vote.

    The alive check has no vote of its own: its "yes" has been seen for every room there is, so it only confirms what
    another source says; its "no" counts.
    """
    strong = [item for item in found.evidence if item.source != check_alive.SOURCE]
    alive = next((item.status for item in found.evidence if item.source == check_alive.SOURCE), RoomStatus.UNKNOWN)
    gate = next((item for item in strong if item.status is RoomStatus.RESTRICTED), None)
    live = [item.status for item in strong if item.status in OPEN]
    ended = [item for item in strong if item.status is RoomStatus.OFFLINE]
    missing = [item for item in strong if item.status is RoomStatus.NOT_FOUND]
    denials = len(ended) + len(missing) + (alive is RoomStatus.OFFLINE)
    if gate is not None and not ended and not missing and len(live) < 2:
        found.settle(RoomStatus.RESTRICTED, confirmed=bool(live), restriction=gate.restriction)
    elif live and len(live) > denials:
        found.settle(live[-1], confirmed=not denials and len(live) + (alive is RoomStatus.LIVE) > 1)
    elif (ended or missing) and denials > len(live):
        status = RoomStatus.OFFLINE if len(ended) >= len(missing) else RoomStatus.NOT_FOUND
        found.settle(status, confirmed=not live and denials > 1 and not (ended and missing))
    else:
        found.settle(RoomStatus.UNKNOWN, confirmed=False)
        found.conflict = bool(live)


def _ask_info(room_id: int, found: Survey, context: WebContext) -> Exchange[Evidence]:
    answer = yield from context.fetch(room_info.build(room_id, context))
    item, data = room_info.parse(answer)
    found.info = data or found.info
    return found.add(item, answer)


def _ask_by_user(unique_id: str, found: Survey, context: WebContext) -> Exchange[None]:
    answer = yield from context.fetch(room_info.build_by_user(unique_id, context))
    item, data = room_info.parse(answer)
    found.info = data or found.info
    found.add(item, answer)
    found.room_id = item.room_id


def _ask_alive(room_id: int, found: Survey, context: WebContext) -> Exchange[Evidence]:
    answer = yield from context.fetch(check_alive.build((room_id,), context))
    return found.add(check_alive.evidence(answer, room_id), answer)


def _ask_profile(unique_id: str, denied: bool, found: Survey, context: WebContext) -> Exchange[None]:
    answer = yield from context.fetch(profile_page.build(unique_id, context))
    item = found.add(profile_page.parse(answer)[0], answer)
    if item.status is RoomStatus.NOT_FOUND:
        found.settle(RoomStatus.NOT_FOUND, confirmed=True)
    elif item.status is RoomStatus.RESTRICTED:
        found.settle(RoomStatus.RESTRICTED, confirmed=False, restriction=item.restriction)
    elif item.unique_id and not denied:
        # The user exists, and the live page shows no room: never live, or not able to go live.
        found.settle(RoomStatus.OFFLINE, confirmed=True)
    elif item.unique_id:
        found.settle(RoomStatus.UNKNOWN, confirmed=False)
        found.conflict = True
    else:
        weigh(found)


def _unreachable(evidence: Iterable[Evidence]) -> bool:
    return all(item.reason is CloseReason.NETWORK for item in evidence)


def _distinct(values: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(value for value in values if value is not None))
