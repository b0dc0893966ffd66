"""evaluate narrow: a row for each cell of a table, with the number of its row, the name of its column and its text.

Kusto writes booleans, times and nulls there as a display does (``True``, ``[null]``), and not as tostring; texts stand as
they are, so a table of texts alone is translated (the page of the plugin; rows are numbered from 0).
"""

from __future__ import annotations

from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.relations import OrderKey
from transpiler.plan.scalars import Column, ColumnRef, Constant, WindowCall
from transpiler.semantics.dispatch import binds_plugin
from transpiler.semantics.operators.expand import Item, expanded
from transpiler.semantics.scalars.calls import call_function, overload_of
from transpiler.semantics.scalars.expressions import binary
from transpiler.semantics.scope import Scope, Tabular, check_whole
from transpiler.semantics.shaping import origin_of, project
from transpiler.semantics.windowing import order_of
from transpiler.types import Type


@binds_plugin("narrow")
def _narrow(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    if node.call.arguments:
        raise scope.error("KQL103", "narrow takes no arguments", node.span)
    check_whole(scope.over(tabular), "narrow", node.span)
    other = next((c for c in tabular.visible if c.type is not Type.STRING), None)
    if other is not None:
        reason = f"narrow writes times and nulls as a display does: '{other.name}' is {other.type} and no text"
        raise scope.error("KQL201", reason, node.span, hint=f"extend {other.name} = tostring({other.name}) before it")
    order = order_of(scope, tabular, "narrow", node.span)
    number = WindowCall(overload_of("row_number"), (), Type.LONG, False, order, (), node.span)
    row = Column("Row", Type.LONG, False)
    first = Constant(Type.LONG, 1)
    computed = {row: binary(scope, "-", number, first, node.span)}
    numbered = project(tabular, (row, *tabular.visible), computed, origin_of(scope, node, "evaluate").without_text)
    key = OrderKey(ColumnRef(row), descending=False, nulls_first=True)
    return _cells(scope, replace(numbered, order=(key,), ordinal=None), row, node)


def _cells(scope: Scope, tabular: Tabular, row: Column, node: syntax.Evaluate) -> Tabular:
    """A row for each column but the first."""
    cells = [c for c in tabular.visible if c is not row]
    names = call_function(scope, "pack_array", [Constant(Type.STRING, c.name) for c in cells], node.span)
    values = call_function(scope, "pack_array", [ColumnRef(c) for c in cells], node.span)
    items = [Item("Column", names, Type.STRING, False), Item("Value", values, Type.STRING, False)]
    expansion = syntax.MvExpand(columns=(), keyword="mv-expand", span=node.span)
    result = expanded(scope, tabular, expansion, items, None, carried=(row,), is_indexed=True)
    by_name = {c.name: c for c in result.visible}
    return project(
        result, (row, by_name["Column"], by_name["Value"]), {}, origin_of(scope, node, "evaluate").without_text
    )
