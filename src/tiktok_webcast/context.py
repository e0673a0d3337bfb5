"""Everything that one session's web requests share: where, as whom, with which cookies, within which limits."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urlsplit

from .config import Endpoints, Limits
from .cookies import Cookie, CookieJar, is_loopback, is_subdomain
from .errors import ConfigurationError
from .http import Exchange, Headers, HttpRequest, HttpResponse, TransportFailure, is_token
from .profile import ClientProfile
from .secret import MASK, Secret, mask
from .web import fetch

TIKTOK_DOMAIN = "tiktok.com"
TIKTOK_ORIGIN = "https://www.tiktok.com"
SESSION_COOKIES = ("sessionid", "sessionid_ss", "sid_tt")
"""Cookies that each hold the whole account (protocol/http.md section 11)."""
ACCOUNT_COOKIES = frozenset([*SESSION_COOKIES, "sid_guard", "uid_tt", "uid_tt_ss", "ssid_ucp_v1", "sid_ucp_v1"])
GUEST_COOKIES = frozenset(["ttwid", "tt_csrf_token", "tt_chain_token", "msToken", "s_v_web_id", "odin_tt"])
"""Cookies that make up a guest's identity: dropped for a fresh one."""

Params = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SessionLogin:
    """A TikTok login: the value of the `sessionid` cookie and the data centre that holds the account."""

    session_id: Secret
    tt_target_idc: str = "useast1a"
    """The `tt-target-idc` cookie beside it, e.g. `useast1a` or `eu-ttp2`; a wrong one makes TikTok ignore the login."""

    def __post_init__(self) -> None:
        for text in (self.session_id.reveal(), self.tt_target_idc):
            if not text.isascii() or any(character in ' ;,"\\' or not character.isprintable() for character in text):
                raise ConfigurationError(
                    "The session id and tt-target-idc must be the bare cookie values, without spaces, quotes and ';'."
                )

    @property
    def cookies(self) -> Params:
        """Names and values of the cookies that carry it."""
        names = tuple((name, self.session_id.reveal()) for name in SESSION_COOKIES)
        return (*names, ("tt-target-idc", self.tt_target_idc))


@dataclass(frozen=True, eq=False)
class WebContext:
    """What one session's requests have in common. Make one per session; `jar` and `rng` change while it is used.

    With `login`, the jar is given its cookies: for TikTok's hosts, and for those that `endpoints` names in their place.
    """

    rng: random.Random
    endpoints: Endpoints = field(default_factory=Endpoints)
    profile: ClientProfile = field(default_factory=ClientProfile)
    limits: Limits = field(default_factory=Limits)
    jar: CookieJar = field(default_factory=CookieJar)
    http_params: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Query parameters added to TikTok's web requests, in place of the default of the same name."""
    http_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Headers added to TikTok's web requests, in place of the default of the same name."""
    ws_params: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Query parameters added to the socket's address, in place of the default of the same name."""
    ws_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Headers added to the socket's handshake, in place of the default of the same name."""
    login: SessionLogin | None = None
    trusted_sign_hosts: frozenset[str] = frozenset()
    """Hosts (`name` or `name:port`) of sign servers that may be given the login: full access to the account."""
    compress: bool = True
    """Whether the socket's payloads may come gzipped."""
    keep_profile: bool = False
    """Whether a fresh identity keeps `profile`; set it for a profile of your own choice."""
    device_id: str = ""
    """Digits naming this device in queries; made from `rng` when empty."""

    def __post_init__(self) -> None:
        if not self.device_id:
            object.__setattr__(self, "device_id", str(self.rng.randrange(7 * 10**18, 75 * 10**17)))
        _check_overrides(self.http_params, self.http_headers, self.ws_params, self.ws_headers)
        if self.login is not None:
            for name, value in self.login.cookies:
                self.put_cookie(name, value)
        elif self.jar.get("tt-target-idc", TIKTOK_ORIGIN) is None:
            self.put_cookie("tt-target-idc", "useast1a")

    def put_cookie(self, name: str, value: str) -> None:
        """Put a cookie into the jar for TikTok's hosts, and for those that `endpoints` names in their place."""
        self.jar.add(Cookie(name, value, TIKTOK_DOMAIN, host_only=False, secure=True))
        for origin in (self.endpoints.web, self.endpoints.webcast):
            host = urlsplit(origin).hostname or ""
            if not is_tiktok_host(host):
                self.jar.add(Cookie(name, value, host, host_only=True, secure=True))

    @property
    def logged_in(self) -> bool:
        """Whether the jar holds a session id for the web pages."""
        held = dict(self.jar.cookies_for(self.endpoints.web))
        return any(held.get(name) for name in SESSION_COOKIES)

    def is_tiktok(self, url: str) -> bool:
        """Whether `url` is TikTok's, or of a host that `endpoints` names in TikTok's place, over a safe scheme."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return False
        if parts.username or parts.scheme not in ("https", "wss", "http", "ws"):
            return False
        own = {urlsplit(origin).hostname for origin in (self.endpoints.web, self.endpoints.webcast)}
        if parts.scheme in ("http", "ws") and not (is_loopback(host) or self._is_plain(host)):
            return False
        return is_tiktok_host(host) or host in own

    def _is_plain(self, host: str) -> bool:
        plain = (urlsplit(origin) for origin in (self.endpoints.web, self.endpoints.webcast))
        return any(parts.hostname == host and parts.scheme == "http" for parts in plain)

    def fresh_identity(self) -> WebContext:
        """Return a context for a new guest: without the old one's cookies, with another profile and device id."""
        profile = self.profile
        if not self.keep_profile:
            chosen = ClientProfile.choose(self.rng, language=profile.language, region=profile.region)
            profile = replace(
                chosen,
                browser_language=profile.browser_language,
                region=profile.region,
                tz_name=profile.tz_name,
                language=profile.language,
            )
        return replace(self, jar=self.jar.copy(without=GUEST_COOKIES), profile=profile, device_id="")

    def web_request(self, url: str, params: Iterable[tuple[str, str]] = (), *, defaults: bool = True) -> HttpRequest:
        """Return a GET request to TikTok.

        Args:
            url: The address without a query.
            params: Query parameters of this very request; they win over defaults and `http_params`.
            defaults: Whether to add the parameters that TikTok's web player sends with every request.
        """
        base = (*self.web_params(), *self.http_params.items()) if defaults else ()
        query = encode_query({**dict(base), **dict(params)}.items())
        return HttpRequest(
            "GET", f"{url}?{query}" if query else url, self.web_headers(), max_body=self.limits.response_body
        )

    def web_headers(self) -> Headers:
        """Return the headers of a web request (protocol/http.md section 7c), `http_headers` included; no cookies."""
        return merge_headers(
            (
                ("User-Agent", self.profile.user_agent),
                ("Accept", "text/html,application/json,application/protobuf"),
                ("Accept-Language", self.profile.accept_language),
                ("Accept-Encoding", "gzip, deflate"),
                ("Referer", TIKTOK_ORIGIN + "/"),
                ("Origin", TIKTOK_ORIGIN),
                ("Cache-Control", "max-age=0"),
                ("Sec-Fetch-Site", "same-site"),
                ("Sec-Fetch-Mode", "cors"),
                ("Sec-Fetch-Dest", "empty"),
            ),
            self.http_headers,
        )

    def web_params(self) -> Params:
        """Return the query parameters that every web request carries (protocol/http.md section 7a)."""
        profile = self.profile
        return (
            ("aid", "1988"),
            ("app_language", profile.language),
            ("app_name", "tiktok_web"),
            *browser_params(profile),
            ("cookie_enabled", "true"),
            ("device_id", self.device_id),
            ("device_platform", "web_pc"),
            ("focus_state", "true"),
            ("from_page", ""),
            ("history_len", str(self.rng.randint(4, 14))),
            ("is_fullscreen", "false"),
            ("is_page_visible", "true"),
            ("channel", "tiktok_web"),
            ("data_collection_enabled", "true"),
            ("os", profile.os),
            ("priority_region", profile.region),
            ("region", profile.region),
            ("referer", TIKTOK_ORIGIN + "/"),
            ("root_referer", TIKTOK_ORIGIN + "/"),
            ("user_is_login", "true" if self.logged_in else "false"),
            ("webcast_language", profile.language),
            ("msToken", ""),
        )

    def fetch(self, request: HttpRequest) -> Exchange[HttpResponse | TransportFailure]:
        """Make a request to TikTok with this context's cookies and limits (`tiktok_webcast.web.fetch`)."""
        return fetch(request, jar=self.jar, limits=self.limits)

    def redact(self, text: str) -> str:
        """Return `text` with every cookie value and the session id masked: for words that a server chose."""
        # A server takes away the quotes in which a cookie file may hold one.
        bare = [(cookie.name, cookie.value.strip('"')) for cookie in self.jar]
        values = {value for _, value in bare if len(value) >= 8}
        accounts = {value for name, value in bare if name in ACCOUNT_COOKIES} & values
        if self.login is not None:
            accounts.add(self.login.session_id.reveal())
        for value in sorted(values | accounts, key=len, reverse=True):
            text = text.replace(value, MASK)
        for value in sorted(accounts):
            text = mask(text, value)
        return text


def browser_params(profile: ClientProfile) -> Params:
    """Return the parameters that describe the browser, the same for the web and for the socket."""
    return (
        ("browser_language", profile.browser_language),
        ("browser_name", profile.browser_name),
        ("browser_online", "true"),
        ("browser_platform", profile.platform),
        ("browser_version", profile.browser_version),
        ("screen_height", str(profile.screen_height)),
        ("screen_width", str(profile.screen_width)),
        ("tz_name", profile.tz_name),
    )


def is_tiktok_host(host: str) -> bool:
    """Whether a host is `tiktok.com` or a name below it."""
    return host == TIKTOK_DOMAIN or is_subdomain(host, TIKTOK_DOMAIN)


def encode_query(params: Iterable[tuple[str, str]]) -> str:
    """Return a query string: names and values percent-encoded once, a space as `%20`, order kept."""
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in params)


def _encode(text: str) -> str:
    return quote(text, safe="", errors="replace")


def merge_headers(headers: Headers, overrides: Mapping[str, str]) -> Headers:
    """Return `headers` with `overrides` in place of those of the same name (any case)."""
    names = {name.lower() for name in overrides}
    return (*(pair for pair in headers if pair[0].lower() not in names), *overrides.items())


def _is_latin(text: str) -> bool:
    return all(character <= "\xff" for character in text)


def _check_overrides(*maps: Mapping[str, str]) -> None:
    for name, value in (pair for item in maps for pair in item.items()):
        if not isinstance(name, str) or not isinstance(value, str) or not name:
            raise ConfigurationError(f"Extra parameters and headers must map text to text; {name!r} does not.")
    for name, value in (pair for item in maps[1::2] for pair in item.items()):
        if not is_token(name) or not value.isprintable() or value != value.strip() or not _is_latin(value):
            raise ConfigurationError(f"The value of the extra header {name!r} cannot travel in a header.")
