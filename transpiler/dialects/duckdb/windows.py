"""DuckDB's spellings: window functions."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.dialect import SpecialBuilder
from transpiler.dialects.spelling import Speller
from transpiler.dialects.windowing import count_within, nearby, neighbour, row_number, running, staged_only, total
from transpiler.types import Type


def _narrow(speller: Speller, tree: exp.Expr, t: Type) -> exp.Expr:
    """A sum of BIGINT is HUGEINT."""
    return tree if t in (Type.REAL, Type.DECIMAL) else speller.sql("CAST({x} AS BIGINT)", x=tree)


SPECIAL: dict[str, SpecialBuilder] = {
    "row_number": row_number,
    "row_cumsum": running("sum", "0", _narrow),
    "running max": running("max"),
    "running min": running("min"),
    "running first": running("first_value"),
    "sum up to": running("sum", "0", _narrow),
    "total sum": total("sum", _narrow),
    "prev": neighbour("lag"),
    "next": neighbour("lead"),
    "count within": count_within,
    "true nearby": nearby,
    "row_window_session": staged_only,
    "row_rank_dense": staged_only,
    "row_rank_min": staged_only,
}
