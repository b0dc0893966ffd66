"""DuckDB's arithmetic: 64-bit, null on division by zero, IEEE division of reals, Kusto's non-negative remainder."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.arithmetic import (
    ORIGIN,
    bin_at_instant,
    bin_at_real,
    bin_at_whole,
    bin_instant,
    bin_real,
    bin_whole,
    remainder,
)
from transpiler.dialects.spelling import Builder, Speller, Spelling, operand
from transpiler.dialects.times import interval_of, microseconds
from transpiler.plan.scalars import Call, ColumnRef, Constant, Scalar
from transpiler.types import INTEGERS, Type

_MOD = "{a} % {b}"


def _is_narrow(scalar: Scalar) -> bool:
    """Whether DuckDB may hold the value in 32 bits, where its arithmetic would overflow early: literals, stored ints."""
    return (isinstance(scalar, Constant) and scalar.type in INTEGERS) or (
        isinstance(scalar, ColumnRef) and scalar.type is Type.INT
    )


def wide(speller: Speller, left: Scalar, right: Scalar) -> tuple[exp.Expr, exp.Expr]:
    """Both operands, at least one of them 64 bits wide."""
    a, b = speller.value(left), speller.value(right)
    if _is_narrow(left) and _is_narrow(right):
        a = exp.Cast(this=a, to=exp.DataType.build("BIGINT"))
    return operand(a), operand(b)


def _operation(kind: type[exp.Expr]) -> Callable[[Speller, Call], exp.Expr]:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        left, right = call.arguments
        a, b = wide(speller, left, right)
        return kind(this=a, expression=b)

    return spell


def _divide(speller: Speller, call: Call) -> exp.Expr:
    """Reals divide as IEEE says; a decimal stays a decimal, and is null by zero."""
    left, right = (speller.value(a) for a in call.arguments)
    if call.type is Type.DECIMAL:
        return speller.sql("TRY_CAST(CAST({a} AS DOUBLE) / NULLIF({b}, 0) AS DECIMAL(38, 18))", a=left, b=right)
    return speller.sql("{a} / {b}", a=left, b=right)


def _moved(sign: str) -> Builder:
    """A datetime and a timespan: ``t - INTERVAL 1 HOUR`` where the timespan is constant."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        moment, span = call.arguments
        if isinstance(span, Constant) and isinstance(span.value, int):
            micros = microseconds(span.value, span.span)
            count, unit = interval_of(abs(micros))
            way = sign if micros >= 0 else "-" if sign == "+" else "+"
            return speller.sql(f"{{t}} {way} INTERVAL {count} {unit}", t=speller.value(moment))
        return speller.sql(f"{{t}} {sign} to_microseconds({{n}})", t=speller.value(moment), n=speller.value(span))

    return spell


def _nice_bin(speller: Speller, value: exp.Expr, micros: int) -> exp.Expr | None:
    count, unit = interval_of(micros)
    if count == 1 and unit != "MICROSECOND":
        return speller.sql(f"date_trunc('{unit.lower()}', {{v}})", v=value)
    if 86_400_000_000 % micros == 0 and unit != "MICROSECOND":
        return speller.sql(f"time_bucket(INTERVAL {count} {unit}, {{v}})", v=value)
    if unit == "DAY":
        return speller.sql(f"time_bucket(INTERVAL {count} DAY, {{v}}, TIMESTAMP '0001-01-01 00:00:00')", v=value)
    return None


_MICROS = "epoch_us({v})"
_EARLIER = "{v} - to_microseconds({n})"

ARITHMETIC: dict[str, Spelling] = {
    "+": _operation(exp.Add),
    "-": _operation(exp.Sub),
    "*": _operation(exp.Mul),
    "/ long": "{left} // NULLIF({right}, 0)",
    "/": _divide,
    "/ timespans": "CAST({left} AS DOUBLE) / {right}",
    "/ timespan": "CAST(trunc({left} / NULLIF({right}, 0)) AS BIGINT)",
    "% long": remainder(_MOD),
    "% timespan": remainder(_MOD),
    "%": "{left} - floor({left} / abs({right})) * abs({right})",
    "% datetime": f"(epoch_us({{left}}) + {ORIGIN}) % NULLIF({{right}}, 0)",
    "* timespan": "CAST(trunc({left} * {right}) AS BIGINT)",
    "* number timespan": "CAST(trunc({left} * {right}) AS BIGINT)",
    "negate": "-{value}",
    "+ datetime": _moved("+"),
    "+ timespan datetime": "{right} + to_microseconds({left})",
    "- datetime": _moved("-"),
    "- datetimes": "epoch_us({left}) - epoch_us({right})",
    "bin long": bin_whole(_MOD),
    "floor long": bin_whole(_MOD),
    "bin real": bin_real,
    "floor real": bin_real,
    "bin datetime": bin_instant(_MICROS, _EARLIER, _MOD, _nice_bin),
    "floor datetime": bin_instant(_MICROS, _EARLIER, _MOD, _nice_bin),
    "bin_at long": bin_at_whole(_MOD),
    "bin_at real": bin_at_real,
    "bin_at datetime": bin_at_instant(_MICROS, _EARLIER, _MOD),
}
