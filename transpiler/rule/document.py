"""A YAML or JSON file as a tree of nodes that know their places.

PyYAML's node tree is used as it is (its C composer keeps the marks); JSON files are read by a small composer of their
own into the same nodes, because YAML knows neither JSON's surrogate escapes nor its errors.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from transpiler.rule.findings import At, FileError, Finding, Severity, in_order
from transpiler.rule.json_nodes import MAX_DEPTH, JsonError, compose_json
from transpiler.rule.text import Lines
from transpiler.source import Source, Span

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML without its C part reads the same trees, slower
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAX_ALIASED = 100_000
"""A file whose aliases unfold to more nodes than this is refused (it would fill the memory)."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(slots=True)
class Document:
    """A file's text with its node tree and what has been found about it so far."""

    path: str
    text: str
    sha256: str
    root: yaml.Node
    lines: Lines
    findings: list[Finding] = field(default_factory=list)

    @property
    def source(self) -> Source:
        """The whole file as a source: spans of findings are offsets in it."""
        return Source(self.text, self.path)

    def at(self, node: yaml.Node) -> At:
        """Line and column at which a node begins."""
        return At(*self.lines.position(node.start_mark.index), self.path)

    def span(self, node: yaml.Node) -> Span:
        """The part of the file that a node takes, but not beyond its first line: carets stand under one line."""
        stop = re.compile(r"[\r\n]|$").search(self.text, node.start_mark.index)
        end = node.end_mark.index
        return Span(node.start_mark.index, min(end, stop.start()) if stop else end)

    def add(self, severity: Severity, code: str, message: str, node: yaml.Node, hint: str = "") -> None:
        """Keeps a finding about a node."""
        self.findings.append(Finding(code, severity, message, self.at(node), self.span(node), hint))

    def error(self, code: str, message: str, node: yaml.Node, hint: str = "") -> None:
        """Keeps an error: the file will not be used."""
        self.add(Severity.ERROR, code, message, node, hint)

    def warn(self, code: str, message: str, node: yaml.Node, hint: str = "") -> None:
        """Keeps a warning."""
        self.add(Severity.WARNING, code, message, node, hint)

    def raise_errors(self) -> None:
        """Raises FileError when an error has been found."""
        if any(f.severity is Severity.ERROR for f in self.findings):
            raise FileError(self.sorted(), self.source)

    def raise_all(self) -> None:
        """Like raise_errors, for files in which no finding may stay: a misspelt field would change what is proven."""
        self.findings[:] = [replace(finding, severity=Severity.ERROR) for finding in self.findings]
        self.raise_errors()

    def sorted(self) -> tuple[Finding, ...]:
        """The findings in the order of the file."""
        return in_order(self.findings)


def read_document(path: str | Path, data: bytes | None = None) -> Document:
    """The tree of a file, or of ``data`` that stands for it. Raises RuleError RULE009, RULE001, RULE005."""
    name = str(path)
    if data is None:
        data = read_bytes(name)
    return parse_document(name, decode(name, data), hashlib.sha256(data).hexdigest())


def read_bytes(name: str) -> bytes:
    """A file's bytes. Raises RULE009."""
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise broken(name, "", "RULE009", f"the file cannot be read: {error.strerror or error}", 0) from error


def decode(name: str, data: bytes) -> str:
    """A file's text: UTF-8, or UTF-16 with its mark. Raises RULE001 at the first byte that is neither.

    Trap: to put something in a byte's place would change a text that the query compares with.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        known = data[: error.start].decode(encoding, "replace")
        message = f"the file is not {encoding.removesuffix('-sig').upper()} text: {error.reason}"
        raise broken(name, known, "RULE001", message, len(known)) from error


def parse_document(name: str, text: str, sha256: str = "") -> Document:
    """The tree of a text, checked for duplicate keys and for aliases that unfold without end."""
    is_json = name.lower().endswith(".json")
    root = _compose_json(name, text) if is_json else _compose_yaml(name, text)
    if root is None:
        raise broken(name, text, "RULE001", "the file holds nothing", 0)
    document = Document(name, text, sha256, root, Lines(text))
    _check_tree(document, root, [MAX_ALIASED], [])
    document.raise_errors()
    return document


def _compose_json(name: str, text: str) -> yaml.Node:
    try:
        return compose_json(text)
    except JsonError as error:
        raise broken(name, text, "RULE001", f"the file is not well-formed JSON: {error.message}", error.at) from error


def _compose_yaml(name: str, text: str) -> yaml.Node | None:
    control = _CONTROL.search(text)
    if control:
        message = f"YAML does not allow the character U+{ord(control.group()):04X}"
        raise broken(name, text, "RULE001", message, control.start())
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if error.context_mark and "end of stream" in str(error.problem):
            mark = error.context_mark  # what is not closed is found where it opens, not at the end of the file
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise broken(name, text, "RULE001", f"not well-formed YAML: {problem}", mark.index if mark else 0) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise broken(name, text, "RULE001", f"not well-formed YAML: {type(error).__name__}", 0) from error
    return root


def broken(name: str, text: str, code: str, message: str, at: int, hint: str = "") -> FileError:
    """The error for a file of which no more than one thing can be said."""
    at = min(at, len(text))
    place = At(*Lines(text).position(at), name)
    return FileError((Finding(code, Severity.ERROR, message, place, Span(at, at + 1), hint),), Source(text, name))


def _check_tree(document: Document, node: yaml.Node, budget: list[int], above: list[yaml.Node]) -> None:
    """Duplicate keys are errors (YAML itself keeps the last silently), and a node may not contain itself."""
    budget[0] -= 1
    message = ""
    if budget[0] < 0:
        message = "the aliases unfold to too many values"
    elif any(node is outer for outer in above):
        message = "an alias refers to its own value"
    elif len(above) > MAX_DEPTH:
        message = f"values are nested more than {MAX_DEPTH} deep"
    if message:
        raise broken(document.path, document.text, "RULE001", message, node.start_mark.index)
    above.append(node)
    if isinstance(node, yaml.MappingNode):
        _check_keys(document, node)
        for key, value in node.value:
            _check_tree(document, key, budget, above)
            _check_tree(document, value, budget, above)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_tree(document, item, budget, above)
    above.pop()


def _check_keys(document: Document, node: yaml.MappingNode) -> None:
    seen: dict[str, yaml.Node] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            document.error("RULE001", "a key must be a name, not a list or a mapping", key)
            continue
        first = seen.setdefault(key.value, key)
        if first is not key:
            line, column, _ = document.at(first)
            message = f"the key '{key.value}' is given twice, first at line {line}, column {column}"
            document.error("RULE005", message, key, "keep one of the two")


def plain(node: yaml.Node) -> Any:  # Any: the value of an arbitrary YAML node
    """A node as plain data: dict, list, str, int, float, bool or None. Dates and other tags stay text."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    return scalar_value(node)


_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$")


def scalar_value(node: yaml.Node) -> str | int | float | bool | None:
    """A scalar's value. Only forms that YAML and JSON share are numbers: ``10:00:00`` and ``0x1F`` stay text."""
    text: str = node.value
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        # YAML 1.1 also reads yes, no, on, off as truth values; the country NO and the protocol's "on" are texts here.
        return text.lower() == "true" if text.lower() in ("true", "false") else text
    if kind in ("int", "float"):
        match = _NUMBER.match(text)
        if match:
            return float(text) if match.group(2) or match.group(3) else int(text)
    return text
