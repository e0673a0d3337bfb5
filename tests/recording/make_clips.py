"""Makes the clips of the simulator's video, from test pictures: `python tests/recording/make_clips.py` (needs ffmpeg).

Each is one group of pictures of 1.6 s: 16 frames, and 25 frames of AAC at 16 kHz, so that its repetition has no gap.
"""

from __future__ import annotations

import gzip
import subprocess
import tempfile
from pathlib import Path

CLIPS = Path(__file__).parents[2] / "src" / "tiktok_webcast_transports" / "clips"
SIZES = {"origin": "480x270", "uhd": "400x224", "hd": "320x180", "sd": "240x136", "ld": "160x90", "ao": ""}
SECONDS = 4.0


def encode(size: str, path: Path) -> None:
    """Encode one clip, longer than is needed: its second group is the one that is cut out."""
    source = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000"]
    codecs = ["-c:a", "aac", "-b:a", "16k", "-ac", "1"]
    if size:
        source += ["-f", "lavfi", "-i", f"smptebars=size={size}:rate=10"]
        codecs += ["-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryslow", "-crf", "40", "-g", "16"]
        codecs += ["-keyint_min", "16", "-sc_threshold", "0", "-bf", "0", "-pix_fmt", "yuv420p"]
        codecs += ["-bsf:v", "filter_units=remove_types=6"]
    exact = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]
    command = ["ffmpeg", "-y", "-loglevel", "error", *source, "-t", str(SECONDS), *codecs, *exact, "-f", "flv"]
    subprocess.run([*command, str(path)], check=True)


def main() -> None:
    CLIPS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, size in SIZES.items():
            path = Path(folder) / f"{name}.flv"
            encode(size, path)
            (CLIPS / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


if __name__ == "__main__":
    main()
