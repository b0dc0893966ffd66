"""Functions that the query's own text answers: which columns there are, what was asserted, how ``set`` says to bin."""

from __future__ import annotations

import json

from transpiler.kql import syntax
from transpiler.plan.scalars import ColumnRef, Constant, Scalar
from transpiler.semantics.constants.choices import truth
from transpiler.semantics.dispatch import bind_constant, bind_scalar, bind_source, binds_function
from transpiler.semantics.scalars.calls import call_function
from transpiler.semantics.scalars.expressions import bind_predicate
from transpiler.semantics.scope import Scope
from transpiler.types import SUMMABLE, Type


@binds_function("column_names_of", takes=(1, 1))
def _column_names_of(scope: Scope, node: syntax.Call) -> Scalar:
    (table,) = node.arguments
    tabular = bind_source(scope.without_row(), table)
    if tabular.is_open:
        raise scope.error("KQL203", "the columns of this table depend on data that is not declared", table.span)
    names = [c.name for c in tabular.visible]
    return Constant(Type.DYNAMIC, json.dumps(names, ensure_ascii=False, separators=(",", ":")), node.span)


COLUMN_IF_EXISTS = ("column_ifexists", "columnifexists")
"""The function's name, and its old spelling."""


@binds_function(*COLUMN_IF_EXISTS, takes=(2, 2))
def _column_ifexists(scope: Scope, node: syntax.Call) -> Scalar:
    name = bind_constant(scope, node.arguments[0], "the column's name")
    column = scope.column(str(name.value))
    if column is not None:
        return ColumnRef(column, node.span)
    if scope.row is not None and scope.row.is_open:
        raise scope.error(
            "KQL203", f"whether column '{name.value}' exists depends on data that is not declared", node.span
        )
    return bind_scalar(scope, node.arguments[1])


def asked_for(scope: Scope, expression: syntax.Expr, scalar: Scalar) -> str | None:
    """The column that ``column_ifexists`` asks for and finds: it is that column, under its own name. None for all else."""
    if not isinstance(expression, syntax.Call) or expression.name not in COLUMN_IF_EXISTS:
        return None
    name = str(bind_constant(scope, expression.arguments[0], "the column's name").value)
    return name if isinstance(scalar, ColumnRef) and scalar.column.name == name else None


@binds_function("iscolumnexists", takes=(1, 1))
def _iscolumnexists(scope: Scope, node: syntax.Call) -> Scalar:
    (argument,) = node.arguments
    name = str(bind_constant(scope, argument, "the column's name").value)
    exists = scope.column(name) is not None
    if not exists and scope.row is not None and scope.row.is_open:
        raise scope.error("KQL203", f"whether column '{name}' exists depends on data that is not declared", node.span)
    return Constant(Type.BOOL, exists, node.span)


@binds_function("assert", takes=(2, 2))
def _assert(scope: Scope, node: syntax.Call) -> Scalar:
    """True, or an error: Kusto decides it when it analyses the query."""
    condition, written = node.arguments
    message = bind_constant(scope, written, "the message").value
    holds = truth(bind_predicate(scope, condition))
    if holds is None:
        raise scope.error("KQL104", "the condition of assert must be a constant", condition.span)
    if not holds:
        raise scope.error("KQL105", f"assert has failed: {message}", node.span)
    return Constant(Type.BOOL, True, node.span)


@binds_function("bin_auto", takes=(1, 1))
def _bin_auto(scope: Scope, node: syntax.Call) -> Scalar:
    """Bins of ``set query_bin_auto_size``, counted from ``set query_bin_auto_at``."""
    (argument,) = node.arguments
    options = scope.environment.options
    size = options.get("query_bin_auto_size")
    value = bind_scalar(scope, argument)
    if value.type not in SUMMABLE:
        raise scope.error("KQL102", f"bin_auto takes a number or a time, this is {value.type}", argument.span)
    if size is None:
        raise scope.error(
            "KQL201",
            "bin_auto is not translated: the size of its bins is set outside of the query",
            node.span,
            hint="bin(…, size), or set query_bin_auto_size = …; before the query",
        )
    outer = scope.without_row()
    at = options.get("query_bin_auto_at")
    ends = [bind_scalar(outer, e) for e in (size, at) if e is not None]
    return call_function(scope, "bin" if at is None else "bin_at", [value, *ends], node.span)
