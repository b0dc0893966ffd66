"""BigQuery's spellings: window functions."""

from __future__ import annotations

from transpiler.dialects.dialect import SpecialBuilder
from transpiler.dialects.windowing import count_within, nearby, neighbour, row_number, running, staged_only, total

SPECIAL: dict[str, SpecialBuilder] = {
    "row_number": row_number,
    "row_cumsum": running("SUM", "0"),
    "running max": running("MAX"),
    "running min": running("MIN"),
    "running first": running("FIRST_VALUE"),
    "sum up to": running("SUM", "0"),
    "total sum": total("SUM"),
    "prev": neighbour("LAG"),
    "next": neighbour("LEAD"),
    "count within": count_within,
    "true nearby": nearby,
    "row_window_session": staged_only,
    "row_rank_dense": staged_only,
    "row_rank_min": staged_only,
}
