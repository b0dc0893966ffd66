"""Log files as relations of DuckDB: what they hold is read when a query runs, not copied.

Types are never inferred from a sample. JSON is read as one value a record, and a field becomes typed only because a
column was declared: an inferred schema makes ``"5"`` and ``5`` collide, turns maps into structs with thousands of
fields, and changes with the first rows of the day.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from transpiler.engine.result import EngineError
from transpiler.types import Type

Inputs = str | Path | Sequence[str | Path]

_COMPRESSIONS = (".gz", ".zst")
_FORMATS: dict[str, tuple[str, ...]] = {
    "json": (".json", ".jsonl", ".ndjson", ".log"),
    "csv": (".csv", ".tsv"),
    "parquet": (".parquet", ".pq"),
    "database": (".duckdb", ".ddb", ".db"),
}
_FORMAT_OF = {suffix: kind for kind, suffixes in _FORMATS.items() for suffix in suffixes}


def quoted(name: str) -> str:
    """A name as a quoted identifier of DuckDB: ``a"b`` gives ``"a""b"``."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a string literal of DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def expand(inputs: Inputs) -> list[Path]:
    """The files that paths and globs name, absolute and in a stable order. EngineError for one that matches nothing."""
    named = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    found: list[Path] = []
    for item in map(str, named):
        matches = [item] if Path(item).is_file() else sorted(glob.glob(item, recursive=True))
        files = [Path(m).resolve() for m in matches if Path(m).is_file()]
        if not files:
            raise EngineError("duckdb", f"no file matches '{item}'")
        found += files
    return list(dict.fromkeys(found))


def format_of(path: Path) -> str:
    """``json``, ``csv``, ``parquet`` or ``database``, from the name's ending (``.gz`` and ``.zst`` passed over)."""
    name = path.name.lower()
    for compression in _COMPRESSIONS:
        name = name.removesuffix(compression)
    kind = _FORMAT_OF.get(Path(name).suffix)
    if kind is None:
        known = ", ".join(sorted(_FORMAT_OF))
        raise EngineError(
            "duckdb", f"'{path}': the kind of file is not known; known endings: {known}, each also with .gz"
        )
    return kind


def relation(
    connection: duckdb.DuckDBPyConnection,
    paths: Sequence[Path],
    columns: Mapping[str, Type] | None,
    table: str,
    alias: str,
    entry: str = "",
) -> str:
    """The SELECT that reads the files; ``columns`` are those to deliver (None: as the files hold them).

    ``table`` and ``alias`` serve a DuckDB file only: the table to read, and the name to attach the file under.
    ``entry``: the one JSON column to deliver, each record whole.
    """
    kinds = {format_of(p) for p in paths}
    if len(kinds) > 1:
        raise EngineError("duckdb", f"files of different kinds cannot be one table: {', '.join(sorted(kinds))}")
    kind = kinds.pop()
    if kind == "json":
        return _json(paths, columns, entry or "entry")
    if kind == "database":
        source = _attached(connection, paths, table, alias)
    else:
        source = _READERS[kind](paths)
    if columns is None and not entry and kind != "csv":
        return f"SELECT * FROM {source}"
    held = {r[0]: r[1] for r in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
    if kind == "csv":
        _check_fields(paths, held)
    if columns is None and not entry:
        return f"SELECT * FROM {source}"
    return _whole(source, held, entry) if columns is None else _typed(source, held, columns)


def _whole(source: str, held: Mapping[str, str], entry: str) -> str:
    """Each record as one JSON value: already stored so, or made of the columns."""
    if [name.lower() for name in held] == [entry.lower()]:
        return f"SELECT * FROM {source}"
    # Instants as text in UTC: DuckDB would write them in the session's zone.
    instants = {name: _utc_text(quoted(name), kind) for name, kind in held.items() if kind.startswith("TIMESTAMP")}
    replaced = ", ".join(f"{value} AS {quoted(name)}" for name, value in instants.items())
    record = f"SELECT *{f' REPLACE ({replaced})' if replaced else ''} FROM {source}"
    return f"SELECT to_json(record) AS {quoted(entry)} FROM ({record}) AS record"


def _utc_text(value: str, stored: str) -> str:
    utc = f"({value} AT TIME ZONE 'UTC')" if stored == "TIMESTAMP WITH TIME ZONE" else value
    return f"strftime({utc}::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%fZ')"


def _list(paths: Sequence[Path]) -> str:
    return "[" + ", ".join(literal(str(p)) for p in paths) + "]"


def _csv(paths: Sequence[Path]) -> str:
    # Left alone, DuckDB leaves out all lines before the first one with the most fields, as if they were a title.
    return f"read_csv({_list(paths)}, header = true, skip = 0, all_varchar = true, union_by_name = true)"


def _check_fields(paths: Sequence[Path], held: Mapping[str, str]) -> None:
    """EngineError where a whole heading became one column: DuckDB's answer to lines of different numbers of fields."""
    for name in held:
        parts = next((name.split(sign) for sign in ",;\t|" if sign in name), [name])
        if len(parts) > 1 and (len(held) == 1 or sum(part.strip('"') in held for part in parts) > 1):
            which = f"'{paths[0]}'" if len(paths) == 1 else f"one of {len(paths)} files"
            message = f"the lines of {which} have not all as many fields as the heading '{name}'"
            raise EngineError("duckdb", message)


def _parquet(paths: Sequence[Path]) -> str:
    return f"read_parquet({_list(paths)}, union_by_name = true)"


_READERS: dict[str, Callable[[Sequence[Path]], str]] = {"csv": _csv, "parquet": _parquet}


def _attached(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], table: str, alias: str) -> str:
    if len(paths) > 1:
        raise EngineError("duckdb", f"{len(paths)} DuckDB files match; one table comes from one of them")
    alias, names = _held(connection, paths[0], alias)
    for schema, name in names:
        if table.lower() in (name.lower(), f"{schema}.{name}".lower()):
            return f"{alias}.{quoted(schema)}.{quoted(name)}"
    known = ", ".join(f"{s}.{n}" for s, n in names) or "none"
    raise EngineError("duckdb", f"'{paths[0]}' has no table '{table}'; it has: {known}")


def _held(connection: duckdb.DuckDBPyConnection, path: Path, alias: str) -> tuple[str, list[tuple[str, str]]]:
    """The name under which a DuckDB file is attached, and its tables as (schema, name). A file is attached only once."""
    known = connection.execute("SELECT database_name FROM duckdb_databases() WHERE path = ?", [str(path)]).fetchone()
    if known:
        alias = known[0]
    else:
        connection.execute(f"ATTACH {literal(str(path))} AS {alias} (READ_ONLY)")
    found = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = ? ORDER BY ALL", [alias]
    ).fetchall()
    return alias, found


def tables_of(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], alias: str) -> tuple[str, ...]:
    """The tables of a DuckDB file; with their schema where it is not the default."""
    _, found = _held(connection, paths[0], alias)
    return tuple(name if schema == "main" else f"{schema}.{name}" for schema, name in found)


def pointer(name: str) -> str:
    """A field of a record as a literal of a JSON pointer; a path would take the dots and brackets of a name for steps."""
    return literal("/" + name.replace("~", "~0").replace("/", "~1"))


def _json(paths: Sequence[Path], columns: Mapping[str, Type] | None, entry: str) -> str:
    # `auto` tells a record a line from one array of records; both come out as a record a row.
    source = f"read_json_objects({_list(paths)}, format = 'auto')"
    if columns is None:
        return f"SELECT json AS {quoted(entry)} FROM {source}"
    fields = []
    for name, kind in columns.items():
        step = pointer(name)
        value = f"json -> {step}" if kind is Type.DYNAMIC else from_text(f"(json ->> {step})", kind)
        fields.append(f"{value} AS {quoted(name)}")
    return f"SELECT {', '.join(fields)} FROM {source}"


def _typed(source: str, held: Mapping[str, str], columns: Mapping[str, Type]) -> str:
    by_lower = {name.lower(): name for name in held}
    fields = []
    for name, kind in columns.items():
        stored = by_lower.get(name.lower())
        value = from_text("NULL::VARCHAR", kind) if stored is None else _converted(quoted(stored), held[stored], kind)
        fields.append(f"{value} AS {quoted(name)}")
    return f"SELECT {', '.join(fields)} FROM {source}"


def _converted(value: str, stored: str, kind: Type) -> str:
    """A column of a typed file as a KQL type; NULL where the value does not fit."""
    if stored == "VARCHAR":
        return from_text(value, kind)
    if kind is Type.DYNAMIC:
        return value if stored == "JSON" else f"to_json({value})"
    if kind is Type.DATETIME and stored == "TIMESTAMP WITH TIME ZONE":
        return f"({value} AT TIME ZONE 'UTC')"
    if kind is Type.DATETIME and not stored.startswith(("TIMESTAMP", "DATE")):
        return "NULL::TIMESTAMP"
    if kind is Type.TIMESPAN and stored == "TIME":
        return from_text(f"{value}::VARCHAR", kind)  # a cast of the time itself gives NULL
    if kind in (Type.INT, Type.LONG) and stored.startswith(("DOUBLE", "FLOAT", "DECIMAL")):
        return from_text(f"{value}::VARCHAR", kind)
    return f"TRY_CAST({value} AS {_CASTS[kind]})"


_CASTS: dict[Type, str] = {
    Type.STRING: "VARCHAR",
    Type.LONG: "BIGINT",
    Type.INT: "INTEGER",
    Type.REAL: "DOUBLE",
    Type.BOOL: "BOOLEAN",
    Type.DATETIME: "TIMESTAMP",
    Type.GUID: "UUID",
    Type.TIMESPAN: "INTERVAL",
    Type.DECIMAL: "DECIMAL(38,18)",
}


def from_text(value: str, kind: Type) -> str:
    """The SQL that reads a text as a KQL type: NULL where the text is no such value."""
    if kind is Type.STRING:
        return value
    if kind is Type.DYNAMIC:
        return f"CASE WHEN json_valid({value}) THEN {value}::JSON ELSE to_json({value}) END"
    if kind in (Type.INT, Type.LONG):
        # A cast alone would round 1.5 to 2.
        return (
            f"CASE WHEN regexp_full_match({value}, '[+-]?[0-9]+([.]0*)?') THEN TRY_CAST({value} AS {_CASTS[kind]}) END"
        )
    if kind is Type.DATETIME:
        # A cast to TIMESTAMP drops an offset silently, one to TIMESTAMPTZ puts the session's zone where none is.
        zoned = f"regexp_matches({value}, '(Z|z|UTC|[+-][0-9][0-9]:?([0-9][0-9])?)$') AND length({value}) > 11"
        return (
            f"CASE WHEN {zoned} THEN TRY_CAST({value} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' "
            f"ELSE TRY_CAST({value} AS TIMESTAMP) END"
        )
    if kind is Type.TIMESPAN:
        # Kusto writes days before a dot: [-]d.hh:mm:ss.fffffff
        days = f"regexp_replace({value}, '^(-?)([0-9]+)[.]', '\\1\\2 days \\1')"
        return f"TRY_CAST({days} AS INTERVAL)"
    return f"TRY_CAST({value} AS {_CASTS[kind]})"
