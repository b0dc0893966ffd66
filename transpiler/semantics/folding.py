"""Constants are computed here, at Kusto's own 100 ns, so that the SQL holds ``'2020-01-01'`` and not a sum."""

from __future__ import annotations

import math
from collections.abc import Callable

from transpiler.plan.scalars import Constant
from transpiler.types import INTEGERS, Type

_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1
MAX_DATETIME = 3_155_378_975_999_999_999


def wrapped(value: int) -> int:
    """A long as 64-bit arithmetic leaves it."""
    return (value - _LONG_MIN) % 2**64 + _LONG_MIN


def _ints(a: Constant, b: Constant) -> tuple[int, int]:
    return int(a.value or 0), int(b.value or 0)


def _floor_div(a: int, b: int) -> int:
    """Kusto divides towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def fold(key: str, result: Type, arguments: tuple[Constant, ...]) -> str | int | float | bool | None:
    """The value of an operator over constants that are not null; None when it is not folded."""
    if (of_text := _TEXT_FOLDERS.get(key)) is not None:
        return of_text(*("" if a.value is None else str(a.value) for a in arguments))
    folder = _FOLDERS.get(key)
    if folder is None or any(a.value is None or isinstance(a.value, str) for a in arguments):
        return None
    try:
        value = folder(*(a.value for a in arguments))
    except (OverflowError, ZeroDivisionError, ValueError):
        return None
    if result in INTEGERS or result is Type.TIMESPAN:
        whole = int(value)
        return whole if _LONG_MIN <= whole <= _LONG_MAX else None
    if result is Type.DATETIME:
        whole = int(value)
        return whole if 0 <= whole <= MAX_DATETIME else None
    if result is Type.REAL:
        return float(value)
    return value


def _ascii(change: Callable[[str], str]) -> Callable[[str], str | None]:
    """A change of case, done here where no rule of Unicode is at stake."""
    return lambda text: change(text) if text.isascii() else None


# Patterns and needles are often put together: they must be constants to be checked.
_TEXT_FOLDERS: dict[str, Callable[..., str | int | None]] = {
    "strcat": lambda *parts: "".join(parts),
    "strcat_delim": lambda delimiter, *parts: delimiter.join(parts),
    "tolower": _ascii(str.lower),
    "toupper": _ascii(str.upper),
    "strlen": len,
}


def _remainder(a: int, b: int) -> int:
    """Kusto's remainder is never negative."""
    return a % abs(b) if b else 0


def _round_half_even(value: float) -> int:
    return int(value) if value == int(value) else math.floor(value + 0.5)


_FOLDERS: dict[str, Callable[..., int | float | bool]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "+ datetime": lambda a, b: a + b,
    "+ timespan datetime": lambda a, b: a + b,
    "- datetimes": lambda a, b: a - b,
    "- datetime": lambda a, b: a - b,
    "* timespan": lambda a, b: int(a * b) if isinstance(b, int) else round(a * b),
    "* number timespan": lambda a, b: int(a * b) if isinstance(a, int) else round(a * b),
    "/ long": _floor_div,
    "/ timespans": lambda a, b: a / b,
    "/ timespan": lambda a, b: _floor_div(a, b) if isinstance(b, int) else int(a / b),
    "% long": _remainder,
    "% timespan": _remainder,
    "negate": lambda a: -a,
}
