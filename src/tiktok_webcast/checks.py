"""Is an option of the kind that it must be? Asked where it is given: later, it is an error in code of ours."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .errors import ConfigurationError

_TOO_LARGE = 2**63


def check_kind(name: str, value: object, kind: type | tuple[type, ...], what: str) -> None:
    """Refuse an option of another kind, by its type alone: there may be a secret in its value.

    Raises:
        ConfigurationError: `value` is no `kind`; `what` says that in words.
    """
    if not isinstance(value, kind):
        raise ConfigurationError(f"{name} must be {what}, not {type(value).__name__}")


def check_number(name: str, value: object, *, whole: bool = False) -> None:
    """Refuse what is no number, and one so large that it cannot be reckoned with or written out.

    Raises:
        ConfigurationError: `value` is none.
    """
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise ConfigurationError(f"{name} must be a {'whole ' if whole else ''}number, not {type(value).__name__}")
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:
        raise ConfigurationError(f"{name} must be less than 2**63, not a number of {value.bit_length()} bits")


def check_texts(name: str, value: object) -> None:
    """Refuse what is no collection, and a single text, whose characters would be taken for its members.

    Raises:
        ConfigurationError: `value` is such.
    """
    if isinstance(value, (str, bytes)) or not (hasattr(value, "__iter__") and hasattr(value, "__contains__")):
        raise ConfigurationError(f"{name} must be a set of texts, not {type(value).__name__}")


def check_origin(name: str, url: str, example: str) -> None:
    """Refuse what is no origin, a scheme with a host and perhaps a port; without showing a password or key in it.

    Raises:
        ConfigurationError: `url` is none; `example` is shown as one.
    """
    try:
        parts = urlsplit(url)
        # Read here, as it raises: a port that is none would be retried as a failure of the network.
        _ = parts.port
    except ValueError:
        # In its own words the password may stand.
        raise ConfigurationError(f"{name} has no valid host and port") from None
    if "@" in parts.netloc:
        # Nobody would send it, and errors name the host.
        raise ConfigurationError(f"{name} must be an origin without a user name and a password")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        # A query may be a key: some sign servers want it there.
        shown = re.sub(r"[?#].*", "?***", url, flags=re.DOTALL)
        raise ConfigurationError(f"{name} must be an origin such as {example!r}, not {shown!r}")
