"""The engines that prove a target's SQL on this machine: one per target, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from transpiler.catalog import Catalog
from transpiler.dialects import TARGETS, check_targets
from transpiler.engine import duckdb, googlesql
from transpiler.lowering.runtime import RunTime
from transpiler.rule.fixture import Fixture
from transpiler.validation.inputs import fill_duckdb, google_tables

TIMEOUT = 60.0

Rows: TypeAlias = Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement and what it reads: the temporary tables before it (name and SELECT), the catalog's tables, the delay."""

    sql: str
    catalog: Catalog
    tables: Sequence[str]
    delay: timedelta
    temporary: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Prover:
    """An engine: its name, whether it is installed, and the rows of a statement over a fixture's events.

    ``rows`` raises EngineError for what the engine refuses, ValueError for events that do not fit. ``knows_scripts``: a
    script's temporary tables can be played.
    """

    engine: str
    available: Callable[[], bool]
    rows: Callable[[Prepared, Fixture], Rows]
    knows_scripts: bool = False


def moment(target: str, fixture: Fixture, delay: timedelta) -> datetime | RunTime:
    """What now() is in a proof: the scheduler's run time where the target has one, else the fixture's moment."""
    return RunTime(delay) if TARGETS[target].has_run_time else fixture.now


def _on_duckdb(prepared: Prepared, fixture: Fixture) -> Rows:
    with duckdb.connect() as engine:
        fill_duckdb(engine, prepared.catalog, fixture, prepared.tables)
        return engine.run(prepared.sql, timeout=TIMEOUT).rows


def _on_google(prepared: Prepared, fixture: Fixture) -> Rows:
    parameters = {"run_time": ("TIMESTAMP", (fixture.now + prepared.delay).isoformat() + "+00:00")}
    stored = google_tables(prepared.catalog, fixture, prepared.tables)
    return google_rows(prepared.sql, stored, parameters, prepared.temporary)


def google_rows(
    sql: str,
    stored: Mapping[str, googlesql.StoredTable],
    parameters: Mapping[str, tuple[str, object]],
    temporary: Sequence[tuple[str, str]] = (),
) -> Rows:
    """The rows from Google's engine. It runs no scripts, so the statements of one are run in turn: each temporary table
    is what its SELECT gave.
    """
    engine, tables = googlesql.connect(), dict(stored)
    for name, select in temporary:
        found = engine.execute(select, tables, parameters if "@run_time" in select else {})
        tables[name] = googlesql.StoredTable({c.name: c.type for c in found.columns}, found.rows)
    return engine.execute(sql, tables, parameters if "@run_time" in sql else {}).rows


PROVERS: Mapping[str, Prover] = {
    "duckdb": Prover("duckdb", lambda: True, _on_duckdb),
    "bigquery": Prover("googlesql", googlesql.available, _on_google, knows_scripts=True),
}
check_targets(PROVERS, "the engines that prove SQL")
