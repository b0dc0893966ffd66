"""DuckDB's spellings: what a log stores as KQL types."""

from __future__ import annotations

from transpiler.dialects.spelling import Spelling

SPELLINGS: dict[str, Spelling] = {
    # RFC 3339 with up to nine digits of a second; an offset counts.
    "instant of rfc3339": "TRY_CAST({value} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'",
}
