"""BigQuery's SQL on Google's own engine: what a statement returns, and whether BigQuery would take it.

The engine is GoogleSQL's reference implementation (PyPI ``zetasql``, the extra ``bigquery``). It runs what the service
runs and is laxer in places: accepted here means valid GoogleSQL, not yet that the service can plan it.
"""

from __future__ import annotations

import atexit
import functools
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transpiler.engine.result import EngineError, EngineMissingError
from transpiler.engine.warehouse import ODD_ZONE, stored_columns
from transpiler.types import Type

if TYPE_CHECKING:
    from transpiler.engine.google_session import GoogleSql

# What a KQL type is stored as.
TYPES: dict[Type, str] = {
    Type.STRING: "STRING",
    Type.LONG: "INT64",
    Type.INT: "INT64",
    Type.REAL: "FLOAT64",
    Type.BOOL: "BOOL",
    Type.DATETIME: "TIMESTAMP",
    Type.DYNAMIC: "JSON",
    Type.GUID: "STRING",
    Type.TIMESPAN: "INTERVAL",
    Type.DECIMAL: "BIGNUMERIC",
}


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table as BigQuery holds it: column names and types (``STRUCT<queryname STRING>``), and rows.

    A row is a mapping by column name (absent means NULL) or a sequence in the order of the columns; what its values may
    be says ``bigquery_values``.
    """

    columns: Mapping[str, str]
    rows: Sequence[Sequence[object] | Mapping[str, object]] = ()


def stored(columns: Mapping[str, Type], rows: Sequence[Sequence[object] | Mapping[str, object]] = ()) -> StoredTable:
    """A table of KQL-typed columns as BigQuery stores it; one that differs only by case is left out."""
    kept = stored_columns(columns)
    try:
        types = {name: TYPES[kind] for name, kind in kept.items()}
    except KeyError as e:
        raise EngineError("googlesql", f"no column of type {e.args[0]} can be stored") from None
    order = list(columns)
    cells = [row if isinstance(row, Mapping) else dict(zip(order, row, strict=True)) for row in rows]
    return StoredTable(types, [{c: row.get(c) for c in kept} for row in cells])


def available() -> bool:
    """Whether the extra ``bigquery`` is installed."""
    return all(importlib.util.find_spec(name) for name in ("zetasql", "wasmtime", "tzdata"))


@functools.cache
def connect(zone: str = ODD_ZONE) -> GoogleSql:
    """The engine, started once per process; EngineMissingError names the extra when it is not installed.

    ``zone`` stands for the default time zone of a project, which no SQL may depend on.
    """
    try:
        from transpiler.engine.google_session import GoogleSql
    except ImportError as missing:
        text = f"Google's engine is not installed ({missing.name} is missing): pip install 'rulesql[bigquery]'"
        raise EngineMissingError("googlesql", text) from None
    return GoogleSql(zone)


# The runtime frees its memory by modules that are gone when the interpreter's last objects are.
atexit.register(connect.cache_clear)
