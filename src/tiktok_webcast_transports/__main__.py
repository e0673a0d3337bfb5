"""`python -m tiktok_webcast_transports` is the command `tiktok-webcast`."""

from __future__ import annotations

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
