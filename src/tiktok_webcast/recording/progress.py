"""What does ffmpeg say? Its `-progress` lines, the streams that it found, frame sizes, and its errors."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

MAX_LINE = 2000
"""Characters of a line that are looked at."""
_SIGNATURE = re.compile(r"(\w+://[^\s?'\"]*)\?[^\s'\"]*")
_LOGIN = re.compile(r"(\w+://)[^\s/@'\"]*@")
_LEVEL = re.compile(r"^(?:\[[^\]]* @ 0x[0-9a-f]+\] )?\[(panic|fatal|error|warning|info|verbose|debug|trace)\] ?")
_VIDEO = re.compile(r"Stream #0:\d+.*?: Video: (\w+).*?, (\d{2,5})x(\d{2,5})\b")
_AUDIO = re.compile(r"Stream #0:\d+.*?: Audio: (\w+).*?, (\d+) Hz, ([\w.()]+)")
_FRAME = re.compile(r"\bpts_time:(-?[\d.]+)\b.*\bs:(\d+)x(\d+)\b")
_FATAL = re.compile(
    r"(?i)no space left|disk quota|read-only file|file too large|permission denied|unrecognized option"
    r"|option \S+ not found|option not found|unknown (?:encoder|decoder|bitstream)|error splitting the argument"
    r"|is not a suitable output|could not write header|error opening output|error while opening encoder"
    r"|requested output format|not currently supported in container|unable to choose an output|is a directory"
    r"|invalid argument.*output|error initializing output|failed to set value|error parsing"
)
_NO_PICTURE = re.compile(r"does not contain any stream|matches no streams|Decoder .* not found")


def without_secrets(text: str) -> str:
    """Return text with the query strings and logins of all addresses masked: stream URLs are signed there."""
    return _LOGIN.sub(r"\1***@", _SIGNATURE.sub(r"\1?***", text))


@dataclass(frozen=True)
class Progress:
    """How far one ffmpeg process has come."""

    seconds: float = 0.0
    """Of video that it has written."""
    size: int = 0
    """Bytes that it has written; fragments reach the file when they are whole."""
    frames: int = 0
    speed: float | None = None
    """Times as fast as life; `None` before it is known."""
    dropped: int = 0
    """Frames left out."""
    duplicated: int = 0
    """Frames that were doubled, when transcoding."""
    ended: bool = False


class ProgressParser:
    """Reads the lines of `-progress`; each block of them becomes one `Progress`."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def receive_line(self, line: str) -> Progress | None:
        """Take a line; return the progress when it ends a block."""
        name, equals, value = line[:MAX_LINE].strip().partition("=")
        if not equals:
            return None
        if name != "progress":
            if len(self._values) < 100:
                self._values[name.strip()] = value.strip()
            return None
        values, self._values = self._values, {}
        # `out_time_ms` is in microseconds too, by an old mistake that ffmpeg keeps.
        micros = _number(values.get("out_time_us")) or _number(values.get("out_time_ms"))
        return Progress(
            max((micros or 0.0) / 1e6, 0.0),
            int(_number(values.get("total_size")) or 0),
            int(_number(values.get("frame")) or 0),
            _number(values.get("speed", "").rstrip("x")),
            int(_number(values.get("drop_frames")) or 0),
            int(_number(values.get("dup_frames")) or 0),
            value.strip() == "end",
        )


@dataclass(frozen=True)
class FrameSize:
    """A key frame: when in the file, and how large."""

    seconds: float
    width: int
    height: int


@dataclass(frozen=True)
class Media:
    """What a segment is made of. Segments whose media are equal can be joined."""

    video: str = ""
    width: int = 0
    height: int = 0
    audio: str = ""
    rate: str = ""
    channels: str = ""

    def __str__(self) -> str:
        picture = f"{self.video} {self.width}x{self.height}" if self.video else "no picture"
        return f"{picture}, {self.audio} {self.rate} Hz {self.channels}" if self.audio else picture


class Diagnostics:
    """Reads ffmpeg's other lines (`-loglevel level+info`)."""

    def __init__(self) -> None:
        self.media: Media = Media()
        self.fatal: bool = False
        """Whether it said something that another try cannot mend."""
        self.no_picture: bool = False
        """Whether it could not watch the picture, as there is none or nothing decodes it."""
        self._errors: deque[str] = deque(maxlen=8)
        self._last = ""
        self._input = False

    @property
    def text(self) -> str:
        """The last errors, oldest first; the last line of any kind if there was none."""
        return " / ".join(dict.fromkeys(self._errors)) or self._last

    def receive_line(self, line: str) -> FrameSize | None:
        """Take a line; return the key frame that it tells of, if it does."""
        line = line[:MAX_LINE].rstrip()
        level = _LEVEL.match(line)
        text = line[level.end() :] if level else line
        if (level is not None and level[1] in ("panic", "fatal", "error")) or (level is None and text):
            said = without_secrets(text.strip())[:500]
            if said:
                self._errors.append(said)
            self.fatal = self.fatal or _FATAL.search(text) is not None
            self.no_picture = self.no_picture or _NO_PICTURE.search(text) is not None
            return None
        if "showinfo" in line[: level.end() if level else 0]:
            found = _FRAME.search(text)
            return FrameSize(_number(found[1]) or 0.0, int(found[2]), int(found[3])) if found else None
        if text.strip():
            self._last = without_secrets(text.strip())[:500]
        self._read_media(text)
        return None

    def _read_media(self, text: str) -> None:
        if text.startswith(("Input #", "Output #")):
            self._input = text.startswith("Input #0")
        if not self._input:
            return
        media = self.media
        video, audio = _VIDEO.search(text), _AUDIO.search(text)
        if video and not media.video:
            sizes = int(video[2]), int(video[3])
            self.media = Media(video[1], *sizes, media.audio, media.rate, media.channels)
        if audio and not media.audio:
            self.media = Media(media.video, media.width, media.height, audio[1], audio[2], audio[3])


def _number(text: str | None) -> float | None:
    if not text or not re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", text.strip()):
        return None
    return float(text)
