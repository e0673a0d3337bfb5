"""Signers: whoever turns a room id into a socket address that TikTok lets us open.

TikTok's web player signs its requests by a script. `SignServer` asks a server that runs it (a third party);
`GuestSigner` needs none, where that is enough. A signer of your own is any object with a `sign` method
(docs/signers.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from .close import Closed, CloseReason
from .context import WebContext
from .http import Exchange, SocketRequest


@dataclass(frozen=True)
class SignTarget:
    """What is to be signed: a room, and the session's own context (its user agent, cookies and limits)."""

    room_id: int
    unique_id: str | None
    context: WebContext
    cursor: str = ""
    """Where in the room's history to go on; empty at first."""
    internal_ext: str = ""
    """The server's note beside the cursor."""
    attempt: int = 1
    """Which try in a row this is."""
    refusals: int = 0
    """How many sockets signed for this session TikTok has refused to open, in a row."""
    now: float = 0.0
    """The session's clock, in seconds."""


@dataclass(frozen=True)
class Signed:
    """A socket that may be opened now: within some 30 seconds, and once."""

    socket: SocketRequest
    first_result: bytes = field(default=b"", repr=False)
    """A serialized `ProtoMessageFetchResult` to take as the first input of the socket; may be empty."""
    room_id: int | None = None
    """The room that was signed, when the signer knows better."""
    authenticated: bool = False
    """Whether it was signed for the login."""
    notes: tuple[str, ...] = ()
    """What the user should know, e.g. that the login was not used."""
    request_id: str = ""
    """The sign server's name for the request."""


@dataclass(frozen=True)
class SignFailure:
    """There is no socket address, and why."""

    reason: CloseReason
    detail: str
    retry: bool = True
    """Whether another try can help; when not, something has to be changed first."""
    retry_after: float | None = None
    """Seconds to wait, where the signer said so."""
    facts: tuple[tuple[str, str], ...] = ()
    """`status`, `code`, `limit_label`, `request_id`, where known."""
    causes: tuple[str, ...] = ()

    def closed(self) -> Closed:
        """Return the end of a session that does not try again."""
        return Closed(self.reason, self.detail, self.causes, self.retry_after, self.facts)


class Signer(Protocol):
    """Turns a room into a socket to open. Anything with this one method will do.

    `sign` is a generator: it yields `HttpRequest`s, is sent their answers, and returns the outcome. It must not raise
    on anything that an answer holds. `WebContext.fetch` and `tiktok_webcast.web.fetch` do redirects, cookies, bodies.
    """

    def sign(self, target: SignTarget) -> Exchange[Signed | SignFailure]:
        """Sign a room. Called anew for every connection."""
        ...
