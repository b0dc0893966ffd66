"""Tables that a query writes down or fetches: datatable, externaldata, and the sources that only Kusto knows."""

from __future__ import annotations

from transpiler.kql.cursor import DECLARED_KINDS, Cursor
from transpiler.kql.literal_rules import LITERALS, try_literal
from transpiler.kql.names import declared_name, name_reference, row_schema, try_name
from transpiler.kql.syntax import DataTable, Expr, ExternalData, Literal, Name, OpaqueTable, Property
from transpiler.kql.tokens import IDENT


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
    c.enter()
    start = c.pos
    c.pos += 1
    columns = row_schema(c)
    c.expect("[", "the columns of externaldata")
    uris: tuple[Expr, ...] = ()
    if c.kind != "]":
        uris = c.comma_list(c.pipeline, trailing=_BRACKET_CLOSE)
    c.expect("]", "a URI")
    c.depth -= 1
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
    _query_in_brackets(c)
    for word in ("base", "delta", "aggregations"):
        if c.kind in ("STRING", "END") or c.token_text(c.pos) != word:
            c.fail(word, "materialized-view-combine")
        c.pos += 1
        if word == "aggregations" and c.peek(1) != "summarize":
            c.pos += 1
            c.fail("summarize", "aggregations")
        _query_in_brackets(c, operators=word == "aggregations")
    return _opaque(c, start)


def _query_in_brackets(c: Cursor, *, operators: bool = False) -> None:
    c.enter()
    c.expect("(")
    if operators:
        c.operator(c)
    else:
        c.pipeline(c)
    c.expect(")")
    c.depth -= 1


def contextual_data_table(c: Cursor) -> OpaqueTable:
    """``__contextual_datatable id (a: long)``."""
    start = c.pos
    c.pos += 1
    if try_literal(c) is None and try_name(c) is None:
        c.fail("an identifier", "__contextual_datatable")
    row_schema(c)
    return _opaque(c, start)


def inline_external_table(c: Cursor) -> OpaqueTable:
    """``inline_external_table (a: long) kind=storage partition by (…) pathformat=(…) dataformat=csv (…) with (…)``."""
    start = c.pos
    c.pos += 1
    has_schema = c.kind == "(" and bool(row_schema(c))
    c.expect("kind", "inline_external_table")
    kind = _word(c, frozenset({"storage", "delta"}), "kind")
    if not has_schema and kind == "storage":
        c.fail("the columns", "inline_external_table")
    if c.accept("partition"):
        c.expect("by", "partition")
        c.expect("(", "by")
        c.accept(",")
        if c.kind != ")":
            c.comma_list(_partition_column, trailing=frozenset({")"}))
        c.expect(")", "a column")
    if c.accept("pathformat"):
        _path_format(c)
    if c.accept("dataformat"):
        c.expect("=", "dataformat")
        c.expect(IDENT, "'='")
    elif kind == "storage":
        c.fail("dataformat", "the kind of the external table")
    c.expect("(", "the format of the data")
    if c.kind != ")":
        c.comma_list(c.pipeline, trailing=frozenset({")"}))
    c.expect(")", "a connection string")
    with_properties(c)
    return _opaque(c, start)


def _word(c: Cursor, words: frozenset[str], after: str) -> str:
    """``= word``, one of the words."""
    c.expect("=", after)
    text = c.token_text(c.pos)
    if text not in words:
        c.fail(" or ".join(sorted(words)), f"{after}=")
    c.pos += 1
    return text


def _partition_column(c: Cursor) -> None:
    declared_name(c, "a column's name")
    c.expect(":", "the column")
    if c.kind not in ("datetime", "long", "string"):
        c.fail("datetime, long or string", "':'")
    c.pos += 1
    if c.accept("="):
        c.pipeline(c)


def _path_format(c: Cursor) -> None:
    c.expect("=", "pathformat")
    c.expect("(", "'='")
    c.accept("STRING")
    while c.kind != ")":
        if c.accept("datetime_pattern"):
            c.expect("(", "datetime_pattern")
            c.expect("STRING", "'('")
            c.expect(",", "the pattern")
            name_reference(c)
            c.expect(")", "the column")
        else:
            name_reference(c)
        c.accept("STRING")
    c.expect(")")


def _opaque(c: Cursor, start: int) -> OpaqueTable:
    span = c.span_from(start)
    return OpaqueTable(c.token_text(start), c.text[span.start : span.end], span=span)
