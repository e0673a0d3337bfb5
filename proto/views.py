"""Writes `schema` (a typed view of every message) and `events/generated` (an event for each method of methods.tsv)."""

from __future__ import annotations

import keyword
import re
import textwrap
from collections.abc import Collection
from pathlib import Path

from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from messages import CORPUS, Catalogue, MessageType, Method, is_entry
from modules import HEADER

_WIDTH = 116
_SCALARS = {
    FieldDescriptorProto.TYPE_DOUBLE: "float",
    FieldDescriptorProto.TYPE_FLOAT: "float",
    FieldDescriptorProto.TYPE_BOOL: "bool",
    FieldDescriptorProto.TYPE_STRING: "str",
    FieldDescriptorProto.TYPE_BYTES: "bytes",
}
_BUILTINS = {"int", "float", "bool", "str", "bytes", "tuple"}
_VIEW_NAMES = {"fields", "json_fields", "wire_type", "from_wire", "to_dict"}
_BASE_KEYS = {"name", "room_id", "method", "msg_id", "is_history", "created_at"}
_EVENT_NAMES = _VIEW_NAMES | _BASE_KEYS | {"names", "raw", "base64", "from_message", "variant"}
_VALUES_SHOWN = 24


def python_name(wire: str, taken: Collection[str]) -> str:
    """Return a field's name in Python: the wire's own, or with an underscore after it where that is not free."""
    return f"{wire}_" if keyword.iskeyword(wire) or wire in taken else wire


class Writer:
    """Collects the lines of one module and the names it must import."""

    def __init__(
        self, catalogue: Catalogue, package: str, topic: str | None, classes: Collection[str] = frozenset()
    ) -> None:
        self.catalogue = catalogue
        self.package = package
        self.topic = topic
        self.classes = classes
        self.lines: list[str] = []
        self.imports: dict[str, set[str]] = {}
        self.builtins = False
        self.mapping = False

    def docstring(self, text: str, indent: str) -> None:
        """Write a docstring, wrapped; every one is a sentence."""
        text = text.replace("\\", "\\\\").replace('"""', "'''")
        if len(indent) + len(text) + 6 <= _WIDTH + 4:
            self.lines.append(f'{indent}"""{text}"""')
            return
        wrapped = textwrap.wrap(text, _WIDTH - len(indent) - 3, break_long_words=False, break_on_hyphens=False)
        self.lines.append(f'{indent}"""{wrapped[0]}')
        self.lines += [f"{indent}{line}" for line in wrapped[1:]]
        self.lines.append(f'{indent}"""')

    def fields(self, message: MessageType, indent: str, taken: Collection[str]) -> None:
        """Write a message's fields as annotations, each with its documentation under it."""
        shadowed = {field.name for field in message.proto.field} & _BUILTINS
        for field, comment in zip(message.proto.field, message.field_comments, strict=True):
            self.lines.append(f"{indent}{python_name(field.name, taken)}: {self.annotation(field, shadowed)}")
            self.docstring(self.documentation(message, field, comment), indent)

    def annotation(self, field: FieldDescriptorProto, shadowed: set[str]) -> str:
        """Return a field's Python type, as `view.field_reader` makes it."""
        entry = self.catalogue.entry(field)
        if entry is not None:
            self.mapping = True
            key, value = (self._item(part, shadowed) for part in entry.field)
            return f"Mapping[{key}, {value}]"
        item = self._item(field, shadowed)
        if field.label == field.LABEL_REPEATED:
            return f"{self._builtin('tuple', shadowed)}[{item}, ...]"
        return f"{item} | None" if field.type == field.TYPE_MESSAGE else item

    def _item(self, field: FieldDescriptorProto, shadowed: set[str]) -> str:
        if field.type != field.TYPE_MESSAGE:
            return self._builtin(_SCALARS.get(field.type, "int"), shadowed)
        name = self.catalogue.type_name(field)
        public = self.catalogue.public.get(name)
        if public is not None:
            module, _, model = public.partition(":")
            # A model may be named like a wire type that the module defines or imports.
            alias = f"{model}Model" if model in self.catalogue.messages else model
            imported = model if alias == model else f"{model} as {alias}"
            self.imports.setdefault(self._relative(module), set()).add(imported)
            return alias
        topic = self.catalogue.messages[name].topic
        if topic != self.topic:
            outer, dot, nested = name.partition(".")
            # An event's class may be named like a wire type.
            alias = outer if outer not in self.classes else f"{outer}View"
            imported = outer if alias == outer else f"{outer} as {alias}"
            self.imports.setdefault(self._relative(f"tiktok_webcast.schema.{topic}"), set()).add(imported)
            return f"{alias}{dot}{nested}"
        return name

    def _relative(self, module: str) -> str:
        own, other = self.package.split("."), module.split(".")
        shared = 0
        while shared < len(own) and shared < len(other) and own[shared] == other[shared]:
            shared += 1
        return "." * (len(own) - shared + 1) + ".".join(other[shared:])

    def _builtin(self, name: str, shadowed: set[str]) -> str:
        if name in shadowed:
            self.builtins = True
            return f"builtins.{name}"
        return name

    def documentation(self, message: MessageType, field: FieldDescriptorProto, comment: str) -> str:
        """Return what is known of a field: meaning, unit, values, number on the wire, and the evidence."""
        parts = [comment] if comment else []
        if field.name.endswith("_ms") and "illiseconds" not in comment:
            parts.append("Milliseconds.")
        if field.type == field.TYPE_ENUM:
            parts.append(self._values(self.catalogue.type_name(field)))
        seen = self.catalogue.captured.get((message.name, field.number))
        evidence = f"captured in {seen} of {CORPUS} payloads" if seen else "schemas only"
        parts.append(f"Wire field {field.number}, {evidence}.")
        return " ".join(parts)

    def _values(self, name: str) -> str:
        values = self.catalogue.enums[name].values
        shown = ", ".join(f"{number} {value}" for number, value in values[:_VALUES_SHOWN])
        return f"`{name}`: {shown}{', ...' if len(values) > _VALUES_SHOWN else ''}."

    def text(self, title: str, *, base: tuple[str, str]) -> str:
        """Return the module: header, imports, and the lines collected."""
        head = [f'"""{title}', "", HEADER, '"""', "", "from __future__ import annotations", ""]
        typing = ["TYPE_CHECKING", "ClassVar"] if self.imports or self.mapping or self.builtins else ["ClassVar"]
        head += [f"from typing import {', '.join(typing)}", "", f"from {base[0]} import {base[1]}", ""]
        if "TYPE_CHECKING" in typing:
            head.append("if TYPE_CHECKING:")
            standard = (["    import builtins"] if self.builtins else []) + (
                ["    from collections.abc import Mapping"] if self.mapping else []
            )
            local = [line for module, names in sorted(self.imports.items()) for line in _import(module, sorted(names))]
            head += standard + ([""] if standard and local else []) + local + [""]
        while head[-1] == "":
            head.pop()
        return "\n".join([*head, *self.lines, ""])


def _import(module: str, names: list[str]) -> list[str]:
    line = f"    from {module} import {', '.join(names)}"
    if len(line) <= 120:
        return [line]
    return [f"    from {module} import (", *(f"        {name}," for name in names), "    )"]


def schema_modules(catalogue: Catalogue) -> dict[Path, str]:
    """Return the text of every topic's module of `schema`."""
    texts: dict[Path, str] = {}
    for topic, messages in catalogue.topics.items():
        writer = Writer(catalogue, "tiktok_webcast.schema", topic)
        for message in messages:
            _view(writer, message, "")
        texts[Path(f"schema/{topic}.py")] = writer.text(catalogue.titles[topic], base=("..view", "View"))
    return texts


def _view(writer: Writer, message: MessageType, indent: str) -> None:
    inner = indent + "    "
    writer.lines += ["", ""] if not indent else [""]
    writer.lines.append(f"{indent}class {message.proto.name}(View):")
    writer.docstring(message.comment or f"Wire message `{message.name}`.", inner)
    writer.lines += ["", f'{inner}wire_type: ClassVar[str] = "{message.name}"']
    writer.fields(message, inner, _VIEW_NAMES)
    for nested in message.nested:
        if not is_entry(nested.proto):
            _view(writer, nested, inner)


def event_modules(catalogue: Catalogue) -> dict[Path, str]:
    """Return the text of every topic's module of `events/generated`, and of its table of methods."""
    writers: dict[str, Writer] = {}
    table: dict[str, str] = {}
    written: set[str] = set()
    classes = {event_class(method) for method in catalogue.methods}
    for method in catalogue.methods:
        message = catalogue.messages[method.message]
        name = event_class(method)
        table[method.method] = f"tiktok_webcast.events.generated.{message.topic}:{name}"
        if method.message in written:
            continue
        written.add(method.message)
        carriers = [other for other in catalogue.methods if other.message == method.message]
        writer = writers.setdefault(message.topic, Writer(catalogue, "tiktok_webcast.events.generated", None, classes))
        writer.lines += ["", "", f"class {name}(Event):"]
        writer.docstring(_event_documentation(method, carriers), "    ")
        writer.lines += ["", f'    name: ClassVar[str] = "{method.event}"']
        writer.lines.append(f'    wire_type: ClassVar[str] = "{message.name}"')
        writer.fields(message, "    ", _EVENT_NAMES)
    texts = {
        Path(f"events/generated/{topic}.py"): writer.text(
            f"Events under the wire's own names: {_lower(catalogue.titles[topic])}", base=("..base", "Event")
        )
        for topic, writer in writers.items()
    }
    texts[Path("events/generated/__init__.py")] = _method_table(table)
    return texts


def event_class(method: Method) -> str:
    """Return the class name of a method's event: the wire's name between `Webcast` and `Message` or `Method`."""
    short = re.sub(r"(Message|Method)$", "", method.message.removeprefix("Webcast"))
    return f"{short}Event"


def _event_documentation(method: Method, carriers: list[Method]) -> str:
    meaning = next((other.meaning for other in carriers if other.method == other.message), method.meaning)
    captured = sum(other.captured for other in carriers)
    evidence = (
        f"captured {captured} times"
        if captured > 1
        else "captured once"
        if captured
        else "not captured: schema agreement only"
    )
    methods = ", ".join(f"`{other.method}`" for other in carriers)
    return f"{meaning[0].upper()}{meaning[1:]}. Wire method {methods}; {evidence}."


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]


def _method_table(table: dict[str, str]) -> str:
    lines = [
        '"""Events that carry every field of their message under the wire\'s own names.',
        "",
        "A field that would hide an attribute which every event has gets an underscore after its name (`room_id_`,",
        "`method_`), in Python and in JSON.",
        "",
        HEADER,
        '"""',
        "",
        "METHODS: dict[str, str] = {",
        *(f'    "{method}": "{path}",' for method, path in sorted(table.items())),
        "}",
        '"""Event classes by wire method, as `"module:Class"`."""',
        "",
    ]
    return "\n".join(lines)
