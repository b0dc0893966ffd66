"""Word boundaries in texts whose boundaries are marked: marks stand at either end of every word.

RE2's ``\\b`` knows ASCII's words only, and a boundary that is written as the neighbour that it asks for takes that neighbour
with it, which is wrong where matches are replaced or counted. In a marked text ``\\b`` is a mark, and every other character may
have marks before it. There are as many marks as the pattern has boundaries: several may ask for one place, and so may the
end of one match and the beginning of the next, but no boundary twice. The mark is U+10FFFF, which Unicode keeps out of texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from transpiler.dialects.regex_boundaries import last_of
from transpiler.dialects.regex_classes import ANY, ANY_BUT_LINE, ANY_SPLIT, WORD, Wordness
from transpiler.dialects.regex_syntax import (
    Alternation,
    Assertion,
    Character,
    Edge,
    Flags,
    Group,
    Node,
    RegexError,
    Repetition,
    Sequence,
    can_be_empty,
)

MARK = "\U0010ffff"
WORDS = f"([{WORD}]+)"
"""What gets marks at both ends."""
_MARK = r"\x{10ffff}"
_MARKS = f"{_MARK}*"
_DOTS = {ANY_BUT_LINE: rf"[^\n{_MARK}]", ANY_SPLIT: f"[^{_MARK}]"}
_NEGATED_PROPERTY = re.compile(r"\\P(\w|\{\w+\})")
# What a class may hold that the mark is among.
_HOLDS_MARK = re.compile(rf"\\P|\[:\^|10ffff|{MARK}")


def over_marks(node: Node, kept: frozenset[int] | None) -> str:
    """The pattern for a marked text, with the groups that are kept (None: all). RegexError where marks do not tell."""
    if can_be_empty(node):
        raise RegexError("a pattern that also matches nothing finds a boundary twice", 0)
    return _written(node, Wordness.MIXED, kept)


def boundaries(node: Node) -> int:
    """How many boundaries are written in a pattern."""
    match node:
        case Assertion():
            return int(node.edge is Edge.BOUNDARY)
        case Sequence():
            return sum(boundaries(p) for p in node.parts)
        case Alternation():
            return sum(boundaries(b) for b in node.branches)
        case Group() | Repetition():
            return boundaries(node.inner)
        case _:
            return 0


def _written(node: Node, before: Wordness, kept: frozenset[int] | None) -> str:
    """``before``: what stands before the node for certain."""
    match node:
        case Character():
            return f"{_passed(node, before)}{_without_mark(node)}"
        case Flags():
            return node.text
        case Assertion():
            return _asserted(node)
        case Sequence():
            _check_edges(node.parts)
            befores = [before, *(last_of(Sequence(node.parts[:i])) for i in range(1, len(node.parts)))]
            return "".join(_written(p, b, kept) for p, b in zip(node.parts, befores, strict=True))
        case Alternation():
            return "|".join(_written(b, before, kept) for b in node.branches)
        case Group():
            captures = node.index is not None and (kept is None or node.index in kept)
            return f"{'(' if captures else node.opening}{_written(node.inner, before, kept)})"
        case Repetition():
            return _repeated(node, before, kept)


def _repeated(node: Repetition, before: Wordness, kept: frozenset[int] | None) -> str:
    inner = node.inner
    if can_be_empty(inner) and any(_ends_of(inner, at_start=True)):
        raise RegexError("a boundary that is repeated without a character takes marks without end", 0)
    if not isinstance(inner, Character):
        return f"{_written(inner, Wordness.MIXED, kept)}{node.operator}"
    # Between characters of one kind there is no boundary.
    passed = _passed(inner, before)
    if inner.wordness is not Wordness.MIXED and (node.least or not passed):
        return f"{passed}{_without_mark(inner)}{node.operator}"
    return f"(?:{_MARKS}{_without_mark(inner)}){node.operator}"


def _passed(node: Character, before: Wordness) -> str:
    return "" if node.wordness is before is not Wordness.MIXED else _MARKS


def _without_mark(node: Character) -> str:
    """The characters but for the mark."""
    text = node.text
    negated = _NEGATED_PROPERTY.fullmatch(text)
    if text == "." and node.split in _DOTS:
        return _DOTS[node.split]
    if text == ANY:
        return _DOTS[ANY_SPLIT]
    if negated is not None:
        return rf"[^\p{negated[1]}{_MARK}]"
    opening = re.match(r"(?:\(\?:)?\[\^", text)
    if opening is not None:
        members = text[opening.end() :]
        # A dash that stood first would make a range.
        return opening[0] + _MARK + (rf"\{members}" if members.startswith("-") else members)
    if text == "." or _HOLDS_MARK.search(text):
        raise RegexError("whether the mark of a boundary is among the characters is not known", 0)
    return text


def _asserted(node: Assertion) -> str:
    match node.edge:
        case Edge.BOUNDARY:
            return _MARK
        case Edge.START:
            return node.text
        case Edge.END:
            return f"{_MARKS}{node.text}"
        case _:
            raise RegexError(f"{node.text} looks at more than marks tell", node.position)


def _check_edges(parts: tuple[Node, ...]) -> None:
    """RegexError where a boundary may stand outside of an edge of the text, where its marks are not."""
    for i, part in enumerate(parts):
        closing = {a.edge for a in _ends_of(part, at_start=False)}
        opening = {a.edge for a in _ends_of(Sequence(parts[i + 1 :]), at_start=True)}
        for before, after in ((Edge.BOUNDARY, Edge.START), (Edge.END, Edge.BOUNDARY)):
            if before in closing and after in opening:
                raise RegexError("a boundary stands outside of the text's edge", 0)


def _ends_of(node: Node, *, at_start: bool) -> Iterable[Assertion]:
    """What is asserted where a node begins, or ends."""
    match node:
        case Assertion():
            yield node
        case Sequence():
            for part in node.parts if at_start else node.parts[::-1]:
                yield from _ends_of(part, at_start=at_start)
                if not can_be_empty(part):
                    return
        case Alternation():
            for branch in node.branches:
                yield from _ends_of(branch, at_start=at_start)
        case Group() | Repetition():
            yield from _ends_of(node.inner, at_start=at_start)
        case Character() | Flags():
            return
