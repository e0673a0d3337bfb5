"""The capture format: what was written is read, however it is cut, and no bytes make the reader raise."""

from __future__ import annotations

import zlib

import pytest
from captures import record, replayed
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tiktok_webcast.actions import CloseSocket, OpenSocket, SendMessage, SendRequest
from tiktok_webcast.capture import CaptureProblem, CaptureReader, Redaction, Replay, read_capture, replay
from tiktok_webcast.capture.format import MAGIC, End, Header, Input, Output, Record, Verb, write_record
from tiktok_webcast.config import Limits
from tiktok_webcast.http import FailureKind, HttpRequest, HttpResponse, SocketRequest, TransportFailure

numbers = st.integers(0, 2**63 - 1)
texts = st.text(max_size=20) | st.just("caf\udce9")
headers = st.lists(st.tuples(texts, texts), max_size=4).map(tuple)
failures = st.builds(TransportFailure, st.sampled_from(FailureKind), texts)
answers = st.builds(HttpResponse, numbers, headers, st.binary(max_size=50)) | failures
names = st.none() | st.frozensets(st.sampled_from(["gift", "like", "comment"]))
times = st.floats(-1e12, 1e12)
arguments = st.one_of(
    st.tuples(st.sampled_from([Verb.START, Verb.TIMER, Verb.CLOSE]), st.just(())),
    st.tuples(st.just(Verb.RESPONSE), st.tuples(numbers, answers)),
    st.tuples(st.just(Verb.OPENED), st.tuples(numbers, headers)),
    st.tuples(st.just(Verb.REJECTED), st.tuples(numbers, numbers, headers)),
    st.tuples(st.just(Verb.FAILED), st.tuples(numbers, failures)),
    st.tuples(st.just(Verb.MESSAGE), st.tuples(numbers, st.binary(max_size=300))),
    st.tuples(st.just(Verb.CLOSED), st.tuples(numbers, st.none() | st.integers(1, 9999), texts)),
    st.tuples(st.just(Verb.WANT), st.tuples(names)),
)
requests = st.builds(HttpRequest, texts, texts, headers, st.binary(max_size=20), numbers)
sockets = st.builds(SocketRequest, texts, headers, st.lists(texts, max_size=2).map(tuple))
actions = st.one_of(
    st.builds(SendRequest, numbers, requests),
    st.builds(OpenSocket, numbers, sockets),
    st.builds(SendMessage, numbers, st.binary(max_size=50)),
    st.builds(CloseSocket, numbers, st.integers(0, 9999)),
)
middles: st.SearchStrategy[list[Record]] = st.lists(
    st.builds(lambda now, taken, call: Input(call[0], now, taken, call[1]), times, numbers, arguments)
    | st.builds(Output, actions),
    max_size=8,
)


def file_of(middle: list[Record], *, packed: bool = False) -> bytes:
    data = MAGIC + b"".join(map(write_record, [Header(b"{}"), *middle, End(3, 1)]))
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush() if packed else data


def read(data: bytes, size: int) -> tuple[list[Record], str]:
    reader = CaptureReader()
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return list(read_capture(pieces, reader)), reader.problem


@given(middles, st.booleans(), st.integers(1, 200))
def test_what_was_written_is_read_in_any_pieces(middle: list[Record], packed: bool, size: int) -> None:
    records, problem = read(file_of(middle, packed=packed), size)
    assert records == [Header(b"{}"), *middle, End(3, 1)]
    assert problem == ""


@given(middles, st.data())
def test_a_cut_file_is_read_up_to_the_cut(middle: list[Record], data: st.DataObject) -> None:
    whole = file_of(middle)
    cut = data.draw(st.integers(0, len(whole) - 1))
    records, problem = read(whole[:cut], 64)
    complete = [Header(b"{}"), *middle, End(3, 1)]
    assert records == complete[: len(records)]
    sizes = [len(MAGIC)] + [len(write_record(each)) for each in complete]
    assert sum(sizes[: len(records) + 1]) <= cut or not records
    assert sum(sizes[: len(records) + 2]) > cut, "no complete record is missing"
    assert problem


def test_a_capture_cut_at_every_byte_plays_up_to_the_cut() -> None:
    """As a crash leaves it: never an exception, and the events are a beginning of those that there were."""
    _, whole = record("offline")
    _, complete = replayed(whole)
    ends = [len(MAGIC)]
    for each in read_capture(whole):
        ends.append(ends[-1] + len(write_record(each)))
    assert ends[-1] == len(whole)
    for cut in range(len(whole)):
        records, problem = read(whole[:cut], 4096)
        assert len(records) == max(sum(end <= cut for end in ends) - 1, 0)
        assert problem
    for cut in {0, *ends[:-1], *(end + 1 for end in ends[:-1])}:
        player = Replay(check=True)
        events = [event for each in read_capture(whole[:cut]) for event in player.play(each)] + player.end()
        assert events == complete[: len(events)]
        assert player.problem == ""
        assert player.differences == ()


@given(middles, st.data())
def test_a_gzipped_capture_cut_anywhere_is_read_as_far_as_it_was_flushed(
    middle: list[Record], data: st.DataObject
) -> None:
    whole = file_of(middle, packed=True)
    records, problem = read(whole[: data.draw(st.integers(0, len(whole) - 9))], 64)
    assert records == [Header(b"{}"), *middle, End(3, 1)][: len(records)]
    assert problem or isinstance(records[-1], End)


@given(middles, st.data())
def test_a_changed_byte_is_noticed(middle: list[Record], data: st.DataObject) -> None:
    whole = bytearray(file_of(middle))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    records, problem = read(bytes(whole), 4096)
    assert problem
    assert records == [Header(b"{}"), *middle, End(3, 1)][: len(records)]


bodies = st.binary(max_size=40)
kinds = st.sampled_from([bytes([byte]) for byte in b"HEROSCsrojfmctqw?"])


def sealed(kind: bytes, body: bytes) -> bytes:
    head = kind + bytes([len(body)]) + body
    return head + zlib.crc32(head).to_bytes(4, "little")


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.lists(st.builds(sealed, kinds, bodies), max_size=6).map(b"".join))
@example(sealed(b"E", b"\x80" * 12))
@example(b"m\xff\xff\xff\xff\x7f")
@example(sealed(b"E", b"\x02\x00"))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    for whole in (data, MAGIC + data, MAGIC + write_record(Header(b"{}")) + data):
        records, problem = read(whole, 50)
        player = Replay(check=True)
        for each in records:
            player.play(each)
        player.end()
        assert problem or isinstance(records[-1], End)
        with pytest.raises(CaptureProblem):
            list(replay(whole))


def test_a_record_of_the_limit_is_read_and_one_byte_more_is_not() -> None:
    message = Input(Verb.MESSAGE, 0.0, 0, (1, b"x" * 1000))
    size = len(write_record(message)) - 1 - 2 - 4
    whole = MAGIC + write_record(Header(b"{}")) + write_record(message)
    exact, tight = CaptureReader(longest=size), CaptureReader(longest=size - 1)
    assert len(list(exact.receive_data(whole))) == 2
    assert len(list(tight.receive_data(whole))) == 1
    assert "more than the limit" in tight.problem
    assert list(tight.receive_data(whole)) == []
    tight.receive_eof()
    assert "more than the limit" in tight.problem


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "the file is empty"),
        (b"\x93", "not a capture"),
        (MAGIC[:5], "not a capture"),
        (b"something else entirely", "not a capture"),
        (MAGIC, "cut after record 0"),
        (MAGIC + write_record(End()), "a header in a wrong place"),
        (MAGIC + write_record(Header(b"")) * 2, "a header in a wrong place"),
        (MAGIC + write_record(Header(b"")) + write_record(End()) * 2, "a record after the end"),
        (MAGIC + write_record(Header(b"")), "not ended in good order"),
        (MAGIC + b"h" + b"\x80" * 5 + bytes(9), "a length of more than five bytes"),
        (b"\x1f\x8b" + bytes(30), "the gzip around it is damaged"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, problem: str) -> None:
    assert problem in read(data, 3)[1]


def test_a_packed_capture_that_was_cut_plays_up_to_the_cut() -> None:
    play, data = record("first_light", compress=True)
    assert len(data) < len(record("first_light")[1])
    replayed(data)
    heard = []
    with pytest.raises(CaptureProblem, match="cut"):
        for event in replay(data[: len(data) // 2]):
            heard.append(event)
    assert heard == play.events[: len(heard)]


def test_a_capture_cut_anywhere_plays_a_prefix() -> None:
    play, data = record("streaks")
    for cut in range(1000, len(data), 2111):
        heard = []
        with pytest.raises(CaptureProblem):
            for event in replay(data[:cut], check=True):
                heard.append(event)
        assert heard == play.events[: len(heard)]


@pytest.mark.parametrize(
    "header",
    [b"", b"[]", b"{}", b"null", b"[" * 100_000, b'{"version":2}', b'{"version":"1"}', b'{"version":1,"config":3}'],
)
def test_a_header_that_makes_no_sense_is_said(header: bytes) -> None:
    with pytest.raises(CaptureProblem, match=r"header|version"):
        list(replay(MAGIC + write_record(Header(header)) + write_record(End())))


def test_a_number_of_a_header_that_is_none_is_said() -> None:
    _, data = record("streaks")
    header = next(item for item in read_capture([data]) if isinstance(item, Header)).json
    odd = header.replace(b'"room_id":"0"', b'"room_id":1e400')
    assert odd != header
    with pytest.raises(CaptureProblem, match="header"):
        list(replay(MAGIC + write_record(Header(odd)) + write_record(End())))


@pytest.mark.parametrize("name", ["http_headers", "ws_headers"])
def test_what_no_session_can_be_made_with_is_said(name: str) -> None:
    import json

    _, data = record("streaks")
    header = next(item for item in read_capture([data]) if isinstance(item, Header)).json
    found = json.loads(header)
    found["config"][name] = {"no token": "x"}
    odd = Header(json.dumps(found).encode())
    player, redaction = Replay(), Redaction(lambda piece: None, key=b"k")
    player.play(odd)
    redaction.redact(odd)
    assert "its header is refused" in player.problem and player.problem == redaction.problem


def test_any_damage_inside_of_a_header_is_said_or_harmless() -> None:
    import json

    _, data = record("offline")
    header, *rest = read_capture(data)
    assert isinstance(header, Header)
    found = json.loads(header.json)
    places = [(found, key) for key in found] + [
        (found[part], key) for part in ("config", "retry", "signer") for key in found[part]
    ]
    for where, key in places:
        before = where[key]
        for wrong in (None, -1, "x", [], {}, [1, 2, 3], {"limits": 1}, {"message": "many"}, 1e308):
            where[key] = wrong
            player = Replay()
            for each in (Header(json.dumps(found).encode()), *rest):
                player.play(each)
            player.end()
        del where[key]
        player = Replay()
        player.play(Header(json.dumps(found).encode()))
        where[key] = before


def test_calls_that_make_no_sense_are_said() -> None:
    _, data = record("offline")
    header, start, *_ = read_capture(data)
    player = Replay()
    for each in (header, start, start):
        player.play(each)
    assert "makes no sense" in player.problem
    assert player.play(start) == []


def test_an_answer_of_as_many_headers_as_a_transport_takes_is_read() -> None:
    """A server's choice: the shortest header has four bytes."""
    headers = (("a", ""),) * (Limits().response_headers // len("a:\r\n"))
    answered = Input(Verb.RESPONSE, 0.0, 0, (1, HttpResponse(200, headers)))
    assert read(file_of([answered]), 65536) == ([Header(b"{}"), answered, End(3, 1)], "")


def test_a_failure_kind_of_another_version_is_damage() -> None:
    body = write_record(Input(Verb.FAILED, 0.0, 0, (1, TransportFailure(FailureKind.DNS, "x"))))
    damaged = body.replace(b"dns", b"dnz")[:-4]
    whole = MAGIC + write_record(Header(b"{}")) + damaged + zlib.crc32(damaged).to_bytes(4, "little")
    assert "unknown failure 'dnz'" in read(whole, 100)[1]
