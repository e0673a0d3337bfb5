"""Where is ffmpeg, and how is it run?"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tiktok_webcast.recording import FfmpegFailed, FfmpegMissing, RecordingOptions, Signal

VARIABLES = ("TIKTOK_WEBCAST_FFMPEG", "FFMPEG")
_MINDER = Path(__file__).with_name("_minder.py")
_LINUX_TELLS = 30.0
"""Seconds for ffmpeg to end by itself when the process that minds it was killed."""
_MAX_LINE = 64 * 1024


def find_ffmpeg(given: str | os.PathLike[str] | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the path of ffmpeg: the one given, the environment's, that on the PATH, or imageio-ffmpeg's.

    Raises:
        FfmpegMissing: There is none; it says what was looked for. One that was named and is none is never passed over.
    """
    looked: list[str] = []
    named = [("the option", str(given))] if given else [(name, environment.get(name, "")) for name in VARIABLES]
    for where, value in named:
        if value:
            found = shutil.which(value, path=environment.get("PATH"))
            if found is None:
                raise FfmpegMissing((*looked, f"{value!r}, as {where} says"), how_to_install())
            return found
        looked.append(f"${where} (not set)")
    found = shutil.which("ffmpeg", path=environment.get("PATH"))
    if found is not None:
        return found
    looked.append(f"ffmpeg on the PATH ({environment.get('PATH') or 'empty'})")
    bundled = _imageio()
    if bundled is None:
        raise FfmpegMissing((*looked, "the package imageio-ffmpeg (not installed)"), how_to_install())
    return bundled


def _imageio() -> str | None:
    try:
        path: str = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        return None
    return path


def how_to_install(platform: str = sys.platform) -> str:
    """Return the command that installs ffmpeg on this system."""
    if platform == "win32":
        return "winget install Gyan.FFmpeg (then open a new terminal)"
    if platform == "darwin":
        return "brew install ffmpeg"
    for program, command in (
        ("apt-get", "sudo apt-get install ffmpeg"),
        ("dnf", "sudo dnf install ffmpeg-free"),
        ("pacman", "sudo pacman -S ffmpeg"),
        ("apk", "sudo apk add ffmpeg"),
        ("zypper", "sudo zypper install ffmpeg"),
    ):
        if shutil.which(program):
            return command
    return "pip install imageio-ffmpeg, or https://ffmpeg.org/download.html"


class Ffmpeg:
    """One running ffmpeg. Its lines and its end are told from threads of its own: lines first, the end last."""

    def __init__(
        self,
        program: str,
        arguments: Sequence[str],
        options: RecordingOptions,
        *,
        environment: Mapping[str, str] = {},
        on_progress: Callable[[str], object],
        on_diagnostic: Callable[[str], object],
        on_exit: Callable[[int], object],
    ) -> None:
        """Start it.

        Raises:
            FfmpegFailed: The program cannot be run.
        """
        command = [program, *arguments]
        self._minded = bool(sys.executable) and not getattr(sys, "frozen", False) and _MINDER.is_file()
        if self._minded:
            times = [str(options.quit_within), str(options.terminate_within)]
            command = [sys.executable, "-I", "-S", str(_MINDER), *times, *command]
        # Away from the terminal's Ctrl-C, which would end ffmpeg in its own way.
        apart: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        pipe = subprocess.PIPE
        # The proxy is ours to say, and so is that there is no way around it.
        own = {name: value for name, value in os.environ.items() if name.lower() not in ("http_proxy", "no_proxy")}
        try:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603
                command,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                start_new_session=os.name != "nt",
                env={**own, **environment},
                creationflags=apart,
            )
        except OSError as error:
            raise FfmpegFailed(f"{command[0]} cannot be run", error.strerror or str(error)) from None
        self._on_exit = on_exit
        self._killed = False
        self._ended = False
        self._threads = [
            threading.Thread(target=_read, args=(self.process.stdout, on_progress), daemon=True),
            threading.Thread(target=_read, args=(self.process.stderr, on_diagnostic), daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        threading.Thread(target=self._wait, name="ffmpeg", daemon=True).start()

    @property
    def pid(self) -> int:
        """Of the process that was started; it leads a process group of its own."""
        return self.process.pid

    def tell(self, told: Signal) -> None:
        """Quit, terminate or kill it. Gone already: nothing happens."""
        if self._ended or (self.process.poll() is not None and told is not Signal.KILL):
            return
        with contextlib.suppress(OSError, ValueError):
            if told is Signal.KILL and os.name != "nt":
                self._killed = True
                os.killpg(self.process.pid, signal.SIGKILL)
            elif self._minded or told is Signal.QUIT:
                self._write(told.value.encode())
            elif told is Signal.TERMINATE:
                self.process.terminate()
            else:
                self.process.kill()

    def _write(self, data: bytes) -> None:
        if self.process.stdin is not None:
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def _wait(self) -> None:
        code = self.process.wait()
        if self._minded and code < 0 and not self._killed and os.name != "nt":
            # Somebody killed the process that minds it: ffmpeg, in the same group, must not be left alone. Linux has
            # told it already, and told twice it would leave the file as it is.
            patience = _LINUX_TELLS if sys.platform == "linux" else 0.0
            self._threads[0].join(patience)
            if self._threads[0].is_alive():
                with contextlib.suppress(OSError):
                    os.killpg(self.process.pid, signal.SIGTERM)
        for thread in self._threads:
            thread.join()
        self._ended = True
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        self._on_exit(code)


def _read(pipe: object, tell: Callable[[str], object]) -> None:
    readline, close = getattr(pipe, "readline", None), getattr(pipe, "close", None)
    if readline is None or close is None:
        return
    while line := readline(_MAX_LINE):
        tell(line.decode("utf-8", "replace"))
    close()


def run_ffmpeg(program: str, arguments: Sequence[str], options: RecordingOptions, said: Callable[[str], object]) -> int:
    """Run ffmpeg on files, to its end, and return its exit code."""
    codes: list[int] = []
    done = threading.Event()

    def ended(code: int) -> None:
        codes.append(code)
        done.set()

    process = Ffmpeg(program, arguments, options, on_progress=lambda line: None, on_diagnostic=said, on_exit=ended)
    try:
        done.wait()
    except BaseException:
        process.tell(Signal.KILL)
        done.wait(options.terminate_within)
        raise
    return codes[0]
