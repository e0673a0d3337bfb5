"""`RecordingMachine`: what to do next, from the first question about the room to the last file. No I/O, no clock.

    machine = RecordingMachine(options)
    machine.start(now=0.0)
    machine.next_action()          # AskRoom(); then machine.room_told(info, now=...)
    machine.next_action()          # StartFfmpeg(stream, ...); then ffmpeg_started, receive_* and ffmpeg_exited

A stream that breaks off, expires, stalls or changes its size is asked for anew while the room is live, and goes on in
a new segment. Stopping is a ladder: `q`, then terminate, then kill, each with its deadline.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum

from ..close import CloseReason
from ..errors import TikTokWebcastError, error_for
from ..evidence import RoomStatus
from ..room import RoomFailure
from ..room_info import RoomInfo, Stream
from .arguments import RecordingOptions
from .choice import choose_stream, list_streams
from .errors import FfmpegFailed, NoStream
from .progress import Diagnostics, NewEncoding, Progress, ProgressParser
from .segment import Segment

_LONGEST_DELAY = 15.0
_CLOSE_ENOUGH = 0.02
_FIRST_LOOK = 15.0
"""Seconds that ffmpeg has at the least to find out what a stream is; it takes about 3."""
_OVERSHOT = 0.4
"""Seconds more than the duration that are not worth cutting off."""
_AHEAD = 2.0
"""Seconds that the present moment may be ahead of what ffmpeg said last; it says so four times a second."""
_HEALTHY = 2.0
"""Seconds that a segment must have for the next one to begin without a wait."""


@dataclass(frozen=True)
class AskRoom:
    """Ask for the room's data anew, then call `room_told`."""


@dataclass(frozen=True)
class StartFfmpeg:
    """Start ffmpeg on a stream, then call `ffmpeg_started` or `ffmpeg_failed`."""

    number: int
    """Of the segment: 1 for the first."""
    stream: Stream
    limit: float | None
    watch: bool


class Signal(Enum):
    """What ffmpeg is told, mildest first."""

    QUIT = "q"
    """The letter on its stdin: it finishes the file."""
    TERMINATE = "t"
    KILL = "k"


Action = AskRoom | StartFfmpeg | Signal


class End(str, Enum):
    """Why a recording came to its end."""

    STOPPED = "stopped"
    DURATION = "duration"
    ROOM_ENDED = "room_ended"
    LOST = "lost"
    """The stream could not be had any more, although the room had not ended as far as is known."""
    FAILED = "failed"


class Stage(str, Enum):
    """Where a recording is."""

    IDLE = "idle"
    ASKING = "asking"
    STARTING = "starting"
    RECORDING = "recording"
    STOPPING = "stopping"
    WAITING = "waiting"
    DONE = "done"


class _Why(Enum):
    STOPPED = "you stopped it"
    LIMIT = "the duration is reached"
    CHANGED = "what is sent changed"
    STALLED = "nothing new came"


class RecordingMachine:
    """One recording. `end` and `error` tell how it ended once `stage` is `DONE`."""

    def __init__(self, options: RecordingOptions = RecordingOptions()) -> None:
        self.options = options
        self.stage: Stage = Stage.IDLE
        self.segments: list[Segment] = []
        """What has been recorded; those without a frame are left out."""
        self.segment: Segment | None = None
        """What is being recorded."""
        self.progress: Progress = Progress()
        """Of the current segment."""
        self.info: RoomInfo | None = None
        self.end: End | None = None
        self.error: TikTokWebcastError | None = None
        self.notes: list[str] = []
        """What happened on the way, in words."""
        self._actions: deque[Action] = deque()
        self._why: _Why | None = None
        self._asked_to_stop = False
        self._timer: float | None = None
        self._signal: Signal | None = None
        self._failures = 0
        self._waits = 0
        """Questions in a row that found the room paused."""
        self._watch = True
        self._moved_at = 0.0
        self._repeated = ""
        self._parser, self._said = ProgressParser(), Diagnostics()

    # --- out --------------------------------------------------------------------------------------------------------

    def next_action(self) -> Action | None:
        """Pop what to do next."""
        return self._actions.popleft() if self._actions else None

    def next_timer(self) -> float | None:
        """When to call `handle_timer`, at the latest."""
        return None if self.stage is Stage.DONE else self._timer

    @property
    def seconds(self) -> float:
        """Of video recorded so far, all segments together."""
        return self._before + (self.progress.seconds if self.segment is not None else 0.0)

    def position(self, now: float) -> float | None:
        """Where in the video the present moment is; `None` before the first frame.

        Between two segments it stays where the first one ended.
        """
        segment = self.segment
        if segment is None or segment.began is None:
            return self._before if self.segments else None
        at = max(now - segment.began, 0.0)
        # While nothing new comes, or the file is being finished, the clock goes on and the video does not.
        ahead = 0.0 if self.stage is Stage.STOPPING else _AHEAD
        at = min(at, self.progress.seconds + ahead, math.inf if segment.limit is None else segment.limit)
        return self._before + at

    @property
    def _before(self) -> float:
        return sum(segment.seconds for segment in self.segments)

    # --- in ---------------------------------------------------------------------------------------------------------

    def start(self, *, now: float) -> None:
        """Begin."""
        self._ask()

    def stop(self, *, now: float) -> None:
        """End it in good order; what was recorded is kept. Again: nothing changes."""
        if self.stage is Stage.DONE or self._asked_to_stop:
            return
        self._asked_to_stop = True
        if self.stage is Stage.RECORDING and not self.progress.seconds:
            # A file without a frame plays nowhere: the first one gets its chance.
            self._timer = now + self.options.first_frame
        elif self.stage is Stage.RECORDING:
            self._quit(_Why.STOPPED, now)
        elif self.stage in (Stage.ASKING, Stage.WAITING, Stage.IDLE):
            self._finish(End.STOPPED)

    def abort(self, *, now: float) -> None:
        """End it at once: what ffmpeg has not written yet is lost."""
        self._asked_to_stop = True
        if self.segment is not None:
            self._why = self._why or _Why.STOPPED
            self.stage = Stage.STOPPING
            self._send(Signal.KILL, None)
        elif self.stage is not Stage.DONE:
            self._finish(End.STOPPED)

    def room_told(self, told: RoomInfo | RoomFailure, *, now: float) -> None:
        """The answer to `AskRoom`."""
        if self.stage is not Stage.ASKING:
            return
        if isinstance(told, RoomFailure):
            self._no_room(told, now)
            return
        self.info = told
        stream = choose_stream(told, self.options.quality, self.options.source)
        if told.status is RoomStatus.OFFLINE:
            self._no_room(RoomFailure(CloseReason.OFFLINE, "the stream has ended"), now)
        elif stream is None and not self.segments:
            paused = "The room is paused, and" if told.status is RoomStatus.PAUSED else "The room"
            self._finish(End.FAILED, NoStream(f"{paused} has no stream that can be recorded: {list_streams(told)}"))
        elif stream is None:
            self._again("the room has no stream at the moment", now)
        else:
            self._start(stream)

    def ffmpeg_started(self, path: str, *, now: float) -> None:
        """Ffmpeg runs, and writes to this path."""
        if self.segment is None:
            return
        self.segment.path = path
        self.stage = Stage.RECORDING
        self._moved_at = now
        self._timer = now + max(self.options.stall, _FIRST_LOOK)
        if self._asked_to_stop:
            self._timer = now + self.options.first_frame

    def ffmpeg_failed(self, error: TikTokWebcastError, *, now: float) -> None:
        """Ffmpeg could not be started, or its file not be made."""
        self.segment = None
        self._finish(End.FAILED, error)

    def receive_progress(self, line: str, *, now: float) -> Progress | None:
        """A line of ffmpeg's stdout. Returns the progress when it is new."""
        progress = self._parser.receive_line(line)
        segment = self.segment
        if progress is None or segment is None:
            return None
        if progress.seconds > self.progress.seconds or progress.size > self.progress.size:
            self._moved_at = now
        self.progress = progress
        if progress.seconds and segment.began is None:
            segment.began = now - progress.seconds
        if self.stage is Stage.RECORDING and progress.seconds:
            self._recorded(segment, progress.seconds, now)
        return progress

    def _recorded(self, segment: Segment, seconds: float, now: float) -> None:
        if self._asked_to_stop:
            self._quit(_Why.STOPPED, now)
        elif segment.limit is not None and seconds >= segment.limit - _CLOSE_ENOUGH:
            # The watched picture would keep it until the next key frame.
            self._quit(_Why.LIMIT, now)
        else:
            self._timer = self._moved_at + self.options.stall

    def receive_diagnostic(self, line: str, *, now: float) -> None:
        """A line of ffmpeg's stderr."""
        told = self._said.receive_line(line)
        segment = self.segment
        if told is None or segment is None:
            return
        if isinstance(told, NewEncoding):
            self._changed(segment, told.seconds, f"the {told.kind} is encoded in another way", now)
            return
        size = (told.width, told.height)
        segment.size = segment.size or size
        if size != segment.size:
            words = f"the picture changed from {segment.size[0]}x{segment.size[1]} to {size[0]}x{size[1]}"
            self._changed(segment, told.seconds, words, now)

    def _changed(self, segment: Segment, seconds: float | None, words: str, now: float) -> None:
        if seconds is not None and seconds > 0:
            segment.cut_at = min(seconds, math.inf if segment.cut_at is None else segment.cut_at)
        if segment.changed:
            return
        segment.changed = True
        self._note(words)
        if self.stage is Stage.RECORDING:
            self._quit(_Why.CHANGED, now)

    def ffmpeg_exited(self, code: int | None, *, now: float) -> None:
        """Ffmpeg is gone, and all its lines were received."""
        segment, self.segment = self.segment, None
        if segment is None:
            return
        segment.media, segment.seconds, segment.size_bytes = self._said.media, self.progress.seconds, self.progress.size
        if segment.limit is not None and segment.seconds > segment.limit + _OVERSHOT:
            # A burst of the server's: more was written than asked for before ffmpeg could be told.
            segment.cut_at = min(segment.cut_at or segment.limit, segment.limit)
        if segment.cut_at is not None:
            segment.seconds = min(segment.seconds, segment.cut_at)
        recorded = segment.seconds > 0
        if recorded:
            self.segments.append(segment)
            if segment.seconds >= _HEALTHY:
                self._failures = self._waits = 0
        self.progress, self._signal = Progress(), None
        why, self._why = self._why, None
        self._after(why, code, recorded, now)

    def _after(self, why: _Why | None, code: int | None, recorded: bool, now: float) -> None:
        left = None if self.options.duration is None else self.options.duration - self._before
        if self._said.cannot_watch and self._watch and not recorded and why is not _Why.STOPPED:
            self._watch = False
            self._ask()
        elif why is None and code and self._said.fatal:
            self._finish(End.FAILED, FfmpegFailed("The recording failed", self._said.text, code))
        elif self._asked_to_stop:
            self._finish(End.STOPPED)
        elif why is _Why.LIMIT or (left is not None and left <= 0.1):
            self._finish(End.DURATION)
        elif recorded and (why is _Why.CHANGED or self.segments[-1].seconds >= _HEALTHY):
            self._note(f"a new segment begins: {why.value if why else self._broke(code)}")
            self._ask()
        else:
            self._again(why.value if why else self._broke(code), now)

    def handle_timer(self, *, now: float) -> None:
        """Do what is due."""
        if self._timer is None or now < self._timer or self.stage is Stage.DONE:
            return
        if self.stage is Stage.WAITING:
            self._ask()
        elif self.stage is Stage.RECORDING:
            self._quit(_Why.STOPPED if self._asked_to_stop else _Why.STALLED, now)
        elif self.stage is Stage.STOPPING and self._signal is Signal.QUIT:
            self._send(Signal.TERMINATE, now + self.options.terminate_within)
        else:
            self._send(Signal.KILL, None)

    # --- steps ------------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        self.stage, self._timer = Stage.ASKING, None
        self._actions.append(AskRoom())

    def _start(self, stream: Stream) -> None:
        limit = None if self.options.duration is None else self.options.duration - self._before
        self.stage, self._timer = Stage.STARTING, None
        self._parser, self._said = ProgressParser(), Diagnostics()
        number = len(self.segments) + 1
        if stream.quality != self.options.quality and not self.segments and not self._failures:
            self._note(f"there is no {self.options.quality}: recording {stream.quality}")
        self.segment = Segment(number, stream.quality, limit)
        self._actions.append(StartFfmpeg(number, stream, limit, self._watch))

    def _quit(self, why: _Why, now: float) -> None:
        self._why, self.stage = why, Stage.STOPPING
        self._send(Signal.QUIT, now + self.options.quit_within)

    def _send(self, signal: Signal, deadline: float | None) -> None:
        self._signal, self._timer = signal, deadline
        self._actions.append(signal)

    def _no_room(self, failure: RoomFailure, now: float) -> None:
        if failure.reason is CloseReason.OFFLINE and self.segments:
            self._finish(End.ROOM_ENDED)
        elif failure.retry and (self.segments or self._failures):
            self._again(failure.detail, now)
        else:
            self._finish(End.LOST if self.segments else End.FAILED, error_for(failure.closed()))

    def _again(self, why: str, now: float) -> None:
        if self.segments and self.info is not None and self.info.status is RoomStatus.PAUSED:
            # However long the pause is: the room has not ended, and the tries are for when it goes on.
            why = f"the room is paused: {why}"
            self._waits += 1
            waits = self._waits
        else:
            self._failures += 1
            self._waits, waits = 0, self._failures
        if why != self._repeated:
            self._note(why)
        self._repeated = why
        if self._failures > self.options.tries:
            error = FfmpegFailed("The stream could not be had", self._said.text or why)
            self._finish(End.LOST if self.segments else End.FAILED, error)
            return
        # An address that has expired needs no wait, a server in trouble does.
        exponent = min(waits - 2, 10)
        delay = min(self.options.retry_delay * 2.0**exponent, _LONGEST_DELAY) if exponent >= 0 else 0.0
        self.stage, self._timer = Stage.WAITING, now + delay

    def _broke(self, code: int | None) -> str:
        return f"the stream broke off ({self._said.text})" if code and self._said.text else "the stream broke off"

    def _finish(self, end: End, error: TikTokWebcastError | None = None) -> None:
        self.stage, self.end, self.error, self._timer = Stage.DONE, end, error, None
        if self._asked_to_stop and not self.segments and error is None:
            self._note("it was stopped before the first frame")

    def _note(self, text: str) -> None:
        if len(self.notes) < 1000:
            self.notes.append(text)
