"""DuckDB and Google's engine give the same answer to every query of the evidence that both translate.

The evidence lies beside the repository (``../shared``); without it these tests are skipped. The project's own cases need
no such test: each names its rows, and is run on both engines against them. A sample is run each time, all of it with
``RULESQL_RATCHET=all``.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.comparing import compare_rows
from tests.support.running import check_description, run_bigquery, run_duckdb
from transpiler import KqlError, transpile
from transpiler.engine import googlesql
from transpiler.engine.values import canonical
from transpiler.types import Type

ROOT = Path(__file__).parents[1]
ORACLE = ROOT.parent / "shared" / "oracle" / "oracle.jsonl.gz"
MODE = os.environ.get("RULESQL_RATCHET", "")
PARTS = 12
"""The evidence is run in so many parts, the first of them each time."""

pytestmark = [
    pytest.mark.bigquery,
    pytest.mark.skipif(not ORACLE.is_file(), reason="the evidence is not here: no ../shared/oracle"),
    pytest.mark.skipif(not googlesql.available(), reason="Google's engine is not installed"),
]


def disagreement(query: str, *, ordered: bool = False, any_order: Sequence[str] = ()) -> str | None:
    """What the two engines do not agree on, None where they do or where a target refuses. CaseFailedError: SQL refused."""
    try:
        here = transpile(query, target="duckdb", tables={})
        there = transpile(query, target="bigquery", tables={})
    except KqlError:
        return None
    columns = [(c.name, Type(str(c.type))) for c in here.columns]
    if columns != [(c.name, Type(str(c.type))) for c in there.columns]:
        return f"columns {columns} in DuckDB, {[(c.name, str(c.type)) for c in there.columns]} in BigQuery"
    described, ours = run_duckdb(here.sql, {})
    check_description(here.columns, described, "duckdb")
    described, theirs = run_bigquery(there.sql, {})
    check_description(there.columns, described, "bigquery")
    assert ours is not None
    assert theirs is not None
    expected = [[canonical(v, kind) for v, (_, kind) in zip(row, columns, strict=True)] for row in ours]
    return compare_rows(columns, expected, theirs, ordered=ordered, any_order=any_order)


def _cases() -> list[Mapping[str, Any]]:  # Any: JSON
    with gzip.open(ORACLE, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.parametrize("part", [0, *(pytest.param(p, marks=pytest.mark.slow) for p in range(1, PARTS))])
def test_engines_agree(part: int) -> None:
    if part and not MODE:
        pytest.skip("takes minutes: set RULESQL_RATCHET=all")
    wrong = []
    for case in _cases()[part::PARTS]:
        loose = case["set_columns"]
        names = [c["name"] for c in case["columns"]] if loose is True else loose or ()
        if difference := disagreement(case["query"], ordered=case["ordered"], any_order=names):
            wrong.append(f"{case['id']}: {case['query']}\n{difference}")
    assert not wrong, "\n\n".join(wrong)
