"""JSON text as YAML nodes with places. Strict JSON, as the standard says; depth is limited."""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # the standard library's own, not in its stubs
from typing import NoReturn

import yaml

MAX_DEPTH = 200
_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
_WORDS = {"true": "bool", "false": "bool", "null": "null"}


class JsonError(ValueError):
    """Where JSON text is not JSON: ``message`` and the offset ``at``."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


def compose_json(text: str) -> yaml.Node:
    """The node tree of JSON text. Raises JsonError."""
    composer = _Composer(text)
    node, at = composer.value(composer.skip(0), 0)
    if composer.skip(at) < len(text):
        raise JsonError("more text follows the value", composer.skip(at))
    return node


class _Composer:
    def __init__(self, text: str) -> None:
        self.text = text

    def skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def fail(self, expected: str, at: int) -> NoReturn:
        found = repr(self.text[at]) if at < len(self.text) else "the end"
        raise JsonError(f"expected {expected}, found {found}", at)

    def mark(self, at: int) -> yaml.Mark:
        return yaml.Mark("json", at, 0, 0, None, 0)

    def value(self, at: int, depth: int) -> tuple[yaml.Node, int]:
        if depth > MAX_DEPTH:
            raise JsonError(f"values are nested more than {MAX_DEPTH} deep", at)
        head = self.text[at : at + 1]
        if head == "{":
            return self.mapping(at, depth)
        if head == "[":
            return self.sequence(at, depth)
        return self.scalar(at)

    def scalar(self, at: int) -> tuple[yaml.ScalarNode, int]:
        if self.text[at : at + 1] == '"':
            return self.string(at)
        word = re.compile(r"true|false|null").match(self.text, at)
        number = _NUMBER.match(self.text, at)
        found = word or number
        if found is None:
            self.fail("a value", at)
        kind = _WORDS.get(found.group()) or ("float" if set(found.group()) & set(".eE") else "int")
        return self.node(kind, found.group(), at, found.end(), None), found.end()

    def string(self, at: int) -> tuple[yaml.ScalarNode, int]:
        if self.text[at : at + 1] != '"':
            self.fail("a string", at)
        try:
            value, end = scanstring(self.text, at + 1, True)
        except json.JSONDecodeError as error:
            raise JsonError(error.msg, error.pos) from error
        return self.node("str", value, at, end, '"'), end

    def node(self, kind: str, value: str, at: int, end: int, style: str | None) -> yaml.ScalarNode:
        return yaml.ScalarNode("tag:yaml.org,2002:" + kind, value, self.mark(at), self.mark(end), style)

    def mapping(self, at: int, depth: int) -> tuple[yaml.MappingNode, int]:
        pairs: list[tuple[yaml.Node, yaml.Node]] = []
        start, at = at, self.skip(at + 1)
        while self.text[at : at + 1] != "}":
            if pairs:
                at = self.skip(self.expect(",", at))
            key, at = self.string(at)
            at = self.skip(self.expect(":", self.skip(at)))
            value, at = self.value(at, depth + 1)
            pairs.append((key, value))
            at = self.skip(at)
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, self.mark(start), self.mark(at + 1), True), at + 1

    def sequence(self, at: int, depth: int) -> tuple[yaml.SequenceNode, int]:
        items: list[yaml.Node] = []
        start, at = at, self.skip(at + 1)
        while self.text[at : at + 1] != "]":
            if items:
                at = self.skip(self.expect(",", at))
            item, at = self.value(at, depth + 1)
            items.append(item)
            at = self.skip(at)
        return yaml.SequenceNode("tag:yaml.org,2002:seq", items, self.mark(start), self.mark(at + 1), True), at + 1

    def expect(self, char: str, at: int) -> int:
        if self.text[at : at + 1] != char:
            self.fail(f"'{char}'", at)
        return at + 1
