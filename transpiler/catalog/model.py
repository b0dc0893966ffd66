"""What a query can name: tables, functions in KQL, and how a table lies in a warehouse.

Three kinds of statement, kept apart:

* a ``Table`` says which columns KQL sees;
* a ``Function`` is KQL text under a name, with typed parameters (parser functions);
* a ``SourceDecl`` says how a table is stored, once per ``Shape`` (a layout in one target). A shape reads *raw columns*
  from the physical table; from there on the meaning is KQL: the source's ``view`` turns raw columns into the table's.

``Catalog.resolve`` answers the only question that a binder asks: what stands behind this name in this target?
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

from transpiler.diagnostics import KqlError
from transpiler.source import NOWHERE, Source, Span
from transpiler.types import TYPE_NAMES

EMPTY: Mapping[str, Any] = MappingProxyType({})  # Any: one empty mapping serves mappings of every value type
RAW = "raw"
"""The name under which a source's view reads the raw columns of its physical table."""

TIME_COLUMNS = ("TimeGenerated", "Timestamp")
"""The columns on which Sentinel and Defender cut a query's window, in this order."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as KQL sees it: ``columns`` maps each name, in order, to a KQL type (``"string"``, ``"long"``, ...).

    ``time`` is the datetime column on which a lookback window is cut: given, or TimeGenerated, or Timestamp, or "".
    ``open``: there may be more columns than are declared. ``origin`` is the file that declares it.
    ``ingestion_time``: the datetime column that holds when a row arrived, "" where none does.
    ``inferred``: no one declared the table; its columns are those that a query names, and there will be more.
    """

    name: str
    columns: Mapping[str, str]
    time: str | None = None
    open: bool = False
    origin: str = ""
    description: str = ""
    ingestion_time: str = ""
    inferred: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", {name: kql_type(type_) for name, type_ in self.columns.items()})
        if self.time is None:
            found = (name for name in TIME_COLUMNS if self.columns.get(name) == "datetime")
            object.__setattr__(self, "time", next(found, ""))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A function's parameter. ``type`` is a KQL type, or ``"table"`` with ``columns`` ({}: any columns, ``(*)``).

    ``default`` is KQL text of a constant, or None when an argument must be given.
    """

    name: str
    type: str
    default: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Function:
    """KQL text under a name. ``body`` is a whole query, lets and an expression; the parameters are variables in it."""

    name: str
    body: Source
    parameters: tuple[Parameter, ...] = ()
    origin: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Physical:
    """Where the value of one raw column is stored.

    ``column``: a column of the physical table and STRUCT fields below it, all of which must exist. ``type``: what the
    warehouse stores there (``STRING``, ``INT64``, ``FLOAT64``, ``TIMESTAMP``, ``JSON``, ``STRUCT``, ...).
    ``path`` goes on *inside* a JSON value, or inside a STRUCT that has to be read through its JSON form, because a
    field that no entry ever had does not exist in it and naming it would fail the whole query. An absent path is a
    missing value. A path to a raw column of type dynamic yields the JSON value there; to any other type, the text of
    the scalar there (an object or an array is missing), then KQL's ``to<type>`` of that text.
    ``parse``: the value is text that holds JSON (``requestJson`` of an audit log), to be parsed (raw type dynamic).
    """

    column: tuple[str, ...]
    type: str
    path: tuple[str | int, ...] = ()
    parse: bool = False

    @property
    def is_bare(self) -> bool:
        """A column or field as it is: usable for pruning, no function around it."""
        return not self.path and not self.parse

    @property
    def json_path(self) -> str:
        """The path in JSONPath spelling, ``$.a."b c"[0]``."""
        return "$" + "".join(_step(step) for step in self.path)


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if step.isidentifier():
        return f".{step}"
    return '."' + step.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Shape:
    """One way in which one target stores a table. Three forms:

    * *stored raw*: ``raw`` and ``columns`` tell how raw columns are read from ``identifier``; ``view`` is a KQL query
      over the table ``raw`` that yields the declared columns (row by row: where, extend, project).
    * *plain*: ``raw`` and ``view`` are None: the physical table has the KQL columns, under their KQL names.
    * *KQL*: ``identifier`` is empty: ``view`` is a KQL query over other tables of the catalog.

    ``time``: the raw column (plain: the KQL column) whose value is the table's time column; windows cut on it.
    ``ingestion_time``: the raw column (plain: the KQL column) that holds when a row arrived, "" where none does.
    ``shards``: "day" when the identifier ends in ``*`` and each day's rows lie in a table of suffix YYYYMMDD (UTC).
    ``layout`` names the arrangement of log entries (sink, all_logs, log_entries) from which fixtures build rows.
    """

    name: str
    target: str
    table: Table
    identifier: tuple[str, ...] = ()
    raw: Table | None = None
    columns: Mapping[str, Physical] = field(default_factory=dict)
    view: Source | None = None
    time: str = ""
    shards: str = ""
    layout: str = ""
    description: str = ""
    ingestion_time: str = ""

    @property
    def is_plain(self) -> bool:
        """The physical table has the KQL columns themselves."""
        return self.view is None

    @property
    def is_kql(self) -> bool:
        """Nothing physical of its own: KQL over other tables."""
        return self.view is not None and self.raw is None


@dataclass(frozen=True, slots=True)
class SourceDecl:
    """How a table is stored: ``shapes`` by (target, shape name), in the file's order; a target's first is its default.

    Identifiers of these shapes may hold ``{parameter}``; ``parameters`` gives the default values.
    """

    table: Table
    shapes: Mapping[tuple[str, str], Shape]
    parameters: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""

    def shape(self, target: str, name: str | None = None, parameters: Mapping[str, str] = EMPTY) -> Shape | None:
        """The shape of that name (default: the target's first) with its parameters filled; None when there is none."""
        found = [s for (t, n), s in self.shapes.items() if t == target and (name is None or n == name)]
        if not found:
            return None
        return _filled(found[0], {**self.parameters, **parameters})

    def names(self, target: str) -> tuple[str, ...]:
        """The names of the target's shapes."""
        return tuple(n for t, n in self.shapes if t == target)


def _filled(shape: Shape, parameters: Mapping[str, str]) -> Shape:
    parts = tuple(_fill(part, parameters) for part in shape.identifier)
    return shape if parts == shape.identifier else replace(shape, identifier=parts)


def _fill(part: str, parameters: Mapping[str, str]) -> str:
    for name, value in parameters.items():
        part = part.replace("{" + name + "}", value)
    return part


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """A user's choices for one target: which shape each table has there, and the values of identifiers' parameters.

    ``shapes`` maps a table's name, or ``"*"`` for all, to a shape's name; a name that a table does not have is passed
    over under ``"*"`` and an error elsewhere.
    """

    shapes: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


Resolved: TypeAlias = Shape | Function
TableLike: TypeAlias = Table | Mapping[str, str]
FunctionLike: TypeAlias = Function | str


_UNKNOWN = "no table or function"


def is_unknown(error: KqlError, name: str = "") -> bool:
    """Whether an error says that a table or function is not declared; with a name, that this one is not."""
    return error.code == "KQL100" and error.message.startswith(f"{_UNKNOWN} '{name}'" if name else _UNKNOWN)


@dataclass(frozen=True, slots=True)
class Catalog:
    """All names that a query may use.

    ``tables``: by name a Table or a plain ``{column: KQL type}``. ``functions``: by name a Function, or the KQL text of
    one without parameters. ``sources``: by table name. ``targets``: by target name ("bigquery", "duckdb").
    A table with no source is read as one quoted identifier, its own name, with the KQL columns (a plain shape).
    """

    tables: Mapping[str, TableLike] = field(default_factory=dict)
    functions: Mapping[str, FunctionLike] = field(default_factory=dict)
    sources: Mapping[str, SourceDecl] = field(default_factory=dict)
    targets: Mapping[str, TargetConfig] = field(default_factory=dict)

    def table(self, name: str) -> Table | None:
        """The declared table, by its exact name (Kusto's names are case-sensitive), or None."""
        given = self.tables.get(name)
        if isinstance(given, Table):
            return given
        if given is not None:
            return Table(name, given)
        return self.sources[name].table if name in self.sources else None

    def function(self, name: str) -> Function | None:
        """The declared function, or None."""
        given = self.functions.get(name)
        return Function(name, Source(given, name)) if isinstance(given, str) else given

    def shape(self, name: str, target: str) -> Shape | None:
        """How a declared table is stored in a target; None for a name that is no table."""
        table = self.table(name)
        if table is None:
            return None
        config = self.targets.get(target, TargetConfig())
        source = self.sources.get(name)
        if source is None:
            return plain_shape(table, target)
        chosen = config.shapes.get(name)
        if chosen is None and config.shapes.get("*") in source.names(target):
            chosen = config.shapes["*"]
        shape = source.shape(target, chosen, config.parameters)
        if shape is None and chosen is not None:
            known = ", ".join(source.names(target)) or "none"
            raise KqlError("KQL100", f"the source of {name} has no shape '{chosen}' for {target}; known: {known}")
        return shape or plain_shape(table, target)

    def resolve(self, name: str, target: str, span: Span = NOWHERE) -> Resolved:
        """What stands behind a name: a table's Shape, else a Function. Raises KQL100 with the nearest names."""
        found: Resolved | None = self.shape(name, target) or self.function(name)
        if found is None:
            raise self.unknown(name, span)
        return found

    def names(self) -> tuple[str, ...]:
        """Every table and function that is declared."""
        return tuple(dict.fromkeys([*self.tables, *self.sources, *self.functions]))

    def unknown(self, name: str, span: Span = NOWHERE) -> KqlError:
        """The error for a table or function that is not declared."""
        near = nearest(name, self.names())
        suggestion = f"; did you mean {' or '.join(near)}?" if near else ""
        hint = (
            f"declare its columns in a schema file (rulesql schema import), "
            f"or how it is stored in a source file with 'table: {name}'; --catalog names the folder of either"
        )
        return KqlError("KQL100", f"{_UNKNOWN} '{name}'{suggestion}", span, hint=hint)

    def with_shapes(self, target: str, shapes: Mapping[str, str]) -> Catalog:
        """The same catalog in which the target's tables have these shapes."""
        old = self.targets.get(target, TargetConfig())
        new = TargetConfig({**old.shapes, **shapes}, old.parameters)
        return Catalog(self.tables, self.functions, self.sources, {**self.targets, target: new})

    def with_parameters(self, target: str, parameters: Mapping[str, str]) -> Catalog:
        """The same catalog in which the target's identifiers have these parameters."""
        old = self.targets.get(target, TargetConfig())
        new = TargetConfig(old.shapes, {**old.parameters, **parameters})
        return Catalog(self.tables, self.functions, self.sources, {**self.targets, target: new})

    def merged(self, other: Catalog) -> Catalog:
        """Both catalogs' names; where both declare one, the other's wins (a table together with its source or none)."""
        kept = {name: source for name, source in self.sources.items() if name not in other.tables}
        return Catalog(
            {**self.tables, **other.tables},
            {**self.functions, **other.functions},
            {**kept, **other.sources},
            {**self.targets, **other.targets},
        )


def plain_shape(table: Table, target: str) -> Shape:
    """A table stored under its own name with its own columns."""
    return Shape("plain", target, table, (table.name,), time=table.time or "", ingestion_time=table.ingestion_time)


@lru_cache(maxsize=256)
def kql_type(spelling: str) -> str:
    """KQL's name of a scalar type from any of its spellings (``double`` is ``real``). Raises ValueError for others."""
    found = TYPE_NAMES.get(str(spelling).lower())
    if found is None:
        known = ", ".join(sorted({str(t) for t in TYPE_NAMES.values()}))
        raise ValueError(f"'{spelling}' is not a KQL type; known: {known}")
    return str(found)


def nearest(name: str, known: tuple[str, ...]) -> list[str]:
    """Up to three known names that a writer may have meant; one that differs only by case comes alone."""
    same = [k for k in known if k.lower() == name.lower()]
    if same:
        return same[:3]
    by_lower = {k.lower(): k for k in known}
    return [by_lower[k] for k in get_close_matches(name.lower(), list(by_lower), n=3, cutoff=0.75)]
