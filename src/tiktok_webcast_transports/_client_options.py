"""What do the options of `TikTokLiveClient` mean? One value per client, checked when it is made."""

from __future__ import annotations

import os
import random
import ssl
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from urllib.parse import urlsplit

from tiktok_webcast.checks import check_kind
from tiktok_webcast.config import Endpoints, Timing
from tiktok_webcast.context import TIKTOK_DOMAIN, SessionLogin, is_tiktok_host
from tiktok_webcast.cookies import Cookie, parse_cookie_pairs
from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.profile import ClientProfile
from tiktok_webcast.retry import RetryPolicy
from tiktok_webcast.secret import Secret
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import Signer, SignServer
from tiktok_webcast.user_input import UserInput

from ._options import Network, Timeouts
from ._proxy import Proxy

ENVIRONMENT_PREFIX = "TIKTOK_WEBCAST_"
HTTP_TIMEOUT = 10.0
WS_TIMEOUT = 10.0
"""The defaults of the 2023 TikTokLive, in seconds."""

DEFAULT_CONFIG = SessionConfig(timing=Timing(request=HTTP_TIMEOUT, open=WS_TIMEOUT))
_TOO_MANY_DIGITS = 100

Proxies = str | Proxy | Mapping[str, str | None]
"""One proxy for everything, or as HTTP libraries take them: `{"https://": "http://host:port"}`."""

_ELSEWHERE = {
    "session_id": "login=SessionLogin(Secret(...))",
    "sessionid": "login=SessionLogin(Secret(...))",
    "web_proxy": "proxy=",
    "ws_proxy": "proxy=",
    "debug": "logging.getLogger('tiktok_webcast_transports').setLevel(...)",
    "ffmpeg": "download(path, ffmpeg=...), or TIKTOK_WEBCAST_FFMPEG",
}
"""What other clients of this kind call differently."""


@dataclass(frozen=True)
class ClientOptions:
    """Everything that a client's connections are made with."""

    config: SessionConfig
    signer: Signer
    retry: RetryPolicy
    rng: random.Random
    timeouts: Timeouts
    ssl_context: ssl.SSLContext | None
    ca_file: str | None
    trust_env: bool
    fetch_room_info: bool
    fetch_gifts: bool

    def session(self, user: UserInput, wanted: frozenset[str] | None) -> Session:
        """Return a new session that delivers the events wanted."""
        config = replace(self.config, include=wanted)
        return Session(user, config=config, signer=self.signer, retry=self.retry, rng=self.rng)

    def network(self, proxies: Proxies | None) -> Network:
        """Return the way to the network through these proxies."""
        return Network(one_proxy(proxies), self.ssl_context, self.ca_file, self.trust_env, self.timeouts)


def read_config(
    config: SessionConfig | None,
    *,
    process_initial_data: bool | None,
    ws_ping_interval: float | None,
    ws_timeout: float | None,
    http_timeout: float | None,
    stale_timeout: float | None,
    http_headers: Mapping[str, object] | None,
    http_params: Mapping[str, object] | None,
    ws_headers: Mapping[str, object] | None,
    lang: str | None,
    room_id: int | str | None,
    login: SessionLogin | None,
    cookies: Iterable[Cookie] | None,
    trusted_sign_hosts: Iterable[str] | None,
    rng: random.Random,
    environment: Mapping[str, str] = os.environ,
) -> SessionConfig:
    """Return the session's choices: those of `config`, changed by the options that are given.

    Raises:
        ConfigurationError: An option makes no sense.
    """
    base = config if config is not None else DEFAULT_CONFIG
    check_kind("lang", lang, (str, type(None)), "a language such as 'de'")
    times = {
        "heartbeat": _seconds("ws_ping_interval", ws_ping_interval),
        "open": _seconds("ws_timeout", ws_timeout),
        "request": _seconds("http_timeout", http_timeout),
        "stale": _seconds("stale_timeout", stale_timeout),
    }
    headers, from_http = _without_cookies(_texts("http_headers", http_headers))
    socket_headers, from_socket = _without_cookies(_texts("ws_headers", ws_headers))
    params = _texts("http_params", http_params)
    endpoints = _endpoints(base.endpoints, environment)
    if cookies is not None:
        check_kind("cookies", cookies, Iterable, "a list of cookies")
    given = (
        *base.cookies,
        *_cookies((*from_http, *from_socket), endpoints),
        *(() if cookies is None else cookies),
    )
    if trusted_sign_hosts is not None:
        if isinstance(trusted_sign_hosts, str):
            trusted_sign_hosts = (trusted_sign_hosts,)
        check_kind("trusted_sign_hosts", trusted_sign_hosts, Iterable, "a list of hosts")
        base = replace(base, trusted_sign_hosts=base.trusted_sign_hosts | frozenset(trusted_sign_hosts))
    return replace(
        base,
        endpoints=endpoints,
        timing=replace(base.timing, **{name: value for name, value in times.items() if value is not None}),
        history=base.history if process_initial_data is None else bool(process_initial_data),
        http_headers={**base.http_headers, **headers},
        http_params={**base.http_params, **params},
        ws_headers={**base.ws_headers, **headers, **socket_headers},
        ws_params={**base.ws_params, **params},
        profile=base.profile if lang is None else ClientProfile.choose(rng, language=lang),
        room_id=base.room_id if room_id is None else _room_id(room_id),
        # The client itself looks at the room, with `fetch_room_info_on_connect`.
        check_room=False,
        login=login if login is not None else base.login,
        cookies=given,
    )


def read_timeouts(timeouts: Timeouts | None, timing: Timing) -> Timeouts:
    """Return the transport's times: as given, or in line with the session's."""
    if timeouts is not None:
        return timeouts
    return Timeouts(connect=timing.request, tls=timing.request, request=timing.request, handshake=timing.open)


def read_signer(
    signer: Signer | None, sign_api_key: str | Secret | None, environment: Mapping[str, str] = os.environ
) -> Signer:
    """Return who signs: the signer given, or the sign server with the key of the option or the environment.

    Raises:
        ConfigurationError: Both were given.
    """
    if signer is not None:
        if sign_api_key is not None:
            raise ConfigurationError("Pass signer= or sign_api_key=, not both: SignServer(api_key=...) takes the key.")
        return signer
    key = sign_api_key or environment.get(ENVIRONMENT_PREFIX + "SIGN_API_KEY") or None
    return SignServer(api_key=key)


def read_ca_file(
    ca_file: str | None, ssl_context: ssl.SSLContext | None, environment: Mapping[str, str] = os.environ
) -> str | None:
    """Return the file of certificates to trust: the option's, or without an `ssl_context` the environment's."""
    if ca_file is not None or ssl_context is not None:
        return ca_file
    return environment.get(ENVIRONMENT_PREFIX + "CA_FILE") or None


def either_proxy(proxies: Proxies | None, proxy: Proxies | None) -> Proxies | None:
    """Return the one of the two names of one option that is given.

    Raises:
        ConfigurationError: Both are.
    """
    if proxies is not None and proxy is not None:
        raise ConfigurationError("proxy and proxies are two names of the same option: pass one of them")
    return proxies if proxies is not None else proxy


def one_proxy(proxies: Proxies | None) -> str | Proxy | None:
    """Return the proxy that `proxies` names for TikTok, which is reached by https.

    Raises:
        ConfigurationError: It names proxies for single hosts, or nothing that is an address.
    """
    if proxies is None or isinstance(proxies, (str, Proxy)):
        return proxies or None
    if not isinstance(proxies, Mapping):
        # By its type alone: there may be a password in it.
        kind = type(proxies).__name__
        raise ConfigurationError(f"proxies is an address or a mapping such as {{'https://': address}}, not {kind}")
    schemes = {str(name).removesuffix("://").lower(): proxy for name, proxy in proxies.items()}
    for name in schemes:
        if name not in ("all", "http", "https"):
            # An address in the place of a name may have a password in it.
            shown = f"{name!r}" if "@" not in name else "an address with a login"
            raise ConfigurationError(f"proxies takes 'http://', 'https://' and 'all://', not {shown}")
    return next((schemes[name] for name in ("https", "all", "http") if name in schemes), None) or None


def unknown_option(name: str, known: Iterable[str]) -> TypeError:
    """Return the error for an option that does not exist, with the one that was meant perhaps."""
    if name in _ELSEWHERE:
        hint = f" Here it is {_ELSEWHERE[name]}."
    else:
        close = get_close_matches(name.lower(), sorted(known), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else " docs/migrating.md lists all options."
    return TypeError(f"TikTokLiveClient has no option {name!r}.{hint}")


def _seconds(name: str, value: float | None) -> float | None:
    if value is None:
        return None
    # An integer of 400 digits is less than infinity, and no float; one of thousands cannot be written out.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= sys.float_info.max:
        said = "a longer number" if isinstance(value, int) and abs(value) >= 2**64 else repr(value)
        raise ConfigurationError(f"{name} must be positive seconds, not {said}")
    return float(value)


def _texts(name: str, values: Mapping[str, object] | None) -> dict[str, str]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ConfigurationError(f"{name} must be a mapping of names to values, not {type(values).__name__}")
    return {str(key): str(value) for key, value in values.items()}


def _room_id(value: int | str) -> int:
    text = str(value).strip() if not isinstance(value, int) or abs(value) < 2**64 else "a larger number"
    # Longer ones are none, and Python refuses to read thousands of digits.
    number = int(text) if text.isascii() and text.isdigit() and len(text) < _TOO_MANY_DIGITS else 0
    if isinstance(value, bool) or not 0 < number < 2**64:
        raise ConfigurationError(f"room_id must be a positive number of up to 20 digits, not {text[:40]!r}")
    return number


def _without_cookies(headers: dict[str, str]) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Take the `Cookie` header out: as a header it would replace the cookies that TikTok sets on the way."""
    kept = {name: value for name, value in headers.items() if name.lower() != "cookie"}
    pairs = [pair for name, value in headers.items() if name.lower() == "cookie" for pair in parse_cookie_pairs(value)]
    return kept, tuple(pairs)


def _cookies(pairs: Iterable[tuple[str, str]], endpoints: Endpoints) -> Iterable[Cookie]:
    hosts = (urlsplit(origin).hostname or "" for origin in (endpoints.web, endpoints.webcast))
    others = {host for host in hosts if not is_tiktok_host(host)}
    for name, value in pairs:
        yield Cookie(name, value, TIKTOK_DOMAIN, host_only=False, secure=True)
        for host in sorted(others):
            yield Cookie(name, value, host, host_only=True, secure=True)


def _endpoints(given: Endpoints, environment: Mapping[str, str]) -> Endpoints:
    """Return the endpoints, those left at their default as the environment says."""
    default = Endpoints()
    names = {"web": "WEB_URL", "webcast": "WEBCAST_URL", "sign": "SIGN_URL"}
    found = {field: environment.get(ENVIRONMENT_PREFIX + name) for field, name in names.items()}
    return replace(
        given,
        **{
            field: value for field, value in found.items() if value and getattr(given, field) == getattr(default, field)
        },
    )
