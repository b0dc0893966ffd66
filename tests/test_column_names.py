"""Columns may be called as the variables of a spelling are: the answer is the one under any other name."""

from __future__ import annotations

import functools
import string

import pytest

import transpiler
from transpiler.engine import duckdb, googlesql

FUNCTIONS = (
    "series_fill_linear({a})",
    "series_fill_forward({a})",
    "series_fill_const({a}, {n})",
    "series_fit_line_dynamic({b})",
    "series_pearson_correlation({b}, {c})",
    "series_dot_product({b}, {c})",
    "series_fir({b}, dynamic([1, 2]))",
    "series_add({b}, {n})",
    "series_stats_dynamic({b})",
    "set_union({a}, {b})",
    "array_slice({b}, {n}, 2)",
    "bag_merge({g}, dynamic({{'z': 1}}))",
    "strcat_array({b}, ',')",
)
ROW = "dynamic([1, null, 5.5, 7]), dynamic([1, 2, 4, 9]), dynamic([4, 3, 1, 1]), dynamic({'a': 1}), 1"


@functools.cache
def _expected(target: str) -> tuple[object, ...]:
    return _answer(target, {k: f"column_{k}" for k in "abcgn"})


def _answer(target: str, names: dict[str, str]) -> tuple[object, ...]:
    columns = ", ".join(f"{names[k]}: {'long' if k == 'n' else 'dynamic'}" for k in "abcgn")
    values = ", ".join(f"r{i} = tostring({f.format(**names)})" for i, f in enumerate(FUNCTIONS))
    bag = f"summarize bag = tostring(make_bag({names['g']})), most = max({names['n']})"
    rows: list[object] = []
    for operator in (f"project {values}", bag):
        sql = transpiler.transpile(f"datatable({columns})[{ROW}] | {operator}", target).sql
        if target == "duckdb":
            with duckdb.connect() as database:
                rows += database.run(sql).rows
        else:
            rows += googlesql.connect().execute(sql).rows
    return tuple(rows)


@pytest.mark.parametrize("target", ["duckdb", "bigquery"])
@pytest.mark.parametrize("shift", range(0, 26, 2))
def test_answers_do_not_depend_on_the_names_of_columns(target: str, shift: int) -> None:
    if target == "bigquery" and not googlesql.available():
        pytest.skip("the extra bigquery is not installed")
    letters = string.ascii_lowercase[shift:] + string.ascii_lowercase[:shift]
    names = dict(zip("abcgn", letters[::5], strict=False))
    assert _answer(target, names) == _expected(target)
