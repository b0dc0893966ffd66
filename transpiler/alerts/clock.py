"""When a rule runs and what each run looks at.

A Scheduled rule looks at ``[T - queryPeriod, T)`` and runs after the ingestion delay. An NRT rule runs every minute on
what was ingested in the minute before; where no source says which column holds that, event time stands for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlglot import exp

from transpiler.dialects.dialect import Dialect
from transpiler.lowering.runtime import RunTime, now_tree
from transpiler.rule.model import Kind, Rule

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class RunWindow:
    """How often a rule runs and how far each run looks back. ``is_continuous``: the rule says only "as soon as possible"."""

    frequency: timedelta
    period: timedelta
    is_continuous: bool = False


def run_window(rule: Rule, least: timedelta = MINUTE) -> RunWindow | None:
    """A rule's schedule; None for rules that are run by hand. ``least``: the shortest interval that the scheduler has.

    A scheduler that counts minutes runs less often than a rule may say. A run then looks back as far as it waits, so that
    no event is missed.
    """
    if is_continuous(rule):
        return RunWindow(max(MINUTE, least), max(MINUTE, least), True)
    if rule.schedule is None or least <= MINUTE:
        return RunWindow(rule.schedule.frequency, rule.schedule.period) if rule.schedule else None
    frequency = max(least, -(-rule.schedule.frequency // MINUTE) * MINUTE)
    return RunWindow(frequency, max(rule.schedule.period, frequency))


def is_continuous(rule: Rule) -> bool:
    """Whether a rule runs as soon as data arrive: NRT rules, custom detections without a frequency."""
    return rule.kind is Kind.NRT or (rule.schedule is not None and not rule.schedule.frequency)


@dataclass(frozen=True, slots=True)
class Clock:
    """The trees of a run's scheduled time (``now``, where its window ends) and of the moment at which it was due."""

    now: Callable[[], exp.Expr]
    run_time: Callable[[], exp.Expr]


def clock_of(dialect: Dialect, now: datetime | RunTime | None, delay: timedelta) -> Clock:
    """``now`` as in ``transpile``. With the engine's own clock there is no schedule and so no delay."""
    match now:
        case RunTime():
            due: datetime | RunTime | None = RunTime(timedelta())
        case datetime():
            due = (now if now.tzinfo else now.replace(tzinfo=UTC)) + delay
        case None:
            due = None
    return Clock(lambda: now_tree(dialect, now), lambda: now_tree(dialect, due))
