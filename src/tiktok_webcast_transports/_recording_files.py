"""The files of a recording: made before ffmpeg writes them, cut and joined after it."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.recording import (
    FfmpegFailed,
    Media,
    NotWritable,
    RecordingOptions,
    Segment,
    Target,
    join_arguments,
    join_groups,
    segment_name,
)
from tiktok_webcast.recording.arguments import concat_list, trim_arguments
from tiktok_webcast.recording.choice import is_safe_url
from tiktok_webcast.recording.progress import Diagnostics

from ._ffmpeg import run_ffmpeg

_MOST_SEGMENTS = 10_000
_ENOUGH = 0.8
"""Part of the segments' bytes that a joined file has at the least; else the segments are kept."""


@dataclass(frozen=True)
class RecordedFile:
    """One file that was made."""

    path: str
    seconds: float
    """Of video in it, as ffmpeg counted."""
    size: int
    """Bytes."""
    media: Media
    segments: int = 1
    """How many were joined to it."""


def make_folders(template: str, path: str) -> None:
    """Make the folders of a path if the template has fields among them: nobody could have made those before.

    Raises:
        NotWritable: They cannot be made.
    """
    folder = os.path.dirname(path)
    if "{" not in os.path.dirname(template) or not folder:
        return
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise NotWritable(f"{folder} cannot be made: {error.strerror or error}") from None


class Files:
    """What one segment is written to: its file, and those of `extra_outputs`. They are there, and may be written."""

    def __init__(self, path: str, number: int, options: RecordingOptions) -> None:
        """Make them.

        Raises:
            NotWritable: One cannot be made, or is there already and must not be replaced.
        """
        self._made: list[tuple[str, tuple[int, int] | None]] = []
        self.path: str = ""
        outputs: list[tuple[str, tuple[str, ...]]] = []
        try:
            self.path = self._reserve(path, number, overwrite=options.overwrite)
            for name, own in options.extra_outputs:
                kept = name if is_safe_url(name) else self._reserve(name, number, overwrite=options.overwrite)
                outputs.append((kept, own))
        except NotWritable:
            self.discard()
            raise
        self.extra_outputs: tuple[tuple[str, tuple[str, ...]], ...] = tuple(outputs)

    def _reserve(self, path: str, number: int, *, overwrite: bool) -> str:
        # Of further segments' names nobody knew when asking for a file to be replaced.
        overwrite = overwrite and number == 1
        for further in range(number, _MOST_SEGMENTS):
            name = segment_name(path, further)
            before = _state(name) if overwrite else None
            try:
                # Not emptied: ffmpeg does that once it has something to write.
                with Path(name).open("ab" if overwrite else "xb"):
                    self._made.append((name, before))
                    return name
            except FileExistsError:
                if number == 1:
                    raise NotWritable(
                        f"{name} is there already: give another name, or ask for it to be replaced"
                    ) from None
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else None
                raise NotWritable(f"{name} cannot be written: {reason or error}") from None
        raise NotWritable(f"{path}: there are {_MOST_SEGMENTS} segments already")

    def discard(self) -> None:
        """Remove what nothing was recorded to. What was there before and is as it was stays."""
        for name, before in self._made:
            if before is None or _state(name) != before:
                discard(name)


def _state(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def discard(path: str) -> None:
    """Remove a file that nothing was recorded to. A device is left alone."""
    with contextlib.suppress(OSError):
        if stat.S_ISREG(os.stat(path).st_mode):
            os.unlink(path)


def size_of(path: str) -> int:
    """Return the bytes of a file; 0 if it is none."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


class Finisher:
    """Makes the files of the segments, once all are recorded."""

    def __init__(self, program: str, target: Target, options: RecordingOptions) -> None:
        self.notes: list[str] = []
        """What could not be done, in words."""
        self._program = program
        self._target = target
        self._options = options

    def finish(self, segments: Sequence[Segment]) -> tuple[RecordedFile, ...]:
        """Cut segments where their picture changes, and join those that match."""
        for segment in segments:
            if segment.cut_at is not None:
                self._cut(segment)
        groups = join_groups(list(segments))
        files: list[RecordedFile] = []
        for group in groups:
            joined = len(group) > 1 and self._options.join and self._join(group)
            files += [_file(group[:1], group)] if joined else [_file([part], [part]) for part in group]
        if len(groups) > 1:
            kinds = "; then ".join(str(group[0].media) for group in groups)
            self.notes.append(f"kept apart, as they do not match: {kinds}")
        return tuple(files)

    def _cut(self, segment: Segment) -> None:
        cut = f"{segment.path}.cut"
        if self._run(trim_arguments(segment.path, cut, self._target, segment.cut_at or 0.0), cut, "cut"):
            self._replace(segment.path, cut, "cut")

    def _join(self, group: list[Segment]) -> bool:
        first = group[0].path
        joined = f"{first}.join"
        try:
            text = concat_list([os.path.abspath(part.path) for part in group])
            with tempfile.TemporaryDirectory(prefix="tiktok-webcast-") as folder:
                listed = os.path.join(folder, "segments")
                Path(listed).write_text(text, encoding="utf-8", errors="surrogateescape")
                if not self._run(join_arguments(listed, joined, self._target), joined, "joined"):
                    return False
        except (OSError, ConfigurationError) as error:
            self.notes.append(f"the segments were not joined: {error}")
            discard(joined)
            return False
        if size_of(joined) < _ENOUGH * sum(size_of(part.path) for part in group):
            self.notes.append("the segments were not joined: something would have been lost")
            discard(joined)
            return False
        if not self._replace(first, joined, "joined"):
            return False
        for part in group[1:]:
            discard(part.path)
        return True

    def _replace(self, path: str, made: str, what: str) -> bool:
        try:
            os.replace(made, path)
        except OSError as error:
            # Windows refuses it while a player has the file open.
            self.notes.append(f"not {what}: {error.strerror or error}")
            discard(made)
            return False
        return True

    def _run(self, arguments: list[str], made: str, what: str) -> bool:
        said = Diagnostics()
        try:
            code = run_ffmpeg(self._program, arguments, self._options, said.receive_line)
        except FfmpegFailed as error:
            # What was recorded is there, whatever has become of the program or the system since.
            self.notes.append(f"not {what}: {error}")
            discard(made)
            return False
        # Of a disk that is full at the very end ffmpeg 5.1 says so, and its exit code does not.
        failed = bool(code) or said.fatal
        if failed:
            self.notes.append(f"not {what}: {said.text}")
            discard(made)
        return not failed


def _file(named: list[Segment], parts: list[Segment]) -> RecordedFile:
    path = named[0].path
    return RecordedFile(path, sum(part.seconds for part in parts), size_of(path), parts[0].media, len(parts))
