"""What is fuzzed: one function for each input from outside. The invariant of all of them, stated once:

    No bytes make any of these raise, and whatever comes out can be read, shown, compared and turned into JSON.

`fuzz/run.py` gives them to atheris; `tests/fuzz` gives them to hypothesis for a moment, so that they cannot rot.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from tiktok_webcast import (
    Event,
    FailureKind,
    HttpResponse,
    Limits,
    Message,
    PushConnection,
    PushServer,
    Session,
    SessionConfig,
    TransportFailure,
)
from tiktok_webcast.actions import OpenSocket, SendRequest
from tiktok_webcast.capture.frames_file import FramesReader
from tiktok_webcast.cookies import parse_netscape_cookies, parse_set_cookie
from tiktok_webcast.decoder import decode
from tiktok_webcast.events.table import REGISTRY
from tiktok_webcast.handshake import ping_interval, refusal
from tiktok_webcast.http import Headers
from tiktok_webcast.push.frames import read_fetch_result
from tiktok_webcast.routes import (
    api_live,
    audience,
    check_alive,
    gift_list,
    live_page,
    live_search,
    profile_page,
    room_info,
    short_link,
    sign_fetch,
    sign_services,
)
from tiktok_webcast.web import unpack
from tiktok_webcast.webjson import parse_json
from tiktok_webcast.wire import read_wire

METHODS = REGISTRY.methods()
LIMITS = Limits(unpacked=64 * 1024, response_body=64 * 1024, message=64 * 1024)
_STATUSES = (200, 200, 200, 400, 401, 402, 403, 404, 415, 429, 500, 503)


def show(event: Event) -> None:
    """Use an event in every way there is."""
    for name in event.fields:
        getattr(event, name)
    json.dumps(event.to_dict(), allow_nan=False)
    repr(event)
    assert event == event and hash(event) == hash(event)


def push_frame(data: bytes) -> None:
    """A binary message, to the client and to the server."""
    connection, server = PushConnection(7, limits=LIMITS), PushServer()
    connection.opened(now=0.0)
    server.opened()
    connection.receive_message(data, now=1.0)
    server.receive_message(data)
    while connection.next_frame() is not None:
        pass
    while connection.next_result() is not None:
        pass


def fetch_result(data: bytes) -> None:
    """The payload of a `msg` frame, and the body of a sign server's answer."""
    read_fetch_result(data, LIMITS)


def payload(data: bytes) -> None:
    """The first byte picks the method, the rest is its payload."""
    if data:
        show(decode(Message(METHODS[data[0] % len(METHODS)], data[1:], 5), room_id=7))


def wire_view(data: bytes) -> None:
    """The schema-less view."""
    list(read_wire(data).lines())


def _response(data: bytes, content_type: str) -> HttpResponse:
    """The first byte picks the status, and whether the body is packed."""
    head, body = data[:1] or b"\0", data[1:]
    headers: Headers = (("Content-Type", content_type),)
    if head[0] & 0x80:
        headers = (*headers, ("Content-Encoding", ("gzip", "deflate", "br")[head[0] % 3]))
    return HttpResponse(_STATUSES[head[0] % len(_STATUSES)], headers, body)


def web_page(data: bytes) -> None:
    """The live page, the profile page, a short link's answer."""
    answer = unpack(_response(data, "text/html"), LIMITS.response_body)
    live_page.parse(answer)
    profile_page.parse(answer)
    short_link.parse(answer)


def web_json(data: bytes) -> None:
    """Every JSON answer of TikTok's web."""
    answer = unpack(_response(data, "application/json"), LIMITS.response_body)
    for read in (api_live.parse, audience.parse, gift_list.parse, live_search.parse, room_info.parse):
        repr(read(answer))
    repr(check_alive.parse(answer, (7, 8)))


def json_text(data: bytes) -> None:
    """The JSON reader itself."""
    parse_json(data)


def sign_answer(data: bytes) -> None:
    """Every answer of a sign server; what stands before the first newline is its headers."""
    head, _, body = data.partition(b"\n")
    names = ("X-Set-TT-Cookie", "X-Room-Id", "Retry-After", "RateLimit-Reset", "X-RateLimit-Reset", "Date")
    values = head.decode("latin-1").split(";")
    headers = tuple(zip(names, values, strict=False))
    for status in (200, 402, 403, 429, 500):
        answer = HttpResponse(status, headers, body)
        repr(sign_fetch.parse(answer, LIMITS))
        repr(sign_services.parse_chat(answer))
        repr(sign_services.parse_rate_limits(answer))
        repr(sign_services.parse_room_id(answer))
        repr(sign_services.parse_sign_url(answer))


def handshake_headers(data: bytes) -> None:
    """The headers of a handshake's answer."""
    text = data.decode("latin-1")
    names = ("Handshake-Msg", "Handshake-Status", "Handshake-Options", "Retry-After", "Set-Cookie")
    headers = tuple((name, value) for name, value in zip(names, text.split("\n"), strict=False))
    for status in (200, 400, 403, 415, 503):
        repr(refusal(status, headers))
    interval = ping_interval(headers)
    assert interval is None or 1.0 <= interval <= 60.0


def cookies(data: bytes) -> None:
    """`Set-Cookie` and a Netscape file."""
    text = data.decode("utf-8", "replace")
    parse_set_cookie(text, "www.tiktok.com", "/")
    try:
        parse_netscape_cookies(text)
    except ValueError as error:
        assert str(error), "a file that is none is said to be so"


def frames_file(data: bytes) -> None:
    """A `.frames` file."""
    reader = FramesReader(longest=LIMITS.message)
    for frame in reader.receive_data(data):
        push_frame(frame)
    reader.receive_eof()


def session_program(data: bytes) -> None:
    """A whole session driven by a byte program: each byte is an input, some take what follows as their bytes."""
    session = Session("room:7300000000000000001", config=SessionConfig(check_room=data[:1] < b"\x80"), rng=Random(1))
    now, sockets, requests, at = 0.0, [0], [0], 0
    session.start(now=now)
    while at < len(data):
        command, argument = data[at] % 10, data[at] // 10
        piece = data[at + 1 : at + 1 + argument * 4]
        at += 1
        if command == 0:
            now += argument
            session.handle_timer(now=now)
        elif command == 1:
            session.receive_response(requests[-1], HttpResponse(_STATUSES[argument % 12], (), piece), now=now)
        elif command == 2:
            session.receive_response(requests[-1], TransportFailure(FailureKind.READ, "gone"), now=now)
        elif command == 3:
            session.socket_opened(sockets[-1], (("Handshake-Options", piece.decode("latin-1")),), now=now)
        elif command == 4:
            session.socket_rejected(sockets[-1], _STATUSES[argument % 12], (), now=now)
        elif command == 5:
            session.receive_message(sockets[argument % len(sockets)], piece, now=now)
        elif command == 6:
            session.socket_closed(sockets[-1], argument * 100 or None, piece.decode("latin-1"), now=now)
        elif command == 7:
            session.socket_failed(sockets[-1], TransportFailure(FailureKind.TOO_LARGE), now=now)
        elif command == 8 and argument == 25:
            session.close(now=now)
        if command in (1, 3, 5, 6):
            at += len(piece)
        while (action := session.next_action()) is not None:
            if isinstance(action, SendRequest):
                requests.append(action.request_id)
            elif isinstance(action, OpenSocket):
                sockets.append(action.socket_id)
    session.close(now=now)
    events = list(iter(session.next_event, None))
    for event in events:
        show(event)
    assert [event.name for event in events].count("closed") == 1 and events[-1].name == "closed"


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        push_frame,
        fetch_result,
        payload,
        wire_view,
        web_page,
        web_json,
        json_text,
        sign_answer,
        handshake_headers,
        cookies,
        frames_file,
        session_program,
    )
}
"""Every target by its name."""
