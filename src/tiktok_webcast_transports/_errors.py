"""One mapping from the exceptions of sockets, TLS, anyio and httpcore to `TransportFailure`.

Foreign exceptions are told apart by the names of their classes: no adapter has to import another's libraries.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator

from tiktok_webcast.http import FailureKind, TransportFailure

_KIND_BY_CLASS = {
    "ConnectTimeout": FailureKind.TIMEOUT,
    "ReadTimeout": FailureKind.TIMEOUT,
    "WriteTimeout": FailureKind.TIMEOUT,
    "PoolTimeout": FailureKind.TIMEOUT,
    "ConnectError": FailureKind.CONNECT,
    "ReadError": FailureKind.READ,
    "WriteError": FailureKind.WRITE,
    "ProxyError": FailureKind.PROXY,
    "RemoteProtocolError": FailureKind.PROTOCOL,
    "LocalProtocolError": FailureKind.PROTOCOL,
}
_CHAIN_LIMIT = 32
_CERTIFICATE_HINT = (
    " (the system's trust store does not vouch for it: pass ca_file= or ssl_context= if a company proxy"
    " or a server of your own is in between)"
)


def transport_failure(error: BaseException, doing: str, otherwise: FailureKind) -> TransportFailure:
    """Return what `error` means to the core.

    Args:
        error: whatever a socket, `ssl`, anyio or httpcore raised.
        doing: what was being done, such as `"connect to example.org:443"`; it opens the detail. No secrets here.
        otherwise: the kind, when the exception alone does not say.
    """
    chain = list(_chain(error))
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            why = getattr(one, "verify_message", "") or "not valid"
            return TransportFailure(FailureKind.TLS, f"{doing}: certificate verify failed: {why}{_CERTIFICATE_HINT}")
    for one in chain:
        if isinstance(one, ssl.SSLError):
            return TransportFailure(FailureKind.TLS, f"{doing}: {_words(one)}")
        if isinstance(one, socket.gaierror | socket.herror | UnicodeError):
            return TransportFailure(FailureKind.DNS, f"{doing}: {_words(one)}")
    for one in chain:
        if isinstance(one, TimeoutError):
            return TransportFailure(FailureKind.TIMEOUT, f"{doing}: timed out")
    for one in reversed(chain):
        if isinstance(one, OSError) and one.errno:
            return TransportFailure(otherwise, f"{doing}: {_words(one)}")
    for one in chain:
        for name in (cls.__name__ for cls in type(one).__mro__):
            if name in _KIND_BY_CLASS:
                return TransportFailure(_KIND_BY_CLASS[name], f"{doing}: {_words(one)}")
    return TransportFailure(otherwise, f"{doing}: {_words(error)}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield `error`, its causes and the members of exception groups: httpcore and anyio wrap the telling one."""
    pending: list[BaseException] = [error]
    seen: set[int] = set()
    while pending and len(seen) < _CHAIN_LIMIT:
        one = pending.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending.extend(getattr(one, "exceptions", ()))
        following = one.__cause__ or one.__context__
        if following is not None:
            pending.append(following)


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return (getattr(error, "reason", None) or str(error)).replace("_", " ").lower()
    if isinstance(error, socket.gaierror | socket.herror):
        return error.strerror or "the name was not found"
    if isinstance(error, OSError) and error.errno:
        # asyncio puts an address in place of the system's words.
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
