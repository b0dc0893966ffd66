"""BigQuery's arithmetic: null on division by zero, Kusto's non-negative remainder, times as microseconds."""

from __future__ import annotations

from transpiler.dialects.spelling import Spelling

ARITHMETIC: dict[str, Spelling] = {
    "+": "{left} + {right}",
    "-": "{left} - {right}",
    "*": "{left} * {right}",
    "/": "SAFE_DIVIDE({left}, {right})",
    "negate": "-{value}",
    "+ datetime": "TIMESTAMP_ADD({left}, INTERVAL {right} MICROSECOND)",
    "+ timespan datetime": "TIMESTAMP_ADD({right}, INTERVAL {left} MICROSECOND)",
    "- datetime": "TIMESTAMP_SUB({left}, INTERVAL {right} MICROSECOND)",
    "- datetimes": "TIMESTAMP_DIFF({left}, {right}, MICROSECOND)",
}
