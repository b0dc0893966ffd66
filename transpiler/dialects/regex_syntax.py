"""Kusto's regular expressions as a tree.

Kusto's engine is Rust's ``regex``: the syntax is nearly RE2's, but ``\\d``, ``\\s``, ``\\w`` and ``\\b`` are Unicode, a class may
hold classes, and a few things have other spellings. What RE2 cannot do raises a RegexError with the place in the pattern.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from transpiler.dialects.regex_classes import (
    ANY_BUT_LINE,
    ANY_SPLIT,
    CLASS_SPLITS,
    ClassText,
    Wordness,
    parse_class,
    parse_escape_class,
    wordness_of,
)
from transpiler.dialects.regex_sets import written_out


class RegexError(ValueError):
    """A pattern that is not translated: the reason, and the position in the pattern."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


class Edge(Enum):
    """What stands where nothing is consumed."""

    START = "start"
    END = "end"
    BOUNDARY = "boundary"
    NO_BOUNDARY = "no boundary"
    IN_ASCII = "boundary of ASCII's words"
    WORD_START = "start of a word"
    WORD_END = "end of a word"


@dataclass(frozen=True, slots=True)
class Character:
    """A pattern of exactly one character, already in RE2's spelling.

    ``split``: the characters of words among them, and the others, where they can be told apart ('' what has no spelling).
    """

    text: str
    wordness: Wordness
    is_ascii: bool = False
    split: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Assertion:
    """``^``, ``$``, ``\\A``, ``\\z``, ``\\b``, ``\\B``, ``\\<`` or ``\\>``."""

    text: str
    edge: Edge
    position: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts that follow each other; flags such as ``(?i)`` are parts, too."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternation:
    """Branches, the first that fits wins."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Parentheses. ``index`` is None for one that captures nothing; ``opening`` is what is written then."""

    inner: Node
    index: int | None
    name: str = ""
    opening: str = "(?:"


@dataclass(frozen=True, slots=True)
class Repetition:
    """A part with ``*``, ``+?``, ``{2,3}`` …"""

    inner: Node
    operator: str
    least: int


@dataclass(frozen=True, slots=True)
class Flags:
    """``(?i)``: no pattern of its own."""

    text: str


Node: TypeAlias = "Character | Assertion | Sequence | Alternation | Group | Repetition | Flags"

MAX_REPEAT = 1000
"""RE2's limit for ``{n,m}``."""
_LOOK = {"(?=": "look-ahead", "(?!": "negative look-ahead", "(?<=": "look-behind", "(?<!": "negative look-behind"}
_COUNTED = re.compile(r"\{([0-9]{0,9})(?:(,)([0-9]{0,9}))?\}")
_NAMED = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")
_FLAGS = re.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])")
_CODE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[xuU]\{([0-9a-fA-F]+)\})")
# Classes and the boundary as RE2 has them; its \B also holds within a letter. Ignoring case would put others among the classes.
_IN_ASCII = re.compile(r"\(\?-u:\\([bwds])\)")
_ASCII_CLASSES = {
    "w": ("(?-i:[0-9A-Za-z_])", Wordness.WORD),
    "d": ("[0-9]", Wordness.WORD),
    "s": (r"[\t-\r ]", Wordness.OTHER),
}
_IGNORES_CASE = re.compile(r"\(\?[a-zA-Z]*i")
_CONTROLS = {"n": "\\n", "r": "\\r", "t": "\\t", "f": "\\f", "v": "\\v", "a": "\\a"}
_WORD_EDGES = {"b": Edge.BOUNDARY, "B": Edge.NO_BOUNDARY, "<": Edge.WORD_START, ">": Edge.WORD_END}
_LONG_EDGES = {"b{start}": Edge.WORD_START, "b{end}": Edge.WORD_END}
_DEPTH = 100


@dataclass(slots=True)
class _Parser:
    pattern: str
    at: int = 0
    groups: int = 0
    names: dict[str, int] = field(default_factory=dict)
    depth: int = 0
    folds: bool = False
    dots: tuple[str, str] | None = ANY_BUT_LINE

    def error(self, reason: str, position: int | None = None) -> RegexError:
        return RegexError(reason, self.at if position is None else position)

    @property
    def rest(self) -> str:
        return self.pattern[self.at : self.at + 3]

    def alternation(self) -> Node:
        branches = [self.sequence()]
        while self.rest.startswith("|"):
            self.at += 1
            branches.append(self.sequence())
        return branches[0] if len(branches) == 1 else Alternation(tuple(branches))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            part = self.part()
            parts.append(self.repeated(part))
        return Sequence(tuple(parts))

    def repeated(self, part: Node) -> Node:
        start = self.at
        operator, least = self.operator()
        if not operator:
            return part
        if isinstance(part, Flags | Assertion):
            raise self.error("a repetition follows nothing that can be repeated", start)
        if self.rest.startswith("?"):
            self.at += 1
            operator += "?"
        found = Repetition(part, operator, least)
        if _copies(found) > MAX_REPEAT:
            raise self.error(f"RE2 repeats at most {MAX_REPEAT} times, repetitions within repetitions included", start)
        if self.operator()[0]:
            raise self.error("two repetitions in a row are not RE2's", start)
        return found

    def operator(self) -> tuple[str, int]:
        c = self.pattern[self.at : self.at + 1]
        if c and c in "*+?":
            self.at += 1
            return c, 1 if c == "+" else 0
        counted = _COUNTED.match(self.pattern, self.at)
        if counted is None or not (counted[1] or counted[3]):
            return "", 0
        numbers = [int(n) for n in (counted[1], counted[3]) if n]
        if max(numbers) > MAX_REPEAT:
            raise self.error(f"RE2 repeats at most {MAX_REPEAT} times")
        if numbers != sorted(numbers):
            raise self.error("a repetition has more at least than at most")
        self.at = counted.end()
        least = int(counted[1] or 0)
        return f"{{{least}{counted[2] or ''}{counted[3] or ''}}}", least

    def part(self) -> Node:
        c = self.pattern[self.at]
        if c == "(":
            return self.in_ascii() or self.group()
        if c == "[":
            return self.character_class()
        if c == "\\":
            return self.escape()
        start = self.at
        self.at += 1
        if c == ".":
            return Character(".", Wordness.MIXED, split=self.dots)
        if c in "^$":
            return Assertion(c, Edge.START if c == "^" else Edge.END, start)
        if c in "*+?":
            raise self.error("a repetition follows nothing that can be repeated", start)
        return Character("\\" + c if c in "{}]" else c, wordness_of(c), is_ascii=c.isascii() and not self.folds)

    def character_class(self) -> Node:
        try:
            found = self.set_of_characters()
        except ValueError as e:
            raise self.error(str(e)) from None
        self.at = found.end
        return Character(found.text, found.wordness, found.is_ascii and not self.folds, found.split)

    def in_ascii(self) -> Node | None:
        """``(?-u:\\w)``: what knows ASCII only."""
        found = _IN_ASCII.match(self.pattern, self.at)
        if found is None:
            return None
        start, self.at = self.at, found.end()
        if found[1] == "b":
            return Assertion("\\" + found[1], Edge.IN_ASCII, start)
        text, wordness = _ASCII_CLASSES[found[1]]
        return Character(text, wordness, is_ascii=True)

    def set_of_characters(self) -> ClassText:
        """A class; ValueError for one that can be neither spelled nor written out."""
        try:
            return parse_class(self.pattern, self.at)
        except ValueError as e:
            # Ignoring case, Kusto's engine folds the members and not the result.
            if not _IGNORES_CASE.search(self.pattern):
                with suppress(ValueError):
                    return written_out(self.pattern, self.at)
            raise e from None

    def escape(self) -> Node:
        start = self.at
        code = _CODE.match(self.pattern, start)
        if code is not None:
            value = int(next(g for g in code.groups() if g), 16)
            if value > 0x10FFFF:
                raise self.error("no such character", start)
            self.at = code.end()
            return Character(f"\\x{{{value:x}}}", wordness_of(chr(value)))
        try:
            known = parse_escape_class(self.pattern, start)
        except ValueError as e:
            raise self.error(str(e), start) from None
        if known is not None:
            text, wordness, self.at = known
            return Character(text, wordness, split=CLASS_SPLITS.get(text))
        for name, edge in _LONG_EDGES.items():
            if self.pattern.startswith(name, start + 1):
                self.at += 1 + len(name)
                return Assertion("\\" + name, edge, start)
        c = self.pattern[start + 1 : start + 2]
        self.at += 2
        if c in ("A", "z"):
            return Assertion("\\" + c, Edge.START if c == "A" else Edge.END, start)
        if c in _WORD_EDGES and self.pattern[self.at : self.at + 1] != "{":
            return Assertion("\\" + c, _WORD_EDGES[c], start)
        if c in _CONTROLS:
            return Character(_CONTROLS[c], Wordness.OTHER)
        if c == "0":
            raise self.error("whether Kusto takes octal escapes is not known; \\x00 is the same character", start)
        if c.isdigit():
            raise self.error("a back-reference cannot be done by RE2", start)
        if not c or c.isalnum() or not c.isascii():
            raise self.error(f"the escape '\\{c}' is not translated", start)
        return Character("\\" + c if c not in "\"'/ ,:;=!@%`~#&" else c, wordness_of(c), is_ascii=True)

    def group(self) -> Node:
        start = self.at
        self.depth += 1
        if self.depth > _DEPTH:
            raise self.error("too deeply nested")
        found = self.opened(start)
        if isinstance(found, Flags):
            self.depth -= 1
            return found
        inner = self.alternation()
        if not self.rest.startswith(")"):
            raise self.error("a parenthesis is not closed", start)
        self.at += 1
        self.depth -= 1
        return Group(inner, found.index, found.name, found.opening)

    def opened(self, start: int) -> Group | Flags:
        """Reads what begins a group; for ``(?i)`` the whole."""
        named = _NAMED.match(self.pattern, start)
        flags = _FLAGS.match(self.pattern, start)
        if named is not None:
            self.at = named.end()
            self.groups += 1
            self.names[named[1]] = self.groups
            return Group(Sequence(()), self.groups, named[1])
        if flags is not None:
            self.at = flags.end()
            return self.flagged(flags, start)
        if self.pattern.startswith("(?", start):
            head = self.pattern[start : start + 4]
            kind = next((_LOOK[k] for k in sorted(_LOOK, key=len, reverse=True) if head.startswith(k)), "")
            reason = f"a {kind} cannot be done by RE2" if kind else f"'{head}' is not translated"
            raise self.error(reason, start)
        self.at = start + 1
        self.groups += 1
        return Group(Sequence(()), self.groups)

    def flagged(self, flags: re.Match[str], start: int) -> Group | Flags:
        on, off = flags[1].replace("u", ""), flags[2] or ""
        if set(on + off) - set("imsU"):
            raise self.error(f"the flags of '{flags[0]}' are not RE2's", start)
        words = on + (f"-{off}" if off else "")
        # Ignoring case, ``k`` and ``s`` also stand for letters beyond ASCII.
        self.folds = self.folds or "i" in on
        if "s" in words:
            # Where the flag ends is told of the whole pattern only.
            self.dots = ANY_SPLIT if flags[3] == ")" and self.depth == 1 and "s" in on and not off else None
        if flags[3] == ")":
            return Flags(f"(?{words})" if words else "")
        return Group(Sequence(()), None, opening=f"(?{words}:")


def _copies(node: Node) -> int:
    """How often the most repeated part of a pattern is written out."""
    match node:
        case Sequence():
            return max((_copies(p) for p in node.parts), default=1)
        case Alternation():
            return max(_copies(b) for b in node.branches)
        case Group():
            return _copies(node.inner)
        case Repetition():
            counts = [int(n) for n in re.findall(r"[0-9]+", node.operator)]
            return max(1, *counts, 1) * _copies(node.inner)
        case _:
            return 1


def parse(pattern: str) -> tuple[Node, int, dict[str, int]]:
    """The tree of a pattern, the number of its groups, and the indices of the named ones. RegexError for what RE2 lacks."""
    parser = _Parser(pattern)
    node = parser.alternation()
    if parser.at < len(pattern):
        raise parser.error("a parenthesis closes nothing")
    return node, parser.groups, parser.names


def can_be_empty(node: Node) -> bool:
    """Whether a pattern may match nothing."""
    match node:
        case Character():
            return False
        case Sequence():
            return all(can_be_empty(p) for p in node.parts)
        case Alternation():
            return any(can_be_empty(b) for b in node.branches)
        case Group():
            return can_be_empty(node.inner)
        case Repetition():
            return node.least == 0 or can_be_empty(node.inner)
        case Assertion() | Flags():
            return True


def always_captures(node: Node, index: int) -> bool:
    """Whether every match captures some text in a group."""
    match node:
        case Group():
            return not can_be_empty(node.inner) if node.index == index else always_captures(node.inner, index)
        case Sequence():
            return any(always_captures(p, index) for p in node.parts)
        case Alternation():
            return all(always_captures(b, index) for b in node.branches)
        case Repetition():
            return node.least > 0 and always_captures(node.inner, index)
        case _:
            return False
