"""A query or rule over files: the catalog that fits them, the SQL, and a database in which its tables are those files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from transpiler.alerts import RuleAlerts, is_continuous, rule_alerts, run_window
from transpiler.alerts.statement import DELAY
from transpiler.api import ColumnInfo, Requirement, transpile
from transpiler.catalog import Catalog, Shape
from transpiler.catalog.schema_import import kql_type_of
from transpiler.engine import duckdb
from transpiler.rule.findings import Severity
from transpiler.rule.model import Rule
from transpiler.run.inputs import Input, chosen_shape, entry_column, inferred_tables, strangers
from transpiler.source import Source
from transpiler.types import Type


class Readable(Protocol):
    """What a statement over files must tell: a Translation, or a rule's alerts."""

    @property
    def sql(self) -> str:
        """One SELECT."""

    @property
    def columns(self) -> tuple[ColumnInfo, ...]:
        """Its columns."""

    @property
    def requires(self) -> tuple[Requirement, ...]:
        """The tables that it reads."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A translated query and the files it reads. ``notes`` say what was decided: shapes, inferred columns, unused files."""

    translation: Readable
    catalog: Catalog
    inputs: tuple[Input, ...]
    missing: tuple[Requirement, ...]
    notes: tuple[str, ...]
    now: datetime
    window: timedelta | None


def prepare(
    query: Source,
    inputs: Sequence[Input],
    catalog: Catalog,
    *,
    now: datetime,
    window: timedelta | None = None,
    shapes: Mapping[str, str] | None = None,
    parameters: Mapping[str, object] | None = None,
    by_arrival: bool = False,
) -> Prepared:
    """The query's SQL over the given files. ``now``: the moment of the run, in UTC. ``shapes``: by table, instead of detection.

    A table that nobody declares gets the columns of its file. Raises KqlError, and EngineError for files.
    """

    def translated(fitted: Catalog) -> Readable:
        return transpile(query, "duckdb", fitted, now=now, window=window, parameters=parameters, by_arrival=by_arrival)

    return _over_files(translated, inputs, catalog, shapes or {}, now, window)


def prepare_rule(
    rule: Rule,
    inputs: Sequence[Input],
    catalog: Catalog,
    *,
    now: datetime,
    window: timedelta | None,
    shapes: Mapping[str, str] | None = None,
    parameters: Mapping[str, object] | None = None,
) -> Prepared:
    """The rows of a rule's run over the given files, as ``prepare``. The window of a continuous rule is one of arrival."""
    return prepare(
        rule.source,
        inputs,
        catalog,
        now=now,
        window=window,
        shapes=shapes,
        parameters=parameters,
        by_arrival=is_continuous(rule),
    )


def prepare_alerts(
    rule: Rule,
    inputs: Sequence[Input],
    catalog: Catalog,
    *,
    now: datetime,
    shapes: Mapping[str, str] | None = None,
    delay: timedelta = DELAY,
) -> Prepared:
    """The alerts of a rule's run over the given files, as ``prepare``; the window is the rule's own."""
    window = run_window(rule)
    made: list[RuleAlerts] = []

    def translated(fitted: Catalog) -> Readable:
        made.append(rule_alerts(rule, "duckdb", fitted, now=now, delay=delay))
        return made[-1]

    prepared = _over_files(translated, inputs, catalog, shapes or {}, now, window.period if window else None)
    said = (str(f) for f in made[-1].findings if f.severity is Severity.WARNING)
    return replace(prepared, notes=(*prepared.notes, *said))


def _over_files(
    translate: Callable[[Catalog], Readable],
    inputs: Sequence[Input],
    catalog: Catalog,
    shapes: Mapping[str, str],
    now: datetime,
    window: timedelta | None,
) -> Prepared:
    notes: list[str] = []
    fitted = catalog.with_shapes("duckdb", shapes)
    for given in inputs:
        fitted = _fitted(fitted, given, shapes, notes)
    translation = translate(fitted)
    read = {r.name for r in translation.requires}
    by_name = {given.table: given for given in inputs}
    notes += [f"{name} is not read by the query" for name in by_name if name not in read]
    missing = tuple(r for r in translation.requires if r.name not in by_name)
    used = tuple(given for given in inputs if given.table in read)
    return Prepared(translation, fitted, used, missing, tuple(notes), now, window)


def _fitted(catalog: Catalog, given: Input, shapes: Mapping[str, str], notes: list[str]) -> Catalog:
    """The catalog in which a table has the columns or the shape of its files."""
    if catalog.table(given.table) is None:
        (table,) = inferred_tables(given.files, given.table, given.member)
        columns = ", ".join(f"{name}: {kind}" for name, kind in table.columns.items())
        notes.append(f"{given.table} is not declared; columns found in its files: {columns}")
        return catalog.merged(Catalog({given.table: table}))
    source = catalog.sources.get(given.table)
    if source is None:
        notes += strangers(catalog.table(given.table), given)
    if source is None or given.table in shapes:
        return catalog
    shape, reason = chosen_shape(source, given)
    if len(source.names("duckdb")) > 1:
        notes.append(f"{given.table} is read in the shape {shape}: {reason}")
    return catalog.with_shapes("duckdb", {given.table: shape}) if shape else catalog


@contextmanager
def ready(prepared: Prepared, *, memory: str | None = None) -> Iterator[duckdb.DuckDb]:
    """A database in which the tables of the prepared query are its files; tables without a file are empty.

    ``memory``: beyond it ("2GB") a query spills to disk. Raises EngineError for files that cannot be read.
    """
    with duckdb.connect(memory=memory) as engine:
        for requirement in dict.fromkeys((r.name, r.physical) for r in prepared.translation.requires):
            _provide(engine, prepared, *requirement)
        yield engine


def _provide(engine: duckdb.DuckDb, prepared: Prepared, name: str, physical: str) -> None:
    given = next((i for i in prepared.inputs if i.table == name), None)
    required = next(r for r in prepared.translation.requires if (r.name, r.physical) == (name, physical))
    shape = prepared.catalog.shape(name, "duckdb")
    path = list(shape.identifier) if shape is not None and shape.identifier else [physical]
    columns = _stored_columns(shape, required)
    if given is None:
        engine.create_table(path, columns or {_entry(shape): Type.DYNAMIC})
    else:
        engine.load(path, given.files, columns, given.source_table, entry_column(shape) if shape is not None else "")


def _stored_columns(shape: Shape | None, required: Requirement) -> dict[str, Type] | None:
    """The columns and types of the view over the files; None for the files' own."""
    if shape is None:
        return dict(required.columns)
    if shape.is_plain:
        return {name: Type(kind) for name, kind in shape.table.columns.items()} | _beyond(shape, required)
    if entry_column(shape):
        return None
    return {p.column[0]: Type(kql_type_of(p.type)) for p in shape.columns.values()}


def _beyond(shape: Shape, required: Requirement) -> dict[str, Type]:
    """Columns of an open table that the query reads beyond the declared ones."""
    return {name: kind for name, kind in required.columns.items() if name not in shape.table.columns}


def _entry(shape: Shape | None) -> str:
    return (entry_column(shape) if shape is not None else "") or "entry"
