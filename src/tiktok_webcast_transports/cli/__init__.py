"""`tiktok-webcast`: the command. Each subcommand is a module of its own, loaded when it is asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from .stop import INTERRUPTED
from .streams import OutputFailed, OutputGone, Streams

__all__ = ["main"]

UNEXPECTED = 1
USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (those of the process by default) and return its exit code."""
    streams = Streams()
    debug = "--debug" in (sys.argv[1:] if argv is None else argv)
    try:
        # Here, so that Ctrl-C is clean while modules are loaded, too.
        from .arguments import make_parser

        args = make_parser().parse_args(argv)
        return _run(args, streams)
    except SystemExit as stopped:
        # argparse ends so: 2 for a wrong argument, 0 after --help.
        return _flushed(stopped.code if isinstance(stopped.code, int) else USAGE, streams)
    except KeyboardInterrupt:
        _flush_rest(streams)
        return INTERRUPTED
    except Exception as error:
        _flush_rest(streams)
        if debug:
            raise
        return _explain(error, streams)


def _flush_rest(streams: Streams) -> None:
    """Write what was made of the input so far: it waits for more where stdout is no terminal."""
    try:
        streams.flush()
    except (OutputGone, OutputFailed):
        return
    except KeyboardInterrupt:
        # Nobody reads it, so that this waited; the interpreter is not to wait once more at its end.
        streams.discard()


def _flushed(code: int, streams: Streams) -> int:
    """Return the exit code when what argparse has printed is out, and another one if it cannot be."""
    try:
        if streams.out is not None:
            streams.out.flush()
    except BrokenPipeError:
        streams.discard()
    except OSError as error:
        streams.discard()
        return _explain(error, streams)
    return code


def _run(args: argparse.Namespace, streams: Streams) -> int:
    module = import_module(f".{args.module}", __name__)
    try:
        code: int = module.run(args, streams)
        streams.flush()
    except OutputGone:
        # Whoever read has had enough: `| head` is no failure.
        return 0
    return code


def _explain(error: Exception, streams: Streams) -> int:
    """Say what went wrong in a sentence, and return the exit code."""
    from tiktok_webcast.errors import ClosedError, ConfigurationError, exit_code

    foreseen = (ConfigurationError, ValueError, OSError, ClosedError, OutputFailed)
    hint = "" if isinstance(error, foreseen) else " (--debug shows where)"
    text = str(error) or type(error).__name__
    if hint:
        text = f"{type(error).__name__}: {text}"
    streams.say(f"tiktok-webcast: {text}{hint}")
    if isinstance(error, ClosedError):
        return exit_code(error.reason)
    return USAGE if isinstance(error, ValueError) else UNEXPECTED
