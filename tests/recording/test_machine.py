"""What a recording does next, with a clock that is a number: segments, fresh addresses, ladders of stopping."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiktok_webcast.close import CloseReason
from tiktok_webcast.errors import RoomOffline
from tiktok_webcast.recording import (
    AskRoom,
    Diagnostics,
    End,
    FfmpegFailed,
    FfmpegMissing,
    NoStream,
    ProgressParser,
    RecordingMachine,
    RecordingOptions,
    Signal,
    Stage,
    StartFfmpeg,
    choose_stream,
    join_groups,
    list_streams,
)
from tiktok_webcast.room import RoomFailure
from tiktok_webcast.room_info import RoomInfo

OFFLINE = RoomFailure(CloseReason.OFFLINE, "not live")
SHOWN = "[Parsed_showinfo_1 @ 0x5643] [info] n: 1 pts: 1 pts_time:{} pos: 1 fmt:yuv420p sar:1/1 s:{} i:P iskey:1"


def room(*qualities: str, status: int = 2) -> RoomInfo:
    urls = {name: f"https://cdn.example/{name}.flv?sign=secret" for name in qualities}
    return RoomInfo.from_data({"status": status, "stream_url": {"flv_pull_url": urls}})


LIVE = room("FULL_HD1", "HD1", "AUDIO")


def told(machine: RecordingMachine, seconds: float, now: float, size: int = 1000) -> None:
    for line in (f"total_size={size}", f"out_time_us={int(seconds * 1e6)}", "speed=1.0x", "progress=continue"):
        machine.receive_progress(line, now=now)


def begin(options: RecordingOptions = RecordingOptions(), now: float = 0.0) -> RecordingMachine:
    machine = RecordingMachine(options)
    machine.start(now=now)
    assert machine.next_action() == AskRoom()
    machine.room_told(LIVE, now=now)
    assert isinstance(machine.next_action(), StartFfmpeg)
    machine.ffmpeg_started("a.mp4", now=now)
    return machine


def go_on(machine: RecordingMachine, now: float) -> None:
    assert machine.next_action() == AskRoom()
    machine.room_told(LIVE, now=now)
    assert isinstance(machine.next_action(), StartFfmpeg)
    machine.ffmpeg_started("a.2.mp4", now=now)


def test_the_stop_ladder_has_a_deadline_for_each_rung() -> None:
    machine = begin(RecordingOptions(quit_within=10, terminate_within=3))
    told(machine, 2.0, 2.0)
    machine.stop(now=2.0)
    assert machine.next_action() is Signal.QUIT and machine.next_timer() == 12.0
    machine.stop(now=3.0)
    machine.handle_timer(now=11.9)
    assert machine.next_action() is None
    machine.handle_timer(now=12.0)
    assert machine.next_action() is Signal.TERMINATE and machine.next_timer() == 15.0
    machine.handle_timer(now=15.0)
    assert machine.next_action() is Signal.KILL and machine.next_timer() is None
    machine.ffmpeg_exited(-9, now=15.1)
    assert (machine.stage, machine.end, machine.seconds) == (Stage.DONE, End.STOPPED, 2.0)


def test_a_stop_waits_for_the_first_frame_but_not_for_ever() -> None:
    machine = begin()
    machine.stop(now=0.1)
    assert machine.next_action() is None
    told(machine, 0.5, 1.0)
    assert machine.next_action() is Signal.QUIT
    machine = begin(RecordingOptions(first_frame=5))
    machine.stop(now=0.1)
    machine.handle_timer(now=5.1)
    assert machine.next_action() is Signal.QUIT
    machine.ffmpeg_exited(0, now=5.2)
    assert machine.end is End.STOPPED and machine.segments == [] and "before the first frame" in machine.notes[-1]


def test_an_abort_kills_at_once() -> None:
    machine = begin()
    machine.abort(now=0.1)
    assert machine.next_action() is Signal.KILL


def test_a_cut_asks_for_a_fresh_address_and_makes_a_new_segment() -> None:
    machine = begin()
    told(machine, 3.0, 3.0)
    machine.ffmpeg_exited(0, now=3.1)
    go_on(machine, 3.2)
    assert machine.position(4.0) == 3.0
    told(machine, 2.0, 5.0)
    assert machine.seconds == 5.0 and machine.position(6.0) == 6.0
    machine.ffmpeg_exited(0, now=6.0)
    assert machine.next_action() == AskRoom()
    machine.room_told(OFFLINE, now=6.1)
    assert machine.end is End.ROOM_ENDED and [part.number for part in machine.segments] == [1, 2]
    assert machine.error is None and len(join_groups(machine.segments)) == 1


def test_an_expired_address_is_asked_for_anew_with_growing_waits() -> None:
    machine = RecordingMachine(RecordingOptions(tries=3, retry_delay=1.0))
    machine.start(now=0.0)
    now, waits = 0.0, []
    while machine.stage is not Stage.DONE:
        assert machine.next_action() == AskRoom()
        machine.room_told(LIVE, now=now)
        machine.next_action()
        machine.ffmpeg_started("a.mp4", now=now)
        machine.receive_diagnostic("[https @ 0x1] [warning] HTTP error 403 Forbidden", now=now)
        machine.receive_diagnostic("[error] https://cdn/a.flv?sign=secret: Server returned 403 Forbidden", now=now)
        machine.ffmpeg_exited(1, now=now)
        timer = machine.next_timer()
        if timer is not None:
            waits.append(timer - now)
            now = timer
            machine.handle_timer(now=now)
    assert waits == [0.0, 1.0, 2.0]
    assert machine.end is End.FAILED and isinstance(machine.error, FfmpegFailed)
    assert "403 Forbidden" in str(machine.error) and "secret" not in str(machine.error) + str(machine.notes)


HASHED = [
    "#format: frame checksums",
    "#extradata 0,                              47, 8e72486e",
    "#extradata 1,                               5, ddcebb1b",
    "#tb 0: 1/1000",
    "#media_type 0: video",
    "#tb 1: 1/500",
    "#media_type 1: audio",
    "#stream#, dts,        pts, duration,     size, hash",
    "0,       -136,         64,      100,     4785, 72c69dc7",
    "0,       6056,       6256,      100,     4785, 72c69dc7, S=1,       47, 8e72486e",
]
"""What ffmpeg 5.1 said of a stream that repeats its setup without a change."""


@pytest.mark.parametrize(
    ("line", "kind", "seconds"),
    [
        ("0,       6056,       6256,      100,     5716, e19fb59f, S=1,       41, 96a7c572", "picture", 6.056),
        ("1,       3100,       3100,       32,      133, 29454a66, S=1,        5, c72331cb", "sound", 6.2),
        ("[flv @ 0x5598] [warning] New video stream 0:2 at pos:54578 and DTS:1606.256s", "picture", 6.256),
    ],
)
def test_a_change_of_encoding_cuts_there(line: str, kind: str, seconds: float) -> None:
    machine = begin()
    for said in (
        "[info] Input #0, flv, from 'http://x':",
        "[info]   Duration: N/A, start: 1600.000000, bitrate: N/A",
        "[info]   Stream #0:0: Video: h264 (High), yuv420p(progressive), 480x270, 10 fps",
        *HASHED,
    ):
        machine.receive_diagnostic(said, now=0.1)
    told(machine, 7.0, 7.0)
    assert machine.next_action() is None
    machine.receive_diagnostic(line, now=7.0)
    assert machine.next_action() is Signal.QUIT
    machine.ffmpeg_exited(0, now=7.1)
    segment = machine.segments[0]
    assert segment.cut_at == pytest.approx(seconds) and segment.media.setup == "8e72486e ddcebb1b"
    assert machine.notes[0] == f"the {kind} is encoded in another way"
    go_on(machine, 7.2)
    for said in (
        "[info] Input #0, flv, from 'x':",
        "[info]   Stream #0:0: Video: h264 (High), 480x270, 10 fps",
        HASHED[1],
    ):
        machine.receive_diagnostic(said, now=7.3)
    told(machine, 7.0, 14.0)
    machine.stop(now=14.0)
    machine.ffmpeg_exited(0, now=14.1)
    assert len(join_groups(machine.segments)) == 2, "equal in size, and not to be joined"


def test_a_pause_does_not_use_up_the_tries() -> None:
    machine = begin(RecordingOptions(tries=1))
    told(machine, 5.0, 5.0)
    machine.ffmpeg_exited(0, now=5.0)
    now = 5.0
    for _ in range(50):
        assert machine.next_action() == AskRoom()
        machine.room_told(room(status=3), now=now)
        assert machine.stage is Stage.WAITING
        timer = machine.next_timer()
        assert timer is not None and timer - now <= 15
        now = timer
        machine.handle_timer(now=now)
    assert machine.notes.count("the room is paused: the room has no stream at the moment") == 1
    go_on(machine, now)
    told(machine, 5.0, now + 5)
    assert machine.seconds == 10.0


@pytest.mark.parametrize("tries", [0, 1, 2, 10])
def test_a_pause_is_waited_for_ever_more_slowly_and_then_all_tries_are_left(tries: int) -> None:
    machine = begin(RecordingOptions(tries=tries))
    told(machine, 5.0, 5.0)
    machine.ffmpeg_exited(0, now=5.0)
    delays = []
    now = 5.0
    for _ in range(20):
        assert machine.next_action() == AskRoom()
        machine.room_told(room(status=3), now=now)
        timer = machine.next_timer()
        assert timer is not None
        delays.append(timer - now)
        now = timer
        machine.handle_timer(now=now)
    assert delays == [0.0, 1.0, 2.0, 4.0, 8.0, *[15.0] * 15]
    for _ in range(tries):
        assert machine.stage is Stage.ASKING
        assert machine.next_action() == AskRoom()
        machine.room_told(room(), now=now)
        now = machine.next_timer() or now
        machine.handle_timer(now=now)
    machine.room_told(room(), now=now)
    assert machine.end is End.LOST


def test_the_position_does_not_run_away_from_the_video() -> None:
    machine = begin(RecordingOptions(duration=20))
    told(machine, 5.0, 5.0)
    assert machine.position(5.2) == pytest.approx(5.2) and machine.position(60.0) == 7.0
    told(machine, 19.5, 19.5)
    assert machine.position(60.0) == 20.0
    machine.stop(now=19.5)
    assert machine.position(60.0) == 19.5


def test_a_change_of_size_cuts_there() -> None:
    machine = begin()
    told(machine, 3.0, 3.0)
    machine.receive_diagnostic(SHOWN.format("0.064", "480x270"), now=0.1)
    machine.receive_diagnostic(SHOWN.format("1.664", "480x270"), now=2.0)
    machine.receive_diagnostic(SHOWN.format("2.5", "160x90"), now=3.0)
    assert machine.next_action() is Signal.QUIT
    told(machine, 3.2, 3.2)
    machine.ffmpeg_exited(0, now=3.3)
    assert machine.segments[0].cut_at == 2.5 and machine.seconds == 2.5
    go_on(machine, 3.4)
    assert "480x270 to 160x90" in machine.notes[0]


def test_short_segments_in_a_row_count_as_failures() -> None:
    machine = begin(RecordingOptions(tries=3, retry_delay=1.0))
    waits, now = [], 1.0
    while machine.stage is not Stage.DONE:
        told(machine, 0.3, now)
        machine.ffmpeg_exited(1, now=now)
        if (timer := machine.next_timer()) is not None:
            waits.append(timer - now)
            now = timer
            machine.handle_timer(now=now)
            go_on(machine, now)
    assert waits == [0.0, 1.0, 2.0] and machine.end is End.LOST and len(machine.segments) == 4


def test_what_a_burst_wrote_beyond_the_duration_is_cut_off() -> None:
    machine = begin(RecordingOptions(duration=3))
    told(machine, 5.0, 1.0)
    assert machine.next_action() is Signal.QUIT
    machine.ffmpeg_exited(0, now=1.1)
    assert (machine.end, machine.seconds, machine.segments[0].cut_at) == (End.DURATION, 3.0, 3.0)


def test_a_stalled_stream_is_left() -> None:
    machine = begin(RecordingOptions(stall=20))
    told(machine, 3.0, 3.0)
    told(machine, 3.0, 10.0)
    assert machine.next_timer() == 23.0
    machine.handle_timer(now=23.0)
    assert machine.next_action() is Signal.QUIT
    machine.ffmpeg_exited(255, now=24.0)
    go_on(machine, 24.0)


def test_the_duration_counts_over_all_segments() -> None:
    machine = begin(RecordingOptions(duration=5))
    told(machine, 3.0, 3.0)
    machine.ffmpeg_exited(0, now=3.0)
    assert machine.next_action() == AskRoom()
    machine.room_told(LIVE, now=3.0)
    action = machine.next_action()
    assert isinstance(action, StartFfmpeg) and action.limit == 2.0
    machine.ffmpeg_started("a.2.mp4", now=3.0)
    told(machine, 2.0, 5.0)
    assert machine.next_action() is Signal.QUIT
    machine.ffmpeg_exited(0, now=5.0)
    assert machine.end is End.DURATION


@pytest.mark.parametrize("text", ["No space left on device", "Unknown encoder 'x'", "a.mp4: Permission denied"])
def test_what_no_try_can_mend_ends_it_in_ffmpegs_words(text: str) -> None:
    machine = begin()
    told(machine, 1.0, 1.0)
    machine.receive_diagnostic(f"[mp4 @ 0x1] [error] {text}", now=1.0)
    machine.ffmpeg_exited(1, now=1.0)
    assert machine.end is End.FAILED and text in str(machine.error) and len(machine.segments) == 1


def test_without_a_decoder_it_records_unwatched() -> None:
    machine = begin()
    machine.receive_diagnostic("[fatal] Stream map '0:v:0' matches no streams.", now=0.1)
    machine.ffmpeg_exited(1, now=0.1)
    assert machine.next_action() == AskRoom()
    machine.room_told(LIVE, now=0.1)
    action = machine.next_action()
    assert isinstance(action, StartFfmpeg) and not action.watch and action.number == 1


def test_an_abort_is_not_answered_by_another_try() -> None:
    machine = begin()
    machine.receive_diagnostic("[fatal] Stream map '0:v:0' matches no streams.", now=0.1)
    machine.abort(now=0.1)
    assert machine.next_action() is Signal.KILL
    machine.ffmpeg_exited(-9, now=0.1)
    assert machine.next_action() is None and machine.end is End.STOPPED


def test_rooms_without_a_stream() -> None:
    for answer, error in ((OFFLINE, RoomOffline), (room("HD1", status=4), RoomOffline), (room(), NoStream)):
        machine = RecordingMachine()
        machine.start(now=0)
        machine.next_action()
        machine.room_told(answer, now=0)
        assert machine.end is End.FAILED and isinstance(machine.error, error)
    assert "paused" in str(_failed(room(status=3)).error)


def _failed(info: RoomInfo) -> RecordingMachine:
    machine = RecordingMachine()
    machine.start(now=0)
    machine.next_action()
    machine.room_told(info, now=0)
    return machine


def test_choice_and_the_list_of_what_there_is() -> None:
    assert list_streams(LIVE) == "origin (flv), hd (flv), audio (flv)"
    found = choose_stream(LIVE, "sd", "hls")
    assert found is not None and (found.quality, found.format) == ("hd", "flv")
    bad = RoomInfo.from_data({"stream_url": {"flv_pull_url": {"HD1": "https://a/b c", "SD1": "https://-i", "X": 3}}})
    assert choose_stream(bad) is None and list_streams(bad) == "no stream"


@given(st.lists(st.one_of(st.text(), st.from_regex(r"(out_time_us|total_size|speed|frame|progress)=.{0,20}"))))
def test_no_line_makes_the_readers_raise(lines: list[str]) -> None:
    parser, diagnostics = ProgressParser(), Diagnostics()
    for line in lines:
        progress = parser.receive_line(line)
        assert progress is None or progress.seconds >= 0
        diagnostics.receive_line(line)
        diagnostics.receive_line(f"[error] {line}")


WORDS = st.sampled_from(
    [
        "stop",
        "abort",
        "timer",
        "started",
        "exited",
        "progress",
        "resize",
        "live",
        "offline",
        "blocked",
        "fatal",
        "failed",
    ]
)


@given(st.lists(st.tuples(WORDS, st.floats(0, 60))), st.none() | st.floats(0.5, 20))
def test_it_always_comes_to_its_end(steps: list[tuple[str, float]], duration: float | None) -> None:
    """Whatever happens in whatever order: it can be stopped, and then ends with one reason."""
    machine, now = RecordingMachine(RecordingOptions(duration=duration, tries=2)), 0.0
    machine.start(now=now)
    blocked = RoomFailure(CloseReason.BLOCKED, "captcha")
    for word, wait in steps:
        now += wait
        if word == "stop":
            machine.stop(now=now)
        elif word == "abort":
            machine.abort(now=now)
        elif word == "timer":
            machine.handle_timer(now=now)
        elif word == "started":
            if machine.stage is Stage.STARTING:
                machine.ffmpeg_started("x", now=now)
        elif word == "exited":
            if machine.stage not in (Stage.STARTING,):
                machine.ffmpeg_exited(1, now=now)
        elif word == "failed":
            if machine.stage is Stage.STARTING:
                machine.ffmpeg_failed(NoStream("x"), now=now)
        elif word == "progress":
            told(machine, wait, now)
        elif word == "resize":
            machine.receive_diagnostic(SHOWN.format(wait, f"{int(wait) + 10}x90"), now=now)
        elif word == "fatal":
            machine.receive_diagnostic("[error] No space left on device", now=now)
        else:
            answers: dict[str, RoomInfo | RoomFailure] = {"live": LIVE, "offline": OFFLINE, "blocked": blocked}
            machine.room_told(answers[word], now=now)
    machine.stop(now=now)
    if machine.stage is Stage.STARTING:
        machine.ffmpeg_started("x", now=now)
    for _ in range(4):
        now = max(now, machine.next_timer() or now)
        machine.handle_timer(now=now)
    if machine.stage is not Stage.DONE:
        actions = [machine.next_action() for _ in range(1000)]
        assert [action for action in actions if action][-1] is Signal.KILL
        machine.ffmpeg_exited(-9, now=now)
    assert machine.stage is Stage.DONE and machine.end is not None and machine.next_timer() is None
    assert all(segment.seconds > 0 for segment in machine.segments)


def test_a_stop_while_ffmpeg_starts_waits_for_the_first_frame_too() -> None:
    machine = RecordingMachine(RecordingOptions(first_frame=5))
    machine.start(now=0.0)
    machine.next_action()
    machine.room_told(LIVE, now=0.0)
    assert isinstance(machine.next_action(), StartFfmpeg)
    machine.stop(now=0.1)
    assert machine.stage is Stage.STARTING and machine.next_action() is None
    machine.ffmpeg_started("a.mp4", now=1.0)
    assert machine.next_timer() == 6.0
    told(machine, 0.5, 2.0)
    assert machine.next_action() is Signal.QUIT


def test_an_ffmpeg_that_nobody_waits_for_is_not_recorded() -> None:
    machine = RecordingMachine()
    machine.ffmpeg_started("a.mp4", now=0.0)
    assert (machine.stage, machine.segment, machine.next_timer()) == (Stage.IDLE, None, None)


def test_a_change_whose_place_is_not_known_or_that_comes_at_the_end_begins_a_new_segment_all_the_same() -> None:
    machine = begin()
    told(machine, 3.0, 3.0)
    machine.receive_diagnostic(SHOWN.format("0.064", "480x270"), now=0.1)
    machine.receive_diagnostic(SHOWN.format("0", "160x90"), now=3.0)
    assert machine.next_action() is Signal.QUIT and machine.segment is not None
    assert machine.segment.cut_at is None, "nothing of it would be left"
    machine = begin()
    told(machine, 3.0, 3.0)
    machine.receive_diagnostic(SHOWN.format("0.064", "480x270"), now=0.1)
    machine.stop(now=3.0)
    assert machine.next_action() is Signal.QUIT
    machine.receive_diagnostic(SHOWN.format("2.5", "160x90"), now=3.1)
    assert machine.next_action() is None, "it is told to stop already"
    machine.ffmpeg_exited(0, now=3.2)
    assert (machine.end, machine.seconds) == (End.STOPPED, 2.5)


def test_a_network_that_fails_between_two_segments_is_tried_again() -> None:
    machine = begin()
    told(machine, 3.0, 3.0)
    machine.ffmpeg_exited(0, now=3.1)
    assert machine.next_action() == AskRoom()
    machine.room_told(RoomFailure(CloseReason.NETWORK, "no route"), now=3.2)
    assert machine.stage is Stage.WAITING and machine.notes[-1] == "no route"
    machine.handle_timer(now=3.2)
    go_on(machine, 3.3)
    assert machine.segment is not None and machine.segment.number == 2


def test_a_recording_of_many_segments_keeps_a_thousand_notes() -> None:
    machine = begin()
    for number in range(1100):
        now = 10.0 * number
        told(machine, 9.0, now + 9.0)
        machine.ffmpeg_exited(0, now=now + 9.1)
        go_on(machine, now + 9.2)
    assert len(machine.segments) == 1100 and len(machine.notes) == 1000


def test_a_block_of_progress_has_a_hundred_values_at_the_most() -> None:
    for before, seconds in ((99, 2.0), (100, 0.0)):
        parser = ProgressParser()
        for number in range(before):
            assert parser.receive_line(f"stream_{number}_q=1") is None
        parser.receive_line("out_time_us=2000000")
        progress = parser.receive_line("progress=continue")
        assert progress is not None and progress.seconds == seconds


@pytest.mark.parametrize(
    "error",
    [
        FfmpegMissing(("ffmpeg in PATH",), "apt install ffmpeg"),
        FfmpegFailed("The recording failed", "No space left", 1),
    ],
)
def test_errors_come_whole_from_another_process(error: FfmpegMissing | FfmpegFailed) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))
