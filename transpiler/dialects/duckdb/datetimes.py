"""DuckDB's spellings: instants and durations."""

from __future__ import annotations

from transpiler.dialects.spelling import Spelling

SPELLINGS: dict[str, Spelling] = {}
