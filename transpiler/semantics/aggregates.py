"""Aggregate calls: one column by the declared rule, or the several of arg_max, take_any and percentiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from transpiler.functions.registry import FUNCTIONS
from transpiler.kql import syntax
from transpiler.plan.relations import AggregateCall
from transpiler.plan.scalars import Column, ColumnRef, Constant, Scalar
from transpiler.semantics.calls import call_declared, make_call
from transpiler.semantics.dispatch import bind_constant, bind_scalar
from transpiler.semantics.names import call_name, result_name
from transpiler.semantics.scope import Scope
from transpiler.types import NUMBERS, Type


def bind_aggregate(scope: Scope, node: syntax.Call, keys: tuple[str, ...] = ()) -> AggregateCall:
    """An aggregate over the rows of a scope; its columns are named as if the query had not named them.

    ``keys`` are the names of the grouping keys, which ``*`` leaves out.
    """
    function = FUNCTIONS.find(node.name, aggregate=True)
    assert function is not None
    if function.refusal:
        raise scope.error("KQL201", f"{node.name} is not translated: {function.refusal}", node.span, hint=function.hint)
    if (binder := _BINDERS.get(function.name)) is not None:
        return binder(scope, node, keys)
    arguments = [bind_scalar(scope, a) for a in node.arguments]
    call = call_declared(scope, function, arguments, node.span)
    order = scope.row.tabular.order if scope.row and scope.row.tabular else ()
    return AggregateCall(
        columns=(Column(call_name(function, node) or "Column1", call.type, call.nullable),), call=call, order=order
    )


def _returned(scope: Scope, node: syntax.Call, first: int, keys: tuple[str, ...]) -> list[tuple[str | None, Scalar]]:
    """The returned values of arg_max and take_any; ``*`` is every column that is no key and not the first argument."""
    found: list[tuple[str | None, Scalar]] = []
    taken = {result_name(a) for a in node.arguments[:first]}
    for argument in node.arguments[first:]:
        if isinstance(argument, syntax.Star):
            columns = scope.row.columns if scope.row else ()
            found += [
                (c.name, ColumnRef(c, argument.span)) for c in columns if c.name not in keys and c.name not in taken
            ]
        else:
            found.append((result_name(argument), bind_scalar(scope, argument)))
    return found


def _extreme(scope: Scope, node: syntax.Call, keys: tuple[str, ...]) -> AggregateCall:
    """arg_max and arg_min: the first argument's extreme, then the returned values of one row that has it."""
    function = FUNCTIONS.find(node.name, aggregate=True)
    assert function is not None
    if not node.arguments:
        raise scope.error("KQL103", f"{node.name} takes 1 or more arguments", node.span)
    extreme = bind_scalar(scope, node.arguments[0])
    word = "max" if function.name == "arg_max" else "min"
    first_name = result_name(node.arguments[0])
    returned = _returned(scope, node, 1, keys)
    columns = [Column(first_name or f"{word}_", extreme.type, True)]
    for position, (name, scalar) in enumerate(returned):
        columns.append(Column(name or f"{word}_{first_name or ''}_arg{position + 1}", scalar.type, True))
    call = make_call(scope, function.overloads[0], (extreme, *(s for _, s in returned)), node.span, extreme.type)
    return AggregateCall(columns=tuple(columns), call=call)


def _any(scope: Scope, node: syntax.Call, keys: tuple[str, ...]) -> AggregateCall:
    """take_any: values of one row; the old ``any`` prefixes their names."""
    function = FUNCTIONS.find(node.name, aggregate=True)
    assert function is not None
    returned = _returned(scope, node, 0, keys)
    prefix = "any_" if node.name == "any" else ""
    columns = [Column(f"{prefix}{name or 'Column1'}", scalar.type, scalar.nullable) for name, scalar in returned]
    call = make_call(scope, function.overloads[0], tuple(s for _, s in returned), node.span, returned[0][1].type)
    return AggregateCall(columns=tuple(columns), call=call)


def _percentiles(scope: Scope, node: syntax.Call, keys: tuple[str, ...]) -> AggregateCall:
    """Percentile and percentiles: a column for each percentage."""
    function = FUNCTIONS.find(node.name, aggregate=True)
    assert function is not None
    if len(node.arguments) < 2:
        raise scope.error("KQL103", f"{node.name} takes 2 or more arguments", node.span)
    value = bind_scalar(scope, node.arguments[0])
    name = result_name(node.arguments[0]) or ""
    columns, points = [], []
    t = Type.LONG if value.type is Type.INT else value.type
    for argument in node.arguments[1:]:
        point = bind_constant(scope, argument, "the percentage")
        if point.type not in NUMBERS:
            raise scope.error("KQL102", "a percentage must be a number", argument.span)
        points.append(point)
        columns.append(Column(f"percentile_{name}_{_point_text(point)}", t, True))
    call = make_call(scope, function.overloads[0], (value, *points), node.span, t)
    return AggregateCall(columns=tuple(columns), call=call)


def _point_text(point: Constant) -> str:
    value = point.value
    return (str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)).replace(".", "_")


_BINDERS: dict[str, Callable[[Scope, syntax.Call, tuple[str, ...]], AggregateCall]] = {
    "arg_max": _extreme,
    "arg_min": _extreme,
    "take_any": _any,
    "percentile": _percentiles,
    "percentiles": _percentiles,
}

__all__ = ["bind_aggregate", "replace"]
