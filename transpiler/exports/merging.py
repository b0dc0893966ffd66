"""Alerts written so that a run which happens twice leaves no trace of it: MERGE on the alert's id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from transpiler.alerts import ALERT_COLUMNS, rule_alerts
from transpiler.alerts.schema import quoted_path
from transpiler.catalog import Catalog
from transpiler.dialects.times import interval_of
from transpiler.exports.header import header_of
from transpiler.exports.schedule import MINIMUM
from transpiler.exports.settings import Settings
from transpiler.lowering.runtime import RunTime
from transpiler.rule.model import Rule

RUN_TIME = "@run_time"


def merge_alerts(
    rule: Rule,
    catalog: Catalog,
    settings: Settings,
    path: Sequence[str],
    run_time: str = RUN_TIME,
    *,
    script: bool = False,
) -> str:
    """BigQuery's MERGE of a run's alerts into the alerts table.

    ``path``: the table's identifier; ``run_time``: the SQL of the moment at which the run is due; ``script``: with temporary
    tables before it for what would be read more than once. A script's statements start one after the other, so
    ``run_time`` must be the same in all of them, as ``@run_time`` is. Raises KqlError as ``transpile`` does.
    """
    made = rule_alerts(
        rule,
        "bigquery",
        catalog,
        now=RunTime(settings.delay),
        delay=settings.delay,
        least=MINIMUM,
        suppressed_by=path,
        run_time_as="" if run_time == RUN_TIME else run_time,
        temporary=script,
    )
    names = [c.name for c in ALERT_COLUMNS]
    listed = ",\n    ".join(names)
    values = ",\n    ".join(f"found.{name}" for name in names)
    end = _before(run_time, settings.delay)
    before = [
        f"CREATE TEMP TABLE {quoted_path('bigquery', (t.name,))} AS\n{t.sql.rstrip()};\n\n" for t in made.temporary
    ]
    head = f"/*{header_of(rule).replace('*/', '* /')}*/\n"
    return "".join([head, *before]) + (
        f"MERGE INTO {quoted_path('bigquery', path)} AS stored\nUSING (\n{made.sql}) AS found\n"
        # The constant instant lets the service read one partition of the alerts instead of all.
        f"ON stored.alert_id = found.alert_id AND stored.window_end = {end}\n"
        f"WHEN NOT MATCHED BY TARGET THEN\n  INSERT (\n    {listed}\n  )\n  VALUES (\n    {values}\n  )\n"
    )


def _before(moment: str, delay: timedelta) -> str:
    count, unit = interval_of(delay // timedelta(microseconds=1))
    return f"TIMESTAMP_SUB({moment}, INTERVAL {count} {unit})" if count else moment


def aligned_now(frequency: timedelta) -> str:
    """BigQuery's SQL of the latest moment of a grid: a job that is repeated within one interval is the same run."""
    seconds = int(frequency.total_seconds())
    return f"TIMESTAMP_SECONDS(DIV(UNIX_SECONDS(CURRENT_TIMESTAMP()), {seconds}) * {seconds})"
