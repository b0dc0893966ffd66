"""The calendar on ticks of 100 ns since year 1: what the functions of time come to for constants.

Weeks begin on Sunday. A value outside the years 1 to 9999 is null. ``datetime_diff`` counts the boundaries that lie between,
not whole periods (Kusto documentation: from Saturday to the Sunday after is one week).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from transpiler.kql.instants import MAX_INSTANT, MOST_DAYS, TICKS_PER_DAY, TICKS_PER_SECOND
from transpiler.plan.time_formats import Piece, datetime_pieces, timespan_pieces

_CLOCK = {
    "week": 7 * TICKS_PER_DAY,
    "day": TICKS_PER_DAY,
    "hour": 3600 * TICKS_PER_SECOND,
    "minute": 60 * TICKS_PER_SECOND,
    "second": TICKS_PER_SECOND,
    "millisecond": 10_000,
    "microsecond": 10,
}
_MONTHS = {"year": 12, "quarter": 3, "month": 1}
_LAST_DAY = date.max.toordinal()


def _day(ticks: int) -> date:
    return date.fromordinal(ticks // TICKS_PER_DAY + 1)


def _in_range(ticks: int) -> int | None:
    return ticks if 0 <= ticks <= MAX_INSTANT else None


def _start(unit: str, ticks: int, offset: int) -> int:
    """The ticks at which a unit begins, ``offset`` units on; may lie outside of the calendar."""
    day = _day(ticks)
    if unit == "day":
        return (day.toordinal() - 1 + offset) * TICKS_PER_DAY
    if unit == "week":
        return (day.toordinal() - day.toordinal() % 7 - 1 + 7 * offset) * TICKS_PER_DAY
    step = 12 if unit == "year" else 1
    months = day.year * 12 + (0 if unit == "year" else day.month - 1) + step * offset
    year, month = divmod(months, 12)
    if year == 10_000 and month == 0:
        return _LAST_DAY * TICKS_PER_DAY
    return (date(year, month + 1, 1).toordinal() - 1) * TICKS_PER_DAY if 1 <= year <= 9999 else -1


def start_of(unit: str, ticks: int, offset: int = 0) -> int | None:
    """``startofday`` and kin."""
    return _in_range(_start(unit, ticks, offset))


def end_of(unit: str, ticks: int, offset: int = 0) -> int | None:
    """``endofday`` and kin: the last tick."""
    return _in_range(_start(unit, ticks, offset + 1) - 1)


def leaves(unit: str, amount: int) -> bool:
    """Whether no instant of the calendar has another one so many units away."""
    if unit in _MONTHS:
        return abs(amount) * _MONTHS[unit] > 12 * 10_000
    ticks = abs(amount) // 100 if unit == "nanosecond" else (abs(amount) - 1) * _CLOCK[unit]
    return ticks > MAX_INSTANT


def add(unit: str, amount: int, ticks: int) -> int | None:
    """``datetime_add``: the last day of a month stays within the month."""
    if unit == "nanosecond":
        return _in_range(ticks + amount // 100)
    if unit in _CLOCK:
        return _in_range(ticks + amount * _CLOCK[unit])
    day = _day(ticks)
    year, month = divmod(day.year * 12 + day.month - 1 + amount * _MONTHS[unit], 12)
    if not 1 <= year <= 9999:
        return None
    following = (
        date(year + month // 11, (month + 1) % 12 + 1, 1).toordinal() if (year, month) != (9999, 11) else _LAST_DAY + 1
    )
    length = following - date(year, month + 1, 1).toordinal()
    moved = date(year, month + 1, min(day.day, length)).toordinal() - 1
    return moved * TICKS_PER_DAY + ticks % TICKS_PER_DAY


def _count(unit: str, ticks: int) -> int:
    """How many boundaries of a unit lie before an instant."""
    if unit == "nanosecond":
        return ticks * 100
    if unit == "week":
        return (ticks // TICKS_PER_DAY + 1) // 7
    if unit in _CLOCK:
        return ticks // _CLOCK[unit]
    day = _day(ticks)
    return (day.year * 12 + day.month - 1) // _MONTHS[unit]


def difference(unit: str, first: int, second: int) -> int:
    """``datetime_diff``."""
    return _count(unit, first) - _count(unit, second)


_PARTS: dict[str, Callable[[int], int]] = {
    "year": lambda t: _day(t).year,
    "quarter": lambda t: (_day(t).month + 2) // 3,
    "month": lambda t: _day(t).month,
    "week_of_year": lambda t: _day(t).isocalendar()[1],
    "day": lambda t: _day(t).day,
    "dayofyear": lambda t: _day(t).timetuple().tm_yday,
    "hour": lambda t: t // _CLOCK["hour"] % 24,
    "minute": lambda t: t // _CLOCK["minute"] % 60,
    "second": lambda t: t // TICKS_PER_SECOND % 60,
    "millisecond": lambda t: t // 10_000 % 1000,
    "microsecond": lambda t: t // 10 % 1_000_000,
    "nanosecond": lambda t: t % TICKS_PER_SECOND * 100,
}
UNITS = (*_MONTHS, *_CLOCK, "nanosecond")
PARTS = tuple(_PARTS)


def part(name: str, ticks: int) -> int:
    """``datetime_part``."""
    return _PARTS[name](ticks)


def day_of_week(ticks: int) -> int:
    """``dayofweek``: the time since Sunday."""
    return (ticks // TICKS_PER_DAY + 1) % 7 * TICKS_PER_DAY


def week_from_sunday(ticks: int) -> int:
    """The old ``weekofyear``: weeks begin on Sunday, the first has the year's first Wednesday (documentation: week_of_year)."""
    wednesday = ticks - day_of_week(ticks) + 3 * TICKS_PER_DAY
    return (part("dayofyear", wednesday) - 1) // 7 + 1


def _fraction(piece: Piece, ticks: int) -> str:
    digits = f"{ticks % TICKS_PER_SECOND:07}"[: piece.count]
    return digits.rstrip("0") if piece.letter == "F" else digits


def _datetime_piece(piece: Piece, ticks: int) -> str:
    if not piece.letter:
        return piece.text
    if piece.letter in "fF":
        return _fraction(piece, ticks)
    hour = part("hour", ticks)
    if piece.letter == "t":
        return "AM" if hour < 12 else "PM"
    if piece.letter == "y":
        year = part("year", ticks)
        return f"{year:04}" if piece.count == 4 else f"{year % 100:0{piece.count}}"
    value = {
        "M": part("month", ticks),
        "d": part("day", ticks),
        "H": hour,
        "h": (hour + 11) % 12 + 1,
        "m": part("minute", ticks),
        "s": part("second", ticks),
    }[piece.letter]
    return f"{value:0{piece.count}}"


def format_datetime(form: str, ticks: int) -> str:
    """``format_datetime``; the format is one that Kusto takes."""
    return "".join(_datetime_piece(p, ticks) for p in datetime_pieces(form) or [])


def _timespan_piece(piece: Piece, ticks: int) -> str:
    if not piece.letter:
        return piece.text
    if piece.letter in "fF":
        return _fraction(piece, ticks)
    name = {"H": "hour", "h": "hour", "m": "minute", "s": "second"}.get(piece.letter)
    value = part(name, ticks) if name else ticks // TICKS_PER_DAY
    return f"{value:0{piece.count}}"


def format_timespan(form: str, ticks: int) -> str:
    """``format_timespan``: the sign stands in front of all, whatever is shown."""
    return "-" * (ticks < 0) + "".join(_timespan_piece(p, abs(ticks)) for p in timespan_pieces(form) or [])


def make_instant(parts: list[int], second_ticks: int) -> int | None:
    """``make_datetime`` of year, month, day, hour, minute and a second in ticks."""
    year, month, day, hour, minute = parts
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second_ticks < 60 * TICKS_PER_SECOND):
        return None
    try:
        days = date(year, month, day).toordinal() - 1
    except (ValueError, OverflowError):
        return None
    return days * TICKS_PER_DAY + (hour * 3600 + minute * 60) * TICKS_PER_SECOND + second_ticks


def make_span(parts: list[int], second_ticks: int) -> int | None:
    """``make_timespan`` of days, hours, minutes and a second in ticks; all but the days within their clock.

    No more days than 64 bits of ticks hold.
    """
    days, hours, minutes = parts
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= second_ticks < 60 * TICKS_PER_SECOND):
        return None
    if abs(days) > MOST_DAYS:
        return None
    return days * TICKS_PER_DAY + (hours * 3600 + minutes * 60) * TICKS_PER_SECOND + second_ticks
