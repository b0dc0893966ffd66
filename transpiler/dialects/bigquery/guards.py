"""What stops a query in BigQuery."""

from __future__ import annotations

from transpiler.dialects.spelling import Spelling

SPELLINGS: dict[str, Spelling] = {
    "value if": "CASE WHEN {holds} THEN {value} ELSE ERROR(CONCAT({message}, ': ', {shown})) END",
}
