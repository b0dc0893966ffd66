"""Datetime and timespan literals, and Python's datetimes and timedeltas, as ticks of 100 ns (since year 1).

The text forms are those that .NET's parser with the invariant culture takes, as far as Kusto shows them: ISO 8601 with
and without time and zone, month/day/year, RFC 822 and RFC 850 dates. A text with no date in it (``10:00``) depends on
the day on which it is read and has no value here.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

TICKS_PER_MICROSECOND = 10
TICKS_PER_SECOND = 10_000_000
TICKS_PER_DAY = 86_400 * TICKS_PER_SECOND
UNIX_EPOCH = 719_162 * TICKS_PER_DAY
MAX_INSTANT = 3_652_059 * TICKS_PER_DAY - 1
MOST_DAYS = (2**63 - 1) // TICKS_PER_DAY - 1
"""How many days a duration may have, either way, that 64 bits hold its ticks whatever its clock says."""
MAX_TIMESPAN = (1 << 63) - 1

TIMESPAN_UNITS = (
    (TICKS_PER_DAY, ("d", "day", "days")),
    (3600 * TICKS_PER_SECOND, ("h", "hr", "hrs", "hour", "hours")),
    (60 * TICKS_PER_SECOND, ("m", "min", "minute", "minutes")),
    (TICKS_PER_SECOND, ("s", "sec", "second", "seconds")),
    (10_000, ("ms", "milli", "millis", "millisec", "millisecond", "milliseconds")),
    (10, ("micro", "micros", "microsec", "microsecond", "microseconds")),
    (1, ("tick", "ticks")),
)
"""The units of a duration's text by their ticks, but for nanoseconds, which are less than one."""
_UNIT_TICKS = {unit: Decimal(ticks) for ticks, units in TIMESPAN_UNITS for unit in units} | {
    unit: Decimal("0.01") for unit in ("nano", "nanos", "nanosec", "nanosecond", "nanoseconds")
}
_LONGEST_NUMBER = 40
_WITH_UNIT = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]+)?) ?([a-z]+)\Z")
_CLOCK_SPAN = re.compile(
    r"(-?)(?:(?:([0-9]{1,8})\.)?([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]{1,7}))?)?"
    r"|([0-9]{1,8})(?:\.([0-9]{1,2}):([0-9]{1,2}))?)\Z"
)


def length_ticks(length: timedelta) -> int:
    """The ticks of a timedelta."""
    return length // timedelta(microseconds=1) * TICKS_PER_MICROSECOND


def moment_ticks(moment: datetime) -> int:
    """The ticks of a datetime; one without a zone is UTC. Raises OverflowError for one that in UTC is not of years 1 to 9999."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return length_ticks(moment - datetime(1, 1, 1))


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


_DAY_NAME = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_DATE = (
    r"\d{4}(?:(?: ?[-/.] ?\d\d?){2}| ?[-/] ?\d\d?)|\d\d?[-/.]\d\d?[-/.]\d{4}"
    r"|\d\d?(?:-| +)[a-z]{3,9}(?:-| +)(?:\d{4}|[0-47-9]\d)|[a-z]{3,9} +\d\d?(?:,? +\d{4})?"
)
DATE_MARKS = "-/.,"
"""What stands between the parts of a date, beside blanks."""
_OFFSET = r"[-+](?:(?:0\d|1[0-3])(?::?[0-5]\d)?|14(?::?00)?)"
INSTANT_PARTS = ("date", "clock", "s", "f", "rest", "half", "zone", "year", "digits")
"""The groups of ``INSTANT_PATTERN``. The year may stand behind the clock; digits alone are a year, or a date as yyyyMMdd."""


def _pattern(digits: str) -> str:
    return (
        rf"(?i)^\s*(?:(?:{_DAY_NAME},?\s+)?({_DATE})(?:(?:t|\s+t?)((?:[01]?\d|2[0-3]):[0-5]?\d)"
        rf"(?:(:[0-5]?\d)(?:(\.\d{{1,6}})(\d{{0,3}}))?)?\s*([ap]m)?\s*(?:z|gmt|utc|({_OFFSET}))?( +\d{{4}})?)?"
        rf"|({digits}))\s*$"
    )


INSTANT_PATTERN = _pattern(r"\d{4}(?:\d{4})?")
"""Every text of an instant, constant or stored, as Python and RE2 read it. A year of two digits from 50 to 69 has none:
its century is not documented."""
INSTANT_PATTERN_IN_JSON = _pattern("")
"""The same for the text of a dynamic value, where digits alone may be a number, whose time is not known."""

# RE2's blanks, which Python's are more than.
BLANKS = " \t\n\f\r"
"""What may stand around a text of an instant or a duration, constant or stored."""
_INSTANT = re.compile(INSTANT_PATTERN.replace(r"\s", f"[{BLANKS}]"), re.ASCII)
_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan/january feb/february mar/march apr/april may jun/june jul/july aug/august sep/september oct/october "
        "nov/november dec/december".split(),
        start=1,
    )
    for name in names.split("/")
}


def instant_ticks(text: str) -> int | None:
    """The ticks since 0001-01-01 of a datetime's text, in UTC; None for a text that is no instant on its own."""
    if text in ("min", "max"):
        return MAX_INSTANT if text == "max" else 0
    match = _INSTANT.match(text)
    if match is None:
        return None
    parts = dict(zip(INSTANT_PARTS, match.groups(default=""), strict=True))
    days, clock = _days(parts["date"] + parts["year"] or parts["digits"]), _clock_ticks(parts)
    if days is None or clock is None:
        return None
    ticks = days * TICKS_PER_DAY + clock
    return ticks if 0 <= ticks <= MAX_INSTANT else None


def _days(written: str) -> int | None:
    """The days from 0001-01-01 to a date; None for a day that does not exist."""
    if written.isdigit():
        written = f"{written[:4]}-{written[4:6] or 1}-{written[6:] or 1}"
    first, second, *others = re.split(rf"[{DATE_MARKS} ]+", written)
    third = others[0] if others else "1"
    if len(others) > 1 or (not others and len(first) < 4):
        return None
    if len(first) == 4 and first.isdigit():
        year, month, day = first, second, third
    else:
        year, (month, day) = third, (second, first) if second.isalpha() else (first, second)
    try:
        number = int(month) if month.isdigit() else _MONTHS[month.lower()]
        return date(_whole_year(year), number, int(day)).toordinal() - 1
    except (ValueError, KeyError):
        return None


def _whole_year(written: str) -> int:
    century = 0 if len(written) == 4 else 1900 if written >= "70" else 2000
    return century + int(written)


def _clock_ticks(parts: dict[str, str]) -> int | None:
    """The ticks of the time of day, less the zone's offset."""
    hour, minute = (int(n) for n in (parts["clock"] or "0:0").split(":"))
    half = parts["half"].lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    second = int(parts["s"][1:] or 0)
    ticks = (int((parts["f"][1:] + parts["rest"]).ljust(9, "0")) + 50) // 100
    return ((hour * 60 + minute) * 60 + second) * TICKS_PER_SECOND + ticks - _offset_ticks(parts["zone"])


def _offset_ticks(offset: str) -> int:
    digits = offset[1:].replace(":", "").ljust(4, "0")
    ticks = (int(digits[:2]) * 60 + int(digits[2:])) * 60 * TICKS_PER_SECOND
    return -ticks if offset[:1] == "-" else ticks


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
