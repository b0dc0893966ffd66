"""A source file's text as data: shapes, raw columns, the view in KQL. The format is described in SOURCES.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import yaml

from transpiler.catalog.model import RAW, Physical, Shape, SourceDecl, Table, kql_type
from transpiler.catalog.views import check_view, compose_view
from transpiler.diagnostics import KqlError
from transpiler.rule.findings import Severity
from transpiler.rule.record import Record
from transpiler.source import Source

PHYSICAL_TYPES = {
    "STRING": "string",
    "VARCHAR": "string",
    "INT64": "long",
    "BIGINT": "long",
    "INTEGER": "long",
    "INT32": "int",
    "FLOAT64": "real",
    "DOUBLE": "real",
    "NUMERIC": "decimal",
    "BIGNUMERIC": "decimal",
    "DECIMAL": "decimal",
    "BOOL": "bool",
    "BOOLEAN": "bool",
    "TIMESTAMP": "datetime",
    "DATETIME": "datetime",
    "UUID": "guid",
    "JSON": "dynamic",
    "STRUCT": "dynamic",
    "ARRAY": "dynamic",
}
"""What a warehouse's type is in KQL, unless the raw column says otherwise."""

NESTED = ("JSON", "STRUCT", "ARRAY")
LAYOUTS = {name: name for name in ("sink", "all_logs", "log_entries", "plain")}
_NAME = r"(?:`[^`]+`|\w+)"
_PATH = r"""\$(?:[^\s"']|"[^"]*"|'[^']*')*"""
_COLUMN = re.compile(
    rf"(?P<column>{_NAME}(?:\.{_NAME})*)\s+(?P<type>[A-Z][A-Z0-9]*)(?:\s+(?P<path>{_PATH}))?(?P<parse>\s+parse)?"
)
_STEP = re.compile(r"""\.(\w+)|\."([^"]+)"|\[(\d+)\]|\['([^']+)'\]|\["([^"]+)"\]""")


@dataclass(frozen=True, slots=True)
class _Common:
    """What all shapes of a source share."""

    table: Table
    raw: Mapping[str, str]
    view: Source | None
    time: str
    ingestion_time: str


def read_source(record: Record, table: Table) -> SourceDecl:
    """The source of a table. Findings are left in the record's document."""
    raw = _read_raw(record)
    arrival = record.text("ingestion_time") or ""
    common = _Common(table, raw, record.source("view"), record.text("time") or "", arrival)
    record.text("description")
    if arrival and (raw or table.columns).get(arrival) != "datetime":
        message = f"the ingestion time '{arrival}' is no datetime among the {'raw ' if raw else ''}columns"
        record.document.error("RULE008", message, record.node_of("ingestion_time"))
    if common.view and raw.get(common.time) != "datetime":
        message = "a source with a view names the raw datetime column on which windows are cut: time"
        record.document.error("RULE002", message, record.key_of("time"))
    parameters = record.mapping_of_texts("parameters", Severity.ERROR)
    shapes: dict[tuple[str, str], Shape] = {}
    record.require("shapes")
    targets = record.record("shapes")
    for target_key, _ in targets.node.value if targets else ():
        inner = targets.record(target_key.value) if targets else None
        for shape_key, _ in inner.node.value if inner else ():
            fields = inner.record(shape_key.value) if inner else None
            if fields:
                key = (target_key.value, shape_key.value)
                shapes[key] = _shape(fields, key, common, shapes)
                fields.rest()
    for shape in shapes.values():
        _check_parameters(record, shape, parameters)
    return SourceDecl(table, shapes, parameters, record.document.path)


def _read_raw(record: Record) -> dict[str, str]:
    found = {}
    for name, text in record.mapping_of_texts("raw", Severity.ERROR).items():
        try:
            found[name] = kql_type(text)
        except ValueError as error:
            record.document.error("RULE007", str(error), record.node_of("raw"))
    return found


def _check_parameters(record: Record, shape: Shape, parameters: Mapping[str, str]) -> None:
    for part in shape.identifier:
        for name in re.findall(r"\{(\w*)\}", part):
            if name not in parameters:
                message = f"the shape {shape.target}/{shape.name} uses the parameter '{name}', which has no default"
                record.document.error("RULE002", message, record.node_of("shapes"), "add it to parameters")


def _shape(fields: Record, key: tuple[str, str], common: _Common, others: Mapping[tuple[str, str], Shape]) -> Shape:
    """One shape; ``like`` takes over all that another shape of the same target says."""
    like = fields.text("like")
    base = others.get((key[0], like)) if like else None
    if like and base is None:
        fields.document.error("RULE007", f"no earlier shape '{like}' of {key[0]}", fields.node_of("like"))
    description = (fields.text("description") or "").strip()
    if fields.has("query"):
        return Shape(key[1], key[0], common.table, view=fields.source("query"), description=description)
    shape = base or Shape(key[1], key[0], common.table)
    layout = fields.choice("layout", LAYOUTS, "layout") or shape.layout
    shards = fields.choice("shards", {"day": "day"}, "way to shard") or shape.shards
    if base is None:
        fields.require("table")
    identifier = _identifier(fields) or shape.identifier
    shape = replace(shape, name=key[1], identifier=identifier, shards=shards, layout=layout, description=description)
    known = bool(shards) or not fields.has("shards")
    if known and bool(shards) != (identifier[-1:] != () and identifier[-1].endswith("*")):
        message = "'shards: day' and a table name that ends in * go together"
        fields.document.error("RULE008", message, fields.node_of("table"))
    if fields.has("columns"):
        return _with_columns(fields, shape, common)
    arrival = common.table.ingestion_time if common.raw else common.ingestion_time or common.table.ingestion_time
    plain = replace(shape, time=common.table.time or "", layout=layout or "plain", ingestion_time=arrival)
    return shape if base else plain


def _identifier(fields: Record) -> tuple[str, ...]:
    """The parts of the physical table's name, from ``a.b.c`` or a list of parts."""
    if isinstance(fields.node_of("table"), yaml.SequenceNode):
        return fields.texts("table")
    text = fields.text("table")
    return tuple(text.split(".")) if text else ()


def _with_columns(fields: Record, shape: Shape, common: _Common) -> Shape:
    columns, types = _physical_columns(fields, common.raw)
    computed = fields.record("compute")
    extend = {key.value: computed.source(key.value) for key, _ in computed.node.value} if computed else {}
    where = fields.source("where")
    own = fields.source("view")
    view = own or common.view
    for name in common.raw if own is None else ():
        if name not in columns and name not in extend and f"{fields.path('columns')}.{name}" not in fields.places:
            message = f"the raw column '{name}' is not given"
            fields.document.error("RULE002", message, fields.key_of("columns"), "say where it is stored")
    if view is None:
        fields.document.error("RULE002", "a source with columns has a view: KQL over the raw columns", fields.node)
        return shape
    raw = Table(RAW, types, common.time, origin=fields.document.path)
    composed = compose_view(view, where, {name: text for name, text in extend.items() if text is not None})
    try:
        check_view(composed, common.table.time or "", common.time)
    except KqlError as error:
        fields.document.error(error.code, f"in the view: {error.message}", fields.key_of("columns"), error.hint)
    # A raw column that is computed is not stored: no window can be cut on it.
    arrival = common.ingestion_time if common.ingestion_time in columns else ""
    return replace(shape, raw=raw, columns=columns, view=composed, time=common.time, ingestion_time=arrival)


def _physical_columns(fields: Record, raw: Mapping[str, str]) -> tuple[dict[str, Physical], dict[str, str]]:
    inner = fields.record("columns")
    columns: dict[str, Physical] = {}
    types: dict[str, str] = {}
    for key, _ in inner.node.value if inner else ():
        name = key.value
        text = (inner.text(name) if inner else None) or ""
        found = parse_physical(text)
        node = inner.node_of(name) if inner else fields.node
        if found is None:
            message = f"'{text}' does not say where a column is stored"
            fields.document.error(
                "RULE004", message, node, "form: column TYPE, or column JSON $.path, or column STRUCT $.path"
            )
            continue
        columns[name] = found
        types[name] = raw.get(name) or ("string" if found.path else PHYSICAL_TYPES[found.type])
        problem = _misfit(found, types[name])
        if problem:
            fields.document.error("RULE008", f"the raw column '{name}': {problem}", node)
    return columns, types


def parse_physical(text: str) -> Physical | None:
    """``payload.queryname STRING``, ``json_payload JSON $.queryName``, ``requestJson STRING parse``; else None."""
    match = _COLUMN.fullmatch(text.strip())
    if match is None or match["type"] not in PHYSICAL_TYPES:
        return None
    column = tuple(part.strip("`") for part in re.findall(r"`[^`]+`|\w+", match["column"]))
    path = parse_path(match["path"]) if match["path"] else ()
    return None if path is None else Physical(column, match["type"], path, bool(match["parse"]))


def parse_path(text: str) -> tuple[str | int, ...] | None:
    """The steps of ``$.a."b c"[0]``; None when the text is no such path."""
    steps: list[str | int] = []
    at = 1
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            return None
        index = match.group(3)
        steps.append(int(index) if index else next(step for step in match.groups() if step))
        at = match.end()
    return tuple(steps)


def _misfit(found: Physical, type_: str) -> str:
    """What does not go together in a column's storage and its KQL type, or ""."""
    if found.path and found.type not in NESTED:
        return f"a path goes into JSON, STRUCT or ARRAY, not {found.type}"
    if found.parse and type_ != "dynamic":
        return f"parsed JSON is dynamic, not {type_}"
    if found.type in NESTED and not found.path and type_ != "dynamic":
        return f"a whole {found.type} is dynamic, not {type_}"
    if found.type not in NESTED and type_ == "dynamic" and not found.parse:
        return f"a {found.type} is dynamic only when it holds JSON text: add parse"
    return ""
