"""What KQL promises about each function: one declaration a function, no SQL. ``registry`` explains the notation."""

from transpiler.functions import (
    aggregates,
    conversions,
    core,
    datetimes,
    dynamics,
    encodings,
    geography,
    networks,
    numbers,
    operators,
    parsing,
    series,
    stored,
    strings,
    unavailable,
    windows,
)
from transpiler.functions.registry import FUNCTIONS

__all__ = [
    "FUNCTIONS",
    "aggregates",
    "conversions",
    "core",
    "datetimes",
    "dynamics",
    "encodings",
    "geography",
    "networks",
    "numbers",
    "operators",
    "parsing",
    "series",
    "stored",
    "strings",
    "unavailable",
    "windows",
]
