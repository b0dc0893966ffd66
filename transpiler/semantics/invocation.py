"""Calls of functions written in KQL: lets of the query and functions of the catalog. The body is bound anew at each call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.scalars import Scalar
from transpiler.semantics.dispatch import bind_scalar, bind_source
from transpiler.semantics.environment import Environment
from transpiler.semantics.scalars.calls import convert
from transpiler.semantics.scalars.packing import as_dynamic
from transpiler.semantics.scope import Binding, ScalarLet, Scope, Tabular, TabularLet
from transpiler.types import NUMBERS, TYPE_NAMES, Type

MAX_CALL_DEPTH = 32
MAX_CALLS = 2_000
"""How many calls one query may come to; each is written out."""


def call_scalar_function(scope: Scope, body: syntax.FunctionBody, outer: Scope, node: syntax.Call) -> Scalar:
    """The value of a function whose body ends in a scalar expression."""
    with _counting_anew(scope.environment):
        inner, last = _entered(scope, body, outer, node)
        return bind_scalar(inner, last)


def call_tabular_function(
    scope: Scope, body: syntax.FunctionBody, outer: Scope, node: syntax.Call, first: Tabular | None = None
) -> Tabular:
    """The table of a function whose body ends in a tabular expression. ``first``: invoke's input, the first argument."""
    with _counting_anew(scope.environment):
        inner, last = _entered(scope, body, outer, node, first)
        return bind_source(inner, last)


@contextmanager
def _counting_anew(environment: Environment) -> Iterator[None]:
    """Columns without a name are numbered on their own within a function."""
    before, environment.unnamed = environment.unnamed, 0
    try:
        yield
    finally:
        environment.unnamed = before


def _entered(
    scope: Scope, body: syntax.FunctionBody, outer: Scope, node: syntax.Call, first: Tabular | None = None
) -> tuple[Scope, syntax.Expr]:
    """The scope within a function's body, its lets bound, and the expression that is its value."""
    from transpiler.semantics.statements import bind_statements

    if scope.depth >= MAX_CALL_DEPTH:
        raise scope.error("KQL106", f"'{node.name}' is called within itself", node.span)
    scope.environment.calls += 1
    if scope.environment.calls > MAX_CALLS:
        raise scope.error("KQL004", f"more than {MAX_CALLS} calls of functions written in KQL", node.span)
    inner = replace(outer, row=None, depth=scope.depth + 1, aggregation=None)
    for name, binding in _arguments(scope, body, node, first, inner).items():
        inner = inner.bind(name, binding)
    inner, results = bind_statements(inner, body.statements, [p.name for p in body.parameters])
    if len(results) != 1:
        raise scope.error("KQL105", f"the body of '{node.name}' must end in one expression", node.span)
    return inner, results[0]


def _arguments(
    scope: Scope, body: syntax.FunctionBody, node: syntax.Call, first: Tabular | None, inner: Scope
) -> dict[str, Binding]:
    positional = [a for a in node.arguments if not isinstance(a, syntax.NamedExpression)]
    named = {a.names[0]: a.value for a in node.arguments if isinstance(a, syntax.NamedExpression)}
    unknown = named.keys() - {p.name for p in body.parameters}
    if unknown:
        raise scope.error("KQL103", f"'{node.name}' has no parameter '{min(unknown)}'", node.span)
    found: dict[str, Binding] = {}
    queue: list[syntax.Expr | Tabular] = [*([first] if first is not None else []), *positional]
    for parameter in body.parameters:
        if parameter.name in named:
            found[parameter.name] = _argument(scope, parameter, named[parameter.name])
        elif queue:
            found[parameter.name] = _argument(scope, parameter, queue.pop(0))
        elif parameter.default is not None:
            found[parameter.name] = _default(inner.without_row(), parameter, parameter.default)
        else:
            raise scope.error("KQL103", f"'{node.name}' needs a value for '{parameter.name}'", node.span)
    if queue:
        raise scope.error("KQL103", f"'{node.name}' takes {len(body.parameters)} arguments", node.span)
    return found


def _default(scope: Scope, parameter: syntax.Parameter, written: syntax.Expr) -> Binding:
    """A default value, of the type that is declared; only a number may be written as another number."""
    scalar = bind_scalar(scope, written)
    wanted = TYPE_NAMES.get(parameter.type_name or "", scalar.type)
    if scalar.type is not wanted and not {scalar.type, wanted} <= NUMBERS and Type.DYNAMIC not in (scalar.type, wanted):
        raise scope.error("KQL102", f"the default of '{parameter.name}' is {scalar.type}, not {wanted}", written.span)
    return ScalarLet(convert(scope, scalar, wanted))


def _argument(scope: Scope, parameter: syntax.Parameter, argument: syntax.Expr | Tabular) -> Binding:
    if isinstance(argument, Tabular):
        return TabularLet(parameter.name, argument)
    if parameter.columns is not None or parameter.open:
        return TabularLet(parameter.name, bind_source(scope.without_row(), argument))
    scalar = bind_scalar(scope, argument)
    wanted = TYPE_NAMES.get(parameter.type_name or "", scalar.type)
    if scalar.type is Type.INT and wanted is Type.LONG:
        return ScalarLet(convert(scope, scalar, wanted))
    return ScalarLet(converted(scope, scalar, wanted))


def converted(scope: Scope, scalar: Scalar, wanted: Type) -> Scalar:
    """A value as the type that a parameter or a column declares; a number is a dynamic value as it is."""
    if wanted is Type.DYNAMIC and scalar.type is not Type.STRING:
        return as_dynamic(scope, scalar)
    return convert(scope, scalar, wanted)
