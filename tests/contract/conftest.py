"""Fixtures of the contract suite: every test runs on every transport."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from blockbuster import BlockBuster, blockbuster_ctx
from kits import Kit, all_kits


@pytest.fixture(params=all_kits(), ids=lambda kit: kit.name)
def kit(request: pytest.FixtureRequest) -> Kit:
    """A transport."""
    found: Kit = request.param
    return found


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[BlockBuster]:
    """Fail when something blocks an event loop."""
    with blockbuster_ctx("tiktok_webcast_transports") as found:
        yield found


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority of our own."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its certificate in a file."""
    path: Path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """Return a server's context with a certificate for `names`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server's context for localhost."""
    return server_context(authority, "localhost", "127.0.0.1")


@pytest.fixture(scope="session")
def other_name_tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server's context for another host."""
    return server_context(authority, "elsewhere.test")
