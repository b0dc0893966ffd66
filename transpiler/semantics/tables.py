"""Expressions that are tables: names, calls, datatable, pipelines in parentheses; and the tables of the catalog."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache

from transpiler.catalog import Physical, Shape
from transpiler.functions.registry import FUNCTIONS
from transpiler.kql import syntax
from transpiler.kql.instants import length_ticks, moment_ticks
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.relations import OrderKey, Origin, Reference, Scan, Values
from transpiler.plan.scalars import Column, ColumnRef, Constant, RunTime, Scalar
from transpiler.semantics.dispatch import bind_operator, bind_scalar, bind_source, binds_source
from transpiler.semantics.invocation import call_tabular_function, converted
from transpiler.semantics.scalars.expressions import binary
from transpiler.semantics.scope import FunctionLet, Openness, ScalarLet, Scope, Tabular, TabularLet, did_you_mean
from transpiler.semantics.shaping import origin_of
from transpiler.source import NOWHERE, Span
from transpiler.types import TYPE_NAMES, Type

LONGEST_DELAY = timedelta(hours=12)
_MOST_WRITTEN = 64
"""Different constants of a column that are kept in mind."""
_TABULAR_FUNCTIONS = frozenset({"table", "materialize", "view", "externaldata"})


@binds_source(syntax.Name)
def _name(scope: Scope, node: syntax.Name) -> Tabular:
    binding = scope.bindings.get(node.name)
    match binding:
        case TabularLet():
            return referred(binding.value, binding.name)
        case FunctionLet():
            call = syntax.Call(node.name, (), node.span, span=node.span)
            return call_tabular_function(scope, binding.body, binding.scope, call)
        case ScalarLet():
            raise scope.error("KQL104", f"'{node.name}' is a scalar; a table is expected here", node.span)
        case None:
            return table(scope, node.name, node.span)


def referred(tabular: Tabular, name: str) -> Tabular:
    """Another use of a bound relation, with columns of its own (so that a self-join can tell its sides apart)."""
    target = tabular.relation
    fresh = {c: replace(c, known=None) for c in target.columns}
    relation = Reference(columns=tuple(fresh.values()), origin=target.origin, name=name, target=target)
    order = tuple(
        replace(k, value=ColumnRef(fresh[k.value.column])) for k in tabular.order if isinstance(k.value, ColumnRef)
    )
    if len(order) != len(tabular.order):
        order = ()
    ordinal = tabular.ordinal
    if ordinal is not None and isinstance(ordinal.value, ColumnRef):
        ordinal = replace(ordinal, value=ColumnRef(fresh[ordinal.value.column]))
    visible = tuple(fresh[c] for c in tabular.visible)
    arrival = fresh.get(tabular.arrival) if tabular.arrival is not None else None
    return replace(tabular, relation=relation, visible=visible, order=order, ordinal=ordinal, arrival=arrival)


def table(scope: Scope, name: str, span: Span) -> Tabular:
    """A table of the catalog, or a stored function that takes nothing. Raises KQL100 with the nearest names."""
    environment = scope.environment
    shape = environment.catalog.shape(name, environment.target)
    if shape is not None:
        return _shape(scope, name, shape, span)
    stored = environment.function(name)
    if stored is not None:
        call = syntax.Call(name, (), span, span=span)
        outer = Scope(environment, stored.source, depth=scope.depth)
        return call_tabular_function(scope, stored.body, outer, call)
    error = environment.catalog.unknown(name, span)
    known = [n for n, b in scope.bindings.items() if not isinstance(b, ScalarLet)]
    hint = did_you_mean(name, known) or error.hint
    raise scope.error(error.code, error.message, span, hint=hint)


def _shape(scope: Scope, name: str, shape: Shape, span: Span) -> Tabular:
    if shape.is_kql or shape.raw is not None:
        from transpiler.semantics.stored import stored_table

        return stored_table(scope, name, shape, span)
    declared = _declared_by(scope, shape)
    columns = declared.columns
    time, arrival = declared.times.get(shape.time), declared.times.get(shape.ingestion_time)
    scan = Scan(
        columns=columns,
        origin=Origin(name, span, name, scope.source.line_of(span.start)),
        table=name,
        identifier=shape.identifier,
        physical=declared.physical,
        time_column=time,
        window=window_of(scope, time, arrival),
    )
    closed = Openness.OPEN if shape.table.open else Openness.CLOSED
    openness = Openness.INFERRED if shape.table.inferred else closed
    return Tabular(scan, columns, openness=openness, table_name=name, arrival=arrival)


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """The columns of a declaration, how each is stored, and those that hold instants, by name."""

    columns: tuple[Column, ...]
    physical: dict[Column, str | Physical]
    times: dict[str, Column]


def _declare(types: tuple[tuple[str, str], ...]) -> Declared:
    columns = declared_columns({c: TYPE_NAMES[t] for c, t in types})
    return Declared(columns, {c: c.name for c in columns}, {c.name: c for c in columns if c.type is Type.DATETIME})


_remembered = lru_cache(maxsize=1024)(_declare)
"""Packs of rules read the same wide tables again and again: making their columns was a tenth of a translation."""


def _declared_by(scope: Scope, shape: Shape) -> Declared:
    """The columns of a table. Trap: within one query a second use has columns of its own, or a join mixes its sides up."""
    types = tuple(shape.table.columns.items())
    found = _remembered(types)
    if found in scope.environment.declared:
        return _declare(types)
    scope.environment.declared.add(found)
    return found


def window_of(scope: Scope, time: Column | None, arrival: Column | None) -> tuple[Scalar, ...]:
    """The predicates that cut a table to ``[now - window, now)`` on its bare time column; none without a window or a time.

    By arrival, where the table tells it, the window is that of ingestion. The time then bounds the partitions that are
    read: Sentinel wants sources that deliver within twelve hours.
    """
    window = scope.environment.window
    if window is None:
        return ()
    if arrival is not None and scope.environment.by_arrival:
        bounds = _between(scope, time, window + LONGEST_DELAY, LONGEST_DELAY) if time is not None else ()
        return (*bounds, *_between(scope, arrival, window))
    return _between(scope, time, window) if time is not None else ()


def _between(scope: Scope, column: Column, back: timedelta, ahead: timedelta = timedelta()) -> tuple[Scalar, ...]:
    """``column >= now - back and column < now + ahead``."""
    start = binary(scope, "-", RunTime(), _length(back), NOWHERE)
    end = binary(scope, "+", RunTime(), _length(ahead), NOWHERE) if ahead else RunTime()
    value = ColumnRef(column)
    found = (binary(scope, ">=", value, start, NOWHERE), binary(scope, "<", value, end, NOWHERE))
    if scope.environment.moments is None:
        return found
    # Constants beside a window that moves: what is in none of the windows is left out where the table is read.
    first, last = scope.environment.moments
    earliest, latest = (Constant(Type.DATETIME, moment_ticks(m)) for m in (first - back, last + ahead))
    return (*found, binary(scope, ">=", value, earliest, NOWHERE), binary(scope, "<", value, latest, NOWHERE))


def _length(span: timedelta) -> Constant:
    return Constant(Type.TIMESPAN, length_ticks(span))


def declared_columns(types: dict[str, Type]) -> tuple[Column, ...]:
    """Columns of a declared table; one without a name, or that differs from an earlier one only by case, is in no warehouse."""
    if len({"", *map(str.lower, types)}) > len(types):  # as nearly every table is
        return tuple(map(Column, types, types.values()))
    seen = {""}
    columns = []
    for name, t in types.items():
        lowered = name.lower()
        columns.append(Column(name, t, True, lowered in seen))
        seen.add(lowered)
    return tuple(columns)


# Operators that may begin a pipeline.
_FIRST = (syntax.Print, syntax.Range, syntax.Search, syntax.Find, syntax.Union, syntax.Evaluate, syntax.MacroExpand)


@binds_source(syntax.Pipeline)
def _pipeline(scope: Scope, node: syntax.Pipeline) -> Tabular:
    scope = scope.at_pipeline()
    tabular = bind_source(scope, node.source) if node.source is not None else None
    return bind_operators(scope, tabular, node.operators)


def bind_operators(scope: Scope, tabular: Tabular | None, operators: tuple[syntax.Operator, ...]) -> Tabular:
    """Operators one after another. ``as`` names what follows, so the scope may grow."""
    for operator in operators:
        if tabular is None and not isinstance(operator, _FIRST):
            raise scope.error("KQL003", f"'{operator.keyword}' has no table before it", operator.span)
        tabular = bind_operator(scope, tabular, operator)
        if isinstance(operator, syntax.As):
            scope = scope.bind(operator.name, TabularLet(operator.name, tabular))
    assert tabular is not None
    return tabular


@binds_source(syntax.DataTable)
def _datatable(scope: Scope, node: syntax.DataTable) -> Tabular:
    types = [TYPE_NAMES[c.type_name] for c in node.columns]
    if not types or len(node.values) % len(types):
        raise scope.error("KQL104", f"{len(node.values)} values do not fill rows of {len(types)} columns", node.span)
    names = [c.name for c in node.columns]
    if len(set(names)) != len(names):
        raise scope.error("KQL101", "a column is declared twice", node.span)
    values = [_cell(scope, v, types[i % len(types)]) for i, v in enumerate(node.values)]
    rows = [tuple(values[i : i + len(types)]) for i in range(0, len(values), len(types))]
    columns = tuple(
        Column(
            c.name,
            t,
            any(r[i].nullable and t is not Type.STRING for r in rows),
            is_number=not any(may_be_nan(r[i]) for r in rows),
            among=_written([r[i] for r in rows]),
        )
        for i, (c, t) in enumerate(zip(node.columns, types, strict=True))
    )
    origin = origin_of(scope, node, "datatable")
    ordinal = Column("row_order", Type.LONG, False)
    numbered = tuple((*row, Constant(Type.LONG, n)) for n, row in enumerate(rows, 1))
    relation = Values(columns=(*columns, ordinal), origin=origin, rows=numbered)
    return Tabular(relation, columns, ordinal=OrderKey.ascending(ColumnRef(ordinal)))


def _written(cells: list[Scalar]) -> tuple[Constant, ...]:
    """The different constants of a column; none where one is computed, or where they are many."""
    found = {c.value: c for c in cells if isinstance(c, Constant)}
    return tuple(found.values()) if len(found) <= _MOST_WRITTEN and all(isinstance(c, Constant) for c in cells) else ()


def _cell(scope: Scope, node: syntax.Expr, wanted: Type) -> Scalar:
    scalar = bind_scalar(scope.without_row(), node)
    if scalar.type is wanted:
        return scalar
    if isinstance(scalar, Constant) and scalar.value is None:
        return Constant(wanted, None, node.span)
    return converted(scope, scalar, wanted)


@binds_source(syntax.Call)
def _call(scope: Scope, node: syntax.Call) -> Tabular:
    binding = scope.bindings.get(node.name)
    if isinstance(binding, FunctionLet):
        return call_tabular_function(scope, binding.body, binding.scope, node)
    if isinstance(binding, TabularLet):
        raise scope.error(
            "KQL104", f"'{node.name}' is a table, no function", node.span, hint=f"without brackets: {node.name}"
        )
    if node.name == "materialize" and len(node.arguments) == 1:
        kept = bind_source(scope.without_row(), node.arguments[0])
        scope.environment.fix(kept.relation)
        return kept
    if node.name == "table" and len(node.arguments) >= 1:
        name = bind_scalar(scope, node.arguments[0])
        if isinstance(name, Constant):
            return _name(scope, syntax.Name(str(name.value), span=node.span))
        raise scope.error("KQL104", "table() takes a constant name", node.span)
    return _stored_call(scope, node)


def _stored_call(scope: Scope, node: syntax.Call) -> Tabular:
    from transpiler.semantics.lookups import external_table

    if (found := external_table(scope, node)) is not None:
        return found
    stored = scope.environment.function(node.name)
    if stored is not None:
        outer = Scope(scope.environment, stored.source, depth=scope.depth)
        return call_tabular_function(scope, stored.body, outer, node)
    if not node.arguments and scope.environment.has_table(node.name):
        return table(scope, node.name, node.span)
    if node.base is not None:
        raise scope.error("KQL200", "tables of another database or cluster are not translated", node.span)
    known = FUNCTIONS.find(node.name)
    if known is not None and known.refusal:
        raise scope.error("KQL201", f"{node.name} is not translated: {known.refusal}", node.span, hint=known.hint)
    error = scope.environment.catalog.unknown(node.name, node.name_span)
    raise scope.error(error.code, error.message, node.name_span, hint=error.hint)


@binds_source(syntax.Member)
def _member(scope: Scope, node: syntax.Member) -> Tabular:
    """``database("d").T`` and ``workspace("w").T`` are refused: which table of the catalog is meant is not for us to guess."""
    raise scope.error(
        "KQL200",
        f"'{node.name}' lies in another database, cluster or workspace",
        node.span,
        hint="declare it as a table of its own and name it without its database",
    )


def is_tabular_call(scope: Scope, node: syntax.Call) -> bool:
    """Whether a call yields a table: a tabular let or stored function, materialize, _GetWatchlist …"""
    from transpiler.semantics.lookups import EXTERNAL_FUNCTIONS

    binding = scope.bindings.get(node.name)
    if isinstance(binding, TabularLet):
        return True
    if isinstance(binding, FunctionLet):
        return _ends_in_table(binding.scope, binding.body)
    if node.name in _TABULAR_FUNCTIONS or node.name in EXTERNAL_FUNCTIONS:
        return True
    stored = scope.environment.function(node.name)
    if stored is not None:
        return _ends_in_table(Scope(scope.environment, stored.source), stored.body)
    return scope.environment.has_table(node.name)


def is_table(scope: Scope, node: syntax.Node) -> bool:
    """Whether an expression is a table (else it is a scalar)."""
    match node:
        case syntax.Pipeline() | syntax.DataTable() | syntax.ExternalData():
            return True
        case syntax.Name():
            binding = scope.bindings.get(node.name)
            if isinstance(binding, FunctionLet):
                return _ends_in_table(binding.scope, binding.body)
            return isinstance(binding, TabularLet) or (binding is None and _is_stored(scope, node.name))
        case syntax.Call():
            return is_tabular_call(scope, node)
        case syntax.Member():
            return isinstance(node.base, syntax.Call) and node.base.name in (
                "database",
                "workspace",
                "cluster",
                "app",
                "adx",
            )
        case _:
            return False


def _is_stored(scope: Scope, name: str) -> bool:
    if scope.environment.has_table(name):
        return True
    stored = scope.environment.function(name)
    return stored is not None and _ends_in_table(Scope(scope.environment, stored.source), stored.body)


def _ends_in_table(scope: Scope, body: syntax.FunctionBody) -> bool:
    """Whether a function's last expression is a table; names are looked up among its own lets and parameters first."""
    last = body.statements[-1] if body.statements else None
    if not isinstance(last, syntax.QueryStatement):
        return False
    local: dict[str, bool] = {p.name: p.columns is not None or p.open for p in body.parameters}
    for statement in body.statements:
        if isinstance(statement, syntax.Let):
            value = statement.value
            if isinstance(value, syntax.FunctionBody):
                local[statement.name] = _ends_in_table(scope, value)
            else:
                local[statement.name] = _looks_tabular(scope, value, local)
    return _looks_tabular(scope, last.value, local)


def _looks_tabular(scope: Scope, value: syntax.Expr, local: dict[str, bool]) -> bool:
    name = value.name if isinstance(value, syntax.Name | syntax.Call) else None
    return local[name] if name in local else is_table(scope, value)
