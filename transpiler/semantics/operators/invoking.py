"""invoke and getschema: a function applied to the input, and the input's columns as rows."""

from __future__ import annotations

from transpiler.kql import syntax
from transpiler.plan.relations import Values
from transpiler.plan.scalars import Column, Constant
from transpiler.semantics.dispatch import binds_operator
from transpiler.semantics.invocation import call_tabular_function
from transpiler.semantics.scope import FunctionLet, Scope, Tabular, check_whole, did_you_mean
from transpiler.semantics.shaping import origin_of, unordered
from transpiler.types import Type

_CLR = {
    Type.BOOL: "System.SByte",
    Type.INT: "System.Int32",
    Type.LONG: "System.Int64",
    Type.REAL: "System.Double",
    Type.DECIMAL: "System.Data.SqlTypes.SqlDecimal",
    Type.STRING: "System.String",
    Type.DATETIME: "System.DateTime",
    Type.TIMESPAN: "System.TimeSpan",
    Type.GUID: "System.Guid",
    Type.DYNAMIC: "System.Object",
    Type.UNKNOWN: "System.Object",
}
_PRODUCT = {
    "FileProfile": "it asks Microsoft's service about a file",
    "DeviceFromIP": "it asks Microsoft's service which device had an address",
    "AssignedIPAddresses": "it asks Microsoft's service which addresses a device had",
    "SeenBy": "it asks Microsoft's service which devices saw a device",
}


@binds_operator(syntax.Invoke)
def _invoke(scope: Scope, tabular: Tabular, node: syntax.Invoke) -> Tabular:
    call = node.call
    binding = scope.bindings.get(call.name)
    row = scope.over(tabular)
    if isinstance(binding, FunctionLet):
        return call_tabular_function(row, binding.body, binding.scope, call, tabular)
    stored = scope.environment.function(call.name)
    if stored is not None:
        outer = Scope(scope.environment, stored.source, depth=scope.depth)
        return call_tabular_function(row, stored.body, outer, call, tabular)
    if call.name in _PRODUCT:
        raise scope.error(
            "KQL201",
            f"'{call.name}' is not translated: {_PRODUCT[call.name]}",
            call.span,
            hint="declare a function of that name, which reads a table with those facts",
        )
    functions = [n for n, b in scope.bindings.items() if isinstance(b, FunctionLet)]
    raise scope.error("KQL100", f"no function '{call.name}'", call.name_span, hint=did_you_mean(call.name, functions))


@binds_operator(syntax.GetSchema)
def _getschema(scope: Scope, tabular: Tabular, node: syntax.GetSchema) -> Tabular:
    check_whole(scope.over(tabular), "getschema", node.span)
    columns = (
        Column("ColumnName", Type.STRING, False),
        Column("ColumnOrdinal", Type.LONG, False),
        Column("DataType", Type.STRING, False),
        Column("ColumnType", Type.STRING, False),
    )
    rows = tuple(
        (
            Constant(Type.STRING, c.name),
            Constant(Type.LONG, i),
            Constant(Type.STRING, _CLR[c.type]),
            Constant(Type.STRING, str(c.type)),
        )
        for i, c in enumerate(tabular.visible)
    )
    return unordered(Values(columns=columns, origin=origin_of(scope, node, "getschema"), rows=rows), columns)
