"""Texts as instants and durations: the patterns that both targets share, and what is made of their parts.

Each target takes the text apart by the pattern and puts it together as one form that its own parser reads. Trap: by
themselves the parsers drop an offset, take 3/3/26 for the year 26, and read second 60, named zones and ``infinity``.
"""

from __future__ import annotations

from collections.abc import Callable

from transpiler.kql.instants import DATE_MARKS, INSTANT_PARTS, INSTANT_PATTERN, INSTANT_PATTERN_IN_JSON, TIMESPAN_UNITS
from transpiler.types import Type

__all__ = [
    "DATE_FORMS", "DATE_MARKS", "INSTANT_PARTS", "INSTANT_PATTERNS", "TIMESPAN_PARTS", "TIMESPAN_PATTERNS", "clock_ticks", "group",
    "unit_ticks",
]  # fmt: skip

INSTANT_PATTERNS = {Type.STRING: INSTANT_PATTERN, Type.DYNAMIC: INSTANT_PATTERN_IN_JSON}
"""By the type of what is converted."""
DATE_FORMS = ("%Y %m %d", "%Y%m%d", "%m %d %Y", "%d %B %y", "%d %B %Y", "%B %d %Y", "%Y %m", "%Y")
"""The dates, their parts joined by blanks, as strptime knows them. Of a year of two digits the first form that fits, or the
latest date, is meant: read as one of four it would be the year 14."""


def group(part: str) -> str:
    r"""The reference to a part of the pattern in a replacement: ``\1``."""
    return f"\\{INSTANT_PARTS.index(part) + 1}"


TIMESPAN_PARTS = ("sign", "d", "h", "m", "s", "f", "amount", "unit")
"""The groups of ``TIMESPAN_PATTERN``."""


def _timespan(after_days: str) -> str:
    # Only the number before a unit may have a plus. More digits than 15 would leave the targets' decimals.
    return (
        rf"^\s*(?:(-?)(?:(\d{{1,8}})(?:{after_days}))?(?:([01]?\d|2[0-3]):([0-5]?\d)(?::([0-5]?\d)(?:\.(\d{{1,7}}))?)?)?"
        r"|([+-]?\d{1,15}(?:\.\d+)?) ?([a-z]+))\s*$"
    )


TIMESPAN_PATTERNS = {Type.STRING: _timespan(r"\.\b|\s*$"), Type.DYNAMIC: _timespan(r"\.\b")}
"""``-1.02:03:04.5``, ``90s`` and ``3``, which is days, but of a dynamic value, where it may be a number. A text that is
empty, or a sign, matches as well and has no parts."""


def clock_ticks(part_of: Callable[[str], str], whole: str) -> str:
    """The ticks of the days, hours, minutes and seconds of a text. ``whole`` is the target's cast of ``{x}`` to a number so
    wide that what is too long for Kusto fails in the last cast only."""
    sizes = (("d", 864_000_000_000), ("h", 36_000_000_000), ("m", 600_000_000), ("s", 10_000_000))
    return " + ".join(f"COALESCE({whole.format(x=part_of(part))}, 0) * {size}" for part, size in sizes)


def unit_ticks(part_of: Callable[[str], str]) -> str:
    """The ticks of the unit that a text ends with."""
    units = ((ticks, ", ".join(f"'{unit}'" for unit in units)) for ticks, units in TIMESPAN_UNITS)
    unit = part_of("unit")
    return f"CASE {' '.join(f'WHEN {unit} IN ({words}) THEN {ticks}' for ticks, words in units)} END"
