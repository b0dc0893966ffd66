"""Constants are computed here, at Kusto's own 100 ns, so that the SQL holds ``'2020-01-01'`` and not a sum.

A long wraps at 64 bits; an instant outside the years 1 to 9999 is null. What would depend on the rounding of an engine
(a real times a timespan that comes to a part of a tick) is not folded.
"""

from __future__ import annotations

import decimal
import json
import math
import re
from collections.abc import Callable

from transpiler.kql.instants import MAX_INSTANT
from transpiler.plan.scalars import Constant
from transpiler.types import INTEGERS, Type

_LONG_MIN = -(2**63)
# What means something in a regular expression.
OF_PATTERNS = r"[\\.+*?()|\[\]{}^$#&~-]"
# The digits of an IEEE decimal128, which Kusto's decimal is.
_DECIMAL = decimal.Context(prec=34, rounding=decimal.ROUND_HALF_EVEN)


def wrapped(value: int, bits: int = 64) -> int:
    """A whole number as arithmetic of so many bits leaves it."""
    least = -1 << (bits - 1)
    return (value - least) % (1 << bits) + least


def quotient(a: int, b: int) -> int | None:
    """Kusto divides towards zero, and by zero comes to null."""
    if b == 0:
        return None
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def remainder(a: int, b: int) -> int | None:
    """Kusto's remainder is never negative; by zero it is null."""
    return a % abs(b) if b else None


def real_quotient(a: float, b: float) -> float:
    """A quotient as IEEE 754 has it."""
    if b:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def real_remainder(a: float, b: float) -> float:
    """The remainder of reals, never negative."""
    if b == 0 or math.isinf(a) or math.isnan(a) or math.isnan(b):
        return math.nan
    rest = math.fmod(a, b)
    return rest + abs(b) if rest < 0 else rest


class NotFoldedError(Exception):
    """The value is left to the engine."""


def _ticks(value: float) -> int | None:
    """A real number of ticks that is whole but for the noise of the product."""
    if not math.isfinite(value) or abs(value) >= 2**63:
        return None
    near = round(value)
    if abs(value - near) > 1e-6 * max(1.0, abs(near) * 1e-9):
        raise NotFoldedError
    return near


def _scaled(a: float, b: float) -> int | None:
    return a * b if isinstance(a, int) and isinstance(b, int) else _ticks(a * b)


def _span_over(a: int, b: float) -> int | None:
    if isinstance(b, int):
        return quotient(a, b)
    return _ticks(real_quotient(float(a), b))


def _bin(value: int, size: int, fixed: int = 0) -> int | None:
    """The multiple of a size below a value, counted from a fixed point; null for a size that is not above zero."""
    return value - (value - fixed) % size if size > 0 else None


def _real_bin(value: float, size: float, fixed: float = 0.0) -> float | None:
    if not math.isfinite(value) or not math.isfinite(size) or not math.isfinite(fixed):
        raise NotFoldedError
    return fixed + math.floor((value - fixed) / size) * size if size > 0 else None


Folder = Callable[..., "int | float | None"]

_WHOLE: dict[str, Folder] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/ long": quotient,
    "% long": remainder,
    "negate": lambda a: -a,
    "abs": abs,
    "+ datetime": lambda a, b: a + b,
    "+ timespan datetime": lambda a, b: a + b,
    "- datetimes": lambda a, b: a - b,
    "- datetime": lambda a, b: a - b,
    "* timespan": _scaled,
    "* number timespan": _scaled,
    "/ timespan": _span_over,
    "/ timespans": lambda a, b: real_quotient(float(a), float(b)),
    "/ datetime timespan": lambda a, b: real_quotient(float(a), float(b)),
    "% datetime": remainder,
    "bin": _bin,
    "bin datetime": _bin,
    "bin_at": _bin,
    "bin_at datetime": _bin,
}
_REAL: dict[str, Folder] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": real_quotient,
    "%": real_remainder,
    "negate": lambda a: -a,
    "abs": abs,
    "bin real": _real_bin,
    "bin_at real": _real_bin,
}
_DECIMALS: dict[str, Callable[..., decimal.Decimal]] = {
    "+": _DECIMAL.add,
    "-": _DECIMAL.subtract,
    "*": _DECIMAL.multiply,
    "/ decimal": _DECIMAL.divide,
    "negate": _DECIMAL.minus,
}


def fold(key: str, result: Type, arguments: tuple[Constant, ...]) -> Constant | None:
    """The value of an operator over constants; None when it is not folded."""
    if key == "strcat":  # a pattern is often put together so, and must be a constant
        texts = [a.value for a in arguments if isinstance(a.value, str) and a.type is Type.STRING]
        return Constant(result, "".join(texts)) if len(texts) == len(arguments) else None
    if key == "strcat_array":
        return _joined(arguments)
    if key == "regex_quote":  # so is what it gives a pattern
        written = arguments[0].value if arguments[0].type is Type.STRING else None
        return Constant(result, re.sub(OF_PATTERNS, r"\\\g<0>", written)) if isinstance(written, str) else None
    if key not in _WHOLE and key not in _REAL and key not in _DECIMALS:
        return None
    if any(a.value is None for a in arguments):
        return Constant(result, None)
    if result is Type.DECIMAL:
        return _fold_decimal(key, arguments)
    folder = (_REAL if result is Type.REAL and key in _REAL else _WHOLE).get(key)
    if folder is None or any(isinstance(a.value, str) for a in arguments):
        return None
    try:
        return Constant(result, _typed(folder(*(a.value for a in arguments)), result))
    except (NotFoldedError, OverflowError):
        return None


def _joined(arguments: tuple[Constant, ...]) -> Constant | None:
    """Texts joined to one, a text alone being one; None where an element is no text."""
    array, delimiter = (a.value for a in arguments)
    elements = json.loads(array) if isinstance(array, str) else None
    if isinstance(elements, str):
        return Constant(Type.STRING, elements)
    if (
        not isinstance(elements, list)
        or not all(isinstance(e, str) for e in elements)
        or not isinstance(delimiter, str)
    ):
        return None
    return Constant(Type.STRING, delimiter.join(elements))


def _typed(value: int | float | None, result: Type) -> int | float | None:
    if value is None:
        return None
    if result is Type.REAL:
        return float(value)
    if result is Type.DATETIME:
        return int(value) if 0 <= value <= MAX_INSTANT else None
    if result in INTEGERS:
        return wrapped(int(value), 32 if result is Type.INT else 64)
    if not _LONG_MIN <= value < -_LONG_MIN:
        raise NotFoldedError
    return int(value)


def _fold_decimal(key: str, arguments: tuple[Constant, ...]) -> Constant | None:
    folder = _DECIMALS.get(key)
    if folder is None:
        return None
    try:
        value = folder(*(decimal.Decimal(str(a.value)) for a in arguments))
    except decimal.DecimalException:
        return None
    # Both warehouses hold 18 decimal places at least; a quotient with more is left as it is written.
    return Constant(Type.DECIMAL, f"{value:f}") if value.is_finite() else None
