"""Backtests: all runs together give what each run gives alone; counting, suppression, going on, and the two plots."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from transpiler.alerts import RuleAlerts, alerts_over_runs
from transpiler.backtest import Backtest, RunAlerts, backtest, backtest_page, plot_lines
from transpiler.backtest.history import unit_of
from transpiler.backtest.plot import bar
from transpiler.catalog import Catalog
from transpiler.diagnostics import KqlError
from transpiler.engine import duckdb
from transpiler.rule import Rule, parse_rule
from transpiler.types import Type

START, END = dt.datetime(2026, 3, 1), dt.datetime(2026, 3, 2)
HOUR = dt.timedelta(hours=1)
OVER_RUNS = "transpiler.backtest.running.alerts_over_runs"
COLUMNS = {"TimeGenerated": "datetime", "Host": "string", "Score": "long"}
CATALOG = Catalog({"T": COLUMNS, "U": COLUMNS})
FIELDS: dict[str, Any] = {
    "id": "11111111-2222-4333-8444-555555555555",
    "kind": "Scheduled",
    "name": "Name",
    "description": "d",
    "severity": "High",
    "requiredDataConnectors": [],
    "queryFrequency": "1h",
    "queryPeriod": "1h",
    "triggerOperator": "gt",
    "triggerThreshold": 0,
    "query": "T",
    "entityMappings": [{"entityType": "Host", "fieldMappings": [{"identifier": "HostName", "columnName": "Host"}]}],
}


def rule_of(**fields: Any) -> Rule:
    return parse_rule(yaml.safe_dump({**FIELDS, **fields}), "rules/r.yaml")


def events(count: int) -> Iterator[list[object]]:
    """Events at uneven moments, some exactly on the hour."""
    for n in range(count):
        moment = START - 2 * HOUR + n * dt.timedelta(minutes=7, seconds=30)
        yield [moment, f"h{n % 5}", (n * 37) % 11]


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDb]:
    with duckdb.connect(threads=1) as opened:
        types = {name: Type(kind) for name, kind in COLUMNS.items()}
        opened.create_table("T", types, list(events(200)))
        opened.create_table("U", types, list(events(60)))
        yield opened


QUERIES = {
    "plain": {},
    "a filter": {"query": "T | where Score > 8 | where Host has 'h1'"},
    "now and ago": {"query": "T | where TimeGenerated > ago(20m) | extend Age = now() - TimeGenerated"},
    "summarize": {"query": "T | summarize Events = count(), Last = max(TimeGenerated) by Host | where Events > 1"},
    "summarize without keys": {"query": "T | summarize Events = count(), Hosts = dcount(Host)"},
    "arg_max": {"query": "T | summarize arg_max(TimeGenerated, *) by Host"},
    "distinct": {"query": "T | distinct Host"},
    "top": {"query": "T | top 2 by TimeGenerated asc"},
    "take of a sort": {"query": "T | sort by TimeGenerated asc | project TimeGenerated, Host, Score"},
    "a join": {"query": "T | join kind=inner (U | where Score > 5) on Host"},
    "a left join": {"query": "T | join kind=leftouter (U) on Host | summarize count() by Host, Host1"},
    "an anti join": {"query": "T | join kind=leftanti (U | where Score > 2) on Host"},
    "innerunique": {"query": "T | join (U) on Host | project TimeGenerated, Host, Score1"},
    "a union": {"query": "union T, (U | where Score < 3)"},
    "a let that is used twice": {
        "query": "let a = T | where Score > 3; a | join kind=inner (a | summarize count() by Host) on Host"
    },
    "in a subquery": {"query": "T | where Host in (U | where Score > 6 | project Host)"},
    "toscalar": {"query": "let m = toscalar(T | summarize max(Score)); T | where Score == m"},
    "no table": {"query": "print Host = 'x'"},
    "overlapping windows": {"queryPeriod": "5h", "query": "T | where Score > 9"},
    "an alert for each row": {
        "eventGroupingSettings": {"aggregationKind": "AlertPerResult"},
        "query": "T | where Score > 6",
    },
    "silence": {"triggerOperator": "lt", "triggerThreshold": 2, "query": "U | where Score > 6"},
    "overrides": {
        "alertDetailsOverride": {"alertDisplayNameFormat": "{{Host}} {{Score}}"},
        "customDetails": {"Score": "Score"},
    },
}


@pytest.mark.parametrize("fields", QUERIES.values(), ids=list(QUERIES))
def test_all_runs_together_are_each_run_alone(engine: duckdb.DuckDb, fields: dict[str, Any]) -> None:
    rule = rule_of(**fields)
    together = backtest(rule, CATALOG, engine, START, END, together=True)
    in_turn = backtest(rule, CATALOG, engine, START, END, together=False)
    assert together.alerts == in_turn.alerts
    assert together.noisy == in_turn.noisy
    assert together.alerts, "a case that finds nothing shows nothing"
    assert (together.set_based, in_turn.set_based) == (True, False)


def test_runs_are_scheduled_after_the_start_and_up_to_the_end(engine: duckdb.DuckDb) -> None:
    result = backtest(rule_of(), CATALOG, engine, START, END)
    assert result.runs == 24
    assert (result.noisy[0].scheduled, result.noisy[-1].scheduled) == (START + HOUR, START + 23 * HOUR)
    inside = [e for e in events(200) if START <= e[0] < END]  # type: ignore[operator]
    assert sum(r.rows for r in result.noisy) == len(inside)
    assert backtest(rule_of(), CATALOG, engine, START, START).runs == 0


@pytest.mark.parametrize(("duration", "alerts"), [("1h", 23), ("61m", 12), ("2h", 12), ("5h", 5), ("24h", 1)])
def test_suppression_rests_the_runs_after_an_alert(engine: duckdb.DuckDb, duration: str, alerts: int) -> None:
    rule = rule_of(suppressionEnabled=True, suppressionDuration=duration)
    result = backtest(rule, CATALOG, engine, START, END)
    assert len(result.alerts) == alerts
    assert sum(r.rested for r in result.noisy) == 23 - alerts


def test_windows_that_overlap_too_much_are_run_in_turn(engine: duckdb.DuckDb) -> None:
    rule = rule_of(queryFrequency="5m", queryPeriod="14d", query="T | where Score > 9 | summarize count()")
    result = backtest(rule, CATALOG, engine, START, START + dt.timedelta(minutes=15))
    assert not result.set_based
    assert result.note == "each event is in 4032 windows"


def test_a_statement_that_duckdb_refuses_is_run_in_turn(engine: duckdb.DuckDb, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: Any, **named: Any) -> RuleAlerts:
        return replace(alerts_over_runs(*arguments, **named), sql="SELECT no_such_function()")

    monkeypatch.setattr(OVER_RUNS, refused)
    result = backtest(rule_of(), CATALOG, engine, START, END)
    assert not result.set_based
    assert result.note.startswith("DuckDB takes no statement for all runs: ")
    monkeypatch.undo()
    assert result.alerts == backtest(rule_of(), CATALOG, engine, START, END).alerts


def test_a_stopped_backtest_goes_on(engine: duckdb.DuckDb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep, told = tmp_path / "state" / "b.jsonl", []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backtest(rule_of(), CATALOG, engine, START, END, keep=keep, progress=stop)
    with keep.open("a") as file:
        file.write('{"portion": 3, "alerts": [{"cut off')
    asked: list[dt.datetime] = []

    def noted(*arguments: Any, **named: Any) -> RuleAlerts:
        asked.append(arguments[2])
        return alerts_over_runs(*arguments, **named)

    monkeypatch.setattr(OVER_RUNS, noted)
    again = backtest(rule_of(), CATALOG, engine, START, END, keep=keep)
    assert told == [(3, 24), (6, 24), (9, 24)]
    assert [a.hour for a in asked] == [10, 13, 16, 19, 22]
    whole = backtest(rule_of(), CATALOG, engine, START, END)
    assert again.alerts == whole.alerts
    asked.clear()
    assert backtest(rule_of(), CATALOG, engine, START, END, keep=keep).alerts == whole.alerts
    assert asked == []
    backtest(rule_of(severity="Low"), CATALOG, engine, START, END, keep=keep)
    assert len(asked) == 8, "another rule begins anew"


def test_a_rule_without_a_schedule_has_no_runs(engine: duckdb.DuckDb) -> None:
    rule = parse_rule(yaml.safe_dump({k: FIELDS[k] for k in ("id", "name", "query")} | {"kind": "Hunting"}), "h.yaml")
    with pytest.raises(KqlError, match="the rule has no schedule"):
        backtest(rule, CATALOG, engine, START, END)


# ---- what is shown --------------------------------------------------------------------------------------------------

NASTY = "<script>alert('&\"')</script>"


@pytest.fixture
def shown(engine: duckdb.DuckDb) -> Backtest:
    query = (
        f"T | where Score > 9 | extend Host = iff(Host == 'h1', \"{NASTY.replace(chr(34), chr(92) + chr(34))}\", Host)"
    )
    rule = rule_of(name=NASTY, query=query, eventGroupingSettings={"aggregationKind": "AlertPerResult"})
    return backtest(rule, CATALOG, engine, START, END + 24 * HOUR)


def test_days_and_entities_are_counted(shown: Backtest) -> None:
    assert list(shown.days) == [dt.date(2026, 3, 1), dt.date(2026, 3, 2)]
    assert sum(shown.days.values()) == len(shown.alerts) > 0
    counts = {e.text: e.alerts for e in shown.entities()}
    assert sum(counts.values()) == len(shown.alerts)
    assert NASTY in counts
    assert [e.alerts for e in shown.entities(2)] == sorted(counts.values(), reverse=True)[:2]


def test_the_page_is_well_formed_and_shows_texts_as_texts(shown: Backtest) -> None:
    page = backtest_page([shown], "A & B")
    body = re.sub(r"<!doctype html>|<meta [^>]*>", "", page)
    tree = ElementTree.fromstring(body)
    assert tree.findtext(".//h1") == "A & B"
    assert tree.findtext(".//h2") == NASTY
    assert NASTY in [td.text for td in tree.iter("td")]
    assert tree.find(".//script") is None
    heights = [float(r.attrib["height"]) for r in tree.iter("rect")]
    bars = shown.periods(unit_of(shown))
    assert len(heights) == sum(1 for n in bars.values() if n)
    top = int(tree.findall(".//{*}text")[2].text or "")
    assert max(heights) == pytest.approx(150 * max(bars.values()) / top, abs=0.1)
    assert top >= max(bars.values()) > top / 2.6


def test_a_page_of_several_rules_begins_with_the_loudest(shown: Backtest) -> None:
    quiet = replace(shown, noisy=(), alerts=())
    page = backtest_page([quiet, shown])
    tree = ElementTree.fromstring(re.sub(r"<!doctype html>", "", page))
    links = [a.attrib["href"] for a in tree.iter("a")]
    assert links == ["#rule-2", "#rule-1"]
    assert [h.attrib["id"] for h in tree.iter("h2")] == ["rule-1", "rule-2"]
    assert len(list(tree.iter("svg"))) == 1


def test_midnight_belongs_to_the_day_before(shown: Backtest) -> None:
    run = RunAlerts(dt.datetime(2026, 3, 2), 3, 3)
    found = replace(shown, noisy=(run,), alerts=())
    assert {day.day: count for day, count in found.days.items() if count} == {1: 3}
    assert found.periods(HOUR)[dt.datetime(2026, 3, 1, 23)] == 3


def test_the_plot_fits_the_terminal(shown: Backtest) -> None:
    lines = plot_lines(shown, 60)
    assert all(len(line) <= 60 for line in lines)
    assert lines[0].startswith(NASTY)
    assert any(re.match(r"2026-03-01 \d\d:00 +\d+  █+", line) for line in lines)
    assert "noisiest entities" in lines


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, ""), (0.001, "▏"), (0.5, "█████"), (0.55, "█████▌"), (1, "██████████")]
)
def test_bars(share: float, drawn: str) -> None:
    assert bar(share, 10) == drawn
