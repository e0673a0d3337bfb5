"""What do the arguments and the environment ask for? The only place of the command that reads the environment."""

from __future__ import annotations

import argparse
import os
import random
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from tiktok_webcast.config import Endpoints, Timing
from tiktok_webcast.context import SESSION_COOKIES
from tiktok_webcast.cookies import Cookie, parse_netscape_cookies
from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.profile import ClientProfile
from tiktok_webcast.retry import RetryPolicy
from tiktok_webcast.secret import Secret
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.signer import Signer

from .._options import Timeouts

PREFIX = "TIKTOK_WEBCAST_"
COOKIE_FILE_BYTES = 4 * 1024 * 1024
"""Bytes of a cookie file that are read; browsers export some hundred KB at the most."""


@dataclass(frozen=True)
class Settings:
    """Everything that a connection is made with."""

    transport: str
    config: SessionConfig
    signer: Signer | None
    retry: RetryPolicy
    rng: random.Random
    proxy: str | None
    ca_file: str | None
    timeouts: Timeouts
    make_session: Callable[..., Session] | None = None
    """Makes the session in place of `Session`, from the same arguments."""


def read_settings(args: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that arguments and environment ask for; arguments win.

    Raises:
        ConfigurationError, ValueError: a value that makes no sense, or a file that cannot be read.
    """
    rng = random.Random()
    given = vars(args)
    if given.get("transport") == "trio" and find_spec("trio") is None:
        raise ConfigurationError("--transport trio needs trio: pip install 'tiktok-webcast[trio]'")
    endpoints = _endpoints(given, environment)
    ca_file = given.get("ca_file") or environment.get(PREFIX + "CA_FILE") or None
    if ca_file is not None:
        _check_certificates(ca_file)
    config = SessionConfig(
        endpoints=endpoints,
        timing=_timing(given),
        room_id=given.get("room_id") or 0,
        include=given.get("only"),
        exclude=given.get("exclude") or frozenset(),
        history=not given.get("no_history"),
        profile=ClientProfile.choose(rng, language=given["lang"]) if given.get("lang") else None,
        cookies=_cookies(given.get("cookies"), endpoints),
        trusted_sign_hosts=frozenset(given.get("trust_sign_host") or ()),
    )
    tries = given.get("reconnect")
    return Settings(
        transport=given.get("transport") or "asyncio",
        config=config,
        signer=_signer(given, environment),
        retry=RetryPolicy() if tries is None else RetryPolicy(tries=tries),
        rng=rng,
        proxy=given.get("proxy"),
        ca_file=ca_file,
        timeouts=_timeouts(given.get("timeout")),
    )


def _check_certificates(file: str) -> None:
    """Refuse a file without certificates now: a connection would fail over it like over the network, and be retried."""
    _read(file, "certificates", 64 * 1024 * 1024)
    try:
        ssl.create_default_context(cafile=file)
    except ssl.SSLError:
        raise ConfigurationError(f"There is no certificate (PEM) in {file} that can be read") from None


def _endpoints(given: Mapping[str, str | None], environment: Mapping[str, str]) -> Endpoints:
    default = Endpoints()
    return Endpoints(
        web=given.get("web_url") or environment.get(PREFIX + "WEB_URL") or default.web,
        webcast=given.get("webcast_url") or environment.get(PREFIX + "WEBCAST_URL") or default.webcast,
        sign=given.get("sign_url") or environment.get(PREFIX + "SIGN_URL") or default.sign,
    )


def _timing(given: Mapping[str, float | None]) -> Timing:
    default = Timing()
    return Timing(
        request=given.get("timeout") or default.request,
        open=given.get("timeout") or default.open,
        stale=given.get("stale_timeout") or default.stale,
    )


def _timeouts(timeout: float | None) -> Timeouts:
    if timeout is None:
        return Timeouts()
    return Timeouts(connect=timeout, tls=timeout, handshake=timeout, request=timeout, write=timeout)


def _signer(given: Mapping[str, str | None], environment: Mapping[str, str]) -> Signer | None:
    names = (given.get("signer") or "server").split(",")
    signers = [_one_signer(name, given, environment) for name in names]
    if len(signers) == 1:
        return signers[0]
    from tiktok_webcast.sign_in_turn import SignersInTurn

    return SignersInTurn(*signers)


def _one_signer(name: str, given: Mapping[str, str | None], environment: Mapping[str, str]) -> Signer:
    if name == "guest":
        from tiktok_webcast.sign_guest import GuestSigner

        return GuestSigner()
    from tiktok_webcast.sign import SignServer

    key = given.get("sign_api_key") or environment.get(PREFIX + "SIGN_API_KEY")
    return SignServer(api_key=Secret(key) if key else None)


def _cookies(file: str | None, endpoints: Endpoints) -> tuple[Cookie, ...]:
    if file is None:
        return ()
    text = _read(file, "cookies", COOKIE_FILE_BYTES).decode("utf-8", "replace")
    every, valid = (
        SessionConfig(endpoints=endpoints, cookies=tuple(parse_netscape_cookies(text, now=now))).own_cookies
        for now in (None, time.time())
    )
    if not every:
        host = urlsplit(endpoints.web).hostname
        raise ConfigurationError(f"There is no cookie for {host} in {file}. Export those of a browser that was there.")
    login = {cookie.name for cookie in every if cookie.name in SESSION_COOKIES}
    if not valid or (login and not login & {cookie.name for cookie in valid}):
        what = "The login" if login else "Every cookie for TikTok"
        raise ConfigurationError(f"{what} in {file} has expired. Log in again with the browser, and export them anew.")
    return valid


def _read(file: str, what: str, most: int) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            data = opened.read(most + 1)
    except OSError as error:
        raise ConfigurationError(f"The file of {what} cannot be read: {file}: {error.strerror or error}") from None
    if len(data) > most:
        raise ConfigurationError(f"{file} has more than {most} bytes: not a file of {what}")
    return data
