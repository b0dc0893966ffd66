"""Conversions that only sources use: from what a log stores to KQL types."""

from __future__ import annotations

from transpiler.functions.registry import fn

fn("instant of rfc3339(value: string~) -> datetime?")
