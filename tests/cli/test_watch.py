"""`watch`: exactly the events that the simulator says it sent, on every transport, and a clean end whatever happens."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from command_line import (
    GUARD,
    TRANSPORTS,
    Caller,
    ask,
    command,
    environment,
    json_lines,
    read_until,
    run,
    simulated,
    started,
    to,
)

from tiktok_webcast.events.base import Event
from tiktok_webcast.sim import differences, totals
from tiktok_webcast_transports.cli.arguments import make_parser
from tiktok_webcast_transports.cli.output import Sink
from tiktok_webcast_transports.cli.rooms import run_room
from tiktok_webcast_transports.cli.settings import read_settings
from tiktok_webcast_transports.cli.stop import Stop
from tiktok_webcast_transports.cli.streams import Streams
from tiktok_webcast_transports.simulator import Simulator


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_one_terminal_simulates_and_the_other_prints_what_was_sent(transport: str) -> None:
    with simulated("first_light", "--speed", "0") as url:
        done = run("watch", "anna", "--json", "--transport", transport, *to(url))
        manifest = ask(url, "/__sim__/manifest?user=anna")
    assert (done.code, done.err) == (0, "")
    assert len(manifest["events"]) > 20
    assert differences(manifest["events"], done.lines) == []
    assert done.names[-1] == "closed"


COUNTED = ("streaks", "likes_backwards", "duplicates", "flood", "reconnect", "lost_end", "pauses", "suspended")
"""Rooms that are hard to count and sockets that do not last, but for those that wait for the client's own timers by the
clock: `streak_idle`, `stale`, `quiet_end` and `slow` run against a session on a clock of their own (tests/sim)."""
HARD = [
    *((scenario, transport) for scenario in COUNTED for transport in TRANSPORTS),
    *((scenario, "asyncio") for scenario in ("garbage", "paused")),
]


@pytest.mark.parametrize(("sim", "transport"), HARD, indirect=["sim"])
def test_hard_rooms_are_printed_as_sent(sim: Simulator, transport: str, call: Caller) -> None:
    done = call("watch", "anna", "--json", "--transport", transport, *to(sim.url))
    assert done.code == 0
    assert differences(sim.manifest("anna").events, done.lines) == []
    assert totals(done.lines) == sim.manifest("anna").totals


def test_no_history_leaves_out_what_was_before(sim: Simulator, call: Caller) -> None:
    everything = call("watch", "anna", "--json", *to(sim.url))
    without = call("watch", "anna", "--json", "--no-history", *to(sim.url))
    assert any(line["is_history"] for line in everything.lines)
    assert not any(line["is_history"] for line in without.lines)


def test_only_and_except_choose_events(sim: Simulator, call: Caller) -> None:
    only = call("watch", "anna", "--json", "--only", "comment,gift_streak_end", *to(sim.url))
    assert set(only.names) == {"comment", "gift_streak_end", "closed"}
    without = call("watch", "anna", "--json", "--except", "comment,connect", *to(sim.url))
    assert not {"comment", "connect"} & set(without.names)
    assert "gift" in without.names
    sent = sim.manifest("anna").totals["events"]
    assert only.names.count("comment") == sent["comment"]


def test_an_event_that_does_not_exist_is_a_usage_error_with_a_hint(call: Caller) -> None:
    done = call("watch", "anna", "--only", "coment")
    assert done.code == 2
    assert "did you mean 'comment'?" in done.err


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_max_events_stops_after_that_many_of_the_room(sim: Simulator, transport: str, call: Caller) -> None:
    done = call("watch", "anna", "--json", "--max-events", "5", "--transport", transport, *to(sim.url))
    session = {"connect", "disconnect", "closed"}
    assert done.code == 0
    assert len([name for name in done.names if name not in session]) == 5
    assert (done.names[0], done.names[-1], done.lines[-1]["reason"]) == ("connect", "closed", "closed")


@pytest.mark.parametrize("sim", ["slow"], indirect=True)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_duration_ends_a_quiet_room(sim: Simulator, transport: str, call: Caller) -> None:
    done = call("watch", "anna", "--json", "--duration", "0.3", "--transport", transport, *to(sim.url))
    assert done.code == 0
    assert (done.names[-1], done.lines[-1]["reason"]) == ("closed", "closed")


def test_stats_are_the_last_line_on_stderr(sim: Simulator, call: Caller) -> None:
    done = call("watch", "anna", "--json", "--stats", *to(sim.url))
    stats = json.loads(done.err.splitlines()[-1])
    wire = sim.manifest("anna").wire
    assert stats["messages"] == wire["messages"]
    assert stats["by_method"] == wire["by_method"]
    assert stats["events"] == len(done.lines)
    assert stats["acks"] > 0
    assert list(stats)[:15] == [
        "frames",
        "bytes",
        "messages",
        "events",
        "by_method",
        "duplicates",
        "history",
        "unknown",
        "undecodable",
        "skipped",
        "acks",
        "heartbeats",
        "reconnects",
        "queue_peak",
        "dropped",
    ]


def test_plain_lines_when_piped(sim: Simulator, call: Caller) -> None:
    done = call("watch", "anna", *to(sim.url))
    lines = done.out.splitlines()
    assert len(lines) == len(sim.manifest("anna").events)
    assert "connected @anna, room" in lines[0]
    assert lines[-1].endswith("closed    room ended: the host ended the stream")
    assert "\x1b" not in done.out


def test_the_room_id_is_enough(sim: Simulator, call: Caller) -> None:
    room_id = sim.world.stage("anna").room.room_id
    by_option = call("watch", "anna", "--room-id", str(room_id), "--json", *to(sim.url))
    by_name = call("watch", f"room:{room_id}", "--json", *to(sim.url))
    assert by_option.code == by_name.code == 0
    assert {line["room_id"] for line in by_option.lines + by_name.lines} == {str(room_id)}


def test_the_environment_says_where_to_go(sim: Simulator, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WEB_URL", "WEBCAST_URL", "SIGN_URL"):
        monkeypatch.setenv(f"TIKTOK_WEBCAST_{name}", sim.url)
    monkeypatch.setenv("TIKTOK_WEBCAST_SIGN_API_KEY", "key-of-the-test")
    done = call("watch", "anna", "--json")
    assert done.names[-2:] == ["disconnect", "closed"]
    asked = [entry for entry in sim.log if entry.kind == "sign"]
    assert asked
    assert "key-of-the-test" not in done.out + done.err


EXIT_CODES = {
    "offline": (3, "offline"),
    "stale_room_id": (3, "offline"),
    "not_found": (4, "user_not_found"),
    "restricted": (5, "restricted"),
    "private": (5, "restricted"),
    "blocked": (6, "blocked"),
    "captcha": (6, "blocked"),
    "refused_handshake": (6, "handshake_refused"),
    "rate_limit": (7, "sign_rate_limited"),
    "premium": (7, "sign_premium"),
    "sign_500": (7, "sign_failed"),
}


@pytest.mark.parametrize(("sim", "expected"), EXIT_CODES.items(), indirect=["sim"], ids=list(EXIT_CODES))
def test_each_reason_has_its_exit_code_and_words(sim: Simulator, expected: tuple[int, str], call: Caller) -> None:
    done = call("watch", "anna", "--json", "--reconnect", "0", *to(sim.url))
    code, reason = expected
    assert (done.code, done.names[-1], done.lines[-1]["reason"]) == (code, "closed", reason)
    assert done.err.startswith("tiktok-webcast: ")
    assert "What to do:" in done.err
    if reason == "sign_rate_limited":
        assert "Wait 3" in done.err


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_network_is_exit_code_8(transport: str, call: Caller) -> None:
    done = call(
        "watch",
        "anna",
        "--json",
        "--reconnect",
        "1",
        "--transport",
        transport,
        *to("http://127.0.0.1:9"),
        "--timeout",
        "5",
    )
    assert (done.code, done.lines[-1]["event"], done.lines[-1]["reason"]) == (8, "closed", "network")
    assert done.names == ["reconnecting", "closed"]
    assert "The network failed." in done.err


@pytest.mark.parametrize("command", [("watch", "anna", "--json"), ("capture", "anna", "-o", os.devnull, "--force")])
def test_what_a_stranger_says_does_not_move_the_cursor(command: tuple[str, ...], call: Caller) -> None:
    def refuse() -> None:
        with proxy:
            while True:
                try:
                    asking, _ = proxy.accept()
                except OSError:
                    return
                with asking:
                    asking.recv(4096)
                    asking.sendall(b"HTTP/1.1 403 No\x1b[2J\x1b]0;mine\x07\r\n\r\n")

    proxy = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
    thread = threading.Thread(target=refuse, daemon=True)
    thread.start()
    done = call(*command, "--reconnect", "0", "--proxy", address, *to("http://127.0.0.1:9"))
    proxy.shutdown(socket.SHUT_RDWR)
    thread.join(GUARD)
    assert done.code == 8
    assert "the proxy answered 403 No" in done.err
    assert not {"\x1b", "\x07"} & set(done.err + done.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ("watch", "a b"),
        ("watch", ""),
        ("watch",),
        ("watch", "anna", "--web-url", "nonsense"),
        ("watch", "anna", "--proxy", "ftp://nowhere"),
        ("watch", "anna", "--ca-file", "/no/such/file"),
        ("watch", "anna", "--cookies", "/no/such/file"),
        ("watch", "anna", "--timeout", "0"),
        ("watch", "anna", "--duration", "inf"),
        ("watch", "anna", "--max-events", "0"),
        ("watch", "anna", "--max-events", "9" * 400),
        ("watch", "anna", "--reconnect", "-1"),
        ("watch", "anna", "--room-id", "x"),
        ("watch", "anna", "--lang", "no such language"),
        ("watch", "anna", "--transport", "carrier-pigeon"),
        ("watch", "anna", "--json", "--plain"),
        ("nonsense",),
        (),
    ],
)
def test_wrong_usage_is_exit_code_2_and_says_why(arguments: tuple[str, ...], call: Caller) -> None:
    done = call(*arguments)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) >= 1


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
@pytest.mark.parametrize("command", ["watch", "info"])
def test_a_file_without_certificates_is_said_at_once(command: str, content: str, call: Caller, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text(content)
    done = call(command, "anna", "--ca-file", str(file), *to("http://127.0.0.1:9"))
    assert (done.code, done.out) == (2, "")
    assert done.err == f"tiktok-webcast: There is no certificate (PEM) in {file} that can be read\n"


def test_a_login_in_the_cookies_stays_away_from_the_sign_server(sim: Simulator, call: Caller, tmp_path: Path) -> None:
    jar = tmp_path / "cookies.txt"
    jar.write_text("127.0.0.1\tFALSE\t/\tFALSE\t0\tsessionid\tsecret-of-the-test\n")
    done = call("watch", "anna", "--json", "--cookies", str(jar), *to(sim.url))
    assert done.code == 0
    assert "secret-of-the-test" not in done.out + done.err
    assert "secret-of-the-test" not in json.dumps(
        [entry.detail for entry in sim.log if entry.kind == "sign"], default=str
    )


@pytest.mark.parametrize(
    ("transport", "number"), [*((transport, signal.SIGINT) for transport in TRANSPORTS), ("asyncio", signal.SIGTERM)]
)
def test_an_interruption_ends_cleanly(transport: str, number: signal.Signals) -> None:
    watch = ("watch", "anna", "--json", "--stats", "--transport", transport)
    with simulated("everyday", "--speed", "5") as url, started(*watch, *to(url)) as process:
        lines = read_until(process, "gift")
        process.send_signal(number)
        out, err = process.communicate(timeout=GUARD)
    lines += json_lines(out)
    assert process.returncode == 130
    assert (lines[-1]["event"], lines[-1]["reason"]) == ("closed", "closed")
    assert [line["event"] for line in lines].count("closed") == 1
    counted = totals(lines)
    assert counted["gift_deltas"] == counted["gift_units"] > 0
    assert next(iter(json_lines(err)[-1])) == "frames"
    assert "Traceback" not in err


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_reader_that_stops_reading_is_no_failure(transport: str) -> None:
    watch = ("watch", "anna", "--json", "--transport", transport)
    with simulated("flood", "--speed", "0") as url, started(*watch, *to(url)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.wait(GUARD)
    assert (process.returncode, err) == (0, "")


def test_json_can_be_piped_into_a_file_that_is_full() -> None:
    with simulated("first_light", "--speed", "0") as url, open("/dev/full", "wb") as full:
        done = subprocess.run(
            command("watch", "anna", "--json", *to(url)),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=GUARD,
            env=environment(),
            check=False,
        )
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


class ThreadsOfScreen:
    """A screen that notes which threads it is used in."""

    def __init__(self) -> None:
        self.shown: set[int] = set()
        self.flushed: set[int] = set()

    def show(self, event: Event) -> None:
        self.shown.add(threading.get_ident())

    def flush(self) -> None:
        self.flushed.add(threading.get_ident())

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("transport", ["asyncio", "anyio", "trio"])
def test_writing_to_a_pipe_never_blocks_the_loop_and_its_heartbeats(sim: Simulator, transport: str) -> None:
    arguments = make_parser().parse_args(["watch", "anna", "--transport", transport, *to(sim.url)])
    screen = ThreadsOfScreen()
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb"), os.fdopen(writer, "w") as pipe:
        streams = Streams(pipe, io.StringIO())
        run_room("anna", read_settings(arguments, {}), Sink(screen), streams, Stop())
    assert streams.blocks
    assert screen.shown == {threading.get_ident()}
    assert screen.flushed
    assert threading.get_ident() not in screen.flushed


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_second_signal_ends_a_command_that_hangs_on_its_reader(transport: str) -> None:
    watch = ("watch", "anna", "--json", "--transport", transport)
    with simulated("flood") as url, started(*watch, *to(url)) as process:
        # Nobody reads on: the pipe fills, then the queue, and acks stop since nothing is read from the socket.
        read_until(process, "connect")
        while not any(entry["kind"] == "stall" for entry in ask(url, "/__sim__/log")["entries"]):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(GUARD) == 130
