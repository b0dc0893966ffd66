"""How trees become text."""

from __future__ import annotations

from time import process_time

from sqlglot import exp

from transpiler.dialects import TARGETS
from transpiler.lowering.printer import print_sql


def test_queries_within_queries_are_printed_once() -> None:
    """Whoever prints a subquery twice, to see whether it fits a line, prints the innermost of these a million times."""
    tree = exp.select("1 AS x")
    for level in range(22):
        condition = exp.column("x") > exp.Literal.number(10**60 + level)
        tree = exp.select(exp.column("x")).from_(exp.Subquery(this=tree)).where(condition)
    start = process_time()
    printed = print_sql(tree, TARGETS["duckdb"])
    assert process_time() - start < 3
    assert printed.count("SELECT") == 23
