"""Functions of time: the run's instant, those whose part, format or zone is a constant, and their values where all is constant."""

from __future__ import annotations

import math
import zoneinfo
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from transpiler.kql import syntax
from transpiler.kql.instants import MAX_INSTANT, TICKS_PER_SECOND, UNIX_EPOCH
from transpiler.plan.scalars import Call, Constant, RunTime, Scalar
from transpiler.plan.time_formats import datetime_pieces, timespan_pieces
from transpiler.semantics.constants import calendar
from transpiler.semantics.constants.folding import wrapped
from transpiler.semantics.dispatch import bind_constant, bind_scalar, binds_function, check_count
from transpiler.semantics.scalars.calls import call_function, convert
from transpiler.semantics.scalars.expressions import binary, connect
from transpiler.semantics.scope import Scope
from transpiler.types import NUMBERS, Type


def _declared(scope: Scope, node: syntax.Call, scalars: list[Scalar], option: str | None = None) -> Call:
    """The call of the declared function, with a constant as its option."""
    call = call_function(scope, node.name, scalars, node.span)
    return call if option is None else replace(call, options=(option,))


def _values(call: Call) -> list[int] | None:
    """The arguments as whole numbers; None unless all are constants that are not null."""
    found = [a.value for a in call.arguments if isinstance(a, Constant)]
    whole = [int(v) for v in found if isinstance(v, int)]
    return whole if len(whole) == len(call.arguments) else None


def _folded(call: Call, value_of: Callable[[list[int]], int | str | None]) -> Scalar:
    """The call, or the constant that it comes to; a null argument gives null."""
    if call.arguments and any(isinstance(a, Constant) and a.value is None for a in call.arguments):
        return Constant(call.type, None, call.span)
    values = _values(call)
    return call if values is None else Constant(call.type, value_of(values), call.span)


def _leaves(unit: str, amount: Scalar) -> bool:
    """Whether a constant number of units leads out of the calendar from every instant; an interval may not hold it."""
    return isinstance(amount, Constant) and isinstance(amount.value, int) and calendar.leaves(unit, amount.value)


@binds_function("now", takes=(0, 1))
def _now(scope: Scope, node: syntax.Call) -> Scalar:
    moment = _moment(scope, node)
    if not node.arguments:
        return moment
    return binary(scope, "+", moment, bind_scalar(scope, node.arguments[0]), node.span)


@binds_function("ago", takes=(1, 1))
def _ago(scope: Scope, node: syntax.Call) -> Scalar:
    span = bind_scalar(scope, node.arguments[0])
    if span.type is not Type.TIMESPAN:
        raise scope.error("KQL102", f"ago takes a timespan, this is {span.type}", node.arguments[0].span)
    return binary(scope, "-", _moment(scope, node), span, node.span)


def _moment(scope: Scope, node: syntax.Node) -> Scalar:
    """The instant of the run; ``set query_now`` says another."""
    said = scope.environment.options.get("query_now")
    return RunTime(node.span) if said is None else bind_scalar(scope.without_row(), said)


def _bind_edge(name: str, unit: str, edge: Callable[..., int | None]) -> None:
    @binds_function(name, takes=(1, 2))
    def bind(scope: Scope, node: syntax.Call) -> Scalar:
        call = _declared(scope, node, [bind_scalar(scope, a) for a in node.arguments])
        if len(call.arguments) > 1 and _leaves(unit, call.arguments[1]):
            return Constant(Type.DATETIME, None, node.span)
        return _folded(call, lambda v: edge(unit, *v))


for _unit in ("day", "week", "month", "year"):
    _bind_edge(f"startof{_unit}", _unit, calendar.start_of)
    _bind_edge(f"endof{_unit}", _unit, calendar.end_of)


def _bind_field(name: str, field: str) -> None:
    @binds_function(name, takes=(1, 1))
    def bind(scope: Scope, node: syntax.Call) -> Scalar:
        scalars = [bind_scalar(scope, a) for a in node.arguments]
        return _folded(_declared(scope, node, scalars), lambda v: calendar.part(field, v[0]))


for _name, _field in {
    "dayofmonth": "day",
    "dayofyear": "dayofyear",
    "hourofday": "hour",
    "monthofyear": "month",
    "getmonth": "month",
    "getyear": "year",
    "week_of_year": "week_of_year",
}.items():
    _bind_field(_name, _field)


@binds_function("weekofyear", takes=(1, 1))
def _weekofyear(scope: Scope, node: syntax.Call) -> Scalar:
    scalars = [bind_scalar(scope, a) for a in node.arguments]
    return _folded(_declared(scope, node, scalars), lambda v: calendar.week_from_sunday(v[0]))


@binds_function("dayofweek", takes=(1, 1))
def _dayofweek(scope: Scope, node: syntax.Call) -> Scalar:
    scalars = [bind_scalar(scope, a) for a in node.arguments]
    return _folded(_declared(scope, node, scalars), lambda v: calendar.day_of_week(v[0]))


def _word(scope: Scope, node: syntax.Expr, known: tuple[str, ...]) -> str:
    word = str(bind_constant(scope, node, "the part").value).lower()
    if word not in known:
        raise scope.error("KQL104", f"no part '{word}'; known: {', '.join(known)}", node.span)
    return word


@binds_function("datetime_part", "datepart", takes=(2, 2))
def _part(scope: Scope, node: syntax.Call) -> Scalar:
    first, date = node.arguments
    word = _word(scope, first, calendar.PARTS)
    call = _declared(scope, node, [bind_scalar(scope, date)], word)
    return _folded(call, lambda v: calendar.part(word, v[0]))


@binds_function("datetime_add", takes=(3, 3))
def _add(scope: Scope, node: syntax.Call) -> Scalar:
    first, *others = node.arguments
    word = _word(scope, first, calendar.UNITS)
    call = _declared(scope, node, [bind_scalar(scope, a) for a in others], word)
    if _leaves(word, call.arguments[0]):
        return Constant(Type.DATETIME, None, node.span)
    return _folded(call, lambda v: calendar.add(word, *v))


@binds_function("datetime_diff", takes=(3, 3))
def _diff(scope: Scope, node: syntax.Call) -> Scalar:
    first, *others = node.arguments
    word = _word(scope, first, calendar.UNITS)
    call = _declared(scope, node, [bind_scalar(scope, a) for a in others], word)
    return _folded(call, lambda v: wrapped(calendar.difference(word, *v)))


def _format_of(scope: Scope, node: syntax.Expr, is_known: Callable[[str], object]) -> str:
    form = str(bind_constant(scope, node, "the format").value or "")
    if not form or not is_known(form):
        raise scope.error("KQL104", f"the format '{form}' holds what Kusto does not take", node.span)
    return form


@binds_function("format_datetime", takes=(2, 2))
def _format_datetime(scope: Scope, node: syntax.Call) -> Scalar:
    value, second = node.arguments
    form = _format_of(scope, second, datetime_pieces)
    call = _declared(scope, node, [bind_scalar(scope, value)], form)
    return _folded(call, lambda v: calendar.format_datetime(form, v[0]))


@binds_function("format_timespan", takes=(2, 2))
def _format_timespan(scope: Scope, node: syntax.Call) -> Scalar:
    value, second = node.arguments
    form = _format_of(scope, second, timespan_pieces)
    call = _declared(scope, node, [bind_scalar(scope, value)], form)
    return _folded(call, lambda v: calendar.format_timespan(form, v[0]))


@binds_function("datetime_utc_to_local", "datetime_local_to_utc", takes=(2, 2))
def _zoned(scope: Scope, node: syntax.Call) -> Scalar:
    value, zone = (bind_scalar(scope, a) for a in node.arguments)
    call = _declared(scope, node, [value, zone])
    if isinstance(call, Call):
        value, zone = call.arguments
    known = zoneinfo.available_timezones() - {"localtime"}  # a link of the machine's own
    if isinstance(zone, Constant) and zone.type is Type.STRING and known and str(zone.value) not in known:
        raise scope.error(
            "KQL204",
            f"'{zone.value}' is no time zone of the IANA database, and only those are known to the warehouse",
            node.arguments[1].span,
            hint="Europe/Berlin, US/Pacific",
        )
    if known and node.name == "datetime_local_to_utc" and _comes_twice(value, zone):
        reason = "the local time comes twice there, and which one Kusto takes is not documented"
        raise scope.error("KQL204", reason, node.arguments[0].span)
    return call


def _comes_twice(local: Scalar, zone: Scalar) -> bool:
    """Whether a constant local time is one of an hour through which the clocks of a known zone go twice."""
    if not (isinstance(local, Constant) and isinstance(local.value, int)):
        return False
    if not (isinstance(zone, Constant) and zone.type is Type.STRING and zone.value):
        return False
    there = zoneinfo.ZoneInfo(str(zone.value))
    wall = datetime(1, 1, 1, tzinfo=there) + timedelta(microseconds=local.value // 10)
    first, second = (wall.replace(fold=fold).utcoffset() for fold in (0, 1))
    return first is not None and second is not None and first > second


def _ticks(scalar: Scalar, factor: int) -> int | None:
    """A constant number times a factor, as ticks."""
    if not isinstance(scalar, Constant) or scalar.value is None or scalar.type not in NUMBERS:
        return None
    if not math.isfinite(float(scalar.value)):
        return None
    return int((Decimal(str(scalar.value)) * factor).to_integral_value(ROUND_HALF_EVEN))


def _whole_values(scalars: list[Scalar]) -> list[int] | None:
    found = [s.value for s in scalars if isinstance(s, Constant)]
    whole = [v for v in found if isinstance(v, int)]
    return whole if len(whole) == len(scalars) else None


@binds_function("make_datetime")
def _make_datetime(scope: Scope, node: syntax.Call) -> Scalar:
    scalars = [bind_scalar(scope, a) for a in node.arguments]
    if len(scalars) == 1:
        return convert(scope, scalars[0], Type.DATETIME)
    check_count(scope, node, (3, 6))
    scalars += [Constant(Type.LONG, 0, node.span)] * (6 - len(scalars))
    call = _declared(scope, node, scalars)
    parts, second = _whole_values(list(call.arguments[:5])), _ticks(call.arguments[5], TICKS_PER_SECOND)
    if parts is None or second is None:
        return call
    return Constant(Type.DATETIME, calendar.make_instant(parts, second), node.span)


@binds_function("make_timespan")
def _make_timespan(scope: Scope, node: syntax.Call) -> Scalar:
    scalars = [bind_scalar(scope, a) for a in node.arguments]
    if len(scalars) == 1:
        return convert(scope, scalars[0], Type.TIMESPAN)
    check_count(scope, node, (2, 4))
    zero = Constant(Type.LONG, 0, node.span)
    if len(scalars) < 4:
        scalars = [zero, *scalars, zero][:4]
    call = _declared(scope, node, scalars)
    parts, second = _whole_values(list(call.arguments[:3])), _ticks(call.arguments[3], TICKS_PER_SECOND)
    if parts is None or second is None:
        return call
    return Constant(Type.TIMESPAN, calendar.make_span(parts, second), node.span)


def _bind_unix_time(name: str, ticks_per: int, per_tick: int) -> None:
    @binds_function(name, takes=(1, 1))
    def bind(scope: Scope, node: syntax.Call) -> Scalar:
        (argument,) = (bind_scalar(scope, a) for a in node.arguments)
        ticks = _ticks(argument, ticks_per)
        if ticks is None:
            return _declared(scope, node, [argument])
        ticks = UNIX_EPOCH + ticks // per_tick
        return Constant(Type.DATETIME, ticks if 0 <= ticks <= MAX_INSTANT else None, node.span)


for _name, _size, _part_of in (
    ("seconds", TICKS_PER_SECOND, 1),
    ("milliseconds", 10_000, 1),
    ("microseconds", 10, 1),
    ("nanoseconds", 1, 100),
):
    _bind_unix_time(f"unixtime_{_name}_todatetime", _size, _part_of)


@binds_function("around", takes=(3, 3))
def _around(scope: Scope, node: syntax.Call) -> Scalar:
    """``around(value, center, delta)``: from center - delta to center + delta, both included."""
    value, center, delta = (bind_scalar(scope, a) for a in node.arguments)
    low, high = (binary(scope, sign, center, delta, node.span) for sign in "-+")
    return connect(
        scope,
        "and",
        [binary(scope, ">=", value, low, node.span), binary(scope, "<=", value, high, node.span)],
        node.span,
    )
