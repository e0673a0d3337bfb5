"""Foreign exceptions become failures with readable words."""

from __future__ import annotations

import errno
import socket
import ssl

import anyio
import httpcore
import pytest

from tiktok_webcast.http import FailureKind, TransportFailure
from tiktok_webcast_transports._errors import transport_failure


def caused(outer: BaseException, inner: BaseException) -> BaseException:
    outer.__cause__ = inner
    return outer


REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 1)")
CERTIFICATE = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (REFUSED, FailureKind.CONNECT, "Connection refused"),
        (OSError(errno.ENETUNREACH, "x"), FailureKind.CONNECT, "Network is unreachable"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), FailureKind.DNS, "Name or service not known"),
        (UnicodeError("label empty or too long"), FailureKind.DNS, "label empty"),
        (TimeoutError(), FailureKind.TIMEOUT, "timed out"),
        (caused(httpcore.ConnectTimeout(), TimeoutError()), FailureKind.TIMEOUT, "timed out"),
        (caused(httpcore.ConnectError("All connection attempts failed"), REFUSED), FailureKind.CONNECT, "refused"),
        (caused(OSError("All attempts failed"), REFUSED), FailureKind.CONNECT, "refused"),
        (caused(httpcore.ReadError(), anyio.BrokenResourceError()), FailureKind.READ, "ReadError"),
        (httpcore.WriteError("x"), FailureKind.WRITE, "x"),
        (anyio.BrokenResourceError(), FailureKind.CONNECT, "BrokenResourceError"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1)"), FailureKind.TLS, "wrong"),
        (caused(httpcore.ConnectError(), CERTIFICATE), FailureKind.TLS, "certificate verify failed"),
        (ValueError("odd"), FailureKind.CONNECT, "odd"),
    ],
)
def test_mapping(error: BaseException, kind: FailureKind, words: str) -> None:
    failure = transport_failure(error, "connect to a:1", FailureKind.CONNECT)
    assert isinstance(failure, TransportFailure)
    assert failure.kind is kind
    assert failure.detail.startswith("connect to a:1: ")
    assert words.lower() in failure.detail.lower()


def test_causes_in_a_circle() -> None:
    first, second = OSError("a"), OSError("b")
    first.__cause__, second.__cause__ = second, first
    assert transport_failure(first, "x", FailureKind.READ).kind is FailureKind.READ


def test_a_certificate_failure_says_what_to_do() -> None:
    assert "ca_file=" in transport_failure(CERTIFICATE, "TLS with a:443", FailureKind.TLS).detail
