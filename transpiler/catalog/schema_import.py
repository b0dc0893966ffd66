"""Schema files from what other systems say about a table: Kusto, Azure Monitor, BigQuery, or names and types.

Each reader takes text and gives tables; ``schema_yaml`` writes one as a schema file. Which reader fits is found from
the columns of the text.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from transpiler.catalog.model import Table, kql_type
from transpiler.diagnostics import RuleError

Cells = Mapping[str, Any]  # Any: a value of JSON or a cell's text

CSHARP_TYPES = {
    "system.string": "string",
    "system.int32": "int",
    "system.int64": "long",
    "system.double": "real",
    "system.data.sqltypes.sqldecimal": "decimal",
    "system.boolean": "bool",
    "system.sbyte": "bool",
    "system.datetime": "datetime",
    "system.timespan": "timespan",
    "system.guid": "guid",
    "system.object": "dynamic",
}
"""Kusto's types as getschema's DataType column names them (bool is SByte there)."""

STORED_TYPES = {
    "string": "string",
    "bytes": "string",
    "text": "string",
    "varchar": "string",
    "char": "string",
    "enum": "string",
    "tinyint": "int",
    "smallint": "int",
    "integer": "int",
    "int": "int",
    "utinyint": "int",
    "usmallint": "int",
    "uinteger": "long",
    "int64": "long",
    "bigint": "long",
    "ubigint": "decimal",
    "hugeint": "decimal",
    "float": "real",
    "float64": "real",
    "double": "real",
    "numeric": "decimal",
    "bignumeric": "decimal",
    "decimal": "decimal",
    "bool": "bool",
    "boolean": "bool",
    "timestamp": "datetime",
    "timestamp with time zone": "datetime",
    "timestamp_s": "datetime",
    "timestamp_ms": "datetime",
    "timestamp_ns": "datetime",
    "datetime": "datetime",
    "date": "datetime",
    "interval": "timespan",
    "time": "timespan",
    "uuid": "guid",
    "json": "dynamic",
    "record": "dynamic",
    "struct": "dynamic",
    "array": "dynamic",
    "list": "dynamic",
    "map": "dynamic",
}
"""What BigQuery and DuckDB store, by the type's name without its parameters. BigQuery's INTEGER is INT64."""


def kql_type_of(stored: str) -> str:
    """The KQL type in which a warehouse's type is seen; dynamic for everything nested. Raises ValueError for others."""
    text = stored.strip().lower()
    if text.endswith("[]") or re.match(r"(array|struct|record|list|map|row)\b", text):
        return "dynamic"
    name = re.sub(r"\s*\(.*\)$", "", text)
    found = STORED_TYPES.get(name)
    if found is None:
        raise ValueError(f"the type '{stored}' has no counterpart in KQL; known: {', '.join(STORED_TYPES)}")
    return found


def table_of(name: str, columns: Iterable[tuple[str, str]], origin: str = "") -> Table:
    """A table from names and physical types, as a DuckDB or log file gives them. Raises ValueError."""
    return Table(name, {column: kql_type_of(type_) for column, type_ in columns}, origin=origin)


def read_table_lists(text: str, name: str = "", source: str = "schema") -> tuple[Table, ...]:
    """The tables that a list describes, in CSV or JSON: one for getschema, one or more for BigQuery and Azure Monitor.

    ``name`` names the table where the list does not. Raises RuleError: RULE001, RULE002, RULE004.
    """
    rows = _rows(text, source)
    keys = {key.lower() for key in rows[0]} if rows else set()
    for needed, reader in _READERS:
        if needed <= keys:
            return reader([{key.lower(): value for key, value in row.items()} for row in rows], name, source)
    forms = "; ".join(" and ".join(sorted(needed)) for needed, _ in _READERS)
    message = f"{source}: no list of columns is recognised; the list has {', '.join(sorted(keys)) or 'nothing'}"
    raise RuleError("RULE006", message, hint=f"known lists have {forms}")


def _rows(text: str, source: str) -> list[Cells]:
    """The rows of CSV, of a JSON array of objects, of JSON Lines, or of Kusto's {Tables: [{Columns, Rows}]}."""
    stripped = text.lstrip("\ufeff \t\r\n")
    if stripped[:1] not in ("{", "["):
        return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    try:
        data = json.loads(stripped)
    except json.JSONDecodeError:
        return _json_lines(stripped, source)
    if isinstance(data, dict) and "tables" in {key.lower() for key in data}:
        tables = next(value for key, value in data.items() if key.lower() == "tables")
        lower = {key.lower(): value for key, value in tables[0].items()}
        names = [next(v for k, v in c.items() if k.lower() in ("name", "columnname")) for c in lower["columns"]]
        return [dict(zip(names, row, strict=False)) for row in lower["rows"]]
    found = data if isinstance(data, list) else [data]
    return [row for row in found if isinstance(row, dict)]


def _json_lines(text: str, source: str) -> list[Cells]:
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except json.JSONDecodeError as error:
        message = f"{source}: neither JSON nor JSON Lines: {error.msg} at line {error.lineno}"
        raise RuleError("RULE001", message) from error


def _getschema(rows: Sequence[Cells], name: str, source: str) -> tuple[Table, ...]:
    """``T | getschema``: ColumnName, ColumnOrdinal, DataType, ColumnType."""
    ordered = sorted(rows, key=lambda row: int(row.get("columnordinal") or 0))
    columns = {}
    for row in ordered:
        spelled = str(row.get("columntype") or CSHARP_TYPES.get(str(row["datatype"]).lower(), row["datatype"]))
        columns[str(row["columnname"])] = _known(spelled, kql_type, source)
    return (Table(_named(name, source), columns, origin=source),)


def _information_schema(rows: Sequence[Cells], name: str, source: str) -> tuple[Table, ...]:
    """BigQuery's INFORMATION_SCHEMA.COLUMNS: table_name, column_name, ordinal_position, data_type."""
    tables: dict[str, dict[str, str]] = {}
    for row in sorted(rows, key=lambda row: int(row.get("ordinal_position") or 0)):
        table = str(row.get("table_name") or _named(name, source))
        stored = str(row["data_type"])
        # BigQuery's INTEGER is an alias of INT64, DuckDB's has 32 bits; this list is BigQuery's.
        stored = "INT64" if stored.upper() in ("INTEGER", "INT", "SMALLINT", "TINYINT") else stored
        tables.setdefault(table, {})[str(row["column_name"])] = _known(stored, kql_type_of, source)
    return _chosen(tables, name, source)


def _chosen(tables: Mapping[str, Mapping[str, str]], name: str, source: str) -> tuple[Table, ...]:
    """The table of that name; a lone one under that name; all of them when none is asked for."""
    if name in tables:
        return (Table(name, tables[name], origin=source),)
    if name and len(tables) > 1:
        raise RuleError("RULE002", f"{source}: no table '{name}' in the list; it has {', '.join(tables)}")
    return tuple(Table(name or table, columns, origin=source) for table, columns in tables.items())


def _azure_monitor(rows: Sequence[Cells], name: str, source: str) -> tuple[Table, ...]:
    """Azure Monitor's column list: Column and Type, or table_name, column_name, column_type."""
    tables: dict[str, dict[str, str]] = {}
    for row in rows:
        table = str(row.get("table_name") or row.get("table") or "") or _named(name, source)
        column = str(row.get("column_name") or row.get("column") or row.get("name"))
        spelled = str(row.get("column_type") or row.get("type"))
        tables.setdefault(table, {})[column] = _known(spelled, _azure_type, source)
    return _chosen(tables, name, source)


def _azure_type(spelled: str) -> str:
    """Azure Monitor spells KQL's types as KQL does, and in other case; ``object`` and ``boolean`` are seen too."""
    return {"object": "dynamic", "json": "dynamic"}.get(spelled.lower(), "") or kql_type(spelled)


def _known(spelled: str, convert: Callable[[str], str], source: str) -> str:
    try:
        return convert(spelled)
    except ValueError as error:
        raise RuleError("RULE007", f"{source}: {error}") from error


def _named(name: str, source: str) -> str:
    if not name:
        raise RuleError("RULE002", f"{source}: the list does not name its table", hint="give the table's name")
    return name


_READERS: tuple[tuple[frozenset[str], Callable[[Sequence[Cells], str, str], tuple[Table, ...]]], ...] = (
    (frozenset({"columnname", "columntype"}), _getschema),
    (frozenset({"columnname", "datatype"}), _getschema),
    (frozenset({"column_name", "data_type"}), _information_schema),
    (frozenset({"table_name", "column_name", "column_type"}), _azure_monitor),
    (frozenset({"column", "type"}), _azure_monitor),
    (frozenset({"name", "type"}), _azure_monitor),
)
"""Which columns a list must have for which reader; the first that fits is taken."""


def schema_yaml(table: Table) -> str:
    """The table as the text of a schema file."""
    lines = [f"table: {_scalar(table.name)}"]
    if table.description:
        lines.append(f"description: {_scalar(table.description)}")
    automatic = Table(table.name, table.columns)
    if table.time and table.time != automatic.time:
        lines.append(f"time: {_scalar(table.time)}")
    if table.open:
        lines.append("open: true")
    lines.append("columns:" if table.columns else "columns: {}")
    lines += [f"  {_scalar(name)}: {type_}" for name, type_ in table.columns.items()]
    return "\n".join(lines) + "\n"


def _scalar(text: str) -> str:
    """A name as YAML: plain where that is safe, else in double quotes (JSON's are YAML's)."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
