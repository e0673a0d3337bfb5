"""Captures: a session written down, and played again with the same events. Files of other kinds, too.

`Recorder` records, `replay` plays; `docs/captures.md` describes the format.
"""

from .format import CaptureReader, End, Header, Input, Output, Record, Verb
from .recorder import Recorder
from .replay import CaptureProblem, Replay, read_capture, replay

__all__ = [
    "CaptureProblem",
    "CaptureReader",
    "End",
    "Header",
    "Input",
    "Output",
    "Record",
    "Recorder",
    "Replay",
    "Verb",
    "read_capture",
    "replay",
]
