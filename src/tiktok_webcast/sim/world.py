"""`World`: a TikTok with as many rooms as anybody asks for, a sign server and sockets, with no I/O and no clock.

    world = World(WorldOptions("first_light"), base_url="http://127.0.0.1:8080")
    answer = world.request(HttpRequest("GET", "http://127.0.0.1:8080/@ann/live"), now=0.0)
    feed = world.open_socket(url, headers, now=1.0)        # a Feed, or the HttpResponse that refuses

Every user name has a room. It insists on what TikTok insists on, and writes down what clients do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from ..config import Endpoints
from ..http import Headers, HttpRequest, HttpResponse, find_header
from . import api, pages, signing
from .asking import (
    Asked,
    bytes_answer,
    json_answer,
    packed,
    parse_cookies,
    read_cookies,
    read_id,
    read_request,
    with_headers,
)
from .door import Api
from .feed import WINDOW, Feed
from .log import Log
from .room import EPOCH_MS, make_room
from .scenario import DEFAULTS, Options, Scenario
from .scenarios import SCENARIOS, find_scenario
from .script import Frame, Refuse, Sign, SignTrouble, Step
from .signing import LIFETIME, Signature
from .truth import Manifest
from .video import Clips, FlvFeed, Video
from .visit import Stage

SOCKET_PATH = "/webcast/im/ws_proxy/ws_reuse_supplement/"
_HEARTBEAT = 10.0
_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415478da63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@dataclass(frozen=True)
class WorldOptions:
    """How a world is set up."""

    scenario: str = "everyday"
    scenarios: Mapping[str, str] = field(default_factory=dict)
    """Scenarios of single users, by name in lower case."""
    seed: int = 0
    speed: float = 1.0
    """Script seconds that pass in one second; 0: as fast as the client takes it."""
    epoch_ms: int = EPOCH_MS
    """Server time, in milliseconds since 1970, at `now` = 0."""
    options: Options = DEFAULTS
    generations: frozenset[str] = frozenset({"2025", "2026"})
    """Which forms of the sign server's API are spoken."""
    window: int = WINDOW
    """Frames that may wait for their ack."""
    images: bool = True
    """Whether pictures lead to this very simulator."""


class World:
    """All rooms, and what clients did."""

    def __init__(
        self,
        options: WorldOptions = WorldOptions(),
        *,
        base_url: str = "http://127.0.0.1:8080",
        clips: Callable[[], Clips] | None = None,
    ) -> None:
        """`base_url` is where clients reach it: the signed socket's address is made from it. Without `clips` no video.

        Raises:
            ValueError: A scenario has no such name.
        """
        self.options = options
        self.base_url: str = base_url.rstrip("/")
        self.log: Log = Log()
        self.video: Video = Video(clips, seed=options.seed)
        self.signatures_given: int = 0
        self._default = find_scenario(options.scenario)
        self._scenarios = {user.lower(): find_scenario(name) for user, name in options.scenarios.items()}
        self._stages: dict[str, Stage] = {}
        self._by_room: dict[int, Stage] = {}
        self._by_host: dict[int, Stage] = {}
        self._signatures: dict[str, Signature] = {}
        self._used: set[str] = set()
        self._identities = 0

    # --- rooms ----------------------------------------------------------------------------------------------------

    def stage(self, unique_id: str, *, room_id: int = 0) -> Stage:
        """The room of a user; made on first mention."""
        name = unique_id.lower()
        stage = self._stages.get(name)
        if stage is None:
            images = {"images": self.base_url} if self.options.images else {}
            room = make_room(
                unique_id, seed=self.options.seed, epoch_ms=self.options.epoch_ms, room_id=room_id, **images
            )
            stage = self._stages[name] = Stage(room, self._scenario(name), self.options.options)
            self._by_room[room.room_id] = self._by_host[room.host.id] = stage
        return stage

    def stage_of_room(self, room_id: int) -> Stage:
        """The room of a number; a number not heard of before is a room too."""
        return self._by_room.get(room_id) or self.stage(f"room{room_id}", room_id=room_id)

    @property
    def endpoints(self) -> Endpoints:
        """Where a client finds it."""
        return Endpoints(web=self.base_url, webcast=self.base_url, sign=self.base_url)

    def manifest(self, unique_id: str = "", *, visit: int = -1) -> Manifest:
        """The truth of a user's visit, the latest by default; without a name, of the room that was entered last."""
        name = unique_id.lower() or self._last_visited()
        stage = self.stage(name)
        if visit == -1 or not stage.visits:
            return stage.manifest()
        return stage.visits[visit].manifest()

    def clock_ms(self, now: float) -> int:
        """The server's clock."""
        return self.options.epoch_ms + int(now * 1000)

    def _scenario(self, name: str) -> Scenario:
        return self._scenarios.get(name, self._default)

    def _last_visited(self) -> str:
        entries = self.log.of("socket", "sign", "http")
        return next((entry.user for entry in reversed(entries) if entry.user), "anyone")

    # --- the web --------------------------------------------------------------------------------------------------

    def open_video(self, request: HttpRequest, *, now: float) -> HttpResponse | FlvFeed | None:
        """Answer a request for a stream of video; `None` if it is for something else."""
        asked = read_request(request)
        parts = [part for part in asked.path.split("/") if part]
        if parts[:2] != ["__sim__", "stream"]:
            return None
        answer = self.video.answer(asked, parts[2:], now=now)
        status = answer.status if isinstance(answer, HttpResponse) else 200
        self.log.add(now, "video", "", path=asked.path, query=dict(asked.query), status=status)
        return answer

    def request(self, request: HttpRequest, *, now: float) -> HttpResponse:
        """Answer one HTTP request."""
        asked = read_request(request)
        user, answer = self._answer(asked, now)
        self.log.add(
            now,
            "http",
            user,
            method=asked.method,
            path=asked.path,
            query=dict(asked.query),
            headers=asked.headers,
            status=answer.status,
        )
        return packed(answer, asked)

    def _answer(self, asked: Asked, now: float) -> tuple[str, HttpResponse]:
        parts = [part for part in asked.path.split("/") if part]
        head = parts[0] if parts else ""
        if head == "__sim__":
            return "", self._own(asked, parts[1:])
        if head == "img":
            return "", bytes_answer(_PIXEL, "image/png")
        if head.startswith("@") or asked.path in ("/", "/live"):
            user, answer = self._page(head[1:], live=parts[1:] == ["live"])
            return user, self._with_guest_cookie(answer, asked, now)
        if asked.path.startswith("/api-live/user/room"):
            return self._lookup(asked)
        if asked.path.startswith("/api/search/live/full"):
            return "", api.search(logged_in="sessionid" in asked.cookies)
        if head in ("webcast", "accounts", "tiktok"):
            return self._webcast(asked, parts, now)
        return "", json_answer({"code": 404, "message": "no such page"}, 404)

    def _own(self, asked: Asked, parts: list[str]) -> HttpResponse:
        """What only a simulator has: `/__sim__/manifest`, `/__sim__/log`, `/__sim__/scenarios`."""
        if parts == ["manifest"]:
            visit = asked.query.get("visit", "-1")
            found = read_id(visit.removeprefix("-"))
            number = -1 if found is None else -found if visit.startswith("-") else found
            user = asked.query.get("user", "")
            count = len(self.stage(user).visits) if user else 0
            return json_answer(self.manifest(user, visit=number if -count <= number < count else -1).to_dict())
        if parts == ["log"]:
            entries = [{"at": e.at, "kind": e.kind, "user": e.user, **e.detail} for e in self.log]
            return json_answer({"entries": entries})
        if parts == ["scenarios"]:
            return json_answer({name: scenario.about for name, scenario in SCENARIOS.items()})
        return json_answer({"code": 404, "message": "no such page"}, 404)

    def _page(self, user: str, *, live: bool) -> tuple[str, HttpResponse]:
        if not user:
            return "", pages.home()
        number = read_id(user)
        known = None if number is None else self._by_host.get(number)
        stage = known or self.stage(f"user{user}" if user.isdigit() else user)
        if live:
            return stage.room.unique_id, pages.live_page(stage)
        exists = stage.door.api is not Api.NOT_FOUND
        return stage.room.unique_id, pages.profile_page(stage, exists=exists)

    def _with_guest_cookie(self, answer: HttpResponse, asked: Asked, now: float) -> HttpResponse:
        if "ttwid" in asked.cookies or answer.status != 200:
            return answer
        cookie = f"ttwid={self._new_identity(now)}; Path=/; Max-Age=31536000; HttpOnly"
        return with_headers(answer, ("Set-Cookie", cookie), ("Set-Cookie", "tt_csrf_token=sim; Path=/"))

    def _new_identity(self, now: float) -> str:
        self._identities += 1
        return signing.ttwid(self.options.seed, self._identities, self.clock_ms(now) // 1000)

    def _lookup(self, asked: Asked) -> tuple[str, HttpResponse]:
        refused = api.missing(asked, "uniqueId", "aid", "sourceType")
        if refused is not None:
            return "", refused
        stage = self.stage(asked.query["uniqueId"])
        return stage.room.unique_id, api.room_lookup(stage)

    def _webcast(self, asked: Asked, parts: list[str], now: float) -> tuple[str, HttpResponse]:
        where = "/".join(parts)
        logged_in = "sessionid" in asked.cookies
        if where == "webcast/room/check_alive":
            return "", self._check_alive(asked)
        if where == "webcast/room/info":
            stage = self._asked_room(asked)
            refused = api.missing(asked, "room_id", "aid")
            return _name(stage), refused or api.room_info(stage, logged_in=logged_in, signed=self.video.query(now=now))
        if where == "webcast/room/info_by_user":
            user = asked.query.get("unique_id", "")
            stage = self.stage(user) if user else None
            refused = api.missing(asked, "unique_id", "aid")
            return user, refused or api.room_info(stage, logged_in=logged_in, signed=self.video.query(now=now))
        if where == "webcast/gift/list":
            stage = self._asked_room(asked)
            return _name(stage), api.missing(asked, "aid") or api.gift_list(stage)
        if where == "webcast/ranklist/online_audience":
            stage = self._asked_room(asked)
            return _name(stage), api.audience(logged_in=logged_in, stage=stage)
        if where == "webcast/im/fetch":
            return "", HttpResponse(200)
        return self._sign_server(asked, parts, where, now)

    def _asked_room(self, asked: Asked) -> Stage | None:
        room_id = read_id(asked.query.get("room_id", ""))
        return None if room_id is None else self._by_room.get(room_id)

    def _check_alive(self, asked: Asked) -> HttpResponse:
        refused = api.missing(asked, "room_ids", "aid")
        if refused is not None:
            return refused
        numbers = map(read_id, asked.query["room_ids"].split(",")[:50])
        return api.check_alive((number, self._by_room.get(number)) for number in numbers if number is not None)

    # --- the sign server ------------------------------------------------------------------------------------------

    def _sign_server(self, asked: Asked, parts: list[str], where: str, now: float) -> tuple[str, HttpResponse]:
        old, new = "2025" in self.options.generations, "2026" in self.options.generations
        rooms = parts[:2] == ["webcast", "rooms"] and len(parts) == 4 and read_id(parts[2]) is not None
        if where == "webcast/fetch" and old:
            return self._sign(asked, asked.query.get("room_id", ""), asked.query.get("unique_id", ""), now)
        if rooms and parts[3] == "connect" and new:
            return self._sign(asked, parts[2], "", now)
        if (where == "webcast/sign_url" and old) or (where == "tiktok/signing/encrypt/sign_url" and new):
            return "", signing.sign_url(asked)
        if where == "webcast/chat" and old:
            return "", signing.chat(asked, read_id(str(asked.json.get("targetRoomId", ""))))
        if rooms and parts[3] == "chat" and new:
            return "", signing.chat(asked, read_id(parts[2]))
        if (where == "webcast/rate_limits" and old) or (where == "accounts/me/rate_limits" and new):
            return "", signing.rate_limits(self.signatures_given, self.clock_ms(now))
        if where == "webcast/gift_info" or (rooms and parts[3] == "gifts"):
            return "", api.gift_list(None)
        if where in ("webcast/room_id", "webcast/room_info", "webcast/bulk_live_check") or parts[1:2] == ["anchors"]:
            return "", signing.paid(where)
        return "", json_answer({"code": 404, "message": "no such path"}, 404)

    def _sign(self, asked: Asked, room_id: str, unique_id: str, now: float) -> tuple[str, HttpResponse]:
        wanted = [name for name in ("client", "user_agent") if not asked.query.get(name)]
        number = read_id(room_id)
        if number is None and (room_id or not unique_id):
            wanted.append("room_id")
        if wanted:
            return unique_id, json_answer({"code": 400, "message": f"missing: {', '.join(wanted)}"}, 400)
        stage = self.stage_of_room(number) if number is not None else self.stage(unique_id)
        name = stage.room.unique_id
        self.log.add(now, "sign", name, query=dict(asked.query), path=asked.path)
        if stage.door.sign is not None:
            return name, signing.trouble(stage.door.sign)
        until = now + LIFETIME
        visit = stage.visit_for_signature(now=now, epoch_ms=self.clock_ms(now), until=until)
        sign = visit.signature()
        if isinstance(sign, SignTrouble):
            visit.take()
            stage.lost(visit, now=now)
            return name, signing.trouble(sign)
        self.signatures_given += 1
        token = signing.token(self.options.seed, self.signatures_given)
        cookie = self._new_identity(now)
        session = bool(parse_cookies(asked.header("x-cookie-header")).get("sessionid"))
        self._forget_expired(now)
        self._signatures[token] = Signature(visit, until, cookie, asked.query["user_agent"], session)
        socket = f"{self.base_url.replace('http', 'ws', 1)}{SOCKET_PATH}"
        moment = self.clock_ms(now)
        room = stage.room.room_id
        return name, signing.signed(sign, push_server=socket, token=token, cookie=cookie, room_id=room, now=moment)

    def _forget_expired(self, now: float) -> None:
        """Forget the addresses that expired a lifetime ago: until then their refusal says why."""
        while self._signatures:
            oldest = next(iter(self._signatures))
            if self._signatures[oldest].expires > now - LIFETIME:
                break
            del self._signatures[oldest]
            self._used.discard(oldest)

    # --- the socket -----------------------------------------------------------------------------------------------

    def open_socket(self, url: str, headers: Headers, *, now: float) -> Feed | HttpResponse:
        """Answer a socket's handshake: a feed to drive, or the refusal."""
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        room_id = read_id(query.get("room_id", ""))
        stage = None if room_id is None else self._by_room.get(room_id)
        answer = self._handshake(parts.path, stage, query, headers, now)
        status = answer.status if isinstance(answer, HttpResponse) else 101
        said = find_header(answer.headers, "handshake-msg") if isinstance(answer, HttpResponse) else ""
        self.log.add(now, "socket", _name(stage), url=url, query=query, headers=headers, status=status, message=said)
        return answer

    def handshake_headers(self, feed: Feed) -> Headers:
        """The headers of the answer 101."""
        interval = feed.stage.door.ping_interval
        options = (("Handshake-Options", f"ping-interval={interval:g};ping-timeout=5"),) if interval else ()
        return (("Handshake-Msg", "OK"), ("Handshake-Status", "0"), *options)

    def _handshake(
        self, path: str, stage: Stage | None, query: Mapping[str, str], headers: Headers, now: float
    ) -> Feed | HttpResponse:
        absent = [name for name in ("room_id", "aid", "device_platform", "identity") if not query.get(name)]
        if path.rstrip("/") != SOCKET_PATH.rstrip("/") or absent or stage is None:
            return refusal(400, f"invalid params: {', '.join(absent) or 'room_id'}", 1)
        cookies = read_cookies(headers)
        ttwid, token = cookies.get("ttwid", ""), query.get("wrss", "")
        known = self._signatures.get(token)
        if token:
            used = token in self._used
            objection = signing.objection(known, stage.room.room_id, cookies, headers, used=used, now=now)
        else:
            objection = "" if signing.is_ttwid(self.options.seed, ttwid) else "illegal secret key"
        if objection:
            return refusal(200, objection, 2)
        if len(stage.refused_identities) < stage.door.blocked_identities or ttwid in stage.refused_identities:
            stage.refused_identities.add(ttwid)
            return refusal(415, "DEVICE_BLOCKED", 3)
        if stage.door.handshake is not None:
            return HttpResponse(stage.door.handshake.status, stage.door.handshake.headers)
        self._used.add(token)
        return self._open(stage, known, query, now)

    def _open(self, stage: Stage, known: Signature | None, query: Mapping[str, str], now: float) -> Feed | HttpResponse:
        if known is not None:
            visit = known.visit
        else:
            visit = stage.visit_for_signature(now=now, epoch_ms=self.clock_ms(now), until=now)
        first: tuple[Step, ...] = ()
        sign = visit.signature()
        step = visit.peek()
        if step is not None and step.action is sign:
            visit.take()
            step = visit.peek()
        if isinstance(sign, Sign) and known is None and sign.messages:
            # Without a signer there is no first result: the past comes over the socket.
            first = (Step(Frame(sign.messages)),)
        if step is not None and isinstance(step.action, Refuse):
            visit.take()
            stage.lost(visit, now=now)
            return HttpResponse(step.action.status, step.action.headers)
        stage.enter(visit)
        return Feed(
            stage,
            visit,
            now=now,
            log=self.log,
            clock_ms=self.clock_ms,
            speed=self.options.speed,
            compress=query.get("compress") == "gzip",
            interval=stage.door.ping_interval or _HEARTBEAT,
            first=first,
            window=self.options.window,
        )


def refusal(status: int, message: str, number: int) -> HttpResponse:
    """A handshake that is refused, with its reason where TikTok puts it (protocol/http.md section 10)."""
    return HttpResponse(status, (("Handshake-Msg", message), ("Handshake-Status", str(number))))


def _name(stage: Stage | None) -> str:
    return "" if stage is None else stage.room.unique_id
