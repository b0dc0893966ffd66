"""A script for BigQuery: what a rule reads more than once is read once, and the alerts are those of the one statement."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml

from tests.support.bigquery_service import refusals
from transpiler.alerts import ALERT_COLUMNS, rule_alerts
from transpiler.alerts.schema import DDL
from transpiler.catalog import Catalog
from transpiler.engine import googlesql
from transpiler.engine.googlesql import StoredTable
from transpiler.exports import Settings, cost
from transpiler.exports.bigquery import alerts_config
from transpiler.exports.dataform import dataform_rule
from transpiler.exports.dbt import dbt_rule
from transpiler.exports.merging import merge_alerts
from transpiler.exports.terraform import terraform_rule
from transpiler.lowering.runtime import RunTime
from transpiler.rule import Rule, parse_rule
from transpiler.types import Type
from transpiler.validation.provers import google_rows

DELAY = timedelta(minutes=5)
COLUMNS: dict[str, str] = {
    "TimeGenerated": "datetime",
    "Host": "string",
    "N": "long",
    "R": "real",
    "M": "decimal",
    "D": "dynamic",
    "G": "guid",
    "Took": "timespan",
    "B": "bool",
}
CATALOG = Catalog({"T": COLUMNS, "U": COLUMNS})
FIELDS: dict[str, Any] = {  # Any: YAML
    "id": "11111111-2222-4333-8444-555555555555",
    "kind": "Scheduled",
    "name": "A rule",
    "description": "d",
    "severity": "High",
    "requiredDataConnectors": [],
    "queryFrequency": "15m",
    "queryPeriod": "15m",
    "triggerOperator": "gt",
    "triggerThreshold": 0,
}
ROWS: list[Sequence[object] | Mapping[str, object]] = [
    {"TimeGenerated": datetime(2026, 3, 2, 9, 50), "Host": "evil", "N": 1, "R": 0.5, "D": '{"b": [1, null], "a": "x"}'},
    {"TimeGenerated": datetime(2026, 3, 2, 9, 51), "Host": "evil", "N": 2, "R": float("inf"), "B": True},
    {"TimeGenerated": datetime(2026, 3, 2, 9, 52), "Host": None, "N": None, "D": "[]", "B": False},
    {"TimeGenerated": datetime(2026, 3, 2, 9, 53), "Host": "good", "N": 3, "R": float("nan")},
    {"TimeGenerated": datetime(2026, 3, 2, 9, 40), "Host": "evil", "N": 9},
]

QUERIES = {
    "joined with itself": "let x = T | where N > 0; x | join kind=inner (x | summarize n = count() by Host) on Host",
    "of every type": "let x = T | where TimeGenerated > ago(1h); x | union (x | where Host has 'evil')",
    "of two lets": (
        "let x = T | where N > 0 | project TimeGenerated, Host, N; let y = x | summarize N = max(N) by Host;"
        "y | join kind=leftouter (x) on Host, N | union (y | where N > 1)"
    ),
    "materialized": (
        "let x = materialize(T | where Host != 'good' | extend P = parse_json('{\"k\": 1}'), S = Took + 1s);"
        "union (x | project Host, P, S), (x | project Host, P)"
    ),
    "as a list": "let hosts = T | where N > 1 | distinct Host; T | where Host in (hosts) or Host in~ (hosts)",
    "as a scalar": "let x = T | where N > 0; let most = toscalar(x | summarize max(N)); x | where N == most",
    "of a function": "let f = (n: long) { T | where N >= n }; let x = f(1); x | join kind=leftanti (x | where N > 1) on N",
    "sorted": "let x = T | where N > 0; union x, (x | where N > 1) | sort by N desc, Host asc | take 3",
}
needs_google = pytest.mark.skipif(not googlesql.available(), reason="Google's engine is not installed")


def rule_of(query: str, **fields: Any) -> Rule:  # Any: YAML
    return parse_rule(yaml.safe_dump({**FIELDS, "query": query, **fields}), "rules/r.yaml")


def script_of(rule: Rule, catalog: Catalog = CATALOG) -> list[str]:
    """The statements of a rule's script."""
    script = merge_alerts(rule, catalog, Settings(), ("d", "alerts"), script=True)
    head, _, rest = script.partition("*/\n")
    assert head.startswith("/* A rule\n   id: 11111111-")
    return re.split(r";\n\n", rest)


def reads(sql: str, table: str = "T") -> int:
    return len(re.findall(rf"(?:FROM|JOIN)\s+`{table}`", sql))


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_every_let_is_read_once(query: str) -> None:
    rule = rule_of(query)
    *before, last = script_of(rule)
    assert before
    assert all(s.startswith("CREATE TEMP TABLE `") for s in before)
    assert last.startswith("MERGE INTO")
    assert reads("\n".join([*before, last])) == query.count("T |")
    scans = cost(rule, CATALOG).scans
    assert max(s.scan.times for s in scans) > 1
    assert [s.scan.times_in_script for s in scans] == [1] * len(scans)
    # The window and the rule's own filter stay where the table is read.
    assert "TIMESTAMP_SUB(@run_time, INTERVAL 20 MINUTE)" in before[0]


@needs_google
@pytest.mark.bigquery
@pytest.mark.parametrize("grouping", ["SingleAlert", "AlertPerResult"])
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_the_script_gives_the_statements_alerts(query: str, grouping: str) -> None:
    entity = {"entityType": "Host", "fieldMappings": [{"identifier": "HostName", "columnName": "Host"}]}
    rule = rule_of(query, eventGroupingSettings={"aggregationKind": grouping}, entityMappings=[entity])
    stored = {name: googlesql.stored({k: Type(v) for k, v in COLUMNS.items()}, ROWS) for name in ("T", "U")}
    parameters = {"run_time": ("TIMESTAMP", "2026-03-02T10:05:00+00:00")}
    one, script = (
        rule_alerts(rule, "bigquery", CATALOG, now=RunTime(DELAY), delay=DELAY, temporary=t) for t in (False, True)
    )
    assert not one.temporary
    assert script.temporary
    assert [problem for t in script.temporary for problem in refusals(t.sql)] == refusals(script.sql) == []
    wanted = sorted(map(str, google_rows(one.sql, stored, parameters)))
    assert wanted
    before = [(t.name, t.sql) for t in script.temporary]
    assert sorted(map(str, google_rows(script.sql, stored, parameters, before))) == wanted


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("T | where N > 0 | summarize count() by Host", "each stage is read once"),
        ("let x = datatable(a: long)[1, 2]; x | join kind=inner (x) on a", "no stored table is read"),
        ("let x = T | where N > 0 | extend ['a b'] = 1; union x, x", "no table can have such a column"),
        ("let x = T | where N > 0 | extend _table_x = 1; union x, x", "no table may have such a column"),
    ],
)
def test_a_statement_stays_alone_where_a_table_does_not_help(query: str, why: str) -> None:
    (statement,) = script_of(rule_of(query))
    assert merge_alerts(rule_of(query), CATALOG, Settings(), ("d", "alerts")).endswith(statement), why


def test_a_bare_copy_of_a_table_does_not_pay() -> None:
    """Without a window or a filter the temporary table would be as large as the table, and be read as often."""
    catalog = Catalog({"Assets": {"Host": "string"}})
    assert len(script_of(rule_of("let x = Assets; x | join kind=inner (x) on Host"), catalog)) == 1
    assert len(script_of(rule_of("let x = Assets | where Host != ''; x | join kind=inner (x) on Host"), catalog)) == 2


@needs_google
@pytest.mark.bigquery
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_googles_engine_takes_each_statement_of_the_script(query: str) -> None:
    from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_node_kind_pb2 as kinds

    from transpiler.engine.google_session import GoogleSql

    rule = rule_of(query)
    script = merge_alerts(rule, CATALOG, Settings(), ("alerts",), script=True)
    made = rule_alerts(rule, "bigquery", CATALOG, now=RunTime(DELAY), delay=DELAY, least=DELAY, temporary=True)
    engine = GoogleSql("UTC")
    engine._language.supported_statement_kinds.extend(
        [kinds.RESOLVED_MERGE_STMT, kinds.RESOLVED_CREATE_TABLE_AS_SELECT_STMT]
    )
    tables = {
        **{name: googlesql.stored({k: Type(v) for k, v in COLUMNS.items()}) for name in ("T", "U")},
        "alerts": StoredTable({c.name: DDL["bigquery"].types[c.type] for c in ALERT_COLUMNS}),
    }
    for table, statement in zip(made.temporary, script.split(";\n\n")[:-1], strict=True):
        engine.analyze(statement, tables, {"run_time": "TIMESTAMP"})
        found = engine.analyze(table.sql, tables, {"run_time": "TIMESTAMP"})
        assert [c.name for c in found] == list(table.columns)
        tables[table.name] = StoredTable({c.name: c.type for c in found})
    engine.analyze(script.split(";\n\n")[-1], tables, {"run_time": "TIMESTAMP"})


def test_who_runs_scripts() -> None:
    """A script's statements start one after the other: only @run_time is one instant in all of them."""
    rule = rule_of(QUERIES["joined with itself"])
    config = json.loads(alerts_config(rule, CATALOG, Settings()))
    assert "*/\nCREATE TEMP TABLE" in config["params"]["query"]
    assert "destinationDatasetId" not in config
    assert set(config["params"]) == {"query"}
    terraform = json.loads(terraform_rule(rule, "r", CATALOG, Settings()))
    (resource,) = terraform["resource"]["google_bigquery_data_transfer_config"].values()
    assert "*/\nCREATE TEMP TABLE" in resource["params"]["query"]
    for single in (dataform_rule(rule, CATALOG, Settings()), dbt_rule(rule, CATALOG, Settings())):
        assert "TEMP TABLE" not in single
