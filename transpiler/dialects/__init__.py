"""Targets. ``dialect`` says what a target must answer, ``spelling`` how functions are written, ``comparisons`` and ``terms`` hold
what targets share; each target is a package of its own."""

from __future__ import annotations

from transpiler.dialects.bigquery import BIGQUERY
from transpiler.dialects.dialect import Dialect, check_complete
from transpiler.dialects.duckdb import DUCKDB

TARGETS: dict[str, Dialect] = {d.name: d for d in (DUCKDB, BIGQUERY)}
for _dialect in TARGETS.values():
    check_complete(_dialect)

__all__ = ["TARGETS", "Dialect"]
