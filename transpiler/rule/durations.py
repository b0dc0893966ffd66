"""Durations as rule files spell them: ``5m``, .NET's ``1.02:30:00``, ISO 8601's ``PT5H``."""

from __future__ import annotations

import re
from datetime import timedelta

_SHORT = re.compile(r"(\d{1,7})\s*([smhd])", re.IGNORECASE | re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,7})\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?", re.ASCII)
_ISO = re.compile(
    r"P(?!$)(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?!$)(?:(\d{1,7})H)?(?:(\d{1,7})M)?(?:(\d{1,7})(?:\.\d+)?S)?)?",
    re.IGNORECASE | re.ASCII,
)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str) -> timedelta | None:
    """The duration, or None when the text is none. A bare number is a number of days, as .NET's TimeSpan reads it."""
    text = text.strip()
    short = _SHORT.fullmatch(text)
    if short:
        return timedelta(**{_UNITS[short.group(2).lower()]: int(short.group(1))})
    if re.fullmatch(r"\d{1,7}", text, re.ASCII):
        return timedelta(days=int(text))
    return _clock(text) or _iso(text)


def _clock(text: str) -> timedelta | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.group(1, 2, 3, 4))
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return timedelta(days, seconds, int((match.group(5) or "0").ljust(7, "0")) // 10, 0, minutes, hours)


def _iso(text: str) -> timedelta | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days, seconds, 0, 0, minutes, hours, weeks)


def show_duration(value: timedelta) -> str:
    """The shortest of the rule files' own spellings: ``15m``, ``1h``, ``14d``."""
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
