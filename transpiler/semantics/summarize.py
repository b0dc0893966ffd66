"""summarize and distinct: keys, aggregates, and expressions over aggregates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.relations import Aggregate, AggregateCall, Origin
from transpiler.plan.scalars import Column, ColumnRef, Scalar
from transpiler.semantics.columns import matching, named_scalars, output_columns
from transpiler.semantics.dispatch import bind_scalar, binds_operator
from transpiler.semantics.names import UniqueNames, call_name, result_name
from transpiler.semantics.scope import Aggregation, Scope, Tabular
from transpiler.semantics.shaping import column_for, origin_of, project, unordered
from transpiler.types import Type


@binds_operator(syntax.Summarize)
def _summarize(scope: Scope, tabular: Tabular, node: syntax.Summarize) -> Tabular:
    row = scope.over(tabular)
    names = UniqueNames()
    keys = bind_keys(row, node.by, names)
    items = [i for a in node.aggregates for i in bind_aggregate_item(row, tabular, a, keys, names)]
    calls = tuple(c for item in items for c in item.calls)
    computed_keys = keys
    columns = (*computed_keys, *(c for call in calls for c in call.columns))
    if not columns:
        raise scope.error("KQL105", "summarize computes nothing", node.span)
    origin = origin_of(scope, node, "summarize")
    relation = Aggregate(columns=columns, origin=origin, input=tabular.relation, keys=computed_keys, aggregates=calls)
    result = unordered(relation, columns)
    if all(item.is_bare for item in items):
        return result
    visible: list[Column] = list(computed_keys)
    computed: dict[Column, Scalar] = {}
    for item in items:
        for column, scalar in item.outputs:
            visible.append(column)
            if not (isinstance(scalar, ColumnRef) and scalar.column is column):
                computed[column] = scalar
    return project(result, visible, computed, Origin("summarize", origin.span, "", origin.line))


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
            if explicit and name is not None and not names.take(name):
                raise row.error("KQL101", f"a column named '{name}' is given twice", item.span)
            final = name if explicit and name else names.unique(name) if name else names.unnamed()
            nullable = scalar.nullable and scalar.type is not Type.STRING
            keys[Column(final, scalar.type, nullable)] = scalar
    return keys


class AggregateItem:
    """One item of summarize: its aggregates, and the outputs computed over them."""

    def __init__(self, calls: list[AggregateCall], outputs: list[tuple[Column, Scalar]]) -> None:
        self.calls = calls
        self.outputs = outputs

    @property
    def is_bare(self) -> bool:
        """Whether the outputs are just the aggregates' columns."""
        columns = [c for call in self.calls for c in call.columns]
        return [c for c, _ in self.outputs] == columns


def bind_aggregate_item(
    row: Scope, tabular: Tabular, item: syntax.Expr, keys: dict[Column, Scalar], names: UniqueNames
) -> list[AggregateItem]:
    """An aggregate, or an expression over aggregates, as named columns."""
    written = item.names if isinstance(item, syntax.NamedExpression) else ()
    value = item.value if isinstance(item, syntax.NamedExpression) else item
    for name in written:
        if name and not names.take(name):
            raise row.error("KQL101", f"a column named '{name}' is given twice", item.span)
    if isinstance(value, syntax.Call) and _is_aggregate(row, value):
        from transpiler.semantics.aggregates import bind_aggregate

        call = bind_aggregate(row, value, tuple(c.name for c in keys))
        columns = [_renamed(c, written[i] if i < len(written) else None, names) for i, c in enumerate(call.columns)]
        named = replace(call, columns=tuple(columns))
        return [AggregateItem([named], [(c, ColumnRef(c)) for c in columns])]
    aggregation = Aggregation()
    scalar = bind_scalar(replace(row, aggregation=aggregation), value)
    calls = [
        replace(c, columns=tuple(Column(f"{x.name}", x.type, x.nullable) for x in c.columns)) for c in aggregation.calls
    ]
    moved = {
        old: new
        for a, b in zip(aggregation.calls, calls, strict=True)
        for old, new in zip(a.columns, b.columns, strict=True)
    }
    scalar = _substituted(scalar, moved)
    name = (written[0] if written else None) or _item_name(value)
    final = written[0] if written else names.unique(name) if name else names.unnamed()
    return [AggregateItem(calls, [(column_for(final, scalar), scalar)])]


def _item_name(value: syntax.Expr) -> str | None:
    """``round(avg(x), 2)`` is named as its first argument is: ``avg_x``."""
    from transpiler.functions.registry import FUNCTIONS, Naming

    if isinstance(value, syntax.Call):
        function = FUNCTIONS.find(value.name)
        if function is not None and function.naming is Naming.FIRST and value.arguments:
            inner = value.arguments[0]
            if isinstance(inner, syntax.Call) and (a := FUNCTIONS.find(inner.name, aggregate=True)) is not None:
                return call_name(a, inner)
    return result_name(value)


def _is_aggregate(scope: Scope, call: syntax.Call) -> bool:
    from transpiler.functions.registry import FUNCTIONS

    return call.name not in scope.bindings and FUNCTIONS.find(call.name, aggregate=True) is not None


def _renamed(column: Column, written: str | None, names: UniqueNames) -> Column:
    return Column(written or names.unique(column.name), column.type, column.nullable)


def _substituted(scalar: Scalar, moved: dict[Column, Column]) -> Scalar:
    """The scalar with some columns replaced by others."""
    from transpiler.plan.scalars import Call, InRelation, Path

    match scalar:
        case ColumnRef():
            return ColumnRef(moved.get(scalar.column, scalar.column), scalar.span)
        case Call():
            return replace(scalar, arguments=tuple(_substituted(a, moved) for a in scalar.arguments))
        case Path():
            steps = tuple(s if isinstance(s, str | int) else _substituted(s, moved) for s in scalar.steps)
            return replace(scalar, base=_substituted(scalar.base, moved), steps=steps)
        case InRelation():
            return replace(scalar, value=_substituted(scalar.value, moved))
        case _:
            return scalar


@binds_operator(syntax.Distinct)
def _distinct(scope: Scope, tabular: Tabular, node: syntax.Distinct) -> Tabular:
    row = scope.over(tabular)
    items: list[tuple[str | None, bool, Scalar]] = []
    for item in node.columns:
        if isinstance(item, syntax.Star | syntax.NamePattern):
            items += [(c.name, True, ColumnRef(c, item.span)) for c in matching(scope, tabular, [item])]
        else:
            items += named_scalars(row, item)
    if any(s.type is Type.DYNAMIC for _, _, s in items):
        raise scope.error(
            "KQL105", "a dynamic value cannot be made distinct", node.span, hint="convert it: tostring(…)"
        )
    columns, computed = output_columns(scope, items, node)
    keys = {
        Column(c.name, c.type, c.nullable and c.type is not Type.STRING): computed.get(c, ColumnRef(c)) for c in columns
    }
    relation = Aggregate(
        columns=tuple(keys), origin=origin_of(scope, node, "distinct"), input=tabular.relation, keys=keys, aggregates=()
    )
    return unordered(relation, tuple(keys))
