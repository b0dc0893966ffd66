"""Tables that a query writes down or fetches: datatable, externaldata, and the sources that only Kusto knows."""

from __future__ import annotations

from transpiler.kql.cursor import DECLARED_KINDS, Cursor
from transpiler.kql.literal_rules import LITERALS, try_literal
from transpiler.kql.names import row_schema, try_name
from transpiler.kql.syntax import DataTable, Expr, ExternalData, Literal, Name, OpaqueTable, Property


def data_table(c: Cursor) -> DataTable:
    start = c.expect("datatable")
    columns = row_schema(c)
    c.expect("[", "the columns of datatable")
    c.accept(",")
    values: tuple[Expr, ...] = ()
    if c.kind != "]":
        values = c.comma_list(_table_value, trailing=_BRACKET_CLOSE)
    c.expect("]", "a value of datatable")
    return DataTable(columns, values, span=c.span_from(start))


_BRACKET_CLOSE = frozenset({"]"})


def _table_value(c: Cursor) -> Expr:
    value = try_literal(c)
    if value is None:
        c.fail("a literal", hint="datatable holds literals only; a null is written int(null), datetime(null) …")
    return value


def external_data(c: Cursor) -> ExternalData:
    start = c.pos
    c.pos += 1
    columns = row_schema(c)
    c.expect("[", "the columns of externaldata")
    uris: tuple[Expr, ...] = ()
    if c.kind != "]":
        uris = c.comma_list(c.pipeline, trailing=_BRACKET_CLOSE)
    c.expect("]", "a URI")
    return ExternalData(columns, uris, with_properties(c), span=c.span_from(start))


def with_properties(c: Cursor) -> tuple[Property, ...]:
    """``with (name = value, …)`` after externaldata and restrict; empty when it is not written."""
    if not c.accept("with"):
        return ()
    c.expect("(", "with")
    properties: tuple[Property, ...] = ()
    if c.kind != ")":
        properties = c.comma_list(_property)
    c.expect(")", "a property")
    return properties


def _property(c: Cursor) -> Property:
    start = c.pos
    found = try_name(c, DECLARED_KINDS)
    if found is None:
        c.fail("a property's name")
    c.expect("=", f"the property {found}")
    return Property(found, _property_value(c), span=c.span_from(start))


def _property_value(c: Cursor) -> Expr:
    kind = c.kinds[c.pos]
    if kind in _PROPERTY_LITERALS:
        return LITERALS[kind](c)
    start = c.pos
    if kind == "RAW_GUID":
        c.pos += 1
        return Literal("guid", c.token_text(start).lower(), span=c.span_from(start))
    found = try_name(c, DECLARED_KINDS)
    if found is None:
        c.fail("a value", "'='")
    return Name(found, span=c.span_from(start))


_PROPERTY_LITERALS = frozenset({"STRING", "LONG", "REAL", "BOOL", "TYPED"})


def materialized_view_combine(c: Cursor) -> OpaqueTable:
    """``materialized-view-combine (name) base (…) delta (…) aggregations (…)``."""
    start = c.pos
    c.pos += 1
    skip_brackets(c)
    for word in ("base", "delta", "aggregations"):
        if c.kind in ("STRING", "END") or c.token_text(c.pos) != word:
            c.fail(word, "materialized-view-combine")
        c.pos += 1
        skip_brackets(c)
    return _opaque(c, start)


def contextual_data_table(c: Cursor) -> OpaqueTable:
    """``__contextual_datatable id (a: long)``."""
    start = c.pos
    c.pos += 1
    if try_literal(c) is None and try_name(c) is None:
        c.fail("an identifier", "__contextual_datatable")
    row_schema(c)
    return _opaque(c, start)


def inline_external_table(c: Cursor) -> OpaqueTable:
    """``inline_external_table (a: long) kind=storage dataformat=csv (…) with (…)``, up to the pipe."""
    start = c.pos
    c.pos += 1
    skip_to_pipe(c)
    return _opaque(c, start)


def _opaque(c: Cursor, start: int) -> OpaqueTable:
    span = c.span_from(start)
    return OpaqueTable(c.token_text(start), c.text[span.start : span.end], span=span)


_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_CLOSERS.values())
_PIPE_ENDS = frozenset({"|", ";", "END"})


def skip_brackets(c: Cursor, opening: str = "(") -> None:
    """Steps over a bracket and all that it holds; every bracket within must be closed by its own kind."""
    c.expect(opening)
    expected = [_CLOSERS[opening]]
    while expected:
        kind = c.kind
        if kind in _CLOSERS:
            expected.append(_CLOSERS[kind])
        elif kind in _CLOSING or kind == "END":
            if kind != expected[-1]:
                c.fail(f"'{expected[-1]}'")
            expected.pop()
        c.pos += 1


def skip_to_pipe(c: Cursor) -> None:
    """Steps over everything up to the next pipe, semicolon or closing bracket outside all brackets."""
    while c.kind not in _PIPE_ENDS and c.kind not in _CLOSING:
        if c.kind in _CLOSERS:
            skip_brackets(c, c.kind)
        else:
            c.pos += 1
