"""Writes `events.md`, the reference of all events, from the classes, their docstrings and samples.

python docs/generate_events.py            writes
python docs/generate_events.py --check    writes nothing; exits 1 if the committed file is old
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from event_samples import samples

import tiktok_webcast.events as events
from tiktok_webcast.events.base import BASE_KEYS, Event
from tiktok_webcast.events.table import BY_HAND, METHODS, REGISTRY
from tiktok_webcast.view import View

TARGET = Path(__file__).with_name("events.md")
MODELS = (
    *("User", "Badge", "Image", "Gift", "GiftInfo", "Emote", "CommentEmote", "TopViewer", "Envelope", "RankEntry"),
    *("BattleArmy", "BattleParticipant", "BattleResult", "BattleTeam", "PollOption", "Text"),
)
ENUMS = ("Role", "BadgeScene", "StreakEndCause", "BattleOutcome", "PollPhase")
HEAD = """# Events

Everything that can happen in a room. Written by `docs/generate_events.py`; do not edit.

Each event is a frozen, typed value of a class in `tiktok_webcast.events`. Listeners, `--only` and the JSON lines know
it by its name. Every event has:

| attribute | JSON key | type | meaning |
|---|---|---|---|
{base}

Fields that a message left out read as `None`, `""`, `0`, `False` or `()`, whichever the type says. Ids are `int` in
Python and text in JSON. Times are aware `datetime`s in UTC, in JSON text such as `2023-12-05T16:29:34.817Z`. Durations
are in the unit that is named. `wire`, where an event has it, is the whole message with every field under its wire name.

The samples have the shape of real messages and made-up values.

## Events of your own

A message that has no event here arrives as `UnknownEvent`; `event.wire.lines()` shows what is in it. Give it an event,
or put another class in the place of one of ours, by a registry of your own:

```python
from tiktok_webcast import Event, SessionConfig
from tiktok_webcast.events import REGISTRY, CommentEvent


class LoudComment(CommentEvent):
    shout: str

    def _read_shout(self) -> str:
        return self.comment.upper()


class NewsEvent(Event):
    name = "news"
    headline: str  # A field of your message, read when it is asked for.


registry = REGISTRY.copy()
registry.register("WebcastChatMessage", LoudComment)
registry.register("WebcastNewsMessage", NewsEvent, parse=News.FromString)  # `News`: your own protobuf class
config = SessionConfig(registry=registry)
```

## Contents

| event | class | wire method | fires when |
|---|---|---|---|
{contents}
"""


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(Path(inspect.getfile(sys.modules[module])).read_text(encoding="utf-8"))


@cache
def documented(kind: type[View]) -> dict[str, tuple[str, str]]:
    """Return the type and the documentation of each attribute that a class adds or describes anew, by name."""
    body = next(
        node for node in _tree(kind.__module__).body if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    )
    found: dict[str, tuple[str, str]] = {}
    for node, after in zip(body.body, [*body.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            text = ""
            if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                text = inspect.cleandoc(str(after.value.value))
            found[node.target.id] = (ast.unparse(node.annotation), text)
        elif isinstance(node, ast.FunctionDef) and any(ast.unparse(mark) == "property" for mark in node.decorator_list):
            kind_of = ast.unparse(node.returns) if node.returns is not None else ""
            found[node.name] = (kind_of, ast.get_docstring(node) or "")
    return found


def attributes(kind: type[View]) -> dict[str, tuple[str, str]]:
    """Return the type and the documentation of each public attribute of a class, in order; not what all events have."""
    described: dict[str, tuple[str, str]] = {}
    for base in reversed([base for base in kind.__mro__ if issubclass(base, View) and base not in (View, Event)]):
        described.update(documented(base))
    shared = documented(Event) if issubclass(kind, Event) else {}
    own = {
        name: (annotation, text)
        for name, (annotation, text) in described.items()
        if not (name.startswith("_") or name in shared or ("ClassVar" in annotation and "WireView" not in annotation))
    }
    order = dict.fromkeys([*kind.json_fields, *kind.fields, *own])
    return {name: own[name] for name in order if name in own}


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _type(annotation: str) -> str:
    inner = annotation.removeprefix("ClassVar[WireView[").removesuffix("]]")
    return inner if inner != annotation else annotation


def _table(kind: type[View]) -> list[str]:
    keys = kind.json_fields or kind.fields
    lines = ["| attribute | in JSON | type | meaning |", "|---|---|---|---|"]
    for name, (annotation, text) in attributes(kind).items():
        in_json = "yes" if name in keys else ""
        lines.append(f"| `{name}` | {in_json} | `{_cell(_type(annotation))}` | {_cell(text)} |")
    return lines


def _sample(event: Event) -> list[str]:
    """The event's JSON object with a line for each key; on the wire it is one line."""
    pairs = event.to_dict().items()
    lines = [f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in pairs]
    return ["```json", "{", *(f"{line}," for line in lines[:-1]), lines[-1], "}", "```"]


def _methods() -> dict[type[Event], list[str]]:
    """Event classes and the wire methods that become them."""
    found: dict[type[Event], list[str]] = {}
    named = {name: kind for kind in _event_classes() for name in [(kind.name, kind.wire_type)]}
    for method in sorted(METHODS):
        binding = REGISTRY.find(method)
        if binding is None:
            continue
        for name in binding.event.names():
            kind = binding.event if name == binding.event.name else named[(name, binding.event.wire_type)]
            found.setdefault(kind, []).append(method)
    return found


def _event_classes() -> list[type[Event]]:
    classes = [getattr(events, name) for name in events.__all__]
    return [kind for kind in classes if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event]


def _group(kind: type[Event], methods: dict[type[Event], list[str]]) -> int:
    if kind not in methods:
        return 1
    return 0 if any(method in BY_HAND for method in methods[kind]) else 2


def page() -> str:
    """Return the text of `events.md`."""
    methods = _methods()
    methods.setdefault(events.GiftStreakEndEvent, ["WebcastGiftMessage"])
    made = samples()
    made[events.GiftStreakEndEvent.name] = _streak_end(made["gift"])
    made |= _session_events()
    contents: list[str] = []
    parts: list[str] = []
    group = -1
    titles = ("Events of the room", "Events of the session itself", "Events under the wire's own names")
    for kind in sorted(_event_classes(), key=lambda kind: (_group(kind, methods), kind.name, kind.__name__)):
        if _group(kind, methods) != group:
            group = _group(kind, methods)
            parts += [f"## {titles[group]}", ""]
        carriers = ", ".join(f"`{method}`" for method in methods.get(kind, []))
        summary = _cell((kind.__doc__ or "").split("\n\n")[0])
        anchor = kind.__name__.lower()
        contents.append(f"| [`{kind.name}`](#{anchor}) | `{kind.__name__}` | {carriers} | {summary} |")
        parts += [f"### {kind.__name__}", "", f"`{kind.name}`" + (f" from {carriers}" if carriers else ""), ""]
        parts += [inspect.cleandoc(kind.__doc__ or ""), "", *_table(kind), ""]
        sample = made.get(kind.name)
        if type(sample) is kind:
            parts += [*_sample(sample), ""]
    parts += ["## Values in events", ""]
    for name in MODELS:
        model = getattr(events, name)
        parts += [f"### {name}", "", inspect.cleandoc(model.__doc__), "", *_table(model), ""]
    for name in ENUMS:
        values = ", ".join(f"`{item.value}` {item.name}" for item in getattr(events, name))
        parts += [f"### {name}", "", inspect.cleandoc(getattr(events, name).__doc__), "", values, ""]
    base = "\n".join(
        f"| `{name}` | {f'`{_key(name)}`' if _key(name) in BASE_KEYS else ''} | `{_cell(kind)}` | {_cell(text)} |"
        for name, (kind, text) in documented(Event).items()
        if not name.startswith("_")
    )
    return HEAD.format(base=base, contents="\n".join(contents)) + "\n" + "\n".join(parts).rstrip() + "\n"


def _key(name: str) -> str:
    return "event" if name == "name" else name


def _streak_end(gift: Event) -> Event:
    given = {"total": 12, "diamonds": 12, "cause": events.StreakEndCause.REPEAT_END, "continues": False}
    event: Event = events.GiftStreakEndEvent.from_message(gift._wire, gift._message, gift.room_id, given)
    return event


def _session_events() -> dict[str, Event]:
    from tiktok_webcast.close import CloseReason
    from tiktok_webcast.message import Message

    room, lost = 7300000000000000001, next(iter(CloseReason))
    made: list[Event] = [
        events.ConnectEvent(room_id=room, unique_id="some_user", attempt=1),
        events.ReconnectingEvent(room_id=room, reason=lost, attempt=1, delay=1.5, detail="..."),
        events.DisconnectEvent(room_id=room, reason=lost, will_reconnect=True, detail="..."),
        events.ClosedEvent(room_id=room, reason=lost, detail="..."),
        events.OverflowEvent(room_id=room, dropped=3, limit="event_queue"),
        events.UnknownEvent(room_id=room, message=Message("WebcastNewMessage", b"\x0a\x00", 7300000000000000005)),
        events.UndecodableEvent(room_id=room, message=Message("WebcastChatMessage", b"\x0a\x09"), error="truncated"),
    ]
    return {event.name: event for event in made}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say whether the committed file is old")
    arguments = parser.parse_args()
    text = page()
    if not arguments.check:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        print(f"{TARGET.name} is old: run python docs/generate_events.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
