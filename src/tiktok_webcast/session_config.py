"""`SessionConfig`: every choice that a session is made with, in one frozen value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal
from urllib.parse import urlsplit

from .checks import check_kind, check_texts
from .config import Endpoints, Limits, Timing
from .context import SessionLogin, WebContext, is_tiktok_host
from .cookies import Cookie, CookieJar, is_subdomain
from .errors import ConfigurationError
from .events.registry import Registry
from .events.table import REGISTRY
from .profile import ClientProfile

SESSION_EVENTS = frozenset({"connect", "reconnecting", "disconnect", "overflow", "closed"})
"""Events that no filter takes away: without them nobody would know how the session is."""


_NONE = type(None)
_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "endpoints": (Endpoints, "Endpoints"),
    "limits": (Limits, "Limits"),
    "timing": (Timing, "a Timing"),
    "room_id": (int, "a number"),
    "registry": (Registry, "a Registry"),
    "profile": ((ClientProfile, _NONE), "a ClientProfile"),
    "login": ((SessionLogin, _NONE), "a SessionLogin"),
    "http_params": (Mapping, "a mapping"),
    "http_headers": (Mapping, "a mapping"),
    "ws_params": (Mapping, "a mapping"),
    "ws_headers": (Mapping, "a mapping"),
}


@dataclass(frozen=True)
class SessionConfig:
    """Choices for one `Session`; the defaults are those of TikTok's web player."""

    endpoints: Endpoints = field(default_factory=Endpoints)
    limits: Limits = field(default_factory=Limits)
    timing: Timing = field(default_factory=Timing)
    room_id: int = 0
    """The room to enter; 0: the one that the user is live in. A room given is not looked up; see `check_room`."""
    check_room: bool = True
    """Whether a room that was given is asked for its own data first: one request, so that no signature is spent on a
    room that is over. Silence keeps nobody out. `False`: nothing is asked before the signer."""
    include: frozenset[str] | None = None
    """Names of the events to deliver (`"comment"`, `"gift"`, ...); `None`: all. Methods that become none of them are
    counted and not parsed. The session's own events (`SESSION_EVENTS`) are always delivered."""
    exclude: frozenset[str] = frozenset()
    """Names of events not to deliver; it wins over `include`."""
    history: bool = True
    """Whether to deliver what happened before the connection: entries that the server marks as history."""
    overflow: Literal["block", "drop-oldest"] = "block"
    """When events wait unread: `block` lets the transport stop reading until they are read; `drop-oldest` reads on,
    drops the oldest events, and says so with `OverflowEvent`."""
    registry: Registry = field(default=REGISTRY, repr=False)
    """Which event a wire method becomes."""
    profile: ClientProfile | None = None
    """The browser to look like; `None`: one that the session's `rng` chooses."""
    login: SessionLogin | None = None
    """A TikTok login, for rooms that ask for one. It is full access to the account: see `trusted_sign_hosts`."""
    cookies: tuple[Cookie, ...] = field(default=(), repr=False)
    """Cookies to start with, e.g. `parse_netscape_cookies(text)`; those of other sites are never used."""
    trusted_sign_hosts: frozenset[str] = frozenset()
    """Hosts of sign servers that may be given the login."""
    http_params: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Query parameters for TikTok's web requests, in place of the defaults of the same name."""
    http_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Headers for TikTok's web requests, in place of the defaults of the same name."""
    ws_params: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Query parameters for the socket, in place of the defaults of the same name."""
    ws_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Headers for the socket's handshake, in place of the defaults of the same name."""
    compress: bool = True
    """Whether to ask for gzipped payloads."""

    def __post_init__(self) -> None:
        for name, (kind, what) in _KINDS.items():
            check_kind(name, getattr(self, name), kind, what)
        if isinstance(self.room_id, bool) or not 0 <= self.room_id < 2**64:
            said = self.room_id if abs(self.room_id) < 2**64 else "a larger one"
            raise ConfigurationError(f"room_id must be a positive 64-bit number, not {said}")
        for name in ("include", "exclude", "trusted_sign_hosts"):
            if name != "include" or self.include is not None:
                check_texts(name, getattr(self, name))
        check_kind("cookies", self.cookies, Iterable, "a tuple of cookies")
        # A jar, which changes while it is used, is no part of a configuration; what is in it is.
        object.__setattr__(self, "cookies", tuple(self.cookies))
        for cookie in self.cookies:
            check_kind("cookies", cookie, Cookie, "cookies")
        if self.overflow not in ("block", "drop-oldest"):
            raise ConfigurationError(f"overflow must be 'block' or 'drop-oldest', not {self.overflow!r}")

    def wants(self, name: str) -> bool:
        """Whether events of this name are delivered."""
        if name in SESSION_EVENTS:
            return True
        return name not in self.exclude and (self.include is None or name in self.include)

    @property
    def own_cookies(self) -> tuple[Cookie, ...]:
        """Those of `cookies` that may be sent at all: TikTok's, and those of hosts that `endpoints` names."""
        hosts = [urlsplit(origin).hostname or "" for origin in (self.endpoints.web, self.endpoints.webcast)]
        return tuple(
            cookie
            for cookie in self.cookies
            if is_tiktok_host(cookie.domain)
            or any(host == cookie.domain or is_subdomain(host, cookie.domain) for host in hosts)
        )

    def web_context(self, rng: Random) -> WebContext:
        """Return the `WebContext` of one session, with a cookie jar of its own."""
        jar = CookieJar()
        for cookie in self.own_cookies:
            jar.add(cookie)
        return WebContext(
            rng=rng,
            endpoints=self.endpoints,
            profile=self.profile if self.profile is not None else ClientProfile.choose(rng),
            limits=self.limits,
            jar=jar,
            http_params=self.http_params,
            http_headers=self.http_headers,
            ws_params=self.ws_params,
            ws_headers=self.ws_headers,
            login=self.login,
            trusted_sign_hosts=self.trusted_sign_hosts,
            compress=self.compress,
            keep_profile=self.profile is not None,
        )
