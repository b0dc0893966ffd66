"""A rule's fixtures: events in the raw log's own shape, the moment of the run, and what must come out.

A file holds one fixture:

    trap: what a wrong translation would get wrong here, in a sentence
    now: 2026-03-02T10:00:00Z            # the scheduled time; the window ends here
    given:
      GCPCloudDNS:
        base: {logName: ..., resource: {type: dns_query}}   # under every entry, deep; optional
        log_entries:                     # LogEntry objects; every physical shape is made from them
          - trap: the needle as a sub-domain                # optional
            entry: {timestamp: ..., jsonPayload: {queryName: a.evil.example.}}
            repeat: 30                   # optional: that many; {n} in texts is 0, 1, 2 ..., {n: 100} the number n + 100
            every: 10s                   # each so much later than the one before
      OtherTable:
        rows:                            # or rows of the KQL table itself
          - {TimeGenerated: ..., Column: ...}
    expect:
      rows:                              # all rows, in any order; columns that do not matter may be left out
        - {Query: a.evil.example.}
      columns: [Query, SrcIpAddr]        # optional: the result's columns, in order
      count: 1                           # optional, instead of rows where only their number matters

The fixtures of ``rules/a/b.yaml`` lie in ``fixtures/a/b/``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import yaml

from transpiler.rule.document import Document, plain, read_document
from transpiler.rule.findings import At
from transpiler.rule.model import Rule
from transpiler.rule.record import Record
from transpiler.source import Source

Row = Mapping[str, Any]  # Any: values as YAML has them; a column's KQL type says what they mean
MAX_REPEAT = 10_000
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]00:?00)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Event:
    """One given LogEntry or row, whole (the base merged in), with the trap that it stands for."""

    data: Row
    trap: str
    place: At


@dataclass(frozen=True, slots=True)
class Given:
    """A table's content. ``is_log``: the events are LogEntry objects; else they are rows of the KQL table."""

    table: str
    is_log: bool
    events: tuple[Event, ...]

    @property
    def data(self) -> tuple[Row, ...]:
        """The entries or rows."""
        return tuple(event.data for event in self.events)


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come out. ``rows`` (each may leave columns out) are all rows in any order; None when only counted."""

    count: int
    rows: tuple[Row, ...] | None = None
    columns: tuple[str, ...] | None = None
    places: tuple[At, ...] = ()


@dataclass(frozen=True, slots=True)
class Fixture:
    """One fixture file. ``now`` is in UTC, without zone. ``source`` is the file's text."""

    name: str
    path: str
    trap: str
    now: dt.datetime
    given: Mapping[str, Given]
    expected: Expected
    source: Source


def fixture_folder(rule_path: str | Path) -> Path:
    """Where the fixtures of a rule lie: ``rules/a/b.yaml`` in ``fixtures/a/b``, else beside it in ``fixtures/b``."""
    path = PurePath(rule_path)
    parts = list(path.with_suffix("").parts)
    found = [i for i, part in enumerate(parts[:-1]) if part == "rules"]
    if found:
        parts[found[-1]] = "fixtures"
        return Path(*parts)
    return Path(path.parent, "fixtures", path.stem)


def load_fixtures(
    rule: Rule, folder: str | Path | None = None, tables: Mapping[str, Iterable[str]] | None = None
) -> tuple[Fixture, ...]:
    """The fixtures of a rule, by name. With ``tables`` (columns by table), given rows are checked against them.

    Raises RuleError for the first file that is no fixture.
    """
    root = Path(folder) if folder is not None else fixture_folder(rule.path)
    paths = sorted(path for path in root.glob("*.y*ml") if path.is_file())
    return tuple(load_fixture(path, tables) for path in paths)


def load_fixture(path: str | Path, tables: Mapping[str, Iterable[str]] | None = None) -> Fixture:
    """The fixture in a file. Raises RuleError with the place of what is wrong."""
    return read_fixture(read_document(path), tables)


def read_fixture(document: Document, tables: Mapping[str, Iterable[str]] | None = None) -> Fixture:
    """The fixture in a file's tree."""
    if not isinstance(document.root, yaml.MappingNode):
        document.error("RULE004", "a fixture is a mapping: trap, now, given, expect", document.root)
        document.raise_errors()
        raise AssertionError("an error has been raised")
    record = Record(document, document.root)
    for name in ("trap", "now", "given", "expect"):
        record.require(name)
    fixture = Fixture(
        name=PurePath(document.path).stem,
        path=document.path,
        trap=(record.text("trap") or "").strip(),
        now=_now(record),
        given=_given(record, tables),
        expected=_expected(record),
        source=document.source,
    )
    record.rest()
    document.raise_all()
    return fixture


def _now(record: Record) -> dt.datetime:
    text = record.text("now") or ""
    found = parse_instant(text)
    if found is None and text:
        record.ill_typed("now", "an instant in UTC such as 2026-03-02T10:00:00Z", record.node_of("now"))
    return found or dt.datetime(1, 1, 1)


def parse_instant(text: str) -> dt.datetime | None:
    """An instant in UTC from ISO 8601 (RFC 3339) text, cut to microseconds, without zone; None for other text."""
    if not _INSTANT.fullmatch(text):
        return None
    bare = re.sub(r"(Z|[+-]00:?00)$", "", text.replace(" ", "T"))
    whole, _, fraction = bare.partition(".")
    try:
        return dt.datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}")
    except ValueError:
        return None


def _given(record: Record, tables: Mapping[str, Iterable[str]] | None) -> dict[str, Given]:
    outer = record.record("given")
    found = {}
    for key, _ in outer.node.value if outer else ():
        inner = outer.record(key.value) if outer else None
        if inner is None:
            continue
        columns = None if tables is None else tables.get(key.value)
        if tables is not None and columns is None:
            message = f"no table '{key.value}'; known: {', '.join(sorted(tables))}"
            record.document.error("RULE007", message, key)
        found[key.value] = _table(key.value, inner, columns)
        inner.rest()
    return found


def _table(name: str, record: Record, columns: Iterable[str] | None) -> Given:
    is_log = record.has("log_entries")
    if is_log == record.has("rows"):
        record.document.error("RULE008", "a table has either log_entries or rows", record.node)
    base = record.data("base") if record.record("base") else {}
    if not is_log:
        return Given(name, False, tuple(_rows(record, base, columns)))
    return Given(name, True, tuple(_entries(record, base)))


def _entries(record: Record, base: Row) -> Iterable[Event]:
    for item in record.records("log_entries"):
        item.require("entry")
        entry = item.record("entry")
        trap = item.text("trap") or ""
        count, step = item.integer("repeat"), item.duration("every") or dt.timedelta()
        item.rest()
        data = merged(base, plain(entry.node)) if entry else dict(base)
        time = parse_instant(str(data.get("timestamp")))
        if entry and time is None:
            message = "a log entry has a timestamp such as 2026-03-02T09:59:59.5Z"
            record.document.error("RULE004", message, entry.node_of("timestamp"))
        if count is not None and not 1 <= count <= MAX_REPEAT:
            record.document.error("RULE007", f"repeat lies between 1 and {MAX_REPEAT:,}", item.node_of("repeat"))
            continue
        place = record.document.at(item.node)
        if count is None or time is None:
            yield Event(data, trap, place)
            continue
        for n in range(count):
            moved = {**_numbered(data, n), "timestamp": f"{(time + n * step).isoformat()}Z"}
            yield Event(moved, trap, place)


def _numbered(value: Any, n: int) -> Any:  # Any: a value of JSON
    """The value with ``{n}`` in its texts replaced, and ``{n: 100}`` by a number."""
    if isinstance(value, str):
        return value.replace("{n}", str(n))
    if isinstance(value, Mapping):
        start = value.get("n")
        if len(value) == 1 and isinstance(start, int):
            return start + n
        return {key: _numbered(inner, n) for key, inner in value.items()}
    return [_numbered(inner, n) for inner in value] if isinstance(value, list) else value


def _rows(record: Record, base: Row, columns: Iterable[str] | None) -> Iterable[Event]:
    known = None if columns is None else list(columns)
    for item in record.records("rows"):
        for key, _ in item.node.value:
            if known is not None and key.value not in known:
                message = f"the table {record.where.rpartition('.')[2]} has no column '{key.value}'"
                record.document.error("RULE003", message, key, f"known: {', '.join(known)}")
        yield Event({**base, **plain(item.node)}, "", record.document.at(item.node))


def merged(base: Row, over: Row) -> dict[str, Any]:  # Any: as Row
    """Both mappings, deep; where both have a value that is no mapping, the second's."""
    found = dict(base)
    for key, value in over.items():
        old = found.get(key)
        found[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return found


def _expected(record: Record) -> Expected:
    inner = record.record("expect")
    if inner is None:
        return Expected(0)
    if not inner.has("rows") and not inner.has("count"):
        record.document.error("RULE002", "expect has rows, or count where only their number matters", inner.node)
    items = inner.records("rows")
    rows = tuple(plain(item.node) for item in items) if inner.has("rows") else None
    columns = inner.texts("columns") if inner.has("columns") else None
    count = inner.integer("count")
    if rows is not None and count is not None and count != len(rows):
        record.document.error("RULE008", f"count is {count}, but {len(rows)} rows are listed", inner.node_of("count"))
    for item in items:
        for key, _ in item.node.value:
            if columns is not None and key.value not in columns:
                message = f"an expected row has the column '{key.value}', which columns does not list"
                record.document.error("RULE008", message, key)
    inner.rest()
    places = tuple(record.document.at(item.node) for item in items)
    return Expected(len(rows) if rows is not None else count or 0, rows, columns, places)
