"""Arithmetic that both targets build alike: where a plain operator is enough, and what stands for Kusto's remainder.

Evidence: oracle ``type-casts-coercion`` (``-7 / 2`` is -3, ``-7 % 3`` is 2, ``10 / 0`` is null, ``0.0 / 0.0`` is NaN);
the Kusto documentation on numerical operators (``0 <= N % D < abs(D)``).
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.spelling import Refusal, Speller, Spelling, operand
from transpiler.kql.instants import TICKS_PER_MICROSECOND, UNIX_EPOCH
from transpiler.plan.ranges import is_natural
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.types import Type

EPOCH = UNIX_EPOCH // TICKS_PER_MICROSECOND
"""Microseconds from year 1, where Kusto's instants begin, to 1970."""

_ODD_TIMES = Refusal("what Kusto makes of this mix of times and numbers is not known")

ODD_PAIRS: dict[str, Spelling] = dict.fromkeys(
    (
        "- timespan datetime", "* timespans", "* datetime", "* number datetime", "/ datetimes", "/ datetime",
        "% timespan number", "% datetimes", "% datetime number", "negate datetime",
    ),
    _ODD_TIMES,
)  # fmt: skip


def whole_micros(scalar: Scalar) -> int | None:
    """A constant timespan in whole microseconds, or a constant whole number; None for anything else."""
    if not isinstance(scalar, Constant) or not isinstance(scalar.value, int):
        return None
    if scalar.type is not Type.TIMESPAN:
        return int(scalar.value)
    micros, rest = divmod(scalar.value, 10)
    return None if rest else micros


def is_nonzero(scalar: Scalar) -> bool:
    """Whether a divisor is a constant other than 0."""
    return isinstance(scalar, Constant) and not isinstance(scalar.value, str) and bool(scalar.value)


def unless_zero(speller: Speller, divisor: Scalar) -> exp.Expr:
    """A divisor that is NULL where it is 0."""
    tree = speller.value(divisor)
    return tree if is_nonzero(divisor) else speller.sql("NULLIF({d}, 0)", d=tree)


def fits(scalar: Scalar) -> bool:
    """Whether a decimal times another keeps its scale: a whole number does."""
    if isinstance(scalar, Constant) and scalar.type is Type.DECIMAL:
        return "." not in str(scalar.value).rstrip("0").rstrip(".")
    return isinstance(scalar, Call) and scalar.overload.key in ("todecimal integer", "todecimal bool")


# Twice as much has more than 64 bits.
_HALF = 2**62
Modulo = Callable[[Speller, exp.Expr, exp.Expr], exp.Expr]


def remainder(speller: Speller, left: exp.Expr, right: Scalar, is_positive: bool, modulo: Modulo) -> exp.Expr:
    """``left % right``, never negative. ``modulo`` writes the target's own remainder, which has the sign of its left side."""
    is_constant = isinstance(right, Constant)
    if isinstance(right, Constant) and isinstance(right.value, int) and abs(right.value) > _HALF:
        return _remainder_of_huge(speller, modulo(speller, left, speller.value(right)), right)
    if isinstance(right, Constant) and isinstance(right.value, int) and right.value < 0:
        right = Constant(right.type, -right.value, right.span)
    elif isinstance(right, Constant) and right.type is Type.DECIMAL and right.value is not None:
        right = Constant(right.type, str(right.value).removeprefix("-"), right.span)
    divisor = unless_zero(speller, right)
    if is_positive:
        return modulo(speller, left, divisor)

    def twice(d: exp.Expr) -> exp.Expr:
        size = d.copy() if is_constant or is_natural(right) else speller.sql("ABS({d})", d=d.copy())
        first = operand(modulo(speller, left, d.copy()))
        return modulo(speller, operand(exp.Add(this=first, expression=size)), d.copy())

    return twice(divisor) if is_constant else speller.once(divisor, twice)


def _remainder_of_huge(speller: Speller, rest: exp.Expr, right: Constant) -> exp.Expr:
    """A remainder that is never negative, by a divisor that added to another remainder would overflow."""
    sign = "-" if int(str(right.value)) < 0 else "+"
    template = f"CASE WHEN {{r}} < 0 THEN {{r}} {sign} {{d}} ELSE {{r}} END"
    return speller.once(rest, lambda r: speller.sql(template, r=r, d=speller.value(right)))


def instant_and_span(call: Call) -> tuple[Scalar, Scalar, int]:
    """The instant, the timespan, and the sign of a sum or difference of both."""
    left, right = call.arguments
    if call.overload.key == "+ timespan datetime":
        return right, left, 1
    return left, right, -1 if call.overload.key.startswith("-") else 1
