"""The simulator on its port: what a client of any kind meets, and a stop that leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, RejectConnection, Request
from wsproto.events import TextMessage as WsText

from tiktok_webcast._pb.transport_pb2 import ProtoMessageFetchResult, WebcastPushFrame
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sim import Options, WorldOptions, differences
from tiktok_webcast_transports.simulator import Simulator
from tiktok_webcast_transports.sync import connect

pytestmark = pytest.mark.filterwarnings("error")
AGENT = "Mozilla/5.0 (X11; Linux x86_64)"
GUARD = 20.0
"""Seconds after which a socket of a test gives up: only a failure takes so long."""


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator("first_light", speed=0.0) as simulator:
        yield simulator


@contextlib.contextmanager
def dialed(sim: Simulator) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", sim.port), timeout=GUARD) as sock:
        yield sock


def exchange(sock: socket.socket, request: bytes, *, until: bytes = b"") -> bytes:
    """Send, and read until a mark or the end."""
    sock.sendall(request)
    data = b""
    while not (until and until in data):
        piece = sock.recv(65536)
        if not piece:
            break
        data += piece
    return data


def ask(sim: Simulator, target: str, *lines: str, method: str = "GET", body: bytes = b"") -> tuple[int, bytes, bytes]:
    head = [f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(body)}", *lines]
    with dialed(sim) as sock:
        answer = exchange(sock, "\r\n".join([*head, "", ""]).encode() + body)
    headers, _, content = answer.partition(b"\r\n\r\n")
    return int(headers.split()[1]), headers, content


class Client:
    """A WebSocket by hand: signed for, opened, and driven frame by frame."""

    def __init__(self, sim: Simulator, sock: socket.socket) -> None:
        self.sock = sock
        self.room_id = sim.world.stage("ann").room.room_id
        status, headers, body = ask(
            sim, f"/webcast/rooms/{self.room_id}/connect?client=t&user_agent={AGENT.replace(' ', '%20')}"
        )
        assert status == 200
        cookie = next(line for line in headers.decode().split("\r\n") if line.lower().startswith("x-set-tt-cookie:"))
        result = ProtoMessageFetchResult.FromString(body)
        token = next(str(pair.value) for pair in result.route_params if pair.key == "wrss")
        self.target = (
            f"/webcast/im/ws_proxy/ws_reuse_supplement/?room_id={self.room_id}&aid=1988&device_platform=web"
            f"&identity=audience&compress=gzip&wrss={token}"
        )
        self.headers = [(b"User-Agent", AGENT.encode()), (b"Cookie", cookie.partition(":")[2].strip().encode())]
        self.ws = WSConnection(ConnectionType.CLIENT)

    def send(self, event: Any) -> None:
        self.sock.sendall(self.ws.send(event))

    def events(self) -> Iterator[Any]:
        """What comes, until the connection ends."""
        while True:
            yield from self.ws.events()
            data = self.sock.recv(65536)
            if not data:
                return
            self.ws.receive_data(data)

    def open(self, *protocols: str) -> Any:
        self.send(Request(host="x", target=self.target, extra_headers=self.headers, subprotocols=list(protocols)))
        return next(iter(self.events()))

    def enter(self) -> None:
        number, data = self.room_id, bytearray(b"\x08")
        while number > 0x7F:
            data.append(number & 0x7F | 0x80)
            number >>= 7
        data.append(number)
        self.push("im_enter_room", bytes(data))

    def push(self, payload_type: str, payload: bytes = b"") -> None:
        frame = WebcastPushFrame(payload_encoding="pb", payload_type=payload_type, payload=payload)
        self.send(BytesMessage(data=frame.SerializeToString()))


# --- HTTP -------------------------------------------------------------------------------------------------------------


def test_pages_json_and_pictures_come_from_one_port(sim: Simulator) -> None:
    assert ask(sim, "/@ann/live")[0] == 200
    assert json.loads(ask(sim, "/api-live/user/room/?uniqueId=ann&aid=1988&sourceType=54")[2])["statusCode"] == 0
    assert ask(sim, "/img/avatar/1~c5_100x100.webp")[2].startswith(b"\x89PNG")
    assert ask(sim, "/nonsense")[0] == 404


def test_one_connection_serves_many_requests_even_in_one_piece(sim: Simulator) -> None:
    request = b"GET /__sim__/scenarios HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /nonsense HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with dialed(sim) as sock:
        assert exchange(sock, request, until=b"\r\n\r\n{").startswith(b"HTTP/1.1 200")
    with dialed(sim) as sock:
        answer = exchange(sock, request * 3 + last)
    assert answer.count(b"HTTP/1.1 200") == 3
    assert answer.count(b"HTTP/1.1 404") == 1


def test_requests_that_arrive_byte_by_byte(sim: Simulator) -> None:
    with dialed(sim) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /@ann HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r":
            sock.sendall(bytes([byte]))
        assert exchange(sock, b"\n").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET [/ HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"GET http://x:99999/ HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"CONNECT /@ann HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n", b"431"),
        (b"POST /webcast/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + bytes(1_200_000), b"413"),
    ],
)
def test_requests_that_are_no_good_are_refused(
    sim: Simulator, request_bytes: bytes, status: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with dialed(sim) as sock, contextlib.suppress(ConnectionError):
        assert exchange(sock, request_bytes, until=b"\r\n\r\n").split()[1] == status
    assert ask(sim, "/")[0] == 200
    assert not caplog.records


def test_a_head_request_has_no_body_and_a_body_may_wait_to_be_asked_for(sim: Simulator) -> None:
    assert ask(sim, "/@ann", method="HEAD")[2] == b""
    status, _, body = ask(sim, "/webcast/sign_url", method="POST", body=b'{"url":"https://a.b/?c=1","userAgent":"u/1"}')
    assert (status, json.loads(body)["code"]) == (200, 200)
    with dialed(sim) as sock:
        head = b"POST /webcast/sign_url HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        assert exchange(sock, head, until=b"\r\n\r\n").startswith(b"HTTP/1.1 100")
        assert exchange(sock, b"{}", until=b"\r\n\r\n").startswith(b"HTTP/1.1 400")


# --- the WebSocket ----------------------------------------------------------------------------------------------------


def test_a_socket_by_hand(sim: Simulator) -> None:
    with dialed(sim) as sock:
        client = Client(sim, sock)
        accepted = client.open("other", "echo-protocol")
        assert isinstance(accepted, AcceptConnection)
        assert accepted.subprotocol == "echo-protocol"
        assert dict(accepted.extra_headers)[b"handshake-msg"] == b"OK"
        client.enter()
        first = next(event for event in client.events() if isinstance(event, BytesMessage))
        assert WebcastPushFrame.FromString(bytes(first.data)).payload_type == "im_enter_room_resp"


def test_a_refused_socket_says_why_and_the_connection_can_go_on(sim: Simulator) -> None:
    with dialed(sim) as sock:
        client = Client(sim, sock)
        client.headers = []
        refused = client.open()
        assert isinstance(refused, RejectConnection)
        assert refused.status_code == 200
        assert b"ttwid" in dict(refused.headers)[b"handshake-msg"]
        assert exchange(sock, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", until=b"</html>").startswith(b"HTTP/1.1 200")


def test_a_close_is_answered_and_pings_are_not(sim: Simulator) -> None:
    with dialed(sim) as sock:
        client = Client(sim, sock)
        client.open()
        client.send(Ping(payload=b"are you there?"))
        client.send(WsText(data="hello"))
        client.send(CloseConnection(code=1001))
        (closed,) = client.events()
        assert (type(closed), closed.code) == (CloseConnection, 1001)
        assert sock.recv(1) == b""
    kinds = [(entry.kind, entry.detail.get("reason")) for entry in sim.log if entry.kind in ("violation", "leave")]
    assert kinds == [("violation", "a text message"), ("leave", None)]


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda client: client.push("hb"), 1000),
        (lambda client: client.send(BytesMessage(data=bytes(300_000))), 1009),
        (lambda client: client.sock.sendall(b"\xff" * 40), 1002),
    ],
    ids=["heartbeat before entering", "too long", "no frame"],
)
def test_what_a_server_closes_for(sim: Simulator, break_it: Any, code: int) -> None:
    with dialed(sim) as sock:
        client = Client(sim, sock)
        client.open()
        break_it(client)
        closed = next(event for event in client.events() if isinstance(event, CloseConnection))
        assert closed.code == code


def test_a_cut_loses_nothing_that_was_sent_before_it() -> None:
    """The server says nothing more, but what the client has not read yet must still reach it."""
    with Simulator("reconnect", speed=0.0) as sim, dialed(sim) as sock:
        client = Client(sim, sock)
        client.open()
        client.enter()
        events = list(client.events())
        assert not any(isinstance(event, CloseConnection) for event in events)
        frames = [WebcastPushFrame.FromString(bytes(event.data)) for event in events]
        assert [frame.payload_type for frame in frames] == ["im_enter_room_resp", "msg"]


# --- a life -----------------------------------------------------------------------------------------------------------


def tls_of(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def hello() -> bytes:
    """The first bytes of a client that wants TLS."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("sent", [b"", hello()[:7], hello()], ids=["nothing", "half a hello", "a hello"])
def test_it_stops_in_the_middle_of_a_tls_handshake_and_leaves_no_socket(sent: bytes) -> None:
    with Simulator(ssl_context=tls_of(trustme.CA())) as sim, dialed(sim) as sock:
        sock.sendall(sent)
        while not sim._ask(lambda: len(sim._doors)):
            pass
        if len(sent) > 7:
            assert sock.recv(1)
        sim.stop()
        # Whatever was left open says so now, and warnings are errors.
        gc.collect()
        with contextlib.suppress(ConnectionError):
            while sock.recv(65536):
                pass
    assert not sim._doors
    assert not sim._connections


def test_who_speaks_no_tls_is_hung_up_on() -> None:
    with Simulator(ssl_context=tls_of(trustme.CA())) as sim, dialed(sim) as sock:
        with contextlib.suppress(ConnectionError):
            assert b"HTTP" not in exchange(sock, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while sim._ask(lambda: len(sim._doors)):
            pass


def test_it_serves_tls(tmp_path: Path) -> None:
    authority, certificate = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(certificate)
    context = tls_of(authority)
    with Simulator("reconnect", speed=0.0, ssl_context=context) as sim:
        assert sim.url.startswith("https://127.0.0.1:")
        with connect("@ann", config=SessionConfig(endpoints=sim.endpoints), ca_file=str(certificate)) as live:
            lines = [event.to_dict() for event in live]
        assert differences(sim.manifest("ann").events, lines) == []


def test_a_client_on_the_port_prints_what_the_manifest_says(sim: Simulator) -> None:
    with connect("@ann", config=SessionConfig(endpoints=sim.endpoints)) as live:
        lines = [event.to_dict() for event in live]
    assert differences(sim.manifest("ann").events, lines) == []
    assert sim.manifest() == sim.manifest("ann")


def test_it_stops_with_clients_inside_and_leaves_neither_thread_nor_socket() -> None:
    before = threading.active_count()
    with Simulator("everyday", options=WorldOptions("everyday", options=Options())) as sim, dialed(sim) as sock:
        client = Client(sim, sock)
        client.open()
        client.enter()
        next(client.events())
        sim.stop()
        assert threading.active_count() == before
        with contextlib.suppress(ConnectionError):
            assert not any(isinstance(event, CloseConnection) for event in client.events())
    sim.stop()
    assert [entry.kind for entry in sim.log][-1] in ("end", "leave")
    assert sim.now() == sim.now()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", sim.port), timeout=GUARD)
    gc.collect()


def test_it_can_be_started_again_and_not_twice(sim: Simulator) -> None:
    port = sim.port
    with pytest.raises(RuntimeError, match="runs already"):
        sim.start()
    sim.stop()
    sim.start()
    assert sim.port == port
    assert ask(sim, "/")[0] == 200


def test_a_port_that_is_taken_is_an_error(sim: Simulator) -> None:
    with pytest.raises(OSError, match=r"(?i)in use"):
        Simulator(port=sim.port).start()


def test_it_serves_loopback_addresses_only() -> None:
    with pytest.raises(ValueError, match="loopback"):
        Simulator(host="0.0.0.0")
    with pytest.raises(ValueError, match="no scenario"):
        Simulator("nonsense")
    with pytest.raises(RuntimeError, match="not started"):
        _ = Simulator().world


def test_it_runs_in_a_running_loop_and_leaves_no_task() -> None:
    async def main() -> int:
        async with Simulator("first_light", speed=0.0) as sim:
            reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            assert answer.startswith(b"HTTP/1.1 200")
            assert len(sim.log) == 1
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1
