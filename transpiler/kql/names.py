"""Names, wildcards, types and declared columns: the small rules that every other part of the grammar uses."""

from __future__ import annotations

from transpiler.kql.cursor import DECLARED_KINDS, NAME_KINDS, Cursor
from transpiler.kql.literals import TYPE_NAMES, string_value
from transpiler.kql.syntax import ColumnDeclaration, Name, NamePattern, Star, TypeOf
from transpiler.kql.tokens import IDENT, KEYWORDS

# Types that may be declared; the others (``float``, ``int32`` …) only stand in typeof(…).
_DECLARABLE = frozenset(
    """bool boolean date datetime decimal double dynamic guid int int64 int8 long real string time timespan
    uniqueid""".split()
)
_CLOSE = frozenset({")"})
_WORD_KINDS = frozenset(KEYWORDS) | {IDENT}


def string_text(c: Cursor) -> str:
    """One string literal or several in a row, which are one string."""
    pos = c.pos
    value = _one_string(c, pos)
    pos += 1
    if c.kinds[pos] == "STRING":
        parts = [value]
        while c.kinds[pos] == "STRING":
            parts.append(_one_string(c, pos))
            pos += 1
        value = "".join(parts)
    c.pos = pos
    return value


def _one_string(c: Cursor, index: int) -> str:
    try:
        return string_value(c.text[c.starts[index] : c.ends[index]])
    except (ValueError, OverflowError):
        raise c.error("an escape in the string names no character", c.token_span(index), code="KQL002") from None


def scan_bracketed_name(c: Cursor, offset: int) -> int:
    """How many tokens ``['a b']`` takes at the offset; 0 when there is no such name."""
    kinds = c.kinds
    index = c.pos + offset
    if kinds[index] != "[" or kinds[index + 1] != "STRING":
        return 0
    index += 2
    while kinds[index] == "STRING":
        index += 1
    return index + 1 - c.pos - offset if kinds[index] == "]" else 0


def scan_braced_name(c: Cursor, offset: int = 0) -> int:
    """How many tokens ``{name}`` takes, which a client fills in before the query is sent; 0 when none is there."""
    if c.peek(offset) != "{" or not c.touches(offset + 1):
        return 0
    if c.peek(offset + 1) not in _WORD_KINDS:
        return 0
    at = offset + 2
    if c.peek(at) == "[" and c.touches(at):
        at += 1
        if c.peek(at) == "-":
            at += 1
        if c.peek(at) != "LONG" or c.peek(at + 1) != "]":
            return 0
        at += 2
    if c.peek(at) != "}" or not c.touches(at):
        return 0
    return at + 1 - offset


def scan_name(c: Cursor, offset: int = 0, kinds: frozenset[str] = NAME_KINDS) -> int:
    """How many tokens a name takes at the offset; 0 when there is none."""
    kind = c.peek(offset)
    if kind in kinds:
        return 1
    if kind == "[":
        return scan_bracketed_name(c, offset)
    if kind == "{":
        return scan_braced_name(c, offset)
    return 0


def try_name(c: Cursor, kinds: frozenset[str] = NAME_KINDS) -> str | None:
    """A name, if one is there: a word, ``['a b']`` or ``{placeholder}``, which keeps its braces."""
    kind = c.kinds[c.pos]
    if kind in kinds:
        index = c.pos
        c.pos = index + 1
        return c.text[c.starts[index] : c.ends[index]]
    if kind == "[" and scan_bracketed_name(c, 0):
        c.pos += 1
        name = string_text(c)
        c.pos += 1
        return name
    if kind == "{":
        length = scan_braced_name(c)
        if length:
            start = c.pos
            c.pos += length
            return c.text[c.starts[start] : c.ends[c.pos - 1]]
    return None


def name(c: Cursor, what: str = "a name") -> str:
    """A name that must be there, as it is referred to."""
    found = try_name(c)
    if found is None:
        c.fail(what)
    return found


def declared_name(c: Cursor, what: str = "a name") -> str:
    """A name that must be there, where it is declared: more keywords may stand."""
    found = try_name(c, DECLARED_KINDS)
    if found is None:
        c.fail(what)
    return found


def name_reference(c: Cursor) -> Name:
    """A name as an expression."""
    start = c.pos
    return Name(name(c, "a column's name"), span=c.span_from(start))


_PATTERN_KINDS = DECLARED_KINDS | {"LONG", "*"}


def scan_pattern(c: Cursor, offset: int = 0) -> int:
    """How many tokens a name with wildcards takes (``*``, ``Account*``, ``*_dynamic*``); 0 when there is no wildcard.

    The parts must touch: ``a *`` is a product.
    """
    kind = c.peek(offset)
    if kind == "*":
        length = 1
    elif kind in DECLARED_KINDS and c.peek(offset + 1) == "*" and c.touches(offset + 1):
        length = 2
    else:
        return 0
    while c.peek(offset + length) in _PATTERN_KINDS and c.touches(offset + length):
        length += 1
    return length


def try_pattern(c: Cursor) -> NamePattern | Star | None:
    """A name with wildcards, if one is there."""
    length = scan_pattern(c)
    if not length:
        return None
    start = c.pos
    c.pos += length
    span = c.span_from(start)
    text = c.text[span.start : span.end]
    return Star(span=span) if text == "*" else NamePattern(text, span=span)


def column_pattern(c: Cursor) -> Name | NamePattern | Star:
    """A column's name, with wildcards or without."""
    return try_pattern(c) or name_reference(c)


# ---------------------------------------------------------------- types


def declared_type(c: Cursor) -> str:
    """The type of a declared column or parameter, by its first name (``double`` is real)."""
    kind = c.kinds[c.pos]
    if kind not in _DECLARABLE:
        if kind in TYPE_NAMES or kind in NAME_KINDS:
            text = c.token_text(c.pos)
            known = TYPE_NAMES.get(text)
            hint = (
                f"{text} is written {known}"
                if known
                else f"the types are {', '.join(sorted(set(TYPE_NAMES.values())))}"
            )
            raise c.error(f"{text} is not a type that can be declared", hint=hint)
        c.fail("a type")
    c.pos += 1
    return TYPE_NAMES[kind]


def column_declaration(c: Cursor) -> ColumnDeclaration:
    """``name: type``."""
    start = c.pos
    declared = declared_name(c, "a column's name")
    c.expect(":", f"the column {declared}")
    return ColumnDeclaration(declared, declared_type(c), span=c.span_from(start))


def row_schema(c: Cursor) -> tuple[ColumnDeclaration, ...]:
    """``(a: long, b: string)`` with stray commas at both ends allowed."""
    c.expect("(")
    c.accept(",")
    columns: tuple[ColumnDeclaration, ...] = ()
    if c.kind != ")":
        columns = c.comma_list(column_declaration, trailing=_CLOSE)
    c.expect(")")
    return columns


def type_of(c: Cursor) -> TypeOf:
    """``typeof(long)``, ``typeof(a:long, *)``."""
    start = c.expect("typeof")
    c.expect("(", "typeof")
    kind = c.kinds[c.pos]
    if (kind in TYPE_NAMES and kind != "uuid") or (kind == IDENT and c.peek(1) == ")"):
        text = c.token_text(c.pos)
        c.pos += 1
        c.expect(")")
        return TypeOf(TYPE_NAMES.get(text, text), span=c.span_from(start))
    columns: list[ColumnDeclaration] = []
    is_open = False
    while c.kind != ")":
        if c.accept("*"):
            is_open = True
        else:
            columns.append(column_declaration(c))
        if not c.accept(","):
            break
        if c.kind == ")":
            c.fail("a column")
    c.expect(")")
    return TypeOf(None, tuple(columns), is_open, span=c.span_from(start))
