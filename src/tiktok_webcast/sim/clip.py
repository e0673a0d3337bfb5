"""A second or two of video that repeats without a gap: read from an FLV file, written as FLV tags and MPEG-TS segments.

The simulator's video is made of such clips; they come from the transports, as the core reads no files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

CLIP_MS = 1600
"""Length of a clip: 16 pictures at 10 a second, 25 frames of AAC at 16 kHz."""
_PICTURE_MS = 100
_SOUND_MS = 64
_VIDEO, _AUDIO = 9, 8
_PMT_PID, _VIDEO_PID, _AUDIO_PID = 0x1000, 0x100, 0x101
_KEY = 0x10


@dataclass(frozen=True)
class Frame:
    """One frame of a clip."""

    at: int
    """Milliseconds from the clip's begin."""
    kind: int
    """9 for a picture, 8 for sound: the tag types of FLV."""
    data: bytes
    """The body of its FLV tag."""


@dataclass(frozen=True)
class Clip:
    """A group of pictures and the sound to it."""

    headers: tuple[Frame, ...]
    """How to decode it."""
    frames: tuple[Frame, ...]
    """In the order of their times."""

    @classmethod
    def from_flv(cls, data: bytes) -> Clip:
        """Cut the second group of pictures out of an FLV file that was encoded for it.

        Raises:
            ValueError: It is too short for that.
        """
        tags = [tag for tag in read_tags(data) if tag.kind in (_VIDEO, _AUDIO)]
        headers = tuple(Frame(0, tag.kind, tag.data) for tag in tags if tag.data[1] == 0 and _is_configured(tag))
        pictures = [tag for tag in tags if tag.kind == _VIDEO and tag.data[1] == 1]
        sounds = [tag for tag in tags if tag.kind == _AUDIO and tag.data[1] == 1]
        keys = [index for index, tag in enumerate(pictures) if tag.data[0] & 0xF0 == _KEY]
        begin = pictures[keys[1]].at if len(keys) > 2 else CLIP_MS
        group = pictures[keys[1] : keys[2]] if len(keys) > 2 else []
        heard = [tag for tag in sounds if tag.at >= begin][: CLIP_MS // _SOUND_MS]
        if len(heard) < CLIP_MS // _SOUND_MS or (pictures and len(group) < CLIP_MS // _PICTURE_MS):
            raise ValueError("the clip is too short")
        frames = [Frame(number * _PICTURE_MS, _VIDEO, tag.data) for number, tag in enumerate(group)]
        frames += [Frame(number * _SOUND_MS, _AUDIO, tag.data) for number, tag in enumerate(heard)]
        return cls(headers, tuple(sorted(frames, key=lambda frame: (frame.at, -frame.kind))))

    @property
    def has_picture(self) -> bool:
        """Whether there is more than sound."""
        return any(frame.kind == _VIDEO for frame in self.frames)


def _is_configured(tag: Frame) -> bool:
    return tag.kind == _VIDEO or tag.data[0] >> 4 == 10


def read_tags(data: bytes) -> Iterator[Frame]:
    """Iterate over the tags of an FLV file."""
    place = int.from_bytes(data[5:9], "big") + 4
    while place + 11 <= len(data):
        size = int.from_bytes(data[place + 1 : place + 4], "big")
        at = int.from_bytes(data[place + 4 : place + 7], "big") | data[place + 7] << 24
        yield Frame(at, data[place], data[place + 11 : place + 11 + size])
        place += 11 + size + 4


# --- FLV ------------------------------------------------------------------------------------------------------------


def flv_header(clip: Clip) -> bytes:
    """The first bytes of a stream."""
    return b"FLV\x01" + bytes([0x05 if clip.has_picture else 0x04]) + b"\0\0\0\x09" + b"\0\0\0\0"


def flv_tag(frame: Frame, at: int) -> bytes:
    """A frame at a time in milliseconds."""
    at &= 0xFFFFFFFF
    size = len(frame.data).to_bytes(3, "big")
    stamp = (at & 0xFFFFFF).to_bytes(3, "big") + bytes([at >> 24])
    tag = bytes([frame.kind]) + size + stamp + b"\0\0\0" + frame.data
    return tag + len(tag).to_bytes(4, "big")


# --- MPEG-TS --------------------------------------------------------------------------------------------------------


def ts_segment(clip: Clip, number: int) -> bytes:
    """The clip as segment `number` of a stream: times and counters go on from the segment before."""
    return _TsWriter(clip, number).write()


class _TsWriter:
    """ISO 13818-1, as little of it as players need."""

    def __init__(self, clip: Clip, number: int) -> None:
        self._clip = clip
        self._base = number * CLIP_MS * 90
        self._packets: list[bytes] = []
        self._number = number
        self._counters: dict[int, int] = {}
        self._video = next((frame.data[5:] for frame in clip.headers if frame.kind == _VIDEO), b"")
        self._audio = next((frame.data[2:] for frame in clip.headers if frame.kind == _AUDIO), b"")

    def write(self) -> bytes:
        self._section(0, b"\x00", b"\x00\x01" + (0xE000 | _PMT_PID).to_bytes(2, "big"))
        streams = b""
        if self._video:
            streams += b"\x1b" + (0xE000 | _VIDEO_PID).to_bytes(2, "big") + b"\xf0\x00"
        streams += b"\x0f" + (0xE000 | _AUDIO_PID).to_bytes(2, "big") + b"\xf0\x00"
        clock = _VIDEO_PID if self._video else _AUDIO_PID
        self._section(_PMT_PID, b"\x02", (0xE000 | clock).to_bytes(2, "big") + b"\xf0\x00" + streams)
        for frame in self._clip.frames:
            stamp = (self._base + frame.at * 90 + 9000) & 0x1FFFFFFFF
            picture = frame.kind == _VIDEO
            data = self._annex_b(frame.data) if picture else self._adts(frame.data[2:])
            pid, stream = (_VIDEO_PID, 0xE0) if picture else (_AUDIO_PID, 0xC0)
            length = 0 if picture else len(data) + 8
            head = b"\0\0\x01" + bytes([stream]) + length.to_bytes(2, "big") + b"\x80\x80\x05" + _stamp(stamp)
            key = not picture or frame.data[0] & 0xF0 == _KEY
            self._packetize(pid, head + data, (stamp - 9000) & 0x1FFFFFFFF if pid == clock else None, key=key)
        return b"".join(self._continued(packet) for packet in self._packets)

    def _continued(self, packet: bytes) -> bytes:
        """Count on from the segment before, which had as many packets of each stream: a gap counts as loss."""
        pid = int.from_bytes(packet[1:3], "big") & 0x1FFF
        count = (packet[3] + self._number * self._counters[pid]) & 0xF
        return packet[:3] + bytes([packet[3] & 0xF0 | count]) + packet[4:]

    def _annex_b(self, body: bytes) -> bytes:
        units: list[bytes] = [b"\x09\xf0"]
        if body[0] & 0xF0 == _KEY:
            units += _parameter_sets(self._video)
        place = 5
        while place + 4 <= len(body):
            size = int.from_bytes(body[place : place + 4], "big")
            units.append(body[place + 4 : place + 4 + size])
            place += 4 + size
        return b"".join(b"\0\0\0\x01" + unit for unit in units)

    def _adts(self, data: bytes) -> bytes:
        config = int.from_bytes(self._audio[:2], "big")
        profile, rate, channels = (config >> 11) - 1, config >> 7 & 0xF, config >> 3 & 0xF
        size = len(data) + 7
        value = 0xFFF1 << 40 | profile << 38 | rate << 34 | channels << 30 | size << 13 | 0x7FF << 2
        return value.to_bytes(7, "big") + data

    def _section(self, pid: int, table: bytes, body: bytes) -> None:
        number = b"\x00\x01\xc1\x00\x00"
        section = table + (0xB000 | len(number) + len(body) + 4).to_bytes(2, "big") + number + body
        payload = b"\0" + section + _crc(section).to_bytes(4, "big")
        head = b"\x47" + (0x4000 | pid).to_bytes(2, "big") + bytes([0x10 | self._count(pid)])
        self._packets.append((head + payload).ljust(188, b"\xff"))

    def _packetize(self, pid: int, data: bytes, clock: int | None, *, key: bool) -> None:
        first = True
        while data:
            field = b""
            if first and (clock is not None or key):
                flags = (0x40 if key else 0) | (0x10 if clock is not None else 0)
                field = bytes([flags]) + (b"" if clock is None else (clock << 15 | 0x7E00).to_bytes(6, "big"))
            room = 184 - (len(field) + 1 if field else 0)
            part, data = data[:room], data[room:]
            if len(part) < room:
                missing = room - len(part)
                # The length byte itself is one of the missing, where there is no field yet.
                field = field + b"\xff" * missing if field else (b"\0" + b"\xff" * missing)[: missing - 1]
                adaptation = bytes([len(field)]) + field
            else:
                adaptation = bytes([len(field)]) + field if field else b""
            control = (0x30 if adaptation else 0x10) | self._count(pid)
            head = b"\x47" + ((0x4000 if first else 0) | pid).to_bytes(2, "big") + bytes([control])
            self._packets.append(head + adaptation + part)
            first = False

    def _count(self, pid: int) -> int:
        count = self._counters.get(pid, 0)
        self._counters[pid] = count + 1
        return count & 0xF


def _stamp(value: int) -> bytes:
    parts = (
        0x21 | value >> 29 & 0xE,
        value >> 22 & 0xFF,
        1 | value >> 14 & 0xFE,
        value >> 7 & 0xFF,
        1 | value << 1 & 0xFE,
    )
    return bytes(parts)


def _parameter_sets(config: bytes) -> list[bytes]:
    """The SPS and PPS of an AVCDecoderConfigurationRecord."""
    found: list[bytes] = []
    place = 5
    for mask in (0x1F, 0xFF):
        count = config[place] & mask
        place += 1
        for _ in range(count):
            size = int.from_bytes(config[place : place + 2], "big")
            found.append(config[place + 2 : place + 2 + size])
            place += 2 + size
    return found


_REVERSED = bytes(int(f"{number:08b}"[::-1], 2) for number in range(256))


def _crc(data: bytes) -> int:
    """CRC-32/MPEG-2: that of zlib with all bits mirrored, and not inverted at the end."""
    mirrored = crc32(data.translate(_REVERSED)) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)
