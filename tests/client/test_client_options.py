"""What each option does, to the wire or to the client; and that nonsense is refused before anything is sent."""

from __future__ import annotations

import math
import random
import ssl
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memory_net import MakeNet, Net

from tiktok_webcast import (
    ClientProfile,
    Cookie,
    Endpoints,
    GuestSigner,
    RetryPolicy,
    Secret,
    SessionConfig,
    SessionLogin,
    SignServer,
    Timing,
)
from tiktok_webcast.http import find_header
from tiktok_webcast_transports import ConfigurationError, InvalidUserInput, TikTokLiveClient, Timeouts
from tiktok_webcast_transports import _client_options as read
from tiktok_webcast_transports.cli.options import room_id

PROXY = "http://me:hush-hush@host:1"
DOCUMENTED = {
    "process_initial_data",
    "fetch_room_info_on_connect",
    "enable_detailed_gifts",
    "ws_ping_interval",
    "ws_timeout",
    "http_timeout",
    "http_headers",
    "http_params",
    "loop",
    "trust_env",
    "proxies",
    "lang",
    "sign_api_key",
    "ssl_context",
    "room_id",
    "ws_headers",
}


@pytest.fixture
def sim(net: MakeNet) -> Net:
    return net("first_light")


def requests(sim: Net, path: str = "") -> list[Mapping[str, Any]]:
    """What was asked of TikTok's web (not of the sign server)."""
    found = [
        entry.detail for entry in sim.world.log if entry.kind == "http" and "signature" not in entry.detail["path"]
    ]
    return [detail for detail in found if path in detail["path"]]


def sockets(sim: Net) -> list[Mapping[str, Any]]:
    return [entry.detail for entry in sim.world.log if entry.kind == "socket"]


# --- the 2023 options -----------------------------------------------------------------------------------------------


def test_every_option_of_2023_is_there() -> None:
    defaults = TikTokLiveClient.__init__.__kwdefaults__ or {}
    assert set(defaults) >= DOCUMENTED
    assert "fetch_room_info_on_connect" in (TikTokLiveClient.__init__.__doc__ or "")


@pytest.mark.parametrize("wanted", [None, True, False])
def test_process_initial_data(sim: Net, wanted: bool | None) -> None:
    client = sim.client(process_initial_data=wanted)
    history: list[bool] = []
    client.on("comment", lambda event: history.append(event.is_history))
    client.run()
    past = [line["is_history"] for line in sim.truth("comment")]
    assert any(past) and history == [old for old in past if wanted is not False or not old]


def test_the_intro_message_comes_with_the_initial_data(sim: Net) -> None:
    heard: list[str] = []
    client = sim.client(process_initial_data=True)
    client.on("intro_message", lambda event: heard.append(event.message))
    client.run()
    assert heard


def test_ws_ping_interval(net: MakeNet) -> None:
    sim = net("slow")
    client = sim.client(ws_ping_interval=3.0)
    client.run()
    beats = [entry.at for entry in sim.world.log if entry.kind == "heartbeat"]
    assert len(beats) >= 15
    assert all(later - earlier == pytest.approx(3.0, abs=0.05) for earlier, later in pairwise(beats))


def test_times_reach_the_session_and_the_transport() -> None:
    client = TikTokLiveClient("ann", ws_timeout=3, http_timeout=4.5, ws_ping_interval=5, stale_timeout=77)
    timing, timeouts = client._parts.options.config.timing, client._parts.options.timeouts
    assert timing == Timing(heartbeat=5.0, open=3.0, request=4.5, stale=77.0)
    assert timeouts == Timeouts(connect=4.5, tls=4.5, request=4.5, handshake=3.0)
    defaults = TikTokLiveClient("ann")._parts.options.config.timing
    # Those of the 2023 README.
    assert (defaults.heartbeat, defaults.open, defaults.request) == (10.0, 10.0, 10.0)


def test_a_config_keeps_what_no_option_changes() -> None:
    config = SessionConfig(timing=Timing(open=33.0, stale=44.0), history=False, room_id=5, http_params={"a": "1"})
    client = TikTokLiveClient("ann", config=config, ws_ping_interval=2.0, http_params={"b": 2})
    merged = client._parts.options.config
    assert merged.timing == Timing(open=33.0, stale=44.0, heartbeat=2.0)
    assert merged.room_id == 5 and not merged.history and merged.http_params == {"a": "1", "b": "2"}
    assert client.room_id == 5
    chosen = TikTokLiveClient("ann", timeouts=Timeouts(connect=1.0), http_timeout=9.0)._parts.options.timeouts
    assert chosen == Timeouts(connect=1.0)


def test_http_headers_and_params_go_to_the_web_and_to_the_socket(sim: Net) -> None:
    client = sim.client(
        http_headers={"X-Mine": "both", "Accept-Language": "tlh", "Cookie": "sessionid_xx=abc; mood=good"},
        ws_headers={"X-Socket": 7},
        http_params={"mine": 1, "aid": "1988"},
    )
    client.run()
    assert len(requests(sim, "/webcast/room/info")) == 1
    for asked in requests(sim, "/webcast/room/info"):
        assert find_header(asked["headers"], "x-mine") == "both"
        assert find_header(asked["headers"], "accept-language") == "tlh"
        assert find_header(asked["headers"], "x-socket") is None
        assert asked["query"]["mine"] == "1"
        assert "mood=good" in (find_header(asked["headers"], "cookie") or "")
    [socket] = sockets(sim)
    assert socket["query"]["mine"] == "1"
    assert find_header(socket["headers"], "x-mine") == "both" and find_header(socket["headers"], "x-socket") == "7"
    cookies = find_header(socket["headers"], "cookie") or ""
    # Beside the guest's own cookies, not in their place.
    assert "mood=good" in cookies and "ttwid=" in cookies


def test_lang(sim: Net) -> None:
    sim.client(lang="pt-BR").run()
    [asked] = requests(sim, "/webcast/room/info")
    assert asked["query"]["app_language"] == "pt" and asked["query"]["browser_language"] == "pt-BR"
    assert (find_header(asked["headers"], "accept-language") or "").startswith("pt-BR")


def test_sign_api_key(sim: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    def key() -> str | None:
        return find_header(
            [entry for entry in sim.world.log if entry.kind == "http" and entry.detail["query"].get("client")][
                -1
            ].detail["headers"],
            "x-api-key",
        )

    sim.client(sign_api_key="from-option").run()
    assert key() == "from-option"
    monkeypatch.setenv("TIKTOK_WEBCAST_SIGN_API_KEY", "from-environment")
    sim.client().run()
    assert key() == "from-environment"
    sim.client(sign_api_key=Secret("option-wins")).run()
    assert key() == "option-wins"
    sim.client(signer=SignServer(api_key="signer-wins")).run()
    assert key() == "signer-wins"


@pytest.mark.parametrize("given", ["text", "number", "user"])
def test_room_id_spares_looking_it_up(sim: Net, given: str) -> None:
    room = sim.world.stage("ann").room.room_id
    ways: dict[str, dict[str, Any]] = {"text": {"room_id": str(room)}, "number": {"room_id": room}, "user": {}}
    client = sim.client(f"room:{room}" if given == "user" else "ann", fetch_room_info_on_connect=False, **ways[given])
    assert client.room_id == room
    client.run()
    assert requests(sim, "/@") == requests(sim, "api-live") == requests(sim, "/webcast/room/info") == []
    assert client.closed is not None and client.room_id == room and client.room_info is None


def test_trust_env_and_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://from.environment:3128")

    def route(**options: Any) -> str:
        return str(TikTokLiveClient("ann", **options).http.network.proxy_for("https", "www.tiktok.com", 443))

    assert route() == "None"
    assert "from.environment:3128" in route(trust_env=True)
    for proxies in (
        "socks5://me:secret@mine:1080",
        {"https://": "socks5://me:secret@mine:1080", "http://": "http://other:1"},
        {"all://": "socks5://me:secret@mine:1080"},
        {"https": "socks5://me:secret@mine:1080"},
    ):
        assert "mine:1080" in route(proxies=proxies) and "secret" not in route(proxies=proxies)
        assert "mine:1080" in route(proxy=proxies)
    assert route(proxies={}) == "None"


@pytest.mark.parametrize(
    "proxies",
    [[PROXY], (PROXY,), PROXY.encode(), {PROXY: "https"}, {"https://": [PROXY]}, {"https://": PROXY.encode()}],
)
def test_a_proxy_in_the_wrong_place_is_refused_without_its_password(proxies: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        TikTokLiveClient("ann", proxies=proxies)
    assert "hush-hush" not in str(refused.value)


def test_proxies_can_be_set_and_hold_for_the_next_connection(sim: Net) -> None:
    client = sim.client()
    assert client.proxies is None
    client.proxies = "http://127.0.0.1:9"
    assert client.proxies == "http://127.0.0.1:9"
    assert "127.0.0.1:9" in str(client.http.network.proxy)
    with pytest.raises(ConfigurationError):
        client.proxies = "ftp://nonsense"
    assert client.proxies == "http://127.0.0.1:9"
    client.proxies = None
    client.run()


def test_ssl_context_and_ca_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("TIKTOK_WEBCAST_CA_FILE", "/somewhere/ca.pem")
    assert TikTokLiveClient("ann").http.network.ca_file == "/somewhere/ca.pem"
    assert TikTokLiveClient("ann", ca_file="mine.pem").http.network.ca_file == "mine.pem"
    context = ssl.create_default_context()
    network = TikTokLiveClient("ann", ssl_context=context).http.network
    assert network.ssl_context is context and network.ca_file is None
    with pytest.raises(ConfigurationError, match="not both"):
        TikTokLiveClient("ann", ssl_context=context, ca_file="mine.pem")


# --- ours -----------------------------------------------------------------------------------------------------------


def test_endpoints_from_the_environment_yield_to_those_of_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOK_WEBCAST_WEB_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("TIKTOK_WEBCAST_WEBCAST_URL", "http://127.0.0.1:2")
    monkeypatch.setenv("TIKTOK_WEBCAST_SIGN_URL", "http://127.0.0.1:3")
    assert TikTokLiveClient("ann")._parts.options.config.endpoints == Endpoints(
        "http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"
    )
    config = SessionConfig(endpoints=Endpoints(sign="https://sign.example"))
    assert TikTokLiveClient("ann", config=config)._parts.options.config.endpoints == Endpoints(
        "http://127.0.0.1:1", "http://127.0.0.1:2", "https://sign.example"
    )
    monkeypatch.setenv("TIKTOK_WEBCAST_SIGN_URL", "nonsense")
    with pytest.raises(ValueError, match=r"Endpoints\.sign"):
        TikTokLiveClient("ann")


def test_login_and_cookies(net: MakeNet) -> None:
    sim = net("restricted")
    login = SessionLogin(Secret("0123456789abcdef"), "useast2a")
    client = sim.client(
        login=login,
        cookies=[Cookie("mood", "fine", "127.0.0.1")],
        trusted_sign_hosts="127.0.0.1",
    )
    client.run()
    [asked] = requests(sim, "/webcast/room/info")
    cookie = find_header(asked["headers"], "cookie") or ""
    assert "sessionid=0123456789abcdef" in cookie and "mood=fine" in cookie
    assert "0123456789abcdef" not in repr(client._parts.options)


def test_signer_and_retry(sim: Net) -> None:
    client = sim.client(signer=GuestSigner(), retry=RetryPolicy(tries=0))
    client.run()
    assert [entry for entry in sim.world.log if entry.kind == "sign"] == []


def test_include_and_exclude_of_a_config(sim: Net) -> None:
    client = sim.client(config=sim.config(include=frozenset({"comment", "like"}), exclude=frozenset({"like"})))
    everything: list[str] = []
    joins: list[str] = []
    client.on_any(lambda event: everything.append(event.name))
    client.on("join", lambda event: joins.append(event.name))
    with pytest.raises(ConfigurationError, match=r"exclude takes like away"):
        client.on("like", print)
    client.run()
    # Whoever listens to everything gets what include names, and what others asked for by name.
    assert set(everything) == {"connect", "comment", "join", "disconnect", "closed"}
    assert len(joins) == len(sim.truth("join"))


def test_the_same_seed_gives_the_same_browser() -> None:
    profiles = [TikTokLiveClient("ann", rng=random.Random(3)).http.context.profile for _ in range(2)]
    assert profiles[0] == profiles[1]
    mine = ClientProfile(user_agent="Mine/1.0")
    assert TikTokLiveClient("ann", config=SessionConfig(profile=mine)).http.context.profile == mine


# --- nonsense -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("fetch_room_info_on_conect", "Did you mean 'fetch_room_info_on_connect'"),
        ("sign_apikey", "Did you mean 'sign_api_key'"),
        ("ping_interval", "Did you mean 'ws_ping_interval'"),
        ("Proxies", "Did you mean 'proxies'"),
        ("session_id", r"Here it is login=SessionLogin"),
        ("web_proxy", "Here it is proxy="),
        ("zzzzzz", r"docs/migrating.md lists all options"),
    ],
)
def test_an_option_that_does_not_exist(wrong: str, meant: str) -> None:
    options: Any = {wrong: 1}
    with pytest.raises(TypeError, match=f"TikTokLiveClient has no option '{wrong}'.*{meant}"):
        TikTokLiveClient("ann", **options)


WAYS_TO_NAME_A_ROOM: list[Callable[[int], int | None]] = [
    lambda number: room_id(str(number)),
    lambda number: SessionConfig(room_id=number).room_id,
    lambda number: TikTokLiveClient("ann", room_id=number).room_id,
    lambda number: TikTokLiveClient(f"room:{number}").room_id,
]


@pytest.mark.parametrize("name_it", WAYS_TO_NAME_A_ROOM)
def test_the_same_numbers_are_room_ids_everywhere(name_it: Callable[[int], int | None]) -> None:
    for number in (1, 2**63 - 1, 2**63, 2**64 - 1):
        assert name_it(number) == number
    for number in (-1, 2**64, 10**20, 10**30):
        with pytest.raises((ConfigurationError, ArgumentTypeError)):
            name_it(number)


@pytest.mark.parametrize("name", ["ws_ping_interval", "ws_timeout", "http_timeout", "stale_timeout"])
@given(value=st.one_of(st.floats(max_value=0), st.just(math.nan), st.just(math.inf), st.booleans(), st.text()))
def test_times_must_be_positive_seconds(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} must be positive seconds"):
        TikTokLiveClient("ann", **{name: value})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"room_id": "abc"}, "room_id must be"),
        ({"room_id": 0}, "room_id must be"),
        ({"room_id": True}, "room_id must be"),
        ({"room_id": 2**64}, "room_id must be"),
        ({"room_id": "9" * 5000}, "room_id must be"),
        ({"room_id": 10**5000}, "room_id must be"),
        ({"ws_timeout": 10**400}, "ws_timeout must be"),
        ({"ws_timeout": -(10**5000)}, "ws_timeout must be"),
        ({"http_headers": "X: y"}, "http_headers must be a mapping"),
        ({"http_headers": {"X": "a\r\nb"}}, "cannot travel in a header"),
        ({"ws_headers": [1]}, "ws_headers must be a mapping"),
        ({"http_params": 5}, "http_params must be a mapping"),
        ({"lang": "klingon!"}, "language looks like"),
        ({"lang": 5}, "lang must be a language such as 'de', not int"),
        ({"config": 5}, "config must be a SessionConfig, not int"),
        ({"retry": 5}, "retry must be a RetryPolicy, not int"),
        ({"signer": 5}, "signer must be an object with a method `sign`, not int"),
        ({"rng": 5}, "rng must be a random.Random, not int"),
        ({"loop": 5}, "loop must be an event loop, not int"),
        ({"login": "hush"}, "login must be a SessionLogin, not str"),
        ({"cookies": 5}, "cookies must be a list of cookies, not int"),
        ({"cookies": "a=b"}, "cookies must be cookies, not str"),
        ({"trusted_sign_hosts": 5}, "trusted_sign_hosts must be a list of hosts, not int"),
        ({"timeouts": 5}, "timeouts must be Timeouts, not int"),
        ({"ssl_context": 5}, "ssl_context must be an ssl.SSLContext, not int"),
        ({"ca_file": 5}, "ca_file must be the name of a file, not int"),
        ({"proxies": "ftp://nonsense"}, "proxy"),
        ({"proxies": 5}, "proxies is an address or a mapping"),
        ({"proxies": {"https://www.tiktok.com": "http://p:1"}}, "not 'https://www.tiktok.com'"),
        ({"proxies": "http://a:1", "proxy": "http://a:1"}, "two names of the same option"),
        ({"sign_api_key": "a\nb"}, "no HTTP header may carry"),
        ({"sign_api_key": "k", "signer": GuestSigner()}, "not both"),
    ],
)
def test_options_that_make_no_sense(options: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        TikTokLiveClient("ann", **options)


@pytest.mark.parametrize("user", ["", "not a name", "https://example.com/@ann", 0, -1])
def test_a_user_that_is_none(user: Any) -> None:
    with pytest.raises(InvalidUserInput):
        TikTokLiveClient(user)


@pytest.mark.parametrize(
    ("user", "unique_id"), [("@ann", "ann"), ("https://www.tiktok.com/@ann/live", "ann"), (7, None), ("room:7", None)]
)
def test_a_user_in_every_form(user: Any, unique_id: str | None) -> None:
    assert TikTokLiveClient(user).unique_id == unique_id


def test_no_secret_is_shown() -> None:
    client = TikTokLiveClient(
        "ann",
        sign_api_key="hush-hush-key",
        login=SessionLogin(Secret("hush-hush-session")),
        http_headers={"Cookie": "sessionid=hush-hush-cookie"},
        proxies="http://me:hush-hush-proxy@host:1",
    )
    shown = repr(client) + repr(client._parts.options) + repr(client.http.network) + repr(client.http.context)
    assert "hush-hush" not in shown


def test_read_signer_prefers_what_is_given() -> None:
    assert isinstance(read.read_signer(GuestSigner(), None, {}), GuestSigner)
    assert isinstance(read.read_signer(None, None, {}), SignServer)
