"""Columns and KQL types of files that nobody has declared, from all of their records.

A sample would change with the day's first rows; so every record is read, once for the fields and once for the texts that
look like instants or numbers. What is found is a guess all the same, and whoever uses it says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

from transpiler.catalog.schema_import import kql_type_of
from transpiler.engine import files
from transpiler.engine.files import literal, quoted
from transpiler.engine.result import EngineError
from transpiler.types import Type

_JSON_TYPES: dict[str, Type] = {
    "VARCHAR": Type.STRING,
    "NULL": Type.STRING,  # never a value: nothing is known
    "BOOLEAN": Type.BOOL,
    "UBIGINT": Type.LONG,
    "BIGINT": Type.LONG,
    "HUGEINT": Type.REAL,
    "UHUGEINT": Type.REAL,
    "DOUBLE": Type.REAL,
    "JSON": Type.DYNAMIC,
}

_HEADLESS = "column0"
"""The column that DuckDB sees in a CSV file that holds nothing at all."""

# A number with a leading zero is a code (a postal one, a phone's), and would lose it.
_TEXTS: dict[Type, str] = {
    Type.DATETIME: "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?",
    Type.LONG: "-?(0|[1-9][0-9]{0,17})",
    Type.REAL: "-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?",
    Type.BOOL: "(?i)true|false",
}


def columns(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], table: str, alias: str) -> dict[str, Type]:
    """The columns of files of one kind. Raises EngineError for records that are no objects and types without a KQL one."""
    kinds = {files.format_of(p) for p in paths}
    relation = files.relation(connection, paths, None, table, alias)
    if kinds == {"json"}:
        return _of_json(connection, relation)
    held = {r[0]: r[1] for r in connection.execute(f"DESCRIBE {relation}").fetchall()}
    if kinds == {"csv"}:
        if list(held) == [_HEADLESS] and not connection.execute(f"SELECT 1 FROM ({relation}) LIMIT 1").fetchone():
            return {}
        texts = {name: quoted(name) for name in held}
        return {name: kind or Type.STRING for name, kind in _of_texts(connection, relation, texts, _TEXTS).items()}
    return {name: _stored(name, kind) for name, kind in held.items()}


def first_fields(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], table: str, alias: str
) -> tuple[str, ...]:
    """The names in the first record (JSON) or the columns (other files); empty for files without a record."""
    relation = files.relation(connection, paths, None, table, alias)
    if {files.format_of(p) for p in paths} == {"json"}:
        row = connection.execute(f"SELECT entry FROM ({relation}) LIMIT 1").fetchone()
        record = json.loads(row[0]) if row else {}
        return tuple(record) if isinstance(record, dict) else ()
    return tuple(r[0] for r in connection.execute(f"DESCRIBE {relation}").fetchall())


def _stored(name: str, kind: str) -> Type:
    try:
        return Type(kql_type_of(kind))
    except ValueError as error:
        raise EngineError("duckdb", f"column '{name}': {error}") from None


def _of_json(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, Type]:
    answer = connection.execute(f"SELECT json_group_structure(entry) FROM ({relation})").fetchone()
    structure = json.loads(answer[0]) if answer and answer[0] else {}
    if not isinstance(structure, dict):
        raise EngineError("duckdb", "the records are no JSON objects, so that they have no columns")
    found = {
        name: _JSON_TYPES.get(kind, Type.DYNAMIC) if isinstance(kind, str) else Type.DYNAMIC
        for name, kind in structure.items()
        if name  # a field without a name is no column: KQL could not say it
    }
    _check_case(found)
    found |= dict.fromkeys(
        _beyond_long(connection, relation, [n for n in found if structure[n] == "UBIGINT"]), Type.REAL
    )
    texts = {name: f"(entry ->> {files.pointer(name)})" for name, kind in found.items() if kind is Type.STRING}
    # A JSON text stays a text, whatever it holds; only instants have no form of their own in JSON.
    instants = _of_texts(connection, relation, texts, {Type.DATETIME: _TEXTS[Type.DATETIME]})
    return {name: instants.get(name) or kind for name, kind in found.items()}


def _check_case(names: Iterable[str]) -> None:
    """Raises EngineError for two fields whose columns DuckDB would hold for one: the values of the second would be lost."""
    seen: dict[str, str] = {}
    for name in names:
        if (first := seen.setdefault(name.lower(), name)) != name:
            message = (
                f"the fields '{first}' and '{name}' differ only by case, and no warehouse has both columns: declare the one "
                "that is wanted in a schema file"
            )
            raise EngineError("duckdb", message)


def _beyond_long(connection: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str]) -> list[str]:
    """The fields with a whole number that no long holds: DuckDB calls every number above zero a UBIGINT."""
    if not names:
        return []
    largest = ", ".join(f"max(TRY_CAST(entry ->> {files.pointer(n)} AS UBIGINT))" for n in names)
    row = connection.execute(f"SELECT {largest} FROM ({relation})").fetchone() or ()
    return [name for name, value in zip(names, row, strict=True) if value is not None and value >= 1 << 63]


def _of_texts(
    connection: duckdb.DuckDBPyConnection, relation: str, texts: Mapping[str, str], patterns: Mapping[Type, str]
) -> dict[str, Type | None]:
    """For each text the first type whose pattern all its values match; None where none does, or where no value is."""
    if not texts:
        return {}
    tests = [
        f"bool_and(regexp_full_match({value}, {literal(pattern)})) FILTER (WHERE {value} <> '')"
        for value in texts.values()
        for pattern in patterns.values()
    ]
    row = connection.execute(f"SELECT {', '.join(tests)} FROM ({relation})").fetchone()
    answers = iter(row or ())
    verdicts = {name: [kind for kind in patterns if next(answers)] for name in texts}
    return {name: kinds[0] if kinds else None for name, kinds in verdicts.items()}
