"""HTTP/1.1 requests, one at a time, over a connection that is already open: h11 with our limits, without I/O."""

from __future__ import annotations

from urllib.parse import urlsplit

import h11

from tiktok_webcast.http import FailureKind, Headers, HttpRequest, HttpResponse, TransportFailure, find_header

Answer = HttpResponse | TransportFailure


class HttpWire:
    """The client's side of one HTTP/1.1 connection.

    Bodies are handed over as they came, `Content-Encoding` untouched. 1xx answers are skipped.

    Args:
        authority: the `Host` header.
        max_header: the bytes that the headers of one answer may have.
    """

    def __init__(self, authority: str, *, max_header: int) -> None:
        self._authority = authority
        self._max_header = max_header
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=max_header)
        self._max_body = 0
        self._header_bytes = 0
        self._response: h11.Response | None = None
        self._body = bytearray()
        self._ended = False
        self.answering = False
        """Whether a byte of the current answer has come."""

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request. Not if more came than was asked for.

        The next request would take that for its answer (RFC 9112 section 9.3 has the connection closed instead).
        """
        return self._connection.our_state is h11.IDLE and not self._ended and not self._connection.trailing_data[0]

    def send(self, request: HttpRequest) -> bytes | TransportFailure:
        """Return the bytes of `request`. Only when `reusable`."""
        self._max_body = request.max_body
        self.answering = False
        self._header_bytes = 0
        parts = urlsplit(request.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = request.headers
        if find_header(headers, "host") is None:
            headers = (("Host", self._authority), *headers)
        if (request.body or request.method in ("POST", "PUT", "PATCH")) and not _has_length(headers):
            headers = (*headers, ("Content-Length", str(len(request.body))))
        try:
            head = h11.Request(method=request.method, target=target, headers=encode_headers(headers))
            data = self._connection.send(head) or b""
            if request.body:
                data += self._connection.send(h11.Data(data=request.body)) or b""
            data += self._connection.send(h11.EndOfMessage()) or b""
        except (h11.LocalProtocolError, UnicodeError):
            # Their words quote the header, which may be the cookies.
            return TransportFailure(FailureKind.PROTOCOL, "the request cannot be sent: HTTP allows no such header")
        return data

    def receive(self, data: bytes) -> Answer | None:
        """Take bytes from the server (`b""`: they are at their end); return the answer once it is whole."""
        if data:
            self.answering = True
        else:
            self._ended = True
        if self._response is None:
            self._header_bytes += len(data)
        try:
            self._connection.receive_data(data)
            return self._next_answer()
        except h11.RemoteProtocolError as error:
            return self._refusal(error, at_end=not data)

    def _next_answer(self) -> Answer | None:
        while True:
            event = self._connection.next_event()
            if isinstance(event, h11.Response):
                if self._headers_exceed():
                    return self._headers_too_large()
                self._response = event
            elif isinstance(event, h11.Data):
                if len(self._body) + len(event.data) > self._max_body:
                    return self._body_too_large()
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return self._finish()
            elif isinstance(event, h11.ConnectionClosed):
                return TransportFailure(FailureKind.READ, "the server closed the connection without an answer")
            elif not isinstance(event, h11.InformationalResponse):
                return None
            elif self._headers_exceed():
                return self._headers_too_large()

    def _headers_exceed(self) -> bool:
        return self._header_bytes - len(self._connection.trailing_data[0]) > self._max_header

    def _finish(self) -> Answer:
        response, body = self._response, bytes(self._body)
        self._response = None
        self._body = bytearray()
        if response is None:
            return TransportFailure(FailureKind.PROTOCOL, "an answer's end without its beginning")
        if self._connection.our_state is h11.DONE and self._connection.their_state is h11.DONE:
            self._connection.start_next_cycle()
        return HttpResponse(response.status_code, decode_headers(response.headers.raw_items()), body)

    def _refusal(self, error: h11.RemoteProtocolError, *, at_end: bool) -> TransportFailure:
        if error.error_status_hint == 431:
            return self._headers_too_large()
        if at_end:
            return TransportFailure(FailureKind.READ, "the server closed the connection in the middle of its answer")
        return TransportFailure(FailureKind.PROTOCOL, f"the answer is not HTTP: {refusal_words(error)}")

    def _headers_too_large(self) -> TransportFailure:
        return TransportFailure(FailureKind.TOO_LARGE, f"the answer's headers exceed {self._max_header} bytes")

    def _body_too_large(self) -> TransportFailure:
        self._body = bytearray()
        return TransportFailure(FailureKind.TOO_LARGE, f"the answer's body exceeds {self._max_body} bytes")


def _has_length(headers: Headers) -> bool:
    return any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers)


def refusal_words(error: h11.RemoteProtocolError) -> str:
    """Return what h11 says, without the line that it quotes: that may be a cookie, and has tens of kilobytes."""
    # As bytes or as a bytearray.
    return str(error).partition(": b")[0]


def encode_headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return `headers` for h11; a character that HTTP cannot carry raises `UnicodeError`."""
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]


def decode_headers(raw: list[tuple[bytes, bytes]]) -> Headers:
    """Return h11's headers as text, in the case in which they came."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)
