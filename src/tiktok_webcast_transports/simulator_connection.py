"""One TCP connection to the simulator: HTTP requests by h11, then perhaps a WebSocket by wsproto."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from typing import cast

import h11
from wsproto.connection import Connection as WebSocket
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage, CloseConnection, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from tiktok_webcast.http import Headers, HttpRequest, HttpResponse, find_header
from tiktok_webcast.sim.feed import Feed, Leave, Output, Send, SendText
from tiktok_webcast.sim.video import FlvFeed
from tiktok_webcast.sim.world import World

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MAX_BODY = 1024 * 1024
_MAX_MESSAGE = 256 * 1024
_FLUSH = 256
"""Outputs sent in one go before other connections have their turn."""
_POUR = 0.05
"""Seconds between two looks at what video is due."""
_LINGER = 5.0
"""Seconds that a connection which the simulator has ended may take to be closed by the client."""
_PROTOCOLS = ("echo-protocol",)


class Connection(asyncio.Protocol):
    """What arrives is answered at once; what the room says by itself comes by a timer."""

    def __init__(self, world: World, connections: set[Connection], clock: Callable[[], float]) -> None:
        self._world = world
        self._connections = connections
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport
        self._http = h11.Connection(h11.SERVER)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._socket: WebSocket | None = None
        self._feed: Feed | None = None
        self._video: FlvFeed | None = None
        self._incoming = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._full = False
        self._ended = False

    # --- asyncio ----------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Bytes from the client."""
        if self._ended or self._video is not None:
            return
        if self._socket is not None:
            self._receive_frames(data)
            return
        self._http.receive_data(data)
        self._serve_http()

    def eof_received(self) -> bool:
        """The client sends no more: the transport closes."""
        if self._video is not None:
            self.abort()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        # Python 3.10 takes a TLS transport that the client has closed for one that was forgotten, until it is closed.
        self._transport.close()
        self._cancel_timer()
        if self._feed is not None:
            self._feed.receive_close(now=self._clock())
        self._connections.discard(self)
        if not self.gone.done():
            self.gone.set_result(None)

    def pause_writing(self) -> None:
        """The client reads too slowly: the room waits."""
        self._full = True
        self._cancel_timer()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._full = False
        if self._video is not None:
            self._pour(self._video)
        self._flush()

    def abort(self) -> None:
        """Drop the connection now."""
        self._cancel_timer()
        self._transport.abort()

    # --- HTTP -------------------------------------------------------------------------------------------------------

    def _serve_http(self) -> None:
        try:
            while self._socket is None and not self._ended:
                event = self._http.next_event()
                if isinstance(event, h11.Request):
                    self._request, self._body = event, bytearray()
                    if self._http.they_are_waiting_for_100_continue:
                        self._write(h11.InformationalResponse(status_code=100, headers=[]))
                elif isinstance(event, h11.Data):
                    self._body += event.data
                    if len(self._body) > _MAX_BODY:
                        self._finish(413)
                elif isinstance(event, h11.EndOfMessage):
                    self._answer()
                elif event is h11.PAUSED and self._http.our_state is h11.DONE:
                    self._http.start_next_cycle()
                else:
                    if isinstance(event, h11.ConnectionClosed) or self._http.our_state is h11.MUST_CLOSE:
                        self._transport.close()
                    return
        except h11.RemoteProtocolError as error:
            self._finish(error.error_status_hint)

    def _answer(self) -> None:
        request = self._request
        if request is None:
            return
        if request.method == b"CONNECT" or not request.target.startswith(b"/"):
            # Not a proxy: a tunnel that it said yes to would have no other end, nor would such targets make a URL.
            self._finish(400)
            return
        headers: Headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers)
        url = self._world.base_url + request.target.decode("latin-1")
        now = self._clock()
        if (find_header(headers, "upgrade") or "").lower() == "websocket":
            outcome = self._world.open_socket(url, headers, now=now)
            if isinstance(outcome, Feed):
                self._upgrade(outcome, headers)
                return
        else:
            asked = HttpRequest(request.method.decode("latin-1"), url, headers, bytes(self._body))
            video = self._world.open_video(asked, now=now)
            if isinstance(video, FlvFeed):
                self._show(video)
                return
            outcome = video or self._world.request(asked, now=now)
        self._respond(outcome, with_body=request.method != b"HEAD")

    def _respond(self, answer: HttpResponse, *, with_body: bool = True) -> None:
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        self._write(h11.Response(status_code=answer.status, headers=headers))
        if with_body:
            self._write(h11.Data(data=answer.body))
        self._write(h11.EndOfMessage())
        if self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
            self._ended = True
        elif self._http.their_state is h11.DONE and self._http.our_state is h11.DONE:
            self._http.start_next_cycle()

    def _finish(self, status: int) -> None:
        """Say that the request is no good and close."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._write(h11.Response(status_code=status, headers=[("Content-Length", "0"), ("Connection", "close")]))
            self._write(h11.EndOfMessage())
        self._ended = True
        self._transport.close()

    def _write(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._transport.write(data)

    # --- video ------------------------------------------------------------------------------------------------------

    def _show(self, video: FlvFeed) -> None:
        """Send a stream that has no end of its own."""
        self._video = video
        self._write(h11.Response(status_code=200, headers=[("Content-Type", "video/x-flv")]))
        self._pour(video)

    def _pour(self, video: FlvFeed) -> None:
        self._cancel_timer()
        data = video.next_bytes(now=self._clock())
        if data is None:
            # In the middle of it, without a last chunk.
            self._ended = True
            self._transport.close()
            return
        if data:
            self._write(h11.Data(data=data))
        if not self._full:
            self._timer = self._loop.call_later(_POUR, self._pour, video)

    # --- the socket -------------------------------------------------------------------------------------------------

    def _upgrade(self, feed: Feed, headers: Headers) -> None:
        key = (find_header(headers, "sec-websocket-key") or "").encode("latin-1")
        accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest()).decode()
        answer = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", accept),
            *self._world.handshake_headers(feed),
        ]
        offered = [name.strip() for name in (find_header(headers, "sec-websocket-protocol") or "").split(",")]
        answer += [("Sec-WebSocket-Protocol", name) for name in _PROTOCOLS if name in offered]
        self._write(h11.InformationalResponse(status_code=101, headers=answer))
        self._feed = feed
        self._socket = WebSocket(ConnectionType.SERVER)
        early = self._http.trailing_data[0]
        if early:
            self._receive_frames(early)
        else:
            self._flush()

    def _receive_frames(self, data: bytes) -> None:
        socket, feed = self._socket, self._feed
        if socket is None or feed is None:
            return
        now = self._clock()
        try:
            socket.receive_data(data)
            # Pings are not answered, as TikTok does not (protocol/push.md section 3).
            for event in socket.events():
                if isinstance(event, BytesMessage):
                    self._incoming += event.data
                    if len(self._incoming) > _MAX_MESSAGE:
                        self._leave(1009, "message too long")
                        return
                    if event.message_finished:
                        feed.receive_message(bytes(self._incoming), now=now)
                        self._incoming.clear()
                elif isinstance(event, TextMessage):
                    feed.receive_text(now=now)
                elif isinstance(event, CloseConnection):
                    feed.receive_close(now=now, code=int(event.code))
                    self._transport.write(socket.send(event.response()))
                    self._end()
                    return
        except RemoteProtocolError as error:
            self._leave(1002, str(error))
            return
        self._flush()

    def _flush(self) -> None:
        """Send what is due, then wait for the next."""
        feed = self._feed
        if feed is None or self._ended:
            return
        self._cancel_timer()
        now = self._clock()
        chunks: list[bytes] = []
        for _ in range(_FLUSH):
            output = None if self._full else feed.next_output(now=now)
            if output is None:
                break
            if not self._output(output, chunks):
                return
        else:
            self._timer = self._loop.call_later(0, self._flush)
        if chunks:
            self._transport.write(b"".join(chunks))
        timer = feed.next_timer()
        if timer is not None and self._timer is None and not self._full:
            self._timer = self._loop.call_later(max(timer - self._clock(), 0), self._flush)

    def _output(self, output: Output, chunks: list[bytes]) -> bool:
        """Do one thing; `False` if that ends the socket."""
        socket = self._socket
        if socket is None:
            return False
        if isinstance(output, Send):
            chunks.append(socket.send(BytesMessage(data=output.data)))
        elif isinstance(output, SendText):
            chunks.append(socket.send(TextMessage(data=output.text)))
        else:
            if isinstance(output, Leave):
                chunks.append(socket.send(CloseConnection(code=output.code, reason=output.reason)))
            self._transport.write(b"".join(chunks))
            self._end()
            return False
        return True

    def _leave(self, code: int, reason: str) -> None:
        if self._socket is not None:
            try:
                self._transport.write(self._socket.send(CloseConnection(code=code, reason=reason[:120])))
            except LocalProtocolError:
                self._ended = True
        if self._feed is not None:
            self._feed.receive_close(now=self._clock(), code=code)
        self._end()

    def _end(self) -> None:
        """No more to say. The client closes; closing first would reset the connection before it has read all."""
        self._ended = True
        self._cancel_timer()
        if self._transport.can_write_eof():
            self._transport.write_eof()
            self._timer = self._loop.call_later(_LINGER, self._transport.abort)
        else:
            self._transport.close()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
