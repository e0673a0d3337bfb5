"""Runs beside ffmpeg in a process of its own, so that ffmpeg never outlives the program that wants it.

    python _minder.py QUIT_SECONDS TERMINATE_SECONDS FFMPEG ARGUMENTS...

Its stdin takes letters: `q` asks ffmpeg to finish the file, `t` terminates it, `k` kills it. When stdin ends, as it
does when the program that started us is gone however it went, ffmpeg is asked to finish, then terminated, then killed.
(ffmpeg itself, with a stdin that has ended, goes on recording for ever: tried with 5.1.) Nothing of the package is
imported: it must start quickly.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

_SET_DEATH_SIGNAL = 1
"""`PR_SET_PDEATHSIG` of Linux."""


def main(arguments: list[str]) -> int:
    """Run ffmpeg with these arguments and return its exit code."""
    quit_within, terminate_within = float(arguments[0]), float(arguments[1])
    try:
        process = subprocess.Popen(arguments[2:], stdin=subprocess.PIPE, preexec_fn=_die_with_parent())  # noqa: S603
    except OSError as error:
        sys.stderr.write(f"[fatal] {arguments[2]} cannot be run: {error.strerror}\n")
        return 127
    # Nobody but the system would, and then it tells ffmpeg too, which told twice leaves the file as it is.
    signal.signal(signal.SIGTERM, lambda number, frame: _tell(process, b"q"))
    code = _mind(process, quit_within, terminate_within)
    # As a shell says it.
    return code if code >= 0 else 128 - code


def _mind(process: subprocess.Popen[bytes], quit_within: float, terminate_within: float) -> int:
    """Obey until the process has ended; return its exit code."""
    ended = _end_of(process)
    if ended is None:
        threading.Thread(target=_obey, args=(process, quit_within, terminate_within), daemon=True).start()
        # The thread may still wait for a letter then.
        return process.wait()
    # In this thread alone: of a parent that is killed Linux tells the child once for each of its threads.
    while ended not in select.select([ended, 0], [], [])[0]:
        letter = os.read(0, 1)
        _tell(process, letter or b"q")
        if not letter:
            _hurry(process, quit_within, terminate_within)
            break
    return process.wait()


def _end_of(process: subprocess.Popen[bytes]) -> int | None:
    """Return what `select` finds readable once the process has ended, where there is such a thing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            return os.pidfd_open(process.pid)
    return None


def _die_with_parent() -> Callable[[], object] | None:
    """Return what lets Linux terminate ffmpeg should even this process be killed, as by `killall -9 python3`."""
    if sys.platform != "linux":
        return None
    try:
        import ctypes

        control = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return None
    return lambda: control(_SET_DEATH_SIGNAL, int(signal.SIGTERM), 0, 0, 0)


def _obey(process: subprocess.Popen[bytes], quit_within: float, terminate_within: float) -> None:
    while letter := os.read(0, 1):
        _tell(process, letter)
    _tell(process, b"q")
    _hurry(process, quit_within, terminate_within)


def _hurry(process: subprocess.Popen[bytes], quit_within: float, terminate_within: float) -> None:
    for seconds, letter in ((quit_within, b"t"), (terminate_within, b"k")):
        try:
            process.wait(seconds)
            return
        except subprocess.TimeoutExpired:
            _tell(process, letter)


def _tell(process: subprocess.Popen[bytes], letter: bytes) -> None:
    with contextlib.suppress(OSError):
        if letter == b"q" and process.stdin is not None:
            os.write(process.stdin.fileno(), b"q")
        elif letter == b"t":
            process.terminate()
        elif letter == b"k":
            process.kill()


if __name__ == "__main__":
    result = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(result)
