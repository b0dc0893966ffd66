"""What Kusto holds of a time beyond the microsecond, which no warehouse stores: ticks of 100 ns."""

from __future__ import annotations

from dataclasses import replace

from transpiler.kql.instants import MAX_INSTANT, TICKS_PER_MICROSECOND
from transpiler.plan.scalars import Call, ColumnRef, Constant, Scalar, ScalarSubquery, WindowCall
from transpiler.types import Type

_TIMES = frozenset({Type.DATETIME, Type.TIMESPAN})
_LAST = TICKS_PER_MICROSECOND - 1
# Whole microseconds are added to the first argument, or to the second.
_MOVED = {"+ datetime": 0, "- datetime": 0, "+ timespan datetime": 1, "datetime_add": 1}


def ticks_beyond(scalar: Scalar) -> int:
    """The ticks that a computed instant has beyond what the warehouse holds of it: 9 for the end of a day and its kin.

    Of a choice between an end and another instant nothing is known: 0.
    """
    if scalar.type is not Type.DATETIME:
        return 0
    match scalar:
        case ColumnRef(column=column) | ScalarSubquery(column=column):
            return _LAST if column.is_end else 0
        case WindowCall(arguments=(ColumnRef() as column, *others)):
            has_default = len(others) > 1
            return 0 if has_default else ticks_beyond(column)
        case Call(overload=overload, arguments=arguments):
            if overload.name.startswith("endof"):
                return _LAST
            return ticks_beyond(arguments[_MOVED[overload.key]]) if overload.key in _MOVED else 0
        case _:
            return 0


def uneven_ticks(scalar: Constant) -> int | None:
    """The ticks of a constant time that lies between two microseconds, where no warehouse holds it; None for any other."""
    value = scalar.value if scalar.type in _TIMES else None
    return value if isinstance(value, int) and value % TICKS_PER_MICROSECOND else None


def whole_microseconds(scalar: Scalar, *, upward: bool) -> Scalar:
    """A constant time between two microseconds as one of the two; anything else, and the calendar's very end, as it is."""
    if not isinstance(scalar, Constant) or (ticks := uneven_ticks(scalar)) is None:
        return scalar
    whole = ticks - ticks % TICKS_PER_MICROSECOND + (TICKS_PER_MICROSECOND if upward else 0)
    return scalar if scalar.type is Type.DATETIME and whole > MAX_INSTANT else replace(scalar, value=whole)
