"""From a TCP connection to plain bytes at the target: the handshake with a proxy and TLS, in layers, without I/O.

The adapters only move bytes: everything above TCP is decided here, and so behaves alike on all of them.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from tiktok_webcast.http import FailureKind, TransportFailure

from ._errors import transport_failure
from ._options import Network
from ._proxy import Passage, PassageFailed, Proxy, host_and_port

Work = Callable[[], "bytes | None"]

_READ_SIZE = 64 * 1024
_SECURE = {"http": False, "ws": False, "https": True, "wss": True}


class Step(str, Enum):
    """What stands between TCP and the target."""

    PROXY = "proxy"
    TLS = "tls"
    OPEN = "open"


@dataclass(frozen=True)
class Route:
    """How to reach one origin: whom to dial, and through what."""

    scheme: str
    host: str
    port: int
    proxy: Proxy | None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port for the TCP connection."""
        return (self.proxy.host, self.proxy.port) if self.proxy else (self.host, self.port)

    def __str__(self) -> str:
        through = f" through {self.proxy}" if self.proxy else ""
        return f"{self.scheme}://{host_and_port(self.host, self.port)}{through}"

    @property
    def secure(self) -> bool:
        """Whether the target speaks TLS."""
        return _SECURE[self.scheme]

    @property
    def authority(self) -> str:
        """The `Host` header: without the port where it is the scheme's own."""
        default = 443 if self.secure else 80
        return host_and_port(self.host, self.port).removesuffix(f":{default}" if self.port == default else "")


def route_to(url: str, network: Network) -> Route | TransportFailure:
    """Return the route for `url`; a URL from outside may be anything, so a bad one is a failure value."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return TransportFailure(FailureKind.PROTOCOL, f"not a URL: {error}")
    scheme = parts.scheme.lower()
    if scheme not in _SECURE or not host:
        return TransportFailure(FailureKind.PROTOCOL, "not an http, https, ws or wss URL with a host")
    port = port or (443 if _SECURE[scheme] else 80)
    try:
        proxy = network.proxy_for(scheme, host, port)
    except ValueError as error:
        return TransportFailure(FailureKind.PROXY, str(error))
    return Route(scheme, host, port, proxy)


class _Tls:
    """One layer of TLS over `ssl.MemoryBIO`. Its methods raise `ssl.SSLError` and `OSError`."""

    def __init__(self, context: ssl.SSLContext, hostname: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)
        self.ended = False
        self.broken: ssl.SSLError | None = None
        """What was wrong behind bytes that came whole."""

    def handshake(self, data: bytes) -> bool:
        """Go on with the handshake; true once it is finished."""
        self._incoming.write(data)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        if self._object.selected_alpn_protocol() not in (None, "http/1.1"):
            raise ssl.SSLError(f"the server insists on {self._object.selected_alpn_protocol()}")
        return True

    def decrypt(self, data: bytes) -> bytes:
        self._incoming.write(data)
        pieces: list[bytes] = []
        while not self.ended:
            try:
                piece = self._object.read(_READ_SIZE)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                piece = b""
            except ssl.SSLError as error:
                if not pieces:
                    raise
                self.broken = error
                break
            if piece:
                pieces.append(piece)
            else:
                self.ended = True
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def encrypt(self, data: bytes) -> bytes:
        self._object.write(data)
        return self._outgoing.read()

    def close(self) -> bytes:
        """Return the layer's good-bye."""
        # The other side's good-bye has not come, and nobody waits for it.
        with contextlib.suppress(ssl.SSLError):
            self._object.unwrap()
        return self._outgoing.read()

    def output(self) -> bytes:
        """Return what the layer itself has to say: handshake, alerts."""
        return self._outgoing.read()


class Tunnel:
    """The layers of one connection. `failure` is set when a handshake ends without a way through."""

    def __init__(self, route: Route, network: Network, *, max_header: int) -> None:
        self._route = route
        self._network = network
        self._max_header = max_header
        self._steps: list[Step] = []
        if route.proxy is not None:
            if route.proxy.scheme == "https":
                self._steps.append(Step.TLS)
            self._steps.append(Step.PROXY)
        if route.secure:
            self._steps.append(Step.TLS)
        self._layers: list[_Tls] = []
        self._passage: Passage | None = None
        self._handshaking: _Tls | None = None
        self._out: list[bytes] = []
        self.failure: TransportFailure | None = None
        self.ended = False
        """The other side closed its TLS layer: nothing more will come."""

    @property
    def step(self) -> Step:
        """What is being waited for; `OPEN` when bytes flow to and from the target."""
        return self._steps[0] if self._steps else Step.OPEN

    def start(self) -> None:
        """TCP is connected: begin the first step."""
        self._guard(self._begin_step)

    def receive(self, data: bytes) -> bytes:
        """Take bytes from TCP; return the bytes from the target among them."""
        if not self._steps and not self._layers:
            return data
        return self._guard(lambda: self._receive(data))

    def receive_eof(self) -> None:
        """TCP ended. In the middle of a handshake that is a failure."""
        if self._steps and self.failure is None:
            kind = FailureKind.PROXY if self._passage else FailureKind.TLS
            self.failure = TransportFailure(kind, f"{self.doing}: the connection was closed")

    def send(self, data: bytes) -> None:
        """Send bytes to the target. Only when `step` is `OPEN`."""
        if self.failure is not None:
            # An answer to what came whole before it: TLS would only complain of that in place of the failure.
            return
        if self._layers:
            self._guard(lambda: self._emit(data, len(self._layers)))
        else:
            self._out.append(data)

    def close(self) -> None:
        """Say good-bye to the target's layer: without it the target could not tell our end from a cut."""
        if self._layers and self.failure is None:
            layer = self._layers.pop()
            self._guard(lambda: self._emit(layer.close(), len(self._layers)))

    def take_output(self) -> bytes:
        """Return and forget the bytes for TCP."""
        if not self._out:
            return b""
        out, self._out = self._out, []
        return out[0] if len(out) == 1 else b"".join(out)

    def _guard(self, work: Work) -> bytes:
        try:
            return work() or b""
        except PassageFailed as error:
            self.failure = TransportFailure(error.failure.kind, f"{self.doing}: {error.failure.detail}")
        except (ssl.SSLError, OSError, ValueError) as error:
            # ssl.CertificateError of a malformed host name is a ValueError.
            self.failure = transport_failure(error, self.doing, FailureKind.TLS)
        if self._handshaking is not None:
            self._emit(self._handshaking.output(), len(self._layers))
        return b""

    @property
    def doing(self) -> str:
        """What is going on with whom, in words."""
        if self._passage is not None:
            return f"proxy {self._route.proxy}"
        return f"TLS with {self._peer()}" if self._handshaking is not None else self._peer()

    def _peer(self) -> str:
        to_proxy = self._route.proxy is not None and Step.PROXY in self._steps
        return host_and_port(*self._route.address) if to_proxy else host_and_port(self._route.host, self._route.port)

    def _begin_step(self) -> None:
        if not self._steps:
            return
        if self._steps[0] is Step.TLS:
            to_proxy = self._route.proxy is not None and Step.PROXY in self._steps
            hostname = self._route.address[0] if to_proxy else self._route.host
            self._handshaking = _Tls(self._network.tls_context(), hostname)
            self._handshaking.handshake(b"")
            self._emit(self._handshaking.output(), len(self._layers))
        elif self._route.proxy is not None:
            self._passage = self._route.proxy.passage(self._route.host, self._route.port, max_header=self._max_header)
            self._emit(next(self._passage), len(self._layers))

    def _receive(self, data: bytes) -> bytes:
        for depth, layer in enumerate(self._layers):
            data = layer.decrypt(data)
            self.ended = self.ended or layer.ended
            if layer.broken is not None and self.failure is None:
                self.failure = transport_failure(layer.broken, self.doing, FailureKind.TLS)
            self._emit(layer.output(), depth)
        while self._steps and data:
            if self._passage is not None:
                data = self._advance_passage(self._passage, data)
            elif self._handshaking is not None:
                data = self._advance_tls(self._handshaking, data)
        return data

    def _advance_passage(self, passage: Passage, data: bytes) -> bytes:
        try:
            self._emit(passage.send(data), len(self._layers))
        except StopIteration as end:
            leftover: bytes = end.value
            self._passage = None
            self._finish_step()
            return leftover
        return b""

    def _advance_tls(self, layer: _Tls, data: bytes) -> bytes:
        finished = layer.handshake(data)
        self._emit(layer.output(), len(self._layers))
        if not finished:
            return b""
        self._handshaking = None
        self._layers.append(layer)
        plain = layer.decrypt(b"")
        self.ended = self.ended or layer.ended
        self._finish_step()
        return plain

    def _finish_step(self) -> None:
        del self._steps[0]
        self._begin_step()

    def _emit(self, data: bytes, depth: int) -> None:
        """Send `data` from above the layer number `depth - 1` down to TCP."""
        if not data:
            return
        for layer in reversed(self._layers[:depth]):
            data = layer.encrypt(data)
        self._out.append(data)
