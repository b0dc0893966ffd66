"""Files that are given for a table: what they are, and in which of a source's shapes their records lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from transpiler.catalog import Shape, SourceDecl, Table
from transpiler.engine import EngineError, duckdb, files
from transpiler.types import Type


@dataclass(frozen=True, slots=True)
class Input:
    """Files (paths or globs) for a table of the query. ``member`` is the table within a DuckDB file, '' for the same name."""

    table: str
    files: tuple[str, ...]
    member: str = ""

    @property
    def source_table(self) -> str:
        """The table to read of a DuckDB file."""
        return self.member or self.table


def chosen_shape(source: SourceDecl, given: Input) -> tuple[str, str]:
    """The name of the DuckDB shape in which the files' records lie, and why, in a few words.

    The first record's fields are compared with what each shape reads; the shape of which most are there is taken, the
    first declared one where the files say nothing. Raises EngineError for files that cannot be read.
    """
    candidates = [s for (target, _), s in source.shapes.items() if target == "duckdb" and not s.is_kql]
    if not candidates:
        return "", "its source has no shape for DuckDB"
    with duckdb.connect() as engine:
        found = {name.lower() for name in engine.first_fields(given.files, given.source_table)}
    rated = [(_rating(shape, found), shape.name) for shape in candidates]
    best = max(rated, key=lambda pair: pair[0])
    if best[0] == 0:
        return candidates[0].name, "the first record has none of the columns of any shape"
    return best[1], f"{best[0]:.0%} of its columns are in the first record"


def strangers(table: Table | None, given: Input) -> list[str]:
    """What is said of files that have none of a declared table's columns: all of them would be missing in every row.

    Raises EngineError for files that cannot be read.
    """
    with duckdb.connect() as engine:
        found = engine.first_fields(given.files, given.source_table)
    # In JSON names are as they are written; the columns of other files are found in any case.
    exact = files.format_of(files.expand(given.files)[0]) == "json"
    known = {c if exact else c.lower() for c in (table.columns if table else ())}
    if not found or any((name if exact else name.lower()) in known for name in found):
        return []
    shown = ", ".join(found[:8]) + (" …" if len(found) > 8 else "")
    return [f"the first record of {given.table}'s files has none of the table's columns; it has {shown}"]


def _rating(shape: Shape, found: set[str]) -> float:
    """How many of the fields that a shape reads are in the first record, from 0 to 1."""
    if shape.is_plain:
        wanted = {name.lower() for name in shape.table.columns}
    elif entry := entry_column(shape):
        # Whole log entries: the first step of each path is a field of the record; a stored table has the one column.
        if found == {entry.lower()}:
            return 1.0
        wanted = {str(p.path[0]).lower() for p in shape.columns.values() if p.path}
    else:
        wanted = {p.column[0].lower() for p in shape.columns.values()}
    return len(wanted & found) / len(wanted) if wanted else 0.0


def entry_column(shape: Shape) -> str:
    """The one JSON column that holds a record whole, or '' for a shape with columns of its own."""
    columns = {p.column for p in shape.columns.values()}
    whole = len(columns) == 1 and all(p.path for p in shape.columns.values())
    return next(iter(columns))[0] if whole else ""


def inferred_tables(paths: Iterable[str], name: str = "", member: str = "") -> tuple[Table, ...]:
    """The tables in log files or in a DuckDB file, with columns and types from all records. EngineError as for load.

    ``name`` is the table's name (default: the file's, without endings); ``member`` one table of a DuckDB file.
    """
    found = files.expand(list(paths))
    kinds = {files.format_of(path) for path in found}
    if kinds != {"database"}:
        return (_inferred(found, name or found[0].name.split(".", 1)[0], ""),)
    with duckdb.connect() as engine:
        known = engine.tables_of(found[0])
    wanted = [member] if member else [name] if name in known else list(known)
    if not wanted:
        raise EngineError("duckdb", f"'{found[0]}' has no table")
    return tuple(_inferred(found, name or table.rpartition(".")[2], table) for table in wanted)


def _inferred(paths: list[Path], name: str, member: str) -> Table:
    with duckdb.connect() as engine:
        columns: dict[str, Type] = engine.columns_of([str(p) for p in paths], member)
    if not columns:
        raise EngineError("duckdb", f"'{paths[0]}' holds no record, so that nothing is known of its columns")
    return Table(name, {column: str(kind) for column, kind in columns.items()}, origin=str(paths[0]))
