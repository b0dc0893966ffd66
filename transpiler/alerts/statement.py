"""A rule's alerts as one statement over the rule's translated query.

``results`` (the query's rows) → ``result_rows`` (each row as JSON, with what it says of its alert) → ``alerts`` (grouped)
→ one row for each alert, if the threshold is passed and no earlier alert rests the rule. ``results`` is read once: in
BigQuery every reference to a CTE is a scan of its tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlglot import exp

from transpiler.alerts.clock import Clock, clock_of, is_continuous, run_window
from transpiler.alerts.details import (
    MOST_DETAIL_BYTES,
    MOST_VALUES,
    Detail,
    Override,
    detail_columns,
    override_columns,
)
from transpiler.alerts.entities import MOST_ENTITY_BYTES, EntityColumn, entity_columns
from transpiler.alerts.notes import lacking, notes_of
from transpiler.alerts.schema import ALERT_COLUMNS
from transpiler.alerts.sharing import shared_stages
from transpiler.alerts.spelling import SortKey, Writer
from transpiler.alerts.values import Results
from transpiler.alerts.writers import writer_of
from transpiler.api import ColumnInfo, Requirement, Stage, check_size, described, dialect_of
from transpiler.catalog import Catalog
from transpiler.diagnostics import KqlError
from transpiler.dialects.dialect import Dialect
from transpiler.dialects.spelling import call, number
from transpiler.lowering.clauses import with_clause
from transpiler.lowering.names import Names
from transpiler.lowering.printer import print_sql
from transpiler.lowering.runtime import RunTime
from transpiler.lowering.statement import Statement, lower_statement
from transpiler.rule.findings import Finding
from transpiler.rule.model import Grouping, Kind, Operator, Rule, Trigger

DELAY = timedelta(minutes=5)
MOST_ROWS = 20
CAPS: Mapping[Kind, int] = {Kind.NRT: 30, Kind.CUSTOM_DETECTION: 100}
MOST_ALERTS = 150
_COMPARED = {Operator.GT: ">", Operator.LT: "<", Operator.EQ: "=", Operator.NE: "<>"}


@dataclass(frozen=True, slots=True)
class TemporaryTable:
    """A table that a script fills before its statement reads it; ``sql`` is the SELECT of its rows."""

    name: str
    columns: tuple[str, ...]
    sql: str


@dataclass(frozen=True, slots=True)
class RuleAlerts:
    """A rule's alerts in a target's SQL: one SELECT with the columns of ``ALERT_COLUMNS``.

    ``results``, ``stages`` and ``requires`` describe the query inside; ``findings`` what is approximated or left out.
    ``temporary``: what a script puts into temporary tables, in order, before ``sql``.
    """

    sql: str
    target: str
    columns: tuple[ColumnInfo, ...]
    results: tuple[ColumnInfo, ...]
    stages: tuple[Stage, ...]
    requires: tuple[Requirement, ...]
    findings: tuple[Finding, ...] = ()
    temporary: tuple[TemporaryTable, ...] = ()


def rule_alerts(
    rule: Rule,
    target: str,
    catalog: Catalog,
    *,
    now: datetime | RunTime | None = None,
    delay: timedelta = DELAY,
    least: timedelta = timedelta(minutes=1),
    suppressed_by: Sequence[str] | None = None,
    most_rows: int = MOST_ROWS,
    header: str = "",
    run_time_as: str = "",
    temporary: bool = False,
) -> RuleAlerts:
    """The alerts of one run.

    ``now``: the scheduled time, where the window ends, as in ``transpile``. ``delay``: how much later the run is due.
    ``least``: the shortest interval of the scheduler (``run_window``). ``suppressed_by``: the identifier of the alerts
    table, whose earlier alerts rest a rule with suppression. ``most_rows``: how many result rows an alert carries.
    ``run_time_as``: what stands in the SQL for BigQuery's ``@run_time``, which only its scheduled queries have.
    ``temporary``: as a script, in which what is read more than once is a temporary table (``sharing``).
    Raises KqlError as ``transpile`` does.
    """
    dialect = dialect_of(target)
    clock = clock_of(dialect, now, delay)
    return alerts_at(rule, dialect, catalog, clock, least, suppressed_by, most_rows, header, run_time_as, temporary)


def alerts_at(
    rule: Rule,
    dialect: Dialect,
    catalog: Catalog,
    clock: Clock,
    least: timedelta = timedelta(minutes=1),
    suppressed_by: Sequence[str] | None = None,
    most_rows: int = MOST_ROWS,
    header: str = "",
    run_time_as: str = "",
    temporary: bool = False,
    moments: tuple[datetime, datetime] | None = None,
) -> RuleAlerts:
    """``rule_alerts`` at a time that the caller spells itself (a column of runs, say, between ``moments``)."""
    window = run_window(rule, least)
    period = window.period if window else None
    table = suppressed_by if rule.suppression and rule.suppression.enabled else None
    try:
        statement = _lowered(rule, dialect, catalog, clock, period, moments)
        build = _Build(rule, writer_of(dialect), statement, clock, period, table, most_rows)
        shared, tree = shared_stages(build.tree()) if temporary else ([], build.tree())
        tables = tuple(TemporaryTable(s.name, s.columns, _printed(s.select, dialect, run_time_as)) for s in shared)
        if header:
            tree.comments = [header]
        sql = _printed(tree, dialect, run_time_as)
        check_size("".join([*(t.sql for t in tables), sql]), dialect)
    except KqlError as error:
        raise error.in_source(rule.source) from None
    except RecursionError:
        raise KqlError("KQL004", "the query is nested too deeply to be translated here", source=rule.source) from None
    results, stages, requires = described(statement)
    read = lacking(catalog, dialect.name, requires)
    findings = notes_of(rule, window, [c.name for c in results], suppressed_by is not None, read)
    return RuleAlerts(sql, dialect.name, _COLUMNS, results, stages, requires, findings, tables)


def _lowered(
    rule: Rule,
    dialect: Dialect,
    catalog: Catalog,
    clock: Clock,
    period: timedelta | None,
    moments: tuple[datetime, datetime] | None,
) -> Statement:
    return lower_statement(
        rule.source,
        dialect,
        catalog,
        now=clock.now,
        window=period,
        as_rows=True,
        by_arrival=is_continuous(rule),
        moments=moments,
    )


_COLUMNS = tuple(ColumnInfo(c.name, c.name, c.type) for c in ALERT_COLUMNS)


def _printed(tree: exp.Expr, dialect: Dialect, run_time_as: str) -> str:
    if run_time_as:
        for parameter in list(tree.find_all(exp.Parameter)):
            parameter.replace(exp.Var(this=run_time_as))
    return print_sql(tree, dialect)


def cap_of(rule: Rule) -> int:
    """How many alerts one run gives at most: 150, 30 for NRT, 100 for custom detections."""
    return CAPS.get(rule.kind, MOST_ALERTS)


@dataclass(slots=True)
class _Build:
    """One statement under way."""

    rule: Rule
    writer: Writer
    statement: Statement
    clock: Clock
    period: timedelta | None
    alerts_table: Sequence[str] | None
    most_rows: int
    results: Results = field(init=False)
    overrides: list[Override] = field(init=False)
    details: list[Detail] = field(init=False)
    entities: list[EntityColumn] = field(init=False)
    names: Names = field(init=False)

    def __post_init__(self) -> None:
        lowering = self.statement.lowering
        self.results = Results(self.writer, self.statement.plan.visible, lowering.final_names).with_texts()
        self.overrides = override_columns(self.rule, self.results)
        self.details = detail_columns(self.rule, self.results)
        self.entities = entity_columns(self.rule, self.results)
        used = [t.name for t in self.statement.tree.find_all(exp.Table)]
        used += [part for t in used for part in t.split(".")]
        used += [c.alias for c in lowering.ctes] + list(lowering.final_names.values())
        self.names = Names([*used, *(self.alerts_table or ())])

    @property
    def is_per_row(self) -> bool:
        """Whether each row is an alert of its own."""
        return self.rule.grouping is Grouping.ALERT_PER_RESULT

    def tree(self) -> exp.Expr:
        """The whole statement."""
        ctes = list(self.statement.lowering.ctes)
        inner = self.statement.tree
        inner.set("with_", None)
        results = self._cte(ctes, "results", inner)
        if texts := self.results.text_columns():
            expressions = [exp.Star(), *(self.writer.named(tree, name) for name, tree in texts)]
            results = self._cte(ctes, "texts", self._select(expressions, results))
        rows = self._cte(ctes, "result_rows", self._rows(results))
        if self.is_per_row:
            numbered = self._cte(ctes, "numbered", self._numbered(rows))
            rows = self._cte(ctes, "placed", self._placed(numbered))
        alerts = self._cte(ctes, "grouped", self._alerts(rows))
        select = self._final(alerts)
        select.set("with_", with_clause(ctes))
        return select

    def _cte(self, ctes: list[exp.CTE], wanted: str, select: exp.Expr) -> exp.Expr:
        name = self.writer.dialect.identifier(self.names.unique(wanted))
        ctes.append(exp.CTE(this=select, alias=exp.TableAlias(this=name)))
        return exp.Table(this=name.copy())

    def _select(self, expressions: Sequence[exp.Expr], table: exp.Expr) -> exp.Select:
        return exp.Select(expressions=list(expressions), from_=exp.From(this=table))

    # ---------------------------------------------------------------- rows

    def _rows(self, results: exp.Expr) -> exp.Select:
        """Each result row: whole as JSON, its time, and what it gives to its alert."""
        named = self.writer.named
        expressions = [named(self.results.row(), "row_json")]
        if (time := self.results.event_time) is not None:
            expressions.append(named(self.results.tree(time), "event_time"))
        if rank := self.statement.lowering.rank:
            expressions.append(named(self.writer.column(rank), "result_rank"))
        expressions += [named(o.tree, o.name) for o in self.overrides]
        expressions += [named(d.tree, d.name) for d in self.details]
        expressions += [named(e.tree, e.name) for e in self.entities]
        return self._select([_bare(e) for e in expressions], results)

    def _order(self) -> list[SortKey]:
        """The query's own order, then time, then the rows' text: the same on every engine."""
        keys = [SortKey(self.writer.column("result_rank"))] if self.statement.lowering.rank else []
        if self.results.event_time is not None:
            keys.append(SortKey(self.writer.column("event_time"), nullable=True))
        return [*keys, SortKey(self.writer.column("row_json"))]

    def _numbered(self, rows: exp.Expr) -> exp.Select:
        """The number of each row, of equal rows before it, and of all; the values of each override are counted."""
        sql = self.writer.sql
        numbers = exp.Window(this=call("ROW_NUMBER"), order=exp.Order(expressions=self.writer.order(self._order())))
        expressions = [
            exp.Star(),
            self.writer.named(sql("COUNT(*) OVER ()"), "total_rows"),
            self.writer.named(numbers, "result_number"),
            self.writer.named(sql("ROW_NUMBER() OVER (PARTITION BY row_json ORDER BY row_json)"), "copy_number"),
        ]
        for override in self._counted():
            counted = sql("COUNT(DISTINCT {x}) OVER ()", x=self.writer.column(override.name))
            expressions.append(self.writer.named(counted, f"{override.name}_values"))
        return self._select(expressions, rows)

    def _placed(self, numbered: exp.Expr) -> exp.Select:
        """Which alerts a row belongs to: its own, and beyond the cap the last one, which stands for the whole result."""
        cap = cap_of(self.rule)
        places = self.writer.sql(
            f"CASE WHEN total_rows > {cap} AND result_number < {cap} THEN {{both}} ELSE {{one}} END",
            both=exp.Array(expressions=[self.writer.column("result_number"), number(cap)]),
            one=exp.Array(expressions=[self.writer.sql(f"LEAST(result_number, {cap})")]),
        )
        select = self.writer.repeated(self._select([exp.Star()], numbered), places, "alert_number")
        select.set("where", exp.Where(this=self._passed("total_rows")))
        return select

    def _passed(self, count: str) -> exp.Expr:
        trigger = self.rule.trigger or Trigger()
        return self.writer.sql(f"{count} {_COMPARED[trigger.operator]} {trigger.threshold}")

    def _counted(self) -> list[Override]:
        return [o for o in self.overrides if o.is_counted and not isinstance(o.tree, exp.Literal)]

    # ---------------------------------------------------------------- alerts

    def _alerts(self, rows: exp.Expr) -> exp.Select:
        """One row for each alert; without grouping there is one even when no row came out."""
        writer, order = self.writer, self._order()
        expressions = [writer.named(self.clock.now(), "window_end")]
        if self.is_per_row:
            expressions += [
                writer.column("alert_number"),
                writer.named(writer.sql("MAX(total_rows)"), "total_rows"),
                writer.named(writer.sql("MIN(copy_number)"), "copy_number"),
                writer.named(writer.sql("MIN(row_json)"), "row_key"),
            ]
        expressions.append(writer.named(writer.sql("COUNT(*)"), "row_count"))
        if self.results.event_time is not None:
            expressions.append(writer.named(writer.sql("MIN(event_time)"), "first_event_time"))
            expressions.append(writer.named(writer.sql("MAX(event_time)"), "last_event_time"))
        for override in self.overrides:
            expressions.append(writer.named(self._overridden(override, order), override.name))
        for column in self.entities:
            expressions.append(writer.named(writer.distinct(writer.column(column.name), column.most), column.name))
        for detail in self.details:
            expressions.append(writer.named(writer.distinct(writer.column(detail.name), MOST_VALUES), detail.name))
        listed = writer.listed(writer.column("row_json"), order, self.most_rows)
        expressions.append(writer.named(listed, "matching_rows"))
        select = self._select(expressions, rows)
        if self.is_per_row:
            select.set("group", exp.Group(expressions=[writer.column("alert_number")]))
        return select

    def _overridden(self, override: Override, order: Sequence[SortKey]) -> exp.Expr:
        """The first row's value, unless the run has too many different ones."""
        first = self.writer.first(self.writer.column(override.name), order)
        if override not in self._counted():
            return first
        counted = self.writer.sql("COUNT(DISTINCT {x})", x=self.writer.column(override.name))
        if self.is_per_row:
            counted = self.writer.sql("MAX({x})", x=self.writer.column(f"{override.name}_values"))
        return self.writer.sql(f"CASE WHEN {{n}} <= {MOST_VALUES} THEN {{x}} END", n=counted, x=first)

    # ---------------------------------------------------------------- the end

    def _final(self, alerts: exp.Expr) -> exp.Select:
        trees = self._fixed() | self._computed()
        select = self._select([self.writer.named(trees[c.name], c.name) for c in ALERT_COLUMNS], alerts)
        select.set("expressions", [_bare(e) for e in select.expressions])
        conditions = [] if self.is_per_row else [self._passed("row_count")]
        conditions += self._rested()
        if conditions:
            where = conditions[0] if len(conditions) == 1 else exp.And(this=conditions[0], expression=conditions[1])
            select.set("where", exp.Where(this=where))
        return select

    def _fixed(self) -> dict[str, exp.Expr]:
        """What comes from the rule, or from the row where the rule says so."""
        rule = self.rule
        own = {
            "rule_id": rule.id or rule.path,
            "rule_name": rule.name,
            "rule_version": rule.version,
            "severity": rule.severity or "Medium",
            "tactics": json.dumps(list(rule.tactics), separators=(",", ":"), ensure_ascii=False),
            "techniques": json.dumps(list(rule.techniques), separators=(",", ":"), ensure_ascii=False),
            "alert_name": rule.detection.title if rule.detection and rule.detection.title else rule.name,
            "alert_description": rule.description,
        }
        found = {name: self.writer.literal(value) for name, value in own.items()}
        for override in self.overrides:
            if not override.is_property:
                fixed = found[override.field]
                found[override.field] = self.writer.dialect.coalesce(override.taken(self.writer), fixed)
        return found

    def _computed(self) -> dict[str, exp.Expr]:
        writer = self.writer
        end = writer.column("window_end")
        has_time = self.results.event_time is not None
        missing = exp.Cast(this=exp.Null(), to=exp.DataType.build("TIMESTAMP", dialect=writer.dialect.sqlglot_name))
        return {
            "alert_id": writer.sha256(self._key()),
            "alert_kind": self._kind(),
            "window_start": missing.copy() if self.period is None else writer.shifted(end, -self.period),
            "window_end": end.copy(),
            "run_time": self.clock.run_time(),
            "row_count": writer.column("row_count"),
            "first_event_time": writer.column("first_event_time") if has_time else missing.copy(),
            "last_event_time": writer.column("last_event_time") if has_time else missing,
            "entities": self._joined([(writer.column(e.name), "", "") for e in self.entities], "[]", MOST_ENTITY_BYTES),
            "custom_details": self._joined(
                [(writer.column(d.name), f"{json.dumps(d.key)}:[", "]") for d in self.details], "{}", MOST_DETAIL_BYTES
            ),
            "properties": self._joined([self._property(o) for o in self.overrides if o.is_property], "{}", 0),
            "matching_rows": writer.concat(
                ["[", writer.sql("COALESCE({x}, '')", x=writer.column("matching_rows")), "]"]
            ),
        }

    def _property(self, override: Override) -> tuple[exp.Expr, str, str]:
        """A property's value as a JSON string, NULL where it is not overridden (TO_JSON_STRING of NULL is a text)."""
        value = override.taken(self.writer)
        quoted = self.writer.same_escapes(self.writer.json_text(value.copy()))
        text = self.writer.sql("CASE WHEN NOT {x} IS NULL THEN {j} END", x=value, j=quoted)
        return text, f"{json.dumps(override.field)}:", ""

    def _kind(self) -> exp.Expr:
        if not self.is_per_row:
            return self.writer.literal("single")
        cap = cap_of(self.rule)
        return self.writer.sql(f"CASE WHEN total_rows > {cap} AND alert_number = {cap} THEN 'summary' ELSE 'row' END")

    def _key(self) -> exp.Expr:
        """The text whose hash is the alert's id: rule, run, and the row (with its place among equal rows)."""
        writer = self.writer
        head: list[exp.Expr | str] = [f"{self.rule.id or self.rule.path}|", writer.instant(writer.column("window_end"))]
        if not self.is_per_row:
            return writer.concat([*head, "|single"])
        cap = cap_of(self.rule)
        copy = writer.as_text(writer.column("copy_number"))
        row = writer.concat(["|row|", writer.column("row_key"), "|", copy])
        tail = writer.sql(
            f"CASE WHEN total_rows > {cap} AND alert_number = {cap} THEN '|summary' ELSE {{row}} END", row=row
        )
        return writer.concat([*head, tail])

    def _joined(self, members: Sequence[tuple[exp.Expr, str, str]], brackets: str, most: int) -> exp.Expr:
        """The members that are not NULL, in brackets, with commas between; those beyond ``most`` bytes are dropped."""
        writer = self.writer
        if not members:
            return writer.literal(brackets)
        wrapped = []
        lengths: list[exp.Expr] = []
        for tree, before, after in members:
            member = tree
            for literal, is_first in ((before, True), (after, False)):
                if literal:
                    pair = (writer.literal(literal), member) if is_first else (member, writer.literal(literal))
                    member = exp.DPipe(this=pair[0], expression=pair[1])
            if most:
                length = writer.sql("COALESCE({n}, 0)", n=writer.byte_length(tree.copy()))
                lengths.append(length)
                total = lengths[0].copy()
                for other in lengths[1:]:
                    total = exp.Add(this=total, expression=other.copy())
                member = writer.sql(f"CASE WHEN {{n}} <= {most} THEN {{x}} END", n=total, x=member)
            wrapped.append(member)
        if len(wrapped) == 1:
            joined = writer.sql("COALESCE({x}, '')", x=wrapped[0])
        else:
            joined = call("ARRAY_TO_STRING", exp.Array(expressions=wrapped), writer.literal(","))
        return writer.concat([brackets[0], joined, brackets[1]])

    def _rested(self) -> list[exp.Expr]:
        """Whether no alert of this rule, of an earlier run, is younger than the suppression lasts."""
        suppression = self.rule.suppression
        if self.alerts_table is None or suppression is None:
            return []
        writer = self.writer
        since = writer.shifted(self.clock.now(), -suppression.duration)
        conditions = writer.sql(
            "rule_id = {rule} AND window_end > {since} AND window_end < {now}",
            rule=writer.literal(self.rule.id or self.rule.path),
            since=since,
            now=self.clock.now(),
        )
        earlier = self._select([writer.sql("COUNT(*)")], writer.dialect.table(tuple(self.alerts_table)))
        earlier.set("where", exp.Where(this=conditions))
        return [exp.EQ(this=exp.Subquery(this=earlier), expression=number(0))]


def _bare(tree: exp.Expr) -> exp.Expr:
    """A column without an alias of the same name."""
    inner = tree.this
    return inner if isinstance(tree, exp.Alias) and isinstance(inner, exp.Column) and inner.name == tree.alias else tree
