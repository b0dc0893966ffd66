"""DuckDB's aggregates."""

from __future__ import annotations

from transpiler.dialects.dialect import AggregateBuilder
from transpiler.dialects.spelling import Spelling

AGGREGATES: dict[str, AggregateBuilder] = {}
SIMPLE_AGGREGATES: dict[str, Spelling] = {
    "count": "count(*)",
    "countif": "count_if({predicate})",
    "sum": "CAST(sum({expr}) AS BIGINT)",
    "min": "min({expr})",
    "max": "max({expr})",
    "min string": "min({expr})",
    "max string": "max({expr})",
    "avg": "avg({expr})",
    "dcount": "count(DISTINCT {expr})",
}
