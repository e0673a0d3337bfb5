"""What people and programs read: safe for any terminal, one line each, whatever strangers call themselves."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import unicodedata
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.close import CloseReason
from tiktok_webcast.config import Endpoints
from tiktok_webcast.decoder import decode
from tiktok_webcast.events.session import ClosedEvent, UndecodableEvent
from tiktok_webcast.events.table import REGISTRY
from tiktok_webcast.message import Message
from tiktok_webcast.session import Session
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast.sim import Play, World, WorldOptions
from tiktok_webcast_transports.cli.clean import MAX_MARKS, clean
from tiktok_webcast_transports.cli.json_lines import json_line
from tiktok_webcast_transports.cli.plain import LONGEST, plain_line, tell
from tiktok_webcast_transports.cli.streams import FULL, OutputFailed, OutputGone, Streams

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=timezone.utc)
DANGEROUS = "\x1b[2J\x07\x08\r\n\t\x00\x7f\x9b31m\u202e\u2066\u200e\u061c\u2028\ufeff\u00ad\ud800"
wild = st.text(st.one_of(st.characters(), st.sampled_from(DANGEROUS)), max_size=60)


def _field(number: int, data: bytes) -> bytes:
    return bytes([number << 3 | 2, len(data)]) + data


@given(wild, st.integers(0, 20))
def test_no_control_character_and_no_change_of_direction_survives(text: str, longest: int) -> None:
    safe = clean(text, longest)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in safe)
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\ufeff\u2060") & set(safe)
    assert clean(safe, longest) == safe
    if longest:
        assert len(safe) <= longest


@pytest.mark.parametrize(
    "text", ["Ann", "👩‍🚀 Kofi", "نور القمر", "דנה ❤️", "ゆき⛄", "🏴󠁧󠁢󠁳󠁣󠁴󠁿 Omar 🇧🇷", "Ünïcödé ñ", "नमस्ते"]
)
def test_names_of_all_languages_stay_as_they_are(text: str) -> None:
    assert clean(text) == text


def test_a_pile_of_marks_is_cut_down() -> None:
    assert clean("a" + "\u0301" * 50) == "a" + "\u0301" * MAX_MARKS


def test_an_escape_sequence_in_a_name_or_comment_does_not_reach_the_terminal() -> None:
    name = "\x1b]0;owned\x07\x1b[31m" + "\u202e" + "evil"
    user = _field(3, name.encode())
    payload = _field(2, user) + _field(3, b"hi\r\nthere\x1b[m")
    line = plain_line(decode(Message("WebcastChatMessage", payload)), NOW)
    assert line.endswith("]0;owned[31mevil: hi there[m")
    assert "\x1b" not in line


@given(st.sampled_from(REGISTRY.methods()), st.binary(max_size=80))
def test_any_event_is_one_safe_line(method: str, payload: bytes) -> None:
    line = plain_line(decode(Message(method, payload)), NOW)
    assert "\n" not in line
    assert clean(line) == line
    assert len(line) < LONGEST + 120


def test_every_event_of_a_rich_room_has_words() -> None:
    here = "http://127.0.0.1:8080"
    config = SessionConfig(endpoints=Endpoints(here, here, here))
    events = Play(Session("anna", config=config), World(WorldOptions("first_light"), base_url=here)).run()
    for event in events:
        told = tell(event)
        assert told.label, event
        assert told.text or event.name not in ("comment", "gift", "like", "join", "follow"), event
    lines = [plain_line(event, NOW) for event in events]
    assert any(re.search(r" gift      .+ gives .+ x\d+ \.\.\.$", line) for line in lines)
    assert any(re.search(r" gift sum  .+ gave .+ x\d+.*, [\d,]+ diamonds?$", line) for line in lines)
    assert lines[-1].endswith("closed    room ended: the host ended the stream")


def test_colour_is_only_around_the_label() -> None:
    event = ClosedEvent(reason=CloseReason.OFFLINE, detail="not live")
    assert "\x1b" not in plain_line(event, NOW)
    assert plain_line(event, NOW, color=True).count("\x1b[") == 4


leaves = st.none() | st.booleans() | st.integers() | wild
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=6)


@given(st.dictionaries(wild, values, max_size=3))
def test_a_json_line_is_one_line_however_it_is_split(value: object) -> None:
    line = json_line(value).encode("utf-8", "backslashreplace").decode()
    assert json.loads(line) == value
    assert len(line.splitlines()) == 1


def test_an_undecodable_event_keeps_its_bytes() -> None:
    event = decode(Message("WebcastChatMessage", b"\x1a"))
    assert isinstance(event, UndecodableEvent)
    assert json.loads(json_line(event.to_dict()))["base64"] == "Gg=="


def test_lines_wait_until_they_are_flushed_and_say_when_they_are_many() -> None:
    out = io.StringIO()
    streams = Streams(out, io.StringIO())
    streams.data("one")
    assert (out.getvalue(), streams.full) == ("", False)
    streams.text("x" * FULL)
    assert streams.full
    streams.flush()
    assert (out.getvalue(), streams.full) == (f"one\n{'x' * FULL}\n", False)


def test_a_terminal_that_lacks_a_letter_gets_a_replacement_and_data_stays_utf8() -> None:
    raw = io.BytesIO()
    streams = Streams(io.TextIOWrapper(raw, encoding="ascii"), io.StringIO())
    streams.text("ゆき")
    streams.data("ゆき")
    streams.flush()
    assert raw.getvalue() == b"??\n" + "ゆき\n".encode()


def test_a_reader_that_is_gone_is_told_once() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        streams = Streams(pipe, io.StringIO())
        streams.data("x")
        with pytest.raises(OutputGone):
            streams.flush()
        streams.data("y")
        streams.flush()


class Full(io.RawIOBase):
    """A disk that is full."""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_of_stdout_and_ends_nothing_of_stderr() -> None:
    out, err = (io.TextIOWrapper(io.BufferedWriter(Full()), write_through=True) for _ in range(2))
    streams = Streams(out, err)
    streams.say("it does not fit")
    streams.say("nor does this")
    streams.data("x")
    with pytest.raises(OutputFailed, match="the output cannot be written: No space left on device"):
        streams.flush()
    for stream in (out, err):
        with pytest.raises(OSError, match="No space"):
            stream.close()


def test_closed_streams_are_no_failure() -> None:
    gone = io.StringIO()
    gone.close()
    streams = Streams(None, gone)
    streams.say("nobody hears it")
