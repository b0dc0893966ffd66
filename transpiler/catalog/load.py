"""Schema, source, function and target files as a catalog.

A folder of a catalog has up to four parts: ``schemas/*.yaml`` (one table each), ``sources/*.yaml`` (one table's shapes
each), ``functions/*.yaml`` (parser functions, as Sentinel's solutions and ASIM write them) and ``targets.yaml``. The
format of each is described in SOURCES.md beside this file. All errors are RuleErrors with the place in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml

from transpiler.catalog.model import Catalog, Function, Parameter, SourceDecl, Table, TargetConfig, kql_type
from transpiler.catalog.sources import read_source
from transpiler.rule.document import Document, read_document
from transpiler.rule.load import load_rule
from transpiler.rule.model import FunctionParameter, Kind
from transpiler.rule.record import Record

HERE = Path(__file__).parent


@cache
def default_catalog() -> Catalog:
    """The tables, sources and functions that come with the product."""
    return load_catalog(HERE)


def load_catalog(folder: str | Path, base: Catalog | None = None) -> Catalog:
    """The catalog of a folder, on top of ``base``. Raises RuleError for the first file that cannot be used."""
    root = Path(folder)
    known = base or Catalog()
    tables = {table.name: table for path in _files(root / "schemas") for table in (load_schema(path),)}
    known = known.merged(Catalog(tables=tables))
    sources = {source.table.name: source for path in _files(root / "sources") for source in (load_source(path, known),)}
    functions = {name: f for path in _files(root / "functions") for name, f in load_functions(path).items()}
    targets = load_targets(root / "targets.yaml") if (root / "targets.yaml").is_file() else {}
    return known.merged(Catalog({name: s.table for name, s in sources.items()}, functions, sources, targets))


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.glob("*.y*ml") if path.is_file())


def top_record(document: Document) -> Record:
    """The file's top-level mapping. Raises RULE004 when it is none."""
    if not isinstance(document.root, yaml.MappingNode):
        document.error("RULE004", "the file must hold a mapping of fields", document.root)
        document.raise_errors()
        raise AssertionError("an error has been raised")
    return Record(document, document.root)


def finish(document: Document, *records: Record) -> None:
    """Ends the reading of a configuration file. There every finding is an error: a misspelt field would change rows."""
    for record in records:
        record.rest()
    document.raise_all()


def load_schema(path: str | Path) -> Table:
    """The table that a schema file declares: ``table``, ``columns``, and if they are given ``time``, ``open`` …"""
    document = read_document(path)
    record = top_record(document)
    record.require("table")
    record.require("columns")
    columns = read_columns(record)
    time = record.text("time")
    table = record.text("table") or ""
    is_open = record.boolean("open") is True
    description = (record.text("description") or "").strip()
    if time and columns.get(time) != "datetime":
        document.error(
            "RULE008", f"the time column '{time}' is no datetime column of the table", record.node_of("time")
        )
    arrival = record.text("ingestion_time") or ""
    if arrival and columns.get(arrival) != "datetime":
        message = f"the ingestion time '{arrival}' is no datetime column of the table"
        document.error("RULE008", message, record.node_of("ingestion_time"))
    finish(document, record)
    return Table(table, columns, time, is_open, str(path), description, arrival)


def read_columns(record: Record, name: str = "columns") -> dict[str, str]:
    """A mapping of column names to KQL types, in the order of the file."""
    inner = record.record(name)
    columns: dict[str, str] = {}
    for key, _ in inner.node.value if inner else ():
        text = inner.text(key.value) if inner else None
        try:
            columns[key.value] = kql_type(text or "")
        except ValueError as error:
            record.document.error("RULE007", str(error), inner.node_of(key.value) if inner else record.node)
    return columns


def load_source(path: str | Path, known: Catalog) -> SourceDecl:
    """The source that a file declares. Its table has ``columns`` in the file, or is one of the known catalog."""
    document = read_document(path)
    record = top_record(document)
    record.require("table")
    name = record.text("table") or ""
    columns = read_columns(record) if record.has("columns") else None
    table = known.table(name) if columns is None else Table(name, columns, origin=str(path))
    if table is None:
        hint = "give its columns here, or declare them in a schema file"
        document.error("RULE002", f"the table '{name}' has no columns", record.node_of("table"), hint)
        document.raise_errors()
        raise AssertionError("an error has been raised")
    source = read_source(record, table)
    finish(document, record)
    return source


def load_functions(path: str | Path) -> dict[str, Function]:
    """The function of a parser file, under each of the names by which queries may call it."""
    rule = load_rule(path)
    if rule.kind is not Kind.PARSER or rule.function is None:
        document = read_document(path)
        document.error("RULE006", "this file is not a parser function", document.root)
        document.raise_errors()
    assert rule.function is not None
    parameters = tuple(_parameter(p) for p in rule.function.parameters)
    return {name: Function(name, rule.source, parameters, str(path), rule.description) for name in rule.function.names}


def _parameter(given: FunctionParameter) -> Parameter:
    if given.type.strip().startswith("(") or given.type.strip().lower() == "table":
        inner = given.type.strip().strip("()")
        pairs = (part.split(":", 1) for part in inner.split(",") if ":" in part)
        return Parameter(given.name, "table", None, {name.strip(): kql_type(t.strip()) for name, t in pairs})
    return Parameter(given.name, kql_type(given.type.strip()), given.default)


def load_targets(path: str | Path) -> Mapping[str, TargetConfig]:
    """A targets file: for each target ``shapes`` (table or "*" to shape name) and ``parameters`` of identifiers."""
    document = read_document(path)
    record = top_record(document)
    found: dict[str, TargetConfig] = {}
    inner: list[Record] = []
    for key, _ in record.node.value:
        target = record.record(key.value)
        if target:
            shapes, parameters = target.mapping_of_texts("shapes"), target.mapping_of_texts("parameters")
            found[key.value] = TargetConfig(shapes, parameters)
            inner.append(target)
    finish(document, *inner)
    return found
