"""Kusto's regular expressions for RE2, which both targets run: checked, rewritten, with the groups that a call wants.

What cannot be done exactly is refused (KQL205) at its place in the literal: look-around, back-references, set operations,
and a word boundary whose neighbours the pattern does not tell (RE2's ``\\b`` knows ASCII only).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp

from transpiler.dialects.regex_classes import WORD, Wordness
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
    parse,
)
from transpiler.dialects.spelling import Speller, text
from transpiler.plan.scalars import Constant, Scalar
from transpiler.source import Span


@dataclass(frozen=True, slots=True)
class Regex:
    """A pattern that RE2 takes. ``groups`` counts its groups, ``names`` gives the indices of the named ones."""

    node: Node
    groups: int
    names: dict[str, int]

    @property
    def matches_nothing(self) -> bool:
        """Whether the empty string is among its matches."""
        return can_be_empty(self.node)

    def matching(self) -> str:
        """For a test: a boundary at an edge may take the neighbour with it. No group captures."""
        return _render(_edged(self.node, None), _Captures(frozenset()))

    def capturing(self, group: int) -> tuple[str, bool]:
        """For the first match: with one group only, and whether there is one; group 0 needs none, unless a boundary has to
        take its neighbour with it. RegexError for a boundary that cannot."""
        if group == 0:
            return self._whole()
        return _render(_edged(self.node, group), _Captures(frozenset({group}))), True

    def _whole(self) -> tuple[str, bool]:
        lead, body, tail = self._split()
        if not lead and not tail:
            return body, False
        return f"{lead}({body}){tail}", True

    def _split(self) -> tuple[str, str, str]:
        """The pattern as what a boundary takes before the match, the match, and what a boundary takes after it."""
        parts = self.node.parts if isinstance(self.node, Sequence) else ()
        if not any(_is_boundary(p) for p in (*parts[:2], *parts[-1:])):
            return "", self.bare(), ""
        edged = _edged(self.node, None)
        assert isinstance(edged, Sequence)
        skip = 1 if isinstance(parts[0], Flags) else 0
        lead = skip + 1 if _is_boundary(parts[skip]) else skip
        tail = len(parts) - 1 if _is_boundary(parts[-1]) and len(parts) - 1 > lead else len(parts)
        written = (edged.parts[:lead], edged.parts[lead:tail], edged.parts[tail:])
        front, body, back = (_render(Sequence(p), _Captures(frozenset())) for p in written)
        return front, body, back

    def measuring(self) -> str:
        """With one group, that captures all the text before the first match."""
        lead, body, tail = self._split()
        flags = _leading_flags(self.node)
        return f"{flags}^((?s:.)*?{lead.removeprefix(flags)})(?:{body.removeprefix(flags)}){tail}"

    def only(self, group: int) -> str:
        """With one group that captures (0: none does), matching just what Kusto matches."""
        return _render(self.node, _Captures(frozenset({group} if group else ())))

    def keeping(self, groups: frozenset[int]) -> str:
        """With some groups that capture, numbered in their order, matching just what Kusto matches."""
        return _render(self.node, _Captures(groups))

    def replacing(self) -> str:
        """With all its groups, matching just what Kusto matches."""
        return _render(self.node, _Captures(None))

    def bare(self) -> str:
        """As ``replacing``, with no group."""
        return _render(self.node, _Captures(frozenset()))


@dataclass(frozen=True, slots=True)
class _Captures:
    """Which groups capture (None: all)."""

    kept: frozenset[int] | None


def _render(node: Node, captures: _Captures) -> str:
    match node:
        case Character():
            return node.text
        case Flags():
            return node.text
        case Assertion():
            if node.edge is Edge.BOUNDARY:
                raise RegexError(
                    "RE2's \\b knows only ASCII, and what stands beside it here is not known", node.position
                )
            return node.text
        case Sequence():
            return "".join(_render(p, captures) for p in _without_known_boundaries(node.parts))
        case Alternation():
            return "|".join(_render(b, captures) for b in node.branches)
        case Group():
            kept = node.index is not None and (captures.kept is None or node.index in captures.kept)
            opening = "(" if kept else node.opening
            return f"{opening}{_render(node.inner, captures)})"
        case Repetition():
            return f"{_render(node.inner, captures)}{node.operator}"


def _leading_flags(node: Node) -> str:
    """``(?i)`` at the beginning of a pattern, or ''."""
    first = node.parts[0] if isinstance(node, Sequence) and node.parts else node
    return first.text if isinstance(first, Flags) else ""


def _is_boundary(node: Node) -> bool:
    return isinstance(node, Assertion) and node.edge is Edge.BOUNDARY


def _without_known_boundaries(parts: tuple[Node, ...]) -> list[Node]:
    """The parts without the boundaries that always or never hold, because both neighbours are known."""
    kept: list[Node] = []
    for i, part in enumerate(parts):
        if _is_boundary(part):
            before = _last(parts[i - 1]) if i else Wordness.MIXED
            after = _first(parts[i + 1]) if i + 1 < len(parts) else Wordness.MIXED
            if Wordness.MIXED not in (before, after):
                if before is after:
                    kept.append(Character(r"[^\x00-\x{10ffff}]", Wordness.MIXED))
                continue
        kept.append(part)
    return kept


def _first(node: Node) -> Wordness:
    """The wordness of the character with which a pattern begins; MIXED when it is not known."""
    match node:
        case Character():
            return node.wordness
        case Assertion():
            return Wordness.OTHER if node.edge is not Edge.BOUNDARY else Wordness.MIXED
        case Sequence():
            parts = [p for p in node.parts if not isinstance(p, Flags)]
            return _first(parts[0]) if parts else Wordness.MIXED
        case Alternation():
            return _agreed([_first(b) for b in node.branches])
        case Group():
            return _first(node.inner)
        case Repetition():
            return _first(node.inner) if node.least else Wordness.MIXED
        case Flags():
            return Wordness.MIXED


def _last(node: Node) -> Wordness:
    """As ``_first``, of the character with which a pattern ends."""
    match node:
        case Sequence():
            return _last(node.parts[-1]) if node.parts else Wordness.MIXED
        case Alternation():
            return _agreed([_last(b) for b in node.branches])
        case Group():
            return _last(node.inner)
        case Repetition():
            return _last(node.inner) if node.least else Wordness.MIXED
        case _:
            return _first(node)


def _agreed(found: list[Wordness]) -> Wordness:
    return found[0] if len(set(found)) == 1 else Wordness.MIXED


_NO_WORD_BEFORE = Group(Character(rf"^|[^{WORD}]", Wordness.MIXED), None)
_NO_WORD_AFTER = Group(Character(rf"$|[^{WORD}]", Wordness.MIXED), None)
_WORD = Character(f"[{WORD}]", Wordness.WORD)


def _edged(node: Node, captured: int | None) -> Node:
    """The pattern with the boundaries at its edges written as the neighbour that they ask for."""
    return _edge(_edge(node, captured, at_start=True), captured, at_start=False)


def _edge(node: Node, captured: int | None, *, at_start: bool) -> Node:
    match node:
        case Alternation():
            return Alternation(tuple(_edge(b, captured, at_start=at_start) for b in node.branches))
        case Group() if node.index is None or node.index != captured:
            return Group(_edge(node.inner, captured, at_start=at_start), node.index, node.name, node.opening)
        case Sequence() if node.parts:
            return Sequence(_edge_parts(node.parts, captured, at_start=at_start))
        case _:
            return node


def _edge_parts(parts: tuple[Node, ...], captured: int | None, *, at_start: bool) -> tuple[Node, ...]:
    skip = 1 if at_start and isinstance(parts[0], Flags) else 0
    at = skip if at_start else len(parts) - 1
    if at >= len(parts):
        return parts
    part = parts[at]
    if not _is_boundary(part):
        return (*parts[:at], _edge(part, captured, at_start=at_start), *parts[at + 1 :])
    beside = at + 1 if at_start else at - 1
    if not 0 <= beside < len(parts):
        return parts
    wordness = _first(parts[beside]) if at_start else _last(parts[beside])
    if wordness is Wordness.MIXED:
        return parts
    neighbour: Node = _WORD if wordness is Wordness.OTHER else _NO_WORD_BEFORE if at_start else _NO_WORD_AFTER
    return (*parts[:at], neighbour, *parts[at + 1 :])


@lru_cache(maxsize=2048)
def compiled(pattern: str) -> Regex:
    """The checked pattern. RegexError for what is refused."""
    return Regex(*parse(pattern))


def regex_of(speller: Speller, pattern: Scalar, what: str) -> Regex:
    """The pattern of a call. Raises KqlError (KQL205) for one that is not constant, or that RE2 cannot do exactly."""
    if not isinstance(pattern, Constant):
        raise speller.refuse(f"{what}: the regular expression must be a constant", pattern.span, code="KQL205")
    try:
        return compiled(str(pattern.value or ""))
    except RegexError as e:
        raise refusal(speller, e, pattern) from None


def refusal(speller: Speller, error: RegexError, pattern: Scalar) -> Exception:
    """The error of a pattern, at its place in the literal where that can be told."""
    return speller.refuse(error.reason, _place(pattern, error.position), code="KQL205")


def _place(pattern: Scalar, position: int) -> Span:
    """The place of a character within a literal without escapes; else the whole literal."""
    span = pattern.span
    length = len(str(pattern.value)) if isinstance(pattern, Constant) else -1
    before = {2: 1, 3: 2, 4: 3}.get(span.end - span.start - length)
    if before is None or position >= length:
        return span
    return Span(span.start + before + position, span.end - 1)


def pattern_text(speller: Speller, pattern: Scalar, what: str) -> exp.Expr:
    """A pattern for a test, as a literal."""
    regex = regex_of(speller, pattern, what)
    try:
        return text(regex.matching())
    except RegexError as e:
        raise refusal(speller, e, pattern) from None


__all__ = ["Regex", "RegexError", "compiled", "pattern_text", "refusal", "regex_of"]
