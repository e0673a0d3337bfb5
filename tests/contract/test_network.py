"""The way to the network: TLS, proxies, the environment, timeouts. HTTP and the socket alike."""

from __future__ import annotations

import math
import ssl
from typing import Any

import loopback
import pytest
from kits import Kit
from loopback import BINARY, ConnectProxy, Peer, Server, Socks5Proxy, close_frame, frame
from scripted import ScriptedSession, asking, opening

from tiktok_webcast.http import FailureKind, HttpResponse, TransportFailure
from tiktok_webcast_transports._options import Network, Timeouts

PASSWORD = "s3cret:/@%"
ENCODED = "s3cret%3A%2F%40%25"


def room(peer: Peer) -> None:
    """Serve HTTP requests, and one socket after an upgrade."""
    while True:
        head = peer.receive_head()
        if "Upgrade: websocket" in head:
            peer.send(loopback.accept(head) + frame(BINARY, b"hello"))
            peer.send(close_frame(1000))
            peer.read_close()
            return
        peer.send(loopback.answer(head.split(" ")[1].encode()))


def visit(kit: Kit, server: Server, network: Network) -> list[Any]:
    """Ask over HTTP, then open the socket; return what came."""

    def react(session: ScriptedSession, what: Any) -> None:
        if what[0] == "response":
            session.act(opening(server.ws))

    session = ScriptedSession(asking(f"{server.http}/page?x=1"), react=react)
    session.ends_with_answers = False

    async def scenario() -> list[Any]:
        async with kit.live(session, network) as live:
            return [event async for event in live][1:]

    events: list[Any] = kit.run(scenario)
    return events


def assert_visited(events: list[Any]) -> None:
    assert [event[0] for event in events] == ["response", "opened", "message", "closed"], events
    assert events[0][2].status == 200
    assert events[0][2].body == b"/page?x=1"
    assert events[2] == ("message", b"hello")


def assert_failed(events: list[Any], kind: FailureKind, *words: str) -> None:
    assert [event[0] for event in events] == ["response", "failed"], events
    for failure in (events[0][2], events[1][1]):
        assert isinstance(failure, TransportFailure)
        assert failure.kind is kind, failure
        for word in words:
            assert word in failure.detail
        assert "s3cret" not in failure.detail


def test_tls_with_a_ca_file(kit: Kit, server_tls: ssl.SSLContext, ca_file: str) -> None:
    with Server(room, tls=server_tls) as server:
        assert_visited(visit(kit, server, Network(ca_file=ca_file)))


def test_tls_with_a_context_offers_http_1_1_only(kit: Kit, authority: Any, server_tls: ssl.SSLContext) -> None:
    offers: list[str | None] = []

    def script(peer: Peer) -> None:
        offers.append(peer.sock.selected_alpn_protocol())
        room(peer)

    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.set_alpn_protocols(["h2"])
    server_tls.set_alpn_protocols(["h2", "http/1.1"])
    with Server(script, tls=server_tls) as server:
        assert_visited(visit(kit, server, Network(ssl_context=context)))
    assert set(offers) == {"http/1.1"}


def test_tls_sends_the_name(kit: Kit, server_tls: ssl.SSLContext, ca_file: str) -> None:
    names: list[str | None] = []

    def named(sock: Any, name: str | None, context: ssl.SSLContext) -> None:
        names.append(name)

    server_tls.sni_callback = named
    try:
        with Server(room, tls=server_tls) as server:
            assert_visited(visit(kit, server, Network(ca_file=ca_file)))
    finally:
        server_tls.sni_callback = None
    assert set(names) == {"localhost"}


def test_a_certificate_that_nobody_vouches_for(kit: Kit, server_tls: ssl.SSLContext) -> None:
    with Server(room, tls=server_tls) as server:
        events = visit(kit, server, Network())
        assert_failed(events, FailureKind.TLS, "certificate verify failed", "ca_file=", f"localhost:{server.port}")
        server.errors.clear()


def test_a_certificate_for_another_host(kit: Kit, other_name_tls: ssl.SSLContext, ca_file: str) -> None:
    with Server(room, tls=other_name_tls) as server:
        assert_failed(visit(kit, server, Network(ca_file=ca_file)), FailureKind.TLS, "certificate verify failed")
        server.errors.clear()


def test_tls_to_a_server_that_has_none(kit: Kit, server_tls: ssl.SSLContext, ca_file: str) -> None:
    def plain(peer: Peer) -> None:
        peer.receive_some()
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Server(plain) as server:
        server._tls = None
        secure = _Secure(server.port)
        assert_failed(visit(kit, secure, Network(ca_file=ca_file)), FailureKind.TLS)  # type: ignore[arg-type]


class _Secure:
    """Addresses with TLS for a server that has none."""

    def __init__(self, port: int) -> None:
        self.ws = f"wss://localhost:{port}/"
        self.http = f"https://localhost:{port}"


def test_cut_in_the_tls_handshake(kit: Kit, ca_file: str) -> None:
    def cut(peer: Peer) -> None:
        peer.receive_some()

    with Server(cut) as server:
        events = visit(kit, _Secure(server.port), Network(ca_file=ca_file))  # type: ignore[arg-type]
        assert_failed(events, FailureKind.TLS, "closed")


def test_the_end_of_tls_is_the_end(kit: Kit, server_tls: ssl.SSLContext, ca_file: str) -> None:
    """The server says good-bye in TLS and keeps TCP open."""

    def script(peer: Peer) -> None:
        peer.accept_websocket()
        raw = peer.sock.unwrap()
        assert raw.recv(1) == b""

    with Server(script, tls=server_tls) as server:
        session = ScriptedSession(opening(server.ws))

        async def scenario() -> Any:
            async with kit.live(session, Network(ca_file=ca_file)) as live:
                return [event async for event in live]

        assert kit.run(scenario)[-1][:2] == ("closed", None)


@pytest.mark.parametrize("login", [None, "user"])
@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
@pytest.mark.parametrize("secure", [False, True])
def test_proxies(
    kit: Kit, scheme: str, login: str | None, secure: bool, server_tls: ssl.SSLContext, ca_file: str
) -> None:
    proxy: Any
    if scheme == "http":
        proxy = ConnectProxy(login=login and f"{login}:{PASSWORD}", bytewise=login is not None)
    else:
        proxy = Socks5Proxy(login=(login, PASSWORD) if login else None, bytewise=login is not None)
    with proxy, Server(room, tls=server_tls if secure else None) as server:
        credentials = f"{login}:{ENCODED}@" if login else ""
        network = Network(proxy=f"{scheme}://{credentials}127.0.0.1:{proxy.port}", ca_file=ca_file)
        assert "s3cret" not in repr(network)
        assert_visited(visit(kit, server, network))
        # The name goes to the proxy as it is: the proxy looks it up.
        assert proxy.targets == [f"{'localhost' if secure else '127.0.0.1'}:{server.port}"] * len(proxy.targets)
        assert server.accepted == len(proxy.targets) > 1


def test_an_https_proxy(kit: Kit, server_tls: ssl.SSLContext, ca_file: str) -> None:
    """TLS inside TLS."""
    with ConnectProxy(tls=server_tls) as proxy, Server(room, tls=server_tls) as server:
        network = Network(proxy=f"https://localhost:{proxy.port}", ca_file=ca_file)
        assert_visited(visit(kit, server, network))


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_that_refuses_the_password(kit: Kit, scheme: str) -> None:
    proxy: Any = ConnectProxy(login="a:b") if scheme == "http" else Socks5Proxy(login=("a", "b"))
    with proxy, Server(room) as server:
        network = Network(proxy=f"{scheme}://user:{ENCODED}@127.0.0.1:{proxy.port}")
        assert_failed(visit(kit, server, network), FailureKind.PROXY, "user:***@", "password")
        assert server.accepted == 0


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_that_cannot_reach_the_target(kit: Kit, scheme: str) -> None:
    proxy: Any = ConnectProxy() if scheme == "http" else Socks5Proxy()
    with Server(room) as gone:
        pass
    with proxy:
        network = Network(proxy=f"{scheme}://127.0.0.1:{proxy.port}")
        words = "502" if scheme == "http" else "refused"
        assert_failed(visit(kit, gone, network), FailureKind.PROXY, words)


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_proxy_that_is_none(kit: Kit, scheme: str) -> None:
    def nonsense(peer: Peer) -> None:
        peer.receive_some()
        peer.send(b"220 smtp.example.org ESMTP\r\n\r\n")
        peer.wait_gone()

    with Server(nonsense) as proxy, Server(room) as server:
        assert_failed(visit(kit, server, Network(proxy=f"{scheme}://127.0.0.1:{proxy.port}")), FailureKind.PROXY)


def test_a_proxy_that_hangs_up(kit: Kit) -> None:
    def cut(peer: Peer) -> None:
        peer.receive_some()

    with Server(cut) as proxy, Server(room) as server:
        for scheme in ("http", "socks5"):
            network = Network(proxy=f"{scheme}://127.0.0.1:{proxy.port}")
            assert_failed(visit(kit, server, network), FailureKind.PROXY, "closed")


def test_a_proxy_that_is_not_there(kit: Kit) -> None:
    with Server(room) as gone:
        pass
    with Server(room) as server:
        events = visit(kit, server, Network(proxy=f"http://127.0.0.1:{gone.port}"))
        assert_failed(events, FailureKind.PROXY, "refused")


def test_the_environment_counts_only_when_trusted(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ConnectProxy() as proxy, Server(room) as server:
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert_visited(visit(kit, server, Network()))
        assert proxy.targets == []
        assert_visited(visit(kit, server, Network(trust_env=True)))
        assert len(proxy.targets) > 1
        seen = len(proxy.targets)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert_visited(visit(kit, server, Network(trust_env=True)))
        assert len(proxy.targets) == seen


def silence(peer: Peer) -> None:
    peer.wait_gone()


SHORT = 0.05


@pytest.mark.parametrize("phase", ["connect", "tls", "http proxy", "socks proxy", "answer"])
def test_a_silent_peer_runs_into_the_timeout_of_its_phase(kit: Kit, phase: str, ca_file: str) -> None:
    timeouts = {
        "connect": Timeouts(connect=SHORT),
        "tls": Timeouts(tls=SHORT),
        "http proxy": Timeouts(connect=SHORT),
        "socks proxy": Timeouts(connect=SHORT),
        "answer": Timeouts(handshake=SHORT, request=SHORT),
    }[phase]
    with Server(silence) as server, loopback.full_listener() as full:
        target: Any = _Secure(server.port) if phase == "tls" else server
        if phase == "connect":
            server.port = full
        proxy = f"{phase.split()[0].replace('socks', 'socks5')}://127.0.0.1:{server.port}" if "proxy" in phase else None
        events = visit(kit, target, Network(proxy=proxy, ca_file=ca_file, timeouts=timeouts))
        assert_failed(events, FailureKind.TIMEOUT, f"{server.port}", "0.05 s")


def test_http_answers_as_they_came(kit: Kit) -> None:
    """Chunked, with a length, to the end of the connection; early hints; compression untouched; a body to send."""
    bodies: list[bytes] = []

    def script(peer: Peer) -> None:
        head = peer.receive_head()
        assert head.startswith("POST /a%20b?c=d HTTP/1.1\r\n")
        assert loopback.header(head, "content-type") == "text/plain"
        bodies.append(peer.receive(int(loopback.header(head, "Content-Length") or "0")))
        peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        peer.send_bytewise(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.send_bytewise(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n")
        peer.receive_head()
        peer.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nuntil the end")

    with Server(script) as server:

        async def scenario() -> list[Any]:
            async with kit.http() as client:
                headers = (("content-type", "text/plain"),)
                first = asking(f"{server.http}/a%20b?c=d#e", method="POST", body=b"hello", headers=headers)
                return [await client.send(first.request), await client.send(asking(server.http).request)]

        first, second = kit.run(scenario)
        assert server.accepted == 1
    assert bodies == [b"hello"]
    assert first == HttpResponse(200, (("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")), b"abcde")
    assert second.body == b"until the end"
    assert [value for name, value in second.headers if name == "Set-Cookie"] == ["a=1", "b=2"]


@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize("chunked", [False, True])
def test_the_body_limit_is_exact(kit: Kit, extra: int, chunked: bool) -> None:
    size = 5000 + extra

    def script(peer: Peer) -> None:
        peer.receive_head()
        if chunked:
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            peer.send(b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n")
        else:
            peer.send(loopback.answer(b"x" * size))
        peer.wait_gone()

    with Server(script) as server:

        async def scenario() -> Any:
            async with kit.http() as client:
                return await client.send(asking(server.http, max_body=5000).request)

        result = kit.run(scenario)
    if extra:
        assert result.kind is FailureKind.TOO_LARGE
    else:
        assert result.body == b"x" * 5000


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"", FailureKind.READ),
        (b"HTTP/1.1 200", FailureKind.READ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", FailureKind.READ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", FailureKind.READ),
        (b"nonsense\r\n\r\n", FailureKind.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", FailureKind.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000 + b"\r\n\r\n", FailureKind.TOO_LARGE),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 4000, FailureKind.TOO_LARGE),
    ],
)
def test_answers_that_are_none(kit: Kit, sent: bytes, kind: FailureKind) -> None:
    def script(peer: Peer) -> None:
        peer.receive_head()
        peer.send(sent)
        if kind is FailureKind.READ:
            return
        peer.wait_gone()

    with Server(script) as server:

        async def scenario() -> Any:
            async with kit.http() as client:
                return await client.send(asking(server.http).request)

        result = kit.run(scenario)
    assert isinstance(result, TransportFailure)
    assert result.kind is kind, result


def test_connections_are_used_again_and_replaced_when_stale(kit: Kit) -> None:
    def twice_then_hang_up(peer: Peer) -> None:
        for index in range(2):
            peer.receive_head()
            peer.send(loopback.answer(b"%d" % index))
        # The third request meets a server that has just given up.
        peer.receive_head()

    def once(peer: Peer) -> None:
        peer.receive_head()
        peer.send(loopback.answer(b"fresh", "Connection: close"))

    with Server(twice_then_hang_up, once) as server:

        async def scenario() -> list[bytes]:
            async with kit.http() as client:
                return [(await client.send(asking(server.http).request)).body for _ in range(4)]

        assert kit.run(scenario) == [b"0", b"1", b"fresh", b"fresh"]
        assert server.accepted == 3


@pytest.mark.parametrize("seconds", [1e7, 1e300, math.inf])
def test_a_timeout_may_be_longer_than_a_system_counts(kit: Kit, seconds: float) -> None:
    def script(peer: Peer) -> None:
        peer.receive_head()
        peer.send(loopback.answer(b"ok"))

    with Server(script) as server:
        patient = Network(timeouts=Timeouts(connect=seconds, request=seconds))

        async def scenario() -> Any:
            async with kit.http(patient) as client:
                return await client.send(asking(server.http).request)

        assert kit.run(scenario).body == b"ok"


def test_run_an_exchange(kit: Kit) -> None:
    def exchange(base: str) -> Any:
        first = yield asking(f"{base}/1").request
        second = yield asking(f"{base}/2").request
        return first.body + second.body

    with Server(room) as server:

        async def scenario() -> Any:
            async with kit.http() as client:
                return await client.run(exchange(server.http))

        assert kit.run(scenario) == b"/1/2"


@pytest.mark.parametrize("headers", [(("A", "b\nc"),), (("A", "☃"),), (("Ä", "b"),)])
def test_requests_that_cannot_be_sent(kit: Kit, headers: Any) -> None:
    with Server(silence) as server:
        for action in (asking(server.http, headers=headers), opening(server.ws, *headers)):
            session = ScriptedSession(action)

            async def scenario(session: ScriptedSession = session) -> Any:
                async with kit.live(session) as live:
                    return [event async for event in live]

            (_, event) = kit.run(scenario)
            assert event[0] in ("failed", "response")
            assert event[-1].kind is FailureKind.PROTOCOL
