"""docs/migrating.md has a row for everything that the 2023 README names, and the client has it too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tiktok_webcast.events as events
from tiktok_webcast.events import Event
from tiktok_webcast_transports import TikTokLiveClient

GUIDE = Path(__file__).parents[2] / "docs" / "migrating.md"
README = Path(__file__).parents[3] / "shared" / "tiktoklive-2023-readme.txt"


def rows(section: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    text = GUIDE.read_text(encoding="utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(section: str) -> set[str]:
    """The names in the first column."""
    return {name for row in rows(section) for name in re.findall(r"`(\w+)`", row[0])}


def test_options() -> None:
    named = names("Options") - {"unique_id"}
    assert len(named) == 16
    assert named <= set(TikTokLiveClient.__init__.__kwdefaults__ or {})


def test_methods_and_attributes() -> None:
    for name in names("Methods") | names("Attributes"):
        assert hasattr(TikTokLiveClient, name), name


def test_events() -> None:
    client = TikTokLiveClient("ann")
    for row in rows("Events"):
        name = row[0].strip("`")
        client.on(name, print)
        if name != "error":
            kind = getattr(events, row[1].strip("`"))
            assert issubclass(kind, Event) and kind.name == name
    assert len(rows("Events")) == 20


def test_errors() -> None:
    import tiktok_webcast_transports

    for row in rows("Errors"):
        for name in re.findall(r"`([A-Z]\w+)`", row[1]):
            assert issubclass(getattr(tiktok_webcast_transports, name), Exception)


@pytest.mark.skipif(not README.exists(), reason="the 2023 README is not on this machine")
def test_every_name_of_the_readme_has_a_row() -> None:
    text = README.read_text(encoding="utf-8")
    options = set(re.findall(r"^(\w+) \(default: ", text, flags=re.MULTILINE))
    assert len(options) >= 13 and options <= names("Options")
    listened = set(re.findall(r'@client\.on\("(\w+)"\)', text)) - {"event_name"}
    assert len(listened) == 20 and listened <= names("Events")
    methods = text.partition("Method Name Description\n")[2].partition("Attributes\n")[0]
    found = set(re.findall(r"^(\w+) ", methods, flags=re.MULTILINE))
    assert len(found) >= 8 and found <= names("Methods")
    attributes = text.partition("Attribute Name Description\n")[2].partition("Events\n")[0]
    found = set(re.findall(r"^([a-z_]+) (?:The|Inf|Whe|A |Get)", attributes, flags=re.MULTILINE))
    assert len(found) == 13 and found <= names("Attributes")
