"""A value that must not be seen: a session id or an API key."""

from __future__ import annotations

from .errors import ConfigurationError, LocalProtocolError

MASK = "***"
_HEAD = 8
"""Characters of a secret's beginning that are taken for a part of it; fewer tell little."""


class Secret:
    """Text that shows itself only through `reveal()`.

    Its `repr`, `str` and format are `***`. Pickling leaves the value behind: `reveal()` of the copy raises
    `LocalProtocolError`. Made from printable ASCII only, since secrets travel in HTTP headers.

    Raises:
        ConfigurationError: The value is empty, or holds a character that no header may carry.
    """

    __slots__ = ("_value",)
    _value: str | None

    def __init__(self, value: str | Secret) -> None:
        text = value.reveal() if isinstance(value, Secret) else value
        if not isinstance(text, str) or not text.strip():
            raise ConfigurationError("A secret (session id, API key) must be text that is not empty.")
        text = text.strip()
        if not (text.isascii() and text.isprintable()):
            raise ConfigurationError(
                "A secret (session id, API key) holds a character that no HTTP header may carry, such as a line "
                "break. Copy it again, without quotes and line ends."
            )
        object.__setattr__(self, "_value", text)

    def reveal(self) -> str:
        """Return the value itself. Put it nowhere but into the one header that it is for.

        Raises:
            LocalProtocolError: This is a pickled copy, which does not carry the value.
        """
        if self._value is None:
            raise LocalProtocolError("This Secret was pickled, and a pickle never carries the value: make it anew.")
        return self._value

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Secret is immutable")

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return self._value == other._value if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return _without_value, ()


def mask(text: str, secret: str) -> str:
    """Return `text` with `secret` masked, and its beginning too where an excerpt cut off the rest.

    Of several secrets that may begin alike, take the whole ones out of the text first: the beginning of one would leave
    the rest of another.
    """
    text = text.replace(secret, MASK)
    head = secret[:_HEAD]
    at = text.find(head) if len(secret) > _HEAD else -1
    while at >= 0:
        end = at + _HEAD
        while end < len(text) and secret.startswith(text[at : end + 1]):
            end += 1
        text = text[:at] + MASK + text[end:]
        at = text.find(head, at + len(MASK))
    return text


def _without_value() -> Secret:
    secret = Secret.__new__(Secret)
    object.__setattr__(secret, "_value", None)
    return secret
