"""BigQuery's aggregates."""

from __future__ import annotations

from transpiler.dialects.dialect import AggregateBuilder
from transpiler.dialects.spelling import Spelling

AGGREGATES: dict[str, AggregateBuilder] = {}
SIMPLE_AGGREGATES: dict[str, Spelling] = {
    "count": "COUNT(*)",
    "countif": "COUNTIF({predicate})",
    "sum": "SUM({expr})",
    "min": "MIN({expr})",
    "max": "MAX({expr})",
    "min string": "MIN({expr})",
    "max string": "MAX({expr})",
    "avg": "AVG({expr})",
    "dcount": "COUNT(DISTINCT {expr})",
}
