"""Planted secrets: in no log record, no line, no diagnostic, no capture, whatever goes wrong on the way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import TRANSPORTS, Caller, to

from tiktok_webcast_transports.simulator import Simulator

SESSION = "planted-session-0123456789"
GUEST = "planted-guest-0123456789"
KEY = "planted-api-key-0123456789"
PASSWORD = "planted-proxy-password-0123456789"
PLANTED = (SESSION, GUEST, KEY, PASSWORD)
SCENARIOS = [
    "first_light",
    "rate_limit",
    "premium",
    "sign_500",
    "refused_handshake",
    "restricted",
    "captcha",
    "garbage",
]


class Records(logging.Handler):
    """Every record as anybody could show it: its text, its arguments, its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        formatted = logging.Formatter().format(record)
        self.texts.append(f"{formatted} {record.args!r} {record.__dict__!r}")


@pytest.fixture
def records() -> Iterator[Records]:
    """All that is logged, from DEBUG on."""
    handler, root = Records(), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(before)
    root.removeHandler(handler)


@pytest.fixture
def cookies(tmp_path: Path) -> Path:
    """A Netscape file with a login and a guest's identity."""
    file = tmp_path / "cookies.txt"
    file.write_text(
        "".join(
            f"127.0.0.1\tFALSE\t/\tFALSE\t0\t{name}\t{value}\n"
            for name, value in (("sessionid", SESSION), ("x", GUEST))
        )
    )
    return file


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("sim", SCENARIOS, indirect=True)
def test_nothing_that_is_shown_holds_a_secret(
    sim: Simulator, transport: str, call: Caller, records: Records, cookies: Path, tmp_path: Path
) -> None:
    capture = tmp_path / "room.capture"
    options = ("--cookies", str(cookies), "--sign-api-key", KEY, "--reconnect", "0", "--transport", transport)
    trusted = ("--trust-sign-host", sim.url.removeprefix("http://"), *to(sim.url))
    shown = ""
    # One that it makes itself is gone after a failure.
    capture.touch()
    for command in (("watch", "anna", "--json", "--stats"), ("capture", "anna", "-o", str(capture), "--force")):
        done = call(*command, "--debug", *options, *trusted)
        shown += done.out + done.err
        assert done.code != 2, done.err
    assert shown and records.texts, "there must be something to look through"
    everything = shown + "\n".join(records.texts)
    assert capture.read_bytes()
    for secret in PLANTED:
        assert secret not in everything
        assert secret.encode() not in capture.read_bytes()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_proxys_password_is_not_shown_when_the_proxy_fails(
    sim: Simulator, transport: str, call: Caller, records: Records
) -> None:
    for scheme in ("http", "socks5"):
        proxy = f"{scheme}://user:{PASSWORD}@127.0.0.1:9"
        done = call(
            "watch",
            "anna",
            "--json",
            "--debug",
            "--reconnect",
            "0",
            "--proxy",
            proxy,
            "--transport",
            transport,
            *to(sim.url),
        )
        assert done.code == 8
        assert PASSWORD not in done.out + done.err + "\n".join(records.texts)
