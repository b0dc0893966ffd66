"""summarize and distinct: keys, aggregates, and expressions over aggregates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from transpiler.functions.registry import FUNCTIONS
from transpiler.kql import syntax
from transpiler.plan.relations import Aggregate, AggregateCall, FirstPerGroup, OrderKey, Origin
from transpiler.plan.scalars import Column, ColumnRef, Scalar, columns_of
from transpiler.plan.ticks import ticks_beyond
from transpiler.semantics.dispatch import bind_scalar, binds_operator
from transpiler.semantics.names import UniqueNames, result_name, sorted_name
from transpiler.semantics.operators.columns import final_name, matching, named_scalars, output_columns
from transpiler.semantics.scalars.aggregates import BoundAggregate, bind_aggregate
from transpiler.semantics.scalars.calls import call_function
from transpiler.semantics.scope import Aggregation, Openness, Scope, Tabular, check_whole
from transpiler.semantics.shaping import column_for, origin_of, project, unordered
from transpiler.semantics.windowing import computed_before
from transpiler.types import Type


@binds_operator(syntax.Summarize)
def _summarize(scope: Scope, tabular: Tabular, node: syntax.Summarize) -> Tabular:
    if node.legacy_bin is not None:
        raise scope.error("KQL200", "'bin=' of summarize is not translated", node.span, hint="by bin(column, size)")
    row = scope.over(tabular)
    names = UniqueNames()
    keys = bind_keys(row, node.by, names)
    items = [bind_aggregate_item(row, a, keys, names) for a in node.aggregates]
    if not keys and not items:
        raise scope.error("KQL105", "summarize computes nothing", node.span)
    if not keys and not any(item.calls for item in items):
        items.append(_row_count(scope, node))
    origin = origin_of(scope, node, "summarize")
    tabular, keys, items = without_windows(tabular, keys, items)
    openness = tabular.openness.asked_whole() if _takes_all(node.aggregates) else Openness.CLOSED
    if len(items) == 1 and is_whole_row(items[0], keys):
        return replace(first_rows(tabular, keys, items[0], origin), openness=openness)
    return replace(_aggregated(tabular, keys, items, origin), openness=openness)


def _takes_all(aggregates: Iterable[syntax.Expr]) -> bool:
    """Whether an aggregate returns every column of a row: ``arg_max(t, *)``."""
    calls = (a.value if isinstance(a, syntax.NamedExpression) else a for a in aggregates)
    return any(isinstance(b, syntax.Star) for a in calls if isinstance(a, syntax.Call) for b in a.arguments)


def _row_count(scope: Scope, node: syntax.Summarize) -> AggregateItem:
    """An aggregate that nobody sees: constants alone (``summarize v = 5``) are one row, however many there were."""
    call = call_function(scope, "count", [], node.span, aggregate=True)
    return AggregateItem((AggregateCall(columns=(Column("count_", Type.LONG, False),), call=call),), ())


def without_windows(
    tabular: Tabular, keys: dict[Column, Scalar], items: list[AggregateItem]
) -> tuple[Tabular, dict[Column, Scalar], list[AggregateItem]]:
    """Window functions among the keys and the aggregates' arguments are computed before: SQL has none within an aggregate."""
    calls = [c for item in items for c in item.calls]
    scalars = [*keys.values(), *(a for c in calls for a in c.call.arguments)]
    before, found = computed_before(tabular, scalars)
    if not found:
        return tabular, keys, items

    def moved(call: AggregateCall) -> AggregateCall:
        arguments = tuple(found.get(id(a), a) for a in call.call.arguments)
        return replace(call, call=replace(call.call, arguments=arguments))

    keys = {c: found.get(id(s), s) for c, s in keys.items()}
    return before, keys, [replace(i, calls=tuple(moved(c) for c in i.calls)) for i in items]


def aggregated(tabular: Tabular, keys: dict[Column, Scalar], items: Sequence[AggregateItem], origin: Origin) -> Tabular:
    """As ``_aggregated``, window functions among the keys and arguments being computed before."""
    return _aggregated(*without_windows(tabular, keys, list(items)), origin)


def _aggregated(
    tabular: Tabular, keys: dict[Column, Scalar], items: Sequence[AggregateItem], origin: Origin
) -> Tabular:
    """The Aggregate of bound items, and a Project where their outputs are more than the aggregates' columns."""
    calls = tuple(c for item in items for c in item.calls)
    columns = (*keys, *(c for call in calls for c in call.columns))
    relation = Aggregate(columns=columns, origin=origin, input=tabular.relation, keys=keys, aggregates=calls)
    result = unordered(relation, columns)
    if all(item.is_bare for item in items):
        return result
    visible: list[Column] = list(keys)
    computed: dict[Column, Scalar] = {}
    for item in items:
        for column, scalar in item.outputs:
            visible.append(column)
            if not (isinstance(scalar, ColumnRef) and scalar.column is column):
                computed[column] = scalar
    return project(result, visible, computed, Origin("summarize", origin.span, "", origin.line))


# From here on whole rows are numbered within their group; below, each value is taken from a STRUCT of them.
_MANY_VALUES = 5


def is_whole_row(item: AggregateItem, keys: dict[Column, Scalar]) -> bool:
    """Whether an item takes so many values of one row (``arg_max(t, *)``) that the row itself is better chosen."""
    if not item.calls or not item.is_bare or not keys:
        return False
    call = item.calls[0].call
    if call.overload.name not in ("arg_max", "arg_min", "take_any"):
        return False
    inexact = any(s.type is Type.REAL for s in (*keys.values(), call.arguments[0]))
    return len(call.arguments) >= _MANY_VALUES and not inexact


def first_rows(tabular: Tabular, keys: dict[Column, Scalar], item: AggregateItem, origin: Origin) -> Tabular:
    """``summarize arg_max(t, *) by k``: the first row of each group by t, nulls last."""
    aggregate = item.calls[0]
    name, extreme = aggregate.call.overload.name, aggregate.call.arguments[0]
    order = () if name == "take_any" else (OrderKey(extreme, name == "arg_max", False),)
    relation = tabular.relation
    first = FirstPerGroup(
        columns=relation.columns, origin=origin, input=relation, keys=tuple(keys.values()), order=order
    )
    computed = {column_for(c.name, s): s for c, s in keys.items()}
    computed |= {column_for(c.name, s): s for c, s in zip(aggregate.columns, aggregate.call.arguments, strict=True)}
    kept: dict[Column, Scalar] = {}
    visible: list[Column] = []
    for column, scalar in computed.items():
        if isinstance(scalar, ColumnRef) and scalar.column.name == column.name and scalar.column not in visible:
            visible.append(scalar.column)
        else:
            visible.append(column)
            kept[column] = scalar
    return project(unordered(first, relation.columns), visible, kept, origin.without_text)


def bind_keys(row: Scope, by: Sequence[syntax.Expr], names: UniqueNames) -> dict[Column, Scalar]:
    """The grouping keys as columns. Raises KqlError for a dynamic key."""
    keys: dict[Column, Scalar] = {}
    for item in by:
        for name, explicit, scalar in named_scalars(row, item):
            if scalar.type is Type.DYNAMIC:
                raise row.error(
                    "KQL105",
                    "a dynamic value cannot be grouped by",
                    item.span,
                    hint="convert it: tostring(…), tolong(…)",
                )
            final = final_name(row, names, (name, explicit, scalar), item.span)
            nullable = scalar.nullable and scalar.type is not Type.STRING
            keys[Column(final, scalar.type, nullable, is_end=ticks_beyond(scalar) > 0)] = scalar
    return keys


@dataclass(frozen=True, slots=True)
class AggregateItem:
    """One item of summarize: its aggregates, and the outputs computed over them."""

    calls: tuple[AggregateCall, ...]
    outputs: tuple[tuple[Column, Scalar], ...]

    @property
    def is_bare(self) -> bool:
        """Whether the outputs are just the aggregates' columns."""
        columns = [c for call in self.calls for c in call.columns]
        return [c for c, _ in self.outputs] == columns


def bind_aggregate_item(row: Scope, item: syntax.Expr, keys: dict[Column, Scalar], names: UniqueNames) -> AggregateItem:
    """An aggregate, or an expression over aggregates, as named columns."""
    written = item.names if isinstance(item, syntax.NamedExpression) else ()
    value = item.value if isinstance(item, syntax.NamedExpression) else item
    finals = [names.declare(name) if name else "" for name in written]
    for name, final in zip(written, finals, strict=True):
        if final is None:
            raise row.error("KQL101", f"a column named '{name}' is given twice", item.span)
    written = tuple(final or "" for final in finals)
    if isinstance(value, syntax.Call) and _is_aggregate(row, value):
        return _renamed(row, bind_aggregate(row, value, keys), written, item, names)
    aggregation = Aggregation(keys=keys)
    scalar = bind_scalar(replace(row, aggregation=aggregation), value)
    _check_aggregated(row, scalar, aggregation, value)
    default = result_name(value)
    if isinstance(value, syntax.Call) and value.name in ("array_sort_asc", "array_sort_desc"):
        default = sorted_name(value.arguments[0])
    final = written[0] if written else names.unique(default) if default else names.unnamed(row.environment)
    return AggregateItem(tuple(aggregation.calls), ((column_for(final, scalar), scalar),))


def _renamed(
    row: Scope, bound: BoundAggregate, written: Sequence[str], item: syntax.Expr, names: UniqueNames
) -> AggregateItem:
    """The aggregate with its final names: those written, the rest as the binder names them."""
    if len(written) > len(bound.outputs):
        raise row.error("KQL101", f"{len(written)} names are given for {len(bound.outputs)} columns", item.span)
    moved: dict[Column, Column] = {}
    outputs: list[tuple[Column, Scalar]] = []
    for position, (column, scalar) in enumerate(bound.outputs):
        name = written[position] if position < len(written) and written[position] else names.unique(column.name)
        new = Column(name, column.type, column.nullable, is_end=ticks_beyond(scalar) > 0)
        if isinstance(scalar, ColumnRef) and scalar.column is column:
            moved[column] = new
            scalar = ColumnRef(new, scalar.span)
        outputs.append((new, scalar))
    calls = [replace(call, columns=tuple(moved.get(c, c) for c in call.columns)) for call in bound.calls]
    return AggregateItem(tuple(calls), tuple(outputs))


def _check_aggregated(row: Scope, scalar: Scalar, aggregation: Aggregation, node: syntax.Expr) -> None:
    """A column that stands outside every aggregate has no single value in a group."""
    aggregated_columns = {c for call in aggregation.calls for c in call.columns}
    for column in columns_of(scalar) - aggregated_columns:
        raise row.error(
            "KQL105", f"column '{column.name}' stands outside the aggregates", node.span, hint="take_any(…), or by …"
        )


def _is_aggregate(scope: Scope, call: syntax.Call) -> bool:
    return call.name not in scope.bindings and FUNCTIONS.find(call.name, aggregate=True) is not None


@binds_operator(syntax.Distinct)
def _distinct(scope: Scope, tabular: Tabular, node: syntax.Distinct) -> Tabular:
    row = scope.over(tabular)
    items: list[tuple[str | None, bool, Scalar]] = []
    for item in node.columns:
        if isinstance(item, syntax.Star | syntax.NamePattern):
            check_whole(row, "distinct *", item.span)
            items += [(c.name, True, ColumnRef(c, item.span)) for c in matching(scope, tabular, [item])]
        else:
            items += named_scalars(row, item)
    if any(s.type is Type.DYNAMIC for _, _, s in items):
        raise scope.error(
            "KQL105", "a dynamic value cannot be made distinct", node.span, hint="convert it: tostring(…)"
        )
    columns, computed = output_columns(scope, items, node)
    keys = {
        replace(c, nullable=c.nullable and c.type is not Type.STRING, known=None): computed.get(c, ColumnRef(c))
        for c in columns
    }
    relation = Aggregate(
        columns=tuple(keys), origin=origin_of(scope, node, "distinct"), input=tabular.relation, keys=keys, aggregates=()
    )
    return unordered(relation, tuple(keys))
