"""The way through all stages: text in, SQL and what is known about it out."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from transpiler.catalog import Catalog, Table
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
from transpiler.semantics.inference.contract import Contract, declared_with, infer_tables
from transpiler.source import Source, Span
from transpiler.types import Type

LONGEST_WINDOW = timedelta(days=36_600)
"""A hundred years: what lies further back is no lookback, and before the first instant that a warehouse can hold."""


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
    """A query in a target's SQL: one statement, its columns, stages and the tables that it reads.

    ``inferred`` are the columns that were derived of undeclared tables; ``guesses`` those among them (``T.x``) of which
    nothing tells the type although rows are ordered by them: they are taken for strings.
    """

    sql: str
    target: str
    columns: tuple[ColumnInfo, ...]
    stages: tuple[Stage, ...]
    requires: tuple[Requirement, ...]
    inferred: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()


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
    by_arrival: bool = False,
) -> Translation:
    """A query as SQL of a target.

    ``tables``: columns and KQL types by table, or a Catalog. ``now``: None for the engine's clock, a datetime (UTC) for
    a literal, RunTime(delay) for a scheduled query's ``@run_time``. ``window``: cut every table with a time column to
    ``[now - window, now)``. ``parameters``: values for ``declare query_parameters``. ``header``: a comment before the SQL.
    ``by_arrival``: in tables whose ``ingestion_time`` is declared the window is that of arrival (near-real-time rules).
    ``infer``: derive the columns of undeclared tables from their use; ``inferred`` of the translation says what was derived.
    Raises KqlError for text that is not KQL, names that are not known, and what the target cannot do exactly.
    """
    source = _source(kql)
    with _whole_trees(), _told_in(source):
        dialect = dialect_of(target)
        check_times(now, window)
        catalog = _catalog(tables)
        contract = infer_tables(parse_query(source), catalog) if infer else Contract()
        statement = lower_statement(
            source,
            dialect,
            declared_with(catalog, contract.tables),
            now=lambda: now_tree(dialect, now),
            window=window,
            parameters=parameters or {},
            header=header,
            by_arrival=by_arrival,
        )
        sql = print_sql(statement.tree, dialect)
        check_size(sql, dialect)
        return Translation(sql, target, *described(statement), contract.tables, contract.guesses)


@contextmanager
def _whole_trees() -> Iterator[None]:
    """Holds Python's collector of cycles back while trees are built: all of them are live, and walking them is in vain.

    Trap: the switch is the whole process's. Who finds it off leaves it off, so that of translations in several threads
    one pauses at a time, and between two of them the collector comes to its turn; counting them would starve it.
    """
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_collecting:
            gc.enable()


@contextmanager
def _told_in(source: Source) -> Iterator[None]:
    """Errors with the text that they are about; a nesting that Python does not follow is one of them."""
    try:
        yield
    except KqlError as error:
        raise error.in_source(source) from None
    except RecursionError:
        raise KqlError("KQL004", "the query is nested too deeply to be translated here", source=source) from None


def _source(kql: str | Source) -> Source:
    if not isinstance(kql, str | Source):
        raise KqlError("KQL003", f"a query is a text, this is {type(kql).__name__}")
    return kql if isinstance(kql, Source) else Source(kql)


def _catalog(tables: Mapping[str, Mapping[str, str]] | Catalog | None) -> Catalog:
    """The tables as a Catalog. Raises KqlError (KQL104) for what is not columns and KQL types by table."""
    if isinstance(tables, Catalog):
        return tables
    try:
        declared = {name: t if isinstance(t, Table) else Table(name, t) for name, t in (tables or {}).items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise KqlError("KQL104", f"the tables are not columns and KQL types by table: {error}") from None
    if not all(isinstance(name, str) for name in declared):
        raise KqlError("KQL104", "a table's name is a text")
    return Catalog(declared)


def check_times(now: datetime | RunTime | None, window: timedelta | None) -> None:
    """Raises KqlError for a ``now`` that is no moment (KQL104) or a ``window`` without a length that fits (KQL104, KQL206)."""
    if not isinstance(now, datetime | RunTime | None):
        raise KqlError("KQL104", f"now is None, a datetime or a RunTime, not {now!r}")
    if not isinstance(window, timedelta | None):
        raise KqlError("KQL104", f"window is None or a timedelta, not {window!r}")
    if window is None:
        return
    if window <= timedelta(0):
        raise KqlError("KQL206", f"window is a length of time, not {window}")
    if window > LONGEST_WINDOW:
        raise KqlError("KQL206", f"window is at most {LONGEST_WINDOW.days} days, not {window}")


def dialect_of(target: str) -> Dialect:
    """The target of a name. Raises KqlError (KQL204) for one that is not known."""
    dialect = TARGETS.get(target) if isinstance(target, str) else None
    if dialect is None:
        raise KqlError("KQL204", f"no target '{target}'; known: {', '.join(sorted(TARGETS))}")
    return dialect


def check_size(sql: str, dialect: Dialect) -> None:
    """Raises KqlError for a statement that is larger than the target takes (KQL207), or is no Unicode text (KQL206)."""
    try:
        size = len(sql.encode())
    except UnicodeEncodeError as error:
        half = sql[error.start]
        raise KqlError("KQL206", f"the text holds half of a character, U+{ord(half):04X}; SQL is UTF-8") from None
    if size > dialect.max_bytes:
        raise KqlError("KQL207", f"the SQL is larger than {dialect.name} takes ({dialect.max_bytes} bytes)")


def described(
    statement: Statement,
) -> tuple[tuple[ColumnInfo, ...], tuple[Stage, ...], tuple[Requirement, ...]]:
    """What is known of a lowered statement: its columns, its stages, the tables that it reads."""
    lowering = statement.lowering
    names = lowering.final_names
    columns = [ColumnInfo(c.name, names[c], c.type) for c in statement.plan.visible]
    stages = [_stage(s.relation, s.name) for s in lowering.stages if s.relation.origin.text]
    requires = [_requirement(s, lowering) for s in lowering.scans()]
    return tuple(columns), tuple(stages), _merged(requires)


def _stage(relation: Relation, name: str) -> Stage:
    origin = relation.origin
    predicates = (origin.text,) if isinstance(relation, Filter) else ()
    return Stage(origin.keyword, origin.text, origin.span, name, predicates)


def _requirement(scan: Scan, lowering: QueryLowering) -> Requirement:
    columns = {c.name: c.type for c in lowering.read_columns(scan)}
    return Requirement(scan.table, ".".join(scan.identifier), columns, scan.kind, scan.url)


def _merged(found: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """One entry a table, with the columns of all its uses."""
    merged: dict[tuple[str, str], Requirement] = {}
    for r in found:
        old = merged.get((r.name, r.physical))
        merged[(r.name, r.physical)] = replace(r, columns={**old.columns, **r.columns}) if old else r
    return tuple(merged.values())
