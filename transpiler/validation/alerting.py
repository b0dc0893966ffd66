"""A rule's alerts on its fixtures: as many as the threshold says, and the same from every engine and physical shape."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from transpiler.alerts import ALERT_COLUMNS, RuleAlerts, rule_alerts
from transpiler.catalog import Catalog
from transpiler.diagnostics import KqlError
from transpiler.engine import EngineError
from transpiler.rule.fixture import Fixture
from transpiler.rule.model import Grouping, Operator, Rule, Trigger
from transpiler.validation.inputs import variants
from transpiler.validation.provers import PROVERS, Prepared, moment
from transpiler.validation.validate import SHORTEST_INTERVAL

Alert = dict[str, object]


@dataclass(frozen=True, slots=True)
class AlertRun:
    """The alerts of one fixture on one engine over one physical shape."""

    fixture: str
    engine: str
    shape: str
    alerts: tuple[Alert, ...]


def passes(trigger: Trigger | None, rows: int) -> bool:
    """Whether so many result rows raise an alert."""
    given = trigger or Trigger()
    compared = {
        Operator.GT: rows > given.threshold,
        Operator.LT: rows < given.threshold,
        Operator.EQ: rows == given.threshold,
        Operator.NE: rows != given.threshold,
    }
    return compared[given.operator]


def alerts_problem(rule: Rule, catalog: Catalog, fixtures: Sequence[Fixture], delay: timedelta) -> str:
    """'' when every fixture gives the alerts that its expected rows make, equal everywhere; else what differs.

    BigQuery's statement runs where Google's engine is installed. Raises nothing for what is wrong with the rule.
    """
    problems = []
    for fixture in fixtures:
        try:
            runs = _runs(rule, catalog, fixture, delay)
        except KqlError as error:
            return f"alerts: {error}"
        except (EngineError, ValueError) as error:
            problems.append(f"{fixture.name}: alerts: {error}")
            continue
        problems += [f"{fixture.name}: {p}" for p in _problems(rule, fixture, runs)]
    return "\n".join(problems)


def _runs(rule: Rule, catalog: Catalog, fixture: Fixture, delay: timedelta) -> list[AlertRun]:
    runs = []
    for target, prover in PROVERS.items():
        if not prover.available():
            continue
        tables = list(dict.fromkeys(r.name for r in _made(rule, catalog, target, fixture, delay).requires))
        for variant in variants(catalog, fixture, tables, target):
            shaped = catalog.with_shapes(target, variant.shapes)
            made = _made(rule, shaped, target, fixture, delay)
            rows = prover.rows(_prepared(made, shaped, tables, delay), fixture)
            runs.append(_run(fixture, variant.target, variant.name, rows))
            script = _made(rule, shaped, target, fixture, delay, temporary=prover.knows_scripts)
            if script.temporary:
                rows = prover.rows(_prepared(script, shaped, tables, delay), fixture)
                runs.append(_run(fixture, variant.target, f"{variant.name}, as a script", rows))
    return runs


def _made(
    rule: Rule, catalog: Catalog, target: str, fixture: Fixture, delay: timedelta, *, temporary: bool = False
) -> RuleAlerts:
    now = moment(target, fixture, delay)
    # The expected rows are those of the interval that the exports have.
    return rule_alerts(rule, target, catalog, now=now, delay=delay, least=SHORTEST_INTERVAL, temporary=temporary)


def _prepared(made: RuleAlerts, catalog: Catalog, tables: Sequence[str], delay: timedelta) -> Prepared:
    return Prepared(made.sql, catalog, tables, delay, [(t.name, t.sql) for t in made.temporary])


def _run(fixture: Fixture, target: str, shape: str, rows: Sequence[Sequence[object]]) -> AlertRun:
    names = [c.name for c in ALERT_COLUMNS]
    alerts = [dict(zip(names, map(_plain, row), strict=True)) for row in rows]
    return AlertRun(fixture.name, target, shape, tuple(alerts))


def _plain(value: object) -> object:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value


def _problems(rule: Rule, fixture: Fixture, runs: Sequence[AlertRun]) -> list[str]:
    rows = fixture.expected.count
    wanted = int(passes(rule.trigger, rows))
    if wanted and rule.grouping is Grouping.ALERT_PER_RESULT:
        wanted = rows
    found = []
    for run in runs:
        counted = sum(int(str(a["row_count"])) for a in run.alerts)
        if len({a["alert_id"] for a in run.alerts}) != wanted or (wanted and counted != rows):
            found.append(
                f"{run.engine} ({run.shape}): {len(run.alerts)} alerts of {counted} rows, not {wanted} of {rows}"
            )
    first = runs[0] if runs else None
    for run in runs[1:]:
        if first is not None and not found:
            unlike = _unlike(_ordered(first.alerts), _ordered(run.alerts))
            found += [f"{run.engine} ({run.shape}): {unlike}"] if unlike else []
    return found


def _ordered(alerts: Sequence[Alert]) -> list[Alert]:
    return sorted(map(_comparable, alerts), key=lambda a: json.dumps(a, sort_keys=True, default=str))


def _unlike(first: Sequence[Mapping[str, object]], other: Sequence[Mapping[str, object]]) -> str:
    for a, b in zip(first, other, strict=True):
        for name in a:
            if a[name] != b[name]:
                return f"{name} is {b[name]!r}, on another engine {a[name]!r}"
    return ""


def _comparable(alert: Alert) -> Alert:
    """An alert without what its engine or layout may choose: the order of a set's elements and of a stored bag's members.

    Such values are in the rows, of which only the number is compared (their values are the fixture's business), and a
    row's text is in the id of its alert.
    """
    rows = json.loads(str(alert["matching_rows"]))
    plain = {name: _members(value) for name, value in alert.items() if name not in ("alert_id", "matching_rows")}
    return {**plain, "matching_rows": len(rows)}


def _members(value: object) -> object:
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return _members(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, list):
        return sorted(map(_members, value), key=lambda v: json.dumps(v, sort_keys=True))
    return {k: _members(v) for k, v in value.items()} if isinstance(value, dict) else value
