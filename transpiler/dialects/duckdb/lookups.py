"""Look-ups by address in DuckDB."""

from __future__ import annotations

from transpiler.dialects.spelling import Spelling

SPELLINGS: dict[str, Spelling] = {"ipv4 last": "{first} + (CAST(1 AS BIGINT) << (32 - {prefix})) - 1"}
