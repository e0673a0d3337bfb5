"""Corners of captures that rooms seldom come to: each is a value, a problem in words, or the caller's own mistake."""

from __future__ import annotations

import gzip
import json
import re
import struct
import zlib
from dataclasses import replace
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from captures import record

from tiktok_webcast._pb.gift_pb2 import WebcastGiftMessage
from tiktok_webcast._pb.transport_pb2 import BaseProtoMessage, ProtoMessageFetchResult, WebcastPushFrame
from tiktok_webcast.capture import (
    FramePlayer,
    Recorder,
    Redaction,
    Replay,
    Verb,
    pseudonyms,
    read_capture,
    read_har,
    replay,
)
from tiktok_webcast.capture.format import Damage, End, Header, Input, Output, Record, read_body, write_record
from tiktok_webcast.capture.har import HarFile, HarFrame, HarSocket
from tiktok_webcast.capture.header import UnreadableHeader, read_setup
from tiktok_webcast.capture.inflate import PIECE, Inflater
from tiktok_webcast.capture.masks import MAX_TOLD, Masks
from tiktok_webcast.capture.pseudonyms import Pseudonyms
from tiktok_webcast.capture.redact_json import text_or_json
from tiktok_webcast.capture.redact_web import WebRedaction
from tiktok_webcast.capture.redact_wire import MAX_DEPTH, WireRedaction, _descriptor
from tiktok_webcast.http import HttpResponse
from tiktok_webcast.message import Message
from tiktok_webcast.push.frames import FetchResult
from tiktok_webcast.push.unpack import BadFrame
from tiktok_webcast.routes import short_link
from tiktok_webcast.session import Session
from tiktok_webcast.sign_guest import GuestSigner
from tiktok_webcast.sign_in_turn import SignersInTurn
from tiktok_webcast.webjson import parse_json

NAMES = Pseudonyms(b"a key")
HEAD = struct.pack("<d", 1.0) + b"\0"


@pytest.mark.parametrize(("value", "error"), [(-1, ValueError), (1.5, TypeError)])
def test_what_no_capture_can_hold_is_the_callers_mistake(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="a capture holds no"):
        write_record(Input(Verb.MESSAGE, 0.0, 0, (value, b"")))


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        (b"s", struct.pack("<d", float("nan")) + b"\0", "a time that is no number"),
        (b"s", struct.pack("<d", float("inf")) + b"\0", "a time that is no number"),
        (b"o", HEAD + b"\x01\xff\xff\x7f", "2097151 headers"),
        (b"f", HEAD + b"\x01\x01", "an answer where a failure must be"),
        (b"f", HEAD + b"\x01\x00\x03abc\x00", "an unknown failure 'abc'"),
    ],
)
def test_bodies_that_lie_are_damage(kind: bytes, body: bytes, said: str) -> None:
    with pytest.raises(Damage, match=said):
        read_body(kind, body)


def test_a_capture_gzipped_in_parts_is_one_capture() -> None:
    play, data = record("offline")
    parts = gzip.compress(data[:100]) + gzip.compress(data[100:])
    assert list(replay(parts)) == play.events


def test_frames_without_times_keep_the_order_of_the_file() -> None:
    url = "wss://webcast-ws.tiktok.com/webcast/im/"
    frames = (HarFrame(b"b", 2.0), HarFrame(b"a", 1.0), HarFrame(b"c", 0.0))
    assert list(HarFile((HarSocket(url, 7, frames),)).rooms()) == [(7, (b"b", b"a", b"c"))]
    assert list(HarFile((HarSocket(url, 7, frames[:2]),)).rooms()) == [(7, (b"a", b"b"))]


def test_an_address_of_too_many_parameters_names_no_room() -> None:
    url = "wss://webcast-ws.tiktok.com/webcast/im/?room_id=7" + "&a=1" * 1000
    (socket,) = read_har(
        b'{"log":{"entries":[{"request":{"url":"%s"},"_webSocketMessages":[]}]}}' % url.encode()
    ).sockets
    assert socket.room_id == 0


def test_no_secret_has_no_mask() -> None:
    assert Masks().secret("") == ""
    assert Masks().key(None) is None


def test_a_bare_fetch_result_is_a_batch_or_said_to_be_none() -> None:
    player = FramePlayer(room_id=7)
    result = ProtoMessageFetchResult(messages=[BaseProtoMessage(method="X", payload=b"")])
    (good,), (bad,) = player.read_result(result.SerializeToString()), player.read_result(b"\xff")
    assert isinstance(good, FetchResult)
    assert [message.method for message in good.messages] == ["X"]
    assert isinstance(bad, BadFrame)
    assert player.statistics.bytes == len(result.SerializeToString()) + 1


@pytest.mark.parametrize("wrong", [2**63 - 1, 1_700_000_000_000_000, -5])
def test_a_time_out_of_all_bounds_does_not_stop_the_clock(wrong: int) -> None:
    player = FramePlayer(room_id=7)
    begin = 1_700_000_000_000

    def batch(moment: int, number: int) -> FetchResult:
        wire = WebcastGiftMessage(gift_id=5655, group_id=number, repeat_count=1)
        wire.gift.type = 1
        return FetchResult([Message("WebcastGiftMessage", wire.SerializeToString(), number, False, moment)])

    told = [
        (event.name, getattr(event, "cause", ""))
        for number, moment in enumerate((begin, wrong, begin + 60_000), 1)
        if player.time_to(batch(moment, number)) <= 60
        for event in player.play(batch(moment, number))
    ]
    assert told == [("gift", ""), ("gift", ""), *[("gift_streak_end", "idle")] * 2, ("gift", "")]


# --- redaction and replay of what makes no sense ----------------------------------------------------------------------


def problem_of(*records: Record) -> str:
    redaction = Redaction(lambda data: None, key=b"key")
    for each in records:
        redaction.redact(each)
    return redaction.problem


def test_more_events_than_there_are_can_be_said_to_be_taken() -> None:
    records = list(read_capture(record("offline")[1]))
    many = [replace(each, taken=2**63 - 1) if isinstance(each, (Input, End)) else each for each in records]
    player = Replay()
    names = [event.name for each in many for event in player.play(each)]
    assert names[-1] == "closed" and player.problem == ""
    redaction = Redaction(lambda data: None, key=b"key")
    for each in many:
        redaction.redact(each)
    assert redaction.problem == ""


def test_captures_that_make_no_sense_are_said_to() -> None:
    records = list(read_capture(record("offline")[1]))
    start = Input(Verb.START, 0.0)
    assert problem_of(*records) == ""
    assert "without a header" in problem_of(start, start)
    assert problem_of(Header(b"[]")) != ""
    assert "makes no sense" in problem_of(records[0], start, start)
    assert "something else" in problem_of(*(each for each in records if not isinstance(each, Input)))
    ends = [End(each.taken, each.waiting + 1) if isinstance(each, End) else each for each in records]
    assert "actions are left at the end" in problem_of(*ends)
    outputs = [each for each in records if isinstance(each, Output)]
    assert "something else" in problem_of(records[0], outputs[0])
    player = Replay(check=True)
    assert player.play(start) == []
    assert player.problem == "a capture without a header"
    assert player.play(start) == player.end() == []


class OwnSigner(GuestSigner):
    """A signer that a program wrote itself."""


@pytest.mark.parametrize(
    "user",
    [
        "room:7300000000000000001",
        "user:7000000000000000001",
        "https://vm.tiktok.com/ZMabcdef9/",
        "https://www.tiktok.com/t/ZMabcdef9/",
    ],
)
def test_whoever_was_watched_is_somebody_else_and_of_the_same_kind(user: str) -> None:
    out: list[bytes] = []
    recorder = Recorder(user, write=out.append, signer=OwnSigner(), rng=Random(1))
    recorder.start(now=0.0)
    recorder.close(now=1.0)
    recorder.finish()
    records = list(read_capture(out))
    assert "another kind (OwnSigner)" in problem_of(*records)
    new: list[bytes] = []
    redaction = Redaction(new.append, key=b"key", signer=GuestSigner())
    for each in records:
        redaction.redact(each)
    header = next(iter(read_capture(new)))
    assert isinstance(header, Header)
    for part in ("7300000000000000001", "7000000000000000001", "ZMabcdef9"):
        assert part.encode() not in header.json
    player = Replay(signer=GuestSigner())
    player.play(header)
    assert player.session is not None
    assert type(player.session.user) is type(Session(user).user)


@pytest.mark.parametrize(
    "location",
    [
        "https://www.tiktok.com/login?redirect_url=https%3A%2F%2Fwww.tiktok.com%2F%40anna",
        "https://www.tiktok.com/login/anna",
        "https://m.tiktok.com/share/live/7300000000000000001/?u=anna",
        "https://www.tiktok.com/live?room_id=7300000000000000001&u=anna",
        "https://www.tiktok.com/live?roomId=7300000000000000001&u=anna",
        "https://www.tiktok.com/@anna/live",
    ],
)
def test_where_a_redirect_leads_a_session_stays_what_it_is(location: str) -> None:
    names = Pseudonyms(b"a key")
    names.learn("anna")
    ((_, new),) = WebRedaction(names).headers((("Location", location),))
    assert "anna" not in new and "7300000000000000001" not in new

    def led(url: str) -> Any:
        item, target = short_link.parse(HttpResponse(200, (), b"<html>", url))
        return item.status, item.reason, item.restriction, type(target)

    assert led(new) == led(location)


def test_a_user_called_like_a_word_of_addresses_is_somebody_else() -> None:
    names = Pseudonyms(b"a key")
    names.learn("Login")
    assert "login" not in names.url("https://www.tiktok.com/@login/live")


def test_json_that_is_written_strangely() -> None:
    for text in ('{"id":0}', '[1.5e3,"\\ud83d"]', '{"a":"\\n\\t\\/","b":-7}', '{"x":12345678901234567890123456789}'):
        new = text_or_json(text, NAMES)
        assert len(new) == len(text)
    assert text_or_json('["\\ud83d anna"]', NAMES).count("anna") == 0


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"nickname":"anna"}',
        b" " * 300 + b'{"nickname":"anna"}',
        b'{"nickname":"anna"}\0',
        b'{"nickname":"anna","title":"a\tb"}',
        b'{"nickname":"anna","x":' + b"9" * 5000 + b"}",
    ],
)
def test_what_a_session_reads_as_json_keeps_its_keys(body: bytes) -> None:
    """Without them the redacted session does something else, and the whole capture is refused."""
    answer = WebRedaction(NAMES).answer(HttpResponse(200, (), body))
    assert isinstance(answer, HttpResponse)
    found, before = parse_json(answer.body), parse_json(body)
    assert isinstance(found, dict) and isinstance(before, dict)
    assert list(found) == list(before) and found["nickname"] != "anna" and len(answer.body) == len(body)


@pytest.mark.parametrize("start", [b"{", b"[", b"<"])
def test_a_signer_s_answer_that_begins_like_json_or_a_page_stays_what_it_is(start: bytes) -> None:
    """By chance: the byte is the length of its first message."""
    entry = BaseProtoMessage(method="WebcastChatMessage", payload=bytes(start[0] - 22))
    result = ProtoMessageFetchResult(messages=[entry], cursor="1_2").SerializeToString()
    assert result[:2] == b"\n" + start
    answer = WebRedaction(NAMES).answer(HttpResponse(200, (), result))
    assert isinstance(answer, HttpResponse)
    assert ProtoMessageFetchResult.FromString(answer.body).messages[0].method == "WebcastChatMessage"


def test_messages_nested_too_deep_are_scrambled_not_opened() -> None:
    wire = WireRedaction(NAMES)
    data = b"\x0a\x04anna"
    for _ in range(MAX_DEPTH + 8):
        size = len(data)
        data = b"\x0a" + (bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])) + data
    new = wire.payload("Unheard", data)
    assert len(new) == len(data)
    assert b"anna" not in new


def test_frames_and_entries_that_cannot_be_read_keep_nobodys_name() -> None:
    wire = WireRedaction(NAMES)
    frame = WebcastPushFrame(payload_type="other", payload=b"anna was here").SerializeToString()
    assert b"anna" not in wire.frame(frame)
    # The entry names its method after a broken end, and packed numbers end in the middle of one.
    for broken in (b"\x12\x04anna\xff", b"\x0a\x06\x12\x04anna\xff", b"B\x04anna\xff"):
        for new in (wire.result(broken), wire.frame(broken), wire.payload("WebcastChatMessage", broken)):
            assert len(new) == len(broken)
            assert b"anna" not in new


def test_what_stands_where_the_schema_expects_something_else_changes_too() -> None:
    """Schemas drift: a handle where a number was, an id where text was, must not pass for what was there before."""
    wire = WireRedaction(NAMES)
    handle, number = b"anna.smith", 7_123_456_789_012_345_678
    bits = number
    varint = bytearray()
    while bits > 127:
        varint.append(bits & 127 | 128)
        bits >>= 7
    varint.append(bits)
    for field in range(1, 16):
        texts = bytes([field << 3 | 2, len(handle)]) + handle
        numbers = bytes([field << 3]) + bytes(varint)
        fixed = bytes([field << 3 | 1]) + number.to_bytes(8, "little")
        for method in ("WebcastChatMessage", "WebcastLikeMessage", "WebcastGiftMessage", "WebcastMemberMessage"):
            new = wire.payload(method, texts + numbers + fixed)
            assert len(new) == len(texts + numbers + fixed)
            assert bytes(varint) not in new, (method, field)
            assert number.to_bytes(8, "little") not in new, (method, field)
            known = _descriptor(method).fields_by_number.get(field)
            # What is text by the schema is told by its name: colours and languages stay.
            kept = known is not None and known.type == 9 and known.name.endswith(("color", "language"))
            assert handle not in new or kept, (method, field)


@pytest.mark.parametrize("name", ["\u0410\u043d\u043d\u0430".encode(), b"\xff" * 10 + b"anna"])
def test_what_looks_like_a_number_without_an_end_keeps_nobodys_name(name: bytes) -> None:
    """Every byte of most scripts has the bit that says: the number goes on."""
    wire = WireRedaction(NAMES)
    packed = bytes([len(name) + 1]) + b"\x07" + name
    # As a field's tag, as its value, and at the end of a list of numbers: `WebcastImDeleteMessage.delete_msg_ids`.
    for broken in (name, b"\x10" + name, b"\x12" + packed):
        for method in ("WebcastImDeleteMessage", "Unheard"):
            new = wire.payload(method, broken)
            assert len(new) == len(broken)
            assert name not in new and b"anna" not in new, (method, broken)
            again = wire.payload(method, new)
            assert len(again) == len(new), "what could not be read still cannot"


def test_an_entry_that_cannot_be_read_keeps_nobodys_name() -> None:
    entry = BaseProtoMessage(method="WebcastChatMessage", payload=b"\x1a\x04anna").SerializeToString() + b"\xff"
    batch = b"\x0a" + bytes([len(entry)]) + entry
    new = WireRedaction(NAMES).result(batch)
    assert len(new) == len(batch) and b"anna" not in new


def test_times_in_fields_of_no_known_meaning_stay() -> None:
    data = b"\x0a\x0a1700000000" + b"\x12\x0aanna.smith"
    new = WireRedaction(NAMES).payload("Unheard", data)
    assert new.startswith(data[:12]) and b"anna" not in new


def test_an_address_that_is_none_is_text() -> None:
    text = "https://[anna.smith/about"
    new = NAMES.text(text)
    assert len(new) == len(text) and "anna" not in new


def test_what_is_remembered_has_limits_and_names_stay_the_same_beyond_them(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = range(7_123_456_789_012_345_600, 7_123_456_789_012_345_620)
    expected = [NAMES.number(value) for value in numbers]
    monkeypatch.setattr(pseudonyms, "_CACHED", 3)
    monkeypatch.setattr(pseudonyms, "_REMEMBERED", 2)
    names = Pseudonyms(b"a key")
    assert [names.number(value) for value in (*numbers, *numbers)] == expected * 2
    assert len(names._numbers) <= 3
    for name in ("anna", "bert", "carl"):
        names.learn(name)
    assert [names.label(name) == name for name in ("anna", "bert", "carl")] == [False, False, True]


def test_a_cookie_without_a_value_has_nothing_to_hide() -> None:
    masks = Masks()
    ((_, value),) = masks.headers((("Cookie", "empty=; sessionid=planted-session; last="),))
    assert value.startswith("empty=; sessionid=") and value.endswith("; last=")
    assert "planted" not in value


def test_what_a_cookie_has_beside_its_value_stays_and_what_is_no_cookie_does_not() -> None:
    given = (
        ("X-Set-TT-Cookie", 'ttwid="planted-1"; Path=/; Secure; Expires=Wed, 21 Oct 2026 07:28:00 GMT'),
        ("Set-Cookie", "planted-2; Path=/"),
        ("X-My-Cookie", "planted-3"),
    )
    (_, ttwid), (_, broken), (_, own) = Masks().headers(given)
    assert ttwid.endswith('"; Path=/; Secure; Expires=Wed, 21 Oct 2026 07:28:00 GMT')
    assert broken.endswith("; Path=/") and len(own) == len("planted-3")
    assert "planted" not in f"{ttwid}{broken}{own}"


def test_words_that_a_server_puts_in_the_place_of_a_secret_stay_words_elsewhere() -> None:
    masks = Masks()
    given = masks.cookie("sessionid", "planted-by-the-user")
    masks.settle()
    words = ("true", "en", "1", "undefined", "www.tiktok.com")
    headers = (*(("Set-Cookie", f"ttwid={word}") for word in words), ("X-Cache-Key", words[-1]))
    masked = masks.headers((*headers, ("Set-Cookie", "ttwid=planted-7"), ("Set-Cookie", f"ttwid={'x' * 32}")))
    assert not {value.partition("=")[2] for _, value in masked} & set(words)
    text = masks.text(f"{' '.join(words)} planted-7 planted-by-the-user {'x' * 32}")
    assert text.startswith(" ".join(words)) and "planted" not in text and "x" * 32 not in text and given in text


def test_a_secret_that_a_server_told_in_an_escaped_form_is_not_forgotten_with_it() -> None:
    masks = Masks()
    mask = masks.secret("of|the|user|12")
    masks.settle()
    masks.secret("of%7Cthe%7Cuser%7C12")
    for number in range(2 * MAX_TOLD):
        masks.secret(f"plain|{number:08}")
        masks.secret(f"plain%7C{number:08}")
    assert masks.text("?a=of%7Cthe%7Cuser%7C12&b=of|the|user|12") == f"?a={quote(mask, safe='')}&b={mask}"
    assert len(masks._everywhere) <= 2 * len(masks._mask_of), "nor do those heap up that are told in both forms"


def test_secrets_of_servers_do_not_heap_up_and_those_of_the_user_are_not_forgotten() -> None:
    masks = Masks()
    mask = masks.cookie("sessionid", "planted-by-the-user")
    masks.settle()
    kept = masks.cookie("ttwid", "1|planted-00")
    for start in range(0, 3 * MAX_TOLD, MAX_TOLD // 4):
        for number in range(start, start + MAX_TOLD // 4):
            masks.cookie("msToken", f"1%7Cplanted-{number:08d}")
            masks.cookie("a", f"{number}")
        assert masks.cookie("ttwid", "1|planted-00") == kept, "met all the time"
        assert len(masks._mask_of) <= MAX_TOLD + 1 and len(masks._everywhere) <= 2 * len(masks._mask_of)
    assert masks.text("planted-by-the-user 1|planted-00 1%7Cplanted-00") == f"{mask} {kept} {quote(kept, safe='')}"
    for number in range(MAX_TOLD):
        masks.cookie("a", f"b{number}")
    assert masks.text("planted-by-the-user 1|planted-00") == f"{mask} 1|planted-00"


def test_the_patterns_are_made_once_however_many_cookies_an_answer_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    """One pattern for each of a thousand, each longer than the one before, took minutes, and heartbeats waited."""
    made: list[str | bytes] = []
    compile_pattern = re.compile

    def counted(pattern: str | bytes) -> re.Pattern[Any]:
        made.append(pattern)
        return compile_pattern(pattern)

    masks = Masks()
    monkeypatch.setattr(re, "compile", counted)
    secrets = [f"1%7Cplanted-{number:08d}" for number in range(50)]
    headers = tuple(("Set-Cookie", f"ttwid={secret}; Comment={secrets[-1]}") for secret in secrets)
    masked = masks.headers((("Location", f"/?back={secrets[-1]}"), *headers))
    assert "planted" not in repr(masked)
    assert "planted" not in masks.text(" ".join(secrets))
    assert len(made) == 2, "for text and for bytes"


def test_a_header_of_several_signers_that_makes_no_sense_is_said_to() -> None:
    out: list[bytes] = []
    Recorder("@ann", write=out.append, signer=SignersInTurn(GuestSigner(), GuestSigner()), rng=Random(1))
    header = next(iter(read_capture(out)))
    assert isinstance(header, Header)
    assert isinstance(read_setup(header.json).signer, SignersInTurn)
    for change, said in (
        ({"health": []}, "signers and their health do not match"),
        ({"signers": [{"kind": "own"}]}, "a signer of many is of another kind"),
    ):
        found = json.loads(header.json)
        found["signer"].update(change)
        with pytest.raises(UnreadableHeader, match=said):
            read_setup(json.dumps(found).encode())


def test_a_gzip_that_was_cut_gives_what_is_before_the_place() -> None:
    """Wherever that is: in the middle of the longest piece too."""
    packed = gzip.compress(bytes(PIECE + 5000))
    for cut in range(18, len(packed)):
        inflater = Inflater(packed=True)
        got = sum(len(piece) for piece in inflater.receive_data(packed[:cut]))
        assert got == len(zlib.decompressobj(31).decompress(packed[:cut])), cut
