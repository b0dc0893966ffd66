"""Arithmetic that the targets share: what is refused, and the remainder and bins, which in Kusto are never below zero.

``x - n * floor(x / n)`` is right for negative numbers; for whole numbers it is written with remainders, since a division of
large longs through reals loses digits.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.spelling import Builder, Speller, number
from transpiler.dialects.times import microseconds
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.types import Type

ORIGIN = 62_135_596_800_000_000
"""Microseconds from 0001-01-01, where Kusto's bins of time begin, to 1970-01-01."""


def positive_constant(speller: Speller, scalar: Scalar) -> int | float | None:
    """The value of a constant step in SQL's unit; None when it is computed. Raises for a step that is not above zero."""
    if not isinstance(scalar, Constant) or not isinstance(scalar.value, int | float):
        return None
    value = scalar.value
    if scalar.type is Type.TIMESPAN:
        value = microseconds(int(value), scalar.span)
    if value <= 0:
        raise speller.refuse("the size of a bin must be above zero", scalar.span)
    return value


def remainder(mod: str) -> Builder:
    """``a % b`` of whole numbers: never negative, null for zero. ``mod`` is the target's ``{a} mod {b}``."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        left, right = call.arguments
        if isinstance(right, Constant) and isinstance(right.value, int) and right.value:
            size = abs(microseconds(right.value, right.span) if right.type is Type.TIMESPAN else right.value)
            return floored(speller, speller.value(left), number(size), mod)

        def build(b: exp.Expr) -> exp.Expr:
            return floored(speller, speller.value(left), b, mod)

        return speller.once(speller.sql("ABS(NULLIF({b}, 0))", b=speller.value(right)), build)

    return spell


def floored(speller: Speller, value: exp.Expr, size: exp.Expr, mod: str) -> exp.Expr:
    """The remainder of a floor division by a positive size."""
    inner = speller.sql(mod, a=value, b=size)
    return speller.sql(mod, a=exp.Paren(this=speller.sql("{i} + {b}", i=inner, b=size.copy())), b=size.copy())


def bin_whole(mod: str) -> Builder:
    """``bin`` of longs and timespans: the value less its remainder."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        value, step = call.arguments
        constant = positive_constant(speller, step)
        size = number(int(constant)) if constant is not None else speller.sql("NULLIF({s}, 0)", s=speller.value(step))
        return speller.once(
            speller.value(value),
            lambda v: speller.sql("{v} - {r}", v=v, r=exp.Paren(this=floored(speller, v.copy(), size, mod))),
        )

    return spell


def bin_real(speller: Speller, call: Call) -> exp.Expr:
    """``bin`` of reals and decimals."""
    value, step = call.arguments
    positive_constant(speller, step)
    size = speller.value(step)
    return speller.sql("FLOOR({v} / {s}) * {t}", v=speller.value(value), s=size, t=size.copy())


def bin_at_whole(mod: str) -> Builder:
    """``bin_at`` of longs and timespans."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        value, step, fixed = call.arguments
        constant = positive_constant(speller, step)
        size = number(int(constant)) if constant is not None else speller.value(step)

        def build(v: exp.Expr) -> exp.Expr:
            apart = exp.Paren(this=speller.sql("{v} - {f}", v=v.copy(), f=speller.value(fixed)))
            return speller.sql("{v} - {r}", v=v, r=exp.Paren(this=floored(speller, apart, size, mod)))

        return speller.once(speller.value(value), build)

    return spell


def bin_at_real(speller: Speller, call: Call) -> exp.Expr:
    """``bin_at`` of reals."""
    value, step, fixed = (speller.value(a) for a in call.arguments)
    template = "FLOOR(({v} - {f}) / {s}) * {s} + {f}"
    return speller.sql(template, v=value, s=step, f=fixed)


Nice = Callable[[Speller, exp.Expr, int], exp.Expr | None]


def bin_instant(micros_of: str, earlier: str, mod: str, nice: Nice) -> Builder:
    """``bin`` of datetimes from 0001-01-01 on; ``nice`` writes steps for which the target has a word of its own."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        value, step = call.arguments
        constant = positive_constant(speller, step)
        tree = speller.value(value)
        if constant is not None and (short := nice(speller, tree, int(constant))) is not None:
            return short
        size = number(int(constant)) if constant is not None else speller.sql("NULLIF({s}, 0)", s=speller.value(step))

        def build(v: exp.Expr) -> exp.Expr:
            since = exp.Paren(this=speller.sql(f"{micros_of} + {ORIGIN}", v=v.copy()))
            return speller.sql(earlier, v=v, n=speller.sql(mod, a=since, b=size))

        return speller.once(tree, build)

    return spell


def bin_at_instant(micros_of: str, earlier: str, mod: str) -> Builder:
    """``bin_at`` of datetimes."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        value, step, fixed = call.arguments
        constant = positive_constant(speller, step)
        size = number(int(constant)) if constant is not None else speller.value(step)
        point = speller.sql(micros_of, v=speller.value(fixed))

        def build(v: exp.Expr) -> exp.Expr:
            apart = exp.Paren(this=speller.sql(f"{micros_of} - {{p}}", v=v.copy(), p=point))
            return speller.sql(earlier, v=v, n=floored(speller, apart, size, mod))

        return speller.once(speller.value(value), build)

    return spell
