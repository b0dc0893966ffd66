"""Random pipelines over stored edges: both engines give the rows that a model of the same steps in Python gives.

``RULESQL_FUZZ=1000`` draws as many pipelines, each time others; without it they are few and always the same.
"""

from __future__ import annotations

import os
import random

import pytest

import tests.support.pipeline_steps  # noqa: F401  # adds its steps to those that are drawn
from tests.support.comparing import compare_rows
from tests.support.pipeline_values import STORED
from tests.support.pipelines import Drawing, draw
from tests.support.running import CaseFailedError, check_description
from transpiler import KqlError, transpile
from transpiler.engine import EngineError, Result, duckdb, googlesql
from transpiler.types import Type

pytestmark = [
    pytest.mark.bigquery,
    pytest.mark.skipif(not googlesql.available(), reason="Google's engine is not installed"),
]
PIPELINES = int(os.environ.get("RULESQL_FUZZ", "0"))
TABLES = {name: {c: str(k) for c, k in columns.items()} for name, (columns, _) in STORED.items()}


def _drawn() -> list[Drawing]:
    first = random.SystemRandom().randrange(10**9) if PIPELINES else 0
    sources = [random.Random(first + i) for i in range(PIPELINES or 24)]
    return [draw(rnd, rnd.randint(3, 8)) for rnd in sources]


def _differing(drawing: Drawing, target: str, run: duckdb.DuckDb | None) -> str:
    """How the target's answer differs from the model's; '' where it does not, or where the target refuses."""
    try:
        made = transpile(drawing.text, target=target, tables=TABLES)
    except KqlError:
        return ""
    columns = [(c.name, Type(str(c.type))) for c in made.columns]
    expected = drawing.relation
    if columns != list(expected.columns.items()):
        return f"columns {columns}, not {list(expected.columns.items())}"
    try:
        answer = _answer(made.sql, run)
        check_description(made.columns, answer.columns, target)
    except (EngineError, CaseFailedError) as e:
        return str(e)
    rows = [[row[name] for name in expected.columns] for row in expected.rows]
    return compare_rows(columns, rows, answer.rows, ordered=drawing.ordered, any_order=drawing.sets) or ""


def _answer(sql: str, run: duckdb.DuckDb | None) -> Result:
    if run is not None:
        return run.run(sql)
    return googlesql.connect().execute(sql, {n: googlesql.stored(c, rows) for n, (c, rows) in STORED.items()})


def test_engines_and_model_agree() -> None:
    wrong = []
    with duckdb.connect(threads=1) as session:
        for name, (columns, rows) in STORED.items():
            session.create_table(name, columns, rows)
        for drawing in _drawn():
            for target, run in (("duckdb", session), ("bigquery", None)):
                if difference := _differing(drawing, target, run):
                    wrong.append(f"{target}\n{drawing.text}\n{difference}")
    assert not wrong, "\n\n".join(wrong)
