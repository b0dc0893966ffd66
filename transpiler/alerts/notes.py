"""What of a rule's run-time behaviour is approximated here, or needs something that was not given: findings with places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transpiler.alerts.clock import RunWindow
from transpiler.api import Requirement
from transpiler.catalog import Catalog, Shape
from transpiler.catalog.model import TIME_COLUMNS
from transpiler.rule.checks import check_columns
from transpiler.rule.durations import show_duration
from transpiler.rule.findings import Finding, Severity
from transpiler.rule.model import Grouping, Kind, Operator, Rule, Trigger
from transpiler.types import Type


def _identity(rule: Rule) -> Iterator[Finding]:
    if not rule.id:
        message = f"the rule has no id: its alerts are known by the path of its file, '{rule.path}'"
        hint = "give it an id, which stays when the file moves"
        yield rule.finding(Severity.WARNING, "RULE002", message, "", hint)


@dataclass(frozen=True, slots=True)
class Read:
    """The tables that a query reads and that lack something: ``late`` an arrival (``ingestion_time``), ``whole`` a time."""

    late: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


def notes_of(
    rule: Rule, window: RunWindow | None, columns: Sequence[str], has_table: bool, read: Read
) -> tuple[Finding, ...]:
    """The findings about a rule's alerts. ``columns``: the result's; ``has_table``: earlier alerts can be looked up."""
    return (
        *check_columns(rule, columns),
        *_identity(rule),
        *_whole(rule, window, read.whole),
        *_continuous(rule, window, read.late),
        *_suppression(rule, has_table),
        *_no_rows(rule),
        *_overlap(rule, window),
        *_event_time(rule, columns),
    )


def lacking(catalog: Catalog, target: str, requires: Sequence[Requirement]) -> Read:
    """What the tables lack that a query reads."""
    read = {r.name: (r, catalog.shape(r.name, target)) for r in requires if r.kind == "table"}
    late = (name for name, (_, shape) in read.items() if shape is None or not shape.ingestion_time)
    whole = (name for name, (required, shape) in read.items() if not _has_time(required, shape))
    return Read(tuple(late), tuple(whole))


def _has_time(required: Requirement, shape: Shape | None) -> bool:
    """Whether windows are cut on a column of a table: without a declaration, on one that the query names."""
    if shape is None:
        return any(required.columns.get(name) is Type.DATETIME for name in TIME_COLUMNS)
    stored = shape.raw or shape.table
    return stored.columns.get(shape.time) == Type.DATETIME


def uncut(whole: Sequence[str]) -> str:
    """What is said of tables that no window cuts; '' where there are none."""
    if not whole:
        return ""
    names = ", ".join(whole)
    return (
        f"the window does not cut {names}: no datetime column {' or '.join(TIME_COLUMNS)}, and none that its schema or "
        "source names as its time; each run looks at all rows"
    )


def _whole(rule: Rule, window: RunWindow | None, whole: Sequence[str]) -> Iterator[Finding]:
    if window is not None and whole:
        hint = "name the column in the schema file: 'time: COLUMN'"
        yield rule.finding(Severity.WARNING, "RULE008", uncut(whole), "query", hint)


def _continuous(rule: Rule, window: RunWindow | None, late: Sequence[str]) -> Iterator[Finding]:
    if window is None or not window.is_continuous or not late:
        return
    what = "an NRT rule" if rule.kind is Kind.NRT else "a continuous detection"
    message = (
        f"{what} looks at what was ingested since its last run; no ingestion time of {', '.join(late)} is declared, "
        f"so each run looks at the events of the last {show_duration(window.period)}"
    )
    hint = (
        "an event that arrives later than the ingestion delay is missed: name the column that holds the arrival in the "
        "source (ingestion_time), or raise the delay"
    )
    yield rule.finding(Severity.WARNING, "RULE008", message, "kind" if rule.kind is Kind.NRT else "schedule", hint)


def _suppression(rule: Rule, has_table: bool) -> Iterator[Finding]:
    if rule.suppression and rule.suppression.enabled and not has_table:
        message = "suppression looks at the alerts already written; without an alerts table it is not applied"
        yield rule.finding(Severity.WARNING, "RULE008", message, "suppressionEnabled", "name the alerts table")


def _no_rows(rule: Rule) -> Iterator[Finding]:
    """A threshold that an empty result passes, in a rule whose alerts are its rows."""
    trigger = rule.trigger or Trigger()
    passes = {
        Operator.GT: False,
        Operator.LT: trigger.threshold > 0,
        Operator.EQ: trigger.threshold == 0,
        Operator.NE: trigger.threshold != 0,
    }
    if rule.grouping is Grouping.ALERT_PER_RESULT and passes[trigger.operator]:
        message = "an empty result passes the threshold, but with an alert for each row it gives none"
        hint = "set aggregationKind to SingleAlert"
        yield rule.finding(Severity.WARNING, "RULE008", message, "eventGroupingSettings", hint)


def _overlap(rule: Rule, window: RunWindow | None) -> Iterator[Finding]:
    if window and window.period > window.frequency:
        message = (
            f"each run looks back {show_duration(window.period)} and runs every {show_duration(window.frequency)}: "
            "an event can be in several alerts, as in Sentinel"
        )
        yield rule.finding(Severity.INFO, "RULE008", message, "queryPeriod")


def _event_time(rule: Rule, columns: Sequence[str]) -> Iterator[Finding]:
    if not {"TimeGenerated", "Timestamp"} & set(columns):
        message = "the query returns neither TimeGenerated nor Timestamp: its alerts have no event times"
        yield rule.finding(Severity.INFO, "RULE008", message, "query")
