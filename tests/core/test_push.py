"""The push protocol: frames against hand-built bytes, both roles against each other, and hostile input."""

from __future__ import annotations

import gzip
import importlib.util
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tiktok_webcast._pb.transport_pb2 import ProtoMessageFetchResult, WebcastPushFrame
from tiktok_webcast.config import Limits, Timing
from tiktok_webcast.errors import LocalProtocolError
from tiktok_webcast.message import Message
from tiktok_webcast.push import unpack as unpack_module
from tiktok_webcast.push.client import LONGEST_HEARTBEAT, SHORTEST_HEARTBEAT, PushConnection
from tiktok_webcast.push.frames import FetchResult, Frame, read_fetch_result, read_frame, unpack, write_ack, write_frame
from tiktok_webcast.push.server import Ack, EnterRoom, Heartbeat, ProtocolViolation, PushServer, fetch_result
from tiktok_webcast.push.states import PushEvent, PushState
from tiktok_webcast.push.unpack import BadFrame, gunzip

ROOM = 7300000000000000001
CHAT = Message("WebcastChatMessage", b"\x1a\x02hi", msg_id=7)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def blob(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def frames(connection: PushConnection) -> list[bytes]:
    return list(iter(connection.next_frame, None))


def results(connection: PushConnection) -> list[FetchResult | BadFrame]:
    return list(iter(connection.next_result, None))


def opened(**options: float) -> PushConnection:
    connection = PushConnection(ROOM, timing=Timing(**options))
    connection.opened(now=0.0)
    frames(connection)
    return connection


def in_room() -> PushServer:
    server = PushServer()
    server.opened()
    for frame in frames(entering()):
        server.receive_message(frame)
    return server


def entering() -> PushConnection:
    connection = PushConnection(ROOM)
    connection.opened(now=0.0)
    return connection


# --- the bytes that the client sends, built by hand from push.md ---


def test_enters_the_room_then_beats() -> None:
    first, second = frames(entering())
    enter = number(1, ROOM) + number(4, 12) + blob(5, b"audience") + blob(9, b"0")
    assert first == blob(6, b"pb") + blob(7, b"im_enter_room") + blob(8, enter)
    assert second == blob(6, b"pb") + blob(7, b"hb") + blob(8, number(1, ROOM) + number(2, 1))


def test_an_id_above_two_to_the_63_keeps_its_bits() -> None:
    connection = PushConnection(2**64 - 5)
    connection.opened(now=0.0)
    assert frames(connection)[1].endswith(number(1, 2**64 - 5) + number(2, 1))


def test_heartbeats_count_up_at_their_interval() -> None:
    connection = opened(heartbeat=10.0)
    assert connection.next_timer() == 10.0
    connection.handle_timer(now=9.9)
    assert frames(connection) == []
    connection.handle_timer(now=10.0)
    (beat,) = frames(connection)
    assert beat.endswith(number(2, 2))
    assert connection.next_timer() == 20.0
    assert connection.heartbeats == 2


def test_acknowledges_what_asks_for_it_and_echoes_to_the_byte() -> None:
    connection = opened()
    internal_ext = b"fetch_time:1|ext:\xff\xfe|\xe2\x98"
    payload = blob(5, internal_ext) + number(9, 1)
    connection.receive_message(number(2, 2**63 + 5) + blob(7, b"msg") + blob(8, payload), now=1.0)
    assert frames(connection) == [
        number(2, 2**63 + 5) + blob(6, b"pb") + blob(7, b"ack") + blob(8, internal_ext),
    ]
    assert connection.acks == 1


@pytest.mark.parametrize("log_id", [0, 1, 126, 127, 128, 16_383, 16_384, 2**63, 2**64 - 1])
@pytest.mark.parametrize("length", [1, 127, 128, 300])
def test_an_ack_by_hand_is_as_the_serializer_writes_it(log_id: int, length: int) -> None:
    ext = b"e" * length
    assert write_ack(log_id, ext) == write_frame("ack", ext, log_id=log_id)


def test_an_id_below_zero_keeps_its_bits_too() -> None:
    assert write_ack(-1, b"e") == write_ack(2**64 - 1, b"e")


def test_every_ack_is_counted() -> None:
    connection = opened()
    for log_id in (1, 2, 3):
        connection.receive_message(number(2, log_id) + blob(7, b"msg") + blob(8, number(9, 1)), now=1.0)
    assert (connection.acks, len(frames(connection))) == (3, 3)


def test_a_method_with_broken_letters_is_text() -> None:
    (message,) = read_messages(blob(1, blob(1, b"Webcast\xff") + blob(2, b"x")))
    assert message.method == "Webcast\ufffd"


def read_messages(payload: bytes) -> list[Message]:
    result = read_fetch_result(payload, Limits())
    assert isinstance(result, FetchResult)
    return result.messages


def test_a_closed_connection_has_nothing_left() -> None:
    connection = PushConnection(ROOM)
    assert connection.room_id == ROOM
    connection.opened(now=0.0)
    connection.receive_message(b"\xff", now=1.0)
    assert len(connection.frames) == 2 and len(connection.results) == 1
    connection.close()
    assert connection.next_frame() is None and connection.next_result() is None
    assert connection.state is PushState.CLOSED and connection.next_timer() is None


def test_an_empty_internal_ext_is_acknowledged_with_a_dash() -> None:
    connection = opened()
    connection.receive_message(number(2, 9) + blob(7, b"msg") + blob(8, number(9, 1)), now=1.0)
    assert frames(connection) == [number(2, 9) + blob(6, b"pb") + blob(7, b"ack") + blob(8, b"-")]


NAMES = ["hb", "ack", "im_enter_room", "im_enter_room_resp", "im_preview_room", "idle", "opened", "close", "closed", ""]


@given(payload_type=st.sampled_from(NAMES) | st.text(max_size=20).filter(lambda kind: kind != "msg"))
def test_other_payload_types_bring_nothing_and_change_nothing(payload_type: str) -> None:
    connection = opened()
    connection.receive_message(number(2, 9) + blob(7, payload_type.encode()) + blob(8, number(9, 1)), now=1.0)
    assert frames(connection) == [] and results(connection) == []
    server = in_room()
    connection.receive_message(server.messages([CHAT], now=1)[0], now=1.0)
    (result,) = results(connection)
    assert isinstance(result, FetchResult) and result.messages[0].method == CHAT.method
    assert connection.state is PushState.IN_ROOM


@given(payload_type=st.sampled_from(NAMES) | st.text(max_size=20))
def test_a_server_ignores_what_is_no_frame_of_the_protocol(payload_type: str) -> None:
    assume(payload_type not in {event.value for event in PushEvent})
    server = in_room()
    assert server.receive_message(write_frame(payload_type, b"")) is None
    assert server.state is PushState.IN_ROOM


def test_states_are_told_by_their_names() -> None:
    assert [state.value for state in PushState] == ["idle", "entering", "in_room", "closed"]


# --- heartbeat interval and silence -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "used"),
    [(5.0, 5.0), (0.001, SHORTEST_HEARTBEAT), (1e9, LONGEST_HEARTBEAT), (0.0, 10.0), (-3.0, 10.0)],
)
def test_the_handshake_may_name_the_interval_within_bounds(asked: float, used: float) -> None:
    connection = PushConnection(ROOM, timing=Timing(stale=150.0))
    connection.opened(now=0.0, heartbeat=asked)
    frames(connection)
    assert connection.next_timer() == used


@pytest.mark.parametrize(("stale", "used"), [(60.0, 30.0), (120.0, 60.0), (1.0, SHORTEST_HEARTBEAT)])
def test_no_interval_is_so_long_that_an_answer_comes_after_the_silence_is_too_long(stale: float, used: float) -> None:
    connection = opened(stale=stale)
    connection.receive_message(blob(7, b"msg") + blob(8, number(8, 3_600_000)), now=0.0)
    connection.handle_timer(now=10.0)
    assert connection.next_timer() == min(10.0 + used, stale)


def test_a_quiet_room_whose_server_names_the_longest_interval_is_not_taken_for_a_dead_one() -> None:
    connection = PushConnection(ROOM)
    connection.opened(now=0.0, heartbeat=60.0)
    now = 0.0
    for round_trip in (0.1, 0.2, 0.3, 5.0, 0.1):
        connection.receive_message(blob(7, b"hb"), now=now + round_trip)
        now = connection.next_timer() or 0.0
        assert not connection.stale(now=now)
        connection.handle_timer(now=now)
        assert (connection.next_timer() or 0.0) > now + 10.0, "time enough for the answer"


def test_a_batch_may_shorten_the_interval_at_once() -> None:
    connection = opened(heartbeat=10.0)
    connection.receive_message(blob(7, b"msg") + blob(8, number(8, 3000)), now=1.0)
    assert connection.next_timer() == 4.0


def test_silence_is_stale_and_a_frame_of_any_kind_ends_it() -> None:
    connection = opened(stale=60.0, heartbeat=100.0)
    connection.receive_message(blob(7, b"hb"), now=50.0)
    assert not connection.stale(now=109.9)
    assert connection.next_timer() == 100.0
    assert connection.stale(now=110.0)


def test_heartbeats_that_are_answered_and_nothing_else_are_stale_in_the_end() -> None:
    connection = opened(stale=60.0, quiet=300.0)
    for now in range(10, 310, 10):
        connection.receive_message(blob(7, b"hb"), now=float(now))
        connection.handle_timer(now=float(now))
        assert connection.stale(now=float(now)) is (now >= 300)
    assert connection.silence(now=300.0) == "no message arrived for 300 s, only answers to heartbeats"
    connection.receive_message(blob(7, b"msg"), now=300.0)
    assert not connection.stale(now=359.9) and connection.stale(now=360.0)
    assert connection.silence(now=360.0) == "nothing arrived for 60 s"
    connection.receive_message(blob(7, b"hb"), now=599.0)
    assert not connection.stale(now=599.9) and connection.stale(now=600.0)
    connection.excuse_silence(now=600.0)
    assert not connection.stale(now=659.9) and connection.stale(now=660.0)
    connection.receive_message(blob(7, b"hb"), now=650.0)
    assert not connection.stale(now=700.0), "a silence that was ours excuses both"
    connection.receive_message(blob(7, b"hb"), now=899.0)
    assert not connection.stale(now=899.9) and connection.stale(now=900.0)


def test_who_waits_longer_for_a_frame_waits_as_long_for_a_message() -> None:
    connection = opened(stale=1000.0, quiet=300.0)
    assert not connection.stale(now=999.9) and connection.stale(now=1000.0)


# --- both roles -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compress", [True, False])
@given(payloads=st.lists(st.binary(max_size=200), max_size=20), need_ack=st.booleans())
def test_what_the_server_sends_the_client_reads(compress: bool, payloads: list[bytes], need_ack: bool) -> None:
    messages = [
        Message("WebcastChatMessage", data, number + 1, number % 2 == 1, 5) for number, data in enumerate(payloads)
    ]
    server, connection = in_room(), opened()
    frame, log_id = server.messages(messages, now=5, need_ack=need_ack, internal_ext="e", cursor="c", compress=compress)
    connection.receive_message(frame, now=1.0)
    (result,) = results(connection)
    assert isinstance(result, FetchResult)
    assert (result.messages, result.cursor, result.internal_ext) == (messages, "c", b"e")
    assert [server.receive_message(data) for data in frames(connection)] == ([Ack(log_id, b"e")] if need_ack else [])


def test_the_server_sees_the_client_enter_and_live() -> None:
    server = PushServer()
    server.opened()
    enter, beat = frames(entering())
    request = server.receive_message(enter)
    assert request == EnterRoom(ROOM, 0)
    assert server.receive_message(beat) == Heartbeat(ROOM, 1)
    connection = opened()
    assert isinstance(request, EnterRoom)
    connection.receive_message(server.entered(request), now=0.1)
    assert connection.state is PushState.IN_ROOM


def test_a_heartbeat_before_entering_closes() -> None:
    server = PushServer()
    server.opened()
    beat = write_frame("hb", b"")
    assert server.receive_message(beat) == ProtocolViolation("payload_handler_hb")
    assert server.state is PushState.CLOSED


def test_what_is_no_frame_is_a_violation_that_closes() -> None:
    server = in_room()
    violation = server.receive_message(b"\xff")
    assert isinstance(violation, ProtocolViolation) and violation.reason.startswith("not a push frame")
    assert server.state is PushState.CLOSED


def test_no_messages_before_entering() -> None:
    server = PushServer()
    server.opened()
    with pytest.raises(LocalProtocolError, match="entered the room"):
        server.messages([CHAT], now=0)


def test_a_connection_is_for_one_socket() -> None:
    connection = opened()
    with pytest.raises(LocalProtocolError, match="new one per socket"):
        connection.opened(now=1.0)
    connection.close()
    connection.receive_message(write_frame("msg", fetch_result([CHAT], now=1)), now=2.0)
    assert results(connection) == [] and connection.next_timer() is None and not connection.stale(now=1e9)


# --- hostile input: every frame whole, cut at every byte, with junk behind, and any bytes at all ---


def real_frames() -> Iterator[bytes]:
    server = in_room()
    chat = Message("WebcastChatMessage", bytes(range(256)), 3, True)
    yield server.messages([CHAT, chat], now=1, internal_ext="x")[0]
    yield server.messages([CHAT], now=1, compress=False)[0]
    yield server.entered(EnterRoom(ROOM, 5))
    yield from frames(entering())
    yield write_frame("ack", b"-", log_id=2**64 - 1)


@pytest.mark.parametrize("frame", list(real_frames()))
@pytest.mark.parametrize("junk", [b"", b"\x00", b"\xff" * 9, b"\x0a\x05"])
def test_cut_anywhere_and_with_junk_nothing_raises(frame: bytes, junk: bytes) -> None:
    for end in range(len(frame) + 1):
        connection, server = opened(), in_room()
        connection.receive_message(frame[:end] + junk, now=1.0)
        server.receive_message(frame[:end] + junk)
        assert all(isinstance(result, (FetchResult, BadFrame)) for result in results(connection))


@given(st.binary(max_size=400), st.sampled_from(["msg", "hb", "ack", "im_enter_room", "im_enter_room_resp", ""]))
def test_any_bytes_never_raise(data: bytes, payload_type: str) -> None:
    for message in (data, write_frame(payload_type, data), write_frame(payload_type, gzip.compress(data, mtime=0))):
        connection, server = opened(), in_room()
        connection.receive_message(message, now=1.0)
        server.receive_message(message)
        assert len(results(connection)) <= 1


def test_a_frame_that_cannot_be_read_is_kept_whole() -> None:
    connection = opened()
    connection.receive_message(b"\x0a\xff", now=1.0)
    (bad,) = results(connection)
    assert isinstance(bad, BadFrame) and bad.data == b"\x0a\xff" and "push frame" in bad.error


# --- compression ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [b"gzip", b"GZIP", b"none", b"zstd", None])
@pytest.mark.parametrize("packed", [True, False])
def test_gzip_is_known_by_its_first_bytes_whatever_the_header_says(header: bytes | None, packed: bool) -> None:
    payload = fetch_result([CHAT], now=1)
    head = blob(5, blob(1, b"compress_type") + blob(2, header)) if header is not None else b""
    sent = gzip.compress(payload, mtime=0) if packed else payload
    frame = read_frame(head + blob(7, b"msg") + blob(8, sent))
    assert isinstance(frame, Frame) and frame.gzipped is packed and unpack(frame, Limits()) == payload


@given(st.binary(max_size=3000))
def test_gunzip_undoes_gzip_within_the_limit_exactly(data: bytes) -> None:
    packed = gzip.compress(data, mtime=0)
    assert gunzip(packed, max(len(data), 1)) == data
    if data:
        over = gunzip(packed, len(data) - 1) if len(data) > 1 else None
        assert over is None or (isinstance(over, BadFrame) and "limit" in over.error)


@pytest.mark.parametrize("size", [256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 1_000_000])
def test_gunzip_of_big_payloads(size: int) -> None:
    data = bytes(index * 7919 % 251 for index in range(size))
    packed = gzip.compress(data, mtime=0)
    assert gunzip(packed, size) == data
    assert isinstance(gunzip(packed, size - 1), BadFrame)


KINDS: dict[str, Callable[[int], bytes]] = {
    "zeros": bytes,
    "a pattern": lambda size: (
        bytes(index * index * 7919 % 251 for index in range(min(size, 7000))) * (size // 7000 + 1)
    ),
    "noise": lambda size: Random(size).randbytes(size),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inflater", ["zlib", "isal.isal_zlib"])
def test_the_limit_is_exact_whichever_way_it_is_found(
    kind: str, inflater: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first try, by counting, or by counting what is fed in pieces."""
    monkeypatch.setattr(unpack_module, "_zlib", pytest.importorskip(inflater))
    for limit in (1, 2, 3, 4, 7, 8, 100, 4095, 16_384, 65_537, 300_000):
        for size in (0, limit // 4, limit // 4 + 1, limit - 1, limit, limit + 1, limit + 300, limit + 17_000):
            data = KINDS[kind](size)[:size]
            packed = gzip.compress(data, 0 if size % 2 else 6, mtime=0)
            over = BadFrame(packed, f"unpacks to more than the limit of {limit} bytes")
            assert gunzip(packed, limit) == (data if size <= limit else over), (limit, size)


@given(st.binary(min_size=30, max_size=300), st.data())
def test_cut_and_broken_gzip_is_bad(data: bytes, draw: st.DataObject) -> None:
    packed = gzip.compress(data, mtime=0)
    end = draw.draw(st.integers(0, len(packed) - 1))
    assert isinstance(gunzip(packed[:end], 10_000), BadFrame)
    assert gunzip(packed + b"junk", 10_000) == data


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(16 * 1024 * 1024)
    return b"".join([*(packer.compress(block) for _ in range(size // len(block))), packer.flush()])


@pytest.mark.parametrize("limit", [512 * 1024, 1024 * 1024, 4 * 1024 * 1024])
def test_a_gibibyte_bomb_takes_no_more_than_the_limit(limit: int) -> None:
    message = write_frame("msg", bomb(1024**3))
    connection = PushConnection(ROOM, limits=Limits(unpacked=limit))
    connection.opened(now=0.0)
    tracemalloc.start()
    connection.receive_message(message, now=1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    (bad,) = results(connection)
    assert isinstance(bad, BadFrame) and f"limit of {limit} bytes" in bad.error
    # The packed payload itself is kept for the event.
    assert peak - len(bad.data) < limit * 1.1


class CountingZlib:
    """zlib that counts what it was asked to do."""

    error = zlib.error

    def __init__(self) -> None:
        self.unpackers = self.unpacked = 0

    def decompressobj(self, wbits: int) -> CountingUnpacker:
        self.unpackers += 1
        return CountingUnpacker(self, wbits)


class CountingUnpacker:
    def __init__(self, counts: CountingZlib, wbits: int) -> None:
        self._counts = counts
        self._unpacker = zlib.decompressobj(wbits)

    def decompress(self, data: bytes, most: int) -> bytes:
        piece = self._unpacker.decompress(data, most)
        self._counts.unpacked += len(piece)
        return piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._unpacker, name)


@pytest.mark.parametrize("limit", [1, 1000, 64 * 1024, 256 * 1024, 300 * 1024])
def test_of_a_bomb_no_more_is_unpacked_than_shows_that_it_is_one(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = CountingZlib()
    monkeypatch.setattr(unpack_module, "_zlib", counting)
    assert isinstance(gunzip(gzip.compress(bytes(8 * 1024 * 1024)), limit), BadFrame)
    assert counting.unpacked <= 2 * limit + 32 * 1024


def test_what_fits_or_is_cut_is_unpacked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = CountingZlib()
    monkeypatch.setattr(unpack_module, "_zlib", counting)
    packed = gzip.compress(bytes(range(256)) * 8)
    assert gunzip(packed, 4096) == bytes(range(256)) * 8
    assert isinstance(gunzip(packed[:-1], 4096), BadFrame)
    assert counting.unpackers == 2


def test_an_unpacked_payload_has_the_same_limit_exactly() -> None:
    limits = Limits(unpacked=1000)
    for size, good in ((1000, True), (1001, False)):
        frame = read_frame(write_frame("msg", bytes(size)))
        assert isinstance(frame, Frame)
        assert isinstance(unpack(frame, limits), bytes) is good
    assert unpack(Frame("msg", bytes(1001)), limits) == BadFrame(
        bytes(1001), "payload of 1001 bytes is over the limit of 1000"
    )


def test_bad_frames_say_what_they_are_not() -> None:
    for read, what in (
        (read_frame(b"\xff"), "not a push frame: "),
        (read_fetch_result(b"\xff", Limits()), "not a fetch result: "),
    ):
        assert isinstance(read, BadFrame) and read.data == b"\xff"
        assert read.error.startswith(what) and len(read.error) > len(what)


def test_a_frame_has_what_it_has() -> None:
    assert Frame("msg", b"x") == ("msg", b"x", 0, False)
    assert read_frame(number(2, 5) + blob(7, b"m\xff") + blob(8, b"\x1f\x8bx")) == ("m\ufffd", b"\x1f\x8bx", 5, True)
    assert read_frame(write_frame("ack", b"x", log_id=7)) == ("ack", b"x", 7, False)
    assert read_fetch_result(b"", Limits()) == ([], b"", "", False, 0.0, 0, 0) == FetchResult([])
    full = blob(2, b"cur\xff") + blob(5, b"\xfe") + number(8, 1500) + number(9, 1)
    assert read_fetch_result(full, Limits()) == ([], b"\xfe", "cur\ufffd", True, 1.5, 0, len(full))


def test_messages_per_frame_is_a_limit_exactly() -> None:
    limits = Limits(messages_per_frame=3)
    for count, dropped in ((3, 0), (5, 2)):
        result = read_fetch_result(fetch_result([CHAT] * count, now=1), limits)
        assert isinstance(result, FetchResult)
        assert (len(result.messages), result.dropped) == (3, dropped)


def test_the_heartbeat_s_bounds() -> None:
    assert (SHORTEST_HEARTBEAT, LONGEST_HEARTBEAT) == (1.0, 60.0)


def test_a_connection_opens_once() -> None:
    with pytest.raises(LocalProtocolError) as raised:
        opened().opened(now=1.0)
    assert str(raised.value) == "opened() on a connection that is entering; make a new one per socket"


def test_a_server_numbers_its_frames_and_is_gone_when_closed() -> None:
    server = in_room()
    sent = [server.messages([CHAT], now=1) for _ in range(3)]
    numbers = [(WebcastPushFrame.FromString(data).seq_id, log_id) for data, log_id in sent]
    first = numbers[0][0]
    assert numbers == [(first + n, numbers[0][1] + n) for n in range(3)] and first >= 1
    server.close()
    assert server.state is PushState.CLOSED and server.receive_message(write_frame("hb", b"")) is None


def test_what_the_server_writes_field_by_field() -> None:
    server = PushServer()
    server.opened()
    entered = server.receive_message(write_frame("im_enter_room", number(1, ROOM) + number(8, 5)))
    assert entered == EnterRoom(ROOM, 5)
    assert isinstance(entered, EnterRoom)
    written = [server.entered(entered), server.heartbeat_answer()]
    result = fetch_result([CHAT], now=5, need_ack=True, cursor="c", internal_ext="i", heartbeat_ms=2500)
    written += [
        server.messages([CHAT], now=5, cursor="c", internal_ext="i", heartbeat_ms=2500, compress=compress)[0]
        for compress in (True, False)
    ]
    seen = [WebcastPushFrame.FromString(data) for data in written]
    assert [(frame.seq_id, frame.log_id, frame.service, frame.method) for frame in seen] == [
        (n, n, 8888, 8) for n in (1, 2, 3, 4)
    ]
    assert [frame.payload_type for frame in seen] == ["im_enter_room_resp", "hb", "msg", "msg"]
    assert {frame.payload_encoding for frame in seen} == {"pb"}
    assert [[(header.key, header.value) for header in frame.headers] for frame in seen] == [
        [("compress_type", kind)] for kind in ("none", "none", "gzip", "none")
    ]
    assert [frame.payload for frame in seen] == [
        number(1, ROOM) + number(8, 5),
        b"",
        gzip.compress(result, 6, mtime=0),
        result,
    ]


def test_what_a_result_leaves_out() -> None:
    bare = ProtoMessageFetchResult.FromString(fetch_result([CHAT], now=5))
    assert (bare.now, bare.fetch_interval, bare.fetch_type) == (5, 1000, 1)
    assert (bare.cursor, bare.internal_ext) == ("", "")
    for name in ("need_ack", "heartbeat_duration", "push_server", "is_first"):
        assert not bare.HasField(name)
    (message,) = bare.messages
    assert not message.HasField("is_history") and (message.method, message.msg_id) == (CHAT.method, 7)
    full = ProtoMessageFetchResult.FromString(
        fetch_result(
            [CHAT._replace(is_history=True)],
            now=5,
            push_server="wss://x",
            route_params=[("a", "b"), ("c", "d")],
            is_first=True,
            heartbeat_ms=1,
        )
    )
    assert (full.push_server, full.is_first, full.heartbeat_duration) == ("wss://x", True, 1)
    assert [(pair.key, pair.value) for pair in full.route_params] == [("a", "b"), ("c", "d")]
    assert full.messages[0].is_history


def test_a_server_acknowledges_no_more_than_it_asks_and_says_what_is_wrong() -> None:
    server = in_room()
    data, _ = server.messages([CHAT], now=1)
    read = read_frame(data)
    assert isinstance(read, Frame)
    result = read_fetch_result(gzip.decompress(read.payload), Limits())
    assert isinstance(result, FetchResult) and result.need_ack and read.gzipped
    bad = server.receive_message(write_frame("hb", b"\xff"))
    assert isinstance(bad, ProtocolViolation) and bad.reason.startswith("bad hb: ")
    with pytest.raises(LocalProtocolError) as raised:
        server.opened()
    assert str(raised.value) == "opened() on a server side that is closed"
    with pytest.raises(LocalProtocolError) as raised:
        server.messages([], now=1)
    assert str(raised.value) == "no messages before the client has entered the room (it is closed)"


def test_a_batch_without_extras_is_packed_and_asks_for_an_ack() -> None:
    read = read_frame(in_room().messages([CHAT], now=5)[0])
    assert isinstance(read, Frame) and read.gzipped
    assert gzip.decompress(read.payload) == fetch_result([CHAT], now=5, need_ack=True)


def test_bad_gzip_says_what_is_wrong_and_keeps_the_bytes() -> None:
    whole = gzip.compress(b"x" * 100)
    broken, cut = whole[:10] + b"\xff" * 8, whole[:-4]
    result = gunzip(broken, 1000)
    assert isinstance(result, BadFrame) and result.data == broken and result.error.startswith("broken gzip: ")
    assert gunzip(cut, 1000) == BadFrame(cut, "cut gzip: it ends before its end")
    assert gunzip(whole, 99) == BadFrame(whole, "unpacks to more than the limit of 99 bytes")


def test_silence_is_excused_only_where_somebody_listens() -> None:
    connection = opened(stale=10.0)
    connection.excuse_silence(now=9.0)
    assert not connection.stale(now=18.9) and connection.stale(now=19.0)
    fresh = PushConnection(7)
    fresh.excuse_silence(now=0.0)
    assert not fresh.stale(now=1e9), "a socket that is not open is not silent"


def test_without_the_faster_library_the_standard_one_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    # A second copy of the module, as it is where `isal` is not installed.
    monkeypatch.setitem(sys.modules, "isal", None)
    spec = importlib.util.spec_from_file_location("unpack_without_isal", unpack_module.__file__)
    assert spec is not None and spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "unpack_without_isal", copy)
    spec.loader.exec_module(copy)
    assert copy._zlib is zlib
    assert copy.gunzip(gzip.compress(b"hello"), 5) == b"hello"
    assert isinstance(copy.gunzip(gzip.compress(b"hello"), 4), copy.BadFrame)


def test_a_silence_without_a_socket_is_told_in_words_too() -> None:
    assert PushConnection(7).silence(now=1.0).startswith("no message arrived")
