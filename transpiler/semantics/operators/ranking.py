"""top-hitters: the values of a column that occur most often, or add up to most."""

from __future__ import annotations

from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.relations import OrderKey
from transpiler.plan.scalars import ColumnRef
from transpiler.semantics.dispatch import bind_scalar, bind_whole, binds_operator
from transpiler.semantics.names import UniqueNames, result_name
from transpiler.semantics.operators.rows import limited
from transpiler.semantics.operators.summarize import aggregated, bind_aggregate_item, bind_keys
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import origin_of
from transpiler.types import NUMBERS


@binds_operator(syntax.TopHitters)
def _top_hitters(scope: Scope, tabular: Tabular, node: syntax.TopHitters) -> Tabular:
    """Exact counts or sums; Kusto's are estimates of the same."""
    row = scope.over(tabular)
    if not isinstance(node.value, syntax.Name):
        raise scope.error(
            "KQL104", "top-hitters counts the values of a column", node.value.span, hint="extend computes one before"
        )
    if node.by is not None and (t := bind_scalar(row, node.by).type) not in NUMBERS:
        raise scope.error("KQL102", f"top-hitters adds up numbers, this is {t}", node.by.span)
    count = bind_whole(scope, node.count, "the number of values")
    names = UniqueNames()
    keys = bind_keys(row, (node.value,), names)
    function = "sum" if node.by is not None else "count"
    subject = node.by if node.by is not None else node.value
    arguments = (node.by,) if node.by is not None else ()
    name = f"approximate_{function}_{result_name(subject) or ''}"
    call = syntax.Call(function, arguments, node.span, span=node.span)
    item = bind_aggregate_item(row, syntax.NamedExpression((name,), call, span=node.span), keys, names)
    origin = origin_of(scope, node, "top-hitters")
    result = aggregated(tabular, keys, [item], origin)
    order = (OrderKey(ColumnRef(result.visible[-1]), True, False),)
    return replace(limited(scope, result, count, order, node, "top-hitters"), order=order, serialized=True)
