"""Kusto's regular expressions for RE2, which both targets run: checked, rewritten, with the groups that a call wants.

What cannot be done exactly is refused (KQL205) at its place in the literal: look-around, back-references, set operations on
Unicode's classes. A word boundary whose neighbours the pattern does not tell (RE2's ``\\b`` knows ASCII only) needs a text whose
boundaries are marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from transpiler.dialects.regex_boundaries import (
    edged,
    is_boundary,
    outside_groups,
    repeated,
    without_known,
)
from transpiler.dialects.regex_gaps import from_line_start, with_gaps
from transpiler.dialects.regex_marks import boundaries, over_marks
from transpiler.dialects.regex_syntax import (
    Alternation,
    Assertion,
    Character,
    Flags,
    Group,
    Node,
    RegexError,
    Repetition,
    Sequence,
    can_be_empty,
    parse,
)
from transpiler.dialects.spelling import Speller
from transpiler.plan.scalars import ColumnRef, Constant, Scalar
from transpiler.source import Span
from transpiler.types import Type


@dataclass(frozen=True, slots=True)
class Regex:
    """A pattern that RE2 takes. ``groups`` counts its groups, ``names`` gives the indices of the named ones; ``as_parsed`` has
    its boundaries where they are written."""

    node: Node
    groups: int
    names: dict[str, int]
    as_parsed: Node

    @property
    def matches_nothing(self) -> bool:
        """Whether the empty string is among its matches."""
        return can_be_empty(self.node)

    def matching(self) -> str:
        """For a test: a boundary at an edge may take the neighbour with it. No group captures."""
        return _render(edged(from_line_start(self.node), None, merging=True), _Captures(frozenset()))

    def capturing(self, group: int) -> tuple[str, bool]:
        """For the first match: with one group only, and whether there is one; group 0 needs none, unless a boundary has to
        take its neighbour with it. RegexError for a boundary that cannot."""
        if group == 0:
            return self._whole()
        return _render(edged(from_line_start(self.node), group, merging=True), _Captures(frozenset({group}))), True

    def _whole(self) -> tuple[str, bool]:
        lead, body, tail = self._split()
        if not lead and not tail:
            return body, False
        return f"{lead}({body}){tail}", True

    def _split(self) -> tuple[str, str, str]:
        """The pattern as what a boundary takes before the match, the match, and what a boundary takes after it."""
        node = from_line_start(self.node)
        parts = node.parts if isinstance(node, Sequence) else ()
        if not any(is_boundary(p) for p in (*parts[:2], *parts[-1:])):
            return "", _render(node, _Captures(frozenset())), ""
        whole = edged(node, None, merging=False)
        assert isinstance(whole, Sequence)
        skip = 1 if isinstance(parts[0], Flags) else 0
        lead = skip + 1 if is_boundary(parts[skip]) else skip
        tail = len(parts) - 1 if is_boundary(parts[-1]) and len(parts) - 1 > lead else len(parts)
        # What a boundary within a group at the edge takes with it would be of the match.
        written = (whole.parts[:lead], parts[lead:tail], whole.parts[tail:])
        front, body, back = (_render(Sequence(p), _Captures(frozenset())) for p in written)
        return front, body, back

    def measuring(self) -> str:
        """With one group, that captures all the text before the first match."""
        lead, body, tail = self._split()
        flags = _leading_flags(self.node)
        return f"{flags}^((?s:.)*?{lead.removeprefix(flags)})(?:{body.removeprefix(flags)}){tail}"

    def pacing(self) -> str:
        """For all matches one after another: each with the text before it, which the only group captures."""
        flags = _leading_flags(self.node)
        return f"{flags}((?s:.)*?)(?:{self.only(0).removeprefix(flags)})"

    def only(self, group: int) -> str:
        """With one group that captures (0: none does), matching just what Kusto matches."""
        return _render(self.node, _Captures(frozenset({group} if group else ())))

    def repeating(self, group: int) -> tuple[str, bool]:
        """As ``only``, for all matches one after another: a boundary at an edge may take with it what stands between them.
        The second says whether the rest of the text is the last match, with an empty group, which is none of Kusto's."""
        found = repeated(self.node) if group else None
        if found is None:
            return self.only(group), False
        node, takes_rest = found
        return _render(node, _Captures(frozenset({group}))), takes_rest

    def keeping(self, groups: frozenset[int]) -> str:
        """With some groups that capture, numbered in their order, matching just what Kusto matches."""
        return _render(self.node, _Captures(groups))

    def replacing(self) -> str:
        """With all its groups, matching just what Kusto matches."""
        return _render(self.node, _Captures(None))

    def bare(self) -> str:
        """As ``replacing``, with no group."""
        return _render(self.node, _Captures(frozenset()))

    def over_marks(self, kept: frozenset[int] | None) -> tuple[str, int]:
        """For a text with so many marks at every boundary, with some groups (None: all). RegexError where marks do not tell."""
        return over_marks(self.as_parsed, kept), boundaries(self.as_parsed)


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
            if is_boundary(node):
                raise RegexError(
                    f"RE2's {node.text} knows only ASCII, and what stands beside it here is not known", node.position
                )
            return node.text
        case Sequence():
            return "".join(_render(p, captures) for p in without_known(node.parts))
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


@lru_cache(maxsize=2048)
def compiled(pattern: str) -> Regex:
    """The checked pattern. RegexError for what is refused."""
    node, groups, names = parse(pattern)
    return Regex(with_gaps(outside_groups(node)), groups, names, node)


def regex_of(speller: Speller, pattern: Scalar, what: str) -> Regex:
    """The pattern of a call: a constant, or a column that was defined as one. Raises KqlError (KQL205) for another pattern,
    and for one that RE2 cannot do exactly."""
    known = pattern.column.known if isinstance(pattern, ColumnRef) else None
    if known is not None and known.type is Type.STRING:
        pattern = Constant(Type.STRING, known.value, pattern.span)
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


__all__ = ["Regex", "RegexError", "compiled", "refusal", "regex_of"]
