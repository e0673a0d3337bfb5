"""Proxies: their URLs, the environment's say, and the handshake that opens a way through one, without I/O."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Generator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import h11

from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.http import FailureKind, TransportFailure

from ._exchange import refusal_words

Passage = Generator[bytes, bytes, bytes]
"""A handshake: yields bytes to send, is sent the bytes received, returns what came after its end."""

_DEFAULT_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_REASON_BYTES = 200
"""Of the words of an HTTP proxy's refusal; they may be as long as all headers."""
_SOCKS_REPLIES = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
    7: "command not supported",
    8: "address type not supported",
}


class PassageFailed(Exception):
    """A handshake ended without a way through; `failure` says why. Never leaves this package."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail)
        self.failure = TransportFailure(kind, detail)


@dataclass(frozen=True)
class Proxy:
    """A proxy's address; the password is in no repr."""

    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Proxy:
        """Return the proxy that `url` names.

        Raises:
            ConfigurationError: a scheme other than http, https, socks5 and socks5h, or no host; without the password.
        """
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            host, port = parts.hostname, parts.port
        except ValueError:
            # In its own words the password may stand.
            raise ConfigurationError("The proxy URL has no valid host and port") from None
        scheme = parts.scheme.lower()
        if scheme not in _DEFAULT_PORTS:
            raise ConfigurationError(f"A proxy must be an http, https, socks5 or socks5h URL, not {parts.scheme!r}")
        if not host:
            raise ConfigurationError("The proxy URL names no host")
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        if scheme.startswith("socks") and max(len(username.encode()), len(password.encode())) > 255:
            raise ConfigurationError("A SOCKS5 user name or password has at most 255 bytes")
        return cls(scheme, host, port or _DEFAULT_PORTS[scheme], username, password)

    def __str__(self) -> str:
        login = f"{self.username}:***@" if self.username or self.password else ""
        return f"{self.scheme}://{login}{host_and_port(self.host, self.port)}"

    def passage(self, host: str, port: int, *, max_header: int) -> Passage:
        """Return the handshake that leads through this proxy to `host`."""
        if self.scheme.startswith("socks"):
            return _socks5(host, port, self.username, self.password)
        return _http_connect(host, port, self.username, self.password, max_header)


def host_and_port(host: str, port: int) -> str:
    """Return `host:port`, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def proxy_from_environment(scheme: str, host: str, port: int) -> Proxy | None:
    """Return the proxy that the environment (or the system's settings) name for a target; the only reader of either."""
    # Loads http.client and more, for the few who ask for it.
    import urllib.request

    if urllib.request.proxy_bypass(host_and_port(host, port)) or urllib.request.proxy_bypass(host):
        return None
    named = urllib.request.getproxies()
    secure = scheme in ("https", "wss")
    for key in (scheme, "https" if secure else "http", "all"):
        if named.get(key):
            return Proxy.parse(named[key])
    return None


def _http_connect(host: str, port: int, username: str, password: str, max_header: int) -> Passage:
    authority = host_and_port(_ascii_name(host).decode(), port)
    headers = [("Host", authority)]
    if username or password:
        token = base64.b64encode(f"{username}:{password}".encode()).decode()
        headers.append(("Proxy-Authorization", f"Basic {token}"))
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=max_header)
    try:
        request = h11.Request(method="CONNECT", target=authority, headers=headers)
        data = connection.send(request) + connection.send(h11.EndOfMessage())
    except h11.LocalProtocolError as error:
        raise PassageFailed(FailureKind.PROXY, f"CONNECT cannot be asked: {error}") from None
    while True:
        received = yield data
        if not received:
            raise PassageFailed(FailureKind.PROXY, "the proxy closed the connection")
        data = b""
        connection.receive_data(received)
        try:
            event = connection.next_event()
            while isinstance(event, h11.InformationalResponse):
                event = connection.next_event()
        except h11.RemoteProtocolError as error:
            raise PassageFailed(FailureKind.PROXY, f"the proxy does not speak HTTP: {refusal_words(error)}") from None
        if isinstance(event, h11.Response):
            if 200 <= event.status_code < 300:
                return connection.trailing_data[0]
            hint = " (user and password)" if event.status_code == 407 else ""
            reason = event.reason[:_REASON_BYTES].decode("ascii", "replace")
            raise PassageFailed(FailureKind.PROXY, f"the proxy answered {event.status_code} {reason}{hint}".strip())


def _socks5(host: str, port: int, username: str, password: str) -> Passage:
    """RFC 1928 and RFC 1929. The proxy gets the name, not an address, so it is the one that looks it up."""
    login = bool(username or password)
    buffer = b""

    def take(count: int, send: bytes = b"") -> Generator[bytes, bytes, bytes]:
        nonlocal buffer
        while len(buffer) < count:
            received = yield send
            send = b""
            if not received:
                raise PassageFailed(FailureKind.PROXY, "the proxy closed the connection")
            buffer += received
        taken, buffer = buffer[:count], buffer[count:]
        return taken

    version, method = yield from take(2, b"\x05\x02\x00\x02" if login else b"\x05\x01\x00")
    if version != 5:
        raise PassageFailed(FailureKind.PROXY, "the proxy does not speak SOCKS5")
    if method == 2 and login:
        user, secret = username.encode(), password.encode()
        _, status = yield from take(2, b"\x01" + bytes((len(user),)) + user + bytes((len(secret),)) + secret)
        if status != 0:
            raise PassageFailed(FailureKind.PROXY, "the proxy refused the user name and password")
    elif method != 0:
        hint = "" if login else " (it asks for a user name and password)"
        raise PassageFailed(FailureKind.PROXY, f"the proxy accepts none of our ways to log in{hint}")
    ask = b"\x05\x01\x00" + _socks_address(host) + port.to_bytes(2, "big")
    _, reply, _, kind = yield from take(4, ask)
    if reply != 0:
        words = _SOCKS_REPLIES.get(reply, f"reply {reply}")
        raise PassageFailed(FailureKind.PROXY, f"the proxy could not connect to {host_and_port(host, port)}: {words}")
    if kind == 3:
        (length,) = yield from take(1)
    elif kind in (1, 4):
        length = 4 if kind == 1 else 16
    else:
        raise PassageFailed(FailureKind.PROXY, f"the proxy named an address of unknown type {kind}")
    yield from take(length + 2)
    return buffer


def _socks_address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = _ascii_name(host)
        return b"\x03" + bytes((len(name),)) + name
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed


def _ascii_name(host: str) -> bytes:
    try:
        name = host.encode("ascii") if host.isascii() else host.encode("idna")
    except UnicodeError:
        raise PassageFailed(FailureKind.DNS, "the host's name is not a valid one") from None
    if len(name) > 255:
        raise PassageFailed(FailureKind.DNS, "the host's name is longer than 255 bytes")
    return name
