"""How is an event printed as a JSON line (contracts.md section 2)?"""

from __future__ import annotations

import json
import re
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=False).encode
# JSON allows these as they are, but many programs split lines at them, and terminals obey some.
_SEPARATORS = re.compile("[\x7f-\x9f\u2028\u2029]")


def json_line(value: Any) -> str:
    """Return a JSON value as one line, without the line end."""
    line = _encode(value)
    return line if line.isascii() else _SEPARATORS.sub(_escaped, line)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
