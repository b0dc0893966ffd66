"""What BigQuery's service does otherwise than the rule says, and what its runs read in vain: findings beside an export."""

from __future__ import annotations

from transpiler.catalog import Catalog
from transpiler.exports.cost import cost
from transpiler.exports.schedule import schedule_of
from transpiler.exports.settings import window_in_service
from transpiler.rule.findings import Finding, Severity
from transpiler.rule.model import Rule
from transpiler.validation import Verdict


def export_notes(rule: Rule, catalog: Catalog, verdict: Verdict) -> tuple[Finding, ...]:
    """The findings about a rule that BigQuery takes; none where it is refused there."""
    if "bigquery" not in verdict.translations:
        return ()
    return (*_schedule(rule), *cost(rule, catalog).findings)


def _schedule(rule: Rule) -> tuple[Finding, ...]:
    window = window_in_service(rule)
    if window is None:
        return ()
    message = schedule_of(window.frequency, rule.id).note
    path = "queryFrequency"
    if window.is_continuous:
        path = "kind" if "kind" in rule.places else "schedule"
        message = "the service runs a query every 5 minutes at most; each run looks at the events of the last 5 minutes"
    return (rule.finding(Severity.WARNING, "RULE008", message, path),) if message else ()
