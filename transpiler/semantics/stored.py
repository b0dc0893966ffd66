"""Tables that a source computes: raw columns of the physical table, then the source's own KQL over them."""

from __future__ import annotations

from dataclasses import replace

from transpiler.catalog import RAW, Physical, Shape
from transpiler.kql.parser import parse_query
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.relations import Filter, Origin, Scan
from transpiler.plan.scalars import Column, ColumnRef, Scalar, columns_of
from transpiler.semantics.scalars.calls import call_function, convert
from transpiler.semantics.scalars.expressions import connect
from transpiler.semantics.scope import Scope, Tabular, TabularLet
from transpiler.semantics.shaping import over, project
from transpiler.semantics.tables import window_of
from transpiler.source import Span
from transpiler.types import Type


def stored_table(scope: Scope, name: str, shape: Shape, span: Span) -> Tabular:
    """A table through its source's view. Raises KqlError (with the source file's place) for a view that does not fit."""
    from transpiler.semantics.statements import bind_result, bind_statements

    assert shape.view is not None
    origin = Origin(name, span, name, scope.source.line_of(span.start))
    inner = Scope(scope.environment, shape.view, depth=scope.depth + 1, is_source=shape.raw is not None)
    if inner.depth > 32:
        raise scope.error("KQL106", f"the source of '{name}' reads itself", span)
    if shape.raw is not None:
        inner = inner.bind(RAW, TabularLet(RAW, _raw(inner, name, shape, origin)))
    inner, results = bind_statements(inner, parse_query(shape.view).statements)
    bound = bind_result(inner, results[-1])
    declared = list(shape.table.columns.items())
    columns = []
    for column_name, t in declared:
        found = bound.column(column_name)
        if found is None or found.type is not Type(t):
            what = "does not give" if found is None else f"gives a {found.type} for"
            raise inner.error("KQL102", f"the source of '{name}' {what} the column {column_name} ({t})", Span(0, 3))
        columns.append(found)
    return replace(project(bound, columns, {}, origin.without_text), table_name=name)


def _raw(scope: Scope, name: str, shape: Shape, origin: Origin) -> Tabular:
    """The physical table's raw columns, as the types that the source declares; cut to the window on the time column."""
    assert shape.raw is not None
    stored: dict[Column, str | Physical] = {}
    computed: dict[Column, Scalar] = {}
    visible: list[Column] = []
    times: dict[str, Column] = {}
    for column_name, wanted in shape.raw.columns.items():
        physical = shape.columns[column_name]
        read = Column(column_name, _read_type(physical, Type(wanted)), True)
        stored[read] = physical
        shown = read
        if read.type is not Type(wanted):
            scalar = _converted(scope, ColumnRef(read), Type(wanted))
            shown = Column(column_name, scalar.type, True, is_number=not may_be_nan(scalar))
            computed[shown] = scalar
        visible.append(shown)
        times[column_name] = shown
    time, arrival = times.get(shape.time), times.get(shape.ingestion_time)
    window = window_of(scope, time, arrival)
    bare = time if time in stored else None
    on_stored = tuple(p for p in window if columns_of(p) <= stored.keys())
    scan = Scan(
        columns=tuple(stored),
        origin=origin,
        table=name,
        identifier=shape.identifier,
        physical=stored,
        time_column=bare,
        window=on_stored,
        shards=shape.shards if scope.environment.window is not None else "",
    )
    tabular = Tabular(scan, tuple(stored))
    if computed:
        tabular = project(tabular, visible, computed, origin.without_text)
    tabular = replace(tabular, arrival=arrival)
    return _cut(scope, tabular, [p for p in window if p not in on_stored], origin)


def _cut(scope: Scope, tabular: Tabular, predicates: list[Scalar], origin: Origin) -> Tabular:
    """The window on a time that is not stored bare (a JSON path)."""
    if not predicates:
        return tabular
    relation = Filter(
        columns=tabular.relation.columns,
        origin=origin.without_text,
        input=tabular.relation,
        predicate=connect(scope, "and", predicates, origin.span),
    )
    return over(tabular, relation)


def _converted(scope: Scope, value: ColumnRef, wanted: Type) -> Scalar:
    """A raw value as the declared type. A log's instants are RFC 3339: that needs no reading of Kusto's many text forms."""
    if wanted is Type.DATETIME and value.type is Type.STRING:
        return call_function(scope, "instant of rfc3339", [value], value.span)
    return convert(scope, value, wanted)


_PHYSICAL: dict[str, Type] = {
    "STRING": Type.STRING,
    "VARCHAR": Type.STRING,
    "TEXT": Type.STRING,
    "INT64": Type.LONG,
    "INTEGER": Type.LONG,
    "BIGINT": Type.LONG,
    "FLOAT64": Type.REAL,
    "DOUBLE": Type.REAL,
    "BOOL": Type.BOOL,
    "BOOLEAN": Type.BOOL,
    "TIMESTAMP": Type.DATETIME,
}


def _read_type(physical: Physical, wanted: Type) -> Type:
    """The type in which a raw column arrives: a bare column's own, the text at a JSON path, JSON text for dynamic."""
    if not physical.is_bare:
        return Type.DYNAMIC if wanted is Type.DYNAMIC else Type.STRING
    return _PHYSICAL.get(physical.type.upper(), Type.DYNAMIC)
