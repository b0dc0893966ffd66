"""What a rule costs in BigQuery: which columns of which tables each run reads, how often, and how many bytes that is.

Meaning: on-demand prices count the bytes of the columns read in the partitions that are not pruned, at least 10 MB for
each table. A non-recursive CTE that is referenced twice runs twice; a scheduled query's script keeps it in a temporary
table instead. Estimates are for tables partitioned by day, and for the scheduled queries that are exported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from transpiler.alerts.scans import TableScan, table_scans
from transpiler.catalog import Catalog
from transpiler.exports.settings import window_in_service
from transpiler.rule.findings import Finding, Severity
from transpiler.rule.model import Rule

LEAST_BYTES = 10 * 1000 * 1000
DOLLARS_PER_TIB = 6.25
DAY = timedelta(days=1)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TableSize:
    """How large a stored table is. ``partition``: the length of one (a day, an hour). ``columns``: each column's share of
    ``daily_bytes`` in bytes; a column that is not there, and every column without it, counts as the whole.
    """

    daily_bytes: int
    days: int
    partition: timedelta = DAY
    columns: Mapping[str, int] = field(default_factory=dict)

    def daily(self, columns: tuple[str, ...]) -> int:
        """The bytes of these columns in one day."""
        known = {name.lower(): size for name, size in self.columns.items()}
        if not known or any(c.lower() not in known for c in columns):
            return self.daily_bytes
        return min(self.daily_bytes, sum(known[c.lower()] for c in dict.fromkeys(columns)))


@dataclass(frozen=True, slots=True)
class ScanCost:
    """A scan and its bytes in one run; None where the table's size is not given."""

    scan: TableScan
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Cost:
    """A rule's cost. ``runs``: in 30 days, 0 for a rule that is run by hand; bytes are None where a size is not given."""

    scans: tuple[ScanCost, ...]
    runs: int
    findings: tuple[Finding, ...]

    @property
    def bytes_per_run(self) -> int | None:
        """What one run is charged for."""
        total = 0
        for part in self.scans:
            if part.bytes is None:
                return None
            total += part.bytes
        return total

    @property
    def bytes_per_month(self) -> int | None:
        """What the runs of 30 days are charged for."""
        return None if self.bytes_per_run is None else self.bytes_per_run * self.runs

    @property
    def dollars_per_month(self) -> float | None:
        """The list price of that, without the free part."""
        return None if self.bytes_per_month is None else self.bytes_per_month / 2**40 * DOLLARS_PER_TIB


def cost(rule: Rule, catalog: Catalog, sizes: Mapping[str, TableSize] | None = None) -> Cost:
    """What a rule reads. ``sizes`` by the table's name in KQL or in BigQuery. Raises KqlError as ``transpile`` does."""
    window = window_in_service(rule)
    scans = table_scans(rule, catalog, window.period if window else None)
    known = sizes or {}
    parts = tuple(
        ScanCost(s, _bytes(s, known.get(s.physical, known.get(s.table)), window.period if window else None))
        for s in scans
    )
    findings = [f for s in scans for f in _findings(rule, s, window is not None)]
    return Cost(parts, int(MONTH / window.frequency) if window else 0, tuple(findings))


def _bytes(scan: TableScan, size: TableSize | None, period: timedelta | None) -> int | None:
    if size is None:
        return None
    whole = timedelta(days=size.days)
    read = whole
    if period is not None and (scan.partition or scan.shards):
        unit = DAY if scan.shards else size.partition
        # A window touches, on average, one partition more than its length has.
        read = min(whole, period + unit)
    return max(LEAST_BYTES, int(size.daily(scan.columns) * (read / DAY))) * scan.times_in_script


def _findings(rule: Rule, scan: TableScan, has_window: bool) -> list[Finding]:
    found = []
    if not scan.partition and not scan.shards:
        why = "its time is not a stored column" if has_window else "the rule has no window"
        message = f"every run reads all of {scan.physical}: {why}, so no partition is left out"
        hint = "declare the time column of the source, or store the table partitioned by it"
        if not has_window:
            hint = "a rule with a queryPeriod reads only the partitions of its window"
        found.append(_finding(rule, scan, Severity.WARNING, message, hint))
    if scan.times_in_script > 1:
        message = f"every run reads {scan.physical} {scan.times_in_script} times: BigQuery runs a let again at each use"
        hint = "a let that leaves rows out is kept in a temporary table by the scheduled query of its alerts"
        found.append(_finding(rule, scan, Severity.WARNING, message, hint))
    elif scan.times > 1:
        message = (
            f"one statement reads {scan.physical} {scan.times} times, since BigQuery runs a let again at each use; "
            "the scheduled query of the alerts is a script that reads it once, into a temporary table"
        )
        hint = "plain SQL and the projects of dbt and Dataform are single statements"
        found.append(_finding(rule, scan, Severity.INFO, message, hint))
    return found


def _finding(rule: Rule, scan: TableScan, severity: Severity, message: str, hint: str) -> Finding:
    """A finding at the table's name in the query."""
    line, column = rule.source.file_position(scan.span.start)
    place = rule.place("query")._replace(line=line, column=column)
    return Finding("RULE008", severity, message, place, rule.span("query"), hint)
