"""What is fuzzed: one function for each input from outside, each with its one invariant. That of all of them together:

    No bytes make any of these raise, and whatever comes out can be read, shown, compared and turned into JSON.

`fuzz/run.py` gives them to atheris; `tests/fuzz` gives them to hypothesis for a moment, so that they cannot rot.
"""

from __future__ import annotations

from collections.abc import Callable

from tiktok_webcast import HttpResponse, Message, PushConnection, PushServer
from tiktok_webcast.cookies import parse_netscape_cookies, parse_set_cookie
from tiktok_webcast.decoder import decode
from tiktok_webcast.events.table import REGISTRY
from tiktok_webcast.handshake import ping_interval, refusal
from tiktok_webcast.http import Headers
from tiktok_webcast.push.frames import Frame, read_fetch_result, read_frame
from tiktok_webcast.push.unpack import BadFrame
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

from .files import LIMITS, capture_file, frames_file, har_file
from .program import packed, session_program
from .show import show

METHODS = REGISTRY.methods()
_STATUSES = (200, 200, 200, 400, 401, 402, 403, 404, 415, 429, 500, 503)


def push_frame(data: bytes) -> None:
    """Invariant: a frame is at most one result, and is answered by nothing but the frames that a client sends.

    As it is, and as what is packed in a frame: no bytes come upon good gzip by chance.
    """
    connection, server = PushConnection(7, limits=LIMITS), PushServer()
    connection.opened(now=0.0)
    server.opened()
    server.receive_message(data)
    for frame in (data, packed(data, 0)):
        connection.receive_message(frame, now=1.0)
        results = list(iter(connection.next_result, None))
        assert len(results) <= 1
    while (sent := connection.next_frame()) is not None:
        answer = read_frame(sent)
        assert isinstance(answer, Frame) and answer.payload_type in ("im_enter_room", "hb", "ack")


def fetch_result(data: bytes) -> None:
    """Invariant: what a `msg` frame or a sign server holds is a batch within the limits, or said to be none."""
    found = read_fetch_result(data, LIMITS)
    assert isinstance(found, BadFrame) or len(found.messages) <= LIMITS.messages_per_frame


def payload(data: bytes) -> None:
    """Invariant: the payload of any method becomes one event, which keeps its bytes.

    The first byte picks the method, the rest is its payload.
    """
    if data:
        method = METHODS[data[0] % len(METHODS)]
        event = decode(Message(method, data[1:], 5), room_id=7)
        show(event)
        assert (event.raw, event.method, event.msg_id) == (data[1:], method, 5)


def wire_view(data: bytes) -> None:
    """Invariant: any bytes have a schema-less view, in lines."""
    list(read_wire(data).lines())


def _response(data: bytes, content_type: str) -> HttpResponse:
    """The first byte picks the status, and whether the body is packed."""
    head, body = data[:1] or b"\0", data[1:]
    headers: Headers = (("Content-Type", content_type),)
    if head[0] & 0x80:
        headers = (*headers, ("Content-Encoding", ("gzip", "deflate", "br")[head[0] % 3]))
    return HttpResponse(_STATUSES[head[0] % len(_STATUSES)], headers, body)


def web_page(data: bytes) -> None:
    """Invariant: any answer for a live page, a profile page or a short link is read, or said not to be one."""
    answer = unpack(_response(data, "text/html"), LIMITS.response_body)
    live_page.parse(answer)
    profile_page.parse(answer)
    short_link.parse(answer)


def web_json(data: bytes) -> None:
    """Invariant: any answer for any of TikTok's JSON addresses is read, or said not to be one."""
    answer = unpack(_response(data, "application/json"), LIMITS.response_body)
    for read in (api_live.parse, audience.parse, gift_list.parse, live_search.parse, room_info.parse):
        repr(read(answer))
    repr(check_alive.parse(answer, (7, 8)))


def json_text(data: bytes) -> None:
    """Invariant: any text is JSON of modest size and depth, or nothing."""
    parse_json(data)


def sign_answer(data: bytes) -> None:
    """Invariant: any answer of a sign server is what was asked for, or says why not.

    What stands before the first newline is its headers.
    """
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
    """Invariant: any headers of a handshake give a reason, and a heartbeat of 1 to 60 seconds or none."""
    text = data.decode("latin-1")
    names = ("Handshake-Msg", "Handshake-Status", "Handshake-Options", "Retry-After", "Set-Cookie")
    headers = tuple((name, value) for name, value in zip(names, text.split("\n"), strict=False))
    for status in (200, 400, 403, 415, 503):
        repr(refusal(status, headers))
    interval = ping_interval(headers)
    assert interval is None or 1.0 <= interval <= 60.0


def cookies(data: bytes) -> None:
    """Invariant: any `Set-Cookie` and any Netscape file is cookies, or said to be none."""
    text = data.decode("utf-8", "replace")
    parse_set_cookie(text, "www.tiktok.com", "/")
    try:
        parse_netscape_cookies(text)
    except ValueError as error:
        assert str(error), "a file that is none is said to be so"


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
        capture_file,
        har_file,
        session_program,
    )
}
"""Every target by its name."""
