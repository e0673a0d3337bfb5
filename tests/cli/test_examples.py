"""The examples run as they are, against the simulator; README and architecture show what is true."""

from __future__ import annotations

import functools
import importlib
import re
import runpy
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tiktok_webcast.config import Endpoints
from tiktok_webcast.session_config import SessionConfig
from tiktok_webcast_transports.cli.arguments import make_parser
from tiktok_webcast_transports.simulator import Simulator

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py"))
DOCUMENTS = ["README.md", "docs/architecture.md", "docs/many-rooms.md"]

Run = Callable[[Path, list[str]], str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Runs a program as it is, with every `connect` leading to a simulator."""
    with Simulator("first_light", speed=0.0) as sim:
        endpoints = Endpoints(web=sim.url, webcast=sim.url, sign=sim.url)
        for name in ("asyncio", "anyio", "sync"):
            module = importlib.import_module(f"tiktok_webcast_transports.{name}")
            real = module.connect

            def connect(user: str, *, real: Callable[..., object] = real, **given: object) -> object:
                config = given.pop("config", SessionConfig())
                assert isinstance(config, SessionConfig)
                return real(user, config=_leading_to(config, endpoints), **given)

            monkeypatch.setattr(module, "connect", functools.wraps(real)(connect))
            monkeypatch.setattr(
                module, "Rooms", functools.partial(module.Rooms, config=_leading_to(SessionConfig(), endpoints))
            )

        def run_path(path: Path, arguments: list[str]) -> str:
            monkeypatch.setattr(sys, "argv", [str(path), *arguments])
            runpy.run_path(str(path), run_name="__main__")
            return capsys.readouterr().out

        yield run_path


def _leading_to(config: SessionConfig, endpoints: Endpoints) -> SessionConfig:
    import dataclasses

    return dataclasses.replace(config, endpoints=endpoints)


EXPECTED = {
    "first_events.py": ["ConnectEvent(", "CommentEvent(", "GiftStreakEndEvent(", "ClosedEvent("],
    "first_events_async.py": ["ConnectEvent(", "CommentEvent(", "ClosedEvent("],
    "count_gifts.py": [" diamonds\n", "over: room_ended", "givers: {", "together "],
    "many_events.py": ["in the room ", " likes x", " gave ", " are watching", "over: room_ended"],
    "many_rooms.py": ["[anna] ", "[ben] ", "over: room_ended, "],
    "rooms.py": ["[@anna] ", "[@ben] ", "over: room_ended; ", " events in all"],
    "run_loop.py": ["ConnectEvent(", "CommentEvent(", "ClosedEvent("],
}


def test_every_example_is_tested() -> None:
    assert sorted(EXPECTED) == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name: str, run: Run) -> None:
    out = run(ROOT / "examples" / name, ["anna", "ben"] if name.endswith("rooms.py") else ["anna"])
    for text in EXPECTED[name]:
        assert text in out


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / document).read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("number", range(len(blocks("README.md", "python"))))
def test_the_programs_of_the_readme_run(number: int, run: Run, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(blocks("README.md", "python")[number], encoding="utf-8")
    assert run(program, ["anna"])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_that_are_shown_exist(document: str) -> None:
    parser = make_parser()
    shown = [
        line
        for block in blocks(document, "console")
        for line in block.splitlines()
        if line.startswith("tiktok-webcast ")
    ]
    for line in shown:
        words = shlex.split(line.split(" > ")[0].split(" | ")[0], comments=True)
        parser.parse_args(words[1:])
    assert shown or document != "README.md"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text):
        if "://" not in target:
            assert (ROOT / document).parent.joinpath(target).exists(), target


def test_the_run_loop_in_the_architecture_is_the_example() -> None:
    example = (ROOT / "examples" / "run_loop.py").read_text(encoding="utf-8")
    loop = example[example.index("def run(") : example.index("\n\ndef main(")].strip()
    assert loop in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_readme_lists_every_subcommand() -> None:
    from tiktok_webcast_transports.cli.arguments import SUBCOMMANDS

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in SUBCOMMANDS:
        assert f"`{name}" in readme
