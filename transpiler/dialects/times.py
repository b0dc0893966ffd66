"""Instants and durations as literals: ticks of 100 ns in the plan, microseconds in SQL.

A constant whose last digit (100 ns) is not zero cannot be held by either warehouse; it is refused where it would be
written (KQL206), and folded away before that where it only takes part in a computation of constants.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from transpiler.diagnostics import KqlError
from transpiler.kql.instants import TICKS_PER_MICROSECOND
from transpiler.source import Span

_START = datetime(1, 1, 1)


def microseconds(ticks: int, span: Span) -> int:
    """A duration in microseconds; raises KqlError for one that needs 100 ns."""
    whole, rest = divmod(ticks, TICKS_PER_MICROSECOND)
    if rest:
        raise KqlError("KQL206", "a time of less than a microsecond cannot be held by the warehouse", span)
    return whole


def instant_text(ticks: int, span: Span) -> str:
    """``2020-01-01 10:00:00[.ffffff]`` of ticks since year 1; raises KqlError for a value that needs 100 ns."""
    moment = _START + timedelta(microseconds=microseconds(ticks, span))
    written = f"{moment.year:04d}-{moment:%m-%d %H:%M:%S}"
    return f"{written}.{moment.microsecond:06d}" if moment.microsecond else written


UNITS = (
    ("DAY", 86_400_000_000),
    ("HOUR", 3_600_000_000),
    ("MINUTE", 60_000_000),
    ("SECOND", 1_000_000),
    ("MICROSECOND", 1),
)


def interval_of(micros: int) -> tuple[int, str]:
    """A duration in its largest whole unit: ``(15, "MINUTE")``."""
    for unit, size in UNITS:
        if micros % size == 0:
            return micros // size, unit
    raise AssertionError("microseconds divide everything")
