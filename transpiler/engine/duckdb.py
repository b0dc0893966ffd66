"""An in-memory DuckDB that holds a rule's inputs and runs one SELECT at a time.

A rule comes from elsewhere, and DuckDB's SQL reads files, fetches URLs, loads extensions and sees the Python variables
around it. So nothing is loaded on demand, and from ``lock()`` on no statement opens a file that was not given as input.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from transpiler.engine import files, inference
from transpiler.engine.files import quoted
from transpiler.engine.result import Column, EngineError, Result
from transpiler.engine.values import to_duckdb
from transpiler.engine.warehouse import ODD_ZONE, stored_columns
from transpiler.types import Type

# What a KQL type is stored as.
TYPES: dict[Type, str] = {
    Type.STRING: "VARCHAR",
    Type.LONG: "BIGINT",
    Type.INT: "INTEGER",
    Type.REAL: "DOUBLE",
    Type.BOOL: "BOOLEAN",
    Type.DATETIME: "TIMESTAMP",
    Type.DYNAMIC: "JSON",
    Type.GUID: "UUID",
    Type.TIMESPAN: "INTERVAL",
    Type.DECIMAL: "DECIMAL(38,18)",
}

_HARDENING: dict[str, str | bool] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
}
_INSERT_CHUNK = 200


class DuckDb:
    """One database in memory; use as a context manager. Made by ``connect``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
        self._connection = connection
        self._spill = spill
        self._inputs: list[Path] = []
        self._locked = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the session and remove what it spilled to disk."""
        self._connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def create_table(
        self,
        name: str | Sequence[str],
        columns: Mapping[str, Type],
        rows: Iterable[Sequence[object] | Mapping[str, object]] = (),
    ) -> None:
        """Store rows under a name (or under schema and name).

        ``columns`` maps names to KQL types. A row is a mapping by column name (absent means NULL) or a sequence in the
        order of ``columns``; its values are KQL values (``values.py``). A column that differs from an earlier one only
        by case is not stored. EngineError when the name is taken or a value does not fit.
        """
        path = [name] if isinstance(name, str) else list(name)
        kept = stored_columns(columns)
        try:
            cells = list(_cells(columns, kept, rows))
            declared = ", ".join(f"{quoted(c)} {TYPES[kind]}" for c, kind in kept.items())
        except KeyError as e:
            raise EngineError(
                "duckdb", f"table '{'.'.join(path)}': no column of type {e.args[0]} can be stored"
            ) from None
        except (TypeError, ValueError) as e:
            raise EngineError("duckdb", f"table '{'.'.join(path)}': {e}") from None
        identifier = ".".join(map(quoted, path))
        with self._said():
            for schema in path[:-1]:
                self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
            self._connection.execute(f"CREATE TABLE {identifier} ({declared})")
            for start in range(0, len(cells), _INSERT_CHUNK):
                chunk = cells[start : start + _INSERT_CHUNK]
                marks = ", ".join(["(" + ", ".join(["?"] * len(kept)) + ")"] * len(chunk))
                self._connection.execute(f"INSERT INTO {identifier} VALUES {marks}", [v for row in chunk for v in row])

    def create_json_table(self, name: str, documents: Iterable[str], column: str = "entry") -> None:
        """Store JSON texts, one a row, in a table of a single JSON column: raw log entries before any typing."""
        with self._said():
            self._connection.execute(f"CREATE TABLE {quoted(name)} ({quoted(column)} JSON)")
            texts = [[text] for text in documents]
            if texts:
                self._connection.executemany(f"INSERT INTO {quoted(name)} VALUES (?)", texts)

    def load(
        self,
        name: str | Sequence[str],
        inputs: files.Inputs,
        columns: Mapping[str, Type] | None = None,
        table: str | None = None,
        entry: str = "",
    ) -> None:
        """Make log files (paths, globs, or one DuckDB file) readable under a name (or under schema and name).

        They are read when a query runs.

        With ``columns``, the view has exactly these, typed, NULL where a record lacks one. Without, JSON gives one JSON
        column ``entry`` a record, CSV its columns as text, Parquet and DuckDB files their own. ``table`` names
        the table of a DuckDB file when it is not ``name``. ``entry``: the name of one JSON column that holds a record
        whole, whatever the kind of file. EngineError when nothing matches or a file cannot be read.
        """
        path = [name] if isinstance(name, str) else list(name)
        paths = files.expand(inputs)
        kept = None if columns is None else stored_columns(columns)
        with self._said():
            for schema in path[:-1]:
                self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
            alias = f"input_{len(self._inputs)}"
            relation = files.relation(self._connection, paths, kept, table or path[-1], alias, entry)
            self._connection.execute(f"CREATE VIEW {'.'.join(map(quoted, path))} AS {relation}")
        self._inputs += paths

    def columns_of(self, inputs: files.Inputs, table: str = "") -> dict[str, Type]:
        """The columns of undeclared files with the KQL types that all their records allow. EngineError as for load."""
        paths = files.expand(inputs)
        with self._said():
            return inference.columns(self._connection, paths, table, "inferred")

    def first_fields(self, inputs: files.Inputs, table: str = "") -> tuple[str, ...]:
        """The field names of the first JSON record, or the columns of other files; empty where there is no record."""
        paths = files.expand(inputs)
        with self._said():
            return inference.first_fields(self._connection, paths, table, "inferred")

    def tables_of(self, path: str | Path) -> tuple[str, ...]:
        """The tables and views of a DuckDB file."""
        with self._said():
            return files.tables_of(self._connection, files.expand(path), "inferred")

    def lock(self) -> None:
        """From here on statements read the given inputs only, and no setting can be changed. Idempotent."""
        if self._locked:
            return
        allowed = ", ".join(files.literal(str(p)) for p in self._inputs)
        with self._said():
            self._connection.execute(f"SET allowed_paths = [{allowed}]")
            self._connection.execute("SET enable_external_access = false")
            self._connection.execute("SET lock_configuration = true")
        self._locked = True

    def run(self, sql: str, timeout: float | None = None) -> Result:
        """The rows of one SELECT. EngineError when it is refused, is no single SELECT, or outlasts ``timeout`` s."""
        self._only_select(sql)
        self.lock()
        watch = threading.Timer(timeout, self._connection.interrupt) if timeout else None
        if watch:
            watch.daemon = True
            watch.start()
        try:
            with self._said(sql):
                answer = self._connection.execute(sql)
                columns = tuple(Column(d[0], str(d[1])) for d in answer.description)
                return Result(columns, tuple(answer.fetchall()))
        finally:
            if watch:
                watch.cancel()

    def stream(self, sql: str, size: int = 10_000) -> Iterator[Sequence[tuple[object, ...]]]:
        """The rows of one SELECT in portions, so that a large answer never lies whole in memory. Raises like run."""
        self._only_select(sql)
        self.lock()
        with self._said(sql):
            answer = self._connection.execute(sql)
            while rows := answer.fetchmany(size):
                yield rows

    def write(self, sql: str, path: str | Path, kind: str) -> int:
        """The rows of one SELECT as a file: ``kind`` is parquet, csv or json (lines). The number of rows. Raises like run."""
        self._only_select(sql)
        target = Path(path).resolve()
        self._inputs.append(target)
        self.lock()
        options = {"parquet": "FORMAT parquet", "csv": "FORMAT csv, HEADER", "json": "FORMAT json"}[kind]
        with self._said(sql):
            answer = self._connection.execute(f"COPY ({sql}\n) TO {files.literal(str(target))} ({options})").fetchone()
            return int(answer[0]) if answer else 0

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns that one SELECT would return, without running it."""
        self._only_select(sql)
        self.lock()
        with self._said(sql):
            return tuple(Column(r[0], r[1]) for r in self._connection.execute("DESCRIBE " + sql).fetchall())

    def _only_select(self, sql: str) -> None:
        with self._said(sql):
            kinds = [s.type for s in self._connection.extract_statements(sql)]
        if kinds != [duckdb.StatementType.SELECT]:
            found = ", ".join(k.name for k in kinds) or "nothing"
            raise EngineError("duckdb", f"one SELECT is wanted, found: {found}", sql)

    @contextmanager
    def _said(self, sql: str = "") -> Iterator[None]:
        try:
            yield
        except (duckdb.Error, RuntimeError) as e:
            raise EngineError("duckdb", _words(str(e).strip()), sql) from None


def _words(said: str) -> str:
    """An error in DuckDB's words; one about a CSV file without its thirty lines of settings, which are not the user's."""
    head, sign, settings = said.partition("\n\n") if "CSV Error" in said else (said, "", "")
    lines = [line for line in head.splitlines() if not line.startswith(("Possible", "*"))]
    file = re.search(r"^ *file = (.*)$", settings, re.MULTILINE)
    return "\n".join([*lines, f"in {file[1]}"] if file else lines) if sign else said


def _cells(
    columns: Mapping[str, Type], kept: Mapping[str, Type], rows: Iterable[Sequence[object] | Mapping[str, object]]
) -> Iterator[list[object]]:
    order = list(columns)
    places = [order.index(c) for c in kept]
    for row in rows:
        if isinstance(row, Mapping):
            if unknown := [c for c in row if c not in columns]:
                raise ValueError(f"no column {unknown[0]!r}; known: {', '.join(order)}")
            values = [row.get(c) for c in kept]
        else:
            if len(row) != len(order):
                raise ValueError(f"a row has {len(row)} values for {len(order)} columns")
            values = [row[i] for i in places]
        yield [to_duckdb(v, kind) for v, kind in zip(values, kept.values(), strict=True)]


def connect(*, threads: int | None = None, memory: str | None = None, zone: str = ODD_ZONE) -> DuckDb:
    """A new empty database. ``memory`` is DuckDB's spelling ("2GB"): beyond it queries spill to a temporary folder."""
    spill = Path(tempfile.mkdtemp(prefix="rulesql-"))
    config: dict[str, str | bool | int | float | list[str]] = {**_HARDENING, "temp_directory": str(spill)}
    if threads is not None:
        config["threads"] = str(threads)
    if memory is not None:
        config["memory_limit"] = memory
    try:
        connection = duckdb.connect(":memory:", config=config)
        connection.execute(f"SET TimeZone = {files.literal(zone)}")
        # In an interpreter without a script DuckDB draws its bar on standard output, amid the rows.
        connection.execute("SET enable_progress_bar = false")
        return DuckDb(connection, spill)
    except duckdb.Error as e:
        shutil.rmtree(spill, ignore_errors=True)
        raise EngineError("duckdb", str(e).strip()) from None
