"""The way from a hand-written view down to everything that the wire carried."""

from __future__ import annotations

from typing import Generic, TypeVar, overload

from ..view import View

W = TypeVar("W")


class WireView(Generic[W]):
    """An attribute that reads as the generated view of the same message: every field under the wire's own name."""

    __slots__ = ()

    @overload
    def __get__(self, view: None, owner: type[View]) -> WireView[W]: ...

    @overload
    def __get__(self, view: View, owner: type[View]) -> W: ...

    def __get__(self, view: View | None, owner: type[View]) -> WireView[W] | W:
        """Return the view of the message that `view` reads, made anew each time."""
        if view is None:
            return self
        # Imported here: it loads protobuf, and reading curated fields off a class must not.
        from ..schema import wire_view_class

        whole: W = wire_view_class(owner.wire_type).from_wire(view._wire)
        return whole
