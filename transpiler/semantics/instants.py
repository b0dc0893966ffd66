"""Functions of time whose part, format or zone is a constant of the query; it becomes an option of the call."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta

from transpiler.functions.registry import FUNCTIONS
from transpiler.kql import syntax
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.semantics.calls import call_declared, convert, make_call
from transpiler.semantics.dispatch import bind_constant, bind_scalar, binds_function
from transpiler.semantics.scope import Scope
from transpiler.types import NUMBERS, Type

PARTS = {
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "week": "week",
    "week_of_year": "week",
    "weekofyear": "week",
    "day": "day",
    "dayofyear": "dayofyear",
    "hour": "hour",
    "minute": "minute",
    "second": "second",
    "millisecond": "millisecond",
    "microsecond": "microsecond",
    "nanosecond": "nanosecond",
}


def _with_option(scope: Scope, node: syntax.Call, option: str, arguments: list[syntax.Expr]) -> Scalar:
    """The call of a function on the other arguments, with a constant as its option."""
    function = FUNCTIONS.find(node.name)
    assert function is not None
    scalars = [bind_scalar(scope, a) for a in arguments]
    call = call_declared(scope, function, scalars, node.span)
    return Call(call.overload, call.arguments, call.type, call.nullable, call.span, (option,))


def _arguments(scope: Scope, node: syntax.Call, count: int) -> tuple[syntax.Expr, ...]:
    if len(node.arguments) != count:
        raise scope.error("KQL103", f"{node.name} takes {count} arguments, {len(node.arguments)} given", node.span)
    return node.arguments


def _part(scope: Scope, node: syntax.Expr) -> str:
    constant = bind_constant(scope, node, "the part")
    part = PARTS.get(str(constant.value).lower())
    if part is None:
        raise scope.error("KQL104", f"no part '{constant.value}'; known: {', '.join(PARTS)}", node.span)
    return part


@binds_function("datetime_part", "datepart", "datetime_add", "datetime_diff")
def _parted(scope: Scope, node: syntax.Call) -> Scalar:
    count = 2 if node.name in ("datetime_part", "datepart") else 3
    first, *others = _arguments(scope, node, count)
    part = _part(scope, first)
    if part == "dayofyear" and count == 3:
        raise scope.error("KQL104", "dayofyear is no unit of time", first.span)
    return _with_option(scope, node, part, others)


@binds_function("format_datetime", "format_timespan")
def _formatted(scope: Scope, node: syntax.Call) -> Scalar:
    value, format_ = _arguments(scope, node, 2)
    constant = bind_constant(scope, format_, "the format")
    return _with_option(scope, node, str(constant.value or ""), [value])


@binds_function("datetime_utc_to_local", "datetime_local_to_utc")
def _zoned(scope: Scope, node: syntax.Call) -> Scalar:
    value, zone = _arguments(scope, node, 2)
    constant = bind_constant(scope, zone, "the time zone")
    name = str(constant.value or "")
    if name not in zoneinfo.available_timezones():
        raise scope.error(
            "KQL204",
            f"'{name}' is no IANA time zone, and only those are known to the warehouse",
            zone.span,
            hint="Europe/Berlin",
        )
    return _with_option(scope, node, name, [value])


@binds_function("make_datetime")
def _make_datetime(scope: Scope, node: syntax.Call) -> Scalar:
    scalars = [bind_scalar(scope, a) for a in node.arguments]
    if len(scalars) == 1:
        return convert(scope, scalars[0], Type.DATETIME)
    function = FUNCTIONS.find("make_datetime")
    assert function is not None
    call = call_declared(scope, function, scalars, node.span)
    if not all(isinstance(s, Constant) and s.value is not None and s.type in NUMBERS for s in call.arguments):
        return call
    values = [float(s.value or 0) for s in call.arguments if isinstance(s, Constant)]
    return Constant(Type.DATETIME, _instant(values), node.span)


def _instant(values: list[float]) -> int | None:
    """Ticks of year, month, day, hour, minute, second; None when there is no such instant."""
    year, month, day, hour, minute, second = [*values, 0.0, 0.0, 0.0][:6]
    if second < 0 or second >= 60:
        return None
    try:
        whole = datetime(int(year), int(month), int(day), int(hour), int(minute))
    except (ValueError, OverflowError):
        return None
    return ((whole - datetime(1, 1, 1)) // timedelta(microseconds=1)) * 10 + round(second * 10_000_000)


@binds_function("make_timespan")
def _make_timespan(scope: Scope, node: syntax.Call) -> Scalar:
    scalars = [bind_scalar(scope, a) for a in node.arguments]
    if len(scalars) == 1:
        return convert(scope, scalars[0], Type.TIMESPAN)
    if len(scalars) not in (2, 3, 4):
        raise scope.error("KQL103", "make_timespan takes 1 to 4 arguments", node.span)
    zero = Constant(Type.LONG, 0, node.span)
    days = scalars[:1] if len(scalars) == 4 else [zero]
    rest = scalars[1:] if len(scalars) == 4 else scalars
    whole = [*days, *rest, *([zero] if len(rest) == 2 else [])]
    function = FUNCTIONS.find("make_timespan")
    assert function is not None
    call = call_declared(scope, function, whole, node.span)
    if all(isinstance(s, Constant) and s.value is not None for s in call.arguments):
        d, h, m, s = (float(c.value or 0) for c in call.arguments if isinstance(c, Constant))
        ticks = round((((d * 24 + h) * 60 + m) * 60 + s) * 10_000_000)
        return Constant(Type.TIMESPAN, ticks, node.span)
    return call


@binds_function("max_of", "min_of")
def _extreme(scope: Scope, node: syntax.Call) -> Scalar:
    from transpiler.semantics.functions import unify

    if len(node.arguments) < 2:
        raise scope.error("KQL103", f"{node.name} takes 2 or more arguments", node.span)
    values, t = unify(scope, [bind_scalar(scope, a) for a in node.arguments], node)
    function = FUNCTIONS.find(node.name)
    assert function is not None
    return make_call(scope, function.overloads[0], tuple(values), node.span, t)
