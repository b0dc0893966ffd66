"""Operators with clauses of their own: make-series, scan, top-nested, top-hitters."""

from __future__ import annotations

from transpiler.kql.cursor import Cursor
from transpiler.kql.expressions import PARAMETERS, expression, named_expression
from transpiler.kql.literal_rules import try_literal
from transpiler.kql.names import column_declaration, declared_name
from transpiler.kql.operators import keyword, ordered
from transpiler.kql.parameters import parameter_table
from transpiler.kql.syntax import (
    ColumnDeclaration,
    Expr,
    MakeSeries,
    MakeSeriesAggregate,
    Name,
    OrderBy,
    Scan,
    ScanAssignment,
    ScanStep,
    TopHitters,
    TopNested,
    TopNestedClause,
)
from transpiler.kql.tokens import IDENT, SOFT_KEYWORDS

# ---------------------------------------------------------------- make-series


def make_series(c: Cursor) -> MakeSeries:
    """``make-series a = avg(x) default=0 on t from a to b step c by k``, and the older ``in range(a, b, c)``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, parameter_table("hint.shufflekey kind"))
    aggregates = c.comma_list(_series)
    c.expect("on", "the aggregates of make-series")
    axis = named_expression(c)
    in_range = c.kind not in ("from", "to", "step")
    first, last, step = _range_clause(c) if in_range else _from_to_step(c)
    by = c.comma_list(named_expression) if c.accept("by") else ()
    return MakeSeries(
        aggregates, axis, first, last, step, by, in_range,
        keyword=word, parameters=parameters, span=c.span_from(start),
    )  # fmt: skip


def _series(c: Cursor) -> MakeSeriesAggregate:
    start = c.pos
    value = named_expression(c)
    default = None
    if c.accept("default"):
        c.expect("=", "default")
        default = named_expression(c)
    return MakeSeriesAggregate(value, default, span=c.span_from(start))


def _from_to_step(c: Cursor) -> tuple[Expr | None, Expr | None, Expr]:
    first = expression(c) if c.accept("from") else None
    last = expression(c) if c.accept("to") else None
    c.expect("step", "the range of make-series")
    return first, last, expression(c)


def _range_clause(c: Cursor) -> tuple[Expr, Expr, Expr]:
    if c.kind != "in":
        c.fail("from, to, step or in range", "the axis of make-series")
    c.pos += 1
    c.expect("range", "in")
    c.expect("(", "range")
    values = c.comma_list(named_expression)
    if len(values) != 3:
        c.fail("the start, the end and the step", "range")
    c.expect(")", "the step")
    return values[0], values[1], values[2]


# ---------------------------------------------------------------- scan


def scan(c: Cursor) -> Scan:
    """``scan order by … partition by … declare (…) with (step s: condition => a = x;)``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, parameter_table("kind with_match_id"), equals_needed=False)
    order: tuple[OrderBy, ...] = ()
    if c.accept("order"):
        c.expect("by", "order")
        order = c.comma_list(ordered)
    partition: tuple[Expr, ...] = ()
    if c.accept("partition"):
        c.expect("by", "partition")
        partition = c.comma_list(expression)
    declare: tuple[tuple[ColumnDeclaration, Expr | None], ...] = ()
    if c.accept("declare"):
        c.expect("(", "declare")
        declare = () if c.kind == ")" else c.comma_list(_declared)
        c.expect(")", "the declared columns")
    c.expect("with", "scan")
    c.expect("(", "with")
    steps: list[ScanStep] = []
    while c.kind == "step":
        steps.append(_step(c))
    c.expect(")", "the steps of scan")
    return Scan(order, partition, declare, tuple(steps), keyword=word, parameters=parameters, span=c.span_from(start))


def _declared(c: Cursor) -> tuple[ColumnDeclaration, Expr | None]:
    column = column_declaration(c)
    return column, default_value(c)


def default_value(c: Cursor) -> Expr | None:
    """``= literal`` after a parameter or declared column."""
    if not c.accept("="):
        return None
    value = try_literal(c)
    if value is not None:
        return value
    if c.kind != IDENT and c.kind not in SOFT_KEYWORDS:
        c.fail("a literal", "'='")
    c.pos += 1
    return Name(c.token_text(c.pos - 1), span=c.token_span(c.pos - 1))


def _step(c: Cursor) -> ScanStep:
    start = c.expect("step")
    step = declared_name(c, "a step's name")
    optional = c.accept("optional")
    output = None
    if c.accept("output"):
        c.expect("=", "output")
        output = c.token_text(c.pos)
        if output not in ("all", "last", "none"):
            c.fail("all, last or none", "output=")
        c.pos += 1
    c.expect(":", "the step's name")
    condition = expression(c)
    assignments = c.comma_list(_assignment) if c.accept("=>") else ()
    c.expect(";", "a step of scan")
    return ScanStep(step, condition, assignments, optional, output, span=c.span_from(start))


def _assignment(c: Cursor) -> ScanAssignment:
    start = c.pos
    column = declared_name(c, "a column's name")
    c.expect("=", "the column")
    return ScanAssignment(column, expression(c), span=c.span_from(start))


# ---------------------------------------------------------------- top-nested, top-hitters


def top_nested(c: Cursor) -> TopNested:
    """``top-nested 3 of x with others="o" by sum(y) desc, top-nested …``."""
    start = c.pos
    clauses = c.comma_list(_nested)
    return TopNested(clauses, keyword="top-nested", span=c.span_from(start))


def _nested(c: Cursor) -> TopNestedClause:
    start = c.expect("top-nested")
    count = None if c.kind == "of" else named_expression(c)
    c.expect("of", "top-nested")
    value = named_expression(c)
    others = None
    if c.accept("with"):
        c.expect("others", "with")
        c.expect("=", "others")
        others = expression(c)
    c.expect("by", "the expression of top-nested")
    key = ordered(c)
    return TopNestedClause(
        count, value, others, key.value, key.descending, key.nulls_first, key.natural, span=c.span_from(start)
    )


def top_hitters(c: Cursor) -> TopHitters:
    """``top-hitters n of x by y``."""
    start, word = keyword(c)
    count = named_expression(c)
    c.expect("of", "the number of values")
    value = named_expression(c)
    by = named_expression(c) if c.accept("by") else None
    return TopHitters(count, value, by, keyword=word, span=c.span_from(start))
