"""Look-ups by address in BigQuery."""

from __future__ import annotations

from transpiler.dialects.spelling import Spelling

SPELLINGS: dict[str, Spelling] = {"ipv4 last": "{first} + (1 << (32 - {prefix})) - 1"}
