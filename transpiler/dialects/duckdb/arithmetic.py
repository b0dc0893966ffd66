"""DuckDB's arithmetic: 64-bit, null on division by zero, Kusto's non-negative remainder."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.spelling import Speller, Spelling, operand
from transpiler.plan.scalars import Call, ColumnRef, Constant, Scalar
from transpiler.types import INTEGERS, Type


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


ARITHMETIC: dict[str, Spelling] = {
    "+": _operation(exp.Add),
    "-": _operation(exp.Sub),
    "*": _operation(exp.Mul),
    "/": "{left} / NULLIF({right}, 0)",
    "negate": "-{value}",
    "+ datetime": "{left} + to_microseconds({right})",
    "+ timespan datetime": "{right} + to_microseconds({left})",
    "- datetime": "{left} - to_microseconds({right})",
    "- datetimes": "epoch_us({left}) - epoch_us({right})",
}
