"""Reading fields off a mapping node: case-insensitive names, typed values, findings for all that does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, TypeVar

import yaml

from transpiler.rule.document import Document, plain, scalar_value
from transpiler.rule.durations import parse_duration
from transpiler.rule.findings import Severity
from transpiler.rule.text import embed
from transpiler.source import Source, Span

T = TypeVar("T")
_INTEGER = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(slots=True)
class Record:
    """A mapping of a file. ``where`` is its path in the file ('' at the top, ``entityMappings[0]``).

    Each reader returns None (or an empty tuple) for a field that is absent, null or ill-typed; the last is a finding.
    ``places`` gathers where every read field stands, by its path.
    """

    document: Document
    node: yaml.MappingNode
    where: str = ""
    places: dict[str, Span] = field(default_factory=dict)
    _fields: dict[str, tuple[yaml.Node, yaml.Node]] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for key, value in self.node.value:
            first = self._fields.setdefault(key.value.lower(), (key, value))
            if first[0] is not key:
                line = self.document.at(first[0]).line
                message = f"the key '{key.value}' is given twice ('{first[0].value}' at line {line})"
                self.document.error("RULE005", message, key, "keep one of the two; case makes no difference in names")

    def has(self, name: str) -> bool:
        """Whether the field is written, null included."""
        return name.lower() in self._fields

    def node_of(self, name: str) -> yaml.Node:
        """The field's value as a node, or the whole mapping when it is absent: where a finding about it points."""
        return self._fields.get(name.lower(), (self.node, self.node))[1]

    def key_of(self, name: str) -> yaml.Node:
        """The field's key as a node, or the whole mapping's when it is absent."""
        return self._fields.get(name.lower(), (self.node, self.node))[0]

    def path(self, name: str) -> str:
        """The field's path from the top of the file."""
        return f"{self.where}.{name}" if self.where else name

    def value(self, name: str) -> yaml.Node | None:
        """The field's node; None when it is absent or null. Marks it as read."""
        key = name.lower()
        self._read.add(key)
        if key not in self._fields:
            return None
        node = self._fields[key][1]
        self.places[self.path(name)] = self.document.span(node)
        return None if _is_null(node) else node

    def require(self, name: str, severity: Severity = Severity.ERROR, why: str = "") -> bool:
        """Whether the field has a value; a finding when it has none."""
        if self.has(name) and not _is_null(self.node_of(name)):
            return True
        at = self.key_of(name)
        owner = f" in {self.where}" if self.where else ""
        self.document.add(severity, "RULE002", f"the field '{name}' is missing{owner}", at, why)
        return False

    def ill_typed(self, name: str, wanted: str, node: yaml.Node, severity: Severity = Severity.ERROR) -> None:
        """The finding for a value of another type than wanted."""
        message = f"'{self.path(name)}' must be {wanted}, found {_describe(node)}"
        self.document.add(severity, "RULE004", message, node)

    def text(self, name: str, severity: Severity = Severity.ERROR) -> str | None:
        """A text (a number or bool counts as its text)."""
        node = self.value(name)
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self.ill_typed(name, "text", node, severity)
        return None

    def source(self, name: str) -> Source | None:
        """A text in KQL, with the way from each of its characters to the file."""
        node = self.value(name)
        if not isinstance(node, yaml.ScalarNode):
            if node is not None:
                self.ill_typed(name, "a query's text", node)
            return None
        doc = self.document
        start, end = node.start_mark.index, node.end_mark.index
        embedding = embed(doc.path, doc.text, doc.lines, start, end, node.style or "", node.value)
        return Source(node.value, doc.path, embedding)

    def boolean(self, name: str, severity: Severity = Severity.WARNING) -> bool | None:
        """A truth value (``"true"`` in quotes counts)."""
        node = self.value(name)
        if node is None:
            return None
        found = _TRUTH.get(node.value.lower()) if isinstance(node, yaml.ScalarNode) else None
        if found is None:
            self.ill_typed(name, "true or false", node, severity)
        return found

    def integer(self, name: str, severity: Severity = Severity.ERROR) -> int | None:
        """A whole number."""
        node = self.value(name)
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode) and _INTEGER.fullmatch(node.value):
            return int(node.value)
        self.ill_typed(name, "a whole number", node, severity)
        return None

    def duration(self, name: str, severity: Severity = Severity.ERROR) -> timedelta | None:
        """A duration, from the text as it is written (YAML would read ``10:00:00`` as a number)."""
        node = self.value(name)
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode):
            found = parse_duration(node.value)
            if found is not None:
                return found
        message = f"'{self.path(name)}' must be a duration, found {_describe(node)}"
        self.document.add(severity, "RULE004", message, node, "forms: 5m, 1h, 14d; 01:30:00, 1.00:00:00; PT5H, P1D")
        return None

    def choice(self, name: str, known: dict[str, T], what: str, severity: Severity = Severity.ERROR) -> T | None:
        """One of a closed set of words, by its meaning; case makes no difference."""
        text = self.text(name, severity)
        if text is None:
            return None
        lower = {word.lower(): meaning for word, meaning in known.items()}
        if text.strip().lower() in lower:
            return lower[text.strip().lower()]
        message = f"'{text}' is no {what}; known: {', '.join(known)}"
        self.document.add(severity, "RULE007", message, self.node_of(name), _suggest(text, known))
        return None

    def items(self, name: str, severity: Severity = Severity.WARNING) -> list[yaml.Node]:
        """The items of a list; a lone value counts as a list of one, with a finding."""
        node = self.value(name)
        if node is None:
            return []
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.ill_typed(name, "a list", node, severity)
        return [node]

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; items of other types are findings and left out."""
        found = []
        for index, item in enumerate(self.items(name)):
            self.places[f"{self.path(name)}[{index}]"] = self.document.span(item)
            if isinstance(item, yaml.ScalarNode) and not _is_null(item):
                found.append(str(item.value))
            else:
                self.ill_typed(name, "a list of texts", item, Severity.WARNING)
        return tuple(found)

    def record(self, name: str, severity: Severity = Severity.ERROR) -> Record | None:
        """A mapping below this one."""
        node = self.value(name)
        if node is None:
            return None
        if isinstance(node, yaml.MappingNode):
            return Record(self.document, node, self.path(name), self.places)
        self.ill_typed(name, "a mapping", node, severity)
        return None

    def records(self, name: str, severity: Severity = Severity.ERROR) -> list[Record]:
        """A list of mappings below this one; items of other types are findings and left out."""
        found = []
        for index, item in enumerate(self.items(name)):
            path = f"{self.path(name)}[{index}]"
            self.places[path] = self.document.span(item)
            if isinstance(item, yaml.MappingNode):
                found.append(Record(self.document, item, path, self.places))
            else:
                self.ill_typed(name, "a list of mappings", item, severity)
        return found

    def mapping_of_texts(self, name: str, severity: Severity = Severity.WARNING) -> dict[str, str]:
        """A mapping of free names to texts."""
        inner = self.record(name, severity)
        if inner is None:
            return {}
        found = {key.value: inner.text(key.value, severity) for key, _ in inner.node.value}
        return {key: value for key, value in found.items() if value is not None}

    def data(self, name: str) -> Any:  # Any: plain data of a form that is not ours to check
        """The field as plain data."""
        node = self.value(name)
        return None if node is None else plain(node)

    def rest(self, known: Iterable[str] = ()) -> dict[str, Any]:  # Any: plain data
        """The fields that nothing has read, as data. Each is a finding, with the nearest known name that is free."""
        # As they are written: what was read is in small letters.
        spelled = {name: name for name in self._read} | {name.lower(): name for name in known}
        names = [name for lower, name in spelled.items() if lower not in self._fields]
        elsewhere = {name.lower() for name in known}
        left: dict[str, Any] = {}
        for key, (node, value) in self._fields.items():
            if key in self._read:
                continue
            left[node.value] = plain(value)
            place = f" in {self.where}" if self.where else ""
            what = "has no meaning in this kind of rule" if key in elsewhere else "is not known"
            message = f"the field '{node.value}'{place} {what}"
            hint = "" if key in elsewhere else _suggest(node.value, names)
            self.document.warn("RULE003", message, node, hint)
        return left


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and scalar_value(node) is None


def _describe(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    text = str(node.value)
    return "nothing" if _is_null(node) else repr(text if len(text) <= 40 else text[:37] + "...")


def _suggest(text: str, known: Iterable[str]) -> str:
    by_lower = {word.lower(): word for word in known}
    near = get_close_matches(text.lower(), list(by_lower), n=1, cutoff=0.75)
    return f"did you mean {by_lower[near[0]]}?" if near else ""
