"""The alerts of a backtest, counted: by run, by day, by entity."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from transpiler.rule.findings import Finding
from transpiler.rule.model import Rule

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
_TICK = timedelta(microseconds=1)
Record = Mapping[str, object]
"""An alert by its columns, instants in UTC without zone."""


@dataclass(frozen=True, slots=True)
class RunAlerts:
    """The alerts of one run and the result rows that they stand for. ``rested``: suppression kept the run from happening."""

    scheduled: datetime
    alerts: int
    rows: int
    rested: bool = False


@dataclass(frozen=True, slots=True)
class EntityCount:
    """An entity and the number of alerts that name it."""

    type: str
    text: str
    alerts: int


@dataclass(frozen=True, slots=True)
class Backtest:
    """A rule's history. ``runs``: how many there were; ``noisy``: those with alerts or rested by suppression, in order.

    ``set_based``: the runs were computed together; else one after the other, for the reason in ``note``.
    """

    rule: Rule
    start: datetime
    end: datetime
    frequency: timedelta
    runs: int
    noisy: tuple[RunAlerts, ...]
    alerts: tuple[Record, ...]
    set_based: bool
    note: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def loud(self) -> int:
        """How many runs had alerts."""
        return sum(run.alerts > 0 for run in self.noisy)

    @property
    def days(self) -> dict[date, int]:
        """Alerts by day (UTC), as ``periods``."""
        return {start.date(): count for start, count in self.periods(DAY).items()}

    def periods(self, unit: timedelta) -> dict[datetime, int]:
        """Alerts by the day or hour (UTC) in which the run's window ends, quiet ones included.

        A window is without its end, so midnight belongs to the day before.
        """
        first, last = _floor(self.start, unit), _floor(self.end - _TICK, unit)
        found = {first + n * unit: 0 for n in range(max((last - first) // unit, 0) + 1)}
        for run in self.noisy:
            start = _floor(run.scheduled - _TICK, unit)
            found[start] = found.get(start, 0) + run.alerts
        return dict(sorted(found.items()))

    def entities(self, most: int = 10) -> list[EntityCount]:
        """The entities that the most alerts name."""
        counted = Counter(e for alert in self.alerts for e in set(_entities(alert)))
        ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        return [EntityCount(kind, text, count) for (kind, text), count in ranked[:most]]


def _floor(moment: datetime, unit: timedelta) -> datetime:
    return moment - (moment - datetime.min) % unit


def unit_of(result: Backtest) -> timedelta:
    """By what a backtest is plotted: days, or the hours of a short period."""
    return HOUR if result.end - result.start <= 2 * DAY else DAY


def counted(number: int, word: str) -> str:
    """``1 alert``, ``1,234 alerts``."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _entities(alert: Record) -> Iterable[tuple[str, str]]:
    for entity in json.loads(str(alert["entities"]) or "[]"):
        values = [str(v) for k, v in entity.items() if k != "Type"]
        yield str(entity.get("Type", "")), " ".join(values)


def by_run(rule: Rule, alerts: Sequence[Record]) -> tuple[tuple[RunAlerts, ...], tuple[Record, ...]]:
    """The runs with alerts, and the alerts that are left when each rests the rule as its suppression says."""
    groups: dict[datetime, list[Record]] = {}
    for alert in alerts:
        moment = alert["window_end"]
        assert isinstance(moment, datetime)
        groups.setdefault(moment, []).append(alert)
    rest = rule.suppression.duration if rule.suppression and rule.suppression.enabled else None
    runs: list[RunAlerts] = []
    kept: list[Record] = []
    last: datetime | None = None
    for moment in sorted(groups):
        own = groups[moment]
        rows = sum(int(str(a["row_count"])) for a in own)
        if rest is not None and last is not None and last > moment - rest:
            runs.append(RunAlerts(moment, 0, rows, rested=True))
            continue
        last = moment
        runs.append(RunAlerts(moment, len(own), rows))
        kept += own
    return tuple(runs), tuple(kept)
