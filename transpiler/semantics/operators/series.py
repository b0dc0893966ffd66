"""make-series: a grid of axis values for each group, the aggregates where there are rows, defaults elsewhere, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from transpiler.kql import syntax
from transpiler.plan.relations import Aggregate, AggregateCall, Filter, Join, OrderKey, Origin, Relation, Series
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, Scalar, ScalarSubquery
from transpiler.plan.ticks import ticks_beyond, whole_microseconds
from transpiler.semantics.dispatch import bind_scalar, binds_operator
from transpiler.semantics.names import UniqueNames, result_name
from transpiler.semantics.operators.columns import is_column
from transpiler.semantics.operators.parameters import word
from transpiler.semantics.operators.summarize import AggregateItem, aggregated, bind_aggregate_item, bind_keys
from transpiler.semantics.scalars.aggregates import list_with_nulls
from transpiler.semantics.scalars.calls import call_function, convert, keeps_value, make_call, overload_of
from transpiler.semantics.scalars.expressions import binary, connect
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import origin_of, over, unordered
from transpiler.source import Span
from transpiler.types import INTEGERS, Type

_DAY = 864_000_000_000
# What an axis may hold, and the type of its steps.
_STEPS = {
    Type.LONG: Type.LONG,
    Type.INT: Type.LONG,
    Type.DATETIME: Type.TIMESPAN,
    Type.TIMESPAN: Type.TIMESPAN,
}
_WHOLE_DAYS = frozenset({"startofday", "startofweek", "startofmonth", "startofyear"})


@dataclass(frozen=True, slots=True)
class _Axis:
    """The axis: its value per row, its bounds (None where not written) and its step. ``stop`` is excluded unless ``is_closed``."""

    name: str
    is_declared: bool
    value: Scalar
    start: Scalar | None
    stop: Scalar | None
    step: Scalar
    is_closed: bool

    @property
    def type(self) -> Type:
        """The type of the grid's values."""
        return Type.LONG if self.value.type is Type.INT else self.value.type


@binds_operator(syntax.MakeSeries)
def _make_series(scope: Scope, tabular: Tabular, node: syntax.MakeSeries) -> Tabular:
    row = scope.over(tabular)
    names = UniqueNames()
    axis = _axis(row, node)
    keys = bind_keys(row, node.by, names)
    bucket = Column("axis_bin", axis.type, False)
    grouping = {**keys, bucket: _bin(row, axis, node)}
    items = [bind_aggregate_item(row, a.value, grouping, names) for a in node.aggregates]
    defaults = _defaults(scope, node, items)
    origin = origin_of(scope, node, "make-series")
    found = aggregated(_in_range(row, tabular, axis, origin), grouping, items, origin)
    grid = _grid(scope, found, axis, keys, bucket, origin, word(node, "kind") == "nonempty")
    name = names.declare(axis.name) if axis.is_declared else names.unique(axis.name)
    if name is None:
        raise scope.error("KQL101", f"a column named '{axis.name}' is given twice", node.axis.span)
    return _arrays(scope, grid, found, keys, bucket, defaults, name, node)


def _axis(row: Scope, node: syntax.MakeSeries) -> _Axis:
    written = node.axis.names[0] if isinstance(node.axis, syntax.NamedExpression) else None
    expression = node.axis.value if isinstance(node.axis, syntax.NamedExpression) else node.axis
    value = bind_scalar(row, expression)
    _check_axis(row, value, node.axis)
    outer = row.without_row()
    bounds = [
        None if e is None else _on_axis(row, bind_scalar(outer, e), value.type, e) for e in (node.start, node.stop)
    ]
    step = _on_axis(row, bind_scalar(outer, node.step), _STEPS[value.type], node.step)
    if isinstance(step, Constant) and (step.value is None or (isinstance(step.value, int) and step.value <= 0)):
        raise row.error("KQL104", "the step of a series is greater than zero", node.step.span)
    if node.in_range and not is_aligned(bounds[0], step):
        raise row.error(
            "KQL204",
            "in range(…) puts rows into bins of the step, which its start need not be one of",
            node.axis.span,
            hint="from … to … step … starts its bins at from",
        )
    if bounds[1] is not None and not ticks_beyond(value):
        bounds[1] = whole_microseconds(bounds[1], upward=not node.in_range)
    name = written or result_name(expression) or "Column1"
    is_declared = written is not None or is_column(name, value)
    return _Axis(name, is_declared, value, bounds[0], bounds[1], step, node.in_range)


def _check_axis(row: Scope, value: Scalar, node: syntax.Expr) -> None:
    if value.type in _STEPS:
        return
    if value.type is Type.REAL:
        reason = (
            "the points of an axis of reals are sums of its steps, whose last digits the bins of the rows need not have"
        )
        raise row.error("KQL204", reason, node.span, hint="toint(…) or tolong(…) of the axis, if its values are whole")
    if value.type is Type.DECIMAL:
        raise row.error("KQL204", "make-series over an axis of decimals is not translated", node.span)
    raise row.error("KQL102", f"the axis of a series is a number or a time, this is {value.type}", node.span)


def _on_axis(scope: Scope, scalar: Scalar, wanted: Type, node: syntax.Expr) -> Scalar:
    """A bound or a step, of the axis's own kind: Kusto converts none of them."""
    if scalar.type is wanted or {scalar.type, wanted} <= INTEGERS:
        return scalar
    raise scope.error("KQL102", f"the axis takes a {wanted} here, this is {scalar.type}", node.span)


def is_aligned(start: Scalar | None, step: Scalar) -> bool:
    """Whether a start is a bin of the step for certain: so many whole steps from a constant, a bin or the start of a day."""
    if not isinstance(step, Constant) or not isinstance(step.value, int) or step.value <= 0:
        return False
    while isinstance(start, Call) and start.overload.key in ("+ datetime", "- datetime", "+", "-"):
        start, shift = start.arguments
        if not isinstance(shift, Constant) or not isinstance(shift.value, int) or shift.value % step.value:
            return False
    if isinstance(start, Constant):
        return isinstance(start.value, int) and start.value % step.value == 0
    if not isinstance(start, Call):
        return False
    if start.overload.key in ("bin", "bin datetime"):
        size = start.arguments[1]
        return isinstance(size, Constant) and isinstance(size.value, int) and size.value % step.value == 0
    return start.overload.name in _WHOLE_DAYS and _DAY % step.value == 0


def _bin(row: Scope, axis: _Axis, node: syntax.MakeSeries) -> Scalar:
    if axis.start is None or axis.is_closed:
        return call_function(row, "bin", [axis.value, axis.step], node.axis.span)
    if axis.type is Type.LONG:
        # The bins begin at the start.
        offset = binary(row, "-", axis.value, axis.start, node.axis.span)
        return binary(row, "+", call_function(row, "bin", [offset, axis.step], node.span), axis.start, node.axis.span)
    return call_function(row, "bin_at", [axis.value, axis.step, axis.start], node.axis.span)


def _in_range(row: Scope, tabular: Tabular, axis: _Axis, origin: Origin) -> Tabular:
    """The rows on the axis; those without an axis value are in no series."""
    span = origin.span
    tests: list[Scalar] = []
    if axis.start is not None:
        tests.append(binary(row, ">=", axis.value, axis.start, span))
    if axis.stop is not None:
        tests.append(binary(row, "<=" if axis.is_closed else "<", axis.value, axis.stop, span))
    if not tests:
        tests.append(call_function(row, "isnotnull", [axis.value], span))
    relation = Filter(
        columns=tabular.relation.columns,
        origin=origin.without_text,
        input=tabular.relation,
        predicate=connect(row, "and", tests, span),
    )
    return over(tabular, relation)


def _defaults(scope: Scope, node: syntax.MakeSeries, items: Sequence[AggregateItem]) -> list[Scalar]:
    """What stands where there are no rows: as written, else 0."""
    found: list[Scalar] = []
    for written, item in zip(node.aggregates, items, strict=True):
        for column, _ in item.outputs:
            if column.type is Type.DYNAMIC:
                raise scope.error("KQL204", "make-series of dynamic values is not translated", written.span)
            found.append(_default(scope, written, column))
    return found


def _default(scope: Scope, written: syntax.MakeSeriesAggregate, column: Column) -> Scalar:
    if written.default is not None:
        given = bind_scalar(scope.without_row(), written.default)
        wanted = Type.LONG if column.type is Type.INT and given.type is Type.LONG else column.type
        if not keeps_value(given, wanted):
            reason = f"what the default, {given.type}, makes of a series of {column.type} is not documented"
            raise scope.error("KQL204", reason, given.span, hint=f"a default of type {column.type}")
        return convert(scope, given, wanted)
    zeros: dict[Type, str | float] = {Type.REAL: 0.0, Type.DECIMAL: "0", Type.STRING: ""}
    if column.type in (Type.DATETIME, Type.GUID, Type.BOOL):
        raise scope.error("KQL204", f"make-series of {column.type} values needs a default", written.span)
    return Constant(column.type, zeros.get(column.type, 0), written.span)


# ---------------------------------------------------------------- the grid


@dataclass(frozen=True, slots=True)
class _Grid:
    """A row for each group and axis value: the relation, its key columns (``one`` where there is no ``by``), its axis."""

    relation: Relation
    keys: tuple[Column, ...]
    axis: Column


def _bound(scope: Scope, found: Tabular, bucket: Column, word: str, origin: Origin) -> ScalarSubquery:
    """The first or last bin that has rows."""
    call = call_function(scope, word, [ColumnRef(bucket)], origin.span, aggregate=True)
    column = Column(f"{word}_bin", bucket.type, True)
    relation = Aggregate(
        columns=(column,),
        origin=origin.without_text,
        input=found.relation,
        keys={},
        aggregates=(AggregateCall(columns=(column,), call=call),),
    )
    return ScalarSubquery(relation, column, origin.span)


def _grid(
    scope: Scope,
    found: Tabular,
    axis: _Axis,
    keys: dict[Column, Scalar],
    bucket: Column,
    origin: Origin,
    nonempty: bool,
) -> _Grid:
    plain = origin.without_text
    start = axis.start or _bound(scope, found, bucket, "min", origin)
    stop = axis.stop or _bound(scope, found, bucket, "max", origin)
    value = Column("axis_value", axis.type, False)
    points: Relation = Series(
        columns=(value,), origin=replace(plain, keyword="axis"), start=start, stop=stop, step=axis.step
    )
    if axis.stop is not None and not axis.is_closed:
        before = binary(scope, "<", ColumnRef(value), axis.stop, origin.span)
        points = Filter(columns=(value,), origin=replace(plain, keyword="axis"), input=points, predicate=before)
    if nonempty and not keys:
        return _Grid(points, (), value)
    groups, group_keys, ends = _groups(scope, found, axis, tuple(keys), bucket, plain)
    joined, moved = _join("cross", groups, points, (), (*group_keys, *ends, value), plain)
    grid: Relation = joined
    if ends:
        tests = []
        if axis.start is None:
            tests.append(binary(scope, ">=", ColumnRef(moved[value]), ColumnRef(moved[ends[0]]), origin.span))
        if axis.stop is None:
            tests.append(binary(scope, "<=", ColumnRef(moved[value]), ColumnRef(moved[ends[-1]]), origin.span))
        grid = Filter(
            columns=grid.columns, origin=plain, input=grid, predicate=connect(scope, "and", tests, origin.span)
        )
    return _Grid(grid, tuple(moved[k] for k in group_keys), moved[value])


def _groups(
    scope: Scope, found: Tabular, axis: _Axis, keys: tuple[Column, ...], bucket: Column, origin: Origin
) -> tuple[Relation, tuple[Column, ...], tuple[Column, ...]]:
    """The groups that have rows; where a bound is not written, with their first and last bin."""
    computed: dict[Column, Scalar] = {Column(k.name, k.type, k.nullable): ColumnRef(k) for k in keys}
    if not keys:
        computed = {Column("one", Type.LONG, False): Constant(Type.LONG, 1)}
    words = [w for w, b in (("min", axis.start), ("max", axis.stop)) if b is None] if keys else []
    ends = []
    calls = []
    for word_ in words:
        call = call_function(scope, word_, [ColumnRef(bucket)], origin.span, aggregate=True)
        column = Column(f"{word_}_bin", bucket.type, False)
        ends.append(column)
        calls.append(AggregateCall(columns=(column,), call=call))
    relation = Aggregate(
        columns=(*computed, *ends), origin=origin, input=found.relation, keys=computed, aggregates=tuple(calls)
    )
    return relation, tuple(computed), tuple(ends)


def _join(
    kind: str,
    left: Relation,
    right: Relation,
    on: tuple[tuple[Scalar, Scalar], ...],
    columns: Sequence[Column],
    origin: Origin,
) -> tuple[Join, dict[Column, Column]]:
    """A join that yields some columns of both sides, and what each became."""
    padded = kind == "leftouter"
    moved = {c: Column(c.name, c.type, c.nullable or (padded and c in right.columns)) for c in columns}
    sources = {new: old for old, new in moved.items()}
    return Join(columns=tuple(sources), origin=origin, kind=kind, left=left, right=right, on=on, sources=sources), moved


def _arrays(
    scope: Scope,
    grid: _Grid,
    found: Tabular,
    keys: dict[Column, Scalar],
    bucket: Column,
    defaults: list[Scalar],
    axis_name: str,
    node: syntax.MakeSeries,
) -> Tabular:
    """Every group's values along the axis as arrays."""
    span = node.span
    origin = origin_of(scope, node, "make-series").without_text
    values = [c for c in found.visible if c not in keys and c is not bucket]
    pairs: list[tuple[Scalar, Scalar]] = [(ColumnRef(grid.axis), ColumnRef(bucket))]
    if keys:
        pairs = [(ColumnRef(a), ColumnRef(b)) for a, b in zip(grid.keys, keys, strict=True)] + pairs
    kept = (*grid.keys, grid.axis, bucket, *values)
    joined, moved = _join("leftouter", grid.relation, found.relation, tuple(pairs), kept, origin)
    order = (OrderKey.ascending(ColumnRef(moved[grid.axis])),)
    calls = []
    for column, default in zip(values, defaults, strict=True):
        value = _or_default(scope, ColumnRef(moved[column]), ColumnRef(moved[bucket]), default, span)
        calls.append(list_with_nulls(scope, column.name, value, order, span, has_rows=bool(grid.keys)))
    calls.append(list_with_nulls(scope, axis_name, ColumnRef(moved[grid.axis]), order, span, has_rows=bool(grid.keys)))
    computed: dict[Column, Scalar] = {Column(k.name, k.type, k.nullable): ColumnRef(moved[k]) for k in grid.keys}
    shown = (*(computed if keys else ()), *(c for call in calls for c in call.columns))
    relation = Aggregate(
        columns=(*computed, *(c for call in calls for c in call.columns)),
        origin=origin,
        input=joined,
        keys=computed,
        aggregates=tuple(calls),
    )
    return unordered(relation, shown)


def _or_default(scope: Scope, value: ColumnRef, bucket: ColumnRef, default: Scalar, span: Span) -> Scalar:
    """The value of a bin that has rows, null or not; else the default."""
    missing = call_function(scope, "isnull", [bucket], span)
    case = make_call(scope, overload_of("case"), (missing, default, value), span, value.type)
    return replace(case, nullable=value.nullable or default.nullable)
