"""A fixture's events as the physical tables of one shape, for either engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from transpiler.catalog import Catalog, Shape, SourceDecl
from transpiler.catalog.layouts import stored_tables
from transpiler.engine import duckdb, googlesql
from transpiler.rule.fixture import Fixture, Given
from transpiler.types import Type

PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of storing the given tables: the shape of each, and a name for reports (``sink``, ``plain``)."""

    target: str
    name: str
    shapes: Mapping[str, str]


def variants(catalog: Catalog, fixture: Fixture, tables: Iterable[str], target: str) -> list[Variant]:
    """Every physical shape in which the fixture's events can be stored in a target; one plain variant for rows.

    Trap: rows have the KQL columns, so they cannot be put where a source says that its raw columns lie.
    """
    logs = {t: s for t in tables if (s := catalog.sources.get(t)) is not None and _given(fixture, t, s).is_log}
    names = list(dict.fromkeys(n for s in logs.values() for n in log_shapes(s, target)))
    if not logs:
        return [Variant(target, PLAIN, {t: PLAIN for t in tables if t in catalog.sources})]
    found = []
    for name in names:
        shapes = {t: PLAIN for t in tables if t in catalog.sources and t not in logs}
        for table, source in logs.items():
            own = log_shapes(source, target)
            shapes[table] = name if name in own else own[0]
        found.append(Variant(target, name, shapes))
    return found


def without_plain(catalog: Catalog, variant: Variant) -> str:
    """What is wrong where rows are given of a table whose source has no plain shape; '' where none is."""
    for table, shape in variant.shapes.items():
        known = catalog.sources[table].names(variant.target)
        if shape == PLAIN and PLAIN not in known:
            return (
                f"given rows fill the shape 'plain', which the source of {table} does not have for {variant.target} "
                f"(it has {', '.join(known) or 'none'}): add 'plain: {{table: {table}}}' to it, or give log_entries"
            )
    return ""


def log_shapes(source: SourceDecl, target: str) -> list[str]:
    """The shapes of a source that hold log entries."""
    return [n for (t, n), shape in source.shapes.items() if t == target and shape.layout not in ("", PLAIN)]


def _given(fixture: Fixture, table: str, source: SourceDecl | None) -> Given:
    """What the fixture gives of a table; an empty log (or table) where it gives nothing."""
    found = fixture.given.get(table)
    if found is not None:
        return found
    any_log = any(g.is_log for g in fixture.given.values())
    has_log_shapes = source is not None and any(s.layout not in ("", PLAIN) for s in source.shapes.values())
    return Given(table, any_log and has_log_shapes, ())


def fill_duckdb(engine: duckdb.DuckDb, catalog: Catalog, fixture: Fixture, tables: Iterable[str]) -> None:
    """Creates the given tables in DuckDB. Raises EngineError or ValueError for values that do not fit."""
    for table in tables:
        shape = catalog.shape(table, "duckdb")
        assert shape is not None
        given = _given(fixture, table, catalog.sources.get(table))
        if given.is_log:
            column = next(iter(shape.columns.values())).column[0]
            documents = (json.dumps(e, ensure_ascii=False) for e in given.data)
            engine.create_json_table(shape.identifier[-1], documents, column)
        else:
            engine.create_table(shape.identifier, _types(shape), given.data)


def google_tables(catalog: Catalog, fixture: Fixture, tables: Iterable[str]) -> dict[str, googlesql.StoredTable]:
    """The given tables as BigQuery stores them, by their whole path. Several logs may lie in one (``_AllLogs``)."""
    found: dict[str, googlesql.StoredTable] = {}
    logs: dict[str, tuple[Shape, list[Mapping[str, object]]]] = {}
    for table in tables:
        shape = catalog.shape(table, "bigquery")
        assert shape is not None
        given = _given(fixture, table, catalog.sources.get(table))
        name = ".".join(shape.identifier)
        if given.is_log:
            logs.setdefault(name, (shape, []))[1].extend(given.data)
        else:
            found[name] = googlesql.stored(_types(shape), given.data)
    for shape, entries in logs.values():
        for name, stored in stored_tables(shape, entries).items():
            found[name] = googlesql.StoredTable(stored.columns, stored.rows)
    return found


def _types(shape: Shape) -> dict[str, Type]:
    return {c: Type(t) for c, t in shape.table.columns.items()}
