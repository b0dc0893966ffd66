"""Datetime and timespan literals as ticks of 100 ns.

The text forms are those that .NET's parser with the invariant culture takes, as far as Kusto shows them: ISO 8601 with
and without time and zone, month/day/year, RFC 822 and RFC 850 dates. A text with no date in it (``10:00``) depends on
the day on which it is read and has no value here.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

TICKS_PER_SECOND = 10_000_000
TICKS_PER_DAY = 86_400 * TICKS_PER_SECOND
MAX_INSTANT = 3_652_059 * TICKS_PER_DAY - 1
MAX_TIMESPAN = (1 << 63) - 1

_UNIT_TICKS: dict[str, Decimal] = {
    unit: Decimal(ticks)
    for units, ticks in (
        ("d day days", TICKS_PER_DAY),
        ("h hr hrs hour hours", 3600 * TICKS_PER_SECOND),
        ("m min minute minutes", 60 * TICKS_PER_SECOND),
        ("s sec second seconds", TICKS_PER_SECOND),
        ("ms milli millis millisec millisecond milliseconds", 10_000),
        ("micro micros microsec microsecond microseconds", 10),
        ("nano nanos nanosec nanosecond nanoseconds", "0.01"),
        ("tick ticks", 1),
    )
    for unit in units.split()
}
_LONGEST_NUMBER = 40
_WITH_UNIT = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]+)?) ?([a-z]+)\Z")
_CLOCK_SPAN = re.compile(
    r"(-?)(?:(?:([0-9]{1,8})\.)?([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]{1,7}))?)?"
    r"|([0-9]{1,8})(?:\.([0-9]{1,2}):([0-9]{1,2}))?)\Z"
)


def timespan_ticks(text: str) -> int | None:
    """The ticks of ``1d``, ``90s``, ``1.02:03:04.5``, ``-00:10``, ``3`` (days), ``min``, ``max``; None for the rest."""
    if text in ("min", "max"):
        return MAX_TIMESPAN if text == "max" else -MAX_TIMESPAN - 1
    match = _WITH_UNIT.match(text)
    if match:
        return _unit_ticks(match)
    match = _CLOCK_SPAN.match(text)
    if not match:
        return None
    hours, minutes = int(match[3] or match[8] or 0), int(match[4] or match[9] or 0)
    seconds, fraction = int(match[5] or 0), int((match[6] or "").ljust(7, "0"))
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    days = int(match[2] or match[7] or 0)
    ticks = days * TICKS_PER_DAY + (hours * 3600 + minutes * 60 + seconds) * TICKS_PER_SECOND + fraction
    signed = -ticks if match[1] else ticks
    return signed if -MAX_TIMESPAN - 1 <= signed <= MAX_TIMESPAN else None


def _unit_ticks(match: re.Match[str]) -> int | None:
    unit = _UNIT_TICKS.get(match[3])
    if unit is None:
        return None
    if len(match[2]) > _LONGEST_NUMBER:
        return None
    ticks = int((Decimal(match[2]) * unit).to_integral_value(ROUND_HALF_EVEN))
    if ticks > MAX_TIMESPAN:
        return None
    return -ticks if match[1] == "-" else ticks


_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan/january feb/february mar/march apr/april may jun/june jul/july aug/august sep/september oct/october "
        "nov/november dec/december".split(),
        start=1,
    )
    for name in names.split("/")
}
_CLOCK = (
    r"(?:(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?:\ ?(?P<half>[AaPp][Mm]))?"
    r"\ ?(?P<zone>Z|z|GMT|UTC|[+-][0-9]{1,2}(?::?[0-9]{2})?)?)"
)
_DAY_NAME = r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,?\ )?"
# Named groups only; blanks are escaped, since the patterns are verbose.
_DATES = tuple(
    re.compile(rf"{date_part}(?:{joint}{_CLOCK})?\Z" if joint else rf"{date_part}\Z", re.VERBOSE | re.IGNORECASE)
    for date_part, joint in (
        (r"(?P<year>[0-9]{4})\ ?-\ ?(?P<month>[0-9]{1,2})(?:\ ?-\ ?(?P<day>[0-9]{1,2}))?", r"(?:T|\ T?)"),
        (r"(?P<year>[0-9]{4})[/.](?P<month>[0-9]{1,2})(?:[/.](?P<day>[0-9]{1,2}))?", r"\ "),
        (r"(?P<month>[0-9]{1,2})(?P<mark>[/.-])(?P<day>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4})", r"[T\ ]"),
        (rf"{_DAY_NAME}(?P<day>[0-9]{{1,2}})[\ -](?P<name>[A-Z]{{3,9}})[\ -](?P<year>[0-9]{{4}}|[0-9]{{2}})", r"\ "),
        (rf"{_DAY_NAME}(?P<name>[A-Z]{{3,9}})\ (?P<day>[0-9]{{1,2}}),?\ (?P<year>[0-9]{{4}})", r"\ "),
        (rf"{_DAY_NAME}(?P<name>[A-Z]{{3,9}})\ (?P<day>[0-9]{{1,2}})\ {_CLOCK}\ (?P<year>[0-9]{{4}})", ""),
        (r"(?P<year>[0-9]{4})", ""),
        (r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})", ""),
    )
)


def instant_ticks(text: str) -> int | None:
    """The ticks since 0001-01-01 of a datetime's text, in UTC; None for a text that is no instant on its own."""
    if text in ("min", "max"):
        return MAX_INSTANT if text == "max" else 0
    text = re.sub(r"\s+", " ", text)
    for pattern in _DATES:
        match = pattern.match(text)
        if match:
            return _instant(match.groupdict())
    return None


def _instant(parts: dict[str, str | None]) -> int | None:
    month_name = parts.get("name")
    month = _MONTHS.get(month_name.lower()) if month_name else int(parts.get("month") or 1)
    year_text = parts["year"] or ""
    year = int(year_text)
    if len(year_text) == 2:
        year += 2000 if year < 50 else 1900
    clock = _clock_ticks(parts)
    if month is None or clock is None:
        return None
    try:
        days = date(year, month, int(parts.get("day") or 1)).toordinal() - 1
    except ValueError:
        return None
    ticks = days * TICKS_PER_DAY + clock
    return ticks if 0 <= ticks <= MAX_INSTANT else None


def _clock_ticks(parts: dict[str, str | None]) -> int | None:
    """The ticks of the time of day, less the zone's offset."""
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (parts.get("half") or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    fraction_text = (parts.get("fraction") or "").ljust(9, "0")
    fraction = (int(fraction_text) + 50) // 100
    return (hour * 3600 + minute * 60 + second) * TICKS_PER_SECOND + fraction - _zone_ticks(parts.get("zone") or "")


def _zone_ticks(zone: str) -> int:
    if zone[:1] not in ("+", "-"):
        return 0
    digits = zone[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    ticks = (hours * 60 + minutes) * 60 * TICKS_PER_SECOND
    return -ticks if zone[0] == "-" else ticks


def instant_text(ticks: int) -> str:
    """The text that Kusto prints for an instant: ``2020-01-01T00:00:00.0000000Z``."""
    days, rest = divmod(ticks, TICKS_PER_DAY)
    seconds, fraction = divmod(rest, TICKS_PER_SECOND)
    day = date.fromordinal(days + 1)
    hour, minute, second = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{day.year:04}-{day.month:02}-{day.day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:07}Z"


def timespan_text(ticks: int) -> str:
    """The text that Kusto prints for a timespan: ``1.00:00:00``, ``00:00:00.0000001``."""
    sign = "-" if ticks < 0 else ""
    days, rest = divmod(abs(ticks), TICKS_PER_DAY)
    seconds, fraction = divmod(rest, TICKS_PER_SECOND)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    tail = f".{fraction:07}" if fraction else ""
    return f"{sign}{f'{days}.' if days else ''}{clock}{tail}"
