"""How does a client download its room's video? `download` and `stop_download`, as in the 2023 TikTokLive."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from tiktok_webcast.errors import ConfigurationError
from tiktok_webcast.recording import (
    AlreadyDownloadingStream,
    DownloadProcessNotFound,
    NotDownloadingStream,
    RecordingOptions,
)

from ._attributes import Attributes

if TYPE_CHECKING:
    from ._recorder import Recorder

_log = logging.getLogger(__name__)
FfmpegOptions = str | Sequence[str] | None
"""Options for ffmpeg: a text as a shell would split it, or a list."""
_LOG_LEVELS = ("quiet", "panic", "fatal", "error", "warning", "info", "verbose", "debug", "trace")


class Downloads(Attributes):
    """The part of a client that records video."""

    _recorder: Recorder | None = None

    @property
    def ffmpeg(self) -> Recorder | None:
        """The download that runs, or the last one; `None` before the first. `ffmpeg.process` is ffmpeg's own."""
        return self._recorder

    @property
    def downloading(self) -> bool:
        """Whether a download runs."""
        return self._recorder is not None and self._recorder.running

    def download(
        self,
        path: str | os.PathLike[str],
        duration: float | None = None,
        quality: object = None,
        verbose: bool = True,
        loglevel: str = "error",
        global_options: Iterable[str] = (),
        inputs: Mapping[str, FfmpegOptions] | None = None,
        outputs: Mapping[str, FfmpegOptions] | None = None,
        *,
        options: RecordingOptions = RecordingOptions(overwrite=True),
        ffmpeg: str | os.PathLike[str] | None = None,
        on_progress: Callable[[Recorder], object] | None = None,
    ) -> Recorder:
        """Record the room's video to a file, beside everything else; returns at once. Needs no connection.

        It ends with the room, after `duration`, by `stop_download()`, or at Ctrl-C in `run()`. The program does not
        end before it.

        Args:
            path: The file; its ending says of which kind. It may be a template (docs/recording.md).
            duration: Seconds of video; `None` or less than 1: without an end.
            quality: `origin`, `uhd`, `hd`, `sd`, `ld` or `audio`, or an enum with such a value; the best.
            verbose: Whether to log begin and end.
            loglevel: How much of ffmpeg's own to log, in its words: `quiet`, `error`, ...
            global_options: For ffmpeg, each like `"-benchmark"` or `"-threads 2"`.
            inputs: More inputs for ffmpeg with their options. Under `""` are options for the stream itself.
            outputs: More files to write with their options. Under `""` or `path` are options for the file itself:
                `outputs={path: "-c:v libx264"}`.
            options: Everything else that there is to choose; the arguments above win where they are given.
            ffmpeg: The program; by default it is looked for.
            on_progress: Called with the download some times a second, in its thread.

        Raises:
            AlreadyDownloadingStream: One runs already.
            FfmpegMissing: There is no ffmpeg.
            ConfigurationError: Something makes no sense.
        """
        if self.downloading:
            raise AlreadyDownloadingStream("A download runs already: stop_download() ends it")
        if loglevel not in _LOG_LEVELS:
            raise ConfigurationError(f"loglevel is one of {', '.join(_LOG_LEVELS)}, not {loglevel!r}")
        # Here, so that clients which download nothing do not wait for it.
        from .recording import make_recorder

        given = options_from(
            options, os.fspath(path), duration=duration, quality=quality, global_options=global_options,
            inputs=inputs or {}, outputs=outputs or {},
        )  # fmt: skip
        recorder = make_recorder(
            self._parts.user,
            path,
            options=given,
            config=self._config,
            network=self.http.network,
            ffmpeg=ffmpeg,
            rng=Random(),
            on_progress=on_progress,
        )
        if verbose:
            _log.info("%s: downloading to %s", self._parts.user, recorder.path)
        recorder.on_end = _Report(str(self._parts.user), verbose=verbose, errors=loglevel != "quiet")
        self._recorder = recorder
        recorder.start()
        return recorder

    def stop_download(self) -> None:
        """End the download, soon; the file is whole. `client.ffmpeg.wait()` waits for it.

        Raises:
            NotDownloadingStream: None runs.
            DownloadProcessNotFound: ffmpeg does not run yet. The download ends all the same.
        """
        recorder = self._recorder
        if recorder is None or not recorder.running:
            raise NotDownloadingStream("Not currently downloading the stream")
        early = recorder.process is None and not recorder.segments
        recorder.stop()
        if early:
            raise DownloadProcessNotFound("The download was stopped before ffmpeg had begun: there is no file")

    def _end_download(self) -> None:
        if self._recorder is not None and self._recorder.running:
            self._recorder.close()


class _Report:
    """Logs how a download ended."""

    def __init__(self, user: str, *, verbose: bool, errors: bool) -> None:
        self._user = user
        self._verbose = verbose
        self._errors = errors

    def __call__(self, recorder: Recorder) -> None:
        result, error = recorder.result, recorder.error
        if error is not None:
            if self._errors:
                _log.error("%s: the download failed: %s", self._user, error)
        elif result is not None and self._verbose:
            files = ", ".join(file.path for file in result.files) or "nothing"
            _log.info("%s: downloaded %.1f s: %s (%s)", self._user, result.seconds, files, result.end.value)


def options_from(
    options: RecordingOptions,
    path: str,
    *,
    duration: float | None,
    quality: object,
    global_options: Iterable[str],
    inputs: Mapping[str, FfmpegOptions],
    outputs: Mapping[str, FfmpegOptions],
) -> RecordingOptions:
    """Return what the parameters of 2023 ask for."""
    values: dict[str, Any] = {}
    if duration is not None and duration >= 1:
        values["duration"] = float(duration)
    if quality is not None:
        named = str(getattr(quality, "value", quality)).lower()
        # TikTok's own word for it.
        values["quality"] = "audio" if named == "ao" else named
    own_input = tuple(word for name, given in inputs.items() if not name for word in _words(given))
    own_output = tuple(word for name, given in outputs.items() if name in ("", path) for word in _words(given))
    more = [global_options] if isinstance(global_options, str) else list(global_options)
    return replace(
        options,
        **values,
        global_options=(*options.global_options, *(word for text in more for word in _words(text))),
        input_options=(*options.input_options, *own_input),
        output_options=(*options.output_options, *own_output),
        extra_inputs=(*options.extra_inputs, *((name, _words(given)) for name, given in inputs.items() if name)),
        extra_outputs=(
            *options.extra_outputs,
            *((name, _words(given)) for name, given in outputs.items() if name not in ("", path)),
        ),
    )


def _words(given: FfmpegOptions) -> tuple[str, ...]:
    if given is None:
        return ()
    return tuple(shlex.split(given)) if isinstance(given, str) else tuple(map(str, given))
