"""How much of the decode rate is left on a real socket? A flood over loopback against frames handed over in memory.

    python bench/flood.py [--messages N] [--rounds R]

A server in another process sends the corpus as fast as the socket takes it, WebSocket frames made beforehand. The
client is `tiktok_webcast_transports.asyncio` as a program has it, with the handler of `decode_frames.py`. Both are
given as messages a second of this process's CPU time (a client that waits for the server costs none), in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import hashlib
import multiprocessing
import socket
import struct
import threading
import time
from collections.abc import Generator
from statistics import median
from typing import Any

from corpus import frames as make_frames
from frames_run import ROOM, Run

from tiktok_webcast.http import HttpRequest, HttpResponse, SocketRequest, TransportFailure
from tiktok_webcast.retry import RetryPolicy
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sign import Signed, SignTarget
from tiktok_webcast_transports.asyncio import Live

_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CLOSE = b"\x88\x02\x03\xe8"


class Door:
    """A signer that names the flood's address."""

    def __init__(self, port: int) -> None:
        self._port = port

    def sign(self, target: SignTarget) -> Generator[HttpRequest, HttpResponse | TransportFailure, Signed]:
        """Sign at once."""
        return Signed(SocketRequest(f"ws://127.0.0.1:{self._port}/"))
        yield  # A generator, though it has nothing to ask.


def serve(messages: int, ports: Any) -> None:
    """Flood one client after the other, until the process is ended."""
    data = b"".join([_websocket_frame(frame) for frame in make_frames(messages, 0)]) + _CLOSE
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ports.put(listener.getsockname()[1])
        while True:
            client, _ = listener.accept()
            with client:
                _flood(client, data)


def _websocket_frame(payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x82, size) + payload
    return (struct.pack("!BBH", 0x82, 126, size) if size < 1 << 16 else struct.pack("!BBQ", 0x82, 127, size)) + payload


def _flood(client: socket.socket, data: bytes) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(65536)
    key = next(
        line.split(b":", 1)[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
    )
    answer = base64.b64encode(hashlib.sha1(key + _ACCEPT, usedforsecurity=False).digest())
    client.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + answer + b"\r\n\r\n"
    )
    # Acks have to be taken, or the client could not write them.
    drain = threading.Thread(target=_drain, args=(client,))
    drain.start()
    client.sendall(data)
    drain.join()


def _drain(client: socket.socket) -> None:
    try:
        while client.recv(1 << 16):
            pass
    except OSError:
        pass


async def _watch(port: int) -> int:
    session = Session(ROOM, config=SessionConfig(check_room=False), signer=Door(port), retry=RetryPolicy(tries=0))
    async with Live(session) as live:
        await Run(None).handle(live)
    return live.statistics.messages


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="How much of the decode rate is left on a real socket?")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    # A fresh interpreter, not a copy of this one with its memory.
    context = multiprocessing.get_context("spawn")
    ports: Any = context.Queue()
    server = context.Process(target=serve, args=(chosen.messages, ports), daemon=True)
    server.start()
    port = ports.get()
    frames = list(make_frames(chosen.messages, 0))
    in_memory: list[float] = []
    on_socket: list[float] = []
    for number in range(chosen.rounds + 1):
        gc.collect()
        start = time.process_time()
        run = Run(None)
        asyncio.run(run.play(frames))
        between = time.process_time()
        received = asyncio.run(_watch(port))
        end = time.process_time()
        if received != run.messages:
            raise SystemExit(f"{run.messages} messages were sent, {received} received")
        if number:
            in_memory.append(run.messages / (between - start))
            on_socket.append(received / (end - between))
    server.terminate()
    server.join()
    ratios = sorted(mine / best for mine, best in zip(on_socket, in_memory, strict=True))
    print(
        f"{len(frames)} frames, {chosen.messages} messages, medians of {chosen.rounds} rounds, messages a second of CPU"
    )
    print(f"in memory   {median(in_memory):>10.0f}")
    print(f"on a socket {median(on_socket):>10.0f}   x {median(ratios):.2f}   {ratios[0]:.2f} - {ratios[-1]:.2f}")


if __name__ == "__main__":
    main()
