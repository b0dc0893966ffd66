"""What ``now()`` is written as: the engine's clock in UTC, a literal, or a scheduled query's run time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlglot import exp

from transpiler.diagnostics import KqlError
from transpiler.dialects.dialect import Dialect
from transpiler.kql.instants import moment_ticks
from transpiler.plan.scalars import Constant
from transpiler.types import Type


@dataclass(frozen=True, slots=True)
class RunTime:
    """The scheduled time of a run (``@run_time`` in BigQuery) minus the ingestion delay."""

    delay: timedelta = timedelta(minutes=5)


def now_tree(dialect: Dialect, now: datetime | RunTime | None) -> exp.Expr:
    """The tree of ``now()``. Raises KqlError where the target has no run time."""
    match now:
        case None:
            return dialect.now()
        case RunTime():
            return dialect.run_time(now.delay)
        case datetime():
            try:
                ticks = moment_ticks(now)
            except OverflowError:
                raise KqlError("KQL206", f"now, {now}, lies outside the years 1 to 9999 in UTC") from None
            return dialect.constant(Constant(Type.DATETIME, ticks))
