"""The socket's address and handshake: what a signer gave and what the profile says (protocol/http.md section 9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from .context import (
    ACCOUNT_COOKIES,
    TIKTOK_ORIGIN,
    Params,
    WebContext,
    browser_params,
    encode_query,
    merge_headers,
)
from .cookies import cookie_header, is_cookie, is_loopback
from .http import SocketRequest
from .profile import ClientProfile

SOCKET_PATH = "/webcast/im/ws_proxy/ws_reuse_supplement/"
"""The path of the socket that the web player opens."""
APPENDED = "&version_code=270000"
"""The web player names `version_code` twice, 180800 and then this one (protocol/http.md section 7b)."""


def socket_params(
    room_id: int, *, context: WebContext, profile: ClientProfile, cursor: str = "", internal_ext: str = ""
) -> Params:
    """Return the socket's query parameters, without those of a signer."""
    params: tuple[tuple[str, str], ...] = (
        ("aid", "1988"),
        ("app_language", profile.language),
        ("app_name", "tiktok_web"),
        *browser_params(profile),
        ("client_enter", "1"),
        ("compress", "gzip" if context.compress else ""),
        ("cookie_enabled", "true"),
        ("device_platform", "web"),
        ("did_rule", "3"),
        ("heartbeat_duration", "10000"),
        ("history_comment_count", "6"),
        ("identity", "audience"),
        ("last_rtt", f"{context.rng.uniform(100, 200):.3f}"),
        ("live_id", "12"),
        ("resp_content_type", "protobuf"),
        ("room_id", str(room_id)),
        ("sup_ws_ds_opt", "1"),
        ("update_version_code", "2.0.0"),
        ("version_code", "180800"),
        ("webcast_language", profile.language),
        ("ws_direct", "1"),
    )
    if cursor:
        params += (("cursor", cursor),)
    if internal_ext:
        params += (("internal_ext", internal_ext),)
    return params


def socket_request(
    base: str,
    room_id: int,
    *,
    context: WebContext,
    route_params: Mapping[str, str] | None = None,
    cursor: str = "",
    internal_ext: str = "",
    user_agent: str = "",
    cookies: Iterable[tuple[str, str]] = (),
    authenticated: bool = False,
) -> SocketRequest:
    """Return the handshake that opens a room's socket.

    A parameter of ours wins over one of the same name in `route_params` (the libraries disagree, and both work);
    `context.ws_params` and `context.ws_headers` win over all. Each value is percent-encoded exactly once.

    Args:
        base: The socket's address without a query (`push_server`).
        room_id: The room.
        context: Profile, cookies and overrides.
        route_params: Parameters from the signer; empty values are left out.
        cursor: Where in the room's history to go on, if known.
        internal_ext: The server's own note beside the cursor, if known.
        user_agent: The user agent that the address was signed for; the profile's by default.
        cookies: Cookies from the signer; they win over those of the jar.
        authenticated: Whether the address was signed for the login; only then does its cookie go along, and only to
            TikTok (`WebContext.is_tiktok`).
    """
    profile = context.profile
    if user_agent and user_agent.isascii() and user_agent.isprintable():
        profile = profile.with_user_agent(user_agent)
    params = dict(socket_params(room_id, context=context, profile=profile, cursor=cursor, internal_ext=internal_ext))
    for name, value in (route_params or {}).items():
        # A signer of the caller's own may pass on whatever its server said.
        if isinstance(value, str) and value:
            params.setdefault(name, value)
    params |= {name: value for name, value in context.ws_params.items() if name != "room_id"}
    base = base.partition("?")[0].partition("#")[0]
    headers = merge_headers(
        (
            ("User-Agent", profile.user_agent),
            ("Accept-Language", profile.accept_language),
            ("Cache-Control", "no-cache"),
            ("Origin", TIKTOK_ORIGIN),
        ),
        context.ws_headers,
    )
    sent = socket_cookies(base, context=context, cookies=cookies, authenticated=authenticated)
    if sent and not any(name.lower() == "cookie" for name in context.ws_headers):
        headers += (("Cookie", cookie_header(sent)),)
    return SocketRequest(f"{base}?{encode_query(params.items())}{APPENDED}", headers)


def socket_cookies(
    url: str, *, context: WebContext, cookies: Iterable[tuple[str, str]] = (), authenticated: bool = False
) -> Params:
    """Return the cookies for a socket: the jar's for that host, a signer's over them, the account's only if asked."""
    given = {name: value for name, value in cookies if is_cookie(name, value) and name not in ACCOUNT_COOKIES}
    if not context.is_tiktok(url):
        return tuple(given.items())
    held = {name: value for name, value in context.jar.cookies_for(url) if authenticated or name not in ACCOUNT_COOKIES}
    if authenticated:
        given.pop("tt-target-idc", None)
    return tuple({**held, **given}.items())


def guest_socket(context: WebContext, host: str) -> str:
    """Return the address of the socket that needs no signer: at `host`, or beside a webcast API of your own."""
    parts = urlsplit(context.endpoints.webcast)
    if (parts.hostname or "") == "webcast.tiktok.com":
        return f"wss://{host}{SOCKET_PATH}"
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{parts.netloc}{SOCKET_PATH}"


def socket_objection(url: str, context: WebContext, further_hosts: Iterable[str] = ()) -> str | None:
    """Return why a socket's address from a signer must not be opened, or `None` when it may.

    A signer is another party: it names TikTok's sockets, or those of a host that you point `Endpoints` at, or one of
    `further_hosts`, and no others, so that it cannot send this machine anywhere it likes. Where an endpoint is this
    machine itself, as with a simulator, so may the socket be, by any of its names and at any port.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "it is not an address"
    if len(url) > 8192 or not url.isascii() or not url.isprintable() or " " in url:
        return "it is not an address"
    if parts.scheme not in ("ws", "wss") or not host or parts.username or parts.password or port == 0:
        return "it is not a WebSocket address"
    if host in further_hosts and parts.scheme == "wss":
        return None
    if is_loopback(host) and _is_local(context):
        return None
    if not context.is_tiktok(url):
        return f"its host {host[:100]!r} is neither TikTok's nor one that the endpoints name"
    return None


def _is_local(context: WebContext) -> bool:
    """Whether an endpoint in TikTok's place is this very machine."""
    return any(is_loopback(urlsplit(url).hostname or "") for url in (context.endpoints.web, context.endpoints.webcast))
