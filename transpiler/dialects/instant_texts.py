"""Texts as instants: the pattern that both targets share (``kql/instants``), and the forms of the dates that it finds.

Each target takes the text apart by the pattern and puts it together as one form that its own parser reads. Trap: by
themselves the parsers drop an offset, take 3/3/26 for the year 26, and read second 60, named zones and ``infinity``.
"""

from __future__ import annotations

from transpiler.kql.instants import DATE_MARKS, INSTANT_PARTS, INSTANT_PATTERN

__all__ = ["DATE_FORMS", "DATE_MARKS", "INSTANT_PARTS", "INSTANT_PATTERN", "group"]

DATE_FORMS = ("%Y %m %d", "%Y%m%d", "%m %d %Y", "%d %B %y", "%d %B %Y", "%B %d %Y", "%Y %m", "%Y")
"""The dates, their parts joined by blanks, as strptime knows them. Of a year of two digits the first form that fits, or the
latest date, is meant: read as one of four it would be the year 14."""


def group(part: str) -> str:
    r"""The reference to a part of the pattern in a replacement: ``\1``."""
    return f"\\{INSTANT_PARTS.index(part) + 1}"
