"""A corpus of push frames like those of a busy room: synthetic, seeded, gzipped, about 3.7 KB a message.

    python bench/corpus.py OUT.frames --messages 20000

The file is [u32 little-endian length][frame] repeated, as the benchmark runner of contracts.md reads it.
"""

from __future__ import annotations
