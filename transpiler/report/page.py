"""A rule's page in a catalogue: everything that a reader wants to know of it without reading its query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from transpiler.alerts.entities import mappings_of
from transpiler.api import Requirement, Translation, transpile
from transpiler.catalog import Catalog
from transpiler.diagnostics import KqlError
from transpiler.dialects import TARGET_NAMES
from transpiler.kql import parse_query, print_node
from transpiler.kql import syntax as s
from transpiler.report.indicators import Indicator, indicators, sought, with_others
from transpiler.report.lineage import Lineage, lineage
from transpiler.report.tree import constants, lets, walk
from transpiler.rule.model import AlertOverride, Operator, Rule
from transpiler.semantics import Environment, bind_query
from transpiler.source import Source

_COMPARED = {Operator.GT: "more than", Operator.LT: "fewer than", Operator.EQ: "exactly", Operator.NE: "other than"}


@dataclass(frozen=True, slots=True)
class Timing:
    """When a rule runs and what makes an alert. ``alert_when`` in words; ``suppression`` is how long it rests afterwards."""

    frequency: timedelta | None
    period: timedelta | None
    alert_when: str
    grouping: str
    suppression: timedelta | None


@dataclass(frozen=True, slots=True)
class LetPart:
    """A ``let``: ``kind`` is value, list, table or function; ``value`` its text, cut; ``count`` the constants in it."""

    name: str
    kind: str
    value: str
    count: int
    line: int


@dataclass(frozen=True, slots=True)
class StagePart:
    """One operator: its text, and the conditions that all must hold for a ``where``."""

    keyword: str
    text: str
    line: int
    predicates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TablePart:
    """A table that the rule reads. ``columns``: those it uses; ``stored``: the physical table by target."""

    name: str
    kind: str
    origin: str
    columns: Mapping[str, str]
    stored: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EntityPart:
    """An entity of the alert: identifier → result column."""

    type: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RulePage:
    """The page. ``targets``: "translated", or why not, by target; ``columns`` is empty where the query cannot be bound."""

    path: str
    id: str
    name: str
    kind: str
    version: str
    severity: str
    status: str
    description: str
    timing: Timing | None
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    connectors: tuple[str, ...]
    parameters: tuple[LetPart, ...]
    stages: tuple[StagePart, ...]
    indicators: tuple[Indicator, ...]
    columns: tuple[Lineage, ...]
    entities: tuple[EntityPart, ...]
    custom_details: Mapping[str, str]
    overrides: Mapping[str, str]
    tables: tuple[TablePart, ...]
    targets: Mapping[str, str]
    findings: tuple[str, ...]


def rule_page(rule: Rule, catalog: Catalog, others: Iterable[Rule] = ()) -> RulePage:
    """The page of a rule. ``others``: the rules among which the same indicators are counted (itself is passed over).

    Raises KqlError for a query that is not KQL; a query that is refused has a page without columns.
    """
    query = parse_query(rule.source)
    translations = {target: _translated(rule, target, catalog) for target in TARGET_NAMES}
    done = {target: t for target, t in translations.items() if isinstance(t, Translation)}
    elsewhere = [sought(_indicators(other)) for other in others if _differs(other, rule)]
    return RulePage(
        path=rule.path,
        id=rule.id,
        name=rule.name,
        kind=str(rule.kind),
        version=rule.version,
        severity=rule.severity,
        status=rule.status,
        description=rule.description.strip().strip("'").strip(),
        timing=_timing(rule),
        tactics=rule.tactics,
        techniques=rule.techniques,
        connectors=tuple(c.id for c in rule.connectors),
        parameters=tuple(_let_part(let, query, rule.source) for let in lets(query).values()),
        stages=tuple(_stages(query, rule.source)),
        indicators=with_others(indicators(query, rule.source), elsewhere),
        columns=_lineage(query, rule, catalog),
        entities=tuple(EntityPart(e.type, dict(e.fields)) for e in mappings_of(rule)),
        custom_details=rule.custom_details,
        overrides=_overrides(rule.alert),
        tables=_tables(done, _kql_columns(rule, catalog)),
        targets={
            target: "translated" if isinstance(t, Translation) else f"{t.code} {t.message}"
            for target, t in translations.items()
        },
        findings=tuple(str(f) for f in rule.findings),
    )


def _differs(other: Rule, rule: Rule) -> bool:
    return Path(other.path).resolve() != Path(rule.path).resolve()


def _indicators(rule: Rule) -> tuple[Indicator, ...]:
    """The indicators of another rule; none where its query is not KQL."""
    try:
        return indicators(parse_query(rule.source), rule.source)
    except KqlError:
        return ()


def _translated(rule: Rule, target: str, catalog: Catalog) -> Translation | KqlError:
    window = rule.schedule.period if rule.schedule else None
    try:
        return transpile(rule.source, target, catalog, window=window)
    except KqlError as error:
        return error


def _timing(rule: Rule) -> Timing | None:
    if rule.schedule is None and rule.trigger is None:
        return None
    trigger = rule.trigger
    when = f"{_COMPARED[trigger.operator]} {trigger.threshold} rows" if trigger else "any row"
    resting = rule.suppression.duration if rule.suppression and rule.suppression.enabled else None
    schedule = rule.schedule
    return Timing(
        schedule.frequency if schedule else None,
        schedule.period if schedule else None,
        when,
        str(rule.grouping),
        resting,
    )


def _overrides(alert: AlertOverride) -> dict[str, str]:
    """What an alert takes from the result, by the name of the alert's own part."""
    parts = {
        "title": alert.display_name,
        "description": alert.description,
        "severity": alert.severity_column,
        "tactics": alert.tactics_column,
        **dict(alert.properties),
    }
    return {name: value for name, value in parts.items() if value}


def _let_part(let: s.Let, query: s.Query, source: Source) -> LetPart:
    text = _short(source.slice(let.value.span))
    line = source.file_position(let.span.start)[0]
    if isinstance(let.value, s.FunctionBody):
        return LetPart(let.name, "function", text, 0, line)
    values = constants(let.value, lets(query))
    if values is not None:
        return LetPart(let.name, "value" if len(values) == 1 else "list", text, len(values), line)
    tables = (s.Pipeline, s.DataTable, s.ExternalData)
    is_table = isinstance(let.value, tables) or any(isinstance(n, s.Pipeline) for n in walk(let.value))
    return LetPart(let.name, "table" if is_table else "value", text, 0, line)


def _stages(query: s.Query, source: Source) -> Iterator[StagePart]:
    """The operators of the query itself, after its lets."""
    for statement in query.statements:
        value = statement.value if isinstance(statement, s.QueryStatement) else None
        operators = value.operators if isinstance(value, s.Pipeline) else ()
        first = value.source if isinstance(value, s.Pipeline) else value
        if first is not None:
            yield StagePart("from", _short(source.slice(first.span)), source.file_position(first.span.start)[0])
        for operator in operators:
            line = source.file_position(operator.span.start)[0]
            predicates = _conjuncts(operator.predicate) if isinstance(operator, s.Where) else ()
            yield StagePart(operator.keyword, _short(source.slice(operator.span)), line, predicates)


def _conjuncts(predicate: s.Expr) -> tuple[str, ...]:
    parts = predicate.operands if isinstance(predicate, s.Logical) and predicate.operator == "and" else (predicate,)
    return tuple(_short(print_node(part)) for part in parts)


def _lineage(query: s.Query, rule: Rule, catalog: Catalog) -> tuple[Lineage, ...]:
    environment = Environment(_plain(catalog), "duckdb")
    try:
        plan, _ = bind_query(query, rule.source, environment)
    except KqlError:
        return ()
    return lineage(plan, rule.source)


def _plain(catalog: Catalog) -> Catalog:
    """The catalog in which every table has its KQL columns: a page speaks of them, not of where a warehouse stores them."""
    return catalog.with_shapes("duckdb", {"*": "plain"})


def _kql_columns(rule: Rule, catalog: Catalog) -> dict[str, dict[str, str]]:
    """The columns of each table that the rule uses, as KQL sees them."""
    try:
        found = transpile(
            rule.source, "duckdb", _plain(catalog), window=rule.schedule.period if rule.schedule else None
        )
    except KqlError:
        return {}
    return {r.name: {c: str(t) for c, t in r.columns.items()} for r in found.requires}


def _tables(translations: Mapping[str, Translation], columns: Mapping[str, Mapping[str, str]]) -> tuple[TablePart, ...]:
    found: dict[str, dict[str, Requirement]] = {}
    for target, translation in translations.items():
        for requirement in translation.requires:
            found.setdefault(requirement.name, {})[target] = requirement
    return tuple(
        TablePart(
            name,
            first.kind,
            first.origin,
            columns.get(name, {}),
            {target: r.physical for target, r in by_target.items()},
        )
        for name, by_target in found.items()
        for first in (next(iter(by_target.values())),)
    )


def _short(text: str, most: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
