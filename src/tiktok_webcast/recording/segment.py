"""What is a segment of a recording, and which of them make one file?"""

from __future__ import annotations

from dataclasses import dataclass, field

from .progress import Media


@dataclass
class Segment:
    """What one ffmpeg process recorded."""

    number: int
    quality: str
    limit: float | None = None
    path: str = ""
    seconds: float = 0.0
    size_bytes: int = 0
    media: Media = field(default_factory=Media)
    size: tuple[int, int] | None = None
    """Of the first picture."""
    began: float | None = None
    """When its first frame was, by the clock of the machine's caller."""
    cut_at: float | None = None
    """Where in it the picture's size or the encoding changes: what follows is cut off."""
    changed: bool = False
    """Whether what is sent changed while it was recorded."""


def join_groups(segments: list[Segment]) -> list[list[Segment]]:
    """Return the segments in runs that can be joined: neighbours of the same codecs, sizes and rates.

    >>> [len(group) for group in join_groups([Segment(1, "hd"), Segment(2, "hd")])]
    [2]
    """
    groups: list[list[Segment]] = []
    for segment in segments:
        if groups and groups[-1][-1].media == segment.media:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return groups
