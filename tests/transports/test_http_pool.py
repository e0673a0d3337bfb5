"""The pool of HTTP connections: which answer is whose on a connection that was kept."""

from __future__ import annotations

import pytest

from tiktok_webcast.http import HttpRequest, HttpResponse, TransportFailure
from tiktok_webcast_transports import Network
from tiktok_webcast_transports._channel import Channel
from tiktok_webcast_transports._http_pool import HttpPool

FAREWELL = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_farewell_to_an_idle_connection_is_no_answer_to_what_crosses_it(method: str) -> None:
    """What may be asked twice is asked again, once, on a new connection."""
    channels: list[Channel] = []
    answers: list[HttpResponse | TransportFailure] = []
    pool = HttpPool(Network(), channels.append, max_header=1000)

    def ask() -> None:
        pool.send(HttpRequest(method, "http://web.test/"), lambda answer, now: answers.append(answer), 0.0)

    def statuses() -> list[int]:
        return [answer.status for answer in answers if isinstance(answer, HttpResponse)]

    ask()
    channels[0].connected(0.0)
    channels[0].receive_data(OK, 0.0)
    ask()
    assert len(channels) == 1
    channels[0].receive_data(FAREWELL, 0.0)
    assert channels[0].finished
    if method == "POST":
        assert statuses() == [200, 408]
        return
    assert statuses() == [200]
    channels[1].connected(0.0)
    assert channels[1].take_output().startswith(b"GET / HTTP/1.1\r\n")
    channels[1].receive_data(FAREWELL, 0.0)
    assert statuses() == [200, 408]
    assert len(channels) == 2
