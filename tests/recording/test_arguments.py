"""No text of a user or of the web becomes an option of ffmpeg, whatever it looks like."""

from __future__ import annotations

import math
import re
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.recording import (
    TARGETS,
    RecordingOptions,
    Target,
    Way,
    file_name,
    find_target,
    join_arguments,
    record_arguments,
    record_environment,
    segment_name,
)
from tiktok_webcast.recording.arguments import concat_list, trim_arguments
from tiktok_webcast.recording.file_name import FIELDS
from tiktok_webcast.recording.targets import TARGETS as ALL
from tiktok_webcast.room_info import FORMATS, QUALITIES, Stream
from tiktok_webcast_transports._options import Network, Timeouts
from tiktok_webcast_transports.recording import way_of

NASTY = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["-i", "-y", "--help", "-f", "../../x", "-/etc/passwd", "concat:a|b", "file:x", "$(reboot)", "`id`", "a\nb"]
    ),
    st.from_regex(r"\A-[a-z:]{1,10}( .*)?\Z"),
)
URLS = st.one_of(NASTY, st.builds("https://cdn.example/{}".format, NASTY), st.just("http://127.0.0.1:1/a.flv?x=-i"))
FLAGS = {
    *("-hide_banner", "-nostats", "-loglevel", "-progress", "-stats_period", "-y", "-protocol_whitelist"),
    *("-rw_timeout", "-user_agent", "-tls_verify", "-ca_file", "-skip_frame", "-f", "-i", "-vn", "-sn"),
    *("-dn", "-c", "-t", "-map", "-vf", "-nostdin", "-safe", "-bsf:a", "-flush_packets", "-fpsprobesize", "-hash"),
}
ALONE = {"-hide_banner", "-nostats", "-y", "-vn", "-sn", "-dn", "-nostdin"}
"""Options without a value."""


def options_of(arguments: list[str], target: Target) -> tuple[list[tuple[str, str]], list[str]]:
    """Read arguments as ffmpeg does: options with their values, and the names of outputs."""
    own = FLAGS | {word for word in (*target.options, *target.encoder) if word.startswith("-")}
    pairs, names = [], []
    words = iter(arguments)
    for word in words:
        if word.startswith("-"):
            assert word in own, f"{word!r} came in as an option"
            pairs.append((word, "" if word in ALONE else next(words)))
        else:
            names.append(word)
    return pairs, names


@given(
    URLS, NASTY, NASTY, NASTY, st.sampled_from(sorted(TARGETS)), st.sampled_from(QUALITIES), st.sampled_from(FORMATS),
    st.booleans(), st.booleans(), st.none() | st.floats(0.01, 1e6),
)  # fmt: skip
def test_nothing_from_outside_is_an_option(
    url: str, path: str, agent: str, extra: str, kind: str, quality: str, source: str,
    transcode: bool, watch: bool, limit: float | None,
) -> None:  # fmt: skip
    target = TARGETS[kind]
    options = RecordingOptions(transcode=transcode, extra_inputs=((extra, ()),), extra_outputs=((extra, ()),))
    way = Way(user_agent=agent, ca_file=path)
    try:
        arguments = record_arguments(
            Stream(quality, source, url), path, target, options=options, limit=limit, watch=watch, way=way
        )
    except ConfigurationError:
        return
    pairs, names = options_of(arguments, target)
    inputs = [value for name, value in pairs if name == "-i"]
    assert inputs[0] == url and re.match("https?://[A-Za-z0-9]", url)
    assert all(re.match("file:|https?://", value) for value in inputs)
    assert names[0] == f"file:{path}"
    assert all(name == "pipe:2" or re.match("file:|https?://", name) for name in names)
    assert not any(value.startswith("-") for _, value in pairs)


@given(NASTY, NASTY, st.sampled_from(sorted(TARGETS)), st.floats(0, 1e6))
def test_nor_when_files_are_joined(source: str, path: str, kind: str, seconds: float) -> None:
    target = TARGETS[kind]
    try:
        made = [join_arguments(source, path, target), trim_arguments(source, path, target, seconds)]
    except ConfigurationError:
        return
    for arguments in made:
        pairs, names = options_of(arguments, target)
        assert names == [f"file:{path}"] and dict(pairs)["-i"] == f"file:{source}"


@given(st.lists(NASTY, min_size=1, max_size=4))
def test_a_concat_list_has_one_line_for_each_file(paths: list[str]) -> None:
    try:
        text = concat_list(paths)
    except ConfigurationError:
        return
    lines = text.split("\n")[1:-1]
    assert len(lines) == len(paths)
    for line, path in zip(lines, paths, strict=True):
        assert line == "file '" + f"file:{path}".replace("'", "'\\''") + "'"


@given(st.dictionaries(st.sampled_from(FIELDS), NASTY | st.text(st.characters(), max_size=300)))
def test_values_of_a_template_stay_in_its_folder(values: dict[str, str]) -> None:
    name = file_name("videos/{unique_id} {nickname}{title}.mp4", values)
    path = PurePosixPath(name)
    assert path.parent == PurePosixPath("videos") and path.suffix == ".mp4"
    assert len(path.name.encode()) <= 255 and not path.name.startswith(("-", "."))
    assert not re.search('[\\x00-\\x1f\\\\:*?"<>|]', path.name)
    bare = file_name("{nickname}", values)
    assert "/" not in bare and not bare.startswith(("-", ".")) and bare.lower() not in ("con", "nul", "com1")


@given(
    st.dictionaries(st.sampled_from(FIELDS), NASTY | st.sampled_from(["..", "con", "com1.x", "a" * 300, "語" * 300]))
)
def test_nor_do_they_make_other_folders(values: dict[str, str]) -> None:
    name = file_name("videos/{nickname}/{title}{unique_id}{nickname}{quality}/{title}.mkv", values)
    parts = PurePosixPath(name).parts
    assert len(parts) == 4 and parts[0] == "videos"
    for part in parts:
        assert len(part.encode()) <= 255 and not part.startswith(("-", "."))
        assert not re.match(r"(?i)(con|nul|com1)(\.|$)", part)


def test_a_dot_near_the_beginning_is_no_ending() -> None:
    name = file_name(
        "{title}{unique_id}{nickname}{quality}/a.mkv", {"title": "a.b", "nickname": "語" * 80, "unique_id": ""}
    )
    assert name.startswith("a.b_語") and len(name.split("/")[0].encode()) <= 240


@pytest.mark.parametrize("title", ["CON .live", "lpt1  . x", "CONIN$", "conout$.x"])
def test_windows_passes_over_blanks_in_names_that_it_reserves(title: str) -> None:
    assert file_name("{title}.mp4", {"title": title}) == f"_{title}.mp4"
    assert file_name("{title}/a.mp4", {"title": title}) == f"_{title}/a.mp4"


@pytest.mark.parametrize("value", ["con", "NUL", "com1.x", "..", "", "-rf", "/", "\u202egnp.exe"])
def test_values_that_are_no_names(value: str) -> None:
    name = file_name("{nickname}.mp4", {"nickname": value})
    assert re.fullmatch(r"[\w][\w.]*\.mp4", name) and not re.match(r"(?i)(con|nul|com1)\.", name)


def test_templates_are_checked() -> None:
    with pytest.raises(ConfigurationError, match=r"no .user."):
        file_name("{user}.mp4", {})
    with pytest.raises(ConfigurationError, match="names no file"):
        file_name("videos/", {})
    assert file_name("-x y.mp4", {}) == "-x y.mp4", "a path without fields is the caller's own business"
    assert segment_name("a/b.mp4", 1) == "a/b.mp4"
    assert segment_name("a/b.mp4", 3) == "a/b.3.mp4" and segment_name("a.d/b", 2) == "a.d/b.2"


def test_targets() -> None:
    assert (
        find_target("a.MKV").name == "mkv"
        and find_target("a").name == "mp4"
        and find_target("a.mkv", "ts") is ALL["ts"]
    )
    with pytest.raises(ConfigurationError, match="that is a source"):
        find_target("x", "hls")
    with pytest.raises(ConfigurationError, match="ask for transcoding"):
        record_arguments(Stream("hd", "flv", "https://a/b"), "a.webm", ALL["webm"])
    with pytest.raises(ConfigurationError, match="http:// proxy only"):
        record_environment(Way(proxy="socks5://a:1"))


def test_extra_options_and_tls() -> None:
    options = RecordingOptions(
        input_options=("-re",), output_options=("-metadata", "title=x"), global_options=("-benchmark",), duration=4
    )
    stream = Stream("hd", "hls", "https://cdn.example/a.m3u8?sign=1")
    arguments = record_arguments(stream, "a.mp4", ALL["mp4"], options=options, limit=4, way=Way(ca_file="/ca.pem"))
    text = " ".join(arguments)
    assert "-tls_verify 1 -ca_file /ca.pem" in text and "-f hls -fpsprobesize 4 -re -i https://cdn" in text
    assert "-t 4.000 -metadata title=x -flush_packets 1 -f mp4 file:a.mp4" in text and text.index(
        "-benchmark"
    ) < text.index("-i ")
    with pytest.raises(ConfigurationError, match="positive seconds"):
        RecordingOptions(duration=0)
    with pytest.raises(ConfigurationError, match="no quality '4k'"):
        RecordingOptions(quality="4k")


@pytest.mark.parametrize("name", ["retry_delay", "stall", "first_frame", "quit_within", "terminate_within"])
@pytest.mark.parametrize("value", [-1.0, float("inf"), float("nan")])
def test_times_that_are_none_are_refused(name: str, value: float) -> None:
    given: Any = {name: value}
    with pytest.raises(ConfigurationError, match=f"RecordingOptions.{name} is seconds"):
        RecordingOptions(**given)


def test_other_choices_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="tries must be 0 or more"):
        RecordingOptions(tries=-1)
    with pytest.raises(ConfigurationError, match="no source 'rtmp'"):
        RecordingOptions(source="rtmp")
    with pytest.raises(ConfigurationError, match="line break"):
        concat_list(["a.mp4", "b\nfile 'c.mp4'"])


@pytest.mark.parametrize("proxy", ["http://[::1]:3128", "http://me:p%40ss@[2001:db8::1]:3128"])
def test_a_proxy_with_an_ipv6_address_is_handed_on_as_it_was_given(proxy: str) -> None:
    way = way_of(Network(proxy=proxy), "agent")
    assert way.proxy == proxy
    assert record_environment(way) == {"http_proxy": proxy}


@pytest.mark.parametrize(("seconds", "micros"), [(15.0, "15000000"), (1e13, str(10**18)), (math.inf, str(10**18))])
def test_a_time_limit_that_stands_for_none_is_one_that_ffmpeg_takes(seconds: float, micros: str) -> None:
    way = way_of(Network(timeouts=Timeouts(request=seconds)), "agent")
    arguments = record_arguments(Stream("hd", "flv", "https://a/b"), "a.ts", ALL["ts"], way=way)
    assert arguments[arguments.index("-rw_timeout") + 1] == micros


def test_a_proxy_is_handed_on_where_nobody_else_reads_it() -> None:
    way = Way(proxy="http://me:secret@127.0.0.1:3128")
    arguments = record_arguments(Stream("hd", "flv", "https://a/b"), "a.ts", ALL["ts"], way=way)
    assert "secret" not in " ".join(arguments)
    assert record_environment(way) == {"http_proxy": "http://me:secret@127.0.0.1:3128"}
    assert record_environment(Way()) == {}
    assert "secret" not in repr(way)
