"""Which function binds which node. The modules of this package register themselves; the package's ``__init__`` imports them all.

By syntax node: scalars, tabular operators, tables. By name: plugins, and functions that need more than their declaration
(``iff``, ``bag_pack``, ``toscalar`` …) or yield several columns (``series_stats``). Preparers see the input of every operator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from transpiler.kql import syntax
from transpiler.plan.scalars import Constant, Scalar
from transpiler.semantics.constants.choices import computed
from transpiler.semantics.scope import Scope, Tabular, count_text
from transpiler.types import INTEGERS

# Any: each binder takes the node type that it is registered under, and its input is None only for operators that are sources.
ScalarBinder: TypeAlias = Callable[[Scope, Any], Scalar]
OperatorBinder: TypeAlias = Callable[[Scope, Any, Any], Tabular]
FunctionBinder: TypeAlias = Callable[[Scope, syntax.Call], Scalar]
SourceBinder: TypeAlias = Callable[[Scope, Any], Tabular]
MultiBinder: TypeAlias = Callable[[Scope, syntax.Call], "list[tuple[str | None, Scalar]]"]
Preparer: TypeAlias = Callable[[Scope, Tabular, syntax.Node], Tabular]
Count: TypeAlias = "tuple[int, int | None]"
"""The least and the greatest number of arguments; None: any number more."""

_SCALARS: dict[type[syntax.Node], ScalarBinder] = {}
_OPERATORS: dict[type[syntax.Node], OperatorBinder] = {}
_SOURCES: dict[type[syntax.Node], SourceBinder] = {}
MULTI_BINDERS: dict[str, MultiBinder] = {}
FUNCTION_BINDERS: dict[str, FunctionBinder] = {}
_PREPARERS: list[Preparer] = []
PLUGIN_BINDERS: dict[str, OperatorBinder] = {}


def binds_scalar(*nodes: type[syntax.Node]) -> Callable[[ScalarBinder], ScalarBinder]:
    """Registers the binder of scalar nodes."""

    def register(binder: ScalarBinder) -> ScalarBinder:
        _SCALARS.update(dict.fromkeys(nodes, binder))
        return binder

    return register


def binds_operator(*nodes: type[syntax.Node]) -> Callable[[OperatorBinder], OperatorBinder]:
    """Registers the binder of tabular operators. The input is None for an operator that is a source."""

    def register(binder: OperatorBinder) -> OperatorBinder:
        _OPERATORS.update(dict.fromkeys(nodes, binder))
        return binder

    return register


def binds_source(*nodes: type[syntax.Node]) -> Callable[[SourceBinder], SourceBinder]:
    """Registers the binder of expressions that are tables."""

    def register(binder: SourceBinder) -> SourceBinder:
        _SOURCES.update(dict.fromkeys(nodes, binder))
        return binder

    return register


def binds_function(*names: str, takes: Count = (0, None)) -> Callable[[FunctionBinder], FunctionBinder]:
    """Registers the binder of functions whose call is more than its declaration; it sees calls of ``takes`` arguments only."""

    def register(binder: FunctionBinder) -> FunctionBinder:
        def counted(scope: Scope, node: syntax.Call) -> Scalar:
            check_count(scope, node, takes)
            return binder(scope, node)

        FUNCTION_BINDERS.update(dict.fromkeys(names, counted))
        return binder

    return register


def binds_columns(*names: str, takes: Count) -> Callable[[MultiBinder], MultiBinder]:
    """Registers the binder of functions that yield several columns, named; within an expression they are the first of them,
    or the one that an index picks (``bind_column_of``).
    """

    def register(binder: MultiBinder) -> MultiBinder:
        def counted(scope: Scope, node: syntax.Call) -> list[tuple[str | None, Scalar]]:
            check_count(scope, node, takes)
            return binder(scope, node)

        MULTI_BINDERS.update(dict.fromkeys(names, counted))
        FUNCTION_BINDERS.update(dict.fromkeys(names, lambda scope, node: counted(scope, node)[0][1]))
        return binder

    return register


def name_among(scope: Scope, node: syntax.Expr) -> str | None:
    """The name of the one column that stands for a call of several, or that an index picks of it; None for what else there is."""
    if isinstance(node, syntax.Index):
        picked = bind_column_of(scope, node)
        return None if picked is None else picked[0]
    if not isinstance(node, syntax.Call) or node.name not in MULTI_BINDERS:
        return None
    return MULTI_BINDERS[node.name](scope, node)[0][0]


def bind_column_of(scope: Scope, node: syntax.Index) -> tuple[str | None, Scalar] | None:
    """The column, named, that a constant index picks of a function of several: ``array_sort_asc(a, b)[1]``; else None.

    Trap: such an index is no step into the first column, which alone stands for the call elsewhere.
    """
    if not isinstance(node.base, syntax.Call) or node.base.name not in MULTI_BINDERS:
        return None
    index = bind_scalar(scope, node.index)
    columns = MULTI_BINDERS[node.base.name](scope, node.base)
    if index.type not in INTEGERS or len(columns) == 1:
        return None
    known = computed(index)
    if known is None:
        raise scope.error("KQL104", f"which of {len(columns)} columns it picks must be a constant", node.index.span)
    if not isinstance(known.value, int) or not 0 <= known.value < len(columns):
        raise scope.error("KQL104", f"there are {len(columns)} columns, from 0 on", node.index.span)
    return columns[known.value]


def check_count(scope: Scope, call: syntax.Call, takes: Count) -> None:
    """Raises KqlError (KQL103) for a call with more or fewer arguments."""
    given, (least, most) = len(call.arguments), takes
    if given < least or (most is not None and given > most):
        raise scope.error("KQL103", f"{call.name} takes {count_text(takes)}, {given} given", call.span)


def binds_plugin(*names: str) -> Callable[[OperatorBinder], OperatorBinder]:
    """Registers the binder of ``evaluate`` plugins."""

    def register(binder: OperatorBinder) -> OperatorBinder:
        PLUGIN_BINDERS.update(dict.fromkeys(names, binder))
        return binder

    return register


def prepares(preparer: Preparer) -> Preparer:
    """Registers what is done to the input of every operator before it is bound: look-ups that its scalars ask for."""
    _PREPARERS.append(preparer)
    return preparer


def bind_scalar(scope: Scope, expression: syntax.Node) -> Scalar:
    """The typed scalar of an expression. Raises KqlError for names, types or forms that do not fit."""
    binder = _SCALARS.get(type(expression))
    if binder is None:
        raise scope.error("KQL104", "a scalar expression is expected here", expression.span)
    return binder(scope, expression)


def bind_constant(scope: Scope, expression: syntax.Node, what: str) -> Constant:
    """A scalar that must come to a constant."""
    constant = computed(bind_scalar(scope, expression))
    if constant is None:
        raise scope.error("KQL104", f"{what} must be a constant", expression.span)
    return constant


def bind_whole(scope: Scope, expression: syntax.Node, what: str) -> int:
    """A constant whole number."""
    constant = bind_constant(scope, expression, what)
    if constant.type not in INTEGERS or not isinstance(constant.value, int):
        raise scope.error("KQL104", f"{what} must be a whole number", expression.span)
    return constant.value


def bind_operator(scope: Scope, tabular: Tabular | None, operator: syntax.Node) -> Tabular:
    """A tabular operator over its input."""
    binder = _OPERATORS.get(type(operator))
    if binder is None:
        keyword = getattr(operator, "keyword", type(operator).__name__)
        raise scope.error("KQL200", f"the operator '{keyword}' is not translated", operator.span)
    if tabular is not None:
        for prepare in _PREPARERS:
            tabular = prepare(scope, tabular, operator)
    return binder(scope, tabular, operator)


def bind_source(scope: Scope, expression: syntax.Node) -> Tabular:
    """An expression that is a table: a name, a call, a pipeline in parentheses, datatable …"""
    binder = _SOURCES.get(type(expression))
    if binder is None:
        raise scope.error("KQL104", "a table is expected here", expression.span)
    return binder(scope, expression)
