"""Many runs of a rule in one statement of DuckDB: each run's alerts beside the others', computed set by set.

The alerts of one run are a query in which the scheduled time is a column of a table of runs, joined LATERAL. DuckDB turns
such a query into joins and groupings over all runs at once; a table is read once, whatever their number.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlglot import exp

from transpiler.alerts.clock import Clock
from transpiler.alerts.statement import DELAY, RuleAlerts, alerts_at
from transpiler.alerts.writers import writer_of
from transpiler.api import dialect_of
from transpiler.catalog import Catalog
from transpiler.lowering.names import Names
from transpiler.rule.model import Rule

_COLUMN = "scheduled_time"


def alerts_over_runs(
    rule: Rule, catalog: Catalog, first: datetime, count: int, frequency: timedelta, *, delay: timedelta = DELAY
) -> RuleAlerts:
    """The alerts of ``count`` runs, scheduled at ``first`` (UTC) and each ``frequency`` later. Suppression is left out.

    Raises KqlError as ``transpile`` does. DuckDB may refuse the statement where it cannot decorrelate the query.
    """
    dialect = dialect_of("duckdb")
    runs = Names(catalog.names()).unique("backtest_runs")
    writer = writer_of(dialect)

    def scheduled() -> exp.Expr:
        return exp.column(_COLUMN, table=runs, copy=False)

    clock = Clock(scheduled, lambda: writer.shifted(scheduled(), delay))
    made = alerts_at(rule, dialect, catalog, clock, moments=(first, first + (count - 1) * frequency))
    start = first.isoformat(sep=" ")
    step = frequency // timedelta(microseconds=1)
    series = f"SELECT TIMESTAMP '{start}' + to_microseconds(n * {step}) AS {_COLUMN} FROM range({count}) AS numbers(n)"
    sql = f"SELECT alerts.*\nFROM ({series}) AS {runs}, LATERAL (\n{made.sql}) AS alerts\n"
    return replace(made, sql=sql)
