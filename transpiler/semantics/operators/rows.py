"""Operators that choose or order rows: where, sort, top, take, count, as, and those that change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.relations import Aggregate, AggregateCall, Filter, Limit, OrderKey, Origin, Project
from transpiler.plan.scalars import Column, ColumnRef, Scalar, is_windowed
from transpiler.semantics.dispatch import bind_scalar, bind_whole, binds_operator
from transpiler.semantics.operators.choosing import chosen
from transpiler.semantics.operators.parameters import word
from transpiler.semantics.scalars.calls import call_function
from transpiler.semantics.scalars.expressions import bind_predicate, connect
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import column_for, origin_of, over, project, unordered
from transpiler.semantics.windowing import staged
from transpiler.types import ORDERABLE, Type


@binds_operator(syntax.Where)
def _where(scope: Scope, tabular: Tabular, node: syntax.Where) -> Tabular:
    predicate = bind_predicate(scope.over(tabular), node.predicate)
    if is_windowed(predicate):
        return kept_by_window(tabular, predicate, origin_of(scope, node, "where"))
    origin = origin_of(scope, node, "where")
    relation, remaining = chosen(scope, tabular.relation, predicate, origin)
    if remaining:
        test = predicate if relation is tabular.relation else connect(scope, "and", remaining, node.span)
        relation = Filter(columns=relation.columns, origin=origin, input=relation, predicate=test)
    return over(tabular, relation)


def kept_by_window(tabular: Tabular, predicate: Scalar, origin: Origin) -> Tabular:
    """The rows for which a test with window functions is true. SQL has none in WHERE: the test becomes a column first."""
    test = Column("where_test", Type.BOOL, predicate.nullable)
    before, visible = tabular, tabular.visible
    tabular, computed = staged(tabular, {test: predicate})
    if tabular is not before and not is_windowed(computed[test]):
        kept = Filter(columns=tabular.relation.columns, origin=origin, input=tabular.relation, predicate=computed[test])
        return over(tabular, kept, visible)
    columns = (*tabular.relation.columns, *computed)
    tested = Project(columns=columns, origin=origin, input=tabular.relation, computed=computed)
    kept = Filter(columns=columns, origin=origin.without_text, input=tested, predicate=ColumnRef(test))
    return project(over(tabular, kept), tabular.visible, {}, origin.without_text)


@binds_operator(syntax.Sort)
def _sort(scope: Scope, tabular: Tabular, node: syntax.Sort) -> Tabular:
    return sorted_by(scope, tabular, node.keys, node)


def sorted_by(scope: Scope, tabular: Tabular, keys: Sequence[syntax.OrderBy], node: syntax.OperatorNode) -> Tabular:
    """The same rows in an order. A key that is no column becomes a hidden one, so that later stages may drop what it reads."""
    bound = [order_key(scope.over(tabular), k) for k in keys]
    tabular = replace(tabular, serialized=True)
    computed: dict[Column, Scalar] = {}
    order = []
    for key in bound:
        if isinstance(key.value, ColumnRef):
            order.append(key)
            continue
        column = column_for("sort_key", key.value)
        computed[column] = key.value
        order.append(replace(key, value=ColumnRef(column)))
    if computed:
        origin = origin_of(scope, node, "sort")
        tabular, computed = staged(tabular, computed)
        columns = (*tabular.relation.columns, *computed)
        relation = Project(columns=columns, origin=origin, input=tabular.relation, computed=computed)
        tabular = over(tabular, relation)
    return replace(tabular, order=tuple(order), ordinal=None)


def order_key(scope: Scope, key: syntax.OrderBy) -> OrderKey:
    """One sort key: descending unless said otherwise; nulls last when descending, first when ascending."""
    value = bind_scalar(scope, key.value)
    if value.type is Type.DYNAMIC:
        raise scope.error(
            "KQL105", "a dynamic value cannot be sorted by", key.value.span, hint="convert it: tostring(…), tolong(…)"
        )
    if value.type not in ORDERABLE and value.type is not Type.UNKNOWN:
        raise scope.error("KQL105", f"a {value.type} cannot be sorted by", key.value.span)
    descending = key.descending is not False
    nulls_first = key.nulls_first if key.nulls_first is not None else not descending
    return OrderKey(value, descending, nulls_first)


@binds_operator(syntax.Top)
def _top(scope: Scope, tabular: Tabular, node: syntax.Top) -> Tabular:
    count = bind_whole(scope, node.count, "the number of rows")
    ordered = sorted_by(scope, tabular, node.keys, node)
    return limited(scope, ordered, count, ordered.order, node, "top")


@binds_operator(syntax.Take)
def _take(scope: Scope, tabular: Tabular, node: syntax.Take) -> Tabular:
    return limited(scope, tabular, bind_whole(scope, node.count, "the number of rows"), tabular.order, node, "take")


def limited(
    scope: Scope, tabular: Tabular, count: int, order: tuple[OrderKey, ...], node: syntax.Node, keyword: str
) -> Tabular:
    """The first rows by an order; none by a negative count."""
    relation = Limit(
        columns=tabular.relation.columns,
        origin=origin_of(scope, node, keyword),
        input=tabular.relation,
        count=max(count, 0),
        order=order,
    )
    return over(tabular, relation)


@binds_operator(syntax.Count)
def _count(scope: Scope, tabular: Tabular, node: syntax.Count) -> Tabular:
    column = Column(node.name or "Count", Type.LONG, False)
    call = call_function(scope, "count", [], node.span, aggregate=True)
    relation = Aggregate(
        columns=(column,),
        origin=origin_of(scope, node, "count"),
        input=tabular.relation,
        keys={},
        aggregates=(AggregateCall(columns=(column,), call=call),),
    )
    return unordered(relation, (column,))


@binds_operator(syntax.As)
def _as(scope: Scope, tabular: Tabular, node: syntax.As) -> Tabular:
    if word(node, "hint.materialized").lower() == "true":
        scope.environment.fix(tabular.relation)
    return replace(tabular, table_name=node.name, alias=node.name)


@binds_operator(syntax.Consume)
def _consume(scope: Scope, tabular: Tabular, node: syntax.Consume) -> Tabular:
    raise scope.error(
        "KQL202", "consume shows no rows and no columns, so that there is nothing to select", node.span, hint="count"
    )


@binds_operator(syntax.Render, syntax.ExecuteAndCache)
def _unchanged(scope: Scope, tabular: Tabular, node: syntax.OperatorNode) -> Tabular:
    return tabular


@binds_operator(syntax.Sample, syntax.SampleDistinct)
def _sample(scope: Scope, tabular: Tabular, node: syntax.OperatorNode) -> Tabular:
    raise scope.error(
        "KQL202",
        f"{node.keyword} chooses rows at random, so no translation gives the same rows",
        node.span,
        hint="take gives any rows",
    )


@binds_operator(
    syntax.Facet, syntax.Fork, syntax.Reduce, syntax.GraphOperator, syntax.MacroExpand, syntax.AssertSchema
)  # fmt: skip
def _refused(scope: Scope, tabular: Tabular | None, node: syntax.OperatorNode) -> Tabular:
    reasons = {
        "facet": "it yields several tables",
        "fork": "it yields several tables",
        "assert-schema": "how strictly it compares columns is not documented",
        "reduce": "its clustering is Kusto's own",
    }
    reason = reasons.get(node.keyword, "the warehouse has no counterpart")
    raise scope.error("KQL200", f"the operator '{node.keyword}' is not translated: {reason}", node.span)
