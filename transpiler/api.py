"""The way through all stages: text in, SQL and what is known about it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from transpiler.catalog import Catalog
from transpiler.diagnostics import KqlError
from transpiler.dialects import TARGETS
from transpiler.dialects.dialect import Dialect
from transpiler.kql import syntax
from transpiler.kql.parser import parse_query
from transpiler.lowering.printer import print_sql
from transpiler.lowering.query import QueryLowering
from transpiler.lowering.runtime import RunTime, now_tree
from transpiler.lowering.statement import Statement, lower_statement
from transpiler.plan.relations import Filter, Relation, Scan
from transpiler.semantics.inference import declared_with, infer_tables
from transpiler.source import Source, Span
from transpiler.types import Type


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column of the result: KQL's name, the name in the SQL (equal unless names collide ignoring case), KQL's type."""

    name: str
    sql_name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Stage:
    """One operator of the query and the CTE that it became."""

    keyword: str
    text: str
    span: Span
    cte: str
    predicates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Requirement:
    """A table that the SQL reads. ``kind``: table, external, watchlist, lookup; ``origin``: a URL or a function, else ''."""

    name: str
    physical: str
    columns: Mapping[str, Type]
    kind: str = "table"
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """A query in a target's SQL: one statement, its columns, stages and the tables that it reads."""

    sql: str
    target: str
    columns: tuple[ColumnInfo, ...]
    stages: tuple[Stage, ...]
    requires: tuple[Requirement, ...]
    inferred: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def parse(kql: str | Source) -> syntax.Query:
    """The syntax tree of a query. Raises KqlError, and nothing else, for a text that is not KQL."""
    return parse_query(_source(kql))


def transpile(
    kql: str | Source,
    target: str = "duckdb",
    tables: Mapping[str, Mapping[str, str]] | Catalog | None = None,
    *,
    now: datetime | RunTime | None = None,
    window: timedelta | None = None,
    parameters: Mapping[str, object] | None = None,
    header: str = "",
    infer: bool = False,
) -> Translation:
    """A query as SQL of a target.

    ``tables``: columns and KQL types by table, or a Catalog. ``now``: None for the engine's clock, a datetime (UTC) for
    a literal, RunTime(delay) for a scheduled query's ``@run_time``. ``window``: cut every table with a time column to
    ``[now - window, now)``. ``parameters``: values for ``declare query_parameters``. ``header``: a comment before the SQL.
    ``infer``: derive the columns of undeclared tables from their use; ``inferred`` of the translation says what was derived.
    Raises KqlError for text that is not KQL, names that are not known, and what the target cannot do exactly.
    """
    source = _source(kql)
    try:
        return _translated(source, target, tables, now, window, parameters or {}, header, infer)
    except KqlError as error:
        raise error.in_source(source) from None
    except RecursionError:
        raise KqlError("KQL004", "the query is nested too deeply to be translated here", source=source) from None


def _source(kql: str | Source) -> Source:
    return kql if isinstance(kql, Source) else Source(kql)


def _translated(
    source: Source,
    target: str,
    tables: Mapping[str, Mapping[str, str]] | Catalog | None,
    now: datetime | RunTime | None,
    window: timedelta | None,
    parameters: Mapping[str, object],
    header: str,
    infer: bool,
) -> Translation:
    dialect = dialect_of(target)
    catalog = tables if isinstance(tables, Catalog) else Catalog(tables or {})
    inferred = infer_tables(parse_query(source), catalog) if infer else {}
    catalog = declared_with(catalog, inferred)
    statement = lower_statement(
        source,
        dialect,
        catalog,
        now=lambda: now_tree(dialect, now),
        window=window,
        parameters=parameters,
        header=header,
    )
    sql = print_sql(statement.tree, dialect)
    check_size(sql, dialect)
    columns, stages, requires = described(statement)
    return Translation(sql, target, columns, stages, requires, inferred)


def dialect_of(target: str) -> Dialect:
    """The target of a name. Raises KqlError (KQL204) for one that is not known."""
    dialect = TARGETS.get(target)
    if dialect is None:
        raise KqlError("KQL204", f"no target '{target}'; known: {', '.join(sorted(TARGETS))}")
    return dialect


def check_size(sql: str, dialect: Dialect) -> None:
    """Raises KqlError (KQL207) for a statement that is larger than the target takes."""
    if len(sql.encode()) > dialect.max_bytes:
        raise KqlError("KQL207", f"the SQL is larger than {dialect.name} takes ({dialect.max_bytes} bytes)")


def described(
    statement: Statement,
) -> tuple[tuple[ColumnInfo, ...], tuple[Stage, ...], tuple[Requirement, ...]]:
    """What is known of a lowered statement: its columns, its stages, the tables that it reads."""
    lowering = statement.lowering
    columns = tuple(ColumnInfo(c.name, lowering.final_names[c], c.type) for c in statement.plan.visible)
    stages = tuple(_stage(s.relation, s.name) for s in lowering.stages if s.relation.origin.text)
    requires = tuple(_requirement(s, lowering) for s in lowering.scans())
    return columns, stages, _merged(requires)


def _stage(relation: Relation, name: str) -> Stage:
    origin = relation.origin
    predicates = (origin.text,) if isinstance(relation, Filter) else ()
    return Stage(origin.keyword, origin.text, origin.span, name, predicates)


def _requirement(scan: Scan, lowering: QueryLowering) -> Requirement:
    columns = {c.name: c.type for c in lowering.read_columns(scan)}
    return Requirement(scan.table, ".".join(scan.identifier), columns, scan.kind, scan.url)


def _merged(found: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
    """One entry a table, with the columns of all its uses."""
    merged: dict[tuple[str, str], Requirement] = {}
    for r in found:
        old = merged.get((r.name, r.physical))
        columns = {**old.columns, **r.columns} if old else r.columns
        merged[(r.name, r.physical)] = Requirement(r.name, r.physical, columns, r.kind, r.origin)
    return tuple(merged.values())
