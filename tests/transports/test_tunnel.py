"""Tunnels: whatever a proxy or a TLS server says, the result is a failure value, never an exception."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Generator

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.http import FailureKind, HttpRequest, HttpResponse, TransportFailure
from tiktok_webcast_transports import Network
from tiktok_webcast_transports._channel import Channel
from tiktok_webcast_transports._http_pool import HttpPool
from tiktok_webcast_transports._tunnel import Route, Step, Tunnel, route_to

AUTHORITY = trustme.CA()
SERVER = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
AUTHORITY.issue_cert("target.test", "proxy.test").configure_cert(SERVER)
CLIENT = ssl.create_default_context()
AUTHORITY.configure_trust(CLIENT)

WAYS = [
    (None, "http"),
    (None, "https"),
    ("http://u:s3cret@proxy.test", "http"),
    ("http://u:s3cret@proxy.test", "https"),
    ("https://u:s3cret@proxy.test", "https"),
    ("socks5://u:s3cret@proxy.test", "https"),
    ("socks5://proxy.test", "http"),
]


def tunnel_to(proxy: str | None, scheme: str) -> Tunnel:
    network = Network(proxy=proxy, ssl_context=CLIENT)
    route = route_to(f"{scheme}://target.test/", network)
    assert isinstance(route, Route)
    tunnel = Tunnel(route, network, max_header=1000)
    tunnel.start()
    return tunnel


class Far:
    """The other end: the proxy's answers, and TLS where the way has it."""

    def __init__(self, proxy: str | None, scheme: str) -> None:
        self.layers: list[tuple[ssl.MemoryBIO, ssl.MemoryBIO, ssl.SSLObject]] = []
        self.answer: Callable[[bytes], bytes] = bytes.upper
        self.script = self._run(proxy, scheme)
        self.out: list[bytes] = []
        next(self.script)

    def receive(self, data: bytes) -> bytes:
        """Take the client's bytes; return the answer."""
        depth = 0
        while data:
            for incoming, _, layer in self.layers[depth:]:
                incoming.write(data)
                data = b""
                with contextlib.suppress(ssl.SSLWantReadError):
                    while True:
                        data += layer.read(65536)
            depth = len(self.layers)
            if data:
                self.script.send(data)
            # What came behind the end of a TLS handshake is for the layer that it made.
            data = b""
            for _, _, layer in self.layers[depth:]:
                with contextlib.suppress(ssl.SSLWantReadError):
                    data += layer.read(65536)
            depth = len(self.layers)
        out, self.out = b"".join(self.out), []
        return out

    def say(self, data: bytes) -> None:
        for _, outgoing, layer in reversed(self.layers):
            layer.write(data)
            data = outgoing.read()
        self.out.append(data)

    def _tls(self) -> Generator[None, bytes, None]:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        layer = SERVER.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            received: bytes = yield
            incoming.write(received)
            try:
                layer.do_handshake()
            except ssl.SSLWantReadError:
                self.say(outgoing.read())
            else:
                self.say(outgoing.read())
                self.layers.append((incoming, outgoing, layer))
                return

    def _run(self, proxy: str | None, scheme: str):  # type: ignore[no-untyped-def]
        if proxy and proxy.startswith("https"):
            yield from self._tls()
        if proxy and proxy.startswith("http"):
            request = yield
            assert request.startswith(b"CONNECT target.test:")
            self.say(b"HTTP/1.1 200 OK\r\n\r\n")
        elif proxy:
            yield
            self.say(b"\x05\x02" if "@" in proxy else b"\x05\x00")
            if "@" in proxy:
                yield
                self.say(b"\x01\x00")
            yield
            self.say(b"\x05\x00\x00\x01" + bytes(6))
        if scheme == "https":
            yield from self._tls()
        while True:
            self.say(self.answer((yield)))


def converse(tunnel: Tunnel, far: Far, cut: int) -> bytes:
    """Carry bytes both ways, `cut` at a time to the client, until nobody says more; return what the client read."""
    plain = b""
    while data := tunnel.take_output():
        answer = far.receive(data)
        for start in range(0, len(answer), cut):
            plain += tunnel.receive(answer[start : start + cut])
    return plain


@pytest.mark.parametrize(("proxy", "scheme"), WAYS)
@pytest.mark.parametrize("cut", [1, 7, 100_000])
def test_every_way_in_every_cut(proxy: str | None, scheme: str, cut: int) -> None:
    tunnel, far = tunnel_to(proxy, scheme), Far(proxy, scheme)
    assert converse(tunnel, far, cut) == b""
    assert tunnel.failure is None
    assert tunnel.step is Step.OPEN
    for message in (b"hello", b"x" * 50_000):
        tunnel.send(message)
        assert converse(tunnel, far, cut) == message.upper()
    tunnel.close()
    assert tunnel.failure is None
    assert bool(tunnel.take_output()) == (scheme == "https"), "TLS says good-bye"


@pytest.mark.parametrize(("proxy", "scheme"), WAYS[1:])
@given(junk=st.binary(min_size=1, max_size=200), cut=st.integers(1, 50))
def test_nothing_that_comes_raises(proxy: str | None, scheme: str, junk: bytes, cut: int) -> None:
    tunnel = tunnel_to(proxy, scheme)
    for start in range(0, len(junk), cut):
        tunnel.receive(junk[start : start + cut])
        tunnel.take_output()
        if tunnel.failure is not None:
            break
    tunnel.receive_eof()
    if tunnel.step is not Step.OPEN:
        assert isinstance(tunnel.failure, TransportFailure)
        assert "s3cret" not in tunnel.failure.detail


@pytest.mark.parametrize(("proxy", "scheme"), [WAYS[1], WAYS[4]])
@given(data=st.data())
def test_broken_tls_records_are_a_failure(proxy: str | None, scheme: str, data: st.DataObject) -> None:
    tunnel, far = tunnel_to(proxy, scheme), Far(proxy, scheme)
    converse(tunnel, far, 100_000)
    tunnel.send(b"hello")
    answer = bytearray(far.receive(tunnel.take_output()))
    place = data.draw(st.integers(0, len(answer) - 1))
    answer[place] ^= data.draw(st.integers(1, 255))
    plain = tunnel.receive(bytes(answer))
    assert plain in (b"", b"HELLO")
    tunnel.send(b"after")
    tunnel.close()


@pytest.mark.parametrize(("proxy", "scheme"), [WAYS[1], WAYS[3], WAYS[4]])
@pytest.mark.parametrize("broken", [b"\x17\x03\x03\x00\x20" + b"?" * 32, b"HTTP/1.1 500 No TLS\r\n\r\n"])
def test_what_came_before_a_broken_record_is_read_and_then_the_failure(
    proxy: str | None, scheme: str, broken: bytes
) -> None:
    tunnel, far = tunnel_to(proxy, scheme), Far(proxy, scheme)
    converse(tunnel, far, 100_000)
    tunnel.send(b"hello")
    answer = far.receive(tunnel.take_output())
    assert tunnel.receive(answer + broken) == b"HELLO"
    failure = tunnel.failure
    assert isinstance(failure, TransportFailure)
    assert failure.kind is FailureKind.TLS
    tunnel.send(b"an ack of it")
    assert tunnel.failure is failure, "what TLS says of an ack is not why it ended"


@pytest.mark.parametrize("keeps", [b"", b"Connection: close\r\n"])
def test_an_answer_before_a_broken_record_is_an_answer(keeps: bytes) -> None:
    answers: list[object] = []
    channels: list[Channel] = []
    pool = HttpPool(Network(ssl_context=CLIENT), channels.append, max_header=1000)
    pool.send(HttpRequest("GET", "https://target.test/"), lambda answer, now: answers.append(answer), 0.0)
    channel, far = channels[0], Far(None, "https")
    far.answer = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + keeps + b"\r\nok"
    channel.connected(0.0)
    channel.receive_data(far.receive(channel.take_output()), 0.0)
    channel.receive_data(far.receive(channel.take_output()) + b"no TLS at all", 0.0)
    assert answers == [HttpResponse(200, (("Content-Length", "2"), *pairs(keeps)), b"ok")]
    assert channel.finished


def pairs(header: bytes) -> tuple[tuple[str, str], ...]:
    name, colon, value = header.decode().strip().partition(": ")
    return ((name, value),) if colon else ()
