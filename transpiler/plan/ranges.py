"""What is known of a number without the data: between which bounds it lies, and whether it can be NaN.

Both decide only how much must be written. Where nothing is known of a long, a plain operator is written: an overflow of
64 bits then stops the query with an error in either engine. Where an overflow is at hand (a shifted number times another, a
constant near the end of the range) the form that wraps, as Kusto does, is written instead.
"""

from __future__ import annotations

import math

from transpiler.plan.scalars import Call, ColumnRef, Constant, Scalar
from transpiler.types import INTEGERS, Type

Bounds = tuple[int, int]

LONG: Bounds = (-(2**63), 2**63 - 1)
_INT: Bounds = (-(2**31), 2**31 - 1)
_LARGE = 2**53

# Results of functions by the key that the dialects spell; a count of characters or elements is below 2^40.
_COUNT: Bounds = (0, 2**40)
_RESULTS: dict[str, Bounds] = {
    **dict.fromkeys(("strlen", "count", "countif", "dcount", "array_length", "row_number", "countof"), _COUNT),
    **dict.fromkeys(("indexof",), (-1, 2**40)),
    "hourofday": (0, 23),
    "dayofmonth": (1, 31),
    "dayofyear": (1, 366),
    "monthofyear": (1, 12),
    "getyear": (1, 9999),
    "week_of_year": (1, 53),
    "weekofyear": (1, 53),
    "datetime_part": (0, 999_999_999),
    "dayofweek": (0, 6 * 86_400_000_000),
    "bitset_count_ones": (0, 64),
    "tolong bool": (0, 1),
    "toint bool": (0, 1),
}
_SPREADING = frozenset({"binary_not", "binary_shift_left", "binary_xor"})


def bounds(scalar: Scalar) -> Bounds | None:
    """Between which whole numbers a scalar lies (a timespan: microseconds); None when nothing is known."""
    match scalar:
        case Constant(type=Type.INT | Type.LONG, value=int() as value):
            return value, value
        case Constant(type=Type.TIMESPAN, value=int() as value):
            return value // 10, value // 10
        case ColumnRef(type=Type.INT):
            return _INT
        case Call(type=Type.INT | Type.LONG | Type.TIMESPAN):
            return _of_call(scalar)
        case _:
            return None


def _of_call(call: Call) -> Bounds | None:
    key = call.overload.key
    if (known := _RESULTS.get(key) or _RESULTS.get(key.split(" ")[0])) is not None:
        return known
    if key == "% long":
        divisor = bounds(call.arguments[1])
        return None if divisor is None else (0, max(abs(divisor[0]), abs(divisor[1])))
    if key in ("+", "-", "*", "negate", "/ long", "abs"):
        parts = [bounds(a) for a in call.arguments]
        known_parts = [p for p in parts if p is not None]
        return _combined(key, known_parts) if len(known_parts) == len(parts) else None
    return _INT if call.type is Type.INT else None


def _combined(key: str, parts: list[Bounds]) -> Bounds:
    low, high = parts[0]
    match key:
        case "negate":
            return -high, -low
        case "abs":
            return (0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))
        case "/ long":
            return min(low, -high, 0), max(high, -low, 0)
        case "+":
            return low + parts[1][0], high + parts[1][1]
        case "-":
            return low - parts[1][1], high - parts[1][0]
        case _:
            ends = [a * b for a in parts[0] for b in parts[1]]
            return min(ends), max(ends)


def is_natural(scalar: Scalar) -> bool:
    """Whether a whole number is known to be no less than 0."""
    known = bounds(scalar)
    return known is not None and known[0] >= 0


def overflows(call: Call) -> bool:
    """Whether 64 bits may not hold a sum, difference or product: its bounds say so, or an operand spreads over all longs."""
    if call.type not in INTEGERS:
        return False
    known = _of_call(call)
    if known is not None:
        return not (LONG[0] <= known[0] and known[1] <= LONG[1])
    return any(_is_spread(a) for a in call.arguments)


def _is_spread(scalar: Scalar) -> bool:
    if isinstance(scalar, Constant):
        return isinstance(scalar.value, int) and abs(scalar.value) >= _LARGE
    if not isinstance(scalar, Call) or scalar.type not in INTEGERS:
        return False
    return scalar.overload.key.split(" ")[0] in _SPREADING or (
        scalar.overload.key in ("+", "-", "*") and any(_is_spread(a) for a in scalar.arguments)
    )


# A real function whose result is NaN only where an argument is.
_STEADY = frozenset(
    {
        *(f"toreal {kind}" for kind in ("integer", "decimal", "bool", "datetime", "timespan")),
        *("abs", "sign", "round", "ceiling", "bin real", "pi", "erf", "erfc"),
    }
)


def may_be_nan(scalar: Scalar) -> bool:
    """Whether a real can be NaN, as a stored one can; a computed one is judged by what computes it."""
    if scalar.type is not Type.REAL:
        return False
    match scalar:
        case Constant():
            return isinstance(scalar.value, float) and math.isnan(scalar.value)
        case ColumnRef():
            return not scalar.column.is_number
        case Call() if scalar.overload.key in _STEADY:
            return any(may_be_nan(a) for a in scalar.arguments)
        case Call() if scalar.overload.key in ("+", "-", "*"):
            return any(may_be_nan(a) or _may_be_infinite(a) for a in scalar.arguments)
        case Call() if scalar.overload.key in ("/", "/ timespans"):
            left, right = scalar.arguments
            return may_be_nan(left) or not (isinstance(right, Constant) and bool(right.value))
        case Call() if scalar.overload.key in ("case", "coalesce"):
            return any(may_be_nan(a) for a in scalar.arguments)
        case _:
            return True


def _may_be_infinite(scalar: Scalar) -> bool:
    """Whether an operand may be an infinity, of which a sum or product can be NaN."""
    match scalar:
        case Constant():
            return isinstance(scalar.value, float) and math.isinf(scalar.value)
        case ColumnRef():
            return not scalar.column.is_number
        case Call() if scalar.overload.key.startswith("toreal ") and scalar.overload.key not in (
            "toreal string",
            "toreal dynamic",
        ):
            return False
        case Call() if scalar.overload.key in ("+", "-", "*", *_STEADY):
            return any(_may_be_infinite(a) for a in scalar.arguments)
        case Call() if scalar.overload.key in ("/", "/ timespans"):
            left, right = scalar.arguments
            return _may_be_infinite(left) or not (isinstance(right, Constant) and bool(right.value))
        case _:
            return True
