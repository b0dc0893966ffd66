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
    rule: Rule, catalog: Catalog, settings: Settings, path: Sequence[str], run_time: str = RUN_TIME, quoted: str = ""
) -> str:
    """BigQuery's MERGE of a run's alerts into the alerts table.

    ``path``: the table's identifier; ``run_time``: the SQL of the moment at which the run is due; ``quoted``: what stands
    for the table behind MERGE INTO instead. Raises KqlError as ``transpile`` does.
    """
    made = rule_alerts(
        rule,
        "bigquery",
        catalog,
        now=RunTime(settings.delay),
        delay=settings.delay,
        least=MINIMUM,
        suppressed_by=path,
        header=header_of(rule),
        run_time_as="" if run_time == RUN_TIME else run_time,
    )
    names = [c.name for c in ALERT_COLUMNS]
    listed = ",\n    ".join(names)
    values = ",\n    ".join(f"found.{name}" for name in names)
    end = _before(run_time, settings.delay)
    return (
        f"MERGE INTO {quoted or quoted_path('bigquery', path)} AS stored\nUSING (\n{made.sql}) AS found\n"
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
