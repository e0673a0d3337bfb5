"""Captures: a session written down, and played again with the same events. Files of other kinds, too.

`Recorder` records, `replay` plays; `docs/captures.md` describes the format.
"""

from .format import CaptureReader, End, Header, Input, Output, Record, Verb
from .frames_file import FramesReader, write_frames
from .har import HarFile, HarFrame, HarSocket, read_har
from .kind import FileKind, file_kind, unpacked
from .player import FramePlayer, play_frames
from .recorder import Recorder
from .redact import Redaction, redact, redact_frames
from .replay import CaptureProblem, Replay, read_capture, replay

__all__ = [
    "CaptureProblem",
    "CaptureReader",
    "End",
    "FileKind",
    "FramePlayer",
    "FramesReader",
    "HarFile",
    "HarFrame",
    "HarSocket",
    "Header",
    "Input",
    "Output",
    "Record",
    "Recorder",
    "Redaction",
    "Replay",
    "Verb",
    "file_kind",
    "play_frames",
    "read_capture",
    "read_har",
    "redact",
    "redact_frames",
    "replay",
    "unpacked",
    "write_frames",
]
