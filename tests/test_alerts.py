"""Alerts: the cases on both engines, row for row, and what the statement promises."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.support.alert_cases import AlertCase, alerts_of, difference, read_cases, run_case
from tests.support.bigquery_service import refusals
from transpiler.alerts import ALERT_COLUMNS, alerts_table, rule_alerts, run_window
from transpiler.catalog import Catalog
from transpiler.engine import duckdb, googlesql
from transpiler.lowering.runtime import RunTime
from transpiler.rule import parse_rule
from transpiler.types import Type

CASES = list(read_cases(Path(__file__).parent / "cases" / "alerts"))
NO_ENGINE = "Google's engine is not installed: pip install 'rulesql[bigquery]'"
google = pytest.mark.skipif(not googlesql.available(), reason=NO_ENGINE)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_alerts_on_duckdb(case: AlertCase) -> None:
    assert difference(case.expected, run_case(case, "duckdb")) == ""


@google
@pytest.mark.bigquery
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_alerts_are_the_same_on_both_engines(case: AlertCase) -> None:
    made = alerts_of(case, "bigquery")
    assert refusals(made.sql) == []
    assert run_case(case, "bigquery") == run_case(case, "duckdb")


@pytest.mark.parametrize("case", [c for c in CASES if c.findings], ids=lambda c: c.name)
def test_what_is_approximated_is_said(case: AlertCase) -> None:
    said = [str(f) for f in alerts_of(case, "duckdb").findings]
    for fragment in case.findings:
        assert any(fragment in text for text in said), said


def test_there_are_enough_cases_and_none_twice() -> None:
    names = [c.name for c in CASES]
    assert len(names) >= 15
    assert len(set(names)) == len(names)


RULE = """
id: 11111111-2222-4333-8444-555555555555
kind: {kind}
name: n
description: d
severity: Low
query: {query}
"""
SCHEDULE = "queryFrequency: 1h\nqueryPeriod: 1h\ntriggerOperator: gt\ntriggerThreshold: 0\n"
TABLE = Catalog({"T": {"TimeGenerated": "datetime", "alerts": "string"}})


@pytest.mark.parametrize("target", ["duckdb", "bigquery"])
def test_the_result_is_read_once(target: str) -> None:
    rule = parse_rule(RULE.format(kind="Scheduled", query="T | where alerts has 'x'") + SCHEDULE, "r.yaml")
    sql = rule_alerts(rule, target, TABLE).sql
    assert [sql.count(f"FROM {name}\n") for name in ("results", "result_rows", "grouped")] == [1, 1, 1]


def test_a_table_named_as_a_stage_is_not_captured() -> None:
    catalog = Catalog({name: {"TimeGenerated": "datetime"} for name in ("results", "grouped", "Result_Rows")})
    rule = parse_rule(RULE.format(kind="Scheduled", query="union results, grouped, Result_Rows") + SCHEDULE, "r.yaml")
    now = dt.datetime(2026, 3, 2, 10)
    with duckdb.connect(threads=1) as engine:
        for name in catalog.names():
            engine.create_table(name, {"TimeGenerated": Type.DATETIME}, [[now - dt.timedelta(minutes=1)]])
        (row,) = engine.run(rule_alerts(rule, "duckdb", catalog, now=now).sql).rows
    assert row[13] == 3


def test_the_same_run_gives_the_same_bytes() -> None:
    rule = parse_rule(RULE.format(kind="Scheduled", query="T") + SCHEDULE, "r.yaml")
    first, second = (rule_alerts(rule, "bigquery", TABLE, now=RunTime()).sql for _ in range(2))
    assert first == second


@pytest.mark.parametrize("target", ["duckdb", "bigquery"])
def test_an_alert_fits_the_table(target: str) -> None:
    """The engine's description of an alert is the table's definition, in the same order."""
    rule = parse_rule(RULE.format(kind="Scheduled", query="T") + SCHEDULE, "r.yaml")
    if target == "duckdb":
        sql = rule_alerts(rule, target, TABLE, now=dt.datetime(2026, 1, 1)).sql
        with duckdb.connect(threads=1) as engine:
            engine.create_table("T", {"TimeGenerated": Type.DATETIME, "alerts": Type.STRING})
            described = [f"{c.name} {c.type}" for c in engine.describe(sql)]
    else:
        if not googlesql.available():
            pytest.skip(NO_ENGINE)
        sql = rule_alerts(rule, target, TABLE, now=RunTime()).sql
        stored = {"T": googlesql.StoredTable({"TimeGenerated": "TIMESTAMP", "alerts": "STRING"})}
        columns = googlesql.connect().analyze(sql, stored, {"run_time": "TIMESTAMP"})
        described = [f"{c.name} {c.type}" for c in columns]
    ddl = alerts_table(target, ["alerts"])
    assert all(f"  {line}" in ddl for line in described)
    assert len(described) == len(ALERT_COLUMNS)


def test_a_continuous_rule_looks_back_as_far_as_it_waits() -> None:
    rule = parse_rule(RULE.format(kind="NRT", query="T"), "r.yaml")
    every, at_least = run_window(rule), run_window(rule, dt.timedelta(minutes=5))
    assert every is not None
    assert every.period == dt.timedelta(minutes=1)
    assert at_least is not None
    assert at_least.period == at_least.frequency == dt.timedelta(minutes=5)
    assert run_window(parse_rule(RULE.format(kind="Hunting", query="T"), "r.yaml")) is None


def test_the_page_lists_the_columns() -> None:
    page = (Path(__file__).parents[1] / "transpiler/alerts/ALERTS.md").read_text(encoding="utf-8")
    for column in ALERT_COLUMNS:
        required = "yes" if column.required else ""
        assert f"| `{column.name}` | {column.type} | {required} | {column.description} |" in page
