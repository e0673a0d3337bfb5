"""What a hostile or broken server sends: bytes that look right as far as somebody reads them."""

from __future__ import annotations

import zlib

from hypothesis import strategies as st

from .._pb.transport_pb2 import BaseProtoMessage, ProtoMessageFetchResult, PushHeader, WebcastPushFrame
from ..events.table import REGISTRY
from .rooms import fetch_results, frames, messages

BOMB = 8 * 1024 * 1024
"""Bytes that the packed payload of a bomb unpacks to: more than `Limits.unpacked`."""


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


_BOMB = _gzip(bytes(BOMB))
_METHODS = (*sorted(REGISTRY.methods()), "WebcastUnheardOf", "", "\u202e\0")


def _method(number: int) -> str:
    return _METHODS[number]


def _changed(data: bytes, at: int, how: int, byte: int) -> bytes:
    """Cut, overwrite, insert or repeat somewhere."""
    at = at % (len(data) + 1)
    if how == 0:
        return data[:at]
    if how == 1:
        return data[:at] + bytes([byte]) + data[at + 1 :]
    if how == 2:
        return data[:at] + bytes([byte]) * (byte % 9) + data[at:]
    return data + data[at:]


def _damaged(strategy: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.builds(_changed, strategy, st.integers(0, 2**20), st.integers(0, 3), st.integers(0, 255))


_TAGS = st.builds(lambda number, kind: (number << 3 | kind) & 0xFF, st.integers(0, 31), st.integers(0, 7))
_FIELDS = st.lists(st.builds(lambda tag, body: bytes([tag]) + body, _TAGS, st.binary(max_size=12)), max_size=12).map(
    b"".join
)
"""Tags with something behind them: closer to a message than bytes by chance."""
_NESTED = st.integers(1, 300).map(lambda depth: b"".join(b"\x0a\x7f" for _ in range(depth)))


def hostile_payloads() -> st.SearchStrategy[bytes]:
    """Payloads of a single message: damaged ones, nested without end, text that is not UTF-8, nonsense."""
    real = messages().map(lambda message: message.payload)
    return st.one_of(_damaged(real), _FIELDS, _NESTED, st.binary(max_size=64))


def hostile_fetch_results() -> st.SearchStrategy[bytes]:
    """Batches whose entries are hostile, or which are damaged themselves."""
    # By number: hypothesis writes strategies down, and 120 names in each are no help to anybody.
    methods = st.integers(0, len(_METHODS) - 1).map(_method)
    entries = st.builds(
        lambda method, payload, msg_id: BaseProtoMessage(method=method, payload=payload, msg_id=msg_id),
        methods,
        hostile_payloads(),
        st.integers(-(2**63), 2**63 - 1),
    )
    batches = st.builds(
        lambda found, ext, beat: ProtoMessageFetchResult(
            messages=found, internal_ext=ext, need_ack=True, heartbeat_duration=beat
        ).SerializeToString(),
        st.lists(entries, max_size=4),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        st.integers(-(2**63), 2**63 - 1),
    )
    return st.one_of(batches, _damaged(fetch_results()), _FIELDS)


def hostile_frames() -> st.SearchStrategy[bytes]:
    """Push frames: damaged, of unknown kinds, with broken or endless gzip, with a lie about their packing."""
    payloads = st.one_of(
        hostile_fetch_results(),
        hostile_fetch_results().map(_gzip),
        _damaged(fetch_results().map(_gzip)),
        st.builds(lambda: _BOMB),
    )
    made = st.builds(
        lambda kind, encoding, packing, payload, log_id: WebcastPushFrame(
            payload_type=kind,
            payload_encoding=encoding,
            headers=[PushHeader(key="compress_type", value=packing)],
            payload=payload,
            log_id=log_id,
        ).SerializeToString(),
        st.sampled_from(["msg", "hb", "ack", "im_enter_room_resp", "", "msg2"]),
        st.sampled_from(["pb", "json", ""]),
        st.sampled_from(["gzip", "none", "br", ""]),
        payloads,
        st.integers(0, 2**64 - 1),
    )
    return st.one_of(made, _damaged(frames()), st.binary(max_size=64))
