"""Message classes of the wire, made at run time from descriptors that `proto/generate.py` writes. Not for users."""

from __future__ import annotations

from ._pool import PACKAGE, message_class

__all__ = ["PACKAGE", "message_class"]
