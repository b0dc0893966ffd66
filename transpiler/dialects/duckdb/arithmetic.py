"""DuckDB's arithmetic: 64-bit, null on whole division by zero, Kusto's non-negative remainder, times as microseconds."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.arithmetic import (
    EPOCH,
    ODD_PAIRS,
    fits,
    instant_and_span,
    remainder,
    unless_zero,
    whole_micros,
)
from transpiler.dialects.choices import case
from transpiler.dialects.spelling import Refusal, Speller, Spelling, number, operand, sql_type
from transpiler.dialects.times import instant_text, interval_of
from transpiler.kql.instants import MAX_INSTANT
from transpiler.plan.ranges import is_natural, overflows
from transpiler.plan.scalars import Call, ColumnRef, Constant, Scalar, ScalarSubquery, WindowCall, columns_of
from transpiler.types import INTEGERS, Type

# Sums, differences and products fit 128 bits; the mask leaves the 64 bits that Kusto keeps.
_WRAPPED = (
    "CAST(((CAST({{a}} AS HUGEINT) {op} {{b}} + 9223372036854775808) & 18446744073709551615) "
    "- 9223372036854775808 AS BIGINT)"
)
_IN_RANGE = "CASE WHEN {v} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN {v} END"


def in_calendar(speller: Speller, instant: exp.Expr) -> exp.Expr:
    """The instant, null outside of the years 1 to 9999, which DuckDB's TIMESTAMP leaves."""
    return speller.once(instant, lambda v: speller.sql(_IN_RANGE, v=v))


# What gives back one of its arguments, as wide as they are.
_PASSING = frozenset({"coalesce", "max_of", "min_of", "round long", "round whole", "prev", "next"})


def is_narrow(scalar: Scalar, *, stored: bool = False) -> bool:
    """Whether DuckDB holds a number in 32 bits, where its arithmetic overflows early: a literal, or one of several literals.

    ``stored``: a stored int counts, too (it is an INTEGER in the warehouse).
    """
    match scalar:
        case Constant():
            return scalar.value is not None
        case ColumnRef() | ScalarSubquery():
            return stored and scalar.type is Type.INT
        case Call() if scalar.overload.key == "case":
            results = (*scalar.arguments[1::2], scalar.arguments[-1])
            return scalar.type is Type.INT and all(is_narrow(r, stored=stored) for r in results)
        case Call() | WindowCall() if scalar.overload.key in _PASSING:
            return all(is_narrow(a, stored=stored) for a in scalar.arguments)
        case _:
            return False


def wide_case(speller: Speller, choice: Call) -> exp.Expr:
    """``case`` and ``iff``; one between literals only is made 64 bits wide, wherever it stands."""
    tree = case(speller, choice)
    results = (*choice.arguments[1::2], choice.arguments[-1])
    if choice.type not in (Type.LONG, Type.TIMESPAN) or not all(map(is_narrow, results)):
        return tree
    return exp.Cast(this=tree, to=sql_type("BIGINT", "duckdb"))


def wide(speller: Speller, *scalars: Scalar) -> list[exp.Expr]:
    """The trees of whole numbers, at least one of them 64 bits wide; of other types just the trees."""
    trees = [speller.value(s) for s in scalars]
    if all(s.type in INTEGERS | {Type.TIMESPAN} and is_narrow(s, stored=True) for s in scalars):
        trees[0] = exp.Cast(this=trees[0], to=sql_type("BIGINT", "duckdb"))
    return trees


def _operation(kind: type[exp.Expr], sign: str) -> Callable[[Speller, Call], exp.Expr]:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        left, right = call.arguments
        if overflows(call):
            return speller.sql(_WRAPPED.format(op=sign), a=speller.value(left), b=speller.value(right))
        is_product = call.type is Type.DECIMAL and kind is exp.Mul
        if is_product and not (fits(left) or fits(right)):
            raise speller.refuse("a product of decimals has more digits than DuckDB's DECIMAL holds", call.span)
        a, b = wide(speller, left, right)
        tree = kind(this=operand(a), expression=operand(b))
        return exp.Cast(this=tree, to=speller.dialect.data_type(Type.DECIMAL)) if is_product else tree

    return spell


def _divided(speller: Speller, call: Call) -> exp.Expr:
    left, right = call.arguments
    value, _ = wide(speller, left, right)
    return speller.sql("{a} // {b}", a=value, b=unless_zero(speller, right))


def modulo(speller: Speller, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """DuckDB's remainder, with the sign of its left side."""
    return speller.sql("{a} % {b}", a=left, b=right)


def _remainder(speller: Speller, call: Call) -> exp.Expr:
    left, right = call.arguments
    value, _ = wide(speller, left, right)
    return remainder(speller, value, right, is_natural(left), modulo)


def _negative(speller: Speller, call: Call) -> exp.Expr:
    (value,) = wide(speller, *call.arguments)
    return exp.Neg(this=operand(value))


def _real_remainder(speller: Speller, call: Call) -> exp.Expr:
    left, right = (speller.value(a) for a in call.arguments)

    def positive(d: exp.Expr) -> exp.Expr:
        rest = speller.sql("{a} % {d}", a=left, d=d.copy())
        return speller.once(rest, lambda r: speller.sql("CASE WHEN {r} < 0 THEN {r} + abs({d}) ELSE {r} END", r=r, d=d))

    return speller.once(right, positive)


def since_start(speller: Speller, instant: Scalar) -> exp.Expr:
    """Microseconds since year 1, where Kusto's bins begin."""
    return speller.sql(f"epoch_us({{t}}) + {EPOCH}", t=speller.value(instant))


def _instant_remainder(speller: Speller, call: Call) -> exp.Expr:
    left, right = call.arguments
    return remainder(speller, since_start(speller, left), right, True, modulo)


def _timespan_ratio(speller: Speller, call: Call) -> exp.Expr:
    """A timespan in units of another; a unit of less than a microsecond is written in ticks."""
    left, right = call.arguments
    value = since_start(speller, left) if left.type is Type.DATETIME else speller.value(left)
    if isinstance(right, Constant) and whole_micros(right) is None and isinstance(right.value, int):
        return speller.sql(f"{{a}} * 10 / {right.value}", a=value)
    return speller.sql("{a} / {b}", a=value, b=speller.value(right))


def moved(speller: Speller, instant: exp.Expr, micros: int) -> exp.Expr:
    """An instant some microseconds later (or earlier)."""
    if not micros:
        return instant
    count, unit = interval_of(abs(micros))
    interval = exp.Interval(this=number(count), unit=exp.Var(this=unit))
    return (exp.Sub if micros < 0 else exp.Add)(this=operand(instant), expression=interval)


def _moved_by(speller: Speller, call: Call) -> exp.Expr:
    instant, span, sign = instant_and_span(call)
    micros = whole_micros(span)
    if micros is not None:
        return _moved_within(speller, instant, sign * micros)
    template = f"{{t}} {'+' if sign > 0 else '-'} to_microseconds({{s}})"
    tree, shift = speller.value(instant), speller.value(span)
    return in_calendar(speller, speller.sql(f"TRY({template})", t=tree, s=shift))


def _moved_within(speller: Speller, instant: Scalar, micros: int) -> exp.Expr:
    """An instant moved by a constant: null where that leaves the calendar, as a stored 9999-12-31 would."""
    if not columns_of(instant) or not micros:
        return moved(speller, speller.value(instant), micros)
    edge = (0 if micros < 0 else MAX_INSTANT // 10 * 10) - micros * 10
    if not 0 <= edge <= MAX_INSTANT:
        return in_calendar(speller, moved(speller, speller.value(instant), micros))
    bound = f"{'>=' if micros < 0 else '<='} TIMESTAMP '{instant_text(edge, instant.span)}'"

    def within(t: exp.Expr) -> exp.Expr:
        return speller.sql(f"CASE WHEN {{t}} {bound} THEN {{moved}} END", t=t.copy(), moved=moved(speller, t, micros))

    return speller.once(speller.value(instant), within)


ARITHMETIC: dict[str, Spelling] = {
    **ODD_PAIRS,
    "+": _operation(exp.Add, "+"),
    "-": _operation(exp.Sub, "-"),
    "*": _operation(exp.Mul, "*"),
    "/ long": _divided,
    "/": "{left} / {right}",
    "/ decimal": Refusal("DuckDB divides decimals as reals, which have fewer digits"),
    "% long": _remainder,
    "%": _real_remainder,
    "negate": _negative,
    "+ datetime": _moved_by,
    "+ timespan datetime": _moved_by,
    "- datetime": _moved_by,
    "- datetimes": "epoch_us({left}) - epoch_us({right})",
    "* timespan": "TRY_CAST({left} * {right} AS BIGINT)",
    "* number timespan": "TRY_CAST({left} * {right} AS BIGINT)",
    "/ timespan": "TRY_CAST({left} / {right} AS BIGINT)",
    "/ timespans": _timespan_ratio,
    "/ datetime timespan": _timespan_ratio,
    "% datetime": _instant_remainder,
}
