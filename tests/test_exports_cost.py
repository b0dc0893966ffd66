"""What a rule reads: columns, scans, partitions, bytes; and that no scan of a whole table passes without a finding."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml

from transpiler.catalog import Catalog, default_catalog
from transpiler.exports import TableSize, cost
from transpiler.exports.cost import LEAST_BYTES
from transpiler.rule import Rule, parse_rule

FIELDS: dict[str, Any] = {
    "id": "11111111-2222-4333-8444-555555555555",
    "kind": "Scheduled",
    "name": "n",
    "description": "d",
    "severity": "High",
    "requiredDataConnectors": [],
    "queryFrequency": "1h",
    "queryPeriod": "1h",
    "triggerOperator": "gt",
    "triggerThreshold": 0,
}
CATALOG = Catalog(
    {"T": {"TimeGenerated": "datetime", "a": "string", "b": "string"}, "Assets": {"host": "string", "owner": "string"}}
)
GB = 10**9


def rule_of(query: str, **fields: Any) -> Rule:
    return parse_rule(yaml.safe_dump({**FIELDS, "query": query, **fields}), "rules/r.yaml")


def test_columns_that_nobody_reads_are_not_charged() -> None:
    (part,) = cost(rule_of("T | where a has 'x' | project a"), CATALOG).scans
    assert part.scan.columns == ("TimeGenerated", "a")
    assert (part.scan.partition, part.scan.times, part.bytes) == ("TimeGenerated", 1, None)


@pytest.mark.parametrize(
    ("query", "times"),
    [
        ("let x = T | where a has 'y'; x | join kind=inner (x | summarize n = count() by a) on a", 2),
        ("let x = T | where a has 'y'; union x, x, x", 3),
        ("let x = T | where a has 'y'; let y = union x, x; y | join kind=inner (y) on a", 4),
        ("T | where a has 'y' | summarize count() by a", 1),
    ],
)
def test_a_let_is_read_at_each_use(query: str, times: int) -> None:
    found = cost(rule_of(query), CATALOG, {"T": TableSize(24 * GB, 30, timedelta(hours=1))})
    assert sum(p.scan.times for p in found.scans) == times
    assert [p.scan.times_in_script for p in found.scans] == [1]
    assert found.bytes_per_run == 2 * GB
    assert [f"T {times} times" in f.message for f in found.findings] == ([True] if times > 1 else [])


def test_a_let_that_leaves_nothing_out_is_read_at_each_use_of_a_script_too() -> None:
    rule = parse_rule(
        yaml.safe_dump({"id": FIELDS["id"], "kind": "Hunting", "name": "n", "query": "let x = T; union x, x"}), "h.yaml"
    )
    found = cost(rule, CATALOG, {"T": TableSize(GB, 10)})
    assert [(p.scan.times, p.scan.times_in_script) for p in found.scans] == [(2, 2)]
    assert found.bytes_per_run == 2 * 10 * GB
    assert "every run reads T 2 times" in found.findings[1].message


def test_a_table_without_a_window_is_read_whole_and_that_is_said() -> None:
    rule = rule_of("T | join kind=inner (Assets) on $left.a == $right.host")
    found = cost(rule, CATALOG, {"Assets": TableSize(GB, 3)})
    by_table = {p.scan.table: p for p in found.scans}
    assert by_table["Assets"].bytes == 3 * GB
    assert by_table["Assets"].scan.partition == ""
    (finding,) = found.findings
    assert finding.message.startswith("every run reads all of Assets: its time is not a stored column")
    line = rule.text.splitlines()[finding.place.line - 1]
    assert line[finding.place.column - 1 :].startswith("Assets")


def test_a_hunting_query_has_no_window() -> None:
    rule = parse_rule(yaml.safe_dump({"id": FIELDS["id"], "kind": "Hunting", "name": "n", "query": "T"}), "h.yaml")
    found = cost(rule, CATALOG, {"T": TableSize(GB, 10)})
    assert (found.bytes_per_run, found.runs, found.bytes_per_month) == (10 * GB, 0, 0)
    assert "the rule has no window" in found.findings[0].message


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (TableSize(24 * GB, 90), 25 * GB),  # an hour touches one day, or two around midnight
        (TableSize(24 * GB, 90, timedelta(hours=1)), 2 * GB),
        (TableSize(1000, 90), LEAST_BYTES),
        (TableSize(24 * GB, 1), 24 * GB),  # there is no more than one day
        (TableSize(24 * GB, 90, columns={"timegenerated": GB, "a": 2 * GB, "b": 21 * GB}), int(3 * GB * 25 / 24)),
        (TableSize(24 * GB, 90, columns={"a": 2 * GB}), 25 * GB),  # a column of unknown size counts as all
    ],
)
def test_bytes_of_a_run(size: TableSize, expected: int) -> None:
    found = cost(rule_of("T | where a has 'x' | project a"), CATALOG, {"T": size})
    assert found.bytes_per_run == expected
    assert found.runs == 720
    assert found.bytes_per_month == 720 * expected
    assert found.dollars_per_month == pytest.approx(720 * expected / 2**40 * 6.25)


@pytest.mark.parametrize("shape", ["sink", "shards", "all_logs"])
def test_every_shape_of_cloud_dns_logs_is_pruned(shape: str) -> None:
    catalog = default_catalog().with_shapes("bigquery", {"GCPCloudDNS": shape})
    found = cost(rule_of("GCPCloudDNS | where Query has 'x' | project TimeGenerated, Query"), catalog)
    (part,) = found.scans
    assert part.scan.partition == "timestamp"
    assert part.scan.shards == (shape == "shards")
    assert found.findings == ()
