"""What can go wrong with a recording, each with what to do about it."""

from __future__ import annotations

from ..errors import TikTokWebcastError


class RecordingError(TikTokWebcastError):
    """A recording could not begin, or broke off. `files` are those that were made and play."""

    files: tuple[str, ...] = ()


class FfmpegMissing(RecordingError):
    """There is no ffmpeg; `looked_for` says where it was looked for."""

    def __init__(self, looked_for: tuple[str, ...], install: str) -> None:
        self.looked_for = looked_for
        self.install = install
        super().__init__(
            f"ffmpeg was not found. Looked for: {'; '.join(looked_for)}. To install it: {install}. "
            "(The Python packages ffmpeg and ffmpeg-python do not bring the program.)"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.looked_for, self.install)


class FfmpegFailed(RecordingError):
    """ffmpeg could not do it; `text` is its own error text, addresses without their signatures."""

    def __init__(self, what: str, text: str, exit_code: int | None = None) -> None:
        self.what = what
        self.text = text
        self.exit_code = exit_code
        super().__init__(f"{what}. ffmpeg says: {text or f'nothing (exit code {exit_code})'}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.what, self.text, self.exit_code)


class NoStream(RecordingError):
    """The room has no video that can be recorded at the moment."""


class NotWritable(RecordingError):
    """The file cannot be written, or is there already."""


class AlreadyDownloadingStream(RecordingError):
    """A download runs already: one at a time for a client; `stop_download()` ends it."""


class NotDownloadingStream(RecordingError):
    """No download runs that could be stopped."""


class DownloadProcessNotFound(RecordingError):
    """The download has begun, and ffmpeg does not run yet: there is nothing to stop but the attempt."""
