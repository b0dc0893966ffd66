"""Choices between values that are made one type: ``iff``, ``case``, ``coalesce``, ``max_of`` and ``min_of``."""

from __future__ import annotations

from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.scalars import Constant, Scalar
from transpiler.semantics.constants.choices import truth
from transpiler.semantics.dispatch import bind_scalar, binds_function
from transpiler.semantics.scalars.calls import CAST_HINT, common_type, convert, make_call, overload_of
from transpiler.semantics.scalars.expressions import bind_predicate
from transpiler.semantics.scalars.packing import as_dynamic
from transpiler.semantics.scope import Scope
from transpiler.types import INTEGERS, NUMBERS, Type


def unify(scope: Scope, values: list[Scalar], node: syntax.Node) -> tuple[list[Scalar], Type]:
    """Several results as one type: numbers widen, a dynamic value takes the other's type, a null takes any.

    Other types that differ come to dynamic values, as Microsoft's binder has it: ``iff(p, 1, "a")``.
    """
    typed = [v for v in values if not (isinstance(v, Constant) and v.value is None and v.type is Type.DYNAMIC)]
    wanted = common_type(typed or values)
    found: list[Scalar] = []
    for value in values:
        if value.type is wanted:
            found.append(value)
        elif isinstance(value, Constant) and value.value is None:
            found.append(Constant(wanted, None, value.span))
        elif wanted is Type.DYNAMIC:
            found.append(as_dynamic(scope, value))
        elif {value.type, wanted} <= NUMBERS or value.type is Type.DYNAMIC:
            found.append(convert(scope, value, wanted))
        else:
            types = " and ".join(dict.fromkeys(str(v.type) for v in values))
            raise scope.error("KQL102", f"the results are of different types: {types}", node.span)
    return found, wanted


def alike(scope: Scope, values: list[Scalar], node: syntax.Call) -> tuple[list[Scalar], Type]:
    """The arguments of a function that takes one type only, whole numbers of either size apart."""
    types = {v.type for v in values} - {Type.UNKNOWN}
    if len(types) > 1 and not types <= INTEGERS:
        given = ", ".join(str(v.type) for v in values)
        hint = CAST_HINT if Type.DYNAMIC in types else ""
        raise scope.error(
            "KQL102", f"the arguments of {node.name} are of one type, these are {given}", node.span, hint=hint
        )
    return unify(scope, values, node)


@binds_function("iff", "iif", takes=(3, 3))
def _iff(scope: Scope, node: syntax.Call) -> Scalar:
    condition = bind_predicate(scope, node.arguments[0])
    branches, t = unify(scope, [bind_scalar(scope, a) for a in node.arguments[1:]], node)
    return _case_call(scope, [condition, *branches], t, node)


@binds_function("case")
def _case(scope: Scope, node: syntax.Call) -> Scalar:
    if len(node.arguments) < 3 or len(node.arguments) % 2 == 0:
        raise scope.error("KQL103", "case takes pairs of predicate and value, then a default", node.span)
    conditions = [bind_predicate(scope, a) for a in node.arguments[:-1:2]]
    results = [bind_scalar(scope, a) for a in [*node.arguments[1::2], node.arguments[-1]]]
    results, t = unify(scope, results, node)
    pairs = [s for pair in zip(conditions, results[:-1], strict=True) for s in pair]
    return _case_call(scope, [*pairs, results[-1]], t, node)


def _case_call(scope: Scope, arguments: list[Scalar], t: Type, node: syntax.Call) -> Scalar:
    arguments = _undecided(arguments)
    if len(arguments) == 1:
        return arguments[0]
    call = make_call(scope, overload_of("case"), tuple(arguments), node.span, t)
    results = [*arguments[1::2], arguments[-1]]
    return replace(
        call, nullable=any(r.nullable and not (r.type is Type.STRING and isinstance(r, Constant)) for r in results)
    )


def _undecided(arguments: list[Scalar]) -> list[Scalar]:
    """The pairs whose conditions a row decides, and what else there is: a constant condition is decided here."""
    left: list[Scalar] = []
    for condition, value in zip(arguments[:-1:2], arguments[1::2], strict=True):
        holds = truth(condition)
        if holds:
            return [*left, value]
        if holds is None:
            left += [condition, value]
    return [*left, arguments[-1]]


@binds_function("coalesce", takes=(2, None))
def _coalesce(scope: Scope, node: syntax.Call) -> Scalar:
    values, t = alike(scope, [bind_scalar(scope, a) for a in node.arguments], node)
    overload = overload_of("coalesce", "coalesce string" if t is Type.STRING else "coalesce")
    call = make_call(scope, overload, tuple(values), node.span, t)
    if t is not Type.STRING:
        return replace(call, nullable=all(v.nullable for v in values))
    # The last is taken as it is stored, whatever comes before it: an empty text is passed over like a missing one.
    written = any(isinstance(v, Constant) and v.value for v in values[:-1])
    return replace(call, nullable=values[-1].nullable and not written)


@binds_function("max_of", "min_of", takes=(2, None))
def _extreme(scope: Scope, node: syntax.Call) -> Scalar:
    overload = overload_of(node.name)
    arguments = [bind_scalar(scope, a) for a in node.arguments]
    types = {a.type for a in arguments} - {Type.UNKNOWN}
    if not types <= overload.parameters[0].accepts or (len(types) > 1 and not types <= NUMBERS):
        given = ", ".join(str(a.type) for a in arguments)
        hint = CAST_HINT if Type.DYNAMIC in types else ""
        raise scope.error(
            "KQL102", f"{node.name} compares numbers, times, texts or bools, not ({given})", node.span, hint=hint
        )
    values, t = unify(scope, arguments, node)
    call = make_call(scope, overload, tuple(values), node.span, t)
    return replace(call, nullable=all(v.nullable for v in values))
