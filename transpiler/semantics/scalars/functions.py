"""Function calls: the query's own functions, aggregates within summarize, those with rules of their own, and the declared rest."""

from __future__ import annotations

from dataclasses import replace

from transpiler.functions.registry import FUNCTIONS, Function, Kind
from transpiler.kql import syntax
from transpiler.plan.relations import Project, Values
from transpiler.plan.scalars import Call, Constant, Scalar, ScalarSubquery
from transpiler.semantics.dispatch import (
    FUNCTION_BINDERS,
    bind_scalar,
    bind_source,
    binds_function,
    binds_scalar,
)
from transpiler.semantics.invocation import call_scalar_function
from transpiler.semantics.operators.rows import limited
from transpiler.semantics.scalars.aggregates import bind_aggregate
from transpiler.semantics.scalars.calls import (
    CONVERSIONS,
    call_declared,
    call_function,
    convert,
    folded,
)
from transpiler.semantics.scope import FunctionLet, Scope, Tabular, check_first, did_you_mean, type_argument
from transpiler.semantics.tables import is_table
from transpiler.semantics.windowing import window_call
from transpiler.types import Type


@binds_scalar(syntax.Call)
def bind_call(scope: Scope, node: syntax.Call) -> Scalar:
    """A call as a scalar. Raises KqlError for unknown functions and for arguments that do not fit."""
    if node.base is not None:
        raise scope.error("KQL200", f"'{node.name}' of another database or cluster is not translated", node.span)
    binding = scope.bindings.get(node.name)
    if isinstance(binding, FunctionLet):
        return call_scalar_function(scope, binding.body, binding.scope, node)
    if scope.aggregation is not None and FUNCTIONS.find(node.name, aggregate=True) is not None:
        return _aggregate(scope, node)
    if (binder := FUNCTION_BINDERS.get(node.name)) is not None:
        return binder(scope, node)
    function = FUNCTIONS.find(node.name) if node.name.isidentifier() else None
    if function is not None:
        return _declared(scope, function, node)
    stored = scope.environment.function(node.name)
    if stored is not None:
        outer = Scope(scope.environment, stored.source, depth=scope.depth)
        return call_scalar_function(scope, stored.body, outer, node)
    if FUNCTIONS.find(node.name, aggregate=True) is not None:
        raise scope.error("KQL105", f"the aggregate '{node.name}' stands only in summarize and its kin", node.span)
    raise scope.error(
        "KQL100", f"no function '{node.name}'", node.name_span, hint=did_you_mean(node.name, FUNCTIONS.names())
    )


def _declared(scope: Scope, function: Function, node: syntax.Call) -> Scalar:
    arguments = [bind_scalar(scope, a) for a in node.arguments if not isinstance(a, syntax.TypeOf)]
    if function.kind is Kind.WINDOW:
        return window_call(scope, function, arguments, node)
    return folded(call_declared(scope, function, arguments, node.span))


def _aggregate(scope: Scope, node: syntax.Call) -> Scalar:
    """One aggregate within an expression: a column of the coming Aggregate."""
    assert scope.aggregation is not None
    found = bind_aggregate(replace(scope, aggregation=None), node, scope.aggregation.keys)
    scope.aggregation.calls.extend(found.calls)
    return found.outputs[0][1]


# ---------------------------------------------------------------- functions with rules of their own


def _bind_conversion(name: str, wanted: Type) -> None:
    @binds_function(name, takes=(1, 1))
    def bind(scope: Scope, node: syntax.Call) -> Scalar:
        scalar = bind_scalar(scope, node.arguments[0])
        converted = convert(scope, scalar, wanted)
        if converted is scalar or not isinstance(converted, Call | Constant):
            return converted
        return replace(converted, span=node.span)


for _name, _type in {
    **{name: t for t, name in CONVERSIONS.items() if t is not Type.DYNAMIC},
    "todouble": Type.REAL,
    "toboolean": Type.BOOL,
    "totime": Type.TIMESPAN,
}.items():
    _bind_conversion(_name, _type)


@binds_function("gettype", takes=(1, 1))
def _gettype(scope: Scope, node: syntax.Call) -> Scalar:
    scalar = bind_scalar(scope, node.arguments[0])
    if scalar.type not in (Type.DYNAMIC, Type.UNKNOWN):
        return Constant(Type.STRING, str(scalar.type), node.span)
    return call_function(scope, "gettype", [scalar], node.span)


@binds_function("extract")
def _extract(scope: Scope, node: syntax.Call) -> Scalar:
    """``extract(regex, group, source[, typeof(T)])``: the text, converted to the type asked for."""
    *arguments, last = node.arguments or (node,)
    wanted = type_argument(scope, last) if isinstance(last, syntax.TypeOf) else Type.STRING
    given = arguments if isinstance(last, syntax.TypeOf) else node.arguments
    found = call_function(scope, "extract", [bind_scalar(scope, a) for a in given], node.span)
    return convert(scope, found, wanted)


@binds_function("toscalar", takes=(1, 1))
def _toscalar(scope: Scope, node: syntax.Call) -> Scalar:
    if not is_table(scope.without_row(), node.arguments[0]):
        return bind_scalar(scope.without_row(), node.arguments[0])
    tabular = bind_source(scope.without_row(), node.arguments[0])
    if not tabular.visible:
        raise scope.error("KQL105", "the table has no column", node.span)
    check_first(scope, tabular, node.span)
    if tabular.order:
        tabular = limited(scope, tabular, 1, tabular.order, node, "take")
    return _printed(tabular) or ScalarSubquery(tabular.relation, tabular.visible[0], node.span)


def _printed(tabular: Tabular) -> Constant | None:
    """The constant of ``toscalar(print 5)``; None for any other table."""
    relation = tabular.relation
    if not isinstance(relation, Project) or not isinstance(relation.input, Values) or len(relation.input.rows) != 1:
        return None
    value = relation.computed.get(tabular.visible[0])
    return value if isinstance(value, Constant) else None
