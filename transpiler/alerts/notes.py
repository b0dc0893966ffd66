"""What of a rule's run-time behaviour is approximated here, or needs something that was not given: findings with places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transpiler.alerts.clock import RunWindow
from transpiler.api import Requirement
from transpiler.catalog import Catalog
from transpiler.rule.checks import check_columns
from transpiler.rule.durations import show_duration
from transpiler.rule.findings import Finding, Severity
from transpiler.rule.model import Grouping, Kind, Operator, Rule, Trigger


def notes_of(
    rule: Rule, window: RunWindow | None, columns: Sequence[str], has_table: bool, late: Sequence[str]
) -> tuple[Finding, ...]:
    """The findings about a rule's alerts. ``columns``: the result's; ``has_table``: earlier alerts can be looked up.

    ``late``: the tables of which no arrival is known (``by_event_time``).
    """
    return (
        *check_columns(rule, columns),
        *_continuous(rule, window, late),
        *_suppression(rule, has_table),
        *_no_rows(rule),
        *_overlap(rule, window),
        *_event_time(rule, columns),
    )


def by_event_time(catalog: Catalog, target: str, requires: Sequence[Requirement]) -> tuple[str, ...]:
    """The tables that a query reads and whose sources do not tell when a row arrived."""
    read = {r.name: catalog.shape(r.name, target) for r in requires if r.kind == "table"}
    return tuple(name for name, shape in read.items() if shape is None or not shape.ingestion_time)


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
