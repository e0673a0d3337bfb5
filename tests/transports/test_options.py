"""Options: proxy URLs, the environment, timeouts, TLS; and that no password is ever shown."""

from __future__ import annotations

import pickle
import ssl
from typing import Any

import pytest

import tiktok_webcast_transports.anyio as anyio_transport
import tiktok_webcast_transports.asyncio as asyncio_transport
import tiktok_webcast_transports.sync as sync_transport
from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.http import FailureKind, TransportFailure
from tiktok_webcast_transports import Network, Proxy, Timeouts
from tiktok_webcast_transports._tunnel import Route, route_to


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://proxy.test", Proxy("http", "proxy.test", 80)),
        ("https://proxy.test", Proxy("https", "proxy.test", 443)),
        ("HTTP://proxy.test:8080/", Proxy("http", "proxy.test", 8080)),
        ("proxy.test:3128", Proxy("http", "proxy.test", 3128)),
        ("socks5://[::1]", Proxy("socks5", "::1", 1080)),
        ("socks5h://us%40er:p%3Aw@h:1", Proxy("socks5h", "h", 1, "us@er", "p:w")),
    ],
)
def test_proxy_urls(url: str, expected: Proxy) -> None:
    assert Proxy.parse(url) == expected


@pytest.mark.parametrize(
    "url",
    ["socks4://h", "ftp://u:s3cret@h", "http://", "http://u:s3cret@h:99999", "socks5://u:" + "s3cret" * 50 + "@h"],
)
def test_proxy_urls_that_are_none(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Network(proxy=url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy", [b"http://u:s3cret@h:1", ["http://u:s3cret@h:1"], {"https://": "http://u:s3cret@h:1"}, 5]
)
def test_a_proxy_that_is_no_text_never_means_a_direct_connection(proxy: Any) -> None:
    with pytest.raises(ConfigurationError, match="must be a URL") as refused:
        Network(proxy=proxy)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://u:planted@ho\u2100st:1", "http://u:planted@[::1:80", "http://u:planted@h:99999"]
)
def test_no_password_is_shown_where_the_address_is_none(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Proxy.parse(url)
    assert "planted" not in f"{caught.value}{caught.value.__cause__}"
    assert caught.value.__suppress_context__


def test_no_password_is_shown() -> None:
    network = Network(proxy="socks5://user:s3cret@h:1")
    route = route_to("https://a.test/?token=s3cret", network)
    assert isinstance(route, Route)
    for shown in (repr(network), str(network), repr(route), str(route), repr(network.proxy), str(network.proxy)):
        assert "s3cret" not in shown
    assert str(route) == "https://a.test:443 through socks5://user:***@h:1"


@pytest.mark.parametrize(
    ("url", "address", "authority"),
    [
        ("https://a.test/x", ("a.test", 443), "a.test"),
        ("wss://a.test:443/", ("a.test", 443), "a.test"),
        ("ws://a.test", ("a.test", 80), "a.test"),
        ("http://a.test:8080", ("a.test", 8080), "a.test:8080"),
        ("https://[::1]:8443/", ("::1", 8443), "[::1]:8443"),
        ("http://[::1]/", ("::1", 80), "[::1]"),
        ("https://a.test:80/", ("a.test", 80), "a.test:80"),
    ],
)
def test_routes(url: str, address: tuple[str, int], authority: str) -> None:
    route = route_to(url, Network())
    assert isinstance(route, Route)
    assert (route.address, route.authority) == (address, authority)


@pytest.mark.parametrize(
    "url", ["", "a.test", "file:///etc/passwd", "http://[::1", "http://a:b/", "https:///x", "\x00"]
)
def test_no_routes(url: str) -> None:
    failure = route_to(url, Network())
    assert isinstance(failure, TransportFailure)
    assert failure.kind is FailureKind.PROTOCOL


ENVIRONMENT = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "WSS_PROXY", "REQUEST_METHOD")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def chosen(url: str, network: Network) -> str | None:
    route = route_to(url, network)
    assert isinstance(route, Route)
    return str(route.proxy) if route.proxy else None


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://secure:1")
    monkeypatch.setenv("ALL_PROXY", "socks5://all:2")
    monkeypatch.setenv("NO_PROXY", "inside.test,.local,10.0.0.1,port.test:8443")
    trusting, strict = Network(trust_env=True), Network()
    assert chosen("https://a.test/", trusting) == chosen("wss://a.test/", trusting) == "http://secure:1"
    assert chosen("http://a.test/", trusting) == chosen("ws://a.test/", trusting) == "socks5://all:2"
    for url in ("https://inside.test/", "wss://x.local", "ws://10.0.0.1", "wss://port.test:8443"):
        assert chosen(url, trusting) is None
    assert chosen("wss://port.test", trusting) == "http://secure:1"
    assert chosen("https://a.test/", strict) is None
    assert chosen("https://inside.test/", Network(proxy="http://mine:3", trust_env=True)) == "http://mine:3"


def test_a_bad_proxy_in_the_environment_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks4://u:s3cret@h")
    failure = route_to("https://a.test/", Network(trust_env=True))
    assert isinstance(failure, TransportFailure)
    assert failure.kind is FailureKind.PROXY
    assert "s3cret" not in failure.detail


@pytest.mark.parametrize("name", ["connect", "tls", "handshake", "request", "write", "close"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_timeouts_are_positive(name: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Timeouts(**{name: value})


def test_tls_is_verified() -> None:
    context = Network().tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert Network().tls_context() is context, "one context for all rooms"
    mine = ssl.create_default_context()
    assert Network(ssl_context=mine).tls_context() is mine
    with pytest.raises(ConfigurationError):
        Network(ssl_context=mine, ca_file="x.pem")


def test_options_are_values() -> None:
    network = Network(proxy="socks5://user:pw@h:1", trust_env=True, timeouts=Timeouts(connect=1))
    assert network == pickle.loads(pickle.dumps(network))
    assert hash(Timeouts()) == hash(Timeouts())


TRANSPORTS = [asyncio_transport, anyio_transport, sync_transport]


@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.__name__.rpartition(".")[2])
@pytest.mark.parametrize("name", ["config", "signer", "retry", "rng", "proxy", "ssl_context", "ca_file", "timeouts"])
def test_options_of_another_kind_are_refused_at_once(transport: Any, name: str) -> None:
    for make in (lambda **options: transport.connect("ann", **options), transport.Rooms):
        with pytest.raises(ConfigurationError, match=f"{name} must be .*, not int$"):
            make(**{name: 5})


@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.__name__.rpartition(".")[2])
def test_the_same_of_what_only_some_have(transport: Any) -> None:
    makers: list[tuple[Any, str]] = [(transport.Rooms, "budget"), (transport.HttpClient, "limits")]
    makers.append((transport.HttpClient, "network"))
    if transport is not sync_transport:
        makers.append((lambda **options: transport.connect("ann", **options), "http"))
    for make, name in makers:
        with pytest.raises(ConfigurationError, match=f"{name} must be .*, not int$"):
            make(**{name: 5})


def test_timeouts_are_numbers() -> None:
    values: list[Any] = [None, "5", True, 10**5000]
    for value in values:
        with pytest.raises(ConfigurationError, match=r"Timeouts\.tls must be"):
            Timeouts(tls=value)
