"""The base of every public value read from the wire: frozen, slotted, and lazy.

A class lists its fields as annotations. Each becomes a property, which computes the value when somebody reads it first
and finds it among the values of the view afterwards. A field that nobody reads costs nothing.

There is no `__getattr__` and no `__setattr__` on purpose: a class that has one gets none of the interpreter's short
ways to its slots, so that each look at one takes 30 ns instead of 10, and each new view 320 ns instead of 200
(CPython 3.11).
"""

from __future__ import annotations

import base64
import keyword
import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError
from datetime import datetime, timezone
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, cast

Reader = Callable[[Any], Any]

_ID_NAME = re.compile(r"((^|_)(id|ids|uid|uids|id_int|user_list)|(?<=[a-z])(Id|Ids|Uid|Uids))_?$")
"""Names of ids, in the wire's two styles: `user_id`, `userId`; and `mention_user_list`, ids by their values."""


def direct(wire_name: str = "", *, read: Reader | None = None) -> Any:
    """Declare a plain field that is read from the wire each time: `likes: int = direct("count")`.

    To keep a value for a second read costs more than to read a plain one twice, and most fields are read once.

    Args:
        wire_name: the field's name on the wire.
        read: a function of the wire, in place of a name.
    """
    return _Direct(wire_name, read)


class _Direct:
    """What `direct` declares, until its class is made."""

    __slots__ = ("_read", "_wire_name")

    def __init__(self, wire_name: str, read: Reader | None) -> None:
        self._wire_name = wire_name
        self._read = read

    def made(self, name: str) -> Any:
        """Return the property for a field of this name."""
        return _named(name, self._wire_name) if self._read is None else _computed(name, self._read)


def _named(name: str, wire_name: str) -> Any:
    """Return the property for a field that the wire has as `wire_name`."""

    def get(view: View) -> Any:
        """Return what was given, or what the wire says."""
        given = view._given
        if given and name in given:
            return given[name]
        value = getattr(view._wire, wire_name)
        return value if value.__class__ is not bytes else text(value)

    return _frozen(name, get)


def _computed(name: str, read: Reader) -> Any:
    """Return the property for a field that a function makes of the wire."""

    def get(view: View) -> Any:
        """Return what was given, or what the function makes of the wire."""
        given = view._given
        return given[name] if given and name in given else read(view._wire)

    return _frozen(name, get)


def _kept(name: str) -> Any:
    """Return the property for a field of this name whose value is computed once."""

    def get(view: View) -> Any:
        """Return what was given, or what was read before, or else read it."""
        values = view._values
        if name in values:
            return values[name]
        try:
            read = view._readers[name]
        except KeyError:
            read = _find_reader(view, name)
        value = read(view)
        # Looked at anew: reading it may have read other fields.
        values = view._values
        if values is view._given:
            # What was given stays what it was: it tells equal views apart, and may be shared.
            view._values = {**values, name: value}
        else:
            values[name] = value
        return value

    return _frozen(name, get)


def _frozen(name: str, get: Reader) -> property:
    def refuse(view: View, *value: object) -> None:
        change = "set" if value else "delete"
        raise FrozenInstanceError(f"{type(view).__name__} is immutable: cannot {change} {name!r}")

    return property(get, refuse, refuse)


class ViewType(type):
    """Makes a property of every annotated field of a class, in order."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> ViewType:
        own = tuple(field for field, kind in _annotations(namespace).items() if _is_field(field, str(kind)))
        inherited: dict[str, None] = {}
        for base in bases:
            inherited.update(dict.fromkeys(getattr(base, "fields", ())))
        fresh = [field for field in own if field not in inherited and field not in namespace]
        kept = [field for base in bases for field in getattr(base, "_kept_fields", ()) if field not in namespace]
        namespace["_kept_fields"] = frozenset(kept + fresh)
        slots = namespace.get("__slots__", ())
        slots = (slots,) if isinstance(slots, str) else slots
        # A class cannot have both a slot and a property of one name.
        namespace["__slots__"] = tuple(slot for slot in slots if slot not in fresh)
        namespace["fields"] = (*inherited, *(field for field in own if field not in inherited))
        namespace.setdefault("__match_args__", own or tuple(inherited))
        namespace["_readers"] = {}
        plain = {field: value for field, value in namespace.items() if isinstance(value, _Direct)}
        namespace.update({field: value.made(field) for field, value in plain.items()})
        namespace.update({field: _kept(field) for field in fresh})
        return super().__new__(mcls, name, bases, namespace, **options)


def _annotations(namespace: Mapping[str, Any]) -> Mapping[str, object]:
    if sys.version_info >= (3, 14) and not {"__annotate__", "__annotate_func__"}.isdisjoint(namespace):
        # A class body without `from __future__ import annotations` has a function that makes them (PEP 649).
        import annotationlib

        annotate: Any = annotationlib.get_annotate_from_class_namespace(namespace)
        return annotationlib.call_annotate_function(annotate, annotationlib.Format.STRING)
    found: Mapping[str, object] = namespace.get("__annotations__", {})
    return found


def _is_field(name: str, kind: str) -> bool:
    return not name.startswith("_") and "ClassVar" not in kind


class View(metaclass=ViewType):
    """A frozen value whose fields are read from a protobuf message on first access.

    May be built by hand too, for tests: `User(nickname="Ann")`. Fields that are not named read as if the wire had
    left them out.
    """

    __slots__ = ("_given", "_values", "_wire")
    fields: ClassVar[tuple[str, ...]]
    """The names of the public fields, in order."""
    json_fields: ClassVar[tuple[str, ...]] = ()
    """The keys of `to_dict()` in order; empty: the fields that the wire sent."""
    wire_type: ClassVar[str] = ""
    """The name of the protobuf message that the fields are read from."""
    _kept_fields: ClassVar[frozenset[str]]
    """Those that `_read_...` computes, or else the wire has under the same name."""
    _readers: ClassVar[dict[str, Reader]]
    _wire: Any
    _given: Mapping[str, Any]
    """Fields that did not come from the wire."""
    _values: Any
    """A mapping of these and of the fields that were read; while there are none of the latter, `_given` itself."""

    if TYPE_CHECKING:
        # Checkers let fields be read off any event, and patterns have places: both are found out when classes are made.
        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, **values: object) -> None:
        unknown = values.keys() - set(self.fields)
        if unknown:
            raise TypeError(
                f"{type(self).__name__} has no field {sorted(unknown)[0]!r}; it has {', '.join(self.fields)}"
            )
        self._wire = empty_wire(self.wire_type)
        self._given = self._values = values

    @classmethod
    def from_wire(cls, wire: Any, **given: object) -> Any:
        """Make one from a parsed protobuf message; `given` are fields that the message does not carry."""
        self = _new(cls)
        self._wire = wire
        self._given = self._values = given
        return self

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self is other or all(getattr(self, name) == getattr(other, name) for name in self.fields)

    def __hash__(self) -> int:
        values = (getattr(self, name) for name in self.fields)
        return hash((type(self), *(value for value in values if isinstance(value, (int, str, bytes, Enum)))))

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        descriptor = getattr(self._wire, "DESCRIPTOR", None) if not self.wire_type else None
        if descriptor is not None and type(self) is _foreign_view(descriptor):
            # A class made for a message of the user's has no place to be imported from; the message has.
            return _restore_foreign, (self._wire, dict(self._given))
        packed = self._wire.SerializeToString() if self._wire is not None else None
        return _restore, (type(self), packed, dict(self._given))

    def __repr__(self) -> str:
        shown: list[str] = []
        for name in self.fields:
            value = getattr(self, name)
            if value in (None, "", 0, False, ()) or isinstance(value, (bytes, Mapping)) or name == "common":
                continue
            text = f"[{len(value)}]" if isinstance(value, tuple) else repr(value)
            if isinstance(value, View) and text == f"{type(value).__name__}()":
                continue
            shown.append(f"{name}={text if len(text) <= 60 else text[:57] + '...'}")
            if len(shown) == 5:
                break
        return f"{type(self).__name__}({', '.join(shown)})"

    def to_dict(self) -> dict[str, Any]:
        """Return the value as JSON types: ids as strings, times as RFC 3339 text, bytes as base64."""
        names = self.json_fields or sent_fields(self)
        return {wire_name(name): self._to_json(name) for name in names}

    def _to_json(self, name: str) -> Any:
        special = getattr(type(self), f"_json_{name}", None)
        return special(self) if special is not None else to_json(getattr(self, name), name)


_new = object.__new__


def _restore(cls: type[View], packed: bytes | None, given: dict[str, Any]) -> View:
    wire = empty_wire(cls.wire_type)
    if packed and wire is not None:
        wire.ParseFromString(packed)
    view: View = cls.from_wire(wire, **given)
    return view


def _restore_foreign(wire: Any, given: dict[str, Any]) -> View:
    view: View = _foreign_view(wire.DESCRIPTOR).from_wire(wire, **given)
    return view


def needs_wire_field(cls: type[View], name: str) -> bool:
    """Return whether a field of a view can only be read from a field of that name on the wire."""
    # A base that is no view may come before the one that has the field.
    owner = next((base for base in cls.__mro__ if name in vars(base)), cls)
    return name in getattr(owner, "_kept_fields", ()) and not hasattr(cls, f"_read_{name}")


def empty_wire(wire_type: str) -> Any:
    """Return a new, empty protobuf message of that name, or `None` for a view without a message."""
    if not wire_type:
        return None
    from ._pb import message_class

    return message_class(wire_type)()


def sent_fields(view: View) -> tuple[str, ...]:
    """Return the names of the fields that the wire sent or the maker gave, in order."""
    sent = {descriptor.name for descriptor, _ in view._wire.ListFields()} if view._wire is not None else set()
    return tuple(name for name in view.fields if wire_name(name) in sent or name in view._given)


def wire_name(name: str) -> str:
    """Return the wire's name of a field: without the underscore that keeps `from_` clear of Python's own words."""
    return name[:-1] if name.endswith("_") else name


# --- reading ----------------------------------------------------------------------------------------------------


def _find_reader(view: View, name: str) -> Reader:
    cls = type(view)
    own: Reader | None = getattr(cls, f"_read_{name}", None)
    found = cls._readers[name] = own if own is not None else _wire_reader(view, name)
    return found


def _wire_reader(view: View, name: str) -> Reader:
    # The message's own descriptor, not our schema's: users may register message classes of their own.
    wire_fields = getattr(getattr(view._wire, "DESCRIPTOR", None), "fields_by_name", {})
    descriptor = wire_fields.get(wire_name(name))
    if descriptor is None:
        raise AttributeError(f"{type(view).__name__}.{name} was not given and no wire field is named so")
    return field_reader(descriptor)


def field_reader(descriptor: Any) -> Reader:
    """Return the function that reads one protobuf field of a view's message as a public value.

    Text is always `str` (broken UTF-8 replaced), absent scalars are their zero as in proto3, an absent message is
    `None`, repeated fields are tuples, maps are read-only mappings.
    """
    name = descriptor.name
    nested = descriptor.message_type
    if nested is None and _is_text(descriptor):
        if _is_repeated(descriptor):
            return lambda view: tuple([text(item) for item in getattr(view._wire, name)])
        return lambda view: text(getattr(view._wire, name))
    if nested is None:
        if _is_repeated(descriptor):
            return lambda view: tuple(getattr(view._wire, name))
        return lambda view: getattr(view._wire, name)
    if is_entry(nested):
        return _mapping_reader(name, nested)
    make = _view_maker(nested)
    if _is_repeated(descriptor):
        return lambda view: tuple([make(item) for item in getattr(view._wire, name)])
    return lambda view: make(getattr(view._wire, name)) if view._wire.HasField(name) else None


def _is_repeated(descriptor: Any) -> bool:
    repeated = getattr(descriptor, "is_repeated", None)
    return bool(repeated) if isinstance(repeated, bool) else descriptor.label == descriptor.LABEL_REPEATED


def _is_text(descriptor: Any) -> bool:
    return bool(descriptor.type == descriptor.TYPE_STRING)


def is_entry(nested: Any) -> bool:
    """Whether a message type stands for one pair of a map.

    Our maps are declared as repeated `...Entry` messages: the wire is the same, and a real map raises when broken UTF-8
    in it is read, and loses a pair that has more in it than the schema knows. Users' own messages may have real ones.
    """
    return bool(nested.GetOptions().map_entry) or (
        nested.name.endswith("Entry") and [field.name for field in nested.fields] == ["key", "value"]
    )


def _mapping_reader(name: str, entry: Any) -> Reader:
    key_text = _is_text(entry.fields_by_name["key"])
    value_field = entry.fields_by_name["value"]
    if value_field.message_type is not None:
        convert: Reader = _view_maker(value_field.message_type)
    elif _is_text(value_field):
        convert = text
    else:
        convert = _same
    native = entry.GetOptions().map_entry

    def read(view: View) -> Mapping[Any, Any]:
        field = getattr(view._wire, name)
        pairs = field.items() if native else ((item.key, item.value) for item in field)
        return MappingProxyType({(text(key) if key_text else key): convert(value) for key, value in pairs})

    return read


def _same(value: Any) -> Any:
    return value


def _view_maker(nested: Any) -> Reader:
    from ._pb import PACKAGE
    from .schema import view_class

    if nested.file.package == PACKAGE:
        return view_class(nested.full_name.removeprefix(f"{PACKAGE}.")).from_wire
    return _foreign_view(nested).from_wire


@lru_cache(maxsize=1024)
def _foreign_view(nested: Any) -> type[View]:
    """Return a view of a message type that no schema of ours knows: a user has registered it, or one that holds it."""
    names = (field.name for field in nested.fields)
    taken = {name: f"{name}_" if keyword.iskeyword(name) or hasattr(View, name) else name for name in names}
    made: Any = ViewType(nested.name, (View,), {"__annotations__": dict.fromkeys(taken.values(), "Any")})
    return cast("type[View]", made)


def text(value: str | bytes) -> str:
    """Return wire text as `str`: what is not valid UTF-8 arrives as bytes and gets replacement characters."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


# --- JSON -------------------------------------------------------------------------------------------------------


def to_json(value: Any, name: str = "") -> Any:
    """Return a field's value as JSON types (contracts.md section 2): ids as strings, times RFC 3339, bytes base64."""
    if value is None or (isinstance(value, (bool, str)) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, int):
        return str(value) if _ID_NAME.search(name) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, View):
        return value.to_dict()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Mapping):
        return {str(key): to_json(item, name) for key, item in value.items()}
    return [to_json(item, name) for item in value]


def rfc3339(moment: datetime) -> str:
    """Return a time as RFC 3339 text in UTC with milliseconds."""
    utc = moment.astimezone(timezone.utc)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
