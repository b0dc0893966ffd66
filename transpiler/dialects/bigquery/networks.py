"""BigQuery's spellings: addresses."""

from __future__ import annotations

from transpiler.dialects.spelling import Spelling

SPELLINGS: dict[str, Spelling] = {}
