"""Secrets that tests plant all begin alike, so that the whole suite can be searched for them, whatever it tests.

What is searched: the log records and everything printed that a test leaves behind, what every command run in this
process prints, every exception of ours as it is made, and every byte of every capture that is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MARK = re.compile(rb"planted-?[a-z0-9]")
"""How each of them begins."""

found: list[str] = []
"""Where secrets were seen since the current test began."""


def search(where: str, text: object) -> None:
    """Take down a secret that is shown."""
    data = text if isinstance(text, bytes) else str(text).encode("utf-8", "replace")
    seen = MARK.search(data)
    if seen is not None:
        around = data[max(seen.start() - 60, 0) : seen.end() + 40]
        found.append(f"{where}: {around!r}")


def watch() -> None:
    """Search exceptions and captures from now on, as they are made."""
    from tiktok_webcast.capture.recorder import Recorder
    from tiktok_webcast.errors import TikTokWebcastError

    def begin(error: Any, *arguments: object) -> None:
        search(f"an exception, {type(error).__name__}", repr(arguments))
        super(TikTokWebcastError, error).__init__(*arguments)

    put: Callable[[Any, bytes], None] = Recorder._put

    def put_searched(recorder: Any, data: bytes) -> None:
        search("a capture", data)
        put(recorder, data)

    setattr(TikTokWebcastError, "__init__", begin)  # noqa: B010 - no type checker needs to believe this
    setattr(Recorder, "_put", put_searched)  # noqa: B010
