"""Every function over constants at the edges of their types: it is refused with a KqlError, or translated."""

from __future__ import annotations

import contextlib
import random

import pytest

from transpiler import KqlError, transpile
from transpiler.functions.registry import FUNCTIONS

EDGES = """9223372036854775807 -9223372036854775807 2147483647 0 -1 3 int(null) real(nan) real(+inf) 1e308 -1e-308 "" "a"
"1e400" "\\U0010FFFF\\0" "(a)|b*" "yyyy" "day" "1.2.3.4/33" dynamic([]) dynamic([1,null,"a"]) dynamic({"a":1e308})
dynamic(null) dynamic([9223372036854775807]) datetime(0001-01-01) datetime(9999-12-31) datetime(null) 10675199d 1tick
timespan(null) true bool(null) guid(null) decimal(1e18) decimal(null) typeof(long)""".split()
TRIES = 40
NAMES = sorted({f.name for f in FUNCTIONS})


@pytest.mark.parametrize("target", ["duckdb", "bigquery"])
def test_edges_are_refused_or_translated(target: str) -> None:
    chosen = random.Random(7)
    for name in NAMES:
        for _ in range(TRIES):
            arguments = ", ".join(chosen.choices(EDGES, k=chosen.choice((1, 2, 2, 3, 4))))
            with contextlib.suppress(KqlError):
                transpile(f"print x = {name}({arguments})", target=target, tables={})
