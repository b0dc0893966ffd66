"""Word boundaries beside a repeated character that may be of words or not (``\\bnet\\b.*\\buser\\b``).

What is repeated has to begin, or to end, with the kind of character that the boundary asks for; it may be left out only where
the boundary holds between the characters around it. The order in which lengths are tried stays what it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from transpiler.dialects.regex_boundaries import NOTHING_MATCHES, first_of, last_of
from transpiler.dialects.regex_classes import ANY_BUT_LINE, ANY_SPLIT, Wordness
from transpiler.dialects.regex_syntax import (
    Alternation,
    Assertion,
    Character,
    Edge,
    Flags,
    Group,
    Node,
    Repetition,
    Sequence,
)

_NOTHING = Sequence(())
_LINE_START = Assertion("(?m:^)", Edge.START, 0)
_LINE_END = Assertion("(?m:$)", Edge.END, 0)
_BOUNDS = re.compile(r"\{(\d+)(,?)(\d*)\}")


def with_gaps(node: Node) -> Node:
    """The pattern with the boundaries beside repeated characters written as the characters that they ask for."""
    return node if _swaps(node) else _rewritten(node, ends=True)


def from_line_start(node: Node) -> Node:
    """The pattern for its first match, where ``.*\\b`` at its beginning starts with the line: no match begins before."""
    parts = list(node.parts) if isinstance(node, Sequence) else []
    skip = 1 if parts and isinstance(parts[0], Flags) else 0
    if _swaps(node) or len(parts) < skip + 2 or not _is_boundary(parts[skip + 1]):
        return node
    found = _Run.of(_unwrapped(parts[skip]))
    after = first_of(Sequence(tuple(parts[skip + 2 :])))
    if found is None or found.least or found.character.split != ANY_BUT_LINE or after is Wordness.MIXED:
        return node
    # What stands before a line is no character of words.
    empty = _LINE_START if after is Wordness.WORD else None
    begin = found.between(None, _other(after), empty)
    return node if begin is None else Sequence((*parts[:skip], _wrapped(parts[skip], begin), *parts[skip + 2 :]))


def _swaps(node: Node) -> bool:
    """Whether a flag turns round which lengths are tried first."""
    match node:
        case Flags():
            return "U" in node.text
        case Group():
            return (node.index is None and "U" in node.opening) or _swaps(node.inner)
        case Repetition():
            return _swaps(node.inner)
        case Sequence():
            return any(_swaps(p) for p in node.parts)
        case Alternation():
            return any(_swaps(b) for b in node.branches)
        case _:
            return False


def _rewritten(node: Node, *, ends: bool) -> Node:
    """``ends``: whether nothing of the pattern follows."""
    match node:
        case Alternation():
            return Alternation(tuple(_rewritten(b, ends=ends) for b in node.branches))
        case Group():
            return Group(_rewritten(node.inner, ends=ends), node.index, node.name, node.opening)
        case Repetition():
            return Repetition(_rewritten(node.inner, ends=False), node.operator, node.least)
        case Sequence():
            last = len(node.parts) - 1
            return Sequence(
                _parts([_rewritten(p, ends=ends and i == last) for i, p in enumerate(node.parts)], ends=ends)
            )
        case _:
            return node


def _parts(parts: list[Node], *, ends: bool) -> tuple[Node, ...]:
    at = 0
    while at < len(parts):
        end = at + 2 if at + 1 < len(parts) and _is_boundary(parts[at + 1]) else at + 1
        # A boundary at the pattern's edge is left to its neighbour there.
        for begin in (at - 1, at) if at and _is_boundary(parts[at - 1]) else (at,):
            found = _between(parts, begin, at, end, ends=ends) if end - begin > 1 else None
            if found is not None:
                parts[begin:end] = [found]
                at = begin
                break
        at += 1
    return tuple(parts)


def _between(parts: list[Node], begin: int, at: int, end: int, *, ends: bool) -> Node | None:
    """The parts from ``begin`` to ``end``, a repeated character and the boundaries beside it, in other words; None where what
    stands around them does not tell."""
    run = _Run.of(_unwrapped(parts[at]))
    if run is None:
        return None
    opening, closing = begin < at, end > at + 1
    before = last_of(Sequence(tuple(parts[:begin])))
    after = first_of(Sequence(tuple(parts[end:])))
    # What takes every letter, and as much as there is, has none behind it.
    is_rest = ends and end == len(parts) and run.takes_words and not run.lazy
    if is_rest and closing and not (opening and run.least == 0 and before is Wordness.WORD):
        after = Wordness.OTHER
    if (opening and before is Wordness.MIXED) or (closing and after is Wordness.MIXED):
        return None
    empty: Node | None = _NOTHING if before is not after else None
    if run.least == 0 and Wordness.MIXED in (before, after):
        if not is_rest or before is Wordness.MIXED:
            return None
        # Any other character than a line's end would be taken.
        empty = _LINE_END if before is Wordness.WORD else None
        if empty is not None and run.character.split != ANY_BUT_LINE:
            return None
    found = run.between(_other(before) if opening else None, _other(after) if closing else None, empty)
    return None if found is None else _wrapped(parts[at], found)


def _unwrapped(node: Node) -> Node:
    """What alone stands in a group."""
    if isinstance(node, Group):
        return _unwrapped(node.inner)
    return node.parts[0] if isinstance(node, Sequence) and len(node.parts) == 1 else node


def _wrapped(node: Node, found: Node) -> Node:
    """What stands in a group exchanged."""
    if isinstance(node, Group):
        return Group(_wrapped(node.inner, found), node.index, node.name, node.opening)
    return found


def _is_boundary(node: Node) -> bool:
    return isinstance(node, Assertion) and node.edge is Edge.BOUNDARY


def _other(kind: Wordness) -> Wordness:
    return Wordness.WORD if kind is Wordness.OTHER else Wordness.OTHER


@dataclass(frozen=True, slots=True)
class _Run:
    """A character, ``least`` to ``most`` times (None: any number), the fewest first if ``lazy``."""

    character: Character
    least: int
    most: int | None
    lazy: bool

    @property
    def takes_words(self) -> bool:
        """Whether every character of words is among those that it takes, and it takes any number."""
        return self.most is None and self.character.split is not None and self.character.split[0] == ANY_SPLIT[0]

    @classmethod
    def of(cls, node: Node) -> _Run | None:
        if isinstance(node, Character):
            return cls(node, 1, 1, lazy=False) if node.split is not None else None
        if not isinstance(node, Repetition) or not isinstance(node.inner, Character):
            return None
        operator = node.operator
        lazy = len(operator) > 1 and operator.endswith("?")
        counts = _BOUNDS.match(operator)
        if counts is None:
            return cls(node.inner, node.least, 1 if operator[0] == "?" else None, lazy)
        most = (int(counts[3]) if counts[3] else None) if counts[2] else node.least
        return cls(node.inner, node.least, most, lazy) if most != 0 else None

    def between(self, first: Wordness | None, last: Wordness | None, empty: Node | None) -> Node | None:
        """The characters, of which the first and the last are of the given kinds; ``empty`` stands for none of them, where
        none may be. None where the characters of a kind have no spelling."""
        ends = [self._one(kind) for kind in (first, last) if kind is not None]
        if None in ends:
            return None
        some = self._some(ends[0] if first else None, ends[-1] if last else None, are_alike=first is last)
        if self.least or empty is None:
            return some
        return Group(Alternation((empty, some) if self.lazy else (some, empty)), None)

    def _some(self, first: Node | None, last: Node | None, *, are_alike: bool) -> Node:
        if first is None or last is None:
            rest = self._others(1)
            return Sequence(tuple(p for p in (first, rest, last) if p is not None))
        if self.most == 1:
            return first if are_alike else NOTHING_MATCHES
        longer = Sequence((self._others(2), last))
        if are_alike and self.least < 2:
            return Sequence((first, Repetition(Group(longer, None), "??" if self.lazy else "?", 0)))
        return Sequence((first, longer))

    def _others(self, taken: int) -> Node:
        least = max(self.least - taken, 0)
        most = None if self.most is None else self.most - taken
        if most == 0:
            return _NOTHING
        operator = "*" if most is None and not least else f"{{{least},{'' if most is None else most}}}"
        return Repetition(self.character, operator + ("?" if self.lazy else ""), least)

    def _one(self, kind: Wordness) -> Node | None:
        if self.character.split is None:
            return {kind: self.character, Wordness.MIXED: None}.get(self.character.wordness, NOTHING_MATCHES)
        text = self.character.split[0 if kind is Wordness.WORD else 1]
        return Character(text, kind) if text else None
