"""A rule's frequency in the grammar of BigQuery's scheduled queries.

Meaning: "Scheduling queries" (five minutes at least; a schedule exactly on the hour may fire twice, so every schedule here
is off the hour) and the schedule grammar of the Data Transfer Service (``every 15 mins from 00:03 to 23:59``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

MINIMUM = timedelta(minutes=5)
DAY = timedelta(days=1)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Schedule:
    """``text`` in the service's grammar; ``note`` says what had to differ from the rule, '' when nothing had."""

    text: str
    note: str = ""


def schedule_of(frequency: timedelta, identity: str) -> Schedule:
    """The schedule of a frequency. ``identity`` (a rule's id) spreads the rules over the minutes, always to the same one."""
    seed = int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big")
    note = ""
    if frequency < MINIMUM:
        note = f"the service runs a query every 5 minutes at most, not every {_spoken(frequency)}"
        frequency = MINIMUM
    minutes = frequency // timedelta(minutes=1)
    if frequency % timedelta(minutes=1):
        minutes += 1
        note = f"the service counts whole minutes; every {minutes} minutes instead of {_spoken(frequency)}"
    offset = 1 + seed % min(minutes - 1, 58)
    if frequency == DAY:
        return Schedule(f"every day {seed // 60 % 24:02d}:{offset:02d}", note)
    if frequency == 7 * DAY:
        return Schedule(f"every {_WEEKDAYS[seed // 1440 % 7]} {seed // 60 % 24:02d}:{offset:02d}", note)
    count, unit = (minutes // 60, "hours") if minutes % 60 == 0 else (minutes, "mins")
    if 1440 % minutes == 0:
        return Schedule(f"every {count} {unit} from 00:{offset:02d} to 23:59", note)
    apart = f"{note}; " if note else ""
    return Schedule(
        f"every {count} {unit}",
        f"{apart}the day is no multiple of it, so the service counts from the end of the last run",
    )


def _spoken(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds // 60} minutes" if seconds % 60 == 0 else f"{seconds} seconds"
