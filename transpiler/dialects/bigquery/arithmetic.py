"""BigQuery's arithmetic: null on whole division by zero, Kusto's non-negative remainder, times as microseconds."""

from __future__ import annotations

import math
from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.arithmetic import (
    EPOCH,
    ODD_PAIRS,
    instant_and_span,
    is_nonzero,
    remainder,
    unless_zero,
    whole_micros,
)
from transpiler.dialects.spelling import Speller, Spelling, number, operand
from transpiler.dialects.spelling import call as call_of
from transpiler.dialects.times import interval_of
from transpiler.plan.ranges import LONG, bounds, is_natural, overflows
from transpiler.plan.scalars import Call, Constant, Scalar, columns_of
from transpiler.types import Type

# BIGNUMERIC holds the product of two longs; what is beyond 64 bits comes back from the other end.
_EXACT = "MOD(CAST({{a}} AS BIGNUMERIC) {op} {{b}}, BIGNUMERIC '18446744073709551616')"
_WRAPPED = (
    "CAST(CASE WHEN {v} >= BIGNUMERIC '9223372036854775808' THEN {v} - BIGNUMERIC '18446744073709551616' "
    "WHEN {v} < -9223372036854775808 THEN {v} + BIGNUMERIC '18446744073709551616' ELSE {v} END AS INT64)"
)
# FLOAT64 has no MOD. Trap: of a real such as 5.3 BIGNUMERIC cuts the binary digits below 1e-38, and the remainder is another.
# Times 2^60 every real from 1.5e-14 to 1e20 is held whole, and what is smaller than the divisor needs no division.
_SCALE = "1152921504606846976.0"
_SCALED = f"CAST({{}} * {_SCALE} AS BIGNUMERIC)"
_BY_NUMBER = (
    "CASE WHEN ABS({a}) < {d} THEN IF({a} < 0, {a} + {d}, {a}) WHEN IS_NAN({a}) OR IS_INF({a}) THEN CAST('nan' AS FLOAT64) "
    f"WHEN ABS({{a}}) < 1e20 THEN CAST(MOD(MOD({_SCALED.format('{a}')}, {_SCALED.format('{d}')}) + {_SCALED.format('{d}')}, "
    f"{_SCALED.format('{d}')}) AS FLOAT64) / {_SCALE} "
    "WHEN NOT {a} IS NULL THEN ERROR('BigQuery has no exact remainder of reals so far apart') END"
)
_BY_REAL = (
    "CASE WHEN {d} = 0 OR IS_NAN({d}) THEN CAST('nan' AS FLOAT64) + {a} "
    "WHEN {d} <= 1.5e-14 AND ABS({a}) >= {d} AND NOT IS_INF({a}) "
    "THEN ERROR('BigQuery has no exact remainder by so small a real') WHEN NOT {d} IS NULL THEN {x} END"
)


def _operation(kind: type[exp.Expr], sign: str) -> Callable[[Speller, Call], exp.Expr]:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        left, right = (speller.value(a) for a in call.arguments)
        if overflows(call):
            exact = speller.sql(_EXACT.format(op=sign), a=left, b=right)
            return speller.once(exact, lambda v: speller.sql(_WRAPPED, v=v))
        return kind(this=operand(left), expression=operand(right))

    return spell


def _divided(speller: Speller, call: Call) -> exp.Expr:
    left, right = call.arguments
    return speller.sql("DIV({a}, {b})", a=speller.value(left), b=unless_zero(speller, right))


def ratio(speller: Speller, left: exp.Expr, right: Scalar) -> exp.Expr:
    """A quotient of reals; by zero it is an infinity or NaN."""
    template = "{a} / {b}" if is_nonzero(right) else "IEEE_DIVIDE({a}, {b})"
    return speller.sql(template, a=left, b=speller.value(right))


def _quotient(speller: Speller, call: Call) -> exp.Expr:
    return ratio(speller, speller.value(call.arguments[0]), call.arguments[1])


def modulo(speller: Speller, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """BigQuery's remainder, with the sign of its left side."""
    # The arguments of a function need no parentheses of their own.
    return speller.sql("MOD({a}, {b})", a=left.this if isinstance(left, exp.Paren) else left, b=right)


def _remainder(speller: Speller, call: Call) -> exp.Expr:
    left, right = call.arguments
    return remainder(speller, speller.value(left), right, is_natural(left), modulo)


def _real_remainder(speller: Speller, call: Call) -> exp.Expr:
    left, right = call.arguments

    def by_number(a: exp.Expr, d: exp.Expr) -> exp.Expr:
        return speller.sql(_BY_NUMBER, a=a, d=d)

    def by_real(a: exp.Expr, d: exp.Expr) -> exp.Expr:
        return speller.sql(_BY_REAL, a=a, d=d, x=by_number(a.copy(), d.copy()))

    if isinstance(right, Constant) and isinstance(right.value, float) and 1.5e-14 < abs(right.value) < math.inf:
        divisor = speller.value(Constant(Type.REAL, abs(right.value), right.span))
        return speller.once(speller.value(left), lambda a: by_number(a, divisor))
    size = speller.sql("ABS({d})", d=speller.value(right))
    return speller.once(speller.value(left), lambda a: speller.once(size, lambda d: by_real(a, d)))


def since_start(speller: Speller, instant: Scalar) -> exp.Expr:
    """Microseconds since year 1, where Kusto's bins begin."""
    return speller.sql(f"UNIX_MICROS({{t}}) + {EPOCH}", t=speller.value(instant))


def _instant_remainder(speller: Speller, call: Call) -> exp.Expr:
    left, right = call.arguments
    return remainder(speller, since_start(speller, left), right, True, modulo)


def _timespan_ratio(speller: Speller, call: Call) -> exp.Expr:
    """A timespan in units of another; a unit of less than a microsecond is written in ticks."""
    left, right = call.arguments
    value = since_start(speller, left) if left.type is Type.DATETIME else speller.value(left)
    if isinstance(right, Constant) and whole_micros(right) is None and isinstance(right.value, int):
        return speller.sql(f"{{a}} * 10 / {right.value}", a=value)
    return ratio(speller, value, right)


def _scaled(speller: Speller, call: Call) -> exp.Expr:
    left, right = (speller.value(a) for a in call.arguments)
    return speller.sql("SAFE_CAST({a} * {b} AS INT64)", a=left, b=right)


def _span_over_real(speller: Speller, call: Call) -> exp.Expr:
    left, right = call.arguments
    return speller.sql("SAFE_CAST({x} AS INT64)", x=ratio(speller, speller.value(left), right))


def moved(speller: Speller, instant: exp.Expr, micros: int, *, is_stored: bool = False) -> exp.Expr:
    """An instant some microseconds later (or earlier); a stored one may be near the calendar's end, and null beyond it."""
    if not micros:
        return instant
    count, unit = interval_of(abs(micros))
    interval = exp.Interval(this=number(count), unit=exp.Var(this=unit))
    safe = "SAFE." if is_stored else ""
    return call_of(f"{safe}TIMESTAMP_{'SUB' if micros < 0 else 'ADD'}", instant, interval)


def _moved_by(speller: Speller, call: Call) -> exp.Expr:
    instant, span, sign = instant_and_span(call)
    micros = whole_micros(span)
    if micros is not None:
        return moved(speller, speller.value(instant), sign * micros, is_stored=bool(columns_of(instant)))
    template = f"SAFE.TIMESTAMP_{'ADD' if sign > 0 else 'SUB'}({{t}}, INTERVAL {{s}} MICROSECOND)"
    return speller.sql(template, t=speller.value(instant), s=_within_64_bits(speller, span))


_SAFE = {"+": "SAFE_ADD", "-": "SAFE_SUBTRACT", "*": "SAFE_MULTIPLY"}


def _within_64_bits(speller: Speller, span: Scalar) -> exp.Expr:
    """A computed duration, NULL where 64 bits do not hold it: no instant has another one so far away."""
    if isinstance(span, Call) and _has_open_product(span):
        return call_of(_SAFE[span.overload.key], *(_within_64_bits(speller, a) for a in span.arguments))
    return speller.value(span)


def _has_open_product(scalar: Scalar) -> bool:
    """Whether a duration is, or is a sum of, a product of which nothing says that 64 bits hold it."""
    if not isinstance(scalar, Call) or scalar.type is not Type.TIMESPAN or scalar.overload.key not in _SAFE:
        return False
    if scalar.overload.key != "*":
        return any(_has_open_product(a) for a in scalar.arguments)
    known = bounds(scalar)
    return known is None or known[0] < LONG[0] or known[1] > LONG[1]


ARITHMETIC: dict[str, Spelling] = {
    **ODD_PAIRS,
    "+": _operation(exp.Add, "+"),
    "-": _operation(exp.Sub, "-"),
    "*": _operation(exp.Mul, "*"),
    "/ long": _divided,
    "/": _quotient,
    "/ decimal": "{left} / NULLIF({right}, 0)",
    "% long": _remainder,
    "%": _real_remainder,
    "negate": "-{value}",
    "+ datetime": _moved_by,
    "+ timespan datetime": _moved_by,
    "- datetime": _moved_by,
    "- datetimes": "TIMESTAMP_DIFF({left}, {right}, MICROSECOND)",
    "* timespan": _scaled,
    "* number timespan": _scaled,
    "/ timespan": _span_over_real,
    "/ timespans": _timespan_ratio,
    "/ datetime timespan": _timespan_ratio,
    "% datetime": _instant_remainder,
}
