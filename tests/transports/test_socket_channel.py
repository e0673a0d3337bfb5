"""A session's socket as a channel: what it may still do when the connection is over."""

from __future__ import annotations

import base64
import hashlib
import re

from tiktok_webcast.config import Limits
from tiktok_webcast.http import Headers, SocketRequest, TransportFailure
from tiktok_webcast_transports._options import Network
from tiktok_webcast_transports._socket import SocketChannel
from tiktok_webcast_transports._tunnel import Route, route_to


class Paused:
    """A session that is behind from its first message on."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.paused = False

    def socket_opened(self, socket_id: int, headers: Headers, *, now: float) -> None:
        self.heard.append("opened")

    def socket_rejected(self, socket_id: int, status: int, headers: Headers, *, now: float) -> None:
        self.heard.append("rejected")

    def receive_message(self, socket_id: int, data: bytes, *, now: float) -> None:
        self.heard.append("message")
        self.paused = True

    def socket_closed(self, socket_id: int, code: int | None, reason: str, *, now: float) -> None:
        self.heard.append("closed")

    def socket_failed(self, socket_id: int, failure: TransportFailure, *, now: float) -> None:
        self.heard.append("failed")


def test_nothing_is_sent_on_a_connection_that_is_over_and_nothing_kept() -> None:
    """A session that pauses hears of the end later, and its heartbeats go on until then."""
    session, network = Paused(), Network()
    route = route_to("ws://host.test/", network)
    assert isinstance(route, Route)
    channel = SocketChannel(
        route,
        network,
        Limits(),
        SocketRequest("ws://host.test/"),
        socket_id=1,
        session=session,
        changed=lambda now: None,
        now=0.0,
    )
    channel.connected(0.0)
    key = re.search(rb"Sec-WebSocket-Key: (.*)\r", channel.take_output())
    assert key is not None
    token = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    answer = b"HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + token
    channel.receive_data(answer + b"\r\n\r\n\x82\x01a", 0.0)
    channel.send_message(b"heartbeat")
    assert channel.take_output()
    channel.receive_eof(0.0)
    assert channel.finished and session.heard == ["opened", "message"]
    channel.send_message(b"heartbeat")
    assert channel.take_output() == b""
    session.paused = False
    channel.resume(0.0)
    assert session.heard == ["opened", "message", "closed"]
