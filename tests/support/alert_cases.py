"""Cases of alerts as data: a rule, tables, a scheduled time, earlier alerts, and the alerts that must come out.

A YAML file under ``cases/alerts`` holds one case or several documents. ``rule`` are fields of a rule (what it leaves out
is filled in), ``tables`` gives columns and rows, ``expect`` the alerts with the columns that matter; JSON columns are
written as YAML values. ``ingestion_time`` of a table is the column that tells when a row arrived. ``repeat`` on a row
makes that many, ``{n}`` in its texts counts them.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from transpiler.alerts import ALERT_COLUMNS, RuleAlerts, alerts_table, rule_alerts
from transpiler.alerts.schema import DDL
from transpiler.catalog import Catalog, Table
from transpiler.engine import duckdb, googlesql
from transpiler.engine.values import JsonText, parse_value
from transpiler.lowering.runtime import RunTime
from transpiler.rule import Rule, parse_rule
from transpiler.types import Type

Json = Any  # values of YAML and JSON
TABLE = {"duckdb": ("alerts",), "bigquery": ("p", "d", "alerts")}
JSON_COLUMNS = ("tactics", "techniques", "entities", "custom_details", "properties", "matching_rows")
DEFAULTS: dict[str, Json] = {
    "id": "11111111-2222-4333-8444-555555555555",
    "kind": "Scheduled",
    "name": "Name of the rule",
    "description": "Description of the rule",
    "severity": "Medium",
    "requiredDataConnectors": [],
    "queryFrequency": "15m",
    "queryPeriod": "15m",
    "triggerOperator": "gt",
    "triggerThreshold": 0,
    "query": "T",
}


@dataclass(frozen=True, slots=True)
class AlertCase:
    """One case; ``name`` is its trap."""

    name: str
    rule: Rule
    catalog: Catalog
    rows: Mapping[str, Sequence[Mapping[str, Json]]]
    now: dt.datetime
    earlier: Sequence[Mapping[str, Json]]
    with_table: bool
    expected: Sequence[Mapping[str, Json]]
    findings: Sequence[str]


def read_cases(folder: Path) -> Iterator[AlertCase]:
    """Every case of a folder."""
    for path in sorted(folder.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            yield _case(path, document)


def _case(path: Path, data: Mapping[str, Json]) -> AlertCase:
    given = {**DEFAULTS, **data["rule"]}
    fields = {key: value for key, value in given.items() if value is not None}
    rule = parse_rule(yaml.safe_dump(fields, sort_keys=False), f"{path.name}")
    tables = data["tables"]
    return AlertCase(
        name=f"{path.stem}: {data['trap']}",
        rule=rule,
        catalog=Catalog(
            {n: Table(n, t["columns"], ingestion_time=t.get("ingestion_time", "")) for n, t in tables.items()}
        ),
        rows={name: list(_rows(table.get("rows", []))) for name, table in tables.items()},
        now=_moment(data["now"]),
        earlier=data.get("earlier", []),
        with_table=data.get("alerts_table", True),
        expected=data["expect"],
        findings=data.get("findings", []),
    )


def _moment(value: Json) -> dt.datetime:
    found = parse_value(value, Type.DATETIME)
    assert isinstance(found, dt.datetime)
    return found


def _rows(rows: Sequence[Mapping[str, Json]]) -> Iterator[dict[str, Json]]:
    for row in rows:
        plain = {key: value for key, value in row.items() if key != "repeat"}
        for n in range(row.get("repeat", 1)):
            yield {k: _numbered(v, n) for k, v in plain.items()}


def _numbered(value: Json, n: int) -> Json:
    if isinstance(value, str):
        return value.replace("{n}", f"{n:03d}")
    if isinstance(value, list):
        return [_numbered(v, n) for v in value]
    return {k: _numbered(v, n) for k, v in value.items()} if isinstance(value, dict) else value


def _counted(alert: dict[str, Json]) -> dict[str, Json]:
    """With the numbers of entities and of values of custom details, for cases of many."""
    details = alert["custom_details"].values()
    return {**alert, "entity_count": len(alert["entities"]), "detail_count": sum(map(len, details))}


def alerts_of(case: AlertCase, target: str) -> RuleAlerts:
    """The case's statement on a target."""
    now = case.now if target == "duckdb" else RunTime()
    table = TABLE[target] if case.with_table else None
    return rule_alerts(case.rule, target, case.catalog, now=now, suppressed_by=table)


def run_case(case: AlertCase, target: str) -> list[dict[str, Json]]:
    """The alerts that a target's engine returns, instants in UTC without zone, in the order of their ids."""
    sql = alerts_of(case, target).sql
    earlier = [_earlier(a) for a in case.earlier]
    rows = _RUNNERS[target](case, sql, earlier)
    names = [c.name for c in ALERT_COLUMNS]
    found = [dict(zip(names, map(_plain, row), strict=True)) for row in rows]
    return sorted(found, key=lambda a: str(a["alert_id"]))


def _earlier(alert: Mapping[str, Json]) -> dict[str, Json]:
    filled: dict[str, Json] = {c.name: "" for c in ALERT_COLUMNS if c.type is Type.STRING}
    filled |= {"rule_id": DEFAULTS["id"], "run_time": _moment(alert["window_end"]), "row_count": 1, **alert}
    return {**filled, "window_end": _moment(alert["window_end"])}


def _typed(case: AlertCase, name: str) -> tuple[dict[str, Type], list[dict[str, object]]]:
    table = case.catalog.table(name)
    assert table is not None
    types = {c: Type(t) for c, t in table.columns.items()}
    rows = [{c: _stored(v, types[c]) for c, v in row.items()} for row in case.rows[name]]
    return types, rows


def _stored(value: Json, kind: Type) -> object:
    # As the logs have it, without blanks: the stored text of a dynamic value is part of the row.
    return JsonText(json.dumps(value, separators=(",", ":"))) if kind is Type.DYNAMIC and value is not None else value


def _on_duckdb(case: AlertCase, sql: str, earlier: list[dict[str, Json]]) -> Sequence[Sequence[object]]:
    with duckdb.connect(threads=1) as engine:
        for name in case.rows:
            engine.create_table(name, *_typed(case, name))
        engine.create_table(TABLE["duckdb"], {c.name: c.type for c in ALERT_COLUMNS}, earlier)
        return engine.run(sql).rows


def _on_google(case: AlertCase, sql: str, earlier: list[dict[str, Json]]) -> Sequence[Sequence[object]]:
    tables = {name: googlesql.stored(*_typed(case, name)) for name in case.rows}
    types = {c.name: DDL["bigquery"].types[c.type] for c in ALERT_COLUMNS}
    tables[".".join(TABLE["bigquery"])] = googlesql.StoredTable(types, [_zoned(a) for a in earlier])
    run_time = (case.now + dt.timedelta(minutes=5)).replace(tzinfo=dt.UTC)
    return googlesql.connect().execute(sql, tables, {"run_time": ("TIMESTAMP", run_time)}).rows


def _zoned(alert: Mapping[str, Json]) -> dict[str, Json]:
    return {k: v.replace(tzinfo=dt.UTC) if isinstance(v, dt.datetime) else v for k, v in alert.items()}


_RUNNERS = {"duckdb": _on_duckdb, "bigquery": _on_google}


def _plain(value: object) -> object:
    return value.astimezone(dt.UTC).replace(tzinfo=None) if isinstance(value, dt.datetime) and value.tzinfo else value


def difference(expected: Sequence[Mapping[str, Json]], found: Sequence[Mapping[str, Json]]) -> str:
    """'' when each expected alert is one of those found and no other came out, else what differs."""
    left = [_counted({k: json.loads(v) if k in JSON_COLUMNS else v for k, v in a.items()}) for a in found]
    for wanted in _rows(expected):
        typed = {
            k: _moment(v) if v is not None and k.endswith(("_time", "_start", "_end")) else v for k, v in wanted.items()
        }
        match = next((a for a in left if all(a[k] == v for k, v in typed.items())), None)
        if match is None:
            return f"missing {typed}\nleft {[{k: a[k] for k in typed} for a in left]}"
        left.remove(match)
    return f"not expected: {left}" if left else ""


__all__ = ["AlertCase", "alerts_of", "alerts_table", "difference", "read_cases", "run_case"]
