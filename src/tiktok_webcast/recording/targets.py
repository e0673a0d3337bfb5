"""Which kinds of file can be written, and what ffmpeg must be told for each?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ConfigurationError

_FRAGMENTS = ("-movflags", "+frag_keyframe+delay_moov+default_base_moof")
_AUDIO_FRAGMENTS = ("-movflags", "+delay_moov+default_base_moof", "-frag_duration", "1000000")
_H264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p")
_AAC = ("-c:a", "aac", "-b:a", "128k")


@dataclass(frozen=True)
class Target:
    """One kind of file. All of them play up to the last second or so when the writer is killed."""

    name: str
    muxer: str
    options: tuple[str, ...] = ()
    copies: bool = True
    """Whether TikTok's own codecs (H.264 or H.265, and AAC) fit into it as they are."""
    audio_only: bool = False
    encoder: tuple[str, ...] = _H264 + _AAC
    """What transcodes for it."""


TARGETS = {
    target.name: target
    for target in (
        Target("mp4", "mp4", _FRAGMENTS),
        Target("m4v", "mp4", _FRAGMENTS),
        Target("mov", "mov", _FRAGMENTS),
        Target("mkv", "matroska", ("-cluster_time_limit", "1000")),
        Target("ts", "mpegts"),
        Target("flv", "flv", ("-flvflags", "+no_duration_filesize")),
        Target("webm", "webm", (), False, False, ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")),
        Target("m4a", "ipod", _AUDIO_FRAGMENTS, True, True, _AAC),
        Target("aac", "adts", (), True, True, _AAC),
        Target("mp3", "mp3", (), False, True, ("-c:a", "libmp3lame", "-b:a", "128k")),
        Target("opus", "ogg", (), False, True, ("-c:a", "libopus", "-b:a", "96k")),
        Target("flac", "flac", (), False, True, ("-c:a", "flac")),
        Target("wav", "wav", (), False, True, ("-c:a", "pcm_s16le")),
    )
}
"""Every kind of file, by the ending of its name."""


def find_target(path: str, name: str | None = None) -> Target:
    """Return the kind of file: the one named, else that of the path's ending; mp4 for a path without one.

    Raises:
        ConfigurationError: There is no such kind.
    """
    ending = re.search(r"\.([A-Za-z0-9]{1,5})$", path)
    wanted = name if name is not None else ending[1].lower() if ending else "mp4"
    found = TARGETS.get(wanted.lower().removeprefix("."))
    if found is None:
        hint = "; that is a source: --source hls, source='hls'" if wanted in ("hls", "cmaf") else ""
        raise ConfigurationError(
            f"Files of the kind {wanted!r} cannot be written{hint}. There are: {', '.join(TARGETS)}"
        )
    return found
