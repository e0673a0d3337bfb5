"""What does ffmpeg say? Its `-progress` lines, the streams that it found, frame sizes, and its errors."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace

MAX_LINE = 2000
"""Characters of a line that are looked at."""
_MOST_STREAMS = 16
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
    r"|invalid argument.*output|error initializing output|failed to set value|error parsing (?:options|global)"
    r"|cannot be run|loading shared librar|symbol lookup error|protocol not found"
)
_CANNOT_WATCH = re.compile(
    r"does not contain any stream|matches no streams|Decoder .* not found|No such filter|'framehash' is not a suitable"
)
_SETUP = re.compile(r"#extradata (\d+), +\d+, +(\w{1,32})$")
_KIND = re.compile(r"#media_type (\d+): (video|audio)$")
_TICK = re.compile(r"#tb (\d+): (\d{1,9})/(\d{1,9})$")
_PACKET = re.compile(r"(\d+), +(-?\d{1,18}), +-?\d{1,18}, .*, S=\d+((?:, +\d+, +\w{1,32})+)$")
_NEW_STREAM = re.compile(r"New (video|audio) stream \d+:\d+ at pos:-?\d+ and DTS:(-?[\d.]+)s")
_START = re.compile(r"Duration: .*, start: (-?[\d.]+)")


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
    setup: str = ""
    """Checksums of what a decoder is told before the first frame, where that is known."""

    def __str__(self) -> str:
        picture = f"{self.video} {self.width}x{self.height}" if self.video else "no picture"
        return f"{picture}, {self.audio} {self.rate} Hz {self.channels}" if self.audio else picture


@dataclass(frozen=True)
class NewEncoding:
    """From here on a stream is encoded in another way, although the picture may be as large as before."""

    seconds: float | None
    """Where in the file; `None` where that is not known."""
    kind: str
    """`picture` or `sound`."""


def is_plain_packet(line: str) -> bool:
    """Return whether a line tells of a packet with nothing special about it: most do, and need not be looked at."""
    return line[:1].isdigit() and ", S=" not in line


class Diagnostics:
    """Reads ffmpeg's other lines (`-loglevel level+info`), and the checksums that stand among them."""

    def __init__(self) -> None:
        self.media: Media = Media()
        self.fatal: bool = False
        """Whether it said something that another try cannot mend."""
        self.cannot_watch: bool = False
        """Whether it could not watch what it records, as there is no picture or nothing decodes it."""
        self._errors: deque[str] = deque(maxlen=8)
        self._last = ""
        self._input = False
        self._start: float | None = None
        self._kinds: dict[str, str] = {}
        self._ticks: dict[str, float] = {}
        self._setups: dict[str, str] = {}

    @property
    def text(self) -> str:
        """The last errors, oldest first; the last line of any kind if there was none."""
        return " / ".join(dict.fromkeys(self._errors)) or self._last

    def receive_line(self, line: str) -> FrameSize | NewEncoding | None:
        """Take a line; return the key frame or the other encoding that it tells of, if it does."""
        line = line[:MAX_LINE].rstrip()
        if line[:1] == "#":
            self._read_header(line)
            return None
        if line[:1].isdigit() and (packet := _PACKET.match(line)):
            return self._read_packet(packet)
        if is_plain_packet(line):
            return None
        level = _LEVEL.match(line)
        text = line[level.end() :] if level else line
        if (level is not None and level[1] in ("panic", "fatal", "error")) or (level is None and text):
            said = without_secrets(text.strip())[:500]
            if said:
                self._errors.append(said)
            self.fatal = self.fatal or _FATAL.search(text) is not None
            self.cannot_watch = self.cannot_watch or _CANNOT_WATCH.search(text) is not None
            return None
        if "showinfo" in line[: level.end() if level else 0]:
            found = _FRAME.search(text)
            return FrameSize(_number(found[1]) or 0.0, int(found[2]), int(found[3])) if found else None
        if text.strip():
            self._last = without_secrets(text.strip())[:500]
        self._read_media(text)
        new = _NEW_STREAM.search(text)
        return self._new_stream(new) if new else None

    def _read_media(self, text: str) -> None:
        if text.startswith(("Input #", "Output #")):
            self._input = text.startswith("Input #0")
        if not self._input:
            return
        media = self.media
        video, audio, start = _VIDEO.search(text), _AUDIO.search(text), _START.search(text)
        if start and self._start is None:
            self._start = _number(start[1])
        if video and not media.video:
            self.media = replace(media, video=video[1], width=int(video[2]), height=int(video[3]))
        if audio and not media.audio:
            self.media = replace(media, audio=audio[1], rate=audio[2], channels=audio[3])

    def _read_header(self, line: str) -> None:
        if (setup := _SETUP.match(line)) and len(self._setups) < _MOST_STREAMS:
            self._setups.setdefault(setup[1], setup[2])
            self.media = replace(self.media, setup=" ".join(sorted(self._setups.values())))
        elif (kind := _KIND.match(line)) and len(self._kinds) < _MOST_STREAMS:
            self._kinds[kind[1]] = "picture" if kind[2] == "video" else "sound"
        elif (tick := _TICK.match(line)) and len(self._ticks) < _MOST_STREAMS:
            self._ticks[tick[1]] = int(tick[2]) / max(int(tick[3]), 1)

    def _read_packet(self, packet: re.Match[str]) -> NewEncoding | None:
        known = self._setups.get(packet[1])
        told = packet[3].split(", ")
        # Servers repeat the setup now and then; what else goes beside a packet is short.
        sums = [checksum.strip() for size, checksum in zip(told[1::2], told[2::2], strict=False) if size.strip() != "0"]
        if known is None or not sums or known in sums:
            return None
        return NewEncoding(int(packet[2]) * self._ticks.get(packet[1], 0.001), self._kinds.get(packet[1], "picture"))

    def _new_stream(self, new: re.Match[str]) -> NewEncoding:
        at = _number(new[2])
        seconds = None if at is None or self._start is None or at <= self._start else at - self._start
        return NewEncoding(seconds, "picture" if new[1] == "video" else "sound")


def _number(text: str | None) -> float | None:
    if not text or not re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", text.strip()):
        return None
    return float(text)
