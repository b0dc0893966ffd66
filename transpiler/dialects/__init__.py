"""Targets. ``dialect`` says what a target must answer, ``spelling`` how functions are written, ``comparisons`` and ``terms`` hold
what targets share; each target is a package of its own."""

from __future__ import annotations

from collections.abc import Mapping

from transpiler.dialects.bigquery import BIGQUERY
from transpiler.dialects.dialect import Dialect, check_complete
from transpiler.dialects.duckdb import DUCKDB

TARGETS: dict[str, Dialect] = {d.name: d for d in (DUCKDB, BIGQUERY)}
TARGET_NAMES = tuple(sorted(TARGETS))
for _dialect in TARGETS.values():
    check_complete(_dialect)


def check_targets(table: Mapping[str, object], what: str) -> None:
    """Raises ImportError for a table by target's name that leaves a target out, or has one that there is not."""
    if odd := TARGETS.keys() ^ table.keys():
        raise ImportError(f"{what} differ from the targets by: {', '.join(sorted(odd))}")


__all__ = ["TARGETS", "TARGET_NAMES", "Dialect", "check_targets"]
