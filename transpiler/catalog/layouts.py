"""Log entries as rows of the physical layouts in which Google Cloud keeps them.

In: LogEntry objects as the API's JSON has them. Out: the columns that a table of that layout has, with BigQuery types
as text, and the rows. A field that no entry has is in no STRUCT here either, unless the source says it always is.
Meaning: "View logs routed to BigQuery" (field names, payloads with @type) and the schema of a bucket's _AllLogs view.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transpiler.catalog.model import Shape

Json = Any  # Any: a value of JSON
Entry = Mapping[str, Json]

_JSON_TEXT = ("request", "response", "metadata", "resourceOriginalState")
"""Fields of an audit entry that a sink writes as JSON text, with Json behind their names."""

_AUDIT_NUMBERS = {"code": "INT64", "numResponseItems": "INT64"}
_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
TOP = {
    "logName": "STRING",
    "insertId": "STRING",
    "severity": "STRING",
    "timestamp": "TIMESTAMP",
    "receiveTimestamp": "TIMESTAMP",
    "textPayload": "STRING",
    "trace": "STRING",
    "spanId": "STRING",
}
"""The plain fields of a LogEntry."""


@dataclass(frozen=True, slots=True)
class StoredRows:
    """A physical table: BigQuery types by column, and rows as mappings (absent is NULL; JSON columns hold values)."""

    columns: Mapping[str, str]
    rows: Sequence[Mapping[str, Json]]


@dataclass(slots=True)
class _Type:
    """A type found in values: a scalar's name, or fields of a STRUCT, or the elements of an ARRAY."""

    name: str = ""
    fields: dict[str, _Type] | None = None
    element: _Type | None = None

    @property
    def is_empty(self) -> bool:
        """A STRUCT in which no value has been seen: it does not exist."""
        return self.fields is not None and all(inner.is_empty for inner in self.fields.values())

    def __str__(self) -> str:
        if self.fields is not None:
            inner = ", ".join(f"`{name}` {type_}" for name, type_ in self.fields.items() if not type_.is_empty)
            return f"STRUCT<{inner}>"
        return f"ARRAY<{self.element}>" if self.element is not None else self.name or "STRING"


def store(shape: Shape, entries: Sequence[Entry]) -> StoredRows:
    """The entries as a table of the shape's layout. Raises ValueError for what that layout cannot hold."""
    build = _LAYOUTS.get(shape.layout)
    if build is None:
        raise ValueError(f"no log entries can be laid out as '{shape.layout or 'kql'}' for {shape.table.name}")
    return build(shape, entries)


def stored_tables(shape: Shape, entries: Sequence[Entry]) -> dict[str, StoredRows]:
    """The physical tables that hold the entries, by identifier (parts joined by dots): one, or one for each shard."""
    name = ".".join(shape.identifier)
    if not shape.shards:
        return {name: store(shape, entries)}
    days = shard_days(entries) or {"19700101": []}
    return {name.removesuffix("*") + day: store(shape, rows) for day, rows in days.items()}


def shard_days(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """The entries by the day (UTC, YYYYMMDD) in whose shard a sink writes them."""
    days: dict[str, list[Entry]] = {}
    for entry in entries:
        days.setdefault(str(entry["timestamp"])[:10].replace("-", ""), []).append(entry)
    return dict(sorted(days.items()))


def sink_table(log_name: str) -> str:
    """The table in which a sink writes a log's entries: the log's id with _ for all but letters and digits."""
    return re.sub(r"[^A-Za-z0-9]", "_", _log_id(log_name))


def _log_entries(shape: Shape, entries: Sequence[Entry]) -> StoredRows:
    column = next(iter(shape.columns.values())).column[0]
    return StoredRows({column: "JSON"}, [{column: entry} for entry in entries])


def _sink(shape: Shape, entries: Sequence[Entry]) -> StoredRows:
    table = shape.identifier[-1].rstrip("*").rstrip("_")
    rows = [_sink_row(entry) for entry in entries if sink_table(str(entry.get("logName", ""))) == table]
    return _typed(shape, rows, lambda path: _AUDIT_NUMBERS.get(path[-1], "") if path[0] != "jsonPayload" else "")


def _sink_row(entry: Entry) -> dict[str, Json]:
    row: dict[str, Json] = {}
    for key, value in entry.items():
        if key == "jsonPayload":
            row[key] = _renamed(value, lambda name: _sink_name(name).lower())
        elif key == "protoPayload":
            row["protopayload_auditlog"] = _sink_audit(value)
        else:
            row[key] = _renamed(_instant(key, value), _sink_name)
    return row


def _sink_name(name: str) -> str:
    """A field's name as a sink may write it: other characters than letters, digits and _ become _."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)[:128]


def _sink_audit(payload: Entry) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in payload.items():
        if key == "@type" or value is None:
            continue
        if key == "serviceData":
            found[_service_data(value)] = {k: _renamed(v, _sink_name) for k, v in value.items() if k != "@type"}
        elif key in _JSON_TEXT:
            found[key + "Json"] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        else:
            found[key] = int(value) if key == "numResponseItems" else _renamed(value, _sink_name)
    return found


def _service_data(value: Entry) -> str:
    """A sink names a typed serviceData by its type: servicedata_v1_iam, servicedata_v1_bigquery."""
    kind = re.search(r"google\.(?:cloud\.)?(\w+)\.", str(value.get("@type", "")))
    return f"servicedata_v1_{kind.group(1) if kind else 'iam'}"


def _renamed(value: Json, rename: Callable[[str], str]) -> Json:
    if isinstance(value, Mapping):
        return {rename(key): _renamed(inner, rename) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, rename) for inner in value]
    return value


def _instant(key: str, value: Json) -> Json:
    """A top-level instant as a TIMESTAMP holds it: microseconds, the rest cut off."""
    cut = key in ("timestamp", "receiveTimestamp") and isinstance(value, str)
    return re.sub(r"(\.\d{6})\d+", r"\1", value) if cut else value


def _all_logs(shape: Shape, entries: Sequence[Entry]) -> StoredRows:
    rows = [_all_logs_row(entry) for entry in entries]
    return _typed(shape, rows, lambda path: "INT64" if path[-1] in ("code", "num_response_items") else "")


def _all_logs_row(entry: Entry) -> dict[str, Json]:
    row: dict[str, Json] = {"log_id": _log_id(str(entry.get("logName", "")))}
    for key, value in entry.items():
        if key == "jsonPayload":
            row["json_payload"] = _Whole(value)
        elif key == "protoPayload":
            row["proto_payload"] = {"type": value.get("@type"), "audit_log": _all_logs_audit(value)}
        elif key == "resource":
            row[key] = {"type": value.get("type"), "labels": _Whole(value.get("labels"))}
        elif key == "labels":
            row[key] = _Whole(value)
        else:
            row[_snake(key)] = _renamed(_instant(key, value), _snake)
    return row


class _Whole:
    """A value that is stored as one JSON value."""

    def __init__(self, value: Json) -> None:
        self.value = value


def _all_logs_audit(payload: Entry) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in payload.items():
        if key == "@type" or value is None:
            continue
        if key in (*_JSON_TEXT, "serviceData"):
            found[_snake(key)] = _Whole(value)
        else:
            found[_snake(key)] = int(value) if key == "numResponseItems" else _renamed(value, _snake)
    return found


def _snake(name: str) -> str:
    return _SNAKE.sub("_", name).lower()


def _log_id(log_name: str) -> str:
    """``projects/p/logs/dns.googleapis.com%2Fdns_queries`` is ``dns.googleapis.com/dns_queries``."""
    return log_name.partition("/logs/")[2].replace("%2F", "/")


def _typed(shape: Shape, rows: list[dict[str, Json]], known: Callable[[tuple[str, ...]], str]) -> StoredRows:
    """The rows with the types found in them, and with the columns that the source says are always there."""
    root = _Type(fields={})
    for row in rows:
        for key, value in row.items():
            _merge(root, (key,), value, known)
    for physical in shape.columns.values():
        kind = physical.type if not physical.path or physical.type == "JSON" else "STRUCT"
        _declare(root, physical.column, kind)
    assert root.fields is not None
    columns = {name: str(type_) for name, type_ in root.fields.items() if not type_.is_empty}
    return StoredRows(columns, [_stored(row, root) for row in rows])


def _declare(root: _Type, path: tuple[str, ...], kind: str) -> None:
    node = root
    for step in path:
        node.fields = node.fields if node.fields is not None else {}
        node = node.fields.setdefault(step, _Type())
    if kind == "STRUCT":
        node.fields = node.fields if node.fields is not None else {}
    elif not node.name and node.fields is None:
        node.name = kind


def _merge(root: _Type, path: tuple[str, ...], value: Json, known: Callable[[tuple[str, ...]], str]) -> None:
    if value is None:
        return
    node = root
    for step in path:
        node.fields = node.fields if node.fields is not None else {}
        node = node.fields.setdefault(step, _Type())
    _fit(node, path, value, known)


def _fit(node: _Type, path: tuple[str, ...], value: Json, known: Callable[[tuple[str, ...]], str]) -> None:
    """Widens a type by a value. A sink keeps the first type that a field had; a misfit goes to its error table."""
    if isinstance(value, Mapping):
        node.fields = node.fields if node.fields is not None else {}
        for key, inner in value.items():
            if inner is not None:
                _fit(node.fields.setdefault(key, _Type()), (*path, key), inner, known)
    elif isinstance(value, list):
        node.element = node.element or _Type()
        for inner in value:
            _fit(node.element, path, inner, known)
    else:
        name = known(path) or (TOP.get(path[0]) or _TOP_SNAKE.get(path[0], "") if len(path) == 1 else "")
        found = name or _scalar_type(value)
        if node.name not in ("", found) or node.fields is not None or node.element is not None:
            raise ValueError(f"the field {'.'.join(path)} is {found} in one entry and {node} in another")
        node.name = found


_TOP_SNAKE = {_snake(name): kind for name, kind in TOP.items()}


def _scalar_type(value: Json) -> str:
    if isinstance(value, _Whole):
        return "JSON"
    if isinstance(value, bool):
        return "BOOL"
    # A sink writes every number of a payload as FLOAT64, whole ones too.
    return "FLOAT64" if isinstance(value, int | float) else "STRING"


def _stored(value: Json, type_: _Type) -> Json:
    """The value without what its type does not have: nulls and empty objects of which no entry knew more."""
    if isinstance(value, _Whole):
        return value.value
    if isinstance(value, Mapping):
        fields = type_.fields or {}
        kept = ((key, fields.get(key)) for key in value)
        return {key: _stored(value[key], inner) for key, inner in kept if inner is not None and not inner.is_empty}
    if isinstance(value, list) and type_.element is not None:
        return [_stored(inner, type_.element) for inner in value]
    return value


_LAYOUTS: dict[str, Callable[[Shape, Sequence[Entry]], StoredRows]] = {
    "sink": _sink,
    "all_logs": _all_logs,
    "log_entries": _log_entries,
}
