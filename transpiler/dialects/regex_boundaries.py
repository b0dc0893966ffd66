"""Word boundaries of Kusto's regular expressions, which know Unicode's words where RE2's ``\\b`` knows ASCII's only.

A boundary between known neighbours always or never holds. At an edge of the pattern it is written as the neighbour that it
asks for, which the match then takes with it. Where the character within may be of either kind but is ASCII, RE2's ``\\b``
is right unless the neighbour outside is a letter beyond ASCII, and its opposite then.
"""

from __future__ import annotations

from collections.abc import Callable

from transpiler.dialects.regex_classes import ASCII_OR_NO_WORD, NEVER, WORD, WORD_BEYOND_ASCII, Wordness
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

_BOUNDARIES = (Edge.BOUNDARY, Edge.NO_BOUNDARY, Edge.WORD_START, Edge.WORD_END)
NOTHING_MATCHES = Character(NEVER, Wordness.MIXED)
_EDGE = Character("", Wordness.OTHER, is_ascii=True)


def _written(text: str) -> Group:
    return Group(Character(text, Wordness.MIXED), None)


_NO_WORD_BEFORE = _written(rf"^|[^{WORD}]")
_NO_WORD_AFTER = _written(rf"$|[^{WORD}]")
_WORD = Character(f"[{WORD}]", Wordness.WORD)
_BEFORE_ASCII = _written(rf"(?:^|{ASCII_OR_NO_WORD})\b|{WORD_BEYOND_ASCII}\B")
_AFTER_ASCII = _written(rf"\b(?:$|{ASCII_OR_NO_WORD})|\B{WORD_BEYOND_ASCII}")
_INNER_BEFORE_ASCII = _written(rf"(?:^|{ASCII_OR_NO_WORD})\B|{WORD_BEYOND_ASCII}\b")
_INNER_AFTER_ASCII = _written(rf"\B(?:$|{ASCII_OR_NO_WORD})|\b{WORD_BEYOND_ASCII}")


def is_boundary(node: Node) -> bool:
    """Whether a node is ``\\b``, ``\\B``, ``\\<`` or ``\\>``."""
    return isinstance(node, Assertion) and node.edge in _BOUNDARIES


def without_known(parts: tuple[Node, ...]) -> list[Node]:
    """The parts without the boundaries that always or never hold, because of what stands beside them."""
    kept: list[Node] = []
    for i, part in enumerate(parts):
        if isinstance(part, Assertion) and is_boundary(part):
            before = last_of(Sequence(parts[:i]))
            after = first_of(Sequence(parts[i + 1 :]))
            holds = _holds(part.edge, before, after)
            if holds is not None:
                kept += [] if holds else [NOTHING_MATCHES]
                continue
        kept.append(part)
    # What never matches needs no other boundary.
    return [p for p in kept if not is_boundary(p)] if NOTHING_MATCHES in kept else kept


def _holds(edge: Edge, before: Wordness, after: Wordness) -> bool | None:
    """Whether a boundary holds between two kinds of characters; None when that is not known."""
    if edge in (Edge.BOUNDARY, Edge.NO_BOUNDARY):
        unknown = Wordness.MIXED in (before, after)
        return None if unknown else (before is not after) == (edge is Edge.BOUNDARY)
    word, other = (after, before) if edge is Edge.WORD_START else (before, after)
    if word is Wordness.OTHER or other is Wordness.WORD:
        return False
    return True if Wordness.MIXED not in (word, other) else None


def outside_groups(node: Node) -> Node:
    """The pattern with the boundaries at a group's edges outside of it, which is the same: ``(\\bX\\b)`` is ``\\b(X)\\b``."""
    match node:
        case Alternation():
            return Alternation(tuple(outside_groups(b) for b in node.branches))
        case Repetition():
            inner = outside_groups(node.inner)
            # What stands at the edge of a repeated group stands between its rounds as well.
            return node if isinstance(inner, Sequence) else Repetition(inner, node.operator, node.least)
        case Group():
            before, inner, after = _taken_out(outside_groups(node.inner))
            group = Group(inner, node.index, node.name, node.opening)
            return Sequence((*before, group, *after)) if before or after else group
        case Sequence():
            parts = [outside_groups(p) for p in node.parts]
            flat = [q for p in parts for q in (p.parts if isinstance(p, Sequence) else (p,))]
            return Sequence(tuple(flat))
        case _:
            return node


def _taken_out(node: Node) -> tuple[list[Node], Node, list[Node]]:
    """The boundaries before and behind what is in a group, if all of its branches have them."""
    branches = node.branches if isinstance(node, Alternation) else (node,)
    lists = [list(b.parts) if isinstance(b, Sequence) else [b] for b in branches]
    before: list[Node] = []
    after: list[Node] = []
    while all(len(parts) > 1 and _are_alike(parts[0], lists[0][0]) for parts in lists):
        before.append(lists[0][0])
        lists = [parts[1:] for parts in lists]
    while all(len(parts) > 1 and _are_alike(parts[-1], lists[0][-1]) for parts in lists):
        after.insert(0, lists[0][-1])
        lists = [parts[:-1] for parts in lists]
    left = [Sequence(tuple(parts)) for parts in lists]
    return before, Alternation(tuple(left)) if isinstance(node, Alternation) else left[0], after


def _are_alike(one: Node, other: Node) -> bool:
    """Whether both are the same boundary."""
    return isinstance(one, Assertion) and isinstance(other, Assertion) and is_boundary(one) and one.edge is other.edge


def edged(node: Node, captured: int | None, *, merging: bool) -> Node:
    """The pattern with the boundaries at its edges written as the neighbour that they ask for.

    ``captured``: the group that must not take the neighbour with it. ``merging``: whether the first and last character may
    be written together with their neighbours.
    """
    return _edge(_edge(node, captured, merging, at_start=True), captured, merging, at_start=False)


def _edge(node: Node, captured: int | None, merging: bool, *, at_start: bool) -> Node:
    match node:
        case Alternation():
            branches = tuple(_edge(b, captured, merging, at_start=at_start) for b in node.branches)
            # A branch that takes its neighbour with it begins earlier, and would win against one that takes none.
            unfair = at_start and captured is not None and branches != node.branches
            return node if unfair and not all(_begins_a_word(b) for b in branches) else Alternation(branches)
        case Group() if node.index is None or node.index != captured:
            inner = _edge(node.inner, captured, merging, at_start=at_start)
            return Group(inner, node.index, node.name, node.opening)
        case Sequence() if node.parts:
            return Sequence(_edge_parts(node.parts, captured, merging, at_start=at_start))
        case _:
            return node


def _begins_a_word(node: Node) -> bool:
    """Whether a pattern takes with it what stands before a word, and so begins at one place for each word."""
    match node:
        case Alternation():
            return all(_begins_a_word(b) for b in node.branches)
        case Group() if node != _NO_WORD_BEFORE:
            return _begins_a_word(node.inner)
        case Sequence():
            first = next((p for p in node.parts if not isinstance(p, Flags)), None)
            return first is not None and _begins_a_word(first)
        case _:
            return node == _NO_WORD_BEFORE


def _edge_parts(parts: tuple[Node, ...], captured: int | None, merging: bool, *, at_start: bool) -> tuple[Node, ...]:
    skip = 1 if at_start and isinstance(parts[0], Flags) else 0
    at = skip if at_start else len(parts) - 1
    if at >= len(parts):
        return parts
    part = parts[at]
    if not isinstance(part, Assertion) or not is_boundary(part):
        return (*parts[:at], _edge(part, captured, merging, at_start=at_start), *parts[at + 1 :])
    beside = at + 1 if at_start else at - 1
    if not 0 <= beside < len(parts):
        return parts
    within = Sequence(parts[beside:] if at_start else parts[:at])
    neighbour = _neighbour(part.edge, within, at_start=at_start)
    if neighbour is not None:
        return (*parts[:at], neighbour, *parts[at + 1 :])
    group = parts[beside]
    if merging and isinstance(group, Group) and (group.index is None or group.index != captured):
        inner = Group(_beside(part, group.inner, at_start=at_start), group.index, group.name, group.opening)
        begin, end = (at, beside + 1) if at_start else (beside, at + 1)
        return (*parts[:begin], _edge(inner, captured, merging, at_start=at_start), *parts[end:])
    merged = _merged(part.edge, parts[beside]) if at_start and merging else None
    return parts if merged is None else (*parts[:at], *merged, *parts[beside + 1 :])


def _beside(boundary: Assertion, node: Node, *, at_start: bool) -> Node:
    """A boundary at the edge of each branch, which is the same as one beside them all."""
    if isinstance(node, Alternation):
        return Alternation(tuple(_beside(boundary, b, at_start=at_start) for b in node.branches))
    parts = node.parts if isinstance(node, Sequence) else (node,)
    return Sequence((boundary, *parts) if at_start else (*parts, boundary))


def _neighbour(edge: Edge, inner: Node, *, at_start: bool) -> Node | None:
    """What a boundary at an edge asks of the character outside, given what stands within; None when that is not enough."""
    within = _leading(inner) if at_start else _trailing(inner)
    wordness = _agreed(within)
    if wordness is not Wordness.MIXED:
        outside = Wordness.WORD if (wordness is Wordness.OTHER) != (edge is Edge.NO_BOUNDARY) else Wordness.OTHER
        if _holds(edge, *((outside, wordness) if at_start else (wordness, outside))) is False:
            return NOTHING_MATCHES
        return _WORD if outside is Wordness.WORD else _NO_WORD_BEFORE if at_start else _NO_WORD_AFTER
    if within is None or not all(c.is_ascii for c in within):
        return None
    if edge is Edge.BOUNDARY:
        return _BEFORE_ASCII if at_start else _AFTER_ASCII
    if edge is Edge.NO_BOUNDARY:
        return _INNER_BEFORE_ASCII if at_start else _INNER_AFTER_ASCII
    return None


def _merged(edge: Edge, beside: Node) -> tuple[Node, ...] | None:
    """A boundary and the first character after it, as two ways to begin: a word after none, or the other way round."""
    first = beside.inner if isinstance(beside, Repetition) else beside
    if not isinstance(first, Character) or first.split is None or "" in first.split:
        return None
    word, other = (Character(text, Wordness.MIXED) for text in first.split)
    if edge is Edge.NO_BOUNDARY:
        word, other = other, word
    ways = [Sequence((_NO_WORD_BEFORE, word)), Sequence((_WORD, other))]
    chosen = {Edge.WORD_START: ways[:1], Edge.WORD_END: ways[1:]}.get(edge, ways)
    begin: Node = Group(Alternation(tuple(chosen)), None)
    if not isinstance(beside, Repetition):
        return (begin,)
    if beside.operator not in ("+", "+?"):
        return None
    return begin, Repetition(first, beside.operator.replace("+", "*"), 0)


def repeated(node: Node) -> tuple[Node, bool] | None:
    """The pattern for all its matches, each with what stands before it, so that nothing between them is left out; and
    whether it matches the rest as well, without its groups. None when a boundary's neighbour might belong to two matches."""
    parts = node.parts if isinstance(node, Sequence) else ()
    skip = 1 if parts and isinstance(parts[0], Flags) else 0
    opening = parts[skip] if len(parts) > skip + 1 and is_boundary(parts[skip]) else None
    closing = parts[-1] if len(parts) > skip + 1 and is_boundary(parts[-1]) else None
    if opening is None and closing is None:
        return node, False
    inner = parts[skip + (opening is not None) : len(parts) - (closing is not None)]
    if not inner or any("U" in p.text for p in parts[:skip] if isinstance(p, Flags)):
        return None
    first, last = _leading(Sequence(inner)), _trailing(Sequence(inner))
    begin, end = _agreed(first), _agreed(last)
    tail: list[Node] = []
    if isinstance(closing, Assertion):
        if closing.edge in (Edge.WORD_START, Edge.NO_BOUNDARY) or (begin, end) != (Wordness.WORD, Wordness.WORD):
            return None
        tail, end = [_NO_WORD_AFTER], Wordness.OTHER
    if not isinstance(opening, Assertion):
        return Sequence((*parts[:skip], *inner, *tail)), False
    gap = _gap(opening.edge, begin, end, first, last)
    if gap is None:
        return None
    found = Sequence((_written(gap), *inner, *tail))
    if gap.startswith("^"):
        return Sequence((*parts[:skip], found)), False
    # A search that finds nothing where the last match ended would go on within the text.
    return Sequence((*parts[:skip], Group(Alternation((found, Character("(?s:.+)", Wordness.MIXED))), None))), True


def _gap(
    edge: Edge, begin: Wordness, end: Wordness, first: list[Character] | None, last: list[Character] | None
) -> str | None:
    """What stands between a match and the one before it, given with what a match begins and what the one before ended with."""
    if begin is Wordness.WORD and edge not in (Edge.WORD_END, Edge.NO_BOUNDARY) and end is not Wordness.MIXED:
        return rf"{'' if end is Wordness.OTHER else '^'}|(?s:.*?)[^{WORD}]"
    known = [*(first or ()), *(last or ())]
    if edge is Edge.BOUNDARY and first and last and all(c.is_ascii for c in known):
        return rf"\b|(?s:.*?)(?:{ASCII_OR_NO_WORD}\b|{WORD_BEYOND_ASCII}\B)"
    return None


def _agreed(found: list[Character] | None) -> Wordness:
    kinds = {c.wordness for c in found or ()}
    return kinds.pop() if len(kinds) == 1 else Wordness.MIXED


def first_of(node: Node) -> Wordness:
    """The wordness of the character with which a pattern begins; MIXED when it is not known."""
    return _agreed(_leading(node))


def last_of(node: Node) -> Wordness:
    """As ``first_of``, of the character with which a pattern ends."""
    return _agreed(_trailing(node))


def _leading(node: Node) -> list[Character] | None:
    """The characters with one of which a pattern begins; None when they are not known."""
    match node:
        case Character():
            return [node]
        case Assertion():
            # Nothing stands behind ``$``; what stands behind ``^`` it does not tell.
            return [_EDGE] if node.edge is Edge.END else None
        case Sequence():
            return _until_needed(_leading, node.parts)
        case Alternation():
            return _together([_leading(b) for b in node.branches])
        case Group():
            return _leading(node.inner)
        case Repetition():
            return _leading(node.inner) if node.least else None
        case Flags():
            return None


def _trailing(node: Node) -> list[Character] | None:
    """As ``_leading``, of the characters with which a pattern ends."""
    match node:
        case Assertion():
            return [_EDGE] if node.edge is Edge.START else None
        case Sequence():
            return _until_needed(_trailing, node.parts[::-1])
        case Alternation():
            return _together([_trailing(b) for b in node.branches])
        case Group():
            return _trailing(node.inner)
        case Repetition():
            return _trailing(node.inner) if node.least else None
        case _:
            return _leading(node)


def _until_needed(look: Callable[[Node], list[Character] | None], parts: tuple[Node, ...]) -> list[Character] | None:
    """The characters of the parts up to the first that cannot be left out."""
    found: list[Character] = []
    for part in parts:
        if isinstance(part, Flags):
            continue
        optional = isinstance(part, Repetition) and not part.least
        characters = look(part.inner if isinstance(part, Repetition) else part)
        if characters is None:
            return None
        found += characters
        if not optional:
            return found
    return None


def _together(found: list[list[Character] | None]) -> list[Character] | None:
    known = [f for f in found if f is not None]
    return [c for f in known for c in f] if len(known) == len(found) else None
