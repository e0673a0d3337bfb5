"""Runs an `Exchange` against scripted answers, and makes the answers that TikTok and a sign server give."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from tiktok_webcast._pb.transport_pb2 import ProtoMessageFetchResult
from tiktok_webcast.context import WebContext
from tiktok_webcast.http import Exchange, Headers, HttpRequest, HttpResponse, TransportFailure

T = TypeVar("T")
Answer = HttpResponse | TransportFailure
MOST_REQUESTS = 60
"""No flow may ask more often, whatever it is answered."""


def context(**options: Any) -> WebContext:
    """Return a context with a seed of its own."""
    return WebContext(rng=options.pop("rng", random.Random(1)), **options)


def run(exchange: Exchange[T], answer: Callable[[HttpRequest], Answer], seen: list[HttpRequest] | None = None) -> T:
    """Run an exchange to its end; `seen` gets every request."""
    log = seen if seen is not None else []
    try:
        request = next(exchange)
        while True:
            log.append(request)
            assert len(log) <= MOST_REQUESTS
            request = exchange.send(answer(request))
    except StopIteration as stop:
        result: T = stop.value
        return result


class Site:
    """Answers by the path of the request; what is not named gets a 404."""

    def __init__(self, routes: Mapping[str, Answer | list[Answer]]) -> None:
        self.routes = {
            path: list(answers) if isinstance(answers, list) else answers for path, answers in routes.items()
        }
        self.requests: list[HttpRequest] = []

    def __call__(self, request: HttpRequest) -> Answer:
        self.requests.append(request)
        path = urlsplit(request.url).path
        answer = self.routes.get(path, HttpResponse(404))
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer

    @property
    def paths(self) -> list[str]:
        """The paths asked, in order."""
        return [urlsplit(request.url).path for request in self.requests]


def query(url: str) -> dict[str, list[str]]:
    """Return the query of an address, empty values kept."""
    return parse_qs(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)


def json_answer(document: Any, status: int = 200, headers: Headers = ()) -> HttpResponse:
    """Return an answer with a JSON body."""
    return HttpResponse(status, (("Content-Type", "application/json"), *headers), json.dumps(document).encode())


def page(state: Any, script_id: str = "SIGI_STATE") -> HttpResponse:
    """Return a page that carries a state."""
    text = state if isinstance(state, str) else json.dumps(state)
    html = f'<html><head><script id="{script_id}" type="application/json">{text}</script></head><body></body></html>'
    return HttpResponse(200, (("Content-Type", "text/html"),), html.encode())


def live_state(status: Any = 2, room_id: Any = "7001", user_status: Any = 2, unique_id: str = "ann") -> dict[str, Any]:
    """Return the state of a live page."""
    user = {"roomId": room_id, "uniqueId": unique_id, "id": "55", "nickname": "Ann", "status": user_status}
    room = {"status": status, "title": "Hello", "liveRoomStats": {"userCount": 3}}
    return {"LiveRoom": {"liveRoomUserInfo": {"user": user, "liveRoom": room}}}


def live_page(status: Any = 2, room_id: Any = "7001", user_status: Any = None) -> HttpResponse:
    """Return a live page; the user's status is the room's unless given."""
    return page(live_state(status, room_id, status if user_status is None else user_status))


def lookup(status: Any = 2, room_id: Any = "7001", user_status: Any = None) -> HttpResponse:
    """Return an answer of the room lookup."""
    info = live_state(status, room_id, status if user_status is None else user_status)["LiveRoom"]["liveRoomUserInfo"]
    return json_answer({"statusCode": 0, "message": "", "data": info})


def lookup_error(code: Any, message: str = "") -> HttpResponse:
    """Return an error of the room lookup."""
    return json_answer({"statusCode": code, "message": message})


def room_data(status: Any = 2, room_id: str = "7001", **more: Any) -> HttpResponse:
    """Return an answer of the room info."""
    data = {"id_str": room_id, "status": status, "title": "Hello", "owner": {"display_id": "ann", "id_str": "55"}}
    return json_answer({"status_code": 0, "data": data | more})


def alive(*entries: tuple[str, Any]) -> HttpResponse:
    """Return an answer of the alive check."""
    data = [{"room_id_str": room_id, "room_id": int(room_id), "alive": said} for room_id, said in entries]
    return json_answer({"status_code": 0, "data": data})


def profile(code: int = 0, user: dict[str, Any] | None = None) -> HttpResponse:
    """Return a profile page."""
    found = {"uniqueId": "ann", "id": "55", "nickname": "Ann", "avatarLarger": "https://p16.example/a.jpeg"}
    detail: dict[str, Any] = {"statusCode": code}
    if code in (0, 10222):
        detail["userInfo"] = {"user": found if user is None else user, "stats": {"followerCount": 7}}
    return page({"__DEFAULT_SCOPE__": {"webapp.user-detail": detail}}, "__UNIVERSAL_DATA_FOR_REHYDRATION__")


CAPTCHA = HttpResponse(200, (), b"<html><div id='tiktok-verify-page'></div></html>")
SHELL = HttpResponse(200, (), b"<html><head></head><body>" + b" " * 1100 + b"</body></html>")
EMPTY = HttpResponse(200)

SOCKET = "wss://webcast-ws.tiktok.com/webcast/im/ws_proxy/ws_reuse_supplement/"
SIGN_COOKIES = (("X-Set-TT-Cookie", "ttwid=1%7Csigned; msToken=tok"),)


def fetch_result(
    *, push_server: str = SOCKET, cursor: str = "c-1", internal_ext: str = "e-1", params: dict[str, str] | None = None
) -> bytes:
    """Return the body of a good answer of the sign server."""
    result = ProtoMessageFetchResult(push_server=push_server, cursor=cursor, internal_ext=internal_ext)
    for key, value in ({"imprp": "p q", "wrss": "w/+"} if params is None else params).items():
        result.route_params.add(key=key, value=value)
    return result.SerializeToString()


def signed(headers: Headers = SIGN_COOKIES, **fields: Any) -> HttpResponse:
    """Return a good answer of the sign server."""
    return HttpResponse(200, headers, fetch_result(**fields))
