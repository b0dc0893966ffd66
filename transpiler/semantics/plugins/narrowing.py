"""evaluate narrow: a row for each cell of a table, with the number of its row, the name of its column and its text.

Kusto writes values there as a display does, and not as tostring: ``True``, ``2017-03-14 10:59:18.9263023`` (the page of the
plugin; rows are numbered from 0). Of what the page does not show, other types are refused and a null stops the query.
"""

from __future__ import annotations

from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.relations import OrderKey
from transpiler.plan.scalars import Column, ColumnRef, Constant, Scalar, WindowCall
from transpiler.semantics.dispatch import binds_plugin
from transpiler.semantics.operators.expand import Item, expanded
from transpiler.semantics.scalars.calls import call_function, convert, make_call, overload_of
from transpiler.semantics.scalars.expressions import binary
from transpiler.semantics.scope import Scope, Tabular, check_whole
from transpiler.semantics.shaping import origin_of, project
from transpiler.semantics.windowing import order_of
from transpiler.types import Type

_SHOWN = frozenset({Type.STRING, Type.LONG, Type.INT, Type.BOOL, Type.DATETIME})


@binds_plugin("narrow")
def _narrow(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    if node.call.arguments:
        raise scope.error("KQL103", "narrow takes no arguments", node.span)
    check_whole(scope.over(tabular), "narrow", node.span)
    other = next((c for c in tabular.visible if c.type not in _SHOWN), None)
    if other is not None:
        reason = f"narrow writes values as a display does, and how that writes '{other.name}', a {other.type}, is not documented"
        raise scope.error("KQL201", reason, node.span, hint=f"extend {other.name} = tostring({other.name}) before it")
    order = order_of(scope, tabular, "narrow", node.span)
    number = WindowCall(overload_of("row_number"), (), Type.LONG, False, order, (), node.span)
    row = Column("Row", Type.LONG, False)
    first = Constant(Type.LONG, 1)
    computed = {row: binary(scope, "-", number, first, node.span)}
    numbered = project(tabular, (row, *tabular.visible), computed, origin_of(scope, node, "evaluate").without_text)
    key = OrderKey(ColumnRef(row), descending=False, nulls_first=True)
    return _cells(scope, replace(numbered, order=(key,), ordinal=None), row, node)


def _shown(scope: Scope, column: Column, node: syntax.Evaluate) -> Scalar:
    """A cell as a display writes it."""

    def call(name: str, *arguments: Scalar) -> Scalar:
        return call_function(scope, name, list(arguments), node.span)

    def number(value: int) -> Scalar:
        return Constant(Type.LONG, value)

    value = ColumnRef(column)
    if column.type is Type.STRING:
        return value
    text = convert(scope, value, Type.STRING)
    if column.type is Type.BOOL:
        words = (Constant(Type.STRING, "True"), Constant(Type.STRING, "False"))
        text = make_call(scope, overload_of("case"), (value, *words), node.span, Type.STRING)
    elif column.type is Type.DATETIME:  # 2017-03-14T10:59:18.9263023Z
        day, time = (call("substring", text, number(start), number(length)) for start, length in ((0, 10), (11, 16)))
        text = call("strcat", day, Constant(Type.STRING, " "), time)
    if not column.nullable:
        return text
    message = Constant(Type.STRING, "how narrow writes a null is not documented, and one is in the column")
    return call("value if", text, call("isnotnull", value), message, Constant(Type.STRING, column.name))


def _cells(scope: Scope, tabular: Tabular, row: Column, node: syntax.Evaluate) -> Tabular:
    """A row for each column but the first."""
    cells = [c for c in tabular.visible if c is not row]
    names = call_function(scope, "pack_array", [Constant(Type.STRING, c.name) for c in cells], node.span)
    values = call_function(scope, "pack_array", [_shown(scope, c, node) for c in cells], node.span)
    items = [Item("Column", names, Type.STRING, False), Item("Value", values, Type.STRING, False)]
    expansion = syntax.MvExpand(columns=(), keyword="mv-expand", span=node.span)
    result = expanded(scope, tabular, expansion, items, None, carried=(row,), is_indexed=True)
    by_name = {c.name: c for c in result.visible}
    return project(
        result, (row, by_name["Column"], by_name["Value"]), {}, origin_of(scope, node, "evaluate").without_text
    )
