"""Where NaN stands among the values of a sort key: beside the nulls, first or last as they are."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.spelling import Speller
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.relations import OrderKey
from transpiler.types import Type


def nan_key(speller: Speller, key: OrderKey, *, has_nulls_clause: bool = True) -> list[exp.Expr]:
    """A key to stand before a sort key whose NaN the target would put among the numbers' other end; else none.

    DuckDB finds NaN the greatest of reals, BigQuery the least. Kusto's documentation: ``null, NaN, -inf, ...`` where nulls
    come first, ``..., NaN, null`` where they come last, whatever the direction.
    """
    if key.value.type is not Type.REAL or not may_be_nan(key.value):
        return []
    stands_last = key.descending is not speller.dialect.nan_is_greatest
    if stands_last is not key.nulls_first:
        return []
    test = speller.sql(speller.dialect.is_nan, x=speller.dialect.order_key(speller, key.value))
    nulls_first = key.nulls_first if has_nulls_clause else not key.nulls_first
    return [exp.Ordered(this=test, desc=key.nulls_first, nulls_first=nulls_first)]
