"""Literals where the grammar wants one, and the literals that expressions begin with."""

from __future__ import annotations

from collections.abc import Callable

from transpiler.kql.cursor import Cursor
from transpiler.kql.dynamic_literals import dynamic_literal
from transpiler.kql.instants import timespan_ticks
from transpiler.kql.literals import long_value, typed_literal
from transpiler.kql.names import scan_braced_name, string_text, try_name, type_of
from transpiler.kql.syntax import Expr, Literal, Name

SIGNS = frozenset({"-", "+"})


def _string(c: Cursor) -> Literal:
    start = c.pos
    value = string_text(c)
    return Literal("string", value, span=c.span_from(start))


def _bool(c: Cursor) -> Literal:
    c.pos += 1
    span = c.token_span(c.pos - 1)
    return Literal("bool", c.text[span.start] in "tT", span=span)


def _long(c: Cursor, sign: str = "") -> Literal:
    span = c.token_span(c.pos)
    c.pos += 1
    try:
        value = long_value(sign + c.text[span.start : span.end])
    except ValueError:
        raise c.error("the number has more digits than a long holds", span, code="KQL002") from None
    return Literal("long", value, span=span)


def _real(c: Cursor, sign: str = "") -> Literal:
    span = c.token_span(c.pos)
    c.pos += 1
    return Literal("real", float(sign + c.text[span.start : span.end]), span=span)


def _timespan(c: Cursor, sign: str = "") -> Literal:
    span = c.token_span(c.pos)
    c.pos += 1
    text = sign + c.text[span.start : span.end]
    value = timespan_ticks(text)
    return Literal("timespan", value, None if value is not None else text, span=span)


def _typed(c: Cursor) -> Literal:
    span = c.token_span(c.pos)
    c.pos += 1
    return typed_literal(c.text[span.start : span.end], span)


def _raw_guid(c: Cursor) -> Expr:
    raise c.error("a guid without quotes cannot stand here", hint=f"it is written guid({c.token_text(c.pos)})")


LITERALS: dict[str, Callable[[Cursor], Expr]] = {
    "STRING": _string,
    "BOOL": _bool,
    "LONG": _long,
    "REAL": _real,
    "TIMESPAN": _timespan,
    "TYPED": _typed,
    "RAW_GUID": _raw_guid,
    "dynamic": dynamic_literal,
}
_SIGNED = {"LONG": _long, "REAL": _real, "TIMESPAN": _timespan}


def try_literal(c: Cursor) -> Expr | None:
    """A literal with its sign, where nothing but a literal may stand; None when there is none."""
    kind = c.kinds[c.pos]
    rule = LITERALS.get(kind)
    if rule is not None:
        return rule(c)
    if kind in SIGNS and c.touches(1):
        signed = _SIGNED.get(c.peek(1))
        if signed:
            start = c.starts[c.pos]
            c.pos += 1
            literal = signed(c, kind)
            return Literal(literal.kind, literal.value, literal.malformed, span=c.spanning(start))
    if kind == "typeof" and c.peek(1) == "(":
        return type_of(c)
    if kind == "{" and scan_braced_name(c):
        start = c.pos
        return Name(try_name(c) or "", span=c.span_from(start))
    return None
