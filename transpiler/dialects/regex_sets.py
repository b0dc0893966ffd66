"""Classes with set operations and negated classes within, as the characters that they come to.

``[0-9&&[^4]]``, ``[a-g~~b-h]``, ``[x[^xyz]]``: RE2 has none of them, but where all members are characters, ranges and ASCII
classes by name the result can be written out. Unions bind first, then the operations from left to right, negation last.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from transpiler.dialects.regex_classes import DEPTH, NEVER, ClassText, Wordness, parse_character, wordness_of

Intervals = list[tuple[int, int]]
_LAST = 0x10FFFF
_NAMED = re.compile(r"\[:(\^?)([a-z]+):\]")
_BY_NAME: dict[str, Intervals] = {
    "alnum": [(48, 57), (65, 90), (97, 122)],
    "alpha": [(65, 90), (97, 122)],
    "ascii": [(0, 127)],
    "blank": [(9, 9), (32, 32)],
    "cntrl": [(0, 31), (127, 127)],
    "digit": [(48, 57)],
    "graph": [(33, 126)],
    "lower": [(97, 122)],
    "print": [(32, 126)],
    "punct": [(33, 47), (58, 64), (91, 96), (123, 126)],
    "space": [(9, 13), (32, 32)],
    "upper": [(65, 90)],
    "word": [(48, 57), (65, 90), (95, 95), (97, 122)],
    "xdigit": [(48, 57), (65, 70), (97, 102)],
}


def _union(one: Intervals, other: Intervals) -> Intervals:
    found: Intervals = []
    for low, high in sorted([*one, *other]):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def _negated(given: Intervals) -> Intervals:
    found: Intervals = []
    start = 0
    for low, high in _union(given, []):
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    return found if start > _LAST else [*found, (start, _LAST)]


def _both(one: Intervals, other: Intervals) -> Intervals:
    return _negated(_union(_negated(one), _negated(other)))


def _without(one: Intervals, other: Intervals) -> Intervals:
    return _both(one, _negated(other))


_OPERATIONS: dict[str, Callable[[Intervals, Intervals], Intervals]] = {
    "&&": _both,
    "--": _without,
    "~~": lambda one, other: _without(_union(one, other), _both(one, other)),
}


@dataclass(slots=True)
class _Reader:
    pattern: str
    at: int

    def starts(self, written: str) -> bool:
        return self.pattern.startswith(written, self.at)

    def members(self, depth: int) -> Intervals:
        """What stands between the brackets, up to the closing one."""
        found: Intervals = []
        pending: Callable[[Intervals, Intervals], Intervals] | None = None
        left: Intervals = []
        while self.starts("-"):  # at the beginning it is itself
            self.at += 1
            found = _union(found, [(45, 45)])
        if not found and self.starts("]"):
            self.at += 1
            found = [(93, 93)]
        while not self.starts("]"):
            if self.at >= len(self.pattern):
                raise ValueError("a class is not closed")
            operation = _OPERATIONS.get(self.pattern[self.at : self.at + 2])
            if operation is None:
                found = _union(found, self.item(depth))
                continue
            self.at += 2
            left, found = pending(left, found) if pending else found, []
            pending = operation
        return pending(left, found) if pending else found

    def item(self, depth: int) -> Intervals:
        named = _NAMED.match(self.pattern, self.at)
        if named is not None and named[2] in _BY_NAME:
            self.at = named.end()
            return _negated(_BY_NAME[named[2]]) if named[1] else _BY_NAME[named[2]]
        if self.starts("["):
            return self.brackets(depth + 1)
        _, low, self.at = parse_character(self.pattern, self.at)
        if not self.starts("-") or self.pattern[self.at + 1 : self.at + 2] in ("]", "-", ""):
            return [(low, low)]
        _, high, self.at = parse_character(self.pattern, self.at + 1)
        if high < low:
            raise ValueError("a range is empty")
        return [(low, high)]

    def brackets(self, depth: int) -> Intervals:
        if depth > DEPTH:
            raise ValueError("classes are nested too deeply")
        negates = self.starts("[^")
        self.at += 2 if negates else 1
        found = self.members(depth)
        self.at += 1
        return _negated(found) if negates else found


def written_out(pattern: str, at: int) -> ClassText:
    """The class that begins at a position, as its characters. ValueError for a member that is not written out."""
    reader = _Reader(pattern, at)
    found = reader.brackets(0)
    if not found:
        return ClassText(NEVER, Wordness.MIXED, False, None, reader.at)
    text = "".join(rf"\x{{{low:x}}}" + (rf"-\x{{{high:x}}}" if high > low else "") for low, high in found)
    is_ascii = found[-1][1] < 128
    kinds = {wordness_of(chr(c)) for low, high in found for c in range(low, high + 1)} if is_ascii else set()
    return ClassText(f"[{text}]", kinds.pop() if len(kinds) == 1 else Wordness.MIXED, is_ascii, None, reader.at)
