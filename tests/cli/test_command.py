"""The command around its subcommands: help, version, completion, failures, and the questions that need no socket."""

from __future__ import annotations

import argparse
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import (
    GUARD,
    TRANSPORTS,
    Caller,
    command,
    environment,
    first_line,
    json_lines,
    run,
    started,
    to,
)

from tiktok_webcast._version import __version__
from tiktok_webcast.sim import SCENARIOS, differences
from tiktok_webcast_transports.cli import arguments
from tiktok_webcast_transports.cli.completion import commands
from tiktok_webcast_transports.cli.demo import GRACE
from tiktok_webcast_transports.cli.payloads import Payload
from tiktok_webcast_transports.cli.stop import Stop
from tiktok_webcast_transports.simulator import Simulator

SUBCOMMANDS = tuple(arguments.SUBCOMMANDS)


@pytest.mark.parametrize("subcommand", ["", *SUBCOMMANDS])
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_help_on_every_level(subcommand: str, columns: int, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = call(*([subcommand] if subcommand else []), "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"usage: tiktok-webcast {subcommand}".rstrip())
    # What is to be typed is not wrapped, but fits 80 columns.
    assert all(len(line) <= min(max(columns, 80), 100) for line in done.out.splitlines())
    wrapped = [line for line in done.out.splitlines()[1:] if not line.startswith(" ")]
    assert all(len(line) <= columns for line in wrapped)


SHARED = [
    *("--transport", "sync", "--signer", "guest", "--sign-api-key", "k", "--web-url", "http://127.0.0.1:1"),
    *("--webcast-url", "http://127.0.0.1:1", "--sign-url", "http://127.0.0.1:1", "--proxy", "http://127.0.0.1:1"),
    *("--timeout", "5", "--lang", "de", "--cookies", "f", "--trust-sign-host", "h", "--ca-file", "f"),
    *("--room-id", "7", "--only", "comment", "--except", "like", "--no-history", "--max-events", "3"),
    *("--duration", "9", "--reconnect", "0", "--stale-timeout", "30", "--stats"),
]
"""The options that every command which connects takes (contracts.md section 1)."""


@pytest.mark.parametrize("subcommand", ["watch", "demo", "status", "info", "gifts", "record", "capture"])
def test_one_set_of_options_fits_every_command_that_connects(subcommand: str) -> None:
    positional = {"demo": [], "record": ["anna", "-o", "f"], "capture": ["anna", "-o", "f"]}.get(subcommand, ["anna"])
    given = vars(arguments.make_parser().parse_args([subcommand, *positional, *SHARED]))
    assert (given["signer"], given["room_id"], given["reconnect"], given["stats"]) == ("guest", 7, 0, True)
    assert (given["only"], given["exclude"], given["duration"]) == ({"comment"}, {"like"}, 9.0)


def test_what_argparse_prints_is_told_when_it_cannot_be_written() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    # Where Python has no buffer, argparse itself swallows the failure.
    settings = environment(PYTHONUNBUFFERED="")
    with full.open("w") as nowhere:
        done = subprocess.run(
            command("--help"), stdout=nowhere, stderr=subprocess.PIPE, text=True, env=settings, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith("tiktok-webcast: ") and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("replay", "{file}", "--json"), ("decode", "--payloads", "{file}")])
def test_output_that_cannot_be_written_is_no_fault_of_the_input(arguments: tuple[str, ...], tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    file = tmp_path / "a.frames"
    file.write_bytes(b'{"method": "WebcastChatMessage", "base64": ""}\n' if arguments[0] == "decode" else b"")
    with full.open("w") as nowhere:
        done = subprocess.run(
            command(*(word.format(file=file) for word in arguments)),
            stdout=nowhere,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "tiktok-webcast: the output cannot be written: No space left on device\n"


def test_a_transport_that_is_not_installed_is_told(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiktok_webcast_transports.cli.settings.find_spec", lambda name: None)
    done = call("watch", "anna", "--transport", "trio")
    assert done.code == 2
    assert "pip install 'tiktok-webcast[trio]'" in done.err


def test_a_closed_stdin_is_told(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    done = call("decode", "--payloads", "-")
    assert done.code == 10
    assert "stdin is closed" in done.err


@pytest.mark.skipif(os.name == "nt", reason="a child cannot be sent Ctrl-C alone on Windows")
def test_ctrl_c_while_modules_are_loaded_is_clean() -> None:
    early = (
        "import sys, signal, os; from tiktok_webcast_transports.cli import main\n"
        "class Press:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.endswith('.arguments'): os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Press())\n"
        "sys.exit(main(['watch', 'anna']))"
    )
    done = subprocess.run([sys.executable, "-c", early], capture_output=True, text=True, timeout=GUARD, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_time_longer_than_the_system_can_wait_is_as_good_as_none() -> None:
    stop = Stop()
    with stop.after(1e300):
        assert not stop.asked
    threading.Timer(0.01, stop.ask).start()
    assert stop.wait(1e300)


def test_version(call: Caller) -> None:
    assert call("--version").out == f"tiktok-webcast {__version__}\n"


def test_help_loads_no_transport_and_no_schema() -> None:
    loaded = (
        "import sys; from tiktok_webcast_transports.cli import main; main(['--help'])\n"
        "heavy = {'asyncio', 'anyio', 'trio', 'rich', 'google.protobuf', 'httpcore', 'wsproto'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, timeout=GUARD)


def test_an_unexpected_error_is_a_sentence_and_a_traceback_only_with_debug(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("something of ours")

    monkeypatch.setattr("tiktok_webcast_transports.cli.decode.from_base64", fail)
    broken = ("decode", "--method", "M", "--base64", "AA==")
    done = call(*broken)
    assert done.code == 1
    assert done.err == "tiktok-webcast: KeyError: 'something of ours' (--debug shows where)\n"
    with pytest.raises(KeyError):
        call(*broken, "--debug")
    with pytest.raises(KeyError):
        call("--debug", *broken)


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (KeyError("something of ours"), 1)])
@pytest.mark.parametrize("subcommand", ["decode", "inspect"])
def test_what_was_read_until_then_is_printed(
    subcommand: str, error: BaseException, code: int, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Input may come slowly, from a command in front of this one, and output waits while it goes to a file."""

    def read(file: str) -> Iterator[Payload]:
        yield Payload("first", "WebcastChatMessage", b"")
        raise error

    monkeypatch.setattr(f"tiktok_webcast_transports.cli.{subcommand}.read_payloads", read)
    done = call(subcommand, "--payloads", "-")
    assert done.code == code and "first" in done.out


def test_another_ctrl_c_ends_the_wait_for_somebody_who_does_not_read(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted: list[str] = []

    def interrupt(*_: object) -> Iterator[Payload]:
        interrupted.append("once more")
        raise KeyboardInterrupt

    monkeypatch.setattr("tiktok_webcast_transports.cli.decode.read_payloads", interrupt)
    monkeypatch.setattr("tiktok_webcast_transports.cli.Streams.flush", interrupt)
    assert call("decode", "--payloads", "-").code == 130
    assert len(interrupted) == 2


# --- completion -----------------------------------------------------------------------------------------------------


def options_of(subcommand: str) -> set[str]:
    parser = arguments.make_parser()
    found = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    sub: argparse.ArgumentParser = found.choices[subcommand]
    shown = [action for action in sub._actions if action.help != argparse.SUPPRESS]
    return {name for action in shown for name in action.option_strings}


def test_completion_knows_every_subcommand_and_option() -> None:
    known = {
        item.name: {name for flag in item.flags for name in flag.names} for item in commands(arguments.make_parser())
    }
    assert known == {name: options_of(name) for name in SUBCOMMANDS}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_all_subcommands_and_long_options(shell: str, call: Caller) -> None:
    script = call("completion", shell).out
    for subcommand in SUBCOMMANDS:
        assert subcommand in script
        for option in options_of(subcommand):
            in_fish = f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
            assert (in_fish if shell == "fish" else option) in script


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("re",), {"record", "redact", "replay"}),
        (("watch", "--js"), {"--json"}),
        (("watch", "--transport", ""), set(TRANSPORTS)),
        (("watch", "--transport", "t"), {"trio"}),
        (("completion", ""), {"bash", "zsh", "fish", "--help", "--debug", "-h"}),
        (("watch", "--proxy", ""), set()),
    ],
)
def test_bash_completes(words: tuple[str, ...], expected: set[str], call: Caller, tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(call("completion", "bash").out)
    line = " ".join(f"'{word}'" for word in ("tiktok-webcast", *words))
    setup = f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _tiktok_webcast"
    ask = f'{setup}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, timeout=GUARD, check=True)
    assert done.stderr == ""
    assert set(done.stdout.split()) == expected


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("re", {"record", "redact", "replay"}),
        ("watch anna --js", {"--json"}),
        ("watch anna --transport ", set(TRANSPORTS)),
        ("watch anna --proxy ", set()),
        ("watch anna --ca-file c", {"certificates.pem"}),
    ],
)
def test_fish_completes(typed: str, expected: set[str], call: Caller, tmp_path: Path) -> None:
    (tmp_path / "completion.fish").write_text(call("completion", "fish").out)
    (tmp_path / "certificates.pem").touch()
    ask = f'source completion.fish; rm completion.fish; complete -C "tiktok-webcast {typed}"'
    home = environment(HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path), XDG_DATA_HOME=str(tmp_path))
    done = subprocess.run(
        ["fish", "--no-config", "-c", ask],
        capture_output=True,
        text=True,
        timeout=GUARD,
        check=True,
        cwd=tmp_path,
        env=home,
    )
    assert {line.split("\t")[0] for line in done.stdout.splitlines()} == expected


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh_can_read_its_script(call: Caller, tmp_path: Path) -> None:
    script = tmp_path / "_tiktok-webcast"
    script.write_text(call("completion", "zsh").out)
    subprocess.run(["zsh", "-f", "-n", str(script)], timeout=GUARD, check=True)


# --- simulate and demo ----------------------------------------------------------------------------------------------


def test_simulate_prints_its_address_first_and_writes_the_manifest(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    with started("simulate", "--scenario", "first_light", "--speed", "0", "--manifest", str(manifest)) as process:
        url = first_line(process)
        assert url.startswith("http://127.0.0.1:")
        done = run("watch", "anna", "--json", *to(url))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=GUARD)
    assert process.returncode == 130
    assert differences(json.loads(manifest.read_text())["events"], done.lines) == []


@pytest.mark.parametrize("scenario", ["first_light", "offline", "everyday"])
def test_simulate_says_what_becomes_of_its_users(scenario: str, call: Caller) -> None:
    done = call("simulate", "--scenario", scenario, "--max-seconds", "0.1")
    assert f"every user name leads to scenario {scenario!r}: {SCENARIOS[scenario].about[:20]}" in done.err
    assert ("is live there" in done.err) is False
    assert f"tiktok-webcast watch anna --web-url {done.out.strip()} " in done.err


def test_a_manifest_that_cannot_be_written_is_said_before_anything_is_simulated(tmp_path: Path, call: Caller) -> None:
    done = call("simulate", "--manifest", str(tmp_path / "no" / "manifest.json"), "--max-seconds", "0.2")
    assert (done.code, done.out) == (2, "")
    assert "cannot be written" in done.err


def test_simulate_stops_by_itself_and_takes_a_port(call: Caller) -> None:
    with Simulator() as taken:
        busy = call("simulate", "--port", str(taken.port))
    assert busy.code == 1
    assert "in use" in busy.err
    done = call("simulate", "--port", str(taken.port), "--max-seconds", "0.2")
    assert (done.code, done.out) == (0, f"http://127.0.0.1:{taken.port}\n")


def test_equal_seeds_play_equal_rooms(call: Caller) -> None:
    events: list[object] = []
    for seed in ("1", "1", "2"):
        done = call("demo", "--json", "--scenario", "first_light", "--speed", "0", "--seed", seed, "--only", "comment")
        events.append([(line.get("comment"), line["msg_id"]) for line in done.lines])
    assert events[0] == events[1] != events[2]


def test_scenarios_are_listed_and_unknown_ones_refused(call: Caller) -> None:
    for subcommand in ("demo", "simulate"):
        listed = call(subcommand, "--scenario", "list")
        assert [line.split()[0] for line in listed.out.splitlines()] == list(SCENARIOS)
        refused = call(subcommand, "--scenario", "nonsense")
        assert refused.code == 2
        assert "first_light" in refused.err


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_demo_shows_a_room_and_stops_by_itself(transport: str, call: Caller) -> None:
    done = call("demo", "--json", "--duration", "20", "--speed", "0", "--transport", transport)
    assert done.code == 0
    assert done.names[0] == "connect"
    assert (done.names[-1], done.lines[-1]["reason"]) == ("closed", "room_ended")
    assert len(done.lines) > 10


def test_demo_ignores_an_environment_that_leads_elsewhere(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOK_WEBCAST_WEB_URL", "http://127.0.0.1:9")
    assert call("demo", "--json", "--scenario", "first_light", "--speed", "0").lines[-1]["reason"] == "room_ended"


def test_demo_of_a_scenario_that_ends_by_itself_stops_on_time(call: Caller) -> None:
    begun = time.monotonic()
    done = call("demo", "--json", "--scenario", "slow", "--duration", "0.5")
    assert (done.code, done.lines[-1]["reason"]) == (0, "closed")
    assert time.monotonic() - begun < GRACE


# --- on a terminal --------------------------------------------------------------------------------------------------


def on_terminal(*words: str, **env: str) -> tuple[int, str]:
    """Run the command with a terminal for stdout, and return its exit code and all that it wrote."""
    ours, theirs = pty.openpty()
    settings = environment(TERM="xterm-256color", COLUMNS="80", LINES="24", **env)
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=settings)
    os.close(theirs)
    pieces: list[bytes] = []
    try:
        while piece := os.read(ours, 65536):
            pieces.append(piece)
    except OSError:
        # Linux says so when the other end is closed.
        pass
    finally:
        os.close(ours)
    return process.wait(GUARD), b"".join(pieces).decode()


def test_on_a_terminal_there_is_a_dashboard_and_then_a_summary() -> None:
    code, seen = on_terminal(*command("demo", "--duration", "1.5", "--speed", "10"))
    assert code == 0
    screen, _, after = seen.rpartition("\x1b[?1049l")
    assert "\x1b[?1049h" in screen
    assert " LIVE " in screen
    assert "@mia_live: " in after
    assert "closed: room ended" in after


def test_plain_and_json_are_no_dashboard_on_a_terminal() -> None:
    code, seen = on_terminal(*command("demo", "--duration", "10", "--speed", "0", "--plain"))
    assert code == 0
    assert "\x1b[?1049h" not in seen
    assert "\x1b[36mchat" in seen
    code, seen = on_terminal(*command("demo", "--duration", "10", "--speed", "0", "--json"))
    assert json_lines(seen.replace("\r\n", "\n"))[-1]["event"] == "closed"


def test_no_colour_where_none_is_wanted() -> None:
    _, seen = on_terminal(*command("demo", "--duration", "10", "--speed", "0", "--plain"), NO_COLOR="1")
    assert "\x1b" not in seen


def test_without_rich_lines_take_the_place_of_the_dashboard() -> None:
    without = (
        "import sys; sys.modules['rich'] = None\n"
        "from tiktok_webcast_transports.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    code, seen = on_terminal(sys.executable, "-c", without, "demo", "--duration", "1", "--speed", "10")
    assert code == 0
    assert "connected" in seen
    assert "\x1b[?1049h" not in seen
    code, seen = on_terminal(sys.executable, "-c", without, "watch", "--help")
    assert code == 0


def test_an_interrupted_dashboard_gives_the_terminal_back() -> None:
    ours, theirs = pty.openpty()
    settings = environment(TERM="xterm-256color", COLUMNS="80", LINES="24")
    process = subprocess.Popen(command("demo"), stdin=theirs, stdout=theirs, stderr=theirs, env=settings)
    os.close(theirs)
    seen = b""
    try:
        while b"LIVE" not in seen:
            seen += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:
        pass
    finally:
        os.close(ours)
    assert process.wait(GUARD) == 130
    assert seen.rindex(b"\x1b[?1049l") > seen.rindex(b"\x1b[?1049h")
    assert b"Traceback" not in seen


# --- status, info, gifts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_status_tells_live_with_evidence(sim: Simulator, transport: str, call: Caller) -> None:
    done = call("status", "anna", "ben", "--json", "--transport", transport, *to(sim.url)[:4])
    assert done.code == 0
    assert [(line["user"], line["status"], line["confirmed"]) for line in done.lines] == [
        ("anna", "live", True),
        ("ben", "live", True),
    ]
    assert {"live page", "room lookup"} <= {item["source"] for item in done.lines[0]["evidence"]}
    assert "anna: live" in call("status", "anna", *to(sim.url)[:4]).out


STATUSES = {
    "paused": (0, "paused"),
    "offline": (3, "offline"),
    "not_found": (4, "not_found"),
    "restricted": (5, "restricted"),
    "blocked": (6, "unknown"),
}


@pytest.mark.parametrize(("sim", "expected"), STATUSES.items(), indirect=["sim"], ids=list(STATUSES))
def test_status_has_the_exit_code_of_what_it_found(sim: Simulator, expected: tuple[int, str], call: Caller) -> None:
    done = call("status", "anna", "--json", *to(sim.url)[:4])
    assert (done.code, done.lines[0]["status"]) == expected


@pytest.mark.parametrize("sim", ["offline"], indirect=True)
def test_status_can_wait_until_the_user_is_live(sim: Simulator, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 4:
            urllib.request.urlopen(sim.url + "/@anna", timeout=GUARD).close()
            sim.world.stage("anna").status = 2
            object.__setattr__(sim.world.stage("anna"), "scenario", SCENARIOS["first_light"])

    monkeypatch.setattr("tiktok_webcast_transports.cli.status.time.sleep", sleep)
    done = call("status", "anna", "--wait", "--interval", "60", "--json", *to(sim.url)[:4])
    assert done.code == 0
    assert [line["status"] for line in done.lines] == ["offline", "live"]
    assert len(slept) == 4


def test_waiting_gives_up_when_its_time_is_over(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiktok_webcast_transports.cli.status.time.sleep", lambda seconds: None)
    with Simulator("offline") as sim:
        done = call("status", "anna", "--wait", "--duration", "5", *to(sim.url)[:4])
    assert done.code == 3


def test_info_and_gifts(sim: Simulator, call: Caller) -> None:
    where = to(sim.url)[:4]
    info = call("info", "anna", "--json", *where)
    assert info.code == 0
    assert info.lines[0]["owner"]["unique_id"] == "anna"
    assert info.lines[0]["room_id"] == str(sim.world.stage("anna").room.room_id)
    assert "@anna" in call("info", "anna", *where).out
    gifts = json.loads(call("gifts", "anna", "--json", *where).out)
    rose = next(gift for gift in gifts if gift["name"] == "Rose")
    assert (rose["diamond_count"], rose["streakable"]) == (1, True)
    assert any(line.split()[-1] == "Rose" for line in call("gifts", "anna", *where).out.splitlines())


@pytest.mark.parametrize("sim", ["offline"], indirect=True)
def test_info_and_gifts_of_a_room_that_is_not_there(sim: Simulator, call: Caller) -> None:
    for subcommand in ("info", "gifts"):
        done = call(subcommand, "anna", *to(sim.url)[:4])
        assert (done.code, done.out) == (3, "")
        assert "@anna is not live" in done.err


def test_info_and_gifts_by_the_room_id_and_with_what_is_shared(sim: Simulator, call: Caller) -> None:
    room = str(int(call("info", "anna", "--json", *to(sim.url)).lines[0]["room_id"]))
    info = call("info", "nobody", "--json", "--room-id", room, "--stats", *to(sim.url))
    assert (info.code, info.lines[0]["room_id"]) == (0, room)
    assert json.loads(info.err)["frames"] == 0
    assert call("gifts", "nobody", "--room-id", room, *to(sim.url)).code == 0
    status = call("status", "anna", "--stats", "--json", *to(sim.url))
    assert (status.code, json.loads(status.err)["messages"]) == (0, 0)
