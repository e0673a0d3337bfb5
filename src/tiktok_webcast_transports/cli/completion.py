"""`completion SHELL`: a script that completes this command, made from its own parser."""

from __future__ import annotations

import argparse
from typing import NamedTuple

from .arguments import PROGRAM, make_parser
from .streams import Streams

_FILES = ("FILE", "IN", "OUT")


class Flag(NamedTuple):
    """One option of a subcommand."""

    names: tuple[str, ...]
    help: str
    takes_value: bool
    values: tuple[str, ...]
    takes_file: bool


class Command(NamedTuple):
    """One subcommand."""

    name: str
    help: str
    flags: tuple[Flag, ...]
    values: tuple[str, ...]
    """What its positional argument may be, where that is a choice."""
    takes_file: bool


def run(args: argparse.Namespace, streams: Streams) -> int:
    """Print the script for a shell."""
    make = {"bash": _bash, "zsh": _zsh, "fish": _fish}[args.shell]
    streams.data(make(commands(make_parser())))
    return 0


def commands(parser: argparse.ArgumentParser) -> tuple[Command, ...]:
    """Return the subcommands of a parser with their options."""
    found: list[Command] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            found += [_command(name, helps.get(name, ""), sub) for name, sub in action.choices.items()]
    return tuple(found)


def _command(name: str, text: str, parser: argparse.ArgumentParser) -> Command:
    flags: list[Flag] = []
    values: tuple[str, ...] = ()
    takes_file = False
    for action in parser._actions:
        choices = tuple(str(choice) for choice in action.choices or ())
        is_file = action.metavar in _FILES
        if action.help == argparse.SUPPRESS:
            continue
        if action.option_strings:
            takes = action.nargs != 0
            flags.append(Flag(tuple(action.option_strings), (action.help or "").strip(), takes, choices, is_file))
        else:
            values, takes_file = choices, is_file
    return Command(name, text, tuple(flags), values, takes_file)


def _bash(found: tuple[Command, ...]) -> str:
    cases: list[str] = []
    for command in found:
        words = " ".join([*(name for flag in command.flags for name in flag.names), *command.values])
        values = [
            f"        {'|'.join(flag.names)}) {_bash_values(flag)}; return ;;"
            for flag in command.flags
            if flag.takes_value
        ]
        inner = ['      case "$before" in', *values, "      esac"] if values else []
        files = ['      [[ $word == -* ]] || COMPREPLY+=($(compgen -f -- "$word"))'] if command.takes_file else []
        reply = f'      COMPREPLY=($(compgen -W "{words}" -- "$word"))'
        cases += [f"    {command.name})", *inner, reply, *files, "      ;;"]
    names = " ".join(command.name for command in found)
    return "\n".join(
        [
            f"# bash completion for {PROGRAM}",
            "_tiktok_webcast() {",
            '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"',
            "  if [ $COMP_CWORD -eq 1 ]; then",
            f'    COMPREPLY=($(compgen -W "{names} --help --version" -- "$word"))',
            "    return",
            "  fi",
            '  case "${COMP_WORDS[1]}" in',
            *cases,
            "  esac",
            "}",
            f"complete -o filenames -F _tiktok_webcast {PROGRAM}",
        ]
    )


def _bash_values(flag: Flag) -> str:
    if flag.values:
        return f'COMPREPLY=($(compgen -W "{" ".join(flag.values)}" -- "$word"))'
    return 'COMPREPLY=($(compgen -f -- "$word"))' if flag.takes_file else "COMPREPLY=()"


def _zsh(found: tuple[Command, ...]) -> str:
    cases: list[str] = []
    for command in found:
        specs = [_zsh_flag(flag) for flag in command.flags]
        if command.values:
            specs.append(f"'1: :({' '.join(command.values)})'")
        elif command.takes_file:
            specs.append("'*:file:_files'")
        else:
            # Without a word for them, nothing would be completed behind a user's name. No names are known, so none
            # are offered; a mere message in this place would keep zsh from inserting an option.
            specs.append("'*:user:()'")
        lines = " \\\n        ".join(specs)
        cases += [f"    {command.name})", f"      _arguments \\\n        {lines}", "      ;;"]
    names = [f"    '{command.name}:{_zsh_text(command.help)}'" for command in found]
    return "\n".join(
        [
            f"#compdef {PROGRAM}",
            "_tiktok_webcast() {",
            "  local -a commands",
            "  commands=(",
            *names,
            "  )",
            "  if (( CURRENT == 2 )); then",
            "    _describe command commands",
            "    return",
            "  fi",
            '  local command="$words[2]"',
            "  shift words",
            "  (( CURRENT-- ))",
            '  case "$command" in',
            *cases,
            "  esac",
            "}",
            f"compdef _tiktok_webcast {PROGRAM}",
        ]
    )


def _zsh_flag(flag: Flag) -> str:
    value = ""
    if flag.takes_value:
        what = f"({' '.join(flag.values)})" if flag.values else "_files" if flag.takes_file else " "
        value = f":value:{what}"
    return " ".join(f"'{name}[{_zsh_text(flag.help)}]{value}'" for name in flag.names)


def _zsh_text(text: str) -> str:
    for special in "\\[]:":
        text = text.replace(special, f"\\{special}")
    return text.replace("'", "'\\''")


def _fish(found: tuple[Command, ...]) -> str:
    lines = [f"# fish completion for {PROGRAM}", f"complete -c {PROGRAM} -f"]
    for command in found:
        lines.append(f"complete -c {PROGRAM} -n __fish_use_subcommand -a {command.name} -d {_fish_text(command.help)}")
        where = f"complete -c {PROGRAM} -n '__fish_seen_subcommand_from {command.name}'"
        if command.values:
            lines.append(f"{where} -a '{' '.join(command.values)}'")
        if command.takes_file:
            lines.append(f"{where} -F")
        for flag in command.flags:
            names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names)
            # -x: a value, and no file; -r -F: a value, which is a file.
            value = "" if not flag.takes_value else " -r -F" if flag.takes_file else " -x"
            value += f" -a '{' '.join(flag.values)}'" if flag.values else ""
            lines.append(f"{where} {names}{value} -d {_fish_text(flag.help)}")
    return "\n".join(lines)


def _fish_text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
