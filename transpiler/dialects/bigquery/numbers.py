"""BigQuery's spellings: numbers."""

from __future__ import annotations

from transpiler.dialects.spelling import Spelling

SPELLINGS: dict[str, Spelling] = {}
