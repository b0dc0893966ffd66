"""Pipelines: a source and the operators after it; the table of every operator's rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from transpiler.kql import combining, operators, series_scan
from transpiler.kql.cursor import Cursor
from transpiler.kql.expressions import expression
from transpiler.kql.graph import GRAPH_OPERATORS
from transpiler.kql.lookahead import starts_operator
from transpiler.kql.syntax import Expr, Operator, Pipeline
from transpiler.kql.tables import inline_external_table

Rule: TypeAlias = Callable[[Cursor], Operator]

OPERATORS: dict[str, Rule] = {
    "where": operators.where,
    "filter": operators.where,
    "extend": operators.extend,
    "project": operators.project,
    "project-away": operators.project_away,
    "project-keep": operators.project_keep,
    "project-rename": operators.project_rename,
    "project-reorder": operators.project_reorder,
    "project-by-names": operators.project_by_names,
    "summarize": operators.summarize,
    "distinct": operators.distinct,
    "sort": operators.sort,
    "order": operators.sort,
    "top": operators.top,
    "take": operators.take,
    "limit": operators.take,
    "count": operators.count_rows,
    "as": operators.as_name,
    "serialize": operators.serialize,
    "print": operators.print_row,
    "range": operators.range_rows,
    "parse": operators.parse,
    "parse-where": operators.parse,
    "parse-kv": operators.parse_kv,
    "evaluate": operators.evaluate,
    "invoke": operators.invoke,
    "render": operators.render,
    "sample": operators.sample,
    "sample-distinct": operators.sample_distinct,
    "consume": operators.consume,
    "getschema": operators.getschema,
    "reduce": operators.reduce,
    "__executeAndCache": operators.execute_and_cache,
    "assert-schema": operators.assert_schema,
    "join": combining.join,
    "lookup": combining.lookup,
    "union": combining.union,
    "search": combining.search,
    "find": combining.find,
    "partition": combining.partition,
    "fork": combining.fork,
    "facet": combining.facet,
    "macro-expand": combining.macro_expand,
    "mv-expand": combining.mv_expand,
    "mvexpand": combining.mv_expand,
    "mv-apply": combining.mv_apply,
    "mvapply": combining.mv_apply,
    "make-series": series_scan.make_series,
    "scan": series_scan.scan,
    "top-nested": series_scan.top_nested,
    "top-hitters": series_scan.top_hitters,
    **GRAPH_OPERATORS,
}
# Operators that begin a pipeline even where the look-ahead cannot tell.
_FALLBACKS = frozenset({"graph-shortest-paths", "graph-where-nodes", "graph-where-edges"})


def operator(c: Cursor) -> Operator:
    """One operator, which must be there."""
    rule = OPERATORS.get(c.kinds[c.pos])
    if rule is None:
        c.fail("an operator", "'|'" if c.pos and c.kinds[c.pos - 1] == "|" else "", _misspelt(c))
    return rule(c)


def _misspelt(c: Cursor) -> str:
    """A hint for an operator in the wrong case, which is the commonest slip."""
    if c.kind == "END":
        return ""
    word = c.token_text(c.pos).lower()
    return f"KQL's keywords are lower-case: {word}" if word in OPERATORS else ""


def operator_list(c: Cursor) -> tuple[Operator, ...]:
    """One operator or more, with pipes between them."""
    c.enter()
    found = [operator(c)]
    while c.kinds[c.pos] == "|":
        c.pos += 1
        found.append(operator(c))
    c.depth -= 1
    return tuple(found)


def pipeline(c: Cursor) -> Expr:
    """A scalar or tabular expression: a Pipeline when it has operators, else the bare expression."""
    start = c.pos
    source: Expr | None
    kind = c.kinds[start]
    if kind == "inline_external_table" and starts_operator(c):
        source = inline_external_table(c)
    elif kind in OPERATORS and (kind in _FALLBACKS or starts_operator(c)):
        return Pipeline(None, operator_list(c), span=c.span_from(start))
    else:
        source = expression(c)
    if c.kinds[c.pos] != "|":
        return source
    c.pos += 1
    return Pipeline(source, operator_list(c), span=c.span_from(start))
