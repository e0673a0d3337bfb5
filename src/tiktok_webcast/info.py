"""What TikTok tells besides the stream of events: rooms, gifts, profiles, pictures, many rooms at once.

Each function is an `Exchange`: any transport runs it with one loop. None raises on what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from .close import CloseReason
from .context import WebContext
from .cookies import is_ip_address, leads_here
from .evidence import Evidence, RoomStatus, unexpected
from .gift_list import GiftDetails, GiftList
from .http import Exchange, FailureKind, HttpRequest, HttpResponse, TransportFailure
from .room import RoomFailure
from .room_info import RoomInfo, RoomOwner, Stream
from .routes import audience, check_alive, gift_list, live_search, profile_page, room_info
from .routes.audience import Audience, RankedViewer
from .routes.sign_services import SignedUrl
from .signer import SignFailure
from .user_input import is_unique_id
from .user_profile import UserProfile
from .web import fetch

__all__ = [
    "Audience",
    "GiftDetails",
    "GiftList",
    "Image",
    "LiveCheck",
    "RankedViewer",
    "RoomInfo",
    "RoomOwner",
    "Stream",
    "UrlSigner",
    "UserProfile",
    "check_rooms",
    "fetch_audience",
    "fetch_gift_list",
    "fetch_image",
    "fetch_profile",
    "fetch_room_info",
    "fetch_unique_id",
    "search_live",
]

UrlSigner = Callable[[str, WebContext], Exchange[SignedUrl | SignFailure]]
"""Signs a web address: `lambda url, context: server.sign_url(url, context=context)`."""


@dataclass(frozen=True)
class LiveCheck:
    """The answer of the alive check for many rooms. It alone is no proof: it has been seen to say yes to everything."""

    alive: Mapping[int, bool]
    unknown: tuple[int, ...] = ()
    """Rooms that TikTok said nothing about."""
    failures: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Image:
    """A picture."""

    url: str
    content_type: str
    data: bytes = field(repr=False)


def failed(evidence: Evidence, context: WebContext) -> RoomFailure:
    """Return the failure that one source's answer amounts to."""
    evidence = evidence.redacted(context.redact)
    by_status = {RoomStatus.RESTRICTED: CloseReason.RESTRICTED, RoomStatus.NOT_FOUND: CloseReason.USER_NOT_FOUND}
    reason = by_status.get(evidence.status) or evidence.reason or CloseReason.UNEXPECTED_ANSWER
    facts = (("restriction", evidence.restriction),) if evidence.restriction else ()
    return RoomFailure(reason, str(evidence), (str(evidence),), evidence.retry_after, (evidence,), facts)


def fetch_room_info(room: int | str, *, context: WebContext) -> Exchange[RoomInfo | RoomFailure]:
    """Ask for a room's data, by room id or by its host's name."""
    build = room_info.build(room, context) if isinstance(room, int) else room_info.build_by_user(room, context)
    evidence, data = room_info.parse((yield from context.fetch(build)))
    return RoomInfo.from_data(data) if data else failed(evidence, context)


def fetch_gift_list(
    room_id: int | None = None, *, context: WebContext, sign_url: UrlSigner | None = None
) -> Exchange[GiftList | RoomFailure]:
    """Ask for the gifts that can be sent, about 2.6 MB.

    The request goes unsigned, which was measured to be enough; where it is not, `sign_url` has it signed.
    """
    request = gift_list.build(room_id, context)
    outcome = gift_list.parse((yield from context.fetch(request)))
    if isinstance(outcome, Evidence) and sign_url is not None and outcome.reason is not CloseReason.NETWORK:
        signed = yield from sign_url(request.url, context)
        if isinstance(signed, SignedUrl) and context.is_tiktok(signed.url):
            outcome = gift_list.parse((yield from context.fetch(signed_request(request, signed))))
    return failed(outcome, context) if isinstance(outcome, Evidence) else outcome


def signed_request(request: HttpRequest, signed: SignedUrl) -> HttpRequest:
    """Return a request with a signed address, and with the user agent and headers that the signature is for."""
    extra = tuple((n, v) for n, v in signed.request_headers.items() if n.lower() not in _OURS)
    if signed.user_agent:
        extra += (("User-Agent", signed.user_agent),)
    own = {name.lower() for name, _ in extra}
    headers = tuple(pair for pair in request.headers if pair[0].lower() not in own)
    return replace(request, url=signed.url, headers=(*headers, *extra))


_OURS = frozenset(
    [
        "accept-encoding",
        "connection",
        "content-length",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    ]
)
"""Headers that a signer does not choose, in lower case: they are of our connection, or ask for what we cannot read."""


def check_rooms(room_ids: Iterable[int], *, context: WebContext) -> Exchange[LiveCheck]:
    """Ask of many rooms whether they are alive, `check_alive.MAX_ROOMS` in a request."""
    wanted = tuple(dict.fromkeys(room_ids))
    alive: dict[int, bool] = {}
    failures: list[Evidence] = []
    for start in range(0, len(wanted), check_alive.MAX_ROOMS):
        chunk = wanted[start : start + check_alive.MAX_ROOMS]
        said = check_alive.parse((yield from context.fetch(check_alive.build(chunk, context))), chunk)
        if isinstance(said, Evidence):
            failures.append(said.redacted(context.redact))
        else:
            alive |= said
    return LiveCheck(alive, tuple(room_id for room_id in wanted if room_id not in alive), tuple(failures))


def fetch_profile(user: str | int, *, context: WebContext) -> Exchange[UserProfile | RoomFailure]:
    """Ask for the profile of a user name or user id. A private account's profile has what TikTok shows of it."""
    evidence, info = profile_page.parse((yield from context.fetch(profile_page.build(user, context))))
    if info:
        return UserProfile.from_data(info, evidence.unique_id)
    return failed(evidence, context)


def fetch_unique_id(user_id: int, *, context: WebContext) -> Exchange[str | RoomFailure]:
    """Ask for the name of a user id."""
    evidence, info = profile_page.parse((yield from context.fetch(profile_page.build(user_id, context))))
    name = evidence.unique_id or (UserProfile.from_data(info).unique_id if info else "")
    return name if is_unique_id(name) else failed(evidence, context)


def fetch_audience(room_id: int, anchor_id: int, *, context: WebContext) -> Exchange[Audience | RoomFailure]:
    """Ask for the top viewers of a room, by its id and its host's user id; needs a login."""
    outcome = audience.parse((yield from context.fetch(audience.build(room_id, anchor_id, context))))
    return failed(outcome, context) if isinstance(outcome, Evidence) else outcome


def search_live(
    keyword: str, *, context: WebContext, offset: int = 0, count: int = 20
) -> Exchange[tuple[RoomInfo, ...] | RoomFailure]:
    """Search for live rooms; needs a login."""
    request = live_search.build(keyword, context, offset=offset, count=count)
    outcome = live_search.parse((yield from context.fetch(request)))
    return failed(outcome, context) if isinstance(outcome, Evidence) else outcome


def fetch_image(urls: str | Sequence[str], *, context: WebContext) -> Exchange[Image | RoomFailure]:
    """Get a picture from the first of its addresses that has it.

    The addresses come from messages, so no cookie goes along, and none that leads into the local network is followed.
    """
    failure = unexpected("image", "no address that may be asked")
    for url in ((urls,) if isinstance(urls, str) else tuple(urls))[:10]:
        if not may_fetch_image(url, context):
            continue
        headers = (("User-Agent", context.profile.user_agent), ("Accept", "image/*"), ("Accept-Encoding", "gzip"))
        request = HttpRequest("GET", url, headers, max_body=context.limits.response_body)
        answer = yield from _fetch_picture(request, context)
        outcome = _image(url, answer)
        if isinstance(outcome, Image):
            return outcome
        failure = outcome
    return failed(failure, context)


def _fetch_picture(request: HttpRequest, context: WebContext) -> Exchange[HttpResponse | TransportFailure]:
    """Make one request to the end, and follow no redirect to where no picture may be asked."""
    exchange = fetch(request, jar=None, limits=context.limits)
    try:
        step = next(exchange)
        while may_fetch_image(step.url, context):
            step = exchange.send((yield step))
    except StopIteration as stop:
        answer: HttpResponse | TransportFailure = stop.value
        return answer
    return TransportFailure(FailureKind.REDIRECT, "refused a redirect to where no picture may be asked")


def may_fetch_image(url: str, context: WebContext) -> bool:
    """Whether a picture's address may be asked: a public host by https, or one that the endpoints name."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not url.isascii() or not url.isprintable() or " " in url or not host or parts.username or port == 0:
        return False
    if context.is_tiktok(url):
        return parts.scheme in ("http", "https")
    host = host.removesuffix(".")
    private = leads_here(host) or "." not in host
    if is_ip_address(host):
        private = private or not ip_address(host).is_global
    return parts.scheme == "https" and not private


def _image(url: str, answer: HttpResponse | TransportFailure) -> Image | Evidence:
    if isinstance(answer, TransportFailure):
        return Evidence("image", detail=f"{answer.kind.value}: {answer.detail}", reason=CloseReason.NETWORK)
    kind = (answer.header("content-type") or "").partition(";")[0].strip().lower()
    if answer.status != 200 or not answer.body or kind.startswith("text/") or kind == "application/json":
        return unexpected("image", f"HTTP {answer.status}, {len(answer.body)} bytes of {kind[:40] or 'unknown type'}")
    return Image(url, kind, answer.body)
