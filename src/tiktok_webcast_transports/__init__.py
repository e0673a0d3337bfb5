"""Transports for `tiktok_webcast`: `.asyncio`, `.anyio` (asyncio and trio) and `.sync`, each with a `connect(...)`.

Importing this package imports no transport: choose one.
"""

from __future__ import annotations

import logging

from ._options import Network, Timeouts
from ._proxy import Proxy

__all__ = ["Network", "Proxy", "Timeouts"]

# Quiet unless the program configures logging.
logging.getLogger(__name__).addHandler(logging.NullHandler())
