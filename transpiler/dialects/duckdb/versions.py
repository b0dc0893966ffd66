"""DuckDB: the numbers of ``parse_version`` are DECIMAL(38, 0), all other decimals DECIMAL(38, 18): they do not meet.

A version has 25 digits before the point, of which the other type holds 20: DuckDB would stop the query at a comparison.
"""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.comparisons import STANDARD
from transpiler.dialects.duckdb.arithmetic import wide_case
from transpiler.dialects.spelling import Speller, Spelling
from transpiler.plan.scalars import Call, ColumnRef, Constant, Scalar
from transpiler.types import Type


def _is_version(scalar: Scalar) -> bool | None:
    """Whether a decimal comes from ``parse_version``; None where that is not known, and for a null."""
    if isinstance(scalar, ColumnRef) or (isinstance(scalar, Constant) and scalar.value is None):
        return None
    return isinstance(scalar, Call) and scalar.overload.key == "parse_version"


def _apart(key: str, spelling: Spelling) -> Spelling:
    assert callable(spelling)

    def spell(speller: Speller, call: Call) -> exp.Expr:
        decimals = [a for a in call.arguments if a.type is Type.DECIMAL]
        if decimals and {True, False} <= {_is_version(a) for a in decimals}:
            raise speller.refuse(f"{key}: a version is longer than DuckDB's other decimals", call.span)
        return spelling(speller, call)

    return spell


VERSIONS: dict[str, Spelling] = {
    "case": _apart("case", wide_case),
    **{key: _apart(key, STANDARD[key]) for key in ("==", "!=", "<", "<=", ">", ">=", "between", "in")},
}
