"""Recording a room's video: which stream, which arguments for ffmpeg, which file, what next. All of it pure.

`tiktok_webcast_transports.recording` does it.
"""

from __future__ import annotations

from .arguments import RecordingOptions, Way, join_arguments, record_arguments, record_environment
from .choice import choose_stream, list_streams, usable_streams
from .errors import (
    AlreadyDownloadingStream,
    DownloadProcessNotFound,
    FfmpegFailed,
    FfmpegMissing,
    NoStream,
    NotDownloadingStream,
    NotWritable,
    RecordingError,
)
from .file_name import file_name, safe_value, segment_name
from .machine import AskRoom, End, RecordingMachine, Signal, Stage, StartFfmpeg
from .progress import Diagnostics, Media, Progress, ProgressParser
from .segment import Segment, join_groups
from .targets import TARGETS, Target, find_target

__all__ = [
    "TARGETS",
    "AlreadyDownloadingStream",
    "AskRoom",
    "Diagnostics",
    "DownloadProcessNotFound",
    "End",
    "FfmpegFailed",
    "FfmpegMissing",
    "Media",
    "NoStream",
    "NotDownloadingStream",
    "NotWritable",
    "Progress",
    "ProgressParser",
    "RecordingError",
    "RecordingMachine",
    "RecordingOptions",
    "Segment",
    "Signal",
    "Stage",
    "StartFfmpeg",
    "Target",
    "Way",
    "choose_stream",
    "file_name",
    "find_target",
    "join_arguments",
    "join_groups",
    "list_streams",
    "record_arguments",
    "record_environment",
    "safe_value",
    "segment_name",
    "usable_streams",
]
