"""How does the help look? It fits the terminal, from 40 columns up to where lines get too long to read."""

from __future__ import annotations

import argparse
import shutil
import textwrap

WIDEST = 100
_MARGIN = 2


class HelpFormatter(argparse.HelpFormatter):
    """Wraps sentences to the terminal's width; lines that begin with a space (examples) stay as they are."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=min(shutil.get_terminal_size().columns, WIDEST) - _MARGIN)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines: list[str] = []
        sentences: list[str] = []
        for line in [*text.splitlines(), ""]:
            if line and not line.startswith(" "):
                sentences.append(line)
                continue
            if sentences:
                lines += textwrap.wrap(" ".join(sentences), width, initial_indent=indent, subsequent_indent=indent)
                sentences = []
            lines.append(line and indent + line)
        return "\n".join(lines).rstrip()

    def _format_action(self, action: argparse.Action) -> str:
        if isinstance(action, argparse._SubParsersAction):
            # Not under one more heading, and not indented once more.
            return "".join(self._format_action(sub) for sub in action._get_subactions())
        return super()._format_action(action)


def usage_of(prog: str, parser: argparse.ArgumentParser) -> str:
    """Return a usage of one line: what must be given; the help lists the rest."""
    needed: list[str] = []
    for action in parser._actions:
        name = action.metavar if isinstance(action.metavar, str) else action.dest
        if action.option_strings:
            if action.required:
                needed.append(f"{action.option_strings[0]} {name}")
        elif action.nargs == argparse.OPTIONAL:
            needed.append(f"[{name}]")
        else:
            needed.append(f"{name}..." if action.nargs == argparse.ONE_OR_MORE else name)
    return " ".join([prog, *needed, "[options]"])
