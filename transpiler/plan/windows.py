"""The lookback window: the first predicate on every table that has a time column, on the bare column."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

from transpiler.plan.relations import Plan, Relation


def cut_to_window(plan: Plan, window: timedelta) -> Plan:
    """The plan in which every Scan with a time column reads ``[now - window, now)``."""
    raise NotImplementedError


__all__ = ["Relation", "cut_to_window", "fields", "replace"]
