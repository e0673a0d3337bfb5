"""How a transport reaches the network: proxy, trust, time. Frozen values, checked when made."""

from __future__ import annotations

import functools
import os
import ssl
from dataclasses import dataclass, field, fields

from tiktok_webcast.checks import check_kind, check_number
from tiktok_webcast.errors import ConfigurationError

from ._proxy import Proxy, proxy_from_environment


@dataclass(frozen=True)
class Timeouts:
    """How long each step of a connection may take, in seconds."""

    connect: float = 10.0
    """Finding the address and opening the TCP connection; once more for the handshake with a proxy."""
    tls: float = 10.0
    """The TLS handshake."""
    handshake: float = 15.0
    """The WebSocket handshake: from the request to the server's 101 or refusal."""
    request: float = 30.0
    """An HTTP request: from its first byte to the last byte of the answer."""
    write: float = 20.0
    """Bytes that the other side does not take; past it the connection is given up."""
    close: float = 2.0
    """The other side's part of a WebSocket close, and the last bytes of any connection that we close."""

    def __post_init__(self) -> None:
        for item in fields(self):
            check_number(f"Timeouts.{item.name}", getattr(self, item.name))
            if not getattr(self, item.name) > 0:
                raise ConfigurationError(
                    f"Timeouts.{item.name} must be positive seconds, not {getattr(self, item.name)}"
                )


@dataclass(frozen=True)
class Network:
    """The way to the network that all requests and sockets of one transport share.

    `proxy` is an `http://`, `https://`, `socks5://` or `socks5h://` URL, user and password percent-encoded; both HTTP
    and the socket go through it, always by CONNECT with the first two. With SOCKS the proxy looks names up, under
    either name of the scheme. Without `proxy`, `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are obeyed only
    if `trust_env` is true.

    TLS is always verified: against the system's certificates, those of `ca_file` (PEM) in their place, or as
    `ssl_context` says; the ALPN list of that context is set to `http/1.1`.

    Raises:
        ConfigurationError: a proxy that cannot be used, or both `ssl_context` and `ca_file`.
    """

    proxy: str | Proxy | None = field(default=None, repr=False)
    ssl_context: ssl.SSLContext | None = None
    ca_file: str | None = None
    trust_env: bool = False
    timeouts: Timeouts = Timeouts()

    def __post_init__(self) -> None:
        if isinstance(self.proxy, str):
            object.__setattr__(self, "proxy", Proxy.parse(self.proxy))
        elif self.proxy is not None and not isinstance(self.proxy, Proxy):
            # Passed over, it would mean a direct connection. By its type alone: there may be a password in it.
            raise ConfigurationError(f"The proxy must be a URL, not {type(self.proxy).__name__}")
        check_kind("ssl_context", self.ssl_context, (ssl.SSLContext, type(None)), "an ssl.SSLContext")
        check_kind("ca_file", self.ca_file, (str, os.PathLike, type(None)), "the name of a file")
        check_kind("timeouts", self.timeouts, Timeouts, "Timeouts")
        if self.ssl_context is not None and self.ca_file is not None:
            raise ConfigurationError("Pass ssl_context= or ca_file=, not both: load the file into the context")

    def proxy_for(self, scheme: str, host: str, port: int) -> Proxy | None:
        """Return the proxy for a target, or `None` for a direct connection."""
        if isinstance(self.proxy, Proxy):
            return self.proxy
        return proxy_from_environment(scheme, host, port) if self.trust_env else None

    def tls_context(self) -> ssl.SSLContext:
        """Return the context for every TLS connection of this transport."""
        if self.ssl_context is None:
            return _verifying_context(self.ca_file)
        self.ssl_context.set_alpn_protocols(["http/1.1"])
        return self.ssl_context


@functools.lru_cache(maxsize=8)
def _verifying_context(ca_file: str | None) -> ssl.SSLContext:
    # Loading the system's certificates takes about 20 ms and 1 MB, so all rooms of a process share one context.
    context = ssl.create_default_context(cafile=ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context
