"""`SignServer`: a signer that asks a server for every socket, a third party by default (protocol/http.md section 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from .checks import check_origin
from .close import CloseReason
from .context import SESSION_COOKIES, WebContext
from .cookies import cookie_header, is_loopback
from .errors import ConfigurationError
from .evidence import Evidence
from .gift_list import GiftList
from .http import Exchange, Headers, HttpRequest, HttpResponse, TransportFailure
from .room_info import RoomInfo
from .routes import sign_fetch, sign_services
from .routes.sign_api import Client, Generation
from .routes.sign_services import ChatSent, RateLimits, SignedUrl
from .secret import MASK, Secret, mask
from .signer import Signed, Signer, SignFailure, SignTarget
from .url import socket_objection, socket_request
from .web import fetch

__all__ = ["Generation", "SignFailure", "SignServer", "SignTarget", "Signed", "Signer", "is_trusted_sign_host"]

T = TypeVar("T")
_MISSING = frozenset([404, 405, 410])
MAX_COMMENT = 500
"""Characters of a comment to send."""


class SignServer:
    """Asks a sign server, in either generation of its API: the current one first, the other when there is no such path.

    The server learns the room, your address and your user agent. The login (full access to the account) goes to it only
    if `WebContext.trusted_sign_hosts` names its host; with a login and any other host, signing is refused rather than
    done without, unless `session="never"` says so. Cookies that came from a file are not a login in this sense: they
    simply stay away from a host that is not trusted.

    One signer may serve many sessions.
    """

    def __init__(
        self,
        *,
        api_key: str | Secret | None = None,
        url: str | None = None,
        client: str = "tiktok-webcast",
        generation: Generation | Literal["auto", "2025", "2026"] = "auto",
        platform: Literal["web", "mobile"] = "web",
        session: Literal["auto", "require", "never"] = "auto",
        country: str = "",
        socket_hosts: frozenset[str] = frozenset(),
        oauth_token: str | Secret | None = None,
    ) -> None:
        """Describe the server.

        Args:
            api_key: Your key there, for higher limits and paid features; sent as `X-Api-Key`.
            url: The server's origin; `Endpoints.sign` by default.
            client: The name that requests carry.
            generation: Which API it speaks; `auto` finds out and remembers.
            platform: What to sign as; `mobile` needs a login.
            session: Whether the login is part of the signature: `auto` if there is one, `require`, or `never`.
            country: The country to sign from, where the server offers a choice.
            socket_hosts: Hosts besides TikTok's that the server may name for the socket.
            oauth_token: A token of the server's own that stands for an account: comments are sent with it in place of
                the login, which then stays at home.
        """
        if url:
            check_origin("The sign server's url", url, "https://host")
        if platform not in ("web", "mobile") or session not in ("auto", "require", "never"):
            raise ConfigurationError("platform is 'web' or 'mobile'; session is 'auto', 'require' or 'never'.")
        self.api_key: Secret | None = None if api_key is None else Secret(api_key)
        self.oauth_token: Secret | None = None if oauth_token is None else Secret(oauth_token)
        self.url: str | None = None if url is None else url.rstrip("/")
        self.client = client
        self.platform = platform
        self.session = session
        self.country = country
        self.socket_hosts = socket_hosts
        self._fixed = None if generation == "auto" else Generation(generation)
        self._spoken = Generation.API_2026

    def __repr__(self) -> str:
        return f"SignServer(url={self.url!r}, client={self.client!r}, api_key={self.api_key!r})"

    def sign(self, target: SignTarget) -> Exchange[Signed | SignFailure]:
        """Ask for a room's socket address, and check all of it before anything is sent there."""
        context = target.context
        login = self._login(context)
        if isinstance(login, SignFailure):
            return login
        client = self._client(context, login)

        def build(generation: Generation) -> HttpRequest:
            return sign_fetch.build(
                client,
                generation,
                target.room_id,
                user_agent=context.profile.user_agent,
                cursor=target.cursor,
                platform=self.platform,
                country=self.country,
            )

        answer = yield from self._ask(build, context)
        outcome = sign_fetch.parse(answer, context.limits)
        if isinstance(outcome, SignFailure):
            return self._redacted(outcome, context)
        objection = socket_objection(outcome.push_server, context, self.socket_hosts)
        if objection is not None:
            return SignFailure(CloseReason.SIGN_FAILED, f"the sign server names a socket that is refused: {objection}")
        room_id = outcome.room_id or target.room_id
        socket = socket_request(
            outcome.push_server,
            room_id,
            context=context,
            route_params=outcome.route_params,
            cursor=outcome.cursor,
            internal_ext=outcome.internal_ext,
            user_agent=outcome.user_agent,
            cookies=outcome.cookies,
            authenticated=bool(login),
        )
        notes = () if login or not context.logged_in else ("the login was not used: the sign host is not trusted",)
        return Signed(socket, outcome.body, room_id, bool(login), notes, self._redact(outcome.request_id, context))

    def send_chat(self, content: str, *, room_id: int, context: WebContext) -> Exchange[ChatSent | SignFailure]:
        """Send a comment to a room, as the account of `oauth_token`, else of the login, which the sign server must be
        trusted with.

        Raises:
            ConfigurationError: The comment is empty or too long.
        """
        if not 0 < len(content.strip()) <= MAX_COMMENT:
            raise ConfigurationError(f"A comment has 1 to {MAX_COMMENT} characters, not {len(content.strip())}.")
        login: Headers | SignFailure
        if self.oauth_token is not None:
            # The server takes one of the two, not both.
            login = (("x-oauth-token", self.oauth_token.reveal()),)
        else:
            login = self._login(context, needed="sending a comment")
        if isinstance(login, SignFailure):
            return login
        client = self._client(context, login)
        answer = yield from self._ask(lambda form: sign_services.build_chat(client, form, room_id, content), context)
        return self._redacted(sign_services.parse_chat(answer), context)

    def rate_limits(self, *, context: WebContext) -> Exchange[RateLimits | SignFailure]:
        """Ask how much of the limits is left for this key or address."""
        client = self._client(context)
        answer = yield from self._ask(lambda form: sign_services.build_rate_limits(client, form), context)
        return self._redacted(sign_services.parse_rate_limits(answer), context)

    def room_id(self, unique_id: str, *, context: WebContext) -> Exchange[int | SignFailure]:
        """Ask for a user's room id (a paid feature)."""
        client = self._client(context)
        answer = yield from self._ask(lambda form: sign_services.build_room_id(client, form, unique_id), context)
        return self._redacted(sign_services.parse_room_id(answer), context)

    def room_info(self, room: int | str, *, context: WebContext) -> Exchange[RoomInfo | SignFailure]:
        """Ask for a room's data by its id or its host's name (a paid feature): where TikTok itself does not tell."""
        client = self._client(context)
        answer = yield from self._ask(lambda form: sign_services.build_room_info(client, form, room), context)
        return self._redacted(sign_services.parse_room_info(answer), context)

    def gifts(self, room_id: int, *, context: WebContext) -> Exchange[GiftList | SignFailure]:
        """Ask for the gifts of a room, where TikTok itself does not tell (`tiktok_webcast.info.fetch_gift_list`)."""
        client, language = self._client(context), context.profile.language
        answer = yield from self._ask(lambda form: sign_services.build_gifts(client, form, room_id, language), context)
        return self._redacted(sign_services.parse_gifts(answer), context)

    def look_up_room(self, unique_id: str, context: WebContext) -> Exchange[Evidence]:
        """Ask for a user's room id as a last way in: an entry of `further` for `resolve` (a paid feature)."""
        source = "sign server"
        outcome = yield from self.room_id(unique_id, context=context)
        if isinstance(outcome, SignFailure):
            return Evidence(source, detail=outcome.detail, reason=outcome.reason, retry_after=outcome.retry_after)
        return Evidence(source, detail=f"room {outcome}", room_id=outcome, unique_id=unique_id)

    def sign_url(
        self, url: str, *, context: WebContext, method: str = "GET", payload: str = ""
    ) -> Exchange[SignedUrl | SignFailure]:
        """Have a TikTok web address signed, without any login. Then use the answer's address and user agent.

        Raises:
            ConfigurationError: The address is not TikTok's.
        """
        if not context.is_tiktok(url):
            raise ConfigurationError("Only addresses of TikTok's hosts can be signed.")
        client = self._client(context)
        ttwid = context.jar.get("ttwid", url) or ""
        user_agent = context.profile.user_agent
        answer = yield from self._ask(
            lambda form: sign_services.build_sign_url(
                client, form, url, user_agent=user_agent, method=method, payload=payload, ttwid=ttwid
            ),
            context,
        )
        outcome = sign_services.parse_sign_url(answer)
        if isinstance(outcome, SignedUrl) and not _same_host(outcome.url, url):
            return SignFailure(CloseReason.SIGN_FAILED, "the sign server changed the host of the address", retry=False)
        return self._redacted(outcome, context)

    # --- the way to the server --------------------------------------------------------------------------------

    def origin(self, context: WebContext) -> str:
        """Return the server's origin for this context."""
        return self.url or context.endpoints.sign

    def _client(self, context: WebContext, login: Headers = ()) -> Client:
        key: Headers = () if self.api_key is None else (("X-Api-Key", self.api_key.reveal()),)
        limit = min(context.limits.unpacked, context.limits.response_body)
        return Client(self.origin(context), self.client, (*key, *login), limit)

    def _ask(
        self, build: Callable[[Generation], HttpRequest], context: WebContext
    ) -> Exchange[HttpResponse | TransportFailure]:
        first = self._fixed or self._spoken
        other = Generation.API_2025 if first is Generation.API_2026 else Generation.API_2026
        answer = yield from fetch(build(first), jar=None, limits=context.limits)
        if self._fixed is not None or isinstance(answer, TransportFailure) or answer.status not in _MISSING:
            return answer
        second = yield from fetch(build(other), jar=None, limits=context.limits)
        if isinstance(second, TransportFailure) or second.status in _MISSING:
            return answer
        self._spoken = other
        return second

    def _login(self, context: WebContext, *, needed: str = "") -> Headers | SignFailure:
        if self.platform == "mobile":
            needed = needed or "signing for the mobile platform"
        elif self.session == "require":
            needed = needed or "an authenticated signature"
        if not needed and (self.session == "never" or not context.logged_in):
            return ()
        if not context.logged_in:
            return SignFailure(CloseReason.SIGN_FAILED, f"{needed} needs a login: set a session id", retry=False)
        origin = self.origin(context)
        if is_trusted_sign_host(origin, context):
            held = dict(context.jar.cookies_for(context.endpoints.web))
            session = next(held[name] for name in SESSION_COOKIES if held.get(name))
            pairs = (("sessionid", session), ("tt-target-idc", held.get("tt-target-idc", "")))
            return (("x-cookie-header", cookie_header(pair for pair in pairs if pair[1])),)
        if not needed and context.login is None:
            return ()
        host = urlsplit(origin).netloc
        return SignFailure(
            CloseReason.SIGN_FAILED,
            f"refused to give your session id to {host}: it is full access to your account. If you trust that host "
            f"with it, name it in trusted_sign_hosts (--trust-sign-host {host}); else use GuestSigner (--signer "
            'guest), or SignServer(session="never") for a signature without the login',
            retry=False,
        )

    def _redacted(self, outcome: T, context: WebContext) -> T:
        if isinstance(outcome, SignFailure):
            facts = tuple((name, self._redact(value, context)) for name, value in outcome.facts)
            facts += (("source", urlsplit(self.origin(context)).netloc),)
            return replace(outcome, detail=self._redact(outcome.detail, context), facts=facts)
        if isinstance(outcome, (ChatSent, RateLimits)):
            return replace(outcome, message=self._redact(outcome.message, context))
        return outcome

    def _redact(self, text: str, context: WebContext) -> str:
        secrets = [secret.reveal() for secret in (self.api_key, self.oauth_token) if secret is not None]
        for secret in secrets:
            text = text.replace(secret, MASK)
        text = context.redact(text)
        for secret in secrets:
            text = mask(text, secret)
        return text


def is_trusted_sign_host(origin: str, context: WebContext) -> bool:
    """Whether the login may go to a sign server: its host is named (`host` or `host:port`), by an encrypted way."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if parts.scheme != "https" and not is_loopback(host):
        return False
    named = {entry.strip().lower() for entry in context.trusted_sign_hosts}
    return host in named or parts.netloc.lower() in named


def _same_host(url: str, other: str) -> bool:
    try:
        return (urlsplit(url).scheme, urlsplit(url).netloc) == (urlsplit(other).scheme, urlsplit(other).netloc)
    except ValueError:
        return False
