"""Every scheduled run of a rule over a period, in a database that holds the logs.

The runs are computed together, in a few portions (for progress, and to go on after a stop), where that pays; one after
the other where the windows of many runs overlap, since a set-based statement copies an event into each of them, and
where DuckDB cannot decorrelate the query.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from transpiler.alerts import ALERT_COLUMNS, RuleAlerts, RunWindow, alerts_over_runs, rule_alerts, run_window
from transpiler.alerts.notes import lacking, notes_of
from transpiler.alerts.statement import DELAY
from transpiler.backtest.history import Backtest, Record, by_run
from transpiler.backtest.progress import Progress, fingerprint
from transpiler.catalog import Catalog
from transpiler.diagnostics import KqlError
from transpiler.engine import EngineError
from transpiler.engine.duckdb import DuckDb
from transpiler.rule.model import Rule

PORTIONS = 8
MOST_OVERLAP = 50
"""Up to how many windows an event may be in for the runs to be computed together."""


@dataclass(frozen=True, slots=True)
class _Plan:
    rule: Rule
    catalog: Catalog
    window: RunWindow
    start: datetime
    runs: int
    delay: timedelta

    def scheduled(self, number: int) -> datetime:
        """The scheduled time of a run; the first one is a frequency after the start."""
        return self.start + (number + 1) * self.window.frequency


def backtest(
    rule: Rule,
    catalog: Catalog,
    engine: DuckDb,
    start: datetime,
    end: datetime,
    *,
    delay: timedelta = DELAY,
    portions: int = PORTIONS,
    keep: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    together: bool | None = None,
) -> Backtest:
    """The runs scheduled after ``start`` and up to ``end`` (UTC), each as Sentinel would have seen the logs in ``engine``.

    ``keep``: a file from which the same backtest goes on; ``progress`` is told runs done and all runs; ``together`` forces
    one statement (True) or a loop (False). All events count as ingested in time. Raises KqlError for a rule without a
    schedule, as ``transpile`` does otherwise, and EngineError.
    """
    window = run_window(rule)
    if window is None:
        raise KqlError("KQL204", "the rule has no schedule, so there are no runs to repeat", source=rule.source)
    plan = _Plan(rule, catalog, window, start, max(0, (end - start) // window.frequency), delay)
    overlap = -(-window.period // window.frequency)
    note = f"each event is in {overlap} windows" if overlap > MOST_OVERLAP else ""
    first = _one(plan, 0)
    state = Progress(keep, fingerprint(rule.sha256, first.sql, start, plan.runs, portions))
    note = (
        _run(plan, engine, state, portions, progress, not note if together is None else together, together is None)
        or note
    )
    alerts = [a for portion in sorted(state.done) for a in state.done[portion]]
    runs, kept = by_run(rule, alerts)
    set_based = not note if together is None else together
    read = lacking(catalog, "duckdb", first.requires)
    findings = notes_of(rule, window, [c.name for c in first.results], True, read)
    return Backtest(rule, start, end, window.frequency, plan.runs, runs, kept, set_based, note, findings)


def _run(
    plan: _Plan,
    engine: DuckDb,
    state: Progress,
    portions: int,
    progress: Callable[[int, int], None] | None,
    together: bool,
    fallback: bool,
) -> str:
    """Runs every portion that is not done; why they could not be computed together, if they were to be."""
    note = ""
    size = max(1, -(-plan.runs // max(1, portions)))
    for portion, first in enumerate(range(0, plan.runs, size)):
        count = min(size, plan.runs - first)
        if portion not in state.done:
            if together and not note:
                found, note = _together(plan, engine, first, count, fallback=fallback)
            else:
                found = _in_turn(plan, engine, first, count)
            state.add(portion, found)
        if progress:
            progress(first + count, plan.runs)
    return note


def _one(plan: _Plan, number: int) -> RuleAlerts:
    return rule_alerts(plan.rule, "duckdb", plan.catalog, now=plan.scheduled(number), delay=plan.delay)


def _together(plan: _Plan, engine: DuckDb, first: int, count: int, *, fallback: bool) -> tuple[list[Record], str]:
    made = alerts_over_runs(
        plan.rule, plan.catalog, plan.scheduled(first), count, plan.window.frequency, delay=plan.delay
    )
    try:
        return _records(engine, made.sql), ""
    except EngineError as error:
        if not fallback:
            raise
        return _in_turn(
            plan, engine, first, count
        ), f"DuckDB takes no statement for all runs: {error.message.splitlines()[0]}"


def _in_turn(plan: _Plan, engine: DuckDb, first: int, count: int) -> list[Record]:
    return [a for number in range(first, first + count) for a in _records(engine, _one(plan, number).sql)]


def _records(engine: DuckDb, sql: str) -> list[Record]:
    names = [c.name for c in ALERT_COLUMNS]
    rows = [dict(zip(names, row, strict=True)) for row in engine.run(sql).rows]
    return sorted(rows, key=lambda a: (str(a["window_end"]), str(a["alert_id"])))
