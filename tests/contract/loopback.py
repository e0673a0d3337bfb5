"""Scripted servers and real proxies on loopback, each connection in a thread: they serve every transport alike."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

GUARD = 100.0
"""Seconds after which a script that waits for its client gives up: only ever reached when something is broken."""

Script = Callable[["Peer"], None]
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Gone(Exception):
    """The client has closed the connection."""


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock: Any = sock
        self.buffer = b""
        sock.settimeout(GUARD)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start_tls(self, context: ssl.SSLContext) -> None:
        self.sock = context.wrap_socket(self.sock, server_side=True)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send_bytewise(self, data: bytes) -> None:
        for index in range(len(data)):
            self.sock.sendall(data[index : index + 1])

    def receive_some(self) -> bytes:
        data: bytes = self.sock.recv(65536)
        if not data:
            raise Gone
        return data

    def receive(self, count: int) -> bytes:
        while len(self.buffer) < count:
            self.buffer += self.receive_some()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive_head(self) -> str:
        """Return a request's line and headers."""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.receive_some()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return head.decode("latin-1")

    def accept_websocket(self, *headers: str, bytewise: bool = False, trailing: bytes = b"") -> str:
        """Answer a WebSocket's handshake; return its head."""
        head = self.receive_head()
        answer = accept(head, *headers) + trailing
        (self.send_bytewise if bytewise else self.send)(answer)
        return head

    def read_frame(self) -> tuple[int, bytes]:
        """Return the opcode and the unmasked payload of the client's next frame."""
        first, second = self.receive(2)
        assert first & 0x70 == 0, "reserved bits are for extensions, which are never offered"
        assert second & 0x80, "a client masks"
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self.receive(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.receive(8))
        mask = self.receive(4)
        payload = bytes(byte ^ mask[index % 4] for index, byte in enumerate(self.receive(size)))
        return first & 0x0F, payload

    def read_close(self) -> int | None:
        """Skip to the client's close frame; return its code."""
        while True:
            opcode, payload = self.read_frame()
            if opcode == CLOSE:
                return struct.unpack("!H", payload[:2])[0] if payload else None

    def wait_gone(self) -> bool:
        """Wait for the end of the connection, by whatever means."""
        try:
            while self.sock.recv(65536):
                pass
        except OSError:
            pass
        return True

    def half_close(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close with a TCP reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def accept(head: str, *headers: str) -> bytes:
    """Return the 101 answer to a WebSocket's handshake."""
    key = header(head, "Sec-WebSocket-Key")
    assert key is not None
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    token = base64.b64encode(digest).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Accept: {token}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def header(head: str, name: str) -> str | None:
    for line in head.split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name.lower():
            return value.strip()
    return None


def frame(opcode: int, payload: bytes = b"", *, final: bool = True) -> bytes:
    """Return a server's frame."""
    size = len(payload)
    if size < 126:
        length = bytes((size,))
    elif size < 65536:
        length = b"\x7e" + struct.pack("!H", size)
    else:
        length = b"\x7f" + struct.pack("!Q", size)
    return bytes(((0x80 if final else 0) | opcode,)) + length + payload


def close_frame(code: int, reason: str = "") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason.encode())


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return an HTTP answer with a length."""
    return "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")).encode() + body


class Server:
    """Listens on a free port of loopback. Each connection runs the next script, the last one again and again."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._scripts = scripts
        self._tls = tls
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self.heads: list[str] = []
        self.errors: list[BaseException] = []
        self.accepted = 0
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._stopping = False
        self._acceptor = threading.Thread(target=self._accept, name="loopback acceptor")

    @property
    def ws(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://{'localhost' if self._tls else '127.0.0.1'}:{self.port}/socket?a=1"

    @property
    def http(self) -> str:
        return f"{'https' if self._tls else 'http'}://{'localhost' if self._tls else '127.0.0.1'}:{self.port}"

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._stopping = True
        # A listening socket's accept is woken by a connection, on every system.
        socket.create_connection(self._listener.getsockname()).close()
        self._acceptor.join(GUARD)
        self._listener.close()
        for thread in self._threads:
            thread.join(GUARD if error is None else 0.5)
        for sock in self._sockets:
            sock.close()
        for thread in self._threads:
            thread.join(GUARD)
        if error is None and self.errors:
            raise self.errors[0]

    def settle(self) -> None:
        """Wait for all connections to end."""
        for thread in self._threads:
            thread.join(GUARD)

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._stopping:
                sock.close()
                return
            script = self._scripts[min(self.accepted, len(self._scripts) - 1)]
            self.accepted += 1
            self._sockets.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock, script), name="loopback connection")
            self._threads = [each for each in self._threads if each.is_alive()]
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, script: Script) -> None:
        peer = Peer(sock)
        try:
            if self._tls is not None:
                peer.start_tls(self._tls)
            script(peer)
        except Gone:
            pass
        except Exception as error:
            if not self._stopping:
                self.errors.append(error)
        finally:
            peer.sock.close()
            sock.close()
            if sock in self._sockets:
                self._sockets.remove(sock)


class ConnectProxy(Server):
    """A real HTTP proxy that knows CONNECT and nothing else."""

    def __init__(self, *, login: str | None = None, tls: ssl.SSLContext | None = None, bytewise: bool = False) -> None:
        super().__init__(self._proxy, tls=tls)
        self._login = login
        self._bytewise = bytewise
        self.targets: list[str] = []

    def _proxy(self, peer: Peer) -> None:
        head = peer.receive_head()
        method, target, _ = head.split("\r\n")[0].split(" ")
        self.targets.append(target)
        send = peer.send_bytewise if self._bytewise else peer.send
        given = header(head, "Proxy-Authorization")
        if method != "CONNECT":
            send(answer(b"", status="405 Method Not Allowed"))
        elif self._login is not None and given != f"Basic {base64.b64encode(self._login.encode()).decode()}":
            send(answer(b"", 'Proxy-Authenticate: Basic realm="test"', status="407 Proxy Authentication Required"))
        else:
            host, port = target.rsplit(":", 1)
            try:
                upstream = socket.create_connection((host.strip("[]"), int(port)))
            except OSError:
                send(answer(b"", status="502 Bad Gateway"))
                return
            send(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
            join_streams(peer, upstream)


class Socks5Proxy(Server):
    """A real SOCKS5 proxy (RFC 1928, RFC 1929)."""

    def __init__(self, *, login: tuple[str, str] | None = None, bytewise: bool = False) -> None:
        super().__init__(self._proxy)
        self._login = login
        self._bytewise = bytewise
        self.targets: list[str] = []

    def _proxy(self, peer: Peer) -> None:
        send = peer.send_bytewise if self._bytewise else peer.send
        version, count = peer.receive(2)
        assert version == 5
        methods = peer.receive(count)
        wanted = 0 if self._login is None else 2
        if wanted not in methods:
            send(b"\x05\xff")
            return
        send(bytes((5, wanted)))
        if self._login is not None:
            assert peer.receive(1) == b"\x01"
            user = peer.receive(peer.receive(1)[0]).decode()
            password = peer.receive(peer.receive(1)[0]).decode()
            good = (user, password) == self._login
            send(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                return
        assert peer.receive(3) == b"\x05\x01\x00"
        kind = peer.receive(1)[0]
        if kind == 3:
            host = peer.receive(peer.receive(1)[0]).decode()
        else:
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            host = socket.inet_ntop(family, peer.receive(4 if kind == 1 else 16))
        (port,) = struct.unpack("!H", peer.receive(2))
        self.targets.append(f"{host}:{port}")
        try:
            upstream = socket.create_connection((host, port))
        except OSError:
            send(b"\x05\x05\x00\x01" + bytes(6))
            return
        # A reply may name the proxy's own end as a host name.
        send(b"\x05\x00\x00\x03\x04test\x00\x50" if self._bytewise else b"\x05\x00\x00\x01" + bytes(6))
        join_streams(peer, upstream)


def join_streams(peer: Peer, upstream: socket.socket) -> None:
    """Carry bytes both ways until either end is done. In one thread: OpenSSL wants no two on a connection."""
    client = peer.sock
    with upstream:
        if peer.buffer:
            upstream.sendall(peer.buffer)
        ends = {client: upstream, upstream: client}
        while True:
            pending = isinstance(client, ssl.SSLSocket) and client.pending()
            ready = [client] if pending else select.select(list(ends), [], [], GUARD)[0]
            for source in ready:
                try:
                    data = source.recv(65536)
                    if data:
                        ends[source].sendall(data)
                        continue
                except OSError:
                    pass
                return


def open_descriptors() -> int | None:
    """Return how many file descriptors this process has open, where the system tells."""
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return None


@contextlib.contextmanager
def full_listener() -> Iterator[int]:
    """Yield a port where connecting hangs: nobody accepts, and the queue of those who wait is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
