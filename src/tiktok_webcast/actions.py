"""What a `Session` asks its transport to do. Every action carries the id that its answer must carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .http import HttpRequest, SocketRequest


@dataclass(frozen=True)
class SendRequest:
    """Make this HTTP request and pass the answer to `Session.receive_response(request_id, ...)`."""

    request_id: int
    request: HttpRequest


@dataclass(frozen=True)
class OpenSocket:
    """Open this WebSocket, then call `Session.socket_opened` or `Session.socket_rejected`."""

    socket_id: int
    request: SocketRequest
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What the signer wants the user to know, for the log; without secrets."""


class SendMessage(NamedTuple):
    """Send these bytes as one binary message on the socket."""

    # A tuple, as there is one for almost every frame: made in 0.2 us, a frozen dataclass in 0.9.
    socket_id: int
    data: bytes

    def __repr__(self) -> str:
        return f"SendMessage(socket_id={self.socket_id})"


@dataclass(frozen=True)
class CloseSocket:
    """Close the socket with this code; nothing more is read from it."""

    socket_id: int
    code: int = 1000


Action = SendRequest | OpenSocket | SendMessage | CloseSocket
