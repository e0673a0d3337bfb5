"""A typed, documented view of every message type of the wire, one class for each, under the wire's own name.

The classes live in one module for each topic, loaded when a type of it is needed first. Where a hand-written model
stands for a wire type, `view_class` gives that one; `wire_view_class` always gives the plain view.
"""

from __future__ import annotations

from importlib import import_module

from .._pb._index import TOPIC_OF
from ..view import View

__all__ = ["PUBLIC", "view_class", "wire_view_class"]

PUBLIC: dict[str, str] = {
    "ImageModel": "tiktok_webcast.events.image:Image",
    "Text": "tiktok_webcast.events.text:Text",
    "User": "tiktok_webcast.events.user:User",
}
"""Hand-written models by the wire type that they stand for, as `"module:Class"`; `proto/generate.py` reads it too."""

_public: dict[str, type[View]] = {}


def view_class(wire_type: str) -> type[View]:
    """Return the class that a field of a wire type is read as: the hand-written model, else the plain view.

    `wire_type` is the message's name without our package, `"User"` or `"WebcastHourlyRankMessage.RankContainer"`.
    `LookupError` if there is no such type.
    """
    try:
        return _public[wire_type]
    except KeyError:
        pass
    path = PUBLIC.get(wire_type)
    if path is None:
        found = wire_view_class(wire_type)
    else:
        module, _, name = path.partition(":")
        found = getattr(import_module(module), name)
    _public[wire_type] = found
    return found


def wire_view_class(wire_type: str) -> type[View]:
    """Return the generated view of a wire type: every field under the wire's own name. `LookupError` if unknown."""
    outer, *nested = wire_type.split(".")
    topic = TOPIC_OF.get(outer)
    if topic is None:
        raise LookupError(f"no message type is named {wire_type!r}")
    found = getattr(import_module(f"{__name__}.{topic}"), outer)
    for name in nested:
        found = vars(found).get(name)
        if not isinstance(found, type):
            raise LookupError(f"no message type is named {wire_type!r}")
    view: type[View] = found
    return view
