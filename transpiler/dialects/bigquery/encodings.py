"""BigQuery's spellings: encodings, hashes and parsers of well-known formats."""

from __future__ import annotations

from transpiler.dialects.spelling import Spelling

SPELLINGS: dict[str, Spelling] = {}
