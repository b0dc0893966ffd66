"""What a Markdown case demands of a translation, on either target: columns as promised, rows as written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from tests.support.bigquery_service import refusals
from tests.support.comparing import compare_rows
from tests.support.markdown import Case, ExpectedError
from tests.support.tables import TextTable
from transpiler import transpile
from transpiler.diagnostics import KqlError
from transpiler.engine import Column, EngineError, duckdb, googlesql
from transpiler.engine.values import JsonText, canonical, parse_value
from transpiler.types import Type


class ResultColumn(Protocol):
    """A column that a translation promises."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def sql_name(self) -> str: ...


class Translation(Protocol):
    """What ``transpile`` returns, as far as the cases look at it."""

    @property
    def sql(self) -> str: ...
    @property
    def columns(self) -> Sequence[ResultColumn]: ...


Transpile = Callable[..., Translation]

# How an engine may describe a column of a KQL type.
DESCRIBED: dict[str, dict[Type, tuple[str, ...]]] = {
    "duckdb": {
        Type.STRING: ("VARCHAR",),
        Type.LONG: ("BIGINT",),
        Type.INT: ("INTEGER", "BIGINT"),
        Type.REAL: ("DOUBLE",),
        Type.BOOL: ("BOOLEAN",),
        Type.DATETIME: ("TIMESTAMP",),
        Type.DYNAMIC: ("JSON",),
        Type.GUID: ("UUID", "VARCHAR"),
        Type.TIMESPAN: ("INTERVAL",),
        Type.DECIMAL: ("DECIMAL",),
    },
    "bigquery": {
        Type.STRING: ("STRING",),
        Type.LONG: ("INT64",),
        Type.INT: ("INT64",),
        Type.REAL: ("FLOAT64",),
        Type.BOOL: ("BOOL",),
        Type.DATETIME: ("TIMESTAMP",),
        Type.DYNAMIC: ("JSON",),
        Type.GUID: ("STRING",),
        Type.TIMESPAN: ("INT64",),
        Type.DECIMAL: ("BIGNUMERIC", "NUMERIC"),
    },
}


class CaseFailedError(Exception):
    """A case that did not come out as written; the text says how, and ends with the SQL where there is one."""


def check_case(case: Case, target: str, transpile: Transpile) -> str | None:
    """Translate, describe, run, compare; CaseFailedError says what differs. Returns the SQL (None after a refusal)."""
    tables = {name: {c: str(k) for c, k in table.typed().items()} for name, table in case.given.items()}
    wanted = case.errors.get(target)
    try:
        made = transpile(case.kql, target=target, tables=tables, **_arguments(case.options))
    except KqlError as e:
        _check_refusal(e, wanted)
        return None
    if wanted is not None:
        raise CaseFailedError(f"not refused with {wanted.code}\n\n{made.sql}")
    try:
        _check_columns(made.columns, case)
        _check_run(made, case, target)
    except CaseFailedError as e:
        raise CaseFailedError(f"{e}\n\n{made.sql}") from None
    return made.sql


def _arguments(options: Mapping[str, Any]) -> dict[str, Any]:  # what YAML holds
    arguments: dict[str, Any] = {}
    if "now" in options:
        arguments["now"] = parse_value(options["now"], Type.DATETIME).replace(tzinfo=dt.UTC)  # type: ignore[attr-defined]
    if "window" in options:
        arguments["window"] = parse_value(options["window"], Type.TIMESPAN)
    if "parameters" in options:
        arguments["parameters"] = options["parameters"]
    return arguments


def _check_refusal(error: KqlError, wanted: ExpectedError | None) -> None:
    if wanted is None:
        raise CaseFailedError(f"refused: {error}")
    if error.code != wanted.code or wanted.fragment not in error.message:
        raise CaseFailedError(f"refused otherwise than with {wanted.code} {wanted.fragment}\n{error}")
    if wanted.place and (error.line, error.column) != wanted.place:
        raise CaseFailedError(f"the message points to {error.line}:{error.column}, not to {wanted.place}\n{error}")


def _check_columns(columns: Sequence[ResultColumn], case: Case) -> None:
    promised = [(c.name, str(c.type)) for c in columns]
    if case.columns is not None and promised != list(case.columns):
        raise CaseFailedError(f"columns {_listed(promised)}, not {_listed(case.columns)}")
    if case.rows is not None:
        types = [kind for _, kind in promised] + [""] * len(case.rows.names)
        wanted = [(n, str(k or t)) for n, k, t in zip(case.rows.names, case.rows.types, types, strict=False)]
        if promised != wanted:
            raise CaseFailedError(f"columns {_listed(promised)}, not {_listed(wanted)}")


def _listed(columns: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name}:{kind}" for name, kind in columns)


def _check_run(made: Translation, case: Case, target: str) -> None:
    given = {name: (table.typed(), table.rows()) for name, table in case.given.items()}
    analyzed_only = target == "bigquery" and "analyzed only" in case.options
    described, rows = _RUNNERS[target](made.sql, given, analyzed_only or case.rows is None)
    check_description(made.columns, described, target)
    if rows is None or case.rows is None:
        return
    types = [(c.name, Type(str(c.type))) for c in made.columns]
    expected = expected_rows(case.rows, dict(types))
    if difference := compare_rows(types, expected, rows, ordered=case.ordered, any_order=case.any_order):
        raise CaseFailedError(difference)


def expected_rows(table: TextTable, types: Mapping[str, Type]) -> list[list[object]]:
    """Written rows as KQL values for comparison: dynamic cells parsed, a missing string ''."""
    kinds = list(table.typed(types).values())
    return [[_expected(v, kind) for v, kind in zip(row, kinds, strict=True)] for row in table.rows(types)]


def _expected(value: object, kind: Type) -> object:
    if kind is Type.STRING and value is None:
        return ""
    return parse_value(value, kind) if isinstance(value, JsonText) else value


Given = Mapping[str, tuple[Mapping[str, Type], Sequence[Sequence[object]]]]
Answer = tuple[Sequence[Column], Sequence[Sequence[object]] | None]


def run_duckdb(sql: str, given: Given, described_only: bool = False) -> Answer:
    """What DuckDB describes and returns; CaseFailedError when it refuses the SQL."""
    with duckdb.connect(threads=1) as session:
        for name, (columns, rows) in given.items():
            session.create_table(name, columns, rows)
        try:
            described = session.describe(sql)
            return described, None if described_only else session.run(sql).rows
        except EngineError as e:
            raise CaseFailedError(f"DuckDB refuses the SQL: {e}") from None


def run_bigquery(sql: str, given: Given, described_only: bool = False) -> Answer:
    """What Google's engine describes and returns; CaseFailedError when it, or the service itself, refuses the SQL."""
    floats = {name: [c for c, t in columns.items() if t is Type.REAL] for name, (columns, _) in given.items()}
    if odd := refusals(sql, floats=floats):
        raise CaseFailedError("the BigQuery service refuses the SQL: " + "; ".join(odd))
    engine = googlesql.connect()
    tables = {name: googlesql.stored(columns, rows) for name, (columns, rows) in given.items()}
    try:
        described = engine.analyze(sql, tables)
        return described, None if described_only else engine.execute(sql, tables).rows
    except EngineError as e:
        raise CaseFailedError(f"GoogleSQL refuses the SQL: {e}") from None


_RUNNERS: dict[str, Callable[[str, Given, bool], Answer]] = {"duckdb": run_duckdb, "bigquery": run_bigquery}


def check_description(promised: Sequence[ResultColumn], described: Sequence[Column], target: str) -> None:
    """The engine's own description of the result is what the translation promised: names, order, types."""
    if [c.sql_name for c in promised] != [c.name for c in described]:
        raise CaseFailedError(
            f"{target} describes {[c.name for c in described]}, the translation {[c.sql_name for c in promised]}"
        )
    for ours, theirs in zip(promised, described, strict=True):
        allowed = DESCRIBED[target].get(Type(str(ours.type)))
        if allowed and theirs.type.partition("(")[0] not in allowed:
            raise CaseFailedError(f"'{ours.name}' is promised as {ours.type}; {target} describes {theirs.type}")


def kusto_rows(query: str, target: str) -> list[list[object]]:
    """The rows of a query without tables as KQL values, from the target's engine."""
    made = transpile(query, target=target)
    kinds = [c.type for c in made.columns]
    if target == "bigquery":
        rows = googlesql.connect().execute(made.sql).rows
    else:
        with duckdb.connect() as connection:
            rows = connection.run(made.sql).rows
    return [[canonical(v, k) for v, k in zip(row, kinds, strict=True)] for row in rows]
