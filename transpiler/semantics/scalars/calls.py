"""From a function's name and arguments to a typed call: overloads, conversions, null class, folding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from transpiler.functions.registry import FUNCTIONS, Function, Kind, Nulls, Overload, Parameter
from transpiler.plan.relations import OrderKey
from transpiler.plan.scalars import Call, Constant, Scalar, WindowCall
from transpiler.semantics.constants.choices import computed
from transpiler.semantics.constants.conversions import fold_conversion
from transpiler.semantics.constants.folding import fold
from transpiler.semantics.scope import Scope, count_text
from transpiler.source import NOWHERE, Span
from transpiler.types import INTEGERS, NUMBERS, Type, promotes, widest

CONVERSIONS: dict[Type, str] = {
    Type.STRING: "tostring",
    Type.BOOL: "tobool",
    Type.INT: "toint",
    Type.LONG: "tolong",
    Type.REAL: "toreal",
    Type.DECIMAL: "todecimal",
    Type.DATETIME: "todatetime",
    Type.TIMESPAN: "totimespan",
    Type.GUID: "toguid",
    Type.DYNAMIC: "todynamic",
}


CAST_HINT = "a dynamic value is cast first: tolong(…), todouble(…), todatetime(…)"


def call_function(scope: Scope, name: str, arguments: Sequence[Scalar], span: Span, *, aggregate: bool = False) -> Call:
    """The call of a registered function. Raises KqlError for an unknown name, a wrong count, or types that do not fit."""
    function = FUNCTIONS.find(name, aggregate=aggregate)
    if function is None:
        raise scope.error("KQL100", f"no function '{name}'", span)
    return call_declared(scope, function, arguments, span)


def call_declared(scope: Scope, function: Function, arguments: Sequence[Scalar], span: Span) -> Call:
    """The call of a declared function; as ``call_function``."""
    if function.refusal:
        raise scope.error("KQL201", f"{function.name} is not translated: {function.refusal}", span, hint=function.hint)
    overload = _choose(scope, function, arguments, span)
    converted = tuple([_convert(scope, overload, i, a) for i, a in enumerate(arguments)])
    if function.kind is not Kind.SCALAR:
        _check_constants(scope, overload, converted)
    return make_call(scope, overload, converted, span)


def _check_constants(scope: Scope, overload: Overload, arguments: Sequence[Scalar]) -> None:
    """Raises KqlError for an argument that must be a constant; those of scalar functions are checked when they are spelled."""
    for reason, argument in overload.constant_arguments(arguments):
        if computed(argument) is None:
            raise scope.error("KQL104", reason, argument.span)


def make_call(
    scope: Scope, overload: Overload, arguments: tuple[Scalar, ...], span: Span, result: Type | None = None
) -> Call:
    """A call of a chosen overload with converted arguments."""
    t = result or result_type(overload, arguments)
    return Call(overload, arguments, t, may_be_null(overload, arguments), span)


def folded(call: Call) -> Scalar:
    """The call, or the constant that it comes to."""
    constants = tuple([a for a in call.arguments if isinstance(a, Constant)])
    if len(constants) != len(call.arguments) or not constants:
        return call
    constant = fold(call.overload.key, call.type, constants)
    return call if constant is None else replace(constant, span=call.span)


def _choose(scope: Scope, function: Function, arguments: Sequence[Scalar], span: Span) -> Overload:
    overload = _fitting(function, tuple([a.type for a in arguments]))
    if overload is not None:
        return overload
    counted = [o for o in function.overloads if _fits_count(o, len(arguments))]
    if not counted:
        counts = " or ".join(sorted({count_text(_takes(o)) for o in function.overloads}))
        raise scope.error("KQL103", f"{function.name} takes {counts}, {len(arguments)} given", span)
    given = ", ".join(str(a.type) for a in arguments)
    wanted = "; ".join(_signature(o) for o in counted)
    hint = CAST_HINT if any(a.type is Type.DYNAMIC for a in arguments) else ""
    raise scope.error("KQL102", f"{function.name} does not take ({given}); it takes {wanted}", span, hint=hint)


@lru_cache(maxsize=4096)
def _fitting(function: Function, types: tuple[Type, ...]) -> Overload | None:
    """The first overload that takes arguments of these types: as they are, promoted, or dynamic values converted."""
    counted = [o for o in function.overloads if _fits_count(o, len(types))]
    for accept in (_exact, _promoted, _converted):
        for overload in counted:
            if all(accept(p, t) for p, t in zip(_parameters(overload, len(types)), types, strict=True)):
                return overload
    return None


def _signature(overload: Overload) -> str:
    return f"({', '.join('|'.join(p.families) for p in overload.parameters)})"


def _takes(overload: Overload) -> tuple[int, int | None]:
    has_more = bool(overload.parameters) and overload.parameters[-1].repeated
    return overload.least, None if has_more else len(overload.parameters)


def _fits_count(overload: Overload, count: int) -> bool:
    least, most = _takes(overload)
    return least <= count and (most is None or count <= most)


def _parameters(overload: Overload, count: int) -> list[Parameter]:
    found = [overload.parameter(i) for i in range(count)]
    return [p for p in found if p is not None]


def _exact(parameter: Parameter, given: Type) -> bool:
    return given in parameter.accepts


def _promoted(parameter: Parameter, given: Type) -> bool:
    return _exact(parameter, given) or any(promotes(given, t) for t in parameter.accepts)


def _converted(parameter: Parameter, given: Type) -> bool:
    """A dynamic value becomes a string by itself, anything else by a cast of the query; a decimal becomes a real."""
    match given:
        case Type.DYNAMIC:
            is_plain = any(f.startswith("plain") for f in parameter.families)
            return not is_plain and bool(parameter.accepts & {Type.DYNAMIC, Type.STRING})
        case Type.UNKNOWN:
            return True
        case Type.DECIMAL if parameter.converts_to is Type.REAL:
            return True
    return _promoted(parameter, given)


def _convert(scope: Scope, overload: Overload, position: int, argument: Scalar) -> Scalar:
    parameter = overload.parameter(position)
    assert parameter is not None
    wanted = parameter.converts_to
    if wanted is None:
        if argument.type is Type.DYNAMIC and Type.DYNAMIC not in parameter.accepts and parameter.accepts:
            return convert(scope, argument, _widest_of(parameter))
        return argument
    if wanted is argument.type:
        return argument
    return convert(scope, argument, wanted)


def _widest_of(parameter: Parameter) -> Type:
    """What a dynamic argument becomes where a family is wanted: a number where numbers are, else the first of the family."""
    if parameter.accepts & NUMBERS:
        return Type.REAL if Type.REAL in parameter.accepts else Type.LONG
    return next(t for t in Type if t in parameter.accepts)


def convert(scope: Scope, scalar: Scalar, wanted: Type) -> Scalar:
    """A scalar as another type, by KQL's own ``to…`` function. A constant is converted where that is exact."""
    if scalar.type is wanted:
        return scalar
    if isinstance(scalar, Constant) and (constant := fold_conversion(scalar, wanted)) is not None:
        return constant
    if isinstance(scalar, Call) and scalar.overload.name in _MADE_DYNAMIC and scalar.arguments[0].type is wanted:
        return scalar.arguments[0]
    return call_function(scope, CONVERSIONS[wanted], [scalar], scalar.span)


_MADE_DYNAMIC = frozenset({"dynamic of", "json of real"})
"""What makes a dynamic value of a scalar, from which the same conversion gives the scalar back."""


def keeps_value(scalar: Scalar, wanted: Type) -> bool:
    """Whether a conversion cuts no digit and reads no text. Trap: 1.5 among longs would become 1, silently."""
    given = scalar.type
    if given is wanted or promotes(given, wanted) or {given, wanted} <= INTEGERS:
        return True
    if not isinstance(scalar, Constant):
        return False
    is_whole = given is Type.REAL and isinstance(scalar.value, float) and scalar.value.is_integer()
    return scalar.value is None or (is_whole and wanted in INTEGERS)


def result_type(overload: Overload, arguments: Sequence[Scalar]) -> Type:
    """The type of a call, by the rule of its declaration."""
    rule = overload.result
    if isinstance(stated := Type._value2member_map_.get(rule), Type):
        return stated
    types = [a.type for a in arguments]
    if rule == "widest":
        return widest(types)
    if rule == "arithmetic":
        widened = widest(types) if any(t in NUMBERS for t in types) else types[0]
        return Type.LONG if widened is Type.INT else widened
    if rule == "common":
        return common_type(arguments)
    for position, argument in enumerate(arguments):
        parameter = overload.parameter(position)
        if parameter is not None and parameter.name == rule:
            return argument.type
    raise AssertionError(f"result rule {rule!r} of {overload.name}")


def common_type(arguments: Sequence[Scalar]) -> Type:
    """The type that several values share: the widest number, the one that is not dynamic, else dynamic."""
    types = {a.type for a in arguments}
    if len(types) == 1:
        (only,) = types
        return only
    if types <= NUMBERS:
        return widest(types)
    others = types - {Type.DYNAMIC}
    if len(others) == 1:
        (only,) = others
        return only
    return widest(others) if others and others <= NUMBERS else Type.DYNAMIC


def may_be_null(overload: Overload, arguments: Sequence[Scalar]) -> bool:
    """Whether the SQL of a call may be NULL."""
    match overload.nulls:
        case Nulls.NEVER | Nulls.FALSE:
            return False
        case Nulls.MAYBE:
            return True
        case Nulls.BOTH:
            return len(arguments) > 1 and all(a.nullable for a in arguments)
        case Nulls.STRICT:
            return any(a.nullable and not _is_guarded(overload, i, a) for i, a in enumerate(arguments))


def _is_guarded(overload: Overload, position: int, argument: Scalar) -> bool:
    parameter = overload.parameter(position)
    return argument.type is Type.STRING and parameter is not None and not parameter.keeps_null


def row_number(order: tuple[OrderKey, ...], partition: tuple[Scalar, ...] = (), span: Span = NOWHERE) -> WindowCall:
    """The number of a row, from 1, in an order (any without one) and within its part."""
    return WindowCall(overload_of("row_number"), (), Type.LONG, False, order, partition, span)


def overload_of(name: str, key: str | None = None, *, aggregate: bool = False) -> Overload:
    """A registered overload by name and key (the first without one), for calls that the binder makes itself."""
    return next(o for o in FUNCTIONS.known(name, aggregate=aggregate).overloads if key is None or o.key == key)
