"""A redacted capture plays like the original and names nobody: every string and id of the original is searched for."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import time
import unicodedata
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from captures import SCENARIO_NAMES, record, replayed
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tiktok_webcast._pb.battle_pb2 import WebcastLinkMicBattle
from tiktok_webcast.capture import (
    CaptureProblem,
    CaptureReader,
    FramesReader,
    Redaction,
    play_frames,
    read_capture,
    redact,
    write_frames,
)
from tiktok_webcast.capture.format import Input, Output, Record
from tiktok_webcast.capture.pseudonyms import Pseudonyms
from tiktok_webcast.capture.redact_json import text_or_json
from tiktok_webcast.capture.redact_web import WebRedaction
from tiktok_webcast.capture.redact_wire import WireRedaction
from tiktok_webcast.events.base import Event
from tiktok_webcast.http import FailureKind, HttpResponse, TransportFailure
from tiktok_webcast.wire import WireView, read_wire

ROOM_2023 = Path(__file__).parents[3] / "shared" / "captures" / "room_2023.frames"
KEY = b"a key"
NAMES = Pseudonyms(KEY)
COUNTED = ("event", "method", "created_at", "is_history", "delta", "total", "diamonds", "cause", "likes", "room_likes",
           "total_likes", "viewer_count", "group_id", "action")  # fmt: skip


def counted(events: list[Event]) -> list[Any]:
    """What redaction keeps of each event."""
    lines = [event.to_dict() for event in events]
    return [
        ({name: line.get(name) for name in COUNTED}, {k: v for k, v in (line.get("gift") or {}).items() if k in KEPT})
        for line in lines
    ]


KEPT = ("id", "name", "type", "diamond_count", "count", "is_repeating", "streakable", "streaking")


@pytest.mark.parametrize("name", [name for name in SCENARIO_NAMES if name not in ("crowded_frame", "flood", "steady")])
def test_every_scenario_counts_the_same_and_replays_exactly(name: str) -> None:
    play, data = record(name)
    player, events = replayed(redact(data, key=KEY))
    assert counted(events) == counted(play.events)
    assert player.differences == ()
    assert player.session is not None
    before, after = play.session.statistics.to_dict(), player.session.statistics.to_dict()
    assert after.pop("bytes") or name
    before.pop("bytes")
    assert after == before


@pytest.mark.parametrize("name", ["first_light", "everyday", "reconnect", "duplicates", "private", "unknown_methods"])
def test_no_original_string_or_id_is_left(name: str) -> None:
    play, data = record(name)
    new = redact(data, key=KEY)
    assert redact(data, key=KEY) == new, "equal keys give equal pseudonyms"
    assert redact(data, key=b"another") != new
    room = play.world.stage("ann").room
    originals = {room.host.nickname, room.host.sec_uid, str(room.room_id), str(room.host.id), room.title, "@ann"}
    for event in play.events:
        originals.update(identifying(event.to_dict()))
    assert leaks(originals, b"\0".join(map(everything, read_capture(data)))) >= {str(room.host.id), "@ann"}
    assert leaks(originals, b"\0".join(map(everything, read_capture(new)))) == set()


def identifying(value: Any, key: str = "", gift: bool = False) -> Iterator[str]:
    """Texts and ids of an event that may name somebody."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in ("base64", "gift_list"):
                yield from identifying(inner, name, gift or key in ("gift", "gift_struct"))
    elif isinstance(value, list):
        for inner in value:
            yield from identifying(inner, key, gift)
    elif isinstance(value, str) and not gift and key in IDENTIFYING and len(value) > 4:
        yield value


IDENTIFYING = (
    "id", "unique_id", "nickname", "sec_uid", "comment", "content", "avatar_url", "msg_id", "room_id", "user_id",
    "question", "message", "bio_description", "title", "signature", "display_id",
)  # fmt: skip


def everything(record: Record) -> bytes:
    """All bytes of a record, and all that is packed in them."""
    parts: list[Any] = [record]
    if isinstance(record, Input):
        parts = [repr(record.arguments).encode(), *record.arguments]
    elif isinstance(record, Output):
        parts = [record.action, getattr(record.action, "data", b""), getattr(record.action, "request", b"")]
    out: list[bytes] = []
    for part in parts:
        data = part if isinstance(part, bytes) else getattr(part, "body", None) or repr(part).encode()
        out += (data, repr(getattr(part, "headers", "")).encode(), *packed(data))
    return b"\0".join(out)


def packed(data: bytes) -> Iterator[bytes]:
    at = data.find(b"\x1f\x8b\x08")
    while at >= 0:
        unpacker = zlib.decompressobj(31)
        with contextlib.suppress(zlib.error):
            yield unpacker.decompress(data[at:], 1 << 24)
        at = data.find(b"\x1f\x8b\x08", at + 1)


def leaks(originals: set[str], data: bytes) -> set[str]:
    """The strings that are in the data, in any form that they could have."""
    found = set()
    for text in originals:
        forms = {text.encode("utf-8", "surrogatepass"), json.dumps(text)[1:-1].encode()}
        if text.isdigit() and len(text) > 8:
            forms.add(varint(int(text)))
        if any(form in data for form in forms):
            found.add(text)
    return found


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


# --- the corpus -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not ROOM_2023.exists(), reason="the captures of ../shared are not here")
def test_real_frames_keep_their_shape_and_name_nobody() -> None:
    frames = FramesReader().receive_data(ROOM_2023.read_bytes())
    new = FramesReader().receive_data(redact(write_frames(frames), key=KEY))
    before, after = list(play_frames(frames)), list(play_frames(new))
    assert counted(after) == counted(before)
    assert [shape(read_wire(event.raw)) for event in after[:150]] == [
        shape(read_wire(event.raw)) for event in before[:150]
    ]
    assert [len(event.raw) for event in after] == [len(event.raw) for event in before]
    originals = {text for event in before for text in identifying(event.to_dict())}
    # Short words and numbers come about by chance, somewhere in half a megabyte.
    originals = {text for text in originals if len(text) > (8 if text.isdigit() else 5)}
    assert len(originals) > 1000
    assert leaks(originals, b"\0".join(part for frame in new for part in (frame, *packed(frame)))) == set()


def shape(view: WireView) -> Any:
    """Field numbers, wire types and lengths, at the top: what is below follows from equal lengths."""
    return [(field.number, field.wire_type, isinstance(field.value, int) or len(field.value)) for field in view.fields]


# --- the parts --------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_numbers_keep_digits_size_and_difference(one: int, other: int) -> None:
    new = NAMES.number(one)
    assert len(str(new)) == len(str(one))
    assert len(varint(new)) == len(varint(one))
    assert (NAMES.number(other) == new) == (other == one)
    assert str(new)[:3] == str(one)[:3] or one < 10**8


def test_numbers_of_a_range_are_permuted() -> None:
    assert sorted(map(NAMES.number, range(10, 1000))) == list(range(10, 1000))
    ids = range(7_300_000_000_000_000_000, 7_300_000_000_000_000_500)
    assert len(set(map(NAMES.number, ids))) == 500
    assert not set(map(NAMES.number, ids)) & set(ids)


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_texts_keep_their_length_and_kinds_of_characters(text: str) -> None:
    new = NAMES.text(text)
    assert len(new.encode()) == len(text.encode())
    assert [unicodedata.category(c)[0] for c in new] == [unicodedata.category(c)[0] for c in text]
    assert NAMES.text(text) == new


@pytest.mark.parametrize(
    "text",
    [
        "Anna",
        "anna_2023",
        "Büşra",
        "Мария",
        "美咲",
        "유나",
        "مريم",
        "🦄🌈",
        "Anna 🦄",
        "+49 151 2345678",
        "[anna] hi",
        "{anna}",
    ],
)
def test_names_of_all_scripts_change(text: str) -> None:
    new = text_or_json(text, NAMES)
    assert new != text
    runs = [run for run in text.replace("+", " ").replace("_", " ").strip("[]{}").split() if len(run) > 2]
    assert not [run for run in runs if run in new]


def test_a_name_is_the_same_name_everywhere() -> None:
    name = NAMES.text("anna")
    assert name in NAMES.text("hello @anna, how are you")
    assert f"/@{name}/live" in NAMES.text("see https://www.tiktok.com/@anna/live")
    assert NAMES.text("Anna").lower() == name
    number = 7_123_456_789_012_345_678
    assert NAMES.text(f"user:{number}") == f"{NAMES.text('user')}:{NAMES.number(number)}"


@pytest.mark.parametrize(
    ("url", "start"),
    [
        (
            "https://p16-sign-va.tiktokcdn.com/tos-maliva-avt-0068/7a6f0c1d~c5_100x100.webp?x-signature=Ab%2Bc9",
            "https://p16-sign-va.tiktokcdn.com/tos-",
        ),
        ("http://127.0.0.1:8080/img/avatar/7000000000000000123.webp", "http://127.0.0.1:8080/img/avatar/"),
        ("sslocal://webcast_profile?uid=7000000000000000123&name=%C3%A4nne", "sslocal://"),
    ],
)  # fmt: skip
def test_addresses_keep_the_host_and_lose_the_rest(url: str, start: str) -> None:
    new = NAMES.text(url)
    assert new.startswith(start)
    assert len(new) == len(url)
    for part in ("7a6f0c1d", "7000000000000000123", "%C3%A4nne", "Ab%2Bc9"):
        assert part not in new
    own = NAMES.text("https://annas-shop.example/about")
    assert "annas" not in own


@pytest.mark.parametrize("name", ["Maria Gonzalez", "Ann Lee", "Anna <3", "Jürgen", "Ли На", "john_smith"])
def test_a_name_in_the_place_of_a_message_changes(name: str) -> None:
    """TikTok may send text where the schema has a message: the event lacks that field, and `raw` has it."""
    written = name.encode()
    payload = b"\x1a\x02hi\x12" + bytes([len(written)]) + written
    new = WireRedaction(NAMES).payload("WebcastChatMessage", payload)
    changed = new[6:].decode()
    assert len(new) == len(payload)
    assert not set(re.findall(r"\w{2,}", name)) & set(re.findall(r"\w{2,}", changed))


@pytest.mark.parametrize("host", [107_955, 98_171_289_472, 1_500_000_123, 6_800_000_000_000_000_001])
def test_the_keys_of_maps_are_users_too(host: int) -> None:
    """The numbers of old accounts are not made of a time, and the field is called `key`."""
    battle = WebcastLinkMicBattle()
    battle.anchors_info.add(key=host).value.user.user_id = host
    battle.armies.add(key=host).value.anchor_id_str = str(host)
    battle.ab_test_setting.add(key=7)
    new = WebcastLinkMicBattle.FromString(
        WireRedaction(NAMES).payload("WebcastLinkMicBattle", battle.SerializeToString())
    )
    other = NAMES.number(host)
    assert other != host
    assert new.anchors_info[0].key == new.anchors_info[0].value.user.user_id == new.armies[0].key == other
    assert new.armies[0].value.anchor_id_str == str(other)
    assert new.ab_test_setting[0].key == 7


@pytest.mark.parametrize("value", [2**63, 9_300_000_000_000_000_000, 12_345_678_901_234_567_890, 2**64 - 2**32 - 1])
def test_ids_of_the_upper_half_change_too(value: int) -> None:
    """A captured user has 20 digits (protocol/captures.md)."""
    other = NAMES.number(value)
    assert other != value and len(str(other)) == len(str(value)) and 2**63 <= other < 2**64
    assert NAMES.text(f" {value} ") == f" {other} "
    assert text_or_json(f'{{"user_id":{value},"x":"{value}"}}', NAMES) == f'{{"user_id":{other},"x":"{other}"}}'


def test_small_negative_numbers_stay_and_longer_ones_than_any_id_do_not() -> None:
    assert [NAMES.number(2**64 - value) for value in (1, 23, 2**32)] == [2**64 - value for value in (1, 23, 2**32)]
    long = 223_456_789_012_345_678_901_234
    assert text_or_json(f'{{"user_id":{long}}}', NAMES) == f'{{"user_id":{NAMES.text(str(long))}}}'
    assert NAMES.text(str(long)) != str(long)


def test_a_name_before_an_address_is_no_part_of_it() -> None:
    for text, kept in (
        ("https://anna.lee:pw1@www.tiktok.com/live", "@www.tiktok.com/live"),
        ("anna.lee://hello", "://"),
        ("Anna://www.tiktok.com/", "://www.tiktok.com/"),
    ):
        new = NAMES.text(text)
        assert new.endswith(kept) or kept == "://" in new
        assert len(new) == len(text)
        assert not re.search("anna|lee|pw1", new, re.IGNORECASE)


json_values = st.recursive(
    st.text(max_size=8) | st.integers(0, 10**20) | st.booleans() | st.none() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)


@example([99_999_999_999_999_999_999])
@given(json_values)
def test_json_stays_json_of_the_same_length(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False), json.dumps({"x": json.dumps(value)})):
        new = text_or_json(text, NAMES)
        assert len(new) == len(text)
        if text[0] in "{[":
            assert skeleton(json.loads(new)) == skeleton(json.loads(text))


def skeleton(value: Any) -> Any:
    if isinstance(value, dict):
        return [skeleton(inner) for inner in value.values()]
    if isinstance(value, list):
        return [skeleton(inner) for inner in value]
    return type(value)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_can_be_redacted(data: bytes) -> None:
    wire, web = WireRedaction(NAMES), WebRedaction(NAMES)
    assert len(wire.result(data)) == len(data)
    assert len(wire.payload("WebcastChatMessage", data)) == len(data)
    assert len(wire.payload("Unheard", data)) == len(data)
    wire.frame(data)
    wire.frame(b"B" + varint(len(data)) + data)
    web.answer(HttpResponse(200, (), data))
    web.answer(HttpResponse(200, (("Content-Encoding", "gzip"),), gzip.compress(data)))


@pytest.mark.parametrize(
    "page",
    ["<p " + "a" * 50_000 + ">", "<p>" + "<" * 50_000, "<script>1</script>" + "<script" * 10_000, "<a b=" * 20_000],
    ids=["a word without end", "tags without end", "scripts without end", "attributes without end"],
)
def test_a_page_that_is_broken_all_along_takes_no_minutes(page: str) -> None:
    began = time.process_time()
    WebRedaction(NAMES).answer(HttpResponse(200, (), page.encode()))
    assert time.process_time() - began < 1


def test_a_script_that_is_cut_is_still_a_script() -> None:
    web = WebRedaction(NAMES)
    for inside in ('{"uniqueId": "anna"}', '{"uniqueId": "anna", "of": "a > b"}'):
        cut = web.answer(HttpResponse(200, (), f"<html><script>{inside}".encode()))
        whole = web.answer(HttpResponse(200, (), f"<html><script>{inside}</script>".encode()))
        assert isinstance(cut, HttpResponse) and isinstance(whole, HttpResponse)
        assert cut.body + b"</script>" == whole.body
        assert b'"uniqueId"' in cut.body and b"anna" not in cut.body


def test_a_page_with_a_control_character_in_it_is_a_page() -> None:
    script = b'<script id="SIGI_STATE">{"roomId":"7300000000000000001","uniqueId":"anna"}</script>'
    for begin in (b"<html>\x0c", b"<!-- \x01 -->", b" \n<html>"):
        answer = WebRedaction(NAMES).answer(HttpResponse(200, (), begin + script))
        assert isinstance(answer, HttpResponse)
        assert b'<script id="SIGI_STATE">{"roomId":"' in answer.body and b"anna" not in answer.body
        assert str(NAMES.number(7300000000000000001)).encode() in answer.body


def test_answers_keep_what_a_session_needs() -> None:
    web = WebRedaction(NAMES)
    body = json.dumps({"status_code": 4003110, "data": {"id_str": "7300000000000000001", "nickname": "Anna"}}).encode()
    packed_answer = HttpResponse(
        200, (("Content-Encoding", "gzip"), ("Content-Length", "1"), ("X-Room-Name", "Anna")), gzip.compress(body)
    )
    found = web.answer(packed_answer)
    assert isinstance(found, HttpResponse)
    inside = json.loads(gzip.decompress(found.body))
    assert inside["status_code"] == 4003110
    assert inside["data"] == {
        "id_str": str(NAMES.number(7300000000000000001)),
        "nickname": NAMES.text("Anna"),
    }
    assert found.header("content-length") == str(len(found.body))
    assert found.header("x-room-name") == NAMES.text("Anna")
    identity = web.answer(HttpResponse(200, (("Content-Encoding", "deflate"),), zlib.compress(body)))
    assert isinstance(identity, HttpResponse)
    assert identity.headers == ()
    assert json.loads(identity.body) == inside
    unknown = web.answer(HttpResponse(200, (("Content-Encoding", "br"),), b"Anna was here"))
    assert isinstance(unknown, HttpResponse)
    assert b"Anna" not in unknown.body
    assert web.answer(TransportFailure(FailureKind.DNS, "no anna")) == TransportFailure(
        FailureKind.DNS, NAMES.text("no anna")
    )


def test_a_cut_capture_is_redacted_as_far_as_it_goes() -> None:
    _, data = record("first_light")
    cut = data[: len(data) * 3 // 4]
    with pytest.raises(CaptureProblem, match="cut"):
        redact(cut, key=KEY)
    out: list[bytes] = []
    redaction = Redaction(out.append, key=KEY)
    for each in CaptureReader().receive_data(cut):
        redaction.redact(each)
    assert redaction.problem == ""
    assert len(list(read_capture(out))) == len(list(read_capture(cut)))


@pytest.mark.parametrize("data", [b"\x05\x00\x00\x00ab", b'{"log": 1}', b"\x93TTWC\r\n\x1a"])
def test_what_cannot_be_read_is_said(data: bytes) -> None:
    with pytest.raises(CaptureProblem):
        redact(data, key=KEY)


# --- where words stay -------------------------------------------------------------------------------------------------


def test_a_name_is_found_where_words_stay() -> None:
    """Pages hold users by their names; a server's message names whom it is about; nobody must be left in either."""
    web = WebRedaction(Pseudonyms(KEY))
    state = {
        "UserModule": {"users": {"anna.smith": {"uniqueId": "anna.smith", "nickname": "Private"}}},
        "message": "user Anna was not found, try again later",
        "status_msg": "anna.smith is private",
        "reason": "too many requests for anna.smith",
        "type": "anna.smith",
    }
    page = (
        f"<!-- made for anna.smith --><html lang=en><a href=/@anna.smith id='anna.smith' class=link>x</a>"
        f'<script id="SIGI_STATE">{json.dumps(state)}</script></html>'
    )
    for body in (page, json.dumps(state)):
        found = web.answer(HttpResponse(400, (("Content-Location", "/@anna.smith"),), body.encode()))
        assert isinstance(found, HttpResponse)
        assert len(found.body) == len(body)
        everywhere = found.body.decode() + repr(found.headers)
        assert not [part for part in ("anna", "Anna", "smith", "Private") if part in everywhere], everywhere
        for kept in ("not found, try again later", " is ", "too many requests for "):
            assert kept in everywhere
    assert "<html lang=en>" in web.answer(HttpResponse(200, (), page.encode())).body.decode()  # type: ignore[union-attr]


def test_choices_of_a_program_that_name_somebody_change() -> None:
    from random import Random

    from tiktok_webcast.capture import Recorder
    from tiktok_webcast.session_config import SessionConfig
    from tiktok_webcast.sim import Play, World, WorldOptions

    out: list[bytes] = []
    world = World(WorldOptions("first_light"))
    config = SessionConfig(
        endpoints=world.endpoints,
        http_params={"from": "anna", "device_platform": "web_pc"},
        http_headers={"Referer": "https://www.tiktok.com/@anna/live"},
        ws_params={"visitor": "7123456789012345678"},
        ws_headers={"X-For": "mail me at anna@example.org"},
    )
    recorder = Recorder("@anna", write=out.append, config=config, rng=Random(1))
    Play(recorder, world).run(until=30)
    recorder.finish()
    data = b"".join(out)
    assert leaks({"anna", "7123456789012345678"}, data) == {"anna", "7123456789012345678"}
    new = redact(data, key=KEY)
    assert leaks({"anna", "7123456789012345678"}, new) == set()
    assert b"web_pc" in new
    player, _ = replayed(new)
    assert player.differences == ()
