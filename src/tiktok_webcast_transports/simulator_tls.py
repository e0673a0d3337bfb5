"""The simulator's TLS: the handshake of one connection, which can be dropped at any moment of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import cast


class TlsDoor(asyncio.Protocol):
    """Stands at a connection until TLS is through, then gives its place to another protocol.

    `create_server(ssl=...)` knows such a connection only afterwards: a server that is stopped before would leave its
    socket to the garbage collector.

    Args:
        make: The protocol that comes after.
        context: The server's certificate.
        met: Told when the connection is there.
        parted: Told when the door has no more part in it, whether TLS came about or not.
    """

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        met: Callable[[TlsDoor], None],
        parted: Callable[[TlsDoor], None],
    ) -> None:
        self._make = make
        self._context = context
        self._met = met
        self._parted = parted
        self._loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport
        self._task: asyncio.Task[None] | None = None
        self._early: list[bytes] = []
        self._ended = False
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._met(self)
        self._task = self._loop.create_task(self._greet())

    def data_received(self, data: bytes) -> None:
        """Came with the last part of the handshake."""
        self._early.append(data)

    def eof_received(self) -> bool:
        """As above."""
        self._ended = True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """As above, or after the handshake failed."""
        self._lost = True

    def abort(self) -> None:
        """Drop the connection now."""
        self._transport.abort()

    async def _greet(self) -> None:
        try:
            transport = await self._loop.start_tls(self._transport, self, self._context, server_side=True)
        except OSError:
            # No TLS, or the client has gone: the transport is closed, and nobody is to be told.
            transport = None
        if transport is not None and not self._lost:
            inner = self._make()
            transport.set_protocol(inner)
            inner.connection_made(transport)
            for data in self._early:
                inner.data_received(data)
            if self._ended:
                inner.eof_received()
        self._parted(self)
        self.gone.set_result(None)
