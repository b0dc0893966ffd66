"""What BigQuery's service does otherwise than the rule says, and what its runs read in vain: findings beside an export."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transpiler.alerts.notes import lacking, notes_of
from transpiler.api import Requirement
from transpiler.catalog import Catalog
from transpiler.exports.cost import cost
from transpiler.exports.schedule import DAY, schedule_of
from transpiler.exports.settings import window_in_service
from transpiler.rule.durations import show_duration
from transpiler.rule.findings import Finding, Severity
from transpiler.rule.model import Rule
from transpiler.validation import Verdict


def export_notes(rule: Rule, catalog: Catalog, verdict: Verdict) -> tuple[Finding, ...]:
    """The findings about a rule that BigQuery takes; none where it is refused there. Those of the verdict are left out."""
    if "bigquery" not in verdict.translations:
        return ()
    translation = verdict.translations["bigquery"]
    read = lacking(catalog, "bigquery", translation.requires)
    found = (
        *notes_of(rule, window_in_service(rule), [c.name for c in translation.columns], True, read),
        *_schedule(rule),
        *_unplaced(rule, catalog, translation.requires),
        *recursion(rule, translation.sql),
        *cost(rule, catalog).findings,
    )
    return tuple(f for f in found if f not in verdict.findings)


def unplaced(catalog: Catalog, requires: Sequence[Requirement]) -> list[Requirement]:
    """What a query reads and no source places in a dataset of BigQuery."""
    shapes = ((r, catalog.shape(r.name, "bigquery")) for r in requires)
    return [r for r, shape in shapes if shape is None or len(shape.identifier) == 1]


def _unplaced(rule: Rule, catalog: Catalog, requires: Sequence[Requirement]) -> tuple[Finding, ...]:
    """The tables that no source places: the service finds a name without a dataset only where the query has a default one."""
    names = ", ".join(r.name for r in unplaced(catalog, requires) if r.kind == "table")
    if not names:
        return ()
    message = f"in which dataset {names} lies is not said: the query runs only where a default dataset is set"
    hint = "a source file says where it lies, or that it is stored otherwise: 'table: …' and 'shapes: bigquery: …'"
    return (rule.finding(Severity.WARNING, "RULE008", message, "query", hint),)


def recursion(rule: Rule, sql: str) -> tuple[Finding, ...]:
    """Whether the service may stop a run: the states of scan and the ends of sessions are found step by step."""
    if not re.search("^WITH RECURSIVE ", sql, re.MULTILINE):
        return ()
    message = "the rows are followed step by step, and BigQuery stops a run with an error after 500 steps"
    hint = "scan within partition by … ( … ), and a restart of row_window_session, make the parts shorter"
    return (rule.finding(Severity.WARNING, "RULE008", message, "query", hint),)


def _schedule(rule: Rule) -> tuple[Finding, ...]:
    window = window_in_service(rule)
    if window is None:
        return ()
    asked = rule.schedule.frequency if rule.schedule else window.frequency
    message = schedule_of(asked, rule.id).note
    if rule.schedule and not window.is_continuous and window.period > rule.schedule.period:
        message += f"; each run looks back {show_duration(window.period)}, so that no event is missed"
    path = next(
        (p for p in ("queryFrequency", "schedule.frequency", "schedule.period") if p in rule.places), "schedule"
    )
    if window.is_continuous:
        path = "kind" if "kind" in rule.places else "schedule"
        message = "the service runs a query every 5 minutes at most; each run looks at the events of the last 5 minutes"
    drifts = asked and DAY % asked and asked != 7 * DAY and window.period <= window.frequency
    hint = (
        "runs drift apart by the time they take: a queryPeriod longer than the frequency misses no event"
        if drifts
        else ""
    )
    return (rule.finding(Severity.WARNING, "RULE008", message, path, hint),) if message else ()
