"""DuckDB's spellings: window functions."""

from __future__ import annotations

from transpiler.dialects.dialect import SpecialBuilder
from transpiler.dialects.spelling import Spelling

SPELLINGS: dict[str, Spelling] = {}
SPECIAL: dict[str, SpecialBuilder] = {}
