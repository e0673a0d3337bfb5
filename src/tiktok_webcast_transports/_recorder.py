"""`Recorder`: does what `RecordingMachine` says, in a thread for each recording."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Any

from tiktok_webcast.errors import LocalProtocolError, TikTokWebcastError
from tiktok_webcast.recording import (
    AskRoom,
    End,
    Progress,
    RecordingError,
    RecordingMachine,
    RecordingOptions,
    Signal,
    Stage,
    StartFfmpeg,
    Target,
    Way,
    file_name,
    find_target,
    record_arguments,
    record_environment,
)
from tiktok_webcast.recording.machine import Action
from tiktok_webcast.recording.progress import is_plain_packet
from tiktok_webcast.room import RoomFailure
from tiktok_webcast.room_info import RoomInfo

from ._ffmpeg import Ffmpeg, find_ffmpeg
from ._hand_off import PATIENCE
from ._recording_files import Files, Finisher, RecordedFile, make_folders

_log = logging.getLogger(__name__)
Ask = Callable[["RoomInfo | None"], "RoomInfo | RoomFailure"]
"""Asks for the room's data, given what was told last; called in a thread of its own."""
LINES_WAITING = 4096
"""Lines of ffmpeg that wait for the recorder's thread, at the most: an `on_progress` that never comes back must not let
a server's broken stream fill the memory. Later ones are dropped, and `Recording.notes` says how many."""


@dataclass(frozen=True)
class Recording:
    """What a recording came to."""

    files: tuple[RecordedFile, ...]
    """What was made; more than one when segments could not be joined."""
    end: End
    notes: tuple[str, ...] = ()
    """What happened on the way, in words."""

    @property
    def seconds(self) -> float:
        """Of video in all files."""
        return sum(file.seconds for file in self.files)


class Recorder:
    """One recording, in a thread of its own. All methods may be called from any thread.

    Leaving it as a context manager stops it and waits for its file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        ask: Ask,
        *,
        options: RecordingOptions = RecordingOptions(),
        ffmpeg: str | os.PathLike[str] | None = None,
        way: Way = Way(),
        on_progress: Callable[[Recorder], object] | None = None,
    ) -> None:
        """Prepare it; nothing is asked or written yet.

        Args:
            path: The file, or a template for it (docs/recording.md).
            ask: Asks for the room's data.
            options: What is wanted.
            ffmpeg: The program; by default it is looked for.
            way: How ffmpeg reaches the stream.
            on_progress: Called in the recorder's thread, some times a second.

        Raises:
            FfmpegMissing: There is no ffmpeg.
            ConfigurationError: No such kind of file, or a template that names what there is not.
        """
        self.options = options
        self.target: Target = find_target(os.fspath(path), options.target)
        self.program: str = find_ffmpeg(ffmpeg)
        self.path: str = os.fspath(path)
        """Where it is recorded; once it has begun, with the template's fields filled in."""
        self._template: str = self.path
        file_name(self.path, {})
        self._way = way
        self._ask = ask
        self._on_progress = on_progress
        self.on_end: Callable[[Recorder], object] | None = None
        """Called in the recorder's thread once `result` or `error` is there."""
        self._machine = RecordingMachine(options)
        self._inbox: SimpleQueue[Callable[[float], object]] = SimpleQueue()
        self._lines_dropped = 0
        self._process: Ffmpeg | None = None
        self._thread: threading.Thread | None = None
        self._done = threading.Event()
        self._begun = threading.Event()
        self._result: Recording | None = None
        self._failure: BaseException | None = None

    # --- what is known ----------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether it has been started and not come to its end."""
        return self._thread is not None and not self._done.is_set()

    @property
    def process(self) -> Any:
        """The running ffmpeg (a `subprocess.Popen`, of the process that minds it); `None` while there is none."""
        process = self._process
        return process.process if process is not None else None

    @property
    def stage(self) -> Stage:
        """Where it is."""
        return self._machine.stage

    @property
    def progress(self) -> Progress:
        """Of the current segment."""
        return self._machine.progress

    @property
    def seconds(self) -> float:
        """Of video recorded so far."""
        return self._machine.seconds

    @property
    def segments(self) -> int:
        """How many segments there are, the current one included."""
        return len(self._machine.segments) + (self._machine.segment is not None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What happened so far, in words."""
        return tuple(self._machine.notes)

    @property
    def room_info(self) -> RoomInfo | None:
        """The room as last told."""
        return self._machine.info

    @property
    def result(self) -> Recording | None:
        """What it came to; `None` before its end, and when it failed."""
        return self._result

    @property
    def error(self) -> BaseException | None:
        """Why it failed; `None` if it did not."""
        return self._failure

    def position(self) -> float | None:
        """Return where in the video this moment is, in seconds; `None` before its first frame."""
        return self._machine.position(time.monotonic())

    # --- running ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, in a thread of its own.

        Raises:
            LocalProtocolError: It was started before.
        """
        if self._thread is not None:
            raise LocalProtocolError("A Recorder records once: make another one")
        self._thread = threading.Thread(target=self._run, name="recorder")
        self._thread.start()

    def stop(self) -> None:
        """End it in good order, soon. Returns at once; `wait` waits for the file."""
        self._inbox.put(lambda now: self._machine.stop(now=now))

    def abort(self) -> None:
        """Kill ffmpeg: what it has not written yet is lost, the rest plays."""
        self._inbox.put(lambda now: self._machine.abort(now=now))

    def wait(self, timeout: float | None = None) -> Recording | None:
        """Wait for its end, `timeout` seconds at the most; return what it came to.

        Raises:
            RecordingError, ClosedError: It failed; `files` of the error are what there is nevertheless.
        """
        self.join(timeout)
        if self._failure is not None:
            raise self._failure
        return self._result

    def join(self, timeout: float | None = None) -> bool:
        """Wait for its end, `timeout` seconds at the most; return whether it has come."""
        self._may_wait(timeout)
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while not self._done.is_set() and (left := deadline - time.monotonic()) > 0:
            self._done.wait(PATIENCE if timeout is None else min(left, PATIENCE or threading.TIMEOUT_MAX))
        return self._done.is_set()

    def wait_begun(self, timeout: float | None = None) -> bool:
        """Wait until the first frame is recorded or it has come to its end; return whether it has begun."""
        self._may_wait(timeout)
        self._begun.wait(None if timeout is None else min(timeout, threading.TIMEOUT_MAX))
        return self._machine.position(time.monotonic()) is not None

    def close(self) -> None:
        """Stop it, and wait until its file is there."""
        if self._thread is not None:
            self.stop()
            self._may_wait(None)
            while not self._done.wait(PATIENCE):
                continue

    def _may_wait(self, timeout: float | None) -> None:
        """Refuse to let `on_progress` wait without an end for what only comes once it has returned."""
        if timeout is None and threading.current_thread() is self._thread and not self._done.is_set():
            raise LocalProtocolError("on_progress would wait for itself; stop() ends the recording and returns at once")

    def run(self) -> Recording:
        """Record until the end, in this thread's stead. Ctrl-C ends it in good order and is then raised.

        Raises:
            RecordingError, ClosedError: It failed.
        """
        self.start()
        try:
            result = self.wait()
        except BaseException:
            try:
                self.close()
            except BaseException:
                # A second Ctrl-C: whoever pressed it wants no more waiting.
                self.abort()
                raise
            raise
        if result is None:
            raise LocalProtocolError("The recording ended without a result")
        return result

    def __enter__(self) -> Recorder:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        machine = self._machine
        try:
            machine.start(now=time.monotonic())
            while machine.stage is not Stage.DONE or self._process is not None:
                self._step(machine)
            self._finish(machine)
        except BaseException as error:
            self._failure = error
            if self._process is not None:
                self._process.tell(Signal.KILL)
        finally:
            self._done.set()
            self._begun.set()
            self._tell(self.on_end)

    def _tell(self, listener: Callable[[Recorder], object] | None) -> None:
        """Call what the user gave; its failure is no reason to lose a recording."""
        if listener is None:
            return
        try:
            listener(self)
        except Exception:
            _log.exception("%s: a listener of the recording failed; the recording goes on", self.path)

    def _step(self, machine: RecordingMachine) -> None:
        while (action := machine.next_action()) is not None:
            self._act(action)
        if machine.stage is Stage.DONE and self._process is None:
            return
        timer = machine.next_timer()
        try:
            # A time limit of 1e12 seconds stands for none; a lock refuses to wait for so long.
            wait = None if timer is None else min(max(timer - time.monotonic(), 0.0), threading.TIMEOUT_MAX)
            happened = self._inbox.get(timeout=wait)
        except Empty:
            machine.handle_timer(now=time.monotonic())
        else:
            happened(time.monotonic())

    def _act(self, action: Action) -> None:
        if isinstance(action, AskRoom):
            # In a thread, so that a stop need not wait for the answer.
            threading.Thread(target=self._ask_room, name="recorder asks", daemon=True).start()
        elif isinstance(action, StartFfmpeg):
            try:
                self._start_ffmpeg(action)
            except TikTokWebcastError as error:
                self._machine.ffmpeg_failed(error, now=time.monotonic())
        elif self._process is not None:
            self._process.tell(action)

    def _ask_room(self) -> None:
        try:
            told = self._ask(self._machine.info)
        except BaseException as error:
            failure = error

            def fail(now: float) -> None:
                raise failure

            self._inbox.put(fail)
            return
        self._inbox.put(lambda now: self._machine.room_told(told, now=now))

    def _start_ffmpeg(self, action: StartFfmpeg) -> None:
        machine = self._machine
        if action.number == 1:
            self.path = file_name(self.path, _values(machine.info, action.stream.quality))
            make_folders(self._template, self.path)
        files = Files(self.path, action.number, self.options)
        path = files.path
        try:
            arguments = record_arguments(
                action.stream,
                path,
                self.target,
                options=replace(self.options, extra_outputs=files.extra_outputs),
                limit=action.limit,
                watch=action.watch,
                way=self._way,
            )
            _log.debug("recording %s/%s to %s", action.stream.quality, action.stream.format, path)
            self._process = Ffmpeg(
                self.program,
                arguments,
                self.options,
                environment=record_environment(self._way),
                on_progress=lambda line: self._hand_over(lambda now: self._progressed(line, now)),
                on_diagnostic=self._said,
                on_exit=lambda code: self._inbox.put(lambda now: self._exited(files, code, now)),
            )
        except TikTokWebcastError:
            files.discard()
            raise
        machine.ffmpeg_started(path, now=time.monotonic())

    def _said(self, line: str) -> None:
        # In the thread that reads: most lines are of no interest, and there are a hundred a second.
        if not is_plain_packet(line):
            self._hand_over(lambda now: self._machine.receive_diagnostic(line, now=now))

    def _hand_over(self, line: Callable[[float], object]) -> None:
        # Never waits: ffmpeg would stand still as soon as its pipe was full, and video would be lost.
        if self._inbox.qsize() < LINES_WAITING:
            self._inbox.put(line)
        else:
            self._lines_dropped += 1

    def _progressed(self, line: str, now: float) -> None:
        if self._machine.receive_progress(line, now=now) is None:
            return
        if self._machine.position(now) is not None:
            self._begun.set()
        self._tell(self._on_progress)

    def _exited(self, files: Files, code: int, now: float) -> None:
        self._process = None
        before = len(self._machine.segments)
        self._machine.ffmpeg_exited(code, now=now)
        if len(self._machine.segments) == before:
            files.discard()

    def _finish(self, machine: RecordingMachine) -> None:
        finisher = Finisher(self.program, self.target, self.options)
        files = finisher.finish(machine.segments)
        machine.notes += finisher.notes
        if self._lines_dropped:
            machine.notes.append(f"{self._lines_dropped} lines of ffmpeg were not read: on_progress took too long")
        for note in machine.notes:
            _log.info("%s: %s", self.path, note)
        error = machine.error
        if error is not None and machine.end is End.FAILED:
            if isinstance(error, RecordingError):
                error.files = tuple(file.path for file in files)
            self._failure = error
            return
        if error is not None:
            machine.notes.append(f"the stream was lost: {error}")
        self._result = Recording(files, machine.end or End.STOPPED, tuple(machine.notes))


def _values(info: RoomInfo | None, quality: str) -> dict[str, str]:
    now = time.localtime()
    values = {"quality": quality, "date": time.strftime("%Y-%m-%d", now), "time": time.strftime("%H-%M-%S", now)}
    if info is not None:
        values |= {"unique_id": info.owner.unique_id, "nickname": info.owner.nickname, "title": info.title}
        values["room_id"] = str(info.room_id or "")
    return values
