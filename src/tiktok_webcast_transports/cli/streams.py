"""Where does output go? Data to stdout, diagnostics to stderr; every byte of the command passes here."""

from __future__ import annotations

import os
import stat
import sys
from typing import BinaryIO, TextIO

FULL = 64 * 1024
"""Bytes waiting at which it is time to write them."""


class OutputGone(Exception):
    """Whoever read our output has stopped reading: there is nobody left to work for."""


class OutputFailed(Exception):
    """Our output cannot be written, as on a disk that is full. No `OSError`: it says nothing of the files we read."""


class Streams:
    """The two streams of one run of the command. Text waits until `flush`, which may block on a slow reader."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out if out is not None else sys.stdout
        self._err = err if err is not None else sys.stderr
        self._pending: list[bytes] = []
        self._size = 0
        encoding = getattr(self._out, "encoding", None) or "utf-8"
        self._text_encoding = encoding
        self.is_terminal: bool = _is_terminal(self._out)
        """Whether a human reads stdout."""
        self.blocks: bool = _may_block(self._out)
        """Whether writing may wait for somebody else: a pipe or a terminal, but not a file."""
        self.buffers: bool = not self.is_terminal
        """Whether lines may be kept back until there are many: nobody watches them come."""

    @property
    def full(self) -> bool:
        """Whether much waits to be written."""
        return self._size >= FULL

    @property
    def out(self) -> TextIO | None:
        """The stream of stdout itself, for a program that draws on it; `None` when it is closed."""
        return self._out

    def data(self, line: str) -> None:
        """Add a line of data: UTF-8 whatever the terminal thinks, as JSON demands."""
        # A lone surrogate, which only JSON from the web can hold, is written as the escape that JSON reads back.
        self._add(line.encode("utf-8", "backslashreplace") + b"\n")

    def text(self, line: str) -> None:
        """Add a line for people, in the encoding of their terminal."""
        self._add(line.encode(self._text_encoding, "replace") + b"\n")

    def flush(self) -> None:
        """Write what waits.

        Raises:
            OutputGone: nobody reads any more.
            OutputFailed: it cannot be written.
        """
        if not self._pending:
            return
        data, self._pending, self._size = b"".join(self._pending), [], 0
        if self._out is None:
            return
        try:
            binary: BinaryIO | None = getattr(self._out, "buffer", None)
            if binary is None:
                self._out.write(data.decode(self._text_encoding, "replace"))
            else:
                binary.write(data)
            self._out.flush()
        except BrokenPipeError:
            self.discard()
            raise OutputGone from None
        except OSError as error:
            self.discard()
            raise OutputFailed(f"the output cannot be written: {error.strerror or error}") from None

    def say(self, text: str) -> None:
        """Tell the human at once, on stderr; data that waits goes out first so that the two stay in order."""
        if self.is_terminal:
            self.flush()
        if self._err is None:
            return
        try:
            self._err.write(f"{text}\n")
            self._err.flush()
        except UnicodeEncodeError:
            self._err.write(text.encode("ascii", "backslashreplace").decode("ascii") + "\n")
        except (OSError, ValueError):
            # Nobody reads it, or it cannot be written: no reason to end what runs.
            self._err = None

    def discard(self) -> None:
        """Forget stdout, so that the interpreter does not try it once more at its end."""
        out, self._out = self._out, None
        if out is None:
            return
        try:
            descriptor = out.fileno()
        except (OSError, ValueError):
            return
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, descriptor)
        os.close(null)

    def _add(self, data: bytes) -> None:
        self._pending.append(data)
        self._size += len(data)


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _may_block(stream: TextIO | None) -> bool:
    try:
        mode = os.fstat(stream.fileno()).st_mode if stream is not None else 0
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or _is_terminal(stream)
