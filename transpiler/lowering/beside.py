"""toscalar where a target takes no table: its value stands beside the rows, as a column of the SELECT around both.

Trap: BigQuery takes no correlated subquery that reads a table (``EXISTS`` over the elements of ``toscalar(…)``, say, with a
column of the row in its condition), though its analyser does; DuckDB takes no subquery in a lambda. A join with the one row of
the value is taken everywhere. In a SELECT with GROUP BY the value lies in a key or in what an aggregate reads, never beside them.
"""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.comparisons import is_toscalar
from transpiler.dialects.dialect import Dialect, identifier
from transpiler.lowering.names import Names


def set_beside(statement: exp.Expr, dialect: Dialect, names: Names) -> None:
    """Joins the values of ``toscalar`` that lie where the dialect takes no table to the SELECT of their stage."""
    placed: dict[tuple[int, int, str], str] = {}
    for value in [s for s in statement.find_all(exp.Subquery) if is_toscalar(s)]:
        select = _home(value, dialect.takes_no_table)
        if select is None or not select.args.get("from_"):
            continue
        join = _join_of(value, select)
        key = (id(select), id(join), value.sql(dialect.sqlglot_name))
        if key not in placed:
            placed[key] = names.unique("toscalar_1")
            _join(select, value.copy(), placed[key], join)
        value.replace(exp.Column(this=identifier(placed[key])))


_PASSED = exp.From | exp.Join | exp.CTE | exp.With | exp.SetOperation | exp.Subquery


def _home(value: exp.Expr, bound: type[exp.Expr]) -> exp.Select | None:
    """The SELECT of the stage that a value is computed for; None where no ``bound`` lies between the two.

    A SELECT in another's FROM, in a WITH or in a UNION is a stage; any other is a subquery of an expression.
    """
    home: exp.Select | None = None
    passed: set[type[exp.Expr]] = set()  # between the value and the node
    is_expression, is_bound, node = False, False, value.parent
    while node is not None:
        if isinstance(node, exp.Select):
            if home is None or is_expression:
                home, is_bound = node, bound in passed
            is_expression = False
        elif not isinstance(node, _PASSED):
            is_expression = True
        passed.add(type(node))
        node = node.parent
    return home if is_bound else None


def _join_of(value: exp.Expr, select: exp.Select) -> exp.Join | None:
    """The join of its SELECT in which a value lies (``mv-expand`` of it is one)."""
    node = value
    while node.parent is not None and node.parent is not select:
        node = node.parent
    return node if isinstance(node, exp.Join) else None


def _join(select: exp.Select, value: exp.Expr, name: str, reader: exp.Join | None) -> None:
    """Joins the row of a value: before the join that reads it, else after all others."""
    row = exp.Subquery(this=exp.Select(expressions=[exp.Alias(this=value, alias=identifier(name))]))
    joins = list(select.args.get("joins") or [])
    place = len(joins) if reader is None else next(n for n, join in enumerate(joins) if join is reader)
    select.set("joins", [*joins[:place], exp.Join(this=row, kind="CROSS"), *joins[place:]])
    for item in select.expressions:
        if isinstance(item, exp.Star):
            item.append("except_", identifier(name))
